//! What is said in a gap: linear prediction of the last sounds, excited by their last cycle.

use crate::arch::Level;
use crate::arch::lpc::{self as kernel, Filter, LAGS_AT_ONCE, MAX_ORDER};
use crate::fixed::nearest;
use crate::prediction::Prediction;
use crate::speech::Rate;

/// The model of the sounds before a gap, and how far it has spoken.
#[derive(Debug, Clone)]
pub(super) struct Substitute {
    rate: Rate,
    level: Level,
    filter: Filter,
    /// The last samples, before fading; the latest at the end.
    last: [f32; MAX_ORDER],
    /// The last cycle of the prediction's error, and its beginning once more.
    cycle: [f32; MAX_LAG + PIECE],
    /// Samples in the cycle.
    lag: usize,
    /// Samples spoken since the gap began.
    spoken: usize,
    /// The latest of them, faded.
    piece: [f32; PIECE],
    /// How many of the piece have been given out.
    given: usize,
}

impl Substitute {
    /// Models the end of `history`.
    pub(super) fn new(rate: Rate, level: Level, history: &[i16; MAX_HISTORY]) -> Self {
        let history = history.map(f32::from);
        match rate {
            Rate::Hz8000 => Self::model::<NARROW_ORDER>(rate, level, &history),
            Rate::Hz16000 => Self::model::<MAX_ORDER>(rate, level, &history),
        }
    }

    /// Fills a frame with what comes next.
    pub(super) fn fill(&mut self, pcm: &mut [i16]) {
        self.give(pcm, |_, said| said);
    }

    /// Fades the beginning of a frame in over what would have come next.
    pub(super) fn fade_into(&mut self, pcm: &mut [i16]) {
        let all = pcm.len().min(OVERLAP * self.rate.per_ms());
        let step = 1.0 / (all + 1) as f32;
        let mut weight = 0.0;
        self.give(&mut pcm[..all], |heard, said| {
            weight += step;
            said + (heard - said) * weight
        });
    }

    fn model<const ORDER: usize>(rate: Rate, level: Level, history: &[f32; MAX_HISTORY]) -> Self {
        let weights = predictor::<ORDER>(rate, level, history);
        let (mut lag, likeness) = period(rate, level, history);
        if likeness < VOICED {
            // Noise that comes again too soon hums.
            lag = lag.max(UNVOICED_LAG * rate.per_ms());
        }
        let mut cycle = [0.0; MAX_LAG + PIECE];
        for (place, error) in cycle[..lag].iter_mut().enumerate() {
            let at = MAX_HISTORY - lag + place;
            let mut unforeseen = history[at];
            for (back, weight) in weights.iter().enumerate() {
                unforeseen -= weight * history[at - 1 - back];
            }
            *error = unforeseen * likeness;
        }
        cycle.copy_within(..PIECE, lag);
        let mut last = [0.0; MAX_ORDER];
        last.copy_from_slice(&history[MAX_HISTORY - MAX_ORDER..]);
        Self {
            rate,
            level,
            filter: Filter::new(&weights),
            last,
            cycle,
            lag,
            spoken: 0,
            piece: [0.0; PIECE],
            given: PIECE,
        }
    }

    /// Makes each sample of the frame from itself and what is said there.
    fn give(&mut self, pcm: &mut [i16], mut blend: impl FnMut(f32, f32) -> f32) {
        let mut rest = pcm;
        while !rest.is_empty() {
            if self.given == PIECE {
                self.speak();
            }
            let now = rest.len().min(PIECE - self.given);
            let (samples, later) = rest.split_at_mut(now);
            for (sample, said) in samples.iter_mut().zip(&self.piece[self.given..]) {
                *sample = nearest(blend(f32::from(*sample), *said));
            }
            self.given += now;
            rest = later;
        }
    }

    /// Makes the next piece.
    fn speak(&mut self) {
        self.given = 0;
        let silent = SILENT_AFTER * self.rate.per_ms();
        if self.spoken >= silent {
            self.piece = [0.0; PIECE];
            return;
        }
        let at = self.spoken % self.lag;
        kernel::recur(
            self.level,
            &self.filter,
            &self.cycle[at..at + PIECE],
            &mut self.last,
            &mut self.piece,
        );
        let slope = 1.0 / silent as f32;
        let gain = 1.0 - self.spoken as f32 * slope;
        for (place, sample) in (1_i16..).zip(&mut self.piece) {
            *sample *= (gain - f32::from(place) * slope).max(0.0);
        }
        self.spoken += PIECE;
    }
}

