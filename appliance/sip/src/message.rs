//! A SIP message as an index over its bytes: RFC 3261 §7.
//!
//! [`Message::parse_datagram`] finds the start line, the header lines and the body, once and
//! without a copy. What a header says is read when somebody asks for it, so one odd header costs
//! the reader of that header an error and nobody else anything.

mod check;
mod index;
mod lines;
mod malformed;
mod owned;
mod typed;

pub use check::{Refusal, check_request, check_response, unsupported};
pub use malformed::Malformed;
pub use owned::OwnedMessage;

use crate::header::name::{Kind, Name};
use crate::method::Method;
use crate::status::Status;
use index::{Index, Slot, Start};

/// A message in somebody's buffer.
#[derive(Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    index: Index,
}

/// The first line of a message.
#[derive(Clone, Copy, Debug)]
pub enum StartLine<'a> {
    /// `INVITE sip:bob@example.com SIP/2.0`.
    Request {
        /// What is asked for.
        method: Method<'a>,
        /// Of whom: the Request-URI as it was written; see [`Message::request_uri`].
        uri: &'a [u8],
        /// `SIP/2.0`, or something to be answered with 505.
        version: &'a [u8],
    },
    /// `SIP/2.0 180 Ringing`.
    Response {
        /// The status.
        status: Status,
        /// For people; any bytes.
        reason: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// Reads a datagram. The body is as long as Content-Length says, what is behind it is
    /// ignored; without a Content-Length it is the rest (RFC 3261 §18.3).
    pub fn parse_datagram(bytes: &'a [u8]) -> Result<Message<'a>, Malformed> {
        Message::parse(bytes, index::Framing::Datagram)
    }

    /// Reads one message that [`Framer`](crate::stream::Framer) cut out of a stream.
    pub fn parse_framed(bytes: &'a [u8]) -> Result<Message<'a>, Malformed> {
        Message::parse(bytes, index::Framing::Stream)
    }

    /// What can be read of a request that could not be parsed, for nothing but saying so to its
    /// sender; `None` when not even its lines are certain. The body is empty.
    pub fn salvage(bytes: &'a [u8]) -> Option<Message<'a>> {
        let bytes = index::skip_line_ends(bytes);
        let mut message = Message { bytes, index: Index::EMPTY };
        message.index.read(bytes, index::Framing::Datagram).ok()?;
        message.bytes = bytes.get(..message.index.headers_end()).unwrap_or(bytes);
        Some(message)
    }

    /// The length of the body that a whole header section announces, `None` when it does not; an
    /// error where that is not certain.
    pub(crate) fn announced_length(head: &[u8]) -> Result<Option<usize>, Malformed> {
        Index::announced_length(head)
    }

    fn parse(bytes: &'a [u8], framing: index::Framing) -> Result<Message<'a>, Malformed> {
        let bytes = index::skip_line_ends(bytes);
        let mut message = Message { bytes, index: Index::EMPTY };
        if let Some(fault) = message.index.read(bytes, framing)? {
            return Err(fault);
        }
        message.bytes = bytes.get(..message.index.end).unwrap_or(bytes);
        Ok(message)
    }

    /// The first line.
    pub fn start(&self) -> StartLine<'a> {
        match self.index.start {
            Start::Request { method_end, uri_end, line_end } => StartLine::Request {
                method: Method::parse(self.text(0, method_end)),
                uri: self.piece(method_end.saturating_add(1), uri_end),
                version: self.piece(uri_end.saturating_add(1), line_end),
            },
            Start::Response { status, reason_start, line_end } => {
                StartLine::Response { status, reason: self.piece(reason_start, line_end) }
            }
        }
    }

    /// Whether this is a request.
    pub fn is_request(&self) -> bool {
        matches!(self.index.start, Start::Request { .. })
    }

    /// The method of a request.
    pub fn method(&self) -> Option<Method<'a>> {
        match self.index.start {
            Start::Request { method_end, .. } => Some(Method::parse(self.text(0, method_end))),
            Start::Response { .. } => None,
        }
    }

    /// The status of a response.
    pub fn status(&self) -> Option<Status> {
        match self.index.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(status),
        }
    }

    /// The whole message, without line ends before it or octets behind it.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The body; empty when there is none.
    pub fn body(&self) -> &'a [u8] {
        self.bytes.get(self.index.headers_end()..).unwrap_or(b"")
    }

    /// All headers in their order: the name without regard to case or compact form, and the value
    /// without white space around it.
    pub fn headers(&self) -> impl Iterator<Item = (Name<'a>, &'a [u8])> + '_ {
        self.index.slots().iter().map(|slot| (self.name(slot), self.value(slot)))
    }

    /// All header lines as they were written, without their line ends, with their names.
    pub fn lines(&self) -> impl Iterator<Item = (Name<'a>, &'a [u8])> + '_ {
        self.index
            .slots()
            .iter()
            .map(|slot| (self.name(slot), self.piece(slot.start, slot.value_end)))
    }

    /// The value of the first header of that name.
    pub fn header(&self, name: Name<'_>) -> Option<&'a [u8]> {
        self.line_from(0, name).map(|(_, value)| value)
    }

    /// The values of all header lines of that name.
    pub fn headers_named<'m>(
        &'m self,
        name: Name<'m>,
    ) -> impl Iterator<Item = &'a [u8]> + use<'m, 'a> {
        let mut line = 0;
        std::iter::from_fn(move || {
            let (at, value) = self.line_from(line, name)?;
            line = at + 1;
            Some(value)
        })
    }

    /// The first header of that name from line `line` on: its line and its value.
    pub(crate) fn line_from(&self, line: usize, name: Name<'_>) -> Option<(usize, &'a [u8])> {
        let kind = name.kind();
        let slots = self.index.slots().iter().enumerate().skip(line);
        for (at, slot) in slots.filter(|(_, slot)| slot.kind == kind) {
            let same =
                kind != Kind::Other || self.written_name(slot).eq_ignore_ascii_case(name.as_str());
            if same {
                return Some((at, self.value(slot)));
            }
        }
        None
    }

    /// The first of these names to stand there a second time.
    fn repeated<const N: usize>(&self, once: [Name<'static>; N]) -> Option<Name<'static>> {
        let mut seen = once.map(|name| (name.kind(), false));
        self.index.slots().iter().find_map(|slot| {
            let at = seen.iter().position(|(kind, _)| *kind == slot.kind)?;
            let before = std::mem::replace(&mut seen.get_mut(at)?.1, true);
            if before { once.get(at).copied() } else { None }
        })
    }

    /// A copy that can be kept.
    pub fn to_owned(&self) -> OwnedMessage {
        OwnedMessage::new(self)
    }

    fn name(&self, slot: &Slot) -> Name<'a> {
        slot.kind.name(self.written_name(slot))
    }

    fn written_name(&self, slot: &Slot) -> &'a str {
        self.text(slot.start, slot.start.saturating_add(u16::from(slot.name_len)))
    }

    fn value(&self, slot: &Slot) -> &'a [u8] {
        self.piece(slot.value_start, slot.value_end)
    }

    fn piece(&self, start: u16, end: u16) -> &'a [u8] {
        self.bytes.get(usize::from(start)..usize::from(end)).unwrap_or(b"")
    }

    /// A piece that the index knows to be ASCII.
    fn text(&self, start: u16, end: u16) -> &'a str {
        str::from_utf8(self.piece(start, end)).unwrap_or("")
    }
}

