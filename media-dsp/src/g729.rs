//! G.729 Annex A with Annex B: speech at 8 kbit/s, and pauses of which little or nothing is sent.
//!
//! 10 ms frames of 80 samples at 8 kHz; a frame of speech is 10 octets, a description of silence 2 (RFC 3551
//! §4.5.6). The encoder looks 5 ms ahead, so coding and decoding delay speech by 15 ms. Equal, bit for bit, to the
//! fixed-point arithmetic of ITU-T G.729 Annex A (11/96) and Annex B (10/96), release 2 of their attachment.

mod adaptive;
pub(crate) mod decoder;
mod double;
mod dtx;
pub(crate) mod encoder;
mod filter;
mod frame;
mod gain;
mod gain_search;
mod highpass;
pub mod itu;
mod lsf_codebook;
mod lsf_search;
mod lsp;
mod noise;
mod open_pitch;
mod pairs;
mod pitch;
mod postfilter;
mod prediction;
mod pulse_search;
mod pulses;
mod sid;
mod sum;
mod tables;
mod taming;
mod vad;

use crate::arch::{self, Level};
use crate::codec::{DecodeError, EncodeError};
pub use frame::{Frame, SID_OCTETS, SPEECH_OCTETS};
pub use pitch::FRAME;

/// Whether pauses are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtx {
    /// Everything is sent as speech: Annex A alone.
    Off,
    /// Silence is described now and then, and not sent otherwise: Annex B.
    AnnexB,
}

/// Encodes one channel. 1,904 octets of state; a clone goes on as the original does.
#[derive(Debug, Clone)]
pub struct Encoder {
    state: encoder::State,
    level: Level,
}

impl Encoder {
    /// At the beginning of a stream.
    pub fn new(dtx: Dtx) -> Self {
        Self::with_level(dtx, Level::current())
    }

    /// At the beginning of a stream, with the instructions of this level, where the machine has it.
    pub fn with_level(dtx: Dtx, level: Level) -> Self {
        Self { state: encoder::State::new(dtx), level: level.or_scalar() }
    }

    /// Encodes whole frames of 80 samples one after another, and says how many octets `out` got: 10 for each frame of
    /// speech; with [`Dtx::AnnexB`] 2 or none for a silent one. A payload ends with a description of silence (RFC
    /// 3551 §4.5.6), so with Annex B it is filled frame by frame, or with [`Self::encode_frame`].
    ///
    /// # Errors
    /// `pcm` is no whole number of frames, or `out` has no room for as many frames of speech; nothing was
    /// encoded then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let (frames, rest) = pcm.as_chunks::<FRAME>();
        if !rest.is_empty() {
            return Err(EncodeError::FrameLength { frame: FRAME, given: pcm.len() });
        }
        let needed = frames.len() * SPEECH_OCTETS;
        if out.len() < needed {
            return Err(EncodeError::NoRoom { needed });
        }
        let mut length = 0;
        for pcm in frames {
            let frame = self.encode_frame(pcm);
            let octets = frame.octets();
            out[length..length + octets.len()].copy_from_slice(octets);
            length += octets.len();
        }
        Ok(length)
    }

    /// Encodes one frame.
    pub fn encode_frame(&mut self, pcm: &[i16; FRAME]) -> Frame {
        arch::g729::encode(self.level, &mut self.state, pcm)
    }
}

/// Decodes one channel. 1,240 octets of state; a clone goes on as the original does.
#[derive(Debug, Clone)]
pub struct Decoder {
    state: decoder::State,
    level: Level,
}

impl Decoder {
    /// At the beginning of a stream.
    pub fn new() -> Self {
        Self::with_level(Level::current())
    }

    /// At the beginning of a stream, with the instructions of this level, where the machine has it.
    pub fn with_level(level: Level) -> Self {
        Self { state: decoder::State::new(), level: level.or_scalar() }
    }

    /// Decodes a payload: any number of frames of speech, then at most one description of silence. Says how many
    /// samples `pcm` got, 80 for each frame.
    ///
    /// # Errors
    /// The payload ends within a frame, or `pcm` is too short; nothing was decoded then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (speech, rest) = payload.as_chunks::<SPEECH_OCTETS>();
        let sid = match rest {
            [] => None,
            &[first, second] => Some(Frame::Sid([first, second])),
            _ => return Err(DecodeError::Malformed),
        };
        let needed = (speech.len() + usize::from(sid.is_some())) * FRAME;
        let (frames, _) = pcm.as_chunks_mut::<FRAME>();
        if frames.len() * FRAME < needed {
            return Err(DecodeError::NoRoom { needed });
        }
        let speech = speech.iter().map(|&octets| Frame::Speech(octets));
        for (frame, pcm) in speech.chain(sid).zip(frames) {
            self.decode_frame(Some(&frame), pcm);
        }
        Ok(needed)
    }

    /// Fills the whole frames of `pcm` in place of what was lost (§4.4), and says how many samples that were.
    ///
    /// # Errors
    /// `pcm` is shorter than a frame.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        self.fill(None, pcm)
    }

    /// Fills the whole frames of `pcm` in a pause in which nothing was sent (§B.4.4), and says how many
    /// samples that were.
    ///
    /// # Errors
    /// `pcm` is shorter than a frame.
    pub fn pause(&mut self, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        self.fill(Some(&Frame::Untransmitted), pcm)
    }

    /// Decodes one frame; `None` is one that was lost.
    pub fn decode_frame(&mut self, frame: Option<&Frame>, pcm: &mut [i16; FRAME]) {
        arch::g729::decode(self.level, &mut self.state, frame, pcm);
    }

    fn fill(&mut self, frame: Option<&Frame>, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (frames, _) = pcm.as_chunks_mut::<FRAME>();
        if frames.is_empty() {
            return Err(DecodeError::NoRoom { needed: FRAME });
        }
        for pcm in frames.iter_mut() {
            self.decode_frame(frame, pcm);
        }
        Ok(frames.len() * FRAME)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
