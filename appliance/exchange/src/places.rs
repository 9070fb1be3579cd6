//! Which address of ours goes into a message: it depends on who reads it.
//!
//! Inside, that is the interface nearest to the reader. Outside, when a router stands between, it is
//! the router's: fixed by the installer, found by STUN, or learned from what a carrier's answers show
//! (`received` and `rport`, RFC 3581).

use crate::Surroundings;
use config::{Config, External};
use sip::flow::{Flow, Transport};
use std::net::{IpAddr, SocketAddr};

/// Where the box is, seen from different sides.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) surroundings: Surroundings,
    /// What a STUN server or a carrier showed: our address and SIP port from outside.
    seen: Option<SocketAddr>,
}

/// The SHA-256 digests of the certificates of which the box shows one in a handshake (DTLS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Of what nearly all are shown.
    pub(crate) ecdsa: [u8; 32],
    /// Of what those are shown that can take no other.
    pub(crate) rsa: Option<[u8; 32]>,
}

impl Places {
    /// Whether an address is one of the machine's own interfaces or listens for it.
    pub(crate) fn is_ours(&self, address: IpAddr) -> bool {
        let own = self.surroundings.addresses.iter().map(|(own, _)| *own);
        let listening = self.surroundings.listeners.iter().map(|(_, at)| at.ip());
        own.chain(listening).chain(self.seen.map(|seen| seen.ip())).any(|own| own == address)
    }

    /// The listening socket from which a peer is reached, and under which it may answer.
    pub(crate) fn listener(&self, transport: Transport, remote: IpAddr) -> Option<SocketAddr> {
        let fits = |(via, at): &&(Transport, SocketAddr)| {
            *via == transport && at.is_ipv4() == remote.is_ipv4()
        };
        let listeners = || self.surroundings.listeners.iter().filter(fits).map(|(_, at)| *at);
        let best = self.interface(remote);
        listeners()
            .find(|at| Some(at.ip()) == best)
            .or_else(|| listeners().find(|at| at.ip().is_unspecified()))
            .or_else(|| listeners().next())
    }

    /// The address of ours that a peer reaches us by without a router in between.
    pub(crate) fn interface(&self, remote: IpAddr) -> Option<IpAddr> {
        let addresses = &self.surroundings.addresses;
        let family = |address: &IpAddr| address.is_ipv4() == remote.is_ipv4();
        let near = addresses
            .iter()
            .filter(|(own, bits)| family(own) && shares(*own, remote, *bits))
            .max_by_key(|(_, bits)| *bits);
        let default = addresses
            .iter()
            .find(|(own, _)| family(own) && !own.is_loopback())
            .or_else(|| addresses.iter().find(|(own, _)| family(own)));
        near.or(default).map(|(own, _)| *own)
    }

    /// The address of ours in whose network a peer is; nothing where routers stand between.
    pub(crate) fn near(&self, remote: IpAddr) -> Option<IpAddr> {
        let addresses = &self.surroundings.addresses;
        let near = addresses
            .iter()
            .filter(|(own, bits)| own.is_ipv4() == remote.is_ipv4() && shares(*own, remote, *bits));
        near.max_by_key(|(_, bits)| *bits).map(|(own, _)| *own)
    }

    /// Whether a peer is on our side of the router.
    pub(crate) fn is_inside(&self, config: &Config, remote: IpAddr) -> bool {
        config.settings.network.is_inside(remote) || self.is_ours(remote)
    }

