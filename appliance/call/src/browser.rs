//! What a browser and the box agreed on for one transport (WebRTC, RFC 8827, RFC 8834): it carries all
//! media lines of a leg, by the one port that the box has for all browsers.

use crate::{MediaKind, PortId};
use std::fmt;

impl PortId {
    /// The place in the list of addresses that none has: such a port has no socket of its own, but
    /// is one line of a browser's transport.
    pub const BROWSER: u8 = u8::MAX;

    /// Whether it is a line of a browser's transport.
    pub fn is_browser(self) -> bool {
        self.address == Self::BROWSER
    }
}

/// How a browser's transport is secured, and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserTransport {
    /// What the box called itself towards ICE.
    pub ours: IceCredentials,
    /// What the browser called itself.
    pub theirs: IceCredentials,
    /// The SHA-256 digest of the browser's certificate (RFC 8122 §5).
    pub fingerprint: [u8; 32],
    /// The box begins the DTLS handshake (`a=setup:active`, RFC 4145 §4).
    pub active: bool,
    /// Under which number packets say to which line they belong (RFC 9143 §15), 1 to 14.
    pub mid_extension: Option<u8>,
    /// Under which number packets say how loud they are (RFC 6464), 1 to 14.
    pub level_extension: Option<u8>,
    /// The lines, the ports of which were opened before.
    pub lines: Vec<BrowserLine>,
}

/// User fragment and password of one side (RFC 8445 §5.3).
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// `a=ice-ufrag`.
    pub user: String,
    /// `a=ice-pwd`.
    pub password: String,
}

/// A media line of a browser's transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserLine {
    /// Its port.
    pub port: PortId,
    /// Sound or pictures.
    pub kind: MediaKind,
    /// `a=mid`, up to 16 characters.
    pub mid: String,
    /// The stream that the box sends.
    pub ours: Stream,
    /// The streams that the browser named.
    pub theirs: Vec<Stream>,
    /// What may be said, by either side.
    pub payloads: Vec<BrowserPayload>,
}

/// A stream, and the one in which its packets are sent again (RFC 4588).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Its SSRC.
    pub ssrc: u32,
    /// That of the repetitions.
    pub resend: Option<u32>,
}

/// A payload type of a browser's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrowserPayload {
    /// Its number.
    pub payload_type: u8,
    /// The number under which it is sent again.
    pub resend: Option<u8>,
    /// RTP clock in Hz.
    pub clock: u32,
}

impl fmt::Debug for IceCredentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}
