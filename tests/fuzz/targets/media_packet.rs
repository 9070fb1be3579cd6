//! Any packets at a bridge: read as RTP and RTCP, and judged by an engine whose ports they reach.
#![no_main]

use call::{
    CallId, Keys, Learn, LegId, MasterKey, MediaCommand, MediaKind, PeerAddress, PortId, Suite,
};
use libfuzzer_sys::fuzz_target;
use media::Engine;
use media::rtcp::Compound;
use media::rtp::Header;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = Header::parse(bytes) {
        let _ = (header.payload_type(), header.sequence(), header.timestamp(), header.ssrc());
        assert!(header.payload().len() + 12 <= bytes.len());
    }
    if let Ok(compound) = Compound::parse(bytes) {
        compound.packets().for_each(drop);
    }

    let start = Instant::now();
    let [a, b] = [20_000, 20_002].map(|port| PortId { address: 0, port });
    let peers = [7, 9].map(|last| SocketAddr::new(IpAddr::from([198, 51, 100, last]), 4000));
    let mut engine = Engine::new(vec![IpAddr::from([192, 0, 2, 1])]);
    for (leg, (port, rtp)) in [a, b].into_iter().zip(peers).enumerate() {
        engine.handle(
            MediaCommand::Open {
                port,
                call: CallId(1),
                leg: LegId(leg as u64),
                kind: MediaKind::Audio,
                dscp: 46,
                silence_seconds: 60,
            },
            start,
        );
        let peer = PeerAddress { rtp, rtcp: rtp, learn: Learn::Never };
        engine.handle(MediaCommand::Peer { port, peer }, start);
    }
    engine.handle(MediaCommand::Bridge { a, b }, start);
    if bytes.len() % 2 == 1 {
        let key = MasterKey::random(Suite::AesCm128HmacSha1_32, &[7; MasterKey::LONGEST]);
        let keys = Keys { outbound: key.clone(), inbound: key };
        engine.handle(MediaCommand::Keys { port: a, keys: Some(Box::new(keys)) }, start);
    }

    // A packet in the input: which port, from whom, how much later, how long; then its octets.
    let mut now = start;
    let mut rest = bytes;
    while let [way, later, length, tail @ ..] = rest {
        let length = usize::from(*length).min(tail.len());
        let (packet, after) = tail.split_at(length);
        now += Duration::from_millis(u64::from(*later) * 50);
        let port = if way & 1 == 0 { a } else { b };
        let from = if way & 4 == 0 { peers[usize::from(way >> 1 & 1)] } else { stranger(*way) };
        let _ = engine.packet(port, way & 8 != 0, from, &mut packet.to_vec(), now);
        while engine.poll_packet().is_some() {}
        rest = after;
    }
});

fn stranger(way: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([198, 51, 100, way >> 4]), 4000 + u16::from(way))
}
