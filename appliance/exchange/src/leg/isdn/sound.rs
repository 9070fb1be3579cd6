//! How the channels of a line sound, and what a line says of itself to the legs of the other side.

use call::{LINE_PEER, LineLaw, LineSound};
use config::{CodecName, CodecPolicy, Trunk};
use sdp::Session;

/// How its channels sound: A-law on an E1, u-law on a T1.
pub(super) fn of(trunk: &Trunk, clear: bool) -> LineSound {
    let isdn = trunk.isdn.as_ref();
    let t1 =
        isdn.and_then(|isdn| isdn.spans.first()).is_some_and(|it| it.framing.last_slot() == 24);
    let law = if t1 { LineLaw::Mu } else { LineLaw::A };
    let cancel_echo = !clear && isdn.is_some_and(|isdn| isdn.cancels_echo);
    LineSound { law, cancel_echo, clear }
}

/// A line speaks what it speaks; data are nothing to translate.
pub(super) fn policy(sound: LineSound) -> CodecPolicy {
    if sound.clear {
        return CodecPolicy { translate: false, ..CodecPolicy::default() };
    }
    let only = match sound.law {
        LineLaw::A => CodecName::Pcma,
        LineLaw::Mu => CodecName::Pcmu,
    };
    CodecPolicy { allow: vec![only], ..CodecPolicy::default() }
}

/// What a line says of itself: in the place of the first line of sound that the other side offered, and
/// nothing in all others.
pub(super) fn described(sound: LineSound, offered: Option<&Session>) -> Option<Session> {
    let (number, map) = match (sound.clear, sound.law) {
        (true, _) => (97, "a=rtpmap:97 CLEARMODE/8000\r\n"),
        (false, LineLaw::A) => (8, "a=rtpmap:8 PCMA/8000\r\n"),
        (false, LineLaw::Mu) => (0, "a=rtpmap:0 PCMU/8000\r\n"),
    };
    let at = LINE_PEER;
    let mut text =
        format!("v=0\r\no=- 0 0 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n", at.ip());
    let place = offered.and_then(|it| it.media().position(|line| line.is_active_audio()));
    let lines = offered.map_or(1, |it| it.media().len()).max(1);
    for index in 0..lines {
        match index == place.unwrap_or(0) {
            true => {
                let port = at.port();
                text.push_str(&format!("m=audio {port} RTP/AVP {number}\r\n{map}a=ptime:20\r\n"));
            }
            false => text.push_str("m=audio 0 RTP/AVP 0\r\n"),
        }
    }
    Session::parse(text.as_bytes()).ok()
}
