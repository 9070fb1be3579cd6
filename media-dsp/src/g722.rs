//! ITU-T G.722 (09/2012): 7 kHz audio at 64, 56 and 48 kbit/s, sub-band ADPCM.
//!
//! Samples are linear, 16 bits, 16 kHz; an octet carries two of them. RFC 3551 §4.5.2 sends it with a
//! clock of 8 kHz, an octet a tick. The delay of encoder and decoder together is 22 samples.
//!
//! At 56 and 48 kbit/s the last one or two bits of every octet belong to an auxiliary channel, §1.1: the
//! decoder does not heed them, the encoder leaves them zero.
//!
//! Where the transmit filters or the predictor overflow, a sum is saturated as a whole, as ffmpeg does;
//! the ITU's software tool limits the sub-bands and every term. The two part on full-scale square waves
//! and on octets that no encoder makes; the ITU's vectors do not tell them apart.

mod band;
pub(crate) mod batch;
mod mirror;
mod tables;

use crate::arch::lanes::Lanes;
use crate::arch::{self, Level};
use crate::codec::{DecodeError, EncodeError};
use band::Band;
use mirror::{Bands, PAIRS, PAST};
use tables::{HIGH_TWO, LOW};

/// How many bits of each octet are speech: the modes of operation of §1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// 64 kbit/s: all eight.
    #[default]
    One,
    /// 56 kbit/s: seven.
    Two,
    /// 48 kbit/s: six.
    Three,
}

impl Mode {
    /// The bits of an octet that are speech.
    fn speech(self) -> u8 {
        match self {
            Self::One => 0xff,
            Self::Two => 0xfe,
            Self::Three => 0xfc,
        }
    }

    /// Where this mode's part of the decoder's table begins.
    fn table(self) -> i32 {
        match self {
            Self::One => 0,
            Self::Two => 64,
            Self::Three => 128,
        }
    }
}

/// An encoder's state: 216 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    mode: Mode,
    past: [i16; PAST],
    low: Band<i32>,
    high: Band<i32>,
}

impl Encoder {
    /// After a reset (RS in clause 6).
    pub fn new(mode: Mode) -> Self {
        Self { mode, past: [0; PAST], low: Band::LOW, high: Band::HIGH }
    }

    /// Encodes any even number of samples, two to an octet. Returns how many octets they took.
    ///
    /// # Errors
    /// The samples are odd in number, or `out` is too short; nothing was encoded then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let octets = room(pcm, out)?;
        self.encode_pairs(pcm, out);
        Ok(octets)
    }

    /// [`Self::encode`] of whole pairs, where there is room.
    fn encode_pairs(&mut self, pcm: &[i16], out: &mut [u8]) {
        for (samples, codes) in pcm.chunks(2 * PAIRS).zip(out.chunks_mut(PAIRS)) {
            let bands = mirror::split(&mut self.past, samples);
            let pairs = bands.low.iter().zip(&bands.high);
            for (code, (&low, &high)) in codes.iter_mut().zip(pairs).take(samples.len() / 2) {
                *code = self.encode_pair(low, high);
            }
        }
    }

    /// Encodes equally many samples of several channels side by side, at this level or less, to the same
    /// octets as one by one. Element `n` of each list is of channel `n`; what one list has more than
    /// another is left alone.
    ///
    /// # Errors
    /// As for [`Self::encode`], and for channels of which one has more samples than another; nothing was
    /// encoded for any of them then.
    pub fn encode_batch(
        level: Level,
        channels: &mut [&mut Self],
        pcm: &[&[i16]],
        out: &mut [&mut [u8]],
    ) -> Result<(), EncodeError> {
        let frame = pcm.first().map_or(0, |pcm| pcm.len());
        let count = channels.len().min(pcm.len()).min(out.len());
        for (pcm, out) in pcm.iter().zip(&*out) {
            if pcm.len() != frame {
                return Err(EncodeError::FrameLength { frame, given: pcm.len() });
            }
            room(pcm, out)?;
        }
        let mut done = 0;
        while done < count {
            let (level, lanes) = level.or_scalar().side_by_side(count - done);
            let group = done..done + lanes;
            done = group.end;
            let (channels, pcm) = (&mut channels[group.clone()], &pcm[group.clone()]);
            arch::g722::encode(level, channels, pcm, &mut out[group]);
        }
        Ok(())
    }

    #[inline(always)]
    fn encode_pair(&mut self, low: i32, high: i32) -> u8 {
        let low = self.low.quantize_low(low);
        let high = self.high.quantize_high(high);
        self.low.adapt_low(low >> 2);
        self.high.adapt_high(high);
        (high << 6 | low) as u8 & self.mode.speech()
    }
}

