//! One codec of a far side, up to where its sound is encoded again.

use super::decoder::Decoder;
use super::direct::Direct;
use super::encoder::{Encoder, Shape};
use call::Codec;
use media_dsp::plc::Concealment;
use media_dsp::resample::{Rate, Resampler};
use media_dsp::speech;

/// A decoder, what helps it over gaps, and the way to the encoder's rate.
#[derive(Debug)]
pub(crate) struct Inlet {
    decoder: Decoder,
    /// For whom it was made.
    target: Shape,
    /// For codecs that have no concealment of their own.
    concealment: Option<Box<Concealment>>,
    /// Nothing where the rates are equal.
    resampler: Option<Resampler>,
    /// Where nothing has to be decoded.
    direct: Option<Direct>,
}

/// Room for the sound of one packet.
#[derive(Debug)]
pub(crate) struct Room {
    decoded: Box<[i16]>,
    resampled: Box<[i16]>,
}

impl Inlet {
    /// At the beginning of a stream; nothing for what has no sound that is known here.
    pub(crate) fn new(codec: Codec, encoder: &Encoder) -> Option<Self> {
        let decoder = Decoder::new(codec, encoder.rate(), encoder.millis())?;
        let (from, to) = (decoder.rate(), encoder.rate());
        Some(Self {
            concealment: concealment(codec, from),
            decoder,
            target: encoder.shape(),
            resampler: (from != to).then(|| Resampler::new(from, to)),
            direct: Direct::new(codec, encoder.codec()),
        })
    }

    /// Whether it is what [`Self::new`] would make, so that its memory may be kept.
    pub(crate) fn fits(&self, codec: Codec, encoder: &Encoder) -> bool {
        self.decoder.codec() == codec && self.target == encoder.shape()
    }

    pub(crate) fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    pub(crate) fn decoder_mut(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// How a payload is written otherwise and for how many samples, where that is all, and packets
    /// of so many are wanted.
    pub(crate) fn direct(&mut self, payload: &[u8], packet: usize) -> Option<(&mut Direct, usize)> {
        let direct = self.direct.as_mut()?;
        let samples = direct.samples(payload, packet)?;
        Some((direct, samples))
    }

    /// Whether a payload means the same whatever came before.
    pub(crate) fn is_memoryless(&self) -> bool {
        self.decoder.is_memoryless() && self.resampler.is_none()
    }

    /// The sound of a payload at the encoder's rate. Nothing when this is no payload of the codec,
    /// or more than [`LONGEST`].
    pub(crate) fn hear<'a>(&mut self, payload: &[u8], room: &'a mut Room) -> Option<&'a [i16]> {
        let most = room.decoded.len().min(LONGEST.samples(self.decoder.rate()));
        let made = self.decoder.decode(payload, room.decoded.get_mut(..most)?)?;
        if let Some(concealment) = &mut self.concealment {
            concealment.heard(room.decoded.get_mut(..made)?);
        }
        self.resampled(made, room)
    }

    /// The same of a payload that was overtaken, for a codec without memory.
    pub(crate) fn hear_late<'a>(
        &mut self,
        payload: &[u8],
        room: &'a mut Room,
    ) -> Option<&'a [i16]> {
        let made = self.decoder.decode(payload, &mut room.decoded)?;
        room.decoded.get(..made)
    }

    /// Sound in place of what was lost, at the encoder's rate: at least so many samples of it, if
    /// the codec has frames.
    pub(crate) fn conceal<'a>(&mut self, samples: usize, room: &'a mut Room) -> Option<&'a [i16]> {
        let (from, to) = (self.decoder.rate().hz(), self.target.1.hz());
        let wanted = (samples * from).div_ceil(to);
        let made = match (self.decoder.conceal(wanted, &mut room.decoded), &mut self.concealment) {
            (Some(made), _) => made,
            (None, concealment) => {
                let pcm = room.decoded.get_mut(..wanted)?;
                match concealment {
                    Some(concealment) => concealment.conceal(pcm),
                    None => pcm.fill(0),
                }
                wanted
            }
        };
        self.resampled(made, room)
    }

    fn resampled<'a>(&mut self, made: usize, room: &'a mut Room) -> Option<&'a [i16]> {
        let decoded = room.decoded.get(..made)?;
        let Some(resampler) = &mut self.resampler else { return Some(decoded) };
        let made = resampler.resample(decoded, &mut room.resampled).ok()?;
        room.resampled.get(..made)
    }
}

impl Room {
    pub(crate) fn new() -> Self {
        let room = || vec![0; LONGEST.samples(Rate::Hz48000) + SPARE].into_boxed_slice();
        Self { decoded: room(), resampled: room() }
    }
}

/// A length of sound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Millis(pub(crate) u32);

impl Millis {
    pub(crate) const fn samples(self, rate: Rate) -> usize {
        self.0 as usize * rate.hz() / 1_000
    }

    pub(crate) const fn ticks(self, clock: u32) -> i32 {
        (self.0 as u64 * clock as u64 / 1_000) as i32
    }
}

fn concealment(codec: Codec, rate: Rate) -> Option<Box<Concealment>> {
    let own = !matches!(
        codec,
        Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::G726 { .. } | Codec::L16 { .. }
    );
    let rate = match rate {
        Rate::Hz8000 => speech::Rate::Hz8000,
        Rate::Hz16000 => speech::Rate::Hz16000,
        Rate::Hz32000 | Rate::Hz48000 => return None,
    };
    (!own).then(|| Box::new(Concealment::new(rate)))
}

/// RFC 3551 §4.2: a receiver should accept packets of up to 200 ms.
pub(crate) const LONGEST: Millis = Millis(200);
/// Samples that a resampler gives out beyond its input.
const SPARE: usize = 16;
