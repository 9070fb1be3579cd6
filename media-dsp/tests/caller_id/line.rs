//! Frequency shift keying over lines that are noisy, faint, tilted, or fast.

use super::oracle::talk;
use super::signal::{level, with_noise};
use super::{STANDARDS, heard, message, octets, sent};
use media_dsp::caller_id::{Delivery, Message, Standard, japan};
use media_dsp::fsk::{self, BELL_202, Event, Framing, Modem, Transmitter, V23};
use media_dsp::tone::Dbm0;

#[test]
fn noise_20_db_below_the_signal_changes_nothing() {
    for standard in STANDARDS {
        let clean = sent(standard, Delivery::DuringRinging, -13.5);
        for seed in 0..20 {
            let pcm = with_noise(&clean, Dbm0(-33.5), seed);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {seed}");
        }
    }
}

#[test]
fn a_signal_of_minus_40_dbm0_with_noise_20_db_below_is_heard() {
    for standard in STANDARDS {
        let clean = sent(standard, Delivery::DuringRinging, -40.0);
        for seed in 0..20 {
            let pcm = with_noise(&clean, Dbm0(-60.0), seed);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {seed}");
        }
    }
}

#[test]
fn a_clock_2_percent_fast_or_slow_changes_nothing_however_faint_the_signal() {
    for (standard, modem, framing) in [
        (Standard::Telcordia, BELL_202, Framing::ON_HOOK),
        (Standard::Etsi, V23, Framing::ON_HOOK),
        (Standard::Japan, V23, Framing::JAPAN),
    ] {
        let sent = octets(standard);
        for off in [-0.02, -0.01, 0.01, 0.02] {
            // The rate alone, and the frequencies with it.
            let rate = Modem { baud: modem.baud * (1.0 + off), ..modem };
            let all =
                Modem { mark: rate.mark * (1.0 + off), space: rate.space * (1.0 + off), ..rate };
            for (modem, level) in [(rate, -20.0), (all, -20.0), (rate, -40.0), (all, -40.0)] {
                let pcm = keyed(modem, level, framing, &sent);
                let pcm = with_noise(&pcm, Dbm0(level - 20.0), 1);
                let heard = heard(standard, &pcm);
                assert_eq!(heard, std::slice::from_ref(&sent), "{standard:?} {off} {level}");
            }
        }
    }
}

#[test]
fn a_line_that_takes_6_db_more_of_one_frequency_changes_nothing() {
    for standard in STANDARDS {
        let clean = sent(standard, Delivery::DuringRinging, -13.5);
        for tilt in [-0.6_f32, 0.6] {
            let mut before = 0.0;
            let tilted: Vec<i16> = clean
                .iter()
                .map(|it| {
                    let now = f32::from(*it);
                    let out = (now + tilt * before) / 1.6;
                    before = now;
                    out as i16
                })
                .collect();
            let pcm = with_noise(&tilted, Dbm0(-40.0), 5);
            assert_eq!(heard(standard, &pcm), [octets(standard)], "{standard:?} {tilt}");
        }
    }
}

#[test]
fn ten_marks_between_octets_are_borne() {
    let framing = Framing { stops: 10, ..Framing::ON_HOOK };
    let pcm = keyed(BELL_202, -13.0, framing, &message());
    assert_eq!(heard(Standard::Telcordia, &pcm), [message()]);
}

#[test]
fn a_receiver_says_what_there_is_on_the_line() {
    let pcm = keyed(V23, -13.0, Framing { tail: 40, ..Framing::OFF_HOOK }, b"UU");
    let mut events = Vec::new();
    fsk::Receiver::new(V23).hear(&pcm, |event| events.push(event));
    let [Event::Carrier, Event::Octet { octet: b'U', marks }, Event::Octet { .. }, ..] = events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(events.last(), Some(&Event::Silence));
    assert!((55..=80).contains(&marks), "{marks}");
}

#[test]
fn what_is_sent_has_its_level() {
    let pcm = keyed(V23, -13.5, Framing::ON_HOOK, b"hello");
    let sounding = &pcm[400..4_000];
    assert!((level(sounding) + 13.5).abs() < 0.2, "{}", level(sounding));
}

#[test]
fn speech_is_no_message() {
    for (whose, samples) in talk() {
        for standard in STANDARDS {
            for octets in heard(standard, &samples) {
                let is_refused = Message::parse(&octets).is_err() && japan::parse(&octets).is_err();
                assert!(is_refused, "{standard:?}, {whose}: {octets:x?}");
            }
        }
    }
}

fn keyed(modem: Modem, level: f32, framing: Framing, octets: &[u8]) -> Vec<i16> {
    let mut pcm = vec![0; 24_000];
    let mut bits = framing.bits(octets);
    let count = Transmitter::new(modem, Dbm0(level)).fill(&mut bits, &mut pcm[400..]);
    assert!(count < 23_000);
    pcm.truncate(400 + count + 800);
    pcm
}
