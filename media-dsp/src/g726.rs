//! ITU-T G.726 (12/1990): ADPCM at 40, 32, 24 and 16 kbit/s, from and to A-law, µ-law (exact to the
//! digital test sequences) and linear samples (Annex A: the upper 14 bits of 16, without SYNC).
//!
//! Samples are 8 kHz. A code has two to five bits; how codes lie in octets is [`Packing`]. No delay.

pub(crate) mod batch;
mod coder;
pub(crate) mod form;
mod packing;
mod tables;

pub use crate::g711::Law;
pub use packing::Packing;

use crate::arch::{self, Level};
use crate::codec::{DecodeError, EncodeError};
use coder::Coder;
use form::{Form, Linear};
use packing::GROUP;
use tables::Quantizer;

/// The bit rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rate {
    /// 16 kbit/s, two bits a sample.
    Kbit16,
    /// 24 kbit/s, three bits.
    Kbit24,
    /// 32 kbit/s, four bits.
    Kbit32,
    /// 40 kbit/s, five bits.
    Kbit40,
}

impl Rate {
    /// Bits of a code.
    pub fn bits(self) -> usize {
        self.quantizer().bits as usize
    }

    /// The fewest samples that fill whole octets: 4, 8, 2 and 8.
    pub fn samples(self) -> usize {
        match self {
            Self::Kbit16 => 4,
            Self::Kbit32 => 2,
            Self::Kbit24 | Self::Kbit40 => 8,
        }
    }

    fn quantizer(self) -> &'static Quantizer {
        match self {
            Self::Kbit16 => &tables::TWO,
            Self::Kbit24 => &tables::THREE,
            Self::Kbit32 => &tables::FOUR,
            Self::Kbit40 => &tables::FIVE,
        }
    }
}

/// An encoder's state: 100 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    rate: Rate,
    packing: Packing,
    coder: Coder<i32>,
}

impl Encoder {
    /// After a reset.
    pub fn new(rate: Rate, packing: Packing) -> Self {
        Self { rate, packing, coder: Coder::new() }
    }

    /// Encodes linear samples, a multiple of [`Rate::samples`]. Returns how many octets they took.
    ///
    /// # Errors
    /// The samples fill no whole octets, or `out` is too short; nothing was encoded then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        self.encode_form(Linear, pcm, out)
    }

    /// [`Self::encode`] of octets of G.711 in place of linear samples.
    pub fn encode_law(
        &mut self,
        law: Law,
        sound: &[u8],
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        self.encode_form(law, sound, out)
    }

    /// [`Self::encode`] of several channels side by side, at this level or less, to the same octets. All
    /// have equally many samples; neighbours of different rates cannot share a vector. Element `n` of each
    /// list is of channel `n`; what one list has more than another is left alone.
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
        Self::encode_forms(level, Linear, channels, pcm, out)
    }

    /// [`Self::encode_law`] of several channels side by side, as [`Self::encode_batch`].
    pub fn encode_law_batch(
        level: Level,
        law: Law,
        channels: &mut [&mut Self],
        sound: &[&[u8]],
        out: &mut [&mut [u8]],
    ) -> Result<(), EncodeError> {
        Self::encode_forms(level, law, channels, sound, out)
    }

    #[inline(always)]
    fn encode_form<F: Form>(
        &mut self,
        form: F,
        sound: &[F::Sample],
        out: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let octets = self.octets(sound.len(), out.len())?;
        self.encode_codes(form, sound, out);
        Ok(octets)
    }

    /// [`Self::encode`] of what fills whole octets, where there is room.
    #[inline(always)]
    fn encode_codes<F: Form>(&mut self, form: F, sound: &[F::Sample], out: &mut [u8]) {
        let (quantizer, bits) = (self.rate.quantizer(), self.rate.bits());
        let out = &mut out[..sound.len() * bits / 8];
        for (sound, out) in sound.chunks(GROUP).zip(out.chunks_mut(bits)) {
            let mut codes = [0; GROUP];
            for (code, &sample) in codes.iter_mut().zip(sound) {
                *code = self.coder.encode(quantizer, form.linear(sample)) as u8;
            }
            self.packing.pack(bits, &codes, out);
        }
    }

    fn encode_forms<F: Form>(
        level: Level,
        form: F,
        channels: &mut [&mut Self],
        sound: &[&[F::Sample]],
        out: &mut [&mut [u8]],
    ) -> Result<(), EncodeError> {
        let frame = sound.first().map_or(0, |sound| sound.len());
        let count = channels.len().min(sound.len()).min(out.len());
        for ((channel, sound), out) in channels.iter().zip(sound).zip(&*out) {
            if sound.len() != frame {
                return Err(EncodeError::FrameLength { frame, given: sound.len() });
            }
            channel.octets(frame, out.len())?;
        }
        let mut done = 0;
        while done < count {
            let rate = channels[done].rate;
            let alike = channels[done..count].iter().take_while(|it| it.rate == rate).count();
            let (level, lanes) = level.or_scalar().side_by_side(alike);
            let group = done..done + lanes;
            done = group.end;
            let (channels, sound) = (&mut channels[group.clone()], &sound[group.clone()]);
            arch::g726::encode(level, form, channels, sound, &mut out[group]);
        }
        Ok(())
    }

    /// How many octets so many samples take, if they fill them and there is room.
    fn octets(&self, samples: usize, room: usize) -> Result<usize, EncodeError> {
        let frame = self.rate.samples();
        if !samples.is_multiple_of(frame) {
            return Err(EncodeError::FrameLength { frame, given: samples });
        }
        let needed = samples * self.rate.bits() / 8;
        if room < needed { Err(EncodeError::NoRoom { needed }) } else { Ok(needed) }
    }
}

