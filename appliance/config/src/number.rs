//! Numbers that can be dialled: E.164 with a plus, national, or internal.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a person dials: digits, `*` and `#`, with a leading `+` when it is E.164.
///
/// At most 32 characters: E.164 allows 15 digits, prefixes and access codes come on top.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "201"))]
#[serde(try_from = "String", into = "String")]
pub struct Number(String);

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadNumber {
    /// Nothing was typed.
    Empty,
    /// More than 32 characters.
    TooLong,
    /// Something that no telephone keypad has.
    NotDialable,
}

impl Number {
    /// Reads a number as people write it: spaces, dots, dashes and brackets are only for the eye.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        let digits: String = text.chars().filter(|c| !" .-()/".contains(*c)).collect();
        if digits.is_empty() || digits == "+" {
            return Err(BadNumber::Empty);
        }
        if digits.len() > MAX_LENGTH {
            return Err(BadNumber::TooLong);
        }
        let body = digits.strip_prefix('+').unwrap_or(&digits);
        if !body.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#') {
            return Err(BadNumber::NotDialable);
        }
        Ok(Self(digits))
    }

    /// The number as dialled.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a full international number.
    pub fn is_e164(&self) -> bool {
        self.0.starts_with('+')
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for BadNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "type a number",
            Self::TooLong => "a number has at most 32 digits",
            Self::NotDialable => {
                "only digits, * and #, with a + in front of an international number"
            }
        })
    }
}

impl std::error::Error for BadNumber {}

impl TryFrom<String> for Number {
    type Error = BadNumber;
    fn try_from(text: String) -> Result<Self, BadNumber> {
        Self::parse(&text)
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

const MAX_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_write_numbers_with_spaces_and_brackets() {
        assert_eq!(Number::parse("+44 (20) 7946-0958").unwrap().as_str(), "+442079460958");
        assert_eq!(Number::parse("*97").unwrap().as_str(), "*97");
    }

    #[test]
    fn what_no_keypad_has_is_refused_with_a_reason() {
        assert_eq!(Number::parse("call me"), Err(BadNumber::NotDialable));
        assert_eq!(Number::parse("  "), Err(BadNumber::Empty));
        assert_eq!(Number::parse("+"), Err(BadNumber::Empty));
        assert_eq!(Number::parse("1+2"), Err(BadNumber::NotDialable));
        assert_eq!(Number::parse(&"1".repeat(33)), Err(BadNumber::TooLong));
    }
}
