//! No packet costs an allocation, whatever becomes of it: a phone system that runs for years must
//! not depend on what its allocator has become.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod memory;

use call::{
    CallId, Codec, Decibels, Format, Formats, G726Bits, G726Packing, Learn, LegId, MediaCommand,
    MediaKind, PeerAddress, PlayId, PortId, Rounds, Samples, Sound, Tone,
};
use media::{Engine, Verdict};
use memory::taken;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const A: PortId = PortId { address: 0, port: 20_000 };
const B: PortId = PortId { address: 0, port: 20_002 };

/// Two sides with one codec each, as 100 and 110.
fn bridge(phone: Codec, carrier: Codec, packet_millis: u8, now: Instant) -> Engine {
    let mut engine = Engine::new(vec!["192.0.2.1".parse().unwrap()]);
    let leg = LegId(1);
    for (port, payload_type, codec) in [(A, 100, phone), (B, 110, carrier)] {
        let (call, kind) = (CallId(1), MediaKind::Audio);
        let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 };
        engine.handle(open, now);
        let rtp = at(port);
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
        let format = Format { payload_type, codec };
        let formats = Formats {
            receive: vec![format],
            send: vec![format],
            packet_millis,
            ..Formats::default()
        };
        engine.handle(MediaCommand::Formats { port, formats: Box::new(formats) }, now);
    }
    engine.handle(MediaCommand::Bridge { a: A, b: B }, now);
    while engine.poll_event().is_some() {}
    engine
}

fn at(port: PortId) -> SocketAddr {
    SocketAddr::new([198, 51, 100, 1].into(), port.port)
}

fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend(payload);
    packet
}

/// 20 or 30 ms of a codec, from the engine itself.
fn payload(codec: Codec) -> Vec<u8> {
    let linear = Codec::L16 { rate: 16_000 };
    let mut sound: Vec<u8> = Vec::new();
    for n in 0..960_i32 {
        sound.extend((((n * n * 37) % 8_000 - 4_000) as i16).to_be_bytes());
    }
    if codec == linear {
        return sound[..640].to_vec();
    }
    let now = Instant::now();
    let mut engine = bridge(linear, codec, 20, now);
    engine.packet(A, false, at(A), &mut packet(100, 0, 0, &sound), now);
    engine.poll_packet().unwrap()[12..].to_vec()
}

