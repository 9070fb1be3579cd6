//! Sockets, clock and threads: the only event loop.

fn main() {}
