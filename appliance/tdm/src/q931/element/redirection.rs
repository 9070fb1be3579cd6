//! Whom a call came away from, and why (ANSI T1.607, ITU-T Q.952).

use super::number::{PartyNumber, shown_octet};
use super::octets::{Octets, write_group, write_text};
use core::fmt;

/// Why a call came away from a number: bits 4 to 1 of octet 3b (ANSI T1.607 §4.5.25, ITU-T Q.952).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum RedirectionReason {
    /// Nobody says.
    #[default]
    Unknown,
    /// It was busy.
    Busy,
    /// It did not answer.
    NoReply,
    /// It was deflected while it rang.
    Deflected,
    /// The called set is out of order.
    OutOfOrder,
    /// The called set sent it on.
    ByCalledSet,
    /// Every call is sent on.
    Unconditional,
    /// A value that is reserved.
    Reserved(u8),
}

impl RedirectionReason {
    fn from_bits(bits: u8) -> Self {
        match bits & 0xf {
            0 => Self::Unknown,
            1 => Self::Busy,
            2 => Self::NoReply,
            4 => Self::Deflected,
            9 => Self::OutOfOrder,
            10 => Self::ByCalledSet,
            15 => Self::Unconditional,
            other => Self::Reserved(other),
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Busy => 1,
            Self::NoReply => 2,
            Self::Deflected => 4,
            Self::OutOfOrder => 9,
            Self::ByCalledSet => 10,
            Self::Unconditional => 15,
            Self::Reserved(other) => other & 0xf,
        }
    }
}

impl fmt::Display for RedirectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "reason unknown",
            Self::Busy => "because busy",
            Self::NoReply => "because of no reply",
            Self::Deflected => "deflected",
            Self::OutOfOrder => "because out of order",
            Self::ByCalledSet => "by the called set",
            Self::Unconditional => "unconditionally",
            Self::Reserved(other) => return write!(f, "reason {other}"),
        })
    }
}

/// The number that a call came away from: redirecting and original called (ANSI T1.607 §4.5.25, Q.952).
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct RedirectingNumber {
    /// The number and whether it may be shown.
    pub party: PartyNumber,
    /// Octet 3b if there is one; printed with octet 3a even if that is not given.
    pub reason: Option<RedirectionReason>,
}

impl RedirectingNumber {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (mut party, last) = PartyNumber::read_head(&mut octets)?;
        let reason = match last {
            true => None,
            false => octets.group()?.first().map(|octet| RedirectionReason::from_bits(*octet)),
        };
        party.number.digits = octets.text();
        Some(Self { party, reason })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let Some(reason) = self.reason else { return self.party.write(octets) };
        let (presentation, screening) = self.party.shown.unwrap_or_default();
        let head = self.party.number.head();
        write_group(octets, &[head, shown_octet(presentation, screening), reason.bits()]);
        write_text(octets, &self.party.number.digits);
    }
}

impl fmt::Display for RedirectingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.party)?;
        self.reason.map_or(Ok(()), |reason| write!(f, ", {reason}"))
    }
}
