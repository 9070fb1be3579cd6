//! What concerns networks between, and the message itself: transit network, network-specific facilities,
//! date and time, call identity, segments (ITU-T Q.931 §4.5.6, §4.5.15, §4.5.21, §4.5.26, §4.5.29).

use super::octets::{LAST, Octets, write_text};
use core::fmt;

/// The network that carries a call (ITU-T Q.931 §4.5.29).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct TransitNetwork {
    /// What sort of identification, three bits: 0 the user's, 2 national, 3 international.
    pub kind: u8,
    /// Of which plan, four bits: 1 carrier identification code, 3 data networks (ITU-T X.121).
    pub plan: u8,
    /// The identification, characters of IA5.
    pub network: String,
}

impl TransitNetwork {
    /// A carrier of a country by its code.
    pub fn carrier(code: impl Into<String>) -> Self {
        Self { kind: 2, plan: 1, network: code.into() }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, _) = octets.grouped()?;
        Some(Self { kind: head >> 4, plan: head & 0xf, network: octets.text() })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(LAST | (self.kind & 7) << 4 | self.plan & 0xf);
        write_text(octets, &self.network);
    }
}

impl fmt::Display for TransitNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by the network {}", self.network.escape_debug())
    }
}

/// Something that a network of its own offers (ITU-T Q.931 §4.5.21).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct NetworkFacility {
    /// Which network; none: the one that is spoken with.
    pub network: Option<TransitNetwork>,
    /// What is asked of it, as it codes that.
    pub coding: Vec<u8>,
}

impl NetworkFacility {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let (length, rest) = content.split_first()?;
        let (network, coding) = rest.split_at_checked(usize::from(*length))?;
        let network = match network {
            [] => None,
            network => Some(TransitNetwork::read(network)?),
        };
        Some(Self { network, coding: coding.to_vec() })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let mut network = Vec::new();
        if let Some(transit) = &self.network {
            transit.write(&mut network);
        }
        network.truncate(usize::from(u8::MAX));
        octets.push(u8::try_from(network.len()).unwrap_or(u8::MAX));
        octets.extend(network);
        octets.extend(&self.coding);
    }
}

impl fmt::Display for NetworkFacility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("network's facility")?;
        self.coding.iter().try_for_each(|octet| write!(f, " {octet:02x}"))?;
        self.network.as_ref().map_or(Ok(()), |network| write!(f, ", {network}"))
    }
}

/// The time of the network, of no time zone that is told (ITU-T Q.931 §4.5.15).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The year of its century, 0 to 99.
    pub year: u8,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Hour and minute.
    pub time: Option<(u8, u8)>,
    /// The second; not sent without hour and minute.
    pub second: Option<u8>,
}

impl DateTime {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let (year, month, day, time, second) = match content {
            [year, month, day] => (year, month, day, None, None),
            [year, month, day, hour, minute] => (year, month, day, Some((*hour, *minute)), None),
            [year, month, day, hour, minute, second] => {
                (year, month, day, Some((*hour, *minute)), Some(*second))
            }
            _ => return None,
        };
        let in_range = *year < 100
            && (1..=12).contains(month)
            && (1..=31).contains(day)
            && time.is_none_or(|(hour, minute)| hour < 24 && minute < 60)
            && second.is_none_or(|second| second < 60);
        in_range.then_some(Self { year: *year, month: *month, day: *day, time, second })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.extend([self.year, self.month, self.day]);
        if let Some((hour, minute)) = self.time {
            octets.extend([hour, minute]);
            octets.extend(self.second);
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{:02}-{:02}-{:02}", self.year, self.month, self.day)?;
        self.time.map_or(Ok(()), |(hour, minute)| write!(f, " {hour:02}:{minute:02}"))?;
        self.second.map_or(Ok(()), |second| write!(f, ":{second:02}"))
    }
}

/// What a suspended call is called by its user (ITU-T Q.931 §4.5.6): up to 8 octets.
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct CallIdentity(pub Vec<u8>);

impl CallIdentity {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        Some(Self(content.to_vec()))
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.extend(&self.0);
    }
}

impl fmt::Display for CallIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("identity ")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Which part of a long message this one is (ITU-T Q.931 §4.5.26, annex H).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Segmented {
    /// Whether it is the first part.
    pub first: bool,
    /// How many parts follow, up to 127.
    pub remaining: u8,
    /// The type of the long message.
    pub kind: u8,
}

impl Segmented {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        match content {
            [head, kind] => {
                Some(Self { first: head & FIRST != 0, remaining: head & !FIRST, kind: *kind })
            }
            _ => None,
        }
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(if self.first { FIRST } else { 0 } | self.remaining & !FIRST);
        octets.push(self.kind);
    }
}

impl fmt::Display for Segmented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let which = if self.first { "first" } else { "next" };
        write!(f, "{which} part of message {:#04x}, {} follow", self.kind, self.remaining)
    }
}

/// The bit of the first part.
const FIRST: u8 = 0x80;
