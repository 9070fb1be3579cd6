//! SIP, SIPS and tel URIs: RFC 3261 §19.1 and §25.1, RFC 3966; any other scheme as opaque text.

mod equal;
mod host;

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

pub use host::Host;
pub(crate) use host::{ipv6, split_port};

use crate::header::params::{Param, UriParams};

/// A URI, read in place.
///
/// The user part is taken liberally: phones dial `#` and write UTF-8 there unescaped, and neither
/// leaves a doubt about where the part ends.
#[derive(Clone, Copy, Debug)]
pub struct Uri<'a> {
    text: &'a str,
    parts: Parts,
}

/// A URI that is kept.
#[derive(Clone, Debug)]
pub struct UriBuf {
    text: Box<str>,
    parts: Parts,
}

/// The scheme of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `sip:`.
    Sip,
    /// `sips:`, which asks for TLS on every hop (RFC 3261 §26.2.2).
    Sips,
    /// `tel:`, a telephone number (RFC 3966).
    Tel,
    /// Any other scheme; the rest of the URI is opaque.
    Other,
}

impl<'a> Uri<'a> {
    /// Reads a whole URI; `None` when it is malformed.
    pub fn parse(text: &'a str) -> Option<Uri<'a>> {
        // The offsets are 16 bits; no header section is longer (`message::index`).
        if text.len() > usize::from(u16::MAX) || !text.bytes().all(is_uri_byte) {
            return None;
        }
        let (scheme, rest) = split(text, b':')?;
        if !is_scheme(scheme) {
            return None;
        }
        let parts = Parts::read(text, scheme, rest)?;
        Some(Uri { text, parts })
    }

    /// The URI as it was written.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.parts.scheme
    }

    /// Whether this is a `sip` or `sips` URI.
    pub fn is_sip(&self) -> bool {
        matches!(self.parts.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part as written, or the number of a `tel` URI.
    pub fn user(&self) -> Option<&'a str> {
        self.parts.user.map(|user| user.of(self.text))
    }

    /// The user part with its `%xx` escapes resolved; bytes that are no UTF-8 are replaced.
    pub fn user_decoded(&self) -> Option<Cow<'a, str>> {
        self.user().map(unescape)
    }

    /// The password, which nobody should send (RFC 3261 §19.1.1).
    pub fn password(&self) -> Option<&'a str> {
        self.parts.password.map(|password| password.of(self.text))
    }

    /// The host; an empty name for `tel` and other schemes.
    pub fn host(&self) -> Host<'a> {
        match self.parts.host {
            HostPart::Name(name) => Host::Name(name.of(self.text)),
            HostPart::V4(ip) => Host::V4(ip),
            HostPart::V6(ip) => Host::V6(ip),
        }
    }

    /// The port, when one is written.
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// The URI's parameters.
    pub fn params(&self) -> UriParams<'a> {
        UriParams::new(self.parts.params.of(self.text), b';')
    }

    /// One parameter: `Some("")` when it stands there without a value.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params().find(|param| param.is(name)).map(|param| param.value().unwrap_or(""))
    }

    /// The headers after the question mark, still escaped.
    pub fn headers(&self) -> UriParams<'a> {
        UriParams::new(self.parts.headers.of(self.text), b'&')
    }

    /// One header after the question mark, its escapes resolved.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        let header: Param<'a> = self.headers().find(|header| header.is(name))?;
        Some(unescape(header.value().unwrap_or("")))
    }

    /// Whether there is anything after a question mark.
    pub fn has_headers(&self) -> bool {
        !self.parts.headers.is_empty()
    }

    /// Whether both name the same resource by the rules of RFC 3261 §19.1.4. For schemes other
    /// than `sip` and `sips` the texts are compared without regard to case.
    pub fn matches(&self, other: &Uri<'_>) -> bool {
        equal::equal(self, other)
    }

    /// The URI without its headers and without the parameters that mean something only where it
    /// was written; what is left names a resource: `sip:user@host:port`.
    pub fn address(&self) -> &'a str {
        let end = usize::from(self.parts.params.start.min(self.parts.headers.start));
        let bare = self.text.get(..end).unwrap_or(self.text);
        bare.strip_suffix([';', '?']).unwrap_or(bare)
    }

    /// A copy that can be kept.
    pub fn to_owned(&self) -> UriBuf {
        UriBuf { text: self.text.into(), parts: self.parts }
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl UriBuf {
    /// Reads a URI and keeps it; `None` when it is malformed.
    pub fn parse(text: &str) -> Option<UriBuf> {
        Uri::parse(text).map(|uri| uri.to_owned())
    }

    /// The URI to look at.
    pub fn uri(&self) -> Uri<'_> {
        Uri { text: &self.text, parts: self.parts }
    }

    /// The URI as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for UriBuf {
    /// Equal as text; see [`Uri::matches`] for equal in meaning.
    fn eq(&self, other: &UriBuf) -> bool {
        self.text == other.text
    }
}

