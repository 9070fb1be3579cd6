//! Taming: how far an error of the channel could grow by the pitch prediction. ITU-T G.729 attachment,
//! `taming.c`.

use super::double::scale;
use super::pitch::{Lag, SUBFRAME};

/// Whether the pitch gain has to stay below one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taming {
    Needed,
    Idle,
}

/// The greatest possible error in each of the last zones of forty samples, the newest first, Q14.
#[derive(Debug, Clone)]
pub(super) struct Growth([i32; 4]);

impl Growth {
    pub(super) fn new() -> Self {
        Self([START; 4])
    }

    /// Whether a delay takes from where the error may be too great.
    pub(super) fn check(&self, lag: Lag) -> Taming {
        let newest = (lag.whole + i16::from(lag.thirds > 0)) as usize;
        let first = zone(newest.saturating_sub(SUBFRAME + INTERPOLATED));
        let last = zone(newest + INTERPOLATED - 2);
        let most = self.0[first..=last].iter().fold(-1, |most, &it| most.max(it));
        if most > LIMIT { Taming::Needed } else { Taming::Idle }
    }

    /// Goes on by half a frame with this gain (Q14) and delay.
    pub(super) fn advance(&mut self, gain: i16, lag: i16) {
        let grown = |error: i32| scale(error, gain).saturating_mul(2).saturating_add(START);
        let worst = if lag < SUBFRAME as i16 {
            let once = grown(self.0[0]);
            once.max(grown(once)).max(-1)
        } else {
            let lag = lag as usize;
            let zones = &self.0[zone(lag - SUBFRAME)..=zone(lag - 1)];
            zones.iter().fold(-1, |worst, &it| worst.max(grown(it)))
        };
        self.0.rotate_right(1);
        self.0[0] = worst;
    }
}

/// The zone of a delay.
fn zone(samples: usize) -> usize {
    (samples / SUBFRAME).min(3)
}

/// One in Q14.
const START: i32 = 0x4000;
/// 60,000 in Q14.
const LIMIT: i32 = 983_040_000;
/// Samples that the interpolation reaches on each side.
const INTERPOLATED: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_above_one_has_to_be_tamed_after_a_while() {
        let mut growth = Growth::new();
        let lag = Lag { whole: 30, thirds: 0 };
        let mut halves = 0;
        while growth.check(lag) == Taming::Idle {
            growth.advance(19_661, lag.whole);
            halves += 1;
        }
        assert!((10..60).contains(&halves), "{halves}");
        growth.advance(8000, 60);
        for _ in 0..100 {
            growth.advance(8000, 60);
        }
        assert_eq!(growth.check(lag), Taming::Idle);
    }
}
