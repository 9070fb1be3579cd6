//! What the box shows of itself, and whether the other side shows what it said.

use crate::hello::{ECDSA_SUITES, Kind, RSA_SUITES};
use aws_lc_rs::digest;
use call::{Fingerprint, Hash};
use rtc_crypto::{RTCCryptoProvider, SignatureScheme};
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate as Shown;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How the box shakes hands, with either kind of certificate.
pub(crate) struct Identity {
    ecdsa: Roles,
    /// Nothing until there is one: its key takes a while to make.
    rsa: Option<Roles>,
}

/// How it does so in either role.
struct Roles {
    client: Arc<HandshakeConfig>,
    server: Arc<HandshakeConfig>,
}

/// Misuse: the certificate or its key is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable;

impl Identity {
    pub(crate) fn new(ecdsa: &media::Certificate) -> Result<Self, Unusable> {
        Self::by(provider()?, ecdsa)
    }

    pub(crate) fn by(
        provider: Arc<dyn RTCCryptoProvider>,
        ecdsa: &media::Certificate,
    ) -> Result<Self, Unusable> {
        Ok(Self { ecdsa: Roles::with(provider, ecdsa, Kind::Ecdsa)?, rsa: None })
    }

    /// From now on shows this one as well, to whoever cannot take the other.
    pub(crate) fn add_rsa(&mut self, rsa: &media::Certificate) -> Result<(), Unusable> {
        self.rsa = Some(Roles::with(provider()?, rsa, Kind::Rsa)?);
        Ok(())
    }

    /// What the box does that begins a handshake, with a certificate of this kind if there is one.
    pub(crate) fn client(&self, kind: Kind) -> Arc<HandshakeConfig> {
        self.roles(kind).client.clone()
    }

    /// What it does with whom somebody else began one.
    pub(crate) fn server(&self, kind: Kind) -> Arc<HandshakeConfig> {
        self.roles(kind).server.clone()
    }

    fn roles(&self, kind: Kind) -> &Roles {
        self.rsa.as_ref().filter(|_| kind == Kind::Rsa).unwrap_or(&self.ecdsa)
    }
}

impl Roles {
    fn with(
        provider: Arc<dyn RTCCryptoProvider>,
        certificate: &media::Certificate,
        kind: Kind,
    ) -> Result<Self, Unusable> {
        let scheme = match kind {
            Kind::Ecdsa => SignatureScheme::EcdsaP256Sha256,
            Kind::Rsa => SignatureScheme::RsaPkcs1Sha256,
        };
        let key = provider.crypto().import_signing_key(scheme, &certificate.key);
        let chain = vec![CertificateDer::from(certificate.certificate.clone())];
        let shown = Shown::from_signing_key(chain, key.map_err(|_| Unusable)?);
        let suites = ECDSA_SUITES.into_iter().chain(RSA_SUITES).map(CipherSuiteId::from);
        let config = |is_client| {
            let builder = ConfigBuilder::default()
                .with_crypto_provider(provider.clone())
                .with_certificates(vec![shown.clone()])
                .with_cipher_suites(suites.clone().collect())
                .with_srtp_protection_profiles(PROFILES.to_vec())
                // Certificates are signed by nobody: their digests are in the descriptions.
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                .with_insecure_skip_verify(true)
                .with_flight_interval(AGAIN);
            let built = builder.build(is_client, Some(NOBODY));
            built.map(Arc::new).map_err(|_| Unusable)
        };
        Ok(Self { client: config(true)?, server: config(false)? })
    }
}

fn provider() -> Result<Arc<dyn RTCCryptoProvider>, Unusable> {
    rtc_crypto::default_provider().map_err(|_| Unusable)
}

/// Whether a certificate has one of these digests, of the best kind that there is (RFC 8122 §5.1).
pub(crate) fn matches(certificate: &[u8], fingerprints: &[Fingerprint]) -> bool {
    let Some(best) = fingerprints.iter().map(|one| one.hash).max() else { return false };
    let digest = digest::digest(algorithm(best), certificate);
    let mut of_best = fingerprints.iter().filter(|one| one.hash == best);
    of_best.any(|one| one.digest == digest.as_ref())
}

fn algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha224 => &digest::SHA224,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    }
}

impl fmt::Debug for Identity {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate cannot be used for DTLS")
    }
}

impl std::error::Error for Unusable {}

/// RFC 5764 §4.1.2, RFC 7714 §14.2: the best first, as with keys in descriptions.
const PROFILES: [SrtpProtectionProfile; 4] = [
    SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
    SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
    SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
    SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_32,
];
/// Of a clock that nothing here listens to: who says when is `party`.
const AGAIN: Duration = Duration::from_millis(400);
/// What the library is told of where the far side is: one session has one, and media knows where.
pub(crate) const NOBODY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn certificate() -> media::Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        media::Certificate { certificate, key: key.serialize_der() }
    }

    fn of(hash: Hash, text: &[u8]) -> Fingerprint {
        Fingerprint { hash, digest: digest::digest(algorithm(hash), text).as_ref().to_vec() }
    }

    #[test]
    fn of_several_digests_only_those_of_the_best_kind_count() {
        for hash in Hash::ALL {
            assert!(matches(b"one", &[of(hash, b"one")]));
            assert!(!matches(b"one", &[of(hash, b"two")]));
            assert_eq!(of(hash, b"one").digest.len(), hash.length());
        }
        let weak = [of(Hash::Sha1, b"one"), of(Hash::Sha256, b"two")];
        assert!(!matches(b"one", &weak));
        let next = [of(Hash::Sha256, b"two"), of(Hash::Sha256, b"one")];
        assert!(matches(b"one", &next));
        assert!(!matches(b"one", &[]));
    }
}
