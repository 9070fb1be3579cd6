//! Sides whose formats are known: what they say of each other, in fake time.

mod joint;
mod keys;
mod lengths;
mod loss;
mod pairs;
mod pauses;
mod pieces;
mod reports;

use crate::wire::*;
use call::{Codec, Format, Formats, Learn, MediaCommand, PortId};
use media::rtp::Header;
use media::{DropReason, Verdict};
use media_dsp::g711::{self, Law};
use std::net::SocketAddr;
use std::time::Duration;

const PHONE: &str = "203.0.113.5:4000";
const SSRC: u32 = 0x7_0007;

/// An engine with a phone at A and a carrier at B, whose formats are given.
struct Bridge {
    wire: Wire,
    phone: SocketAddr,
}

/// A packet that left.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Left {
    payload_type: u8,
    marker: bool,
    sequence: u16,
    timestamp: u32,
    payload: Vec<u8>,
}

impl Bridge {
    fn new(phone: &[(u8, Codec)], carrier: &[(u8, Codec)]) -> Self {
        let mut bridge =
            Self { wire: Wire::with(PHONE, Learn::Never), phone: PHONE.parse().unwrap() };
        bridge.agree(A, phone, 20);
        bridge.agree(B, carrier, 20);
        bridge
    }

    fn agree(&mut self, port: PortId, formats: &[(u8, Codec)], packet_millis: u8) {
        let formats: Vec<_> =
            formats.iter().map(|&(payload_type, codec)| Format { payload_type, codec }).collect();
        let formats = Formats {
            receive: formats.clone(),
            send: formats,
            packet_millis,
            ..Formats::default()
        };
        self.wire.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
    }

    /// Both sides know one codec each, under different numbers, in packets of so many milliseconds.
    fn between(phone: Codec, carrier: Codec, packet_millis: u8) -> Self {
        let mut bridge = Self::new(&[(100, phone)], &[(110, carrier)]);
        bridge.agree(B, &[(110, carrier)], packet_millis);
        bridge
    }

    /// The phone says something; what the carrier hears.
    fn say(
        &mut self,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
    ) -> Vec<Left> {
        let head = rtp(payload_type, sequence, timestamp, SSRC);
        self.say_packet([&head[..12], payload].concat())
    }

    /// The same where the carrier hears nothing of it: why.
    fn say_dropped(
        &mut self,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
    ) -> DropReason {
        let head = rtp(payload_type, sequence, timestamp, SSRC);
        match self.wire.hear(A, self.phone, &[&head[..12], payload].concat()) {
            Verdict::Drop(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn say_packet(&mut self, mut packet: Vec<u8>) -> Vec<Left> {
        self.wire.now += Duration::from_millis(10);
        let (engine, now) = (&mut self.wire.engine, self.wire.now);
        match engine.packet(A, false, self.phone, &mut packet, now) {
            Verdict::Forward { port: B, rtcp: false, to } if to == carrier() => {
                vec![left_of(&packet)]
            }
            Verdict::Translated { port: B, to } if to == carrier() => {
                std::iter::from_fn(|| engine.poll_packet().map(left_of)).collect()
            }
            Verdict::Drop(DropReason::Late | DropReason::Untranslatable) => Vec::new(),
            other => panic!("{other:?}"),
        }
    }
}

fn left_of(packet: &[u8]) -> Left {
    let header = Header::parse(packet).unwrap();
    assert_eq!((header.ssrc(), packet[0]), (SSRC, 0x80));
    Left {
        payload_type: header.payload_type(),
        marker: header.marker(),
        sequence: header.sequence(),
        timestamp: header.timestamp(),
        payload: header.payload().to_vec(),
    }
}

/// The names of packets that left.
fn names(left: &[Left]) -> Vec<(u8, u16, u32)> {
    left.iter().map(|it| (it.payload_type, it.sequence, it.timestamp)).collect()
}

fn tone(samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| (8_000.0 * (n as f64 * std::f64::consts::TAU / 8.0).sin()) as i16)
        .collect()
}

fn mu_law(pcm: &[i16]) -> Vec<u8> {
    let mut octets = vec![0; pcm.len()];
    g711::Encoder::new(Law::Mu).encode(pcm, &mut octets).unwrap();
    octets
}

#[test]
fn what_both_sides_know_passes_under_the_number_that_each_gave_it() {
    let mut bridge = Bridge::new(&[(96, Codec::Opus)], &[(111, Codec::Opus)]);
    assert_eq!(names(&bridge.say(96, 1, 960, &[1, 2, 3])), [(111, 1, 960)]);
    let mut spurt = rtp(0x80 | 96, 2, 1_920, SSRC);
    spurt.truncate(20);
    let left = bridge.say_packet(spurt);
    assert_eq!(names(&left), [(111, 2, 1_920)]);
    assert!(left[0].marker);
    assert_eq!(bridge.wire.close(A).translated, 0);
}

#[test]
fn what_nobody_named_passes_unread() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(8, Codec::Pcma)]);
    let left = bridge.say(77, 1, 960, &[1, 2, 3]);
    assert_eq!(names(&left), [(77, 1, 960)]);
    assert_eq!(left[0].payload, [1, 2, 3]);
}

