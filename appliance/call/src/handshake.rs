//! Keys by DTLS-SRTP (RFC 5763): what both sides said of it, and what came of it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a far side and the box have said of the handshake that gives them keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The box begins it (`a=setup`, RFC 4145 §4).
    pub active: bool,
    /// The far side's certificate has one of these; none where it has not answered yet, and may begin
    /// before its answer is here (RFC 5763 §6.5).
    pub fingerprints: Vec<Fingerprint>,
    /// A handshake that has another number begins anew.
    pub association: u32,
}

/// The digest of a certificate (RFC 8122 §5).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// Of which kind.
    pub hash: Hash,
    /// Its octets, as many as the kind has.
    pub digest: Vec<u8>,
}

/// The hash functions of fingerprints, the weakest first; MD5 and MD2 are not taken (RFC 8122 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// 160 bits: old phones have no other.
    Sha1,
    /// 224 bits.
    Sha224,
    /// 256 bits.
    Sha256,
    /// 384 bits.
    Sha384,
    /// 512 bits.
    Sha512,
}

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HandshakeFault {
    /// The far side never began, or stopped answering.
    Unanswered,
    /// The far side showed another certificate than its description says, or none: somebody may stand
    /// in between.
    FalseCertificate,
    /// The far side has no cipher or no protection profile that the box has.
    NothingInCommon,
    /// The far side broke the rules, or gave up.
    Broken,
    /// The box itself failed at what the far side sent.
    Failed,
}

impl Hash {
    /// All of them, the weakest first.
    pub const ALL: [Self; 5] = [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its name in descriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha-1",
            Self::Sha224 => "sha-224",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// The hash function of this name, in any case of letters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.name().eq_ignore_ascii_case(name))
    }

    /// The octets of a digest.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unanswered => {
                "the phone or carrier agreed to DTLS-SRTP and then did not shake hands: a firewall may \
                 stand between it and the media ports"
            }
            Self::FalseCertificate => {
                "the phone or carrier showed another certificate than it had said (DTLS-SRTP): somebody \
                 may stand in between"
            }
            Self::NothingInCommon => {
                "the phone or carrier has no cipher for DTLS-SRTP that the box has: choose \
                 SRTP_AES128_CM_SHA1_80 and ECDHE there"
            }
            Self::Broken => "the phone or carrier broke off the handshake of DTLS-SRTP",
            Self::Failed => {
                "the box failed at what the phone or carrier sent as a handshake of DTLS-SRTP: report it \
                 with a capture of the call"
            }
        })
    }
}
