//! The codecs by their SDP names, each as a pair of functions over whole files.

use crate::options::{Failure, Options};
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g711::{self, Law};
use media_dsp::g722::{self, Mode};
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
