//! A bank of eight filters over the last few blocks of 5 ms, moved on with every block.
//!
//! A block of 40 samples is multiplied with eight complex exponentials (a small matrix product,
//! which compilers vectorise well); windows are sums of blocks turned to a common phase. What a
//! window says about a tone: its power, and from its turn since the window before, its frequency to
//! a hertz or two, which no filter of that length could tell by its power alone.

use super::{Dbm0, RATE};
use std::array::from_fn;
use std::f64::consts::TAU;

/// The frequencies and their tables.
#[derive(Debug)]
pub(crate) struct Bank {
    hertz: [f32; LANES],
    wave: [Complexes; BLOCK],
    /// The turn of each frequency in one block.
    turn: Complexes,
}

/// What was heard of late, in windows of `W` blocks.
#[derive(Debug, Clone)]
pub(crate) struct Ear<const W: usize> {
    pending: [f32; BLOCK],
    filled: usize,
    /// The last blocks, newest first, turned to the phase of the newest.
    blocks: [Complexes; W],
    energies: [f32; MEMORY],
    window: Complexes,
    before: Complexes,
    /// Blocks so far.
    count: u64,
}

/// A tone at one of the frequencies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tone {
    /// Its energy in the window, in squared 16-bit steps.
    pub(crate) energy: f32,
    /// How far it is off its nominal frequency, in Hz; meaningful from -100 to 100.
    pub(crate) offset: f32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Complexes {
    pub(crate) re: [f32; LANES],
    pub(crate) im: [f32; LANES],
}

/// Real and imaginary part.
pub(crate) type Complex = (f32, f32);

pub(crate) fn product(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

impl Bank {
    /// Filters at up to eight frequencies; the rest hear nothing.
    pub(crate) fn new(frequencies: &[f32]) -> Self {
        let hertz = from_fn(|lane| frequencies.get(lane).copied().unwrap_or(0.0));
        let at = |samples: usize| Complexes::turned(&hertz, samples);
        Self { hertz, wave: from_fn(at), turn: at(BLOCK) }
    }

    pub(crate) fn hertz(&self, lane: usize) -> f32 {
        self.hertz[lane]
    }

    /// How far a frequency turns in a block, as a complex number.
    pub(crate) fn turn(&self, lane: usize) -> Complex {
        (self.turn.re[lane], self.turn.im[lane])
    }
}

impl Tone {
    /// The tone that a filter passed with this energy while it turned so far in a block: the loss
    /// of being off the frequency is made good.
    pub(crate) fn by(energy: f32, turn: Complex, window: usize) -> Self {
        let angle = turn.1.atan2(turn.0);
        // A window of n samples passes a tone that is off by x as sin(pi n x) / (pi n x).
        let half = angle * window as f32 / 2.0;
        let gain = if half.abs() < 1e-3 { 1.0 } else { half.sin() / half };
        let offset = angle * RATE as f32 / (std::f32::consts::TAU * BLOCK as f32);
        Self { energy: energy / (gain * gain).max(LEAST_GAIN), offset }
    }
}

impl<const W: usize> Ear<W> {
    pub(crate) fn new() -> Self {
        Self {
            pending: [0.0; BLOCK],
            filled: 0,
            blocks: [Complexes::ZERO; W],
            energies: [0.0; MEMORY],
            window: Complexes::ZERO,
            before: Complexes::ZERO,
            count: 0,
        }
    }

    /// Takes samples until a block is whole; gives the rest of them when one is.
    #[inline]
    pub(crate) fn take<'a>(&mut self, bank: &Bank, pcm: &'a [i16]) -> Option<&'a [i16]> {
        let wanted = BLOCK - self.filled;
        let Some((now, rest)) = pcm.split_at_checked(wanted) else {
            for (to, from) in self.pending[self.filled..].iter_mut().zip(pcm) {
                *to = f32::from(*from);
            }
            self.filled += pcm.len();
            return None;
        };
        for (to, from) in self.pending[self.filled..].iter_mut().zip(now) {
            *to = f32::from(*from);
        }
        self.filled = 0;
        self.hear(bank);
        Some(rest)
    }

    /// Samples so far, in whole blocks.
    pub(crate) fn now(&self) -> u64 {
        self.count * BLOCK as u64
    }

    /// The energy of the `blocks` last blocks.
    pub(crate) fn energy(&self, blocks: usize) -> f32 {
        self.energies[..blocks].iter().sum()
    }

    /// The energy of one of the last blocks, 0 the newest.
    pub(crate) fn block_energy(&self, ago: usize) -> f32 {
        self.energies[ago]
    }

    /// The energies that the window holds near each frequency, as if there were a tone exactly
    /// there.
    pub(crate) fn energies(&self) -> [f32; LANES] {
        self.window.energies((BLOCK * W) as f32)
    }

    /// The same of the last two blocks only.
    pub(crate) fn recent(&self) -> [f32; LANES] {
        let (new, old) = (&self.blocks[0], &self.blocks[1]);
        let sum = Complexes {
            re: from_fn(|lane| new.re[lane] + old.re[lane]),
            im: from_fn(|lane| new.im[lane] + old.im[lane]),
        };
        sum.energies((BLOCK * RECENT) as f32)
    }

    /// The tone near a frequency.
    pub(crate) fn tone(&self, lane: usize) -> Tone {
        let (re, im) = (self.window.re[lane], self.window.im[lane]);
        let energy = (re * re + im * im) * 2.0 / (BLOCK * W) as f32;
        Tone::by(energy, self.advance(lane), W)
    }

    /// What the window holds at a frequency.
    pub(crate) fn phasor(&self, lane: usize) -> Complex {
        (self.window.re[lane], self.window.im[lane])
    }

    /// The level of the last blocks.
    pub(crate) fn level(&self, blocks: usize) -> Dbm0 {
        Dbm0::of_mean_square(self.energy(blocks) / (blocks * BLOCK) as f32)
    }

    /// The turn of a tone since the window before, beyond what its nominal frequency turns; its
    /// length is the product of the two.
    pub(crate) fn advance(&self, lane: usize) -> Complex {
        let (re, im) = (self.window.re[lane], self.window.im[lane]);
        let (re0, im0) = (self.before.re[lane], self.before.im[lane]);
        (re * re0 + im * im0, im * re0 - re * im0)
    }

    fn hear(&mut self, bank: &Bank) {
        let (block, energy) = bank.block(&self.pending);
        for at in (1..W).rev() {
            self.blocks[at] = self.blocks[at - 1].turn(&bank.turn);
        }
        self.blocks[0] = block;
        self.before = self.window.turn(&bank.turn);
        self.window = self.blocks.iter().fold(Complexes::ZERO, |sum, block| Complexes {
            re: from_fn(|lane| sum.re[lane] + block.re[lane]),
            im: from_fn(|lane| sum.im[lane] + block.im[lane]),
        });
        self.energies.copy_within(..MEMORY - 1, 1);
        self.energies[0] = energy;
        self.count += 1;
    }
}

