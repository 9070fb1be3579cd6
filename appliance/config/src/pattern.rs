//! Patterns of dialled numbers, in the notation that installers know.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A pattern of numbers: `0.`, `+4420XXXXXXXX`, `[2-4]XX`, `911`.
///
/// `X` is any digit, `Z` 1 to 9, `N` 2 to 9, `[1-35]` one of a set; `.` at the end stands for one or
/// more further characters, `!` for none or more. A leading `_` is allowed and means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    places: Vec<Place>,
    rest: Rest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Exactly(u8),
    /// Bit n set: digit n fits.
    OneOf(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Some,
    Any,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPattern {
    /// Nothing was typed.
    Empty,
    /// More than 64 characters.
    TooLong,
    /// A character that stands for nothing.
    Unknown(char),
    /// A `[` without its `]`, or nothing sensible in between.
    BadSet,
    /// Something after the `.` or `!`.
    AfterEnd,
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(BadPattern::TooLong);
        }
        let mut places = Vec::new();
        let mut rest = Rest::Nothing;
        let mut chars = text.strip_prefix('_').unwrap_or(text).chars();
        while let Some(c) = chars.next() {
            if rest != Rest::Nothing {
                return Err(BadPattern::AfterEnd);
            }
            match c {
                '0'..='9' | '*' | '#' => places.push(Place::Exactly(c as u8)),
                '+' if places.is_empty() => places.push(Place::Exactly(b'+')),
                'X' | 'x' => places.push(Place::OneOf(ANY_DIGIT)),
                'Z' | 'z' => places.push(Place::OneOf(ANY_DIGIT & !1)),
                'N' | 'n' => places.push(Place::OneOf(ANY_DIGIT & !3)),
                '[' => places.push(Place::OneOf(digit_set(&mut chars)?)),
                '.' => rest = Rest::Some,
                '!' => rest = Rest::Any,
                ' ' | '-' => {}
                other => return Err(BadPattern::Unknown(other)),
            }
        }
        if places.is_empty() && rest == Rest::Nothing {
            return Err(BadPattern::Empty);
        }
        Ok(Self { text: text.to_owned(), places, rest })
    }

    /// Whether a number fits, from its first to its last character.
    pub fn matches(&self, number: &str) -> bool {
        let mut bytes = number.bytes();
        for place in &self.places {
            let Some(byte) = bytes.next() else { return false };
            let fits = match *place {
                Place::Exactly(wanted) => byte == wanted,
                Place::OneOf(set) => byte.is_ascii_digit() && set & (1 << (byte - b'0')) != 0,
            };
            if !fits {
                return false;
            }
        }
        match self.rest {
            Rest::Nothing => bytes.next().is_none(),
            Rest::Some => bytes.next().is_some(),
            Rest::Any => true,
        }
    }

    /// Whether a number that begins like this and has more digits could fit.
    pub fn could_grow(&self, begun: &str) -> bool {
        let length = begun.len();
        let longer = self.places.len() > length || self.rest != Rest::Nothing;
        let fits = |(place, byte): (&Place, u8)| match *place {
            Place::Exactly(wanted) => byte == wanted,
            Place::OneOf(set) => byte.is_ascii_digit() && set & (1 << (byte - b'0')) != 0,
        };
        longer && self.places.iter().zip(begun.bytes()).all(fits)
    }

    /// The pattern as it was typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The inside of `[...]` up to its bracket: digits and ranges.
fn digit_set(chars: &mut std::str::Chars<'_>) -> Result<u16, BadPattern> {
    let mut set = 0u16;
    let mut last: Option<u32> = None;
    let mut range = false;
    for c in chars {
        match (c, c.to_digit(10)) {
            (']', _) if set != 0 && !range => return Ok(set),
            ('-', _) if last.is_some() && !range => range = true,
            (_, Some(digit)) => {
                let low = if range { last.ok_or(BadPattern::BadSet)? } else { digit };
                if low > digit {
                    return Err(BadPattern::BadSet);
                }
                (low..=digit).for_each(|d| set |= 1 << d);
                range = false;
                last = Some(digit);
            }
            _ => return Err(BadPattern::BadSet),
        }
    }
    Err(BadPattern::BadSet)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("type a pattern, for example 0. or [2-4]XX"),
            Self::TooLong => f.write_str("a pattern has at most 64 characters"),
            Self::Unknown(c) => write!(f, "\u{201c}{c}\u{201d} stands for nothing in a pattern"),
            Self::BadSet => f.write_str("a set is written like [2-4] or [135]"),
            Self::AfterEnd => f.write_str("nothing can follow the . or ! at the end"),
        }
    }
}

impl std::error::Error for BadPattern {}

impl TryFrom<String> for Pattern {
    type Error = BadPattern;
    fn try_from(text: String) -> Result<Self, BadPattern> {
        Self::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Pattern {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        utoipa::openapi::Schema::Object(text.examples(["0."]).build()).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Pattern {}

const MAX_LENGTH: usize = 64;
const ANY_DIGIT: u16 = 0x3ff;

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, number: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(number)
    }

    #[test]
    fn a_pattern_fits_whole_numbers_only() {
        assert!(matches("911", "911"));
        assert!(!matches("911", "9110"));
        assert!(!matches("911", "91"));
        assert!(matches("+4420XXXX", "+44201234"));
        assert!(!matches("NXX", "123"));
        assert!(!matches("ZXX", "023"));
    }

    #[test]
    fn a_number_that_is_begun_may_grow_as_long_as_the_pattern_has_room() {
        let grows = |pattern: &str, begun: &str| Pattern::parse(pattern).unwrap().could_grow(begun);
        assert!(grows("2XX", "") && grows("2XX", "2") && grows("2XX", "20"));
        assert!(!grows("2XX", "201") && !grows("2XX", "3"));
        assert!(grows("0.", "0") && grows("0.", "0123456"));
        assert!(grows("+4420!", "+4420") && !grows("+4420!", "+4421"));
    }

    #[test]
    fn a_dot_wants_one_more_and_a_bang_does_not() {
        assert!(matches("0.", "01"));
        assert!(!matches("0.", "0"));
        assert!(matches("0!", "0"));
        assert!(matches("_9.", "9*"));
    }

    #[test]
    fn sets_hold_digits_and_ranges() {
        assert!(matches("[2-46]X", "61"));
        assert!(!matches("[2-46]X", "51"));
        assert_eq!(Pattern::parse("[4-2]"), Err(BadPattern::BadSet));
        assert_eq!(Pattern::parse("[2"), Err(BadPattern::BadSet));
        assert_eq!(Pattern::parse("[]"), Err(BadPattern::BadSet));
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        assert_eq!(Pattern::parse("0.1"), Err(BadPattern::AfterEnd));
        assert_eq!(Pattern::parse("abc"), Err(BadPattern::Unknown('a')));
        assert_eq!(Pattern::parse(""), Err(BadPattern::Empty));
    }
}
