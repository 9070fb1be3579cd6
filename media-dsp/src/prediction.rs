//! Linear prediction in floats, for what only has to sound right: concealment, comfort noise, voice
//! activity. Codecs have their own, whose bits their standards prescribe.

/// How each sample of a signal follows from those before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction<const ORDER: usize> {
    /// What the samples before are weighed with, the latest first.
    pub(crate) weights: [f32; ORDER],
    /// The last weight of the prediction of each order, between -1 and 1. The first is the
    /// correlation of neighbours.
    pub(crate) reflections: [f32; ORDER],
    /// The power that is left.
    pub(crate) error: f32,
}

impl<const ORDER: usize> Prediction<ORDER> {
    /// By the recursion of Levinson and Durbin. `products`: the signal's autocorrelation at shifts
    /// of 0 to `ORDER` samples.
    ///
    /// Where rounding has used up what can be predicted, the rest is zeros, and so is the error.
    pub(crate) fn of(products: &[f32]) -> Self {
        let mut it = Self { weights: [0.0; ORDER], reflections: [0.0; ORDER], error: products[0] };
        for order in 0..ORDER {
            let mut sum = products[order + 1];
            for back in 0..order {
                sum -= it.weights[back] * products[order - back];
            }
            if sum.abs() >= it.error {
                it.error = 0.0;
                break;
            }
            let reflection = sum / it.error;
            let before = it.weights;
            for back in 0..order {
                it.weights[back] -= reflection * before[order - 1 - back];
            }
            it.weights[order] = reflection;
            it.reflections[order] = reflection;
            it.error *= 1.0 - reflection * reflection;
        }
        it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_halves_with_every_sample_is_predicted_by_half_the_last() {
        let found = Prediction::<3>::of(&[4.0, 2.0, 1.0, 0.5]);
        assert_eq!(found.weights, [0.5, 0.0, 0.0]);
        assert_eq!(found.reflections, [0.5, 0.0, 0.0]);
        assert_eq!(found.error, 3.0);
    }

    #[test]
    fn two_tones_are_foretold_by_four_samples() {
        let wave = |shift: i32| (0.3 * shift as f32).cos() + (1.1 * shift as f32).cos();
        let products: [f32; 5] = std::array::from_fn(|shift| wave(shift as i32));
        let found = Prediction::<4>::of(&products);
        assert!(found.error < 1e-3, "{found:?}");
        let next = |at: i32| -> f32 {
            (1..).zip(found.weights).map(|(back, weight)| weight * wave(at - back)).sum()
        };
        assert!((next(9) - wave(9)).abs() < 0.01, "{} for {}", next(9), wave(9));
    }

    #[test]
    fn silence_and_a_constant_are_no_division_by_zero() {
        assert_eq!(Prediction::<2>::of(&[0.0; 3]).weights, [0.0; 2]);
        let constant = Prediction::<2>::of(&[7.0; 3]);
        assert_eq!((constant.weights, constant.error), ([0.0; 2], 0.0));
    }
}
