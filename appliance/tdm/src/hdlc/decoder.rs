//! From the octets of a timeslot to frames.

use super::fcs::{self, RIGHT, START};
use super::{Order, Params};

/// Finds the frames in the octets of a timeslot. It takes any garbage, and is right again from the
/// next flag on.
#[derive(Clone, Debug)]
pub struct Decoder {
    order: Order,
    shortest: usize,
    /// A frame and its check; as long as the longest may be.
    frame: Box<[u8]>,
    state: State,
    /// Ones since the last zero, no more than [`ABORT`].
    ones: u8,
    counters: Counters,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing is believed before a flag.
    Hunting,
    /// Behind a flag. `taken`: whole octets; `bits` of the next one are in `octet`, the latest bit
    /// highest; `check`: the register over what was taken.
    Within { taken: usize, octet: u8, bits: u8, check: u16 },
}

/// What came instead of a frame. The line is at fault, or the other side's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The check does not fit (Q.921 §2.9 d).
    BadCheck,
    /// The sender gave up within the frame: seven ones (Q.921 §2.10).
    Aborted,
    /// More octets than [`Params::longest`] and no flag.
    TooLong,
    /// Fewer octets than [`Params::shortest`] between two flags (Q.921 §2.9 b).
    TooShort,
    /// The bits between two flags do not make whole octets (Q.921 §2.9 c).
    NotAligned,
}

/// What a decoder has seen since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames with a good check.
    pub frames: u64,
    /// See [`Damage::BadCheck`].
    pub bad_checks: u64,
    /// See [`Damage::Aborted`].
    pub aborts: u64,
    /// See [`Damage::TooLong`].
    pub too_long: u64,
    /// See [`Damage::TooShort`].
    pub too_short: u64,
    /// See [`Damage::NotAligned`].
    pub not_aligned: u64,
}

impl Decoder {
    /// A decoder that waits for the first flag. The order and the two lengths of `params` are used.
    pub fn new(params: &Params) -> Decoder {
        Decoder {
            order: params.order,
            shortest: params.shortest,
            frame: vec![0; params.longest.max(params.shortest).saturating_add(CHECK)].into(),
            state: State::Hunting,
            ones: 0,
            counters: Counters::default(),
        }
    }

    /// Takes the next octet of the timeslot, and gives the frame that ended within it, without its
    /// check. No two can end within one octet.
    pub fn push(&mut self, octet: u8) -> Option<Result<&[u8], Damage>> {
        let bits = match self.order {
            Order::LowFirst => octet,
            Order::HighFirst => octet.reverse_bits(),
        };
        let mut ended = None;
        for position in 0..8 {
            ended = self.bit(bits >> position & 1 == 1).or(ended);
        }
        Some(match ended? {
            Ok(length) => {
                self.counters.frames += 1;
                Ok(self.frame.get(..length).unwrap_or(&[]))
            }
            Err(damage) => {
                *self.counters.of(damage) += 1;
                Err(damage)
            }
        })
    }

    /// Gives each frame of these octets, in order, to `each`.
    pub fn push_all(&mut self, octets: &[u8], mut each: impl FnMut(Result<&[u8], Damage>)) {
        for octet in octets {
            if let Some(ended) = self.push(*octet) {
                each(ended);
            }
        }
    }

    /// What was seen so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// One bit of the line; the length of the frame that it ends.
    fn bit(&mut self, one: bool) -> Option<Result<usize, Damage>> {
        if one {
            self.ones = (self.ones + 1).min(ABORT);
            return if self.ones == ABORT { self.abort() } else { self.data(true) };
        }
        match std::mem::take(&mut self.ones) {
            STUFFED => None,
            FLAGGED => self.flag(),
            _ => self.data(false),
        }
    }

    /// A bit of content, or one of a flag that is not yet known to be one.
    fn data(&mut self, one: bool) -> Option<Result<usize, Damage>> {
        let State::Within { taken, octet, bits, check } = &mut self.state else { return None };
        *octet = *octet >> 1 | u8::from(one) << 7;
        *bits += 1;
        if *bits < 8 {
            return None;
        }
        let Some(place) = self.frame.get_mut(*taken) else {
            self.state = State::Hunting;
            return Some(Err(Damage::TooLong));
        };
        *place = *octet;
        *taken += 1;
        *bits = 0;
        *check = fcs::step(*check, *octet);
        None
    }

    /// A flag: it ends what is open, and may begin the next frame.
    fn flag(&mut self) -> Option<Result<usize, Damage>> {
        let opened = State::Within { taken: 0, octet: 0, bits: 0, check: START };
        let State::Within { taken, bits, check, .. } = std::mem::replace(&mut self.state, opened)
        else {
            return None;
        };
        // Seven bits of the flag were taken for content; six where its first zero is the last of the
        // flag before.
        if taken == 0 && bits <= FLAG_BITS {
            return None;
        }
        let length = taken.saturating_sub(CHECK);
        Some(if taken < CHECK || length < self.shortest {
            Err(Damage::TooShort)
        } else if bits != FLAG_BITS {
            Err(Damage::NotAligned)
        } else if check != RIGHT {
            Err(Damage::BadCheck)
        } else {
            Ok(length)
        })
    }

    /// Seven ones: what was open is void. Ones behind a flag are a line at rest and no abort.
    fn abort(&mut self) -> Option<Result<usize, Damage>> {
        match std::mem::replace(&mut self.state, State::Hunting) {
            State::Within { taken, .. } if taken > 0 => Some(Err(Damage::Aborted)),
            State::Within { .. } | State::Hunting => None,
        }
    }
}

impl Counters {
    fn of(&mut self, damage: Damage) -> &mut u64 {
        match damage {
            Damage::BadCheck => &mut self.bad_checks,
            Damage::Aborted => &mut self.aborts,
            Damage::TooLong => &mut self.too_long,
            Damage::TooShort => &mut self.too_short,
            Damage::NotAligned => &mut self.not_aligned,
        }
    }
}

/// Octets of the check behind a frame.
const CHECK: usize = 2;
/// Ones after which a zero is not content (Q.921 §2.6).
const STUFFED: u8 = 5;
/// Ones after which a zero ends a flag (Q.921 §2.2).
const FLAGGED: u8 = 6;
/// Ones that abort (Q.921 §2.10).
const ABORT: u8 = 7;
/// Bits of a flag before the zero that says that it is one.
const FLAG_BITS: u8 = 7;
