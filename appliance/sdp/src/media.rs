//! One media section: an m= line and what stands below it (RFC 8866 §5.14).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::address::{self, Remote};
use crate::attribute::Attribute;
use crate::codec::{self, Codec};
use crate::direction::Direction;
use crate::session::{Line, Session};
use crate::transport::Transport;

/// A media section of a [`Session`].
#[derive(Clone, Copy)]
pub struct Media<'a> {
    pub(crate) session: &'a Session,
    pub(crate) section: &'a Section,
    pub(crate) end: usize,
}

impl<'a> Media<'a> {
    /// Audio, video, fax, ...
    pub fn kind(&self) -> Kind {
        self.section.kind
    }

    /// The port that the sender receives on; 0 means refused or switched off (RFC 3264 §6, §8.2).
    pub fn port(&self) -> u16 {
        self.section.port
    }

    /// How many port pairs were asked for; 1 unless the line says `port/count`. The box relays the first.
    pub fn port_count(&self) -> u16 {
        self.section.port_count
    }

    /// What carries it.
    pub fn transport(&self) -> Transport {
        self.section.transport
    }

    /// The formats in order of preference: payload types for RTP, `t38` for fax.
    pub fn formats(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.words().skip(3)
    }

    /// Whether the line is in use: its port is not 0.
    pub fn is_active(&self) -> bool {
        self.port() != 0
    }

    /// Whether the box can relay the line: in use, and over UDP. It then wants a [`crate::LocalMedia`].
    pub fn is_relayable(&self) -> bool {
        self.is_active() && self.transport().is_udp()
    }

    /// The IP address of the c= line, its own or the session's; `None` for a host name or none at all.
    pub fn connection(&self) -> Option<IpAddr> {
        let own = self.lines().find(|line| line.kind == b'c');
        let line = own.or_else(|| self.session.session_lines().find(|line| line.kind == b'c'))?;
        address::of_connection(line.value)
    }

    /// Where media and RTCP are to be sent; `None` for a line out of use, one held by zero address, and
    /// an address that is a name or not of one host. RTCP goes to a=rtcp (RFC 3605) or to the next port.
    pub fn remote(&self) -> Option<Remote> {
        let address = self.connection().filter(|address| address::is_of_one_host(*address))?;
        if !self.is_active() {
            return None;
        }
        let rtp = SocketAddr::new(address, self.port());
        let next = SocketAddr::new(address, self.port().checked_add(1).unwrap_or(self.port()));
        let rtcp = self.attribute("rtcp").and_then(|value| address::of_rtcp(value, address));
        Some(Remote { rtp, rtcp: rtcp.unwrap_or(next) })
    }

    /// Whether the sender would share one port for RTP and RTCP (RFC 5761). The box does not offer it.
    pub fn rtcp_mux(&self) -> bool {
        self.attribute("rtcp-mux").is_some()
    }

    /// Which way media flows from the sender's side: its own word, else the session's, else both ways.
    /// A zero address takes away listening: that is how RFC 2543 phones hold (RFC 3264 §8.4).
    pub fn direction(&self) -> Direction {
        let stated = self.stated_direction().unwrap_or(Direction::SendRecv);
        if !self.is_held_by_address() {
            return stated;
        }
        stated.within(Direction::SendOnly)
    }

