//! Numbers of the parties of a call (ITU-T Q.931 §4.5.8, §4.5.10, Q.951).

use super::octets::{Octets, write_group, write_text};
use core::fmt;

/// How a number is to be read: bits 7 to 5 of octet 3 (ITU-T Q.931 table 4-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum TypeOfNumber {
    /// Nobody says; the digits tell by their prefix.
    #[default]
    Unknown,
    /// With the country code, without a prefix.
    International,
    /// With the area code, without a prefix.
    National,
    /// A number of the network's own services.
    NetworkSpecific,
    /// Within an area: subscriber number, or local in a private plan.
    Subscriber,
    /// A short code.
    Abbreviated,
    /// 5 or 7, which the table reserves.
    Reserved(u8),
}

impl TypeOfNumber {
    pub(super) fn from_bits(bits: u8) -> Self {
        match bits & 7 {
            0 => Self::Unknown,
            1 => Self::International,
            2 => Self::National,
            3 => Self::NetworkSpecific,
            4 => Self::Subscriber,
            6 => Self::Abbreviated,
            other => Self::Reserved(other),
        }
    }

    /// The number of the table.
    pub fn bits(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::International => 1,
            Self::National => 2,
            Self::NetworkSpecific => 3,
            Self::Subscriber => 4,
            Self::Abbreviated => 6,
            Self::Reserved(other) => other & 7,
        }
    }
}

impl fmt::Display for TypeOfNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::International => "international",
            Self::National => "national",
            Self::NetworkSpecific => "network specific",
            Self::Subscriber => "subscriber",
            Self::Abbreviated => "abbreviated",
            Self::Reserved(other) => return write!(f, "type {other}"),
        })
    }
}

/// Which plan a number is of: bits 4 to 1 of octet 3 (ITU-T Q.931 table 4-9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum NumberingPlan {
    /// Nobody says.
    #[default]
    Unknown,
    /// Telephone numbers (ITU-T E.164).
    Isdn,
    /// Data (ITU-T X.121).
    Data,
    /// Telex (ITU-T F.69).
    Telex,
    /// A national standard's.
    National,
    /// A private one.
    Private,
    /// One that the table reserves.
    Reserved(u8),
}

impl NumberingPlan {
    fn from_bits(bits: u8) -> Self {
        match bits & 0xf {
            0 => Self::Unknown,
            1 => Self::Isdn,
            3 => Self::Data,
            4 => Self::Telex,
            8 => Self::National,
            9 => Self::Private,
            other => Self::Reserved(other),
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Isdn => 1,
            Self::Data => 3,
            Self::Telex => 4,
            Self::National => 8,
            Self::Private => 9,
            Self::Reserved(other) => other & 0xf,
        }
    }
}

impl fmt::Display for NumberingPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown plan",
            Self::Isdn => "ISDN",
            Self::Data => "data",
            Self::Telex => "telex",
            Self::National => "national plan",
            Self::Private => "private",
            Self::Reserved(other) => return write!(f, "plan {other}"),
        })
    }
}

/// Digits and how to read them: what the called party number is (ITU-T Q.931 §4.5.8).
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct Number {
    /// How it is to be read.
    pub kind: TypeOfNumber,
    /// Which plan it is of.
    pub plan: NumberingPlan,
    /// Its digits, characters of IA5; empty if they come later, or are withheld.
    pub digits: String,
}

impl Number {
    /// Digits of the telephone network, read in this way.
    pub fn isdn(kind: TypeOfNumber, digits: impl Into<String>) -> Self {
        Self { kind, plan: NumberingPlan::Isdn, digits: digits.into() }
    }

    /// Digits of which nobody says more.
    pub fn unknown(digits: impl Into<String>) -> Self {
        Self { digits: digits.into(), ..Self::default() }
    }

