//! Filters with the ten coefficients of linear prediction: A(z) and 1/A(z), ITU-T G.729 §3.3, §4.1.6.
//!
//! The Recommendation adds products one by one and saturates each sum. Where no sum can reach that far, which
//! is seen from the greatest values, the same result comes of plain sums in any order; where one might, the
//! sums are made one by one.

use crate::fixed::{l_mac, l_msu, l_mult, l_shl, round, saturate};

/// The order of prediction.
pub(super) const ORDER: usize = 10;
/// A(z) in Q12: one, and ten more.
pub(super) type Lpc = [i16; ORDER + 1];
/// The last values of a filter's output or input.
pub(super) type Memory = [i16; ORDER];

/// Whether the sums of a filter saturated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    Kept,
    Exceeded,
}

/// The residual of the samples after the first ten of `x`: `y = A(z) x`.
#[inline(always)]
pub(super) fn residual<const N: usize>(a: &Lpc, x: &[i16], y: &mut [i16; N]) {
    let x = &x[..N + ORDER];
    if i64::from(weight(a)) * i64::from(peak(x)) >= PRODUCTS_LIMIT {
        for (n, out) in y.iter_mut().enumerate() {
            let mut sum = l_mult(x[n + ORDER], a[0]);
            for j in 1..=ORDER {
                sum = l_mac(sum, a[j], x[n + ORDER - j]);
            }
            *out = round(l_shl(sum, 3));
        }
        return;
    }
    let mut sums = [1 << 11; N];
    for (j, &coefficient) in a.iter().enumerate() {
        let delayed = &x[ORDER - j..ORDER - j + N];
        for (sum, &sample) in sums.iter_mut().zip(delayed) {
            *sum += i32::from(coefficient) * i32::from(sample);
        }
    }
    for (out, sum) in y.iter_mut().zip(sums) {
        *out = saturate(sum >> 12);
    }
}

/// Synthesis, `y = x / A(z)`, from the last outputs in `memory`, which stay as they are.
/// `N` is a multiple of ten.
#[inline(always)]
pub(super) fn synthesis<const N: usize>(
    a: &Lpc,
    x: &[i16; N],
    memory: &Memory,
    y: &mut [i16; N],
) -> Range {
    // What the values stay below when no sum can leave its range.
    let weight = weight(a);
    let limit = ((PRODUCTS_LIMIT - 1) / i64::from(weight)).min(32_767) as i32;
    let a: [i32; ORDER + 1] = std::array::from_fn(|j| i32::from(a[j]));
    let mut line: [i32; ORDER] = std::array::from_fn(|j| i32::from(memory[j]));
    let mut peak = peak(memory).max(self::peak(x));
    for (block, out) in x.chunks_exact(ORDER).zip(y.chunks_exact_mut(ORDER)) {
        recur::<0>(&a, &mut line, block[0]);
        recur::<1>(&a, &mut line, block[1]);
        recur::<2>(&a, &mut line, block[2]);
        recur::<3>(&a, &mut line, block[3]);
        recur::<4>(&a, &mut line, block[4]);
        recur::<5>(&a, &mut line, block[5]);
        recur::<6>(&a, &mut line, block[6]);
        recur::<7>(&a, &mut line, block[7]);
        recur::<8>(&a, &mut line, block[8]);
        recur::<9>(&a, &mut line, block[9]);
        for (out, &value) in out.iter_mut().zip(&line) {
            *out = value as i16;
            peak = peak.max(value ^ (value >> 31));
        }
    }
    // The first value beyond the limit is still right, so all are when none is.
    if peak < limit { Range::Kept } else { synthesis_saturating(&a, x, memory, y) }
}

/// One output, which takes the place of the tenth last, number `N`. What depends on the last output alone
/// comes last, because the next one waits for it.
#[inline(always)]
fn recur<const N: usize>(a: &[i32; ORDER + 1], line: &mut [i32; ORDER], input: i16) {
    let part = |j: usize| a[j].wrapping_mul(line[(N + ORDER - j) % ORDER]);
    let sum = (i32::from(input) << 12) + (1 << 11);
    let sum = sum.wrapping_sub(part(10)).wrapping_sub(part(9)).wrapping_sub(part(8));
    let sum = sum.wrapping_sub(part(7)).wrapping_sub(part(6)).wrapping_sub(part(5));
    let sum = sum.wrapping_sub(part(4)).wrapping_sub(part(3)).wrapping_sub(part(2));
    line[N] = sum.wrapping_sub(part(1)) >> 12;
}