/// The weights of the prediction filter: autocorrelation of the end of the history, which counts
/// the more the later, and Levinson's and Durbin's recursion.
fn predictor<const ORDER: usize>(
    rate: Rate,
    level: Level,
    history: &[f32; MAX_HISTORY],
) -> [f32; ORDER] {
    let all = WINDOW * rate.per_ms();
    let mut windowed = [0.0; MAX_WINDOW + MAX_ORDER];
    let windowed = &mut windowed[..all + MAX_ORDER];
    let step = 1.0 / all as f32;
    for (place, sample) in windowed[MAX_ORDER..].iter_mut().enumerate() {
        let rise = (place as f32 + 0.5) * step;
        *sample = history[MAX_HISTORY - all + place] * rise * (2.0 - rise);
    }
    let mut correlation = [0.0; MAX_ORDER + 1];
    kernel::autocorrelate(level, windowed, &mut correlation);

    // A floor 40 dB below, and 60 Hz of blur: no resonance sharper than a voice has.
    let blur = match rate {
        Rate::Hz8000 => 0.998_890_3_f32,
        Rate::Hz16000 => 0.999_722_5,
    };
    correlation[0] = correlation[0] * 1.000_1 + 1.0;
    let (mut factor, mut step) = (1.0, blur);
    for value in &mut correlation[1..] {
        factor *= step;
        step *= blur * blur;
        *value *= factor;
    }

    let mut weights = Prediction::<ORDER>::of(&correlation).weights;
    let mut narrow = 1.0;
    for weight in &mut weights {
        narrow *= DAMPING;
        *weight *= narrow;
    }
    weights
}

/// After how many samples the end of the history is most like itself, and how much: 0 to 1.
fn period(rate: Rate, level: Level, history: &[f32; MAX_HISTORY]) -> (usize, f32) {
    let per_ms = rate.per_ms();
    let template = &history[MAX_HISTORY - TEMPLATE * per_ms..];
    let mut best = (MIN_LAG * per_ms, 0.0);
    let mut longest = MIN_LAG * per_ms + LAGS_AT_ONCE - 1;
    while longest < MAX_LAG_MS * per_ms {
        // The first window of the block has the longest lag.
        let from = MAX_HISTORY - template.len() - longest;
        let windows = &history[from..from + template.len() + LAGS_AT_ONCE - 1];
        let (products, energies) = kernel::correlate(level, template, windows);
        for (place, (product, energy)) in products.iter().zip(energies).enumerate() {
            let likeness = product.max(0.0) * product / (energy + 1.0);
            if likeness > best.1 {
                best = (longest - place, likeness);
            }
        }
        longest += LAGS_AT_ONCE;
    }
    let energy: f32 = template.iter().map(|sample| sample * sample).sum();
    (best.0, (best.1 / (energy + 1.0)).sqrt().min(1.0))
}

// Chosen by the PESQ of speech of three voices with random losses, unless said otherwise.

/// Milliseconds at the end of the history that the lag is sought for.
const TEMPLATE: usize = 5;
/// Milliseconds: the least lag. Higher voices are taken two cycles at a time.
const MIN_LAG: usize = 5;
/// Milliseconds: the end of the lags, a voice of 67 Hz; Appendix I ends there too.
const MAX_LAG_MS: usize = 15;
/// Samples: the end of the lags at the higher rate.
const MAX_LAG: usize = MAX_LAG_MS * 16;
/// Milliseconds: the least lag of what is no voice.
const UNVOICED_LAG: usize = 12;
/// How much alike the cycles of a voice are at least.
const VOICED: f32 = 0.7;
/// Milliseconds that the prediction filter is made from.
const WINDOW: usize = 16;
const MAX_WINDOW: usize = WINDOW * 16;
/// A pole for 500 Hz: the resonances of a mouth of 17 cm.
const NARROW_ORDER: usize = 8;
/// Widens every resonance by 13 Hz at 8 kHz.
const DAMPING: f32 = 0.995;
/// Milliseconds after which nothing is said any more.
const SILENT_AFTER: usize = 50;
/// Milliseconds in which sound that has come back is faded in.
const OVERLAP: usize = 8;
/// Samples said at once.
const PIECE: usize = 32;
/// Samples that are remembered: the longest lag and the template before it.
pub(super) const MAX_HISTORY: usize = (MAX_LAG_MS + TEMPLATE) * 16;
