//! From payloads to sound, for every codec in one shape.

use super::compact_disc::Converter;
use super::content::content;
use super::shape::rate;
use super::{DISC, GSM_FRAME, framing, g726_packing, g726_rate, opus};
use crate::jitter::{Content, Format};
use call::Codec;
use media_dsp::amrwb::{self, FrameType, Lineage, rtp::Framing, rtp::Payload};
use media_dsp::cn;
use media_dsp::codec::DecodeError;
use media_dsp::g711::{self, Law};
use media_dsp::g722::{self, Mode};
use media_dsp::g726;
use media_dsp::g729;
use media_dsp::g7231;
use media_dsp::gsm;
use media_dsp::plc::Concealment;
use media_dsp::resample::Rate;
use media_dsp::speech;
use std::fmt;

/// What one far side sends, as linear 16-bit samples.
pub struct Decoder {
    codec: Codec,
    rate: Rate,
    state: State,
    /// For codecs that have none of their own, at the rates that it knows.
    concealment: Option<Box<Concealment>>,
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
    Opus(media_dsp::opus::Decoder),
    /// With a converter, where they are 44.1 kHz.
    L16(Option<Box<Converter>>),
    /// Noise that is described.
    Noise(Box<cn::Generator>),
}

impl Decoder {
    /// At the beginning of a stream; nothing for what carries no sound, or sound at a rate that is
    /// not known here. Takes the memory that it needs, and never more.
    ///
    /// `wanted`: the rate that whoever hears it needs, for a codec that gives any.
    pub fn new(codec: Codec, wanted: Rate) -> Option<Self> {
        let rate = rate(codec, wanted)?;
        let state = match codec {
            Codec::Pcmu => State::G711(g711::Decoder::new(Law::Mu)),
            Codec::Pcma => State::G711(g711::Decoder::new(Law::A)),
            Codec::G722 => State::G722(g722::Decoder::new(Mode::One)),
            Codec::G726 { bits, packing } => {
                State::G726(g726::Decoder::new(g726_rate(bits), g726_packing(packing)))
            }
            Codec::G729 { .. } => State::G729(Box::default()),
            Codec::G723 { .. } => State::G723(Box::new(g7231::Decoder::new())),
            Codec::Gsm => State::Gsm(Box::new(gsm::Decoder::new())),
            Codec::AmrWb { octet_aligned } => {
                let decoder = Box::new(amrwb::Decoder::new(Lineage::Standard));
                State::AmrWb(decoder, framing(octet_aligned))
            }
            Codec::Opus => State::Opus(media_dsp::opus::Decoder::new(opus::rate(rate))),
            Codec::L16 { rate: DISC } => State::L16(Some(Box::new(Converter::up()))),
            Codec::L16 { .. } => State::L16(None),
            Codec::ComfortNoise { .. } => State::Noise(Box::new(cn::Generator::new(SEED))),
            Codec::Clear | Codec::TelephoneEvent { .. } => return None,
        };
        Some(Self { codec, rate, concealment: concealment(codec, rate), state, request: None })
    }

    /// The codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Of its samples.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// The clock of its timestamps and the rate of its samples.
    pub fn format(&self) -> Format {
        let rate = u32::try_from(self.rate.hz()).unwrap_or(u32::MAX);
        Format { clock: self.codec.clock(), rate }
    }

    /// What a payload holds.
    pub fn content(&self, payload: &[u8]) -> Content {
        content(self.codec, payload)
    }

    /// Samples of the codec's frame, or of 10 ms.
    pub fn frame(&self) -> usize {
        match &self.state {
            State::G723(_) => g7231::FRAME_SAMPLES,
            State::Gsm(_) => GSM_FRAME,
            State::AmrWb(..) => amrwb::FRAME,
            _ => self.rate.hz() / 100,
        }
    }

