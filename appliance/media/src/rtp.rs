//! RTP packets as they lie in the datagram (RFC 3550 §5.1).

/// The header of one RTP packet, read where it lies.
///
/// Padding is not looked at: in SRTP its length is encrypted (RFC 3711 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    fixed: &'a [u8; FIXED],
    extension: &'a [u8],
    payload: &'a [u8],
}

/// Whoever sent it: this is not RTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The datagram ends inside the header.
    Short,
    /// Not version 2.
    Version,
    /// A payload type that stands for RTCP (RFC 5761 §4).
    PayloadType,
}

impl<'a> Header<'a> {
    /// Checks a datagram from the outside: version, payload type, and that the header, its
    /// contributing sources and its extension fit.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (fixed, rest) = bytes.split_first_chunk::<FIXED>().ok_or(Malformed::Short)?;
        let [flags, kind, ..] = *fixed;
        if flags >> 6 != VERSION {
            return Err(Malformed::Version);
        }
        if is_rtcp(kind) {
            return Err(Malformed::PayloadType);
        }
        let sources = usize::from(flags & SOURCE_COUNT) * 4;
        let rest = rest.get(sources..).ok_or(Malformed::Short)?;
        if flags & EXTENSION == 0 {
            return Ok(Self { fixed, extension: &[], payload: rest });
        }
        let head = rest.first_chunk::<4>().ok_or(Malformed::Short)?;
        let [_, _, high, low] = *head;
        let words = usize::from(u16::from_be_bytes([high, low]));
        let end = 4 + words * 4;
        let (extension, payload) = rest.split_at_checked(end).ok_or(Malformed::Short)?;
        Ok(Self { fixed, extension, payload })
    }

    /// What the payload is: RFC 3551 §6, or what the session description says from 96 on.
    pub fn payload_type(&self) -> u8 {
        let [_, kind, ..] = *self.fixed;
        kind & 0x7f
    }

    /// Counts packets, and wraps every 65,536.
    pub fn sequence(&self) -> u16 {
        let [_, _, high, low, ..] = *self.fixed;
        u16::from_be_bytes([high, low])
    }

    /// When the payload's first sample was taken, in ticks of the payload's clock.
    pub fn timestamp(&self) -> u32 {
        let [_, _, _, _, a, b, c, d, ..] = *self.fixed;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Names the stream.
    pub fn ssrc(&self) -> u32 {
        let [_, _, _, _, _, _, _, _, a, b, c, d] = *self.fixed;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Set on what begins: the first packet of a talk spurt (RFC 3551 §4.1).
    pub fn marker(&self) -> bool {
        let [_, kind, ..] = *self.fixed;
        kind & MARKER != 0
    }

    /// An element of the header extension, by the number that was agreed on for it, 1 to 255 (RFC 8285
    /// §4).
    pub fn element(&self, number: u8) -> Option<&'a [u8]> {
        let ([high, low, _, _], mut rest) = self.extension.split_first_chunk()?;
        let long = match u16::from_be_bytes([*high, *low]) {
            0xbede => false,
            0x1000..=0x100f => true,
            _ => return None,
        };
        loop {
            let (head, behind) = rest.split_first()?;
            let (known, length, behind) = match (*head, long) {
                // One octet of padding.
                (0, _) => {
                    rest = behind;
                    continue;
                }
                // What comes after this number is not for us (§4.2).
                (0xf0.., false) => return None,
                (head, false) => (head >> 4, head & 0x0f, behind),
                (head, true) => {
                    let (length, behind) = behind.split_first()?;
                    (head, *length, behind)
                }
            };
            let length = usize::from(length) + usize::from(!long);
            let (value, behind) = behind.split_at_checked(length)?;
            if known == number {
                return Some(value);
            }
            rest = behind;
        }
    }

    /// What follows the header and its extension, padding included.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The payload without its padding; nothing when more is said to be padding than there is. Only
    /// for packets that are not encrypted.
    pub fn unpadded(&self) -> Option<&'a [u8]> {
        let [flags, ..] = *self.fixed;
        if flags & PADDING == 0 {
            return Some(self.payload);
        }
        let padding = usize::from(*self.payload.last()?);
        let length = self.payload.len().checked_sub(padding).filter(|_| padding > 0)?;
        self.payload.get(..length)
    }
}

/// What a header says, apart from the octets that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

impl Head {
    pub(crate) fn of(header: &Header<'_>) -> Self {
        Self {
            marker: header.marker(),
            payload_type: header.payload_type(),
            sequence: header.sequence(),
            timestamp: header.timestamp(),
            ssrc: header.ssrc(),
        }
    }

    /// A header of its own: no contributing sources, no extension, no padding.
    pub(crate) fn octets(&self) -> [u8; FIXED] {
        let mut octets = [VERSION << 6; FIXED];
        self.write_over(&mut octets);
        octets
    }

    /// Puts itself into the header of a packet; what else the header holds stays as it is.
    pub(crate) fn write_over(&self, packet: &mut [u8]) {
        let Some([_, kind, rest @ ..]) = packet.first_chunk_mut::<FIXED>() else { return };
        *kind = self.payload_type & !MARKER | if self.marker { MARKER } else { 0 };
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [n0, n1, n2, n3] = self.ssrc.to_be_bytes();
        *rest = [s0, s1, t0, t1, t2, t3, n0, n1, n2, n3];
    }
}

