//! Legs: what speaks SIP outside and `LegEvent`s inside.

pub(crate) mod sip;