impl Eq for UriBuf {}

impl fmt::Display for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `%xx` resolved; a percent sign that starts no escape stays, bytes that are no UTF-8 are
/// replaced.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes: Vec<u8> = escapes(text).collect();
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The user part for `text`, escaped where RFC 3261 §25.1 does not allow a character bare.
pub fn escape_user(text: &str) -> Cow<'_, str> {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&b);
    if text.bytes().all(bare) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if bare(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 15] {
                escaped.extend(char::from_digit(nibble.into(), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
    }
    Cow::Owned(escaped)
}

/// The bytes of `text` with `%xx` resolved.
fn escapes(text: &str) -> impl Iterator<Item = u8> + '_ {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (first, after) {
            let nibble = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
            if let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) {
                rest = after;
                return Some(high << 4 | low);
            }
        }
        Some(first)
    })
}

/// Where the parts of a URI stand in its text.
#[derive(Clone, Copy, Debug)]
struct Parts {
    scheme: Scheme,
    user: Option<Span>,
    password: Option<Span>,
    host: HostPart,
    port: Option<u16>,
    params: Span,
    headers: Span,
}

#[derive(Clone, Copy, Debug)]
enum HostPart {
    Name(Span),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// A piece of a text of at most 64 KiB.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u16,
    end: u16,
}

impl Parts {
    fn read(text: &str, scheme: &str, rest: &str) -> Option<Parts> {
        let nothing = Span { start: clip(text.len()), end: clip(text.len()) };
        let mut parts = Parts {
            scheme: Scheme::Other,
            user: None,
            password: None,
            host: HostPart::Name(nothing),
            port: None,
            params: nothing,
            headers: nothing,
        };
        if scheme.eq_ignore_ascii_case("sip") {
            parts.scheme = Scheme::Sip;
        } else if scheme.eq_ignore_ascii_case("sips") {
            parts.scheme = Scheme::Sips;
        } else if scheme.eq_ignore_ascii_case("tel") {
            parts.scheme = Scheme::Tel;
            let (number, params) = split(rest, b';').unwrap_or((rest, ""));
            if number.is_empty() {
                return None;
            }
            parts.user = Some(Span::within(text, number));
            parts.params = Span::within(text, params);
            return Some(parts);
        } else {
            return Some(parts);
        }
        // An at sign stands bare nowhere else in a SIP URI, so the first one ends the user part.
        let after_user = match split(rest, b'@') {
            None => rest,
            Some((userinfo, after)) => {
                let (user, password) = match split(userinfo, b':') {
                    None => (userinfo, None),
                    Some((user, password)) => (user, Some(password)),
                };
                if user.is_empty() {
                    return None;
                }
                parts.user = Some(Span::within(text, user));
                parts.password = password.map(|password| Span::within(text, password));
                after
            }
        };
        let (before_headers, headers) = split(after_user, b'?').unwrap_or((after_user, ""));
        let (hostport, params) = split(before_headers, b';').unwrap_or((before_headers, ""));
        if !headers.is_empty() {
            parts.headers = Span::within(text, headers);
        }
        if !params.is_empty() {
            parts.params = Span::within(text, params);
        }
        let (host, port) = split_port(hostport)?;
        parts.port = port;
        parts.host = match Host::parse(host)? {
            Host::Name(name) => HostPart::Name(Span::within(text, name)),
            Host::V4(ip) => HostPart::V4(ip),
            Host::V6(ip) => HostPart::V6(ip),
        };
        Some(parts)
    }
}