/// Whether the second octet of a packet says RTCP where both share a port (RFC 5761 §4).
pub(crate) fn is_rtcp(second: u8) -> bool {
    (192..=223).contains(&second)
}

/// RFC 3550 §5.1.
const VERSION: u8 = 2;
pub(crate) const FIXED: usize = 12;
const MARKER: u8 = 0x80;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const SOURCE_COUNT: u8 = 0x0f;

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [u8; 14] = [0x80, 8, 0x12, 0x34, 0, 0, 0x01, 0x40, 0xde, 0xad, 0xbe, 0xef, 7, 9];

    #[test]
    fn every_field_is_read_where_the_rfc_puts_it() {
        let header = Header::parse(&PLAIN).unwrap();
        assert_eq!(header.payload_type(), 8);
        assert_eq!(header.sequence(), 0x1234);
        assert_eq!(header.timestamp(), 320);
        assert_eq!(header.ssrc(), 0xdead_beef);
        assert_eq!(header.payload(), [7, 9]);
    }

    #[test]
    fn the_marker_is_no_part_of_the_payload_type() {
        let mut bytes = PLAIN;
        bytes[1] = 0x80 | 101;
        assert_eq!(Header::parse(&bytes).unwrap().payload_type(), 101);
    }

    #[test]
    fn contributing_sources_and_an_extension_are_passed_over() {
        let mut bytes = PLAIN[..12].to_vec();
        bytes[0] = 0x80 | EXTENSION | 2;
        bytes.extend([0; 8]);
        bytes.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        bytes.push(0x55);
        assert_eq!(Header::parse(&bytes).unwrap().payload(), [0x55]);
        for end in 0..bytes.len() - 1 {
            assert_eq!(Header::parse(&bytes[..end]), Err(Malformed::Short), "cut at {end}");
        }
    }

    #[test]
    fn an_element_of_the_extension_is_found_by_its_number_in_either_form() {
        let packet = |profile: [u8; 2], elements: &[u8]| {
            let mut bytes = PLAIN[..12].to_vec();
            bytes[0] |= EXTENSION;
            bytes.extend(profile);
            bytes.extend((elements.len() as u16 / 4).to_be_bytes());
            bytes.extend(elements);
            bytes
        };
        let short = packet([0xbe, 0xde], &[0x31, 7, 8, 0, 0x10, 0x9e, 0xf0, 0x20]);
        let short = Header::parse(&short).unwrap();
        assert_eq!(short.element(3), Some(&[7, 8][..]));
        assert_eq!(short.element(1), Some(&[0x9e][..]));
        assert_eq!(short.element(2), None, "behind the end");
        let long = packet([0x10, 0x00], &[3, 0, 0, 20, 2, 5, 6, 9]);
        let long = Header::parse(&long).unwrap();
        assert_eq!([3, 20].map(|it| long.element(it)), [Some(&[][..]), Some(&[5, 6][..])]);
        assert_eq!(long.element(9), None, "cut");
        let other = packet([0x12, 0x34], &[0x10, 1, 0, 0]);
        assert_eq!(Header::parse(&other).unwrap().element(1), None);
        assert_eq!(Header::parse(&PLAIN).unwrap().element(1), None);
    }

    #[test]
    fn padding_is_no_payload_and_never_more_than_there_is() {
        let mut bytes = [PLAIN.as_slice(), &[0, 0, 3]].concat();
        assert_eq!(Header::parse(&bytes).unwrap().unpadded(), Some(&[7, 9, 0, 0, 3][..]));
        bytes[0] |= PADDING;
        assert_eq!(Header::parse(&bytes).unwrap().unpadded(), Some(&[7, 9][..]));
        for wrong in [0, 6, 255] {
            *bytes.last_mut().unwrap() = wrong;
            assert_eq!(Header::parse(&bytes).unwrap().unpadded(), None, "{wrong}");
        }
        assert_eq!(Header::parse(&bytes[..12]).unwrap().unpadded(), None);
    }

    #[test]
    fn a_header_that_is_written_is_read_again() {
        let mut bytes = PLAIN;
        bytes[1] |= MARKER;
        let head = Head::of(&Header::parse(&bytes).unwrap());
        assert_eq!(head.octets(), bytes[..12]);
        let other = Head { marker: false, payload_type: 101, sequence: 7, timestamp: 9, ssrc: 11 };
        other.write_over(&mut bytes);
        assert_eq!(Head::of(&Header::parse(&bytes).unwrap()), other);
        assert_eq!(bytes[12..], [7, 9]);
    }

    #[test]
    fn other_versions_and_rtcp_are_no_rtp() {
        let mut bytes = PLAIN;
        bytes[0] = 0x40;
        assert_eq!(Header::parse(&bytes), Err(Malformed::Version));
        bytes[0] = 0x80;
        bytes[1] = 200;
        assert_eq!(Header::parse(&bytes), Err(Malformed::PayloadType));
    }
}
