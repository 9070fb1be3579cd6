//! A conference: everybody hears the sum of all others, saturated.
//!
//! A tick is 10 or 20 ms. [`Mixer::begin`] starts it, [`Mixer::add`] takes what each participant says, and
//! then [`Mixer::others`] gives each what the others said. Who says nothing in a tick is not added and
//! hears [`Mixer::all`], which is worked out and encoded once for all silent listeners. The sum is kept in
//! 32 bits, so that nothing is lost between up to 65,536 participants, whatever the order.

use crate::arch::Level;
use crate::arch::mix::{self, Added, GAIN_BITS};
use std::fmt;

/// Misuse: this is not as many samples as the tick has. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickLength {
    /// Samples in the tick.
    pub tick: usize,
    /// Samples given, or room for them.
    pub given: usize,
}

impl fmt::Display for TickLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples do not fit a tick of {}", self.given, self.tick)
    }
}

impl std::error::Error for TickLength {}

/// How much louder a participant is made: 0 (mute) to 24 dB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gain(i16);

impl Gain {
    /// As it comes.
    pub const UNITY: Self = Self(1 << GAIN_BITS);
    /// Nothing.
    pub const MUTE: Self = Self(0);

    /// From decibels, at most 24 (more is 24, and less than -66 is mute).
    pub fn from_db(db: f32) -> Self {
        let factor = 10_f32.powf(db / 20.0) * f32::from(Self::UNITY.0);
        // A cast saturates, and makes 0 of what is no number.
        Self(factor.round() as i16)
    }

    /// Makes samples so much louder where they lie, saturated.
    pub fn apply(self, pcm: &mut [i16]) {
        if self == Self::UNITY {
            return;
        }
        let level = Level::current();
        for pcm in pcm.chunks_mut(LONGEST) {
            let mut louder = NOTHING;
            let louder = &mut louder[..pcm.len()];
            mix::scale(level, pcm, self.0, louder);
            pcm.copy_from_slice(louder);
        }
    }
}

/// The sum of one conference. The state is 7.7 kB.
#[derive(Debug, Clone)]
// The samples come first, where a cache line begins.
#[repr(C, align(64))]
pub struct Mixer {
    near: [i16; LONGEST],
    rest: [i16; LONGEST],
    total: [i32; LONGEST],
    form: Form,
    samples: usize,
    /// 64 / `samples`, in units of 2^-22.
    share: u64,
    /// Counts ticks, so that what was said in another one is not taken off.
    tick: u64,
    level: Level,
}

/// Where the sum is. Storing is what takes the time, so it is kept short while it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In `near`: every sample has fitted 16 bits so far.
    Short,
    /// In `total`.
    Wide,
    /// In `total`, and in `near` and `rest` as [`mix::settle`] has it.
    Settled,
}

impl Mixer {
    /// A conference in which nobody has said anything.
    pub fn new() -> Self {
        Self::with_level(Level::current())
    }

    /// The same with other vector instructions, if the machine has them. All give the same result.
    pub fn with_level(level: Level) -> Self {
        let level = level.or_scalar();
        Self {
            near: NOTHING,
            rest: NOTHING,
            total: [0; LONGEST],
            form: Form::Short,
            samples: 0,
            share: 0,
            tick: 0,
            level,
        }
    }

    /// Starts a tick of so many samples, at most [`LONGEST`].
    pub fn begin(&mut self, samples: usize) -> Result<(), TickLength> {
        if samples > LONGEST {
            return Err(TickLength { tick: LONGEST, given: samples });
        }
        self.tick = self.tick.wrapping_add(1);
        if samples != self.samples {
            self.samples = samples;
            self.share = (64 << 22) / samples.max(1) as u64;
        }
        self.near[..samples].fill(0);
        self.form = Form::Short;
        Ok(())
    }

    /// Adds what a participant says; what it said before in the same tick is replaced.
    #[inline]
    pub fn add(&mut self, seat: &mut Seat, pcm: &[i16]) -> Result<(), TickLength> {
        let samples = self.samples;
        if pcm.len() != samples {
            return Err(TickLength { tick: samples, given: pcm.len() });
        }
        if seat.tick == self.tick {
            self.take_back(seat);
        }
        seat.tick = self.tick;
        let energy = match seat.gain {
            Gain::UNITY => self.sum_up(&mut seat.own, pcm),
            _ => self.sum_up_scaled(seat, pcm),
        };
        seat.loudness.hear((energy * self.share) >> 22);
        Ok(())
    }

    #[inline]
    fn sum_up(&mut self, own: &mut [i16; LONGEST], pcm: &[i16]) -> u64 {
        if self.form != Form::Short {
            self.form = Form::Wide;
            return mix::add_wide(self.level, &mut self.total, own, pcm);
        }
        let Added { energy, wrapped } = mix::add(self.level, &mut self.near, own, pcm);
        if wrapped {
            self.widen(own);
        }
        energy
    }

    #[inline(never)]
    fn sum_up_scaled(&mut self, seat: &mut Seat, pcm: &[i16]) -> u64 {
        let mut scaled = [0; LONGEST];
        let scaled = &mut scaled[..pcm.len()];
        mix::scale(self.level, pcm, seat.gain.0, scaled);
        self.sum_up(&mut seat.own, scaled)
    }

