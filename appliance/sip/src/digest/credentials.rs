//! What a client proves itself with: Authorization and Proxy-Authorization (RFC 7616 §3.4).

use std::fmt;

use super::{Algorithm, AuthParams, Ha1, Inputs, Qop, digest_params, same};
use crate::method::Method;
use crate::scan::Scan;

/// Digest credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// The digest user.
    pub username: &'a str,
    /// For whom they are; between the quotes as written.
    pub realm: &'a str,
    /// The nonce of the challenge.
    pub nonce: &'a str,
    /// The URI that went into the digest; often, not always, the Request-URI.
    pub uri: &'a str,
    /// How the digest was computed.
    pub algorithm: Algorithm,
    /// What the server sent.
    pub opaque: Option<&'a str>,
    qop: Option<(Qop, &'a str)>,
    cnonce: &'a str,
    response: &'a str,
}

impl<'a> Credentials<'a> {
    /// Reads a header value; `None` for another scheme or when it is malformed.
    pub fn parse(value: &'a [u8]) -> Option<Credentials<'a>> {
        Credentials::read(digest_params(value)?)
    }

    pub(super) fn read(params: AuthParams<'a>) -> Option<Credentials<'a>> {
        let [mut username, mut realm, mut nonce, mut uri, mut response] = [None; 5];
        let [mut qop, mut cnonce, mut count, mut opaque] = [None; 4];
        let mut algorithm = Algorithm::Md5;
        for param in params {
            let param = param?;
            let value = param.value()?;
            let known = [
                ("username", &mut username),
                ("realm", &mut realm),
                ("nonce", &mut nonce),
                ("uri", &mut uri),
                ("response", &mut response),
                ("qop", &mut qop),
                ("cnonce", &mut cnonce),
                ("nc", &mut count),
                ("opaque", &mut opaque),
            ];
            match known.into_iter().find(|(name, _)| param.is(name)) {
                // Twice the same could be verified as one and used as the other.
                Some((_, Some(_))) => return None,
                Some((_, slot)) => *slot = Some(value),
                None if param.is("algorithm") => algorithm = Algorithm::parse(value)?,
                None => {}
            }
        }
        let qop = match qop {
            None => None,
            Some(text) => {
                let mut all = [Qop::Auth, Qop::AuthInt].into_iter();
                let qop = all.find(|qop| qop.as_str().eq_ignore_ascii_case(text))?;
                cnonce?;
                Some((qop, count.filter(|count| parse_count(count).is_some())?))
            }
        };
        Some(Credentials {
            username: username?,
            realm: realm?,
            nonce: nonce?,
            uri: uri?,
            algorithm,
            opaque,
            qop,
            cnonce: cnonce.unwrap_or(""),
            response: response?,
        })
    }

    /// The response that these credentials would carry for another HA1 of the same hash: what a
    /// recording puts in place of the real one, from which the password could be guessed.
    pub fn response_for(&self, ha1: &Ha1, method: Method<'_>, body: &[u8]) -> String {
        self.inputs(method, body).response(ha1).as_str().to_owned()
    }

    /// How often the nonce was used; once when it is not counted (RFC 2069).
    pub fn nonce_count(&self) -> u32 {
        self.qop.and_then(|(_, count)| parse_count(count)).unwrap_or(1)
    }

    /// The username without the escapes of a quoted string.
    pub fn user(&self) -> std::borrow::Cow<'a, str> {
        if !self.username.contains('\\') {
            return self.username.into();
        }
        let mut escaped = false;
        let keep = |c: &char| {
            escaped = *c == '\\' && !escaped;
            !escaped
        };
        self.username.chars().filter(keep).collect::<String>().into()
    }

    fn inputs<'b>(&self, method: Method<'b>, body: &'b [u8]) -> Inputs<'b>
    where
        'a: 'b,
    {
        Inputs {
            algorithm: self.algorithm,
            nonce: self.nonce,
            uri: self.uri,
            qop: self.qop,
            cnonce: self.cnonce,
            method: method.as_str(),
            body,
        }
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.algorithm)
    }
}

/// Whether the credentials prove knowledge of the password behind `ha1`. Takes the same time
/// wherever they are wrong; for an unknown user verify against some other HA1 and refuse
/// whatever comes of it. The nonce is the caller's to check ([`NonceKey`](super::NonceKey)).
pub fn verify(credentials: &Credentials<'_>, ha1: &Ha1, method: Method<'_>, body: &[u8]) -> bool {
    let expected = credentials.inputs(method, body).response(ha1);
    let mut given = [0; 64];
    for (given, digit) in given.iter_mut().zip(credentials.response.bytes()) {
        *given = digit.to_ascii_lowercase();
    }
    let given = given.get(..credentials.response.len().min(given.len())).unwrap_or(&given);
    let right = same(expected.as_bytes(), given);
    right
        && credentials.algorithm.hash() == ha1.hash()
        && credentials.response.len() == expected.as_bytes().len()
}

/// Eight hexadecimal digits.
fn parse_count(text: &str) -> Option<u32> {
    let mut scan = Scan::new(text.as_bytes());
    let digits = scan.take_while(|b| b.is_ascii_hexdigit());
    scan.end()?;
    if digits.len() != 8 { None } else { u32::from_str_radix(text, 16).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_verified() {
        // RFC 7616 §3.9.1.
        let credentials = |algorithm: &str, response: &str| {
            format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
                 uri=\"/dir/index.html\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
                 response=\"{response}\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        let get = Method::Other("GET");
        for (algorithm, response) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let ha1 = Ha1::of(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
            let text = credentials(algorithm.as_str(), response);
            let parsed = Credentials::parse(text.as_bytes()).unwrap();
            assert!(verify(&parsed, &ha1, get, b""));
            assert_eq!(parsed.nonce_count(), 1);
            assert!(!verify(&parsed, &ha1, Method::Other("PUT"), b""));
            let other = Ha1::of(algorithm, "Mufasa", "http-auth@example.org", "Circle of life");
            assert!(!verify(&parsed, &other, get, b""));
            for wrong in [&response[1..], "", &format!("{response}0")] {
                let text = credentials(algorithm.as_str(), wrong);
                let parsed = Credentials::parse(text.as_bytes()).unwrap();
                assert!(!verify(&parsed, &ha1, get, b""));
            }
        }
    }

    #[test]
    fn credentials_that_could_be_read_in_two_ways_are_refused() {
        let whole = "username=\"a\",realm=\"r\",nonce=\"n\",uri=\"sip:x\",response=\"0\"";
        let parse = |more: &str| {
            Credentials::parse(format!("Digest {whole}{more}").as_bytes())
                .map(|credentials| credentials.nonce_count())
        };
        assert_eq!(parse(""), Some(1));
        assert_eq!(parse(",qop=auth,cnonce=\"c\",nc=0000000a"), Some(10));
        assert_eq!(parse(",username=\"b\""), None);
        assert_eq!(parse(",qop=auth,cnonce=\"c\",nc=1"), None);
        assert_eq!(parse(",qop=auth,nc=00000001"), None);
        assert_eq!(parse(",qop=other,cnonce=\"c\",nc=00000001"), None);
        assert_eq!(parse(",algorithm=ROT13"), None);
        assert_eq!(parse(" trailing"), None);
        assert!(Credentials::parse(b"NoOneKnowsThisScheme opaque-data=here").is_none());
    }

    #[test]
    fn an_escaped_username_is_read_without_escapes() {
        let text = b"Digest username=\"a\\\"\\\\b\",realm=r,nonce=n,uri=u,response=0";
        assert_eq!(Credentials::parse(text).unwrap().user(), "a\"\\b");
    }
}
