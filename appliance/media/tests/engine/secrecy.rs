//! Encrypted legs: each by itself, and believed by what it proves instead of its address.

use crate::wire::*;
use call::{
    Codec, Format, Formats, Keys, Learn, MasterKey, MediaCommand, MediaEvent, PortId, Suite,
};
use media::srtp::{Inbound, Outbound, dtls};
use media::{DropReason, Verdict};
use std::net::SocketAddr;

const PHONE: &str = "203.0.113.5:4000";
const STRANGE: &str = "203.0.113.66:4000";
const FORGED: Verdict = Verdict::Drop(DropReason::Forged);

/// A far side with keys.
pub(crate) struct Far {
    outbound: Outbound,
    inbound: Inbound,
    /// The box's.
    pub(crate) keys: Keys,
}

impl Far {
    fn new(suite: Suite, number: u8) -> Self {
        let key = |part: u8| MasterKey::random(suite, &[number ^ part; MasterKey::LONGEST]);
        let (theirs, ours) = (key(0), key(1));
        Self {
            outbound: Outbound::new(&theirs),
            inbound: Inbound::new(&ours),
            keys: Keys { outbound: ours, inbound: theirs },
        }
    }

    /// Its keys are those of a handshake that it began, which exported octets of this number.
    pub(crate) fn shaken(suite: Suite, exported: u8) -> Self {
        let exported: Vec<_> =
            (0..).map(|at: u8| exported ^ at.wrapping_mul(37)).take(88).collect();
        let exported = &exported[..dtls::exported_length(suite)];
        let profile = dtls::profile(suite).unwrap();
        let [theirs, keys] = [dtls::Role::Client, dtls::Role::Server]
            .map(|role| dtls::keys(profile, exported, role).unwrap());
        let (outbound, inbound) = (Outbound::new(&theirs.outbound), Inbound::new(&theirs.inbound));
        Self { outbound, inbound, keys }
    }

    pub(crate) fn says(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut buffer = [packet, &[0; 32]].concat();
        let length = self.outbound.protect(&mut buffer, packet.len()).unwrap();
        buffer.truncate(length);
        buffer
    }

    pub(crate) fn reports(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut buffer = [packet, &[0; 32]].concat();
        let length = self.outbound.protect_rtcp(&mut buffer, packet.len()).unwrap();
        buffer.truncate(length);
        buffer
    }

    pub(crate) fn hears(&mut self, packet: &[u8], wire: &Wire) -> Vec<u8> {
        let mut buffer = packet.to_vec();
        let length = self.inbound.unprotect(&mut buffer, wire.now).unwrap();
        buffer.truncate(length);
        buffer
    }
}

fn has_keys(wire: &mut Wire, port: PortId, keys: &Keys) {
    wire.tell(MediaCommand::Keys { port, keys: Some(Box::new(keys.clone())) });
}

/// A's phone has keys, the carrier behind B has not.
fn secure_to_plain(suite: Suite) -> (Wire, Far) {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let phone = Far::new(suite, 1);
    has_keys(&mut wire, A, &phone.keys);
    (wire, phone)
}

fn ciphered(port: PortId, to: SocketAddr) -> Verdict {
    Verdict::Ciphered { port, rtcp: false, to }
}

/// The one packet that left.
fn left(wire: &mut Wire) -> Vec<u8> {
    let packet = wire.engine.poll_packet().unwrap().to_vec();
    assert_eq!(wire.engine.poll_packet(), None);
    packet
}

#[test]
fn an_encrypted_phone_talks_with_a_plain_carrier_under_every_suite() {
    for suite in Suite::ALL {
        let (mut wire, mut phone) = secure_to_plain(suite);
        for sequence in 65_530..65_535 {
            let said = phone.says(&voice(sequence));
            assert_eq!(wire.hear(A, at(PHONE), &said), ciphered(B, carrier()), "{suite:?}");
            assert_eq!(left(&mut wire), voice(sequence));
            let said = rtp(8, sequence, 0, 99);
            assert_eq!(wire.hear(B, carrier(), &said), ciphered(A, at(PHONE)));
            let heard = left(&mut wire);
            assert_eq!(heard.len(), said.len() + suite.rtp_overhead());
            assert_ne!(heard[12..172], said[12..172]);
            assert_eq!(phone.hears(&heard, &wire), said);
        }
        let stats = wire.close(A);
        assert_eq!((stats.received, stats.sent, stats.forged), (5, 5, 0));
        assert_eq!(stats.received_octets, 5 * 172);
    }
}

#[test]
fn two_encrypted_phones_have_keys_of_their_own() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let mut phone = Far::new(Suite::AeadAes256Gcm, 1);
    let mut other = Far::new(Suite::AesCm128HmacSha1_32, 2);
    has_keys(&mut wire, A, &phone.keys);
    has_keys(&mut wire, B, &other.keys);
    for sequence in 0..5 {
        let said = phone.says(&voice(sequence));
        assert_eq!(wire.hear(A, at(PHONE), &said), ciphered(B, carrier()));
        let heard = left(&mut wire);
        assert_eq!(other.hears(&heard, &wire), voice(sequence));
    }
}

#[test]
fn what_is_not_genuine_is_neither_heard_nor_believed() {
    let (mut wire, mut phone) = secure_to_plain(Suite::AesCm128HmacSha1_80);
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), FORGED);
    let mut other = Far::new(Suite::AesCm128HmacSha1_80, 9);
    assert_eq!(wire.hear(A, at(PHONE), &other.says(&voice(1))), FORGED);
    assert_eq!(wire.hear(A, at(PHONE), &other.reports(&report(7, 1, 1))), FORGED);
    assert_eq!(wire.events(), []);
    let said = phone.says(&voice(1));
    let mut changed = said.clone();
    changed[20] ^= 1;
    assert_eq!(wire.hear(A, at(PHONE), &changed), FORGED);
    assert_eq!(wire.hear(A, at(PHONE), &said), ciphered(B, carrier()));
    let repeated = Verdict::Drop(DropReason::Repeated);
    assert_eq!(wire.hear(A, at(PHONE), &said), repeated);
    assert_eq!(wire.hear(A, at(STRANGE), &said), repeated);
    let stats = wire.close(A);
    assert_eq!((stats.received, stats.forged, stats.strangers), (1, 4, 0));
}

