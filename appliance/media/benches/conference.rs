//! What a conference costs: for each tick of 20 ms, and as a share of one core.
//!
//! `cargo bench -p media --bench conference`. A member sends and hears PCMA. First the mixer alone:
//! levels, choice, decoding of the speakers, sums, and one encoding for all listeners and one for
//! each speaker. Then whole engines, from the packets that came to the packets that leave, with the
//! jitter buffers of those who have the floor.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

use call::{
    CallId, Codec, Format, Formats, Learn, LegId, MediaCommand, MediaKind, PeerAddress, PortId,
    RoomId,
};
use media::Engine;
use media::codec::Shape;
use media::mixer::{Level, Place, Room};
use media_dsp::g711::{Decoder, Encoder, Law};
use media_dsp::resample::Rate;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn main() {
    for (members, speaking) in [(3, 1), (20, 3), (200, 1), (200, 5), (200, 200), (1_000, 5)] {
        measure(members, speaking);
    }
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        measure_engine(200, 5, codec);
    }
}

/// A second of packets at a time, of which the fastest counts.
fn measure_engine(members: u16, speaking: usize, codec: Codec) {
    let mut now = Instant::now();
    let mut engine = Engine::new(vec!["192.0.2.1".parse().unwrap()]);
    let port = |member: u16| PortId { address: 0, port: 20_000 + 2 * member };
    let far = |member: u16| SocketAddr::new([198, 51, 100, 1].into(), 20_000 + 2 * member);
    for member in 0..members {
        let (port, rtp) = (port(member), far(member));
        let (call, leg, kind) = (CallId(1), LegId(member.into()), MediaKind::Audio);
        let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 0 };
        engine.handle(open, now);
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
        let format = vec![Format { payload_type: 100, codec }];
        let (receive, send) = (format.clone(), format);
        let formats = Box::new(Formats { receive, send, packet_millis: 20, ..Formats::default() });
        engine.handle(MediaCommand::Formats { port, formats }, now);
        engine.handle(MediaCommand::Join { port, room: RoomId(1) }, now);
    }
    let payloads: Vec<Vec<u8>> =
        (0..usize::from(members)).map(|it| encoded(codec, it, it < speaking)).collect();
    let (mut best, mut number, mut left) = (Duration::MAX, 0_u32, 0);
    for _ in 0..15 {
        let mut spent = Duration::ZERO;
        left = 0;
        for _ in 0..50 {
            let mut packets: Vec<Vec<u8>> = payloads
                .iter()
                .map(|payload| {
                    let mut packet = vec![0x80, 100];
                    packet.extend((number as u16).to_be_bytes());
                    packet.extend((number * codec.clock() / 50).to_be_bytes());
                    packet.extend([0, 0, 0, 7]);
                    packet.extend(payload);
                    packet
                })
                .collect();
            number += 1;
            now += Duration::from_millis(20);
            let start = Instant::now();
            for (packet, member) in packets.iter_mut().zip(0..) {
                black_box(engine.packet(port(member), false, far(member), packet, now));
            }
            while engine.speak(now).is_some() {
                while let Some(packet) = engine.poll_packet() {
                    black_box(packet);
                    left += 1;
                }
            }
            spent += start.elapsed();
            while engine.poll_event().is_some() {}
        }
        best = best.min(spent);
    }
    let share = best.as_secs_f64() * 100.0;
    println!(
        "engine: {members} members, {speaking} speaking {codec:?}: {left} packets {share:>8.3} %"
    );
}

/// 20 ms of a codec.
fn encoded(codec: Codec, member: usize, speaks: bool) -> Vec<u8> {
    let shape = Shape::new(codec, Rate::Hz48000, 20).unwrap();
    let amplitude = if speaks { 5_000.0 } else { 20.0 };
    let turn = (0.2 + member as f32 * 0.001) * 8_000.0 / shape.rate().hz() as f32;
    let pcm: Vec<i16> =
        (0..shape.packet()).map(|n| ((n as f32 * turn).sin() * amplitude) as i16).collect();
    let mut payload = vec![0; 2_000];
    let made = media::codec::Encoder::new(shape).unwrap().encode(&pcm, &mut payload).unwrap();
    payload.truncate(made);
    payload
}

/// Prints the fastest second, which is the one least disturbed.
fn measure(members: usize, speaking: usize) {
    let mut room = Room::new();
    let places: Vec<Place> = (0..members).map(|_| room.join(Rate::Hz8000).unwrap()).collect();
    let payloads: Vec<[u8; 160]> = (0..members).map(|it| payload(it, it < speaking)).collect();
    let (mut decoder, mut encoder) = (Decoder::new(Law::A), Encoder::new(Law::A));
    let (mut pcm, mut out) = ([0; 160], vec![[0_u8; 160]; members]);
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        for _ in 0..50 {
            room.begin();
            for (place, payload) in places.iter().zip(&payloads) {
                room.expect(*place, Level::of_g711(Law::A, payload));
            }
            room.choose();
            for (place, payload) in places.iter().zip(&payloads) {
                if room.has_floor(*place) {
                    decoder.decode(payload, &mut pcm).unwrap();
                    room.say(*place, &pcm);
                }
            }
            room.mix();
            room.hear_all(Rate::Hz8000, &mut pcm);
            let mut all = [0; 160];
            encoder.encode(&pcm, &mut all).unwrap();
            for (place, out) in places.iter().zip(&mut out) {
                if room.has_floor(*place) {
                    room.hear(*place, &mut pcm);
                    encoder.encode(&pcm, out).unwrap();
                } else {
                    *out = all;
                }
            }
            black_box(&out);
        }
        best = best.min(start.elapsed());
    }
    let tick = best / 50;
    let share = best.as_secs_f64() * 100.0;
    println!("{members:>5} members, {speaking:>3} speaking {tick:>12.2?} a tick {share:>8.3} %");
}

fn payload(member: usize, speaks: bool) -> [u8; 160] {
    let amplitude = if speaks { 5_000.0 } else { 20.0 };
    let sample = |n| ((n as f32 * (0.2 + member as f32 * 0.001)).sin() * amplitude) as i16;
    let mut payload = [0; 160];
    Encoder::new(Law::A).encode(&std::array::from_fn::<_, 160, _>(sample), &mut payload).unwrap();
    payload
}
