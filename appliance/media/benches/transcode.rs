//! What a packet of 20 ms costs that is translated, or passes, from the octets that came to the
//! octets that leave.
//!
//! `cargo bench -p media --bench transcode` prints nanoseconds for one packet; a word runs those
//! whose name contains it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use call::{
    CallId, Codec, Format, Formats, Learn, LegId, MediaCommand, MediaKind, PeerAddress, PortId,
};
use media::{Engine, Verdict};
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const A: PortId = PortId { address: 0, port: 20_000 };
const B: PortId = PortId { address: 0, port: 20_002 };
const LINEAR: Codec = Codec::L16 { rate: 16_000 };

fn main() {
    measure("unread: PCMA as it came", None, Codec::Pcma, Codec::Pcma);
    measure("known: PCMA under another number", Some(20), Codec::Pcma, Codec::Pcma);
    measure("PCMU to PCMA", Some(20), Codec::Pcmu, Codec::Pcma);
    measure("PCMU to PCMA, 30 ms", Some(30), Codec::Pcmu, Codec::Pcma);
    measure("G.722 to PCMA", Some(20), Codec::G722, Codec::Pcma);
    measure("PCMA to G.722", Some(20), Codec::Pcma, Codec::G722);
    measure("G.729 to PCMU", Some(20), Codec::G729 { annex_b: false }, Codec::Pcmu);
    measure("PCMU to G.729", Some(20), Codec::Pcmu, Codec::G729 { annex_b: false });
    measure("Opus to PCMU", Some(20), Codec::Opus, Codec::Pcmu);
    measure("PCMU to Opus", Some(20), Codec::Pcmu, Codec::Opus);
    measure("AMR-WB to G.722", Some(20), Codec::AmrWb { octet_aligned: true }, Codec::G722);
    measure("G.722 to AMR-WB", Some(20), Codec::G722, Codec::AmrWb { octet_aligned: true });
}

/// Prints the fastest batch, which is the one least disturbed.
fn measure(name: &str, millis: Option<u8>, from: Codec, to: Codec) {
    let wanted = std::env::args().nth(1).filter(|argument| argument != "--bench");
    if wanted.is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let mut packets = speech(from);
    let mut now = Instant::now();
    let mut engine = bridge(millis, from, to, now);
    let (mut best, mut n) = (f64::INFINITY, 0_u32);
    let ticks = from.clock() / 50;
    for _ in 0..BATCHES {
        let mut spent = Duration::ZERO;
        for _ in 0..BATCH / packets.len() {
            for packet in &mut packets {
                packet[1] = 100;
                packet[2..4].copy_from_slice(&(n as u16).to_be_bytes());
                packet[4..8].copy_from_slice(&n.wrapping_mul(ticks).to_be_bytes());
                n = n.wrapping_add(1);
            }
            now += Duration::from_secs(1);
            let start = Instant::now();
            for packet in &mut packets {
                match engine.packet(A, false, at(A), packet, now) {
                    Verdict::Forward { .. } => _ = black_box(packet),
                    Verdict::Translated { .. } => {
                        while let Some(packet) = engine.poll_packet() {
                            black_box(packet);
                        }
                    }
                    Verdict::Ciphered { .. } => panic!("nobody has keys"),
                    Verdict::Enclosed => panic!("no browser is here"),
                    Verdict::Carried => panic!("no line is here"),
                    Verdict::Handshake => panic!("nobody shakes hands"),
                    Verdict::Drop(reason) => panic!("{reason:?}"),
                }
            }
            spent += start.elapsed();
        }
        best = best.min(spent.as_secs_f64() * 1e9 / (BATCH / packets.len() * packets.len()) as f64);
    }
    println!("{name:<40} {best:>9.0} ns");
}

/// Two sides with one codec each, as 100 and 110, or with none that is known.
fn bridge(millis: Option<u8>, phone: Codec, carrier: Codec, now: Instant) -> Engine {
    let mut engine = Engine::new(vec!["192.0.2.1".parse().unwrap()]);
    for (port, payload_type, codec) in [(A, 100, phone), (B, 110, carrier)] {
        let (call, leg, kind) = (CallId(1), LegId(1), MediaKind::Audio);
        let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 };
        engine.handle(open, now);
        let rtp = at(port);
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
        let Some(packet_millis) = millis else { continue };
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
    engine
}

fn at(port: PortId) -> SocketAddr {
    SocketAddr::new([198, 51, 100, 1].into(), port.port)
}

/// A second of a voice that hums and hisses, as packets of a codec: the engine makes them.
fn speech(codec: Codec) -> Vec<Vec<u8>> {
    let now = Instant::now();
    let mut engine = bridge(Some(20), LINEAR, codec, now);
    let mut chance = 1_u32;
    let mut packets = Vec::new();
    for n in 0..PACKETS {
        let mut packet = vec![0x80, 100];
        packet.extend((n as u16).to_be_bytes());
        packet.extend((n as u32 * 320).to_be_bytes());
        packet.extend([0, 0, 0, 7]);
        for sample in n * 320..(n + 1) * 320 {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from(chance >> 16) / 65_536.0 - 0.5;
            let hum = (sample as f64 * 0.05).sin() + (sample as f64 * 0.31).sin() / 2.0;
            let swell = (sample as f64 * 0.001).sin().abs();
            packet.extend(((6_000.0 * swell * (hum + hiss)) as i16).to_be_bytes());
        }
        if let Verdict::Translated { .. } = engine.packet(A, false, at(A), &mut packet, now) {
            packets.extend(engine.poll_packet().map(<[u8]>::to_vec));
        }
    }
    packets
}

const PACKETS: usize = 50;
const BATCH: usize = 1_000;
const BATCHES: usize = 20;