impl std::fmt::Debug for Message<'_> {
    /// Only the first line: a message holds secrets and addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.start() {
            StartLine::Request { method, .. } => write!(f, "Message({method})"),
            StartLine::Response { status, .. } => write!(f, "Message({status})"),
        }
    }
}

/// Whether a datagram is only there to keep a NAT open: line ends or zeros, or nothing (RFC 5626
/// §3.5.1 and what phones do).
pub fn is_keep_alive(bytes: &[u8]) -> bool {
    bytes.len() <= LONGEST_KEEP_ALIVE && bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0 | b' '))
}

/// Four octets are what the field sends at most; anything longer is counted as malformed.
const LONGEST_KEEP_ALIVE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[u8] = b"OPTIONS sip:pbx SIP/2.0\r\n\
        v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        X-Name:  some\r\n thing \r\n\
        l: 2\r\n\r\nhi and more";

    #[test]
    fn a_message_is_indexed_and_read_in_place() {
        let message = Message::parse_datagram(OPTIONS).unwrap();
        assert_eq!(message.method(), Some(Method::Options));
        assert_eq!(message.request_uri().unwrap().as_str(), "sip:pbx");
        assert_eq!(message.header(Name::Via), Some(&b"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"[..]));
        assert_eq!(message.header(Name::Other("x-name")), Some(&b"some\r\n thing"[..]));
        assert_eq!(message.header(Name::Other("x-nam")), None);
        assert_eq!(message.body(), b"hi");
        assert_eq!(message.headers().count(), 3);
        assert_eq!(message.bytes().len() + " and more".len(), OPTIONS.len());
        assert_eq!(format!("{message:?}"), "Message(OPTIONS)");
    }

    #[test]
    fn a_response_has_a_status_and_any_reason() {
        let message = Message::parse_datagram(b"SIP/2.0 100 \r\nl:0\r\n\r\n").unwrap();
        assert_eq!(message.status(), Some(Status::TRYING));
        let message = Message::parse_datagram(b"SIP/2.0 486 besetzt, s\xfc\xdf\r\n\r\n").unwrap();
        let StartLine::Response { status, reason } = message.start() else { panic!() };
        assert_eq!((status, reason), (Status::BUSY_HERE, &b"besetzt, s\xfc\xdf"[..]));
    }

    #[test]
    fn line_ends_before_a_message_are_skipped() {
        let mut bytes = b"\r\n\r\n".to_vec();
        bytes.extend_from_slice(OPTIONS);
        assert!(Message::parse_datagram(&bytes).unwrap().bytes().starts_with(b"OPTIONS"));
        assert!(is_keep_alive(b"\r\n\r\n") && is_keep_alive(b"\0\0\0\0") && is_keep_alive(b""));
        assert!(!is_keep_alive(OPTIONS));
    }
}