/// Allocations for so many packets after the first, of which one in twenty is lost, one comes late, and one is no
/// payload; and how many left.
fn asked(phone: Codec, carrier: Codec, packet_millis: u8) -> (usize, u32) {
    let payload = payload(phone);
    let mut now = Instant::now();
    let mut engine = bridge(phone, carrier, packet_millis, now);
    let millis = if matches!(phone, Codec::G723 { .. }) { 30 } else { 20 };
    let ticks = phone.clock() / 1_000 * millis;
    let mut good = packet(100, 0, 0, &payload);
    let mut bad = packet(100, 0, 0, &payload[..payload.len() / 2]);
    let mut left = 0;
    // The first is told to control, which is an event. Those before the first that leaves set up
    // what decodes and encodes; where payloads are only written otherwise, one that has to be cut
    // does.
    for n in 0..FIRST {
        let packet = if n == FIRST / 2 { &mut bad } else { &mut good };
        packet[2..4].copy_from_slice(&(n as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&n.wrapping_mul(ticks).to_be_bytes());
        now += Duration::from_millis(millis.into());
        engine.packet(A, false, at(A), packet, now);
        while engine.poll_packet().is_some() {}
        while engine.speak(now).is_some() {}
    }
    let before = taken();
    for n in FIRST..PACKETS {
        let which = match n % 20 {
            5 => continue,
            10 => n.wrapping_sub(1),
            9 => n + 1,
            _ => n,
        };
        let packet = if n % 20 == 15 { &mut bad } else { &mut good };
        packet[1] = 100;
        packet[2..4].copy_from_slice(&(which as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&which.wrapping_mul(ticks).to_be_bytes());
        now += Duration::from_millis(millis.into());
        while engine.speak(now).is_some() {
            left += std::iter::from_fn(|| engine.poll_packet().map(|_| 1)).sum::<u32>();
        }
        match engine.packet(A, false, at(A), packet, now) {
            Verdict::Forward { .. } => left += 1,
            Verdict::Translated { .. } | Verdict::Ciphered { .. } => {
                while engine.poll_packet().is_some() {
                    left += 1;
                }
            }
            Verdict::Enclosed | Verdict::Carried | Verdict::Handshake | Verdict::Drop(_) => {}
        }
    }
    (taken() - before, left)
}

/// Allocations for so many turns in which a far side is played something while it speaks; how many
/// packets left.
fn asked_of_a_voice(codec: Codec, sound: Sound) -> (usize, u32) {
    let payload = payload(codec);
    let mut now = Instant::now();
    let mut engine = bridge(codec, Codec::Pcma, 20, now);
    let (play, rounds, gain) = (PlayId(0), Rounds::Endless, Decibels(-3));
    engine.handle(MediaCommand::Play { port: A, play, sound, rounds, gain }, now);
    let millis = if matches!(codec, Codec::G723 { .. }) { 30 } else { 20 };
    let ticks = codec.clock() / 1_000 * millis;
    let mut good = packet(100, 0, 0, &payload);
    let (mut left, mut before) = (0, 0);
    for n in 0..PACKETS {
        // The first is told to control, and makes the decoder; the first turn makes the encoder.
        if n == FIRST {
            before = taken();
        }
        now += Duration::from_millis(millis.into());
        while engine.speak(now).is_some() {
            while engine.poll_packet().is_some() {
                left += 1;
            }
        }
        if n % 20 == 5 {
            continue;
        }
        good[2..4].copy_from_slice(&(n as u16).to_be_bytes());
        good[4..8].copy_from_slice(&n.wrapping_mul(ticks).to_be_bytes());
        engine.packet(A, false, at(A), &mut good, now);
    }
    (taken() - before, left)
}

fn every_codec() -> [Codec; 9] {
    let g726 = Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp };
    let g729 = Codec::G729 { annex_b: true };
    let g723 = Codec::G723 { annex_a: true };
    let amr_wb = Codec::AmrWb { octet_aligned: true };
    [
        Codec::Pcmu,
        Codec::G722,
        g726,
        g729,
        g723,
        Codec::Gsm,
        amr_wb,
        Codec::Opus,
        Codec::L16 { rate: 16_000 },
    ]
}

#[test]
fn no_packet_costs_an_allocation() {
    for codec in every_codec() {
        for millis in [20, 30] {
            for (from, to) in [(codec, Codec::Pcma), (Codec::Pcma, codec), (codec, codec)] {
                let (asked, left) = asked(from, to, millis);
                assert_eq!(asked, 0, "{from:?} to {to:?}");
                assert!(left > PACKETS / 2, "{from:?} to {to:?}: {left}");
            }
        }
    }
}

#[test]
fn nothing_that_the_box_says_or_hears_itself_costs_an_allocation() {
    let pcm = (0..9_000_i32).map(|n| ((n * 371) % 8_000 - 4_000) as i16).collect();
    let samples = Arc::new(Samples { rate: 16_000, pcm });
    let sounds = [
        Sound::Tone { tone: Tone::Ringback, country: *b"gb" },
        Sound::Samples(samples),
        Sound::Echo,
    ];
    for codec in every_codec() {
        for sound in &sounds {
            let (asked, left) = asked_of_a_voice(codec, sound.clone());
            assert_eq!(asked, 0, "{codec:?} {sound:?}");
            assert!(left > PACKETS - 100, "{codec:?} {sound:?}: {left}");
        }
    }
}

/// With these the first packets of all kinds were full.
const FIRST: u32 = 10;
/// Of each pair of codecs.
const PACKETS: u32 = 2_000;
