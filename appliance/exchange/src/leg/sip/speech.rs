//! Which encodings a leg is offered, and what it is told when the other leg speaks another one.
//!
//! A leg is offered what the other one offered, in its order, and behind that all that the box can
//! translate to. So two peers without a common codec talk, and two with one are not in between
//! translated unless the one who answers wants it so. Only lines that the box can read are touched:
//! sound in RTP without keys.

use call::{Codec, Format, Formats, G726Bits, G726Packing};
use sdp::{FormatChange, Media, Session};

/// What another leg said, with all that the box can translate to. Nothing when there is nothing to add.
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
        let receive = known(&ours);
        let mut send = known(&theirs);
        send.retain(|format| receive.iter().any(|other| is_same(format.codec, other.codec)));
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
