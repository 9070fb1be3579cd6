//! The kernels of what comes in and goes out, a block at most.
//!
//! A recursion is unrolled eight times: what a sample adds waits for the eighth one before it, so that eight
//! are computed side by side. Each is computed in the same way with however many others it comes.

#![allow(clippy::needless_range_loop)] // A place is an index into several arrays.

use super::{BLOCK, Entry, Exit, HOP, Segment, Transpose};
use crate::arch::fft::{BINS, SIZE, Spectrum};

#[inline(always)]
pub(super) fn enter<T: Transpose>(
    end: &mut Entry,
    samples: &[i16],
    plain: &mut [f32; BLOCK],
    emphasised: &mut [f32; BLOCK],
) {
    let count = samples.len().min(BLOCK);
    let mut heard = [0.0; HOP + BLOCK];
    heard[..HOP].copy_from_slice(&end.heard);
    for (to, &sample) in heard[HOP..].iter_mut().zip(samples) {
        *to = f32::from(sample);
    }
    let mut rise = [0.0; HOP + BLOCK];
    for place in 1..HOP + count {
        rise[place] = heard[place] - heard[place - 1];
    }
    let passed = recur(OFFSET, &rise, &end.passed, count);
    for place in 0..count {
        plain[place] = passed[HOP + place];
        emphasised[place] = passed[HOP + place] - EMPHASIS * passed[HOP - 1 + place];
    }
    end.heard.copy_from_slice(&heard[count..count + HOP]);
    end.passed.copy_from_slice(&passed[count..count + HOP]);
}

#[inline(always)]
pub(super) fn leave<T: Transpose>(end: &mut Exit, rest: &mut [f32]) {
    let count = rest.len().min(BLOCK);
    let mut heard = [0.0; HOP + BLOCK];
    heard[..HOP].copy_from_slice(&end.heard);
    for (to, &sample) in heard[HOP..].iter_mut().zip(&*rest) {
        *to = sample;
    }
    let passed = recur(EMPHASIS, &heard, &end.passed, count);
    for (to, &sample) in rest.iter_mut().zip(&passed[HOP..]) {
        *to = sample;
    }
    end.heard.copy_from_slice(&heard[count..count + HOP]);
    end.passed.copy_from_slice(&passed[count..count + HOP]);
}

/// Each of the first `count` samples and `part` of what became of the one before it. Seven older samples and
/// eight older results go before; the first one is not looked at.
#[inline(always)]
fn recur(
    part: f32,
    samples: &[f32; HOP + BLOCK],
    passed: &[f32; HOP],
    count: usize,
) -> [f32; HOP + BLOCK] {
    let (second, fourth) = (part * part, part * part * part * part);
    let eighth = fourth * fourth;
    let end = HOP + count.min(BLOCK);
    let [mut two, mut four, mut eight, mut all] = [[0.0; HOP + BLOCK]; 4];
    for place in 2..end {
        two[place] = samples[place] + part * samples[place - 1];
    }
    for place in 4..end {
        four[place] = two[place] + second * two[place - 2];
    }
    for place in 8..end {
        eight[place] = four[place] + fourth * four[place - 4];
    }
    all[..HOP].copy_from_slice(passed);
    let mut last = *passed;
    for row in 1..end.div_ceil(HOP).min(1 + BLOCK / HOP) {
        for lane in 0..HOP {
            let next = eight[row * HOP + lane] + eighth * last[lane];
            last[lane] = if next.abs() < NOTHING { 0.0 } else { next };
            all[row * HOP + lane] = last[lane];
        }
    }
    all
}

/// The next eight outputs of 64 taps, backwards in time; `far` begins 63 samples before the first output.
#[inline(always)]
pub(super) fn head<T: Transpose>(
    taps: &[f32; BLOCK],
    far: &[f32; SIZE + HOP],
    tail: &[f32; BLOCK],
    near: &[f32; BLOCK],
    rows: std::ops::Range<usize>,
) -> [f32; BLOCK] {
    let mut rest = [0.0; BLOCK];
    for row in rows {
        let Some(far) = far[row * HOP + 1..].first_chunk::<{ BLOCK + HOP }>() else { continue };
        let (mut a, mut b, mut c, mut d) = ([0.0; HOP], [0.0; HOP], [0.0; HOP], [0.0; HOP]);
        for tap in (0..BLOCK).step_by(4) {
            for lane in 0..HOP {
                a[lane] += taps[tap] * far[tap + lane];
                b[lane] += taps[tap + 1] * far[tap + 1 + lane];
                c[lane] += taps[tap + 2] * far[tap + 2 + lane];
                d[lane] += taps[tap + 3] * far[tap + 3 + lane];
            }
        }
        for lane in 0..HOP {
            let place = row * HOP + lane;
            let echo = (a[lane] + b[lane]) + (c[lane] + d[lane]);
            rest[place] = near[place] - (echo + tail[place]);
        }
    }
    rest
}

