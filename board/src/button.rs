//! The role of a button, and what a press of it means.

mod debounce;
mod press;

use std::os::fd::BorrowedFd;
use std::time::Instant;

pub(crate) use self::debounce::Debounce;
pub use self::press::{Meaning, Press};
use crate::Fault;

/// A button that can be felt. What its contact does before it stands still is kept from whoever asks.
pub trait Button: Send {
    /// Takes the next change before `now`, oldest first. `None`: nothing since the last question.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the chip it is on went away: open it anew.
    fn next_change(&mut self, now: Instant) -> Result<Option<Change>, Fault>;

    /// Whether it is pressed at this moment, whatever its changes said.
    ///
    /// # Errors
    /// As of [`Button::next_change`].
    fn is_pressed(&mut self) -> Result<bool, Fault>;

    /// When to ask for changes again though the descriptor has nothing; `None`: never.
    fn poll_timeout(&self) -> Option<Instant>;

    /// What to wait for: readable when there may be a change. What is tested has none.
    fn fd(&self) -> Option<BorrowedFd<'_>>;
}

/// A button was pressed or let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Pressed, or let go.
    pub pressed: bool,
    /// When; a little late by the time in which the contact came to rest, in both directions.
    pub at: Instant,
}
