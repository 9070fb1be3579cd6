//! Where everything in a message stands: one pass over the bytes, no allocation.
//!
//! Two kinds of fault are told apart. Where the lines themselves are in doubt the pass ends with
//! an error. Any other fault is remembered and the pass goes on, so that the sender of a request
//! can be told (the addresses for that are in other lines).

use memchr::{memchr, memchr_iter};

use super::Malformed;
use crate::header::name::{Kind, Name};
use crate::scan::{decimal, is_token, is_white};
use crate::status::Status;

/// Offsets into the bytes of a message; those of the header section are 16 bits.
#[derive(Clone)]
pub(super) struct Index {
    pub(super) start: Start,
    /// Where the message ends, body included.
    pub(super) end: usize,
    headers_end: u16,
    count: u8,
    slots: [Slot; MAX_HEADERS],
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Request { method_end: u16, uri_end: u16, line_end: u16 },
    Response { status: Status, reason_start: u16, line_end: u16 },
}

/// One header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) start: u16,
    pub(super) value_start: u16,
    pub(super) value_end: u16,
    pub(super) kind: Kind,
    pub(super) name_len: u8,
}

/// What carries the message, which decides where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Datagram,
    Stream,
}

impl Index {
    /// Reads a message that begins with its start line. Gives the first fault beside the index
    /// when the lines are certain in spite of it.
    pub(super) fn read(
        bytes: &[u8],
        framing: Framing,
    ) -> Result<(Index, Option<Malformed>), Malformed> {
        let mut line_ends = memchr_iter(b'\n', bytes);
        let Some(first_end) = line_ends.next() else {
            return Err(if bytes.is_empty() { Malformed::Empty } else { Malformed::Unfinished });
        };
        let first = line(bytes, 0, first_end)?;
        let (start, mut fault) = start_line(first)?;
        let mut index =
            Index { start, end: 0, headers_end: 0, count: 0, slots: [NO_SLOT; MAX_HEADERS] };
        let mut lines = 1;
        let mut line_start = first_end + 1;
        loop {
            let Some(line_end) = line_ends.next() else {
                // Cut in a line, or between two.
                if line_start < bytes.len() {
                    return Err(Malformed::Unfinished);
                }
                fault = fault.or(Some(Malformed::Unfinished));
                break;
            };
            let text = line(bytes, line_start, line_end)?;
            lines += 1;
            let Some(&initial) = text.first() else {
                line_start = line_end + 1;
                break;
            };
            let offset = u16::try_from(line_start).map_err(|_| Malformed::TooLong)?;
            // A folded line belongs to the header before it.
            if is_white(initial) {
                match index.last() {
                    Some(last) => last.extend(offset, text)?,
                    None => fault = fault.or(Some(Malformed::HeaderLine)),
                }
            } else {
                match Slot::read(offset, text)? {
                    Some(slot) => index.push(slot)?,
                    None => fault = fault.or(Some(Malformed::HeaderLine)),
                }
            }
            line_start = line_end + 1;
        }
        // Every line ended with CR LF; as many CRs as lines means that no other CR stands there.
        let section = bytes.get(..line_start).unwrap_or(bytes);
        if memchr_iter(b'\r', section).count() != lines {
            return Err(Malformed::LineEnd);
        }
        index.headers_end = u16::try_from(line_start).map_err(|_| Malformed::TooLong)?;
        let content_length = match index.content_length(bytes) {
            Ok(length) => length,
            Err(unclear) => {
                fault = fault.or(Some(unclear));
                None
            }
        };
        match index.body_end(bytes, content_length, framing) {
            Ok(end) => index.end = end,
            Err(short) => fault = fault.or(Some(short)),
        }
        Ok((index, fault))
    }

    /// The length of the body that a whole header section announces.
    pub(super) fn announced_length(head: &[u8]) -> Result<Option<usize>, Malformed> {
        let (index, _) = Index::read(head, Framing::Datagram)?;
        index.content_length(head)
    }

    pub(super) fn headers_end(&self) -> usize {
        usize::from(self.headers_end)
    }

    pub(super) fn slots(&self) -> &[Slot] {
        self.slots.get(..usize::from(self.count)).unwrap_or(&[])
    }

    /// An index with the same offsets, from the slots of another.
    pub(super) fn restored(start: Start, end: usize, headers_end: usize, slots: &[Slot]) -> Index {
        let mut index = Index {
            start,
            end,
            headers_end: u16::try_from(headers_end).unwrap_or(u16::MAX),
            count: u8::try_from(slots.len()).unwrap_or(0),
            slots: [NO_SLOT; MAX_HEADERS],
        };
        if let Some(room) = index.slots.get_mut(..slots.len()) {
            room.copy_from_slice(slots);
        }
        index
    }

