//! Datagrams that are to leave, until they are sent.

use call::PortId;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// A datagram that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel<'a> {
    /// From where.
    pub exit: Exit,
    /// Where to.
    pub to: SocketAddr,
    /// The UDP payload.
    pub bytes: &'a [u8],
}

/// The socket by which a datagram leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// One of a pair.
    Pair {
        /// The pair.
        port: PortId,
        /// Its RTCP socket instead of its RTP socket.
        rtcp: bool,
    },
    /// The port of all browsers, at this address of the box.
    Browsers(IpAddr),
}

/// A shelf of datagrams. Its room grows to what was needed once, and stays.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    octets: Vec<u8>,
    places: VecDeque<(Exit, SocketAddr, Range<usize>)>,
}

impl Outbox {
    pub(crate) fn push(&mut self, exit: Exit, to: SocketAddr, bytes: &[u8]) {
        if self.places.is_empty() {
            self.octets.clear();
        }
        let start = self.octets.len();
        self.octets.extend_from_slice(bytes);
        self.places.push_back((exit, to, start..self.octets.len()));
    }

    pub(crate) fn pop(&mut self) -> Option<Parcel<'_>> {
        let (exit, to, place) = self.places.pop_front()?;
        let bytes = self.octets.get(place)?;
        Some(Parcel { exit, to, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_comes_out_in_order() {
        let mut out = Outbox::default();
        let to: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let exit = Exit::Browsers(to.ip());
        for round in 0..3 {
            for n in [1_u8, 2] {
                out.push(exit, to, &[n, round]);
            }
            for n in [1, 2] {
                assert_eq!(out.pop(), Some(Parcel { exit, to, bytes: &[n, round] }));
            }
            assert_eq!(out.pop(), None);
        }
        assert_eq!(out.octets.len(), 4);
    }
}
