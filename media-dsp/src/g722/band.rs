//! The adaptive differential coder of one sub-band: ITU-T G.722 clauses 3, 4 and 6. It is the same
//! in encoder and decoder, which follow each other by the codes alone.

use super::tables::{HIGH_LEVEL, HIGH_STEPS, HIGH_TWO, LOW_FOUR, LOW_LEVELS, LOW_STEPS, POWERS};
use crate::arch::lanes::{Lanes, MOST};

/// The state of one sub-band, for as many channels as there are lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Band<L> {
    /// The prediction of the next sample.
    estimate: L,
    /// The part of it that the six zeros make.
    zero_part: L,
    /// Coefficients of the two poles, Q14.
    poles: [L; 2],
    /// Coefficients of the six zeros, Q14.
    zeros: [L; 6],
    /// The last six quantized differences, doubled, the latest first.
    differences: [L; 6],
    /// The last reconstructed sample, doubled.
    sample: L,
    /// The signs, -1 or 0, of the last two partially reconstructed samples.
    signs: [L; 2],
    /// The logarithm of the quantizer's scale, Q11.
    log_scale: L,
    /// The quantizer's scale.
    scale: L,
}

impl Band<i32> {
    /// The lower sub-band after a reset.
    pub(super) const LOW: Self = Self::reset(8);
    /// The upper sub-band after a reset.
    pub(super) const HIGH: Self = Self::reset(2);

    const fn reset(scale: i32) -> Self {
        Self {
            estimate: 0,
            zero_part: 0,
            poles: [0; 2],
            zeros: [0; 6],
            differences: [0; 6],
            sample: 0,
            signs: [0; 2],
            log_scale: 0,
            scale,
        }
    }
}

impl<L: Lanes> Band<L> {
    /// The code of a sample of the lower sub-band (QUANTL): by how many decision levels the difference
    /// reaches, which is found by halving.
    #[inline(always)]
    pub(super) fn quantize_low(&self, sample: L) -> L {
        let difference = (sample - self.estimate).saturated();
        let sign = difference.sign();
        let size = ((difference ^ sign) + L::all(1)).left(10);
        let mut place =
            L::pick(size.above(self.scale * L::all(LOW_LEVELS[15])), L::all(16), L::all(0));
        for half in [8, 4, 2, 1] {
            let level = (place + L::all(half - 1)).look32(&LOW_LEVELS);
            let crossed = size.above(self.scale * level);
            place = place + L::pick(crossed, L::all(half), L::all(0));
        }
        let place = place.min(L::all(29));
        let first = L::pick(L::all(2).above(place), L::all(63), L::all(33));
        L::pick(sign.equals(L::all(0)), L::all(61), first) - place
    }

    /// The code of a sample of the upper sub-band (QUANTH).
    #[inline(always)]
    pub(super) fn quantize_high(&self, sample: L) -> L {
        let difference = (sample - self.estimate).saturated();
        let sign = difference.sign();
        let level = (self.scale * L::all(HIGH_LEVEL)).right(10);
        let small = L::pick(level.above(difference ^ sign), L::all(1), L::all(0));
        small + L::all(2) + sign + sign
    }

    /// The sample that a quantized difference stands for, limited to 15 bits.
    #[inline(always)]
    pub(super) fn reconstruct(&self, difference: L) -> L {
        let sample = (self.scale * difference).right(10) + self.estimate;
        sample.within(L::all(-16_384), L::all(16_383))
    }

    /// Goes on by the upper four bits of a code of the lower sub-band.
    #[inline(always)]
    pub(super) fn adapt_low(&mut self, code: L) {
        let difference = (self.scale * code.look16(&LOW_FOUR)).right(10);
        self.rescale(code.look16(&LOW_STEPS), 18_432, 9);
        self.predict(difference);
    }

    /// Goes on by a code of the upper sub-band.
    #[inline(always)]
    pub(super) fn adapt_high(&mut self, code: L) {
        let difference = (self.scale * code.look8(&HIGH_TWO)).right(10);
        self.rescale(code.look8(&HIGH_STEPS), 22_528, 11);
        self.predict(difference);
    }

    /// The adaptive scale (LOGSCL, SCALEL and LOGSCH, SCALEH): its logarithm leaks by 1/128 and takes the
    /// code's step.
    #[inline(always)]
    fn rescale(&mut self, step: L, most: i32, octaves: i32) {
        let leaked = self.log_scale - (self.log_scale + L::all(127)).right(7);
        self.log_scale = (leaked + step).within(L::all(0), L::all(most));
        let power = (self.log_scale.right(6) & L::all(31)).look32(&POWERS);
        self.scale = power.left(1).right_by(L::all(octaves) - self.log_scale.right(11));
    }

