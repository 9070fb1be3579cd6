//! The way a request came, and its response goes back: RFC 3261 §18, §20.42, RFC 3581.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::list::Element;
use super::params::Params;
use crate::scan::{Scan, is_white};
use crate::uri::{Host, ipv6, split_port};

/// One hop: `SIP/2.0/UDP host:port;branch=...`.
#[derive(Clone, Copy, Debug)]
pub struct Via<'a> {
    raw: &'a [u8],
    head: &'a [u8],
    transport: Transport<'a>,
    host: Host<'a>,
    port: Option<u16>,
    params: Params<'a>,
}

/// The transport that a Via names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport<'a> {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// SCTP (RFC 4168).
    Sctp,
    /// A WebSocket (RFC 7118).
    Ws,
    /// A WebSocket over TLS (RFC 7118).
    Wss,
    /// Any other.
    Other(&'a str),
}

impl<'a> Transport<'a> {
    /// Reads a transport without regard to case.
    pub fn parse(text: &'a str) -> Transport<'a> {
        let known = [
            Transport::Udp,
            Transport::Tcp,
            Transport::Tls,
            Transport::Sctp,
            Transport::Ws,
            Transport::Wss,
        ];
        let found = known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text));
        found.unwrap_or(Transport::Other(text))
    }

    /// The transport as it stands in a Via.
    pub fn as_str(&self) -> &'a str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Sctp => "SCTP",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
            Transport::Other(other) => other,
        }
    }

    /// The port where none is written (RFC 3261 §19.1.2).
    pub fn default_port(&self) -> u16 {
        match self {
            Transport::Tls | Transport::Wss => 5061,
            Transport::Udp
            | Transport::Tcp
            | Transport::Sctp
            | Transport::Ws
            | Transport::Other(_) => 5060,
        }
    }
}

impl fmt::Display for Transport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'a> Via<'a> {
    /// The bytes as they were written.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The bytes before the parameters.
    pub fn raw_head(&self) -> &'a [u8] {
        self.head
    }

    /// The transport.
    pub fn transport(&self) -> Transport<'a> {
        self.transport
    }

    /// Who says that it sent this; not to be believed for an answer (RFC 3261 §18.2.1).
    pub fn host(&self) -> Host<'a> {
        self.host
    }

    /// The port, when one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port, or the usual one of the transport.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }

    /// All parameters.
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    /// The transaction's identifier, whatever it begins with; an empty one is none.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.value("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch when it identifies a transaction by itself: it begins with the magic cookie and
    /// has something behind it (RFC 3261 §17.2.3, RFC 4475 §3.2.1).
    pub fn unique_branch(&self) -> Option<&'a str> {
        let branch = self.branch()?;
        let (cookie, rest) = branch.split_at_checked(MAGIC_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && !rest.is_empty()).then_some(branch)
    }

    /// Where a server saw it come from (RFC 3261 §18.2.1). IPv6 is read with and without brackets
    /// (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.value("received")?;
        if let Ok(ip) = IpAddr::from_str(text) {
            return Some(ip);
        }
        ipv6(text.strip_prefix('[')?.strip_suffix(']')?).map(IpAddr::V6)
    }

    /// `Some(None)` asks for answers to the port it came from, `Some(Some(port))` is that port
    /// (RFC 3581).
    pub fn rport(&self) -> Option<Option<u16>> {
        let param = self.params.param("rport")?;
        Some(param.value().and_then(|port| u16::from_str(port).ok()))
    }

    /// Where answers shall go instead (RFC 3261 §18.2.2).
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.params.value("maddr").and_then(Host::parse)
    }

    /// How far a multicast answer may go.
    pub fn ttl(&self) -> Option<u8> {
        self.params.number("ttl").and_then(|ttl| u8::try_from(ttl).ok())
    }
}

impl<'a> Element<'a> for Via<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Via<'a>> {
        scan.skip_white();
        let start = *scan;
        let _protocol = scan.token()?;
        if !scan.separator(b'/') {
            return None;
        }
        // Any version: a request of another one is answered with 505, by way of this Via.
        let _version = scan.token()?;
        if !scan.separator(b'/') {
            return None;
        }
        let transport = Transport::parse(scan.token()?);
        if !scan.peek().is_some_and(is_white) {
            return None;
        }
        scan.skip_white();
        let sent_by = scan.take_while(|b| !is_white(b) && !matches!(b, b';' | b','));
        let (host, mut port) = split_port(str::from_utf8(sent_by).ok()?)?;
        let host = Host::parse(host)?;
        if port.is_none() && scan.separator(b':') {
            port = Some(u16::try_from(scan.number()?).ok()?);
        }
        let head = start.before(scan);
        let params = Params::take(scan)?;
        let raw = start.before(scan);
        Some(Via { raw, head, transport, host, port, params })
    }
}

/// RFC 3261 §8.1.1.7.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

#[cfg(test)]
mod tests {
    use super::*;

    fn via(text: &str) -> Option<Via<'_>> {
        let mut scan = Scan::new(text.as_bytes());
        let via = Via::take(&mut scan)?;
        scan.end()?;
        Some(via)
    }

    #[test]
    fn a_via_is_read_however_it_is_spaced() {
        let via =
            via("SIP  /    2.0\r\n  / UDP  192.168.255.111 : 5062  ; branch=\r\n z9hG4bK3;rport");
        let via = via.unwrap();
        assert_eq!(via.transport(), Transport::Udp);
        assert_eq!(via.host(), Host::parse("192.168.255.111").unwrap());
        assert_eq!((via.port(), via.port_or_default()), (Some(5062), 5062));
        assert_eq!(via.unique_branch(), Some("z9hG4bK3"));
        assert_eq!(via.rport(), Some(None));
    }

    #[test]
    fn a_branch_without_the_cookie_or_behind_it_is_not_unique() {
        assert_eq!(via("SIP/2.0/TLS a;branch=390sk").unwrap().unique_branch(), None);
        assert_eq!(via("SIP/2.0/TLS a;branch=z9hG4bK").unwrap().unique_branch(), None);
        assert_eq!(via("SIP/2.0/TLS a").unwrap().port_or_default(), 5061);
    }

    #[test]
    fn an_ipv6_received_is_read_with_and_without_brackets() {
        let expected = "2001:db8::9:255".parse().ok();
        let with = via("SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255]").unwrap();
        assert_eq!((with.received(), with.port()), (expected, Some(6050)));
        let without = via("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;rport=5").unwrap();
        assert_eq!((without.received(), without.rport()), (expected, Some(Some(5))));
    }

    #[test]
    fn what_is_no_via_is_refused() {
        for text in ["SIP/2.0/UDP 192.0.2.15;;,;,,", "SIP/2.0/UDP", "SIP/2.0 a", "SIP/2.0/UDP a b"]
        {
            assert!(via(text).is_none(), "{text}");
        }
    }
}
