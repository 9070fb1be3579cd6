//! The dual tone that tells a telephone to listen.

use super::oracle::talk;
use super::sent;
use super::signal::{level, with_noise};
use media_dsp::caller_id::{Alert, AlertDetector, Delivery, Standard};
use media_dsp::tone::Dbm0;
use proptest::prelude::*;

#[test]
fn the_alert_before_a_message_is_heard_with_its_duration() {
    let mut durations = Vec::new();
    let mut detector = AlertDetector::new();
    let pcm = sent(Standard::Etsi, Delivery::BeforeRingingWithAlert, -13.0);
    detector.hear(&pcm, |duration| durations.push(duration));
    let [duration] = durations[..] else { panic!("{durations:?}") };
    assert!(duration.abs_diff(800) <= 40, "{duration}");
}

#[test]
fn either_part_of_the_alert_is_sent_at_minus_13_dbm0_and_for_its_time() {
    let mut pcm = [7; 1_000];
    assert_eq!(Alert::new(Alert::ON_HOOK).fill(&mut pcm), 800);
    assert!((level(&pcm[..800]) + 13.0 - 3.01).abs() < 0.1, "{}", level(&pcm[..800]));
    assert_eq!(pcm[800..], [7; 200]);
}

#[test]
fn no_speech_is_an_alert() {
    for (whose, samples) in talk() {
        AlertDetector::new().hear(&samples, |lasted| panic!("{whose}: one of {lasted} samples"));
    }
}

#[test]
fn an_alert_during_a_call_is_heard_and_a_beep_is_none() {
    for (samples, count) in [(Alert::DURING_CALL, 1), (Alert::ON_HOOK, 1), (400, 0), (1_200, 0)] {
        let mut pcm = [0; 2_400];
        Alert::new(samples).fill(&mut pcm[333..]);
        let pcm = with_noise(&pcm, Dbm0(-35.0), 2);
        let mut heard = 0;
        AlertDetector::new().hear(&pcm, |_| heard += 1);
        assert_eq!(heard, count, "{samples} samples");
    }
}

proptest! {
    #[test]
    fn no_samples_make_the_detector_panic(
        samples in proptest::collection::vec(any::<i16>(), 0..3_000),
    ) {
        AlertDetector::new().hear(&samples, |_| ());
    }
}
