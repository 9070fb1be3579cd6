//! Codecs that code one sample after another: any length may be concealed.

use super::super::{Content, Decoder, Format};
use super::{Types, pause, sound};
use media_dsp::cn::Generator;
use media_dsp::codec::DecodeError;
use media_dsp::plc::Concealment;
use media_dsp::speech::Rate;
use media_dsp::{g711, g722, g726};

/// How the samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// G.711.
    G711(g711::Law),
    /// G.722: 16 kHz at a clock of 8,000 (RFC 3551 §4.5.2).
    G722,
    /// G.726.
    G726(g726::Rate, g726::Packing),
    /// Linear samples of 16 bits, big endian (RFC 3551 §4.5.11), at 8 kHz.
    Narrow,
    /// The same at 16 kHz.
    Wide,
}

/// One direction of such a stream.
#[derive(Debug, Clone)]
pub struct Sampled {
    decoder: Samples,
    types: Types,
    concealment: Concealment,
    generator: Generator,
}

#[derive(Debug, Clone)]
enum Samples {
    G711(g711::Decoder),
    G722(g722::Decoder),
    G726(g726::Decoder, g726::Rate),
    Linear(Rate),
}

impl Sampled {
    /// At the beginning of a stream.
    pub fn new(coding: Coding, types: Types) -> Self {
        let decoder = match coding {
            Coding::G711(law) => Samples::G711(g711::Decoder::new(law)),
            Coding::G722 => Samples::G722(g722::Decoder::new(g722::Mode::One)),
            Coding::G726(rate, packing) => Samples::G726(g726::Decoder::new(rate, packing), rate),
            Coding::Narrow => Samples::Linear(Rate::Hz8000),
            Coding::Wide => Samples::Linear(Rate::Hz16000),
        };
        let concealment = Concealment::new(decoder.rate());
        Self { decoder, types, concealment, generator: Generator::new(SEED) }
    }
}

impl Samples {
    fn rate(&self) -> Rate {
        match self {
            Self::G711(_) | Self::G726(..) => Rate::Hz8000,
            Self::G722(_) => Rate::Hz16000,
            Self::Linear(rate) => *rate,
        }
    }

    /// Ticks of a payload.
    fn ticks(&self, octets: usize) -> usize {
        match self {
            Self::G711(_) | Self::G722(_) => octets,
            Self::G726(_, rate) => octets * 8 / rate.bits(),
            Self::Linear(_) => octets / 2,
        }
    }

    fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        match self {
            Self::G711(decoder) => decoder.decode(payload, pcm),
            Self::G722(decoder) => decoder.decode(payload, pcm),
            Self::G726(decoder, _) => decoder.decode(payload, pcm),
            Self::Linear(_) => {
                let (samples, _) = payload.as_chunks();
                let needed = samples.len();
                let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
                for (sample, octets) in pcm.iter_mut().zip(samples) {
                    *sample = i16::from_be_bytes(*octets);
                }
                Ok(needed)
            }
        }
    }
}

impl Decoder for Sampled {
    fn format(&self) -> Format {
        match (&self.decoder, self.decoder.rate()) {
            (Samples::G722(_), _) => Format { clock: 8_000, rate: 16_000 },
            (_, Rate::Hz8000) => Format { clock: 8_000, rate: 8_000 },
            (_, Rate::Hz16000) => Format { clock: 16_000, rate: 16_000 },
        }
    }

    fn frame(&self) -> usize {
        match self.decoder.rate() {
            Rate::Hz8000 => 80,
            Rate::Hz16000 => 160,
        }
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        if payload_type == self.types.sound {
            return sound(self.decoder.ticks(payload.len()), 1);
        }
        if Some(payload_type) == self.types.noise && !payload.is_empty() {
            return pause(1, self.format().clock as usize / 100);
        }
        Content::Foreign
    }

    fn decode(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        pcm: &mut [i16],
    ) -> Result<usize, DecodeError> {
        if payload_type != self.types.sound {
            let needed = self.frame();
            let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
            self.generator.receive(payload)?;
            self.noise(pcm);
            return Ok(needed);
        }
        let samples = self.decoder.decode(payload, pcm)?;
        self.concealment.heard(pcm.get_mut(..samples).unwrap_or_default());
        Ok(samples)
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        self.concealment.conceal(pcm);
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        self.generator.generate(pcm);
        self.concealment.heard(pcm);
    }
}

/// Where the noise begins: nobody hears which.
const SEED: u32 = 1;
