//! The codecs by their SDP names, each as a pair of functions over whole files.

use crate::options::{Failure, Options};
use media_dsp::amrwb::{self, Lineage, Transmission};
use media_dsp::codec::{DecodeError, EncodeError};
use media_dsp::g711::{self, Law};
use media_dsp::g722::{self, Mode};
use media_dsp::g726::{self, Packing};
use media_dsp::g729::{self, Dtx};
use media_dsp::g7231::{self, Vad};
use media_dsp::gsm;
use media_dsp::opus;
use media_dsp::resample::Rate;
use std::borrow::Cow;

/// A codec as files know it.
pub(crate) trait Codec {
    /// Samples a second.
    fn rate(&self) -> Rate;
    /// A whole file.
    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure>;
    /// A whole file.
    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure>;
}

/// The codec that the next word names, with its options.
pub(crate) fn open(options: &mut Options) -> Result<Box<dyn Codec>, Failure> {
    let Some(name) = options.word() else { return Err(Failure::usage("name a codec")) };
    Ok(match name.as_str() {
        "pcmu" => Box::new(G711(Law::Mu)),
        "pcma" => Box::new(G711(Law::A)),
        "g722" => Box::new(G722::open(options)?),
        "g726-16" => Box::new(G726::open(options, g726::Rate::Kbit16, Packing::Rtp)?),
        "g726-24" => Box::new(G726::open(options, g726::Rate::Kbit24, Packing::Rtp)?),
        "g726-32" => Box::new(G726::open(options, g726::Rate::Kbit32, Packing::Rtp)?),
        "g726-40" => Box::new(G726::open(options, g726::Rate::Kbit40, Packing::Rtp)?),
        "aal2-g726-16" => Box::new(G726::open(options, g726::Rate::Kbit16, Packing::Aal2)?),
        "aal2-g726-24" => Box::new(G726::open(options, g726::Rate::Kbit24, Packing::Aal2)?),
        "aal2-g726-32" => Box::new(G726::open(options, g726::Rate::Kbit32, Packing::Aal2)?),
        "aal2-g726-40" => Box::new(G726::open(options, g726::Rate::Kbit40, Packing::Aal2)?),
        "gsm" => Box::new(Gsm),
        "g729" => Box::new(G729::open(options)),
        "g723" => Box::new(G7231::open(options)?),
        "amr-wb" => Box::new(AmrWb::open(options)?),
        "opus" => Box::new(Opus::open(options)?),
        name => return Err(Failure::usage(format!("there is no codec '{name}'"))),
    })
}

struct G711(Law);

impl Codec for G711 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut out = vec![0; pcm.len()];
        g711::Encoder::new(self.0).encode(pcm, &mut out)?;
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut pcm = vec![0; frames.len()];
        g711::Decoder::new(self.0).decode(frames, &mut pcm)?;
        Ok(pcm)
    }
}

struct G722(Mode);

impl G722 {
    fn open(options: &mut Options) -> Result<Self, Failure> {
        match options.value("bitrate", 64)? {
            64 => Ok(Self(Mode::One)),
            56 => Ok(Self(Mode::Two)),
            48 => Ok(Self(Mode::Three)),
            other => Err(Failure::usage(format!("--bitrate is 64, 56 or 48, not {other}"))),
        }
    }
}

impl Codec for G722 {
    fn rate(&self) -> Rate {
        Rate::Hz16000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let pcm = whole(pcm, 2);
        let mut out = vec![0; pcm.len() / 2];
        g722::Encoder::new(self.0).encode(&pcm, &mut out)?;
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut pcm = vec![0; frames.len() * 2];
        g722::Decoder::new(self.0).decode(frames, &mut pcm)?;
        Ok(pcm)
    }
}

/// What goes in and comes out may be octets of G.711 instead of samples.
struct G726 {
    rate: g726::Rate,
    packing: Packing,
    law: Option<Law>,
}

