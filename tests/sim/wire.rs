//! The network between: delay, loss, doubling, reordering, and NAT boxes.

use crate::random::Random;
use config::Subnet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What happens to datagrams on their way.
#[derive(Debug)]
pub struct Wire {
    /// How long each is under way.
    pub delay: Duration,
    /// Up to so much more, so that some overtake others.
    pub jitter: Duration,
    /// How many of a thousand are lost.
    pub loss: u32,
    /// How many of a thousand come twice.
    pub doubled: u32,
    pub(crate) nats: Vec<Nat>,
    random: Random,
}

/// A router that translates addresses: one mapping for each inside address (RFC 4787 §4.1), open to
/// the remote addresses that were sent to (§5).
#[derive(Debug)]
pub(crate) struct Nat {
    inside: Subnet,
    public: IpAddr,
    mappings: BTreeMap<u16, Mapping>,
    next: u16,
    /// Whoever calls a port that is mapped to nobody reaches this machine: a port forwarding.
    forwards_to: Option<IpAddr>,
}

#[derive(Debug)]
struct Mapping {
    inside: SocketAddr,
    open_to: BTreeSet<IpAddr>,
}

impl Wire {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            delay: Duration::from_millis(5),
            jitter: Duration::ZERO,
            loss: 0,
            doubled: 0,
            nats: Vec::new(),
            random: Random::new(seed),
        }
    }

    /// The delays of the copies of a datagram that arrive; none when it is lost.
    pub(crate) fn fate(&mut self) -> Vec<Duration> {
        if self.random.per_mille(self.loss) {
            return Vec::new();
        }
        let copies = if self.random.per_mille(self.doubled) { 2 } else { 1 };
        (0..copies).map(|_| self.way()).collect()
    }

    fn way(&mut self) -> Duration {
        let jitter = usize::try_from(self.jitter.as_micros()).unwrap_or(0);
        let more = u64::try_from(self.random.below(jitter + 1)).unwrap_or(0);
        self.delay + Duration::from_micros(more)
    }

    /// Who the receiver sees as the sender, and which machine it reaches; `None` when it reaches none.
    pub(crate) fn route(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
    ) -> Option<(SocketAddr, SocketAddr)> {
        let mut source = from;
        let behind =
            |nat: &&mut Nat| nat.inside.contains(from.ip()) && !nat.inside.contains(to.ip());
        if let Some(nat) = self.nats.iter_mut().find(behind) {
            source = nat.outwards(from, to);
        }
        let mut target = to;
        if let Some(nat) = self.nats.iter().find(|nat| nat.public == to.ip()) {
            target = nat.inwards(source, to.port())?;
        } else if Subnet::is_private(to.ip()) && !same_site(source.ip(), to.ip()) {
            return None;
        }
        Some((source, target))
    }
}

impl Nat {
    pub(crate) fn new(inside: Subnet, public: IpAddr, forwards_to: Option<IpAddr>) -> Self {
        Self { inside, public, mappings: BTreeMap::new(), next: 61_000, forwards_to }
    }

    /// The router was restarted: it forgets who talked to whom.
    pub(crate) fn restart(&mut self) {
        self.mappings.clear();
        self.next = self.next.wrapping_add(100);
    }

    fn outwards(&mut self, from: SocketAddr, to: SocketAddr) -> SocketAddr {
        let known = self.mappings.iter().find(|(_, mapping)| mapping.inside == from);
        let port = known.map(|(port, _)| *port).unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        let fresh = || Mapping { inside: from, open_to: BTreeSet::new() };
        self.mappings.entry(port).or_insert_with(fresh).open_to.insert(to.ip());
        SocketAddr::new(self.public, port)
    }

    fn inwards(&self, source: SocketAddr, port: u16) -> Option<SocketAddr> {
        match self.mappings.get(&port) {
            Some(mapping) => mapping.open_to.contains(&source.ip()).then_some(mapping.inside),
            None => self.forwards_to.map(|ip| SocketAddr::new(ip, port)),
        }
    }
}

fn same_site(a: IpAddr, b: IpAddr) -> bool {
    let bits = if a.is_ipv4() { 24 } else { 64 };
    Subnet::new(a, bits).is_ok_and(|site| site.contains(b))
}
