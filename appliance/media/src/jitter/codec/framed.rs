//! Codecs that code frames, and conceal and fill pauses by frames of their own.

use super::super::{Content, Decoder, Format};
use super::{Types, pause, sound};
use media_dsp::amrwb::{self, FrameType, rtp};
use media_dsp::cn::Generator;
use media_dsp::codec::DecodeError;
use media_dsp::{g729, g7231, gsm};
use std::fmt;

/// G.729 with Annexes A and B: frames of 10 ms, with a description of noise behind the last.
#[derive(Debug, Clone)]
pub struct G729 {
    decoder: g729::Decoder,
    payload_type: u8,
}

impl G729 {
    /// At the beginning of a stream.
    pub fn new(payload_type: u8) -> Self {
        Self { decoder: g729::Decoder::new(), payload_type }
    }
}

impl Decoder for G729 {
    fn format(&self) -> Format {
        NARROW
    }

    fn frame(&self) -> usize {
        g729::FRAME
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        let frames = payload.len() / g729::SPEECH_OCTETS;
        match payload.len() % g729::SPEECH_OCTETS {
            _ if payload_type != self.payload_type => Content::Foreign,
            0 => sound(frames, g729::FRAME),
            g729::SID_OCTETS => pause(frames + 1, g729::FRAME),
            _ => Content::Foreign,
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

    fn noise(&mut self, pcm: &mut [i16]) {
        if self.decoder.pause(pcm).is_err() {
            pcm.fill(0);
        }
    }
}

/// G.723.1 with Annex A: frames of 30 ms, the last of which may describe noise.
#[derive(Clone)]
pub struct G7231 {
    decoder: g7231::Decoder,
    payload_type: u8,
}

impl G7231 {
    /// At the beginning of a stream.
    pub fn new(payload_type: u8) -> Self {
        Self { decoder: g7231::Decoder::new(), payload_type }
    }
}

impl fmt::Debug for G7231 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("G7231").field("payload_type", &self.payload_type).finish_non_exhaustive()
    }
}

impl Decoder for G7231 {
    fn format(&self) -> Format {
        NARROW
    }

    fn frame(&self) -> usize {
        g7231::FRAME_SAMPLES
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        if payload_type != self.payload_type {
            return Content::Foreign;
        }
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

    fn decode(&mut self, _: u8, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        self.decoder.decode(payload, pcm)
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        if self.decoder.conceal(pcm).is_err() {
            pcm.fill(0);
        }
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        if self.decoder.decode(&UNTRANSMITTED, pcm).is_err() {
            pcm.fill(0);
        }
    }
}

/// GSM full rate: frames of 20 ms; its pauses are those of RFC 3389.
#[derive(Debug, Clone)]
pub struct Gsm {
    decoder: gsm::Decoder,
    types: Types,
    generator: Generator,
}

impl Gsm {
    /// At the beginning of a stream.
    pub fn new(types: Types) -> Self {
        Self { decoder: gsm::Decoder::new(), types, generator: Generator::new(1) }
    }
}

impl Decoder for Gsm {
    fn format(&self) -> Format {
        NARROW
    }

    fn frame(&self) -> usize {
        GSM_FRAME
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        if Some(payload_type) == self.types.noise && !payload.is_empty() {
            return pause(1, GSM_FRAME);
        }
        let whole = payload.len().is_multiple_of(GSM_OCTETS);
        match payload_type == self.types.sound && whole {
            true => sound(payload.len() / GSM_OCTETS, GSM_FRAME),
            false => Content::Foreign,
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
        let pcm = pcm.get_mut(..GSM_FRAME).ok_or(DecodeError::NoRoom { needed: GSM_FRAME })?;
        self.generator.receive(payload)?;
        self.generator.generate(pcm);
        Ok(GSM_FRAME)
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        if self.decoder.conceal(pcm).is_err() {
            pcm.fill(0);
        }
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        self.generator.generate(pcm);
    }
}

/// AMR-WB: frames of 20 ms in either framing, the last of which may describe noise.
#[derive(Debug, Clone)]
pub struct AmrWb {
    decoder: amrwb::Decoder,
    framing: rtp::Framing,
    payload_type: u8,
}

impl AmrWb {
    /// At the beginning of a stream.
    pub fn new(framing: rtp::Framing, payload_type: u8) -> Self {
        let decoder = amrwb::Decoder::new(amrwb::Lineage::Standard);
        Self { decoder, framing, payload_type }
    }
}

impl Decoder for AmrWb {
    fn format(&self) -> Format {
        Format { clock: 16_000, rate: 16_000 }
    }

    fn frame(&self) -> usize {
        amrwb::FRAME
    }

    fn content(&self, payload_type: u8, payload: &[u8]) -> Content {
        if payload_type != self.payload_type {
            return Content::Foreign;
        }
        let Ok(payload) = rtp::Payload::read(self.framing, payload) else {
            return Content::Foreign;
        };
        match payload.frames().last().map(|it| it.frame_type()) {
            Some(FrameType::Sid | FrameType::NoData) => pause(payload.len(), amrwb::FRAME),
            Some(FrameType::Speech(_) | FrameType::Lost) => sound(payload.len(), amrwb::FRAME),
            None => Content::Foreign,
        }
    }

    fn decode(&mut self, _: u8, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let payload = rtp::Payload::read(self.framing, payload)?;
        let needed = payload.len() * amrwb::FRAME;
        let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
        for (frame, pcm) in payload.frames().zip(pcm.chunks_mut(amrwb::FRAME)) {
            self.decoder.decode_frame(&frame, pcm)?;
        }
        Ok(needed)
    }

    fn conceal(&mut self, pcm: &mut [i16]) {
        if self.decoder.conceal(pcm).is_err() {
            pcm.fill(0);
        }
    }

    fn noise(&mut self, pcm: &mut [i16]) {
        let frame = amrwb::Frame::empty(FrameType::NoData);
        if self.decoder.decode_frame(&frame, pcm).is_err() {
            pcm.fill(0);
        }
    }
}

const NARROW: Format = Format { clock: 8_000, rate: 8_000 };
/// A frame of G.723.1 that says nothing new about the noise (Annex A).
const UNTRANSMITTED: [u8; 1] = [3];
/// Samples and octets of a frame of GSM (RFC 3551 §4.5.8).
const GSM_FRAME: usize = 160;
const GSM_OCTETS: usize = 33;
