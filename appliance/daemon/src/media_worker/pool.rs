//! The pool of bound pairs: kept ahead of demand, lent by number, rested after use.
//!
//! A pair is always in one place: unbound, in reserve (bound, known only here), free (in control's
//! hand), lent, or resting. The reserve shrinks when nobody asks for it for [`RESERVE`].

use super::figures::MediaFigures;
use super::pair::{NotBound, Pair};
use call::PortId;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// The pools of all media addresses.
pub(super) struct Pools {
    pools: Vec<Pool>,
}

/// The pool of one address.
pub(super) struct Pool {
    ip: IpAddr,
    place: u8,
    first: u16,
    rest: Duration,
    pairs: Vec<Option<Pair>>,
    unbound: VecDeque<u16>,
    taken: VecDeque<(Instant, u16)>,
    reserve: VecDeque<(Instant, u16)>,
    resting: VecDeque<(Instant, u16)>,
    /// How many control wants to have in hand, and has.
    spare: usize,
    free: usize,
    lent: usize,
    exhausted: bool,
    ever_taken: u64,
}

/// What came of an attempt to give control more pairs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refill {
    /// It has what it wants.
    Enough,
    /// These are new.
    Free(Vec<u16>),
    /// There is nothing left; said once.
    Exhausted,
}

impl Pools {
    pub(super) fn new(addresses: &[IpAddr], ports: &RangeInclusive<u16>, rest: Duration) -> Self {
        let places = 0..=u8::MAX;
        let pools = addresses.iter().zip(places).map(|(ip, place)| {
            let even = ports.clone().filter(|port| port % 2 == 0 && *port < *ports.end());
            Pool::new(*ip, place, even.collect(), rest)
        });
        Self { pools: pools.collect() }
    }

    /// Whether not a single pair fits into the range.
    pub(super) fn is_empty(&self) -> bool {
        self.pools.iter().all(|pool| pool.pairs.is_empty())
    }

    /// How many descriptors all pairs of all addresses need.
    pub(super) fn descriptors(&self) -> u64 {
        self.pools.iter().map(|pool| pool.pairs.len() as u64 * 2).sum()
    }

    #[inline]
    pub(super) fn pair(&self, port: PortId) -> Option<&Pair> {
        let pool = self.pools.get(usize::from(port.address))?;
        pool.pairs.get(pool.place_of(port.port)?)?.as_ref()
    }

    pub(super) fn at(&mut self, address: u8) -> Option<&mut Pool> {
        self.pools.get_mut(usize::from(address))
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Pool> {
        self.pools.iter_mut()
    }

    pub(super) fn count(&self, figures: &mut MediaFigures) {
        let sum = |of: fn(&Pool) -> usize| self.pools.iter().map(|pool| of(pool) as u64).sum();
        figures.pairs_free = sum(|pool| pool.free);
        figures.pairs_lent = sum(|pool| pool.lent);
        figures.pairs_resting = sum(|pool| pool.resting.len());
        figures.pairs_bound = sum(|pool| pool.pairs.len() - pool.unbound.len() - pool.taken.len());
        figures.pairs_taken = self.pools.iter().map(|pool| pool.ever_taken).sum();
    }
}

impl Pool {
    fn new(ip: IpAddr, place: u8, ports: VecDeque<u16>, rest: Duration) -> Self {
        Self {
            ip,
            place,
            first: ports.front().copied().unwrap_or(0),
            rest,
            pairs: ports.iter().map(|_| None).collect(),
            unbound: ports,
            taken: VecDeque::new(),
            reserve: VecDeque::new(),
            resting: VecDeque::new(),
            spare: 0,
            free: 0,
            lent: 0,
            exhausted: false,
            ever_taken: 0,
        }
    }

    /// Control wants to have so many in hand from now on.
    pub(super) fn provide(&mut self, spare: u16) {
        self.spare = spare.into();
    }

    /// A free pair is lent. False when it was not free.
    pub(super) fn open(&mut self, port: u16, dscp: u8) -> bool {
        let Some(pair) = self.pair_mut(port).filter(|pair| !pair.lent) else { return false };
        pair.lent = true;
        pair.mark(dscp);
        self.lent += 1;
        self.free = self.free.saturating_sub(1);
        true
    }

    /// A lent pair comes back. Only one that was used needs rest: then packets of the call may
    /// still be on their way.
    pub(super) fn close(&mut self, port: u16, used: bool, now: Instant) {
        let Some(pair) = self.pair_mut(port).filter(|pair| pair.lent) else { return };
        pair.lent = false;
        self.lent = self.lent.saturating_sub(1);
        let place = if used { &mut self.resting } else { &mut self.reserve };
        place.push_back((now, port));
    }

    /// How many pairs control lacks.
    pub(super) fn lack(&self) -> usize {
        self.spare.saturating_sub(self.free)
    }

    /// Whether control lacks so many that it cannot wait for the tick.
    pub(super) fn is_urgent(&self) -> bool {
        self.lack() > self.spare / 4 && !self.exhausted
    }

    /// Gives control some of the pairs that it lacks: from the reserve, newly bound, or, rather
    /// than refusing a call, the one that rested longest.
    pub(super) fn refill(&mut self, epoll: &OwnedFd, now: Instant) -> Refill {
        if self.lack() == 0 {
            return Refill::Enough;
        }
        let mut ports = Vec::new();
        for _ in 0..self.lack().min(PAIRS_A_TURN) {
            let next = self.reserve.pop_front().map(|(_, port)| port);
            let next = next.or_else(|| self.bind(epoll, now));
            let Some(port) = next.or_else(|| self.resting.pop_front().map(|(_, port)| port)) else {
                break;
            };
            ports.push(port);
        }
        if ports.is_empty() {
            let said = std::mem::replace(&mut self.exhausted, true);
            return if said { Refill::Enough } else { Refill::Exhausted };
        }
        self.exhausted = false;
        self.free += ports.len();
        Refill::Free(ports)
    }

