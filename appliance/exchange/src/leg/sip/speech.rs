//! Which encodings a leg is offered, and what it is told when the other leg speaks another one.
//!
//! A leg is offered what the other one offered, in its order, and behind that all that the box can
//! translate to. So two peers without a common codec talk, and two with one are not in between
//! translated unless the one who answers wants it so. Only lines that the box can read are touched:
//! sound in RTP without keys.

use call::{Codec, Format, Formats, G726Bits, G726Packing};
use sdp::{FormatChange, Media, Session};

/// What another leg said, with all that the box can translate to. Nothing when there is nothing to
/// add.
///
/// `before`: what this leg was told last. An encoding keeps the payload type that it had there
/// (RFC 3264 §8.3.2).
pub(super) fn widened(theirs: &Session, before: Option<&Session>) -> Option<Session> {
    let added = |(index, media): (usize, Media<'_>)| {
        let before = before.and_then(|before| before.media_at(index));
        FormatChange { drop: Vec::new(), add: missing(&media, before.as_ref()) }
    };
    let changes: Vec<FormatChange> = theirs.media().enumerate().map(added).collect();
    changed(theirs, &changes)
}

/// What another leg answered, in encodings that `offer` has. Nothing when it is in them already.
///
/// Where both have some in common, the others are left out: what the far side prefers to send is
/// translated. Where they have none, the answer is the first of the offer that the box can speak.
pub(super) fn narrowed(answer: &Session, offer: &Session) -> Option<Session> {
    let change = |(answered, offered): (Media<'_>, Media<'_>)| {
        if !answered.is_plain_audio() || !offered.is_plain_audio() {
            return FormatChange::default();
        }
        in_terms_of(&offered, &answered)
    };
    let changes: Vec<FormatChange> = answer.media().zip(offer.media()).map(change).collect();
    changed(answer, &changes)
}

/// What a leg and the box agreed to speak, line by line; nothing where the box cannot read it.
pub(super) fn agreed(ours: &Session, theirs: &Session) -> Vec<Option<Formats>> {
    let of_line = |(ours, theirs): (Media<'_>, Media<'_>)| {
        if !ours.is_plain_audio() || !theirs.is_plain_audio() {
            return None;
        }
        let in_both = |formats: &[Format], others: &[Format]| -> Vec<Format> {
            let named =
                |format: &&Format| others.iter().any(|other| is_same(format.codec, other.codec));
            formats.iter().filter(named).copied().collect()
        };
        let (ours, said) = (known(&ours), known(&theirs));
        // Who answers with one codec of many sends no other (RFC 3264 §6.1): media need not be
        // ready to translate all that was offered.
        let (receive, send) = (in_both(&ours, &said), in_both(&said, &ours));
        let packet_millis = theirs.ptime().and_then(|ptime| u8::try_from(ptime).ok()).unwrap_or(0);
        Some(Formats { receive, send, packet_millis })
    };
    ours.media().zip(theirs.media()).map(of_line).collect()
}

/// The encodings of a line that the box knows.
fn known(media: &Media<'_>) -> Vec<Format> {
    let format = |codec: sdp::Codec<'_>| {
        Some(Format { payload_type: codec.payload_type, codec: read(&codec)? })
    };
    media.codecs().into_iter().filter_map(format).collect()
}

