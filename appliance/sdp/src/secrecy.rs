//! Encryption belongs to one leg: what one side said of its keys is taken out before the other side's
//! description is made, and the box's own is written into that.

use crate::attribute::Attribute;
use crate::media::Media;
use crate::origin::Origin;
use crate::print::Print;
use crate::session::{Line, Session};
use crate::transport::Transport;

/// What the box says of the keys of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineKeys {
    /// The transport that the line is given, `RTP/SAVP`; it keeps its own where there is none.
    pub transport: Option<&'static str>,
    /// Attributes without their `a=`: `crypto:1 AES_CM_128_HMAC_SHA1_80 inline:...`.
    pub attributes: Vec<String>,
}

impl Media<'_> {
    /// Whether the box itself can encrypt and decrypt the line: RTP whose keys are, or could be, in the
    /// description or by DTLS.
    pub fn takes_keys(&self) -> bool {
        let transport = self.transport();
        let known = transport.plain().is_some()
            || matches!(transport, Transport::RtpAvp | Transport::RtpAvpf);
        let zrtp = |attribute: Attribute<'_>| attribute.is(ZRTP);
        self.is_active() && known && !self.attributes().any(zrtp)
    }
}

impl Transport {
    /// How the same line is called without encryption; nothing where the box cannot take it off.
    fn plain(self) -> Option<&'static str> {
        match self {
            // Who encrypts by DTLS often writes the F and means nothing by it, and old phones refuse it.
            Self::RtpSavp | Self::DtlsSavp | Self::DtlsSavpf => Some("RTP/AVP"),
            Self::RtpSavpf => Some("RTP/AVPF"),
            _ => None,
        }
    }

    /// How the same line is called with encryption by keys in the description.
    pub fn encrypted(self) -> Option<&'static str> {
        match self {
            Self::RtpAvp | Self::RtpSavp => Some("RTP/SAVP"),
            Self::RtpAvpf | Self::RtpSavpf => Some("RTP/SAVPF"),
            _ => None,
        }
    }

    /// Whether its keys come by DTLS.
    pub fn is_dtls(self) -> bool {
        matches!(self, Self::DtlsSavp | Self::DtlsSavpf)
    }
}

/// `session` without anything of encryption that the box ends itself: what is said in it to the other side.
/// Nothing when there is nothing of that.
pub fn without_keys(session: &Session) -> Option<Session> {
    let ends = |media: &Media<'_>| media.takes_keys();
    let is_key = |attribute: Attribute<'_>| OF_KEYS.iter().any(|name| attribute.is(name));
    let changes = |media: &Media<'_>| {
        ends(media) && (media.transport().plain().is_some() || media.attributes().any(is_key))
    };
    // A fingerprint of the session is of those lines that the box does not end.
    let of_session = session.media().all(|media| ends(&media) || !media.is_active());
    let at_session = of_session && session.session_attributes().any(is_key);
    if !at_session && !session.media().any(|media| changes(&media)) {
        return None;
    }
    let stays = |line: &Line<'_>| line.attribute().is_none_or(|attribute| !is_key(attribute));
    let mut print = Print::with_capacity(session.as_bytes().len());
    session
        .session_lines()
        .filter(|line| !of_session || stays(line))
        .for_each(|line| print.line(line));
    for media in session.media() {
        if !ends(&media) {
            print.media(&media, media.port());
            media.lines().for_each(|line| print.line(line));
            continue;
        }
        print.media_over(&media, media.port(), media.transport().plain());
        media.lines().filter(stays).for_each(|line| print.line(line));
    }
    Session::parse(&print.finish()).ok()
}

/// Writes the box's own description `ours`, which has no keys, with those of `lines`, by their index, and
/// under this version.
pub fn with_keys(ours: &Session, origin: &Origin, lines: &[LineKeys]) -> Vec<u8> {
    let mut print = Print::with_capacity(ours.as_bytes().len() + lines.len() * SPARE);
    for line in ours.session_lines() {
        match line.kind {
            b'o' => print.origin(origin),
            _ => print.line(line),
        }
    }
    let none = LineKeys::default();
    for (index, media) in ours.media().enumerate() {
        let keys = lines.get(index).filter(|_| media.is_active()).unwrap_or(&none);
        print.media_over(&media, media.port(), keys.transport);
        media.lines().for_each(|line| print.line(line));
        for attribute in &keys.attributes {
            print.own(format_args!("a={attribute}"));
        }
    }
    print.finish()
}

