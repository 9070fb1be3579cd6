//! Where a message came from or goes to: RFC 5626 §1.2 "flow", with the transport of RFC 3261 §18.

use std::net::SocketAddr;

use crate::header::via::Via;

/// How SIP travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams: the one transport that loses messages, so the one with retransmission.
    Udp,
    /// A plain stream.
    Tcp,
    /// A stream inside TLS.
    Tls,
    /// WebSocket, RFC 7118.
    Ws,
    /// WebSocket inside TLS, RFC 7118.
    Wss,
}

impl Transport {
    /// Whether the transport repeats what is lost, so that transactions need not (RFC 3261 §17).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// Whether the hop is encrypted, as `sips:` asks for.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The name in a `Via` (`SIP/2.0/UDP`), RFC 3261 §20.42.
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter, RFC 3261 §19.1.1. A secure WebSocket has no value
    /// of its own (RFC 7118 §5.2.4).
    pub fn uri_name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws | Self::Wss => "ws",
        }
    }

    /// Reads a transport's name, in any case; `None` for one that nobody here speaks.
    pub fn from_name(name: &str) -> Option<Self> {
        const ALL: [Transport; 5] =
            [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
        ALL.into_iter().find(|transport| transport.via_name().eq_ignore_ascii_case(name))
    }

    /// The port when none is written, RFC 3261 §19.1.2 and RFC 7118 §8.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// One connection of a stream transport; the owner of the sockets gives the number and never reuses
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The two ends of one way to a peer. A response goes back on the flow of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// How it travels.
    pub transport: Transport,
    /// Our end.
    pub local: SocketAddr,
    /// The peer's end, as the socket sees it.
    pub remote: SocketAddr,
    /// The stream it belongs to; `None` for datagrams, or when a stream is still to be opened.
    pub connection: Option<ConnectionId>,
}

impl Flow {
    /// The flow of datagrams between two addresses.
    pub fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, local, remote, connection: None }
    }

    /// The flow of the answer to a request that came on this one with that topmost Via. It is the
    /// same, except for a peer of old that neither asks for `rport` (RFC 3581) nor is behind NAT:
    /// that one listens where its Via says (RFC 3261 §18.2.2), and perhaps nowhere else.
    pub fn answering(self, via: &Via<'_>) -> Self {
        let remote = self.remote.ip().to_canonical();
        let plain = via.host().ip().is_some_and(|host| host.to_canonical() == remote);
        if self.transport != Transport::Udp || via.rport().is_some() || !plain {
            return self;
        }
        Self { remote: SocketAddr::new(self.remote.ip(), via.port_or_default()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_is_read_in_any_case() {
        assert_eq!(Transport::from_name("tLs"), Some(Transport::Tls));
        assert_eq!(Transport::from_name("UDP"), Some(Transport::Udp));
        assert_eq!(Transport::from_name("wss"), Some(Transport::Wss));
        assert_eq!(Transport::from_name("sctp"), None);
    }

    #[test]
    fn an_answer_goes_back_where_the_request_came_from_or_where_an_old_peer_listens() {
        let came = Flow::udp("192.0.2.1:5060".parse().unwrap(), "10.0.0.5:40000".parse().unwrap());
        let port = |via: &str| {
            let text = format!("OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\n\r\n");
            let message = crate::Message::parse_datagram(text.as_bytes()).unwrap();
            came.answering(&message.top_via().unwrap()).remote.port()
        };
        assert_eq!(port("10.0.0.5:5070;rport"), 40_000);
        assert_eq!(port("192.168.1.7:5070"), 40_000);
        assert_eq!(port("phone.example:5070"), 40_000);
        assert_eq!(port("10.0.0.5:5070"), 5_070);
        assert_eq!(port("10.0.0.5"), 5_060);
    }

    #[test]
    fn only_datagrams_are_unreliable() {
        assert!(!Transport::Udp.is_reliable());
        assert!(Transport::Tcp.is_reliable() && Transport::Wss.is_reliable());
    }
}
