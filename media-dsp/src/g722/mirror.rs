//! The quadrature mirror filters that split 16 kHz into two bands of 8 kHz and join them again: ITU-T
//! G.722 clauses 3, 4 and 6, 24 taps.

use super::tables::MIRROR;
use crate::fixed::saturate;

/// The sub-bands of so many pairs of samples.
pub(super) struct Bands {
    pub(super) low: [i32; PAIRS],
    pub(super) high: [i32; PAIRS],
}

/// Splits up to [`PAIRS`] pairs of samples; `past` are the last eleven pairs and becomes them.
pub(super) fn split(past: &mut [i16; PAST], pcm: &[i16]) -> Bands {
    let mut line = [0; PAST + 2 * PAIRS];
    line[..PAST].copy_from_slice(past);
    line[PAST..PAST + pcm.len()].copy_from_slice(pcm);
    past.copy_from_slice(&line[pcm.len()..pcm.len() + PAST]);

    let mut bands = Bands { low: [0; PAIRS], high: [0; PAIRS] };
    for pair in 0..pcm.len() / 2 {
        let taps = &line[2 * pair..2 * pair + 24];
        bands.low[pair] = weighed(taps, &SUM) >> 14;
        bands.high[pair] = weighed(taps, &DIFFERENCE) >> 14;
    }
    bands
}

/// Joins the sub-bands of `pcm.len() / 2` pairs; `past` are the last eleven differences and sums.
pub(super) fn join(past: &mut [[i16; PAST / 2]; 2], bands: &Bands, pcm: &mut [i16]) {
    let pairs = pcm.len() / 2;
    let mut lines = [[0; PAST / 2 + PAIRS]; 2];
    for (line, past) in lines.iter_mut().zip(past.iter()) {
        line[..PAST / 2].copy_from_slice(past);
    }
    for pair in 0..pairs {
        let (low, high) = (bands.low[pair], bands.high[pair]);
        lines[0][PAST / 2 + pair] = (low - high) as i16;
        lines[1][PAST / 2 + pair] = (low + high) as i16;
    }
    for (past, line) in past.iter_mut().zip(&lines) {
        past.copy_from_slice(&line[pairs..pairs + PAST / 2]);
    }
    for (pair, out) in pcm.chunks_exact_mut(2).enumerate() {
        out[0] = saturate(weighed(&lines[0][pair..pair + 12], &BACKWARDS) >> 11);
        out[1] = saturate(weighed(&lines[1][pair..pair + 12], &FORWARDS) >> 11);
    }
}

#[inline(always)]
fn weighed<const TAPS: usize>(samples: &[i16], taps: &[i16; TAPS]) -> i32 {
    samples.iter().zip(taps).map(|(&sample, &tap)| i32::from(sample) * i32::from(tap)).sum()
}

/// The taps of both phases in turn, those of the earlier sample by the sign.
const fn interleaved(sign: i16) -> [i16; 24] {
    let mut taps = [0; 24];
    let mut tap = 0;
    while tap < 12 {
        taps[2 * tap] = sign * MIRROR[tap] as i16;
        taps[2 * tap + 1] = MIRROR[11 - tap] as i16;
        tap += 1;
    }
    taps
}

const fn every_second(from: usize) -> [i16; 12] {
    let both = interleaved(1);
    let mut taps = [0; 12];
    let mut tap = 0;
    while tap < 12 {
        taps[tap] = both[2 * tap + from];
        tap += 1;
    }
    taps
}

pub(super) const SUM: [i16; 24] = interleaved(1);
pub(super) const DIFFERENCE: [i16; 24] = interleaved(-1);
pub(super) const FORWARDS: [i16; 12] = every_second(0);
pub(super) const BACKWARDS: [i16; 12] = every_second(1);

/// Pairs that are filtered at a time.
pub(super) const PAIRS: usize = 40;
/// Samples that the filter still needs.
pub(super) const PAST: usize = 22;
