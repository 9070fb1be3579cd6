//! Reading and writing the content of one element: octets whose highest bit says whether another octet of
//! the same group follows (ITU-T Q.931 §4.5.1).

/// What is left of an element's content.
#[derive(Clone, Copy)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl<'a> Octets<'a> {
    /// The next octet.
    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next octet without its extension bit, and whether it was the last of its group.
    pub(crate) fn grouped(&mut self) -> Option<(u8, bool)> {
        self.next().map(|octet| (octet & !LAST, octet & LAST != 0))
    }

    /// The rest of a group whose last octet has not come yet; none if the content ends in it.
    pub(crate) fn group(&mut self) -> Option<Vec<u8>> {
        let mut group = Vec::new();
        loop {
            let (octet, last) = self.grouped()?;
            group.push(octet);
            if last {
                return Some(group);
            }
        }
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// Everything that is left, as characters of IA5 (bit 8 does not count).
    pub(crate) fn text(&mut self) -> String {
        self.rest().iter().map(|octet| char::from(octet & 0x7f)).collect()
    }
}

/// Writes a group: its octets with the extension bit on the last.
pub(crate) fn write_group(octets: &mut Vec<u8>, group: &[u8]) {
    octets.extend(group.iter().map(|octet| octet & !LAST));
    if let (Some(last), false) = (octets.last_mut(), group.is_empty()) {
        *last |= LAST;
    }
}

/// Writes characters of IA5; what is not of it becomes a question mark.
pub(crate) fn write_text(octets: &mut Vec<u8>, text: &str) {
    octets.extend(text.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(b'?')));
}

/// The extension bit: no other octet of this group follows.
pub(crate) const LAST: u8 = 0x80;
