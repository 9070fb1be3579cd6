//! What happens to a call: progress, notifications, its state (ITU-T Q.931 §4.5.7, §4.5.22, §4.5.23).

use super::coding::{Coding, Location};
use super::octets::{LAST, Octets, write_group};
use core::fmt;

/// What happens on the way of a call (ITU-T Q.931 §4.5.23).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Progress {
    /// Whose code the description is of.
    pub coding: Coding,
    /// Who says it.
    pub location: Location,
    /// What happens, 7 bits.
    pub description: u8,
}

impl Progress {
    /// The call leaves the ISDN; it may be in band from here.
    pub const NOT_END_TO_END: u8 = 1;
    /// The called side is not ISDN.
    pub const DESTINATION_NOT_ISDN: u8 = 2;
    /// The calling side is not ISDN.
    pub const ORIGIN_NOT_ISDN: u8 = 3;
    /// The call came back to the ISDN.
    pub const BACK_IN_ISDN: u8 = 4;
    /// Interworking changed the service.
    pub const INTERWORKING: u8 = 5;
    /// Tones or words are there in band.
    pub const IN_BAND: u8 = 8;

    /// A description of ITU-T's.
    pub fn new(location: Location, description: u8) -> Self {
        Self { coding: Coding::Itu, location, description: description & !LAST }
    }

    /// Whether there may be something to hear before the answer.
    pub fn is_in_band(&self) -> bool {
        self.coding == Coding::Itu
            && matches!(self.description, Self::NOT_END_TO_END | Self::IN_BAND)
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let head = octets.group()?.first().copied()?;
        let (description, _) = octets.grouped()?;
        Some(Self { coding: Coding::from_bits(head), location: Location::new(head), description })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        write_group(octets, &[self.coding.bits() | self.location.value()]);
        write_group(octets, &[self.description]);
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.coding, self.description) {
            (Coding::Itu, 1) => f.write_str("not ISDN all the way"),
            (Coding::Itu, 2) => f.write_str("destination not ISDN"),
            (Coding::Itu, 3) => f.write_str("origin not ISDN"),
            (Coding::Itu, 4) => f.write_str("back in the ISDN"),
            (Coding::Itu, 5) => f.write_str("service changed by interworking"),
            (Coding::Itu, 8) => f.write_str("tones or words in band"),
            (Coding::Itu, other) => write!(f, "progress {other}"),
            (coding, other) => write!(f, "progress {other} ({coding})"),
        }?;
        write!(f, ", from the {}", self.location)
    }
}

/// What a party is told of its call (ITU-T Q.931 §4.5.22): one octet, or what Q.932 appends to it.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Notification {
    /// What happened, 7 bits.
    pub description: u8,
    /// Further octets if the description is an extension (ITU-T Q.932 §8.2.3).
    pub more: Vec<u8>,
}

impl Notification {
    /// The other side is suspended.
    pub const SUSPENDED: u8 = 0;
    /// The other side came back.
    pub const RESUMED: u8 = 1;
    /// The call went to somebody else (ITU-T Q.952).
    pub const DIVERTING: u8 = 0x7b;
    /// The call is diverted (ITU-T Q.952).
    pub const DIVERSION_ACTIVATED: u8 = 0x68;
    /// The other side holds the call (ITU-T Q.953).
    pub const REMOTE_HOLD: u8 = 0x79;
    /// The other side took it up again (ITU-T Q.953).
    pub const REMOTE_RETRIEVAL: u8 = 0x7a;
    /// The call waits (ITU-T Q.953).
    pub const CALL_WAITING: u8 = 0x60;

    /// A description of one octet.
    pub fn new(description: u8) -> Self {
        Self { description: description & !LAST, more: Vec::new() }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (description, last) = octets.grouped()?;
        let more = octets.rest().to_vec();
        (last || !more.is_empty()).then_some(Self { description, more })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(self.description & !LAST | if self.more.is_empty() { LAST } else { 0 });
        octets.extend(&self.more);
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.description {
            0 => "the other side is suspended",
            1 => "the other side came back",
            2 => "bearer changed",
            0x40 => "diverted by the network",
            0x42 => "conference established",
            0x43 => "conference ended",
            0x44 => "other party added",
            0x45 => "isolated",
            0x46 => "reattached",
            0x47 => "other party isolated",
            0x48 => "other party reattached",
            0x49 => "other party split off",
            0x4a => "other party gone",
            0x4b => "conference floats",
            0x60 => "call waits",
            0x68 => "diversion activated",
            0x69 => "transferred, alerting",
            0x6a => "transferred, active",
            0x6e => "reverse charging",
            0x79 => "held by the other side",
            0x7a => "taken up again by the other side",
            0x7b => "the call is diverting",
            other => return write!(f, "notification {other}"),
        })
    }
}

/// Which state a call is in (ITU-T Q.931 §4.5.7, table 4-8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct CallState {
    /// Whose code the value is of.
    pub coding: Coding,
    /// The number of the state without its letter (10: U10 or N10), six bits.
    pub value: u8,
}

impl CallState {
    /// A state of ITU-T's; of the global reference, 0 null, 61 restart request, 62 restart.
    pub fn new(value: u8) -> Self {
        Self { coding: Coding::Itu, value: value & 0x3f }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let octet = Octets(content).next()?;
        let coding = Coding::from_bits(octet >> 1);
        Some(Self { coding, value: octet & 0x3f })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(self.coding.bits() << 1 | self.value & 0x3f);
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.value {
            0 => "null",
            1 => "call initiated",
            2 => "overlap sending",
            3 => "outgoing call proceeding",
            4 => "call delivered",
            6 => "call present",
            7 => "call received",
            8 => "connect request",
            9 => "incoming call proceeding",
            10 => "active",
            11 => "disconnect request",
            12 => "disconnect indication",
            15 => "suspend request",
            17 => "resume request",
            19 => "release request",
            22 => "call abort",
            25 => "overlap receiving",
            61 => "restart request",
            62 => "restart",
            other => return write!(f, "state {other}"),
        };
        write!(f, "state {name} ({})", self.value)
    }
}
