//! From frames to the octets of a timeslot.

use std::collections::VecDeque;

use super::fcs::fcs16;
use super::{FLAG, Idle, Order, Params};

/// Makes the octets of a timeslot from frames: [`offer`](Encoder::offer) what is to be sent, and
/// [`pull`](Encoder::pull) an octet every 125 µs.
#[derive(Clone, Debug)]
pub struct Encoder {
    order: Order,
    idle: Idle,
    flags: u8,
    shortest: usize,
    longest: usize,
    /// The most octets that wait.
    room: usize,
    /// The octets of frames that wait or are on their way, each with its check behind it.
    octets: VecDeque<u8>,
    /// How many of `octets` belong to each frame.
    lengths: VecDeque<usize>,
    state: State,
    /// Bits that are ready, the next one lowest, and how many.
    ready: u32,
    bits: u32,
    /// Ones of content since the last zero.
    ones: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is on its way. `flags`: how many went since the last frame or mark, up to
    /// [`Params::flags`].
    Between { flags: u8 },
    /// So many octets of this frame are still to go.
    Within { left: usize },
}

/// Why a frame is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Misuse: the frame is shorter or longer than the parameters allow.
    Length,
    /// Too much waits already: the line is slower than who speaks.
    Full,
}

impl Encoder {
    /// An encoder of an idle line.
    pub fn new(params: &Params) -> Encoder {
        let room = params.waiting.max(params.longest + 2);
        Encoder {
            order: params.order,
            idle: params.idle,
            flags: params.flags.max(1),
            shortest: params.shortest,
            longest: params.longest,
            room,
            octets: VecDeque::with_capacity(room),
            lengths: VecDeque::with_capacity(room / (params.shortest + 2) + 1),
            state: State::Between { flags: 0 },
            ready: 0,
            bits: 0,
            ones: 0,
        }
    }

    /// Sends this frame, given without its check, behind those that wait.
    pub fn offer(&mut self, frame: &[u8]) -> Result<(), Refused> {
        if frame.len() < self.shortest || frame.len() > self.longest {
            return Err(Refused::Length);
        }
        let length = frame.len() + 2;
        if self.octets.len() + length > self.room {
            return Err(Refused::Full);
        }
        self.octets.extend(frame);
        self.octets.extend(fcs16(frame).to_le_bytes());
        self.lengths.push_back(length);
        Ok(())
    }

    /// The next octet of the timeslot.
    pub fn pull(&mut self) -> u8 {
        while self.bits < 8 {
            self.refill();
        }
        let [octet, ..] = self.ready.to_le_bytes();
        self.ready >>= 8;
        self.bits -= 8;
        match self.order {
            Order::LowFirst => octet,
            Order::HighFirst => octet.reverse_bits(),
        }
    }

    /// Breaks off the frame that is on its way with an abort (Q.921 §2.10). It is lost; what waits
    /// behind it is sent. Between frames it does nothing.
    pub fn abort(&mut self) {
        let State::Within { left } = self.state else { return };
        self.octets.drain(..left.min(self.octets.len()));
        self.state = State::Between { flags: 0 };
        self.put(0xff, 8);
    }

    /// Whether all that was offered is on the line but for the last octet of it.
    pub fn is_idle(&self) -> bool {
        self.octets.is_empty()
    }

    /// How many octets wait, checks and all: a multiple of 125 µs before the next frame goes.
    pub fn waiting(&self) -> usize {
        self.octets.len()
    }

    /// Makes the next eight to ten bits ready.
    fn refill(&mut self) {
        match self.state {
            State::Within { left: 0 } => {
                self.put(FLAG, 8);
                self.state = State::Between { flags: 1 };
            }
            State::Within { left } => {
                let octet = self.octets.pop_front().unwrap_or(0);
                self.stuff(octet);
                self.state = State::Within { left: left - 1 };
            }
            State::Between { flags } if flags >= self.flags && !self.lengths.is_empty() => {
                let left = self.lengths.pop_front().unwrap_or(0);
                self.ones = 0;
                self.state = State::Within { left };
            }
            State::Between { .. } if self.idle == Idle::Mark && self.lengths.is_empty() => {
                self.put(0xff, 8);
                self.state = State::Between { flags: 0 };
            }
            State::Between { flags } => {
                self.put(FLAG, 8);
                self.state = State::Between { flags: flags.saturating_add(1).min(self.flags) };
            }
        }
    }

    /// An octet of content, lowest bit first, with a zero behind each five ones (Q.921 §2.6).
    fn stuff(&mut self, octet: u8) {
        for position in 0..8 {
            let bit = octet >> position & 1;
            self.put(bit, 1);
            self.ones = if bit == 1 { self.ones + 1 } else { 0 };
            if self.ones == 5 {
                self.put(0, 1);
                self.ones = 0;
            }
        }
    }

    /// Bits for the line. No more than 9 are ready before an abort, 7 before all else.
    fn put(&mut self, value: u8, bits: u32) {
        self.ready |= u32::from(value) << self.bits;
        self.bits += bits;
    }
}
