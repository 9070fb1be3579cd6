//! How descriptions name encodings, and which the box offers of its own accord (RFC 3551 §6).

use call::{Codec, G726Bits, G726Packing};
use config::CodecName;

/// What a policy calls an encoding; nothing for data, keys and noise, which no policy forbids.
pub(crate) fn name(codec: Codec) -> Option<CodecName> {
    Some(match codec {
        Codec::Pcmu => CodecName::Pcmu,
        Codec::Pcma => CodecName::Pcma,
        Codec::G722 => CodecName::G722,
        Codec::G726 { .. } => CodecName::G726,
        Codec::G729 { .. } => CodecName::G729,
        Codec::G723 { .. } => CodecName::G723,
        Codec::Gsm => CodecName::Gsm,
        Codec::AmrWb { .. } => CodecName::AmrWb,
        Codec::Opus => CodecName::Opus,
        Codec::L16 { .. } => CodecName::L16,
        Codec::Clear | Codec::TelephoneEvent { .. } | Codec::ComfortNoise { .. } => return None,
    })
}

/// The encoding that a description names, if the box speaks it.
pub(crate) fn read(codec: &sdp::Codec<'_>) -> Option<Codec> {
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

/// Whether it is data at 64 kbit/s, which are passed on and never translated (RFC 4040 §6).
pub(crate) fn is_data(codec: &sdp::Codec<'_>) -> bool {
    codec.name.eq_ignore_ascii_case("CLEARMODE") && codec.clock == 8_000 && codec.channels == 1
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
pub(super) struct Offered {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    pub(super) map: Option<&'static str>,
    pub(super) fmtp: Option<&'static str>,
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
pub(super) const OFFERED: [Offered; 10] = [
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
