//! A leg whose keys came by DTLS, between a million forged packets: nothing is kept of them, and its stream
//! passes as if there were none.

use crate::memory::{kept, taken};
use crate::secrecy::Far;
use crate::wire::*;
use call::{Fingerprint, Handshake, Hash, Learn, MediaCommand, MediaEvent, PortId, Suite};
use media::{DropReason, Verdict};
use std::net::SocketAddr;

const PHONE: &str = "203.0.113.5:4000";
const STRANGE: &str = "203.0.113.66:4000";

/// A's phone and the box shook hands, once for each of its sockets.
fn shaken(suite: Suite) -> (Wire, Far, Far) {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let fingerprints = vec![Fingerprint { hash: Hash::Sha256, digest: vec![7; 32] }];
    let handshake = Handshake { active: false, fingerprints, association: 1 };
    wire.tell(MediaCommand::Handshake { port: A, handshake: Some(Box::new(handshake)) });
    let [speech, reports] = [1, 2].map(|exported| Far::shaken(suite, exported));
    for (of_reports, far, from) in [(false, &speech, at(PHONE)), (true, &reports, next(at(PHONE)))]
    {
        let keys = Box::new(far.keys.clone());
        wire.tell(MediaCommand::Shaken { port: A, reports: of_reports, from: Some(from), keys });
    }
    assert!(wire.events().contains(&MediaEvent::Secured { port: A, suite }));
    (wire, speech, reports)
}

/// What a stranger makes up, and to which of the two sockets and from where it comes.
struct Forger {
    suite: Suite,
    seed: u32,
    /// A packet of the stream that was heard already.
    heard: Vec<u8>,
}

impl Forger {
    fn draw(&mut self) -> u32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.seed >> 8
    }

    /// Writes a packet into `room`: its length, and whether it comes to the port of reports.
    fn forge(&mut self, count: u32, sequence: u16, room: &mut [u8; 256]) -> (usize, bool) {
        let (draw, length) = (self.draw(), self.heard.len());
        room.fill(draw as u8);
        let voice = [0x80, 8];
        let report = [0x81, 201];
        // The stream's own name, or any.
        let ssrc = if count.is_multiple_of(2) { 7_u32 } else { draw };
        room[8..12].copy_from_slice(&ssrc.to_be_bytes());
        match count % 10 {
            // The number that comes next, any number, and one from before the last roll.
            0 | 1 => {
                room[..2].copy_from_slice(&voice);
                room[2..4].copy_from_slice(&sequence.to_be_bytes());
            }
            2 | 3 => {
                room[..2].copy_from_slice(&voice);
                room[2..4].copy_from_slice(&(draw as u16).to_be_bytes());
            }
            4 | 5 => {
                room[..2].copy_from_slice(&voice);
                room[2..4].copy_from_slice(&sequence.wrapping_sub(100).to_be_bytes());
            }
            // Reports on either port.
            6 | 7 => {
                room[..4].copy_from_slice(&[report[0], report[1], 0, 7]);
                room[4..8].copy_from_slice(&ssrc.to_be_bytes());
                return (32 + self.suite.rtcp_overhead(), count.is_multiple_of(3));
            }
            // A genuine packet with one bit changed and the next number.
            8 => {
                room[..length].copy_from_slice(&self.heard);
                room[2..4].copy_from_slice(&sequence.to_be_bytes());
                let at = 12 + draw as usize % (length - 12);
                room[at] ^= 1 << (draw % 8);
            }
            // Records of DTLS, which anybody can begin.
            _ => room[0] = 20 + (draw % 44) as u8,
        }
        (length, false)
    }
}

/// 500 forged packets for each genuine one of either side: a million in forty seconds.
fn stands_a_million(suite: Suite) {
    let (mut wire, mut phone, mut reporter) = shaken(suite);
    let mut forger = Forger { suite, seed: 1, heard: phone.says(&voice(65_000)) };
    let ciphered = |port: PortId, to: SocketAddr| Verdict::Ciphered { port, rtcp: false, to };
    assert_eq!(wire.hear(A, at(PHONE), &forger.heard.clone()), ciphered(B, carrier()));
    let mut room = [0; 256];
    let mut forged_as_such = 0;
    let mut before = 0;
    for turn in 0..2_000_u16 {
        let sequence = 65_001_u16.wrapping_add(turn);
        // What is made room for once is there by then.
        if turn == 100 {
            before = kept();
        }
        let took = taken();
        for count in 0..500_u32 {
            let from = if count.is_multiple_of(3) { at(STRANGE) } else { at(PHONE) };
            let (length, reports) = forger.forge(count, sequence, &mut room);
            let heard = wire.engine.packet(A, reports, from, &mut room[..length], wire.now);
            match heard {
                Verdict::Drop(DropReason::Forged) => forged_as_such += 1,
                // Too old to be looked at, and parts of handshakes, which go elsewhere, few of a flood.
                Verdict::Drop(DropReason::Repeated | DropReason::Flood) | Verdict::Handshake => {}
                other => panic!("{other:?} for {:?}", &room[..length]),
            }
        }
        if turn >= 100 {
            assert_eq!(taken(), took, "no forged packet takes memory");
        }
        let said = rtp(8, sequence, u32::from(turn) * 160, 7);
        assert_eq!(wire.hear(A, at(PHONE), &phone.says(&said)), ciphered(B, carrier()));
        assert_eq!(wire.engine.poll_packet(), Some(&said[..]));
        let said = rtp(8, turn, u32::from(turn) * 160, 99);
        assert_eq!(wire.hear(B, carrier(), &said), ciphered(A, at(PHONE)));
        let heard = wire.engine.poll_packet().unwrap().to_vec();
        assert_eq!(phone.hears(&heard, &wire), said);
        wire.wait(20);
        wire.events();
    }
    assert!(forged_as_such > 700_000, "{forged_as_such}");
    let more = kept() - before;
    assert!(more < 1_000, "{more} octets more after a million forged packets");
    let reported = wire.hear_report(A, next(at(PHONE)), &reporter.reports(&report(99, 1, 1)));
    assert_eq!(reported, Verdict::Ciphered { port: B, rtcp: true, to: next(carrier()) });
    let stats = wire.close(A);
    let lost = stats.lost;
    assert_eq!((stats.received, stats.sent, lost, stats.strangers), (2_001, 2_000, 0, 0));
    assert_eq!(stats.forged, forged_as_such);
}

#[test]
fn a_million_forged_packets_leave_nothing_at_a_leg_of_dtls_under_gcm() {
    stands_a_million(Suite::AeadAes128Gcm);
}

#[test]
fn a_million_forged_packets_leave_nothing_at_a_leg_of_dtls_under_counter_mode() {
    stands_a_million(Suite::AesCm128HmacSha1_80);
}

#[test]
fn parts_of_handshakes_do_not_use_up_what_the_stream_may() {
    let (mut wire, mut phone, _) = shaken(Suite::AeadAes128Gcm);
    let verdicts = (0..20_000).map(|_| wire.hear(A, at(STRANGE), &[22, 254, 253, 0]));
    let passed = verdicts.filter(|verdict| *verdict == Verdict::Handshake).count();
    assert!((50..1_000).contains(&passed), "{passed} reach who shakes hands");
    let expected = Verdict::Ciphered { port: B, rtcp: false, to: carrier() };
    assert_eq!(wire.hear(A, at(PHONE), &phone.says(&voice(1))), expected);
}
