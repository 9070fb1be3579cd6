//! Messages out of a byte stream, as TCP and TLS carry them: RFC 3261 §18.3, RFC 5626 §3.5.1.
//!
//! Over a stream only Content-Length says where a message ends. When it is missing, unreadable or
//! there twice, everything behind it would be a guess: the stream is broken and its owner closes
//! it.

use memchr::memmem;

use crate::header::name::Name;
use crate::message::{Malformed, Message};
use crate::scan::is_token;

/// Cuts a stream into messages. Push what arrived, then take frames until there is none; each
/// octet is looked at once.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// What is before this was taken.
    taken: usize,
    state: State,
}

/// Something whole that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message, for [`Message::parse_framed`].
    Message(&'a [u8]),
    /// Two line ends: the other side wants one as an answer (RFC 5626 §3.5.1).
    Ping,
    /// One line end: the answer to a ping.
    Pong,
}

/// Why a stream is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Where the message ends is not certain.
    Malformed(Malformed),
    /// The body is announced as longer than [`MAX_BODY`]: 513 (RFC 3261 §21.5.7).
    TooLarge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No message has begun. `ponged`: the line end before was taken for a whole pong, and may
    /// turn out to be the first half of a ping.
    Between { ponged: bool },
    /// Within the headers, of which so many octets hold no end.
    Head { searched: usize },
    /// Within the body of a message of that length.
    Body { length: usize },
    /// Nothing more comes out.
    Broken(Broken),
}

impl Default for State {
    fn default() -> State {
        State::Between { ponged: false }
    }
}

impl Framer {
    /// A framer at the beginning of a stream.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Adds what arrived. Between two pushes all frames are to be taken, so that no more than one
    /// message is kept.
    pub fn push(&mut self, bytes: &[u8]) {
        if matches!(self.state, State::Broken(_)) {
            return;
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_CAPACITY {
            self.buffer = Vec::new();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next frame; `Ok(None)` when more must arrive first. After an error there is
    /// nothing but that error.
    pub fn take(&mut self) -> Result<Option<Frame<'_>>, Broken> {
        loop {
            match self.state {
                State::Between { ponged } => match self.between(ponged) {
                    Between::Frame(frame) => return Ok(Some(frame)),
                    Between::Wait => return Ok(None),
                    Between::Begins => self.state = State::Head { searched: 0 },
                },
                State::Head { searched } => {
                    if !self.head(searched) {
                        return Ok(None);
                    }
                }
                State::Body { length } => {
                    let start = self.taken;
                    let Some(message) = self.buffer.get(start..start.saturating_add(length)) else {
                        return Ok(None);
                    };
                    self.taken += length;
                    self.state = State::default();
                    return Ok(Some(Frame::Message(message)));
                }
                State::Broken(broken) => return Err(broken),
            }
        }
    }

    /// Whether part of a message is waiting for the rest: its owner gives that some time only.
    pub fn is_waiting(&self) -> bool {
        !matches!(self.state, State::Between { .. })
    }

    /// What is left: for [`refuse`](crate::compose::refuse) after an error, before the stream is
    /// closed.
    pub fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or(b"")
    }

    fn between(&mut self, ponged: bool) -> Between {
        let (frame, length, ponged) = match self.rest() {
            [] | [b'\r'] | [b'\r', b'\n', b'\r'] => return Between::Wait,
            [b'\r', b'\n', ..] if ponged => (Frame::Ping, 2, false),
            [b'\r', b'\n', b'\r', b'\n', ..] => (Frame::Ping, 4, false),
            [b'\r', b'\n'] => (Frame::Pong, 2, true),
            [b'\r', b'\n', ..] => {
                self.taken += 2;
                return Between::Begins;
            }
            _ => return Between::Begins,
        };
        self.taken += length;
        self.state = State::Between { ponged };
        Between::Frame(frame)
    }

    /// Looks for the end of the headers; false when more must arrive.
    fn head(&mut self, searched: usize) -> bool {
        let rest = self.rest();
        // What does not begin like a message (a TLS handshake, say) is not waited for.
        if !rest.first().is_none_or(|&b| is_token(b)) {
            self.state = State::Broken(Broken::Malformed(Malformed::StartLine));
            return true;
        }
        let Some(end) = memmem::find(rest.get(searched..).unwrap_or(b""), b"\r\n\r\n") else {
            if rest.len() > MAX_HEAD {
                self.state = State::Broken(Broken::Malformed(Malformed::TooLong));
                return true;
            }
            // The first three octets of the end may be here.
            self.state = State::Head { searched: rest.len().saturating_sub(3) };
            return false;
        };
        let head = rest.get(..searched + end + 4).unwrap_or(rest);
        self.state = match Message::announced_length(head) {
            Err(malformed) => State::Broken(Broken::Malformed(malformed)),
            Ok(None) => State::Broken(Broken::Malformed(Malformed::Missing(Name::ContentLength))),
            Ok(Some(body)) if body > MAX_BODY => State::Broken(Broken::TooLarge),
            Ok(Some(body)) => State::Body { length: head.len().saturating_add(body) },
        };
        true
    }
}

/// What was found where no message has begun.
enum Between {
    Frame(Frame<'static>),
    Wait,
    Begins,
}

impl Broken {
    /// A reason for the log and for a last answer.
    pub fn reason(&self) -> &'static str {
        match self {
            Broken::Malformed(malformed) => malformed.reason(),
            Broken::TooLarge => "Message Too Large",
        }
    }
}

/// What the index of a message can hold.
const MAX_HEAD: usize = 65_535;

/// The longest body over a stream, in octets: as much as a UDP datagram could carry.
pub const MAX_BODY: usize = 65_536;

/// How much room an idle stream keeps.
const KEPT_CAPACITY: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nl: 4\r\n\r\nbody";
    const TWO: &[u8] = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

