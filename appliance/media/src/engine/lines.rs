//! B channels: blocks of octets in and out, and packets that end at a line card or begin at one.

use super::{DropReason, Engine, Verdict};
use crate::line::{Card, LONGEST};
use crate::port::Port;
use call::{LINE_PEER, Learn, LineSound, MediaEvent, PeerAddress, PortId};
use std::time::Instant;

impl Engine {
    /// Takes a block that came from a B channel and gives the one that is to go there next. Drain
    /// [`Engine::poll_line`] after each.
    ///
    /// `heard` and `said`: octets of the same number, at most [`LONGEST`]; what is more of either stays
    /// as it is. Of a port that is not open, or that nothing is known of, nothing is heard, and it says
    /// nothing: `said` stays as it is then, and the answer is false.
    pub fn exchange(&mut self, port: PortId, heard: &[u8], said: &mut [u8], now: Instant) -> bool {
        let beside = self.beside(port);
        let Some(it) = self.ports.of_mut(port) else { return false };
        let Some(card) = &mut it.line else { return false };
        let octets = card.exchange(heard, said, beside.is_some(), now);
        let Some(beside) = beside else {
            self.tell_line(port);
            return true;
        };
        let mut room = [0; LONGEST];
        let count = octets.len();
        let room = room.get_mut(..count).unwrap_or_default();
        room.copy_from_slice(octets);
        let law = card.law();
        it.stats.received_octets += count as u64;
        if it.silence.broken(now) {
            self.watch(port);
        }
        if let Some(it) = self.ports.of_mut(beside) {
            it.stats.sent_octets += count as u64;
            if let Some(card) = &mut it.line {
                card.take_octets(room, law);
            }
        }
        self.tell_line(port);
        true
    }

    /// Writes the next packet that is full of what came from a B channel; how long it is, and what becomes of
    /// it. `packet`: room for 1,000 octets.
    pub fn poll_line(
        &mut self,
        port: PortId,
        packet: &mut [u8],
        now: Instant,
    ) -> Option<(usize, Verdict)> {
        let card = self.ports.of_mut(port)?.line.as_mut()?;
        let length = card.poll_packet(packet)?;
        let verdict = self.packet(port, false, LINE_PEER, packet.get_mut(..length)?, now);
        Some((length, verdict))
    }

    /// How a B channel sounds.
    pub(super) fn set_line(&mut self, port: PortId, sound: LineSound) {
        let name = self.names.draw();
        let Some(it) = self.ports.of_mut(port).filter(|_| port.is_line()) else { return };
        let formats = it.formats.as_deref();
        match &mut it.line {
            Some(card) => card.change(sound, formats, name),
            none => {
                let card = none.insert(Box::new(Card::new(sound, name)));
                formats.into_iter().for_each(|it| card.describe(it));
            }
        }
    }

    pub(super) fn loop_back(&mut self, port: PortId, on: bool) {
        if let Some(card) = self.ports.of_mut(port).and_then(|it| it.line.as_mut()) {
            card.loop_back(on);
        }
    }

    /// What leaves for a B channel goes to its card.
    #[inline]
    pub(super) fn carry(&mut self, verdict: Verdict, bytes: &[u8], now: Instant) -> Verdict {
        let (port, rtcp, whole) = match verdict {
            Verdict::Forward { port, rtcp, .. } => (port, rtcp, true),
            Verdict::Translated { port, .. } => (port, false, false),
            Verdict::Ciphered { port, rtcp, .. } => (port, rtcp, false),
            Verdict::Enclosed | Verdict::Carried | Verdict::Handshake | Verdict::Drop(_) => {
                return verdict;
            }
        };
        if !port.is_line() {
            return verdict;
        }
        let Some(it) = self.ports.of_mut(port).filter(|_| !rtcp) else {
            return Verdict::Drop(DropReason::Nowhere);
        };
        let Some(card) = &mut it.line else { return Verdict::Drop(DropReason::Nowhere) };
        if whole {
            card.take(bytes, now);
        } else {
            while let Some(packet) = self.desk.take() {
                card.take(packet, now);
            }
        }
        Verdict::Carried
    }

    /// The other B channel, where two hear nothing but each other, and nobody listens.
    fn beside(&self, port: PortId) -> Option<PortId> {
        let it = self.ports.of(port).filter(|it| is_plain(it))?;
        let partner = it.partner.filter(|partner| partner.is_line() && *partner != port)?;
        let other = self.ports.of(partner).filter(|it| is_plain(it))?;
        let (card, other) = (it.line.as_ref()?, other.line.as_ref()?);
        card.fits(other).then_some(partner)
    }

    fn tell_line(&mut self, port: PortId) {
        let card = self.ports.of_mut(port).and_then(|it| it.line.as_mut());
        if let Some(quality) = card.and_then(|it| it.poll_quality()) {
            self.events.push_back(MediaEvent::LineQuality { port, quality });
        }
    }
}

/// Whether nobody speaks to a pair but its partner, and nobody else listens.
fn is_plain(port: &Port) -> bool {
    !port.is_spoken_to() && port.tapped.is_none() && port.taped.is_none() && port.typist.is_none()
}

/// Where a B channel listens: nowhere, so that all that leaves for it comes to its card.
pub(super) const PEER: PeerAddress =
    PeerAddress { rtp: LINE_PEER, rtcp: LINE_PEER, learn: Learn::Never };
