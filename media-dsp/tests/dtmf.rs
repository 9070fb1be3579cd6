//! DTMF: every limit of ITU-T Q.24 as a test of its own, and nothing heard where there is nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod oracle;
#[path = "oracle/spandsp.rs"]
mod spandsp;

use media_dsp::dtmf::{Detector, Digit, Event, Generator, Heard};
use media_dsp::tone::{Dbm0, Oscillator, Player, Rounds, Zone};
use oracle::{Chance, speech};
use proptest::prelude::*;

/// A digit as a bad telephone sends it.
#[derive(Clone, Copy)]
struct Sent {
    digit: Digit,
    low: f32,
    high: f32,
    /// Parts by which the row's and the column's frequency are wrong.
    off: (f64, f64),
    on: usize,
    pause: usize,
}

impl Sent {
    fn new(digit: Digit) -> Self {
        Self { digit, low: -10.0, high: -10.0, off: (0.0, 0.0), on: ms(60), pause: ms(60) }
    }

    fn samples(self) -> Vec<f32> {
        let (low, high) = self.digit.frequencies();
        let mut samples = vec![0.0; self.on];
        let at = |hertz: f32, off: f64| Oscillator::new(f64::from(hertz) * (1.0 + off));
        at(low, self.off.0).add_to(Dbm0(self.low).peak(), &mut samples);
        at(high, self.off.1).add_to(Dbm0(self.high).peak(), &mut samples);
        samples.resize(self.on + self.pause, 0.0);
        samples
    }
}

/// All digits ten times, each a few samples later than the last within a detector's block.
fn sent(change: impl Fn(Sent) -> Sent) -> (Vec<f32>, String) {
    let mut samples = vec![0.0; ms(50)];
    let mut digits = String::new();
    for turn in 0..10 {
        for digit in Digit::all() {
            samples.resize(samples.len() + (turn * 16 + digits.len()) % 41, 0.0);
            samples.extend(change(Sent::new(digit)).samples());
            digits.push(digit.sign());
        }
    }
    (samples, digits)
}

fn pcm(samples: &[f32]) -> Vec<i16> {
    samples.iter().map(|it| it.round() as i16).collect()
}

fn heard(samples: &[i16]) -> Vec<Heard> {
    let mut all = Vec::new();
    let mut detector = Detector::new();
    for chunk in samples.chunks(160) {
        detector.hear(chunk, |event| {
            if let Event::Ended(heard) = event {
                all.push(heard);
            }
        });
    }
    detector.hear(&[0; 800], |event| {
        if let Event::Ended(heard) = event {
            all.push(heard);
        }
    });
    all
}

fn digits(samples: &[i16]) -> String {
    heard(samples).iter().map(|it| it.digit.sign()).collect()
}

#[track_caller]
fn all_are_heard(change: impl Fn(Sent) -> Sent) {
    let (samples, expected) = sent(change);
    assert_eq!(digits(&pcm(&samples)), expected);
}

#[track_caller]
fn none_is_heard(change: impl Fn(Sent) -> Sent) {
    let (samples, _) = sent(change);
    assert_eq!(digits(&pcm(&samples)), "");
}

fn ms(millis: usize) -> usize {
    millis * 8
}

#[test]
fn every_digit_is_heard_from_the_loudest_to_minus_25_dbm0_a_tone() {
    for level in [-3.0, -6.0, -15.0, -25.0, -29.0] {
        all_are_heard(|it| Sent { low: level, high: level, ..it });
    }
}

#[test]
fn q24_level_nothing_is_heard_below_minus_45_dbm0() {
    none_is_heard(|it| Sent { low: -45.0, high: -45.0, ..it });
}

#[test]
fn q24_twist_the_column_may_be_4_db_louder_and_the_row_8_db() {
    all_are_heard(|it| Sent { low: -14.0, high: -10.0, ..it });
    all_are_heard(|it| Sent { low: -10.0, high: -18.0, ..it });
    all_are_heard(|it| Sent { low: -25.0, high: -21.0, ..it });
    all_are_heard(|it| Sent { low: -25.0, high: -33.0, ..it });
}

#[test]
fn q24_twist_beyond_what_lines_do_is_no_digit() {
    none_is_heard(|it| Sent { low: -18.0, high: -10.0, ..it });
    none_is_heard(|it| Sent { low: -10.0, high: -22.0, ..it });
}

