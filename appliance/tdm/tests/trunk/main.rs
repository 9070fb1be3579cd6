//! Whole trunks, the user's and the network's, on a line that loses, doubles, spoils and fails.

#![allow(clippy::disallowed_methods, reason = "some instant has to be the first")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

mod calls;
mod chance;
mod life;
mod pair;
mod release;
mod wire;
