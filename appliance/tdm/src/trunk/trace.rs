//! What is said on the D channels, for who reads along.

use std::fmt::{self, Display, Formatter};
use std::time::Instant;

use crate::q921::{Frame, Role};
use crate::q931::interface::LinkId;
use crate::q931::message::{Message, ProblemKind};

/// A frame or a message that went one way. Its words are made when it is printed: `span 0 > I, command,
/// N(S) 0, N(R) 0, P 0, 24 octets`. A message is said once, though its frame may go several times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When it was handed on or came.
    pub at: Instant,
    /// On which D channel.
    pub link: LinkId,
    /// Which is on this span.
    pub span: u8,
    /// Which way.
    pub direction: Direction,
    /// Whose words they are: a frame reads differently from the user and from the network.
    pub sender: Role,
    /// What the octets are.
    pub layer: Layer,
    /// The frame without flags and check, or the message.
    pub octets: Vec<u8>,
}

/// Which way something went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the far side.
    Sent,
    /// From the far side.
    Received,
}

/// What was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// A frame of Q.921.
    Frame,
    /// A message of Q.931.
    Message,
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::Sent => '>',
            Direction::Received => '<',
        };
        write!(f, "span {} {arrow} ", self.span)?;
        match self.layer {
            Layer::Frame => match Frame::parse(&self.octets, self.sender) {
                Ok(frame) => write!(f, "{frame}"),
                Err(malformed) => self.damaged(f, malformed),
            },
            Layer::Message => match Message::parse(&self.octets) {
                Ok((message, problems)) => {
                    write!(f, "{message}")?;
                    problems.iter().try_for_each(|problem| {
                        let what = words(problem.kind);
                        write!(f, "; {what}: element {:#04x}", problem.id)
                    })
                }
                Err(error) => self.damaged(f, error),
            },
        }
    }
}

impl Line {
    /// Why it cannot be read, and its octets.
    fn damaged(&self, f: &mut Formatter<'_>, why: impl Display) -> fmt::Result {
        write!(f, "{why}:")?;
        self.octets.iter().try_for_each(|octet| write!(f, " {octet:02x}"))
    }
}

fn words(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Malformed => "malformed",
        ProblemKind::TooLong => "too long",
        ProblemKind::OutOfOrder => "out of order",
        ProblemKind::Duplicate => "twice",
        ProblemKind::Missing => "missing",
        ProblemKind::Unknown => "unknown",
    }
}
