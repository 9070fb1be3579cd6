//! What several elements have in common: whose code a value is of, and who speaks.

use core::fmt;

/// Whose code the values of an element are of: bits 7 and 6 of octet 3 (ITU-T Q.931 §4.5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum Coding {
    /// The Recommendations of ITU-T.
    #[default]
    Itu,
    /// ISO/IEC: QSIG.
    Iso,
    /// A national standard.
    National,
    /// The network's own, or that of the location named.
    Network,
}

impl Coding {
    pub(super) fn from_bits(octet: u8) -> Self {
        match octet >> 5 & 3 {
            0 => Self::Itu,
            1 => Self::Iso,
            2 => Self::National,
            _ => Self::Network,
        }
    }

    pub(super) fn bits(self) -> u8 {
        (self as u8) << 5
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Itu => "ITU-T",
            Self::Iso => "ISO",
            Self::National => "national",
            Self::Network => "network's own",
        })
    }
}

/// Where a cause or a tone comes from (ITU-T Q.850 §2.1, Q.931 §4.5.23): bits 4 to 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct Location(u8);

impl Location {
    /// The user.
    pub const USER: Self = Self(0);
    /// The private network of the side that says it.
    pub const PRIVATE_LOCAL: Self = Self(1);
    /// The public network of the side that says it.
    pub const PUBLIC_LOCAL: Self = Self(2);
    /// A network between.
    pub const TRANSIT: Self = Self(3);
    /// The public network of the far user.
    pub const PUBLIC_REMOTE: Self = Self(4);
    /// The private network of the far user.
    pub const PRIVATE_REMOTE: Self = Self(5);
    /// The international network.
    pub const INTERNATIONAL: Self = Self(7);
    /// A network beyond a point of interworking.
    pub const BEYOND_INTERWORKING: Self = Self(10);

    /// The location of these four bits; higher ones are cut off.
    pub fn new(value: u8) -> Self {
        Self(value & 0xf)
    }

    /// Its four bits.
    pub fn value(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "user",
            1 => "own private network",
            2 => "own public network",
            3 => "transit network",
            4 => "far public network",
            5 => "far private network",
            7 => "international network",
            10 => "network beyond interworking",
            other => return write!(f, "location {other}"),
        })
    }
}