/// What the box can translate to, and a line does not have yet.
fn missing(media: &Media<'_>, before: Option<&Media<'_>>) -> Vec<sdp::Format> {
    let has = if media.is_plain_audio() { known(media) } else { Vec::new() };
    // Without any sound that the box can read there is nothing to translate from.
    if !has.iter().any(|format| format.codec.is_sound()) {
        return Vec::new();
    }
    let earlier = before.map(known).unwrap_or_default();
    let mut taken: Vec<u8> = media.codecs().iter().map(|codec| codec.payload_type).collect();
    let keys = has.iter().any(|format| matches!(format.codec, Codec::TelephoneEvent { .. }));
    let wanted = OFFERED.iter().filter(|offered| {
        let codec = offered.codec;
        !has.iter().any(|format| is_same(format.codec, codec)) && (codec.is_sound() || keys)
    });
    let mut add = Vec::with_capacity(OFFERED.len());
    for offered in wanted {
        let same = earlier.iter().find(|format| format.codec == offered.codec);
        let number = same.map_or(offered.payload_type, |format| format.payload_type);
        let Some(payload_type) = free(number, offered.map.is_some(), &taken) else { continue };
        taken.push(payload_type);
        add.push(sdp::Format {
            payload_type,
            map: offered.map.map(str::to_owned),
            fmtp: offered.fmtp.map(str::to_owned),
        });
    }
    add
}

/// How the formats of an answered line change so that all are in the offered one.
fn in_terms_of(offered: &Media<'_>, answered: &Media<'_>) -> FormatChange {
    let offer = offered.codecs();
    let answer = answered.codecs();
    let is_offered = |codec: &sdp::Codec<'_>| {
        offer.iter().any(|other| match (read(codec), read(other)) {
            (Some(one), Some(other)) => is_same(one, other),
            _ => codec.is_same_encoding(other) || codec.payload_type == other.payload_type,
        })
    };
    let foreign = answer.iter().filter(|codec| !is_offered(codec));
    let drop: Vec<u8> = foreign.map(|codec| codec.payload_type).collect();
    if answer.iter().any(|codec| codec.is_media() && is_offered(codec)) {
        return FormatChange { drop, add: Vec::new() };
    }
    let Some(first) = offer.iter().find(|codec| read(codec).is_some_and(Codec::is_sound)) else {
        return FormatChange::default();
    };
    // Keys pressed are understood by who has them at any clock.
    let keys = answer.iter().any(sdp::Codec::is_telephone_event);
    let keys = offer.iter().filter(|codec| keys && codec.is_telephone_event());
    let drop = answer.iter().map(|codec| codec.payload_type).collect();
    FormatChange { drop, add: std::iter::once(first).chain(keys).map(restated).collect() }
}

/// A codec of an offer as the answer to it says it.
fn restated(codec: &sdp::Codec<'_>) -> sdp::Format {
    let sdp::Codec { payload_type, name, clock, channels, fmtp } = codec;
    let map = match channels {
        1 => format!("{name}/{clock}"),
        _ => format!("{name}/{clock}/{channels}"),
    };
    sdp::Format { payload_type: *payload_type, map: Some(map), fmtp: fmtp.map(str::to_owned) }
}

/// Whether one is as good as the other in a description: the annexes of G.729 and G.723.1 are no codecs of
/// their own.
fn is_same(one: Codec, other: Codec) -> bool {
    one.is_understood_as(other) || other.is_understood_as(one)
}

/// The number that is wanted, or for a dynamic one the next that is free (RFC 3551 §3).
fn free(wanted: u8, dynamic: bool, taken: &[u8]) -> Option<u8> {
    let mut candidates = std::iter::once(wanted).chain(96..=127);
    candidates.find(|number| !taken.contains(number)).filter(|number| dynamic || *number == wanted)
}

fn changed(session: &Session, changes: &[FormatChange]) -> Option<Session> {
    if changes.iter().all(|change| *change == FormatChange::default()) {
        return None;
    }
    Session::parse(&sdp::change_formats(session, changes)).ok()
}

