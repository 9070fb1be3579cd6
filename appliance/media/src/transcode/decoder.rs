//! From payloads to sound, for every codec in one shape.

use super::compact_disc::Converter;
use call::{Codec, G726Bits, G726Packing};
use media_dsp::amrwb::{self, Lineage, rtp::Framing, rtp::Payload};
use media_dsp::cn;
use media_dsp::g711::{self, Law};
use media_dsp::g722::{self, Mode};
use media_dsp::g726::{self, Packing};
use media_dsp::g729;
use media_dsp::g7231;
use media_dsp::gsm;
use media_dsp::opus;
use media_dsp::resample::Rate;
use std::fmt;

/// What one far side sends, as linear 16-bit samples.
pub(crate) struct Decoder {
    codec: Codec,
    rate: Rate,
    state: State,
    /// The mode that the last payloads asked for (RFC 4867 §4.3.1).
    request: Option<amrwb::Mode>,
}

enum State {
    G711(g711::Decoder),
    G722(g722::Decoder),
    G726(g726::Decoder),
    G729(Box<g729::Decoder>),
    G723(Box<g7231::Decoder>),
    Gsm(Box<gsm::Decoder>),
    AmrWb(Box<amrwb::Decoder>, Framing),
    Opus(opus::Decoder),
    /// With a converter, where they are 44.1 kHz.
    L16(Option<Box<Converter>>),
    /// Noise that is described, in pieces of so many samples.
    Noise(Box<cn::Generator>, usize),
}

impl Decoder {
    /// At the beginning of a stream; nothing for what carries no sound, or sound at a rate that is
    /// not known here.
    ///
    /// `wanted`: the rate that whoever hears it needs, for a codec that gives any. `millis`: how
    /// much noise is made for each description.
    pub(crate) fn new(codec: Codec, wanted: Rate, millis: usize) -> Option<Self> {
        let narrow = |state| Some((Rate::Hz8000, state));
        let (rate, state) = match codec {
            Codec::Pcmu => narrow(State::G711(g711::Decoder::new(Law::Mu))),
            Codec::Pcma => narrow(State::G711(g711::Decoder::new(Law::A))),
            Codec::G722 => Some((Rate::Hz16000, State::G722(g722::Decoder::new(Mode::One)))),
            Codec::G726 { bits, packing } => {
                narrow(State::G726(g726::Decoder::new(g726_rate(bits), g726_packing(packing))))
            }
            Codec::G729 { .. } => narrow(State::G729(Box::default())),
            Codec::G723 { .. } => narrow(State::G723(Box::new(g7231::Decoder::new()))),
            Codec::Gsm => narrow(State::Gsm(Box::new(gsm::Decoder::new()))),
            Codec::AmrWb { octet_aligned } => {
                let decoder = Box::new(amrwb::Decoder::new(Lineage::Standard));
                Some((Rate::Hz16000, State::AmrWb(decoder, framing(octet_aligned))))
            }
            Codec::Opus => {
                let (rate, opus) = opus_rate(wanted);
                Some((rate, State::Opus(opus::Decoder::new(opus))))
            }
            Codec::L16 { rate: DISC } => {
                Some((Rate::Hz48000, State::L16(Some(Box::new(Converter::up())))))
            }
            Codec::L16 { rate } => Some((linear_rate(rate)?, State::L16(None))),
            Codec::ComfortNoise { clock } => {
                let rate = linear_rate(clock).filter(|it| it.hz() <= Rate::Hz16000.hz())?;
                let samples = rate.hz() * millis / 1_000;
                Some((rate, State::Noise(Box::new(cn::Generator::new(SEED)), samples)))
            }
            Codec::TelephoneEvent { .. } => None,
        }?;
        Some(Self { codec, rate, state, request: None })
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Of its samples.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Decodes all frames of a payload; how many samples they made. Nothing when this is no payload
    /// of the codec, or longer than `pcm`.
    pub(crate) fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Option<usize> {
        if payload.is_empty() {
            return None;
        }
        match &mut self.state {
            State::G711(it) => it.decode(payload, pcm).ok(),
            State::G722(it) => it.decode(payload, pcm).ok(),
            State::G726(it) => it.decode(payload, pcm).ok(),
            State::G729(it) => it.decode(payload, pcm).ok(),
            State::G723(it) => it.decode(payload, pcm).ok(),
            State::Gsm(it) => it.decode(payload, pcm).ok(),
            State::AmrWb(it, framing) => {
                let payload = Payload::read(*framing, payload).ok()?;
                self.request = payload.request().or(self.request);
                amr_wb(it, &payload, pcm)
            }
            State::Opus(it) => it.decode(payload, pcm).ok(),
            State::L16(converter) => linear(converter.as_deref_mut(), payload, pcm),
            State::Noise(it, samples) => {
                let pcm = pcm.get_mut(..*samples)?;
                it.receive(payload).ok()?;
                it.generate(pcm);
                Some(*samples)
            }
        }
    }

    /// Which mode the far side wants to be spoken to in, at most, if it said so since the last
    /// time.
    pub(crate) fn take_request(&mut self) -> Option<amrwb::Mode> {
        self.request.take()
    }

    /// Whether it conceals losses by means of its own.
    pub(crate) fn conceals(&self) -> bool {
        self.frame().is_some()
    }

    /// Fills in what was lost, by the codec's own means: at least so many samples in whole frames,
    /// as far as `pcm` has room. How many; nothing where the codec has no such means.
    pub(crate) fn conceal(&mut self, samples: usize, pcm: &mut [i16]) -> Option<usize> {
        let frame = self.frame()?;
        let room = pcm.len() / frame * frame;
        let pcm = pcm.get_mut(..samples.next_multiple_of(frame).min(room))?;
        match &mut self.state {
            State::Opus(it) => it.conceal(pcm).ok()?,
            State::G729(it) => it.conceal(pcm).ok()?,
            State::G723(it) => {
                for frame in pcm.chunks_exact_mut(frame) {
                    it.conceal(frame).ok()?;
                }
                pcm.len()
            }
            State::AmrWb(it, _) => {
                for frame in pcm.chunks_exact_mut(frame) {
                    it.conceal(frame).ok()?;
                }
                pcm.len()
            }
            State::Gsm(it) => it.conceal(pcm).ok()?,
            State::G711(_) | State::G722(_) | State::G726(_) | State::L16(_) | State::Noise(..) => {
                return None;
            }
        };
        Some(pcm.len())
    }

    /// Samples of a frame, for codecs that conceal losses themselves.
    fn frame(&self) -> Option<usize> {
        match &self.state {
            State::G729(_) => Some(g729::FRAME),
            State::G723(_) => Some(g7231::FRAME_SAMPLES),
            State::Gsm(_) => Some(GSM_FRAME),
            State::AmrWb(..) => Some(amrwb::FRAME),
            State::Opus(_) => Some(self.rate.hz() / OPUS_UNITS),
            State::G711(_) | State::G722(_) | State::G726(_) | State::L16(_) | State::Noise(..) => {
                None
            }
        }
    }

    /// Whether a payload means the same whatever came before.
    pub(crate) fn is_memoryless(&self) -> bool {
        matches!(self.state, State::G711(_) | State::L16(None))
    }
}

/// The states of codecs are numbers without names.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Decoder").field(&self.codec).field(&self.rate).finish()
    }
}

