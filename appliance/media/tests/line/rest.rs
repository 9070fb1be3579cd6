//! What works on a B channel as on every port: keys, conferences, announcements.

use super::town::*;
use call::{
    CallId, Codec, Container, Decibels, KeyPress, KeySource, Layout, LineSound, MediaCommand,
    MediaEvent, PlayId, PortId, Recording, RecordingId, RoomId, Rounds, Samples, Sound, UnixMillis,
};
use media_dsp::dtmf::{Detector, Digit, Event};
use std::num::NonZeroU16;
use std::sync::Arc;

pub(crate) fn recording(id: RecordingId) -> Recording {
    Recording {
        id,
        call: CallId(1),
        tenant: 1,
        container: Container::Wav,
        layout: Layout::Sides,
        by: String::new(),
        started: UnixMillis(0),
        ended: None,
        stop: None,
        millis: 0,
        octets: 0,
        missed_millis: 0,
    }
}

fn loudness(octets: &[u8]) -> f32 {
    super::line::level(&expand(octets))
}

#[test]
fn keys_pressed_on_the_line_are_heard_and_reach_a_phone_as_events() {
    let mut town = Town::new();
    town.open_line(0, LineSound { cancel_echo: true, ..PLAIN });
    let events = (101, Codec::TelephoneEvent { clock: 8_000 });
    town.open_phone(PHONE, formats(&[(8, Codec::Pcma), events]));
    town.bridge(channel(0), PHONE);
    let (low, high) = Digit::parse('7').unwrap().frequencies();
    let pair = sine(low.into(), 4_000.0, 100);
    let tone: Vec<_> =
        pair.iter().zip(sine(high.into(), 4_000.0, 100)).map(|(a, b)| a + b).collect();
    town.says[0] = compress(&[vec![0; 800], tone, vec![0; 800]].concat());
    town.steps(400);
    let keys = town.events.iter().filter_map(|it| match it {
        MediaEvent::Key { port, key } if *port == channel(0) => Some(key.key),
        _ => None,
    });
    assert_eq!(keys.collect::<Vec<_>>(), ['7']);
    assert!(town.sent.iter().any(|it| it.2[1] & 0x7f == 101 && it.2[12] == 7));
}

#[test]
fn keys_of_a_phone_reach_the_line_as_tones_be_they_events_or_told_by_a_request() {
    let mut town = Town::new();
    town.open_line(0, PLAIN);
    let events = (101, Codec::TelephoneEvent { clock: 8_000 });
    town.open_phone(PHONE, formats(&[(8, Codec::Pcma), events]));
    town.bridge(channel(0), PHONE);
    town.phone_speaks(PHONE, 8, &vec![0xd5; 8_000]);
    let key = KeyPress { key: '5', millis: 120, source: KeySource::Info };
    town.tell(MediaCommand::Press { port: channel(0), key });
    town.phone_speaks(PHONE, 8, &vec![0xd5; 8_000]);
    let mut detector = Detector::new();
    let mut digits = Vec::new();
    detector.hear(&expand(&town.heard[0]), |event| {
        if let Event::Ended(heard) = event {
            digits.push(heard.digit.sign());
        }
    });
    assert_eq!(digits, ['5']);
}

#[test]
fn a_line_and_two_phones_confer() {
    let mut town = Town::new();
    let other = PortId { address: 0, port: 20_002 };
    town.open_line(0, PLAIN);
    town.open_phone(PHONE, pcma());
    town.open_phone(other, pcma());
    for port in [channel(0), PHONE, other] {
        town.tell(MediaCommand::Join { port, room: RoomId(1) });
    }
    town.says[0] = compress(&sine(400.0, 8_000.0, 2_000));
    town.steps(2_000);
    assert!(loudness(&town.payloads(PHONE)) > -20.0);
    assert!(loudness(&town.payloads(other)) > -20.0);
    assert!(loudness(&town.heard[0]) < -50.0, "nobody hears himself");
    town.heard[0].clear();
    town.phone_speaks(PHONE, 8, &compress(&sine(400.0, 8_000.0, 2_000)));
    assert!(loudness(&town.heard[0]) > -20.0);
}

#[test]
fn the_box_itself_speaks_to_a_line() {
    let mut town = Town::new();
    town.open_line(0, LineSound { cancel_echo: true, ..PLAIN });
    let samples = Samples { rate: 8_000, pcm: sine(425.0, 8_000.0, 1_000).into() };
    let sound = Sound::Samples(Arc::new(samples));
    town.tell(MediaCommand::Play {
        port: channel(0),
        play: PlayId(1),
        sound,
        rounds: Rounds::Times(NonZeroU16::MIN),
        gain: Decibels(0),
    });
    town.steps(1_500);
    assert!(loudness(&town.heard[0]) > -30.0, "{}", loudness(&town.heard[0]));
    assert!(town.events.iter().any(|it| matches!(it, MediaEvent::Finished { .. })));
    assert!(town.sent.is_empty(), "nothing of it leaves by a socket");
}

#[test]
fn a_phone_with_another_codec_and_a_line_understand_each_other() {
    let mut town = Town::new();
    town.open_line(0, PLAIN);
    town.open_phone(PHONE, formats(&[(9, Codec::G722)]));
    town.bridge(channel(0), PHONE);
    town.says[0] = compress(&sine(400.0, 8_000.0, 1_000));
    town.steps(1_000);
    let sent: Vec<_> = town.sent.iter().filter(|it| it.1 == PHONE).collect();
    assert!(sent.len() > 40 && sent.iter().all(|it| it.2[1] & 0x7f == 9));
}
