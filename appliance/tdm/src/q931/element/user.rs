//! What users say to each other through the network: sub-addresses, user-user (ITU-T Q.931 §4.5.9, §4.5.30).

use super::octets::{LAST, Octets};
use core::fmt;

/// An address behind a number (ITU-T Q.931 §4.5.9, §4.5.11).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Subaddress {
    /// What it is: three bits; 0 NSAP, 2 the user's own.
    pub kind: u8,
    /// Whether the last half octet does not count (the user's own, in digits of BCD).
    pub odd: bool,
    /// Its octets, as sent.
    pub octets: Vec<u8>,
}

impl Subaddress {
    /// An NSAP (ITU-T X.213): the octets begin with the AFI, 0x50 for characters of IA5.
    pub const NSAP: u8 = 0;
    /// The user's own.
    pub const USER: u8 = 2;

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, _) = octets.grouped()?;
        Some(Self { kind: head >> 4 & 7, odd: head & ODD != 0, octets: octets.rest().to_vec() })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(LAST | (self.kind & 7) << 4 | if self.odd { ODD } else { 0 });
        octets.extend(&self.octets);
    }
}

impl fmt::Display for Subaddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.octets.as_slice()) {
            (Self::NSAP, [IA5_AFI, text @ ..]) => write!(f, "{}", text.escape_ascii()),
            (_, octets) => octets.iter().try_for_each(|octet| write!(f, "{octet:02x}")),
        }
    }
}

/// What a user says to the other (ITU-T Q.931 §4.5.30).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct UserUser {
    /// How the octets are meant: 0 the users know, 4 characters of IA5.
    pub protocol: u8,
    /// The octets.
    pub octets: Vec<u8>,
}

impl UserUser {
    /// Characters of IA5.
    pub const IA5: u8 = 4;

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let (protocol, octets) = content.split_first()?;
        Some(Self { protocol: *protocol, octets: octets.to_vec() })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(self.protocol);
        octets.extend(&self.octets);
    }
}

impl fmt::Display for UserUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Self::IA5 => write!(f, "user says \"{}\"", self.octets.escape_ascii()),
            _ => {
                f.write_str("user says ")?;
                self.octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

/// An odd number of digits: bit 4 of octet 3.
const ODD: u8 = 0x08;
/// What an NSAP of characters of IA5 begins with (ITU-T X.213 §A.5).
const IA5_AFI: u8 = 0x50;
