//! In registers of 256 bits.

use super::lanes::{self, Filter, LAGS_AT_ONCE, MAX_ORDER};

#[target_feature(enable = "avx2")]
pub(super) fn correlate(
    template: &[f32],
    windows: &[f32],
) -> ([f32; LAGS_AT_ONCE], [f32; LAGS_AT_ONCE]) {
    lanes::correlate(template, windows)
}

#[target_feature(enable = "avx2")]
pub(super) fn autocorrelate(signal: &[f32], products: &mut [f32]) {
    lanes::autocorrelate(signal, products);
}

#[target_feature(enable = "avx2")]
pub(super) fn differences(signal: &[f32]) -> f32 {
    lanes::differences(signal)
}

#[target_feature(enable = "avx2")]
pub(super) fn recur(filter: &Filter, input: &[f32], last: &mut [f32; MAX_ORDER], out: &mut [f32]) {
    lanes::recur(filter, input, last, out);
}
