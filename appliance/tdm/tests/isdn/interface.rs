//! Whole interfaces: sentences of ITU-T Q.931 §5 between a user and a network.

mod availability;
mod calls;
mod channels;
mod lines;
mod segments;
mod strays;
