//! The lines of a header section, each ended by CR LF and holding neither alone.
//!
//! Every octet of every message passes here, so many are looked at in one step.

use super::Malformed;

/// What is left of a header section.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    too_long: bool,
}

/// One line.
pub(super) struct Line<'a> {
    /// Where it stands.
    pub(super) start: u16,
    /// The line without its end.
    pub(super) text: &'a [u8],
    /// The line and what follows it.
    pub(super) rest: &'a [u8],
}

impl<'a> Lines<'a> {
    /// The lines at the beginning of `bytes`, of which 65,535 octets may belong to headers.
    pub(super) fn new(bytes: &'a [u8]) -> Lines<'a> {
        let section = bytes.get(..usize::from(u16::MAX));
        Lines { bytes: section.unwrap_or(bytes), at: 0, too_long: section.is_some() }
    }

    /// The next line; `None` where the bytes end behind one.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Result<Option<Line<'a>>, Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or(b"");
        let Some(length) = line_length(rest)? else {
            return match rest {
                _ if self.too_long => Err(Malformed::TooLong),
                [] => Ok(None),
                [..] => Err(Malformed::Unfinished),
            };
        };
        let start = self.end();
        self.at += length + 2;
        Ok(Some(Line { start, text: rest.get(..length).unwrap_or(rest), rest }))
    }

    /// Where the last line ended.
    pub(super) fn end(&self) -> u16 {
        u16::try_from(self.at).unwrap_or(u16::MAX)
    }
}

impl Line<'_> {
    /// Where the octet at `position` of the line stands in the message.
    pub(super) fn offset(&self, position: usize) -> u16 {
        self.start.saturating_add(u16::try_from(position).unwrap_or(u16::MAX))
    }
}

/// Where the first CR LF is; an error when a CR or LF stands alone before it.
#[inline]
fn line_length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let mut at = 0;
    let (blocks, _) = bytes.as_chunks::<32>();
    for block in blocks {
        // Without a branch in it this becomes a few vector instructions.
        if block.iter().fold(false, |any, &octet| any | (octet < 16)) {
            match control(block) {
                Some((position, CR)) => return line_end(bytes, at + position),
                Some(_) => return Err(Malformed::LineEnd),
                None => {}
            }
        }
        at += 32;
    }
    match control(bytes.get(at..).unwrap_or(b"")) {
        Some((position, CR)) => line_end(bytes, at + position),
        Some(_) => Err(Malformed::LineEnd),
        None => Ok(None),
    }
}

/// The first CR or LF, and where it is.
#[inline]
fn control(bytes: &[u8]) -> Option<(usize, u8)> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let octets = u64::from_le_bytes(*word);
        // Marks every octet below 16, and perhaps some that is not behind one.
        let mut marks = octets.wrapping_sub(ONES << 4) & !octets & (ONES << 7);
        while marks != 0 {
            let position = (marks.trailing_zeros() / 8) as usize;
            if let Some(found @ (CR | LF)) = word.get(position).copied() {
                return Some((at * 8 + position, found));
            }
            marks &= marks - 1;
        }
    }
    let position = rest.iter().position(|octet| matches!(*octet, CR | LF))?;
    Some((words.len() * 8 + position, *rest.get(position)?))
}

/// Judges the CR at `position`.
fn line_end(bytes: &[u8], position: usize) -> Result<Option<usize>, Malformed> {
    match bytes.get(position + 1) {
        Some(b'\n') => Ok(Some(position)),
        Some(_) => Err(Malformed::LineEnd),
        None => Ok(None),
    }
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const CR: u8 = b'\r';
const LF: u8 = b'\n';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_is_found_wherever_it_is() {
        for at in 0..40 {
            for filler in [b'x', b'\t', 0, 0x0f, 0x10, 0x80, 0xff] {
                let mut bytes = vec![filler; 50];
                assert_eq!(line_length(&bytes), Ok(None));
                bytes[at] = b'\r';
                assert_eq!(line_length(&bytes), Err(Malformed::LineEnd));
                bytes[at + 1] = b'\n';
                assert_eq!(line_length(&bytes), Ok(Some(at)));
                assert_eq!(line_length(&bytes[..at + 1]), Ok(None));
                bytes[at] = filler;
                assert_eq!(line_length(&bytes), Err(Malformed::LineEnd));
            }
        }
    }
}
