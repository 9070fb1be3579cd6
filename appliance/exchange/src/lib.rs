//! The whole box as one deterministic value.
