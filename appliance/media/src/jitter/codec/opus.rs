//! Opus: losses recovered from the payload after them where it has redundancy.

use super::super::{Content, Decoder, Format};
use media_dsp::codec::DecodeError;
use media_dsp::opus;
pub use media_dsp::opus::Rate;

/// One direction of a stream of Opus, in mono. Its clock is 48,000 whatever the rate (RFC 7587
/// §4.1).
#[derive(Debug)]
pub struct Opus {
    decoder: opus::Decoder,
    rate: Rate,
    payload_type: u8,
}

impl Opus {
    /// At the beginning of a stream.
    pub fn new(rate: Rate, payload_type: u8) -> Self {
        Self { decoder: opus::Decoder::new(rate), rate, payload_type }
    }
}

impl Decoder for Opus {
    fn format(&self) -> Format {
        Format { clock: CLOCK, rate: self.rate.hz() as u32 }
    }

    fn frame(&self) -> usize {
        self.rate.hz() / 100
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        let Some(ticks) = ticks(payload) else { return Content::Foreign };
        match payload_type == self.payload_type {
            // Nothing but the description of what is not sent (RFC 6716 §3.4, discontinuous
            // transmission).
            true if payload.len() <= NOTHING => Content::Pause(ticks),
            true => Content::Sound(ticks),
            false => Content::Foreign,
        }
    }

    fn decode(&mut self, _: u8, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        self.decoder.decode(payload, pcm)
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        if self.decoder.conceal(pcm).is_err() {
            pcm.fill(0);
        }
    }

    fn redundancy(&self, payload_type: u8, payload: &[u8]) -> u32 {
        match payload_type == self.payload_type && is_redundant(payload) {
            true => ticks(payload).unwrap_or_default(),
            false => 0,
        }
    }

    fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        if self.decoder.recover(next, pcm).is_err() {
            pcm.fill(0);
        }
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        self.conceal(pcm);
    }
}

/// How long the sound of a payload is (RFC 6716 §3.1).
fn ticks(payload: &[u8]) -> Option<u32> {
    let (head, rest) = payload.split_first()?;
    let frames = match head & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 63),
    };
    let ticks = frames * frame(*head);
    (ticks > 0 && ticks <= LONGEST).then_some(ticks)
}

/// Ticks of one frame (RFC 6716 §3.1, table 2).
fn frame(head: u8) -> u32 {
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
fn is_redundant(payload: &[u8]) -> bool {
    let [head, first, ..] = *payload else { return false };
    let one_frame = head & 3 == 0;
    let by_silk = head >> 3 < 16;
    let activity_flags = frame(head).div_ceil(960);
    one_frame && by_silk && first & (0x80 >> activity_flags) != 0
}

/// Ticks in a second.
const CLOCK: u32 = 48_000;
/// Ticks of the longest payload: 120 ms.
const LONGEST: u32 = 5_760;
/// Octets of a payload that holds no sound.
const NOTHING: usize = 2;
