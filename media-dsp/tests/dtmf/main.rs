//! DTMF: every limit of ITU-T Q.24 as a test of its own, and nothing heard where there is nothing.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../oracle/mod.rs"]
mod oracle;
mod q24;
#[path = "../oracle/signal.rs"]
mod signal;
#[path = "../oracle/spandsp.rs"]
mod spandsp;
mod talk_off;

use media_dsp::dtmf::{Detector, Digit, Event, Generator, Heard};
use media_dsp::tone::{Dbm0, Oscillator};
use oracle::Chance;
use proptest::prelude::*;
use signal::{level, ms, rounded};

/// A digit as a bad telephone sends it.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) digit: Digit,
    pub(crate) low: f32,
    pub(crate) high: f32,
    /// Parts by which the row's and the column's frequency are wrong.
    pub(crate) off: (f64, f64),
    pub(crate) on: usize,
    pub(crate) pause: usize,
}

impl Sent {
    pub(crate) fn new(digit: Digit) -> Self {
        Self { digit, low: -10.0, high: -10.0, off: (0.0, 0.0), on: ms(60), pause: ms(60) }
    }

    pub(crate) fn samples(self) -> Vec<f32> {
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
pub(crate) fn sent(change: impl Fn(Sent) -> Sent) -> (Vec<f32>, String) {
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

pub(crate) fn heard(samples: &[i16]) -> Vec<Heard> {
    let mut all = Vec::new();
    let mut detector = Detector::new();
    // What sounds to the end has ended after a little silence.
    for chunk in samples.chunks(160).chain([&[0; 800][..]]) {
        detector.hear(chunk, |event| {
            if let Event::Ended(heard) = event {
                all.push(heard);
            }
        });
    }
    all
}

pub(crate) fn digits(samples: &[i16]) -> String {
    heard(samples).iter().map(|it| it.digit.sign()).collect()
}

#[test]
fn a_digit_comes_with_its_begin_its_duration_and_its_level() {
    for (at, on, level) in [(800, ms(40), -25.0), (1_013, ms(77), -10.0), (977, ms(500), -5.0)] {
        for digit in Digit::all() {
            let mut samples = vec![0.0; at];
            let sent = Sent { on, low: level, high: level, ..Sent::new(digit) };
            samples.extend(sent.samples());
            let [heard] = heard(&rounded(&samples))[..] else { panic!("{digit} is not one digit") };
            assert!(heard.begin.abs_diff(at as u64) <= 24, "{digit} at {at}: {heard:?}");
            assert!(heard.duration.abs_diff(on as u64) <= 40, "{digit} for {on}: {heard:?}");
            assert!((heard.level.0 - level - 3.0).abs() < 0.5, "{digit} {heard:?}");
        }
    }
}

#[test]
fn a_begin_is_told_within_40_ms() {
    for digit in Digit::all() {
        let samples = rounded(&Sent { on: ms(40), pause: 0, ..Sent::new(digit) }.samples());
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
        let level = level(&samples[..800]);
        assert!((level + 3.88).abs() < 0.1, "{digit}: {level}");
        assert_eq!(digits(&samples), digit.to_string());
    }
}

#[test]
fn how_the_samples_are_cut_makes_no_difference() {
    let (samples, expected) = sent(|it| it);
    let samples = rounded(&samples);
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
