//! The box's own transport, put on a description for a browser (RFC 8829 §5).

use super::{MID, Ssrc};
use crate::media::{AUDIO_LEVEL, Kind, Media};
use crate::print::Print;
use crate::session::{Line, Session};
use std::fmt::Write;
use std::net::SocketAddr;

/// What the box says of its transport.
#[derive(Clone, Debug)]
pub struct Dress<'a> {
    /// `a=ice-ufrag`.
    pub user: &'a str,
    /// `a=ice-pwd`.
    pub password: &'a str,
    /// The SHA-256 digest of the box's certificate.
    pub fingerprint: [u8; 32],
    /// `actpass` in an offer, else who begins the handshake (RFC 5763 §5).
    pub setup: &'static str,
    /// Where the box listens, best first.
    pub candidates: &'a [SocketAddr],
    /// The header extension that says to which line a packet belongs.
    pub mid_extension: Option<u8>,
    /// The header extension that says how loud the browser's sound is, which the box heeds (RFC 6464).
    pub level_extension: Option<u8>,
    /// One for each media line.
    pub lines: Vec<DressLine<'a>>,
}

/// What the box says of one media line.
#[derive(Clone, Debug)]
pub struct DressLine<'a> {
    /// `a=mid`.
    pub mid: &'a str,
    /// The stream that the box sends.
    pub stream: Ssrc,
    /// Payload types under which others are repeated: the other one first.
    pub resends: Vec<(u8, u8)>,
}

/// Puts the transport on what the box would say to a telephone. Lines out of use stay bare.
pub fn dress(plain: &Session, dress: &Dress<'_>) -> Vec<u8> {
    let mut print = Print::with_capacity(plain.as_bytes().len() + SPARE * plain.media().len());
    plain.session_lines().for_each(|line| print.line(line));
    let lines = || plain.media().zip(&dress.lines);
    let mut bundle = String::new();
    for (_, line) in lines().filter(|(media, _)| media.is_active()) {
        let _ = write!(bundle, " {}", line.mid);
    }
    print.own(format_args!("a=ice-lite"));
    print.own(format_args!("a=group:BUNDLE{bundle}"));
    for (media, line) in lines() {
        put_on(&mut print, &media, line, dress);
    }
    print.finish()
}

fn put_on(print: &mut Print, media: &Media<'_>, line: &DressLine<'_>, dress: &Dress<'_>) {
    let said = |(of, _): &&(u8, u8)| media.formats().any(|format| format.parse() == Ok(*of));
    let resends: Vec<(u8, u8)> = line.resends.iter().filter(said).copied().collect();
    let repeated = resends.iter().map(|(_, number)| number.to_string());
    let formats = media.formats().map(str::to_owned).chain(repeated);
    print.media_line(media, media.port(), Some("UDP/TLS/RTP/SAVPF"), formats);
    if !media.is_active() {
        return print.own(format_args!("a=mid:{}", line.mid));
    }
    // Reports and extensions are the transport's own.
    let of_transport = |line: &Line<'_>| {
        let own = ["rtcp-fb", "rtcp-xr", "extmap"];
        line.attribute().is_some_and(|it| own.iter().any(|name| it.is(name)))
    };
    media.lines().filter(|line| !of_transport(line)).for_each(|line| print.line(line));
    // A telephone knows what 8 is; a browser is told each (RFC 8829 §5.2.1).
    for codec in media.codecs().iter().filter(|codec| !codec.name.is_empty()) {
        let (number, name, clock) = (codec.payload_type, codec.name, codec.clock);
        if !is_mapped(media, number) {
            print.own(format_args!("a=rtpmap:{number} {name}/{clock}"));
        }
    }
    for (of, number) in &resends {
        print.own(format_args!("a=rtpmap:{number} rtx/90000"));
        print.own(format_args!("a=fmtp:{number} apt={of}"));
    }
    if media.kind() == Kind::Video {
        for feedback in FEEDBACK {
            print.own(format_args!("a=rtcp-fb:* {feedback}"));
        }
    }
    print.own(format_args!("a=mid:{}", line.mid));
    print.own(format_args!("a=rtcp-mux"));
    print.own(format_args!("a=ice-ufrag:{}", dress.user));
    print.own(format_args!("a=ice-pwd:{}", dress.password));
    print.own(format_args!("a=fingerprint:sha-256 {}", digest(&dress.fingerprint)));
    print.own(format_args!("a=setup:{}", dress.setup));
    if let Some(number) = dress.mid_extension {
        print.own(format_args!("a=extmap:{number} {MID}"));
    }
    if let Some(number) = dress.level_extension.filter(|_| media.kind() == Kind::Audio) {
        print.own(format_args!("a=extmap:{number}/recvonly {AUDIO_LEVEL}"));
    }
    let Ssrc { ssrc, resend } = line.stream;
    print.own(format_args!("a=msid:{STREAM} {}", line.mid));
    let resend = resend.filter(|_| !resends.is_empty());
    if let Some(resend) = resend {
        print.own(format_args!("a=ssrc-group:FID {ssrc} {resend}"));
    }
    // Chromium takes the first for the one with the pictures.
    for ssrc in [Some(ssrc), resend].into_iter().flatten() {
        print.own(format_args!("a=ssrc:{ssrc} cname:{STREAM}"));
    }
    for (nth, at) in dress.candidates.iter().enumerate() {
        let (priority, ip, port) = (priority(nth), at.ip().to_canonical(), at.port());
        let nth = nth + 1;
        print.own(format_args!("a=candidate:{nth} 1 UDP {priority} {ip} {port} typ host"));
    }
    print.own(format_args!("a=end-of-candidates"));
}

