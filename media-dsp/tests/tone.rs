//! Tones: those that are made are right, and those that are heard are there.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;
#[path = "oracle/spandsp.rs"]
mod spandsp;

use media_dsp::tone::ansam::{Envelope, Generator, Phase};
use media_dsp::tone::answer::{self, Tone};
use media_dsp::tone::busy::{self, Cadence};
use media_dsp::tone::mf::{self, Code, Signal};
use media_dsp::tone::{
    Dbm0, Indication, Oscillator, Player, Rounds, Sound, Step, Zone, information, progress,
};
use oracle::{Chance, speech};
use proptest::prelude::*;

const CODES: [Code; 3] = [Code::R1, Code::R2Forward, Code::R2Backward];

fn ms(millis: usize) -> usize {
    millis * 8
}

fn played(steps: &[Step], level: f32, seconds: usize) -> Vec<i16> {
    let mut pcm = vec![0; ms(300) + seconds * 8_000];
    let count = Player::new(steps, Rounds::Endless, Dbm0(level)).fill(&mut pcm[ms(300)..]);
    assert_eq!(count, seconds * 8_000);
    pcm
}

fn level(pcm: &[i16]) -> f32 {
    let squares: f64 = pcm.iter().map(|it| f64::from(*it).powi(2)).sum();
    Dbm0::of_mean_square((squares / pcm.len() as f64) as f32).0
}

fn with_noise(pcm: &[i16], level: Dbm0, seed: u64) -> Vec<i16> {
    let mut chance = Chance::new(0x9876_5432 + seed * 977);
    let peak = (level.mean_square() * 3.0).sqrt();
    let noisy = |it: &i16| f32::from(*it) + peak * f32::from(chance.sample()) / 32_768.0;
    pcm.iter().map(noisy).map(|it| it.round() as i16).collect()
}

fn sine(hertz: f64, level: f32, samples: usize) -> Vec<i16> {
    let mut pcm = vec![0.0; samples];
    Oscillator::new(hertz).add_to(Dbm0(level).peak(), &mut pcm);
    pcm.iter().map(|it| it.round() as i16).collect()
}

#[test]
fn every_sound_has_the_power_that_was_asked_for() {
    for sound in [
        Sound::One(425.0),
        Sound::Two(350.0, 440.0),
        Sound::Three(400.0, 425.0, 450.0),
        Sound::Modulated(425.0, 24.0),
    ] {
        for asked in [-3.0, -10.0, -25.0, -40.0] {
            let steps = [Step(sound, 0)];
            let mut pcm = vec![0; 80_000];
            Player::new(&steps, Rounds::Endless, Dbm0(asked)).fill(&mut pcm);
            let is = level(&pcm);
            assert!((is - asked).abs() < 0.1, "{sound:?}: {is} for {asked}");
        }
    }
}

#[test]
fn a_cadence_is_right_to_the_sample() {
    let steps =
        [Step(Sound::One(1_000.0), 330), Step(Sound::Off, 30), Step(Sound::One(500.0), 100)];
    let mut pcm = [0; 8_000];
    let mut player = Player::new(&steps, Rounds::Times(2), Dbm0(-10.0));
    let count = player.fill(&mut pcm[..1_000]) + player.fill(&mut pcm[1_000..]);
    assert_eq!(count, 2 * 460 * 8);
    assert!(pcm[330 * 8..360 * 8].iter().all(|it| *it == 0));
    assert!((level(&pcm[..330 * 8]) + 10.0).abs() < 0.1);
    assert!((level(&pcm[360 * 8..460 * 8]) + 10.0).abs() < 0.1);
    assert_eq!(pcm[..460 * 8], pcm[460 * 8..920 * 8]);
}

#[test]
fn a_table_without_steps_or_without_time_ends_at_once() {
    let mut pcm = [7; 100];
    assert_eq!(Player::new(&[], Rounds::Endless, Dbm0(0.0)).fill(&mut pcm), 0);
    let steps = [Step(Sound::Off, 1)];
    assert_eq!(Player::new(&steps, Rounds::Times(0), Dbm0(0.0)).fill(&mut pcm), 0);
}

fn indications(zone: &'static Zone, pcm: &[i16]) -> Vec<Indication> {
    let mut all = Vec::new();
    let mut detector = progress::Detector::new(zone);
    pcm.chunks(160).for_each(|chunk| detector.hear(chunk, |heard| all.push(heard.indication)));
    all
}