impl Span {
    /// Where `piece`, a slice of `text`, stands in it.
    fn within(text: &str, piece: &str) -> Span {
        let start = (piece.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        Span { start: clip(start), end: clip(start + piece.len()) }
    }

    fn of(self, text: &str) -> &str {
        text.get(usize::from(self.start)..usize::from(self.end)).unwrap_or("")
    }

    fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// `text` before and behind the first `byte`. Texts here are too short for a fast search to pay.
fn split(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// What a URI is not ended by; more than RFC 3261 lets stand unescaped.
fn is_uri_byte(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'<' | b'>' | b'"' | 0x7f)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn clip(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_read_into_its_parts() {
        let uri = Uri::parse("sips:alice:secret@[2001:db8::1]:5071;transport=tcp;lr?Subject=a%20b");
        let uri = uri.unwrap();
        assert_eq!(uri.scheme(), Scheme::Sips);
        assert_eq!((uri.user(), uri.password()), (Some("alice"), Some("secret")));
        assert_eq!(uri.host(), Host::V6("2001:db8::1".parse().unwrap()));
        assert_eq!(uri.port(), Some(5071));
        assert_eq!((uri.param("transport"), uri.param("lr")), (Some("tcp"), Some("")));
        assert_eq!(uri.param("maddr"), None);
        assert_eq!(uri.header("subject").as_deref(), Some("a b"));
        assert_eq!(uri.address(), "sips:alice:secret@[2001:db8::1]:5071");
        assert_eq!(Uri::parse("sip:example.com").unwrap().user(), None);
    }

    #[test]
    fn a_user_part_may_hold_what_phones_dial() {
        assert_eq!(Uri::parse("sip:*72#@pbx").unwrap().user(), Some("*72#"));
        assert_eq!(Uri::parse("sip:müller@pbx").unwrap().user(), Some("müller"));
        let odd = Uri::parse("sip:user;par=u%40example.net@example.com").unwrap();
        assert_eq!(odd.user_decoded().as_deref(), Some("user;par=u@example.net"));
        assert_eq!(odd.host(), Host::Name("example.com"));
        assert_eq!(escape_user("*72#"), "*72%23");
    }

    #[test]
    fn a_tel_uri_has_a_number_and_no_host() {
        let tel = Uri::parse("tel:+1-201-555-0123;phone-context=example.com").unwrap();
        assert_eq!((tel.scheme(), tel.user()), (Scheme::Tel, Some("+1-201-555-0123")));
        assert_eq!(tel.param("phone-context"), Some("example.com"));
        assert_eq!(tel.host(), Host::Name(""));
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            "example.com",
            "<sip:a@b>",
            "sip:",
            "sip:@b",
            "sip:a b@c",
            "sip:a@b:99999",
            "sip:a@b:",
            "sip:2001:db8::10",
            "sip:[2001:db8::10",
            "sip:[2001:db8:::10]",
            "tel:",
        ] {
            assert!(Uri::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn three_colons_before_an_ipv4_tail_are_two() {
        let three = Uri::parse("sip:user@[2001:db8:::192.0.2.1]").unwrap();
        let two = Uri::parse("sip:user@[2001:db8::192.0.2.1]").unwrap();
        assert_eq!(three.host(), two.host());
        assert_eq!(Uri::parse("sip:[2001:db8::10:5070]").unwrap().port(), None);
    }
}
