//! How the peer of a leg learns of the keys that the other side presses.

use super::LegMedia;
use crate::frame::Frame;
use call::{Codec, Formats, KeyPress, MediaCommand};
use sip::Message;

impl LegMedia {
    /// Whether the peer takes INFO requests, as one of its messages says.
    pub(in crate::leg::sip) fn note_allowed(&mut self, message: &Message<'_>) {
        let mut allowed = message.allow().peekable();
        if allowed.peek().is_some() {
            self.allows_info = allowed.any(|method| method == "INFO");
        }
    }

    /// Tells media how the peer learns of keys, where that has changed.
    pub(super) fn tell_keys(&mut self, frame: &mut Frame) {
        let told = self.is_readable() && self.keys_are_told();
        if told == self.told {
            return;
        }
        self.told = told;
        for (port, formats) in self.ports.iter().zip(&self.agreed) {
            if let (Some(port), Some(_)) = (port, formats) {
                frame.media(MediaCommand::KeysTold { port: port.id, told });
            }
        }
    }

    /// Lets the peer hear a key in its sound.
    pub(in crate::leg::sip) fn press(&self, frame: &mut Frame, key: KeyPress) {
        let mut lines = self.ports.iter().zip(&self.agreed);
        let line = lines.find_map(|(port, formats)| formats.as_ref().and(port.as_ref()));
        if let Some(port) = line {
            frame.media(MediaCommand::Press { port: port.id, key });
        }
    }

    /// Whether the box can read what the peer says.
    pub(in crate::leg::sip) fn is_readable(&self) -> bool {
        self.agreed.iter().any(Option::is_some)
    }

    /// Whether the peer learns of keys by INFO: it has no events for them, and takes requests. Where
    /// the box cannot read what the peer says it can make no tones either.
    pub(in crate::leg::sip) fn keys_are_told(&self) -> bool {
        let has_events = |formats: &Formats| {
            let mut codecs = formats.send.iter().map(|format| format.codec);
            codecs.any(|codec| matches!(codec, Codec::TelephoneEvent { .. }))
        };
        let mut lines = self.agreed.iter().flatten().peekable();
        match lines.peek() {
            Some(_) => self.allows_info && !lines.any(has_events),
            None => true,
        }
    }
}
