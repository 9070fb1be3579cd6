//! What a datagram on a media port is (RFC 7983 §7, RFC 5761 §4).

use crate::rtcp::Compound;
use crate::rtp::{Header, is_rtcp};
use call::MediaKind;

/// A datagram that is what its port is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    /// Voice or pictures.
    Rtp(Header<'a>),
    /// Reports, on their own port or beside RTP.
    Rtcp,
    /// Keys on their way through: DTLS or ZRTP between the two far sides.
    Keys,
    /// UDPTL or whatever else is relayed unread.
    Plain,
}

impl<'a> Content<'a> {
    /// Reads a datagram; nothing when it has no business on this port.
    pub(crate) fn read(kind: MediaKind, rtcp: bool, bytes: &'a [u8]) -> Option<Self> {
        if matches!(kind, MediaKind::Image | MediaKind::Other) {
            return (!bytes.is_empty()).then_some(Self::Plain);
        }
        let (first, second) = match bytes {
            [first, second, ..] => (*first, *second),
            _ => return None,
        };
        if KEYS.contains(&first) {
            return Some(Self::Keys);
        }
        if rtcp || is_rtcp(second) {
            return Compound::parse(bytes).ok().map(|_| Self::Rtcp);
        }
        Header::parse(bytes).ok().map(Self::Rtp)
    }
}

/// ZRTP and DTLS (RFC 7983 §7). STUN is left out: the box takes the candidates out of what it
/// relays, so nobody has a reason to ask.
const KEYS: std::ops::RangeInclusive<u8> = 16..=63;
