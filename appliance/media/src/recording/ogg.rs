//! Ogg, RFC 3533: pages, written and read.

use super::Mending;

/// The pages of one stream that is written.
#[derive(Debug)]
pub(crate) struct Pages {
    serial: u32,
    sequence: u32,
    /// The lacing values and the packets of the next page.
    lacing: Vec<u8>,
    body: Vec<u8>,
    /// Where its last packet ends.
    granule: u64,
}

/// A page as it lies in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page<'a> {
    pub(crate) serial: u32,
    pub(crate) granule: u64,
    pub(crate) flags: u8,
    pub(crate) lacing: &'a [u8],
    pub(crate) body: &'a [u8],
    /// All of it.
    pub(crate) octets: &'a [u8],
}

impl Pages {
    pub(crate) fn new(serial: u32) -> Self {
        Self { serial, sequence: 0, lacing: Vec::new(), body: Vec::new(), granule: 0 }
    }

    /// Adds a packet of at most 64,000 octets that ends at this granule.
    pub(crate) fn push(&mut self, packet: &[u8], granule: u64, out: &mut Vec<u8>) {
        // RFC 3533 §5: as many 255 as fit, and a smaller one that ends the packet.
        let segments = packet.len() / SEGMENT + 1;
        if self.lacing.len() + segments > MOST_SEGMENTS {
            self.flush(out);
        }
        self.lacing.extend(std::iter::repeat_n(255, segments - 1));
        self.lacing.push((packet.len() % SEGMENT) as u8);
        self.body.extend(packet);
        self.granule = granule;
    }

    /// Writes a page of what waits, if anything does.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        if !self.lacing.is_empty() {
            self.write(0, out);
        }
    }

    /// Writes the last page: the stream ends at this granule.
    pub(crate) fn end(&mut self, granule: u64, out: &mut Vec<u8>) {
        self.granule = granule;
        self.write(ENDS, out);
    }

    fn write(&mut self, ends: u8, out: &mut Vec<u8>) {
        let flags = ends | if self.sequence == 0 { BEGINS } else { 0 };
        let start = out.len();
        out.extend(b"OggS\0");
        out.push(flags);
        out.extend(self.granule.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend([0; 4]);
        out.push(self.lacing.len() as u8);
        out.append(&mut self.lacing);
        out.append(&mut self.body);
        if let Some(page) = out.get_mut(start..) {
            seal(page);
        }
        self.sequence += 1;
    }
}

impl<'a> Page<'a> {
    /// Reads the page that these octets begin with; nothing where there is none, it is not whole, or
    /// its checksum is wrong.
    pub(crate) fn read(octets: &'a [u8]) -> Option<Self> {
        let (head, rest) = octets.split_at_checked(HEAD)?;
        if head.get(..5) != Some(b"OggS\0") {
            return None;
        }
        let (lacing, rest) = rest.split_at_checked(usize::from(*head.last()?))?;
        let length: usize = lacing.iter().map(|it| usize::from(*it)).sum();
        let body = rest.get(..length)?;
        let octets = octets.get(..HEAD + lacing.len() + length)?;
        let flags = *head.get(5)?;
        let granule = u64::from_le_bytes(*head.get(6..)?.first_chunk()?);
        let serial = u32::from_le_bytes(*head.get(14..)?.first_chunk()?);
        let stated = u32::from_le_bytes(*head.get(22..)?.first_chunk()?);
        (stated == checksum(octets)).then_some(Self {
            serial,
            granule,
            flags,
            lacing,
            body,
            octets,
        })
    }

    /// Whether it begins with the rest of a packet of the page before.
    pub(crate) fn is_continued(&self) -> bool {
        self.flags & CONTINUED != 0
    }

    /// Whether it begins a stream.
    pub(crate) fn begins(&self) -> bool {
        self.flags & BEGINS != 0
    }
}

