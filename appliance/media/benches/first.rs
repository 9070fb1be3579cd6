//! How long the first packet of a call takes that is translated: codecs are set up when it needs
//! them, on the thread that all other calls wait for.
//!
//! `cargo bench -p media --bench first` prints microseconds of the first packet, the middle and the
//! longest of many calls, and of the second.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use call::{
    CallId, Codec, Format, Formats, G726Bits, G726Packing, Learn, LegId, MediaCommand, MediaKind,
    PeerAddress, PortId,
};
use media::codec::{Encoder, Shape};
use media::{Engine, Verdict};
use media_dsp::resample::Rate;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn main() {
    println!("{:<34} {:>10} {:>10} {:>10}", "", "first", "longest", "second");
    for codec in [
        Codec::Pcma,
        Codec::G722,
        Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp },
        Codec::G729 { annex_b: false },
        Codec::G723 { annex_a: true },
        Codec::Gsm,
        Codec::AmrWb { octet_aligned: true },
        Codec::Opus,
    ] {
        print(&format!("{codec} to PCMU"), codec, Codec::Pcmu);
        print(&format!("PCMU to {codec}"), Codec::Pcmu, codec);
        if codec != Codec::G722 {
            print(&format!("{codec} to G722"), codec, Codec::G722);
        }
    }
}

fn print(name: &str, from: Codec, to: Codec) {
    let mut calls: Vec<[Duration; 2]> = (0..CALLS).map(|_| one(from, to)).collect();
    calls.sort();
    let [first, second] = calls[CALLS / 2].map(micros);
    let longest = micros(calls[CALLS - 1][0]);
    println!("{name:<34} {first:>10.1} {longest:>10.1} {second:>10.1}");
}

fn micros(of: Duration) -> f64 {
    of.as_nanos() as f64 / 1e3
}

/// The first two packets of a call.
fn one(from: Codec, to: Codec) -> [Duration; 2] {
    let now = Instant::now();
    let mut engine = bridge(from, to, now);
    let shape = Shape::new(from, Rate::Hz48000, 20).unwrap();
    let mut encoder = Encoder::new(shape).unwrap();
    let sample = |n: usize| ((n as f64 * 0.05).sin() * 8_000.0) as i16;
    let mut spent = [Duration::ZERO; 2];
    for (n, spent) in spent.iter_mut().enumerate() {
        let samples = shape.packet();
        let pcm: Vec<i16> = (n * samples..(n + 1) * samples).map(sample).collect();
        let mut packet = vec![0; 1_500];
        let length = encoder.encode(&pcm, &mut packet[12..]).unwrap();
        packet.truncate(12 + length);
        packet[..4].copy_from_slice(&[0x80, 100, 0, n as u8]);
        packet[4..8].copy_from_slice(&(n as u32 * shape.ticks(samples)).to_be_bytes());
        packet[11] = 7;
        let start = Instant::now();
        let verdict = engine.packet(A, false, at(A), &mut packet, now);
        while let Some(packet) = engine.poll_packet() {
            black_box(packet);
        }
        *spent = start.elapsed();
        assert!(matches!(verdict, Verdict::Translated { .. }), "{verdict:?}");
    }
    spent
}

/// Two sides with one codec each, as 100 and 110.
fn bridge(phone: Codec, carrier: Codec, now: Instant) -> Engine {
    let mut engine = Engine::new(vec!["192.0.2.1".parse().unwrap()]);
    for (port, payload_type, codec) in [(A, 100, phone), (B, 110, carrier)] {
        let (call, leg, kind) = (CallId(1), LegId(1), MediaKind::Audio);
        let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 };
        engine.handle(open, now);
        let rtp = at(port);
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
        let format = Format { payload_type, codec };
        let formats = Formats {
            receive: vec![format],
            send: vec![format],
            packet_millis: 20,
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

const A: PortId = PortId { address: 0, port: 20_000 };
const B: PortId = PortId { address: 0, port: 20_002 };
const CALLS: usize = 201;
