//! From sound to payloads, for every codec in one shape.

use super::compact_disc::Converter;
use super::{DISC, Shape, framing, g726_packing, g726_rate, opus};
use call::Codec;
use media_dsp::amrwb::{self, Frame, FrameType, Mode, Transmission, rtp::Framing};
use media_dsp::g711::{self, Law};
use media_dsp::g722;
use media_dsp::g726;
use media_dsp::g729::{self, Dtx};
use media_dsp::g7231::{self, Vad};
use media_dsp::gsm;
use media_dsp::opus::Settings;
use std::fmt;

/// What one far side is sent, from linear 16-bit samples. Pauses are sent like speech.
pub struct Encoder {
    shape: Shape,
    state: State,
}

enum State {
    G711(g711::Encoder),
    G722(g722::Encoder),
    G726(g726::Encoder),
    G729(Box<g729::Encoder>),
    G723(Box<g7231::Encoder>),
    Gsm(Box<gsm::Encoder>),
    AmrWb(Box<amrwb::Encoder>, Framing),
    Opus(media_dsp::opus::Encoder),
    /// With a converter, where they are 44.1 kHz.
    L16(Option<Box<Disc>>),
}

/// The way to 44.1 kHz, and room for what came there.
struct Disc {
    converter: Converter,
    pcm: [i16; MOST_DISC],
}

impl Encoder {
    /// At the beginning of a stream. Takes the memory that it needs, and never more; nothing for
    /// what has no encoder.
    pub fn new(shape: Shape) -> Option<Self> {
        let state = match shape.codec() {
            Codec::Pcmu => State::G711(g711::Encoder::new(Law::Mu)),
            Codec::Pcma => State::G711(g711::Encoder::new(Law::A)),
            Codec::G722 => State::G722(g722::Encoder::new(g722::Mode::One)),
            Codec::G726 { bits, packing } => {
                State::G726(g726::Encoder::new(g726_rate(bits), g726_packing(packing)))
            }
            Codec::G729 { .. } => State::G729(Box::new(g729::Encoder::new(Dtx::Off))),
            Codec::G723 { .. } => {
                State::G723(Box::new(g7231::Encoder::new(g7231::Rate::High, Vad::Off)))
            }
            Codec::Gsm => State::Gsm(Box::new(gsm::Encoder::new())),
            Codec::AmrWb { octet_aligned } => {
                let encoder = amrwb::Encoder::new(AMR_WB, Transmission::Continuous);
                State::AmrWb(Box::new(encoder), framing(octet_aligned))
            }
            Codec::Opus => {
                let rate = opus::rate(shape.rate());
                State::Opus(media_dsp::opus::Encoder::new(rate, Settings::default()))
            }
            Codec::L16 { rate: DISC } => {
                let disc = Disc { converter: Converter::down(), pcm: [0; MOST_DISC] };
                State::L16(Some(Box::new(disc)))
            }
            Codec::L16 { .. } => State::L16(None),
            Codec::Clear | Codec::TelephoneEvent { .. } | Codec::ComfortNoise { .. } => {
                return None;
            }
        };
        Some(Self { shape, state })
    }

    /// What it takes and gives.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Takes no more than this mode from the next packet on, where there are modes (RFC 4867
    /// §4.3.1).
    pub fn obey(&mut self, mode: Mode) {
        if let State::AmrWb(it, _) = &mut self.state {
            it.set_mode(if mode.index() < AMR_WB.index() { mode } else { AMR_WB });
        }
    }

    /// Goes on where another one is, so that a decoder hears no joint. Takes no memory; one of another
    /// codec changes nothing.
    pub fn go_on_from(&mut self, other: &Self) {
        match (&mut self.state, &other.state) {
            (State::G711(it), State::G711(other)) => it.clone_from(other),
            (State::G722(it), State::G722(other)) => it.clone_from(other),
            (State::G726(it), State::G726(other)) => it.clone_from(other),
            (State::G729(it), State::G729(other)) => it.clone_from(other),
            (State::G723(it), State::G723(other)) => it.clone_from(other),
            (State::Gsm(it), State::Gsm(other)) => it.clone_from(other),
            (State::AmrWb(it, _), State::AmrWb(other, _)) => it.clone_from(other),
            (State::Opus(it), State::Opus(other)) => it.clone_from(other),
            (State::L16(Some(it)), State::L16(Some(other))) => {
                it.converter.clone_from(&other.converter);
            }
            _ => {}
        }
    }

    /// Encodes one packet: a multiple of [`Shape::grain`], at most [`Shape::packet`]. How many octets
    /// of `out` it takes.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Option<usize> {
        match &mut self.state {
            State::G711(it) => it.encode(pcm, out).ok(),
            State::G722(it) => it.encode(pcm, out).ok(),
            State::G726(it) => it.encode(pcm, out).ok(),
            State::G729(it) => it.encode(pcm, out).ok(),
            State::G723(it) => g723(it, pcm, out),
            State::Gsm(it) => it.encode(pcm, out).ok(),
            State::AmrWb(it, framing) => amr_wb(it, *framing, pcm, out),
            State::Opus(it) => it.encode(pcm, out).ok(),
            State::L16(None) => linear(pcm, out),
            State::L16(Some(disc)) => {
                let places = disc.pcm.iter_mut();
                let made = disc.converter.convert(pcm.iter().copied(), places)?;
                linear(disc.pcm.get(..made)?, out)
            }
        }
    }
}

/// The states of codecs are numbers without names.
impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encoder").field(&self.shape).finish()
    }
}

fn g723(encoder: &mut g7231::Encoder, pcm: &[i16], out: &mut [u8]) -> Option<usize> {
    let mut length = 0;
    for frame in pcm.chunks(g7231::FRAME_SAMPLES) {
        length += encoder.encode(frame, out.get_mut(length..)?).ok()?.octets();
    }
    Some(length)
}

fn amr_wb(
    encoder: &mut amrwb::Encoder,
    framing: Framing,
    pcm: &[i16],
    out: &mut [u8],
) -> Option<usize> {
    let mut frames = [Frame::empty(FrameType::NoData); MOST_AMR_WB];
    let mut count = 0;
    for (slot, pcm) in frames.iter_mut().zip(pcm.chunks(amrwb::FRAME)) {
        *slot = encoder.encode_frame(pcm).ok()?;
        count += 1;
    }
    amrwb::rtp::write(framing, None, frames.get(..count)?, out).ok()
}

/// Network order (RFC 3551 §4.5.11).
fn linear(pcm: &[i16], out: &mut [u8]) -> Option<usize> {
    let out = out.get_mut(..pcm.len() * 2)?;
    for (octets, sample) in out.as_chunks_mut().0.iter_mut().zip(pcm) {
        *octets = sample.to_be_bytes();
    }
    Some(out.len())
}

/// 12.65 kbit/s: in every set of modes in use (3GPP TS 26.103 §5.7).
const AMR_WB: Mode = Mode::M1265;
const MOST_AMR_WB: usize = 3;
/// 60 ms at 44.1 kHz.
const MOST_DISC: usize = 2_646;
