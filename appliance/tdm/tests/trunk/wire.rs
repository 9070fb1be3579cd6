//! The D channels between two trunks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tdm::hdlc::{Counters, Decoder, Encoder, Params};
use tdm::q931::interface::LinkId;
use tdm::q931::timers::Side;

/// Numbers that look random, the same for the same seed (xorshift64*).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    /// Once in so many times; never if 0.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        times != 0 && self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// How bad the line is: once in so many frames (of bits: in so many milliseconds); 0 is never.
#[derive(Clone, Copy, Default)]
pub(crate) struct Trouble {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// One bit is wrong: only of a line of bits.
    pub(crate) spoilt: u64,
    /// Added to the delay of a frame, ms, none overtakes another.
    pub(crate) jitter: u64,
}

/// One direction of a D channel.
pub(crate) struct Way {
    pub(crate) to: Side,
    pub(crate) link: LinkId,
    /// Nothing arrives.
    pub(crate) cut: bool,
    line: Line,
}

enum Line {
    Frames(VecDeque<(Instant, Vec<u8>)>),
    Bits { encoder: Encoder, decoder: Decoder, next: Instant },
}

const DELAY: Duration = Duration::from_millis(10);
/// What a card hands over at once: 8 octets.
const CHUNK: Duration = Duration::from_millis(1);

impl Way {
    pub(crate) fn of_frames(to: Side, link: LinkId) -> Way {
        Way { to, link, cut: false, line: Line::Frames(VecDeque::new()) }
    }

    pub(crate) fn of_bits(to: Side, link: LinkId, now: Instant) -> Way {
        let params = Params::default();
        let (encoder, decoder) = (Encoder::new(&params), Decoder::new(&params));
        Way { to, link, cut: false, line: Line::Bits { encoder, decoder, next: now + CHUNK } }
    }

    pub(crate) fn put(
        &mut self,
        frame: Vec<u8>,
        trouble: &Trouble,
        chance: &mut Chance,
        now: Instant,
    ) {
        match &mut self.line {
            Line::Bits { encoder, .. } => encoder.offer(&frame).expect("there is room"),
            Line::Frames(under) => {
                if self.cut || chance.once_in(trouble.lost) {
                    return;
                }
                let after = DELAY + Duration::from_millis(chance.below(trouble.jitter + 1));
                let at = under.back().map_or(now, |(last, _)| *last).max(now + after);
                if chance.once_in(trouble.doubled) {
                    under.push_back((at, frame.clone()));
                }
                under.push_back((at, frame));
            }
        }
    }

    /// What a line of bits has seen.
    pub(crate) fn counters(&self) -> Option<Counters> {
        match &self.line {
            Line::Frames(_) => None,
            Line::Bits { decoder, .. } => Some(decoder.counters()),
        }
    }

    /// When something arrives.
    pub(crate) fn next(&self) -> Option<Instant> {
        match &self.line {
            Line::Frames(under) => under.front().map(|(at, _)| *at),
            Line::Bits { next, .. } => Some(*next),
        }
    }

    /// The frames that have arrived.
    pub(crate) fn take(
        &mut self,
        trouble: &Trouble,
        chance: &mut Chance,
        now: Instant,
    ) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        match &mut self.line {
            Line::Frames(under) => {
                while let Some((_, frame)) = under.pop_front_if(|(at, _)| *at <= now) {
                    if !self.cut {
                        frames.push(frame);
                    }
                }
            }
            Line::Bits { encoder, decoder, next } => {
                while *next <= now {
                    *next += CHUNK;
                    let mut octets = [0; 8].map(|_: u8| encoder.pull());
                    if self.cut {
                        octets = [0xff; 8];
                    } else if chance.once_in(trouble.spoilt) {
                        octets[chance.below(8) as usize] ^= 1 << chance.below(8);
                    }
                    decoder.push_all(&octets, |frame| frames.extend(frame.map(<[u8]>::to_vec)));
                }
            }
        }
        frames
    }
}
