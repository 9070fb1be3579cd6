//! The discrete Fourier transform of 128 or 256 real samples, in 32-bit floats, into bins side by side.
//!
//! One of 128 is [`crate::arch::fft`]'s. One of 256 is two of those, of the even and of the odd samples,
//! whose bins are then put together.

use crate::arch::Level;
use crate::arch::fft::{self, BINS, Plan, SIZE};
use std::f64::consts::TAU;
use std::sync::OnceLock;

/// How many samples are transformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// 65 bins.
    Of128,
    /// 129 bins.
    Of256,
}

impl Size {
    pub(crate) const fn samples(self) -> usize {
        match self {
            Self::Of128 => SIZE,
            Self::Of256 => 2 * SIZE,
        }
    }
}

/// The bins from 0 to half the sampling rate, the real and the imaginary parts apart.
#[derive(Debug, Clone)]
pub(crate) struct Spectrum {
    pub re: Box<[f32]>,
    pub im: Box<[f32]>,
}

impl Spectrum {
    pub(crate) fn new(len: usize) -> Self {
        Self { re: vec![0.0; len].into(), im: vec![0.0; len].into() }
    }
}

/// A transform of one size.
#[derive(Debug, Clone)]
pub(crate) struct RealFft {
    size: Size,
    level: Level,
    plan: &'static Plan,
}

impl RealFft {
    pub(crate) fn new(size: Size) -> Self {
        Self { size, level: Level::current(), plan: Plan::shared() }
    }

    /// `samples`: as many as the size; `bins`: half as many and one.
    pub(crate) fn forward(&self, samples: &[f32], bins: &mut Spectrum) {
        match self.size {
            Size::Of128 => {
                let Some(samples) = samples.first_chunk() else { return };
                let half = self.plan.forward(self.level, samples);
                for k in 0..=BINS {
                    (bins.re[k], bins.im[k]) = half.bin(k);
                }
            }
            Size::Of256 => {
                let (mut even, mut odd) = ([0.0; SIZE], [0.0; SIZE]);
                let (pairs, _) = samples.as_chunks::<2>();
                for ((even, odd), pair) in even.iter_mut().zip(&mut odd).zip(pairs) {
                    [*even, *odd] = *pair;
                }
                let even = self.plan.forward(self.level, &even);
                let odd = self.plan.forward(self.level, &odd);
                for (k, &(cos, sin)) in turns().iter().enumerate() {
                    let ((even_re, even_im), (odd_re, odd_im)) = (even.bin(k), odd.bin(k));
                    let (re, im) = (odd_re * cos + odd_im * sin, odd_im * cos - odd_re * sin);
                    (bins.re[k], bins.im[k]) = (even_re + re, even_im + im);
                    (bins.re[SIZE - k], bins.im[SIZE - k]) = (even_re - re, im - even_im);
                }
            }
        }
    }

    /// The inverse of [`Self::forward`].
    pub(crate) fn inverse(&self, bins: &Spectrum, samples: &mut [f32]) {
        match self.size {
            Size::Of128 => {
                let mut half = fft::Spectrum::ZERO;
                for k in 0..=BINS {
                    half.set(k, (bins.re[k], bins.im[k]));
                }
                samples.copy_from_slice(&self.plan.inverse(self.level, &half));
            }
            Size::Of256 => {
                let (mut even, mut odd) = (fft::Spectrum::ZERO, fft::Spectrum::ZERO);
                for (k, &(cos, sin)) in turns().iter().enumerate() {
                    let (re, im) = (bins.re[k], bins.im[k]);
                    let (far_re, far_im) = (bins.re[SIZE - k], -bins.im[SIZE - k]);
                    even.set(k, (0.5 * (re + far_re), 0.5 * (im + far_im)));
                    let (re, im) = (0.5 * (re - far_re), 0.5 * (im - far_im));
                    odd.set(k, (re * cos - im * sin, im * cos + re * sin));
                }
                let even = self.plan.inverse(self.level, &even);
                let odd = self.plan.inverse(self.level, &odd);
                let (pairs, _) = samples.as_chunks_mut::<2>();
                for ((pair, even), odd) in pairs.iter_mut().zip(even).zip(odd) {
                    *pair = [even, odd];
                }
            }
        }
    }
}

/// Cosine and sine of k turns in 256, to a quarter of the circle.
fn turns() -> &'static [(f32, f32); BINS + 1] {
    static TURNS: OnceLock<[(f32, f32); BINS + 1]> = OnceLock::new();
    TURNS.get_or_init(|| {
        std::array::from_fn(|k| {
            let (sin, cos) = (TAU * k as f64 / (2 * SIZE) as f64).sin_cos();
            (cos as f32, sin as f32)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(samples: usize) -> Vec<f32> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..samples).map(|_| next()).collect()
    }

    #[test]
    fn every_bin_is_the_sum_that_defines_it() {
        for size in [Size::Of128, Size::Of256] {
            let (n, samples) = (size.samples(), noise(size.samples()));
            let mut bins = Spectrum::new(n / 2 + 1);
            RealFft::new(size).forward(&samples, &mut bins);
            for k in 0..=n / 2 {
                let (mut re, mut im) = (0.0, 0.0);
                for (place, &sample) in samples.iter().enumerate() {
                    let (sin, cos) = (TAU * (k * place) as f64 / n as f64).sin_cos();
                    (re, im) = (re + f64::from(sample) * cos, im - f64::from(sample) * sin);
                }
                assert!((f64::from(bins.re[k]) - re).abs() < 1e-4, "{k}");
                assert!((f64::from(bins.im[k]) - im).abs() < 1e-4, "{k}");
            }
        }
    }

    #[test]
    fn there_and_back_gives_the_samples_again() {
        for size in [Size::Of128, Size::Of256] {
            let (n, samples) = (size.samples(), noise(size.samples()));
            let (mut bins, mut back) = (Spectrum::new(n / 2 + 1), vec![0.0; n]);
            let fft = RealFft::new(size);
            fft.forward(&samples, &mut bins);
            fft.inverse(&bins, &mut back);
            assert!(samples.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
        }
    }
}