    /// Ends rests, gives back what nobody asked for, and lets taken ports be tried again.
    pub(super) fn tick(&mut self, now: Instant) {
        while let Some(port) = due(&mut self.resting, now, self.rest) {
            self.reserve.push_back((now, port));
        }
        while let Some(port) = due(&mut self.reserve, now, RESERVE) {
            if let Some(slot) = self.place_of(port).and_then(|place| self.pairs.get_mut(place)) {
                *slot = None;
            }
            self.unbound.push_back(port);
        }
        while let Some(port) = due(&mut self.taken, now, RESERVE) {
            self.unbound.push_back(port);
        }
    }

    fn bind(&mut self, epoll: &OwnedFd, now: Instant) -> Option<u16> {
        while let Some(port) = self.unbound.pop_front() {
            match Pair::bind(self.ip, port).and_then(|pair| self.listen(epoll, port, pair)) {
                Ok(()) => return Some(port),
                Err(NotBound::Taken) => {
                    self.ever_taken += 1;
                    self.taken.push_back((now, port));
                }
                Err(NotBound::NoRoom) => {
                    self.unbound.push_front(port);
                    return None;
                }
            }
        }
        None
    }

    /// Listens from the beginning, so that nothing can wait in the sockets of a pair that is free:
    /// what comes to it is read and dropped.
    fn listen(&mut self, epoll: &OwnedFd, port: u16, pair: Pair) -> Result<(), NotBound> {
        for rtcp in [false, true] {
            let data = token(PortId { address: self.place, port }, rtcp);
            epoll::add(epoll, pair.socket(rtcp), data, EventFlags::IN)
                .map_err(|_| NotBound::NoRoom)?;
        }
        if let Some(slot) = self.place_of(port).and_then(|place| self.pairs.get_mut(place)) {
            *slot = Some(pair);
        }
        Ok(())
    }

    fn pair_mut(&mut self, port: u16) -> Option<&mut Pair> {
        let place = self.place_of(port)?;
        self.pairs.get_mut(place)?.as_mut()
    }

    #[inline]
    fn place_of(&self, port: u16) -> Option<usize> {
        port.checked_sub(self.first).map(|above| usize::from(above / 2))
    }
}

/// The name of a socket among the events: its address and port.
fn token(port: PortId, rtcp: bool) -> EventData {
    let address = u64::from(port.address) << 16;
    EventData::new_u64(address | u64::from(port.port) | u64::from(rtcp))
}

/// The socket of a name.
#[inline]
pub(super) fn socket_of(data: EventData) -> (PortId, bool) {
    let [port_low, port_high, address, ..] = data.u64().to_le_bytes();
    let port = u16::from_le_bytes([port_low, port_high]);
    (PortId { address, port: port & !1 }, port & 1 == 1)
}

fn due(queue: &mut VecDeque<(Instant, u16)>, now: Instant, after: Duration) -> Option<u16> {
    let (since, port) = *queue.front()?;
    if now.duration_since(since) < after {
        return None;
    }
    queue.pop_front();
    Some(port)
}

/// Binding a pair takes some 20 µs: packets wait 0.2 ms for it.
const PAIRS_A_TURN: usize = 8;
/// How long a pair stays bound that nobody needs, and a port alone that somebody else had.
const RESERVE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::epoll::CreateFlags;
    use std::net::Ipv4Addr;

    fn pool(ports: RangeInclusive<u16>) -> (Pools, OwnedFd) {
        let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
        let pools = Pools::new(&addresses, &ports, Duration::from_secs(5));
        (pools, epoll::create(CreateFlags::CLOEXEC).unwrap())
    }

    fn bound(pools: &Pools) -> u64 {
        let mut figures = MediaFigures::default();
        pools.count(&mut figures);
        figures.pairs_bound
    }

    #[test]
    fn pairs_begin_on_even_ports() {
        let (mut pools, epoll) = pool(32_601..=32_606);
        let pool = pools.at(0).unwrap();
        pool.provide(9);
        let free = pool.refill(&epoll, Instant::now());
        assert_eq!(free, Refill::Free(vec![32_602, 32_604]));
        assert_eq!(pools.descriptors(), 4);
    }

    #[test]
    fn after_a_busy_hour_the_pool_shrinks_to_what_control_has_in_hand() {
        let (mut pools, epoll) = pool(32_610..=32_649);
        let now = Instant::now();
        let pool = pools.at(0).unwrap();
        pool.provide(4);
        let mut lent = Vec::new();
        while let Refill::Free(ports) = pool.refill(&epoll, now) {
            for port in ports {
                assert!(pool.open(port, 0));
                lent.push(port);
            }
            if lent.len() == 16 {
                break;
            }
        }
        for port in lent {
            pool.close(port, true, now);
        }
        assert_eq!(bound(&pools), 16);
        let pool = pools.at(0).unwrap();
        let later = now + Duration::from_secs(5);
        pool.tick(later);
        assert!(matches!(pool.refill(&epoll, later), Refill::Free(ports) if ports.len() == 4));
        pool.tick(later + RESERVE);
        assert_eq!(bound(&pools), 4);
    }

    #[test]
    fn a_socket_is_named_by_its_port() {
        let port = PortId { address: 254, port: 65_534 };
        for rtcp in [false, true] {
            assert_eq!(socket_of(token(port, rtcp)), (port, rtcp));
        }
    }
}