/// The encoding that a description names, if the box speaks it.
pub(super) fn read(codec: &sdp::Codec<'_>) -> Option<Codec> {
    let is = |name: &str| codec.name.eq_ignore_ascii_case(name);
    let (clock, channels) = (codec.clock, codec.channels);
    if is("opus") {
        return (clock == 48_000 && channels == 2).then_some(Codec::Opus);
    }
    if channels != 1 {
        return None;
    }
    if is("telephone-event") {
        return Some(Codec::TelephoneEvent { clock });
    }
    match clock {
        _ if is("CN") => Some(Codec::ComfortNoise { clock }),
        8_000 | 16_000 | 32_000 | 44_100 | 48_000 if is("L16") => Some(Codec::L16 { rate: clock }),
        16_000 if is("AMR-WB") => amr_wb(codec.fmtp),
        8_000 if is("PCMU") => Some(Codec::Pcmu),
        8_000 if is("PCMA") => Some(Codec::Pcma),
        8_000 if is("G722") => Some(Codec::G722),
        8_000 if is("GSM") => Some(Codec::Gsm),
        8_000 if is("G729") => Some(Codec::G729 { annex_b: !says(codec.fmtp, "annexb", "no") }),
        8_000 if is("G723") => Some(Codec::G723 { annex_a: !says(codec.fmtp, "annexa", "no") }),
        8_000 => g726(codec.name),
        _ => None,
    }
}

/// RFC 4867 §8.1: interleaving, robust sorting and checksums would change how frames lie in a packet.
fn amr_wb(fmtp: Option<&str>) -> Option<Codec> {
    let odd = ["crc", "robust-sorting", "interleaving"];
    let asks = |name: &str| parameter(fmtp, name).is_some_and(|value| value != "0");
    if odd.into_iter().any(asks) {
        return None;
    }
    Some(Codec::AmrWb { octet_aligned: says(fmtp, "octet-align", "1") })
}

fn g726(name: &str) -> Option<Codec> {
    let aal2 = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("AAL2-"));
    let (packing, name) = match aal2 {
        true => (G726Packing::Aal2, name.get(5..)?),
        false => (G726Packing::Rtp, name),
    };
    let (_, bits) = G726.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(Codec::G726 { bits: *bits, packing })
}

fn says(fmtp: Option<&str>, name: &str, value: &str) -> bool {
    parameter(fmtp, name).is_some_and(|said| said.eq_ignore_ascii_case(value))
}

/// The value of `name=value` in a list with semicolons.
fn parameter<'a>(fmtp: Option<&'a str>, name: &str) -> Option<&'a str> {
    let mut pairs = fmtp?.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// An encoding that the box offers on behalf of others.
struct Offered {
    codec: Codec,
    payload_type: u8,
    map: Option<&'static str>,
    fmtp: Option<&'static str>,
}

impl Offered {
    const fn fixed(codec: Codec, payload_type: u8) -> Self {
        Self { codec, payload_type, map: None, fmtp: None }
    }

    const fn dynamic(codec: Codec, payload_type: u8, map: &'static str) -> Self {
        Self { codec, payload_type, map: Some(map), fmtp: None }
    }
}

/// Best sound first, and of equal sound the cheaper. Static types go without a map, so that the offer
/// still fits one datagram. Linear samples are spoken when asked for, but take too much room to be offered.
const OFFERED: [Offered; 10] = [
    Offered::fixed(Codec::G722, 9),
    Offered::dynamic(Codec::Opus, 107, "opus/48000/2"),
    Offered::fixed(Codec::Pcma, 8),
    Offered::fixed(Codec::Pcmu, 0),
    Offered {
        fmtp: Some("octet-align=1"),
        ..Offered::dynamic(Codec::AmrWb { octet_aligned: true }, 108, "AMR-WB/16000")
    },
    Offered::dynamic(
        Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp },
        109,
        "G726-32/8000",
    ),
    Offered::fixed(Codec::G729 { annex_b: true }, 18),
    Offered::fixed(Codec::Gsm, 3),
    Offered::fixed(Codec::G723 { annex_a: true }, 4),
    Offered::dynamic(Codec::TelephoneEvent { clock: 8_000 }, 101, "telephone-event/8000"),
];

