//! The short-term filters, lattices of eight stages: GSM 06.10 §5.2.10, 5.3.4 and 5.3.5.

use super::reflection::STRETCHES;
use crate::arch::gsm::Word;

/// Filters a frame to its residual, in place.
#[inline(always)]
pub(crate) fn analyse<W: Word>(
    stages: &mut [i16; 8],
    reflections: &[[i16; 8]; 4],
    samples: &mut [i16; 160],
) {
    let mut held = stages.map(W::of);
    let mut begin = 0;
    for (reflections, end) in reflections.iter().zip(STRETCHES) {
        let reflections = reflections.map(W::of);
        for sample in &mut samples[begin..end] {
            let mut forward = W::of(*sample);
            let mut backward = forward;
            for (held, reflection) in held.iter_mut().zip(reflections) {
                let before = std::mem::replace(held, backward);
                backward = before.plus(reflection.times(forward));
                forward = forward.plus(reflection.times(before));
            }
            *sample = forward.value();
        }
        begin = end;
    }
    *stages = held.map(W::value);
}

/// Filters a residual to a frame, in place, and undoes the pre-emphasis.
#[inline(always)]
pub(crate) fn synthesize<W: Word>(
    stages: &mut [i16; 8],
    emphasis: &mut i16,
    reflections: &[[i16; 8]; 4],
    samples: &mut [i16; 160],
) {
    let mut held = stages.map(W::of);
    let (mut kept, back) = (W::of(*emphasis), W::of(28_180));
    let mut begin = 0;
    for (reflections, end) in reflections.iter().zip(STRETCHES) {
        let reflections = reflections.map(W::of);
        for sample in &mut samples[begin..end] {
            let mut forward = W::of(*sample).minus(reflections[7].times(held[7]));
            for place in (0..7).rev() {
                let (reflection, before) = (reflections[place], held[place]);
                forward = forward.minus(reflection.times(before));
                held[place + 1] = before.plus(reflection.times(forward));
            }
            held[0] = forward;
            kept = forward.plus(kept.times(back));
            // The lowest three bits are no part of a sample.
            *sample = kept.plus(kept).value() & !7;
        }
        begin = end;
    }
    *stages = held.map(W::value);
    *emphasis = kept.value();
}
