//! What media and the call's record are told of the keys of a leg.

use super::LegMedia;
use super::ports::kind_of;
use crate::frame::Frame;
use call::{Handshake, Keys, LegId, MediaCommand, PortId, Security, Suite};
use sdp::Session;

/// What media knows of the keys of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Locked {
    keys: Option<Keys>,
    handshake: Option<Handshake>,
}

impl LegMedia {
    /// Tells media which keys the lines have, where that is new, and the call's record how they are
    /// protected.
    pub(super) fn lock(&mut self, frame: &mut Frame, leg: LegId, theirs: &Session) {
        self.locked.resize(self.ports.len(), Locked::default());
        let is_past = self.is_past();
        let lines = self.ports.iter().zip(&mut self.locked).zip(theirs.media()).enumerate();
        for (index, ((port, before), media)) in lines {
            let Some(port) = port.filter(|_| media.is_active()) else { continue };
            if self.browser.is_some() {
                continue;
            }
            let (keys, handshake) = (self.secrecy.keys(index), self.secrecy.handshake(index));
            let now = Locked { keys, handshake };
            // The keys past the box are the other phone's: under them the box says nothing.
            if !is_past {
                before.tell(frame, port.id, &now);
                *before = now;
            }
            if let Some(security) = self.secrecy.security(index) {
                frame.streams.secured(leg, index, kind_of(media.kind()), security);
            }
        }
    }

    /// Tells media that the peer may begin to shake hands before its answer is here.
    pub(super) fn expect(&mut self, frame: &mut Frame) {
        self.locked.resize(self.ports.len(), Locked::default());
        for (index, (port, before)) in self.ports.iter().zip(&mut self.locked).enumerate() {
            let (Some(port), Some(expected)) = (port, self.secrecy.expected(index)) else {
                continue;
            };
            before.handshake = Some(expected.clone());
            let handshake = Some(Box::new(expected));
            frame.media(MediaCommand::Handshake { port: port.id, handshake });
        }
    }

    /// Keys came of a handshake: tells the call's record.
    pub(in crate::leg::sip) fn secured(
        &self,
        frame: &mut Frame,
        leg: LegId,
        port: PortId,
        suite: Suite,
    ) {
        let Some(index) = self.line(port) else { return };
        let Some(media) = self.theirs.as_ref().and_then(|theirs| theirs.media_at(index)) else {
            return;
        };
        let security = Security::Dtls { suite };
        frame.streams.secured(leg, index, kind_of(media.kind()), security);
    }
}

impl Locked {
    /// Whether its keys come of a handshake with the box.
    pub(super) fn by_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    fn tell(&self, frame: &mut Frame, port: PortId, now: &Self) {
        if self.handshake != now.handshake {
            let handshake = now.handshake.clone().map(Box::new);
            frame.media(MediaCommand::Handshake { port, handshake });
        }
        // Those of a handshake come from there.
        let shook = self.handshake.is_some() && now.handshake.is_none();
        if now.handshake.is_none() && (shook || self.keys != now.keys) {
            let keys = now.keys.clone().map(Box::new);
            frame.media(MediaCommand::Keys { port, keys });
        }
    }
}