    /// The address and port that go into Via and Contact for a peer.
    pub(crate) fn advertised(&self, config: &Config, flow: &Flow) -> SocketAddr {
        let remote = flow.remote.ip();
        let listener = self.listener(flow.transport, remote);
        let port = match flow.transport {
            Transport::Udp => flow.local.port(),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                listener.map_or(flow.local.port(), |at| at.port())
            }
        };
        if let Some(outside) = self.outside(config, remote) {
            // A router that keeps ports is the rule; only what was seen over UDP says otherwise.
            let seen = self.seen.filter(|seen| seen.ip() == outside);
            let mapped = seen.filter(|_| flow.transport == Transport::Udp).map(|seen| seen.port());
            return SocketAddr::new(outside, mapped.unwrap_or(port));
        }
        let own = Some(flow.local.ip()).filter(|ip| !ip.is_unspecified());
        let ip = own.or_else(|| self.interface(remote)).unwrap_or(flow.local.ip());
        SocketAddr::new(ip, port)
    }

    /// The address that goes into c= for a peer whose media is bound to `bound`.
    pub(crate) fn media(&self, config: &Config, bound: IpAddr, remote: IpAddr) -> IpAddr {
        self.outside(config, remote)
            .filter(|outside| outside.is_ipv4() == bound.is_ipv4())
            .or_else(|| Some(bound).filter(|ip| !ip.is_unspecified()))
            .or_else(|| self.interface(remote))
            .unwrap_or(bound)
    }

    /// What the box shows of itself where it shakes hands (DTLS) with telephones: what browsers are
    /// shown, and something for those that cannot take it.
    pub(crate) fn shown(&self) -> Option<Shown> {
        let Surroundings { browsers, rsa, .. } = self.surroundings;
        browsers.map(|browsers| Shown { ecdsa: browsers.fingerprint, rsa })
    }

    /// Where a browser finds the port for media: every address of ours that it may come by, and the
    /// router's. Which of them leads here it finds out by itself (RFC 8445 §6.1.2).
    pub(crate) fn candidates(&self, config: &Config, remote: IpAddr, port: u16) -> Vec<SocketAddr> {
        let Surroundings { addresses, media, .. } = &self.surroundings;
        let near = self.interface(remote);
        let local = |ip: &IpAddr| match ip {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_loopback(),
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_loopback(),
        };
        let mut found = Vec::new();
        for bound in media {
            if !bound.is_unspecified() {
                found.push(*bound);
                continue;
            }
            let family = |ip: &IpAddr| ip.is_ipv4() == bound.is_ipv4();
            let reachable = |ip: &IpAddr| !local(ip) || Some(*ip) == near;
            let own = addresses.iter().map(|(ip, _)| *ip);
            found.extend(own.filter(family).filter(reachable));
        }
        found.sort_by_key(|ip| Some(*ip) != near);
        found.extend(self.outside(config, remote).filter(|outside| !found.contains(outside)));
        found.truncate(MOST_CANDIDATES);
        found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
    }

    /// The router's address, for peers on its other side.
    pub(crate) fn outside(&self, config: &Config, remote: IpAddr) -> Option<IpAddr> {
        if self.is_inside(config, remote) {
            return None;
        }
        match self.external(config) {
            External::Fixed(address) => {
                Some(*address).filter(|at| at.is_ipv4() == remote.is_ipv4())
            }
            External::Stun(_) | External::Learned => {
                self.seen.map(|seen| seen.ip()).filter(|at| at.is_ipv4() == remote.is_ipv4())
            }
        }
    }

    /// What was said of the external address; the command line wins.
    pub(crate) fn external<'a>(&'a self, config: &'a Config) -> &'a External {
        self.surroundings.external.as_ref().unwrap_or(&config.settings.network.external)
    }

    /// A carrier showed how it sees us on a flow. Nobody inside can know, and the port of a stream says
    /// nothing of our listening one.
    pub(crate) fn shown_by(&mut self, config: &Config, flow: &Flow, seen: SocketAddr) {
        if config.settings.network.is_inside(flow.remote.ip()) {
            return;
        }
        let known = self.seen.filter(|known| known.ip() == seen.ip());
        match flow.transport {
            Transport::Udp => self.learn(seen),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                let own = self.listener(Transport::Udp, flow.remote.ip());
                let port = known.or(own).map_or(seen.port(), |at| at.port());
                self.learn(SocketAddr::new(seen.ip(), port))
            }
        };
    }

    /// Somebody outside showed how he sees us. Whether that is news.
    pub(crate) fn learn(&mut self, seen: SocketAddr) -> bool {
        let own = self.surroundings.addresses.iter().any(|(own, _)| *own == seen.ip());
        if own || self.seen == Some(seen) {
            return false;
        }
        self.seen = Some(seen);
        true
    }
}

fn shares(own: IpAddr, remote: IpAddr, bits: u8) -> bool {
    config::Subnet::new(own, bits).is_ok_and(|subnet| subnet.contains(remote))
}

/// A description has to stay readable.
const MOST_CANDIDATES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let surroundings = Surroundings {
            listeners: vec![
                (Transport::Udp, at("0.0.0.0:5060")),
                (Transport::Udp, at("[::]:5060")),
                (Transport::Tls, at("0.0.0.0:5061")),
            ],
            addresses: vec![
                (ip("192.168.1.10"), 24),
                (ip("127.0.0.1"), 8),
                (ip("10.8.0.1"), 16),
                (ip("2001:db8::10"), 64),
            ],
            media: vec![ip("0.0.0.0")],
            external: None,
            browsers: None,
            rsa: None,
        };
        Places { surroundings, seen: None }
    }

    fn udp_to(remote: &str) -> Flow {
        Flow::udp("0.0.0.0:5060".parse().unwrap(), remote.parse().unwrap())
    }

    #[test]
    fn each_reader_is_told_the_nearest_interface() {
        let (places, config) = (places(), Config::fresh("r"));
        let told = |remote| places.advertised(&config, &udp_to(remote)).to_string();
        assert_eq!(told("192.168.1.77:5060"), "192.168.1.10:5060");
        assert_eq!(told("10.8.3.3:5060"), "10.8.0.1:5060");
        assert_eq!(told("127.0.0.1:5070"), "127.0.0.1:5060");
        assert_eq!(told("8.8.8.8:5060"), "192.168.1.10:5060");
        assert_eq!(told("[2001:db8::77]:5060"), "[2001:db8::10]:5060");
    }

    #[test]
    fn the_outside_is_told_what_a_carrier_saw_and_the_inside_is_not() {
        let (mut places, config) = (places(), Config::fresh("r"));
        assert!(places.learn("203.0.113.7:61000".parse().unwrap()));
        let told = |remote| places.advertised(&config, &udp_to(remote)).to_string();
        assert_eq!(told("8.8.8.8:5060"), "203.0.113.7:61000");
        assert_eq!(told("192.168.1.77:5060"), "192.168.1.10:5060");
        let media = places.media(&config, "0.0.0.0".parse().unwrap(), "8.8.8.8".parse().unwrap());
        assert_eq!(media.to_string(), "203.0.113.7");
    }

    #[test]
    fn our_own_address_is_no_news() {
        assert!(!places().learn("192.168.1.10:5060".parse().unwrap()));
    }
}
