//! The crypto suites of SRTP: which cipher, which keys, which tag, and what SDP calls them.

use serde::{Deserialize, Serialize};

/// A cipher and an authentication, as SDP and DTLS name them together.
///
/// They are ordered as this box prefers them, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Suite {
    /// AES-256 in Galois/counter mode, tag of 128 bits (RFC 7714).
    #[serde(rename = "AEAD_AES_256_GCM")]
    AeadAes256Gcm,
    /// AES-128 in Galois/counter mode, tag of 128 bits (RFC 7714).
    #[serde(rename = "AEAD_AES_128_GCM")]
    AeadAes128Gcm,
    /// AES-256 in counter mode, HMAC-SHA1 of 80 bits (RFC 6188).
    #[serde(rename = "AES_256_CM_HMAC_SHA1_80")]
    Aes256CmHmacSha1_80,
    /// AES-128 in counter mode, HMAC-SHA1 of 80 bits: what every phone can (RFC 3711).
    #[serde(rename = "AES_CM_128_HMAC_SHA1_80")]
    AesCm128HmacSha1_80,
    /// AES-256 in counter mode, HMAC-SHA1 of 32 bits for RTP and 80 bits for RTCP (RFC 6188).
    #[serde(rename = "AES_256_CM_HMAC_SHA1_32")]
    Aes256CmHmacSha1_32,
    /// AES-128 in counter mode, HMAC-SHA1 of 32 bits for RTP and 80 bits for RTCP (RFC 4568 §6.2).
    #[serde(rename = "AES_CM_128_HMAC_SHA1_32")]
    AesCm128HmacSha1_32,
}

impl Suite {
    /// All of them, the best first.
    pub const ALL: [Suite; 6] = [
        Suite::AeadAes256Gcm,
        Suite::AeadAes128Gcm,
        Suite::Aes256CmHmacSha1_80,
        Suite::AesCm128HmacSha1_80,
        Suite::Aes256CmHmacSha1_32,
        Suite::AesCm128HmacSha1_32,
    ];

    /// The suite of this name in SDP, in any case of letters; also the names that older phones have for
    /// those of AES-256.
    pub fn named(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, suite)| *suite)
    }

    /// Its name in SDP.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, suite)| *suite == self).map_or("", |(name, _)| name)
    }

    /// The octets of a master key, and of the session keys for the cipher.
    pub const fn key_length(self) -> usize {
        match self {
            Suite::AeadAes256Gcm | Suite::Aes256CmHmacSha1_80 | Suite::Aes256CmHmacSha1_32 => 32,
            Suite::AeadAes128Gcm | Suite::AesCm128HmacSha1_80 | Suite::AesCm128HmacSha1_32 => 16,
        }
    }

    /// The octets of a master salt, and of the session salts (RFC 3711 §8.2, RFC 7714 §12).
    pub const fn salt_length(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// The octets of a master key and its salt together.
    pub const fn master_length(self) -> usize {
        self.key_length() + self.salt_length()
    }

    /// How many octets an RTP packet grows by.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Suite::AeadAes256Gcm | Suite::AeadAes128Gcm => 16,
            Suite::Aes256CmHmacSha1_80 | Suite::AesCm128HmacSha1_80 => 10,
            Suite::Aes256CmHmacSha1_32 | Suite::AesCm128HmacSha1_32 => 4,
        }
    }

    /// How many octets an RTCP packet grows by: its tag, which is never the short one, and its
    /// index (RFC 3711 §3.4).
    pub const fn rtcp_overhead(self) -> usize {
        self.rtcp_tag() + 4
    }

    /// The octets of an RTCP packet's tag.
    pub const fn rtcp_tag(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    /// Whether encryption and authentication are one.
    pub const fn is_aead(self) -> bool {
        matches!(self, Suite::AeadAes256Gcm | Suite::AeadAes128Gcm)
    }
}

/// RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §14.1; then what older phones call those of AES-256.
const NAMES: [(&str, Suite); 8] = [
    ("AEAD_AES_256_GCM", Suite::AeadAes256Gcm),
    ("AEAD_AES_128_GCM", Suite::AeadAes128Gcm),
    ("AES_256_CM_HMAC_SHA1_80", Suite::Aes256CmHmacSha1_80),
    ("AES_CM_128_HMAC_SHA1_80", Suite::AesCm128HmacSha1_80),
    ("AES_256_CM_HMAC_SHA1_32", Suite::Aes256CmHmacSha1_32),
    ("AES_CM_128_HMAC_SHA1_32", Suite::AesCm128HmacSha1_32),
    ("AES_CM_256_HMAC_SHA1_80", Suite::Aes256CmHmacSha1_80),
    ("AES_CM_256_HMAC_SHA1_32", Suite::Aes256CmHmacSha1_32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_has_one_name_everywhere() {
        for suite in Suite::ALL {
            assert_eq!(Suite::named(suite.name()), Some(suite));
            assert_eq!(serde_json::to_value(suite).unwrap(), suite.name());
        }
        assert_eq!(Suite::named("aes_cm_256_hmac_sha1_80"), Some(Suite::Aes256CmHmacSha1_80));
        assert_eq!(Suite::named("F8_128_HMAC_SHA1_80"), None);
    }
}
