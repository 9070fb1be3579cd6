//! The role of a digital trunk: what a line's thread needs of an E1 or T1, whoever drives it.

mod setting;
mod status;

use std::os::fd::BorrowedFd;
use std::time::Instant;

pub use self::setting::{
    BuildOut, ClockSource, E1Framing, LineCode, LineKind, LineSetting, Setting, T1Framing, Timeslot,
};
pub use self::status::{Alarms, Counters, Event, FrameFault, Loop, Status};
use crate::{Fault, Law};

/// One E1 or T1. Its channels are values of their own, so that they may live in other threads.
pub trait Span: Send {
    /// What it is; fixed while it is open.
    fn facts(&self) -> &Facts;

    /// Alarms and counters as they stand.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the card is gone.
    fn status(&mut self) -> Result<Status, Fault>;

    /// Opens a B channel. It is read and written in blocks of `block` octets: 16 to 160, that is 2 to
    /// 20 ms.
    ///
    /// # Errors
    /// Busy, absent, lost; [`Fault::Misuse`] for a D channel or another length of block.
    fn open_bearer(&mut self, slot: Timeslot, block: usize) -> Result<Box<dyn Bearer>, Fault>;

    /// Opens a D channel. What is sent in the first tenths of a second may be lost, as on any line:
    /// LAPD says it again.
    ///
    /// # Errors
    /// Busy, absent, lost; [`Fault::Misuse`] for a B channel.
    fn open_signalling(&mut self, slot: Timeslot) -> Result<Box<dyn Signalling>, Fault>;

    /// Loops the whole span, or ends that.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where the driver has no such loop.
    fn loop_back(&mut self, loop_: Option<Loop>) -> Result<(), Fault>;

    /// Finds the span again after [`Fault::Lost`] and sets it up as it was. Its channels have their own
    /// `reopen`.
    ///
    /// # Errors
    /// [`Fault::Absent`] while the card is not back.
    fn reopen(&mut self) -> Result<(), Fault>;

    /// Tells what moves in given time how late it is. A card has a clock of its own.
    fn turn(&mut self, _now: Instant) {}
}

/// A B channel that is open: 8000 octets a second each way, companded by the span's [`Law`].
pub trait Bearer: Send {
    /// Octets of one read and of one write.
    fn block(&self) -> usize;

    /// Takes the next block that was received. `octets` has to hold a whole block: what has no room
    /// is lost. Returns how many octets were written to it; 0 when nothing has arrived yet.
    ///
    /// # Errors
    /// [`Fault::Lost`]; [`Fault::Misuse`] when `octets` is shorter than a block.
    fn read(&mut self, octets: &mut [u8]) -> Result<usize, Fault>;

    /// Gives a block to be sent. Returns how many octets were taken: all, or 0 when the buffers are
    /// full.
    ///
    /// # Errors
    /// [`Fault::Lost`]; [`Fault::Misuse`] when there are more octets than a block has.
    fn write(&mut self, octets: &[u8]) -> Result<usize, Fault>;

    /// What happened since the last question, oldest first.
    fn next_event(&mut self) -> Option<Event>;

    /// Tells what moves in given time how late it is, as [`Span::turn`]: whoever reads and writes is as much
    /// in time as he is himself.
    fn turn(&mut self, _now: Instant) {}

    /// Sends back to the line what comes from it, or ends that.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where the driver cannot.
    fn loop_back(&mut self, on: bool) -> Result<(), Fault>;

    /// Opens the channel anew after [`Fault::Lost`].
    ///
    /// # Errors
    /// [`Fault::Absent`] while the card is not back or not set up.
    fn reopen(&mut self) -> Result<(), Fault>;

    /// What to wait for: readable when a block has arrived, writable when there is room, exceptional
    /// when there are events. A simulation has none.
    fn fd(&self) -> Option<BorrowedFd<'_>>;
}

/// A D channel that is open: whole frames from address to information (ITU-T Q.921 §2.1); flags, stuffed
/// bits and the check sequence are the driver's.
pub trait Signalling: Send {
    /// Takes the next frame that arrived whole, and returns its length. `None`: nothing yet.
    ///
    /// # Errors
    /// [`Fault::Lost`]; [`Fault::Misuse`] when `frame` cannot hold [`LONGEST_FRAME`] octets.
    fn receive(&mut self, frame: &mut [u8]) -> Result<Option<usize>, Fault>;

    /// Gives a frame to be sent; `false` when the buffers are full and it was not taken.
    ///
    /// # Errors
    /// [`Fault::Lost`]; [`Fault::Misuse`] for an empty frame or one longer than [`LONGEST_FRAME`].
    fn send(&mut self, frame: &[u8]) -> Result<bool, Fault>;

    /// What happened since the last question, oldest first.
    fn next_event(&mut self) -> Option<Event>;

    /// Opens the channel anew after [`Fault::Lost`].
    ///
    /// # Errors
    /// [`Fault::Absent`] while the card is not back or not set up.
    fn reopen(&mut self) -> Result<(), Fault>;

    /// What to wait for, as of [`Bearer::fd`].
    fn fd(&self) -> Option<BorrowedFd<'_>>;
}

/// Octets of the longest frame that a D channel carries, without its check sequence. Q.921 §5.9.3 has
/// 260 of information and 4 of address and control; the rest is room for what misbehaves.
pub const LONGEST_FRAME: usize = 1_000;

/// The shortest and the longest block of a B channel, octets: 2 and 20 ms.
pub(crate) const BLOCKS: std::ops::RangeInclusive<usize> = 16..=160;

/// What a span is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The driver's name for it, which stays when its number changes.
    pub name: String,
    /// What the driver says of the card, in its words; may be empty.
    pub description: String,
    /// E1 or T1.
    pub kind: LineKind,
    /// How it is set up.
    pub setting: Setting,
}

impl Facts {
    /// Its bearer channels, in the order of timeslots.
    pub fn bearers(&self) -> impl Iterator<Item = Timeslot> + '_ {
        self.kind.timeslots().filter(|slot| !self.setting.signalling.contains(slot))
    }

    /// How samples are companded on it.
    #[must_use]
    pub fn law(&self) -> Law {
        self.setting.law
    }
}
