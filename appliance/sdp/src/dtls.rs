//! Keys by DTLS: the attributes `a=fingerprint` and `a=setup` (RFC 8122, RFC 4145, RFC 5763, RFC 8842).

use crate::attribute::Attribute;
use crate::media::Media;

/// What one side says of the handshake of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dtls<'a> {
    /// Who begins.
    pub setup: Setup,
    /// The digests of its certificate, by the names of their hash functions; at least one.
    pub fingerprints: Vec<(&'a str, Vec<u8>)>,
    /// Names the association, so that another name asks for a new one; nothing where it has none.
    pub tls_id: Option<&'a str>,
}

/// Who begins a handshake, as one side says it (RFC 4145 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The side that says so.
    Active,
    /// The other side.
    Passive,
    /// Whom the other side chooses.
    Actpass,
    /// Nobody for now.
    Holdconn,
}

impl<'a> Media<'a> {
    /// What is said of a handshake for this line, below it or for the whole session; `None` where nothing
    /// is said, or no digest can be read, so that nobody could be believed.
    pub fn dtls(&self) -> Option<Dtls<'a>> {
        let own = self.attributes().any(|attribute| attribute.is("fingerprint"));
        let session = self.session;
        let all: Vec<Attribute<'a>> = match own {
            true => self.attributes().collect(),
            false => session.session_attributes().collect(),
        };
        let fingerprints = all.iter().filter(|it| it.is("fingerprint"));
        let fingerprints: Vec<_> = fingerprints.filter_map(fingerprint).take(MOST).collect();
        if fingerprints.is_empty() {
            return None;
        }
        let value = |name: &str| {
            let mut both = self.attributes().chain(session.session_attributes());
            both.find(|it| it.is(name)).and_then(|it| it.text())
        };
        let setup = match value("setup") {
            Some(text) => Setup::named(text)?,
            // RFC 4145 §4.1 would have it active, and phones that leave it out offer both.
            None => Setup::Actpass,
        };
        Some(Dtls { setup, fingerprints, tls_id: value("tls-id") })
    }
}

impl Setup {
    /// Its name in descriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Actpass => "actpass",
            Self::Holdconn => "holdconn",
        }
    }

    fn named(text: &str) -> Option<Self> {
        let all = [Self::Active, Self::Passive, Self::Actpass, Self::Holdconn];
        all.into_iter().find(|it| it.name().eq_ignore_ascii_case(text))
    }
}

/// `sha-256 6B:8B:...` (RFC 8122 §5).
fn fingerprint<'a>(attribute: &Attribute<'a>) -> Option<(&'a str, Vec<u8>)> {
    let (hash, digest) = attribute.text()?.split_once(' ')?;
    let octets = digest.trim().split(':').map(|pair| match pair.len() {
        2 => u8::from_str_radix(pair, 16).ok(),
        _ => None,
    });
    let octets: Vec<u8> = octets.take(LONGEST + 1).collect::<Option<_>>()?;
    (octets.len() <= LONGEST).then_some((hash, octets))
}

/// A certificate or two, in every hash function that there is.
const MOST: usize = 12;
/// The octets of SHA-512.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;

    type Said = (Setup, Vec<(String, Vec<u8>)>, Option<String>);

    fn said(text: &str) -> Option<Said> {
        let session = Session::parse(text.as_bytes()).unwrap();
        let dtls = session.media_at(0).unwrap().dtls()?;
        let named = dtls.fingerprints.into_iter().map(|(name, it)| (name.to_owned(), it));
        Some((dtls.setup, named.collect(), dtls.tls_id.map(str::to_owned)))
    }

    #[test]
    fn what_is_said_below_a_line_comes_before_what_is_said_for_all() {
        let both = "v=0\r\na=fingerprint:sha-256 01:02\r\na=setup:active\r\n\
            m=audio 1 UDP/TLS/RTP/SAVP 8\r\na=fingerprint:SHA-1 AB:cd\r\na=fingerprint:sha-256 00\r\n\
            a=tls-id:x\r\n";
        let own = vec![("SHA-1".to_owned(), vec![0xab, 0xcd]), ("sha-256".to_owned(), vec![0])];
        assert_eq!(said(both), Some((Setup::Active, own, Some("x".to_owned()))));
        let session = "v=0\r\na=fingerprint:sha-256 01:02\r\nm=audio 1 UDP/TLS/RTP/SAVP 8\r\n";
        let all = vec![("sha-256".to_owned(), vec![1, 2])];
        assert_eq!(said(session), Some((Setup::Actpass, all, None)));
    }

    #[test]
    fn without_a_digest_that_can_be_read_nobody_is_believed() {
        for line in
            ["", "a=setup:active\r\n", "a=fingerprint:sha-256\r\n", "a=fingerprint:x 1:2\r\n"]
        {
            let text = format!("v=0\r\nm=audio 1 UDP/TLS/RTP/SAVP 8\r\n{line}");
            assert_eq!(said(&text), None, "{line}");
        }
        let long = vec!["00"; LONGEST + 1].join(":");
        let text =
            format!("v=0\r\nm=audio 1 UDP/TLS/RTP/SAVP 8\r\na=fingerprint:sha-512 {long}\r\n");
        assert_eq!(said(&text), None);
        let odd = "v=0\r\nm=audio 1 UDP/TLS/RTP/SAVP 8\r\na=fingerprint:x 01\r\na=setup:maybe\r\n";
        assert_eq!(said(odd), None);
    }
}
