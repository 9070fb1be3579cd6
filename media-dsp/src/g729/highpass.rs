//! The high-pass filters before the encoder and after the decoder: ITU-T G.729 §3.1, §4.2.5.

use super::double::scale;
use super::filter::peak;
use crate::fixed::{l_add, l_mac, l_shl, round};

/// A second-order filter whose past outputs are kept in 32 bits.
#[derive(Debug, Clone)]
pub(super) struct HighPass {
    /// The last two inputs, the newer first.
    inputs: [i16; 2],
    /// The last two outputs.
    outputs: [i32; 2],
}

/// What makes a filter: coefficients in the same Q format, and how the sum comes from there.
struct Design {
    numerator: [i16; 3],
    denominator: [i16; 2],
    /// Places that a sum is shifted before it is kept as an output,
    kept: i16,
    /// and further before it is rounded.
    out: i16,
}

impl HighPass {
    pub(super) fn new() -> Self {
        Self { inputs: [0; 2], outputs: [0; 2] }
    }

    /// Above 140 Hz, and halved: before the encoder.
    #[inline(always)]
    pub(super) fn before(&mut self, samples: &mut [i16]) {
        self.run(&BEFORE, samples);
    }

    /// Above 100 Hz, and doubled: after the decoder.
    #[inline(always)]
    pub(super) fn after(&mut self, samples: &mut [i16]) {
        self.run(&AFTER, samples);
    }

    #[inline(always)]
    fn run(&mut self, design: &Design, samples: &mut [i16]) {
        let loudest = peak(samples).max(peak(&self.inputs));
        let most = |coefficients: &[i16], value: i64| {
            coefficients.iter().map(|&it| i64::from(it).abs()).sum::<i64>() * value
        };
        // A sum stays in its range when these samples can bring it no further.
        let reach = 2 * most(&design.numerator, i64::from(loudest))
            + most(&design.denominator, 1 << 16)
            + 4;
        if reach > i64::from(i32::MAX) {
            return self.run_saturating(design, samples);
        }
        let [b0, b1, b2] = design.numerator.map(|it| 2 * i32::from(it));
        let [mut x1, mut x2] = self.inputs.map(i32::from);
        let [mut y1, mut y2] = self.outputs;
        let (least, greatest) = (i32::MIN >> design.kept, i32::MAX >> design.kept);
        for sample in samples {
            let x0 = i32::from(*sample);
            let ahead = b0 * x0 + b1 * x1 + b2 * x2 + scale(y2, design.denominator[1]);
            let sum = ahead + scale(y1, design.denominator[0]);
            (x2, x1, y2) = (x1, x0, y1);
            // A saturated value ends in ones where it is too great.
            y1 = if sum > greatest {
                i32::MAX
            } else if sum < least {
                i32::MIN
            } else {
                sum << design.kept
            };
            *sample = round(l_shl(y1, design.out));
        }
        self.inputs = [x1 as i16, x2 as i16];
        self.outputs = [y1, y2];
    }

    /// The same with every sum saturated.
    #[cold]
    #[inline(never)]
    fn run_saturating(&mut self, design: &Design, samples: &mut [i16]) {
        let [b0, b1, b2] = design.numerator;
        for sample in samples {
            let (x0, [x1, x2]) = (*sample, self.inputs);
            let [y1, y2] = self.outputs;
            let fed = l_add(scale(y1, design.denominator[0]), scale(y2, design.denominator[1]));
            let sum = l_mac(l_mac(l_mac(fed, x0, b0), x1, b1), x2, b2);
            let output = l_shl(sum, design.kept);
            self.inputs = [x0, x1];
            self.outputs = [output, y1];
            *sample = round(l_shl(output, design.out));
        }
    }
}

/// §3.1, Q12; the numerator is halved.
const BEFORE: Design =
    Design { numerator: [1899, -3798, 1899], denominator: [7807, -3733], kept: 3, out: 0 };
/// §4.2.5, Q13.
const AFTER: Design =
    Design { numerator: [7699, -15_398, 7699], denominator: [15_836, -7667], kept: 2, out: 1 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_vanishes_and_a_tone_passes() {
        let mut filter = HighPass::new();
        let mut still = [8000; 800];
        filter.before(&mut still);
        assert!(still[799].abs() <= 1);
        let mut filter = HighPass::new();
        let mut tone: Vec<i16> =
            (0..800).map(|n| ((f64::from(n) * 0.785).sin() * 8000.0) as i16).collect();
        filter.after(&mut tone);
        assert!(tone[400..].iter().any(|it| *it > 15_000));
    }

    #[test]
    fn plain_sums_and_saturated_ones_are_the_same_where_both_hold() {
        let mut fast: [i16; 400] = std::array::from_fn(|n| ((n * n * 97) % 18_001) as i16 - 9000);
        let mut slow = fast;
        HighPass::new().after(&mut fast);
        HighPass::new().run_saturating(&AFTER, &mut slow);
        assert_eq!(fast, slow);
    }
}
