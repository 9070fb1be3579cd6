//! One stream as a jitter buffer plays it: a codec, and the noise that may come beside it.
//!
//! Codecs without noise of their own get that of RFC 3389, [`media_dsp::cn`].

use super::Decoder;
use crate::jitter;
use call::Codec;
use media_dsp::cn::Generator;
use media_dsp::codec::DecodeError;
use media_dsp::resample::Rate;

/// What the session description calls the payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types {
    /// The codec's.
    pub sound: u8,
    /// Comfort noise of RFC 3389, if it may come: 13 at a clock of 8,000.
    pub noise: Option<u8>,
}

/// A codec and the noise beside it.
#[derive(Debug)]
pub struct Hearing {
    decoder: Decoder,
    types: Types,
    generator: Generator,
}

impl Hearing {
    /// At the beginning of a stream; nothing for what carries no sound.
    ///
    /// `wanted`: the rate that whoever hears it needs, for a codec that gives any.
    pub fn new(codec: Codec, types: Types, wanted: Rate) -> Option<Self> {
        let decoder = Decoder::new(codec, wanted).filter(|_| codec.is_sound())?;
        Some(Self { decoder, types, generator: Generator::new(SEED) })
    }

    /// The codec.
    pub fn codec(&self) -> Codec {
        self.decoder.codec()
    }

    fn is_noise(&self, payload_type: u8) -> bool {
        Some(payload_type) == self.types.noise && !self.decoder.pauses()
    }
}

impl jitter::Decoder for Hearing {
    fn format(&self) -> jitter::Format {
        self.decoder.format()
    }

    fn frame(&self) -> usize {
        self.decoder.frame()
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> jitter::Content {
        if payload_type == self.types.sound {
            return self.decoder.content(payload);
        }
        match u32::try_from(self.format().ticks(self.frame())) {
            Ok(ticks) if self.is_noise(payload_type) && !payload.is_empty() => {
                jitter::Content::Pause(ticks)
            }
            _ => jitter::Content::Foreign,
        }
    }

    fn decode(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        pcm: &mut [i16],
    ) -> Result<usize, DecodeError> {
        if payload_type == self.types.sound {
            return self.decoder.decode(payload, pcm);
        }
        let needed = self.frame();
        let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
        self.generator.receive(payload)?;
        self.noise(pcm);
        Ok(needed)
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        self.decoder.conceal(pcm.len(), pcm);
    }

    fn redundancy(&self, payload_type: u8, payload: &[u8]) -> u32 {
        match payload_type == self.types.sound {
            true => self.decoder.redundancy(payload),
            false => 0,
        }
    }

    fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        self.decoder.recover(next, pcm);
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        if !self.decoder.pause(pcm) {
            self.generator.generate(pcm);
            self.decoder.follow(pcm);
        }
    }
}

/// Where the noise begins: nobody hears which.
const SEED: u32 = 1;
