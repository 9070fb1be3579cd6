//! Where a request goes: RFC 3263, as questions and answers without a socket.
//!
//! A [`Lookup`] turns a URI's host, port and transport into DNS questions, takes the answers, and
//! ends in [`Targets`]: addresses in the order in which they are tried. A [`Cache`] spares the
//! questions, and [`Failures`] remembers for a while which targets did not answer, so that a dead
//! carrier costs its time-out once and not on every call.

mod cache;
mod lookup;
mod targets;
mod walk;

pub use cache::{Cache, Limits};
pub use lookup::{Lookup, Progress};
pub use targets::{Failures, Target, Targets};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use crate::flow::Transport;
use crate::{Scheme, Uri};

/// What a URI says about the next hop, RFC 3263 §4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The `maddr` parameter or the host: a name, an IPv4 address or an IPv6 reference (`[::1]`).
    pub host: String,
    /// The port, when one is written.
    pub port: Option<u16>,
    /// The `transport` parameter, when there is one.
    pub transport: Option<Transport>,
    /// Whether the scheme is `sips`.
    pub secure: bool,
}

impl Destination {
    /// What `uri` says; `None` if it names no host, or a transport that nobody here speaks.
    pub fn of(uri: &Uri<'_>) -> Option<Self> {
        if !uri.is_sip() {
            return None;
        }
        let transport = match uri.param("transport") {
            Some(name) => Some(Transport::from_name(name)?),
            None => None,
        };
        let host = match uri.param("maddr") {
            Some(maddr) => maddr.to_owned(),
            None => uri.host().to_string(),
        };
        let secure = uri.scheme() == Scheme::Sips;
        Some(Self { host, port: uri.port(), transport, secure })
    }

    /// The address, when the host is one: such a destination needs no question.
    fn address(&self) -> Option<IpAddr> {
        let host = self.host.as_str();
        let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let v4 = || host.parse::<Ipv4Addr>().map(IpAddr::V4);
        v6.parse::<Ipv6Addr>().map(IpAddr::V6).or_else(|_| v4()).ok()
    }

    /// The transport that the URI alone decides, RFC 3263 §4.1: named, or implied by an address or
    /// a port. `None` leaves the choice to NAPTR.
    fn settled_transport(&self) -> Option<Transport> {
        let named = self.transport.map(|named| match (self.secure, named) {
            (true, Transport::Ws | Transport::Wss) => Transport::Wss,
            (true, Transport::Udp | Transport::Tcp | Transport::Tls) => Transport::Tls,
            (false, named) => named,
        });
        let settled = self.port.is_some() || self.address().is_some();
        named.or(settled.then_some(self.usual_transport()))
    }

    /// The transport when nothing speaks for another one.
    fn usual_transport(&self) -> Transport {
        if self.secure { Transport::Tls } else { Transport::Udp }
    }
}

/// What this side can use: a target that it cannot reach is not a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The transports, the preferred one first (it decides where DNS does not).
    pub transports: Vec<Transport>,
    /// The address families, the preferred one first.
    pub families: Vec<Family>,
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4, asked for with A.
    V4,
    /// IPv6, asked for with AAAA.
    V6,
}

/// A DNS question; the name is in lower case and without its last dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Which services a domain has, RFC 3403.
    Naptr(Arc<str>),
    /// Which hosts serve one service, RFC 2782.
    Srv(Arc<str>),
    /// The IPv4 addresses of a host.
    A(Arc<str>),
    /// The IPv6 addresses of a host.
    Aaaa(Arc<str>),
}

/// The answer to a [`Question`]. One without records is negative, and is remembered as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The records, in any order; those that do not fit the question are ignored.
    pub records: Vec<Record>,
    /// How long the answer holds; `None` when nobody said (a negative answer without SOA, a
    /// resolver that did not reply).
    pub ttl: Option<Duration>,
}

impl Answer {
    /// No such name, no such record, or no reply at all.
    pub fn nothing() -> Self {
        Self { records: Vec::new(), ttl: None }
    }
}

/// One DNS record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// RFC 3403 §4.1; the regular expression is not used with SIP (RFC 3263 §4.1).
    Naptr {
        /// Lower comes first.
        order: u16,
        /// Lower comes first within an order.
        preference: u16,
        /// `s` for SRV and `a` for an address.
        flags: String,
        /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`, ...
        service: String,
        /// The name to ask for next.
        replacement: String,
    },
    /// RFC 2782.
    Srv {
        /// Lower comes first.
        priority: u16,
        /// Share of the load within a priority.
        weight: u16,
        /// Where the service listens.
        port: u16,
        /// The host.
        target: String,
    },
    /// An A or AAAA record.
    Address(IpAddr),
}

/// A name as questions carry it, so that spellings of one name meet in the cache.
fn name(of: &str) -> Arc<str> {
    of.trim_end_matches('.').to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Option<Destination> {
        Destination::of(&Uri::parse(uri).unwrap())
    }

    #[test]
    fn a_uri_says_where_it_goes() {
        let destination = of("sips:a@[2001:db8::1]:5071;transport=tcp").unwrap();
        assert_eq!(destination.address(), "2001:db8::1".parse().ok());
        assert_eq!(destination.port, Some(5071));
        assert_eq!(destination.settled_transport(), Some(Transport::Tls));
        assert_eq!(of("sip:a@b;maddr=192.0.2.1").unwrap().host, "192.0.2.1");
        assert_eq!(of("sip:a@b").unwrap().settled_transport(), None);
    }

    #[test]
    fn a_number_or_a_strange_transport_goes_nowhere() {
        assert_eq!(of("tel:+4930"), None);
        assert_eq!(of("sip:a@b;transport=sctp"), None);
    }
}
