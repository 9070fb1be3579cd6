//! Whom a port believes: the description's address first; behind a NAT the first valid stream;
//! then only the address that was learned.
//!
//! A stranger who sprays packets over the ports of the box must neither be heard (his packets are
//! not forwarded) nor hear (nothing is sent to him). So an address is learned only from a host that
//! is known by the description or by its signalling; any other host has to wait whether one of
//! these speaks, has to show a stream, and gives way as soon as one of them is heard.

use call::{Learn, PeerAddress};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Whom the RTP port of a pair believes, and where it sends.
#[derive(Debug)]
pub(crate) struct Source {
    peer: Option<PeerAddress>,
    state: State,
    to: Option<SocketAddr>,
}

/// What a packet says of the stream it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// RTP.
    Rtp { ssrc: u32, sequence: u16 },
    /// Part of a medium without streams.
    Plain,
    /// What accompanies RTP.
    Beside,
}

/// Whether a packet is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// No.
    Stranger,
    /// As before.
    Known,
    /// From now on.
    Learned,
}

#[derive(Debug)]
enum State {
    /// Nobody said where the far side listens.
    Undescribed,
    /// The description is new.
    Learning { since: Instant, previous: Option<Previous>, candidate: Option<Candidate> },
    /// Only this address.
    Locked { from: SocketAddr, last: Instant, standing: Standing },
}

/// Who was believed before the description changed. Its packets still pass, because a phone that
/// moves goes on for a moment from where it was, but they do not end the learning.
#[derive(Debug, Clone, Copy)]
struct Previous {
    from: SocketAddr,
    standing: Standing,
    heard: Option<Instant>,
}

/// How the locked address was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is the description's address, or took over from there: whoever sends there listens there.
    Described,
    /// The host is known; only its port was not.
    Host,
    /// Nobody who is known spoke, so the first stream was taken.
    Guest,
}

/// A stream from a host that nobody named.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    sight: Sight,
    packets: u8,
}

impl Source {
    pub(crate) fn new() -> Self {
        Self { peer: None, state: State::Undescribed, to: None }
    }

    /// Where packets for the far side go.
    pub(crate) fn to(&self) -> Option<SocketAddr> {
        self.to
    }

    /// A description came: learn anew.
    pub(crate) fn describe(&mut self, peer: PeerAddress, now: Instant) {
        let unchanged = self.peer.is_some_and(|old| old == peer);
        let believed = match &self.state {
            State::Undescribed => None,
            State::Learning { previous, .. } => *previous,
            State::Locked { from, standing, .. } => {
                Some(Previous { from: *from, standing: *standing, heard: None })
            }
        };
        self.peer = Some(peer);
        let previous = believed
            .filter(|previous| unchanged || is_known(&peer, previous.from.ip()))
            .map(|previous| Previous { heard: None, ..previous });
        if !unchanged {
            self.to = sendable(peer.rtp);
        }
        self.state = State::Learning { since: now, previous, candidate: None };
    }

    /// A valid packet came: is it believed?
    pub(crate) fn hear(&mut self, from: SocketAddr, sight: Sight, now: Instant) -> Belief {
        let Some(peer) = self.peer else { return Belief::Stranger };
        match &mut self.state {
            State::Undescribed => Belief::Stranger,
            State::Locked { from: locked, last, standing } => {
                if same(*locked, from) {
                    *last = now;
                    return Belief::Known;
                }
                let standing = *standing;
                let silent = now.duration_since(*last) >= SILENCE;
                if standing == Standing::Guest && is_known(&peer, from.ip()) {
                    return self.lock(&peer, from, Standing::Host, now);
                }
                if silent && locked.ip() == from.ip() {
                    return self.lock(&peer, from, standing, now);
                }
                Belief::Stranger
            }
            State::Learning { since, previous, candidate } => {
                if same(from, peer.rtp) {
                    return self.lock(&peer, from, Standing::Described, now);
                }
                let elapsed = now.duration_since(*since);
                if let Some(previous) = previous.as_mut().filter(|p| same(p.from, from)) {
                    previous.heard = Some(now);
                    if elapsed < SILENCE {
                        return Belief::Known;
                    }
                    let standing = previous.standing;
                    return self.lock(&peer, from, standing, now);
                }
                let heard = previous.and_then(|previous| previous.heard);
                if is_known(&peer, from.ip()) {
                    let quiet = now.duration_since(heard.unwrap_or(*since)) >= SILENCE;
                    if peer.learn == Learn::Never && !quiet {
                        return Belief::Stranger;
                    }
                    return self.lock(&peer, from, Standing::Host, now);
                }
                if peer.learn == Learn::Never || elapsed < PREFERENCE || heard.is_some() {
                    return Belief::Stranger;
                }
                let seen = Candidate::seen(*candidate, from, sight);
                *candidate = seen;
                if seen.is_some_and(|candidate| candidate.packets >= PROBATION) {
                    return self.lock(&peer, from, Standing::Guest, now);
                }
                Belief::Stranger
            }
        }
    }

