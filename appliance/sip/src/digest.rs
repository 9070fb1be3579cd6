//! Digest authentication, both sides: RFC 8760 (SHA-256), RFC 7616, RFC 3261 §22.
//!
//! A server verifies against a stored HA1 and never sees a password. Its nonces are signed, not
//! remembered ([`NonceKey`]); what is remembered is which counts of a nonce were used
//! ([`NonceUse`]), in bounded memory. Time is seconds since 1970, given by the caller.

mod answer;
mod challenge;
mod credentials;
mod nonce;
mod nonce_use;

pub use answer::{Answering, Secret};
pub use challenge::Challenge;
pub use credentials::{Credentials, verify};
pub use nonce::{NonceId, NonceKey, NonceVerdict};
pub use nonce_use::{NonceUse, Use};

use std::fmt;

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::header::name::Name;
use crate::header::params::Param;
use crate::message::{Malformed, Message};
use crate::scan::Scan;

/// How a digest is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5, which every phone knows.
    Md5,
    /// MD5 over a session key.
    Md5Sess,
    /// SHA-256, to be preferred.
    Sha256,
    /// SHA-256 over a session key.
    Sha256Sess,
}

/// What a password is stored as: the hash of `user:realm:password`. It is as good as the password
/// for SIP, so it is never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ha1 {
    /// For MD5 and MD5-sess.
    Md5([u8; 16]),
    /// For SHA-256 and SHA-256-sess.
    Sha256([u8; 32]),
}

/// Quality of protection (RFC 7616 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// The method and the URI are protected.
    Auth,
    /// So is the body.
    AuthInt,
}

impl Algorithm {
    /// Reads an algorithm; `None` for one that this crate does not know.
    pub fn parse(text: &str) -> Option<Algorithm> {
        let all = [Algorithm::Md5, Algorithm::Md5Sess, Algorithm::Sha256, Algorithm::Sha256Sess];
        all.into_iter().find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(text))
    }

    /// The algorithm as it stands in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Md5Sess => "MD5-sess",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha256Sess => "SHA-256-sess",
        }
    }

    /// The hash function without the session.
    pub fn hash(self) -> Algorithm {
        match self {
            Algorithm::Md5 | Algorithm::Md5Sess => Algorithm::Md5,
            Algorithm::Sha256 | Algorithm::Sha256Sess => Algorithm::Sha256,
        }
    }

    fn is_session(self) -> bool {
        matches!(self, Algorithm::Md5Sess | Algorithm::Sha256Sess)
    }

    /// The hash of `parts` with colons between them.
    fn of(self, parts: &[&[u8]]) -> Hex {
        match self.hash() {
            Algorithm::Md5 | Algorithm::Md5Sess => Hex::of(&joined::<Md5>(parts).finalize()),
            Algorithm::Sha256 | Algorithm::Sha256Sess => {
                Hex::of(&joined::<Sha256>(parts).finalize())
            }
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Ha1 {
    /// Computes what is stored for a password.
    pub fn of(algorithm: Algorithm, username: &str, realm: &str, password: &str) -> Ha1 {
        let parts = [username.as_bytes(), realm.as_bytes(), password.as_bytes()];
        match algorithm.hash() {
            Algorithm::Md5 | Algorithm::Md5Sess => {
                Ha1::Md5(joined::<Md5>(&parts).finalize().into())
            }
            Algorithm::Sha256 | Algorithm::Sha256Sess => {
                Ha1::Sha256(joined::<Sha256>(&parts).finalize().into())
            }
        }
    }

    /// Reads 32 hexadecimal digits (MD5) or 64 (SHA-256).
    pub fn from_hex(hex: &str) -> Option<Ha1> {
        match hex.len() {
            32 => nonce::unhex(hex).map(Ha1::Md5),
            64 => nonce::unhex(hex).map(Ha1::Sha256),
            _ => None,
        }
    }

    /// The hash as hexadecimal digits, for storing.
    pub fn to_hex(&self) -> String {
        self.hex().as_str().to_owned()
    }

    /// Which algorithms it is for.
    pub fn hash(&self) -> Algorithm {
        match self {
            Ha1::Md5(_) => Algorithm::Md5,
            Ha1::Sha256(_) => Algorithm::Sha256,
        }
    }

    fn hex(&self) -> Hex {
        match self {
            Ha1::Md5(bytes) => Hex::of(bytes),
            Ha1::Sha256(bytes) => Hex::of(bytes),
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({})", self.hash())
    }
}

impl Qop {
    /// The value as it stands in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}

impl<'a> Message<'a> {
    /// The digest credentials for a server or B2BUA; other schemes are skipped.
    pub fn authorization(
        &self,
    ) -> impl Iterator<Item = Result<Credentials<'a>, Malformed>> + use<'_, 'a> {
        self.credentials(Name::Authorization)
    }

    /// The digest credentials for a proxy; other schemes are skipped.
    pub fn proxy_authorization(
        &self,
    ) -> impl Iterator<Item = Result<Credentials<'a>, Malformed>> + use<'_, 'a> {
        self.credentials(Name::ProxyAuthorization)
    }

    /// The digest challenges of a 401; other schemes are skipped.
    pub fn www_authenticate(
        &self,
    ) -> impl Iterator<Item = Result<Challenge<'a>, Malformed>> + use<'_, 'a> {
        self.challenges(Name::WwwAuthenticate)
    }

    /// The digest challenges of a 407; other schemes are skipped.
    pub fn proxy_authenticate(
        &self,
    ) -> impl Iterator<Item = Result<Challenge<'a>, Malformed>> + use<'_, 'a> {
        self.challenges(Name::ProxyAuthenticate)
    }

    fn credentials(
        &self,
        name: Name<'static>,
    ) -> impl Iterator<Item = Result<Credentials<'a>, Malformed>> + use<'_, 'a> {
        let values = self.headers_named(name).filter_map(digest_params);
        values.map(move |params| Credentials::read(params).ok_or(Malformed::Header(name)))
    }

    fn challenges(
        &self,
        name: Name<'static>,
    ) -> impl Iterator<Item = Result<Challenge<'a>, Malformed>> + use<'_, 'a> {
        let values = self.headers_named(name).filter_map(digest_params);
        values.map(move |params| Challenge::read(params).ok_or(Malformed::Header(name)))
    }
}

