//! Takes a dial tone away from digits that are dialled into it.

/// A high-pass filter of the fourth order whose zeros are where dial tones are: 20 dB down and more from
/// 330 to 480 Hz, flat within 0.3 dB from 680 Hz on.
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
        self.state = [first, second];
    }
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

/// `(gain + middle z^-1 + gain z^-2) / (1 + a1 z^-1 + a2 z^-2)`
struct Section {
    gain: f32,
    middle: f32,
    a1: f32,
    a2: f32,
}

/// An elliptic high-pass: 0.3 dB of ripple, 36 dB of attenuation, 660 Hz.
const FIRST: Section =
    Section { gain: 0.538_147_5, middle: -1.065_205, a1: -1.070_487_3, a2: 0.381_038_8 };
const SECOND: Section =
    Section { gain: 1.0, middle: -1.901_470_2, a1: -1.652_920_4, a2: 0.874_927_5 };
