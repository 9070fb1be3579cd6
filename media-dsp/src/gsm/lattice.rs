//! The short-term filters, lattices of eight stages: GSM 06.10 §5.2.10 and 5.3.4.

use super::reflection::STRETCHES;
use crate::fixed::{add, mult_r, sub};

/// Filters a frame to its residual, in place.
pub(super) fn analyse(
    stages: &mut [i16; 8],
    reflections: &[[i16; 8]; 4],
    samples: &mut [i16; 160],
) {
    let mut begin = 0;
    for (reflections, end) in reflections.iter().zip(STRETCHES) {
        for sample in &mut samples[begin..end] {
            let (mut forward, mut backward) = (*sample, *sample);
            for (stage, &reflection) in stages.iter_mut().zip(reflections) {
                let held = std::mem::replace(stage, backward);
                backward = add(held, mult_r(reflection, forward));
                forward = add(forward, mult_r(reflection, held));
            }
            *sample = forward;
        }
        begin = end;
    }
}

/// Filters a residual to a frame, in place.
pub(super) fn synthesize(
    stages: &mut [i16; 8],
    reflections: &[[i16; 8]; 4],
    samples: &mut [i16; 160],
) {
    let mut begin = 0;
    for (reflections, end) in reflections.iter().zip(STRETCHES) {
        for sample in &mut samples[begin..end] {
            let mut forward = sub(*sample, mult_r(reflections[7], stages[7]));
            for place in (0..7).rev() {
                let (reflection, held) = (reflections[place], stages[place]);
                forward = sub(forward, mult_r(reflection, held));
                stages[place + 1] = add(held, mult_r(reflection, forward));
            }
            stages[0] = forward;
            *sample = forward;
        }
        begin = end;
    }
}