fn amr_wb(decoder: &mut amrwb::Decoder, payload: &Payload<'_>, pcm: &mut [i16]) -> Option<usize> {
    let needed = payload.len() * amrwb::FRAME;
    let pcm = pcm.get_mut(..needed)?;
    for (frame, pcm) in payload.frames().zip(pcm.chunks_exact_mut(amrwb::FRAME)) {
        decoder.decode_frame(&frame, pcm).ok()?;
    }
    Some(needed)
}

/// Network order (RFC 3551 §4.5.11).
fn linear(converter: Option<&mut Converter>, payload: &[u8], pcm: &mut [i16]) -> Option<usize> {
    let (octets, []) = payload.as_chunks() else { return None };
    let samples = octets.iter().map(|octets| i16::from_be_bytes(*octets));
    if let Some(converter) = converter {
        return converter.convert(samples, pcm.iter_mut());
    }
    let pcm = pcm.get_mut(..octets.len())?;
    for (slot, sample) in pcm.iter_mut().zip(samples) {
        *slot = sample;
    }
    Some(pcm.len())
}

pub(super) fn framing(octet_aligned: bool) -> Framing {
    if octet_aligned { Framing::OctetAligned } else { Framing::BandwidthEfficient }
}

pub(super) fn g726_rate(bits: G726Bits) -> g726::Rate {
    match bits {
        G726Bits::Two => g726::Rate::Kbit16,
        G726Bits::Three => g726::Rate::Kbit24,
        G726Bits::Four => g726::Rate::Kbit32,
        G726Bits::Five => g726::Rate::Kbit40,
    }
}

pub(super) fn g726_packing(packing: G726Packing) -> Packing {
    match packing {
        G726Packing::Rtp => Packing::Rtp,
        G726Packing::Aal2 => Packing::Aal2,
    }
}

/// Opus takes and gives sound at several rates by itself; that is better than to convert it once
/// more.
pub(super) fn opus_rate(wanted: Rate) -> (Rate, opus::Rate) {
    match wanted {
        Rate::Hz8000 => (wanted, opus::Rate::Hz8000),
        Rate::Hz16000 => (wanted, opus::Rate::Hz16000),
        Rate::Hz32000 | Rate::Hz48000 => (Rate::Hz48000, opus::Rate::Hz48000),
    }
}

pub(super) fn linear_rate(hertz: u32) -> Option<Rate> {
    Rate::ALL.into_iter().find(|rate| u32::try_from(rate.hz()) == Ok(hertz))
}

/// Samples a second of a compact disc.
pub(super) const DISC: u32 = 44_100;
/// 20 ms (GSM 06.10 §1.6).
pub(super) const GSM_FRAME: usize = 160;
/// The shortest frames are 2.5 ms (RFC 6716 §2.1.4).
const OPUS_UNITS: usize = 400;
/// What noise begins with matters to nobody.
const SEED: u32 = 0x2545_f491;