#[test]
fn one_law_becomes_the_other_code_by_code() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(8, Codec::Pcma)]);
    let (pcm, mut expected) = (tone(160), vec![0; 160]);
    g711::Transcoder::new(Law::Mu).transcode(&mu_law(&pcm), &mut expected).unwrap();
    for sequence in 0..5 {
        let left = bridge.say(0, sequence, 160 * u32::from(sequence), &mu_law(&pcm));
        assert_eq!(names(&left), [(8, sequence, 160 * u32::from(sequence))]);
        assert_eq!(left[0].payload, expected);
    }
    let (heard, said) = (bridge.wire.close(A), bridge.wire.close(B));
    assert_eq!((heard.translated, heard.received, said.sent, said.sent_octets), (5, 5, 5, 5 * 172));
}

#[test]
fn a_re_invite_turns_a_relay_into_a_translation_and_back_without_a_step() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(0, Codec::Pcmu)]);
    let sound = mu_law(&tone(160));
    let mut heard = Vec::new();
    let mut say = |bridge: &mut Bridge, packets: std::ops::Range<u16>| {
        for n in packets {
            heard.extend(names(&bridge.say(0, n, 160 * u32::from(n), &sound)));
        }
    };
    say(&mut bridge, 0..4);
    bridge.agree(B, &[(9, Codec::G722)], 30);
    say(&mut bridge, 4..8);
    bridge.agree(B, &[(0, Codec::Pcmu)], 20);
    say(&mut bridge, 8..10);
    let expected = [
        (0, 0, 0),
        (0, 1, 160),
        (0, 2, 320),
        (0, 3, 480),
        // 80 ms, of which 60 fill packets of 30; what is left goes when the translation ends.
        (9, 4, 640),
        (9, 5, 880),
        (9, 6, 1_120),
        (0, 7, 1_280),
        (0, 8, 1_440),
    ];
    assert_eq!(heard[..7], expected[..7]);
    assert_eq!(heard[7..], expected[7..]);
}

#[test]
fn a_side_that_agreed_on_nothing_is_passed_on_unread() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let format = Format { payload_type: 8, codec: Codec::Pcma };
    let (receive, send) = (vec![format], vec![format]);
    let formats = Box::new(Formats { receive, send, packet_millis: 20, ..Formats::default() });
    wire.tell(MediaCommand::Formats { port: B, formats });
    assert_eq!(wire.hear(A, PHONE.parse().unwrap(), &rtp(0, 1, 160, SSRC)), forward(B, carrier()));
    assert_eq!(wire.close(A).translated, 0);
}

