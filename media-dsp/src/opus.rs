//! Opus, RFC 6716: the library of its authors, in the shape of the other codecs. One channel; a payload in
//! stereo comes out as one.
//!
//! libopus is linked as the machine has it (Debian's `libopus-dev`), and otherwise built. What it costs and
//! how large its states are is its own: an encoder takes 20 to 50 kB, a decoder 20 to 30.
//!
//! A lost frame is best recovered from the payload after it ([`Decoder::recover`]), where the far end sends
//! in-band redundancy, and concealed otherwise ([`Decoder::conceal`]).

mod state;

use crate::codec::{DecodeError, EncodeError};
use libopus::{
    OPUS_BANDWIDTH_FULLBAND, OPUS_BANDWIDTH_MEDIUMBAND, OPUS_BANDWIDTH_NARROWBAND,
    OPUS_BANDWIDTH_SUPERWIDEBAND, OPUS_BANDWIDTH_WIDEBAND, OPUS_BUFFER_TOO_SMALL,
};
use state::{Refused, Setting, Wanted};

/// The sampling rates of the linear side. On the wire it is always said to be 48 kHz (RFC 7587 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// 8,000 samples a second.
    Hz8000,
    /// 12,000 samples a second.
    Hz12000,
    /// 16,000 samples a second.
    Hz16000,
    /// 24,000 samples a second.
    Hz24000,
    /// 48,000 samples a second.
    Hz48000,
}

impl Rate {
    /// Samples a second.
    pub const fn hz(self) -> usize {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz12000 => 12_000,
            Self::Hz16000 => 16_000,
            Self::Hz24000 => 24_000,
            Self::Hz48000 => 48_000,
        }
    }
}

/// What is coded at most: RFC 6716 §2, table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bandwidth {
    /// 4 kHz.
    Narrow,
    /// 6 kHz.
    Medium,
    /// 8 kHz.
    Wide,
    /// 12 kHz.
    SuperWide,
    /// 20 kHz.
    Full,
}

/// In-band forward error correction: each payload holds the one before once more, at a lower rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redundancy {
    /// None.
    Off,
    /// As much as so many lost payloads of a hundred make worth while.
    For {
        /// Per cent, at most 100.
        loss: u8,
    },
}

/// Discontinuous transmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Coded like sound.
    Coded,
    /// Not sent, but for one payload every 400 ms.
    Dropped,
}

/// How an encoder works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Bits a second: 6,000 to 510,000; what is beyond is taken for the nearest.
    pub bit_rate: u32,
    /// From 0 (quick) to 10 (good).
    pub complexity: u8,
    /// The widest band that is used.
    pub bandwidth: Bandwidth,
    /// In-band redundancy.
    pub redundancy: Redundancy,
    /// What happens to silence.
    pub silence: Silence,
}

impl Default for Settings {
    /// Speech at 24 kbit/s.
    fn default() -> Self {
        Self {
            bit_rate: 24_000,
            complexity: 5,
            bandwidth: Bandwidth::Full,
            redundancy: Redundancy::Off,
            silence: Silence::Coded,
        }
    }
}

/// From samples to payloads; a clone goes on as the original does.
#[derive(Debug)]
pub struct Encoder {
    state: state::Encoder,
    rate: Rate,
    settings: Settings,
}

/// Whatever takes the place of another state takes no memory anew.
impl Clone for Encoder {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), rate: self.rate, settings: self.settings }
    }

    fn clone_from(&mut self, other: &Self) {
        self.state.clone_from(&other.state);
        (self.rate, self.settings) = (other.rate, other.settings);
    }
}

impl Encoder {
    /// For speech (`OPUS_APPLICATION_VOIP`).
    pub fn new(rate: Rate, settings: Settings) -> Self {
        let mut encoder = Self { state: state::Encoder::new(rate.hz()), rate, settings };
        encoder.set(settings);
        encoder
    }

    /// Changes the settings from the next frame on.
    pub fn set(&mut self, settings: Settings) {
        let bit_rate = settings.bit_rate.clamp(6_000, 510_000) as i32;
        let loss = match settings.redundancy {
            Redundancy::Off => 0,
            Redundancy::For { loss } => loss.min(100),
        };
        let bandwidth = match settings.bandwidth {
            Bandwidth::Narrow => OPUS_BANDWIDTH_NARROWBAND,
            Bandwidth::Medium => OPUS_BANDWIDTH_MEDIUMBAND,
            Bandwidth::Wide => OPUS_BANDWIDTH_WIDEBAND,
            Bandwidth::SuperWide => OPUS_BANDWIDTH_SUPERWIDEBAND,
            Bandwidth::Full => OPUS_BANDWIDTH_FULLBAND,
        };
        let results = [
            (Setting::BitRate, bit_rate),
            (Setting::Complexity, i32::from(settings.complexity.min(10))),
            (Setting::Bandwidth, bandwidth),
            (Setting::Redundancy, i32::from(settings.redundancy != Redundancy::Off)),
            (Setting::Loss, i32::from(loss)),
            (Setting::Silence, i32::from(settings.silence == Silence::Dropped)),
        ]
        .map(|(setting, value)| self.state.set(setting, value));
        // All values are within the ranges of the library.
        debug_assert!(results.iter().all(Result::is_ok), "{results:?}");
        self.settings = settings;
    }