/// RFC 3551 §4.5.4.
const G726: [(&str, G726Bits); 4] = [
    ("G726-16", G726Bits::Two),
    ("G726-24", G726Bits::Three),
    ("G726-32", G726Bits::Four),
    ("G726-40", G726Bits::Five),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn session(media: &str) -> Session {
        Session::parse(format!("v=0\r\nc=IN IP4 192.0.2.1\r\n{media}").as_bytes()).unwrap()
    }

    fn formats(session: &Session) -> Vec<String> {
        session.media_at(0).unwrap().formats().map(str::to_owned).collect()
    }

    #[test]
    fn an_encoding_is_known_by_its_name_and_what_tells_it_from_others() {
        let text = "m=audio 1 RTP/AVP 0 18 4 96 97 98 99 100 101 102 103\r\n\
            a=fmtp:18 annexb=no\r\na=rtpmap:96 amr-wb/16000\r\na=fmtp:96 octet-align=1; mode-set=0\r\n\
            a=rtpmap:97 AMR-WB/16000\r\na=rtpmap:98 AMR-WB/16000\r\na=fmtp:98 crc=1\r\n\
            a=rtpmap:99 AAL2-G726-40/8000\r\na=rtpmap:100 opus/48000\r\n\
            a=rtpmap:101 telephone-event/48000\r\na=rtpmap:102 L16/44100\r\n\
            a=rtpmap:103 L16/8000/2\r\n";
        let session = session(text);
        let known: Vec<_> = known(&session.media_at(0).unwrap())
            .into_iter()
            .map(|format| (format.payload_type, format.codec))
            .collect();
        let g726 = Codec::G726 { bits: G726Bits::Five, packing: G726Packing::Aal2 };
        assert_eq!(
            known,
            [
                (0, Codec::Pcmu),
                (18, Codec::G729 { annex_b: false }),
                (4, Codec::G723 { annex_a: true }),
                (96, Codec::AmrWb { octet_aligned: true }),
                (97, Codec::AmrWb { octet_aligned: false }),
                (99, g726),
                (101, Codec::TelephoneEvent { clock: 48_000 }),
                (102, Codec::L16 { rate: 44_100 }),
            ]
        );
    }

    #[test]
    fn only_sound_that_the_box_can_read_is_offered_in_other_encodings() {
        for text in [
            "m=audio 1 RTP/SAVP 8\r\n",
            "m=audio 0 RTP/AVP 8\r\n",
            "m=video 1 RTP/AVP 34\r\n",
            "m=audio 1 RTP/AVP 96\r\na=rtpmap:96 iLBC/8000\r\n",
        ] {
            assert_eq!(widened(&session(text), None), None, "{text}");
        }
    }

    #[test]
    fn keys_are_offered_at_8_khz_where_the_caller_has_them_at_another_clock() {
        let text = "m=audio 1 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\n\
            a=rtpmap:97 telephone-event/48000\r\n";
        let offer = session(text);
        let wide = widened(&offer, None).unwrap();
        assert_eq!(formats(&wide).last().map(String::as_str), Some("101"));
        let answer = session("m=audio 1 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n");
        assert_eq!(formats(&narrowed(&answer, &offer).unwrap()), ["96", "97"]);
    }

    #[test]
    fn an_encoding_that_both_sides_number_differently_is_the_same() {
        let offer = session("m=audio 1 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n");
        let answer = session("m=audio 1 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
        assert_eq!(narrowed(&answer, &offer), None);
        let agreed = agreed(&offer, &answer).remove(0).unwrap();
        let opus = |payload_type| Format { payload_type, codec: Codec::Opus };
        assert_eq!((agreed.receive, agreed.send), (vec![opus(96)], vec![opus(111)]));
    }

    #[test]
    fn what_only_one_side_named_is_neither_sent_nor_awaited() {
        let ours = session("m=audio 1 RTP/AVP 8 9\r\n");
        let theirs = session("m=audio 1 RTP/AVP 9 3\r\na=ptime:30\r\n");
        let agreed = agreed(&ours, &theirs).remove(0).unwrap();
        assert_eq!(agreed.send, [Format { payload_type: 9, codec: Codec::G722 }]);
        assert_eq!(agreed.receive, agreed.send);
        assert_eq!(agreed.packet_millis, 30);
    }
}
