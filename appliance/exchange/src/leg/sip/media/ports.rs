//! The media ports that a leg was lent: whose they are, who hears whom, and what that costs.

use super::{LegMedia, Whose};
use crate::frame::Frame;
use call::{LINE_PEER, LegId, LineSound, MediaCommand, MediaKind, PortId};
use sdp::{Kind, LocalMedia, Media, Session};
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Debug, Clone, Copy)]
pub(in crate::leg::sip) struct Port {
    pub(in crate::leg::sip) id: PortId,
    pub(super) bound: IpAddr,
    /// What media knows that it carries.
    pub(super) kind: MediaKind,
}

/// No media port is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPorts;

impl LegMedia {
    /// Connects the ports of two legs, line by line.
    pub(crate) fn bridge(&self, frame: &mut Frame, other: &LegMedia) {
        for (ours, theirs) in self.ports.iter().zip(&other.ports) {
            if let (Some(a), Some(b)) = (ours, theirs) {
                frame.media(MediaCommand::Bridge { a: a.id, b: b.id });
            }
        }
    }

    /// Tells the call's record on which lines this leg hears `other` in another encoding.
    pub(in crate::leg::sip) fn compare(&self, frame: &mut Frame, leg: LegId, other: &LegMedia) {
        let nothing = Vec::new();
        for line in 0..self.ports.len() {
            let formats = |media: &LegMedia| media.agreed.get(line).cloned().flatten();
            let understood = formats(self).map(|it| it.send);
            let said = formats(other).map(|it| it.send);
            let said = said.as_ref().unwrap_or(&nothing).iter().find(|it| it.codec.is_sound());
            let translated = said.zip(understood).is_some_and(|(said, understood)| {
                !understood.iter().any(|it| said.codec.is_understood_as(it.codec))
            });
            frame.streams.translated(leg, line, translated);
        }
    }

    /// The line that has this port.
    pub(in crate::leg) fn line(&self, port: PortId) -> Option<usize> {
        self.ports.iter().position(|known| known.is_some_and(|known| known.id == port))
    }

    /// Parts this leg's ports from all others.
    pub(in crate::leg) fn unbridge(&self, frame: &mut Frame) {
        for port in self.ports.iter().flatten() {
            frame.media(MediaCommand::Unbridge { port: port.id });
        }
    }

    /// The port of the line by which the box can speak, and whether the far side would hear it.
    pub(in crate::leg::sip) fn mouth(&self) -> Option<(PortId, bool)> {
        let theirs = self.theirs.as_ref()?;
        let speaks = |(index, port): (usize, &Option<Port>)| {
            let line = theirs.media_at(index)?;
            let id = port.as_ref()?.id;
            (line.kind() == Kind::Audio).then(|| (id, line.direction().receives()))
        };
        self.ports.iter().enumerate().find_map(speaks)
    }

    /// Lets media ask the peer for whole pictures, if it is a browser; whether it is one.
    pub(in crate::leg::sip) fn refresh(&self, frame: &mut Frame) -> bool {
        if self.browser.is_none() {
            return false;
        }
        let shows = |(index, port): (usize, &Option<Port>)| {
            let line = self.theirs.as_ref()?.media_at(index)?;
            (line.kind() == Kind::Video).then_some((*port)?.id)
        };
        for port in self.ports.iter().enumerate().filter_map(shows) {
            frame.media(MediaCommand::Refresh { port });
        }
        true
    }

    /// What it costs that this leg hears `other`; a leg without a partner waits for one that is
    /// understood.
    pub(crate) fn price(&self, frame: &Frame, other: Option<&LegMedia>) -> u64 {
        let Some(capacity) = frame.load.capacity() else { return 0 };
        let formats = |media: &LegMedia, line: usize| media.agreed.get(line).cloned().flatten();
        let lent = self.ports.iter().enumerate().filter(|(_, port)| port.is_some());
        let line = |(line, _): (usize, _)| {
            let from = other.and_then(|other| formats(other, line));
            capacity.direction(from.as_ref(), formats(self, line).as_ref())
        };
        lent.map(line).sum()
    }

    /// Enters what this leg costs from now on.
    pub(crate) fn priced(&mut self, frame: &mut Frame, price: u64) {
        frame.load.changed(self.price, price);
        self.price = price;
    }

