//! The kernels, written once over fixed arrays that the compiler turns into vectors of any width.

#![allow(clippy::needless_range_loop)] // A bin is an index into several arrays.

use super::{BINS, BLOCK, Gain, Plan, Spectrum, Transpose};

#[inline(always)]
pub(super) fn convolve<T: Transpose>(
    far: (&[Spectrum], &[Spectrum]),
    filter: &[Spectrum],
) -> Spectrum {
    let mut sum = Spectrum::ZERO;
    for row in 0..BINS / LANES {
        let from = row * LANES;
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        for (x, w) in far.0.iter().chain(far.1).zip(filter) {
            let (x, w) = (lanes(x, row), lanes(w, row));
            multiply(&mut re, &mut im, x, w);
        }
        sum.re[from..from + LANES].copy_from_slice(&re);
        sum.im[from..from + LANES].copy_from_slice(&im);
    }
    (sum.re[0], sum.im[0]) = edges(far, filter);
    sum
}

#[inline(always)]
pub(super) fn expect<T: Transpose>(
    far: (&[Spectrum], &[Spectrum]),
    filter: &[Spectrum],
    unsure: &[[f32; BINS]],
) -> (Spectrum, [f32; BINS]) {
    let (mut sum, mut doubt) = (Spectrum::ZERO, [0.0; BINS]);
    for row in 0..BINS / LANES {
        let from = row * LANES;
        let (mut re, mut im, mut power) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for ((x, w), p) in far.0.iter().chain(far.1).zip(filter).zip(unsure) {
            let (x, w) = (lanes(x, row), lanes(w, row));
            multiply(&mut re, &mut im, x, w);
            for lane in 0..LANES {
                let (xr, xi) = (x.0[lane], x.1[lane]);
                power[lane] += p[from + lane] * (xr * xr + xi * xi);
            }
        }
        sum.re[from..from + LANES].copy_from_slice(&re);
        sum.im[from..from + LANES].copy_from_slice(&im);
        doubt[from..from + LANES].copy_from_slice(&power);
    }
    (sum.re[0], sum.im[0]) = edges(far, filter);
    (sum, doubt)
}

/// Adds the product of some bins.
#[inline(always)]
fn multiply(re: &mut Lanes, im: &mut Lanes, x: (&Lanes, &Lanes), w: (&Lanes, &Lanes)) {
    for lane in 0..LANES {
        re[lane] += x.0[lane] * w.0[lane] - x.1[lane] * w.1[lane];
        im[lane] += x.0[lane] * w.1[lane] + x.1[lane] * w.0[lane];
    }
}

/// Bin 0 holds two real numbers: its complex product is not wanted.
#[inline(always)]
fn edges(far: (&[Spectrum], &[Spectrum]), filter: &[Spectrum]) -> (f32, f32) {
    let (mut first, mut last) = (0.0, 0.0);
    for (x, w) in far.0.iter().chain(far.1).zip(filter) {
        first += x.re[0] * w.re[0];
        last += x.im[0] * w.im[0];
    }
    (first, last)
}

/// Some bins of a spectrum.
#[inline(always)]
fn lanes(of: &Spectrum, row: usize) -> (&Lanes, &Lanes) {
    (&of.re.as_chunks().0[row], &of.im.as_chunks().0[row])
}

/// Bins that are summed side by side.
type Lanes = [f32; LANES];
const LANES: usize = 16;

#[inline(always)]
pub(super) fn adapt<T: Transpose>(
    far: (&[Spectrum], &[Spectrum]),
    filter: &mut [Spectrum],
    unsure: &mut [[f32; BINS]],
    gain: &Gain,
) {
    let moves = 1.0 - gain.stays;
    let prior = moves * gain.prior;
    let mut told = [0.0; BINS];
    for bin in 0..BINS {
        told[bin] = gain.stays * gain.told * gain.weight[bin];
    }
    let far = far.0.iter().chain(far.1);
    for ((x, w), p) in far.zip(filter).zip(unsure) {
        let (first, last) = (w.re[0], w.im[0]);
        let (step_first, step_last) =
            (p[0] * x.re[0] * gain.error.re[0], p[0] * x.im[0] * gain.error.im[0]);
        for bin in 0..BINS {
            let (xr, xi) = (x.re[bin], x.im[bin]);
            let (er, ei) = (gain.error.re[bin], gain.error.im[bin]);
            let step = p[bin];
            w.re[bin] += step * (xr * er + xi * ei);
            w.im[bin] += step * (xr * ei - xi * er);
            let known = step * (told[bin] * (xr * xr + xi * xi));
            let size = w.re[bin] * w.re[bin] + w.im[bin] * w.im[bin];
            p[bin] = step * (gain.stays - known) + (moves * size + prior);
        }
        w.re[0] = first + step_first;
        w.im[0] = last + step_last;
    }
}

#[inline(always)]
pub(super) fn constrain<T: Transpose>(plan: &Plan, partition: &mut Spectrum) -> [f32; BLOCK] {
    let mut taps = plan.inverse_by::<T>(partition);
    taps[BLOCK..].fill(0.0);
    *partition = plan.forward_by::<T>(&taps);
    let mut kept = [0.0; BLOCK];
    kept.copy_from_slice(&taps[..BLOCK]);
    kept
}

#[inline(always)]
pub(super) fn energies<T: Transpose>(
    far: &[f32; BLOCK],
    near: &[f32; BLOCK],
    front: &[f32; BLOCK],
    back: &[f32; BLOCK],
) -> [f32; 6] {
    let mut sums = [[0.0; 16]; 6];
    for start in (0..BLOCK).step_by(16) {
        for lane in 0..16 {
            let place = start + lane;
            let (x, n, f, b) = (far[place], near[place], front[place], back[place]);
            sums[0][lane] += x * x;
            sums[1][lane] += n * n;
            sums[2][lane] += f * f;
            sums[3][lane] += b * b;
            sums[4][lane] += (f - b) * (f - b);
            sums[5][lane] += (n - f) * (n - f);
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

#[inline(always)]
pub(super) fn power<T: Transpose>(block: &[f32; BLOCK]) -> f32 {
    let mut sums = [0.0; 16];
    for start in (0..BLOCK).step_by(16) {
        for lane in 0..16 {
            sums[lane] += block[start + lane] * block[start + lane];
        }
    }
    sums.iter().sum()
}
