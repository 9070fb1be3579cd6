//! Pulses of the fixed codebooks, from their parameters: ITU-T G.723.1 (05/2006) §2.15, §2.16,
//! §3.5.

use super::frame::{Speech, Subframe};
use super::tables::gains::{REPEAT_GAIN, REPEAT_SHIFT};
use super::tables::{PULSE_GAIN, PULSES};
use super::{LAG_SHORT, Rate, SUBFRAME, Sub};
use crate::fixed::{add, mult};

/// The pulses of a subframe, at half of their height in the excitation.
pub(super) fn place(rate: Rate, speech: &Speech, subframe: usize) -> Sub {
    let sub = &speech.subframes[subframe];
    match rate {
        Rate::High => {
            let mut pulses = combination(sub, PULSES[subframe]);
            if sub.train {
                repeat(&mut pulses, speech.lags[subframe / 2]);
            }
            pulses
        }
        Rate::Low => {
            let mut pulses = tracks(sub);
            let (lag, gain) = echo(speech.lag(subframe), sub.taps);
            add_echo(&mut pulses, lag, gain);
            pulses
        }
    }
}

/// `count` pulses on one of two grids of 30 places, in the enumeration of such choices; none for an
/// index beyond the 593,775 choices of six or the 142,506 of five.
fn combination(sub: &Subframe, count: usize) -> Sub {
    let mut pulses = [0; SUBFRAME];
    let mut index = sub.positions;
    if index >= if count == MOST { 593_775 } else { 142_506 } {
        return pulses;
    }
    let mut row = MOST - count;
    for place in 0..PLACES {
        let skipped = CHOICES[row][place];
        if index >= skipped {
            index -= skipped;
            continue;
        }
        row += 1;
        let height = PULSE_GAIN[sub.amplitude];
        let negative = sub.signs & 1 << (MOST - row) != 0;
        pulses[sub.grid + 2 * place] = if negative { -height } else { height };
        if row == MOST {
            break;
        }
    }
    pulses
}

/// Adds the same pulses again every `lag` samples.
pub(super) fn repeat(pulses: &mut Sub, lag: usize) {
    let once = *pulses;
    let mut start = lag;
    while start < SUBFRAME {
        for place in start..SUBFRAME {
            pulses[place] = add(pulses[place], once[place - start]);
        }
        start += lag;
    }
}

/// Four pulses, each on a track of eight places. The last places of two tracks lie beyond the
/// subframe.
fn tracks(sub: &Subframe) -> Sub {
    let mut pulses = [0; SUBFRAME];
    let height = PULSE_GAIN[sub.amplitude];
    for track in 0..4 {
        let at = (sub.positions >> (3 * track) & 7) as usize;
        if let Some(pulse) = pulses.get_mut(8 * at + 2 * track + sub.grid) {
            *pulse = if sub.signs >> track & 1 == 1 { height } else { -height };
        }
    }
    pulses
}

/// Lag and gain at which pulses of 5.3 kbit/s are repeated, by the adaptive codebook's lag and
/// taps.
pub(super) fn echo(lag: usize, taps: usize) -> (usize, i16) {
    (lag.saturating_add_signed(isize::from(REPEAT_SHIFT[taps])), REPEAT_GAIN[taps])
}

/// Adds to each sample what stands `lag` before it, with a gain.
pub(super) fn add_echo(pulses: &mut Sub, lag: usize, gain: i16) {
    if lag >= LAG_SHORT {
        return;
    }
    for place in lag..SUBFRAME {
        pulses[place] = add(pulses[place], mult(pulses[place - lag], gain));
    }
}

/// The most pulses in a subframe.
pub(super) const MOST: usize = 6;
/// Places of a grid.
pub(super) const PLACES: usize = SUBFRAME / 2;

/// How many choices of `5 - row` places there are among those after `place`: Table
/// `CombinatorialTable`, by its definition.
pub(super) static CHOICES: [[u32; PLACES]; MOST] = choices();

const fn choices() -> [[u32; PLACES]; MOST] {
    let mut table = [[0; PLACES]; MOST];
    let mut place = PLACES;
    while place > 0 {
        place -= 1;
        let mut row = 0;
        while row < MOST {
            table[row][place] = if row == MOST - 1 {
                1
            } else if place == PLACES - 1 {
                0
            } else {
                table[row][place + 1] + table[row + 1][place + 1]
            };
            row += 1;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_of_places_is_another_set_of_pulses() {
        let set = |positions: u32| {
            combination(&Subframe { positions, amplitude: 3, ..Subframe::default() }, 5)
        };
        for positions in (0..142_506).step_by(97) {
            let pulses = set(positions);
            assert_eq!(pulses.iter().filter(|&&it| it == 4).count(), 5);
            assert_ne!(pulses, set(positions + 1));
        }
        assert_eq!(set(142_506), [0; SUBFRAME]);
        assert_eq!(CHOICES[0][..2], [118_755, 98_280]);
    }
}
