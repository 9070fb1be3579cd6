//! Takes a dial tone away from digits that are dialled into it.

/// A high-pass filter of the fourth order whose zeros are where dial tones are: 20 dB down and more from
/// 330 to 480 Hz, flat within 0.3 dB from 680 Hz on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Notch {
    state: [[f32; 2]; 2],
}

impl Notch {
    pub(crate) fn filter(&mut self, from: &[i16], to: &mut [i16]) {
        for (from, to) in from.iter().zip(to) {
            let mut sample = f32::from(*from);
            for (section, state) in SECTIONS.iter().zip(&mut self.state) {
                let out = section.gain * sample + state[0];
                state[0] = section.middle * sample - section.a1 * out + state[1];
                state[1] = section.gain * sample - section.a2 * out;
                sample = out;
            }
            *to = sample as i16;
        }
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
const SECTIONS: [Section; 2] = [
    Section { gain: 0.538_147_5, middle: -1.065_205, a1: -1.070_487_3, a2: 0.381_038_8 },
    Section { gain: 1.0, middle: -1.901_470_2, a1: -1.652_920_4, a2: 0.874_927_5 },
];
