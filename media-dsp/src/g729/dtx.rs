//! Which frames of silence are described, and how: ITU-T G.729 Annex B §B.4.1, §B.4.2.

use super::encoder::Noise;
use super::filter::{Lpc, ORDER};
use super::frame::Sid;
use super::lsf_search;
use super::lsp::{self, Lsp};
use super::pairs;
use super::prediction::{Correlations, Recursion};
use super::sid::{self, Energy, Level};
use super::vad::Activity;
use crate::fixed::{
    abs_s, add, extract_h, l_deposit_l, l_mac, l_mult, l_shl, mult_r, norm_l, round, shr, sub,
};

/// Autocorrelations as mantissas that have their places in common.
#[derive(Debug, Clone, Copy)]
struct Sum {
    values: [i16; ORDER + 1],
    places: i16,
}

/// The state of discontinuous transmission.
#[derive(Debug, Clone)]
pub(super) struct Transmission {
    /// The autocorrelations of the last two frames, and sums over pairs of frames, the newest first.
    frames: [Sum; 2],
    sums: [Sum; 3],
    /// Whether a pair of frames is complete.
    odd: bool,
    /// The prediction errors of the last two silent frames, of which the first `counted` count.
    errors: [Energy; 2],
    counted: usize,
    /// What was described last: filter, frequencies, level.
    described: Described,
    changed: bool,
    /// Frames since the last description, as far as it matters.
    since: i16,
    gain: i16,
}

#[derive(Debug, Clone)]
struct Described {
    /// The filter's own autocorrelations.
    filter: Sum,
    lsp: Lsp,
    decibels: i16,
    gain: i16,
}

impl Transmission {
    pub(super) fn new() -> Self {
        let nothing = Sum { values: [0; ORDER + 1], places: 40 };
        Self {
            frames: [nothing; 2],
            sums: [nothing; 3],
            odd: false,
            errors: [Energy { mantissa: 0, places: 40 }; 2],
            counted: 0,
            described: Described {
                filter: Sum { values: [0; ORDER + 1], places: 0 },
                lsp: [0; ORDER],
                decibels: 0,
                gain: 0,
            },
            changed: false,
            since: 0,
            gain: 0,
        }
    }

    /// Takes in the autocorrelations of every frame.
    pub(super) fn observe(&mut self, correlations: &Correlations, activity: Activity) {
        self.frames[1] = self.frames[0];
        self.frames[0] = Sum {
            values: std::array::from_fn(|i| extract_h(correlations.values[i])),
            places: -(16 + correlations.places),
        };
        self.odd = !self.odd;
        if !self.odd && activity == Activity::Voice {
            self.close_pair();
        }
    }

    /// A silent frame: perhaps described; the level of the noise and its line spectral pairs.
    pub(super) fn silence(
        &mut self,
        before: Activity,
        noise: &mut Noise<'_>,
    ) -> (Option<Sid>, i16, Lsp) {
        self.errors[1] = self.errors[0];
        let now = Sum::of(&self.frames);
        self.errors[0].places = now.places;
        let filter = if now.values[0] == 0 {
            self.errors[0].mantissa = 0;
            [0; ORDER + 1]
        } else {
            let prediction = now.predict(noise.recursion);
            if let Some(error) = prediction.error {
                self.errors[0].mantissa = error;
            }
            prediction.filter
        };
        let begins = before == Activity::Voice;
        self.counted = if begins { 1 } else { (self.counted + 1).min(2) };
        let level = Level::of_errors(&self.errors[..self.counted]);
        let sid = (begins || self.is_due(&now, level))
            .then(|| self.describe(&now, &filter, level, noise));
        let wanted = self.described.gain;
        self.gain = if begins { wanted } else { sid::smooth(self.gain, wanted) };
        if !self.odd {
            self.close_pair();
        }
        (sid, self.gain, self.described.lsp)
    }

    /// Whether spectrum or level have changed since the last description, and it is not too recent.
    fn is_due(&mut self, now: &Sum, level: Level) -> bool {
        let apart = abs_s(sub(self.described.decibels, level.decibels));
        if self.described.filter.is_far_from(now, self.errors[0].mantissa, FAR) || apart > 2 {
            self.changed = true;
        }
        self.since = (self.since + 1).min(FEWEST_BETWEEN);
        self.since == FEWEST_BETWEEN && self.changed
    }

