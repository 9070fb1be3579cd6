//! What the octets of an Opus payload say of it (RFC 6716 §3), and the rates at which it is heard.

use media_dsp::opus;
use media_dsp::resample::Rate;

/// As [`super::shape::rate`] chose it.
pub(super) fn rate(rate: Rate) -> opus::Rate {
    match rate {
        Rate::Hz8000 => opus::Rate::Hz8000,
        Rate::Hz16000 => opus::Rate::Hz16000,
        Rate::Hz32000 | Rate::Hz48000 => opus::Rate::Hz48000,
    }
}

/// Whether it is nothing but the description of what is not sent (RFC 6716 §3.4, discontinuous
/// transmission).
pub(super) fn is_pause(payload: &[u8]) -> bool {
    payload.len() <= NOTHING
}

/// How long the sound of a payload is (RFC 6716 §3.1).
pub(super) fn ticks(payload: &[u8]) -> Option<u32> {
    let (head, rest) = payload.split_first()?;
    let frames = match head & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 63),
    };
    let ticks = frames * frame(*head);
    (ticks > 0 && ticks <= LONGEST).then_some(ticks)
}

/// Ticks of one frame of a payload that begins so (RFC 6716 §3.1, table 2).
pub(crate) fn frame(head: u8) -> u32 {
    match head >> 3 {
        configuration @ 0..12 => match configuration & 3 {
            0 => 480,
            of_20_ms => 960 * u32::from(of_20_ms),
        },
        configuration @ 12..16 => 480 << (configuration & 1),
        configuration => 120 << (configuration & 3),
    }
}

/// Whether a payload of one frame holds the frame before it once more: the flag for the middle
/// channel at the beginning of the part of the frame that SILK made (RFC 6716 §4.2.3).
pub(super) fn is_redundant(payload: &[u8]) -> bool {
    let [head, first, ..] = *payload else { return false };
    let one_frame = head & 3 == 0;
    let by_silk = head >> 3 < 16;
    let activity_flags = frame(head).div_ceil(960);
    one_frame && by_silk && first & (0x80 >> activity_flags) != 0
}

/// Whether an encoder heard a voice in a payload of one frame, as far as that shows: in the flags for
/// voice activity at the beginning of what SILK made (RFC 6716 §4.2.3). CELT alone says nothing of it.
pub(super) fn is_spoken(payload: &[u8]) -> Option<bool> {
    let [head, first, ..] = *payload else { return Some(false) };
    if head & 3 != 0 || head >> 3 >= 16 {
        return None;
    }
    let flags = frame(head).div_ceil(960);
    // Of each channel: its flags, and one for redundancy.
    let channels = if head & STEREO == 0 { 1 } else { 2 };
    let spoken = (0..channels).any(|channel| {
        let before = channel * (flags + 1);
        (before..before + flags).any(|place| first & (0x80 >> place) != 0)
    });
    Some(spoken)
}

/// RFC 6716 §3.1.
const STEREO: u8 = 0x04;
/// Ticks of the longest payload: 120 ms.
const LONGEST: u32 = 5_760;
/// Octets of a payload that holds no sound.
const NOTHING: usize = 2;
