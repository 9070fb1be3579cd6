//! WAV: linear samples of 8 to 32 bits, A-law and µ-law, at any rate up to 48 kHz.

use super::convert::convert;
use super::{Sound, Unreadable, most};
use media_dsp::g711::{self, Law};
use media_dsp::resample::Rate;

/// What the format chunk says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    coding: Coding,
    channels: usize,
    rate: u32,
}

#[derive(Debug, Clone, Copy)]
enum Coding {
    Law(Law),
    /// 8 bits, which have no sign.
    Unsigned,
    /// So many octets, the lowest first.
    Linear(usize),
}

/// Reads what comes after `WAVE`.
pub(super) fn read(chunks: &[u8]) -> Result<Sound, Unreadable> {
    let (form, size, rest) = data(chunks)?;
    // Whoever wrote without an end in sight has left a size that reaches beyond the file.
    form.sound(rest.get(..size).unwrap_or(rest), size, rest)
}

/// What the samples are that begin within these chunks, and what there is of them.
pub(crate) fn start(chunks: &[u8]) -> Result<(Form, &[u8]), Unreadable> {
    data(chunks).map(|(form, _, rest)| (form, rest))
}

fn data(mut chunks: &[u8]) -> Result<(Form, usize, &[u8]), Unreadable> {
    let mut form = None;
    loop {
        let Some((head, rest)) = chunks.split_first_chunk::<8>() else {
            return Err(if form.is_some() { Unreadable::Empty } else { Unreadable::Malformed });
        };
        let [a, b, c, d, size @ ..] = *head;
        let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
        match &[a, b, c, d] {
            b"fmt " => form = Some(Form::read(rest.get(..size).unwrap_or(rest))?),
            b"data" => return Ok((form.ok_or(Unreadable::Malformed)?, size, rest)),
            _ => {}
        }
        chunks = rest.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, Unreadable> {
        let word = |at: usize| {
            let octets = body.get(at..).and_then(|it| it.first_chunk());
            octets.map(|it| u16::from_le_bytes(*it)).ok_or(Unreadable::Malformed)
        };
        let rate = u32::from(word(4)?) | u32::from(word(6)?) << 16;
        let (channels, bits) = (usize::from(word(2)?), word(14)?);
        let tag = match word(0)? {
            // The coding is the beginning of a longer name.
            EXTENSIBLE => word(24)?,
            tag => tag,
        };
        let coding = match (tag, bits) {
            (PCM, 8) => Coding::Unsigned,
            (PCM, 16 | 24 | 32) => Coding::Linear(usize::from(bits) / 8),
            (A_LAW, 8) => Coding::Law(Law::A),
            (MU_LAW, 8) => Coding::Law(Law::Mu),
            (PCM | A_LAW | MU_LAW, _) => return Err(Unreadable::Bits(bits)),
            _ => return Err(Unreadable::Coding(tag)),
        };
        if !(LEAST_RATE..=MOST_RATE).contains(&rate) {
            return Err(Unreadable::Rate(rate));
        }
        if channels == 0 {
            return Err(Unreadable::Malformed);
        }
        Ok(Self { coding, channels, rate })
    }

    /// `size`: 0 where whoever wrote never came to say it, and then it is all the rest.
    fn sound(self, body: &[u8], size: usize, rest: &[u8]) -> Result<Sound, Unreadable> {
        let body = if size == 0 { rest } else { body };
        let frame = self.channels * self.octets();
        if body.len() / frame > most(self.rate as usize) {
            return Err(Unreadable::TooLong);
        }
        let pcm = body.chunks_exact(frame).map(|frame| self.mean(frame)).collect();
        Ok(convert(self.rate, pcm))
    }

    /// Of the samples, where they need not be converted.
    pub(crate) fn exact_rate(self) -> Result<Rate, Unreadable> {
        let known = Rate::ALL.into_iter().find(|it| u32::try_from(it.hz()) == Ok(self.rate));
        known.ok_or(Unreadable::Rate(self.rate))
    }

    /// Adds the samples of whole frames; how many octets are left.
    pub(crate) fn read_on(self, octets: &[u8], pcm: &mut Vec<i16>) -> usize {
        let frames = octets.chunks_exact(self.channels * self.octets());
        let left = frames.remainder().len();
        pcm.extend(frames.map(|frame| self.mean(frame)));
        left
    }

    fn octets(self) -> usize {
        match self.coding {
            Coding::Law(_) | Coding::Unsigned => 1,
            Coding::Linear(octets) => octets,
        }
    }

    /// Of the samples of all channels.
    fn mean(self, frame: &[u8]) -> i16 {
        let samples = frame.chunks_exact(self.octets()).map(|it| i64::from(self.sample(it)));
        (samples.sum::<i64>() / self.channels as i64) as i16
    }

    fn sample(self, octets: &[u8]) -> i16 {
        match (self.coding, octets) {
            (Coding::Law(law), octets) => {
                let mut pcm = [0];
                // There is room for one.
                let _ = g711::Decoder::new(law).decode(octets, &mut pcm);
                let [sample] = pcm;
                sample
            }
            (Coding::Unsigned, [octet]) => (i16::from(*octet) - 128) << 8,
            (Coding::Linear(_), [.., low, high]) => i16::from_le_bytes([*low, *high]),
            (Coding::Unsigned | Coding::Linear(_), _) => 0,
        }
    }
}

/// RFC 2361 appendix A.
const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// `WAVE_FORMAT_EXTENSIBLE`.
const EXTENSIBLE: u16 = 0xfffe;
const LEAST_RATE: u32 = 1_000;
const MOST_RATE: u32 = 48_000;
