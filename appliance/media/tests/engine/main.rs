//! The engine in fake time: whom it believes, what it counts, when it calls somebody silent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

mod belief;
mod bridge;
mod conference;
mod counts;
mod forgery;
mod loops;
#[path = "../memory/mod.rs"]
mod memory;
mod moves;
mod own_voice;
mod quality;
mod secrecy;
mod silence;
mod speech;
mod wire;
