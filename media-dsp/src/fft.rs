//! The discrete Fourier transform of real samples, in 32-bit floats: planned once, then without allocation.
//!
//! `n` real samples are taken as `n / 2` complex ones; those go through a Stockham transform of radix 2,
//! which needs no reordering, and are then sorted out into the `n / 2 + 1` bins of the real transform.

use std::f64::consts::TAU;

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
            Self::Of128 => 128,
            Self::Of256 => 256,
        }
    }
}

/// Complex numbers, the real and the imaginary parts apart.
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

/// A plan, with the room that it works in.
#[derive(Debug, Clone)]
pub(crate) struct RealFft {
    half: usize,
    /// The roots of unity, clockwise, of order `2 * half`: `half` of them.
    roots: Spectrum,
    here: Spectrum,
    there: Spectrum,
}

impl RealFft {
    pub(crate) fn new(size: Size) -> Self {
        let half = size.samples() / 2;
        let mut roots = Spectrum::new(half);
        for place in 0..half {
            let (sin, cos) = (TAU * place as f64 / size.samples() as f64).sin_cos();
            (roots.re[place], roots.im[place]) = (cos as f32, -sin as f32);
        }
        Self { half, roots, here: Spectrum::new(half), there: Spectrum::new(half) }
    }

    /// `samples`: as many as the size; `bins`: half as many and one.
    pub(crate) fn forward(&mut self, samples: &[f32], bins: &mut Spectrum) {
        let half = self.half;
        let (pairs, _) = samples.as_chunks::<2>();
        for (place, &[even, odd]) in pairs.iter().enumerate().take(half) {
            (self.here.re[place], self.here.im[place]) = (even, odd);
        }
        self.transform();
        let (re, im) = (&self.here.re, &self.here.im);
        (bins.re[0], bins.im[0]) = (re[0] + im[0], 0.0);
        (bins.re[half], bins.im[half]) = (re[0] - im[0], 0.0);
        for k in 1..half {
            let (even_re, even_im) = (re[k] + re[half - k], im[k] - im[half - k]);
            let (odd_re, odd_im) = (im[k] + im[half - k], re[half - k] - re[k]);
            let (cos, sin) = (self.roots.re[k], self.roots.im[k]);
            bins.re[k] = 0.5 * (even_re + odd_re * cos - odd_im * sin);
            bins.im[k] = 0.5 * (even_im + odd_re * sin + odd_im * cos);
        }
    }

    /// The inverse of [`Self::forward`].
    pub(crate) fn inverse(&mut self, bins: &Spectrum, samples: &mut [f32]) {
        let half = self.half;
        let (re, im) = (&bins.re, &bins.im);
        let scale = 0.5 / half as f32;
        for k in 0..half {
            let (even_re, even_im) = (re[k] + re[half - k], im[k] - im[half - k]);
            let (odd_re, odd_im) = (re[k] - re[half - k], im[k] + im[half - k]);
            let (cos, sin) = (self.roots.re[k], -self.roots.im[k]);
            let (turned_re, turned_im) = (odd_re * cos - odd_im * sin, odd_re * sin + odd_im * cos);
            // The parts change places, which turns the transform into its inverse.
            self.here.im[k] = scale * (even_re - turned_im);
            self.here.re[k] = scale * (even_im + turned_re);
        }
        self.transform();
        let (pairs, _) = samples.as_chunks_mut::<2>();
        for (place, pair) in pairs.iter_mut().enumerate().take(half) {
            *pair = [self.here.im[place], self.here.re[place]];
        }
    }

    /// The complex transform of `here`, through `there` and back.
    fn transform(&mut self) {
        let (mut apart, mut together) = (self.half / 2, 1);
        while apart > 0 {
            self.stage(apart, together);
            std::mem::swap(&mut self.here, &mut self.there);
            (apart, together) = (apart / 2, together * 2);
        }
    }

    fn stage(&mut self, apart: usize, together: usize) {
        let (re0, re1) = self.here.re.split_at(self.half / 2);
        let (im0, im1) = self.here.im.split_at(self.half / 2);
        let step = self.half / apart;
        let rows = self.there.re.chunks_exact_mut(2 * together);
        let rows = rows.zip(self.there.im.chunks_exact_mut(2 * together));
        for (row, (re, im)) in rows.enumerate() {
            let (cos, sin) = (self.roots.re[row * step], self.roots.im[row * step]);
            let span = row * together..(row + 1) * together;
            let (re0, re1) = (&re0[span.clone()], &re1[span.clone()]);
            let (im0, im1) = (&im0[span.clone()], &im1[span]);
            let (sum_re, turned_re) = re.split_at_mut(together);
            let (sum_im, turned_im) = im.split_at_mut(together);
            for k in 0..together {
                (sum_re[k], sum_im[k]) = (re0[k] + re1[k], im0[k] + im1[k]);
                let (diff_re, diff_im) = (re0[k] - re1[k], im0[k] - im1[k]);
                turned_re[k] = diff_re * cos - diff_im * sin;
                turned_im[k] = diff_re * sin + diff_im * cos;
            }
        }
    }
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
            let mut fft = RealFft::new(size);
            fft.forward(&samples, &mut bins);
            fft.inverse(&bins, &mut back);
            assert!(samples.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5));
        }
    }
}
