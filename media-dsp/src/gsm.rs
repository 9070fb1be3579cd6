//! GSM 06.10 full rate (ETSI EN 300 961): 13 kbit/s, regular pulse excitation with long-term prediction.
//!
//! A frame is 160 samples (20 ms, 8 kHz, of which the upper 13 bits count) and 33 octets, as RFC 3551
//! §4.5.8 lays them out. The delay is one frame.

mod frame;
pub(crate) mod lag;
pub(crate) mod lattice;
mod pulses;
mod reflection;
mod tables;

use crate::arch::{self, Level};
use crate::codec::{DecodeError, EncodeError};
use crate::fixed::{add, mult_r};
use frame::{Frame, OCTETS};

/// An encoder's state: 284 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    level: Level,
    /// The last sample, without its lowest bits.
    sample: i16,
    /// The offset compensation's recursive part, Q15.
    offset: i32,
    /// What the pre-emphasis keeps.
    emphasis: i16,
    ratios: [i16; 8],
    stages: [i16; 8],
    past: [i16; 120],
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// After a reset.
    pub fn new() -> Self {
        Self::with_level(Level::current())
    }

    /// After a reset, with the instructions of this level, where the machine has it.
    pub fn with_level(level: Level) -> Self {
        Self {
            level: level.or_scalar(),
            sample: 0,
            offset: 0,
            emphasis: 0,
            ratios: [0; 8],
            stages: [0; 8],
            past: [0; 120],
        }
    }

    /// Encodes whole frames of 160 samples to 33 octets each. Returns how many octets they took.
    ///
    /// # Errors
    /// `pcm` is no whole number of frames, or `out` is too short; nothing was encoded then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let (frames, []) = pcm.as_chunks::<SAMPLES>() else {
            return Err(EncodeError::FrameLength { frame: SAMPLES, given: pcm.len() });
        };
        let needed = frames.len() * OCTETS;
        if out.len() < needed {
            return Err(EncodeError::NoRoom { needed });
        }
        for (pcm, out) in frames.iter().zip(out.as_chunks_mut().0) {
            self.encode_frame(pcm).pack(out);
        }
        Ok(needed)
    }

    fn encode_frame(&mut self, pcm: &[i16; SAMPLES]) -> Frame {
        let mut samples = self.emphasize(pcm);
        let mut frame = Frame { ratios: reflection::analyse(&mut samples), ..Frame::default() };
        let ratios = reflection::decode(&frame.ratios);
        let reflections = reflection::interpolate(&self.ratios, &ratios);
        self.ratios = ratios;
        arch::gsm::analyse(self.level, &mut self.stages, &reflections, &mut samples);

        for (residual, part) in samples.as_chunks().0.iter().zip(&mut frame.parts) {
            (part.lag, part.gain) = lag::search(self.level, residual, &self.past);
            let mut predicted = lag::predict(&self.past, part.lag, part.gain);
            let mut rest = *residual;
            for (rest, &predicted) in rest.iter_mut().zip(&predicted) {
                *rest = rest.saturating_sub(predicted);
            }
            pulses::encode(&rest, part);
            for (sample, pulse) in predicted.iter_mut().zip(pulses::decode(part)) {
                *sample = add(*sample, pulse);
            }
            lag::remember(&mut self.past, &predicted);
        }
        frame
    }

    /// §5.2.1 to 5.2.3: scaling, offset compensation, pre-emphasis.
    fn emphasize(&mut self, pcm: &[i16; SAMPLES]) -> [i16; SAMPLES] {
        let mut samples = [0; SAMPLES];
        for (out, &sample) in samples.iter_mut().zip(pcm) {
            let sample = (sample >> 3) << 2;
            let step = i32::from(sample) - i32::from(self.sample);
            self.sample = sample;
            let (upper, lower) = (self.offset >> 15, self.offset & 0x7fff);
            let kept = (lower * 32_735 + 0x4000) >> 15;
            self.offset = (upper * 32_735).saturating_add((step << 15) + kept);
            let emphasis = mult_r(self.emphasis, -28_180);
            self.emphasis = (self.offset.saturating_add(0x4000) >> 15) as i16;
            *out = add(self.emphasis, emphasis);
        }
        samples
    }
}

