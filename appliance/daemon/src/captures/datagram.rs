//! Packets as Wireshark opens them: what the box sent or heard by UDP behind headers of IP and UDP
//! that are made up from the true addresses, and messages of streams as PDUs of their own.

use std::net::{IpAddr, SocketAddr};

/// The ends of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
}

impl Way {
    /// Addresses of one family, as they were on the wire.
    pub(super) fn new(from: SocketAddr, to: SocketAddr) -> Self {
        let canonical = |it: SocketAddr| SocketAddr::new(it.ip().to_canonical(), it.port());
        let (from, to) = (canonical(from), canonical(to));
        // A socket of ours that is bound to every address says `[::]` of packets of either family.
        let like = |it: SocketAddr, other: SocketAddr| match (it.ip(), other.ip()) {
            (IpAddr::V6(_), IpAddr::V4(_)) if it.ip().is_unspecified() => {
                SocketAddr::new(IpAddr::from([0; 4]), it.port())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) if it.ip().is_unspecified() => {
                SocketAddr::new(IpAddr::from([0; 16]), it.port())
            }
            _ => it,
        };
        Self { from: like(from, to), to: like(to, from) }
    }
}

/// A datagram: headers of IP (RFC 791, RFC 8200) and UDP (RFC 768), and what is in it.
pub(super) fn datagram(out: &mut Vec<u8>, way: Way, payload: &[u8]) {
    let length = u16::try_from(payload.len() + UDP).unwrap_or(u16::MAX);
    let mut udp = [0; UDP];
    let [ports_from, ports_to] = [way.from.port(), way.to.port()].map(u16::to_be_bytes);
    udp[..2].copy_from_slice(&ports_from);
    udp[2..4].copy_from_slice(&ports_to);
    udp[4..6].copy_from_slice(&length.to_be_bytes());
    match (way.from.ip(), way.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut ip = [0; 20];
            ip[0] = 0x45;
            ip[2..4].copy_from_slice(&length.saturating_add(20).to_be_bytes());
            // May not be broken up.
            ip[6] = 0x40;
            (ip[8], ip[9]) = (64, PROTOCOL_UDP);
            ip[12..16].copy_from_slice(&from.octets());
            ip[16..].copy_from_slice(&to.octets());
            let sum = checksum(&[&ip]);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            out.extend_from_slice(&ip);
            // No checksum of UDP: it may be left out (RFC 768).
            out.extend_from_slice(&udp);
        }
        (from, to) => {
            let octets = |it: IpAddr| match it {
                IpAddr::V4(it) => it.to_ipv6_mapped().octets(),
                IpAddr::V6(it) => it.octets(),
            };
            let mut ip = [0; 40];
            ip[0] = 0x60;
            ip[4..6].copy_from_slice(&length.to_be_bytes());
            (ip[6], ip[7]) = (PROTOCOL_UDP, 64);
            ip[8..24].copy_from_slice(&octets(from));
            ip[24..].copy_from_slice(&octets(to));
            let pseudo = [&ip[8..], &u32::from(length).to_be_bytes(), &[0, 0, 0, PROTOCOL_UDP]];
            let [source, target, rest] = pseudo;
            // Nought would say that there is none, which IPv6 forbids (RFC 8200 §8.1).
            let sum = match checksum(&[source, target, rest, &udp, payload]) {
                0 => u16::MAX,
                sum => sum,
            };
            udp[6..].copy_from_slice(&sum.to_be_bytes());
            out.extend_from_slice(&ip);
            out.extend_from_slice(&udp);
        }
    }
    out.extend_from_slice(payload);
}

/// A message that came by a stream, as a PDU of SIP: tags that name what it is and its ends, and the
/// message (Wireshark's `epan/exported_pdu.h`).
pub(super) fn pdu(out: &mut Vec<u8>, way: Way, message: &[u8]) {
    let mut tag = |number: u16, value: &[u8]| {
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(value);
    };
    tag(TAG_DISSECTOR, b"sip\0");
    for (end, v4, v6, port) in [
        (way.from, TAG_IPV4_SOURCE, TAG_IPV6_SOURCE, TAG_SOURCE_PORT),
        (way.to, TAG_IPV4_TARGET, TAG_IPV6_TARGET, TAG_TARGET_PORT),
    ] {
        match end.ip() {
            IpAddr::V4(address) => tag(v4, &address.octets()),
            IpAddr::V6(address) => tag(v6, &address.octets()),
        }
        tag(port, &u32::from(end.port()).to_be_bytes());
    }
    tag(TAG_PORT_TYPE, &PORT_TCP.to_be_bytes());
    tag(0, b"");
    out.extend_from_slice(message);
}

/// The checksum of the Internet (RFC 1071); every part but the last is of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2)).map(|pair| match pair {
        [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
        [high] => u64::from(*high) << 8,
        _ => 0,
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

const UDP: usize = 8;
const PROTOCOL_UDP: u8 = 17;

const TAG_DISSECTOR: u16 = 12;
const TAG_IPV4_SOURCE: u16 = 20;
const TAG_IPV4_TARGET: u16 = 21;
const TAG_IPV6_SOURCE: u16 = 22;
const TAG_IPV6_TARGET: u16 = 23;
const TAG_PORT_TYPE: u16 = 24;
const TAG_SOURCE_PORT: u16 = 25;
const TAG_TARGET_PORT: u16 = 26;
/// `EXP_PDU_PT_TCP`.
const PORT_TCP: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: &str, to: &str) -> Way {
        Way::new(from.parse().unwrap(), to.parse().unwrap())
    }

    #[test]
    fn a_header_adds_up_to_nought() {
        let mut out = Vec::new();
        datagram(&mut out, way("192.0.2.1:5060", "198.51.100.7:40000"), b"abc");
        assert_eq!(out.len(), 20 + 8 + 3);
        assert_eq!(checksum(&[&out[..20]]), 0);
        assert_eq!(out[2..4], 31_u16.to_be_bytes());
        assert_eq!(out[20..26], [0x13, 0xc4, 0x9c, 0x40, 0, 11]);
    }

    #[test]
    fn a_datagram_of_version_6_has_its_checksum() {
        let mut out = Vec::new();
        datagram(&mut out, way("[2001:db8::1]:5060", "[2001:db8::2]:40000"), b"abc");
        let length = 11_u32.to_be_bytes();
        let parts = [&out[8..40], &length, &[0, 0, 0, 17], &out[40..]];
        assert_eq!((out.len(), checksum(&parts)), (40 + 8 + 3, 0));
    }

    #[test]
    fn both_ends_are_of_one_family() {
        let mixed = way("[::ffff:192.0.2.1]:9", "[::]:5060");
        assert_eq!(mixed, way("192.0.2.1:9", "0.0.0.0:5060"));
    }

    #[test]
    fn tags_end_where_the_message_begins() {
        let mut out = Vec::new();
        pdu(&mut out, way("192.0.2.1:5060", "[2001:db8::2]:443"), b"INVITE");
        let (tags, message) = out.split_at(out.len() - 6);
        assert_eq!((message, &tags[tags.len() - 4..]), (&b"INVITE"[..], &[0; 4][..]));
        assert_eq!(tags[..8], [0, 12, 0, 4, b's', b'i', b'p', 0]);
    }
}
