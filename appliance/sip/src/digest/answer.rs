//! Answering a challenge, as a trunk asks for it: RFC 3261 §22.2, RFC 7616 §3.4.

use std::fmt;

use super::{Algorithm, Challenge, Ha1, Inputs, Qop};
use crate::header::name::Name;
use crate::header::name_addr::Quoted;
use crate::message::Message;
use crate::method::Method;

/// A challenge that is being answered; it may be answered many times, each with the next count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    header: Name<'static>,
    realm: Box<str>,
    nonce: Box<str>,
    opaque: Option<Box<str>>,
    algorithm: Algorithm,
    qop: Option<Qop>,
    stale: bool,
    count: u32,
}

/// What the other side knows us by.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// A password.
    Password(&'a str),
    /// The hash of user, realm and password, for one realm and one hash function.
    Ha1(Ha1),
}

impl Answering {
    /// Takes the best challenge of a 401 or 407 that can be answered: SHA-256 before MD5, and
    /// the topmost among equals (RFC 8760 §2.4). `None` when there is none.
    pub fn to(response: &Message<'_>) -> Option<Answering> {
        let www = response.www_authenticate().map(|read| (Name::Authorization, read));
        let proxy = response.proxy_authenticate().map(|read| (Name::ProxyAuthorization, read));
        let mut best: Option<(Name<'static>, Challenge<'_>)> = None;
        for (header, challenge) in www.chain(proxy) {
            let Ok(challenge) = challenge else { continue };
            let better = |other: &Challenge<'_>| strength(&challenge) > strength(other);
            if best.as_ref().is_none_or(|(_, other)| better(other)) {
                best = Some((header, challenge));
            }
        }
        let (header, challenge) = best?;
        Some(Answering {
            header,
            realm: challenge.realm.into(),
            nonce: challenge.nonce.into(),
            opaque: challenge.opaque.map(Into::into),
            algorithm: challenge.algorithm?,
            qop: challenge.qop,
            stale: challenge.stale,
            count: 0,
        })
    }

    /// The header that the answer goes into.
    pub fn header(&self) -> Name<'static> {
        self.header
    }

    /// The realm that asked.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The hash function that an [`Ha1`] must be for.
    pub fn hash(&self) -> Algorithm {
        self.algorithm.hash()
    }

    /// Whether asking again after an answer to `before` means that the password is wrong, and
    /// not that its nonce was too old: the realm is the same and nobody says stale.
    pub fn refuses(&self, before: &Answering) -> bool {
        self.realm == before.realm && !self.stale
    }

    /// The value of the header for one request. `cnonce` is random and new for each challenge or
    /// request. With an HA1 of the wrong kind the answer is wrong, as with a wrong password.
    pub fn answer(
        &mut self,
        username: &str,
        secret: &Secret<'_>,
        method: Method<'_>,
        uri: &str,
        body: &[u8],
        cnonce: &str,
    ) -> String {
        self.count = self.count.saturating_add(1);
        let ha1 = match secret {
            Secret::Ha1(ha1) => *ha1,
            Secret::Password(password) => Ha1::of(self.algorithm, username, &self.realm, password),
        };
        let count = format!("{:08x}", self.count);
        let inputs = Inputs {
            algorithm: self.algorithm,
            nonce: &self.nonce,
            uri,
            qop: self.qop.map(|qop| (qop, count.as_str())),
            cnonce,
            method: method.as_str(),
            body,
        };
        Answer { answering: self, username, inputs, ha1 }.to_string()
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The header value to be written.
struct Answer<'a> {
    answering: &'a Answering,
    username: &'a str,
    inputs: Inputs<'a>,
    ha1: Ha1,
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { answering, username, inputs, ha1 } = self;
        // Realm and opaque go back between quotes as they came, escapes and all.
        write!(f, "Digest username={}, realm=\"{}\"", Quoted(username), answering.realm)?;
        write!(f, ", nonce=\"{}\", uri=\"{}\"", answering.nonce, inputs.uri)?;
        write!(f, ", response=\"{}\"", inputs.response(ha1).as_str())?;
        write!(f, ", algorithm={}", answering.algorithm)?;
        if let Some((qop, count)) = inputs.qop {
            write!(f, ", qop={}, nc={count}", qop.as_str())?;
        }
        if inputs.qop.is_some() || answering.algorithm.is_session() {
            write!(f, ", cnonce=\"{}\"", inputs.cnonce)?;
        }
        match &answering.opaque {
            Some(opaque) => write!(f, ", opaque=\"{opaque}\""),
            None => Ok(()),
        }
    }
}