    /// What Content-Length says; several that agree are one.
    fn content_length(&self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut agreed = None;
        for slot in self.slots().iter().filter(|slot| slot.kind == Kind::ContentLength) {
            let value = bytes.get(usize::from(slot.value_start)..usize::from(slot.value_end));
            let length = value
                .and_then(decimal)
                .and_then(|length| usize::try_from(length).ok())
                .ok_or(Malformed::Header(Name::ContentLength))?;
            if agreed.is_some_and(|other| other != length) {
                return Err(Malformed::ContentLengths);
            }
            agreed = Some(length);
        }
        Ok(agreed)
    }

    fn last(&mut self) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(self.count).checked_sub(1)?)
    }

    fn push(&mut self, slot: Slot) -> Result<(), Malformed> {
        let room = self.slots.get_mut(usize::from(self.count)).ok_or(Malformed::TooManyHeaders)?;
        *room = slot;
        self.count += 1;
        Ok(())
    }

    fn body_end(
        &self,
        bytes: &[u8],
        content_length: Option<usize>,
        framing: Framing,
    ) -> Result<usize, Malformed> {
        let Some(length) = content_length else {
            return match framing {
                Framing::Datagram => Ok(bytes.len()),
                Framing::Stream => Err(Malformed::Missing(Name::ContentLength)),
            };
        };
        let end = self.headers_end().saturating_add(length);
        if end > bytes.len() { Err(Malformed::BodyTooShort) } else { Ok(end) }
    }
}

impl Slot {
    /// Reads `name: value`; `None` when it is no header.
    fn read(offset: u16, line: &[u8]) -> Result<Option<Slot>, Malformed> {
        let Some(colon) = memchr(b':', line) else { return Ok(None) };
        let (before, after) = line.split_at_checked(colon).unwrap_or((line, b""));
        // White space before the colon is allowed (RFC 3261 §7.3.1).
        let name = trim_end(before);
        let kind = Kind::of(name);
        if kind == Kind::Other && (name.is_empty() || !name.iter().all(|&b| is_token(b))) {
            return Ok(None);
        }
        let Ok(name_len) = u8::try_from(name.len()) else { return Ok(None) };
        let value = after.get(1..).unwrap_or(b"");
        let leading = value.iter().position(|&b| !is_white(b)).unwrap_or(value.len());
        let at = |position: usize| {
            u16::try_from(position)
                .ok()
                .and_then(|position| offset.checked_add(position))
                .ok_or(Malformed::TooLong)
        };
        let value_start = at(colon + 1 + leading)?;
        let value_end = at(trim_end(line).len())?.max(value_start);
        Ok(Some(Slot { start: offset, value_start, value_end, kind, name_len }))
    }

    /// Adds a folded line.
    fn extend(&mut self, offset: u16, line: &[u8]) -> Result<(), Malformed> {
        let Some(leading) = line.iter().position(|&b| !is_white(b)) else { return Ok(()) };
        let at = |position: usize| {
            u16::try_from(position)
                .ok()
                .and_then(|position| offset.checked_add(position))
                .ok_or(Malformed::TooLong)
        };
        if self.value_start == self.value_end {
            self.value_start = at(leading)?;
        }
        self.value_end = at(trim_end(line).len())?;
        Ok(())
    }
}

