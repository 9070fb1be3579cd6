//! The Fourier transform of 128 real samples, and back.
//!
//! A real transform of 128 is a complex one of 64 with the even samples as real and the odd ones as
//! imaginary parts; one of 64 is two rounds of eight transforms of eight, side by side in vector lanes.
//! The arithmetic is written once, without fused multiplications, and compiled for every level: all
//! levels give equal bits.

use std::array::from_fn;
use std::f64::consts::PI;

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
}

/// The factors of the transform, computed once.
#[derive(Debug)]
pub(crate) struct Plan {
    /// e^(-2πi n k / 64), by k and n.
    round: [[Row; 8]; 2],
    /// e^(-2πi k / 128).
    split: [[f32; BINS]; 2],
}

type Row = [f32; 8];

impl Plan {
    pub(crate) fn new() -> Self {
        let turn = |part: usize, of: usize| {
            let angle = -2.0 * PI * part as f64 / of as f64;
            (angle.cos() as f32, angle.sin() as f32)
        };
        Self {
            round: [
                from_fn(|k| from_fn(|n| turn(k * n, 64).0)),
                from_fn(|k| from_fn(|n| turn(k * n, 64).1)),
            ],
            split: [from_fn(|k| turn(k, 128).0), from_fn(|k| turn(k, 128).1)],
        }
    }

    /// From samples to their spectrum.
    #[inline(always)]
    pub(crate) fn forward(&self, samples: &[f32; SIZE]) -> Spectrum {
        let mut re: [Row; 8] = from_fn(|row| from_fn(|lane| samples[2 * (8 * row + lane)]));
        let mut im: [Row; 8] = from_fn(|row| from_fn(|lane| samples[2 * (8 * row + lane) + 1]));
        self.complex(&mut re, &mut im);
        let (re, im) = (re.as_flattened(), im.as_flattened());
        let mut spectrum = Spectrum::ZERO;
        for bin in 1..BINS {
            let (sum_re, dif_re) = (re[bin] + re[BINS - bin], re[bin] - re[BINS - bin]);
            let (sum_im, dif_im) = (im[bin] + im[BINS - bin], im[bin] - im[BINS - bin]);
            let (c, s) = (self.split[0][bin], self.split[1][bin]);
            spectrum.re[bin] = 0.5 * (sum_re + c * sum_im + s * dif_re);
            spectrum.im[bin] = 0.5 * (dif_im + s * sum_im - c * dif_re);
        }
        spectrum.re[0] = re[0] + im[0];
        spectrum.im[0] = re[0] - im[0];
        spectrum
    }

    /// From a spectrum to its samples.
    #[inline(always)]
    pub(crate) fn inverse(&self, spectrum: &Spectrum) -> [f32; SIZE] {
        const SCALE: f32 = 1.0 / SIZE as f32;
        let (sr, si) = (&spectrum.re, &spectrum.im);
        let mut re = [[0.0; 8]; 8];
        let mut im = [[0.0; 8]; 8];
        {
            let (re, im) = (re.as_flattened_mut(), im.as_flattened_mut());
            for bin in 1..BINS {
                let (sum_re, dif_re) = (sr[bin] + sr[BINS - bin], sr[bin] - sr[BINS - bin]);
                let (sum_im, dif_im) = (si[bin] + si[BINS - bin], si[bin] - si[BINS - bin]);
                let (c, s) = (self.split[0][bin], self.split[1][bin]);
                re[bin] = SCALE * (sum_re + s * dif_re - c * sum_im);
                im[bin] = SCALE * (dif_im + c * dif_re + s * sum_im);
            }
            re[0] = SCALE * (sr[0] + si[0]);
            im[0] = SCALE * (sr[0] - si[0]);
        }
        // The inverse of a transform is the transform with real and imaginary parts exchanged.
        self.complex(&mut im, &mut re);
        let (re, im) = (re.as_flattened(), im.as_flattened());
        let mut samples = [0.0; SIZE];
        for (pair, (&even, &odd)) in samples.chunks_exact_mut(2).zip(re.iter().zip(im)) {
            pair[0] = even;
            pair[1] = odd;
        }
        samples
    }