    /// Encodes one frame of 2.5, 5, 10, 20, 40 or 60 ms; returns how many octets of `out` are its payload.
    /// 0 is for silence that is not sent. A payload is at most [`LONGEST_FRAME`] octets long, three times
    /// that for 60 ms; a shorter `out` lowers the bit rate to what it holds.
    ///
    /// # Errors
    /// `pcm` is of another length, or `out` has no room for anything.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let hz = self.rate.hz();
        if ![400, 200, 100, 50, 25].iter().any(|of| pcm.len() * of == hz)
            && pcm.len() * 50 != hz * 3
        {
            return Err(EncodeError::FrameLength { frame: hz / 50, given: pcm.len() });
        }
        if out.len() < LEAST_ROOM {
            return Err(EncodeError::NoRoom { needed: LEAST_ROOM });
        }
        let room = out.len().min(3 * LONGEST_FRAME + 2);
        let made = self.state.encode(pcm, &mut out[..room]);
        let Ok(made) = made else { return Err(EncodeError::NoRoom { needed: LONGEST_FRAME }) };
        // Two octets or less need not be sent: documentation of `opus_encode`.
        Ok(if self.settings.silence == Silence::Dropped && made <= 2 { 0 } else { made })
    }

    /// How much later sound comes out of the decoder, in samples.
    pub fn delay(&mut self) -> usize {
        self.state.look_ahead()
    }
}

/// From payloads to samples; a clone goes on as the original does.
#[derive(Debug, Clone)]
pub struct Decoder {
    state: state::Decoder,
    rate: Rate,
}

impl Decoder {
    /// Whatever a payload's bandwidth, it comes out at this rate.
    pub fn new(rate: Rate) -> Self {
        Self { state: state::Decoder::new(rate.hz()), rate }
    }

    /// Decodes one payload; returns how many samples were written, at most 120 ms.
    ///
    /// # Errors
    /// The octets are no payload of Opus, or `pcm` is too short for what it holds.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let needed = self.samples(payload)?;
        let Some(pcm) = pcm.get_mut(..needed) else { return Err(DecodeError::NoRoom { needed }) };
        self.run(payload, pcm, Wanted::Present)
    }

    /// Fills `pcm` in for a frame that was lost before `next`, from the redundancy in `next`; where it has
    /// none, by concealment. Nothing of `next` itself is used up: it is decoded afterwards.
    ///
    /// `pcm`: as long as what was lost, a whole number of 2.5 ms and at most 120.
    ///
    /// # Errors
    /// The octets are no payload of Opus, or `pcm` is shorter than 2.5 ms.
    pub fn recover(&mut self, next: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        self.samples(next)?;
        let pcm = self.lost(pcm)?;
        self.run(next, pcm, Wanted::Past)
    }

    /// Fills `pcm` in for what was lost: a whole number of 2.5 ms and at most 120; returns how many samples
    /// that were.
    ///
    /// # Errors
    /// `pcm` is shorter than 2.5 ms.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let pcm = self.lost(pcm)?;
        self.run(&[], pcm, Wanted::Present)
    }

    /// How many samples a payload holds.
    fn samples(&self, payload: &[u8]) -> Result<usize, DecodeError> {
        if payload.is_empty() {
            return Err(DecodeError::Malformed);
        }
        state::samples(payload, self.rate.hz()).map_err(|_| DecodeError::Malformed)
    }

    /// What of `pcm` the library can fill in.
    fn lost<'a>(&self, pcm: &'a mut [i16]) -> Result<&'a mut [i16], DecodeError> {
        let unit = self.rate.hz() / 400;
        let len = (pcm.len() / unit).min(48) * unit;
        if len == 0 {
            return Err(DecodeError::NoRoom { needed: unit });
        }
        Ok(&mut pcm[..len])
    }

    fn run(
        &mut self,
        payload: &[u8],
        pcm: &mut [i16],
        wanted: Wanted,
    ) -> Result<usize, DecodeError> {
        let needed = pcm.len();
        self.state.decode(payload, pcm, wanted).map_err(|Refused(code)| match code {
            OPUS_BUFFER_TOO_SMALL => DecodeError::NoRoom { needed },
            _ => DecodeError::Malformed,
        })
    }
}

/// The most octets of a frame of up to 20 ms: RFC 6716 §3.4, R2.
pub const LONGEST_FRAME: usize = 1_275;
/// The least room in which the library encodes anything at the lowest bit rate.
const LEAST_ROOM: usize = 8;