/// The message without line ends before it (RFC 3261 §7.5).
pub(super) fn skip_line_ends(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [b'\r', b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// The line that ends with the LF at `line_feed`, without its CR LF.
fn line(bytes: &[u8], start: usize, line_feed: usize) -> Result<&[u8], Malformed> {
    match bytes.get(start..line_feed) {
        Some([text @ .., b'\r']) => Ok(text),
        Some(_) | None => Err(Malformed::LineEnd),
    }
}

/// Reads the first line. A request with an odd one is a fault that its sender is told; for
/// anything else there is nobody to tell.
fn start_line(line: &[u8]) -> Result<(Start, Option<Malformed>), Malformed> {
    if let Some(rest) = line.strip_prefix(b"SIP/2.0 ") {
        return Ok((status_line(line, rest)?, None));
    }
    let method_end = memchr(b' ', line).ok_or(Malformed::StartLine)?;
    let (method, rest) = line.split_at_checked(method_end).ok_or(Malformed::StartLine)?;
    if method.is_empty() || !method.iter().all(|&b| is_token(b)) {
        return Err(Malformed::StartLine);
    }
    let at = |position: usize| u16::try_from(position).map_err(|_| Malformed::TooLong);
    let line_end = at(line.len())?;
    let method_end = at(method_end)?;
    let rest = rest.get(1..).unwrap_or(b"");
    // Exactly one space on each side of the URI, none in it or behind the version.
    let uri_len = memchr(b' ', rest).unwrap_or(rest.len());
    let version = rest.get(uri_len + 1..).unwrap_or(b"");
    let fault =
        if uri_len == 0 || !is_version(version) { Some(Malformed::StartLine) } else { None };
    let uri_end = at(line.len() - rest.len() + uri_len)?;
    Ok((Start::Request { method_end, uri_end, line_end }, fault))
}

fn status_line(line: &[u8], rest: &[u8]) -> Result<Start, Malformed> {
    let digits = rest.get(..3).ok_or(Malformed::StartLine)?;
    let code = decimal(digits).and_then(|code| u16::try_from(code).ok());
    let status = code.and_then(Status::new).ok_or(Malformed::StartLine)?;
    // The space behind the code may be missing when no reason follows.
    let reason = match rest.get(3..) {
        Some([b' ', reason @ ..]) => reason,
        Some([]) => b"",
        Some(_) | None => return Err(Malformed::StartLine),
    };
    let at = |position: usize| u16::try_from(position).map_err(|_| Malformed::TooLong);
    Ok(Start::Response {
        status,
        reason_start: at(line.len() - reason.len())?,
        line_end: at(line.len())?,
    })
}

/// `SIP/` and two numbers with a dot between.
fn is_version(version: &[u8]) -> bool {
    let Some((protocol, numbers)) = version.split_at_checked(4) else { return false };
    let mut numbers = numbers.split(|&b| b == b'.');
    let number = |digits: Option<&[u8]>| digits.is_some_and(|digits| decimal(digits).is_some());
    protocol.eq_ignore_ascii_case(b"SIP/")
        && number(numbers.next())
        && number(numbers.next())
        && numbers.next().is_none()
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [rest @ .., last] = bytes {
        if !is_white(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// The longest torture message has 50 header lines, a call through ten proxies about as many.
pub(super) const MAX_HEADERS: usize = 128;

const NO_SLOT: Slot =
    Slot { start: 0, value_start: 0, value_end: 0, kind: Kind::Other, name_len: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8]) -> Option<Malformed> {
        match Index::read(bytes, Framing::Datagram) {
            Ok((_, fault)) => fault,
            Err(fault) => Some(fault),
        }
    }

    #[test]
    fn lines_that_could_be_read_in_two_ways_are_refused() {
        let line_end = Some(Malformed::LineEnd);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nA: b\nC: d\r\n\r\n"), line_end);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nA: b\rC: d\r\n\r\n"), line_end);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\nA: b\n\n"), line_end);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nA: b\r\n"), Some(Malformed::Unfinished));
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nA: b"), Some(Malformed::Unfinished));
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nA: b\r\n\r\nany\nbody\r"), None);
    }

    #[test]
    fn a_header_line_needs_a_token_and_a_colon() {
        let header_line = Some(Malformed::HeaderLine);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nFoobar roobar\r\n\r\n"), header_line);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nFoo bar: x\r\n\r\n"), header_line);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\n: x\r\n\r\n"), header_line);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\n folded: x\r\n\r\n"), header_line);
        assert_eq!(fault(b"OPTIONS sip:a SIP/2.0\r\nFoo\t :x\r\n\r\n"), None);
    }

    #[test]
    fn more_headers_than_the_index_holds_are_refused() {
        let message = |count: usize| {
            let mut bytes = b"OPTIONS sip:a SIP/2.0\r\n".to_vec();
            (0..count).for_each(|_| bytes.extend_from_slice(b"A: b\r\n"));
            bytes.extend_from_slice(b"\r\n");
            bytes
        };
        assert_eq!(fault(&message(MAX_HEADERS)), None);
        assert_eq!(fault(&message(MAX_HEADERS + 1)), Some(Malformed::TooManyHeaders));
    }

    #[test]
    fn a_header_section_of_more_than_64_kib_is_refused() {
        let mut bytes = b"OPTIONS sip:a SIP/2.0\r\nA: ".to_vec();
        bytes.resize(65_536, b'x');
        bytes.extend_from_slice(b"\r\n\r\n");
        assert_eq!(fault(&bytes), Some(Malformed::TooLong));
    }
}
