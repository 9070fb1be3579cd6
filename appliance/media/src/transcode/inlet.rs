//! One codec of a far side, up to where its sound is encoded again.

use super::direct::Direct;
use crate::codec::{self, Decoder, Shape, is_memoryless};
use call::Codec;
use media_dsp::amrwb::Mode;
use media_dsp::resample::{Rate, Resampler};

/// A codec of a far side, and the way to the encoder's rate.
///
/// Its decoder is made for the first packet that needs one: a phone that answers with eight codecs
/// sends one of them, and what is only written otherwise needs none. That packet allocates, and no
/// other.
#[derive(Debug)]
pub(crate) struct Inlet {
    codec: Codec,
    rate: Rate,
    /// For whom it was made.
    target: Shape,
    tools: Option<Box<Tools>>,
    /// Where nothing has to be decoded.
    direct: Option<Direct>,
}

#[derive(Debug)]
struct Tools {
    decoder: Decoder,
    /// Nothing where the rates are equal.
    resampler: Option<Resampler>,
}

/// Room for the sound of one packet.
#[derive(Debug)]
pub(crate) struct Room {
    decoded: Box<[i16]>,
    resampled: Box<[i16]>,
}

impl Inlet {
    /// At the beginning of a stream; nothing for what has no sound that is known here.
    pub(crate) fn new(codec: Codec, target: Shape) -> Option<Self> {
        let rate = codec::rate(codec, target.rate())?;
        let direct = Direct::new(codec, target.codec());
        Some(Self { codec, rate, target, tools: None, direct })
    }

    /// Whether it is what [`Self::new`] would make, so that its memory may be kept.
    pub(crate) fn fits(&self, codec: Codec, target: Shape) -> bool {
        self.codec == codec && self.target == target
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Whether the codec conceals losses by means of its own, and has heard what was before them.
    pub(crate) fn conceals(&self) -> bool {
        self.tools.as_ref().is_some_and(|it| it.decoder.conceals())
    }

    /// Which mode the far side wants to be spoken to in, if it said so since the last time.
    pub(crate) fn take_request(&mut self) -> Option<Mode> {
        self.tools.as_mut().and_then(|it| it.decoder.take_request())
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
        is_memoryless(self.codec) && self.rate == self.target.rate()
    }

    /// The sound of a payload at the encoder's rate. Nothing when this is no payload of the codec,
    /// or more than [`LONGEST`].
    pub(crate) fn hear<'a>(&mut self, payload: &[u8], room: &'a mut Room) -> Option<&'a [i16]> {
        let most = match self.codec {
            Codec::ComfortNoise { .. } => self.rate.hz() * self.target.millis() / 1_000,
            _ => LONGEST.samples(self.rate),
        };
        let most = most.min(room.decoded.len());
        let Tools { decoder, resampler } = self.tools()?;
        room.put(|pcm| decoder.decode(payload, pcm.get_mut(..most)?).ok(), resampler.as_mut())
    }

    /// The same of a payload that was overtaken, for a codec without memory.
    pub(crate) fn hear_late<'a>(
        &mut self,
        payload: &[u8],
        room: &'a mut Room,
    ) -> Option<&'a [i16]> {
        let made = self.tools()?.decoder.decode_late(payload, &mut room.decoded).ok()?;
        room.decoded.get(..made)
    }

    /// Sound in place of what was lost, at the encoder's rate: at least so many samples of it, if
    /// the codec has frames.
    pub(crate) fn conceal<'a>(&mut self, samples: usize, room: &'a mut Room) -> Option<&'a [i16]> {
        let wanted = (samples * self.rate.hz()).div_ceil(self.target.rate().hz());
        let Tools { decoder, resampler } = self.tools()?;
        room.put(|pcm| Some(decoder.conceal(wanted, pcm)), resampler.as_mut())
    }

    fn tools(&mut self) -> Option<&mut Tools> {
        if self.tools.is_none() {
            let (from, to) = (self.rate, self.target.rate());
            let decoder = Decoder::new(self.codec, to)?;
            let resampler = (from != to).then(|| Resampler::new(from, to));
            self.tools = Some(Box::new(Tools { decoder, resampler }));
        }
        self.tools.as_deref_mut()
    }
}

impl Room {
    pub(crate) fn new() -> Self {
        let room = || vec![0; LONGEST.samples(Rate::Hz48000) + SPARE].into_boxed_slice();
        Self { decoded: room(), resampled: room() }
    }

    /// The sound that `make` makes in it, which says how much that is, at the rate that is wanted.
    pub(crate) fn put<'a>(
        &'a mut self,
        make: impl FnOnce(&mut [i16]) -> Option<usize>,
        resampler: Option<&mut Resampler>,
    ) -> Option<&'a [i16]> {
        let made = make(&mut self.decoded)?;
        let decoded = self.decoded.get(..made)?;
        let Some(resampler) = resampler else { return Some(decoded) };
        let made = resampler.resample(decoded, &mut self.resampled).ok()?;
        self.resampled.get(..made)
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

/// RFC 3551 §4.2: a receiver should accept packets of up to 200 ms.
pub(crate) const LONGEST: Millis = Millis(200);
/// Samples that a resampler gives out beyond its input.
const SPARE: usize = 16;