impl Bank {
    /// A block's spectrum at the frequencies, and its energy.
    fn block(&self, samples: &[f32; BLOCK]) -> (Complexes, f32) {
        let mut even = Complexes::ZERO;
        let mut odd = Complexes::ZERO;
        // Two sums at once, so that an addition need not wait for the one before.
        for (pair, wave) in samples.chunks_exact(2).zip(self.wave.chunks_exact(2)) {
            for lane in 0..LANES {
                even.re[lane] += pair[0] * wave[0].re[lane];
                even.im[lane] -= pair[0] * wave[0].im[lane];
                odd.re[lane] += pair[1] * wave[1].re[lane];
                odd.im[lane] -= pair[1] * wave[1].im[lane];
            }
        }
        let mut squares = [0.0; LANES];
        for eight in samples.chunks_exact(LANES) {
            for lane in 0..LANES {
                squares[lane] += eight[lane] * eight[lane];
            }
        }
        let sum = Complexes {
            re: from_fn(|lane| even.re[lane] + odd.re[lane]),
            im: from_fn(|lane| even.im[lane] + odd.im[lane]),
        };
        (sum, squares.iter().sum())
    }
}

impl Complexes {
    const ZERO: Self = Self { re: [0.0; LANES], im: [0.0; LANES] };

    fn turned(hertz: &[f32; LANES], samples: usize) -> Self {
        let angle = |lane: usize| TAU * f64::from(hertz[lane]) * samples as f64 / f64::from(RATE);
        // A lane without a frequency hears nothing.
        let used = |lane: usize| if hertz[lane] > 0.0 { 1.0 } else { 0.0 };
        Self {
            re: from_fn(|lane| (angle(lane).cos() * used(lane)) as f32),
            im: from_fn(|lane| (angle(lane).sin() * used(lane)) as f32),
        }
    }

    #[inline]
    fn turn(&self, by: &Self) -> Self {
        Self {
            re: from_fn(|lane| self.re[lane] * by.re[lane] - self.im[lane] * by.im[lane]),
            im: from_fn(|lane| self.re[lane] * by.im[lane] + self.im[lane] * by.re[lane]),
        }
    }

    #[inline]
    fn energies(&self, samples: f32) -> [f32; LANES] {
        let scale = 2.0 / samples;
        from_fn(|lane| (self.re[lane] * self.re[lane] + self.im[lane] * self.im[lane]) * scale)
    }
}

/// Filters in a bank.
pub(crate) const LANES: usize = 8;
/// Samples in a block: 5 ms.
pub(crate) const BLOCK: usize = 40;
/// Blocks in the short window.
pub(crate) const RECENT: usize = 2;
/// Blocks whose energy is remembered.
pub(crate) const MEMORY: usize = 12;
/// Of a tone so far off nothing can be said.
const LEAST_GAIN: f32 = 0.02;

#[cfg(test)]
mod tests {
    use super::super::Oscillator;
    use super::*;

    #[test]
    fn a_tone_is_measured_on_and_off_its_frequency() {
        let bank = Bank::new(&[697.0, 1_633.0]);
        for (lane, off) in [(0, 0.0), (0, -12.0), (0, 20.0), (1, 0.0), (1, 24.0), (1, -24.0)] {
            let mut ear = Ear::<3>::new();
            let mut tone = Oscillator::new(f64::from(bank.hertz(lane)) + off);
            let pcm: [i16; 240] = from_fn(|_| (Dbm0(-10.0).peak() * tone.sample()) as i16);
            let mut rest = &pcm[..];
            while let Some(more) = ear.take(&bank, rest) {
                rest = more;
            }
            let heard = ear.tone(lane);
            let level = Dbm0::of_mean_square(heard.energy / 120.0);
            assert!((level.0 + 10.0).abs() < 0.2, "{off}: {level:?}");
            assert!((f64::from(heard.offset) - off).abs() < 1.0, "{off}: {}", heard.offset);
        }
    }
}