    /// The complex transform of 64, in natural order.
    #[inline(always)]
    fn complex(&self, re: &mut [Row; 8], im: &mut [Row; 8]) {
        eight(re, im);
        for k in 1..8 {
            let (c, s) = (&self.round[0][k], &self.round[1][k]);
            let (x, y) = (re[k], im[k]);
            re[k] = from_fn(|lane| x[lane] * c[lane] - y[lane] * s[lane]);
            im[k] = from_fn(|lane| x[lane] * s[lane] + y[lane] * c[lane]);
        }
        transpose(re);
        transpose(im);
        eight(re, im);
    }
}

/// Eight transforms of eight, one in each lane.
#[inline(always)]
fn eight(re: &mut [Row; 8], im: &mut [Row; 8]) {
    const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let [e0r, e1r, e2r, e3r, e0i, e1i, e2i, e3i] =
        four([re[0], re[2], re[4], re[6]], [im[0], im[2], im[4], im[6]]);
    let [o0r, o1r, o2r, o3r, o0i, o1i, o2i, o3i] =
        four([re[1], re[3], re[5], re[7]], [im[1], im[3], im[5], im[7]]);
    let t1r: Row = from_fn(|lane| HALF * (o1r[lane] + o1i[lane]));
    let t1i: Row = from_fn(|lane| HALF * (o1i[lane] - o1r[lane]));
    let t3r: Row = from_fn(|lane| HALF * (o3i[lane] - o3r[lane]));
    let t3i: Row = from_fn(|lane| -HALF * (o3r[lane] + o3i[lane]));
    *re = [
        plus(e0r, o0r),
        plus(e1r, t1r),
        plus(e2r, o2i),
        plus(e3r, t3r),
        less(e0r, o0r),
        less(e1r, t1r),
        less(e2r, o2i),
        less(e3r, t3r),
    ];
    *im = [
        plus(e0i, o0i),
        plus(e1i, t1i),
        less(e2i, o2r),
        plus(e3i, t3i),
        less(e0i, o0i),
        less(e1i, t1i),
        plus(e2i, o2r),
        less(e3i, t3i),
    ];
}

/// Eight transforms of four: the real parts, then the imaginary ones.
#[inline(always)]
fn four(re: [Row; 4], im: [Row; 4]) -> [Row; 8] {
    let (ar, ai) = (plus(re[0], re[2]), plus(im[0], im[2]));
    let (br, bi) = (less(re[0], re[2]), less(im[0], im[2]));
    let (cr, ci) = (plus(re[1], re[3]), plus(im[1], im[3]));
    let (dr, di) = (less(re[1], re[3]), less(im[1], im[3]));
    [
        plus(ar, cr),
        plus(br, di),
        less(ar, cr),
        less(br, di),
        plus(ai, ci),
        less(bi, dr),
        less(ai, ci),
        plus(bi, dr),
    ]
}

#[inline(always)]
fn plus(a: Row, b: Row) -> Row {
    from_fn(|lane| a[lane] + b[lane])
}

#[inline(always)]
fn less(a: Row, b: Row) -> Row {
    from_fn(|lane| a[lane] - b[lane])
}

#[inline(always)]
fn transpose(rows: &mut [Row; 8]) {
    *rows = from_fn(|row| from_fn(|lane| rows[lane][row]));
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
    fn the_transform_is_the_sum_of_its_definition() {
        let x = samples();
        let spectrum = Plan::new().forward(&x);
        for bin in 0..=BINS {
            let term = |n: usize| 2.0 * PI * ((n * bin) % SIZE) as f64 / SIZE as f64;
            let re: f64 = (0..SIZE).map(|n| f64::from(x[n]) * term(n).cos()).sum();
            let im: f64 = (0..SIZE).map(|n| f64::from(x[n]) * -term(n).sin()).sum();
            let (got_re, got_im) = match bin {
                0 => (spectrum.re[0], 0.0),
                BINS => (spectrum.im[0], 0.0),
                _ => (spectrum.re[bin], spectrum.im[bin]),
            };
            assert!((f64::from(got_re) - re).abs() < 0.5, "bin {bin}: {got_re} for {re}");
            assert!((f64::from(got_im) - im).abs() < 0.5, "bin {bin}: {got_im} for {im}");
        }
    }

    #[test]
    fn back_from_the_spectrum_are_the_samples() {
        let (plan, x) = (Plan::new(), samples());
        let back = plan.inverse(&plan.forward(&x));
        for (back, x) in back.iter().zip(x) {
            assert!((back - x).abs() < 0.02, "{back} for {x}");
        }
    }
}