/// Which of several challenges to answer; none that cannot be.
fn strength(challenge: &Challenge<'_>) -> u8 {
    match challenge.algorithm {
        None => 0,
        Some(Algorithm::Md5 | Algorithm::Md5Sess) => 1,
        Some(Algorithm::Sha256 | Algorithm::Sha256Sess) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Credentials, verify};
    use super::*;

    fn challenged(lines: &[&str]) -> Option<Answering> {
        let text = format!("SIP/2.0 401 Unauthorized\r\n{}\r\n\r\n", lines.join("\r\n"));
        Answering::to(&Message::parse_datagram(text.as_bytes()).unwrap())
    }

    #[test]
    fn every_kind_of_challenge_is_answered_so_that_it_verifies() {
        for algorithm in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"] {
            for qop in ["", ", qop=\"auth\"", ", qop=\"auth-int\"", ", qop=\"auth,auth-int\""] {
                let line = format!(
                    "WWW-Authenticate: Digest realm=\"a \\\"b\\\"\", nonce=\"n\", \
                     algorithm={algorithm}{qop}, opaque=\"\""
                );
                let mut answering = challenged(&[&line]).unwrap();
                let secret = Secret::Password("pä:ss");
                for count in 1..3 {
                    let value = answering.answer(
                        "me",
                        &secret,
                        Method::Invite,
                        "sip:x",
                        b"body",
                        "0a4f113b",
                    );
                    let credentials = Credentials::parse(value.as_bytes()).unwrap();
                    let ha1 = Ha1::of(credentials.algorithm, "me", credentials.realm, "pä:ss");
                    assert!(verify(&credentials, &ha1, Method::Invite, b"body"), "{value}");
                    assert!(!verify(&credentials, &ha1, Method::Bye, b"body"));
                    assert_eq!(credentials.nonce_count(), if qop.is_empty() { 1 } else { count });
                    assert_eq!(credentials.opaque, Some(""));
                    let guarded = qop == ", qop=\"auth-int\"";
                    assert_eq!(verify(&credentials, &ha1, Method::Invite, b"other"), !guarded);
                }
            }
        }
    }

    #[test]
    fn the_strongest_challenge_that_is_known_is_answered() {
        let md5 = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"";
        let sha = "WWW-Authenticate: Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256";
        let strange = "WWW-Authenticate: Digest realm=\"r\", nonce=\"3\", algorithm=SHA-512-256";
        let other = "WWW-Authenticate: Bearer realm=\"r\"";
        let chosen = challenged(&[strange, md5, sha, other]).unwrap();
        assert_eq!((chosen.hash(), chosen.nonce.as_ref()), (Algorithm::Sha256, "2"));
        assert_eq!(chosen.header(), Name::Authorization);
        assert_eq!(challenged(&[strange, md5]).unwrap().nonce.as_ref(), "1");
        assert_eq!(challenged(&[strange, other]), None);
        let proxy = challenged(&["Proxy-Authenticate: Digest realm=\"r\", nonce=\"1\""]).unwrap();
        assert_eq!(proxy.header(), Name::ProxyAuthorization);
    }

    #[test]
    fn a_second_challenge_refuses_the_password_unless_it_says_stale() {
        let first = challenged(&["WWW-Authenticate: Digest realm=\"r\", nonce=\"1\""]).unwrap();
        let again = challenged(&["WWW-Authenticate: Digest realm=\"r\", nonce=\"2\""]).unwrap();
        let stale =
            challenged(&["WWW-Authenticate: Digest realm=\"r\", nonce=\"2\", stale=TRUE"]).unwrap();
        assert!(again.refuses(&first));
        assert!(!stale.refuses(&first));
    }
}
