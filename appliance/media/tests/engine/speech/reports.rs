//! Reports of both sides about streams that are translated (RFC 3550 §6.4).

use super::*;
use media::rtcp::{Compound, Packet};

/// A sender report of the phone about its stream, with one block about the carrier's.
fn sender_report(timestamp: u32, packets: u32, about: u32, highest: u32, jitter: u32) -> Vec<u8> {
    let mut bytes = vec![0x81, 200, 0, 12];
    bytes.extend(SSRC.to_be_bytes());
    bytes.extend([1, 2, 3, 4, 5, 6, 7, 8]);
    for word in [timestamp, packets, packets * 160, about, 0x0300_0004, highest, jitter, 5, 6] {
        bytes.extend(word.to_be_bytes());
    }
    bytes
}

fn report(bridge: &mut Bridge, port: PortId, from: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
    let verdict = engine.packet(port, true, from, &mut bytes, now);
    assert!(matches!(verdict, Verdict::Forward { rtcp: true, .. }), "{verdict:?}");
    bytes
}

fn word(bytes: &[u8], place: usize) -> u32 {
    u32::from_be_bytes(*bytes[place * 4..].first_chunk().unwrap())
}

#[test]
fn reports_about_what_passes_as_it_is_pass_as_they_are() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(100, Codec::Pcmu)]);
    bridge.say(0, 1, 160, &[0xff; 160]);
    let sent = sender_report(160, 1, 99, 7, 8);
    let phone = next(bridge.phone);
    assert_eq!(report(&mut bridge, A, phone, &sent), sent);
}

#[test]
fn a_sender_tells_the_time_and_the_packets_of_the_stream_that_is_heard() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Opus, 40);
    for n in 0..10_u16 {
        bridge.say(100, n, 1_000 + u32::from(n) * 160, &[0xff; 160]);
    }
    let phone = next(bridge.phone);
    let sent = sender_report(1_000 + 800, 10, 99, 7, 8);
    let told = report(&mut bridge, A, phone, &sent);
    assert_eq!(told[..16], sent[..16]);
    assert_eq!((word(&told, 4), word(&told, 5)), (1_000 + 4_800, 5));
    assert!(word(&told, 6) > 0 && word(&told, 6) < 1_600);
    assert_eq!(told[28..], sent[28..]);
}

#[test]
fn a_hearer_tells_of_the_numbers_and_the_clock_of_the_sender() {
    let mut bridge = Bridge::new(&[(0, Codec::Pcmu)], &[(110, Codec::Opus)]);
    for n in 0..10_u16 {
        bridge.say(0, 65_530_u16.wrapping_add(n), u32::from(n) * 160, &[0xff; 160]);
    }
    bridge.wire.wait(20);
    let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
    for field in [SSRC, 0x0300_0004, 65_533, 960, 5, 6] {
        bytes.extend(field.to_be_bytes());
    }
    let told = report(&mut bridge, B, next(carrier()), &bytes);
    let Some(Packet::ReceiverReport { ssrc: 9, mut reports }) =
        Compound::parse(&told).unwrap().packets().next()
    else {
        panic!("{told:?}")
    };
    let block = reports.next().unwrap();
    assert_eq!((block.fraction_lost, block.lost), (3, 4));
    assert_eq!((block.highest, block.jitter), (0x0001_0003, 160));
    assert_eq!(bridge.wire.close(B).remote_jitter_micros, 20_000);
}