#[test]
fn q24_frequencies_within_1_5_percent_are_heard() {
    for low in [-0.015, 0.0, 0.015] {
        for high in [-0.015, 0.0, 0.015] {
            all_are_heard(|it| Sent { off: (low, high), ..it });
        }
    }
}

#[test]
fn q24_frequencies_and_twist_at_their_limits_together_are_heard() {
    for low in [-0.015, 0.015] {
        for high in [-0.015, 0.015] {
            all_are_heard(|it| Sent { off: (low, high), low: -14.0, on: ms(40), ..it });
            all_are_heard(|it| Sent { off: (low, high), high: -18.0, on: ms(40), ..it });
        }
    }
}

#[test]
fn q24_a_frequency_3_5_percent_off_is_no_digit() {
    for off in [-0.035, 0.035, -0.05, 0.05] {
        none_is_heard(|it| Sent { off: (off, 0.0), ..it });
        none_is_heard(|it| Sent { off: (0.0, off), ..it });
        none_is_heard(|it| Sent { off: (off, off), on: ms(200), ..it });
    }
}

#[test]
fn q24_digits_and_pauses_of_40_ms_are_heard() {
    all_are_heard(|it| Sent { on: ms(40), pause: ms(40), ..it });
    all_are_heard(|it| Sent { on: ms(40), pause: ms(40), low: -25.0, high: -25.0, ..it });
}

#[test]
fn q24_tones_of_23_ms_are_no_digits() {
    none_is_heard(|it| Sent { on: ms(23), ..it });
    none_is_heard(|it| Sent { on: ms(10), ..it });
}

#[test]
fn q24_gaps_of_up_to_20_ms_do_not_make_it_two() {
    for gap in [1, 5, 10, 15, 20] {
        for place in [45, 50, 53, 57] {
            let mut samples = vec![0.0; ms(20)];
            for digit in Digit::all() {
                let mut one = Sent { on: ms(120), ..Sent::new(digit) }.samples();
                one[ms(place)..ms(place + gap)].fill(0.0);
                samples.extend(one);
            }
            assert_eq!(digits(&pcm(&samples)), "123A456B789C*0#D", "{gap} ms at {place}");
        }
    }
}

#[test]
fn the_same_digit_twice_with_a_pause_of_40_ms_is_two() {
    let one = Sent { on: ms(40), pause: ms(40), ..Sent::new(Digit::parse('5').unwrap()) };
    let samples: Vec<f32> = (0..50).flat_map(|_| one.samples()).collect();
    assert_eq!(digits(&pcm(&samples)), "5".repeat(50));
}

#[test]
fn a_digit_right_after_another_is_a_digit() {
    let (samples, expected) = sent(|it| Sent { on: ms(50), pause: 0, ..it });
    assert_eq!(digits(&pcm(&samples)), expected);
}

#[test]
fn q24_noise_12_db_below_the_digits_does_not_hide_them() {
    let (mut samples, expected) = sent(|it| Sent { on: ms(50), pause: ms(50), ..it });
    add_noise(&mut samples, Dbm0(-10.0 + 3.0 - 12.0));
    assert_eq!(digits(&pcm(&samples)), expected);
    let (mut samples, expected) = sent(|it| Sent { low: -25.0, high: -25.0, ..it });
    add_noise(&mut samples, Dbm0(-25.0 + 3.0 - 15.0));
    assert_eq!(digits(&pcm(&samples)), expected);
}

/// Digits with everything at random within its limits, 40 ms to 45 ms long.
fn at_random(chance: &mut Chance, count: usize) -> (Vec<f32>, String) {
    let (mut samples, mut digits) = (vec![0.0; ms(40)], String::new());
    for _ in 0..count {
        let digit = Digit::all().nth(chance.below(16)).unwrap();
        let mut within = |from: f32, to: f32| from + (to - from) * chance.below(1_001) as f32 / 1e3;
        let low = within(-25.0, -8.0);
        let high = low + within(-8.0, 4.0);
        let off = (within(-0.015, 0.015).into(), within(-0.015, 0.015).into());
        let (on, pause) = (ms(40) + chance.below(40), ms(40) + chance.below(40));
        samples.extend(Sent { digit, low, high, off, on, pause }.samples());
        digits.push(digit.sign());
    }
    (samples, digits)
}