/// A decoder's state: 354 octets, with what conceals losses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    level: Level,
    ratios: [i16; 8],
    stages: [i16; 8],
    past: [i16; 120],
    /// The last lag that was one.
    lag: u8,
    /// What the de-emphasis keeps.
    emphasis: i16,
    /// The last frame, as it is repeated.
    last: Frame,
    /// How many frames in a row were lost.
    lost: u8,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// After a reset.
    pub fn new() -> Self {
        Self::with_level(Level::current())
    }

    /// After a reset, with the instructions of this level, where the machine has it.
    pub fn with_level(level: Level) -> Self {
        Self {
            level: level.or_scalar(),
            ratios: [0; 8],
            stages: [0; 8],
            past: [0; 120],
            lag: 40,
            emphasis: 0,
            last: Frame::default(),
            lost: 0,
        }
    }

    /// Decodes whole frames of 33 octets to 160 samples each. Returns how many samples they made.
    ///
    /// # Errors
    /// The payload is no whole number of frames, one of them lacks the signature 0xD of its first four bits,
    /// or `pcm` is too short; nothing was decoded then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (frames, []) = payload.as_chunks() else { return Err(DecodeError::Malformed) };
        let needed = frames.len() * SAMPLES;
        if pcm.len() < needed {
            return Err(DecodeError::NoRoom { needed });
        }
        if frames.iter().any(|octets| Frame::unpack(octets).is_none()) {
            return Err(DecodeError::Malformed);
        }
        for (octets, pcm) in frames.iter().zip(pcm.as_chunks_mut().0) {
            let Some(frame) = Frame::unpack(octets) else { return Err(DecodeError::Malformed) };
            self.last = frame;
            self.lost = 0;
            *pcm = self.decode_frame(&frame);
        }
        Ok(needed)
    }

    /// Fills the whole frames of `pcm` in place of what was lost, after GSM 06.11 §3: the last one again, and
    /// from the second loss on ever quieter, down to silence. Returns how many samples that were.
    ///
    /// # Errors
    /// `pcm` is shorter than a frame.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (frames, _) = pcm.as_chunks_mut();
        if frames.is_empty() {
            return Err(DecodeError::NoRoom { needed: SAMPLES });
        }
        for frame in frames.iter_mut() {
            *frame = self.substitute();
        }
        Ok(frames.len() * SAMPLES)
    }

    /// What one lost frame becomes.
    fn substitute(&mut self) -> [i16; SAMPLES] {
        if self.lost >= LONGEST {
            return [0; SAMPLES];
        }
        if self.lost > 0 {
            for part in &mut self.last.parts {
                part.maximum = part.maximum.saturating_sub(4);
            }
        }
        self.lost += 1;
        let frame = self.last;
        self.decode_frame(&frame)
    }

    fn decode_frame(&mut self, frame: &Frame) -> [i16; SAMPLES] {
        let mut samples = [0; SAMPLES];
        for (samples, part) in samples.as_chunks_mut().0.iter_mut().zip(&frame.parts) {
            if (40..=120).contains(&part.lag) {
                self.lag = part.lag;
            }
            let predicted = lag::predict(&self.past, self.lag, part.gain);
            for ((sample, pulse), earlier) in
                samples.iter_mut().zip(pulses::decode(part)).zip(predicted)
            {
                *sample = add(pulse, earlier);
            }
            lag::remember(&mut self.past, samples);
        }
        let ratios = reflection::decode(&frame.ratios);
        let reflections = reflection::interpolate(&self.ratios, &ratios);
        self.ratios = ratios;
        let (stages, emphasis) = (&mut self.stages, &mut self.emphasis);
        arch::gsm::synthesize(self.level, stages, emphasis, &reflections, &mut samples);
        samples
    }
}

/// Samples of a frame.
const SAMPLES: usize = 160;
/// Frames, 320 ms, after which a loss is silence: GSM 06.11 §3.
const LONGEST: u8 = 16;