    fn frames(framer: &mut Framer) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = framer.take().unwrap() {
            frames.push(match frame {
                Frame::Message(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Frame::Ping => "ping".to_owned(),
                Frame::Pong => "pong".to_owned(),
            });
        }
        frames
    }

    fn broken(bytes: &[u8]) -> Option<Broken> {
        let mut framer = Framer::new();
        framer.push(bytes);
        loop {
            match framer.take() {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(broken) => return Some(broken),
            }
        }
    }

    #[test]
    fn messages_come_out_whole_however_they_arrive() {
        let stream = [b"\r\n", ONE, TWO, b"\r\n\r\n", ONE].concat();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let expected = [text(ONE), text(TWO), "ping".to_owned(), text(ONE)];
        for step in 2..stream.len() {
            let mut framer = Framer::new();
            let mut all = Vec::new();
            for piece in stream.chunks(step) {
                framer.push(piece);
                all.extend(frames(&mut framer));
            }
            // A line end at the end of a push is a pong, and a ping when another one follows.
            all.retain(|frame| frame != "pong");
            assert_eq!(all, expected, "in pieces of {step}");
            assert!(!framer.is_waiting());
        }
    }

    #[test]
    fn one_line_end_is_a_pong_and_two_are_a_ping() {
        let mut framer = Framer::new();
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), ["pong"]);
        framer.push(b"\r\n");
        assert_eq!(frames(&mut framer), ["ping"]);
        framer.push(b"\r\n\r");
        assert_eq!(frames(&mut framer), Vec::<String>::new());
        framer.push(b"\n\r\n\r\n");
        assert_eq!(frames(&mut framer), ["ping", "ping"]);
    }

    #[test]
    fn a_stream_breaks_where_the_end_of_a_message_would_be_a_guess() {
        let with = |headers: &str| {
            broken(format!("OPTIONS sip:a SIP/2.0\r\n{headers}\r\nabcdefgh").as_bytes())
        };
        let content_length = Malformed::Header(Name::ContentLength);
        let cases = [
            ("", Malformed::Missing(Name::ContentLength)),
            ("Content-Length: 5x\r\n", content_length),
            ("Content-Length: -1\r\n", content_length),
            ("Content-Length: 99999999999999\r\n", content_length),
            ("Content-Length: 1\r\nl: 2\r\n", Malformed::ContentLengths),
            ("A: b\nl: 2\r\n", Malformed::LineEnd),
        ];
        for (headers, malformed) in cases {
            assert_eq!(with(headers), Some(Broken::Malformed(malformed)), "{headers}");
        }
        assert_eq!(with("l: 65537\r\n"), Some(Broken::TooLarge));
        assert_eq!(with("l: 8\r\nContent-Length: 8\r\n"), None);
    }

    #[test]
    fn a_head_without_end_is_given_up() {
        let mut bytes = b"OPTIONS sip:a SIP/2.0\r\nA: ".to_vec();
        bytes.resize(MAX_HEAD + 1, b'x');
        assert_eq!(broken(&bytes), Some(Broken::Malformed(Malformed::TooLong)));
        let tls = b"\x16\x03\x01\x02\x00\x01";
        assert_eq!(broken(tls), Some(Broken::Malformed(Malformed::StartLine)));
    }

    #[test]
    fn a_broken_stream_stays_broken_and_keeps_what_broke_it() {
        let mut framer = Framer::new();
        framer.push(b"OPTIONS sip:a SIP/2.0\r\n\r\n");
        assert!(framer.take().is_err());
        framer.push(TWO);
        assert!(framer.take().is_err());
        assert!(framer.rest().starts_with(b"OPTIONS"));
    }
}
