//! Writing a description line by line, with CRLF (RFC 8866 §5), and the lines that are the box's own.

use std::fmt;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use crate::direction::Direction;
use crate::media::Media;
use crate::origin::Origin;
use crate::session::Line;

/// A description being written.
pub(crate) struct Print {
    text: Vec<u8>,
}

impl Print {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes) }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.text
    }

    pub(crate) fn line(&mut self, line: Line<'_>) {
        if line.kind != 0 {
            self.text.extend_from_slice(&[line.kind, b'=']);
        }
        self.text.extend_from_slice(line.value);
        self.text.extend_from_slice(b"\r\n");
    }

    pub(crate) fn origin(&mut self, origin: &Origin) {
        let Origin { session_id, version, address } = *origin;
        self.own(format_args!("o=- {session_id} {version} {}", Network(address)));
    }

    pub(crate) fn connection(&mut self, address: IpAddr) {
        self.own(format_args!("c={}", Network(address)));
    }

    /// The m= line of `media` with another port; the port count is not relayed.
    pub(crate) fn media(&mut self, media: &Media<'_>, port: u16) {
        self.media_with(media, port, media.formats());
    }

    /// The same over another transport, if one is named.
    pub(crate) fn media_over(&mut self, media: &Media<'_>, port: u16, transport: Option<&str>) {
        self.media_line(media, port, transport, media.formats());
    }

    /// The same with other formats.
    pub(crate) fn media_with(
        &mut self,
        media: &Media<'_>,
        port: u16,
        formats: impl Iterator<Item = impl AsRef<str>>,
    ) {
        self.media_line(media, port, None, formats);
    }

    /// The same over another transport, if one is named, and with other formats.
    pub(crate) fn media_line(
        &mut self,
        media: &Media<'_>,
        port: u16,
        other: Option<&str>,
        formats: impl Iterator<Item = impl AsRef<str>>,
    ) {
        let mut words = media.words();
        let (kind, _, transport) = (words.next(), words.next(), words.next());
        let transport = other.or(transport).unwrap_or_default();
        let kind = kind.unwrap_or_default();
        self.text.extend_from_slice(b"m=");
        self.text.extend_from_slice(kind.as_bytes());
        let _ = write!(self.text, " {port} ");
        self.text.extend_from_slice(transport.as_bytes());
        // RFC 8866 §9 wants a format, which some phones leave out of a line that they refuse.
        let mut formats = formats.peekable();
        if formats.peek().is_none() {
            self.text.extend_from_slice(b" 0");
        }
        for format in formats {
            self.text.push(b' ');
            self.text.extend_from_slice(format.as_ref().as_bytes());
        }
        self.text.extend_from_slice(b"\r\n");
    }

    pub(crate) fn rtcp(&mut self, rtcp: SocketAddr) {
        self.own(format_args!("a=rtcp:{} {}", rtcp.port(), Network(rtcp.ip())));
    }

    pub(crate) fn direction(&mut self, direction: Direction) {
        self.own(format_args!("a={}", direction.name()));
    }

    pub(crate) fn own(&mut self, text: fmt::Arguments<'_>) {
        // A Vec takes all that is written to it.
        let _ = self.text.write_fmt(text);
        self.text.extend_from_slice(b"\r\n");
    }
}

impl From<Vec<u8>> for Print {
    /// Goes on after `text`, which the box wrote before.
    fn from(text: Vec<u8>) -> Self {
        Self { text }
    }
}

/// `IN IP4 192.0.2.1` or `IN IP6 2001:db8::1`.
struct Network(IpAddr);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_canonical() {
            IpAddr::V4(address) => write!(f, "IN IP4 {address}"),
            IpAddr::V6(address) => write!(f, "IN IP6 {address}"),
        }
    }
}
