//! Frequency shift keying at 1200 baud, as caller identity is sent: Bell 202 (Telcordia GR-30 §2.3)
//! and the forward channel of ITU-T V.23, in octets with a start and a stop bit.
//!
//! The receiver weighs the last millisecond at the two frequencies; octets are timed from the begin
//! of their start bit, so that a clock may be 2 % wrong and more.

use crate::fixed::nearest;
use crate::tone::{Dbm0, Oscillator, RATE};
use std::array::from_fn;
use std::f64::consts::TAU;

/// A kind of modem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Modem {
    /// The frequency of a one, which is also that of the idle line, in Hz.
    pub mark: f32,
    /// The frequency of a zero, in Hz.
    pub space: f32,
    /// Bits in a second.
    pub baud: f32,
}

/// GR-30 §2.3.
pub const BELL_202: Modem = Modem { mark: 1_200.0, space: 2_200.0, baud: 1_200.0 };
/// V.23 §2, mode 2; ETSI EN 300 659-1 §5.1.
pub const V23: Modem = Modem { mark: 1_300.0, space: 2_100.0, baud: 1_200.0 };

/// What is keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bit {
    /// One.
    Mark,
    /// Zero.
    Space,
}

/// What goes before and between the octets of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// Bits of channel seizure, zeros and ones in turn.
    pub seizure: u16,
    /// Mark bits after it.
    pub marks: u16,
    /// Stop bits after each octet.
    pub stops: u16,
    /// Mark bits at the end.
    pub tail: u16,
}

/// Makes samples of bits.
#[derive(Debug, Clone)]
pub struct Transmitter {
    modem: Modem,
    oscillator: Oscillator,
    peak: f32,
    bit: Bit,
    /// Samples that are left of the bit.
    left: f64,
}

/// Hears octets. State: at most 400 octets.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Cosine and sine of mark, cosine and sine of space.
    templates: [[f32; TAPS]; 4],
    /// The last taps less one, and the block that fills up.
    samples: [f32; TAPS - 1 + BLOCK],
    filled: usize,
    /// Mean squares of late: of everything, and of what is at one of the two frequencies.
    power: f32,
    keyed: f32,
    carrier: bool,
    /// How much more mark than space there was before.
    before: f32,
    framer: Framer,
    samples_in_bit: f32,
}

/// What happened on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// There is a carrier.
    Carrier,
    /// An octet.
    Octet {
        /// It.
        octet: u8,
        /// How many mark bits the line rested before it, beyond a stop bit.
        marks: u16,
    },
    /// A start bit without a stop bit.
    Unframed,
    /// The carrier has gone.
    Silence,
}

/// Where in an octet the receiver is.
#[derive(Debug, Clone, Copy)]
enum Framer {
    /// Nothing makes sense before a mark.
    Lost,
    /// Marks, for so many samples.
    Idle(f32),
    /// So many samples after the begin of the start bit.
    Within { elapsed: f32, bits: u8, octet: u8, marks: u16 },
}

impl Framing {
    /// GR-30 §2.3 and EN 300 659-1 §5.2 with the telephone on the hook: seizure, marks, octets.
    pub const ON_HOOK: Self = Self { seizure: 300, marks: 180, stops: 1, tail: 10 };
    /// The same during a call: no seizure, and fewer marks.
    pub const OFF_HOOK: Self = Self { seizure: 0, marks: 80, stops: 1, tail: 10 };
    /// NTT's number display: 72 ms of marks.
    pub const JAPAN: Self = Self { seizure: 0, marks: 87, stops: 4, tail: 10 };

    /// Everything that is keyed for a message.
    pub fn bits(self, octets: &[u8]) -> impl Iterator<Item = Bit> + '_ {
        let marks = |count: u16| (0..count).map(|_| Bit::Mark);
        let seizure = (0..self.seizure).map(|at| Bit::from(at % 2 == 1));
        let octets = octets.iter().flat_map(move |octet| {
            let data = (0..8).map(move |at| Bit::from(octet >> at & 1 == 1));
            std::iter::once(Bit::Space).chain(data).chain(marks(self.stops))
        });
        seizure.chain(marks(self.marks)).chain(octets).chain(marks(self.tail))
    }
}