    fn describe(&mut self, now: &Sum, filter: &Lpc, level: Level, noise: &mut Noise<'_>) -> Sid {
        self.since = 0;
        self.changed = false;
        // The filter of the past frames, if it suits the present one.
        let past = self.past_filter(noise.recursion);
        self.described.filter = Sum::of_filter(&past);
        let error = self.errors[0].mantissa;
        let chosen = if self.described.filter.is_far_from(now, error, FAR_FROM_PAST) {
            self.described.filter = Sum::of_filter(filter);
            *filter
        } else {
            past
        };
        let mut lsf = lsp::frequencies(&pairs::find(&chosen, noise.lsp));
        sid::widen(&mut lsf);
        let found = sid::search(&lsf, &lsf_search::weights(&lsf), noise.past);
        let found = Sid { gain: level.index, ..found };
        self.described.lsp = lsp::from_frequencies(&sid::decode(found, noise.past));
        self.described.decibels = level.decibels;
        self.described.gain = level.gain();
        found
    }

    fn past_filter(&self, recursion: &mut Recursion) -> Lpc {
        let sum = Sum::of(&self.sums);
        if sum.values[0] == 0 {
            let mut filter = [0; ORDER + 1];
            filter[0] = 4096;
            return filter;
        }
        sum.predict(recursion).filter
    }

    fn close_pair(&mut self) {
        self.sums.rotate_right(1);
        self.sums[0] = Sum::of(&self.frames);
    }
}

impl Sum {
    fn of(parts: &[Self]) -> Self {
        let least = parts.iter().map(|part| part.places).min().unwrap_or(0);
        let places = add(least, 14);
        let mut sums = [0_i32; ORDER + 1];
        for part in parts {
            let by = sub(places, part.places);
            for (sum, &value) in sums.iter_mut().zip(&part.values) {
                *sum = sum.saturating_add(l_shl(l_deposit_l(value), by));
            }
        }
        let norm = norm_l(sums[0]);
        let values = sums.map(|sum| extract_h(l_shl(sum, norm)));
        Self { values, places: add(places, norm - 16) }
    }

    /// The autocorrelations of a filter's coefficients.
    fn of_filter(a: &Lpc) -> Self {
        let lag = |lag: usize| a.iter().zip(&a[lag..]).fold(0, |sum, (&x, &y)| l_mac(sum, x, y));
        let norm = norm_l(lag(0));
        Self { values: std::array::from_fn(|n| round(l_shl(lag(n), norm))), places: norm }
    }

    fn predict(&self, recursion: &mut Recursion) -> super::prediction::Prediction {
        recursion.solve(&self.values.map(|it| i32::from(it) << 16))
    }

    /// Whether what this filter leaves of a frame is greater than the frame's own prediction error by more
    /// than a part (Q15): Itakura's distance.
    fn is_far_from(&self, frame: &Self, error: i16, part: i16) -> bool {
        let mut shifts = [0, 0];
        let mut next = 1;
        let left = loop {
            if let Some(left) = self.left_of(frame, shifts) {
                break left;
            }
            shifts[next] += 1;
            next = 1 - next;
        };
        let most = i32::from(mult_r(error, part)) + i32::from(error);
        let by = sub(add(self.places, 9), shifts[0] + shifts[1]);
        left.saturating_sub(l_shl(most, by)) > 0
    }

    /// The sum of products, each side shifted; nothing when it saturates.
    fn left_of(&self, frame: &Self, [by, frame_by]: [i16; 2]) -> Option<i32> {
        let pair = |i: usize| (shr(self.values[i], by), shr(frame.values[i], frame_by));
        let (x, y) = pair(0);
        // Every lag but zero stands for two.
        let mut sum = l_mult(x, y) >> 1;
        for i in 1..=ORDER {
            let (x, y) = pair(i);
            sum = sum.checked_add(l_mult(x, y))?;
        }
        Some(sum)
    }
}

/// Frames that lie at least between two descriptions, with the second.
const FEWEST_BETWEEN: i16 = 3;
/// How far apart filters are: 0.1482 and 0.0965 in Q15.
const FAR: i16 = 4855;
const FAR_FROM_PAST: i16 = 3161;
