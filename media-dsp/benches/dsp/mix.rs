//! The conference mixer, by participant: adding, level, and the sum of the others.

use crate::oracle::Chance;
use crate::{Bench, Goal};
use media_dsp::mix::{Gain, Mixer, Seat};
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let mut chance = Chance::new(1);
    let three = Gain::from_db(3.0);
    for (samples, gain, shift, what, goal) in [
        (160, Gain::UNITY, 5, "mixer, a participant, 8 kHz", Goal::Nanos(15.0)),
        (160, Gain::UNITY, 1, "mixer, a participant, 8 kHz, sum overloaded", Goal::Stated),
        (160, three, 5, "mixer, a participant with gain, 8 kHz", Goal::Stated),
        (320, Gain::UNITY, 5, "mixer, a participant, 16 kHz", Goal::Stated),
        (960, Gain::UNITY, 5, "mixer, a participant, 48 kHz", Goal::Stated),
    ] {
        let (mut mixer, mut seats) = (Mixer::new(), vec![Seat::new(gain); PARTICIPANTS]);
        let said: Vec<Vec<i16>> = (0..PARTICIPANTS)
            .map(|_| (0..samples).map(|_| chance.sample() >> shift).collect())
            .collect();
        let mut out = vec![0; samples];
        let mut ours = || {
            mixer.begin(samples).unwrap();
            for (seat, pcm) in seats.iter_mut().zip(&said) {
                mixer.add(seat, black_box(pcm)).unwrap();
            }
            for seat in &seats {
                mixer.others(seat, &mut out).unwrap();
                black_box(&out);
            }
        };
        bench.row(what, goal, PARTICIPANTS, &mut ours, &mut []);
    }
}

const PARTICIPANTS: usize = 16;
