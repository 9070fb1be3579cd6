//! The crypto suites: which cipher, which keys, which tag.

/// A cipher and an authentication, as SDP and DTLS name them together.
///
/// They are ordered as this box prefers them, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// AES-256 in Galois/counter mode, tag of 128 bits (RFC 7714).
    AeadAes256Gcm,
    /// AES-128 in Galois/counter mode, tag of 128 bits (RFC 7714).
    AeadAes128Gcm,
    /// AES-256 in counter mode, HMAC-SHA1 of 80 bits (RFC 6188).
    Aes256CmHmacSha1_80,
    /// AES-128 in counter mode, HMAC-SHA1 of 80 bits: what every phone can (RFC 3711).
    AesCm128HmacSha1_80,
    /// AES-256 in counter mode, HMAC-SHA1 of 32 bits for RTP and 80 bits for RTCP (RFC 6188).
    Aes256CmHmacSha1_32,
    /// AES-128 in counter mode, HMAC-SHA1 of 32 bits for RTP and 80 bits for RTCP (RFC 4568 §6.2).
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

    pub(super) const fn rtcp_tag(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    pub(super) const fn is_aead(self) -> bool {
        matches!(self, Suite::AeadAes256Gcm | Suite::AeadAes128Gcm)
    }
}