/// Whether a description says itself what a payload type is.
fn is_mapped(media: &Media<'_>, number: u8) -> bool {
    let mut maps = media.attributes().filter(|attribute| attribute.is("rtpmap"));
    maps.any(|map| {
        let of = map.text().and_then(|text| text.split(' ').next());
        of.and_then(|of| of.parse().ok()) == Some(number)
    })
}

/// Of a host candidate for RTP (RFC 8445 §5.1.2.1); those named first are better.
fn priority(nth: usize) -> u32 {
    let local = 65_535_u32.saturating_sub(u32::try_from(nth).unwrap_or(u32::MAX));
    126 << 24 | local << 8 | 255
}

/// `6B:8B:...` (RFC 8122 §5).
fn digest(octets: &[u8; 32]) -> String {
    let mut text = String::with_capacity(96);
    for octet in octets {
        let separator = if text.is_empty() { "" } else { ":" };
        let _ = write!(text, "{separator}{octet:02X}");
    }
    text
}

/// RFC 4585 §4.2, RFC 5104 §7.1.
const FEEDBACK: [&str; 3] = ["nack", "nack pli", "ccm fir"];
/// What the box's streams are called.
const STREAM: &str = "strowger";
/// Room for what is put on one line.
const SPARE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_the_transport_of_each_line_in_use() {
        let plain = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
            m=audio 8443 RTP/AVP 0\r\na=sendrecv\r\nm=video 0 RTP/AVP 96\r\n";
        let candidates = ["192.0.2.1:8443".parse().unwrap(), "[2001:db8::1]:8443".parse().unwrap()];
        let line = |mid| DressLine {
            mid,
            stream: Ssrc { ssrc: 7, resend: Some(8) },
            resends: vec![(96, 97)],
        };
        let own = Dress {
            user: "ours",
            password: "0123456789012345678901",
            fingerprint: [0xab; 32],
            setup: "passive",
            candidates: &candidates,
            mid_extension: Some(4),
            level_extension: Some(1),
            lines: vec![line("0"), line("1")],
        };
        let session = Session::parse(plain.as_bytes()).unwrap();
        let text = String::from_utf8(dress(&session, &own)).unwrap();
        let digest = ["AB"; 32].join(":");
        let expected = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
            a=ice-lite\r\na=group:BUNDLE 0\r\n\
            m=audio 8443 UDP/TLS/RTP/SAVPF 0\r\na=sendrecv\r\na=rtpmap:0 PCMU/8000\r\na=mid:0\r\n\
            a=rtcp-mux\r\na=ice-ufrag:ours\r\na=ice-pwd:0123456789012345678901\r\n\
            a=fingerprint:sha-256 {digest}\r\na=setup:passive\r\n\
            a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
            a=extmap:1/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=msid:strowger 0\r\n\
            a=ssrc:7 cname:strowger\r\n\
            a=candidate:1 1 UDP 2130706431 192.0.2.1 8443 typ host\r\n\
            a=candidate:2 1 UDP 2130706175 2001:db8::1 8443 typ host\r\na=end-of-candidates\r\n\
            m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\n"
        );
        assert_eq!(text, expected);
        let webrtc = Session::parse(text.as_bytes()).unwrap();
        assert_eq!(webrtc.webrtc().unwrap().user, "ours");
    }
}
