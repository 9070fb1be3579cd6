//! A packet whose far side is the box itself, in another call, goes there without a socket. What leaves
//! the one call comes in at the other, and is believed, counted and judged there like any other.
//!
//! Both pairs have to name each other: who describes a pair of somebody else's call as his own address
//! is answered by the network, where that pair does not believe him.

use super::{DropReason, Engine, Verdict};
use crate::transcode::Packets;
use call::PortId;
use std::net::SocketAddr;
use std::time::Instant;

/// Room for packets on their way from one call to another.
#[derive(Debug)]
pub(super) struct Passage {
    came: Packets,
    made: Packets,
    packet: Vec<u8>,
}

/// Where a packet comes in that leaves another call.
#[derive(Debug, Clone, Copy)]
struct Entrance {
    port: PortId,
    rtcp: bool,
    from: SocketAddr,
}

impl Engine {
    /// Takes what leaves for the box itself to where that leads in the end.
    ///
    /// `bytes`: the packet, where it leaves as it lies there.
    pub(super) fn follow(
        &mut self,
        mut verdict: Verdict,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        for _ in 0..MOST_CALLS {
            let Some(entrance) = self.entrance(verdict) else {
                return self.carry(verdict, bytes, now);
            };
            verdict = match verdict {
                Verdict::Forward { .. } => {
                    let Entrance { port, rtcp, from } = entrance;
                    self.arrive(port, rtcp, from, bytes, now)
                }
                _ => self.arrive_made(entrance, now),
            };
        }
        match self.entrance(verdict) {
            Some(_) => Verdict::Drop(DropReason::Circle),
            None => self.carry(verdict, bytes, now),
        }
    }

    /// The pair of the box's own for which a packet leaves, if it is one.
    fn entrance(&self, verdict: Verdict) -> Option<Entrance> {
        let (out, to, made) = match verdict {
            Verdict::Forward { port, to, .. } => (port, to, false),
            Verdict::Translated { port, to } | Verdict::Ciphered { port, to, .. } => {
                (port, to, true)
            }
            Verdict::Enclosed | Verdict::Carried | Verdict::Handshake | Verdict::Drop(_) => {
                return None;
            }
        };
        let port = self.ports.of(out)?.met.filter(|port| port.port / 2 == to.port() / 2)?;
        let met = self.ports.of(port).filter(|it| it.met == Some(out))?;
        if made && self.desk.is_empty() {
            return None;
        }
        let rtcp = to.port() % 2 == 1;
        Some(Entrance { port, rtcp, from: met.to(rtcp)? })
    }

    /// The same with what lies on the desk, where then lies what leaves.
    fn arrive_made(&mut self, entrance: Entrance, now: Instant) -> Verdict {
        let Entrance { port, rtcp, from } = entrance;
        let mut passage = self.passage.take().unwrap_or_else(|| Box::new(Passage::new()));
        let Passage { came, made, packet } = &mut *passage;
        came.clear();
        made.clear();
        self.desk.swap(came);
        let mut verdict = Verdict::Drop(DropReason::Nowhere);
        while let Some(next) = came.take() {
            packet.clear();
            packet.extend_from_slice(next);
            match self.arrive(port, rtcp, from, packet, now) {
                Verdict::Forward { port, rtcp, to } => {
                    made.add_whole(packet);
                    verdict = Verdict::Ciphered { port, rtcp, to };
                }
                leaves @ (Verdict::Translated { .. } | Verdict::Ciphered { .. }) => {
                    while let Some(next) = self.desk.take() {
                        made.add_whole(next);
                    }
                    verdict = leaves;
                }
                ends @ (Verdict::Enclosed
                | Verdict::Carried
                | Verdict::Handshake
                | Verdict::Drop(_)) => {
                    if made.is_empty() {
                        verdict = ends;
                    }
                }
            }
        }
        self.desk.swap(made);
        self.passage = Some(passage);
        verdict
    }
}

impl Passage {
    fn new() -> Self {
        Self { came: Packets::new(), made: Packets::new(), packet: Vec::new() }
    }
}

/// Through which one packet goes. More in a row lead in a circle.
const MOST_CALLS: usize = 8;