impl G726 {
    fn open(options: &mut Options, rate: g726::Rate, packing: Packing) -> Result<Self, Failure> {
        let law = match options.value("law", "linear".to_owned())?.as_str() {
            "linear" => None,
            "a" => Some(Law::A),
            "u" => Some(Law::Mu),
            other => return Err(Failure::usage(format!("--law is a, u or linear, not {other}"))),
        };
        Ok(Self { rate, packing, law })
    }
}

impl Codec for G726 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    /// Samples that are octets of G.711 lost nothing when they were expanded: they become them again.
    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let pcm = whole(pcm, self.rate.samples());
        let mut encoder = g726::Encoder::new(self.rate, self.packing);
        let mut out = vec![0; pcm.len() * self.rate.bits() / 8];
        match self.law {
            None => encoder.encode(&pcm, &mut out)?,
            Some(law) => encoder.encode_law(law, &G711(law).encode(&pcm)?, &mut out)?,
        };
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = g726::Decoder::new(self.rate, self.packing);
        let samples = decoder.samples(frames.len());
        let Some(law) = self.law else {
            let mut pcm = vec![0; samples];
            decoder.decode(frames, &mut pcm)?;
            return Ok(pcm);
        };
        let mut octets = vec![0; samples];
        decoder.decode_law(law, frames, &mut octets)?;
        G711(law).decode(&octets)
    }
}

struct Gsm;

impl Codec for Gsm {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let pcm = whole(pcm, GSM_SAMPLES);
        let mut out = vec![0; pcm.len() / GSM_SAMPLES * GSM_OCTETS];
        gsm::Encoder::new().encode(&pcm, &mut out)?;
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = gsm::Decoder::new();
        let mut pcm = vec![0; frames.len() / GSM_OCTETS * GSM_SAMPLES];
        let (whole, rest) = frames.as_chunks::<GSM_OCTETS>();
        for ((number, frame), pcm) in (1..).zip(whole).zip(pcm.chunks_mut(GSM_SAMPLES)) {
            decoder.decode(frame, pcm).map_err(|_| {
                Failure::data(format!(
                    "frame {number} does not begin as one of GSM full rate, with 0xD"
                ))
            })?;
        }
        if rest.is_empty() { Ok(pcm) } else { Err(cut(rest)) }
    }
}

struct G729 {
    dtx: Dtx,
    /// Frames are serial words of the ITU, and what does not fill one is left out, as its tools do.
    itu: bool,
}

impl G729 {
    fn open(options: &mut Options) -> Self {
        let dtx = if options.flag("annexb") { Dtx::AnnexB } else { Dtx::Off };
        Self { dtx, itu: options.flag("itu") }
    }
}

impl Codec for G729 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut encoder = g729::Encoder::new(self.dtx);
        if !self.itu {
            let pcm = whole(pcm, g729::FRAME);
            let mut out = vec![0; pcm.len() / g729::FRAME * g729::SPEECH_OCTETS];
            let length = encoder.encode(&pcm, &mut out)?;
            out.truncate(length);
            return Ok(out);
        }
        let mut out = Vec::new();
        let mut words = [0; g729::itu::MOST_WORDS];
        for frame in pcm.as_chunks().0 {
            let length = g729::itu::write(&encoder.encode_frame(frame), &mut words).unwrap_or(0);
            out.extend(words.iter().take(length).flat_map(|word| word.to_le_bytes()));
        }
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = g729::Decoder::new();
        if !self.itu {
            if self.dtx == Dtx::AnnexB && !is_speech_alone(frames) {
                return Err(Failure::data(NO_BORDERS));
            }
            let mut pcm = vec![0; frames.len().div_ceil(g729::SPEECH_OCTETS) * g729::FRAME];
            let length = decoder.decode(frames, &mut pcm).map_err(|_| {
                let length = frames.len();
                Failure::data(format!(
                    "{length} octets are no frames of 10, and at most one of 2 behind"
                ))
            })?;
            pcm.truncate(length);
            return Ok(pcm);
        }
        let words: Vec<i16> =
            frames.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
        let mut rest = words.as_slice();
        let mut pcm = Vec::new();
        let mut samples = [0; g729::FRAME];
        while !rest.is_empty() {
            let (frame, length) = g729::itu::read(rest).ok_or_else(|| {
                Failure::data(format!("the last {} words are no whole frame", rest.len()))
            })?;
            decoder.decode_frame(frame.as_ref(), &mut samples);
            pcm.extend_from_slice(&samples);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(pcm)
    }
}

