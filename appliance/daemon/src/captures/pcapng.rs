//! The blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, each whole in itself: a
//! file that breaks off after any of them, or within one, can be opened.

use std::io::{self, Read};
use std::net::IpAddr;
use std::ops::Range;

/// What a file holds: its first blocks.
///
/// Packets name their interface by its place in `links`.
pub(super) fn head(comment: &str, program: &str, links: &[Link<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    block(&mut out, SECTION_HEADER, |out| {
        out.extend_from_slice(&BYTE_ORDER.to_le_bytes());
        out.extend_from_slice(&1_u16.to_le_bytes());
        out.extend_from_slice(&0_u16.to_le_bytes());
        // How long the section is, is not known yet.
        out.extend_from_slice(&u64::MAX.to_le_bytes());
        option(out, COMMENT, comment.as_bytes());
        option(out, SHB_USERAPPL, program.as_bytes());
        end_of_options(out);
    });
    for link in links {
        block(&mut out, INTERFACE_DESCRIPTION, |out| {
            out.extend_from_slice(&(link.kind as u16).to_le_bytes());
            out.extend_from_slice(&[0; 2]);
            out.extend_from_slice(&0_u32.to_le_bytes());
            option(out, IF_NAME, link.name.as_bytes());
            option(out, IF_DESCRIPTION, link.description.as_bytes());
            option(out, IF_TSRESOL, &[NANOSECONDS]);
            end_of_options(out);
        });
    }
    out
}

/// An interface: where packets of one kind were seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link<'a> {
    pub(super) kind: LinkKind,
    pub(super) name: &'a str,
    pub(super) description: &'a str,
}

/// What packets begin with (the registry of LINKTYPE_ values).
#[derive(Debug, Clone, Copy)]
pub(super) enum LinkKind {
    /// The header of IP, version 4 or 6.
    Raw = 101,
    /// The tags of a PDU that was cut out of a stream.
    UpperPdu = 252,
}

/// One packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// The place of its interface.
    pub(super) link: u32,
    /// Since 1970.
    pub(super) nanos: u64,
    pub(super) inbound: bool,
    pub(super) bytes: &'a [u8],
    /// For whoever looks at it.
    pub(super) comment: Option<&'a str>,
}

impl Packet<'_> {
    /// The Enhanced Packet Block (§4.3).
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        block(out, ENHANCED_PACKET, |out| {
            let [_, _, _, _, high @ ..] = self.nanos.to_le_bytes();
            let [low @ .., _, _, _, _] = self.nanos.to_le_bytes();
            let length = length(self.bytes);
            out.extend_from_slice(&self.link.to_le_bytes());
            out.extend_from_slice(&high);
            out.extend_from_slice(&low);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&length.to_le_bytes());
            padded(out, self.bytes);
            if let Some(comment) = self.comment {
                option(out, COMMENT, comment.as_bytes());
            }
            let direction: u32 = if self.inbound { 1 } else { 2 };
            option(out, EPB_FLAGS, &direction.to_le_bytes());
            end_of_options(out);
        });
    }
}

/// Who has an address (§4.5).
pub(super) fn name(out: &mut Vec<u8>, address: IpAddr, name: &str) {
    block(out, NAME_RESOLUTION, |out| {
        let (record, mut value) = match address.to_canonical() {
            IpAddr::V4(address) => (NRB_IPV4, address.octets().to_vec()),
            IpAddr::V6(address) => (NRB_IPV6, address.octets().to_vec()),
        };
        value.extend(name.bytes().filter(|it| *it != 0).take(LONGEST_NAME));
        value.push(0);
        option(out, record, &value);
        end_of_options(out);
    });
}