    /// Decodes all frames of a payload, the next one of its stream; how many samples they made. A
    /// description of noise fills all of `pcm`.
    ///
    /// # Errors
    /// When this is no payload of the codec, or longer than `pcm`.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let made = self.decode_late(payload, pcm)?;
        self.follow(pcm.get_mut(..made).unwrap_or_default());
        Ok(made)
    }

    /// The same of a payload that was overtaken, for a codec without memory.
    ///
    /// # Errors
    /// As those of [`Self::decode`].
    pub fn decode_late(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        if payload.is_empty() {
            return Err(DecodeError::Malformed);
        }
        match &mut self.state {
            State::G711(it) => it.decode(payload, pcm),
            State::G722(it) => it.decode(payload, pcm),
            State::G726(it) => it.decode(payload, pcm),
            State::G729(it) => it.decode(payload, pcm),
            State::G723(it) => it.decode(payload, pcm),
            State::Gsm(it) => it.decode(payload, pcm),
            State::AmrWb(it, framing) => {
                let payload = Payload::read(*framing, payload)?;
                self.request = payload.request().or(self.request);
                amr_wb(it, &payload, pcm)
            }
            State::Opus(it) => it.decode(payload, pcm),
            State::L16(converter) => linear(converter.as_deref_mut(), payload, pcm),
            State::Noise(it) => {
                it.receive(payload)?;
                it.generate(pcm);
                Ok(pcm.len())
            }
        }
    }

    /// Which mode the far side wants to be spoken to in, at most, if it said so since the last
    /// time.
    pub fn take_request(&mut self) -> Option<amrwb::Mode> {
        self.request.take()
    }

    /// Whether the codec conceals losses by means of its own.
    pub fn conceals(&self) -> bool {
        self.concealed_at_once().is_some()
    }

    /// Fills in what was lost: at least so many samples, in whole frames where the codec has
    /// frames, as far as `pcm` has room. How many.
    pub fn conceal(&mut self, samples: usize, pcm: &mut [i16]) -> usize {
        let unit = self.concealed_at_once().unwrap_or(1);
        let room = pcm.len() / unit * unit;
        let pcm = pcm.get_mut(..samples.next_multiple_of(unit).min(room)).unwrap_or_default();
        let concealed = match &mut self.state {
            State::Opus(it) => it.conceal(pcm).is_ok(),
            State::G729(it) => it.conceal(pcm).is_ok(),
            State::G723(it) => pcm.chunks_exact_mut(unit).all(|frame| it.conceal(frame).is_ok()),
            State::AmrWb(it, _) => {
                pcm.chunks_exact_mut(unit).all(|frame| it.conceal(frame).is_ok())
            }
            State::Gsm(it) => it.conceal(pcm).is_ok(),
            State::Noise(it) => {
                it.generate(pcm);
                true
            }
            State::G711(_) | State::G722(_) | State::G726(_) | State::L16(_) => {
                match &mut self.concealment {
                    Some(concealment) => {
                        concealment.conceal(pcm);
                        true
                    }
                    None => false,
                }
            }
        };
        if !concealed {
            pcm.fill(0);
        }
        pcm.len()
    }

    /// Whether the codec fills pauses by means of its own.
    pub fn pauses(&self) -> bool {
        matches!(
            self.state,
            State::G729(_) | State::G723(_) | State::AmrWb(..) | State::Opus(_) | State::Noise(_)
        )
    }

    /// Fills one frame of a pause with the noise that was described last; `false` and nothing where
    /// the codec has none.
    pub fn pause(&mut self, pcm: &mut [i16]) -> bool {
        let filled = match &mut self.state {
            State::G729(it) => it.pause(pcm).is_ok(),
            State::G723(it) => it.decode(&UNTRANSMITTED, pcm).is_ok(),
            State::AmrWb(it, _) => {
                it.decode_frame(&amrwb::Frame::empty(FrameType::NoData), pcm).is_ok()
            }
            State::Opus(it) => it.conceal(pcm).is_ok(),
            State::Noise(it) => {
                it.generate(pcm);
                true
            }
            State::G711(_) | State::G722(_) | State::G726(_) | State::Gsm(_) | State::L16(_) => {
                return false;
            }
        };
        if !filled {
            pcm.fill(0);
        }
        true
    }

    /// Learns what was heard in place of what it would have decoded; where something was concealed
    /// before, it comes back from that by changing the beginning.
    pub fn follow(&mut self, pcm: &mut [i16]) {
        if let Some(concealment) = &mut self.concealment {
            concealment.heard(pcm);
        }
    }

    /// How many ticks of the sound before a payload it holds once more.
    pub fn redundancy(&self, payload: &[u8]) -> u32 {
        match self.codec == Codec::Opus && opus::is_redundant(payload) {
            true => opus::ticks(payload).unwrap_or_default(),
            false => 0,
        }
    }

    /// Fills what was lost directly before the payload `next` from the redundancy in it; `pcm` is
    /// as long as that.
    pub fn recover(&mut self, next: &[u8], pcm: &mut [i16]) {
        match &mut self.state {
            State::Opus(it) => {
                if it.recover(next, pcm).is_err() {
                    pcm.fill(0);
                }
            }
            _ => {
                self.conceal(pcm.len(), pcm);
            }
        }
    }

    /// For codecs that conceal losses themselves, how many samples are concealed at once.
    fn concealed_at_once(&self) -> Option<usize> {
        match &self.state {
            State::G729(_) => Some(g729::FRAME),
            State::G723(_) => Some(g7231::FRAME_SAMPLES),
            State::Gsm(_) => Some(GSM_FRAME),
            State::AmrWb(..) => Some(amrwb::FRAME),
            State::Opus(_) => Some(self.rate.hz() / OPUS_UNITS),
            State::G711(_) | State::G722(_) | State::G726(_) | State::L16(_) | State::Noise(_) => {
                None
            }
        }
    }
}

/// The states of codecs are numbers without names.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Decoder").field(&self.codec).field(&self.rate).finish()
    }
}

fn amr_wb(
    decoder: &mut amrwb::Decoder,
    payload: &Payload<'_>,
    pcm: &mut [i16],
) -> Result<usize, DecodeError> {
    let needed = payload.len() * amrwb::FRAME;
    let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
    for (frame, pcm) in payload.frames().zip(pcm.chunks_exact_mut(amrwb::FRAME)) {
        decoder.decode_frame(&frame, pcm)?;
    }
    Ok(needed)
}

/// Network order (RFC 3551 §4.5.11).
fn linear(
    converter: Option<&mut Converter>,
    payload: &[u8],
    pcm: &mut [i16],
) -> Result<usize, DecodeError> {
    let (octets, []) = payload.as_chunks() else { return Err(DecodeError::Malformed) };
    let samples = octets.iter().map(|octets| i16::from_be_bytes(*octets));
    let needed = octets.len();
    if let Some(converter) = converter {
        return converter.convert(samples, pcm.iter_mut()).ok_or(DecodeError::NoRoom { needed });
    }
    let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
    for (slot, sample) in pcm.iter_mut().zip(samples) {
        *slot = sample;
    }
    Ok(needed)
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

/// The shortest frames are 2.5 ms (RFC 6716 §2.1.4).
const OPUS_UNITS: usize = 400;
/// A frame of G.723.1 that says nothing new about the noise (Annex A).
const UNTRANSMITTED: [u8; 1] = [3];
/// What noise begins with matters to nobody.
const SEED: u32 = 0x2545_f491;