#[track_caller]
fn every_tone_of_every_country(change: impl Fn(&[Step]) -> Vec<i16>) {
    let mut wrong = Vec::new();
    for zone in Zone::all() {
        for (indication, steps) in zone.indications() {
            let heard = indications(zone, &change(steps));
            if heard != [indication] {
                wrong.push(format!("{} {indication:?}: {heard:?}", zone.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn cycles(steps: &[Step]) -> usize {
    let cycle: usize = steps.iter().map(|step| usize::from(step.1)).sum();
    (cycle * 2).div_ceil(1_000).clamp(6, 20)
}

#[test]
fn every_tone_of_every_country_is_heard_as_what_it_is() {
    every_tone_of_every_country(|steps| played(steps, -10.0, cycles(steps)));
}

#[test]
fn every_tone_is_heard_at_minus_35_dbm0_in_noise_20_db_below() {
    every_tone_of_every_country(|steps| {
        with_noise(&played(steps, -35.0, cycles(steps)), Dbm0(-55.0), 1)
    });
}

#[test]
fn every_tone_is_heard_with_cadences_5_percent_off() {
    for off in [95, 105] {
        every_tone_of_every_country(|steps| {
            let steps: Vec<_> = steps
                .iter()
                .map(|Step(sound, millis)| Step(*sound, (u32::from(*millis) * off / 100) as u16))
                .collect();
            played(&steps, -15.0, cycles(&steps))
        });
    }
}

#[test]
fn every_tone_is_heard_with_frequencies_1_percent_off() {
    for off in [0.99, 1.01] {
        every_tone_of_every_country(|steps| {
            let steps: Vec<_> = steps
                .iter()
                .map(|Step(sound, millis)| {
                    let sound = match *sound {
                        Sound::Off => Sound::Off,
                        Sound::One(a) => Sound::One(a * off),
                        Sound::Two(a, b) => Sound::Two(a * off, b * off),
                        Sound::Three(a, b, c) => Sound::Three(a * off, b * off, c * off),
                        Sound::Modulated(a, by) => Sound::Modulated(a * off, by),
                    };
                    Step(sound, *millis)
                })
                .collect();
            played(&steps, -15.0, cycles(&steps))
        });
    }
}

#[test]
fn how_the_samples_are_cut_makes_no_difference() {
    let zone = Zone::find("US").unwrap();
    let pcm = played(zone.busy, -10.0, 4);
    let (mut chance, mut rest, mut all) = (Chance::new(12), &pcm[..], Vec::new());
    let mut detector = progress::Detector::new(zone);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(chance.below(300).min(rest.len()));
        detector.hear(now, |heard| all.push(heard.indication));
        rest = later;
    }
    assert_eq!(all, [Indication::Busy]);
}

#[test]
fn one_tone_after_another_is_heard() {
    let zone = Zone::find("DE").unwrap();
    let order = [Indication::Dial, Indication::Ringback, Indication::Busy, Indication::Congestion];
    let pcm: Vec<i16> =
        order.iter().flat_map(|it| played(zone.steps(*it).unwrap(), -10.0, 9)).collect();
    assert_eq!(indications(zone, &pcm), order);
}

#[test]
fn no_country_hears_a_tone_in_speech() {
    let Some(samples) = speech(20 * 60) else { return };
    for code in ["DE", "US", "GB", "IN", "AT", "BR", "HU", "JP"] {
        assert_eq!(indications(Zone::find(code).unwrap(), &samples), [], "{code}");
    }
    for zone in Zone::all() {
        assert_eq!(indications(zone, &samples[..3 * 60 * 8_000]), [], "{}", zone.code);
    }
}

#[test]
fn the_special_information_tone_of_every_country_is_heard() {
    for zone in Zone::all() {
        let Some(steps) = zone.information else { continue };
        for level in [-10.0, -30.0] {
            let pcm = with_noise(&played(steps, level, 5), Dbm0(level - 25.0), 2);
            let mut heard = Vec::new();
            information::Detector::new().hear(&pcm, |tones| heard.push(tones));
            // It comes every two seconds.
            assert!((2..=3).contains(&heard.len()), "{}: {heard:?}", zone.code);
            for tones in heard {
                let sounds = steps.iter().filter(|step| step.0 != Sound::Off);
                for (Step(sound, _), tone) in sounds.zip(tones) {
                    let Sound::One(hertz) = sound else { panic!("{sound:?}") };
                    assert!((tone.hertz - hertz).abs() < 6.0, "{}: {tone:?}", zone.code);
                }
            }
        }
    }
}

#[test]
fn no_speech_is_special_information() {
    let Some(samples) = speech(20 * 60) else { return };
    information::Detector::new().hear(&samples, |tones| panic!("{tones:?}"));
}

fn signals(code: Code, pcm: &[i16]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut detector = mf::Detector::new(code);
    for chunk in pcm.chunks(160) {
        detector.hear(chunk, |event| {
            if let mf::Event::Began(signal, _) = event {
                all.push(signal.number());
            }
        });
    }
    all
}

fn sent(code: Code, level: f32, on: usize, off: usize) -> Vec<i16> {
    let mut pcm = vec![0; ms(37)];
    for number in 1..=15 {
        let mut one = vec![0; on];
        code.generate(Signal::new(number).unwrap(), Dbm0(level), &mut one);
        pcm.extend(one);
        pcm.resize(pcm.len() + off, 0);
    }
    pcm
}

const ALL: [u8; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

#[test]
fn q323_every_signal_of_r1_is_heard_with_60_ms_and_pauses_of_60() {
    for level in [0.0, -7.0, -14.0, -25.0] {
        assert_eq!(signals(Code::R1, &sent(Code::R1, level, ms(60), ms(60))), ALL, "{level}");
    }
}

#[test]
fn q455_every_signal_of_r2_is_heard_from_minus_5_to_minus_35_dbm0() {
    for code in [Code::R2Forward, Code::R2Backward] {
        for level in [-5.0, -11.5, -20.0, -35.0] {
            let pcm = with_noise(&sent(code, level, ms(60), ms(50)), Dbm0(level - 20.0), 3);
            assert_eq!(signals(code, &pcm), ALL, "{code:?} {level}");
        }
    }
}

#[test]
fn q455_the_begin_and_the_end_of_a_signal_take_70_ms_together() {
    for code in [Code::R2Forward, Code::R2Backward] {
        for number in ALL {
            for lead in 0..40 {
                let mut pcm = vec![0; ms(300)];
                let (begin, end) = (800 + lead, 800 + lead + ms(120));
                code.generate(Signal::new(number).unwrap(), Dbm0(-11.5), &mut pcm[begin..end]);
                let (mut detector, mut late) = (mf::Detector::new(code), 0);
                for (at, sample) in pcm.iter().enumerate() {
                    detector.hear(&[*sample], |event| {
                        late += at + 1
                            - if matches!(event, mf::Event::Began(..)) { begin } else { end };
                    });
                }
                assert!(late > 0 && late <= ms(70), "{code:?} {number}: {late} samples");
            }
        }
    }
}

#[test]
fn q455_frequencies_10_hz_off_and_7_db_between_them_are_heard() {
    let frequencies = [1_380.0, 1_500.0, 1_620.0, 1_740.0, 1_860.0, 1_980.0];
    for off in [-10.0, 10.0] {
        for (low, high) in [(-12.0, -19.0), (-19.0, -12.0)] {
            let mut pcm = vec![0.0; ms(50)];
            for (a, b) in [(0, 1), (1, 2), (0, 5), (4, 5), (2, 4)] {
                let mut one = vec![0.0; ms(70)];
                Oscillator::new(frequencies[a] + off).add_to(Dbm0(low).peak(), &mut one);
                Oscillator::new(frequencies[b] - off).add_to(Dbm0(high).peak(), &mut one);
                pcm.extend(one);
                pcm.resize(pcm.len() + ms(60), 0.0);
            }
            let pcm: Vec<i16> = pcm.iter().map(|it| it.round() as i16).collect();
            assert_eq!(signals(Code::R2Forward, &pcm), [1, 3, 11, 15, 9], "{off} {low}");
        }
    }
}

#[test]
fn one_tone_and_three_tones_are_no_signal() {
    for code in CODES {
        let mut pcm = vec![0; ms(200)];
        code.generate(Signal::new(1).unwrap(), Dbm0(-10.0), &mut pcm);
        code.generate(Signal::new(6).unwrap(), Dbm0(-10.0), &mut pcm);
        assert_eq!(signals(code, &pcm), [], "{code:?}");
        assert_eq!(signals(code, &sine(1_380.0, -10.0, ms(200))), []);
        assert_eq!(signals(code, &sine(900.0, -10.0, ms(200))), []);
    }
}

#[test]
fn signals_of_7_ms_are_none() {
    for code in CODES {
        assert_eq!(signals(code, &sent(code, -10.0, ms(7), ms(60))), []);
    }
}

#[test]
fn no_speech_is_a_signal() {
    let Some(samples) = speech(20 * 60) else { return };
    for code in CODES {
        assert_eq!(signals(code, &samples), [], "{code:?}");
    }
}

#[test]
fn a_peer_hears_the_signals_that_are_sent() {
    let Some(mut peer) = spandsp::Receiver::r1() else { return };
    peer.hear(&sent(Code::R1, -7.0, ms(70), ms(70)));
    peer.hear(&[0; 800]);
    // Its signs: A is ST3P, B is STP, * is KP, C is ST2P, # is ST.
    assert_eq!(peer.told().len(), 15);
    assert!(peer.told().starts_with("1234567890"), "{}", peer.told());
}

fn answers(pcm: &[i16]) -> Vec<answer::Event> {
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
fn no_speech_and_no_other_tone_is_an_answer_a_calling_fax_or_a_test_tone() {
    for hertz in [950.0, 1_040.0, 1_200.0, 1_300.0, 2_025.0, 2_050.0, 2_150.0, 2_250.0] {
        assert_eq!(answers(&sine(hertz, -10.0, 16_000)), [], "{hertz}");
    }
    let Some(samples) = speech(20 * 60) else { return };
    assert_eq!(answers(&samples), []);
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
fn a_calling_fax_and_a_test_tone_that_are_made_are_heard() {
    let events = answers(&played(&answer::CALLING, -13.0, 7));
    assert!(matches!(events[0], answer::Event::Began(Tone::Calling, _)), "{events:?}");
    assert_eq!(events.len(), 4);
    let events = answers(&played(&answer::TEST, 0.0, 2));
    assert!(matches!(events[..], [answer::Event::Began(Tone::Test, _)]), "{events:?}");
}

#[test]
fn a_detector_is_small() {
    assert!(size_of::<answer::Detector>() <= 640, "{}", size_of::<answer::Detector>());
    assert!(size_of::<information::Detector>() <= 640, "{}", size_of::<information::Detector>());
    assert!(size_of::<mf::Detector>() <= 768, "{}", size_of::<mf::Detector>());
    assert!(size_of::<busy::Detector>() <= 896, "{}", size_of::<busy::Detector>());
    assert!(size_of::<progress::Detector>() <= 1_792, "{}", size_of::<progress::Detector>());
}

fn cadences(mut detector: busy::Detector, pcm: &[i16]) -> Vec<Cadence> {
    let mut all = Vec::new();
    pcm.chunks(160).for_each(|chunk| detector.hear(chunk, |cadence| all.push(cadence)));
    all
}

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
fn ringing_dialling_and_speech_are_not_busy() {
    for code in ["DE", "US", "GB", "ES"] {
        let zone = Zone::find(code).unwrap();
        for steps in [zone.dial, zone.ringback] {
            assert_eq!(cadences(busy::Detector::new(), &played(steps, -10.0, 25)), [], "{code}");
        }
    }
    let Some(samples) = speech(20 * 60) else { return };
    assert_eq!(cadences(busy::Detector::new(), &samples), []);
    let knowing = busy::Detector::knowing(Cadence::new(500, 500));
    assert_eq!(cadences(knowing, &samples), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_samples_make_the_detectors_panic(
        samples in proptest::collection::vec(any::<i16>(), 0..4_000),
    ) {
        indications(Zone::find("US").unwrap(), &samples);
        for code in CODES {
            signals(code, &samples);
        }
        answers(&samples);
        cadences(busy::Detector::new(), &samples);
        information::Detector::new().hear(&samples, |_| ());
    }

    #[test]
    fn no_steps_make_the_player_panic(
        steps in proptest::collection::vec((0.0_f32..5_000.0, 0_u16..40), 0..6),
        times in 0_u16..4,
    ) {
        let steps: Vec<_> =
            steps.iter().map(|(hertz, millis)| Step(Sound::Two(*hertz, 440.0), *millis)).collect();
        let mut pcm = [0; 2_000];
        Player::new(&steps, Rounds::Times(times), Dbm0(3.0)).fill(&mut pcm);
    }
}