#[test]
fn five_thousand_digits_at_random_within_all_limits_are_heard() {
    let (samples, expected) = at_random(&mut Chance::new(24), 5_000);
    assert_eq!(digits(&pcm(&samples)), expected);
}

#[test]
fn digits_at_random_are_heard_in_noise_at_minus_50_dbm0() {
    let (mut samples, expected) = at_random(&mut Chance::new(25), 2_000);
    add_noise(&mut samples, Dbm0(-50.0));
    assert_eq!(digits(&pcm(&samples)), expected);
}

#[test]
fn a_dial_tone_15_db_louder_than_the_digits_does_not_hide_them() {
    for zone in Zone::all() {
        let (mut samples, expected) = at_random(&mut Chance::new(26), 30);
        let mut tone = vec![0; samples.len()];
        Player::new(zone.dial, Rounds::Endless, Dbm0(-10.0)).fill(&mut tone);
        samples.iter_mut().zip(&tone).for_each(|(sample, tone)| *sample += f32::from(*tone));
        let mut heard = String::new();
        Detector::beside_dial_tone().hear(&pcm(&samples), |event| {
            if let Event::Began(digit) = event {
                heard.push(digit.digit.sign());
            }
        });
        assert_eq!(heard, expected, "{}", zone.code);
    }
}

#[test]
fn no_speech_beside_a_dial_tone_is_a_digit() {
    let Some(samples) = speech(20 * 60) else { return };
    Detector::beside_dial_tone().hear(&samples, |event| panic!("{event:?} in speech"));
}

#[test]
fn an_echo_of_the_digit_20_ms_later_does_not_hide_it() {
    let (dry, expected) = sent(|it| Sent { on: ms(60), pause: ms(80), ..it });
    let wet: Vec<f32> = (0..dry.len())
        .map(|at| dry[at] + if at < 160 { 0.0 } else { 0.3 * dry[at - 160] })
        .collect();
    assert_eq!(digits(&pcm(&wet)), expected);
}

#[test]
fn a_digit_comes_with_its_begin_its_duration_and_its_level() {
    for (at, on, level) in [(800, ms(40), -25.0), (1_013, ms(77), -10.0), (977, ms(500), -5.0)] {
        for digit in Digit::all() {
            let mut samples = vec![0.0; at];
            let sent = Sent { on, low: level, high: level, ..Sent::new(digit) };
            samples.extend(sent.samples());
            let [heard] = heard(&pcm(&samples))[..] else { panic!("{digit} is not one digit") };
            assert!(heard.begin.abs_diff(at as u64) <= 24, "{digit} at {at}: {heard:?}");
            assert!(heard.duration.abs_diff(on as u64) <= 40, "{digit} for {on}: {heard:?}");
            assert!((heard.level.0 - level - 3.0).abs() < 0.5, "{digit} {heard:?}");
        }
    }
}

#[test]
fn a_begin_is_told_within_40_ms() {
    for digit in Digit::all() {
        let samples = pcm(&Sent { on: ms(40), pause: 0, ..Sent::new(digit) }.samples());
        let mut begun = None;
        Detector::new().hear(&samples, |event| begun = Some(event));
        let Some(Event::Began(heard)) = begun else { panic!("{digit} did not begin") };
        assert_eq!(heard.digit, digit);
    }
}

#[test]
fn what_is_generated_has_its_levels_and_is_heard() {
    for digit in Digit::all() {
        let levels = (Dbm0(-8.0), Dbm0(-6.0));
        let mut generator = Generator::new(digit, levels, 800, 400);
        let mut samples = [0; 1_300];
        assert_eq!(generator.fill(&mut samples[..700]), 700);
        assert_eq!(generator.fill(&mut samples[700..]), 500);
        let squares: f32 = samples[..800].iter().map(|it| f32::from(*it).powi(2)).sum();
        let level = Dbm0::of_mean_square(squares / 800.0).0;
        assert!((level + 3.88).abs() < 0.1, "{digit}: {level}");
        assert_eq!(digits(&samples), digit.to_string());
    }
}

