//! B channels of a simulated span through the engine, in given time: what is exact, how late it is, what
//! becomes of echoes, fax, keys, conferences and recordings.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::approx_constant,
    dead_code
)]

#[path = "../../../../media-dsp/tests/echo/css.rs"]
mod css;
#[path = "../../../../media-dsp/tests/echo/line.rs"]
mod line;
#[path = "../../../../media-dsp/tests/echo/models.rs"]
mod models;
mod oracle;

mod clock;
mod data;
mod echo;
mod exact;
mod rest;
mod town;
