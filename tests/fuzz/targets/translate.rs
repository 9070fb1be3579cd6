//! Any formats on the two sides of a bridge, which change at any time, and any packets between
//! them.
#![no_main]

use call::{
    CallId, Codec, Format, Formats, G726Bits, G726Packing, Learn, LegId, MediaCommand, MediaKind,
    PeerAddress, PortId,
};
use libfuzzer_sys::fuzz_target;
use media::rtp::Header;
use media::{Engine, Verdict};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

fuzz_target!(|bytes: &[u8]| {
    let mut now = Instant::now();
    let [a, b] = [20_000, 20_002].map(|port| PortId { address: 0, port });
    let peers = [7, 9].map(|last| SocketAddr::new(IpAddr::from([198, 51, 100, last]), 4000));
    let mut engine = Engine::new(vec![IpAddr::from([192, 0, 2, 1])]);
    for (leg, (port, rtp)) in [a, b].into_iter().zip(peers).enumerate() {
        let (call, leg, kind) = (CallId(1), LegId(leg as u64), MediaKind::Audio);
        let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 };
        engine.handle(open, now);
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, now);
    }
    engine.handle(MediaCommand::Bridge { a, b }, now);

    // A step in the input: what, how much of it, then its octets.
    let (mut sequence, mut timestamp) = (0_u16, 0_u32);
    let mut rest = bytes;
    while let [what, jump, length, tail @ ..] = rest {
        let length = usize::from(*length).min(tail.len());
        let (octets, after) = tail.split_at(length);
        rest = after;
        now += Duration::from_millis(u64::from(jump & 0x3f));
        let (port, from) = if what & 1 == 0 { (a, peers[0]) } else { (b, peers[1]) };
        match what >> 1 & 7 {
            0 => {
                let formats = Box::new(formats(octets, *jump));
                engine.handle(MediaCommand::Formats { port, formats }, now);
            }
            1 => engine.handle(MediaCommand::Unbridge { port }, now),
            2 => engine.handle(MediaCommand::Bridge { a, b }, now),
            3 => {
                let _ = engine.packet(port, true, from, &mut octets.to_vec(), now);
            }
            _ => {
                sequence =
                    sequence.wrapping_add(u16::from(*jump >> 6)).wrapping_sub(u16::from(what >> 7));
                timestamp = timestamp.wrapping_add(u32::from(*jump & 0x3f) * 80);
                let mut packet = vec![0x80 | what & 0x20, what >> 4];
                packet.extend(sequence.to_be_bytes());
                packet.extend(timestamp.to_be_bytes());
                packet.extend([0, 0, 0, what & 1]);
                packet.extend(octets);
                hear(&mut engine, port, from, &mut packet, now);
            }
        }
    }
});

/// Whatever comes out is RTP of the same stream, and no more than a packet can hold.
fn hear(engine: &mut Engine, port: PortId, from: SocketAddr, packet: &mut [u8], now: Instant) {
    let ssrc = Header::parse(packet).unwrap().ssrc();
    if let Verdict::Translated { .. } = engine.packet(port, false, from, packet, now) {
        let mut made = 0;
        while let Some(packet) = engine.poll_packet() {
            assert_eq!(Header::parse(packet).unwrap().ssrc(), ssrc);
            made += 1;
        }
        assert!(made <= 32);
    }
}

/// Each octet is an encoding that one side sends, understands, or both.
fn formats(octets: &[u8], millis: u8) -> Formats {
    // A wish, or no more than a limit.
    let (packet_millis, most_millis) = match millis & 0x80 {
        0 => (millis, 0),
        _ => (0, millis & 0x7f),
    };
    let mut formats = Formats { packet_millis, most_millis, ..Formats::default() };
    for octet in octets.iter().take(16) {
        let format = Format { payload_type: octet & 7, codec: codec(octet >> 3) };
        if octet & 1 == 0 || octet & 2 == 0 {
            formats.receive.push(format);
        }
        if octet & 1 == 1 || octet & 2 == 0 {
            formats.send.push(format);
        }
    }
    formats
}

fn codec(which: u8) -> Codec {
    let clock = |it: u8| if it & 1 == 0 { 8_000 } else { 48_000 };
    match which {
        0 => Codec::Pcmu,
        1 => Codec::Pcma,
        2 => Codec::G722,
        3 | 4 => Codec::G729 { annex_b: which == 3 },
        5 | 6 => Codec::G723 { annex_a: which == 5 },
        7 => Codec::Gsm,
        8 | 9 => Codec::AmrWb { octet_aligned: which == 8 },
        10 | 11 => Codec::Opus,
        12..=17 => {
            Codec::L16 { rate: [8_000, 16_000, 32_000, 44_100, 48_000, 0][usize::from(which) - 12] }
        }
        18..=21 => Codec::TelephoneEvent { clock: if which == 21 { 0 } else { clock(which) } },
        22 | 23 => Codec::ComfortNoise { clock: clock(which) },
        _ => {
            let bits = [G726Bits::Two, G726Bits::Three, G726Bits::Four, G726Bits::Five];
            let packing = if which & 4 == 0 { G726Packing::Rtp } else { G726Packing::Aal2 };
            Codec::G726 { bits: bits[usize::from(which & 3)], packing }
        }
    }
}
