//! Filters of order 10 over a subframe. Their sums saturate term by term; where they stay clear of
//! that they are taken in the order that is fastest, and it is checked afterwards that they did.

use super::{Lpc, ORDER, SUBFRAME, Sub};
use crate::fixed::{l_mac, l_msu, saturate};

/// The last samples of a filter's input or output, the newest last.
pub(super) type Memory = [i16; ORDER];

/// What a recursive filter gave.
pub(super) struct Output {
    /// Before scaling and rounding.
    pub(super) sums: [i32; SUBFRAME],
    /// The memory before the subframe, then its samples.
    pub(super) samples: [i16; ORDER + SUBFRAME],
}

impl Output {
    /// The samples without the memory.
    pub(super) fn subframe(&self) -> Sub {
        std::array::from_fn(|place| self.samples[ORDER + place])
    }
}

/// Samples behind the memory of earlier ones, which they replace.
pub(super) fn remember(memory: &mut Memory, samples: &Sub) -> [i16; ORDER + SUBFRAME] {
    let mut all = [0; ORDER + SUBFRAME];
    all[..ORDER].copy_from_slice(memory);
    all[ORDER..].copy_from_slice(samples);
    memory.copy_from_slice(&all[SUBFRAME..]);
    all
}

/// Adds its own past outputs to each input; an output is the sum in Q13, rounded.
pub(super) fn recursive(inputs: &[i32; SUBFRAME], filter: &Lpc, memory: &mut Memory) -> Output {
    let mut output = recursive_plain(inputs, filter, memory);
    if !clear(inputs, filter, &output.samples) {
        output = recursive_in_order(inputs, filter, memory);
    }
    memory.copy_from_slice(&output.samples[SUBFRAME..]);
    output
}

/// Takes from each sum what the filter makes of the samples before it.
pub(super) fn transversal(
    sums: &mut [i32; SUBFRAME],
    filter: &Lpc,
    samples: &[i16; ORDER + SUBFRAME],
) {
    if !clear(sums, filter, samples) {
        for (sum, past) in sums.iter_mut().zip(samples.windows(ORDER)) {
            let pairs = filter.iter().zip(past.iter().rev());
            *sum = pairs.fold(*sum, |sum, (&a, &b)| l_msu(sum, a, b));
        }
        return;
    }
    for (tap, &coefficient) in filter.iter().enumerate() {
        let past = &samples[ORDER - 1 - tap..][..SUBFRAME];
        for (sum, &sample) in sums.iter_mut().zip(past) {
            *sum -= 2 * i32::from(coefficient) * i32::from(sample);
        }
    }
}

/// Whether sums that begin with these, of the filter and samples of these sizes, stay clear of 32
/// bits.
fn clear(begin: &[i32; SUBFRAME], filter: &Lpc, samples: &[i16; ORDER + SUBFRAME]) -> bool {
    let first = begin.iter().fold(0, |most, &it| it.unsigned_abs().max(most));
    let reach = filter.iter().map(|&it| u32::from(it.unsigned_abs())).sum::<u32>();
    let (low, high) = samples.iter().fold((0, 0), |(low, high), &it| (it.min(low), it.max(high)));
    let most = low.unsigned_abs().max(high.unsigned_abs());
    u64::from(first) + 2 * u64::from(reach) * u64::from(most) < CLEAR
}

fn recursive_plain(inputs: &[i32; SUBFRAME], filter: &Lpc, memory: &Memory) -> Output {
    let doubled = filter.map(|coefficient| 2 * i32::from(coefficient));
    let mut past: [i32; ORDER] = std::array::from_fn(|at| i32::from(memory[ORDER - 1 - at]));
    let mut output = Output { sums: [0; SUBFRAME], samples: [0; ORDER + SUBFRAME] };
    output.samples[..ORDER].copy_from_slice(memory);
    for (place, &input) in inputs.iter().enumerate() {
        // The newest comes last: all else does not wait for it.
        let mut sum = input;
        for tap in (0..ORDER).rev() {
            sum = sum.wrapping_add(doubled[tap].wrapping_mul(past[tap]));
        }
        for tap in (1..ORDER).rev() {
            past[tap] = past[tap - 1];
        }
        let sample = settle(sum);
        past[0] = i32::from(sample);
        output.sums[place] = sum;
        output.samples[ORDER + place] = sample;
    }
    output
}

fn recursive_in_order(inputs: &[i32; SUBFRAME], filter: &Lpc, memory: &Memory) -> Output {
    let mut output = Output { sums: [0; SUBFRAME], samples: [0; ORDER + SUBFRAME] };
    output.samples[..ORDER].copy_from_slice(memory);
    for (place, &input) in inputs.iter().enumerate() {
        let pairs = filter.iter().zip(output.samples[place..place + ORDER].iter().rev());
        let sum = pairs.fold(input, |sum, (&a, &b)| l_mac(sum, a, b));
        output.sums[place] = sum;
        output.samples[ORDER + place] = settle(sum);
    }
    output
}

/// The upper half of four times the sum, rounded and saturated.
#[inline(always)]
pub(super) fn settle(sum: i32) -> i16 {
    saturate(sum.saturating_add(0x2000) >> 14)
}

/// Below this no sum saturates, also when it is rounded.
const CLEAR: u64 = (1 << 31) - (1 << 14);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::{l_shl, round};
    use crate::g7231::math::random;

    #[test]
    fn settling_is_shifting_and_rounding() {
        let mut seed = 7;
        for level in 0..32 {
            let sum = (i32::from(random(&mut seed)) << 16 | i32::from(random(&mut seed))) >> level;
            assert_eq!(settle(sum), round(l_shl(sum, 2)), "{sum}");
        }
        for sum in [i32::MAX, i32::MIN, (1 << 29) - 1, -(1 << 29) - 1, 0x1fff_e000, -0x2000] {
            assert_eq!(settle(sum), round(l_shl(sum, 2)), "{sum}");
        }
    }

    #[test]
    fn both_ways_through_a_filter_agree_where_sums_are_clear_and_others_go_in_order() {
        let mut seed = 3;
        let mut both = [0; 2];
        for level in 0..12 {
            let mut noise = || random(&mut seed) >> level;
            let filter: Lpc = std::array::from_fn(|_| noise());
            let memory: Memory = std::array::from_fn(|_| noise());
            let inputs = std::array::from_fn(|_| i32::from(noise()) << 13);
            let exact = recursive_in_order(&inputs, &filter, &memory);
            let plain = recursive_plain(&inputs, &filter, &memory);
            let is_clear = clear(&inputs, &filter, &plain.samples);
            both[usize::from(is_clear)] += 1;
            if is_clear {
                assert_eq!((plain.sums, plain.samples), (exact.sums, exact.samples));
            }
            let chosen = recursive(&inputs, &filter, &mut memory.clone());
            assert_eq!((chosen.sums, chosen.samples), (exact.sums, exact.samples));
            let mut sums = inputs;
            transversal(&mut sums, &filter, &exact.samples);
            let in_order: [i32; SUBFRAME] = std::array::from_fn(|place| {
                let past = exact.samples[place..place + ORDER].iter().rev();
                past.zip(&filter).fold(inputs[place], |sum, (&a, &b)| l_msu(sum, a, b))
            });
            assert_eq!(sums, in_order);
        }
        assert!(both[0] > 0 && both[1] > 0);
    }
}
