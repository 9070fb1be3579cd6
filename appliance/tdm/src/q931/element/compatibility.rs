//! What the sets at both ends must agree on (ITU-T Q.931 §4.5.17, §4.5.19).

use super::bearer::BearerCapability;
use super::coding::Coding;
use super::octets::{LAST, Octets, write_group};
use core::fmt;

/// What sort of set it is (ITU-T Q.931 §4.5.17).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct HighLayer {
    /// Whose code the values are of.
    pub coding: Coding,
    /// How to read it, five bits: 0x11 the first characteristic, a profile of protocols.
    pub interpretation: u8,
    /// What it is, seven bits.
    pub characteristics: u8,
    /// What it is in detail, seven bits.
    pub extended: Option<u8>,
}

impl HighLayer {
    /// A telephone.
    pub const TELEPHONY: u8 = 0x01;
    /// Fax of group 2 or 3.
    pub const FAX_GROUP_3: u8 = 0x04;

    /// A characteristic of ITU-T's.
    pub fn new(characteristics: u8) -> Self {
        let characteristics = characteristics & !LAST;
        Self { coding: Coding::Itu, interpretation: 0x11, characteristics, extended: None }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, _) = octets.grouped()?;
        let (characteristics, last) = octets.grouped()?;
        let extended = match last {
            true => None,
            false => Some(octets.group()?.first().copied()?),
        };
        let coding = Coding::from_bits(head);
        Some(Self { coding, interpretation: head & 0x1f, characteristics, extended })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(LAST | self.coding.bits() | self.interpretation & 0x1f);
        match self.extended {
            None => write_group(octets, &[self.characteristics]),
            Some(extended) => write_group(octets, &[self.characteristics, extended]),
        }
    }
}

impl fmt::Display for HighLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.coding, self.characteristics) {
            (Coding::Itu, 0x01) => "telephony",
            (Coding::Itu, 0x04) => "fax of group 2 or 3",
            (Coding::Itu, 0x21) => "fax of group 4",
            (Coding::Itu, 0x24) => "fax of group 4 and teletex",
            (Coding::Itu, 0x28) => "teletex",
            (Coding::Itu, 0x31) => "teletex",
            (Coding::Itu, 0x32) => "videotex",
            (Coding::Itu, 0x35) => "telex",
            (Coding::Itu, 0x38) => "mail",
            (Coding::Itu, 0x41) => "OSI application",
            (Coding::Itu, 0x5e) => "maintenance",
            (Coding::Itu, 0x5f) => "management",
            (Coding::Itu, 0x60) => "pictures and sound",
            (_, other) => return write!(f, "high layer {other:#04x}"),
        })
    }
}

/// What protocols the sets speak (ITU-T Q.931 §4.5.19).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct LowLayer {
    /// What is carried and how, as in a bearer capability.
    pub bearer: BearerCapability,
    /// Whether it can be agreed upon from end to end, if octet 3a says so.
    pub negotiable: Option<bool>,
}

impl LowLayer {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, last) = octets.grouped()?;
        let negotiable = match last {
            true => None,
            false => Some(octets.group()?.first()? & NEGOTIABLE != 0),
        };
        let bearer = BearerCapability::read_behind(head, &mut octets)?;
        Some(Self { bearer, negotiable })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let head = self.bearer.head();
        match self.negotiable {
            None => write_group(octets, &[head]),
            Some(negotiable) => {
                write_group(octets, &[head, if negotiable { NEGOTIABLE } else { 0 }])
            }
        }
        self.bearer.write_behind(octets);
    }
}

impl fmt::Display for LowLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.bearer)?;
        f.write_str(if self.negotiable == Some(true) { ", negotiable" } else { "" })
    }
}

/// The bit of octet 3a.
const NEGOTIABLE: u8 = 0x40;
