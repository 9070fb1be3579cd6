//! Takes a dial tone away from digits that are dialled into it.

/// A high-pass filter of the fourth order whose zeros are where dial tones are: 20 dB down and more
/// from 330 to 480 Hz, flat within 0.3 dB from 680 Hz on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Notch {
    state: [[f32; 2]; 2],
}

impl Notch {
    pub(crate) fn filter(&mut self, from: &[i16], to: &mut [i16]) {
        let [mut first, mut second] = self.state;
        for (from, to) in from.iter().zip(to) {
            let sample = FIRST.next(f32::from(*from), &mut first);
            *to = SECOND.next(sample, &mut second) as i16;
        }
        // Sound that has ended would ring on for ever in numbers so small that they take long.
        let quiet = |it: f32| if it.abs() < INAUDIBLE { 0.0 } else { it };
        self.state = [first, second].map(|section| section.map(quiet));
    }
}

/// `(gain + middle z^-1 + gain z^-2) / (1 + a1 z^-1 + a2 z^-2)`
struct Section {
    gain: f32,
    middle: f32,
    a1: f32,
    a2: f32,
}

impl Section {
    #[inline(always)]
    fn next(&self, sample: f32, [last, older]: &mut [f32; 2]) -> f32 {
        // The last value comes in last, so that samples wait for each other but briefly.
        let now = (sample - self.a2 * *older) - self.a1 * *last;
        let out = self.gain * (now + *older) + self.middle * *last;
        (*last, *older) = (now, *last);
        out
    }
}

/// An elliptic high-pass: 0.3 dB of ripple, 36 dB of attenuation, 660 Hz.
const FIRST: Section =
    Section { gain: 0.538_147_5, middle: -1.065_205, a1: -1.070_487_3, a2: 0.381_038_8 };
const SECOND: Section =
    Section { gain: 1.0, middle: -1.901_470_2, a1: -1.652_920_4, a2: 0.874_927_5 };
/// Far below a step of a sample.
const INAUDIBLE: f32 = 1e-10;

#[cfg(test)]
mod tests {
    use super::super::Oscillator;
    use super::*;

    /// How much of a sine is left, in dB.
    fn passed(hertz: f64) -> f32 {
        let mut tone = Oscillator::new(hertz);
        let from: Vec<_> = (0..8_000).map(|_| (10_000.0 * tone.sample()) as i16).collect();
        let mut to = vec![0; from.len()];
        Notch::default().filter(&from, &mut to);
        let power = |pcm: &[i16]| pcm[800..].iter().map(|it| f32::from(*it).powi(2)).sum::<f32>();
        10.0 * (power(&to) / power(&from)).log10()
    }

    #[test]
    fn a_dial_tone_is_taken_away_and_digits_are_not() {
        for hertz in [330.0, 350.0, 400.0, 425.0, 440.0, 480.0] {
            assert!(passed(hertz) < -20.0, "{hertz}: {}", passed(hertz));
        }
        for hertz in [680.0, 697.0, 941.0, 1_209.0, 1_633.0, 3_400.0] {
            assert!(passed(hertz).abs() < 0.35, "{hertz}: {}", passed(hertz));
        }
    }

    #[test]
    fn after_a_tone_it_comes_to_rest() {
        let mut notch = Notch::default();
        notch.filter(&[9_000; 160], &mut [0; 160]);
        for _ in 0..10 {
            notch.filter(&[0; 160], &mut [0; 160]);
        }
        assert_eq!(notch.state, [[0.0; 2]; 2]);
    }
}