/// [`synthesis`] with every sum saturated.
#[cold]
#[inline(never)]
fn synthesis_saturating<const N: usize>(
    a: &[i32; ORDER + 1],
    x: &[i16; N],
    memory: &Memory,
    y: &mut [i16; N],
) -> Range {
    let mut range = Range::Kept;
    for n in 0..N {
        let mut sum = l_mult(x[n], a[0] as i16);
        for j in 1..=ORDER {
            let past = if j > n { memory[n + ORDER - j] } else { y[n - j] };
            let product = l_mult(a[j] as i16, past);
            if sum.checked_sub(product).is_none() || product == i32::MAX {
                range = Range::Exceeded;
            }
            sum = l_msu(sum, a[j] as i16, past);
        }
        if i64::from(sum) * 8 + 0x8000 > i64::from(i32::MAX) || sum < i32::MIN >> 3 {
            range = Range::Exceeded;
        }
        y[n] = round(l_shl(sum, 3));
    }
    range
}

/// A(z / gamma): every coefficient by the next power of `gamma`, Q15.
#[inline(always)]
pub(super) fn weighted(a: &Lpc, gamma: i16) -> Lpc {
    let mut out = *a;
    let mut factor = gamma;
    for value in &mut out[1..] {
        *value = round(l_mult(*value, factor));
        factor = round(l_mult(factor, gamma));
    }
    out
}

/// The greatest magnitude, or one less of a negative one.
#[inline(always)]
pub(super) fn peak(x: &[i16]) -> i32 {
    i32::from(x.iter().fold(0, |most, &value| most.max(value ^ (value >> 15)))) + 1
}

/// The sum of the magnitudes.
#[inline(always)]
fn weight(a: &Lpc) -> i32 {
    a.iter().map(|&value| i32::from(value).abs()).sum()
}

/// Sums of products that stay below it may be doubled and saturate nowhere.
pub(super) const PRODUCTS_LIMIT: i64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_sums_and_saturated_ones_are_the_same_where_both_hold() {
        let a = [4096, -6200, 3100, 900, -700, 300, 120, -450, 210, -90, 40];
        let memory = [100, -200, 300, 50, 0, 10, -900, 800, 20, 60];
        let x: [i16; 40] = std::array::from_fn(|n| ((n * 7919) % 4001) as i16 - 2000);
        let (mut fast, mut slow) = ([0; 40], [0; 40]);
        assert_eq!(synthesis(&a, &x, &memory, &mut fast), Range::Kept);
        let wide = std::array::from_fn(|j| i32::from(a[j]));
        assert_eq!(synthesis_saturating(&wide, &x, &memory, &mut slow), Range::Kept);
        assert_eq!(fast, slow);
    }

    #[test]
    fn an_unstable_filter_exceeds_the_range() {
        let a = [4096, -8000, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut y = [0; 40];
        assert_eq!(synthesis(&a, &[9_000; 40], &[0; 10], &mut y), Range::Exceeded);
        assert_eq!(y[39], i16::MAX);
    }

    #[test]
    fn synthesis_of_the_residual_is_the_signal() {
        let a = [4096, -5000, 2000, 0, 0, 0, 0, 0, 0, 0, 0];
        let x: [i16; 50] = std::array::from_fn(|n| ((n * n * 37) % 3001) as i16);
        let (mut excitation, mut y) = ([0; 40], [0; 40]);
        residual(&a, &x, &mut excitation);
        let mut memory = [0; 10];
        memory.copy_from_slice(&x[..10]);
        synthesis(&a, &excitation, &memory, &mut y);
        for n in 0..40 {
            assert!((i32::from(y[n]) - i32::from(x[n + 10])).abs() < 4);
        }
    }
}
