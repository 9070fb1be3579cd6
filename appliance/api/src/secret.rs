//! Secrets of phones: made here when nobody brings one, and kept as HA1 only.

use config::Credentials;
use md5::Md5;
use sha2::{Digest, Sha256};

/// What is kept of a phone's password (RFC 7616 §3.4.2, RFC 8760).
pub(crate) fn credentials(user: &str, realm: &str, secret: &str) -> Credentials {
    let text = format!("{user}:{realm}:{secret}");
    Credentials { md5: Md5::digest(&text).into(), sha256: Sha256::digest(&text).into() }
}

/// A password with 130 random bits that can be read aloud and typed into a phone.
pub(crate) fn make() -> Result<String, getrandom::Error> {
    let mut octets = [0; LENGTH];
    getrandom::fill(&mut octets)?;
    let letter = |octet: u8| ALPHABET.get(usize::from(octet & 31)).copied().map(char::from);
    Ok(octets.into_iter().filter_map(letter).collect())
}

/// 256 random bits in hexadecimal: a token.
pub(crate) fn hex_token() -> Result<String, getrandom::Error> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets)?;
    Ok(hex(&octets))
}

/// Octets in lower-case hexadecimal.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    one.iter().zip(other.iter()).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

/// Crockford's base 32: no two letters look alike.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_hashes_are_those_of_the_standard() {
        // RFC 2617 §3.5, and RFC 7616 §3.9.1 for SHA-256's input.
        let kept = credentials("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(hex(&kept.md5), "939e7578ed9e3c518a452acee763bce9");
        let kept = credentials("Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(hex(&kept.md5), "3d78807defe7de2157e2b0b6573a855f");
        let expected = "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232";
        assert_eq!(hex(&kept.sha256), expected);
    }

    #[test]
    fn a_made_secret_is_long_typeable_and_never_the_same() {
        let (one, other) = (make().unwrap(), make().unwrap());
        assert_eq!(one.len(), 26);
        assert!(one.bytes().all(|b| ALPHABET.contains(&b)), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn only_equal_texts_are_the_same() {
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd"));
        assert!(!same("abc", ""));
    }
}
