//! Copies of packets for whoever looks at one call: taken where they come in and where they leave,
//! whether by a socket or not.

use super::{DropReason, Engine, Verdict};
use crate::capture::{Captured, Frame, Reel, Tapped};
use call::{CaptureId, LINE_PEER, PortId};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

impl Engine {
    /// What was captured, in order: for the disk, which is not waited for.
    pub fn poll_captured(&mut self) -> Option<Captured> {
        self.captures.poll()
    }

    /// What the disk had no room for; it comes first again.
    pub fn put_back_captured(&mut self, captured: Captured) {
        self.captures.put_back(captured);
    }

    /// A reel that was written.
    pub fn reuse_reel(&mut self, reel: Reel) {
        self.captures.reuse(reel);
    }

    pub(super) fn capture(&mut self, port: PortId, capture: CaptureId, decrypted: bool) {
        let Some(it) = self.ports.of_mut(port) else { return };
        it.tapped = Some(Tapped { capture, decrypted });
        self.captures.begin(capture, port);
    }

    pub(super) fn stop_capture(&mut self, capture: CaptureId) {
        for port in self.captures.end(capture) {
            if let Some(it) = self.ports.of_mut(port) {
                it.tapped.take_if(|tapped| tapped.capture == capture);
            }
        }
    }

    /// [`Engine::pass`], and what is said of it to whoever captures.
    pub(super) fn pass_and_capture(
        &mut self,
        port: PortId,
        rtcp: bool,
        from: SocketAddr,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        self.captures.turn(now);
        let before = self.captures.arrivals();
        if let Some(it) = self.ports.of(port)
            && let Some(tapped) = it.tapped
            && (!it.is_ciphered() || !tapped.decrypted)
            && let Some(to) = local(&self.own, port, rtcp)
        {
            self.captures.keep(tapped.capture, Frame::came(from, to), bytes);
        }
        let verdict = self.pass(port, rtcp, from, bytes, now);
        if let Verdict::Drop(reason) = verdict
            && self.captures.arrivals() > before
        {
            self.judge_arrival(port, reason);
        }
        verdict
    }

    /// A packet that leaves as it is, by a socket of this pair.
    pub(super) fn capture_departure(
        &mut self,
        port: PortId,
        rtcp: bool,
        to: SocketAddr,
        bytes: &[u8],
    ) {
        let tapped = self.ports.of(port).and_then(|it| it.tapped);
        if let (Some(tapped), Some(from)) = (tapped, local(&self.own, port, rtcp)) {
            self.captures.keep(tapped.capture, Frame::left(from, to), bytes);
        }
    }

    /// What lies on the desk leaves by a socket of this pair; `sealed`: after it was protected.
    pub(super) fn capture_desk(&mut self, port: PortId, rtcp: bool, sealed: bool) {
        let Some(it) = self.ports.of(port) else { return };
        let Some(tapped) = it.tapped else { return };
        let secret = it.is_ciphered();
        if sealed != (secret && !tapped.decrypted) {
            return;
        }
        let (Some(from), Some(to)) = (local(&self.own, port, rtcp), it.to(rtcp)) else { return };
        let frame = Frame { opened: secret && !sealed, ..Frame::left(from, to) };
        for packet in self.desk.packets() {
            self.captures.keep(tapped.capture, frame, packet);
        }
    }

    /// A datagram of a browser's, as it was on the wire.
    pub(super) fn capture_browser(
        &mut self,
        key: PortId,
        from: SocketAddr,
        to: IpAddr,
        bytes: &[u8],
    ) {
        let tapped = self.ports.of(key).and_then(|it| it.tapped);
        if let Some(tapped) = tapped.filter(|it| !it.decrypted) {
            let to = SocketAddr::new(to, self.browsers_port);
            self.captures.keep(tapped.capture, Frame::came(from, to), bytes);
        }
    }

    /// A packet that a browser's transport has let through.
    pub(super) fn capture_secured(&mut self, line: PortId, bytes: &[u8]) {
        let Some((capture, there, here)) = self.way_of_browser(line) else { return };
        let frame = Frame { opened: true, ..Frame::came(there, here) };
        self.captures.keep(capture, frame, bytes);
    }

    /// What lies on the desk goes to a browser, whose transport protects it.
    pub(super) fn capture_enclosed(&mut self, line: PortId) {
        let Some((capture, there, here)) = self.way_of_browser(line) else { return };
        let frame = Frame { opened: true, ..Frame::left(here, there) };
        for packet in self.desk.packets() {
            self.captures.keep(capture, frame, packet);
        }
    }

    /// Where the browser behind a line is and where the box is for it, if its media are captured
    /// decrypted.
    fn way_of_browser(&self, line: PortId) -> Option<(CaptureId, SocketAddr, SocketAddr)> {
        let tapped = self.ports.of(line)?.tapped.filter(|it| it.decrypted)?;
        let (there, here) = self.browsers.way(line)?;
        Some((tapped.capture, there, SocketAddr::new(here, self.browsers_port)))
    }

    fn judge_arrival(&mut self, port: PortId, reason: DropReason) {
        if let Some(tapped) = self.ports.of(port).and_then(|it| it.tapped) {
            self.captures.judge(tapped.capture, reason);
        }
    }
}

/// The box's own end of a pair.
pub(super) fn local(own: &[IpAddr], port: PortId, rtcp: bool) -> Option<SocketAddr> {
    let nowhere = LINE_PEER.ip();
    let address = match port.is_line() {
        true => &nowhere,
        false => own.get(usize::from(port.address))?,
    };
    Some(SocketAddr::new(*address, port.port + u16::from(rtcp)))
}
