//! What the box says of its own sound, where nobody else is at the other end.

use super::{allows, read, restated, sounds};
use call::Codec;
use config::CodecPolicy;
use sdp::{Media, Session};

/// The box's own answer: in every encoding of the first line of sound that it speaks and the peer may, in
/// the order of the offer. Nothing when there is none.
pub(in crate::leg::sip) fn own_answer(offer: &Session, policy: &CodecPolicy) -> Option<Session> {
    let readable = sdp::without_keys(offer);
    let offer = readable.as_ref().unwrap_or(offer);
    let spoken = |media: &Media<'_>| -> Vec<sdp::Format> {
        let codecs = media.codecs();
        let speaks = |codec: &&sdp::Codec<'_>| {
            let known = read(codec);
            let noise = matches!(known, None | Some(Codec::ComfortNoise { .. }));
            !noise && (!codec.is_media() || allows(policy, codec))
        };
        codecs.iter().filter(speaks).map(restated).collect()
    };
    let is_sound = |media: &Media<'_>| media.is_plain_audio() && !sounds(media, policy).is_empty();
    let line = offer.media().position(|media| is_sound(&media))?;
    let mut text = NOBODY.to_owned();
    for (index, media) in offer.media().enumerate() {
        if index != line {
            text.push_str("m=audio 0 RTP/AVP 0\r\n");
            continue;
        }
        let feedback = media.transport() == sdp::Transport::RtpAvpf;
        text.push_str(if feedback { "m=audio 9 RTP/AVPF" } else { "m=audio 9 RTP/AVP" });
        let formats = spoken(&media);
        formats.iter().for_each(|format| text.push_str(&format!(" {}", format.payload_type)));
        text.push_str("\r\n");
        for sdp::Format { payload_type, map, fmtp } in formats {
            map.iter().for_each(|map| text.push_str(&format!("a=rtpmap:{payload_type} {map}\r\n")));
            fmtp.iter()
                .for_each(|fmtp| text.push_str(&format!("a=fmtp:{payload_type} {fmtp}\r\n")));
        }
        if let Some(extended) = media.extended_reports().attribute() {
            text.push_str(&format!("{extended}\r\n"));
        }
        if let Some(number) = media.audio_level() {
            text.push_str(&hears_levels(number));
        }
    }
    Session::parse(text.as_bytes()).ok()
}

/// The box's own offer: the best that it speaks, which `widened` completes. `before`: what this leg was
/// told last.
pub(in crate::leg::sip) fn own_offer(before: Option<&Session>) -> Option<Session> {
    let keys = before.and_then(|before| before.media().find_map(|line| line.telephone_event()));
    let keys = keys.unwrap_or(101);
    let levels = hears_levels(LEVELS);
    let text = format!(
        "{NOBODY}m=audio 9 RTP/AVP 9 {keys}\r\na=rtpmap:{keys} telephone-event/8000\r\n\
         a=fmtp:{keys} 0-16\r\na=rtcp-xr:voip-metrics rcvr-rtt=all\r\n{levels}"
    );
    Session::parse(text.as_bytes()).ok()
}

/// How the box says that a far side may tell how loud it is, which a conference makes use of (RFC 6464
/// §4).
fn hears_levels(number: u8) -> String {
    format!("a=extmap:{number}/recvonly {}\r\n", sdp::AUDIO_LEVEL)
}

/// In which element of the header extension a far side says how loud it is, line by line: where it was
/// told that somebody hears that.
pub(in crate::leg::sip) fn levels(ours: &Session, theirs: &Session) -> Vec<Option<u8>> {
    let of_line = |(ours, theirs): (Media<'_>, Media<'_>)| {
        let number = theirs.audio_level()?;
        ours.hears_level(number).then_some(number)
    };
    ours.media().zip(theirs.media()).map(of_line).collect()
}

/// Of the element in which levels are told, where the box offers it: the last that fits in one octet with
/// its length (RFC 8285 §4.2), which others who count from 1 have hardly taken.
const LEVELS: u8 = 14;
/// How a description of the box's own begins, before it has an address (RFC 8840 §4.1.1 has port 9 for
/// that).
const NOBODY: &str = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn session(media: &str) -> Session {
        Session::parse(format!("v=0\r\nc=IN IP4 192.0.2.1\r\n{media}").as_bytes()).unwrap()
    }

    #[test]
    fn levels_are_heeded_where_one_side_tells_them_and_the_other_hears_them() {
        let line = |more: &str| session(&format!("m=audio 1 RTP/AVP 8\r\n{more}"));
        let of = |way: &str| format!("a=extmap:3{way} {}\r\n", sdp::AUDIO_LEVEL);
        let told = |ours: &str, theirs: &str| levels(&line(&of(ours)), &line(&of(theirs)));
        assert_eq!(told("/recvonly", ""), [Some(3)]);
        assert_eq!(told("", "/sendonly"), [Some(3)]);
        assert_eq!(told("/recvonly", "/recvonly"), [None]);
        assert_eq!(told("/inactive", ""), [None]);
        assert_eq!(levels(&line(""), &line(&of(""))), [None]);
        let other = "a=extmap:3 urn:ietf:params:rtp-hdrext:toffset\r\n";
        assert_eq!(levels(&line(&of("")), &line(other)), [None]);
        let answer = own_answer(&line(&of(" ")), &CodecPolicy::default()).unwrap();
        assert_eq!(levels(&answer, &line(&of(" "))), [Some(3)]);
        assert!(own_offer(None).unwrap().media_at(0).unwrap().hears_level(LEVELS));
    }
}