impl From<bool> for Bit {
    fn from(one: bool) -> Self {
        if one { Self::Mark } else { Self::Space }
    }
}

impl Transmitter {
    /// Silent until it has bits.
    pub fn new(modem: Modem, level: Dbm0) -> Self {
        let oscillator = Oscillator::new(f64::from(modem.mark));
        Self { modem, oscillator, peak: level.peak(), bit: Bit::Mark, left: 0.0 }
    }

    /// Fills `pcm` with the bits that come next; says how many samples that were, fewer only when
    /// there are no more bits.
    pub fn fill(&mut self, bits: &mut impl Iterator<Item = Bit>, pcm: &mut [i16]) -> usize {
        let length = f64::from(RATE) / f64::from(self.modem.baud);
        for (at, sample) in pcm.iter_mut().enumerate() {
            if self.left < 1.0 {
                let Some(bit) = bits.next() else { return at };
                // The sample in which the frequency changes has a part of either.
                let (old, new) = (self.hertz(self.bit), self.hertz(bit));
                self.oscillator.tune(old * self.left + new * (1.0 - self.left));
                *sample = nearest(self.peak * self.oscillator.sample());
                self.oscillator.tune(new);
                self.bit = bit;
                self.left += length - 1.0;
                continue;
            }
            *sample = nearest(self.peak * self.oscillator.sample());
            self.left -= 1.0;
        }
        pcm.len()
    }

    fn hertz(&self, bit: Bit) -> f64 {
        f64::from(match bit {
            Bit::Mark => self.modem.mark,
            Bit::Space => self.modem.space,
        })
    }
}

impl Receiver {
    /// Has heard nothing yet.
    pub fn new(modem: Modem) -> Self {
        let template = |hertz: f32, wave: fn(f64) -> f64| {
            from_fn(|at| {
                let angle = TAU * f64::from(hertz) * at as f64 / f64::from(RATE);
                wave(angle) as f32 * WEIGHTS[at]
            })
        };
        let (mark, space) = (modem.mark, modem.space);
        Self {
            templates: [
                template(mark, f64::cos),
                template(mark, f64::sin),
                template(space, f64::cos),
                template(space, f64::sin),
            ],
            samples: [0.0; TAPS - 1 + BLOCK],
            filled: 0,
            power: 0.0,
            keyed: 0.0,
            carrier: false,
            before: 0.0,
            framer: Framer::Lost,
            samples_in_bit: RATE as f32 / modem.baud,
        }
    }

    /// Listens to samples, as many as there are, and tells what happened up to 4 ms ago.
    pub fn hear(&mut self, mut pcm: &[i16], mut tell: impl FnMut(Event)) {
        while !pcm.is_empty() {
            let (now, rest) = pcm.split_at(pcm.len().min(BLOCK - self.filled));
            let free = &mut self.samples[TAPS - 1 + self.filled..];
            for (to, from) in free.iter_mut().zip(now) {
                *to = f32::from(*from);
            }
            self.filled += now.len();
            pcm = rest;
            if self.filled == BLOCK {
                self.hear_block(&mut tell);
                self.samples.copy_within(BLOCK.., 0);
                self.filled = 0;
            }
        }
    }

    fn hear_block(&mut self, tell: &mut impl FnMut(Event)) {
        let (mark, space) = (self.weigh(0), self.weigh(2));
        let mean = |values: &[f32; BLOCK]| values.iter().sum::<f32>() / BLOCK as f32;
        let power: [f32; BLOCK] = from_fn(|at| self.samples[TAPS - 1 + at].powi(2));
        let keyed = from_fn(|at| mark[at].max(space[at]));
        self.power += (mean(&power) - self.power) * SMOOTH;
        self.keyed += (mean(&keyed) - self.keyed) * SMOOTH;
        self.attend(tell);
        if !self.carrier {
            return;
        }
        for (mark, space) in mark.iter().zip(&space) {
            let now = mark - space;
            self.frame(now, tell);
            self.before = now;
        }
    }

