//! The whole box as one deterministic value: read this first.
//!
//! [`Exchange`] has no sockets, threads, clock, random source or database. Whoever owns it tells it
//! what happened with [`Exchange::handle`], does what [`Exchange::poll_output`] says until it says no
//! more, and comes back at [`Exchange::poll_timeout`] at the latest.

mod input;
mod output;

pub use input::{Command, Input, Surroundings};
pub use output::Output;

use std::time::Instant;

/// The box.
///
/// **Mutate, drain, wait.** After every [`Exchange::handle`] the owner drains
/// [`Exchange::poll_output`] to `None`, does what it was told in that order, and sleeps until
/// [`Exchange::poll_timeout`] or the next input. Equal seeds and equal inputs at equal instants give
/// equal outputs, to the bit.
#[derive(Debug)]
pub struct Exchange {
    output: std::collections::VecDeque<Output>,
}

/// When the exchange wants to be called again, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// The instant.
    pub at: Instant,
    /// The owner of the timer, for the log.
    pub why: &'static str,
}

/// Figures for `/metrics` and the status page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that are up or being placed.
    pub calls: usize,
    /// Bindings of the registrar.
    pub registrations: usize,
    /// Counters by name and label, in a stable order.
    pub counters: Vec<(&'static str, &'static str, u64)>,
}

impl Exchange {
    /// A box that knows nothing yet. All its random numbers come from `seed`.
    pub fn new(_seed: [u8; 32], _now: Instant) -> Self {
        Self { output: std::collections::VecDeque::new() }
    }

    /// Takes in one thing that happened at `now`. Time never goes back.
    pub fn handle(&mut self, _input: Input<'_>, _now: Instant) {}

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// The next thing to do; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// The next instant at which something is due.
    pub fn poll_timeout(&self) -> Option<Wake> {
        None
    }

    /// Records of all calls that are not over, oldest first.
    pub fn calls(&self) -> Vec<call::CallRecord> {
        Vec::new()
    }

    /// All bindings, in order of their ids.
    pub fn registrations(&self) -> Vec<call::Registration> {
        Vec::new()
    }

    /// How the trunks do.
    pub fn trunks(&self) -> Vec<call::TrunkStatus> {
        Vec::new()
    }

    /// Figures.
    pub fn figures(&self) -> Figures {
        Figures::default()
    }
}
