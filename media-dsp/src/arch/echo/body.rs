//! The kernels, written once over fixed arrays that the compiler turns into vectors of any width.

#![allow(clippy::needless_range_loop)] // A bin is an index into several arrays.

use super::{BINS, BLOCK, Gain, HOP, Plan, Spectrum, Transpose};

#[inline(always)]
pub(super) fn convolve<T: Transpose>(
    far: (&[Spectrum], &[Spectrum]),
    filter: &[Spectrum],
) -> Spectrum {
    let mut sum = Spectrum::ZERO;
    // Bin 0 holds two real numbers: its complex product is not wanted.
    let (mut first, mut last) = (0.0, 0.0);
    for (x, w) in far.0.iter().chain(far.1).zip(filter) {
        for bin in 0..BINS {
            sum.re[bin] += x.re[bin] * w.re[bin] - x.im[bin] * w.im[bin];
            sum.im[bin] += x.re[bin] * w.im[bin] + x.im[bin] * w.re[bin];
        }
        first += x.re[0] * w.re[0];
        last += x.im[0] * w.im[0];
    }
    sum.re[0] = first;
    sum.im[0] = last;
    sum
}

#[inline(always)]
pub(super) fn doubt<T: Transpose>(
    far: (&[Spectrum], &[Spectrum]),
    unsure: &[[f32; BINS]],
) -> [f32; BINS] {
    let mut sum = [0.0; BINS];
    for (x, p) in far.0.iter().chain(far.1).zip(unsure) {
        for bin in 0..BINS {
            sum[bin] += p[bin] * (x.re[bin] * x.re[bin] + x.im[bin] * x.im[bin]);
        }
    }
    sum
}

#[inline(always)]
pub(super) fn adapt<T: Transpose>(
    far: (&[Spectrum], &[Spectrum]),
    filter: &mut [Spectrum],
    unsure: &mut [[f32; BINS]],
    gain: &Gain,
) {
    let moves = 1.0 - gain.stays;
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
            let known = gain.told * step * gain.weight[bin] * (xr * xr + xi * xi);
            let size = w.re[bin] * w.re[bin] + w.im[bin] * w.im[bin];
            p[bin] = gain.stays * (step - step * known) + moves * (size + gain.prior);
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
pub(super) fn head<T: Transpose>(taps: &[f32; BLOCK], far: &[f32; BLOCK + HOP]) -> [f32; HOP] {
    let (mut a, mut b, mut c, mut d) = ([0.0; HOP], [0.0; HOP], [0.0; HOP], [0.0; HOP]);
    for tap in (0..BLOCK).step_by(4) {
        for lane in 0..HOP {
            a[lane] += taps[tap] * far[tap + lane];
            b[lane] += taps[tap + 1] * far[tap + 1 + lane];
            c[lane] += taps[tap + 2] * far[tap + 2 + lane];
            d[lane] += taps[tap + 3] * far[tap + 3 + lane];
        }
    }
    let mut out = [0.0; HOP];
    for lane in 0..HOP {
        out[lane] = (a[lane] + b[lane]) + (c[lane] + d[lane]);
    }
    out
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
