//! ITU-T Q.24, Table A-1: what has to be heard, and what must not.

use super::oracle::Chance;
use super::signal::{add_noise, ms, rounded};
use super::{Sent, digits, sent};
use media_dsp::dtmf::{Detector, Digit, Event};
use media_dsp::tone::{Dbm0, Player, Rounds, Zone};

#[track_caller]
fn all_are_heard(change: impl Fn(Sent) -> Sent) {
    let (samples, expected) = sent(change);
    assert_eq!(digits(&rounded(&samples)), expected);
}

#[track_caller]
fn none_is_heard(change: impl Fn(Sent) -> Sent) {
    let (samples, _) = sent(change);
    assert_eq!(digits(&rounded(&samples)), "");
}

#[test]
fn every_digit_is_heard_from_the_loudest_to_minus_25_dbm0_a_tone() {
    for level in [-3.0, -6.0, -15.0, -25.0, -29.0] {
        all_are_heard(|it| Sent { low: level, high: level, ..it });
    }
}

#[test]
fn level_nothing_is_heard_below_minus_45_dbm0() {
    none_is_heard(|it| Sent { low: -45.0, high: -45.0, ..it });
}

#[test]
fn twist_the_column_may_be_4_db_louder_and_the_row_8_db() {
    all_are_heard(|it| Sent { low: -14.0, high: -10.0, ..it });
    all_are_heard(|it| Sent { low: -10.0, high: -18.0, ..it });
    all_are_heard(|it| Sent { low: -25.0, high: -21.0, ..it });
    all_are_heard(|it| Sent { low: -25.0, high: -33.0, ..it });
}

#[test]
fn twist_beyond_what_lines_do_is_no_digit() {
    none_is_heard(|it| Sent { low: -18.0, high: -10.0, ..it });
    none_is_heard(|it| Sent { low: -10.0, high: -22.0, ..it });
}

#[test]
fn frequencies_within_1_5_percent_are_heard() {
    for low in [-0.015, 0.0, 0.015] {
        for high in [-0.015, 0.0, 0.015] {
            all_are_heard(|it| Sent { off: (low, high), ..it });
        }
    }
}

#[test]
fn frequencies_and_twist_at_their_limits_together_are_heard() {
    for low in [-0.015, 0.015] {
        for high in [-0.015, 0.015] {
            all_are_heard(|it| Sent { off: (low, high), low: -14.0, on: ms(40), ..it });
            all_are_heard(|it| Sent { off: (low, high), high: -18.0, on: ms(40), ..it });
        }
    }
}

#[test]
fn a_frequency_3_5_percent_off_is_no_digit() {
    for off in [-0.035, 0.035, -0.05, 0.05] {
        none_is_heard(|it| Sent { off: (off, 0.0), ..it });
        none_is_heard(|it| Sent { off: (0.0, off), ..it });
        none_is_heard(|it| Sent { off: (off, off), on: ms(200), ..it });
    }
}

#[test]
fn digits_and_pauses_of_40_ms_are_heard() {
    all_are_heard(|it| Sent { on: ms(40), pause: ms(40), ..it });
    all_are_heard(|it| Sent { on: ms(40), pause: ms(40), low: -25.0, high: -25.0, ..it });
}

#[test]
fn tones_of_23_ms_are_no_digits() {
    none_is_heard(|it| Sent { on: ms(23), ..it });
    none_is_heard(|it| Sent { on: ms(10), ..it });
}

#[test]
fn gaps_of_up_to_20_ms_do_not_make_it_two() {
    for gap in [1, 5, 10, 15, 20] {
        for place in [45, 50, 53, 57] {
            let mut samples = vec![0.0; ms(20)];
            for digit in Digit::all() {
                let mut one = Sent { on: ms(120), ..Sent::new(digit) }.samples();
                one[ms(place)..ms(place + gap)].fill(0.0);
                samples.extend(one);
            }
            assert_eq!(digits(&rounded(&samples)), "123A456B789C*0#D", "{gap} ms at {place}");
        }
    }
}

#[test]
fn the_same_digit_twice_with_a_pause_of_40_ms_is_two() {
    let one = Sent { on: ms(40), pause: ms(40), ..Sent::new(Digit::parse('5').unwrap()) };
    let samples: Vec<f32> = (0..50).flat_map(|_| one.samples()).collect();
    assert_eq!(digits(&rounded(&samples)), "5".repeat(50));
}

#[test]
fn a_digit_right_after_another_is_a_digit() {
    let (samples, expected) = sent(|it| Sent { on: ms(50), pause: 0, ..it });
    assert_eq!(digits(&rounded(&samples)), expected);
}

#[test]
fn noise_12_db_below_the_digits_does_not_hide_them() {
    let (mut samples, expected) = sent(|it| Sent { on: ms(50), pause: ms(50), ..it });
    add_noise(&mut samples, Dbm0(-10.0 + 3.0 - 12.0), 1);
    assert_eq!(digits(&rounded(&samples)), expected);
    let (mut samples, expected) = sent(|it| Sent { low: -25.0, high: -25.0, ..it });
    add_noise(&mut samples, Dbm0(-25.0 + 3.0 - 15.0), 1);
    assert_eq!(digits(&rounded(&samples)), expected);
}

#[test]
fn an_echo_of_the_digit_20_ms_later_does_not_hide_it() {
    let (dry, expected) = sent(|it| Sent { on: ms(60), pause: ms(80), ..it });
    let wet: Vec<f32> = (0..dry.len())
        .map(|at| dry[at] + if at < 160 { 0.0 } else { 0.3 * dry[at - 160] })
        .collect();
    assert_eq!(digits(&rounded(&wet)), expected);
}

#[test]
fn five_thousand_digits_at_random_within_all_limits_are_heard() {
    let (samples, expected) = at_random(&mut Chance::new(24), 5_000);
    assert_eq!(digits(&rounded(&samples)), expected);
}

#[test]
fn digits_at_random_are_heard_in_noise_at_minus_50_dbm0() {
    let (mut samples, expected) = at_random(&mut Chance::new(25), 2_000);
    add_noise(&mut samples, Dbm0(-50.0), 1);
    assert_eq!(digits(&rounded(&samples)), expected);
}

#[test]
fn a_dial_tone_15_db_louder_than_the_digits_does_not_hide_them() {
    for zone in Zone::all() {
        let (mut samples, expected) = at_random(&mut Chance::new(26), 30);
        let mut tone = vec![0; samples.len()];
        Player::new(zone.dial, Rounds::Endless, Dbm0(-10.0)).fill(&mut tone);
        samples.iter_mut().zip(&tone).for_each(|(sample, tone)| *sample += f32::from(*tone));
        let mut heard = String::new();
        Detector::beside_dial_tone().hear(&rounded(&samples), |event| {
            if let Event::Began(digit) = event {
                heard.push(digit.digit.sign());
            }
        });
        assert_eq!(heard, expected, "{}", zone.code);
    }
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
