//! Calls that leave the box by one pair and come back by another: what leaves goes there inside.

use crate::wire::{A, B, Wire, at, forward, next, own, report, voice};
use call::{
    Codec, Decibels, Format, Formats, Keys, Learn, MasterKey, MediaCommand, PlayId, PortId, Rounds,
    Sound, Suite, Tone,
};
use media::rtcp::Compound;
use media::{DropReason, Exit, Spoken, Verdict};
use std::net::SocketAddr;

/// The pair by which the call comes back.
const C: PortId = PortId { address: 0, port: 20_004 };
/// Its partner, whose far side is the phone that is called.
const D: PortId = PortId { address: 0, port: 20_006 };
const CALLER: &str = "192.0.2.20:4000";
const CALLED: &str = "192.0.2.30:4000";

fn pair(port: PortId) -> SocketAddr {
    SocketAddr::new(own(), port.port)
}

fn meet(wire: &mut Wire, port: PortId, other: PortId) {
    wire.describe(port, pair(other), Learn::Never);
    wire.tell(MediaCommand::Meet { port, other: Some(other) });
}

/// A caller at A, who hears B; B and C are each other's far side; C hears D, and there is the called one.
fn looped() -> Wire {
    let mut wire = Wire::with(CALLER, Learn::Never);
    wire.open(C);
    wire.open(D);
    wire.tell(MediaCommand::Bridge { a: C, b: D });
    wire.describe(D, at(CALLED), Learn::Never);
    meet(&mut wire, B, C);
    meet(&mut wire, C, B);
    wire
}

#[test]
fn a_call_that_comes_back_goes_on_inside_and_every_pair_counts_it() {
    let mut wire = looped();
    assert_eq!(wire.hear(A, at(CALLER), &voice(1)), forward(D, at(CALLED)));
    assert_eq!(wire.hear(D, at(CALLED), &voice(1)), forward(A, at(CALLER)));
    let about = wire.hear_report(D, next(at(CALLED)), &report(7, 0, 0));
    assert_eq!(about, Verdict::Forward { port: A, rtcp: true, to: next(at(CALLER)) });
    for port in [A, B, C, D] {
        let stats = wire.close(port);
        assert_eq!((stats.received, stats.sent, stats.strangers), (1, 1, 0), "{port:?}");
    }
}

#[test]
fn who_describes_a_pair_of_another_call_does_not_come_in_there() {
    let mut wire = looped();
    wire.tell(MediaCommand::Meet { port: C, other: None });
    wire.describe(C, at("198.51.100.9:4000"), Learn::Never);
    assert_eq!(wire.hear(A, at(CALLER), &voice(1)), forward(B, pair(C)));
    assert_eq!(wire.close(C).received, 0);
}

#[test]
fn calls_that_lead_in_a_circle_drop_what_runs_in_it() {
    let mut wire = looped();
    meet(&mut wire, A, D);
    meet(&mut wire, D, A);
    assert_eq!(wire.hear(A, pair(D), &voice(1)), Verdict::Drop(DropReason::Circle));
    let stats = wire.close(A);
    assert!(stats.received < 10, "{stats:?}");
}

#[test]
fn a_pair_that_would_hear_itself_or_its_partner_gets_nothing() {
    for other in [A, B] {
        let mut wire = Wire::with(CALLER, Learn::Never);
        meet(&mut wire, B, other);
        let verdict = wire.hear(A, at(CALLER), &voice(1));
        assert_eq!(verdict, Verdict::Drop(DropReason::Nowhere), "{other:?}");
    }
}

