//! What goes to browsers, and comes from them.

use super::relay::Said;
use super::{DropReason, Engine, Verdict};
use crate::browser::{Asked, Exit};
use crate::feedback;
use crate::keys::Means;
use call::{MediaEvent, PortId};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// The box asks under this name where it sends no stream of its own.
const BOX: u32 = 1;

impl Engine {
    /// Takes a datagram that came from `from` to the port of all browsers, at the address `to` of the
    /// box. What leaves for it is in [`Engine::poll_parcel`].
    pub fn browser_datagram(&mut self, from: SocketAddr, to: IpAddr, bytes: &[u8], now: Instant) {
        self.captures.turn(now);
        if let Some(key) = self.browsers.take_in(from, to, bytes, now, &mut self.outbox) {
            if !self.captures.is_empty() {
                self.capture_browser(key, from, to, bytes);
            }
            self.hear_browser(key, now);
        }
    }

    /// Gives what lies on the desk to a browser, whose transport protects it.
    pub(super) fn enclose(&mut self, out: PortId, now: Instant) -> Verdict {
        let mut verdict = Verdict::Enclosed;
        if !self.captures.is_empty() {
            self.capture_enclosed(out);
        }
        while let Some(packet) = self.desk.take() {
            if !self.browsers.say(out, packet, now, &mut self.outbox) {
                verdict = Verdict::Drop(DropReason::Nowhere);
            }
        }
        verdict
    }

    /// The same, of what is counted only if it leaves.
    pub(super) fn enclose_counted(&mut self, out: PortId, now: Instant) -> Verdict {
        let (packets, octets) = self.desk.sum();
        let verdict = self.enclose(out, now);
        if let Some(it) = self.ports.of_mut(out).filter(|_| verdict == Verdict::Enclosed) {
            it.speak(packets, octets);
        }
        verdict
    }

    /// Reports for a browser end here, since its transport makes its own; but not a request for a whole
    /// picture.
    pub(super) fn beside_browser(
        &mut self,
        out: PortId,
        said: Said,
        bytes: &[u8],
        now: Instant,
    ) -> Verdict {
        if said != Said::Reports {
            return Verdict::Drop(DropReason::Nowhere);
        }
        if feedback::asks_for_picture(bytes) {
            self.browsers.refresh(out, now, &mut self.outbox);
        }
        Verdict::Enclosed
    }

    /// What a browser's transport has let through.
    pub(super) fn hear_browser(&mut self, key: PortId, now: Instant) {
        let mut room = std::mem::take(&mut self.room);
        while let Some(asked) = self.browsers.hear(key, &mut room) {
            match asked {
                Asked::Packet(port, level) => {
                    if let Some(it) = self.ports.of_mut(port) {
                        it.level = level;
                    }
                    self.browser_says(port, &mut room, now);
                }
                Asked::Picture(port, whole) => self.ask_for_picture(port, whole, now),
                Asked::Secured(port, suite) => {
                    self.events.push_back(MediaEvent::Secured { port, suite });
                }
            }
        }
        self.room = room;
    }

    pub(super) fn browser_says(&mut self, port: PortId, bytes: &mut [u8], now: Instant) {
        if !self.captures.is_empty() {
            self.capture_secured(port, bytes);
        }
        let Some(it) = self.ports.of_mut(port) else { return };
        let Ok(content) = it.hear_secured(bytes, now) else { return };
        let said = Said::of(&content);
        let partner = it.partner;
        if it.silence.broken(now) {
            self.watch(port);
        }
        let means = match said {
            Said::Stream => {
                self.watch_quality(port, now);
                self.listen(port, bytes, now)
            }
            Said::Reports | Said::Plain | Said::Keys => Means::Itself,
        };
        let Some(partner) = partner else { return };
        let verdict = self.relay((port, partner), false, said, means, bytes, now);
        match self.follow(verdict, bytes, now) {
            Verdict::Forward { port, rtcp, to } => {
                self.outbox.push(Exit::Pair { port, rtcp }, to, bytes);
            }
            Verdict::Translated { port, to } => {
                while let Some(packet) = self.desk.take() {
                    self.outbox.push(Exit::Pair { port, rtcp: false }, to, packet);
                }
            }
            Verdict::Ciphered { port, rtcp, to } => {
                while let Some(packet) = self.desk.take() {
                    self.outbox.push(Exit::Pair { port, rtcp }, to, packet);
                }
            }
            Verdict::Enclosed | Verdict::Carried | Verdict::Handshake | Verdict::Drop(_) => {}
        }
    }

    /// A browser wants a whole picture of the stream that it hears on a line.
    pub(super) fn ask_for_picture(&mut self, port: PortId, whole: bool, now: Instant) {
        if let Some(partner) = self.ports.of(port).and_then(|it| it.partner) {
            self.refresh(partner, whole, now);
        }
    }

    /// Asks a far side for a whole picture of the stream that it sends.
    pub(super) fn refresh(&mut self, port: PortId, whole: bool, now: Instant) {
        if port.is_browser() {
            return self.browsers.refresh(port, now, &mut self.outbox);
        }
        if port.is_line() {
            return;
        }
        let Some(it) = self.ports.of_mut(port) else { return };
        let (Some(heard), Some(to)) = (it.heard(), it.to(true)) else { return };
        let number = whole.then(|| it.next_request());
        let (octets, length) = feedback::ask_for_picture(BOX, heard.ssrc, number);
        self.desk.put(octets.get(..length).unwrap_or_default());
        self.seal(port, true);
        while let Some(packet) = self.desk.take() {
            self.outbox.push(Exit::Pair { port, rtcp: true }, to, packet);
        }
    }
}
