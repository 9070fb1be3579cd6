//! The search of the codebook of the first mode (3GPP TS 26.190, clause 5.8).

use super::arithmetic::scale;
use super::pulse_search::{Found, Signs, nothing, respond};
use super::{SUBFRAME, Subframe};

/// Searches the codebook of the first mode: one pulse in the even and one in the odd places.
pub(super) fn search(correlation: &Subframe, residual: &Subframe, impulse: &Subframe) -> Found {
    let signs = Signs::choose(correlation, residual, 8192);
    let (own, next) = matrix_of_two(impulse, &signs);
    let (mut best_square, mut best_energy) = (-1_i32, 1_i32);
    let (mut x, mut y) = (0, 1);
    for i in 0..32 {
        for j in 0..32 {
            let sum = signs.correlation[2 * i].wrapping_add(signs.correlation[2 * j + 1]);
            let energy = own[2 * i].wrapping_add(own[2 * j + 1]).wrapping_add(next[i][j]);
            let square = i32::from(((i32::from(sum) * i32::from(sum)) >> 15) as i16);
            let energy = i32::from(energy);
            let better = ((best_energy * square) << 1).wrapping_sub((best_square * energy) << 1);
            if better > 0 {
                (best_square, best_energy) = (square, energy);
                (x, y) = (2 * i, 2 * j + 1);
            }
        }
    }
    let mut found = nothing();
    for (track, place) in [x, y].into_iter().enumerate() {
        found.code[place] = if signs.negative[place] { -512 } else { 512 };
        found.tracks[track][0] = (place / 2) as i16 + if signs.negative[place] { 32 } else { 0 };
        respond(&mut found.filtered, impulse, place, &signs);
    }
    scale(&mut found.filtered, -3);
    found
}

/// Energies of the response from each place on, and correlations of even with odd places.
fn matrix_of_two(impulse: &Subframe, signs: &Signs) -> (Subframe, [[i16; 32]; 32]) {
    let mut own = [0; SUBFRAME];
    let mut sum = 0x1_0000_i32;
    for i in 0..SUBFRAME {
        let h = i32::from(impulse[i]);
        sum = sum.wrapping_add((h * h) << 1);
        own[SUBFRAME - 1 - i] = ((sum >> 16) as i16) >> 1;
    }
    let mut next = [[0; 32]; 32];
    for distance in (1..SUBFRAME).step_by(2) {
        let mut sum = 0x8000_i32;
        for i in 0..SUBFRAME - distance {
            let product = i32::from(impulse[i]) * i32::from(impulse[i + distance]);
            sum = sum.wrapping_add(product << 1);
            let (late, early) = (SUBFRAME - 1 - i, SUBFRAME - 1 - i - distance);
            let (even, odd) = if late % 2 == 0 { (late, early) } else { (early, late) };
            let same = signs.negative[even] == signs.negative[odd];
            let factor = if same { 32_767 } else { -32_768 };
            next[even / 2][odd / 2] = ((i32::from((sum >> 16) as i16) * factor) >> 15) as i16;
        }
    }
    (own, next)
}
