//! Scenarios as sentences, played in the simulated lab.
