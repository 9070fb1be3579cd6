//! The direction that comes to the box.

use std::fmt;
use std::time::{Duration, Instant};

use super::epoch::{Epoch, Session};
use super::outbound::{CLEAR, ENCRYPTED};
use super::streams::{Stale, Window};
use super::transform::Place;
use super::{LONGEST_PACKET, MasterKey, Suite};
use crate::rtcp::Compound;
use crate::rtp::Header;

/// The cryptographic context for packets that a peer sends (RFC 3711 §3.2).
///
/// Nothing is kept of a packet that is not genuine. Of genuine streams the last
/// few are kept, so a peer that holds the key cannot make it grow either.
pub struct Inbound {
    current: Epoch,
    /// The key before, and until when its packets may still arrive.
    previous: Option<(Epoch, Instant)>,
}

/// Why a packet was dropped. Its octets mean nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnprotectError {
    /// Malformed: no RTP, no RTCP, or cut before its tag.
    Malformed,
    /// Unsupported: longer than [`LONGEST_PACKET`].
    TooLong,
    /// Nobody who holds the key sent it, or it was changed on the way.
    Forged,
    /// It came before.
    Repeated,
    /// It comes so late that nobody knows whether it came before.
    TooOld,
    /// Misbehaved: the peer has used its key for as many packets as it may (RFC 3711 §9.2).
    KeyExhausted,
}

impl Inbound {
    /// How long packets under the old key are still taken after a change: what a re-INVITE may
    /// lie behind the media, with a retransmission or two.
    pub const OVERLAP: Duration = Duration::from_secs(10);

    /// Begins with the peer's key.
    pub fn new(master: &MasterKey) -> Self {
        Self { current: Epoch::new(master), previous: None }
    }

    /// Takes packets under another key from now on, and for [`Inbound::OVERLAP`] under the one
    /// before. With the key in use nothing changes.
    pub fn rekey(&mut self, master: &MasterKey, now: Instant) {
        if self.current.master == *master {
            return;
        }
        // A key that comes back keeps its replay lists.
        let next = match self.previous.take() {
            Some((previous, _)) if previous.master == *master => previous,
            _ => Epoch::new(master),
        };
        let before = std::mem::replace(&mut self.current, next);
        self.previous = Some((before, now + Self::OVERLAP));
    }

    /// The suite of the newest key.
    pub fn suite(&self) -> Suite {
        self.current.master.suite()
    }

    /// Takes the protection off an RTP packet, where it lies, and says how long it is now.
    pub fn unprotect(&mut self, packet: &mut [u8], now: Instant) -> Result<usize, UnprotectError> {
        let header = Header::parse(packet).map_err(|_| UnprotectError::Malformed)?;
        let arrival = Arrival {
            ssrc: header.ssrc(),
            sequence: header.sequence(),
            clear: packet.len() - header.payload().len(),
        };
        if packet.len() > LONGEST_PACKET {
            return Err(UnprotectError::TooLong);
        }
        let newer = self.current.rtp.streams.window(arrival.ssrc).is_some();
        self.in_turn(newer, now, |epoch, carried, keep| {
            let carried = carried.and_then(|it| it.rtp.streams.window(arrival.ssrc));
            open_rtp(epoch, arrival, carried, packet, keep)
        })
    }

    /// Takes the protection off RTCP packets, where they lie, and says how long they are now.
    /// Packets that are authenticated and not encrypted are taken as well: their sender said so in
    /// each (RFC 3711 §3.4).
    pub fn unprotect_rtcp(
        &mut self,
        packet: &mut [u8],
        now: Instant,
    ) -> Result<usize, UnprotectError> {
        let Some([_, _, _, _, ssrc @ ..]) = packet.first_chunk::<CLEAR>() else {
            return Err(UnprotectError::Malformed);
        };
        let ssrc = u32::from_be_bytes(*ssrc);
        if packet.len() > LONGEST_PACKET {
            return Err(UnprotectError::TooLong);
        }
        let newer = self.current.rtcp.streams.window(ssrc).is_some();
        self.in_turn(newer, now, |epoch, _, keep| open_rtcp(epoch, ssrc, packet, keep))
    }

    /// Lets the key that is likelier open a packet, then the other. `open` is also told of the key
    /// before, if it is the newest's turn, and whether a failure must leave the packet as it is.
    fn in_turn(
        &mut self,
        newer: bool,
        now: Instant,
        mut open: impl FnMut(&mut Epoch, Option<&Epoch>, bool) -> Result<usize, UnprotectError>,
    ) -> Result<usize, UnprotectError> {
        if self.previous.as_ref().is_some_and(|(_, until)| now >= *until) {
            self.previous = None;
        }
        let Some((previous, _)) = &mut self.previous else {
            return open(&mut self.current, None, false);
        };
        let first = if newer {
            open(&mut self.current, Some(previous), true)
        } else {
            open(previous, None, true)
        };
        let Err(error) = first else { return first };
        let second = if newer {
            open(previous, None, true)
        } else {
            open(&mut self.current, Some(previous), true)
        };
        // A key that the packet is not for has nothing to say of it but that.
        second.map_err(|later| match error {
            UnprotectError::Forged | UnprotectError::Malformed => later,
            UnprotectError::TooLong
            | UnprotectError::Repeated
            | UnprotectError::TooOld
            | UnprotectError::KeyExhausted => error,
        })
    }
}

/// What an RTP packet says of itself in the clear.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    ssrc: u32,
    sequence: u16,
    /// The length of its header.
    clear: usize,
}

