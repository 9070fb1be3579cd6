//! Why a change is refused, in words for whoever wanted it.

use crate::Revision;
use std::fmt;

/// Why a change is refused, and at which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The field's name as in the API; empty when the entry as a whole is meant.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no such entry.
    NotFound,
    /// Somebody else changed it first; this is its revision now.
    Outdated(Revision),
    /// It must not be empty.
    Missing,
    /// Longer than so many characters.
    TooLong(usize),
    /// Outside this range.
    OutOfRange(u64, u64),
    /// Another entry has this number or name already.
    Taken(String),
    /// The other entry that it names does not exist.
    Unknown(String),
    /// This entry still needs it.
    InUse(String),
    /// It summons help in this country and cannot be given away.
    Emergency,
    /// A feature's number is dialled inside: it has no plus.
    NotInside,
    /// Only digits make an extension's number.
    NotAnExtensionNumber,
    /// Letters, digits and `-_.` only.
    NotALogin,
    /// Not a host name or an address.
    NotAHost,
    /// A forwarding or an announcement that leads to itself.
    ToItself,
    /// Cannot be changed once set.
    Fixed,
    /// Lines and their settings belong to trunks of kind ISDN.
    NotIsdn,
    /// E1 and T1 lines in one trunk.
    MixedLines,
    /// Meant for digital lines, and no trunk has any.
    NoLine,
    /// This trunk has B channels in none of these timeslots.
    NoChannels(String),
}

impl Invalid {
    pub(super) fn at(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("this does not exist, or no longer"),
            Self::Outdated(now) => {
                write!(f, "somebody else changed this meanwhile (revision {now}): load it again")
            }
            Self::Missing => f.write_str("this must not be empty"),
            Self::TooLong(most) => write!(f, "at most {most} characters"),
            Self::OutOfRange(low, high) => write!(f, "a number from {low} to {high}"),
            Self::Taken(by) if by.is_empty() => f.write_str("this is taken already"),
            Self::Taken(by) => write!(f, "this is taken already, by {by}"),
            Self::Unknown(what) => write!(f, "there is no {what}"),
            Self::InUse(by) => write!(f, "still used by {by}: change that first"),
            Self::Emergency => f.write_str("this number summons help and cannot be given away"),
            Self::NotInside => f.write_str("only digits, * and #, at most 15"),
            Self::NotAnExtensionNumber => f.write_str("only digits, at most 15"),
            Self::NotALogin => f.write_str("only letters, digits and - _ ."),
            Self::NotAHost => f.write_str("a host name or an address, without port"),
            Self::ToItself => f.write_str("this would lead back to itself"),
            Self::Fixed => f.write_str("this cannot be changed"),
            Self::NotIsdn => f.write_str("only a trunk of kind isdn has lines"),
            Self::MixedLines => f.write_str("the lines of one trunk are all E1 or all T1"),
            Self::NoLine => f.write_str("only a route to a trunk of digital lines has this"),
            Self::NoChannels(trunk) => {
                write!(f, "trunk {trunk} carries calls in none of these timeslots")
            }
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return self.problem.fmt(f);
        }
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl std::error::Error for Invalid {}
