//! ISDN calls: every event in every state, every wait, and whole interfaces against each other.

#![allow(clippy::disallowed_methods, reason = "some instant has to be the first")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

mod interface;
mod model;
mod octets;
mod pair;
mod places;
mod states;
mod timers;
