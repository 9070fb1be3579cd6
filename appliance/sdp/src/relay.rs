//! What of one leg's description the other leg may see, for offers and answers alike.
//!
//! Kept: media lines, formats, bandwidth, timing, keys, and every attribute that does not belong to one
//! leg. Left out: who wrote it (o=, s=, i=, u=, e=, p=), and any line in which an address stands, be it
//! of IP or `user@host`.

use std::net::{IpAddr, SocketAddr};

use crate::address;
use crate::direction::Direction;
use crate::media::Media;
use crate::origin::Origin;
use crate::print::Print;
use crate::session::{Line, Session};

/// Where the box receives one media line: what c=, m= and a=rtcp shall say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// RTP, or the one port of what is not RTP.
    pub rtp: SocketAddr,
    /// RTCP; a=rtcp is written unless it is the next port of the same address.
    pub rtcp: SocketAddr,
}

impl LocalMedia {
    /// A port pair: RTP on `port`, RTCP on the next.
    pub fn at(address: IpAddr, port: u16) -> Self {
        let rtcp = SocketAddr::new(address, port.saturating_add(1));
        Self { rtp: SocketAddr::new(address, port), rtcp }
    }

    fn needs_rtcp_line(&self) -> bool {
        let next = self.rtp.port().checked_add(1);
        self.rtcp.ip() != self.rtp.ip() || next != Some(self.rtcp.port())
    }
}

/// The session part of a description, and then its media sections one by one.
pub(crate) struct Relay {
    print: Print,
    /// The address of the session's c= line: only a section elsewhere has one of its own.
    address: IpAddr,
}

impl Relay {
    /// Writes who the box is on this leg, and where.
    pub(crate) fn begin(origin: &Origin, local: &[Option<LocalMedia>], expected: usize) -> Self {
        let first = local.iter().flatten().next();
        let address = first.map_or(origin.address, |local| local.rtp.ip());
        let mut print = Print::with_capacity(expected + SPARE);
        print.line(Line { kind: b'v', value: b"0" });
        print.origin(origin);
        print.line(Line { kind: b's', value: b"-" });
        print.connection(address);
        Self { print, address }
    }

    /// Writes the session part: what `theirs` says, with the t= lines of `offer`, which the answer must
    /// repeat (RFC 3264 §6).
    pub(crate) fn session(&mut self, theirs: &Session, offer: &Session) {
        self.pass(theirs.session_lines().filter(|line| line.kind == b'b'));
        self.timing(offer);
        self.pass(theirs.session_lines().filter(|line| line.kind == b'k'));
        self.pass(theirs.session_lines().filter(is_description));
    }

    /// Phones leave t= out; it is mandatory (RFC 8866 §5.9).
    pub(crate) fn timing(&mut self, offer: &Session) {
        if !offer.session_lines().any(|line| line.kind == b't') {
            self.print.line(Line { kind: b't', value: b"0 0" });
        }
        self.pass(offer.session_lines().filter(|line| matches!(line.kind, b't' | b'r' | b'z')));
    }

    /// Writes one media line that the box relays, as `media` says it.
    pub(crate) fn media(&mut self, media: &Media<'_>, local: LocalMedia, direction: Direction) {
        self.media_line(media, local);
        self.pass(media.lines().filter(|line| matches!(line.kind, b'b' | b'k')));
        self.rtcp(media, local);
        self.pass(media.lines().filter(is_description));
        if direction != Direction::SendRecv || media.stated_direction().is_some() {
            self.print.direction(direction);
        }
    }

    /// Writes one media line that the box answers by itself: the formats offered, and no media for now.
    pub(crate) fn inactive(&mut self, media: &Media<'_>, local: LocalMedia) {
        let of_formats = |line: &Line<'_>| line.attribute().is_some_and(|a| a.is_of_formats());
        self.media_line(media, local);
        self.rtcp(media, local);
        self.pass(media.lines().filter(of_formats));
        self.print.direction(Direction::Inactive);
    }

    /// Writes a media line that is refused: port 0 and nothing below (RFC 3264 §6).
    pub(crate) fn refused(&mut self, media: &Media<'_>) {
        self.print.media(media, 0);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.print.finish()
    }

    fn media_line(&mut self, media: &Media<'_>, local: LocalMedia) {
        self.print.media(media, local.rtp.port());
        if local.rtp.ip() != self.address {
            self.print.connection(local.rtp.ip());
        }
    }

    fn rtcp(&mut self, media: &Media<'_>, local: LocalMedia) {
        if media.transport().is_rtp() && local.needs_rtcp_line() {
            self.print.rtcp(local.rtcp);
        }
    }

    fn pass<'a>(&mut self, lines: impl Iterator<Item = Line<'a>>) {
        lines.filter(may_be_seen).for_each(|line| self.print.line(line));
    }
}

/// Attributes and lines of a type that the box does not know. The others have their own places; what is
/// not `x=` at all is noise; i=, u=, e= and p= tell who is there.
fn is_description(line: &Line<'_>) -> bool {
    !matches!(line.kind, 0 | b'v' | b'o' | b's' | b'i' | b'u' | b'e' | b'p' | b'c' | b'b')
        && !matches!(line.kind, b't' | b'r' | b'z' | b'k' | b'm')
}

fn may_be_seen(line: &Line<'_>) -> bool {
    let attribute = line.attribute();
    let of_one_leg = attribute.is_some_and(|a| a.is_of_one_leg() || a.direction().is_some());
    !of_one_leg
        && !line.value.iter().any(|byte| TELLING.contains(byte))
        && !address::appears(line.value)
}

/// `@` stands in `user@host`, as in the canonical names of a=ssrc (RFC 5576 §6.1); a carriage return or
/// NUL inside a line is a line end to another reader.
const TELLING: [u8; 3] = [b'@', b'\r', 0];
/// Room for what the box's own lines may be longer than the ones they replace.
const SPARE: usize = 128;
