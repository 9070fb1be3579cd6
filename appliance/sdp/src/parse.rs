//! Finding the lines and media sections of a description (RFC 8866 §5, §9), and refusing what is none.
//!
//! Phones leave out s= and t=, put a= before c=, end lines with a bare LF and write session ids of 20
//! digits: all of that is read. Only what the box must understand to relay media, the m= line, is strict.

use crate::address;
use crate::media::{Kind, Section};
use crate::session::{Session, Span};
use crate::transport::Transport;

impl Session {
    /// Indexes `text`; unknown lines, odd order and missing lines are kept as they are.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        if text.len() > MAX_BYTES {
            return Err(Malformed::TooLong);
        }
        if !text.starts_with(b"v=") {
            return Err(Malformed::NotADescription);
        }
        let mut lines = Vec::with_capacity(text.len() / TYPICAL_LINE + 1);
        let mut sections = Vec::with_capacity(1);
        let mut start = 0;
        for line in text.split(|byte| *byte == b'\n') {
            let next = start + line.len() + 1;
            let line = without_carriage_return(line);
            if !line.is_empty() {
                if lines.len() == MAX_LINES {
                    return Err(Malformed::TooManyLines);
                }
                if let [b'm', b'=', media @ ..] = line {
                    if sections.len() == MAX_MEDIA {
                        return Err(Malformed::TooManyMedia);
                    }
                    sections.push(section(media, lines.len())?);
                }
                lines.push(span(start, line.len())?);
            }
            start = next;
        }
        Ok(Self { text: text.into(), lines: lines.into(), sections: sections.into() })
    }
}

/// Why bytes are not a description; the sender is at fault (SIP answers 400, or 488 to an offer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It does not begin with `v=` (RFC 8866 §5.1).
    NotADescription,
    /// More than 64 KiB, which no datagram carries.
    TooLong,
    /// More than 2,048 lines.
    TooManyLines,
    /// More than 64 media sections.
    TooManyMedia,
    /// An m= line without type, port (0 to 65535) and transport in visible ASCII, with an IP address in
    /// it, or with more than 256 formats (RFC 8866 §5.14).
    MediaLine,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotADescription => "session description does not begin with v=",
            Self::TooLong => "session description is longer than 64 KiB",
            Self::TooManyLines => "session description has too many lines",
            Self::TooManyMedia => "session description has too many media lines",
            Self::MediaLine => "media line (m=) cannot be read",
        })
    }
}

impl std::error::Error for Malformed {}

fn without_carriage_return(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    line
}

fn span(start: usize, length: usize) -> Result<Span, Malformed> {
    let start = u16::try_from(start).map_err(|_| Malformed::TooLong)?;
    let length = u16::try_from(length).map_err(|_| Malformed::TooLong)?;
    let end = start.checked_add(length).ok_or(Malformed::TooLong)?;
    Ok(Span { start, end })
}

fn section(value: &[u8], first_line: usize) -> Result<Section, Malformed> {
    let visible = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    if !visible || address::appears(value) {
        return Err(Malformed::MediaLine);
    }
    let mut tokens =
        std::str::from_utf8(value).map_err(|_| Malformed::MediaLine)?.split_ascii_whitespace();
    let (Some(kind), Some(ports), Some(transport)) = (tokens.next(), tokens.next(), tokens.next())
    else {
        return Err(Malformed::MediaLine);
    };
    if tokens.count() > MAX_FORMATS {
        return Err(Malformed::MediaLine);
    }
    let (port, port_count) = ports.split_once('/').unwrap_or((ports, "1"));
    Ok(Section {
        first_line,
        kind: Kind::of(kind),
        port: number(port)?,
        port_count: number(port_count)?,
        transport: Transport::of(transport),
    })
}

fn number(digits: &str) -> Result<u16, Malformed> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed::MediaLine);
    }
    digits.parse().map_err(|_| Malformed::MediaLine)
}

/// One datagram (RFC 768).
const MAX_BYTES: usize = 65_535;
/// A browser's offer of ten video streams has about 1,500 lines.
const MAX_LINES: usize = 2_048;
/// A call has one to three; a conference of browsers some twenty.
const MAX_MEDIA: usize = 64;
/// Twice the payload types of RTP (RFC 3550 §5.1).
const MAX_FORMATS: usize = 256;
/// Bytes of a line in descriptions of desk phones: makes the index one allocation.
const TYPICAL_LINE: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn media_line(line: &str) -> Result<Session, Malformed> {
        Session::parse(format!("v=0\r\nm={line}\r\n").as_bytes())
    }

    #[test]
    fn a_media_line_needs_a_type_a_port_and_a_transport() {
        assert!(media_line("audio 5000 RTP/AVP 0").is_ok());
        assert!(media_line("audio 0 RTP/AVP").is_ok(), "phones refuse so");
        for line in ["", "audio", "audio 5000", "audio x RTP/AVP 0", "audio 65536 RTP/AVP 0"] {
            assert_eq!(media_line(line), Err(Malformed::MediaLine), "{line}");
        }
        for line in ["audio -1 RTP/AVP 0", "audio +5 RTP/AVP 0", "audio 5000/ RTP/AVP 0"] {
            assert_eq!(media_line(line), Err(Malformed::MediaLine), "{line}");
        }
    }

    #[test]
    fn a_media_line_cannot_smuggle_a_line_end_or_an_address() {
        assert_eq!(media_line("audio 5000 RTP/AVP 0\rc=IN IP4 x"), Err(Malformed::MediaLine));
        assert_eq!(media_line("audio 5000 RTP/AVP 0\0"), Err(Malformed::MediaLine));
        assert_eq!(media_line("audio 5000 RTP/AVP 10.0.0.1"), Err(Malformed::MediaLine));
    }

    #[test]
    fn what_is_no_description_is_refused() {
        for text in [&b""[..], b"\r\nv=0", b"<xml/>", b"o=- 1 1 IN IP4 192.0.2.1"] {
            assert_eq!(Session::parse(text), Err(Malformed::NotADescription));
        }
    }

    #[test]
    fn every_bound_is_held() {
        let text = |line: &str, times: usize| ["v=0\n", &line.repeat(times)].concat().into_bytes();
        assert_eq!(Session::parse(&text("a", 65_532)), Err(Malformed::TooLong));
        assert!(Session::parse(&text("a", 65_531)).is_ok());
        assert_eq!(Session::parse(&text("a=\n", 2_048)), Err(Malformed::TooManyLines));
        assert!(Session::parse(&text("a=\n", 2_047)).is_ok());
        assert_eq!(Session::parse(&text("m=a 0 b c\n", 65)), Err(Malformed::TooManyMedia));
        assert!(Session::parse(&text("m=a 0 b c\n", 64)).is_ok());
        assert!(media_line(&["a 0 b", &" 1".repeat(256)].concat()).is_ok());
        assert_eq!(media_line(&["a 0 b", &" 1".repeat(257)].concat()), Err(Malformed::MediaLine));
    }

    #[test]
    fn a_media_line_may_ask_for_several_ports_in_any_case_and_spacing() {
        let session = media_line("VIDEO  49170/2\tRTP/AVP  31 ").unwrap();
        let media = session.media_at(0).unwrap();
        assert_eq!((media.kind(), media.port(), media.port_count()), (Kind::Video, 49170, 2));
        assert_eq!(media.transport(), Transport::RtpAvp);
        assert_eq!(media.formats().collect::<Vec<_>>(), ["31"]);
    }
}