/// A decoder's state: 100 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    rate: Rate,
    packing: Packing,
    coder: Coder<i32>,
}

impl Decoder {
    /// After a reset.
    pub fn new(rate: Rate, packing: Packing) -> Self {
        Self { rate, packing, coder: Coder::new() }
    }

    /// How many samples so many octets hold. Bits after the last whole code are passed over.
    pub fn samples(&self, octets: usize) -> usize {
        octets * 8 / self.rate.bits()
    }

    /// Decodes octets to linear samples. Returns how many, which is [`Self::samples`].
    ///
    /// # Errors
    /// `pcm` is too short; nothing was decoded then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        self.decode_form(Linear, payload, pcm)
    }

    /// [`Self::decode`] to octets of G.711 in place of linear samples.
    pub fn decode_law(
        &mut self,
        law: Law,
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, DecodeError> {
        self.decode_form(law, payload, out)
    }

    /// [`Self::decode`] of several channels side by side, at this level or less, to the same samples. All
    /// have equally many octets; neighbours of different rates cannot share a vector. Element `n` of each
    /// list is of channel `n`; what one list has more than another is left alone.
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
        Self::decode_forms(level, Linear, channels, payload, pcm)
    }

    /// [`Self::decode_law`] of several channels side by side, as [`Self::decode_batch`].
    pub fn decode_law_batch(
        level: Level,
        law: Law,
        channels: &mut [&mut Self],
        payload: &[&[u8]],
        out: &mut [&mut [u8]],
    ) -> Result<(), DecodeError> {
        Self::decode_forms(level, law, channels, payload, out)
    }

    #[inline(always)]
    fn decode_form<F: Form>(
        &mut self,
        form: F,
        payload: &[u8],
        out: &mut [F::Sample],
    ) -> Result<usize, DecodeError> {
        let needed = self.samples(payload.len());
        if out.len() < needed {
            return Err(DecodeError::NoRoom { needed });
        }
        self.decode_codes(form, payload, out);
        Ok(needed)
    }

    /// [`Self::decode`] where there is room.
    #[inline(always)]
    fn decode_codes<F: Form>(&mut self, form: F, payload: &[u8], out: &mut [F::Sample]) {
        let (quantizer, bits) = (self.rate.quantizer(), self.rate.bits());
        let out = &mut out[..payload.len() * 8 / bits];
        for (payload, out) in payload.chunks(bits).zip(out.chunks_mut(GROUP)) {
            let codes = self.packing.unpack(bits, payload);
            for (out, code) in out.iter_mut().zip(codes) {
                let code = i32::from(code);
                let (sample, expected) = self.coder.decode(quantizer, code);
                *out = F::sample(form.sound(quantizer, sample, code, &expected));
            }
        }
    }

    fn decode_forms<F: Form>(
        level: Level,
        form: F,
        channels: &mut [&mut Self],
        payload: &[&[u8]],
        out: &mut [&mut [F::Sample]],
    ) -> Result<(), DecodeError> {
        let octets = payload.first().map_or(0, |payload| payload.len());
        let count = channels.len().min(payload.len()).min(out.len());
        if payload.iter().any(|payload| payload.len() != octets) {
            return Err(DecodeError::Malformed);
        }
        for (channel, out) in channels.iter().zip(&*out) {
            let needed = channel.samples(octets);
            if out.len() < needed {
                return Err(DecodeError::NoRoom { needed });
            }
        }
        let mut done = 0;
        while done < count {
            let rate = channels[done].rate;
            let alike = channels[done..count].iter().take_while(|it| it.rate == rate).count();
            let (level, lanes) = level.or_scalar().side_by_side(alike);
            let group = done..done + lanes;
            done = group.end;
            let (channels, payload) = (&mut channels[group.clone()], &payload[group.clone()]);
            arch::g726::decode(level, form, channels, payload, &mut out[group]);
        }
        Ok(())
    }
}