    pub(super) fn read_called(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, last) = octets.grouped()?;
        if !last {
            octets.group()?;
        }
        Some(Self::from_head(head, octets.text()))
    }

    pub(super) fn write_called(&self, octets: &mut Vec<u8>) {
        write_group(octets, &[self.head()]);
        write_text(octets, &self.digits);
    }

    pub(super) fn from_head(head: u8, digits: String) -> Self {
        let kind = TypeOfNumber::from_bits(head >> 4);
        Self { kind, plan: NumberingPlan::from_bits(head), digits }
    }

    pub(super) fn head(&self) -> u8 {
        self.kind.bits() << 4 | self.plan.bits()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: &dyn fmt::Display = match self.digits.is_empty() {
            true => &"nobody",
            false => &self.digits.escape_debug(),
        };
        match (self.kind, self.plan) {
            (TypeOfNumber::Unknown, NumberingPlan::Unknown) => write!(f, "{digits} (unknown)"),
            (kind, plan) => write!(f, "{digits} ({kind}, {plan})"),
        }
    }
}

/// Whether a number may be shown: bits 7 and 6 of octet 3a (ITU-T Q.931 table 4-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum Presentation {
    /// It may be shown.
    #[default]
    Allowed,
    /// It may not.
    Restricted,
    /// There is none because of interworking.
    Unavailable,
    /// 3, which the table reserves.
    Reserved,
}

impl fmt::Display for Presentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "presentation allowed",
            Self::Restricted => "presentation restricted",
            Self::Unavailable => "number not available",
            Self::Reserved => "presentation reserved",
        })
    }
}

/// Who vouches for a number: bits 2 and 1 of octet 3a (ITU-T Q.931 table 4-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub enum Screening {
    /// The user gave it, and nobody looked.
    #[default]
    NotScreened,
    /// The user gave it, and the network found it right.
    Passed,
    /// The user gave it, and the network found it wrong.
    Failed,
    /// The network gave it.
    Network,
}

impl fmt::Display for Screening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotScreened => "user provided",
            Self::Passed => "user provided, verified",
            Self::Failed => "user provided, verification failed",
            Self::Network => "network provided",
        })
    }
}

/// The number of a party that may be withheld: calling, connected (ITU-T Q.931 §4.5.10, Q.951).
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct PartyNumber {
    /// The number.
    pub number: Number,
    /// Octet 3a if there is one; without it, presentation is allowed and nobody looked at the number.
    pub shown: Option<(Presentation, Screening)>,
}

impl PartyNumber {
    /// A number with octet 3a.
    pub fn new(number: Number, presentation: Presentation, screening: Screening) -> Self {
        Self { number, shown: Some((presentation, screening)) }
    }

    /// Whether it may be shown; allowed where nobody says.
    pub fn presentation(&self) -> Presentation {
        self.shown.unwrap_or_default().0
    }

    /// Who vouches for it; nobody where nobody says.
    pub fn screening(&self) -> Screening {
        self.shown.unwrap_or_default().1
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (mut party, last) = Self::read_head(&mut octets)?;
        if !last {
            octets.group()?;
        }
        party.number.digits = octets.text();
        Some(party)
    }

    /// Octets 3 and 3a, and whether nothing but digits follows.
    pub(super) fn read_head(octets: &mut Octets<'_>) -> Option<(Self, bool)> {
        let (head, last) = octets.grouped()?;
        let number = Number::from_head(head, String::new());
        if last {
            return Some((Self { number, shown: None }, true));
        }
        let (octet, last) = octets.grouped()?;
        Some((Self { number, shown: Some(read_shown(octet)) }, last))
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let shown =
            self.shown.map(|(presentation, screening)| shown_octet(presentation, screening));
        let head = [self.number.head(), shown.unwrap_or_default()];
        write_group(octets, head.get(..if shown.is_some() { 2 } else { 1 }).unwrap_or_default());
        write_text(octets, &self.number.digits);
    }
}

impl fmt::Display for PartyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        match self.shown {
            None => Ok(()),
            Some((presentation, screening)) => write!(f, ", {presentation}, {screening}"),
        }
    }
}

fn read_shown(octet: u8) -> (Presentation, Screening) {
    let presentation = match octet >> 5 & 3 {
        0 => Presentation::Allowed,
        1 => Presentation::Restricted,
        2 => Presentation::Unavailable,
        _ => Presentation::Reserved,
    };
    let screening = match octet & 3 {
        0 => Screening::NotScreened,
        1 => Screening::Passed,
        2 => Screening::Failed,
        _ => Screening::Network,
    };
    (presentation, screening)
}

/// Octet 3a.
pub(super) fn shown_octet(presentation: Presentation, screening: Screening) -> u8 {
    (presentation as u8) << 5 | screening as u8
}
