//! The open-loop pitch: where the weighted speech of a frame is most like its past. ITU-T G.729 Annex A §A.3.4.

use super::double::{inverse_root, multiply};
use super::filter::PRODUCTS_LIMIT;
use super::pitch::{FRAME, LAG_GREATEST};
use super::sum::{dot, dot_saturating, energy, squares};
use crate::fixed::{add, mult, shl};

/// The past weighted speech and the present frame's.
pub(super) type Weighted = [i16; PAST + FRAME];

/// The best delay, 20 to 143: of three ranges, with a preference for the shorter ones.
#[inline(always)]
pub(super) fn find(weighted: &Weighted) -> i16 {
    let halves = Halves::of(weighted);
    let mut low = halves.best(20..40);
    let mut middle = halves.best(40..80);
    let high = halves.best_above();

    // A shorter delay of which the longer is a multiple counts more.
    let apart = (middle.lag * 2 - high.lag).abs();
    if apart < 5 {
        middle.likeness = add(middle.likeness, high.likeness >> 2);
    }
    let apart = (middle.lag * 3 - high.lag).abs();
    if apart < 7 {
        middle.likeness = add(middle.likeness, high.likeness >> 2);
    }
    let apart = (low.lag * 2 - middle.lag).abs();
    if apart < 5 {
        low.likeness = add(low.likeness, mult(middle.likeness, 6554));
    }
    let apart = (low.lag * 3 - middle.lag).abs();
    if apart < 7 {
        low.likeness = add(low.likeness, mult(middle.likeness, 6554));
    }
    if low.likeness < middle.likeness {
        low = middle;
    }
    if low.likeness < high.likeness { high.lag } else { low.lag }
}

/// A delay and the normalised correlation at it.
#[derive(Clone, Copy)]
struct Candidate {
    lag: i16,
    likeness: i16,
}

/// The samples at even and at odd times, scaled; only every second product is used.
struct Halves {
    even: [i16; HALF],
    odd: [i16; HALF],
    /// Whether no sum of products can saturate.
    plain: bool,
}

impl Halves {
    #[inline(always)]
    fn of(weighted: &Weighted) -> Self {
        let (mut even, mut odd) = ([0; HALF], [0; HALF]);
        for n in 0..HALF {
            odd[n] = weighted[2 * n];
        }
        for n in 1..HALF {
            even[n] = weighted[2 * n - 1];
        }
        let loud = 2 * squares(&odd);
        let scale = |half: [i16; HALF]| {
            if loud > i64::from(i32::MAX) {
                half.map(|it| it >> 3)
            } else if loud < 1 << 20 {
                half.map(|it| shl(it, 3))
            } else {
                half
            }
        };
        let (even, odd) = (scale(even), scale(odd));
        let plain = squares(&even).max(squares(&odd)) < PRODUCTS_LIMIT;
        Self { even, odd, plain }
    }

    /// The samples that lie `lag` before the even ones of the frame.
    #[inline(always)]
    fn before(&self, lag: usize) -> &[i16] {
        let half = if lag.is_multiple_of(2) { &self.even } else { &self.odd };
        &half[PRESENT - lag.div_ceil(2)..][..FRAME / 2]
    }

    #[inline(always)]
    fn correlation(&self, lag: usize) -> i32 {
        let (now, past) = (&self.even[PRESENT..], self.before(lag));
        if self.plain { 2 * dot(now, past) } else { dot_saturating(0, now, past) }
    }

    #[inline(always)]
    fn best(&self, lags: std::ops::Range<usize>) -> Candidate {
        let mut best = (lags.start, i32::MIN);
        for lag in lags {
            best = self.better(best, lag);
        }
        self.normalised(best)
    }

    /// The greatest delays, every second one, then the neighbours of the best.
    #[inline(always)]
    fn best_above(&self) -> Candidate {
        let mut best = (80, i32::MIN);
        for lag in (80..PAST).step_by(2) {
            best = self.better(best, lag);
        }
        let centre = best.0;
        best = self.better(best, centre + 1);
        best = self.better(best, centre - 1);
        self.normalised(best)
    }

    #[inline(always)]
    fn better(&self, best: (usize, i32), lag: usize) -> (usize, i32) {
        let correlation = self.correlation(lag);
        if correlation > best.1 { (lag, correlation) } else { best }
    }

    #[inline(always)]
    fn normalised(&self, (lag, correlation): (usize, i32)) -> Candidate {
        let root = inverse_root(energy(self.before(lag), 1));
        Candidate { lag: lag as i16, likeness: multiply(correlation, root) as i16 }
    }
}

const PAST: usize = LAG_GREATEST as usize;
/// Samples of each half, and where the frame begins among the even ones.
const HALF: usize = (PAST + FRAME).div_ceil(2);
const PRESENT: usize = HALF - FRAME / 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_of_a_pulse_train_is_found() {
        for period in [25, 37, 52, 77, 101, 120] {
            let weighted = std::array::from_fn(|n| {
                if n % period < 4 { 3000 - 500 * (n % period) as i16 } else { 0 }
            });
            let found = find(&weighted);
            assert!(
                (found - period as i16).abs() <= 1 || period as i16 % found < 2,
                "{period} {found}"
            );
        }
    }
}
