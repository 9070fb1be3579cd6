//! MF R1 and R2: the limits of ITU-T Q.323 and Q.455.

use super::signal::{level, ms, rounded, sine, with_noise};
use super::spandsp;
use media_dsp::tone::mf::{self, Code, Signal};
use media_dsp::tone::{Dbm0, Oscillator};

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
    let forward = [1_380.0, 1_500.0, 1_620.0, 1_740.0, 1_860.0, 1_980.0];
    are_heard_off(Code::R2Forward, forward, |_| 10.0, 7.0);
    are_heard_off(Code::R2Backward, [1_140.0, 1_020.0, 900.0, 780.0, 660.0, 540.0], |_| 10.0, 7.0);
}

#[test]
fn q323_frequencies_1_5_percent_and_5_hz_off_and_6_db_between_them_are_heard() {
    let off = |hertz: f64| hertz * 0.015 + 5.0;
    are_heard_off(Code::R1, [700.0, 900.0, 1_100.0, 1_300.0, 1_500.0, 1_700.0], off, 6.0);
}

/// Either frequency of every signal too high or too low, and either one the louder.
fn are_heard_off(code: Code, frequencies: [f64; 6], off: fn(f64) -> f64, twist: f32) {
    let pairs = (1..6).flat_map(|b| (0..b).map(move |a| (a, b)));
    for (up_a, up_b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        for (first, second) in [(-12.0, -12.0 - twist), (-12.0 - twist, -12.0)] {
            let mut pcm = vec![0.0; ms(50)];
            for (a, b) in pairs.clone() {
                let mut one = vec![0.0; ms(70)];
                let at = |which: usize, up: f64| frequencies[which] + up * off(frequencies[which]);
                Oscillator::new(at(a, up_a)).add_to(Dbm0(first).peak(), &mut one);
                Oscillator::new(at(b, up_b)).add_to(Dbm0(second).peak(), &mut one);
                pcm.extend(one);
                pcm.resize(pcm.len() + ms(60), 0.0);
            }
            let heard = signals(code, &rounded(&pcm));
            assert_eq!(heard, ALL, "{code:?}: {up_a} {up_b}, {first} dBm0");
        }
    }
}

#[test]
fn each_frequency_of_a_signal_has_the_level_that_was_asked_for() {
    for code in CODES {
        for number in ALL {
            let mut pcm = vec![0; 8_000];
            code.generate(Signal::new(number).unwrap(), Dbm0(-11.5), &mut pcm);
            assert!((level(&pcm) + 11.5 - 3.01).abs() < 0.05, "{code:?} {number}");
        }
    }
    assert_eq!(Signal::new(0), None);
    assert_eq!(Signal::new(16), None);
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
fn a_peer_hears_the_signals_that_are_sent() {
    let Some(mut peer) = spandsp::Receiver::r1() else { return };
    peer.hear(&sent(Code::R1, -7.0, ms(70), ms(70)));
    peer.hear(&[0; 800]);
    // Its signs: A is ST3P, B is STP, * is KP, C is ST2P, # is ST.
    assert_eq!(peer.told().len(), 15);
    assert!(peer.told().starts_with("1234567890"), "{}", peer.told());
}

pub(crate) fn signals(code: Code, pcm: &[i16]) -> Vec<u8> {
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

pub(crate) const CODES: [Code; 3] = [Code::R1, Code::R2Forward, Code::R2Backward];

const ALL: [u8; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
