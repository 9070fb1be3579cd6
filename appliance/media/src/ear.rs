//! From packets to sound: what the box itself hears of one far side.

use crate::codec::{Hearing, Types};
use crate::jitter::{Decoder, Heard, JitterBuffer, Pace, Packet, Settings, Statistics};
use crate::rtp::Header;
use call::{Codec, Format, Formats};
use media_dsp::resample::{Rate, Resampler};
use std::time::Instant;

/// Takes the packets of one far side as they come and gives its sound every 20 ms: in order, losses
/// concealed, pauses filled, as late as the network makes it necessary, and at the pace of whoever
/// asks, however the sender's clock drifts.
///
/// Which codec it is the payload type of each packet says; the far side may change it at any time.
#[derive(Debug)]
pub(crate) struct Ear {
    rate: Rate,
    formats: Vec<Format>,
    /// One for each codec that was heard, made with its first packet.
    lines: Vec<Line>,
    current: usize,
    pace: Pace,
}

/// One codec of the far side.
#[derive(Debug)]
struct Line {
    payload_type: u8,
    decoder: Hearing,
    buffer: JitterBuffer,
    /// Samples of 20 ms before they are converted.
    decoded: Box<[i16]>,
    /// Nothing where the rates are equal.
    resampler: Option<Resampler>,
}

impl Ear {
    /// For a far side that may send these formats; its sound is given out at this rate.
    pub(crate) fn new(formats: &Formats, rate: Rate) -> Self {
        Self {
            rate,
            formats: formats.receive.clone(),
            lines: Vec::new(),
            current: 0,
            pace: Pace::Voice,
        }
    }

    /// What the far side may send has changed.
    pub(crate) fn describe(&mut self, formats: &Formats) {
        if self.formats != formats.receive {
            *self = Self { pace: self.pace, ..Self::new(formats, self.rate) };
        }
    }

    /// Takes the memory for what comes under this number, before it does.
    pub(crate) fn prepare(&mut self, payload_type: u8) {
        if self.lines.is_empty() {
            self.turn_to(payload_type);
        }
    }

    /// Whether the sound may be stretched from now on.
    pub(crate) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.lines.iter_mut().for_each(|line| line.buffer.set_pace(pace));
    }

    /// Takes a packet that came; whether its sound came in time. Nothing is allocated for it, unless
    /// it is the first of its codec.
    pub(crate) fn take(&mut self, header: &Header<'_>, now: Instant) -> bool {
        let payload_type = header.payload_type();
        if !self.turn_to(payload_type) {
            return true;
        }
        let Some(line) = self.lines.get_mut(self.current) else { return true };
        let Some(payload) = header.unpadded() else { return true };
        let packet = Packet {
            ssrc: header.ssrc(),
            sequence: header.sequence(),
            timestamp: header.timestamp(),
            payload_type,
            payload,
        };
        line.buffer.put(&packet, &line.decoder, now)
    }

    /// Lets pass what is to be heard by now: nobody listens.
    pub(crate) fn pass(&mut self, now: Instant) {
        if let Some(line) = self.lines.get_mut(self.current) {
            line.buffer.pass(now);
        }
    }

    /// What was made of the packets since the beginning, in the codec that is heard now.
    pub(crate) fn statistics(&self) -> Option<Statistics> {
        Some(self.lines.get(self.current)?.buffer.statistics())
    }

    /// Fills in 20 ms of what is to be heard now, at [`Self::rate`]; says what it ends with. Where the codec
    /// has that rate itself, it may be less at a time.
    pub(crate) fn hear(&mut self, pcm: &mut [i16], now: Instant) -> Heard {
        let Some(line) = self.lines.get_mut(self.current) else {
            pcm.fill(0);
            return Heard::Nothing;
        };
        let Some(resampler) = &mut line.resampler else {
            return line.buffer.get(&mut line.decoder, pcm, now);
        };
        let heard = line.buffer.get(&mut line.decoder, &mut line.decoded, now);
        let made = resampler.resample(&line.decoded, pcm).unwrap_or(0);
        if let Some(rest) = pcm.get_mut(made..) {
            rest.fill(0);
        }
        heard
    }

    /// Hears what comes under this number from now on. False when that is nothing to be heard.
    fn turn_to(&mut self, payload_type: u8) -> bool {
        let sound = |line: &Line| line.payload_type == payload_type;
        if self.lines.get(self.current).is_some_and(sound) {
            return true;
        }
        let format = self.formats.iter().find(|format| format.payload_type == payload_type);
        let Some(format) = format.copied() else { return false };
        if !format.codec.is_sound() {
            // Noise and keys belong to the sound that they come with.
            return !self.lines.is_empty();
        }
        if let Some(known) = self.lines.iter().position(sound) {
            self.current = known;
            return true;
        }
        let Some(mut line) = Line::new(format, &self.formats, self.rate) else { return false };
        line.buffer.set_pace(self.pace);
        self.lines.push(line);
        self.current = self.lines.len() - 1;
        true
    }
}

impl Line {
    fn new(format: Format, formats: &[Format], rate: Rate) -> Option<Self> {
        let clock = format.codec.clock();
        let noise = formats.iter().find(|it| it.codec == Codec::ComfortNoise { clock });
        let types = Types { sound: format.payload_type, noise: noise.map(|it| it.payload_type) };
        let decoder = Hearing::new(format.codec, types, rate)?;
        let of = decoder.format();
        let from = Rate::ALL.into_iter().find(|it| u32::try_from(it.hz()) == Ok(of.rate))?;
        let decoded = vec![0; from.hz() / TURNS].into_boxed_slice();
        let resampler = (from != rate).then(|| Resampler::new(from, rate));
        let buffer = JitterBuffer::new(of, Settings::default());
        Some(Self { payload_type: format.payload_type, decoder, buffer, decoded, resampler })
    }
}

/// In a second, each 20 ms long.
const TURNS: usize = 50;
