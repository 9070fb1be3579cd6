//! Keys that are heard as tones (ITU-T Q.24), for a side that knows them as events.

use super::Event;
use crate::codec::Decoder;
use crate::rtp::Head;
use crate::transcode::Room;
use call::{Codec, KeyPress, KeySource};
use media_dsp::dtmf::{self, Detector};
use media_dsp::resample::{Rate, Resampler};

/// Listens to the sound of one far side.
#[derive(Debug)]
pub(crate) struct ToneEar {
    /// What decodes the sound; nothing before the first packet.
    ear: Option<Ear>,
    detector: Detector,
    /// The number of the packet that comes next.
    next: Option<u16>,
    state: State,
}

#[derive(Debug)]
struct Ear {
    decoder: Decoder,
    /// Nothing where it gives 8 kHz.
    resampler: Option<Resampler>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No key is pressed.
    Speech,
    /// One is, since the packet with this timestamp, and so many samples before it.
    Pressed { number: u8, timestamp: u32, before: u64, samples: u64 },
    /// It was let go, which is still to be said so often.
    Ended { number: u8, timestamp: u32, samples: u64, left: u8 },
}

/// What is said in place of a packet of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToneEvent {
    /// The key (RFC 4733 §3.2).
    pub(super) number: u8,
    /// Its first packet.
    pub(crate) begins: bool,
    /// It was let go.
    pub(super) end: bool,
    /// The timestamp of the packet in which it began.
    pub(crate) timestamp: u32,
    /// How long it sounds, in samples at 8 kHz.
    pub(super) samples: u64,
}

impl ToneEvent {
    /// The last packet of an event is sent three times (RFC 4733 §2.5.1.4).
    pub(crate) const COPIES: u8 = 3;

    /// As a telephone event with so many ticks in a second.
    pub(crate) fn at(self, clock: u32) -> Event {
        let ticks = self.samples * u64::from(clock) / 8_000;
        let duration = u16::try_from(ticks).unwrap_or(u16::MAX);
        Event { number: self.number, end: self.end, duration }
    }
}

impl Default for ToneEar {
    fn default() -> Self {
        Self { ear: None, detector: Detector::new(), next: None, state: State::Speech }
    }
}

impl ToneEar {
    /// Takes a packet of sound in.
    pub(crate) fn hear(
        &mut self,
        codec: Codec,
        head: Head,
        payload: &[u8],
        room: &mut Room,
        tell: &mut impl FnMut(KeyPress),
    ) -> Option<ToneEvent> {
        let behind = self.next.map_or(0, |next| head.sequence.wrapping_sub(next).cast_signed());
        if behind < 0 && behind > -MISORDERED {
            return None;
        }
        self.next = Some(head.sequence.wrapping_add(1));
        if !matches!(&self.ear, Some(ear) if ear.decoder.codec() == codec) {
            self.ear = Ear::new(codec);
        }
        let pcm = self.ear.as_mut()?.hear(payload, room)?;
        let before = self.state;
        self.listen(pcm.len() as u64, head.timestamp, pcm, tell);
        self.say(before)
    }

    fn listen(
        &mut self,
        samples: u64,
        timestamp: u32,
        pcm: &[i16],
        tell: &mut impl FnMut(KeyPress),
    ) {
        let Self { detector, state, .. } = self;
        if let State::Pressed { samples: sum, .. } = state {
            *sum += samples;
        }
        detector.hear(pcm, |event| match event {
            dtmf::Event::Began(heard) => {
                let Some(number) = Event::number_of(heard.digit.sign()) else { return };
                let before = heard.duration;
                *state = State::Pressed { number, timestamp, before, samples: 0 };
            }
            dtmf::Event::Ended(heard) => {
                let State::Pressed { number, timestamp, .. } = *state else { return };
                let samples = heard.duration;
                *state = State::Ended { number, timestamp, samples, left: ToneEvent::COPIES };
                let millis = u16::try_from(samples / 8).unwrap_or(u16::MAX);
                tell(KeyPress { key: heard.digit.sign(), millis, source: KeySource::Inband });
            }
        });
    }

    /// What leaves instead of the packet that was heard.
    fn say(&mut self, before: State) -> Option<ToneEvent> {
        match &mut self.state {
            State::Speech => None,
            State::Pressed { number, timestamp, before: lead, samples } => {
                let same =
                    matches!(before, State::Pressed { timestamp: at, .. } if at == *timestamp);
                Some(ToneEvent {
                    number: *number,
                    begins: !same,
                    end: false,
                    timestamp: *timestamp,
                    samples: *lead + *samples,
                })
            }
            State::Ended { left: 0, .. } => {
                self.state = State::Speech;
                None
            }
            State::Ended { number, timestamp, samples, left } => {
                *left -= 1;
                Some(ToneEvent {
                    number: *number,
                    begins: false,
                    end: true,
                    timestamp: *timestamp,
                    samples: *samples,
                })
            }
        }
    }
}

impl Ear {
    fn new(codec: Codec) -> Option<Self> {
        let decoder = Decoder::new(codec, Rate::Hz8000)?;
        let rate = decoder.rate();
        let resampler = (rate != Rate::Hz8000).then(|| Resampler::new(rate, Rate::Hz8000));
        Some(Self { decoder, resampler })
    }

    fn hear<'a>(&mut self, payload: &[u8], room: &'a mut Room) -> Option<&'a [i16]> {
        let decoder = &mut self.decoder;
        room.put(|pcm| decoder.decode(payload, pcm).ok(), self.resampler.as_mut())
    }
}

/// RFC 3550 §A.1.
const MISORDERED: i16 = 100;