#[inline(always)]
pub(super) fn round<T: Transpose>(samples: &[f32], out: &mut [i16]) {
    for (out, sample) in out.iter_mut().zip(samples) {
        // Where a number of 24 bits has its last one at the point, the lower half of it is what is sought.
        *out = (sample.clamp(-32_768.0, 32_767.0) + 12_582_912.0).to_bits() as i16;
    }
}

#[inline(always)]
pub(super) fn listen<T: Transpose>(samples: &Segment<i16>, wave: &[Segment<f32>; 2]) -> [f32; 3] {
    let mut heard = [[0.0; HOP]; 10];
    for (to, from) in heard.iter_mut().zip(samples) {
        for lane in 0..HOP {
            to[lane] = f32::from(from[lane]);
        }
    }
    [product(&heard, &wave[0]), product(&heard, &wave[1]), product(&heard, &heard)]
}

#[inline(always)]
fn product(one: &Segment<f32>, other: &Segment<f32>) -> f32 {
    let mut sums = [0.0; HOP];
    for (one, other) in one.iter().zip(other) {
        for lane in 0..HOP {
            sums[lane] += one[lane] * other[lane];
        }
    }
    sums.iter().sum()
}

#[inline(always)]
pub(super) fn window<T: Transpose>(spectrum: &Spectrum) -> ([f32; BINS], f32) {
    let mut power = [0.0; BINS];
    for bin in 2..BINS - 1 {
        let re = spectrum.re[bin] - 0.5 * (spectrum.re[bin - 1] + spectrum.re[bin + 1]);
        let im = spectrum.im[bin] - 0.5 * (spectrum.im[bin - 1] + spectrum.im[bin + 1]);
        power[bin] = re * re + im * im;
    }
    let mut lanes = [0.0; 8];
    for row in power.chunks_exact(8) {
        for lane in 0..8 {
            lanes[lane] += row[lane];
        }
    }
    (power, lanes.iter().sum())
}

#[inline(always)]
pub(super) fn greatest<T: Transpose>(power: &[f32; BINS]) -> usize {
    let mut lanes = [0.0f32; 8];
    for row in power.chunks_exact(8) {
        for lane in 0..8 {
            lanes[lane] = if row[lane] > lanes[lane] { row[lane] } else { lanes[lane] };
        }
    }
    let most = lanes.into_iter().fold(0.0, f32::max);
    power.iter().position(|&it| it >= most).unwrap_or(0)
}

/// What is below this is silence, so that a recursion comes to its end: numbers below 1e-38 take a hundred
/// times as long on many processors, and so do squares of numbers below 1e-19.
const NOTHING: f32 = 1e-3;
/// What stays of the offset with each sample.
const OFFSET: f32 = 0.99;
/// How much: +3.5 dB at the upper end of the band, -6 dB at the lower one. With more, what the filter
/// leaves at the lower end comes out too loud where the near end is not quiet (ITU-T G.168 test 2C).
const EMPHASIS: f32 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fft::ByMemory;

    #[test]
    fn what_was_heard_before_a_silence_comes_to_its_end() {
        let (mut entry, mut exit) = (Entry::default(), Exit::default());
        let mut block = |sample: i16| {
            let [mut plain, mut emphasised] = [[0.0; BLOCK]; 2];
            enter::<ByMemory>(&mut entry, &[sample; BLOCK], &mut plain, &mut emphasised);
            let mut rest = emphasised;
            leave::<ByMemory>(&mut exit, &mut rest);
            [plain, emphasised, rest].map(|of| of[BLOCK - 1].to_bits() & !(1 << 31))
        };
        assert!(block(30_000).iter().all(|&it| it > 0));
        // An offset falls by 1 % a sample: 30,000 are below a thousandth after 1,700, 27 blocks.
        for _ in 0..30 {
            block(0);
        }
        assert_eq!(block(0), [0; 3]);
    }
}
