//! The codecs by their SDP names, each as a pair of functions over whole files.

use crate::options::{Failure, Options};
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g711::{self, Law};
use media_dsp::g722::{self, Mode};
use media_dsp::g7231::{self, Vad};
use media_dsp::resample::Rate;
use std::borrow::Cow;

/// A codec as files know it.
pub(crate) trait Codec {
    /// Samples a second.
    fn rate(&self) -> Rate;
    /// A whole file.
    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure>;
    /// A whole file.
    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure>;
}

/// The codec that the next word names, with its options.
pub(crate) fn open(options: &mut Options) -> Result<Box<dyn Codec>, Failure> {
    let Some(name) = options.word() else { return Err(Failure::usage("name a codec")) };
    Ok(match name.as_str() {
        "pcmu" => Box::new(G711(Law::Mu)),
        "pcma" => Box::new(G711(Law::A)),
        "g722" => Box::new(G722::open(options)?),
        "g723" => Box::new(G7231::open(options)?),
        name => return Err(Failure::usage(format!("there is no codec '{name}'"))),
    })
}

struct G711(Law);

impl Codec for G711 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut out = vec![0; pcm.len()];
        g711::Encoder::new(self.0).encode(pcm, &mut out)?;
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut pcm = vec![0; frames.len()];
        g711::Decoder::new(self.0).decode(frames, &mut pcm)?;
        Ok(pcm)
    }
}

struct G722(Mode);

impl G722 {
    fn open(options: &mut Options) -> Result<Self, Failure> {
        match options.value("bitrate", 64)? {
            64 => Ok(Self(Mode::One)),
            56 => Ok(Self(Mode::Two)),
            48 => Ok(Self(Mode::Three)),
            other => Err(Failure::usage(format!("--bitrate is 64, 56 or 48, not {other}"))),
        }
    }
}

impl Codec for G722 {
    fn rate(&self) -> Rate {
        Rate::Hz16000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let pcm = whole(pcm, 2);
        let mut out = vec![0; pcm.len() / 2];
        g722::Encoder::new(self.0).encode(&pcm, &mut out)?;
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut pcm = vec![0; frames.len() * 2];
        g722::Decoder::new(self.0).decode(frames, &mut pcm)?;
        Ok(pcm)
    }
}

/// A frame that is not sent is the one octet 0x03.
struct G7231 {
    rate: g7231::Rate,
    vad: Vad,
}

impl G7231 {
    fn open(options: &mut Options) -> Result<Self, Failure> {
        let rate = match options.value("rate", "6.3".to_owned())?.as_str() {
            "6.3" => g7231::Rate::High,
            "5.3" => g7231::Rate::Low,
            other => return Err(Failure::usage(format!("--rate is 6.3 or 5.3, not {other}"))),
        };
        let vad = if options.flag("vad") { Vad::On } else { Vad::Off };
        Ok(Self { rate, vad })
    }
}

impl Codec for G7231 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut encoder = g7231::Encoder::new(self.rate, self.vad);
        let mut out = Vec::new();
        let mut octets = [0; 24];
        for frame in whole(pcm, g7231::FRAME_SAMPLES).chunks(g7231::FRAME_SAMPLES) {
            let kind = encoder.encode(frame, &mut octets)?;
            out.extend_from_slice(octets.get(..kind.octets()).unwrap_or(&octets));
        }
        Ok(out)
    }

    fn decode(&mut self, mut frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = g7231::Decoder::new();
        let mut pcm = Vec::new();
        let mut samples = [0; g7231::FRAME_SAMPLES];
        while let Some(&first) = frames.first() {
            let length = g7231::Frame::beginning(first).octets();
            let (frame, rest) = frames.split_at_checked(length).ok_or_else(|| cut(frames))?;
            decoder.decode(frame, &mut samples)?;
            pcm.extend_from_slice(&samples);
            frames = rest;
        }
        Ok(pcm)
    }
}

fn cut(rest: &[u8]) -> Failure {
    Failure::data(format!("the last frame is cut: {} octets of it are there", rest.len()))
}

/// The samples, with silence up to a whole frame.
fn whole(pcm: &[i16], frame: usize) -> Cow<'_, [i16]> {
    if pcm.len().is_multiple_of(frame) {
        return pcm.into();
    }
    let mut filled = pcm.to_vec();
    filled.resize(pcm.len().next_multiple_of(frame), 0);
    filled.into()
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Self::data(error.to_string())
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::data(error.to_string())
    }
}
