//! One direction of a line: what is in transit, and what goes wrong on the way.

use std::collections::{BTreeMap, VecDeque};

use super::Slip;
use super::errors::Errors;
use super::hybrid::Hybrid;
use super::port::Left;
use crate::Timeslot;

/// The octets of one frame, by timeslot; timeslot 0 is not used.
pub(super) type Frame = [u8; 32];

/// From one end to the other.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) cut: bool,
    pub(super) all_ones: bool,
    pub(super) slips: VecDeque<Slip>,
    pub(super) errors: Errors,
    /// Frames of HDLC to be lost.
    pub(super) lose: u32,
    pub(super) echo: BTreeMap<Timeslot, Hybrid>,
    delay: usize,
    transit: VecDeque<Frame>,
    messages: VecDeque<Message>,
    /// Frames that were sent; those that were received lag behind by what is in transit, which may be
    /// more than was sent.
    sent: i64,
    idle: Frame,
}

#[derive(Debug)]
struct Message {
    /// It is heard with the frame of this number.
    with: i64,
    slot: Timeslot,
    left: Left,
}

/// What the receiver takes from its store.
pub(super) enum Taken {
    /// A frame in its turn.
    Next(Frame),
    /// A frame in its turn, and one before it was dropped.
    Skipped(Frame),
    /// Nothing has come: the last frame is repeated.
    Nothing,
}

impl Way {
    pub(super) fn new(idle: Frame, seed: u64) -> Way {
        Way {
            cut: false,
            all_ones: false,
            slips: VecDeque::new(),
            errors: Errors::new(seed),
            lose: 0,
            echo: BTreeMap::new(),
            delay: 0,
            transit: VecDeque::new(),
            messages: VecDeque::new(),
            sent: 0,
            idle,
        }
    }

    pub(super) fn set_echo(&mut self, slot: Timeslot, response: &[f32]) {
        if response.is_empty() {
            self.echo.remove(&slot);
        } else {
            self.echo.insert(slot, Hybrid::new(response));
        }
    }

    pub(super) fn set_delay(&mut self, frames: usize) {
        self.delay = frames;
        while self.transit.len() < frames {
            self.transit.push_front(self.idle);
        }
        while self.transit.len() > frames {
            self.transit.pop_front();
        }
    }

    /// How often the sender sends while the receiver receives once: slips are asked for by this.
    pub(super) fn sends(&mut self) -> u32 {
        match self.slips.pop_front() {
            None => 1,
            Some(Slip::Dropped) => 2,
            Some(Slip::Repeated) => 0,
        }
    }

    pub(super) fn push(&mut self, frame: Frame) {
        self.transit.push_back(frame);
        self.sent = self.sent.wrapping_add(1);
    }

    /// A message whose last octet is in the frame that is pushed next.
    pub(super) fn push_message(&mut self, slot: Timeslot, left: Left) {
        if self.lose > 0 {
            self.lose -= 1;
        } else {
            self.messages.push_back(Message { with: self.sent.wrapping_add(1), slot, left });
        }
    }

    /// The store holds one frame beyond the delay: two are one too many, none is one too few.
    pub(super) fn take(&mut self) -> Taken {
        if self.transit.len() <= self.delay {
            return Taken::Nothing;
        }
        let skipped = self.transit.len() > self.delay + 1;
        if skipped {
            self.transit.pop_front();
        }
        match self.transit.pop_front() {
            Some(frame) if skipped => Taken::Skipped(frame),
            Some(frame) => Taken::Next(frame),
            None => Taken::Nothing,
        }
    }

    /// A message that arrived with what was taken.
    pub(super) fn take_message(&mut self) -> Option<(Timeslot, Left)> {
        let received = self.sent.wrapping_sub_unsigned(self.transit.len() as u64);
        self.messages.front().filter(|message| message.with <= received)?;
        self.messages.pop_front().map(|message| (message.slot, message.left))
    }
}
