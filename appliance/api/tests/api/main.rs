//! The API over a box that is only in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod access;
mod claim;
mod entries;
mod events;
mod fake;
mod lines;
mod live;
