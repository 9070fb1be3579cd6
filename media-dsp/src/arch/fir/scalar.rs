//! Without vector instructions, or with those that the compiler finds for plain loops.

use super::{Bank, HEADROOM, TILE};

pub(super) fn tile<const P: usize>(bank: &Bank<'_>, x: &[i16]) -> [[i16; TILE]; P] {
    let mut totals = [[0_i32; TILE]; P];
    for (stream, taps) in bank.taps.chunks_exact(bank.pairs * P).enumerate() {
        let half = bank.pairs.div_ceil(2);
        for (pairs, first) in [(&taps[..half * P], 0), (&taps[half * P..], 2 * half)] {
            let x = &x[stream * bank.stride + first..];
            for (phase, totals) in totals.iter_mut().enumerate() {
                let mut sums = [0_i32; TILE];
                for (pair, taps) in pairs.chunks_exact(P).enumerate() {
                    let [early, late] = taps[phase].map(i32::from);
                    let x = &x[2 * pair..2 * pair + TILE + 1];
                    for (place, sum) in sums.iter_mut().enumerate() {
                        *sum += early * i32::from(x[place]) + late * i32::from(x[place + 1]);
                    }
                }
                for (total, sum) in totals.iter_mut().zip(sums) {
                    *total += sum >> HEADROOM;
                }
            }
        }
    }
    let shift = bank.scale - HEADROOM;
    totals.map(|totals| {
        totals.map(|total| {
            let scaled = (total * bank.gain + (1 << (shift - 1))) >> shift;
            scaled.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
        })
    })
}
