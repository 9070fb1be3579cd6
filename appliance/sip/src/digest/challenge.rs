//! What a server asks for: WWW-Authenticate and Proxy-Authenticate (RFC 7616 §3.3, RFC 8760 §2).

use std::fmt;

use super::{Algorithm, AuthParams, Qop, digest_params};
use crate::header::name_addr::Quoted;

/// A digest challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// For whom the credentials are; between the quotes as written.
    pub realm: &'a str,
    /// What goes into the digest.
    pub nonce: &'a str,
    /// What goes back as it came.
    pub opaque: Option<&'a str>,
    /// How the digest is computed; `None` for a way that this crate does not know.
    pub algorithm: Option<Algorithm>,
    /// The best quality of protection on offer; `None` for the way of RFC 2069.
    pub qop: Option<Qop>,
    /// Only the nonce was too old: the password may be right.
    pub stale: bool,
}

impl<'a> Challenge<'a> {
    /// Reads a header value; `None` for another scheme or when it is malformed.
    pub fn parse(value: &'a [u8]) -> Option<Challenge<'a>> {
        Challenge::read(digest_params(value)?)
    }

    pub(super) fn read(params: AuthParams<'a>) -> Option<Challenge<'a>> {
        let (mut realm, mut nonce, mut opaque, mut qop) = (None, None, None, None);
        let (mut algorithm, mut stale) = (Some(Algorithm::Md5), false);
        for param in params {
            let param = param?;
            let value = param.value()?;
            if param.is("realm") {
                realm = Some(value);
            } else if param.is("nonce") {
                nonce = Some(value);
            } else if param.is("opaque") {
                opaque = Some(value);
            } else if param.is("algorithm") {
                algorithm = Algorithm::parse(value);
            } else if param.is("stale") {
                stale = value.eq_ignore_ascii_case("true");
            } else if param.is("qop") {
                let offered = |qop: Qop| {
                    value.split(',').any(|word| word.trim().eq_ignore_ascii_case(qop.as_str()))
                };
                qop = [Qop::Auth, Qop::AuthInt].into_iter().find(|&qop| offered(qop));
            }
        }
        Some(Challenge { realm: realm?, nonce: nonce?, opaque, algorithm, qop, stale })
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}, nonce={}", Quoted(self.realm), Quoted(self.nonce))?;
        if let Some(opaque) = self.opaque {
            write!(f, ", opaque={}", Quoted(opaque))?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={algorithm}")?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        match self.qop {
            Some(qop) => write!(f, ", qop=\"{}\"", qop.as_str()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_and_written() {
        let text = "Digest realm=\"pbx\", nonce=\"1f\", opaque=\"x\", algorithm=SHA-256, stale=true, \
                    qop=\"auth\"";
        let challenge = Challenge::parse(text.as_bytes()).unwrap();
        assert_eq!(challenge.algorithm, Some(Algorithm::Sha256));
        assert!(challenge.stale);
        assert_eq!(challenge.to_string(), text);
    }

    #[test]
    fn what_a_challenge_leaves_out_has_a_meaning() {
        let old = Challenge::parse(b"digest nonce=1f,realm=\"a, b\"").unwrap();
        assert_eq!((old.realm, old.algorithm, old.qop), ("a, b", Some(Algorithm::Md5), None));
        let both = Challenge::parse(b"Digest realm=r,nonce=n,qop=\"auth-int,auth\"").unwrap();
        assert_eq!(both.qop, Some(Qop::Auth));
        let strange = Challenge::parse(b"Digest realm=r,nonce=n,algorithm=ROT13").unwrap();
        assert_eq!(strange.algorithm, None);
        assert!(Challenge::parse(b"Digest realm=\"r").is_none());
        assert!(Challenge::parse(b"Digest realm=r").is_none());
        assert!(Challenge::parse(b"Basic realm=r, nonce=n").is_none());
    }
}
