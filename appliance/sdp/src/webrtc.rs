//! What a browser says of its transport (RFC 8829), and the same description without it.
//!
//! A browser wants ICE (RFC 8839), DTLS-SRTP (RFC 5763), one port for all its lines (RFC 9143) and for
//! RTCP too (RFC 5761). All that is between it and the box: [`undress`] takes it off, so that what is left
//! can be said to any telephone, and [`dress`] puts the box's own on.

mod dress;

pub use dress::{Dress, DressLine, dress};

use crate::attribute::Attribute;
use crate::formats::is_about;
use crate::media::{Kind, Media};
use crate::print::Print;
use crate::session::{Line, Session};
use crate::transport::Transport;

/// What a browser says of its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webrtc<'a> {
    /// `a=ice-ufrag`.
    pub user: &'a str,
    /// `a=ice-pwd`.
    pub password: &'a str,
    /// The SHA-256 digest of its certificate.
    pub fingerprint: [u8; 32],
    /// It waits for the other side to begin the handshake (`a=setup:passive`).
    pub passive: bool,
    /// The header extension that says to which line a packet belongs.
    pub mid_extension: Option<u8>,
    /// The header extension that says how loud its sound is (RFC 6464).
    pub level_extension: Option<u8>,
    /// One for each media line.
    pub lines: Vec<WebrtcLine<'a>>,
}

/// What a browser says of one media line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebrtcLine<'a> {
    /// `a=mid`; empty where there is none.
    pub mid: &'a str,
    /// Its streams (RFC 5576).
    pub streams: Vec<Ssrc>,
    /// Payload types that repeat another one (RFC 4588 §8.6): the other one first.
    pub resends: Vec<(u8, u8)>,
}

/// A stream, and the one in which its packets are sent again (`a=ssrc-group:FID`, RFC 5576 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ssrc {
    /// Its SSRC.
    pub ssrc: u32,
    /// That of the repetitions.
    pub resend: Option<u32>,
}

impl Session {
    /// What a browser says of its transport; `None` when this is no browser's description, or one of
    /// which it cannot be told who is to be believed.
    pub fn webrtc(&self) -> Option<Webrtc<'_>> {
        let first = self.media().find(|media| media.is_active() && is_dtls(media))?;
        let of_first = |name: &str| first.attribute(name).or_else(|| self.attribute(name));
        let user = word(of_first("ice-ufrag")?, 4)?;
        let password = word(of_first("ice-pwd")?, 22)?;
        let own = first.attributes().chain(self.session_attributes());
        let fingerprint = own.filter(|it| it.is("fingerprint")).find_map(sha_256)?;
        let extensions = |media: Media<'_>| media.attributes().find_map(mid_extension);
        let lines: Vec<WebrtcLine<'_>> = self.media().map(|media| WebrtcLine::of(&media)).collect();
        let plain = |line: &WebrtcLine<'_>| line.mid.bytes().all(|b| b.is_ascii_alphanumeric());
        Some(Webrtc {
            user,
            password,
            fingerprint,
            passive: of_first("setup") == Some(b"passive"),
            // Media says it in letters and digits only.
            mid_extension: self.media().find_map(extensions).filter(|_| lines.iter().all(plain)),
            level_extension: self.media().find_map(|media| level_extension(&media)),
            lines,
        })
    }
}

/// A browser's description as a telephone would have said it; `None` when it is no browser's.
pub fn undress(session: &Session) -> Option<Session> {
    session.webrtc()?;
    let mut print = Print::with_capacity(session.as_bytes().len());
    session.session_lines().filter(may_stay).for_each(|line| print.line(line));
    for media in session.media() {
        if !is_dtls(&media) {
            // A data channel.
            print.media(&media, 0);
            continue;
        }
        let unsaid: Vec<u8> = media
            .codecs()
            .iter()
            .filter(|codec| UNSAID.iter().any(|name| codec.name.eq_ignore_ascii_case(name)))
            .map(|codec| codec.payload_type)
            .collect();
        let is_said = |format: &&str| format.parse().is_ok_and(|number| !unsaid.contains(&number));
        print.media_line(&media, media.port(), Some("RTP/AVP"), media.formats().filter(is_said));
        let is_video = media.kind() == Kind::Video;
        let stays = |line: &Line<'_>| {
            may_stay(line) && !is_about(&unsaid, line) && (is_video || !is_feedback(line))
        };
        media.lines().filter(stays).for_each(|line| print.line(line));
    }
    Session::parse(&print.finish()).ok()
}

