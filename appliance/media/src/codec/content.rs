//! What a payload holds, as far as its octets show without decoding them.

use super::{DISC, GSM_FRAME, GSM_OCTETS, framing, g726_rate, opus};
use crate::jitter::Content;
use call::Codec;
use media_dsp::amrwb::{self, FrameType, rtp::Payload};
use media_dsp::{g729, g7231};

/// Of a payload of this codec, in ticks of its clock.
pub(crate) fn content(codec: Codec, payload: &[u8]) -> Content {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::Clear => sound(payload.len(), 1),
        Codec::G726 { bits, .. } => sound(payload.len() * 8 / g726_rate(bits).bits(), 1),
        Codec::G729 { .. } => g729(payload),
        Codec::G723 { .. } => g723(payload),
        Codec::Gsm if payload.len().is_multiple_of(GSM_OCTETS) => {
            sound(payload.len() / GSM_OCTETS, GSM_FRAME)
        }
        Codec::AmrWb { octet_aligned } => amr_wb(octet_aligned, payload),
        Codec::Opus => match opus::ticks(payload) {
            Some(ticks) if opus::is_pause(payload) => Content::Pause(ticks),
            Some(ticks) => Content::Sound(ticks),
            None => Content::Foreign,
        },
        Codec::L16 { rate: DISC } if !payload.len().is_multiple_of(DISC_OCTETS) => Content::Foreign,
        Codec::L16 { .. } if payload.len().is_multiple_of(2) => sound(payload.len() / 2, 1),
        Codec::Gsm
        | Codec::L16 { .. }
        | Codec::TelephoneEvent { .. }
        | Codec::ComfortNoise { .. } => Content::Foreign,
    }
}

/// Frames of 10 ms, with a description of noise behind the last.
fn g729(payload: &[u8]) -> Content {
    let frames = payload.len() / g729::SPEECH_OCTETS;
    match payload.len() % g729::SPEECH_OCTETS {
        0 => sound(frames, g729::FRAME),
        g729::SID_OCTETS => pause(frames + 1, g729::FRAME),
        _ => Content::Foreign,
    }
}

/// Frames of 30 ms, the last of which may describe noise.
fn g723(payload: &[u8]) -> Content {
    let (mut frames, mut rest, mut last) = (0, payload, None);
    while let Some(&first) = rest.first() {
        let frame = g7231::Frame::beginning(first);
        let Some(behind) = rest.get(frame.octets()..) else { return Content::Foreign };
        (frames, rest, last) = (frames + 1, behind, Some(frame));
    }
    match last {
        Some(g7231::Frame::Speech(_)) => sound(frames, g7231::FRAME_SAMPLES),
        Some(g7231::Frame::Silence | g7231::Frame::Untransmitted) => {
            pause(frames, g7231::FRAME_SAMPLES)
        }
        None => Content::Foreign,
    }
}

/// Frames of 20 ms in either framing, the last of which may describe noise.
fn amr_wb(octet_aligned: bool, payload: &[u8]) -> Content {
    let Ok(payload) = Payload::read(framing(octet_aligned), payload) else {
        return Content::Foreign;
    };
    match payload.frames().last().map(|it| it.frame_type()) {
        Some(FrameType::Sid | FrameType::NoData) => pause(payload.len(), amrwb::FRAME),
        Some(FrameType::Speech(_) | FrameType::Lost) => sound(payload.len(), amrwb::FRAME),
        None => Content::Foreign,
    }
}

/// Ticks of so many frames; none is no sound.
fn sound(frames: usize, ticks: usize) -> Content {
    match u32::try_from(frames * ticks) {
        Ok(ticks) if ticks > 0 => Content::Sound(ticks),
        _ => Content::Foreign,
    }
}

/// The same where a pause begins after them.
fn pause(frames: usize, ticks: usize) -> Content {
    match sound(frames, ticks) {
        Content::Sound(ticks) => Content::Pause(ticks),
        other => other,
    }
}

/// 10 ms at 44.1 kHz, which are whole samples at 48.
const DISC_OCTETS: usize = 882;