#[test]
fn no_speech_is_a_digit() {
    let Some(samples) = speech(20 * 60) else { return };
    assert!(samples.len() > 10 * 60 * 8_000);
    for gain in [1.0, 0.25] {
        let louder: Vec<i16> = samples.iter().map(|it| (f32::from(*it) * gain) as i16).collect();
        assert_eq!(heard(&louder), []);
    }
}

#[test]
fn no_noise_is_a_digit() {
    let mut chance = Chance::new(9);
    let mut detector = Detector::new();
    let mut smooth = 0.0_f32;
    for second in 0..10 * 60 {
        let loud = 10_f32.powf(-((second % 40) as f32) / 20.0);
        let chunk: Vec<i16> = (0..8_000)
            .map(|_| {
                let white = f32::from(chance.sample());
                smooth += 0.2 * (white - smooth);
                (loud * if second % 2 == 0 { white } else { 2.0 * smooth }) as i16
            })
            .collect();
        detector.hear(&chunk, |event| panic!("{event:?} in noise, second {second}"));
    }
}

#[test]
fn no_music_is_a_digit() {
    let mut chance = Chance::new(5);
    let mut detector = Detector::new();
    for bar in 0..10 * 60 {
        let chunk = chord(&mut chance, 8_000);
        detector.hear(&chunk, |event| panic!("{event:?} in music, second {bar}"));
    }
}

/// Notes of the tempered scale, one to three at once, dying away. Each has its harmonics: two pure
/// tones of F5 and E6, say, would be a 2.
fn chord(chance: &mut Chance, length: usize) -> Vec<i16> {
    let mut samples = vec![0.0; length];
    let note = length / [1, 2, 4, 8][chance.below(4)];
    for part in samples.chunks_mut(note) {
        for _ in 0..1 + chance.below(3) {
            let hertz = 110.0 * 2_f64.powf(chance.below(48) as f64 / 12.0);
            let fading = 0.5 + chance.below(50) as f32 / 100.0;
            for harmonic in 1..=3 + chance.below(6) as i32 {
                let at = hertz * f64::from(harmonic);
                if at < 3_800.0 {
                    Oscillator::new(at).add_to(4_000.0 * fading.powi(harmonic - 1), part);
                }
            }
        }
        let steps = part.len() as f32;
        for (at, sample) in part.iter_mut().enumerate() {
            *sample *= 1.0 - 0.7 * at as f32 / steps;
        }
    }
    pcm(&samples)
}

fn add_noise(samples: &mut [f32], level: Dbm0) {
    let mut chance = Chance::new(77);
    // A uniform sample has a third of its peak's square.
    let peak = (level.mean_square() * 3.0).sqrt();
    for sample in samples {
        *sample += peak * f32::from(chance.sample()) / 32_768.0;
    }
}

#[test]
fn how_the_samples_are_cut_makes_no_difference() {
    let (samples, expected) = sent(|it| it);
    let samples = pcm(&samples);
    let mut chance = Chance::new(3);
    let mut detector = Detector::new();
    let (mut rest, mut begun) = (&samples[..], String::new());
    while !rest.is_empty() {
        let (now, later) = rest.split_at(chance.below(300).min(rest.len()));
        detector.hear(now, |event| {
            if let Event::Began(heard) = event {
                begun.push(heard.digit.sign());
            }
        });
        rest = later;
    }
    assert_eq!(begun, expected);
}

proptest! {
    #[test]
    fn no_samples_make_it_panic(samples in proptest::collection::vec(any::<i16>(), 0..4_000)) {
        let mut detector = Detector::new();
        detector.hear(&samples, |_| ());
        let square: Vec<i16> =
            samples.iter().map(|it| if *it < 0 { i16::MIN } else { i16::MAX }).collect();
        detector.hear(&square, |_| ());
    }
}

#[test]
fn a_peer_hears_the_same_digits() {
    let Some(mut peer) = spandsp::Receiver::dtmf() else { return };
    let mut line = Vec::new();
    for digit in Digit::all() {
        let mut samples = [0; 960];
        Generator::new(digit, (Dbm0(-10.0), Dbm0(-8.0)), 480, 480).fill(&mut samples);
        line.extend(samples);
    }
    peer.hear(&line);
    assert_eq!(peer.told(), digits(&line));
}