/// A hash as hexadecimal digits, without an allocation.
#[derive(Clone, Copy)]
struct Hex {
    digits: [u8; 64],
    length: usize,
}

impl Hex {
    fn of(bytes: &[u8]) -> Hex {
        let mut hex = Hex { digits: [b'0'; 64], length: bytes.len() * 2 };
        for (pair, byte) in hex.digits.chunks_exact_mut(2).zip(bytes) {
            for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            }
        }
        hex
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or(&self.digits)
    }

    fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or("")
    }
}

/// What a response digest is made of (RFC 7616 §3.4.1).
#[derive(Clone, Copy)]
struct Inputs<'a> {
    algorithm: Algorithm,
    nonce: &'a str,
    uri: &'a str,
    /// The quality of protection, the count as written and the client's nonce.
    qop: Option<(Qop, &'a str)>,
    cnonce: &'a str,
    method: &'a str,
    body: &'a [u8],
}

impl Inputs<'_> {
    fn response(&self, ha1: &Ha1) -> Hex {
        let hash = self.algorithm;
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce.as_bytes());
        let mut ha1 = ha1.hex();
        if hash.is_session() {
            ha1 = hash.of(&[ha1.as_bytes(), nonce, cnonce]);
        }
        let (method, uri) = (self.method.as_bytes(), self.uri.as_bytes());
        let ha2 = match self.qop {
            Some((Qop::AuthInt, _)) => hash.of(&[method, uri, hash.of(&[self.body]).as_bytes()]),
            Some((Qop::Auth, _)) | None => hash.of(&[method, uri]),
        };
        match self.qop {
            None => hash.of(&[ha1.as_bytes(), nonce, ha2.as_bytes()]),
            Some((qop, count)) => hash.of(&[
                ha1.as_bytes(),
                nonce,
                count.as_bytes(),
                cnonce,
                qop.as_str().as_bytes(),
                ha2.as_bytes(),
            ]),
        }
    }
}

/// Whether both are the same, in a time that does not tell where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    std::hint::black_box(differing) == 0 && a.len() == b.len()
}

fn joined<D: Digest>(parts: &[&[u8]]) -> D {
    let mut hash = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash
}

/// The parameters of a Digest value; `None` for another scheme.
fn digest_params(value: &[u8]) -> Option<AuthParams<'_>> {
    let mut scan = Scan::new(value);
    scan.skip_white();
    let scheme = scan.token()?;
    scheme.eq_ignore_ascii_case("Digest").then_some(AuthParams { scan, ended: false })
}

/// `name=value` with commas between; an error ends it with `None` as an item.
#[derive(Clone, Copy)]
struct AuthParams<'a> {
    scan: Scan<'a>,
    ended: bool,
}

impl<'a> Iterator for AuthParams<'a> {
    type Item = Option<Param<'a>>;

    fn next(&mut self) -> Option<Option<Param<'a>>> {
        // Empty elements are allowed in lists of RFC 7235, and written by some.
        while self.scan.separator(b',') {}
        self.scan.skip_white();
        if self.ended || self.scan.is_empty() {
            return None;
        }
        let param = Param::take(&mut self.scan).filter(|param| param.raw().is_some());
        self.scan.skip_white();
        self.ended = param.is_none() || !matches!(self.scan.peek(), None | Some(b','));
        Some(param.filter(|_| !self.ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_for_a_password_is_as_in_the_rfc() {
        // RFC 2617 §3.5.
        let ha1 = Ha1::of(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(ha1.to_hex(), "939e7578ed9e3c518a452acee763bce9");
        assert_eq!(Ha1::from_hex(&ha1.to_hex()), Some(ha1));
        let ha1 = Ha1::of(Algorithm::Sha256Sess, "a", "b", "c");
        assert_eq!((ha1.to_hex().len(), ha1.hash()), (64, Algorithm::Sha256));
        assert_eq!(Ha1::from_hex(&ha1.to_hex()), Some(ha1));
        assert_eq!(Ha1::from_hex("939e7578ed9e3c518a452acee763bceg"), None);
        assert_eq!(format!("{ha1:?}"), "Ha1(SHA-256)");
    }

    #[test]
    fn texts_are_the_same_only_whole() {
        assert!(same(b"abc", b"abc") && same(b"", b""));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
