//! A message that is kept: for a retransmission, a queue, a dialog.

use super::index::{Index, Slot, Start};
use super::{Malformed, Message};

/// The bytes of a message and where everything in them stands.
#[derive(Clone)]
pub struct OwnedMessage {
    bytes: Box<[u8]>,
    start: Start,
    headers_end: usize,
    slots: Box<[Slot]>,
}

impl OwnedMessage {
    pub(super) fn new(message: &Message<'_>) -> OwnedMessage {
        OwnedMessage {
            bytes: message.bytes.into(),
            start: message.index.start,
            headers_end: message.index.headers_end(),
            slots: message.index.slots().into(),
        }
    }

    /// Reads a whole message and keeps it.
    pub fn parse(bytes: &[u8]) -> Result<OwnedMessage, Malformed> {
        Message::parse_datagram(bytes).map(|message| message.to_owned())
    }

    /// The message to look at; nothing is parsed again.
    pub fn view(&self) -> Message<'_> {
        let mut message = Message { bytes: &self.bytes, index: Index::EMPTY };
        message.index.restore(self.start, self.bytes.len(), self.headers_end, &self.slots);
        message
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for OwnedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    #[test]
    fn a_message_that_is_kept_reads_as_before() {
        let bytes = b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nl: 2\r\n\r\nhi";
        let kept = OwnedMessage::parse(bytes).unwrap();
        let view = kept.view();
        assert_eq!((view.bytes(), view.body()), (&bytes[..], &b"hi"[..]));
        assert_eq!(view.header(Name::CallId), Some(&b"1"[..]));
        assert_eq!(view.headers().count(), 2);
    }
}