impl<'a> WebrtcLine<'a> {
    fn of(media: &Media<'a>) -> Self {
        let mut streams: Vec<Ssrc> = Vec::new();
        for attribute in media.attributes().filter(|attribute| attribute.is("ssrc-group")) {
            let mut words = attribute.text().unwrap_or_default().split_ascii_whitespace();
            let of_repetition = words.next() == Some("FID");
            let mut numbers = words.filter_map(|word| word.parse().ok());
            if let (true, Some(ssrc), resend) = (of_repetition, numbers.next(), numbers.next())
                && streams.len() < MOST_STREAMS
            {
                streams.push(Ssrc { ssrc, resend });
            }
        }
        for attribute in media.attributes().filter(|attribute| attribute.is("ssrc")) {
            let first = attribute.text().and_then(|text| text.split_ascii_whitespace().next());
            let Some(ssrc) = first.and_then(|text| text.parse().ok()) else { continue };
            let known = streams.iter().any(|it| it.ssrc == ssrc || it.resend == Some(ssrc));
            if !known && streams.len() < MOST_STREAMS {
                streams.push(Ssrc { ssrc, resend: None });
            }
        }
        let codecs = media.codecs();
        let resends = codecs.iter().filter(|codec| codec.name.eq_ignore_ascii_case("rtx"));
        let resends = resends.filter_map(|codec| {
            let of = codec.fmtp?.split(';').find_map(|it| it.trim().strip_prefix("apt="))?;
            Some((of.parse().ok()?, codec.payload_type))
        });
        let mid = media.attribute("mid").and_then(|mid| word(mid, 1));
        let mid = mid.filter(|mid| mid.len() <= LONGEST_MID).unwrap_or_default();
        Self { mid, streams, resends: resends.collect() }
    }
}

fn is_dtls(media: &Media<'_>) -> bool {
    matches!(media.transport(), Transport::DtlsSavpf | Transport::DtlsSavp)
}

/// What stands behind the colon, if it is one printable word of that length.
fn word(value: &[u8], least: usize) -> Option<&str> {
    let text = std::str::from_utf8(value.trim_ascii()).ok()?;
    let good = text.bytes().all(|byte| byte.is_ascii_graphic());
    (good && (least..=LONGEST_WORD).contains(&text.len())).then_some(text)
}

/// `sha-256 6B:8B:...` (RFC 8122 §5).
fn sha_256(attribute: Attribute<'_>) -> Option<[u8; 32]> {
    let (hash, digest) = attribute.text()?.split_once(' ')?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut octets = digest.trim().split(':').map(|pair| u8::from_str_radix(pair, 16).ok());
    let mut found = [0; 32];
    for octet in &mut found {
        *octet = octets.next()??;
    }
    octets.next().is_none().then_some(found)
}

/// `4 urn:...:mid` or `4/sendrecv urn:...:mid` (RFC 8285 §5).
fn mid_extension(attribute: Attribute<'_>) -> Option<u8> {
    if !attribute.is("extmap") {
        return None;
    }
    let mut words = attribute.text()?.split_ascii_whitespace();
    let (number, name) = (words.next()?, words.next()?);
    let number = number.split('/').next()?.parse().ok()?;
    (name == MID && (1..=14).contains(&number)).then_some(number)
}

/// In one octet with its length, as all of a browser's.
fn level_extension(media: &Media<'_>) -> Option<u8> {
    let number = media.audio_level().filter(|number| *number <= 14)?;
    (media.kind() == Kind::Audio).then_some(number)
}

fn may_stay(line: &Line<'_>) -> bool {
    let Some(attribute) = line.attribute() else { return true };
    let feedback = is_feedback(line) && !is_key_frame_request(attribute);
    !feedback && !attribute.is_of_one_leg() && !OF_WEBRTC.iter().any(|name| attribute.is(name))
}