    /// A packet came that only the far side can have made: it is believed, and heard where it is.
    pub(crate) fn prove(&mut self, from: SocketAddr, now: Instant) -> Belief {
        let Some(peer) = self.peer else { return Belief::Stranger };
        let has_moved = match &mut self.state {
            State::Locked { from: locked, last, .. } if same(*locked, from) => {
                *last = now;
                return Belief::Known;
            }
            State::Locked { .. } => true,
            State::Undescribed | State::Learning { .. } => false,
        };
        let described = same(from, peer.rtp);
        let standing = if described { Standing::Described } else { Standing::Host };
        let belief = self.lock(&peer, from, standing, now);
        if has_moved {
            self.to = sendable(from);
        }
        belief
    }

    /// Whether this host may send reports: that of the stream, or while none is locked a known one.
    pub(crate) fn trusts(&self, host: IpAddr) -> bool {
        match (&self.state, &self.peer) {
            (State::Locked { from, .. }, _) => from.ip() == host,
            (State::Learning { .. }, Some(peer)) => is_known(peer, host),
            _ => false,
        }
    }

    fn lock(
        &mut self,
        peer: &PeerAddress,
        from: SocketAddr,
        standing: Standing,
        now: Instant,
    ) -> Belief {
        // Who is reachable as described and speaks from elsewhere from the beginning listens where
        // it said; who spoke from there and moved listens where it is now.
        let asymmetric = peer.learn == Learn::Never && standing == Standing::Host;
        if !asymmetric {
            self.to = sendable(from);
        }
        self.state = State::Locked { from, last: now, standing };
        Belief::Learned
    }
}

impl Candidate {
    fn seen(before: Option<Self>, from: SocketAddr, sight: Sight) -> Option<Self> {
        if sight == Sight::Beside {
            return before;
        }
        let packets = match before {
            Some(it) if same(it.from, from) && follows(it.sight, sight) => {
                it.packets.saturating_add(1)
            }
            _ => 1,
        };
        Some(Self { from, sight, packets })
    }
}

/// Whom the RTCP port of a pair believes, and where it sends: always the host of the stream.
#[derive(Debug, Default)]
pub(crate) struct ReportSource {
    described: Option<SocketAddr>,
    locked: Option<(SocketAddr, Instant)>,
}

impl ReportSource {
    /// Where reports for the far side go.
    pub(crate) fn to(&self) -> Option<SocketAddr> {
        self.locked.map(|(from, _)| from).or(self.described).and_then(sendable)
    }

    /// A description came: learn anew.
    pub(crate) fn describe(&mut self, peer: PeerAddress) {
        if self.described != Some(peer.rtcp) {
            self.locked = None;
        }
        self.described = Some(peer.rtcp);
    }

    /// A packet came that only the far side can have made.
    pub(crate) fn prove(&mut self, from: SocketAddr, now: Instant) -> Belief {
        if self.described.is_none() {
            return Belief::Stranger;
        }
        self.locked = Some((from, now));
        Belief::Known
    }

    /// A valid packet came: is it believed?
    pub(crate) fn hear(&mut self, from: SocketAddr, media: &Source, now: Instant) -> bool {
        let described = self.described.is_some_and(|described| same(described, from));
        if !described && !media.trusts(from.ip()) {
            return false;
        }
        let free = match self.locked {
            None => true,
            Some((locked, last)) => {
                same(locked, from)
                    || now.duration_since(last) >= SILENCE
                    || !media.trusts(locked.ip())
            }
        };
        if free {
            self.locked = Some((from, now));
        }
        free
    }
}

/// Whether the description or the signalling names this host.
fn is_known(peer: &PeerAddress, host: IpAddr) -> bool {
    host == peer.rtp.ip() || matches!(peer.learn, Learn::Behind(ip) if ip == host)
}

/// The same host and port; an IPv6 scope is the receiver's business.
fn same(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.ip() == b.ip()
}

fn follows(before: Sight, after: Sight) -> bool {
    match (before, after) {
        (Sight::Rtp { ssrc: a, sequence }, Sight::Rtp { ssrc: b, sequence: next }) => {
            a == b && sequence.wrapping_add(1) == next
        }
        (Sight::Plain, Sight::Plain) => true,
        _ => false,
    }
}

/// Hold by 0.0.0.0 (RFC 3264 §8.4), a port of nought, or an address of many is nowhere to send to.
fn sendable(to: SocketAddr) -> Option<SocketAddr> {
    let many = match to.ip() {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    };
    (to.port() != 0 && !to.ip().is_unspecified() && !many).then_some(to)
}

/// How long an address must be silent before another port of its host takes over.
const SILENCE: Duration = Duration::from_secs(5);
/// How long only the hosts that are named may be learned.
const PREFERENCE: Duration = Duration::from_secs(2);
/// How many packets in a row make a stream of a host that nobody named. RFC 3550 §A.1 asks for two
/// of anybody; a phone's stream shows four in 80 ms.
const PROBATION: u8 = 4;
