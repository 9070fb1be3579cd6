//! The excitation's memory and what the adaptive codebook takes from it: ITU-T G.723.1 (05/2006)
//! §2.14, §3.4.

use super::filter::settle;
use super::sums::{dot_in_order, plain};
use super::tables::gains::{LARGE, SMALL};
use super::{HISTORY, LAG_SHORT, Rate, SUBFRAME, Sub};
use crate::fixed::{l_shl, round};

/// The last [`HISTORY`] samples of the excitation, the newest last.
pub(super) type Past = [i16; HISTORY];

/// The taps' rows for lags about `lag`: five taps, then their squares and products.
pub(super) fn rows(rate: Rate, lag: usize) -> &'static [[i16; 20]] {
    if rate == Rate::High && lag < LAG_SHORT { &SMALL } else { &LARGE }
}

/// The past of `lag` samples ago, repeated, with two samples on each side for the five taps.
pub(super) fn lagged(past: &Past, lag: usize) -> [i16; SUBFRAME + 4] {
    let mut window = [0; SUBFRAME + 4];
    let start = HISTORY - lag;
    window[..2].copy_from_slice(&past[start - 2..start]);
    let once = lag.min(SUBFRAME + 2);
    window[2..2 + once].copy_from_slice(&past[start..start + once]);
    for place in 2 + once..SUBFRAME + 4 {
        window[place] = window[place - lag];
    }
    window
}

/// The adaptive codebook's part of a subframe: the past of `lag` samples ago through five taps.
pub(super) fn adaptive(past: &Past, lag: usize, row: &[i16; 20]) -> Sub {
    let window = lagged(past, lag);
    let taps = &row[..5];
    let reach: u32 = taps.iter().map(|&tap| u32::from(tap.unsigned_abs())).sum();
    let most = window.iter().fold(0, |most, &it| it.unsigned_abs().max(most));
    if reach * u32::from(most) < 1 << 30 {
        return std::array::from_fn(|place| settle(plain(&window[place..place + 5], taps)));
    }
    std::array::from_fn(|place| round(l_shl(dot_in_order(&window[place..place + 5], taps), 1)))
}

/// Moves a subframe, or two, into the memory.
pub(super) fn push(past: &mut Past, newest: &[i16]) {
    past.copy_within(newest.len().., 0);
    past[HISTORY - newest.len()..].copy_from_slice(newest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g7231::math::random;

    #[test]
    fn five_taps_add_up_in_order_at_all_levels_and_lags() {
        let mut seed = 11;
        for (turn, row) in LARGE.iter().chain(&SMALL).enumerate() {
            let past: Past = std::array::from_fn(|_| random(&mut seed) >> (turn % 5));
            let lag = 15 + turn % 129;
            let window = lagged(&past, lag);
            let in_order: Sub = std::array::from_fn(|place| {
                round(l_shl(dot_in_order(&window[place..place + 5], &row[..5]), 1))
            });
            assert_eq!(adaptive(&past, lag, row), in_order);
        }
    }
}
