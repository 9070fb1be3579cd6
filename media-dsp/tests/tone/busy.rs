//! Busy tones by their cadence alone.

use super::played;
use super::signal::with_noise;
use media_dsp::tone::busy::{self, Cadence};
use media_dsp::tone::{Dbm0, Zone};

#[test]
fn every_busy_tone_is_learned_by_its_cadence() {
    for zone in Zone::all() {
        let pcm = with_noise(&played(zone.busy, -20.0, 10), Dbm0(-45.0), 8);
        let heard = cadences(busy::Detector::new(), &pcm);
        let Some(first) = heard.first() else { panic!("{} is not heard", zone.code) };
        for (run, step) in first.runs().iter().zip(zone.busy) {
            assert!((run - f32::from(step.1)).abs() <= 15.0, "{}: {first:?}", zone.code);
        }
        let known = cadences(busy::Detector::knowing(*first), &pcm);
        assert!(known.len() > heard.len(), "{}: {}", zone.code, known.len());
    }
}

#[test]
fn a_cadence_of_two_sounds_is_learned() {
    let steps = Zone::find("GB").unwrap().congestion.unwrap();
    let heard = cadences(busy::Detector::new(), &played(steps, -15.0, 8));
    assert_eq!(heard.first().map(|cadence| cadence.runs().len()), Some(4));
}

#[test]
fn ringing_and_dial_tones_that_go_on_are_not_busy() {
    for zone in Zone::all() {
        let dial = Some(zone.dial).filter(|dial| dial.len() == 1);
        for steps in dial.into_iter().chain([zone.ringback]) {
            let pcm = played(steps, -10.0, 25);
            assert_eq!(cadences(busy::Detector::new(), &pcm), [], "{}", zone.code);
        }
    }
}

pub(crate) fn cadences(mut detector: busy::Detector, pcm: &[i16]) -> Vec<Cadence> {
    let mut all = Vec::new();
    pcm.chunks(160).for_each(|chunk| detector.hear(chunk, |cadence| all.push(cadence)));
    all
}