/// Whether all but a description of silence at the end can be speech. Octets that are none hold the parity
/// by chance, every second time.
fn is_speech_alone(frames: &[u8]) -> bool {
    let (speech, _) = frames.as_chunks();
    speech.iter().all(|octets| g729::Frame::Speech(*octets).parity_holds())
}

/// A frame that is not sent is the one octet 0x03.
struct G7231 {
    rate: g7231::Rate,
    vad: Vad,
}

impl G7231 {
    fn open(options: &mut Options) -> Result<Self, Failure> {
        let rate = match options.value("rate", "6.3".to_owned())?.as_str() {
            "6.3" => g7231::Rate::High,
            "5.3" => g7231::Rate::Low,
            other => return Err(Failure::usage(format!("--rate is 6.3 or 5.3, not {other}"))),
        };
        let vad = if options.flag("vad") { Vad::On } else { Vad::Off };
        Ok(Self { rate, vad })
    }
}

impl Codec for G7231 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut encoder = g7231::Encoder::new(self.rate, self.vad);
        let mut out = Vec::new();
        let mut octets = [0; 24];
        for frame in whole(pcm, g7231::FRAME_SAMPLES).chunks(g7231::FRAME_SAMPLES) {
            let kind = encoder.encode(frame, &mut octets)?;
            out.extend_from_slice(octets.get(..kind.octets()).unwrap_or(&octets));
        }
        Ok(out)
    }

    fn decode(&mut self, mut frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = g7231::Decoder::new();
        let mut pcm = Vec::new();
        let mut samples = [0; g7231::FRAME_SAMPLES];
        while let Some(&first) = frames.first() {
            let length = g7231::Frame::beginning(first).octets();
            let (frame, rest) = frames.split_at_checked(length).ok_or_else(|| cut(frames))?;
            decoder.decode(frame, &mut samples)?;
            pcm.extend_from_slice(&samples);
            frames = rest;
        }
        Ok(pcm)
    }
}

/// The file format of RFC 4867 §5: a first line, then each frame with one octet before it.
struct AmrWb {
    mode: amrwb::Mode,
    transmission: Transmission,
}

impl AmrWb {
    fn open(options: &mut Options) -> Result<Self, Failure> {
        let mode: u8 = options.value("mode", 2)?;
        let mode = amrwb::Mode::from_index(mode)
            .ok_or_else(|| Failure::usage(format!("--mode is 0 to 8, not {mode}")))?;
        let transmission = if options.flag("dtx") {
            Transmission::Discontinuous
        } else {
            Transmission::Continuous
        };
        Ok(Self { mode, transmission })
    }
}

impl Codec for AmrWb {
    fn rate(&self) -> Rate {
        Rate::Hz16000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut encoder = amrwb::Encoder::new(self.mode, self.transmission);
        let mut out = AMR_WB.to_vec();
        let mut octets = [0; 61];
        for frame in whole(pcm, amrwb::FRAME).chunks(amrwb::FRAME) {
            let length = encoder.encode(frame, &mut octets)?;
            out.extend_from_slice(octets.get(..length).unwrap_or(&octets));
        }
        Ok(out)
    }

