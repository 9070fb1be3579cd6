//! The Fourier transform of 128 real samples, and back.
//!
//! A real transform of 128 is a complex one of 64 with the even samples as real and the odd ones as
//! imaginary parts; one of 64 is two rounds of eight transforms of eight, side by side in vector lanes.
//! The arithmetic is written once, without fused multiplications, and compiled for every level: all
//! levels give equal bits.

#![allow(unsafe_code)] // Shuffles: a kernel of a level is called when that level is here.
#![allow(clippy::needless_range_loop)] // A bin is an index into several arrays.

use super::Level;
use std::array::from_fn;
use std::f64::consts::PI;
use std::sync::OnceLock;

/// Samples of a transform.
pub(crate) const SIZE: usize = 128;
/// Bins of a transform, the one at half the sampling rate apart.
pub(crate) const BINS: usize = SIZE / 2;

/// The spectrum of 128 real samples: bins 0 to 63; the real bin 64 is the imaginary part of bin 0.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Spectrum {
    pub(crate) re: [f32; BINS],
    pub(crate) im: [f32; BINS],
}

impl Spectrum {
    pub(crate) const ZERO: Self = Self { re: [0.0; BINS], im: [0.0; BINS] };

    /// The real and the imaginary part of a bin from 0 to 64.
    pub(crate) fn bin(&self, bin: usize) -> (f32, f32) {
        match bin {
            0 => (self.re[0], 0.0),
            BINS => (self.im[0], 0.0),
            _ => (self.re[bin], self.im[bin]),
        }
    }

    /// Sets a bin from 0 to 64; the first and the last are real.
    pub(crate) fn set(&mut self, bin: usize, (re, im): (f32, f32)) {
        match bin {
            0 => self.re[0] = re,
            BINS => self.im[0] = re,
            _ => (self.re[bin], self.im[bin]) = (re, im),
        }
    }
}

/// The factors of the transform, computed once.
#[derive(Debug)]
pub(crate) struct Plan {
    /// e^(-2πi n k / 64), by k and n.
    round: [[f32; BINS]; 2],
    /// e^(-2πi k / 128).
    split: [[f32; BINS]; 2],
}

