//! A codec that hides nothing: samples of 8 kHz as octets, and RFC 3389's noise in pauses.

use media::jitter::{Content, Decoder, Format};
use media_dsp::cn::Generator;
use media_dsp::codec::DecodeError;
use media_dsp::plc::Concealment;
use media_dsp::speech::Rate;

pub(crate) const FORMAT: Format = Format { clock: 8_000, rate: 8_000 };
pub(crate) const SOUND: u8 = 96;
pub(crate) const NOISE: u8 = 13;
pub(crate) const EVENT: u8 = 101;

pub(crate) struct Plain {
    concealment: Concealment,
    generator: Generator,
}

impl Plain {
    pub(crate) fn new() -> Self {
        Self { concealment: Concealment::new(Rate::Hz8000), generator: Generator::new(1) }
    }
}

impl Decoder for Plain {
    fn format(&self) -> Format {
        FORMAT
    }

    fn frame(&self) -> usize {
        80
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        match payload_type {
            SOUND => Content::Sound(payload.len() as u32 / 2),
            NOISE => Content::Pause(80),
            _ => Content::Foreign,
        }
    }

    fn decode(
        &mut self,
        payload_type: u8,
        payload: &[u8],
        pcm: &mut [i16],
    ) -> Result<usize, DecodeError> {
        if payload_type == NOISE {
            self.generator.receive(payload)?;
            self.generator.generate(&mut pcm[..80]);
            return Ok(80);
        }
        let pcm = &mut pcm[..payload.len() / 2];
        for (sample, octets) in pcm.iter_mut().zip(payload.as_chunks().0) {
            *sample = i16::from_le_bytes(*octets);
        }
        self.concealment.heard(pcm);
        Ok(pcm.len())
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        self.concealment.conceal(pcm);
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        self.generator.generate(pcm);
        self.concealment.heard(pcm);
    }
}