    /// The RTP codecs in order of preference, static payload types included (RFC 3551 §6).
    pub fn codecs(&self) -> Vec<Codec<'a>> {
        codec::of_media(self)
    }

    /// The payload type of RFC 4733 telephone events, which carry the keys pressed.
    pub fn telephone_event(&self) -> Option<u8> {
        self.codecs().into_iter().find(Codec::is_telephone_event).map(|codec| codec.payload_type)
    }

    /// Milliseconds of media in a packet, where `a=ptime` says so (RFC 8866 §6.4).
    pub fn ptime(&self) -> Option<u16> {
        self.attributes().find(|attribute| attribute.is("ptime"))?.text()?.trim().parse().ok()
    }

    /// Milliseconds of media in a packet at most, where `a=maxptime` says so (RFC 8866 §6.5).
    pub fn maxptime(&self) -> Option<u16> {
        self.attributes().find(|attribute| attribute.is("maxptime"))?.text()?.trim().parse().ok()
    }

    /// In which element of the header extension its sender says how loud his sound is (RFC 6464 §4), if
    /// he does.
    pub fn audio_level(&self) -> Option<u8> {
        self.levels().find(|(_, way)| matches!(*way, "sendrecv" | "sendonly")).map(|it| it.0)
    }

    /// Whether its sender heeds what he is told of levels in this element.
    pub fn hears_level(&self, number: u8) -> bool {
        self.levels().any(|(it, way)| it == number && matches!(way, "sendrecv" | "recvonly"))
    }

    /// Numbers and directions: `1/sendonly urn:... vad=on` (RFC 8285 §5).
    fn levels(&self) -> impl Iterator<Item = (u8, &'a str)> + use<'a> {
        let extensions = self.attributes().filter(|attribute| attribute.is("extmap"));
        extensions.filter_map(|attribute| {
            let mut words = attribute.text()?.split_ascii_whitespace();
            let (number, name) = (words.next()?, words.next()?);
            let (number, way) = number.split_once('/').unwrap_or((number, "sendrecv"));
            let number = number.parse().ok().filter(|number| *number > 0)?;
            (name == AUDIO_LEVEL).then_some((number, way))
        })
    }

    /// The section's own attributes, in order.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        self.lines().filter_map(Line::attribute)
    }

    /// The value of the section's first attribute of that name; empty for a flag.
    pub fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes().find(|attribute| attribute.is(name)).map(|found| found.value)
    }

    /// Whether it carries sound and is not refused.
    pub fn is_active_audio(&self) -> bool {
        self.is_active() && self.kind() == Kind::Audio
    }

    pub(crate) fn stated_direction(&self) -> Option<Direction> {
        self.attributes().find_map(Attribute::direction).or_else(|| self.session.stated_direction())
    }

    /// The lines below the m= line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let session: &'a Session = self.session;
        session.lines_within(self.section.first_line + 1, self.end)
    }

    /// The words of the m= line: type, port, transport, formats.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let session: &'a Session = self.session;
        let line = session.lines_within(self.section.first_line, self.end).next();
        let value = line.map_or(&[][..], |line| line.value);
        std::str::from_utf8(value).unwrap_or_default().split_ascii_whitespace()
    }

    /// Port 9 with a zero address is no hold but ICE that has no address yet (RFC 8840 §4.1.1).
    fn is_held_by_address(&self) -> bool {
        self.connection().is_some_and(|address| address.is_unspecified()) && self.port() != DISCARD
    }
}

impl fmt::Debug for Media<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m=")?;
        self.words().enumerate().try_for_each(|(nth, word)| {
            f.write_str(if nth == 0 { "" } else { " " })?;
            f.write_str(word)
        })
    }
}

/// What a media section is for: the first word of its m= line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Speech.
    Audio,
    /// Pictures that move.
    Video,
    /// Fax (T.38).
    Image,
    /// Real-time text (RFC 4103).
    Text,
    /// Floor control, data channels, far-end camera control, ...
    Application,
    /// MSRP (RFC 4975).
    Message,
    /// A type the box does not know.
    Other,
}

impl Kind {
    pub(crate) fn of(token: &str) -> Self {
        let known = KINDS.iter().find(|(name, _)| token.eq_ignore_ascii_case(name));
        known.map_or(Self::Other, |(_, kind)| *kind)
    }
}

/// A parsed m= line and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) first_line: usize,
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    pub(crate) port_count: u16,
    pub(crate) transport: Transport,
}

const KINDS: [(&str, Kind); 6] = [
    ("audio", Kind::Audio),
    ("video", Kind::Video),
    ("image", Kind::Image),
    ("text", Kind::Text),
    ("application", Kind::Application),
    ("message", Kind::Message),
];

/// The discard port (RFC 863).
const DISCARD: u16 = 9;

/// RFC 6464 §4.
pub const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
