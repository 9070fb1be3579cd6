//! Nonces that prove themselves: the time and a salt, signed (RFC 7616 §3.3, RFC 2104).
//!
//! A server that remembers no nonce cannot be made to run out of memory by asking for many.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key that signs nonces, and for how long they are good. A new key makes every nonce stale,
/// which costs each phone one more round trip.
#[derive(Clone)]
pub struct NonceKey {
    mac: Hmac<Sha256>,
    lifetime: u64,
}

/// Which nonce: unique for each challenge, older ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NonceId {
    /// When it was issued, in seconds since 1970.
    pub issued: u64,
    salt: [u8; SALT],
}

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceVerdict {
    /// It is ours and young enough.
    Good(NonceId),
    /// It is ours and too old: challenge again with `stale=true`.
    Stale,
    /// It is not ours, or was meant for another realm.
    Foreign,
}

impl NonceKey {
    /// A key from 32 random octets, for nonces that are good for `lifetime` seconds.
    pub fn new(key: &[u8; 32], lifetime: u64) -> NonceKey {
        // A key as long as the hash is what RFC 2104 §3 recommends; any length is taken.
        let mac =
            Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
        NonceKey { mac, lifetime }
    }

    /// Makes a nonce. The salt is random, so that no two challenges share one.
    pub fn issue(&self, realm: &str, now: u64, salt: [u8; SALT]) -> String {
        let id = NonceId { issued: now, salt };
        let tag = self.sign(realm, &id).finalize().into_bytes();
        let bytes = now.to_be_bytes().into_iter().chain(salt).chain(tag.into_iter().take(TAG));
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16);
        bytes.flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect()
    }

    /// Judges a nonce that a client sent back. One from the future is as old as one from the
    /// past: the clock was set back.
    pub fn check(&self, nonce: &str, realm: &str, now: u64) -> NonceVerdict {
        let Some(bytes) = unhex::<LENGTH>(nonce) else { return NonceVerdict::Foreign };
        let Some((issued, rest)) = bytes.split_first_chunk::<8>() else {
            return NonceVerdict::Foreign;
        };
        let Some((salt, tag)) = rest.split_first_chunk::<SALT>() else {
            return NonceVerdict::Foreign;
        };
        let id = NonceId { issued: u64::from_be_bytes(*issued), salt: *salt };
        if self.sign(realm, &id).verify_truncated_left(tag).is_err() {
            return NonceVerdict::Foreign;
        }
        if id.issued.abs_diff(now) > self.lifetime {
            return NonceVerdict::Stale;
        }
        NonceVerdict::Good(id)
    }

    /// For how many seconds a nonce is good.
    pub fn lifetime(&self) -> u64 {
        self.lifetime
    }

    fn sign(&self, realm: &str, id: &NonceId) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&id.issued.to_be_bytes());
        mac.update(&id.salt);
        mac.update(realm.as_bytes());
        mac
    }
}

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NonceKey({} s)", self.lifetime)
    }
}

/// Exactly `N` octets in hexadecimal digits.
pub(super) fn unhex<const N: usize>(hex: &str) -> Option<[u8; N]> {
    if hex.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        for &digit in pair {
            let nibble = u8::try_from(char::from(digit).to_digit(16)?).ok()?;
            *byte = *byte << 4 | nibble;
        }
    }
    Some(bytes)
}

/// Octets of salt: no two nonces of a second are the same.
const SALT: usize = 8;

/// Octets of the signature: 128 bits cannot be guessed.
const TAG: usize = 16;

const LENGTH: usize = 8 + SALT + TAG;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_its_realm_and_its_time() {
        let key = NonceKey::new(&[7; 32], 300);
        let nonce = key.issue("pbx", 1000, [1; SALT]);
        let good = NonceVerdict::Good(NonceId { issued: 1000, salt: [1; SALT] });
        assert_eq!(key.check(&nonce, "pbx", 1000), good);
        assert_eq!(key.check(&nonce, "pbx", 1300), good);
        assert_eq!(key.check(&nonce, "pbx", 1301), NonceVerdict::Stale);
        assert_eq!(key.check(&nonce, "pbx", 699), NonceVerdict::Stale);
        assert_eq!(key.check(&nonce, "other", 1000), NonceVerdict::Foreign);
        let other = NonceKey::new(&[8; 32], 300);
        assert_eq!(other.check(&nonce, "pbx", 1000), NonceVerdict::Foreign);
    }

    #[test]
    fn a_nonce_with_a_changed_digit_is_foreign() {
        let key = NonceKey::new(&[7; 32], 300);
        let nonce = key.issue("pbx", 1000, [1; SALT]);
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.check(&changed, "pbx", 1000), NonceVerdict::Foreign);
        }
        for nonce in ["", "xyz", &nonce[1..], &format!("{nonce}0")] {
            assert_eq!(key.check(nonce, "pbx", 1000), NonceVerdict::Foreign);
        }
    }
}