    /// The sum, which fitted until `last` was added, does so no more.
    #[cold]
    #[inline(never)]
    fn widen(&mut self, last: &[i16; LONGEST]) {
        mix::widen(self.level, &mut self.total[..self.samples], &self.near, last);
        self.form = Form::Wide;
    }

    #[cold]
    #[inline(never)]
    fn take_back(&mut self, seat: &Seat) {
        if self.form == Form::Short {
            self.widen(&NOTHING);
        }
        for (total, &own) in self.total[..self.samples].iter_mut().zip(&seat.own) {
            *total = total.wrapping_sub(i32::from(own));
        }
    }

    /// What all but this participant say.
    #[inline]
    pub fn others(&mut self, seat: &Seat, out: &mut [i16]) -> Result<(), TickLength> {
        self.less(if seat.tick == self.tick { &seat.own } else { &NOTHING }, out)
    }

    /// What all say, for those who said nothing.
    pub fn all(&mut self, out: &mut [i16]) -> Result<(), TickLength> {
        self.less(&NOTHING, out)
    }

    #[inline]
    fn less(&mut self, own: &[i16; LONGEST], out: &mut [i16]) -> Result<(), TickLength> {
        if out.len() != self.samples {
            return Err(TickLength { tick: self.samples, given: out.len() });
        }
        if self.form == Form::Short {
            mix::less(self.level, &self.near, own, out);
            return Ok(());
        }
        if self.form == Form::Wide {
            let total = &self.total[..self.samples];
            mix::settle(self.level, total, &mut self.near, &mut self.rest);
            self.form = Form::Settled;
        }
        mix::less_settled(self.level, &self.near, &self.rest, own, out);
        Ok(())
    }
}

impl Default for Mixer {
    fn default() -> Self {
        Self::new()
    }
}

/// A participant of one conference. The state is 2 kB.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub struct Seat {
    own: [i16; LONGEST],
    tick: u64,
    gain: Gain,
    loudness: Loudness,
}

impl Seat {
    /// Somebody who has not spoken yet.
    pub fn new(gain: Gain) -> Self {
        Self { gain, loudness: Loudness::default(), tick: 0, own: NOTHING }
    }

    /// Changes the gain from the next [`Mixer::add`] on.
    pub fn set_gain(&mut self, gain: Gain) {
        self.gain = gain;
    }

    /// How loud this participant has lately been, after its gain: who speaks is who is loudest.
    pub fn loudness(&self) -> Loudness {
        self.loudness
    }

    /// For a tick without a packet: the loudness falls as in silence.
    pub fn rest(&mut self) {
        self.loudness.hear(0);
    }
}

/// A mean power that rises within two ticks and falls by half within eleven, so that it holds through the
/// gaps between words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Loudness(u32);

impl Loudness {
    /// As a level, where a sine of the greatest amplitude has 3.14 dBm0 (ITU-T G.711, A-law); -127 for
    /// silence.
    pub fn dbm0(self) -> f32 {
        if self.0 == 0 {
            return -127.0;
        }
        10.0 * (self.0 as f32 / SINE).log10() + OVERLOAD
    }

    #[inline]
    fn hear(&mut self, power: u64) {
        let power = power.min(u64::from(u32::MAX)) as u32;
        self.0 = match power.checked_sub(self.0) {
            Some(rise) => self.0 + rise - rise / 4,
            None => self.0 - (self.0 - power).div_ceil(16),
        };
    }
}

/// The most samples in a tick: 20 ms at 48 kHz.
pub const LONGEST: usize = mix::LONGEST;
/// The mean power of a sine of the greatest amplitude.
const SINE: f32 = 32_768.0 * 32_768.0 / 2.0;
/// The level of that sine in dBm0, A-law: ITU-T G.711, note to table 1a.
const OVERLOAD: f32 = 314.0 / 100.0;
const NOTHING: [i16; LONGEST] = [0; LONGEST];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_as_small_as_stated() {
        assert!(size_of::<Mixer>() <= 7_744 && size_of::<Seat>() <= 1_984);
    }

    #[test]
    fn gains_are_what_their_decibels_say() {
        assert_eq!(Gain::from_db(0.0), Gain::UNITY);
        assert_eq!(Gain::from_db(6.02).0, 4_096);
        assert_eq!(Gain::from_db(f32::NEG_INFINITY), Gain::MUTE);
        assert_eq!(Gain::from_db(f32::NAN), Gain::MUTE);
        assert_eq!(Gain::from_db(99.0), Gain::from_db(24.1));
    }

    #[test]
    fn a_gain_is_applied_to_any_length() {
        let mut pcm = vec![2_000; 3 * LONGEST / 2];
        Gain::from_db(6.02).apply(&mut pcm);
        assert!(pcm.iter().all(|it| *it == 4_000));
        Gain::from_db(24.0).apply(&mut pcm);
        assert!(pcm.iter().all(|it| *it == i16::MAX));
        Gain::MUTE.apply(&mut pcm);
        assert!(pcm.iter().all(|it| *it == 0));
    }
}
