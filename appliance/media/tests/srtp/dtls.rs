//! The keys that a DTLS handshake exports.

use media::srtp::dtls::{self, Error, Role};
use media::srtp::{Inbound, MasterKey, Outbound, Suite};

use super::{protect, rtp, start, unprotect};

#[test]
fn the_exported_octets_are_two_keys_and_then_two_salts() {
    let exported: Vec<u8> = (0..60).collect();
    let client =
        MasterKey::new(Suite::AesCm128HmacSha1_80, &[&exported[0..16], &exported[32..46]].concat());
    let server = MasterKey::new(
        Suite::AesCm128HmacSha1_80,
        &[&exported[16..32], &exported[46..60]].concat(),
    );
    let keys = dtls::keys(0x0001, &exported, Role::Client).unwrap();
    assert_eq!(keys.outbound, client.unwrap());
    assert_eq!(keys.inbound, server.unwrap());
    let keys_of_server = dtls::keys(0x0001, &exported, Role::Server).unwrap();
    assert_eq!(keys_of_server.outbound, keys.inbound);
    assert_eq!(keys_of_server.inbound, keys.outbound);
}

#[test]
fn both_ends_of_a_handshake_understand_each_other() {
    for (profile, suite) in dtls::PROFILES {
        assert_eq!(dtls::suite(profile), Some(suite));
        assert_eq!(dtls::profile(suite), Some(profile));
        let exported: Vec<u8> = (0..dtls::exported_length(suite) as u8).collect();
        let [mut client, mut server] = [Role::Client, Role::Server].map(|role| {
            let keys = dtls::keys(profile, &exported, role).unwrap();
            (Outbound::new(&keys.outbound), Inbound::new(&keys.inbound))
        });
        let plain = rtp(7, 1, b"speech");
        let packet = protect(&mut client.0, &plain).unwrap();
        assert_eq!(unprotect(&mut server.1, &packet, start()).unwrap(), plain);
        let packet = protect(&mut server.0, &plain).unwrap();
        assert_eq!(unprotect(&mut client.1, &packet, start()).unwrap(), plain);
    }
}

#[test]
fn every_other_length_and_profile_is_refused() {
    for (profile, suite) in dtls::PROFILES {
        for length in (0..100).filter(|length| *length != dtls::exported_length(suite)) {
            let result = dtls::keys(profile, &vec![0; length], Role::Client);
            assert_eq!(result, Err(Error::WrongLength), "{suite:?} {length}");
        }
    }
    // No encryption (RFC 5764 §4.1.2), what was withdrawn, and what nobody has defined.
    for profile in [0, 3, 4, 5, 6, 9, 0xffff] {
        let result = dtls::keys(profile, &[0; 60], Role::Client);
        assert_eq!(result, Err(Error::UnknownProfile));
    }
    assert_eq!(dtls::profile(Suite::Aes256CmHmacSha1_80), None);
}
