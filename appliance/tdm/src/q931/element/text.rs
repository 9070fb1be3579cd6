//! Elements of text: display, keypad (ITU-T Q.931 §4.5.16, §4.5.18).

use super::octets::{Octets, write_text};
use core::fmt;

/// Text for a set to show (ITU-T Q.931 §4.5.16).
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct Display {
    /// An octet with bit 8 before the text, as North American switches send: what sort of text it is.
    pub sort: Option<u8>,
    /// The text, characters of IA5.
    pub text: String,
}

impl Display {
    /// This text and nothing before it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { sort: None, text: text.into() }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let sort = content.first().copied().filter(|octet| !octet.is_ascii());
        if sort.is_some() {
            octets.next()?;
        }
        Some(Self { sort, text: octets.text() })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.extend(self.sort);
        write_text(octets, &self.text);
    }
}

impl fmt::Display for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.text.escape_debug())
    }
}

/// Keys that were pressed (ITU-T Q.931 §4.5.18), characters of IA5.
#[derive(Clone, PartialEq, Eq, Debug, Default, PartialOrd, Ord, Hash)]
pub struct Keypad(pub String);

impl Keypad {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        (!content.is_empty()).then(|| Self(Octets(content).text()))
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        write_text(octets, &self.0);
    }
}

impl fmt::Display for Keypad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys {}", self.0.escape_debug())
    }
}
