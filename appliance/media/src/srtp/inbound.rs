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
use call::Mki;

/// The cryptographic context for packets that a peer sends (RFC 3711 §3.2).
///
/// Nothing is kept of a packet that is not genuine. Of genuine streams the last
/// few are kept, so a peer that holds the key cannot make it grow either.
pub struct Inbound {
    current: Epoch,
    /// The key before, and until when its packets may still arrive.
    previous: Option<(Epoch, Instant)>,
    /// From when on no genuine packet of RTP came for [`Inbound::LONG_SILENCE`]; none came yet where there
    /// is nothing.
    silent_from: Option<Instant>,
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

    /// After how long without a genuine packet a stream's numbers may have rolled over unseen: its sender
    /// spoke with somebody else meanwhile. 2^15 packets, at a thousand a second.
    const LONG_SILENCE: Duration = Duration::from_secs(32);

    /// Begins with the peer's key.
    pub fn new(master: &MasterKey) -> Self {
        Self { current: Epoch::new(master), previous: None, silent_from: None }
    }

    /// Takes packets under another key from now on, and for [`Inbound::OVERLAP`] under the one
    /// before. With the key in use nothing changes but what packets call it.
    pub fn rekey(&mut self, master: &MasterKey, now: Instant) {
        // No tag covers the name: under a new one, too, a key keeps its replay lists.
        if self.current.master.is_same_key(master) {
            self.current.master = master.clone();
            return;
        }
        // And so does one that comes back.
        let next = match self.previous.take() {
            Some((mut previous, _)) if previous.master.is_same_key(master) => {
                previous.master = master.clone();
                previous
            }
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
        let silent = self.silent_from.is_some_and(|from| now >= from);
        let opened = match self.current.rtp.streams.place(arrival.ssrc) {
            Some(stream) if self.previous.is_none() && !silent => {
                open_next(&mut self.current, arrival, stream, packet)
            }
            known => self.search(arrival, known.is_some(), silent, packet, now),
        };
        if opened.is_ok() {
            self.silent_from = Some(now + Self::LONG_SILENCE);
        }
        opened
    }

    /// Opens a packet that may be under more than one key, or have more than one index.
    #[cold]
    #[inline(never)]
    fn search(
        &mut self,
        arrival: Arrival,
        newer: bool,
        silent: bool,
        packet: &mut [u8],
        now: Instant,
    ) -> Result<usize, UnprotectError> {
        let rolls = if silent { MISSED_ROLLS } else { 0 };
        self.in_turn(newer, now, |epoch, carried| {
            let carried = carried.and_then(|it| it.rtp.streams.window(arrival.ssrc));
            open_rtp(epoch, Known { arrival, carried, rolls }, packet)
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
        self.in_turn(newer, now, |epoch, _| open_rtcp(epoch, ssrc, packet))
    }

    /// Lets the key that is likelier open a packet, then the other. `open` is also told of the key
    /// before, if it is the newest's turn.
    fn in_turn(
        &mut self,
        newer: bool,
        now: Instant,
        mut open: impl FnMut(&mut Epoch, Option<&Epoch>) -> Result<usize, UnprotectError>,
    ) -> Result<usize, UnprotectError> {
        if self.previous.as_ref().is_some_and(|(_, until)| now >= *until) {
            self.previous = None;
        }
        let Some((previous, _)) = &mut self.previous else {
            return open(&mut self.current, None);
        };
        let first =
            if newer { open(&mut self.current, Some(previous)) } else { open(previous, None) };
        let Err(error) = first else { return first };
        let second =
            if newer { open(previous, None) } else { open(&mut self.current, Some(previous)) };
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

/// What is known of the index of an RTP packet.
#[derive(Debug, Clone, Copy)]
struct Known {
    arrival: Arrival,
    /// How far its stream was under the key before.
    carried: Option<Window>,
    /// How often its number may have rolled over unseen.
    rolls: u64,
}

/// Opens a packet of a stream that is known, under the only key there is: what nearly all are, so that one
/// try tells all. A packet that is forged means nothing any more.
#[inline]
fn open_next(
    epoch: &mut Epoch,
    arrival: Arrival,
    stream: usize,
    packet: &mut [u8],
) -> Result<usize, UnprotectError> {
    let Arrival { ssrc, sequence, clear } = arrival;
    let (body, tag) = cut(&epoch.master, packet)?;
    if clear > body.len() {
        return Err(UnprotectError::Malformed);
    }
    let Session { transform, streams, left } = &mut epoch.rtp;
    let less = left.checked_sub(1).ok_or(UnprotectError::KeyExhausted)?;
    let window = streams.at(stream).ok_or(UnprotectError::Forged)?;
    let index = window.estimate(sequence)?;
    window.check(index)?;
    if !transform.open(Place { ssrc, index, word: None }, body, clear, tag) {
        return Err(UnprotectError::Forged);
    }
    streams.note(stream, index);
    *left = less;
    Ok(body.len())
}

/// Opens a packet whose index is one of several; where none is right it stays as it is.
fn open_rtp(epoch: &mut Epoch, known: Known, packet: &mut [u8]) -> Result<usize, UnprotectError> {
    let Known { arrival: Arrival { ssrc, sequence, clear }, carried, rolls } = known;
    let (body, tag) = cut(&epoch.master, packet)?;
    if clear > body.len() {
        return Err(UnprotectError::Malformed);
    }
    let Session { transform, streams, left } = &mut epoch.rtp;
    let less = left.checked_sub(1).ok_or(UnprotectError::KeyExhausted)?;
    let mut open =
        |index| transform.open_aside(Place { ssrc, index, word: None }, body, clear, tag);
    let window = match streams.window(ssrc) {
        Some(window) if rolls > 0 => {
            let first = window.estimate(sequence).unwrap_or(u64::from(sequence));
            later(first, rolls)
                .filter(|index| window.check(*index).is_ok())
                .find(|index| open(*index))
                .map(|index| window.after(index))
        }
        Some(window) => {
            let index = window.estimate(sequence)?;
            window.check(index)?;
            open(index).then(|| window.after(index))
        }
        None => first_indices(sequence, carried)
            .flat_map(|index| later(index, if carried.is_some() { rolls } else { 0 }))
            .find(|index| open(*index))
            .map(Window::begin),
    };
    streams.keep(ssrc, window.ok_or(UnprotectError::Forged)?);
    *left = less;
    Ok(body.len())
}

/// A packet of RTP without its end, and the tag there.
#[inline]
fn cut<'a>(
    master: &MasterKey,
    packet: &'a mut [u8],
) -> Result<(&'a mut [u8], &'a [u8]), UnprotectError> {
    let overhead = master.suite().rtp_overhead();
    match master.mki() {
        None => split_from_end(packet, overhead).map(|(body, tag)| (body, &*tag)),
        Some(mki) => {
            let (body, trailer) = split_from_end(packet, overhead + mki.octets().len())?;
            let tag = match master.suite().is_aead() {
                true => around(trailer, Some(mki), overhead)?.0,
                false => around(trailer, Some(mki), 0)?.1,
            };
            Ok((body, tag))
        }
    }
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

/// The index, and those that it may be after so many rolls that nobody saw.
fn later(index: u64, rolls: u64) -> impl Iterator<Item = u64> {
    (0..=rolls).map(move |roll| index + (roll << 16)).take_while(|index| *index < 1 << 48)
}

/// A call of three hours, in packets of 20 ms. Each that is tried costs as much as a forged packet.
const MISSED_ROLLS: u64 = 8;

fn open_rtcp(epoch: &mut Epoch, ssrc: u32, packet: &mut [u8]) -> Result<usize, UnprotectError> {
    let (suite, mki) = (epoch.master.suite(), epoch.master.mki());
    let named = mki.map_or(0, |mki| mki.octets().len());
    let (body, trailer) = split_from_end(packet, suite.rtcp_overhead() + named)?;
    if Compound::parse(body).is_err() {
        return Err(UnprotectError::Malformed);
    }
    // The index stands before the short tag of HMAC, and behind that of GCM (RFC 7714 §9.2).
    let (word, tag) = if suite.is_aead() {
        let (behind, _) = around(trailer, mki, suite.rtcp_overhead())?;
        behind.split_last_chunk::<4>().map(|(tag, word)| (&word[..], tag))
    } else {
        Some(around(trailer, mki, 4)?)
    }
    .ok_or(UnprotectError::Malformed)?;
    let word = word.try_into().map_err(|_| UnprotectError::Malformed)?;
    let word = u32::from_be_bytes(word);
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
    if !transform.open_aside(Place { ssrc, index, word: Some(word) }, body, clear, tag) {
        return Err(UnprotectError::Forged);
    }
    streams.keep(ssrc, window);
    *left = less;
    Ok(body.len())
}

/// What stands before and behind the name of the key: before the tag of HMAC (RFC 3711 §3.1, §3.4), and
/// behind all else of GCM (RFC 7714 §8.2, §9.2). Under another name it is not for this key.
///
/// Where there is no name nothing is compared: a comparison of no octets reads from where the empty slice
/// points, which is nowhere, and takes as long as half a cipher.
fn around<'a>(
    trailer: &'a [u8],
    mki: Option<&Mki>,
    at: usize,
) -> Result<(&'a [u8], &'a [u8]), UnprotectError> {
    let (before, rest) = trailer.split_at_checked(at).ok_or(UnprotectError::Malformed)?;
    let Some(mki) = mki else { return Ok((before, rest)) };
    Ok((before, rest.strip_prefix(mki.octets()).ok_or(UnprotectError::Forged)?))
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

    /// Where the name stands is from the figures of RFC 3711 and RFC 7714; what it stands between is what
    /// our own direction makes.
    #[test]
    #[allow(clippy::disallowed_methods)] // any instant will do
    fn a_key_that_has_a_name_opens_packets_that_bear_it_and_no_others() {
        let names = [(7, 1), (0x0102, 2), (0x01_0203, 3), (0xa1b2_c3d4, 4)];
        let all = Suite::ALL.into_iter().flat_map(|suite| names.map(|name| (suite, name)));
        for (suite, (number, length)) in all {
            let plain_key = MasterKey::random(suite, &[1; _]);
            let name = Mki::new(number, length).unwrap();
            let named = plain_key.clone().with_mki(Some(name));
            let mut sender = crate::srtp::Outbound::new(&plain_key);
            let now = Instant::now();
            let mut inbound = Inbound::new(&named);
            let bear = |packet: &[u8], tag: usize, name: &[u8]| {
                let place = packet.len() - if suite.is_aead() { 0 } else { tag };
                [&packet[..place], name, &packet[place..]].concat()
            };
            let others = [vec![0; length], vec![9; length], Vec::new()];

            let rtp = [&[0x80, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 77][..], &[0xd5; 160]].concat();
            let mut room = [&rtp[..], &[0; 20]].concat();
            let sealed = sender.protect(&mut room, rtp.len()).unwrap();
            room.truncate(sealed);
            let tag = suite.rtp_overhead();
            for other in &others {
                let mut packet = bear(&room, tag, other);
                assert!(inbound.unprotect(&mut packet, now).is_err(), "{suite:?} {other:?}");
            }
            let mut packet = bear(&room, tag, name.octets());
            assert_eq!(inbound.unprotect(&mut packet, now), Ok(rtp.len()));
            assert_eq!(packet[..rtp.len()], rtp);

            let report = receiver_report(77, 1, 1);
            let mut room = [&report[..], &[0; 20]].concat();
            let sealed = sender.protect_rtcp(&mut room, report.len()).unwrap();
            room.truncate(sealed);
            let tag = suite.rtcp_tag();
            for other in &others {
                let mut packet = bear(&room, tag, other);
                assert!(inbound.unprotect_rtcp(&mut packet, now).is_err(), "{suite:?} {other:?}");
            }
            let mut packet = bear(&room, tag, name.octets());
            assert_eq!(inbound.unprotect_rtcp(&mut packet, now), Ok(report.len()));
            assert_eq!(packet[..report.len()], report);
        }
    }

    /// The name is not under the tag: whoever took a packet down may change it and send it again.
    #[test]
    #[allow(clippy::disallowed_methods)] // any instant will do
    fn a_key_under_another_name_keeps_its_replay_list() {
        for suite in Suite::ALL {
            let key = MasterKey::random(suite, &[1; _]);
            let [one, two] = [1, 2].map(|number| key.clone().with_mki(Mki::new(number, 1)));
            let other = MasterKey::random(suite, &[2; _]);
            let (mut sender, mut inbound) = (crate::srtp::Outbound::new(&key), Inbound::new(&one));
            let now = Instant::now();
            let mut says = |sequence: u8, name: u8| {
                let rtp = [0x80, 0, 0, sequence, 0, 0, 0, 1, 0, 0, 0, 77, 1, 2, 3];
                let mut room = [&rtp[..], &[0; 20]].concat();
                let sealed = sender.protect(&mut room, rtp.len()).unwrap();
                let end = sealed - if suite.is_aead() { 0 } else { suite.rtp_overhead() };
                [&room[..end], &[name], &room[end..sealed]].concat()
            };
            let (first, second, third) = (says(1, 2), says(2, 2), says(3, 1));
            let named = |packet: &[u8], name: u8| {
                let mut packet = packet.to_vec();
                let at = packet.len() - 1 - if suite.is_aead() { 0 } else { suite.rtp_overhead() };
                packet[at] = name;
                packet
            };
            assert!(inbound.unprotect(&mut named(&first, 1), now).is_ok(), "{suite:?}");
            inbound.rekey(&two, now);
            let again = inbound.unprotect(&mut first.clone(), now);
            assert_eq!(again, Err(UnprotectError::Repeated), "{suite:?}");
            assert!(inbound.unprotect(&mut second.clone(), now).is_ok());
            // Also when it comes back after another one.
            inbound.rekey(&other, now);
            inbound.rekey(&one, now);
            let again = inbound.unprotect(&mut named(&second, 1), now);
            assert_eq!(again, Err(UnprotectError::Repeated), "{suite:?}");
            assert!(inbound.unprotect(&mut third.clone(), now).is_ok());
        }
    }
}
