//! Which call a message is about (ITU-T Q.931 §4.3).

use core::fmt;

/// How many octets a call reference has: one on a basic interface, two on a primary rate interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum ReferenceLength {
    /// Values up to 127.
    One,
    /// Values up to 32767.
    Two,
}

impl ReferenceLength {
    /// The greatest value that fits.
    pub fn greatest(self) -> u16 {
        match self {
            Self::One => 0x7f,
            Self::Two => 0x7fff,
        }
    }
}

/// Which call a message is about, as one side of a D channel counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct CallReference {
    /// None: the dummy reference, whose value is 0 and whose flag is unset.
    length: Option<ReferenceLength>,
    value: u16,
    from_originator: bool,
}

impl CallReference {
    /// No call: the reference of no octets, of services without a call (ITU-T Q.932 §6.1).
    pub const DUMMY: Self = Self { length: None, value: 0, from_originator: false };

    /// A call's reference: its number, chosen by the side that began the call (bits that do not fit the
    /// length are cut off), and whether that side sends the message (flag 0 on the wire).
    pub fn new(value: u16, from_originator: bool, length: ReferenceLength) -> Self {
        Self { length: Some(length), value: value & length.greatest(), from_originator }
    }

    /// The reference of everything on a D channel: RESTART and such (ITU-T Q.931 §4.3).
    pub fn global(from_originator: bool, length: ReferenceLength) -> Self {
        Self::new(0, from_originator, length)
    }

    /// Whether it is the dummy reference.
    pub fn is_dummy(self) -> bool {
        self.length.is_none()
    }

    /// Whether it is the global reference.
    pub fn is_global(self) -> bool {
        self.length.is_some() && self.value == 0
    }

    /// The call's number; 0 of the global and of the dummy reference.
    pub fn value(self) -> u16 {
        self.value
    }

    /// How many octets it takes; none of the dummy reference.
    pub fn length(self) -> Option<ReferenceLength> {
        self.length
    }

    /// Whether the side that began the call sends it; not so of the dummy reference.
    pub fn from_originator(self) -> bool {
        self.from_originator
    }

    /// The same call as the other side of the D channel names it: what answers carry.
    pub fn answered(self) -> Self {
        Self { from_originator: !self.is_dummy() && !self.from_originator, ..self }
    }

    /// Reads the length and the value, and what stands behind them; none if the length is not 0 to 2, or
    /// the octets end before (ITU-T Q.931 §5.8.3.1).
    pub(super) fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        match octets {
            [0, rest @ ..] => Some((Self::DUMMY, rest)),
            [1, value, rest @ ..] => {
                Some((Self::new((*value).into(), value & FLAG == 0, ReferenceLength::One), rest))
            }
            [2, high, low, rest @ ..] => {
                let value = u16::from_be_bytes([*high, *low]);
                Some((Self::new(value, high & FLAG == 0, ReferenceLength::Two), rest))
            }
            _ => None,
        }
    }

    pub(super) fn write(self, octets: &mut Vec<u8>) {
        let [high, low] = self.value.to_be_bytes();
        let flag = if self.from_originator { 0 } else { FLAG };
        match self.length {
            None => octets.push(0),
            Some(ReferenceLength::One) => octets.extend([1, low | flag]),
            Some(ReferenceLength::Two) => octets.extend([2, high | flag, low]),
        }
    }
}

impl fmt::Display for CallReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_dummy(), self.value, self.from_originator) {
            (true, ..) => f.write_str("no call"),
            (_, 0, true) => f.write_str("the whole line, asked"),
            (_, 0, false) => f.write_str("the whole line, answered"),
            (_, value, true) => write!(f, "call {value} from the caller"),
            (_, value, false) => write!(f, "call {value} to the caller"),
        }
    }
}

/// Set where the side that did not choose the reference sends it (ITU-T Q.931 §4.3).
const FLAG: u8 = 0x80;
