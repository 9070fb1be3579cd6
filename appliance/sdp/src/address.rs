//! Addresses in a description: reading the ones the box needs, and finding the ones nobody may see.

use std::net::{IpAddr, SocketAddr};

/// Where a peer wants its media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    /// RTP, or the one port of what is not RTP.
    pub rtp: SocketAddr,
    /// RTCP: what a=rtcp says (RFC 3605), else the next port.
    pub rtcp: SocketAddr,
}

/// The address of a c= line, `IN IP4 192.0.2.1/127` (RFC 8866 §5.7).
pub(crate) fn of_connection(value: &[u8]) -> Option<IpAddr> {
    let address = std::str::from_utf8(value).ok()?.split_ascii_whitespace().nth(2)?;
    let address = address.split_once('/').map_or(address, |(address, _)| address);
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The address of `a=rtcp:53020` or `a=rtcp:53020 IN IP4 192.0.2.1` (RFC 3605 §2.1).
pub(crate) fn of_rtcp(value: &[u8], default: IpAddr) -> Option<SocketAddr> {
    let mut words = std::str::from_utf8(value).ok()?.split_ascii_whitespace();
    let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
    let address = match words.nth(2) {
        Some(address) => address.parse::<IpAddr>().ok()?.to_canonical(),
        None => default,
    };
    is_of_one_host(address).then(|| SocketAddr::new(address, port))
}

/// Whether media may be sent there: not unspecified (a hold), and not to a whole network.
pub(crate) fn is_of_one_host(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !broadcast
}

/// Whether an IP address, or what a lenient reader would take for one, stands anywhere in `text`.
///
/// It may find too much (a dotted version of four numbers) but not too little: a line is lost, not an
/// address told.
pub(crate) fn appears(text: &[u8]) -> bool {
    text.split(|byte| !matches!(byte, b'0'..=b'9' | b'.')).any(has_dotted_quad)
        || text
            .split(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b':'))
            .any(has_ipv6)
}

/// `run` is digits and dots.
fn has_dotted_quad(run: &[u8]) -> bool {
    let mut numbers = 0;
    for number in run.split(|byte| *byte == b'.') {
        numbers = if number.is_empty() { 0 } else { numbers + 1 };
        if numbers == 4 {
            return true;
        }
    }
    false
}

/// `run` is hexadecimal digits and colons. A fingerprint (RFC 8122 §5) is pairs of digits, and more of
/// them than an address has groups.
fn has_ipv6(run: &[u8]) -> bool {
    let colons = run.iter().filter(|byte| **byte == b':').count();
    if colons < 2 {
        return false;
    }
    let shortened = run.windows(2).any(|pair| pair == b"::");
    if shortened {
        return run.len() > 2;
    }
    let groups_of_two = run.split(|byte| *byte == b':').all(|group| group.len() == 2);
    colons >= 7 && (colons == 7 || !groups_of_two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_wherever_it_stands() {
        for text in [
            "10.0.0.1",
            "cname:alice@192.168.1.20",
            "uri=sip:010.001.000.009:5060",
            "host10.0.0.1.example",
            "1 IN IP6 2001:db8::1",
            "x=[fe80::1%eth0]",
            "addr:::1",
            "2001:db8:1:2:3:4:5:6",
            "face:2001:db8:1:2:3:4:5:6",
            "20:01:0d:b8:00:00:00:01",
            "::ffff:10.0.0.1",
        ] {
            assert!(appears(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn keys_fingerprints_and_versions_are_no_addresses() {
        for text in [
            "fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB",
            "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4",
            "extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "fmtp:126 profile-level-id=428016;q=0.60",
            "X-mac:00:1b:54:aa:bb:cc",
            "X-version:1.2.3",
            "",
        ] {
            assert!(!appears(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_connection_line_may_have_a_ttl_and_an_address_in_mapped_form() {
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(of_connection(b"IN IP4 192.0.2.1"), Some(v4));
        assert_eq!(of_connection(b"IN IP4 192.0.2.1/127"), Some(v4));
        assert_eq!(of_connection(b"IN  IP4  192.0.2.1 "), Some(v4));
        assert_eq!(of_connection(b"IN IP6 ::ffff:192.0.2.1"), Some(v4));
        assert_eq!(of_connection(b"IN IP4 pbx.example.com"), None);
        assert_eq!(of_connection(b"IN IP4"), None);
    }

    #[test]
    fn rtcp_may_be_on_another_port_or_another_host_but_never_on_a_network() {
        let host: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(of_rtcp(b"53020", host), Some("192.0.2.1:53020".parse().unwrap()));
        let other = of_rtcp(b"53020 IN IP4 192.0.2.2", host);
        assert_eq!(other, Some("192.0.2.2:53020".parse().unwrap()));
        assert_eq!(of_rtcp(b"0", host), None);
        assert_eq!(of_rtcp(b"53020 IN IP4 255.255.255.255", host), None);
        assert_eq!(of_rtcp(b"53020 IN IP4 224.0.0.1", host), None);
        assert_eq!(of_rtcp(b"70000", host), None);
    }
}