    fn decode(&mut self, frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = amrwb::Decoder::new(Lineage::Opencore);
        let mut rest = frames.strip_prefix(AMR_WB).unwrap_or(frames);
        let mut pcm = Vec::new();
        let mut samples = [0; amrwb::FRAME];
        while !rest.is_empty() {
            let (frame, length) = amrwb::Frame::read(rest).map_err(|_| cut(rest))?;
            decoder.decode_frame(&frame, &mut samples)?;
            pcm.extend_from_slice(&samples);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(pcm)
    }
}

/// Opus has no length of its own: each payload stands behind its length in two octets.
struct Opus(opus::Settings);

impl Opus {
    fn open(options: &mut Options) -> Result<Self, Failure> {
        let bit_rate = options.value("bitrate", 24_000)?;
        if !(6_000..=510_000).contains(&bit_rate) {
            return Err(Failure::usage(format!("--bitrate is 6000 to 510000, not {bit_rate}")));
        }
        let silence =
            if options.flag("dtx") { opus::Silence::Dropped } else { opus::Silence::Coded };
        Ok(Self(opus::Settings { bit_rate, silence, ..opus::Settings::default() }))
    }
}

impl Codec for Opus {
    fn rate(&self) -> Rate {
        Rate::Hz48000
    }

    fn encode(&mut self, pcm: &[i16]) -> Result<Vec<u8>, Failure> {
        let mut encoder = opus::Encoder::new(opus::Rate::Hz48000, self.0);
        let (mut out, mut octets) = (Vec::new(), [0; OPUS_OCTETS]);
        for frame in whole(pcm, OPUS_SAMPLES).chunks(OPUS_SAMPLES) {
            let length = encoder.encode(frame, &mut octets)?;
            out.extend_from_slice(&(length as u16).to_be_bytes());
            out.extend_from_slice(octets.get(..length).unwrap_or(&octets));
        }
        Ok(out)
    }

    fn decode(&mut self, mut frames: &[u8]) -> Result<Vec<i16>, Failure> {
        let mut decoder = opus::Decoder::new(opus::Rate::Hz48000);
        let (mut pcm, mut samples) = (Vec::new(), vec![0; OPUS_SAMPLES * 6]);
        while !frames.is_empty() {
            let (length, rest) = frames.split_first_chunk().ok_or_else(|| cut(frames))?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (payload, rest) = rest.split_at_checked(length).ok_or_else(|| cut(frames))?;
            let made = decoder.decode(payload, &mut samples)?;
            pcm.extend_from_slice(samples.get(..made).unwrap_or(&samples));
            frames = rest;
        }
        Ok(pcm)
    }
}

fn cut(rest: &[u8]) -> Failure {
    Failure::data(format!("the last {} octets are no whole frame", rest.len()))
}

/// The samples, with silence up to a whole frame.
fn whole(pcm: &[i16], frame: usize) -> Cow<'_, [i16]> {
    if pcm.len().is_multiple_of(frame) {
        return pcm.into();
    }
    let mut filled = pcm.to_vec();
    filled.resize(pcm.len().next_multiple_of(frame), 0);
    filled.into()
}

impl From<EncodeError> for Failure {
    fn from(error: EncodeError) -> Self {
        Self::data(error.to_string())
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::data(error.to_string())
    }
}

/// Why frames of Annex B are not decoded without `--itu`.
const NO_BORDERS: &str = "silence is described between the frames of speech, and without --itu nothing tells \
    where";
/// A frame of GSM full rate: 20 ms.
const GSM_SAMPLES: usize = 160;
/// RFC 3551 §4.5.8.
const GSM_OCTETS: usize = 33;
/// RFC 4867 §5.1.
const AMR_WB: &[u8] = b"#!AMR-WB\n";
/// 20 ms at 48 kHz; a payload holds up to six times as much.
const OPUS_SAMPLES: usize = 960;
/// RFC 6716 §3.4: the longest frame.
const OPUS_OCTETS: usize = 1_275;