/// Cuts a torn page off, and says at the last whole one that the stream ends there.
pub(super) fn mend(length: u64, tail: &[u8]) -> Option<Mending> {
    let mut from = tail.len().saturating_sub(HEAD);
    let (start, page) = loop {
        let page = tail.get(from..).and_then(Page::read);
        match page {
            Some(page) => break (from, page),
            None => from = from.checked_sub(1)?,
        }
    };
    let end = start + page.octets.len();
    if end == tail.len() && page.flags & ENDS != 0 {
        return None;
    }
    let mut patch = page.octets.to_vec();
    *patch.get_mut(5)? |= ENDS;
    seal(&mut patch);
    let before = length.checked_sub(tail.len() as u64)?;
    Some(Mending { length: before + end as u64, at: before + start as u64, patch })
}

/// Writes the checksum of a page into it.
fn seal(page: &mut [u8]) {
    let sum = checksum(page).to_le_bytes();
    if let Some(slot) = page.get_mut(22..26) {
        slot.copy_from_slice(&sum);
    }
}

/// Over the page with nothing where the checksum stands.
fn checksum(page: &[u8]) -> u32 {
    let octets = page.iter().enumerate();
    octets.fold(0, |sum, (at, octet)| {
        let octet = if (22..26).contains(&at) { 0 } else { *octet };
        let index = (sum >> 24) as u8 ^ octet;
        (sum << 8) ^ TABLE.get(usize::from(index)).copied().unwrap_or_default()
    })
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = (at as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000_0000 != 0 { (sum << 1) ^ POLYNOMIAL } else { sum << 1 };
            bit += 1;
        }
        #[allow(clippy::indexing_slicing)] // Checked by the compiler.
        {
            table[at] = sum;
        }
        at += 1;
    }
    table
};

/// RFC 3533 §6, field 7: not reflected, from 0.
const POLYNOMIAL: u32 = 0x04c1_1db7;
/// RFC 3533 §6, field 3.
const CONTINUED: u8 = 1;
const BEGINS: u8 = 2;
const ENDS: u8 = 4;
/// Octets of a page before its lacing values.
const HEAD: usize = 27;
const SEGMENT: usize = 255;
const MOST_SEGMENTS: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(packets: usize) -> Vec<u8> {
        let (mut pages, mut file) = (Pages::new(7), Vec::new());
        for it in 0..packets {
            pages.push(&vec![it as u8; it * 51], it as u64 * 960, &mut file);
        }
        pages.flush(&mut file);
        file
    }

    #[test]
    fn what_was_written_is_read() {
        let file = stream(60);
        let (mut rest, mut pages, mut lengths) = (file.as_slice(), 0, Vec::new());
        while let Some(page) = Page::read(rest) {
            assert_eq!((page.serial, page.begins()), (7, pages == 0));
            let mut length = 0;
            for lacing in page.lacing {
                length += usize::from(*lacing);
                if *lacing < 255 {
                    lengths.push(length);
                    length = 0;
                }
            }
            rest = &rest[page.octets.len()..];
            pages += 1;
        }
        assert_eq!(lengths, (0..60).map(|it| it * 51).collect::<Vec<_>>());
        assert!(rest.is_empty() && pages > 1);
    }

    #[test]
    fn a_file_that_was_cut_anywhere_ends_with_a_whole_page_after_mending() {
        let mut file = stream(30);
        let first = file.len();
        let mut pages = Pages { serial: 7, sequence: 1, ..Pages::new(7) };
        pages.push(&[9; 300], 96_000, &mut file);
        pages.flush(&mut file);
        for cut in first..=file.len() {
            let mut torn = file[..cut].to_vec();
            let mending = mend(cut as u64, &torn).unwrap();
            let at = mending.at as usize;
            torn[at..at + mending.patch.len()].copy_from_slice(&mending.patch);
            torn.truncate(mending.length as usize);
            assert_eq!(mending.length as usize, if cut < file.len() { first } else { cut });
            assert_eq!(mend(torn.len() as u64, &torn), None);
        }
        assert_eq!(mend(4, b"OggS"), None);
        assert_eq!(mend(0, b""), None);
    }
}
