//! Nobody dials by speaking, nor does music.

use super::oracle::talk;
use super::signal::{music, noise};
use media_dsp::dtmf::Detector;

fn detectors() -> [(&'static str, Detector); 2] {
    [("on a line", Detector::new()), ("beside a dial tone", Detector::beside_dial_tone())]
}

#[test]
fn no_speech_is_a_digit() {
    for (whose, samples) in talk() {
        for gain in [1.0, 0.25] {
            let samples: Vec<_> = samples.iter().map(|it| (f32::from(*it) * gain) as i16).collect();
            for (place, mut detector) in detectors() {
                detector.hear(&samples, |event| panic!("{place}, {whose} by {gain}: {event:?}"));
            }
        }
    }
}

#[test]
fn twenty_minutes_of_noise_have_no_digit() {
    none_is_heard_in(noise(MINUTES * 60));
}

#[test]
fn twenty_minutes_of_music_have_no_digit() {
    none_is_heard_in(music(MINUTES * 60));
}

fn none_is_heard_in(seconds: impl Iterator<Item = Vec<i16>>) {
    let mut detectors = detectors();
    for (second, samples) in seconds.enumerate() {
        for (place, detector) in &mut detectors {
            detector.hear(&samples, |event| panic!("{place}, second {second}: {event:?}"));
        }
    }
}

const MINUTES: usize = 20;