#[test]
fn each_direction_is_translated_for_itself() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(9, Codec::G722)]);
    for n in 0..3_u16 {
        let left = bridge.say(0, n, u32::from(n) * 160, &[0xff; 160]);
        assert_eq!(names(&left), [(9, n, u32::from(n) * 160)]);
        let mut packet = rtp(9, 700 + n, u32::from(n) * 160, SSRC);
        let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
        let verdict = engine.packet(B, false, carrier(), &mut packet, now);
        assert_eq!(verdict, Verdict::Translated { port: A, to: bridge.phone });
        let left: Vec<_> = std::iter::from_fn(|| engine.poll_packet().map(left_of)).collect();
        assert_eq!(names(&left), [(0, 700 + n, u32::from(n) * 160)]);
    }
}

#[test]
fn a_transfer_is_heard_in_the_codec_of_who_takes_the_call() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(9, Codec::G722)]);
    let third = PortId { address: 0, port: 20_004 };
    let office = at("198.51.100.9:6000");
    bridge.wire.open(third);
    bridge.wire.describe(third, office, Learn::Never);
    bridge.agree(third, &[(96, Codec::Opus)], 20);
    assert_eq!(names(&bridge.say(0, 1, 160, &[0xff; 160])), [(9, 1, 160)]);
    bridge.wire.tell(MediaCommand::Bridge { a: A, b: third });
    let mut packet = rtp(0, 2, 320, SSRC);
    let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
    let verdict = engine.packet(A, false, bridge.phone, &mut packet, now);
    assert_eq!(verdict, Verdict::Translated { port: third, to: office });
    let left: Vec<_> = std::iter::from_fn(|| engine.poll_packet().map(left_of)).collect();
    assert_eq!(names(&left), [(96, 2, 320)]);
    // Back to the first, who hears one stream with a gap in it.
    bridge.wire.tell(MediaCommand::Bridge { a: A, b: B });
    assert_eq!(names(&bridge.say(0, 3, 480, &[0xff; 160])), [(9, 3, 480)]);
}

#[test]
fn a_sender_may_change_between_all_that_it_agreed_on() {
    let linear = Codec::L16 { rate: 16_000 };
    let mut bridge = Bridge::new(
        &[(0, Codec::Pcmu), (97, linear), (96, Codec::Opus)],
        &[(111, Codec::Opus), (0, Codec::Pcma)],
    );
    assert_eq!(names(&bridge.say(0, 1, 1_000, &[0xff; 160])), [(111, 1, 1_000)]);
    assert_eq!(names(&bridge.say(0, 2, 1_160, &[0xff; 160])), [(111, 2, 1_960)]);
    // What is understood passes, in the same numbers and at the same time.
    assert_eq!(names(&bridge.say(96, 3, 1_320, &[8; 40])), [(111, 3, 2_920)]);
    assert_eq!(names(&bridge.say(96, 4, 2_280, &[8; 40])), [(111, 4, 3_880)]);
    // A clock of another rate begins somewhere: it is taken to go on.
    assert_eq!(names(&bridge.say(97, 5, 3_240, &[0; 640])), [(111, 5, 4_840)]);
    assert_eq!(names(&bridge.say(97, 6, 3_560, &[0; 640])), [(111, 6, 5_800)]);
}

#[test]
fn a_clock_that_was_agreed_on_need_not_be_measured() {
    let mut bridge = Bridge::new(&[(111, Codec::Opus)], &[(0, Codec::Pcmu)]);
    let start = bridge.wire.now;
    for (n, arrival) in [0, 20, 45, 60, 80].into_iter().enumerate() {
        bridge.wire.now = start + Duration::from_millis(arrival);
        let packet = rtp(111, n as u16, n as u32 * 960, SSRC);
        bridge.wire.hear(A, bridge.phone, &packet);
    }
    // As the formula gives it by hand for any codec.
    let stats = bridge.wire.close(A);
    assert_eq!((stats.jitter_micros, stats.jitter_max_micros), (567, 605));
}
