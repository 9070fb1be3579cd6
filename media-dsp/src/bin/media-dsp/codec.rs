//! The codecs by their SDP names, each as a pair of functions over whole files.

use crate::options::{Failure, Options};
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g711::{self, Law};
use media_dsp::resample::Rate;

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