    /// The adaptive predictor (PARREC, RECONS, FILTEP, PREDIC).
    #[inline(always)]
    fn predict(&mut self, difference: L) {
        let sign = (difference + self.zero_part).sign();
        let [last, before] = self.signs;
        self.adapt_poles(sign ^ last, sign ^ before);
        self.signs = [sign, last];
        self.adapt_zeros(difference);

        let sample = (self.estimate + difference).left(1).saturated();
        let [first, second] = self.poles;
        let pole_part = (first * sample).right(15) + (second * self.sample).right(15);
        self.estimate = (self.zero_part + pole_part).saturated();
        self.sample = sample;
    }

    /// The poles, by whether the sign differs, -1 or 0, from the last and from the one before
    /// (UPPOL2, UPPOL1).
    #[inline(always)]
    fn adapt_poles(&mut self, last: L, before: L) {
        let [first, second] = self.poles;
        let cross = first.within(L::all(-8_191), L::all(8_191)).turned(last ^ L::all(-1)).right(5);
        let leaked = second - (second + L::all(127)).right(7);
        let second =
            (cross + L::all(128).turned(before) + leaked).within(L::all(-12_288), L::all(12_288));
        let limit = L::all(15_360) - second;
        let leaked = first - (first + L::all(255)).right(8);
        let first = (leaked + L::all(192).turned(last)).within(L::all(0) - limit, limit);
        self.poles = [first, second];
    }

    /// The zeros and their part of the next prediction (UPZERO, FILTEZ).
    #[inline(always)]
    fn adapt_zeros(&mut self, difference: L) {
        let step = L::pick(difference.equals(L::all(0)), L::all(0), L::all(128));
        let mut newer = difference.left(1);
        let mut part = L::all(0);
        for (zero, kept) in self.zeros.iter_mut().zip(&mut self.differences) {
            let leaked = *zero - (*zero + L::all(255)).right(8);
            *zero = leaked + step.turned((difference ^ *kept).sign());
            part = part + (newer * *zero).right(15);
            newer = std::mem::replace(kept, newer);
        }
        self.zero_part = part;
    }

    /// One lane for each of these channels; what is left over is as the first.
    #[inline(always)]
    pub(crate) fn gather<'a>(channels: impl Iterator<Item = &'a Band<i32>>) -> Self {
        let mut words = [[0; MOST]; WORDS];
        for (lane, band) in channels.take(L::COUNT).enumerate() {
            for (word, value) in words.iter_mut().zip(band.words()) {
                word[lane] = value;
            }
        }
        Self::from_words(words.map(|word| L::read(&word)))
    }

    /// The lanes back to their channels.
    #[inline(always)]
    pub(crate) fn scatter<'a>(&self, channels: impl Iterator<Item = &'a mut Band<i32>>) {
        let mut words = [[0; MOST]; WORDS];
        for (word, value) in words.iter_mut().zip(self.words()) {
            value.write(word);
        }
        for (lane, band) in channels.take(L::COUNT).enumerate() {
            *band = Band::from_words(words.each_ref().map(|word| word[lane]));
        }
    }

    fn words(&self) -> [L; WORDS] {
        let [a1, a2] = self.poles;
        let [b1, b2, b3, b4, b5, b6] = self.zeros;
        let [d1, d2, d3, d4, d5, d6] = self.differences;
        let [p1, p2] = self.signs;
        let (s, z, r) = (self.estimate, self.zero_part, self.sample);
        let (n, q) = (self.log_scale, self.scale);
        [s, z, a1, a2, b1, b2, b3, b4, b5, b6, d1, d2, d3, d4, d5, d6, r, p1, p2, n, q]
    }

    fn from_words(words: [L; WORDS]) -> Self {
        let [s, z, a1, a2, b1, b2, b3, b4, b5, b6, d1, d2, d3, d4, d5, d6, r, p1, p2, n, q] = words;
        Self {
            estimate: s,
            zero_part: z,
            poles: [a1, a2],
            zeros: [b1, b2, b3, b4, b5, b6],
            differences: [d1, d2, d3, d4, d5, d6],
            sample: r,
            signs: [p1, p2],
            log_scale: n,
            scale: q,
        }
    }
}

/// Words of a sub-band's state.
const WORDS: usize = 21;
