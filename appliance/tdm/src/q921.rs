//! The data link of a D channel: LAPD, ITU-T Q.921 (09/97).