#[test]
fn a_genuine_packet_is_believed_wherever_it_comes_from_and_answered_there() {
    let (mut wire, mut phone) = secure_to_plain(Suite::AeadAes128Gcm);
    assert_eq!(wire.hear(A, at(PHONE), &phone.says(&voice(1))), ciphered(B, carrier()));
    assert_eq!(wire.hear(A, at(STRANGE), &voice(2)), FORGED);
    assert_eq!(wire.heard_by(), ciphered(A, at(PHONE)));
    // It moved to another network, and nobody told the box.
    let elsewhere = at("198.51.100.77:9000");
    assert_eq!(wire.hear(A, elsewhere, &phone.says(&voice(2))), ciphered(B, carrier()));
    assert!(wire.events().contains(&MediaEvent::Heard { port: A, from: elsewhere }));
    assert_eq!(wire.hear(B, carrier(), &rtp(8, 2, 320, 99)), ciphered(A, elsewhere));
    let reported = phone.reports(&report(99, 1, 1));
    let said = Verdict::Ciphered { port: B, rtcp: true, to: next(carrier()) };
    assert_eq!(wire.hear_report(A, at("198.51.100.77:9009"), &reported), said);
    assert_eq!(left(&mut wire), report(99, 1, 1));
}

#[test]
fn reports_are_encrypted_as_well() {
    let (mut wire, mut phone) = secure_to_plain(Suite::AesCm128HmacSha1_32);
    let plain = report(7, 1, 1);
    let verdict = wire.hear_report(B, next(carrier()), &plain);
    assert_eq!(verdict, Verdict::Ciphered { port: A, rtcp: true, to: next(at(PHONE)) });
    let mut heard = left(&mut wire);
    assert_eq!(heard.len(), plain.len() + 14);
    let length = phone.inbound.unprotect_rtcp(&mut heard, wire.now).unwrap();
    assert_eq!(heard[..length], plain);
}

#[test]
fn sound_is_translated_between_legs_whatever_their_keys() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let mut phone = Far::new(Suite::AeadAes256Gcm, 1);
    let mut other = Far::new(Suite::AesCm128HmacSha1_80, 2);
    let agree = |wire: &mut Wire, port, codec, payload_type, packet_millis| {
        let formats = vec![Format { payload_type, codec }];
        let (receive, send) = (formats.clone(), formats);
        let formats = Box::new(Formats { receive, send, packet_millis, ..Formats::default() });
        wire.tell(MediaCommand::Formats { port, formats });
    };
    agree(&mut wire, A, Codec::Pcma, 8, 20);
    agree(&mut wire, B, Codec::Pcmu, 0, 10);
    has_keys(&mut wire, A, &phone.keys);
    has_keys(&mut wire, B, &other.keys);
    let verdict = wire.hear(A, at(PHONE), &phone.says(&voice(1)));
    assert_eq!(verdict, Verdict::Translated { port: B, to: carrier() });
    let heard: Vec<_> = std::iter::from_fn(|| wire.engine.poll_packet().map(<[u8]>::to_vec))
        .collect::<Vec<_>>()
        .iter()
        .map(|packet| other.hears(packet, &wire))
        .collect();
    let shape: Vec<_> = heard.iter().map(|packet| (packet[1] & 0x7f, packet.len())).collect();
    assert_eq!(shape, [(0, 12 + 80), (0, 12 + 80)]);
    let stats = wire.close(B);
    assert_eq!((stats.sent, stats.sent_octets), (2, 2 * 92));
}

#[test]
fn keys_may_change_and_go() {
    let (mut wire, mut phone) = secure_to_plain(Suite::AesCm128HmacSha1_80);
    assert_eq!(wire.hear(A, at(PHONE), &phone.says(&voice(1))), ciphered(B, carrier()));
    let mut next = Far::new(Suite::AeadAes128Gcm, 5);
    has_keys(&mut wire, A, &next.keys);
    // What is still on its way, and what comes under the new key.
    assert_eq!(wire.hear(A, at(PHONE), &phone.says(&voice(2))), ciphered(B, carrier()));
    assert_eq!(wire.hear(A, at(PHONE), &next.says(&voice(3))), ciphered(B, carrier()));
    wire.heard_by();
    let heard = left(&mut wire);
    assert_eq!(next.hears(&heard, &wire), rtp(8, 1, 160, 99));
    wire.tell(MediaCommand::Keys { port: A, keys: None });
    assert_eq!(wire.hear(A, at(PHONE), &voice(4)), forward(B, carrier()));
}

#[test]
fn nothing_leaves_in_the_clear_that_cannot_be_protected() {
    let (mut wire, _) = secure_to_plain(Suite::AesCm128HmacSha1_80);
    // A handshake of the other side's.
    let unprotected = Verdict::Drop(DropReason::Unprotected);
    assert_eq!(wire.hear(B, carrier(), &[22, 254, 253, 0, 0, 0]), unprotected);
    // The same number twice.
    assert_eq!(wire.hear(B, carrier(), &rtp(8, 5, 160, 99)), ciphered(A, at(PHONE)));
    assert_eq!(wire.hear(B, carrier(), &rtp(8, 5, 160, 99)), unprotected);
}
