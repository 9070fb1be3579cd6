//! From a prediction filter to its line spectral pairs: zeros of two polynomials on the unit circle,
//! ITU-T G.729 §3.2.3, Annex A §A.3.2.3.

use super::double::scale;
use super::filter::{Lpc, ORDER};
use super::lsp::Lsp;
use super::tables::GRID;
use crate::fixed::{add, div_s, l_add, l_mult, l_shl, l_shr, l_sub, norm_s, shl, sub};

/// The pairs of a filter, or `old` when not all were found.
#[inline(always)]
pub(super) fn find(a: &Lpc, old: &Lsp) -> Lsp {
    let polynomials = Polynomials::of(a);
    let grid = polynomials.on_grid();
    let mut lsp = [0; ORDER];
    let mut found = 0;
    // The zeros of both polynomials alternate; the search goes on where the last one was.
    let (mut low, mut value_low) = (GRID[0], grid[0][0]);
    for place in 1..GRID.len() {
        let which = found & 1;
        let (high, value_high) = (low, value_low);
        (low, value_low) = (GRID[place], grid[which][place]);
        if i32::from(value_low) * i32::from(value_high) > 0 {
            continue;
        }
        low = polynomials.zero_between(which, [low, high], [value_low, value_high]);
        lsp[found] = low;
        found += 1;
        if found == ORDER {
            return lsp;
        }
        value_low = polynomials.at(found & 1, low);
    }
    *old
}

/// The sum and the difference polynomial, each with its trivial zero taken out.
struct Polynomials {
    /// Coefficients, the first is one.
    f: [[i16; 6]; 2],
    /// Their Q format: 11, or 10 when they are too great for that.
    q: i16,
    /// Whether no sum of theirs can leave 32 bits.
    plain: bool,
}

impl Polynomials {
    fn of(a: &Lpc) -> Self {
        let wide: [[i32; 6]; 2] = {
            let mut f = [[2048; 6]; 2];
            for i in 0..5 {
                let (front, back) = (i32::from(a[i + 1]), i32::from(a[ORDER - i]));
                f[0][i + 1] = ((front + back) >> 1) - f[0][i];
                f[1][i + 1] = ((front - back) >> 1) + f[1][i];
            }
            f
        };
        if wide.iter().flatten().all(|&it| i16::try_from(it).is_ok()) {
            let plain = wide.iter().all(Self::is_small);
            return Self { f: wide.map(|f| f.map(|it| it as i16)), q: 11, plain };
        }
        let mut f = [[1024; 6]; 2];
        for i in 0..5 {
            let (front, back) = (i32::from(a[i + 1]), i32::from(a[ORDER - i]));
            f[0][i + 1] = sub(((front + back) >> 2) as i16, f[0][i]);
            f[1][i + 1] = add(((front - back) >> 2) as i16, f[1][i]);
        }
        Self { f, q: 10, plain: false }
    }

    /// Whether the terms of Clenshaw's sum stay below 128 in Q24; those of the Chebyshev polynomials of the
    /// second kind are at most one more than their degree.
    fn is_small(f: &[i32; 6]) -> bool {
        let [f0, f1, f2, f3, f4, f5] = f.map(i32::abs);
        let third = 4 * f0 + 3 * f1 + 2 * f2 + f3;
        let fourth = 5 * f0 + 4 * f1 + 3 * f2 + 2 * f3 + f4;
        let most = (2 * third).max(fourth + f4).max(fourth + third + f5);
        most < 126 << 11
    }

    /// The value at every place of the grid, Q14.
    #[inline(always)]
    fn on_grid(&self) -> [[i16; GRID.len()]; 2] {
        let mut values = [[0; GRID.len()]; 2];
        for (which, values) in values.iter_mut().enumerate() {
            for (value, &x) in values.iter_mut().zip(&GRID) {
                *value = if self.plain {
                    plain(&self.f[which], x)
                } else {
                    saturating(&self.f[which], x, self.q)
                };
            }
        }
        values
    }

