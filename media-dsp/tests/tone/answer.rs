//! The tones of fax machines and modems, and the test tone.

use super::played;
use super::signal::{level, sine, with_noise};
use media_dsp::tone::ansam::{Envelope, Generator, Phase};
use media_dsp::tone::answer::{self, Tone};
use media_dsp::tone::{Dbm0, Oscillator};

#[test]
fn the_answer_of_a_fax_is_heard_at_every_level_and_frequency_that_it_may_have() {
    for hertz in [2_085.0, 2_100.0, 2_115.0] {
        for level in [-3.0, -20.0, -40.0] {
            let pcm =
                with_noise(&answer_tone(hertz, 0.0, false, level, 3.0), Dbm0(level - 20.0), 4);
            let events = answers(&pcm);
            let [
                answer::Event::Began(Tone::Answer, heard),
                answer::Event::Ended(Tone::Answer, lasted),
            ] = events[..]
            else {
                panic!("{hertz} {level}: {events:?}")
            };
            assert!((heard.0 - level).abs() < 0.5, "{heard:?}");
            assert!(lasted.abs_diff(24_000) <= 120, "{lasted}");
        }
    }
}

#[test]
fn phase_reversals_of_the_answer_tone_are_heard_where_they_are() {
    for hertz in [2_085.0, 2_100.0, 2_115.0] {
        for level in [-5.0, -31.0] {
            for depth in [0.0, 0.2] {
                let pcm = answer_tone(hertz, depth, true, level, 3.3);
                let pcm = with_noise(&pcm, Dbm0(level - 25.0), 6);
                let events = answers(&pcm);
                let heard = reversals(&events);
                assert_eq!(heard.len(), 7, "{hertz} {level} {depth}: {events:?}");
                for (turn, at) in heard.iter().enumerate() {
                    let is = 777 + 3_600 * (turn as u64 + 1);
                    assert!(at.abs_diff(is) <= 64, "{hertz} {level} {depth}: {at} for {is}");
                }
                let is_modulated = events.contains(&answer::Event::Modulated);
                assert_eq!(is_modulated, depth > 0.0, "{hertz} {level} {depth}");
            }
        }
    }
}

#[test]
fn ansam_without_reversals_has_none() {
    let events =
        answers(&with_noise(&answer_tone(2_100.0, 0.2, false, -20.0, 3.0), Dbm0(-45.0), 7));
    assert!(events.contains(&answer::Event::Modulated));
    assert_eq!(reversals(&events), []);
}

#[test]
fn an_answer_tone_that_is_made_has_its_level_and_is_heard_as_what_it_is() {
    for (phase, turns) in [(Phase::Steady, 0), (Phase::Reversed, 6)] {
        for envelope in [Envelope::Constant, Envelope::Swinging] {
            for lead in 0..80 {
                let mut pcm = vec![0; lead + 24_000];
                Generator::new(phase, envelope, Dbm0(-12.0)).fill(&mut pcm[lead..]);
                assert!((level(&pcm[lead..]) + 12.0).abs() < 0.1);
                let events = answers(&pcm);
                let heard = reversals(&events);
                assert_eq!(heard.len(), turns, "{lead}: {events:?}");
                for (turn, at) in heard.iter().enumerate() {
                    let is = lead as u64 + 3_600 * (turn as u64 + 1);
                    assert!(at.abs_diff(is) <= 64, "{lead}: {at} for {is}");
                }
                let is_modulated = events.contains(&answer::Event::Modulated);
                assert_eq!(is_modulated, envelope == Envelope::Swinging, "{lead}");
            }
        }
    }
}

#[test]
fn a_calling_fax_is_heard_at_every_frequency_that_it_may_have() {
    for hertz in [1_062.0, 1_100.0, 1_138.0] {
        let silence = vec![0; 24_000];
        let pcm = [&sine(hertz, -15.0, 4_000)[..], &silence, &sine(hertz, -40.0, 4_000), &silence];
        let events = answers(&pcm.concat());
        let is_calling =
            |event: &&answer::Event| matches!(event, answer::Event::Began(Tone::Calling, _));
        assert_eq!(events.iter().filter(is_calling).count(), 2, "{hertz}: {events:?}");
    }
}

#[test]
fn the_test_tone_is_heard_and_measured() {
    for hertz in [1_000.0, 1_004.0, 1_014.0, 1_020.0] {
        let events = answers(&sine(hertz, 0.0, 16_000));
        let [answer::Event::Began(Tone::Test, level)] = events[..] else { panic!("{events:?}") };
        assert!(level.0.abs() < 0.1, "{level:?}");
    }
}

#[test]
fn a_calling_fax_and_a_test_tone_that_are_made_are_heard() {
    let events = answers(&played(&answer::CALLING, -13.0, 7));
    assert!(matches!(events[0], answer::Event::Began(Tone::Calling, _)), "{events:?}");
    assert_eq!(events.len(), 4);
    let events = answers(&played(&answer::TEST, 0.0, 2));
    assert!(matches!(events[..], [answer::Event::Began(Tone::Test, _)]), "{events:?}");
}

#[test]
fn no_other_tone_is_an_answer_a_calling_fax_or_a_test_tone() {
    for hertz in [950.0, 1_040.0, 1_200.0, 1_300.0, 2_025.0, 2_050.0, 2_150.0, 2_250.0] {
        assert_eq!(answers(&sine(hertz, -10.0, 16_000)), [], "{hertz}");
    }
}

pub(crate) fn answers(pcm: &[i16]) -> Vec<answer::Event> {
    let mut all = Vec::new();
    let mut detector = answer::Detector::new();
    pcm.chunks(160).for_each(|chunk| detector.hear(chunk, |event| all.push(event)));
    all
}

/// ANSam as V.8 §7.2 has it, its parts as asked for.
fn answer_tone(hertz: f64, depth: f32, reversals: bool, level: f32, seconds: f32) -> Vec<i16> {
    let (mut carrier, mut swing) = (Oscillator::new(hertz), Oscillator::new(15.0));
    let mut pcm = vec![0; 777];
    for at in 0..(seconds * 8_000.0) as usize {
        if reversals && at > 0 && at % 3_600 == 0 {
            carrier.reverse();
        }
        let loud = 1.0 + depth * swing.sample();
        pcm.push((Dbm0(level).peak() * loud * carrier.sample()) as i16);
    }
    pcm.resize(pcm.len() + 1_600, 0);
    pcm
}

fn reversals(events: &[answer::Event]) -> Vec<u64> {
    let at =
        |it: &answer::Event| if let answer::Event::Reversed { at } = it { Some(*at) } else { None };
    events.iter().filter_map(at).collect()
}
