//! Every packet that we protect is byte for byte that of another implementation, and either side
//! reads the other's.

use media::srtp::{Inbound, MasterKey, Outbound, Suite};
use proptest::prelude::*;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::{protect, protect_rtcp, rtcp, start, unprotect, unprotect_rtcp};

fn profile(suite: Suite) -> ProtectionProfile {
    match suite {
        Suite::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
        Suite::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Suite::Aes256CmHmacSha1_80 => ProtectionProfile::Aes256CmHmacSha1_80,
        Suite::AesCm128HmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::Aes256CmHmacSha1_32 => ProtectionProfile::Aes256CmHmacSha1_32,
        Suite::AesCm128HmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
    }
}

fn theirs(suite: Suite, key: &[u8]) -> Context {
    let provider = rtc_srtp::crypto::default_provider().unwrap();
    let (key, salt) = key.split_at(suite.key_length());
    Context::new(key, salt, profile(suite), None, None, provider.crypto()).unwrap()
}

/// A packet as it may come: marked or not, contributors, an extension.
fn any_packet() -> impl Strategy<Value = (bool, u8, Option<Vec<u8>>, Vec<u8>)> {
    let extension = prop::option::of(prop::collection::vec(any::<u8>(), 0..5));
    (any::<bool>(), 0_u8..16, extension, prop::collection::vec(any::<u8>(), 1..1200))
}

fn build(
    ssrc: u32,
    sequence: u16,
    (marker, contributors, extension, payload): (bool, u8, Option<Vec<u8>>, Vec<u8>),
) -> Vec<u8> {
    let extended = u8::from(extension.is_some()) << 4;
    let mut packet = vec![0x80 | extended | contributors, u8::from(marker) << 7 | 96];
    packet.extend(sequence.to_be_bytes());
    packet.extend([1, 2, 3, 4]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(vec![0x11; usize::from(contributors) * 4]);
    if let Some(words) = extension {
        packet.extend([0x12, 0x34, 0, words.len() as u8]);
        words.iter().for_each(|word| packet.extend([*word; 4]));
    }
    packet.extend(payload);
    packet
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rtp_is_the_same_octet_for_octet(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        key in prop::collection::vec(any::<u8>(), 46),
        ssrc in any::<u32>(),
        first in any::<u16>(),
        packets in prop::collection::vec((1_u16..20_000, any_packet()), 1..20),
    ) {
        let key = &key[..suite.master_length()];
        let master = MasterKey::new(suite, key).unwrap();
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let (mut their_outbound, mut their_inbound) = (theirs(suite, key), theirs(suite, key));
        let mut sequence = first;
        for (ahead, packet) in packets {
            let plain = build(ssrc, sequence, packet);
            let ours = protect(&mut outbound, &plain).unwrap();
            let expected = their_outbound.encrypt_rtp(&plain).unwrap();
            prop_assert_eq!(&ours, &expected.to_vec());
            prop_assert_eq!(&unprotect(&mut inbound, &expected, start()).unwrap(), &plain);
            prop_assert_eq!(their_inbound.decrypt_rtp(&ours).unwrap().to_vec(), plain);
            sequence = sequence.wrapping_add(ahead);
        }
    }

    #[test]
    fn rtcp_is_read_by_either_side(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        key in prop::collection::vec(any::<u8>(), 46),
        ssrc in any::<u32>(),
        count in 1..20,
    ) {
        let key = &key[..suite.master_length()];
        let master = MasterKey::new(suite, key).unwrap();
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let (mut their_outbound, mut their_inbound) = (theirs(suite, key), theirs(suite, key));
        let plain = rtcp(ssrc);
        for _ in 0..count {
            let ours = protect_rtcp(&mut outbound, &plain).unwrap();
            prop_assert_eq!(their_inbound.decrypt_rtcp(&ours).unwrap().to_vec(), plain.clone());
            let expected = their_outbound.encrypt_rtcp(&plain).unwrap();
            prop_assert_eq!(ours.len(), expected.len());
            prop_assert_eq!(&unprotect_rtcp(&mut inbound, &expected, start()).unwrap(), &plain);
        }
    }
}