#[test]
fn what_is_encrypted_between_two_calls_is_so_inside_as_well() {
    let mut wire = looped();
    let key = |octet| MasterKey::random(Suite::AeadAes128Gcm, &[octet; MasterKey::LONGEST]);
    for (port, ours, theirs) in [(B, 1, 2), (C, 2, 1)] {
        let keys = Keys { outbound: key(ours), inbound: key(theirs) };
        wire.tell(MediaCommand::Keys { port, keys: Some(Box::new(keys)) });
    }
    for sequence in 1..=3 {
        let verdict = wire.hear(A, at(CALLER), &voice(sequence));
        assert_eq!(verdict, Verdict::Ciphered { port: D, rtcp: false, to: at(CALLED) });
        assert_eq!(wire.engine.poll_packet(), Some(&voice(sequence)[..]));
        assert_eq!(wire.engine.poll_packet(), None);
    }
    assert_eq!(wire.close(C).forged, 0);
}

#[test]
fn what_is_translated_on_the_way_out_and_back_leaves_as_one_stream() {
    let mut wire = looped();
    let formats = |codec, payload_type| {
        let format = vec![Format { payload_type, codec }];
        Box::new(Formats {
            receive: format.clone(),
            send: format,
            packet_millis: 20,
            ..Formats::default()
        })
    };
    for (port, codec, number) in
        [(A, Codec::Pcma, 8), (B, Codec::Pcmu, 0), (C, Codec::Pcmu, 0), (D, Codec::G722, 9)]
    {
        wire.tell(MediaCommand::Formats { port, formats: formats(codec, number) });
    }
    for sequence in 1..=3_u16 {
        let verdict = wire.hear(A, at(CALLER), &voice(sequence));
        assert_eq!(verdict, Verdict::Translated { port: D, to: at(CALLED) });
        let packet = wire.engine.poll_packet().unwrap();
        assert_eq!((packet[1] & 0x7f, packet.len()), (9, 172));
        assert_eq!(u16::from_be_bytes([packet[2], packet[3]]), sequence);
        wire.wait(20);
    }
    assert_eq!((wire.close(A).translated, wire.close(C).translated), (3, 3));
}

#[test]
fn what_the_box_itself_says_to_a_call_that_comes_back_is_heard_there() {
    let mut wire = looped();
    for port in [B, C, D] {
        let format = vec![Format { payload_type: 8, codec: Codec::Pcma }];
        let formats = Formats {
            receive: format.clone(),
            send: format,
            packet_millis: 20,
            ..Formats::default()
        };
        wire.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
    }
    let sound = Sound::Tone { tone: Tone::Busy, country: *b"DE" };
    let (play, rounds, gain) = (PlayId(1), Rounds::Endless, Decibels::default());
    wire.tell(MediaCommand::Play { port: B, play, sound, rounds, gain });
    wire.wait(20);
    assert_eq!(wire.engine.speak(wire.now), Some(Spoken { port: D, to: at(CALLED) }));
    assert_eq!(wire.engine.poll_packet().map(<[u8]>::len), Some(172));
}

#[test]
fn what_the_box_reports_to_a_call_that_comes_back_leaves_only_at_its_end() {
    let mut wire = looped();
    for port in [B, C, D] {
        let format = vec![Format { payload_type: 8, codec: Codec::Pcma }];
        let formats = Formats {
            receive: format.clone(),
            send: format,
            packet_millis: 20,
            ..Formats::default()
        };
        wire.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
    }
    let sound = Sound::Tone { tone: Tone::Busy, country: *b"DE" };
    let (play, rounds, gain) = (PlayId(1), Rounds::Endless, Decibels::default());
    wire.tell(MediaCommand::Play { port: B, play, sound, rounds, gain });
    let mut exits = Vec::new();
    for _ in 0..1_000 {
        wire.wait(20);
        while wire.engine.speak(wire.now).is_some() {
            while wire.engine.poll_packet().is_some() {}
        }
        while let Some(parcel) = wire.engine.poll_parcel() {
            assert!(Compound::parse(parcel.bytes).is_ok());
            exits.push((parcel.exit, parcel.to));
        }
    }
    let end = (Exit::Pair { port: D, rtcp: true }, next(at(CALLED)));
    assert!((3..=10).contains(&exits.len()) && exits.iter().all(|it| *it == end), "{exits:?}");
}