impl Plan {
    /// The one that all share.
    pub(crate) fn shared() -> &'static Self {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        PLAN.get_or_init(Self::new)
    }

    fn new() -> Self {
        let turn = |part: usize, of: usize| {
            let angle = -2.0 * PI * part as f64 / of as f64;
            (angle.cos() as f32, angle.sin() as f32)
        };
        Self {
            round: [
                from_fn(|place| turn(place / 8 * (place % 8), 64).0),
                from_fn(|place| turn(place / 8 * (place % 8), 64).1),
            ],
            split: [from_fn(|k| turn(k, 128).0), from_fn(|k| turn(k, 128).1)],
        }
    }

    /// From samples to their spectrum.
    pub(crate) fn forward(&self, level: Level, samples: &[f32; SIZE]) -> Spectrum {
        match level {
            // SAFETY: a level is only ever one that this machine has.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx2 => unsafe { forward_avx2(self, samples) },
            _ => self.forward_by::<ByMemory>(samples),
        }
    }

    /// From a spectrum to its samples.
    pub(crate) fn inverse(&self, level: Level, spectrum: &Spectrum) -> [f32; SIZE] {
        match level {
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx2 => unsafe { inverse_avx2(self, spectrum) },
            _ => self.inverse_by::<ByMemory>(spectrum),
        }
    }

    /// [`Self::forward`] within a kernel.
    #[inline(always)]
    pub(crate) fn forward_by<T: Transpose>(&self, samples: &[f32; SIZE]) -> Spectrum {
        let (mut re, mut im) = ([0.0; BINS], [0.0; BINS]);
        for place in 0..BINS {
            re[place] = samples[2 * place];
            im[place] = samples[2 * place + 1];
        }
        self.complex::<T>(&mut re, &mut im);
        let (back_re, back_im) = (T::backwards(&re), T::backwards(&im));
        let mut spectrum = Spectrum::ZERO;
        for bin in 0..BINS {
            let (sum_re, dif_re) = (re[bin] + back_re[bin], re[bin] - back_re[bin]);
            let (sum_im, dif_im) = (im[bin] + back_im[bin], im[bin] - back_im[bin]);
            let (c, s) = (self.split[0][bin], self.split[1][bin]);
            spectrum.re[bin] = 0.5 * (sum_re + c * sum_im + s * dif_re);
            spectrum.im[bin] = 0.5 * (dif_im + s * sum_im - c * dif_re);
        }
        spectrum.re[0] = re[0] + im[0];
        spectrum.im[0] = re[0] - im[0];
        spectrum
    }

    /// [`Self::inverse`] within a kernel.
    #[inline(always)]
    pub(crate) fn inverse_by<T: Transpose>(&self, spectrum: &Spectrum) -> [f32; SIZE] {
        const SCALE: f32 = 1.0 / SIZE as f32;
        let (sr, si) = (&spectrum.re, &spectrum.im);
        let (back_re, back_im) = (T::backwards(sr), T::backwards(si));
        let (mut re, mut im) = ([0.0; BINS], [0.0; BINS]);
        for bin in 0..BINS {
            let (sum_re, dif_re) = (sr[bin] + back_re[bin], sr[bin] - back_re[bin]);
            let (sum_im, dif_im) = (si[bin] + back_im[bin], si[bin] - back_im[bin]);
            let (c, s) = (self.split[0][bin], self.split[1][bin]);
            re[bin] = SCALE * (sum_re + s * dif_re - c * sum_im);
            im[bin] = SCALE * (dif_im + c * dif_re + s * sum_im);
        }
        re[0] = SCALE * (sr[0] + si[0]);
        im[0] = SCALE * (sr[0] - si[0]);
        // The inverse of a transform is the transform with real and imaginary parts exchanged.
        self.complex::<T>(&mut im, &mut re);
        let mut samples = [0.0; SIZE];
        for place in 0..BINS {
            samples[2 * place] = re[place];
            samples[2 * place + 1] = im[place];
        }
        samples
    }

    /// The complex transform of 64, in natural order.
    #[inline(always)]
    fn complex<T: Transpose>(&self, re: &mut [f32; BINS], im: &mut [f32; BINS]) {
        eight(re, im);
        for place in 8..BINS {
            let (c, s) = (self.round[0][place], self.round[1][place]);
            let (x, y) = (re[place], im[place]);
            re[place] = x * c - y * s;
            im[place] = x * s + y * c;
        }
        T::transpose(re);
        T::transpose(im);
        eight(re, im);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn forward_avx2(plan: &Plan, samples: &[f32; SIZE]) -> Spectrum {
    plan.forward_by::<ByShuffles>(samples)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn inverse_avx2(plan: &Plan, spectrum: &Spectrum) -> [f32; SIZE] {
    plan.inverse_by::<ByShuffles>(spectrum)
}

/// How eight rows of eight are put in another order.
pub(crate) trait Transpose {
    /// Exchanges rows and columns.
    fn transpose(rows: &mut [f32; BINS]);

    /// Bin 64 - k in place of bin k; bin 0 stays.
    fn backwards(bins: &[f32; BINS]) -> [f32; BINS];
}

/// By loads and stores.
pub(crate) struct ByMemory;

impl Transpose for ByMemory {
    #[inline(always)]
    fn transpose(rows: &mut [f32; BINS]) {
        let from = *rows;
        for (place, to) in rows.iter_mut().enumerate() {
            *to = from[place % 8 * 8 + place / 8];
        }
    }

    #[inline(always)]
    fn backwards(bins: &[f32; BINS]) -> [f32; BINS] {
        let mut back = *bins;
        for bin in 1..BINS {
            back[bin] = bins[BINS - bin];
        }
        back
    }
}

/// By shuffles of 256 bits.
#[cfg(target_arch = "x86_64")]
pub(crate) struct ByShuffles;

#[cfg(target_arch = "x86_64")]
impl Transpose for ByShuffles {
    #[inline(always)]
    fn transpose(rows: &mut [f32; BINS]) {
        // SAFETY: only kernels that are compiled for AVX2 or more name this type.
        unsafe { transpose_avx2(rows) }
    }

    #[inline(always)]
    fn backwards(bins: &[f32; BINS]) -> [f32; BINS] {
        // SAFETY: as above.
        unsafe { backwards_avx2(bins) }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn transpose_avx2(rows: &mut [f32; BINS]) {
    use core::arch::x86_64::{
        __m256, _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    // SAFETY: each of the eight rows has eight numbers.
    let row: [__m256; 8] = from_fn(|row| unsafe { _mm256_loadu_ps(rows[8 * row..].as_ptr()) });
    let pair = |a: usize, b: usize| {
        (_mm256_unpacklo_ps(row[a], row[b]), _mm256_unpackhi_ps(row[a], row[b]))
    };
    let ((a0, a1), (b0, b1), (c0, c1), (d0, d1)) = (pair(0, 1), pair(2, 3), pair(4, 5), pair(6, 7));
    let four =
        |a: __m256, b: __m256| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b));
    let ((e0, e1), (e2, e3)) = (four(a0, b0), four(a1, b1));
    let ((f0, f1), (f2, f3)) = (four(c0, d0), four(c1, d1));
    let columns = [
        _mm256_permute2f128_ps::<0x20>(e0, f0),
        _mm256_permute2f128_ps::<0x20>(e1, f1),
        _mm256_permute2f128_ps::<0x20>(e2, f2),
        _mm256_permute2f128_ps::<0x20>(e3, f3),
        _mm256_permute2f128_ps::<0x31>(e0, f0),
        _mm256_permute2f128_ps::<0x31>(e1, f1),
        _mm256_permute2f128_ps::<0x31>(e2, f2),
        _mm256_permute2f128_ps::<0x31>(e3, f3),
    ];
    for (to, column) in rows.chunks_exact_mut(8).zip(columns) {
        // SAFETY: a row has eight numbers.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), column) };
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn backwards_avx2(bins: &[f32; BINS]) -> [f32; BINS] {
    use core::arch::x86_64::{
        _mm256_loadu_ps, _mm256_permutevar8x32_ps, _mm256_setr_epi32, _mm256_storeu_ps,
    };
    let order = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    let mut back = [0.0; BINS];
    // Bins 8 r to 8 r + 7 come from eight that end with bin 64 - 8 r; those of the first row that are there
    // follow bin 0.
    let mut first = [0.0; 8];
    first[..7].copy_from_slice(&bins[BINS - 7..]);
    first[7] = bins[0];
    for row in 0..BINS / 8 {
        let from = if row == 0 { first.as_ptr() } else { bins[BINS - 7 - 8 * row..].as_ptr() };
        // SAFETY: there are eight numbers from there, and in a row.
        unsafe {
            let turned = _mm256_permutevar8x32_ps(_mm256_loadu_ps(from), order);
            _mm256_storeu_ps(back[8 * row..].as_mut_ptr(), turned);
        }
    }
    back
}

/// Eight transforms of eight: one in each column.
#[inline(always)]
fn eight(re: &mut [f32; BINS], im: &mut [f32; BINS]) {
    const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
    for lane in 0..8 {
        let (er, ei) = four(re, im, lane);
        let (or, oi) = four(re, im, lane + 8);
        let (t1r, t1i) = (HALF * (or[1] + oi[1]), HALF * (oi[1] - or[1]));
        let (t3r, t3i) = (HALF * (oi[3] - or[3]), -HALF * (or[3] + oi[3]));
        let (tr, ti) = ([or[0], t1r, oi[2], t3r], [oi[0], t1i, -or[2], t3i]);
        for k in 0..4 {
            re[8 * k + lane] = er[k] + tr[k];
            im[8 * k + lane] = ei[k] + ti[k];
            re[8 * (k + 4) + lane] = er[k] - tr[k];
            im[8 * (k + 4) + lane] = ei[k] - ti[k];
        }
    }
}

/// The transform of every second number of a column, from this place.
#[inline(always)]
fn four(re: &[f32; BINS], im: &[f32; BINS], from: usize) -> ([f32; 4], [f32; 4]) {
    let at = |row: usize| (re[from + 16 * row], im[from + 16 * row]);
    let ((r0, i0), (r1, i1), (r2, i2), (r3, i3)) = (at(0), at(1), at(2), at(3));
    let (ar, ai, br, bi) = (r0 + r2, i0 + i2, r0 - r2, i0 - i2);
    let (cr, ci, dr, di) = (r1 + r3, i1 + i3, r1 - r3, i1 - i3);
    ([ar + cr, br + di, ar - cr, br - di], [ai + ci, bi - dr, ai - ci, bi + dr])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> [f32; SIZE] {
        let mut state = 1u32;
        from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as f32 - 32_768.0
        })
    }

    #[test]
    fn the_transform_is_the_sum_of_its_definition_at_every_level() {
        let x = samples();
        for level in Level::here() {
            let spectrum = Plan::shared().forward(level, &x);
            for bin in 0..=BINS {
                let term = |n: usize| 2.0 * PI * ((n * bin) % SIZE) as f64 / SIZE as f64;
                let re: f64 = (0..SIZE).map(|n| f64::from(x[n]) * term(n).cos()).sum();
                let im: f64 = (0..SIZE).map(|n| f64::from(x[n]) * -term(n).sin()).sum();
                let (got_re, got_im) = spectrum.bin(bin);
                assert!((f64::from(got_re) - re).abs() < 0.5, "bin {bin}: {got_re} for {re}");
                assert!((f64::from(got_im) - im).abs() < 0.5, "bin {bin}: {got_im} for {im}");
            }
        }
    }

    #[test]
    fn back_from_the_spectrum_are_the_samples_and_all_levels_give_equal_bits() {
        let (plan, x) = (Plan::shared(), samples());
        let expected = plan.inverse(Level::Scalar, &plan.forward(Level::Scalar, &x));
        for (back, x) in expected.iter().zip(x) {
            assert!((back - x).abs() < 0.02, "{back} for {x}");
        }
        for level in Level::here() {
            assert_eq!(plan.inverse(level, &plan.forward(level, &x)), expected, "{level:?}");
        }
    }
}
