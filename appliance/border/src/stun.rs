//! How the outside sees one of our sockets: a STUN Binding (RFC 8489 §5, §14.1, §14.2), as a client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Names one question, so that nobody else can answer it.
pub type Id = [u8; 12];

/// A Binding request.
pub fn request(id: Id) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20);
    bytes.extend_from_slice(&BINDING_REQUEST.to_be_bytes());
    bytes.extend_from_slice(&0u16.to_be_bytes());
    bytes.extend_from_slice(&COOKIE.to_be_bytes());
    bytes.extend_from_slice(&id);
    bytes
}

/// Whether a datagram is STUN and not SIP: the first two bits are zero and the cookie is there.
pub fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0xc0 == 0)
        && bytes.get(4..8) == Some(&COOKIE.to_be_bytes())
}

/// The address that the answer to question `id` shows; `None` for anything else.
pub fn mapped_address(bytes: &[u8], id: Id) -> Option<SocketAddr> {
    let is_answer = bytes.get(..2)? == BINDING_SUCCESS.to_be_bytes() && is_stun(bytes);
    if !is_answer || bytes.get(8..20)? != id {
        return None;
    }
    let length = usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    let mut rest = bytes.get(20..20usize.checked_add(length)?)?;
    let mut plain = None;
    while let Some((head, body)) = rest.split_at_checked(4) {
        let kind = u16::from_be_bytes(head.get(..2)?.try_into().ok()?);
        let length = usize::from(u16::from_be_bytes(head.get(2..4)?.try_into().ok()?));
        let value = body.get(..length)?;
        match kind {
            XOR_MAPPED_ADDRESS => return address(value, Some(id)),
            MAPPED_ADDRESS => plain = address(value, None),
            _ => {}
        }
        // Attributes are padded to four octets.
        rest = body.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    plain
}

fn address(value: &[u8], xored_with: Option<Id>) -> Option<SocketAddr> {
    let (family, port) = (*value.get(1)?, u16::from_be_bytes(value.get(2..4)?.try_into().ok()?));
    let mut mask = [0u8; 16];
    let mut port_mask = 0;
    if let Some(id) = xored_with {
        let (cookie, rest) = mask.split_at_mut(4);
        cookie.copy_from_slice(&COOKIE.to_be_bytes());
        rest.copy_from_slice(&id);
        port_mask = u16::try_from(COOKIE >> 16).unwrap_or(0);
    }
    let octets: Vec<u8> =
        value.get(4..)?.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    let ip = match family {
        1 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?)),
        2 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port ^ port_mask))
}

/// RFC 8489 §5.
const COOKIE: u32 = 0x2112_a442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const MAPPED_ADDRESS: u16 = 0x0001;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

#[cfg(test)]
mod tests {
    use super::*;

    /// The IPv4 response of RFC 5769 §2.2, whose cryptographic attributes a client may ignore.
    const RESPONSE: &[u8] = &[
        0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6,
        0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76,
        0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1,
        0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3,
        0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00,
        0x04, 0xc0, 0x7d, 0x4c, 0x96,
    ];
    const ID: Id = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    #[test]
    fn the_standards_own_response_shows_its_address() {
        assert_eq!(mapped_address(RESPONSE, ID), Some("192.0.2.1:32853".parse().unwrap()));
    }

    #[test]
    fn an_answer_to_somebody_elses_question_is_no_answer() {
        assert_eq!(mapped_address(RESPONSE, [0; 12]), None);
    }

    #[test]
    fn a_cut_answer_is_no_answer_and_no_panic() {
        for cut in 0..RESPONSE.len() {
            let _ = mapped_address(&RESPONSE[..cut], ID);
        }
        assert!(!is_stun(b"OPTIONS sip:x SIP/2.0"));
        assert!(is_stun(&request(ID)));
    }
}
