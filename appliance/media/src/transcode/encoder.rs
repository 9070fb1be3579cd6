//! From sound to payloads, for every codec in one shape.

use super::compact_disc::Converter;
use super::decoder::{DISC, GSM_FRAME, framing, g726_packing, g726_rate, linear_rate, opus_rate};
use call::Codec;
use media_dsp::amrwb::{self, Frame, FrameType, Mode, Transmission, rtp::Framing};
use media_dsp::g711::{self, Law};
use media_dsp::g722;
use media_dsp::g726;
use media_dsp::g729::{self, Dtx};
use media_dsp::g7231::{self, Vad};
use media_dsp::gsm;
use media_dsp::opus::{self, Settings};
use media_dsp::resample::Rate;
use std::fmt;

/// What one far side is sent, from linear 16-bit samples. Pauses are sent like speech.
pub(crate) struct Encoder {
    codec: Codec,
    rate: Rate,
    /// Samples of a packet.
    packet: usize,
    state: State,
}

/// The codec of an encoder, its rate, and the samples of its packets.
pub(crate) type Shape = (Codec, Rate, usize);

enum State {
    G711(g711::Encoder),
    G722(g722::Encoder),
    G726(g726::Encoder, g726::Rate),
    G729(Box<g729::Encoder>),
    G723(Box<g7231::Encoder>),
    Gsm(Box<gsm::Encoder>),
    AmrWb(Box<amrwb::Encoder>, Framing),
    Opus(opus::Encoder),
    /// With a converter, where they are 44.1 kHz.
    L16(Option<Box<Disc>>),
}

/// The way to 44.1 kHz, and room for what came there.
struct Disc {
    converter: Converter,
    pcm: [i16; MOST_DISC],
}

