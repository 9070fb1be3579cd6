//! A phone that the box speaks to, and what it hears.

use super::PHONE;
use super::PLAY;
use crate::wire::*;
use call::{Codec, Decibels, Format, Formats, Learn, MediaCommand, PortId, Rounds, Samples, Sound};
use media::rtp::Header;
use media::{Spoken, Verdict};
use media_dsp::g711::{self, Law};
use media_dsp::tone::progress::Detector;
use media_dsp::tone::{Indication, Zone};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A packet that the phone at A heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) at: Instant,
    pub(super) payload_type: u8,
    pub(super) marker: bool,
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) payload: Vec<u8>,
}

pub(super) fn heard(packet: &[u8], at: Instant) -> Heard {
    let header = Header::parse(packet).unwrap();
    Heard {
        at,
        payload_type: header.payload_type(),
        marker: header.marker(),
        ssrc: header.ssrc(),
        sequence: header.sequence(),
        timestamp: header.timestamp(),
        payload: header.payload().to_vec(),
    }
}

/// A phone at A that knows one codec as 100, and nobody bridged with it.
pub(super) fn answered(codec: Codec, packet_millis: u8) -> Wire {
    let mut wire = Wire::empty();
    wire.open(A);
    wire.describe(A, at(PHONE), Learn::Never);
    agree(&mut wire, A, &[(100, codec)], packet_millis);
    wire
}

/// A phone at A and a carrier at B.
pub(super) fn bridged(phone: &[(u8, Codec)], carrier: &[(u8, Codec)]) -> Wire {
    let mut wire = Wire::with(PHONE, Learn::Never);
    agree(&mut wire, A, phone, 20);
    agree(&mut wire, B, carrier, 20);
    wire
}

pub(super) fn agree(wire: &mut Wire, port: PortId, formats: &[(u8, Codec)], packet_millis: u8) {
    let format = |&(payload_type, codec)| Format { payload_type, codec };
    let formats: Vec<_> = formats.iter().map(format).collect();
    let formats =
        Formats { receive: formats.clone(), send: formats, packet_millis, ..Formats::default() };
    wire.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
}

pub(super) fn play(wire: &mut Wire, sound: Sound, rounds: Rounds) {
    wire.tell(MediaCommand::Play { port: A, play: PLAY, sound, rounds, gain: Decibels(0) });
}

/// What the phone hears in so many milliseconds of what the box says.
pub(super) fn listen(wire: &mut Wire, millis: u64) -> Vec<Heard> {
    let until = wire.now + Duration::from_millis(millis);
    let mut all = Vec::new();
    while let Some(due) = wire.engine.next_speech().filter(|due| *due < until) {
        wire.now = wire.now.max(due);
        all.extend(speak(wire));
    }
    wire.now = until;
    all
}

/// What is due now.
pub(super) fn speak(wire: &mut Wire) -> Vec<Heard> {
    let mut all = Vec::new();
    while let Some(spoken) = wire.engine.speak(wire.now) {
        assert_eq!(spoken, Spoken { port: A, to: at(PHONE) });
        while let Some(packet) = wire.engine.poll_packet() {
            all.push(heard(packet, wire.now));
        }
    }
    all
}

/// The carrier says 20 ms of PCMA at 8; what the phone hears of it.
pub(super) fn relayed(wire: &mut Wire, sequence: u16, timestamp: u32) -> Heard {
    let mut packet = rtp(8, sequence, timestamp, 99);
    let verdict = wire.engine.packet(B, false, carrier(), &mut packet, wire.now);
    match verdict {
        Verdict::Forward { .. } => heard(&packet, wire.now),
        Verdict::Translated { .. } => heard(wire.engine.poll_packet().unwrap(), wire.now),
        other => panic!("{other:?}"),
    }
}

/// Each is one further than the one before, and its timestamp `ticks` more.
pub(super) fn in_order(heard: &[Heard], ticks: u32) {
    for pair in heard.windows(2) {
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(ticks));
    }
}

pub(super) fn a_law(heard: &[Heard]) -> Vec<i16> {
    let mut decoder = g711::Decoder::new(Law::A);
    let mut all = Vec::new();
    for packet in heard {
        let mut pcm = vec![0; packet.payload.len()];
        decoder.decode(&packet.payload, &mut pcm).unwrap();
        all.extend(pcm);
    }
    all
}

pub(super) fn indications(pcm: &[i16]) -> Vec<Indication> {
    let mut told = Vec::new();
    let mut detector = Detector::new(Zone::find("DE").unwrap());
    detector.hear(pcm, |it| told.push(it.indication));
    told
}

/// So many samples of a sine.
pub(super) fn sine(rate: u32, hertz: f64, samples: usize) -> Arc<Samples> {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    let pcm = (0..samples).map(|n| (8_000.0 * (n as f64 * step).sin()) as i16).collect();
    Arc::new(Samples { rate, pcm })
}
