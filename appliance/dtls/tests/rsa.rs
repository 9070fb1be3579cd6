//! The box shakes hands with one that can do RSA alone, in either role. The far side is the library by
//! itself, told to take nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use aws_lc_rs::digest::{SHA256, digest};
use bytes::BytesMut;
use call::{Fingerprint, Handshake, HandshakeFault, Hash, MediaCommand, PortId};
use dtls::Handshakes;
use media::Certificate;
use rtc_crypto::{RTCCryptoProvider, SignatureScheme, default_provider};
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder};
use rtc_dtls::crypto::Certificate as Shown;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rustls::pki_types::CertificateDer;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

const PORT: PortId = PortId { address: 0, port: 4_000 };
const RSA: [CipherSuiteId; 3] = [
    CipherSuiteId::Tls_Ecdhe_Rsa_With_Aes_128_Gcm_Sha256,
    CipherSuiteId::Tls_Ecdhe_Rsa_With_ChaCha20_Poly1305_Sha256,
    CipherSuiteId::Tls_Ecdhe_Rsa_With_Aes_256_Cbc_Sha,
];
const BOTH: [CipherSuiteId; 2] = [
    CipherSuiteId::Tls_Ecdhe_Rsa_With_Aes_128_Gcm_Sha256,
    CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
];

/// Of the box, of both kinds, and of the far side.
static OURS: LazyLock<[Certificate; 2]> =
    LazyLock::new(|| [made(&rcgen::KeyPair::generate().unwrap()), made(&rsa_key())]);
static THEIRS: LazyLock<Certificate> = LazyLock::new(|| made(&rsa_key()));

fn rsa_key() -> rcgen::KeyPair {
    rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap()
}

fn made(key: &rcgen::KeyPair) -> Certificate {
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let certificate = params.self_signed(key).unwrap().der().to_vec();
    Certificate { certificate, key: key.serialize_der() }
}

/// The far side.
struct Peer {
    endpoint: Endpoint,
    is_done: bool,
}

fn at(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number], 4_000))
}

impl Peer {
    fn new(suites: &[CipherSuiteId], begins: bool, now: Instant) -> Self {
        let provider: Arc<dyn RTCCryptoProvider> = default_provider().unwrap();
        let key = provider.crypto();
        let key = key.import_signing_key(SignatureScheme::RsaPkcs1Sha256, &THEIRS.key).unwrap();
        let chain = vec![CertificateDer::from(THEIRS.certificate.clone())];
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![Shown::from_signing_key(chain, key)])
            .with_cipher_suites(suites.to_vec())
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80])
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true);
        let config = Arc::new(config.build(begins, Some(at(1))).unwrap());
        let server = (!begins).then(|| config.clone());
        let mut endpoint = Endpoint::new(at(2), TransportProtocol::UDP, server);
        if begins {
            endpoint.connect(now, at(1), config, None).unwrap();
        }
        Self { endpoint, is_done: false }
    }

    fn hears(&mut self, bytes: &[u8], now: Instant) {
        // What it does not like it says.
        let events = self.endpoint.read(now, at(1), None, BytesMut::from(bytes));
        let done = |event: &EndpointEvent| matches!(event, EndpointEvent::HandshakeComplete);
        self.is_done |= events.is_ok_and(|events| events.iter().any(done));
    }

    /// The certificate that it was shown.
    fn saw(&self) -> Vec<u8> {
        let state = self.endpoint.get_connection_state(at(1)).unwrap();
        state.peer_certificates.first().unwrap().clone()
    }
}

struct Came {
    keys: usize,
    fault: Option<HandshakeFault>,
}

/// The box and the far side, until there is nothing more to say.
fn meet(peer: &mut Peer, rsa: bool, active: bool) -> Came {
    let mut now = Instant::now();
    let mut own = Handshakes::new(&OURS[0]).unwrap();
    if rsa {
        own.add_rsa(&OURS[1]).unwrap();
    }
    let digest = digest(&SHA256, &THEIRS.certificate).as_ref().to_vec();
    let fingerprints = vec![Fingerprint { hash: Hash::Sha256, digest }];
    own.agree(PORT, &Handshake { active, fingerprints, association: 0 }, now);
    let mut came = Came { keys: 0, fault: None };
    for _ in 0..40 {
        while let Some(said) = peer.endpoint.poll_transmit() {
            own.hear(PORT, false, at(2), &said.message, now);
        }
        while let Some(command) = own.poll_command() {
            match command {
                MediaCommand::Say { reports: false, bytes, .. } => peer.hears(&bytes, now),
                MediaCommand::Shaken { .. } => came.keys += 1,
                MediaCommand::Unshaken { fault, .. } => came.fault = Some(fault),
                _ => {}
            }
        }
        now += Duration::from_millis(400);
        own.tick(now);
    }
    assert_eq!(own.panics(), 0);
    came
}

#[test]
fn who_takes_rsa_alone_is_shown_the_rsa_certificate() {
    for suite in RSA {
        let mut peer = Peer::new(&[suite], true, Instant::now());
        let came = meet(&mut peer, true, false);
        assert_eq!((came.keys, came.fault, peer.is_done), (1, None, true), "{suite}");
        assert_eq!(peer.saw(), OURS[1].certificate, "{suite}");
    }
}

#[test]
fn who_takes_both_is_shown_the_ecdsa_certificate() {
    let mut peer = Peer::new(&BOTH, true, Instant::now());
    let came = meet(&mut peer, true, false);
    assert_eq!((came.keys, peer.is_done), (1, true));
    assert_eq!(peer.saw(), OURS[0].certificate);
}

#[test]
fn until_there_is_an_rsa_certificate_nothing_is_in_common() {
    let mut peer = Peer::new(&RSA, true, Instant::now());
    let came = meet(&mut peer, false, false);
    assert_eq!((came.keys, came.fault), (0, Some(HandshakeFault::NothingInCommon)));
}

#[test]
fn a_server_that_can_do_rsa_alone_is_taken() {
    for suite in RSA {
        let mut peer = Peer::new(&[suite], false, Instant::now());
        let came = meet(&mut peer, true, true);
        assert_eq!((came.keys, peer.is_done), (1, true), "{suite}");
        assert_eq!(peer.saw(), OURS[0].certificate, "it takes what it is shown");
    }
}