/// RFC 4568 §4, RFC 8122 §5, RFC 4145 §4, RFC 8842 §5.
const OF_KEYS: [&str; 5] = ["crypto", "fingerprint", "setup", "connection", "tls-id"];
/// RFC 6189 §8: its keys are agreed on in the media, between the two far sides.
const ZRTP: &str = "zrtp-hash";
/// Room for two attributes.
const SPARE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn session(text: &str) -> Session {
        Session::parse(text.as_bytes()).unwrap()
    }

    fn plain(text: &str) -> Option<String> {
        let plain = without_keys(&session(text))?;
        Some(String::from_utf8(plain.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn keys_stay_on_their_leg() {
        let text = "v=0\r\nm=audio 1 RTP/SAVP 8\r\na=crypto:1 X inline:y\r\na=ptime:20\r\n\
            m=video 1 RTP/SAVPF 96\r\na=crypto:1 X inline:y\r\na=rtcp-fb:96 nack\r\n";
        let expected = "v=0\r\nm=audio 1 RTP/AVP 8\r\na=ptime:20\r\n\
            m=video 1 RTP/AVPF 96\r\na=rtcp-fb:96 nack\r\n";
        assert_eq!(plain(text).as_deref(), Some(expected));
        let offered = "v=0\r\nm=audio 1 RTP/AVP 8\r\na=crypto:1 X inline:y\r\n";
        assert_eq!(plain(offered).as_deref(), Some("v=0\r\nm=audio 1 RTP/AVP 8\r\n"));
        let offered = "v=0\r\na=fingerprint:sha-1 A\r\nm=audio 1 RTP/AVP 8\r\na=setup:actpass\r\n";
        assert_eq!(plain(offered).as_deref(), Some("v=0\r\nm=audio 1 RTP/AVP 8\r\n"));
    }

    #[test]
    fn a_line_by_dtls_is_as_plain_on_the_other_leg_as_any() {
        for text in [
            "v=0\r\nm=audio 1 UDP/TLS/RTP/SAVP 8\r\na=fingerprint:sha-1 A\r\na=setup:active\r\n",
            "v=0\r\na=fingerprint:sha-1 A\r\nm=audio 1 UDP/TLS/RTP/SAVP 8\r\n",
        ] {
            assert_eq!(plain(text).as_deref(), Some("v=0\r\nm=audio 1 RTP/AVP 8\r\n"));
        }
    }

    #[test]
    fn what_the_box_does_not_encrypt_is_left_as_it_is() {
        for text in [
            "v=0\r\nm=audio 1 RTP/AVP 8\r\na=ptime:20\r\n",
            "v=0\r\na=fingerprint:sha-1 A\r\nm=image 1 UDP/TLS/UDPTL t38\r\na=setup:active\r\n",
            "v=0\r\nm=audio 1 RTP/AVP 8\r\na=zrtp-hash:1.10 ab\r\n",
            "v=0\r\nm=image 1 udptl t38\r\n",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn the_boxs_own_keys_are_written_below_their_line() {
        let ours = session("v=0\r\nm=audio 1 RTP/AVP 8\r\na=ptime:20\r\nm=video 0 RTP/AVP 34\r\n");
        let origin = Origin::new(7, "192.0.2.1".parse().unwrap());
        let attributes = vec!["crypto:1 X inline:y".to_owned()];
        let keys = LineKeys { transport: Some("RTP/SAVP"), attributes };
        let written = with_keys(&ours, &origin, &[keys.clone(), keys]);
        let expected = "v=0\r\nm=audio 1 RTP/SAVP 8\r\na=ptime:20\r\na=crypto:1 X inline:y\r\n\
            m=video 0 RTP/SAVP 34\r\n";
        let expected = expected.replace("m=video 0 RTP/SAVP", "m=video 0 RTP/AVP");
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}