    /// The mean squares at the frequency of two templates, around each sample of the block.
    fn weigh(&self, first: usize) -> [f32; BLOCK] {
        let (cosine, sine) = (&self.templates[first], &self.templates[first + 1]);
        let (mut re, mut im) = ([0.0; BLOCK], [0.0; BLOCK]);
        for tap in 0..TAPS {
            for at in 0..BLOCK {
                re[at] += self.samples[at + tap] * cosine[tap];
                im[at] += self.samples[at + tap] * sine[tap];
            }
        }
        from_fn(|at| (re[at] * re[at] + im[at] * im[at]) * (2.0 / (WEIGHT * WEIGHT)))
    }

    fn attend(&mut self, tell: &mut impl FnMut(Event)) {
        let (level, purity) = if self.carrier { (0.5, 0.25) } else { (1.0, 0.5) };
        let is_loud = self.power > LEAST.mean_square() * level;
        let is_there = is_loud && self.keyed > self.power * purity;
        if is_there == self.carrier {
            return;
        }
        self.carrier = is_there;
        self.framer = Framer::Lost;
        tell(if is_there { Event::Carrier } else { Event::Silence });
    }

    #[inline]
    fn frame(&mut self, now: f32, tell: &mut impl FnMut(Event)) {
        match &mut self.framer {
            Framer::Lost => {
                if now > 0.0 {
                    self.framer = Framer::Idle(0.0);
                }
            }
            Framer::Idle(rest) if now > 0.0 => *rest += 1.0,
            Framer::Idle(rest) => {
                // Where between the samples the mark ended.
                let elapsed = now / (now - self.before.max(f32::MIN_POSITIVE));
                let marks = (*rest / self.samples_in_bit) as u16;
                self.framer = Framer::Within { elapsed, bits: 0, octet: 0, marks };
            }
            Framer::Within { elapsed, bits, octet, marks } => {
                *elapsed += 1.0;
                let late = *elapsed - (f32::from(*bits) + 0.5) * self.samples_in_bit;
                if late < 0.0 {
                    return;
                }
                // The value in the middle of the bit lies between the last two.
                let is_mark = now + (self.before - now) * late.min(1.0) > 0.0;
                let (octet, marks) = (octet, *marks);
                match (*bits, is_mark) {
                    // It was no start bit.
                    (0, true) => {
                        let rest = f32::from(marks) * self.samples_in_bit;
                        self.framer = Framer::Idle(rest);
                        return;
                    }
                    (1..=8, _) => *octet = *octet >> 1 | u8::from(is_mark) << 7,
                    (9.., true) => {
                        tell(Event::Octet { octet: *octet, marks });
                        // Half of the stop bit is still to come.
                        self.framer = Framer::Idle(-0.5 * self.samples_in_bit);
                        return;
                    }
                    (9.., false) => {
                        tell(Event::Unframed);
                        self.framer = Framer::Lost;
                        return;
                    }
                    (0, false) => {}
                }
                *bits += 1;
            }
        }
    }
}

/// Samples that are weighed at once: a bit and a little on either side.
const TAPS: usize = 8;
const WEIGHTS: [f32; TAPS] = [0.6, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.6];
const WEIGHT: f32 = 7.2;
/// Samples that are worked off at once: 4 ms.
const BLOCK: usize = 32;
/// Power is averaged over some 8 ms.
const SMOOTH: f32 = 0.4;
/// EN 300 659-1 §5.1 asks for -36 dBV, GR-30 for -32 dBm at the receiver; this leaves room for a
/// line.
const LEAST: Dbm0 = Dbm0(-46.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_small() {
        assert!(size_of::<Receiver>() <= 400, "{}", size_of::<Receiver>());
    }

    #[test]
    fn bits_take_their_time_on_average() {
        let mut transmitter = Transmitter::new(V23, Dbm0(-13.0));
        let mut bits = (0..1_200).map(|at| Bit::from(at % 3 == 0));
        let mut pcm = [0; 9_000];
        assert_eq!(transmitter.fill(&mut bits, &mut pcm), 8_000);
    }
}
