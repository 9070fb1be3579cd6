//! Routes and calls without any signalling: what legs say, and what they are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod flow;
mod office;
mod place;
mod route;