/// What an interface took, and lost (§4.6). `nanos`: from when to when.
pub(super) fn statistics(
    out: &mut Vec<u8>,
    link: u32,
    nanos: Range<u64>,
    received: u64,
    dropped: u64,
) {
    block(out, INTERFACE_STATISTICS, |out| {
        let time = |nanos: u64| {
            let [a, b, c, d, e, f, g, h] = nanos.to_le_bytes();
            [e, f, g, h, a, b, c, d]
        };
        out.extend_from_slice(&link.to_le_bytes());
        out.extend_from_slice(&time(nanos.end));
        option(out, ISB_STARTTIME, &time(nanos.start));
        option(out, ISB_ENDTIME, &time(nanos.end));
        option(out, ISB_IFRECV, &received.to_le_bytes());
        option(out, ISB_IFDROP, &dropped.to_le_bytes());
        end_of_options(out);
    });
}

/// How many of a file's first octets are whole blocks: whatever came after them was cut off.
pub(super) fn whole(file: &mut impl Read) -> io::Result<u64> {
    let mut whole = 0;
    let mut head = [0; 8];
    loop {
        match file.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(whole),
            Err(error) => return Err(error),
        }
        let [_, _, _, _, length @ ..] = head;
        let length = u64::from(u32::from_le_bytes(length));
        let Some(rest) = length.checked_sub(8).filter(|rest| *rest >= 4) else { return Ok(whole) };
        let passed = io::copy(&mut file.by_ref().take(rest), &mut io::sink())?;
        if passed < rest {
            return Ok(whole);
        }
        whole += length;
    }
}

fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = (length(out.get(start..).unwrap_or_default()) + 4).to_le_bytes();
    out.extend_from_slice(&length);
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&length);
    }
}

/// Options and records of names have the same shape (§3.5, §4.5).
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..value.len().min(usize::from(u16::MAX))).unwrap_or_default();
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    padded(out, value);
}

fn end_of_options(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 4]);
}

fn padded(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const NAME_RESOLUTION: u32 = 4;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

const COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const IF_TSRESOL: u16 = 9;
const EPB_FLAGS: u16 = 2;
const NRB_IPV4: u16 = 1;
const NRB_IPV6: u16 = 2;
const ISB_STARTTIME: u16 = 2;
const ISB_ENDTIME: u16 = 3;
const ISB_IFRECV: u16 = 4;
const ISB_IFDROP: u16 = 5;
/// Ten to the minus ninth.
const NANOSECONDS: u8 = 9;
/// A name is for the eye.
const LONGEST_NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let link = Link { kind: LinkKind::Raw, name: "media", description: "as on the wire" };
        let mut out = head("one call", "Strowger", &[link]);
        for bytes in [&b"\x45"[..], b"\x45abcdefg"] {
            let nanos = 0x1122_3344_5566_7788;
            let comment = Some("dropped");
            Packet { link: 0, nanos, inbound: true, bytes, comment }.write(&mut out);
        }
        name(&mut out, "192.0.2.1".parse().unwrap(), "201");
        statistics(&mut out, 0, 1..2, 2, 0);
        out
    }

    #[test]
    fn every_block_says_its_length_at_both_ends_and_is_aligned() {
        let file = file();
        let mut at = 0;
        let mut kinds = Vec::new();
        while at < file.len() {
            let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
            let length = word(at + 4) as usize;
            assert_eq!((length % 4, word(at + length - 4) as usize), (0, length));
            kinds.push(word(at));
            at += length;
        }
        assert_eq!(at, file.len());
        assert_eq!(kinds, [SECTION_HEADER, 1, 6, 6, 4, 5]);
    }

    #[test]
    fn a_timestamp_has_its_upper_half_first() {
        let mut out = Vec::new();
        let nanos = 0x1122_3344_5566_7788;
        Packet { link: 0, nanos, inbound: false, bytes: b"", comment: None }.write(&mut out);
        assert_eq!(out[12..20], [0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55]);
    }

    #[test]
    fn what_broke_off_ends_before_the_block_that_is_not_whole() {
        let file = file();
        assert_eq!(whole(&mut &file[..]).unwrap(), file.len() as u64);
        let mut ends = vec![0];
        for cut in 0..file.len() {
            let whole = whole(&mut &file[..cut]).unwrap();
            assert!(whole <= cut as u64);
            if ends.last() != Some(&whole) {
                ends.push(whole);
            }
        }
        // Six blocks, the last of which is never whole here.
        assert_eq!(ends.len(), 6);
    }
}
