//! The jitter buffer on simulated networks, in fake time.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod network;
mod plain;

mod anything;
mod codecs;
mod delay;
mod order;
mod pause;
mod restart;
mod rival;
