//! The fixed codebook's words: four pulses of one half each, ITU-T G.729 §3.8, §4.1.4.

use super::pitch::SUBFRAME;
use crate::fixed::{add, mult};

/// A word of the fixed codebook in Q13, before or after it was sharpened.
pub(super) type Word = [i16; SUBFRAME];

/// The word with pulses at these places and signs.
pub(super) fn decode(places: i16, signs: i16) -> Word {
    let track = |shift: i16| (places >> shift & 7) as usize * 5;
    let fourth = track(10) + 3 + usize::from(places >> 9 & 1 != 0);
    let mut word = [0; SUBFRAME];
    for (n, place) in [track(0), track(3) + 1, track(6) + 2, fourth].into_iter().enumerate() {
        word[place] = if signs >> n & 1 != 0 { PLUS } else { MINUS };
    }
    word
}

/// Adds what lies `lag` samples before, weakened by the pitch gain (Q14), to every sample: §3.8, P(z).
#[inline(always)]
pub(super) fn sharpen(samples: &mut Word, lag: i16, gain: i16) {
    for n in lag as usize..SUBFRAME {
        samples[n] = add(samples[n], mult(samples[n - lag as usize], 2 * gain));
    }
}

/// One in Q13, as far as it goes.
pub(super) const PLUS: i16 = 8191;
pub(super) const MINUS: i16 = -8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pulse_has_its_track() {
        let word = decode(0b1_1111_1010_0011 & 0x1fff, 0b0101);
        let pulses: Vec<_> =
            (0..SUBFRAME).filter(|&n| word[n] != 0).map(|n| (n, word[n])).collect();
        assert_eq!(pulses, [(15, PLUS), (21, MINUS), (32, PLUS), (39, MINUS)]);
    }

    #[test]
    fn a_short_delay_repeats_the_pulses() {
        let mut word = [0; SUBFRAME];
        word[1] = PLUS;
        sharpen(&mut word, 19, 13_017);
        assert_eq!((word[20], word[39]), (6507, 5169));
    }
}
