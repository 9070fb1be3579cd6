//! The codecs of `media-dsp` as the buffer plays them.
//!
//! Codecs without concealment of their own get that of [`media_dsp::plc`], and those without noise
//! of their own that of RFC 3389, [`media_dsp::cn`].

mod framed;
mod opus;
mod sampled;

pub use framed::{AmrWb, G729, G7231, Gsm};
pub use opus::{Opus, Rate as OpusRate};
pub use sampled::{Coding, Sampled};

use super::{Content, Decoder, Format};
use media_dsp::codec::DecodeError;

/// What the session description calls the payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types {
    /// The codec's.
    pub sound: u8,
    /// Comfort noise of RFC 3389, if it may come: 13 at a clock of 8,000.
    pub noise: Option<u8>,
}

/// Any of the codecs.
#[derive(Debug)]
pub enum Codec {
    /// G.711, G.722, G.726 and linear samples.
    Sampled(Box<Sampled>),
    /// G.729.
    G729(Box<G729>),
    /// G.723.1.
    G7231(Box<G7231>),
    /// GSM full rate.
    Gsm(Box<Gsm>),
    /// AMR-WB.
    AmrWb(Box<AmrWb>),
    /// Opus.
    Opus(Box<Opus>),
}

/// Calls the same of whichever codec it is.
macro_rules! each {
    ($codec:expr, $it:ident => $call:expr) => {
        match $codec {
            Codec::Sampled($it) => $call,
            Codec::G729($it) => $call,
            Codec::G7231($it) => $call,
            Codec::Gsm($it) => $call,
            Codec::AmrWb($it) => $call,
            Codec::Opus($it) => $call,
        }
    };
}

impl Decoder for Codec {
    fn format(&self) -> Format {
        each!(self, it => it.format())
    }

    fn frame(&self) -> usize {
        each!(self, it => it.frame())
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        each!(self, it => it.content(payload_type, payload))
    }

    fn decode(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        pcm: &mut [i16],
    ) -> Result<usize, DecodeError> {
        each!(self, it => it.decode(payload_type, payload, pcm))
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        each!(self, it => it.conceal(pcm));
    }

    fn redundancy(&self, payload_type: u8, payload: &[u8]) -> u32 {
        each!(self, it => it.redundancy(payload_type, payload))
    }

    fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        each!(self, it => it.recover(next, pcm));
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        each!(self, it => it.noise(pcm));
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