fn open_rtp(
    epoch: &mut Epoch,
    arrival: Arrival,
    carried: Option<Window>,
    packet: &mut [u8],
    keep: bool,
) -> Result<usize, UnprotectError> {
    let Arrival { ssrc, sequence, clear } = arrival;
    let (body, tag) = split_from_end(packet, epoch.master.suite().rtp_overhead())?;
    if clear > body.len() {
        return Err(UnprotectError::Malformed);
    }
    let Session { transform, streams, left } = &mut epoch.rtp;
    let less = left.checked_sub(1).ok_or(UnprotectError::KeyExhausted)?;
    let mut open =
        |index, keep| transform.open(Place { ssrc, index, word: None }, body, clear, tag, keep);
    let window = match streams.window(ssrc) {
        Some(window) => {
            let index = window.estimate(sequence)?;
            window.check(index)?;
            open(index, keep).then(|| window.after(index))
        }
        None => {
            first_indices(sequence, carried).find(|index| open(*index, true)).map(Window::begin)
        }
    };
    streams.keep(ssrc, window.ok_or(UnprotectError::Forged)?);
    *left = less;
    Ok(body.len())
}

/// What the index of a new stream's first packet may be. Its roll-over counter goes on from the
/// time of the key before (RFC 3711 §3.3.1), though some senders begin again; or it is 0; or it is
/// 1, when what came before the sequence number's first roll was lost.
fn first_indices(sequence: u16, carried: Option<Window>) -> impl Iterator<Item = u64> {
    let first = u64::from(sequence);
    let carried = carried.and_then(|window| window.estimate(sequence).ok());
    let rolled = (sequence < 1 << 15).then_some(1 << 16 | first);
    [carried.filter(|index| *index != first), Some(first), rolled].into_iter().flatten()
}

fn open_rtcp(
    epoch: &mut Epoch,
    ssrc: u32,
    packet: &mut [u8],
    keep: bool,
) -> Result<usize, UnprotectError> {
    let suite = epoch.master.suite();
    let (body, trailer) = split_from_end(packet, suite.rtcp_overhead())?;
    if Compound::parse(body).is_err() {
        return Err(UnprotectError::Malformed);
    }
    // The index stands before the short tag of HMAC, and behind that of GCM (RFC 7714 §9.2).
    let (word, tag) = if suite.is_aead() {
        trailer.split_last_chunk::<4>().map(|(tag, word)| (word, tag))
    } else {
        trailer.split_first_chunk::<4>()
    }
    .ok_or(UnprotectError::Malformed)?;
    let word = u32::from_be_bytes(*word);
    let index = u64::from(word & !ENCRYPTED);
    let clear = if word & ENCRYPTED == 0 { body.len() } else { CLEAR };

    let Session { transform, streams, left } = &mut epoch.rtcp;
    let less = left.checked_sub(1).ok_or(UnprotectError::KeyExhausted)?;
    let window = match streams.window(ssrc) {
        Some(window) => {
            window.check(index)?;
            window.after(index)
        }
        None => Window::begin(index),
    };
    if !transform.open(Place { ssrc, index, word: Some(word) }, body, clear, tag, keep) {
        return Err(UnprotectError::Forged);
    }
    streams.keep(ssrc, window);
    *left = less;
    Ok(body.len())
}

fn split_from_end(
    packet: &mut [u8],
    octets: usize,
) -> Result<(&mut [u8], &mut [u8]), UnprotectError> {
    let middle = packet.len().checked_sub(octets).ok_or(UnprotectError::Malformed)?;
    packet.split_at_mut_checked(middle).ok_or(UnprotectError::Malformed)
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("current", &self.current)
            .field("previous", &self.previous.as_ref().map(|(epoch, _)| epoch))
            .finish()
    }
}

impl From<Stale> for UnprotectError {
    fn from(stale: Stale) -> Self {
        match stale {
            Stale::Repeated => Self::Repeated,
            Stale::TooOld => Self::TooOld,
            Stale::Exhausted => Self::KeyExhausted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::tests::receiver_report;

    #[test]
    #[allow(clippy::disallowed_methods)] // any instant will do
    fn a_report_that_is_only_authenticated_is_taken_once() {
        for suite in Suite::ALL {
            let master = MasterKey::random(suite, &[1; _]);
            let plain = receiver_report(77, 1, 1);
            let sender = Epoch::new(&master);
            let mut tag = vec![0; suite.rtcp_tag()];
            let place = Place { ssrc: 9, index: 5, word: Some(5) };
            let mut packet = plain.clone();
            let clear = packet.len();
            sender.rtcp.transform.seal(place, &mut packet, clear, &mut tag).unwrap();
            assert_eq!(packet, plain);
            let word = 5_u32.to_be_bytes();
            let parts = if suite.is_aead() { [&tag, &word[..]] } else { [&word[..], &tag] };
            packet.extend(parts.concat());

            let (mut inbound, now) = (Inbound::new(&master), Instant::now());
            let mut claimed = packet.clone();
            let flag = if suite.is_aead() { claimed.len() - 4 } else { plain.len() };
            claimed[flag] |= 0x80;
            assert_eq!(inbound.unprotect_rtcp(&mut claimed, now), Err(UnprotectError::Forged));
            assert_eq!(inbound.unprotect_rtcp(&mut packet.clone(), now), Ok(plain.len()));
            let again = inbound.unprotect_rtcp(&mut packet, now);
            assert_eq!(again, Err(UnprotectError::Repeated));
        }
    }
}
