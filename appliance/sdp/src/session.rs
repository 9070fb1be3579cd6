//! A session description as it came, with an index over its lines (RFC 8866 §5).

use std::fmt;

use crate::attribute::Attribute;
use crate::direction::Direction;
use crate::media::{Media, Section};

/// One description, kept byte for byte, with its lines and media sections found.
///
/// It is a plain value of at most 64 KiB that a dialog can keep. Its `Debug` shows the m= lines only,
/// because the rest holds keys (`a=crypto`, RFC 4568) and addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub(crate) text: Box<[u8]>,
    pub(crate) lines: Box<[Span]>,
    pub(crate) sections: Box<[Section]>,
}

impl Session {
    /// The description exactly as it was parsed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Every line that is not blank, in order, media sections included.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines_within(0, self.lines.len())
    }

    /// The media sections in order: their index is what offer and answer agree on (RFC 3264 §6).
    pub fn media(&self) -> impl ExactSizeIterator<Item = Media<'_>> {
        self.sections.iter().enumerate().map(|(index, section)| {
            let end = self.sections.get(index + 1).map_or(self.lines.len(), |next| next.first_line);
            Media { session: self, section, end }
        })
    }

    /// The media section at `index`, counted from 0.
    pub fn media_at(&self, index: usize) -> Option<Media<'_>> {
        self.media().nth(index)
    }

    /// The value of the first session-level attribute of that name; empty for a flag.
    pub fn attribute(&self, name: &str) -> Option<&[u8]> {
        self.session_attributes().find(|attribute| attribute.is(name)).map(|found| found.value)
    }

    /// Whether the sender wants to hear nothing on its audio (on any media, if there is no audio): hold
    /// by direction (RFC 3264 §8.4) or by the older zero address.
    pub fn is_hold(&self) -> bool {
        let has_audio = self.media().any(|media| media.is_active_audio());
        let mut listened = self
            .media()
            .filter(|media| media.is_active() && (media.is_active_audio() || !has_audio));
        let Some(first) = listened.next() else { return false };
        !first.direction().receives() && listened.all(|media| !media.direction().receives())
    }

    /// Whether nothing changed since `earlier`: a session refresh (RFC 4028 §7.4).
    ///
    /// The o= line is left out, because phones in the field raise its version without a change and
    /// change the media without raising it.
    pub fn same_media(&self, earlier: &Session) -> bool {
        let said = |line: &Line<'_>| line.kind != b'o';
        self.lines().filter(said).eq(earlier.lines().filter(said))
    }

    pub(crate) fn session_lines(&self) -> impl Iterator<Item = Line<'_>> {
        let end = self.sections.first().map_or(self.lines.len(), |section| section.first_line);
        self.lines_within(0, end)
    }

    pub(crate) fn session_attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.session_lines().filter_map(Line::attribute)
    }

    pub(crate) fn stated_direction(&self) -> Option<Direction> {
        self.session_attributes().find_map(Attribute::direction)
    }

    pub(crate) fn lines_within(&self, start: usize, end: usize) -> impl Iterator<Item = Line<'_>> {
        let spans = self.lines.get(start..end).unwrap_or_default();
        spans.iter().map(|span| Line::of(self.slice(*span)))
    }

    pub(crate) fn slice(&self, span: Span) -> &[u8] {
        self.text.get(usize::from(span.start)..usize::from(span.end)).unwrap_or_default()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.media()).finish()
    }
}

/// One line: its type letter and what stands behind the equals sign, without the line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The type letter (`b'm'`, `b'a'`, ...); 0 where the line is not of the form `x=...`.
    pub kind: u8,
    /// What stands behind the equals sign; the whole line where there is none.
    pub value: &'a [u8],
}

impl<'a> Line<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        match text {
            [kind, b'=', value @ ..] if *kind != 0 => Self { kind: *kind, value },
            other => Self { kind: 0, value: other },
        }
    }

    /// The line as an attribute, if it is an a= line.
    pub fn attribute(self) -> Option<Attribute<'a>> {
        (self.kind == b'a').then(|| Attribute::of(self.value))
    }
}

/// Where a line stands in the text: two bytes each, as a description is at most 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u16,
    pub(crate) end: u16,
}