    #[inline(always)]
    fn at(&self, which: usize, x: i16) -> i16 {
        if self.plain { plain(&self.f[which], x) } else { saturating(&self.f[which], x, self.q) }
    }

    /// Halves the interval twice and interpolates.
    #[inline(always)]
    fn zero_between(&self, which: usize, places: [i16; 2], values: [i16; 2]) -> i16 {
        let ([mut low, mut high], [mut value_low, mut value_high]) = (places, values);
        for _ in 0..2 {
            let middle = (low >> 1) + (high >> 1);
            let value = self.at(which, middle);
            if i32::from(value_low) * i32::from(value) <= 0 {
                (high, value_high) = (middle, value);
            } else {
                (low, value_low) = (middle, value);
            }
        }
        let (wide, rise) = (sub(high, low), sub(value_high, value_low));
        if rise == 0 {
            return low;
        }
        let steep = rise.saturating_abs();
        let norm = norm_s(steep);
        let inverse = div_s(16_383, shl(steep, norm));
        let slope = l_shr(l_mult(wide, inverse), 20 - norm) as i16;
        let slope = if rise < 0 { slope.saturating_neg() } else { slope };
        sub(low, (l_mult(value_low, slope) >> 11) as i16)
    }
}

/// Clenshaw's sum for small coefficients in Q11, without the trivial ones: the value in Q14.
#[inline(always)]
fn plain(f: &[i16; 6], x: i16) -> i16 {
    let x = i32::from(x);
    let by_x = |b: i32| 2 * ((b >> 16) * x + ((((b >> 1) & 0x7fff) * x) >> 15));
    let mut before = 1 << 24;
    let mut b = x * 1024 + i32::from(f[1]) * 8192;
    for &coefficient in &f[2..5] {
        let next = 2 * by_x(b) - (before & !1) + i32::from(coefficient) * 8192;
        before = b;
        b = next;
    }
    let sum = by_x(b) - (before & !1) + i32::from(f[5]) * 4096;
    (sum.clamp(i32::MIN >> 6, i32::MAX >> 6) >> 10) as i16
}

/// The same with every sum saturated, for either Q format.
#[cold]
#[inline(never)]
fn saturating(f: &[i16; 6], x: i16, q: i16) -> i16 {
    let twice = |b: i32| l_shl(scale(b, x), 1);
    // Subtracts the upper half and then what lies below, as both parts are kept.
    let less = |sum: i32, b: i32| {
        let upper = l_add(sum, l_mult((b >> 16) as i16, i16::MIN));
        l_sub(upper, b & 0xfffe)
    };
    let mut before = 1 << (13 + q);
    let mut b = l_add(l_shl(i32::from(x), q - 1), i32::from(f[1]) * 8192);
    for &coefficient in &f[2..5] {
        let next = l_add(less(twice(b), before), i32::from(coefficient) * 8192);
        before = b;
        b = next;
    }
    let sum = l_add(less(scale(b, x), before), i32::from(f[5]) * 4096);
    (l_shl(sum, 17 - q) >> 16) as i16
}

#[cfg(test)]
mod tests {
    use super::super::lsp::filter;
    use super::*;

    #[test]
    fn pairs_come_back_from_their_filter() {
        let lsp = [31_000, 28_000, 20_000, 15_000, 6000, -3000, -12_000, -22_000, -26_000, -31_000];
        let found = find(&filter(&lsp), &[0; ORDER]);
        for (a, b) in lsp.iter().zip(found) {
            assert!((i32::from(*a) - i32::from(b)).abs() < 200, "{a} {b}");
        }
    }

    #[test]
    fn plain_sums_and_saturated_ones_are_the_same_where_both_hold() {
        let f = [2048, -6144, 9000, -11_000, 12_100, -6000];
        for x in GRID {
            assert_eq!(plain(&f, x), saturating(&f, x, 11), "{x}");
        }
    }
}
