//! Linear prediction of the encoder: ITU-T G.723.1 (05/2006) §2.4, and the detector of sine
//! waves in file `lpc.c` of its electronic attachment.

use super::math::{divide, normalise, scale};
use super::tables::{HAMMING, LAG_WINDOW};
use super::{Lpc, ORDER, SUBFRAME};
use crate::fixed::{
    add, l_abs, l_add, l_deposit_h, l_mac, l_msu, l_shl, mult_r, negate, norm_l, round, shl,
};

/// New samples behind the last 120: what a frame's four windows lie in.
pub(super) type Window = [i16; WINDOWED + 3 * SUBFRAME];

/// Autocorrelations 0 to 10, the first filling its word, and how far they are shifted left.
#[derive(Clone, Copy)]
pub(super) struct Autocorrelation {
    pub(super) values: [i16; ORDER + 1],
    pub(super) places: i16,
}

impl Autocorrelation {
    /// That of silence.
    pub(super) const NONE: Self = Self { values: [0; ORDER + 1], places: 40 };

    /// Of 180 samples.
    fn measure(samples: &[i16]) -> Self {
        let mut windowed = [0; WINDOWED];
        windowed.copy_from_slice(samples);
        let places = normalise(&mut windowed);
        for (sample, &weight) in windowed.iter_mut().zip(&HAMMING) {
            *sample = mult_r(*sample, weight);
        }
        // Twelve bits under the window: no sum overflows.
        let sum = |lag: usize| {
            let pairs = windowed[lag..].iter().zip(&windowed);
            pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>()
        };
        let energy = sum(0);
        let energy = energy + (energy >> NOISE_FLOOR);
        let up = norm_l(energy);
        let first = round(l_shl(energy, up));
        if first == 0 {
            return Self::NONE;
        }
        let mut values = [first; ORDER + 1];
        for (lag, &weight) in LAG_WINDOW.iter().enumerate() {
            values[lag + 1] = round(scale(l_shl(sum(lag + 1), up), weight));
        }
        Self { values, places: add(up, shl(places, 1)) }
    }

    /// The prediction filter, by the recursion of Levinson and Durbin.
    pub(super) fn predict(&self) -> Prediction {
        let mut filter = [0; ORDER];
        let mut error = self.values[0];
        let mut second = i16::MAX;
        for order in 0..ORDER {
            let mut sum = l_deposit_h(self.values[order + 1]) >> 2;
            let earlier = self.values[1..=order].iter().rev();
            for (&coefficient, &value) in filter.iter().zip(earlier) {
                sum = l_msu(sum, coefficient, value);
            }
            let sum = l_shl(sum, 2);
            if l_abs(sum) >= l_deposit_h(error) {
                return Prediction { filter, error, second: i16::MAX };
            }
            let size = divide(l_abs(sum), error);
            let reflection = if sum >= 0 { negate(size) } else { size };
            if order == 1 {
                second = reflection;
            }
            let before = filter;
            filter[order] = round(l_deposit_h(negate(reflection)) >> 2);
            error = round(l_add(scale(sum, reflection), l_deposit_h(error)));
            for place in 0..order {
                let mirrored = before[order - 1 - place];
                filter[place] = round(l_mac(l_deposit_h(before[place]), reflection, mirrored));
            }
        }
        Prediction { filter, error, second }
    }
}

/// A prediction filter and what it leaves.
pub(super) struct Prediction {
    pub(super) filter: Lpc,
    /// The energy that is left, on the scale of the first autocorrelation.
    pub(super) error: i16,
    /// The second reflection coefficient, negative, Q15; 32767 where the recursion ended early.
    second: i16,
}

/// Watches for sine waves: their second reflection coefficient is near 1.
#[derive(Clone, Default)]
pub(super) struct Sines {
    /// A bit for each of the last 15 subframes.
    seen: u16,
}

impl Sines {
    /// Whether most of the last subframes were sines.
    pub(super) fn present(&self) -> bool {
        self.seen.count_ones() >= 14
    }
}

/// The filters of the four subframes, and the autocorrelations that they are from.
pub(super) fn analyse(window: &Window, sines: &mut Sines) -> ([Lpc; 4], [Autocorrelation; 4]) {
    let mut filters = [[0; ORDER]; 4];
    let all = std::array::from_fn(|subframe| {
        let found = Autocorrelation::measure(&window[SUBFRAME * subframe..][..WINDOWED]);
        let prediction = found.predict();
        filters[subframe] = prediction.filter;
        sines.seen = (sines.seen << 1 | u16::from(prediction.second > SINE)) & 0x7fff;
        found
    });
    (filters, all)
}

/// Samples under a window.
const WINDOWED: usize = 180;
/// White noise is added 2 to the power of so much below the signal (§2.4).
const NOISE_FLOOR: u32 = 10;
/// The second reflection coefficient above which a subframe is a sine: 0.95, Q15.
const SINE: i16 = 0x799a;