fn is_feedback(line: &Line<'_>) -> bool {
    line.attribute().is_some_and(|attribute| attribute.is("rtcp-fb"))
}

/// What the box passes on between a browser and a telephone: RFC 4585 §4.2, RFC 5104 §7.1.
fn is_key_frame_request(attribute: Attribute<'_>) -> bool {
    let text = attribute.text().unwrap_or_default();
    text.ends_with(" nack pli") || text.ends_with(" ccm fir")
}

/// RFC 9143 §15.2.
pub(crate) const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// What belongs to the transport between a browser and the box.
const OF_WEBRTC: [&str; 18] = [
    "fingerprint",
    "setup",
    "tls-id",
    "connection",
    "identity",
    "mid",
    "msid",
    "msid-semantic",
    "ssrc",
    "ssrc-group",
    "extmap",
    "extmap-allow-mixed",
    "rtcp-rsize",
    "rtcp-xr",
    "rid",
    "simulcast",
    "sctp-port",
    "max-message-size",
];
/// Encodings that telephones do not speak, or that repeat others for the sake of the transport.
const UNSAID: [&str; 6] = ["rtx", "red", "ulpfec", "flexfec-03", "AV1", "H265"];
const MOST_STREAMS: usize = 4;
/// RFC 8839 §5.4.
const LONGEST_WORD: usize = 256;
/// What a header extension has room for, and is remembered.
const LONGEST_MID: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const BROWSER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS x\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
        a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n\
        a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n\
        a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendrecv\r\na=msid:x y\r\na=rtcp-mux\r\n\
        a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
        a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:126 telephone-event/8000\r\na=ssrc:1001 cname:z\r\na=ssrc:1001 msid:x y\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
        a=ice-pwd:0123456789012345678901\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n\
        a=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n\
        a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=ssrc-group:FID 2001 2002\r\n\
        a=ssrc:2001 cname:z\r\na=ssrc:2002 cname:z\r\n";

    #[test]
    fn a_browser_says_how_it_is_reached_and_believed() {
        let session = Session::parse(BROWSER.as_bytes()).unwrap();
        let webrtc = session.webrtc().unwrap();
        assert_eq!((webrtc.user, webrtc.password), ("abcd", "0123456789012345678901"));
        assert_eq!(webrtc.fingerprint, std::array::from_fn(|at| at as u8));
        assert_eq!((webrtc.passive, webrtc.mid_extension), (false, Some(4)));
        assert_eq!(webrtc.level_extension, Some(1));
        let [audio, video] = webrtc.lines.as_slice() else { panic!("{webrtc:?}") };
        assert_eq!((audio.mid, video.mid), ("0", "1"));
        assert_eq!(audio.streams, [Ssrc { ssrc: 1001, resend: None }]);
        assert_eq!(video.streams, [Ssrc { ssrc: 2001, resend: Some(2002) }]);
        assert_eq!(video.resends, [(96, 97)]);
    }

    #[test]
    fn a_telephone_is_told_nothing_of_the_transport() {
        let plain = undress(&Session::parse(BROWSER.as_bytes()).unwrap()).unwrap();
        let text = std::str::from_utf8(plain.as_bytes()).unwrap();
        let expected = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
            m=audio 9 RTP/AVP 111 0 126\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\n\
            a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
            a=rtpmap:0 PCMU/8000\r\na=rtpmap:126 telephone-event/8000\r\n\
            m=video 9 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:96 VP8/90000\r\n\
            a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack pli\r\n";
        assert_eq!(text, expected);
        assert!(plain.media_at(0).unwrap().is_plain_audio() && !plain.is_hold());
        assert_eq!(undress(&plain), None);
    }

    #[test]
    fn who_does_not_say_all_of_it_is_no_browser() {
        for (from, to) in [
            ("a=ice-ufrag:abcd\r\n", ""),
            ("sha-256", "sha-1"),
            (":1E:1F", ":1E"),
            ("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
        ] {
            let text = BROWSER.replace(from, to);
            assert_eq!(Session::parse(text.as_bytes()).unwrap().webrtc(), None, "{from}");
        }
    }
}
