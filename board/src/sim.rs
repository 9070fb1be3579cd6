//! A digital trunk without a card: both ends of an E1 or T1 in given time, and what can go wrong between
//! them. Octets of bearers are exact unless a fault says otherwise.
//!
//! A [`Line`] has two ends, each a [`Span`](crate::Span). One may be the box under test, the other a
//! script that plays the carrier. Time passes by [`Line::advance`], in frames of 125 μs, or by
//! [`Line::turn`], which is told the time of the machine. There are no threads.
//!
//! Frames of a D channel take the time that their octets take at 64 kbit/s, without stuffed bits; one
//! that a slip or a wrong bit hits is not handed up. Alarms come and go at once: how long a receiver waits
//! before it believes one is up to framers (ITU-T G.775).

mod errors;
mod hybrid;
mod port;
mod side;
mod terminal;
mod way;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub use self::terminal::Terminal;
use self::wire::Wire;
use crate::{Fault, Setting, Timeslot};

/// A line between two ends. Clones are the same line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The copper is what both ends share.
    wire: Arc<Mutex<Wire>>,
}

/// One of the two ends of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The one whose clock counts the frames of [`Line::advance`].
    Near,
    /// The other one.
    Far,
}

impl End {
    /// The end that this one speaks to.
    #[must_use]
    pub fn other(self) -> End {
        match self {
            End::Near => End::Far,
            End::Far => End::Near,
        }
    }
}

/// What a receiver does when its store of frames is full, or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// A frame is lost: the far end is too fast.
    Dropped,
    /// A frame is heard twice: the far end is too slow.
    Repeated,
}

impl Line {
    /// A line whose ends are set up like this; all chance comes from `seed`.
    ///
    /// # Errors
    /// [`Fault::Misuse`] when one end is an E1 and the other a T1.
    pub fn new(near: Setting, far: Setting, seed: u64) -> Result<Line, Fault> {
        if near.kind() != far.kind() {
            return Err(Fault::Misuse);
        }
        Ok(Line { wire: Arc::new(Mutex::new(Wire::new(near, far, seed))) })
    }

    /// An end of it, as a span; `name` is what its facts will say.
    #[must_use]
    pub fn end(&self, end: End, name: &str) -> Terminal {
        Terminal::new(self.clone(), end, name)
    }

    /// Sets an end up anew, and gives it as a span; its channels must not be open.
    ///
    /// # Errors
    /// [`Fault::Misuse`] when the setting is of the other kind of line, [`Fault::Absent`] while the card is
    /// pulled out, [`Fault::Busy`] while a channel of this end is open.
    pub fn open(&self, end: End, name: &str, setting: Setting) -> Result<Terminal, Fault> {
        self.wire().set_up(end, setting)?;
        Ok(self.end(end, name))
    }

    /// Lets this many frames of 125 μs pass.
    pub fn advance(&self, frames: u64) {
        let mut wire = self.wire();
        for _ in 0..frames {
            wire.tick();
        }
    }

    /// Lets the frames pass that are due by `now`. The first call says when time began.
    pub fn turn(&self, now: Instant) {
        self.wire().turn(now);
    }

    /// Lets time stand still until the next [`turn`](Line::turn), which begins it anew: what passes while
    /// nobody listens need not be made up for.
    pub fn rest(&self) {
        self.wire().rest();
    }

    /// Breaks the pair that leads away from this end, or mends it: the other one sees red, and tells by
    /// yellow.
    pub fn cut(&self, from: End, broken: bool) {
        self.wire().change(|wire| wire.way_mut(from).cut = broken);
    }

    /// Somebody between sends all ones to the end opposite to this one (AIS), or ceases to.
    pub fn all_ones(&self, from: End, on: bool) {
        self.wire().change(|wire| wire.way_mut(from).all_ones = on);
    }

    /// Makes the receiver of this end slip once, in the next frame.
    pub fn slip(&self, at: End, slip: Slip) {
        self.wire().way_mut(at.other()).slips.push_back(slip);
    }

    /// Turns bits around that this end sends: `rate` of them, 0 to 0.5.
    pub fn bit_errors(&self, from: End, rate: f64) {
        self.wire().way_mut(from).errors.set_rate(rate);
    }

    /// The line's clock is this much faster than the machine's, parts per million; for
    /// [`turn`](Line::turn).
    pub fn drift(&self, ppm: f64) {
        self.wire().set_drift(ppm);
    }

    /// The far end's own clock is this much faster than the near one's, parts per million: slips, unless
    /// one of them is set up to follow the line.
    pub fn far_clock(&self, ppm: f64) {
        self.wire().far_ppm = ppm;
    }

    /// What arrives in this timeslot at this end comes back to the other one through a hybrid: in a row,
    /// what is left of it 0, 1, 2 ... samples later, 1.0 is all. Empty: no echo. The octets of that
    /// direction are no longer exact.
    pub fn echo(&self, at: End, slot: Timeslot, response: &[f32]) {
        self.wire().way_mut(at).set_echo(slot, response);
    }

    /// What this end sends takes this many frames of 125 μs. Changed at run time, it is heard as a gap
    /// or a jump.
    pub fn delay(&self, from: End, frames: u16) {
        self.wire().way_mut(from).set_delay(frames.into());
    }

    /// Loses the next frames of HDLC that this end sends, without a trace.
    pub fn lose_frames(&self, from: End, count: u32) {
        self.wire().way_mut(from).lose = count;
    }

    /// Pulls the card of this end out: all that was open is lost, the other end sees no signal.
    pub fn pull_out(&self, end: End) {
        self.wire().pull_out(end);
    }

    /// Puts it back in. Its span and channels wait to be reopened.
    pub fn plug_in(&self, end: End) {
        self.wire().plug_in(end);
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        // A wire is whole after each of its steps, whoever panicked while he held it.
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