/// A decoder's state: 216 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    mode: Mode,
    past: [[i16; PAST / 2]; 2],
    low: Band<i32>,
    high: Band<i32>,
}

impl Decoder {
    /// After a reset (RS in clause 6).
    pub fn new(mode: Mode) -> Self {
        Self { mode, past: [[0; PAST / 2]; 2], low: Band::LOW, high: Band::HIGH }
    }

    /// Decodes any number of octets, two samples from each. Returns how many samples they made.
    ///
    /// # Errors
    /// `pcm` is too short; nothing was decoded then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let needed = 2 * payload.len();
        if pcm.len() < needed {
            return Err(DecodeError::NoRoom { needed });
        }
        self.decode_octets(payload, pcm);
        Ok(needed)
    }

    /// [`Self::decode`] where there is room.
    fn decode_octets(&mut self, payload: &[u8], pcm: &mut [i16]) {
        let pcm = &mut pcm[..2 * payload.len()];
        for (codes, samples) in payload.chunks(PAIRS).zip(pcm.chunks_mut(2 * PAIRS)) {
            let mut bands = Bands { low: [0; PAIRS], high: [0; PAIRS] };
            let pairs = bands.low.iter_mut().zip(&mut bands.high);
            for (&code, (low, high)) in codes.iter().zip(pairs) {
                (*low, *high) = self.decode_pair(i32::from(code));
            }
            mirror::join(&mut self.past, &bands, samples);
        }
    }

    /// Decodes equally many octets of several channels side by side, at this level or less, to the same
    /// samples as one by one. Element `n` of each list is of channel `n`; what one list has more than
    /// another is left alone.
    ///
    /// # Errors
    /// One channel has more octets than another, or some `pcm` is too short; nothing was decoded for any
    /// of them then.
    pub fn decode_batch(
        level: Level,
        channels: &mut [&mut Self],
        payload: &[&[u8]],
        pcm: &mut [&mut [i16]],
    ) -> Result<(), DecodeError> {
        let octets = payload.first().map_or(0, |payload| payload.len());
        let count = channels.len().min(payload.len()).min(pcm.len());
        let needed = 2 * octets;
        if payload.iter().any(|payload| payload.len() != octets) {
            return Err(DecodeError::Malformed);
        }
        if pcm.iter().any(|pcm| pcm.len() < needed) {
            return Err(DecodeError::NoRoom { needed });
        }
        let mut done = 0;
        while done < count {
            let (level, lanes) = level.or_scalar().side_by_side(count - done);
            let group = done..done + lanes;
            done = group.end;
            let (channels, payload) = (&mut channels[group.clone()], &payload[group.clone()]);
            arch::g722::decode(level, channels, payload, &mut pcm[group]);
        }
        Ok(())
    }

    #[inline(always)]
    fn decode_pair(&mut self, code: i32) -> (i32, i32) {
        let (low, high) = (code & 63, code >> 6);
        let samples = (
            self.low.reconstruct((low + self.mode.table()).look(&LOW)),
            self.high.reconstruct(high.look8(&HIGH_TWO)),
        );
        self.low.adapt_low(low >> 2);
        self.high.adapt_high(high);
        samples
    }
}

/// How many octets these samples take, if they are whole pairs and there is room.
fn room(pcm: &[i16], out: &[u8]) -> Result<usize, EncodeError> {
    if !pcm.len().is_multiple_of(2) {
        return Err(EncodeError::FrameLength { frame: 2, given: pcm.len() });
    }
    let needed = pcm.len() / 2;
    if out.len() < needed {
        return Err(EncodeError::NoRoom { needed });
    }
    Ok(needed)
}
