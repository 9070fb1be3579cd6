//! What a caller identity message says.

use std::fmt;

/// One thing that a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// When the call came.
    Moment(Moment),
    /// The caller's number: digits, `*`, `#`, perhaps with a leading `+`.
    Number(&'a str),
    /// Why there is no number.
    NumberAbsent(Absence),
    /// The caller's name.
    Name(Text<'a>),
    /// Why there is no name.
    NameAbsent(Absence),
    /// The number that was dialled.
    Called(&'a str),
    /// The number that last forwarded the call.
    Redirecting(&'a str),
    /// What the message waiting lamp shall do.
    Lamp(Lamp),
    /// How many messages wait.
    MessagesWaiting(u8),
    /// The type of call: EN 300 659-3 §5.4.7.
    CallType(u8),
    /// Anything else, as it came.
    Other {
        /// The type of parameter.
        kind: u8,
        /// Its octets.
        body: &'a [u8],
    },
}

/// A month, a day and a time of day; no year is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
}

/// Why something is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// `O`: it is not known, or out of area.
    Unavailable,
    /// `P`: the caller does not wish it.
    Private,
    /// `C`: a coin telephone (NTT).
    Payphone,
    /// `S`: the services of the two lines do not go together (NTT).
    ServiceConflict,
}

/// What the message waiting lamp shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lamp {
    /// Light.
    On,
    /// Go out.
    Off,
}

/// Letters, one octet each: ISO 8859-1, of which ASCII is a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(pub &'a [u8]);

impl Moment {
    /// `None` unless there is such a minute in some year.
    pub const fn new(month: u8, day: u8, hour: u8, minute: u8) -> Option<Self> {
        let days = match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if day == 0 || day > days || hour > 23 || minute > 59 {
            return None;
        }
        Some(Self { month, day, hour, minute })
    }

    /// Month, day, hour, minute.
    pub fn parts(self) -> (u8, u8, u8, u8) {
        (self.month, self.day, self.hour, self.minute)
    }

    /// Eight digits: `MMDDHHMM`.
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        let [month, day, hour, minute] = digits.as_chunks::<2>().0 else { return None };
        let two = |pair: &[u8; 2]| {
            let is_number = digits.len() == 8 && pair.iter().all(u8::is_ascii_digit);
            is_number.then(|| (pair[0] - b'0') * 10 + (pair[1] - b'0'))
        };
        Self::new(two(month)?, two(day)?, two(hour)?, two(minute)?)
    }

    pub(crate) fn digits(self) -> [u8; 8] {
        let [a, b, c, d] = [self.month, self.day, self.hour, self.minute]
            .map(|part| [b'0' + part / 10, b'0' + part % 10]);
        [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
    }
}

impl Absence {
    pub(crate) fn parse(letter: u8) -> Option<Self> {
        Some(match letter {
            b'O' => Self::Unavailable,
            b'P' => Self::Private,
            b'C' => Self::Payphone,
            b'S' => Self::ServiceConflict,
            _ => return None,
        })
    }

    pub(crate) fn letter(self) -> u8 {
        match self {
            Self::Unavailable => b'O',
            Self::Private => b'P',
            Self::Payphone => b'C',
            Self::ServiceConflict => b'S',
        }
    }
}

impl Lamp {
    /// GR-30 and EN 300 659-3 §5.4.6.
    pub(crate) fn parse(octet: u8) -> Option<Self> {
        match octet {
            0xff => Some(Self::On),
            0 => Some(Self::Off),
            _ => None,
        }
    }

    pub(crate) fn octet(self) -> u8 {
        match self {
            Self::On => 0xff,
            Self::Off => 0,
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{}", char::from(*octet)))
    }
}

/// A telephone number as these messages carry it.
pub(crate) fn number(octets: &[u8]) -> Option<&str> {
    let is_dialled = |octet: &u8| octet.is_ascii_digit() || b"*#+-() ABCD".contains(octet);
    let is_number = !octets.is_empty() && octets.iter().all(is_dialled);
    std::str::from_utf8(octets).ok().filter(|_| is_number)
}

/// A name: no control characters.
pub(crate) fn text(octets: &[u8]) -> Option<Text<'_>> {
    let is_plain = octets.iter().all(|octet| *octet >= 0x20 && !(0x7f..0xa0).contains(octet));
    is_plain.then_some(Text(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_one_of_the_calendar() {
        assert!(Moment::new(2, 29, 23, 59).is_some());
        assert!(Moment::new(2, 30, 0, 0).is_none());
        assert!(Moment::new(12, 31, 24, 0).is_none());
        assert!(Moment::new(0, 1, 0, 0).is_none());
        assert_eq!(Moment::parse(b"0930122x"), None);
        assert_eq!(Moment::parse(b"093012"), None);
        let moment = Moment::parse(b"09301224").unwrap();
        assert_eq!((moment.parts(), &moment.digits()), ((9, 30, 12, 24), b"09301224"));
    }
}