impl Encoder {
    /// At the beginning of a stream; nothing for what carries no sound, or sound at a rate that is
    /// not known here.
    ///
    /// `wanted`: the rate of what is to be encoded, for a codec that takes any. `millis`: how much
    /// sound a packet should hold; what the codec cannot do is rounded down, but to one frame at
    /// least.
    pub(crate) fn new(codec: Codec, wanted: Rate, millis: u8) -> Option<Self> {
        let narrow = |state| Some((Rate::Hz8000, state));
        let (rate, state) = match codec {
            Codec::Pcmu => narrow(State::G711(g711::Encoder::new(Law::Mu))),
            Codec::Pcma => narrow(State::G711(g711::Encoder::new(Law::A))),
            Codec::G722 => Some((Rate::Hz16000, State::G722(g722::Encoder::new(g722::Mode::One)))),
            Codec::G726 { bits, packing } => {
                let rate = g726_rate(bits);
                narrow(State::G726(g726::Encoder::new(rate, g726_packing(packing)), rate))
            }
            Codec::G729 { .. } => narrow(State::G729(Box::new(g729::Encoder::new(Dtx::Off)))),
            Codec::G723 { .. } => {
                let encoder = g7231::Encoder::new(g7231::Rate::High, Vad::Off);
                narrow(State::G723(Box::new(encoder)))
            }
            Codec::Gsm => narrow(State::Gsm(Box::new(gsm::Encoder::new()))),
            Codec::AmrWb { octet_aligned } => {
                let encoder = amrwb::Encoder::new(AMR_WB, Transmission::Continuous);
                Some((Rate::Hz16000, State::AmrWb(Box::new(encoder), framing(octet_aligned))))
            }
            Codec::Opus => {
                let (rate, opus) = opus_rate(wanted);
                let encoder = opus::Encoder::new(opus, Settings::default());
                Some((rate, State::Opus(encoder)))
            }
            Codec::L16 { rate: DISC } => {
                let disc = Disc { converter: Converter::down(), pcm: [0; MOST_DISC] };
                Some((Rate::Hz48000, State::L16(Some(Box::new(disc)))))
            }
            Codec::L16 { rate } => Some((linear_rate(rate)?, State::L16(None))),
            Codec::TelephoneEvent { .. } | Codec::ComfortNoise { .. } => None,
        }?;
        let packet = rate.hz() * usize::from(packet_millis(codec, millis)) / 1_000;
        Some(Self { codec, rate, packet, state })
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Of its samples.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Samples of a packet.
    pub(crate) fn packet(&self) -> usize {
        self.packet
    }

    /// The same in milliseconds.
    pub(crate) fn millis(&self) -> usize {
        self.packet * 1_000 / self.rate.hz()
    }

    /// What matters of it to whoever gives it sound.
    pub(crate) fn shape(&self) -> Shape {
        (self.codec, self.rate, self.packet)
    }

    /// So many samples in ticks of the codec's clock.
    pub(crate) fn ticks(&self, samples: usize) -> u32 {
        (samples as u64 * u64::from(self.codec.clock()) / self.rate.hz() as u64) as u32
    }

    /// The fewest samples that can be sent: packets hold whole numbers of them.
    pub(crate) fn grain(&self) -> usize {
        match &self.state {
            State::G711(_) | State::L16(None) => 1,
            State::L16(Some(_)) => DISC_GRAIN,
            State::G722(_) => 2,
            State::G726(_, rate) => rate.samples(),
            State::G729(_) => g729::FRAME,
            State::G723(_) => g7231::FRAME_SAMPLES,
            State::Gsm(_) => GSM_FRAME,
            State::AmrWb(..) => amrwb::FRAME,
            State::Opus(_) => self.packet,
        }
    }

    /// Whether a payload means the same whatever came before.
    pub(crate) fn is_memoryless(&self) -> bool {
        matches!(self.state, State::G711(_) | State::L16(None))
    }

    /// Takes no more than this mode from the next packet on, where there are modes (RFC 4867
    /// §4.3.1).
    pub(crate) fn obey(&mut self, mode: Mode) {
        if let State::AmrWb(it, _) = &mut self.state {
            it.set_mode(if mode.index() < AMR_WB.index() { mode } else { AMR_WB });
        }
    }

    /// Encodes one packet: a multiple of [`Self::grain`], at most [`Self::packet`]. How many octets
    /// of `out` it takes.
    pub(crate) fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Option<usize> {
        match &mut self.state {
            State::G711(it) => it.encode(pcm, out).ok(),
            State::G722(it) => it.encode(pcm, out).ok(),
            State::G726(it, _) => it.encode(pcm, out).ok(),
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
        f.debug_tuple("Encoder").field(&self.codec).field(&self.rate).field(&self.packet).finish()
    }
}

/// What a packet holds when so much is wanted.
fn packet_millis(codec: Codec, wanted: u8) -> u8 {
    let wanted = if wanted == 0 { USUAL } else { wanted.clamp(LEAST, MOST) };
    let frame = match codec {
        Codec::G723 { .. } => 30,
        Codec::Gsm | Codec::AmrWb { .. } => 20,
        // RFC 6716 §2.1.4: one frame of these lengths.
        Codec::Opus => match wanted {
            ..20 => 10,
            20..40 => 20,
            40..60 => 40,
            60.. => 60,
        },
        Codec::Pcmu
        | Codec::Pcma
        | Codec::G722
        | Codec::G726 { .. }
        | Codec::G729 { .. }
        | Codec::L16 { .. }
        | Codec::TelephoneEvent { .. }
        | Codec::ComfortNoise { .. } => 10,
    };
    (wanted / frame).max(1) * frame
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

/// RFC 3551 §4.2.
const USUAL: u8 = 20;
const LEAST: u8 = 10;
const MOST: u8 = 60;
/// 12.65 kbit/s: in every set of modes in use (3GPP TS 26.103 §5.7).
const AMR_WB: Mode = Mode::M1265;
const MOST_AMR_WB: usize = 3;
/// 60 ms at 44.1 kHz.
const MOST_DISC: usize = 2_646;
/// 10 ms at 48 kHz, which are whole samples at 44.1.
const DISC_GRAIN: usize = 480;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_holds_what_is_wanted_as_far_as_the_codec_can() {
        let opus = |wanted| packet_millis(Codec::Opus, wanted);
        assert_eq!([0, 10, 20, 30, 50, 60].map(opus), [20, 10, 20, 20, 40, 60]);
        let g723 = |wanted| packet_millis(Codec::G723 { annex_a: false }, wanted);
        assert_eq!([0, 10, 30, 40, 60, 255].map(g723), [30, 30, 30, 30, 60, 60]);
        assert_eq!([0, 5, 35, 60].map(|it| packet_millis(Codec::Gsm, it)), [20, 20, 20, 60]);
        assert_eq!([0, 5, 35, 60].map(|it| packet_millis(Codec::Pcmu, it)), [20, 10, 30, 60]);
    }
}
