//! Who: the host and port of a URI or of a Via (RFC 3261 §25.1, RFC 5118).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::split;

/// The host of a URI or of a Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host<'a> {
    /// A domain name, as written; empty where a URI has no host.
    Name(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads a host name, an IPv4 address or an IPv6 address in brackets.
    pub fn parse(text: &'a str) -> Option<Host<'a>> {
        if let Some(inside) = text.strip_prefix('[') {
            return ipv6(inside.strip_suffix(']')?).map(Host::V6);
        }
        if text.is_empty() || !text.bytes().all(is_host_byte) {
            return None;
        }
        // Only an address ends with a digit, as a rule: a name's last label begins with a letter.
        let digit = text.ends_with(|c: char| c.is_ascii_digit());
        match Ipv4Addr::from_str(if digit { text } else { "" }) {
            Ok(ip) => Some(Host::V4(ip)),
            Err(_) => Some(Host::Name(text)),
        }
    }

    /// The address, when it is one; an IPv4-mapped IPv6 address stays IPv6.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(ip) => Some(IpAddr::V4(*ip)),
            Host::V6(ip) => Some(IpAddr::V6(*ip)),
        }
    }

    /// Whether both are the same address, or the same name without regard to case.
    pub fn matches(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (Host::V4(a), Host::V4(b)) => a == b,
            (Host::V6(a), Host::V6(b)) => a == b,
            (Host::Name(_) | Host::V4(_) | Host::V6(_), _) => false,
        }
    }
}

impl From<IpAddr> for Host<'_> {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Host::V4(ip),
            IpAddr::V6(ip) => Host::V6(ip),
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(ip) => write!(f, "{ip}"),
            Host::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// `host[:port]` in two; brackets keep an IPv6 address together.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, digits) = match split(text, b']') {
        None => match split(text, b':') {
            None => return Some((text, None)),
            Some(parts) => parts,
        },
        Some((address, "")) => return Some((text.get(..address.len() + 1)?, None)),
        Some((address, rest)) => (text.get(..address.len() + 1)?, rest.strip_prefix(':')?),
    };
    let port = crate::scan::decimal(digits.as_bytes())?;
    Some((host, Some(u16::try_from(port).ok()?)))
}

/// An IPv6 address without brackets. RFC 3261's grammar had a bug that wrote three colons before
/// an IPv4 tail (RFC 5118 §4.10, RFC 5954 §3.1): that is read as the two that were meant.
pub(crate) fn ipv6(text: &str) -> Option<Ipv6Addr> {
    match Ipv6Addr::from_str(text) {
        Ok(ip) => Some(ip),
        Err(_) if text.contains('.') && text.contains(":::") => {
            Ipv6Addr::from_str(&text.replacen(":::", "::", 1)).ok()
        }
        Err(_) => None,
    }
}

/// Underscores are no part of a host name, but of many names in the field.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        assert_eq!(Host::parse("pbx_1.example"), Some(Host::Name("pbx_1.example")));
        assert_eq!(Host::parse("192.0.2.1"), Some(Host::V4(Ipv4Addr::new(192, 0, 2, 1))));
        assert_eq!(Host::parse("[::1]"), Some(Host::V6(Ipv6Addr::LOCALHOST)));
        for text in ["", "a b", "::1", "[::1", "[192.0.2.1]", "a/b"] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
        assert!(Host::Name("PBX").matches(&Host::Name("pbx")));
    }

    #[test]
    fn a_port_stands_behind_the_last_bracket() {
        assert_eq!(split_port("a:5060"), Some(("a", Some(5060))));
        assert_eq!(split_port("[::1]:5060"), Some(("[::1]", Some(5060))));
        assert_eq!(split_port("[::1]"), Some(("[::1]", None)));
        for text in ["a:", "a:x", "a:65536", "[::1]5060"] {
            assert_eq!(split_port(text), None, "{text}");
        }
    }
}
