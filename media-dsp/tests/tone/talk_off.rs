//! Nobody sounds like a tone by speaking; nor does noise.

use super::answer::answers;
use super::busy::cadences;
use super::mf::{CODES, signals};
use super::oracle::talk;
use super::progress::indications;
use super::signal::noise;
use media_dsp::tone::busy::{self, Cadence};
use media_dsp::tone::{Zone, information};

#[test]
fn no_country_hears_a_tone_in_speech() {
    for (whose, samples) in talk() {
        for zone in Zone::all() {
            assert_eq!(indications(zone, &samples), [], "{}, {whose}", zone.code);
        }
    }
}

#[test]
fn no_speech_is_special_information() {
    for (whose, samples) in talk() {
        information::Detector::new().hear(&samples, |tones| panic!("{whose}: {tones:?}"));
    }
}

#[test]
fn no_speech_is_a_signal_of_an_exchange() {
    for (whose, samples) in talk() {
        for code in CODES {
            assert_eq!(signals(code, &samples), [], "{code:?}, {whose}");
        }
    }
}

#[test]
fn no_speech_is_an_answer_a_calling_fax_or_a_test_tone() {
    for (whose, samples) in talk() {
        assert_eq!(answers(&samples), [], "{whose}");
    }
}

#[test]
fn no_speech_is_a_busy_tone_that_is_learned_or_known() {
    let mut known: Vec<Cadence> = Vec::new();
    for zone in Zone::all() {
        if let [on, off] = zone.busy
            && let cadence = Cadence::new(on.1, off.1)
            && !known.contains(&cadence)
        {
            known.push(cadence);
        }
    }
    for (whose, samples) in talk() {
        assert_eq!(cadences(busy::Detector::new(), &samples), [], "{whose}");
        for cadence in &known {
            let heard = cadences(busy::Detector::knowing(*cadence), &samples);
            assert_eq!(heard, [], "{cadence:?}, {whose}");
        }
    }
}

#[test]
fn five_minutes_of_noise_have_no_tone() {
    let samples: Vec<i16> = noise(5 * 60).flatten().collect();
    for zone in Zone::all() {
        assert_eq!(indications(zone, &samples), [], "{}", zone.code);
    }
    for code in CODES {
        assert_eq!(signals(code, &samples), [], "{code:?}");
    }
    assert_eq!(answers(&samples), []);
    assert_eq!(cadences(busy::Detector::new(), &samples), []);
    information::Detector::new().hear(&samples, |tones| panic!("{tones:?}"));
}
