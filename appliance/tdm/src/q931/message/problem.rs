//! What is wrong with a message (ITU-T Q.931 §5.8).

use crate::q931::element::CauseValue;
use core::fmt;

/// Octets that are no message for us; they are dropped without an answer (ITU-T Q.931 §5.8.1 to §5.8.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAMessage {
    /// Fewer octets than a header has.
    Short,
    /// A protocol that we do not speak; its discriminator.
    Discriminator(u8),
    /// A call reference of more than two octets, or wrongly coded.
    CallReference,
}

impl fmt::Display for NotAMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("too short for a message"),
            Self::Discriminator(octet) => write!(f, "protocol discriminator {octet:#04x}"),
            Self::CallReference => f.write_str("call reference wrongly coded"),
        }
    }
}

impl core::error::Error for NotAMessage {}

/// Something that is wrong with one element of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// The codeset of the element.
    pub codeset: u8,
    /// Its identifier.
    pub id: u8,
    /// What is wrong.
    pub kind: ProblemKind,
    /// Whether messages of this kind must have the element.
    pub mandatory: bool,
}

/// What is wrong with an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// Its content cannot be read, or it ends behind the message.
    Malformed,
    /// It is longer than the table allows (ITU-T Q.931 table 4-3).
    TooLong,
    /// It stands behind one with a greater identifier (ITU-T Q.931 §5.8.5.1).
    OutOfOrder,
    /// It stands there already, and only once is allowed; the first one counts (§5.8.5.2).
    Duplicate,
    /// The message must have it and has not (§5.8.6.1).
    Missing,
    /// It is not one that we know (§5.8.7.1).
    Unknown,
}

impl Problem {
    /// Whether its sender wants the message refused if we do not know it: bits 8 to 5 are zero
    /// (ITU-T Q.931 §4.5.1, §5.8.7.1).
    pub fn comprehension_required(&self) -> bool {
        self.codeset == 0 && self.id & 0xf0 == 0
    }

    /// The cause that §5.8 has for it; none if it is to be let pass in silence.
    pub fn cause(&self) -> Option<CauseValue> {
        match self.kind {
            ProblemKind::Malformed | ProblemKind::TooLong => Some(CauseValue::INVALID_CONTENT),
            ProblemKind::Missing => Some(CauseValue::MANDATORY_MISSING),
            ProblemKind::Unknown if self.comprehension_required() => {
                Some(CauseValue::MANDATORY_MISSING)
            }
            // Those of networks and countries are as often meant for somebody else.
            ProblemKind::Unknown if self.codeset != 0 => None,
            ProblemKind::Unknown => Some(CauseValue::ELEMENT_NOT_IMPLEMENTED),
            ProblemKind::OutOfOrder | ProblemKind::Duplicate => None,
        }
    }
}
