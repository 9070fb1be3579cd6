//! Names of parties (ECMA-164 §6.5, ISO/IEC 13868, Telcordia GR-1367).

use super::ber::{self, Ber, INTEGER, OCTETS, SEQUENCE, parts, tagged};
use core::fmt;

/// Whose name it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum NameOf {
    /// Who calls.
    Calling,
    /// Who is called and rung.
    Called,
    /// Who answered.
    Connected,
    /// Who is busy.
    Busy,
}

/// A name that may be withheld.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Name {
    /// It may be shown.
    Allowed(NameText),
    /// Here it is, but it may not be shown.
    Restricted(NameText),
    /// It is withheld.
    Withheld,
    /// There is none.
    Unavailable,
}

/// The characters of a name.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct NameText {
    /// The characters, up to 50; those that Latin-1 has not are sent as question marks.
    pub text: String,
    /// The character set if it is said: 1 Latin-1.
    pub set: Option<u8>,
}

impl Name {
    /// A name that may be shown, in the usual characters.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Allowed(NameText { text: text.into(), set: None })
    }

    /// What may be shown.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Allowed(name) => Some(&name.text),
            Self::Restricted(_) | Self::Withheld | Self::Unavailable => None,
        }
    }

    /// Reads a name, also where it is the first of several values.
    pub(super) fn read(ber: &mut Ber<'_>) -> Option<Self> {
        let value = ber.next()?;
        let simple = || Some(NameText::new(value.content, None));
        let extended = || {
            let mut inside = Ber(value.content);
            let text = inside.take(OCTETS)?;
            Some(NameText::new(
                text,
                inside.integer(INTEGER).and_then(|set| u8::try_from(set).ok()),
            ))
        };
        match value.tag {
            0x80 => simple().map(Self::Allowed),
            0xa1 => extended().map(Self::Allowed),
            0x82 => simple().map(Self::Restricted),
            0xa3 => extended().map(Self::Restricted),
            0x84 => Some(Self::Unavailable),
            0x87 => Some(Self::Withheld),
            SEQUENCE => Self::read_flat(&mut Ber(value.content)),
            _ => None,
        }
    }

    /// A name in a sequence with extensions, which does not hold another sequence.
    fn read_flat(inside: &mut Ber<'_>) -> Option<Self> {
        match inside.0.first() {
            Some(&SEQUENCE) => None,
            _ => Self::read(inside),
        }
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        match self {
            Self::Allowed(name) => name.octets(0),
            Self::Restricted(name) => name.octets(2),
            Self::Withheld => ber::value(tagged(7), &[]),
            Self::Unavailable => ber::value(tagged(4), &[]),
        }
    }
}

impl NameText {
    fn new(octets: &[u8], set: Option<u8>) -> Self {
        Self { text: octets.iter().copied().map(char::from).collect(), set }
    }

    fn octets(&self, tag: u8) -> Vec<u8> {
        let text: Vec<u8> = self.text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
        match self.set {
            None => ber::value(tagged(tag), &text),
            Some(set) => {
                let content =
                    [ber::value(OCTETS, &text), ber::number(INTEGER, set.into())].concat();
                ber::value(parts(tag | 1), &content)
            }
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(name) => write!(f, "\"{}\"", name.text.escape_debug()),
            Self::Restricted(name) => {
                write!(f, "\"{}\", presentation restricted", name.text.escape_debug())
            }
            Self::Withheld => f.write_str("withheld"),
            Self::Unavailable => f.write_str("not available"),
        }
    }
}

impl fmt::Display for NameOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calling => "calling name",
            Self::Called => "called name",
            Self::Connected => "connected name",
            Self::Busy => "name of who is busy",
        })
    }
}