    /// The B channel of a line is its port from here on. `described`: what the line says of itself.
    pub(in crate::leg) fn open_line(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        id: PortId,
        line: LineSound,
        described: Session,
    ) {
        let (call, leg, kind) = (whose.call, whose.leg, MediaKind::Audio);
        frame.lent.insert(id, leg);
        frame.streams.opened(call, leg, &self.name, kind);
        // An interface tells of its own when a call is lost.
        frame.media(MediaCommand::Open { port: id, call, leg, kind, dscp: 0, silence_seconds: 0 });
        frame.media(MediaCommand::Line { port: id, line });
        let port =
            |line: Media<'_>| line.is_active().then_some(Port { id, bound: LINE_PEER.ip(), kind });
        self.ports = described.media().map(port).collect();
        self.ours = Some(described.as_bytes().to_vec());
        self.heard(frame, whose, Arc::new(described));
        // What was to be said waited for the channel.
        self.speak(frame);
    }

    /// Gives all ports back.
    pub(crate) fn close(&mut self, frame: &mut Frame) {
        self.voice = None;
        self.priced(frame, 0);
        for port in std::mem::take(&mut self.ports).into_iter().flatten() {
            frame.media(MediaCommand::Close { port: port.id });
            frame.lent.remove(&port.id);
            frame.ports.returned(port.id);
        }
    }

    /// Our address for each line that can be relayed; ports are lent where there is none yet, but for
    /// lines that `taken` refuses.
    pub(super) fn local(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        lines: &Session,
        taken: &Session,
    ) -> Result<Vec<Option<LocalMedia>>, NoPorts> {
        let mut local = Vec::with_capacity(lines.media().len());
        for (index, media) in lines.media().enumerate() {
            if self.ports.len() <= index {
                self.ports.push(None);
            }
            if !media.is_relayable() {
                local.push(None);
                continue;
            }
            let known = self.ports.get(index).copied().flatten();
            let refused = taken.media_at(index).is_none_or(|media| !media.is_active());
            if known.is_none() && refused {
                local.push(None);
                continue;
            }
            let port = match known {
                Some(port) => port,
                None => {
                    let is_browser = self.browser.is_some();
                    let port = lend(frame, whose, &self.name, media.kind(), is_browser)?;
                    if let Some(slot) = self.ports.get_mut(index) {
                        *slot = Some(port);
                    }
                    let packet = frame.load.capacity().map_or(0, |it| it.packet_nanos);
                    self.priced(frame, self.price.saturating_add(packet));
                    port
                }
            };
            let address = frame.places.media(&frame.config, port.bound, whose.remote);
            let number = self.browser.as_ref().map_or(port.id.port, |browser| browser.port());
            local.push(Some(LocalMedia::at(address, number)));
        }
        Ok(local)
    }
}

fn lend(
    frame: &mut Frame,
    whose: Whose,
    name: &str,
    kind: Kind,
    is_browser: bool,
) -> Result<Port, NoPorts> {
    let like = frame.places.interface(whose.remote).unwrap_or(whose.remote);
    let (id, bound, more) = match is_browser {
        true => {
            let id = frame.ports.lend_line().ok_or(NoPorts)?;
            (id, frame.ports.address(like).unwrap_or(like), None)
        }
        false => frame.ports.lend(like).ok_or(NoPorts)?,
    };
    if let Some(more) = more {
        frame.media(more);
    }
    let kind = kind_of(kind);
    let dscp = match kind {
        MediaKind::Audio | MediaKind::Image => DSCP_VOICE,
        MediaKind::Video => DSCP_VIDEO,
        MediaKind::Other => 0,
    };
    let silence_seconds = match kind {
        MediaKind::Audio => frame.config.settings.silence_seconds,
        MediaKind::Video | MediaKind::Image | MediaKind::Other => 0,
    };
    let (call, leg) = (whose.call, whose.leg);
    frame.lent.insert(id, leg);
    frame.streams.opened(call, leg, name, kind);
    frame.media(MediaCommand::Open { port: id, call, leg, kind, dscp, silence_seconds });
    Ok(Port { id, bound, kind })
}

pub(super) fn kind_of(kind: Kind) -> MediaKind {
    match kind {
        Kind::Audio => MediaKind::Audio,
        Kind::Video => MediaKind::Video,
        Kind::Image => MediaKind::Image,
        Kind::Text | Kind::Application | Kind::Message | Kind::Other => MediaKind::Other,
    }
}

/// RFC 4594 §4.1, §4.3: telephony is EF, video AF41.
const DSCP_VOICE: u8 = 46;
const DSCP_VIDEO: u8 = 34;
