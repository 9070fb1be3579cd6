//! Where everything in a message stands: one pass over the bytes, no allocation.
//!
//! Two kinds of fault are told apart. Where the lines themselves are in doubt the pass ends with
//! an error. Any other fault is remembered and the pass goes on, so that the sender of a request
//! can be told (the addresses for that are in other lines).

use memchr::memchr;

use super::Malformed;
use super::lines::{Line, Lines};
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
    /// An index of nothing, to be filled in place: it is too large to be moved about.
    pub(super) const EMPTY: Index = Index {
        start: Start::Request { method_end: 0, uri_end: 0, line_end: 0 },
        end: 0,
        headers_end: 0,
        count: 0,
        slots: [NO_SLOT; MAX_HEADERS],
    };

    /// Reads a message that begins with its start line. Gives the first fault when the lines are
    /// certain in spite of it.
    #[inline]
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        framing: Framing,
    ) -> Result<Option<Malformed>, Malformed> {
        let mut lines = Lines::new(bytes);
        let Some(first) = lines.take()? else { return Err(Malformed::Empty) };
        let (start, mut fault) = start_line(first.text)?;
        self.start = start;
        loop {
            let Some(line) = lines.take()? else {
                fault = fault.or(Some(Malformed::Unfinished));
                break;
            };
            let Some(&initial) = line.text.first() else { break };
            // A folded line belongs to the header before it.
            if is_white(initial) {
                match self.last() {
                    Some(last) => last.extend(&line),
                    None => fault = fault.or(Some(Malformed::HeaderLine)),
                }
                continue;
            }
            match Slot::read(&line) {
                Some(slot) => self.push(slot)?,
                None => fault = fault.or(Some(Malformed::HeaderLine)),
            }
        }
        self.headers_end = lines.end();
        let content_length = match self.content_length(bytes) {
            Ok(length) => length,
            Err(unclear) => {
                fault = fault.or(Some(unclear));
                None
            }
        };
        match self.body_end(bytes, content_length, framing) {
            Ok(end) => self.end = end,
            Err(short) => fault = fault.or(Some(short)),
        }
        Ok(fault)
    }

    /// The length of the body that a whole header section announces.
    pub(super) fn announced_length(head: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut index = Index::EMPTY;
        index.read(head, Framing::Datagram)?;
        index.content_length(head)
    }

    pub(super) fn headers_end(&self) -> usize {
        usize::from(self.headers_end)
    }

    pub(super) fn slots(&self) -> &[Slot] {
        self.slots.get(..usize::from(self.count)).unwrap_or(&[])
    }

    /// Fills the index with the offsets of another.
    pub(super) fn restore(&mut self, start: Start, end: usize, headers_end: usize, slots: &[Slot]) {
        self.start = start;
        self.end = end;
        self.headers_end = u16::try_from(headers_end).unwrap_or(u16::MAX);
        if let Some(room) = self.slots.get_mut(..slots.len()) {
            room.copy_from_slice(slots);
            self.count = u8::try_from(slots.len()).unwrap_or(0);
        }
    }

    /// What Content-Length says; several that agree are one.
    fn content_length(&self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut agreed = None;
        for slot in self.slots() {
            if slot.kind != Kind::ContentLength {
                continue;
            }
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
    #[inline]
    fn read(line: &Line<'_>) -> Option<Slot> {
        let colon = find_colon(line.text)?;
        let (before, value) = line.text.split_at_checked(colon)?;
        // White space before the colon is allowed (RFC 3261 §7.3.1).
        let name = trim_end(before);
        let kind = Kind::at(line.rest, name.len());
        if kind == Kind::Other && (name.is_empty() || !name.iter().all(|&b| is_token(b))) {
            return None;
        }
        let leading = value.iter().skip(1).position(|&b| !is_white(b));
        let value_start = leading.map_or(line.text.len(), |leading| colon + 1 + leading);
        Some(Slot {
            start: line.start,
            value_start: line.offset(value_start),
            value_end: line.offset(trim_end(line.text).len().max(value_start)),
            kind,
            name_len: u8::try_from(name.len()).ok()?,
        })
    }

    /// Adds a folded line.
    fn extend(&mut self, line: &Line<'_>) {
        let Some(leading) = line.text.iter().position(|&b| !is_white(b)) else { return };
        if self.value_start == self.value_end {
            self.value_start = line.offset(leading);
        }
        self.value_end = line.offset(trim_end(line.text).len());
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
    if version == b"SIP/2.0" {
        return true;
    }
    let Some((protocol, numbers)) = version.split_at_checked(4) else { return false };
    let mut numbers = numbers.split(|&b| b == b'.');
    let number = |digits: Option<&[u8]>| digits.is_some_and(|digits| decimal(digits).is_some());
    protocol.eq_ignore_ascii_case(b"SIP/")
        && number(numbers.next())
        && number(numbers.next())
        && numbers.next().is_none()
}

/// The first colon. Names are short, so that a call of `memchr` costs more than it saves.
fn find_colon(line: &[u8]) -> Option<usize> {
    let (chunks, rest) = line.as_chunks::<8>();
    for (at, chunk) in chunks.iter().enumerate() {
        // The lowest octet that became zero sets its high bit; those below it set none.
        let word = u64::from_le_bytes(*chunk) ^ u64::from_le_bytes([b':'; 8]);
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            return Some(at * 8 + (zeros.trailing_zeros() / 8) as usize);
        }
    }
    rest.iter().position(|&b| b == b':').map(|at| chunks.len() * 8 + at)
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

const ONES: u64 = u64::from_le_bytes([1; 8]);

/// The longest torture message has 50 header lines, a call through ten proxies about as many.
pub(super) const MAX_HEADERS: usize = 128;

const NO_SLOT: Slot =
    Slot { start: 0, value_start: 0, value_end: 0, kind: Kind::Other, name_len: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8]) -> Option<Malformed> {
        let mut index = Index::EMPTY;
        match index.read(bytes, Framing::Datagram) {
            Ok(fault) => fault,
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
    fn the_first_colon_is_found_wherever_it_is() {
        for at in 0..40 {
            let mut line = vec![b'x'; 50];
            assert_eq!(find_colon(&line), None);
            line[at] = b':';
            line[at + 1] = b':';
            line[at + 2] = b';';
            assert_eq!(find_colon(&line), Some(at));
        }
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
