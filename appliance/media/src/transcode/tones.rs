//! Keys as tones, for a far side that has no events for them: made as long as the events say, when
//! they come (RFC 4733 §2.5.2.2).

use super::inlet::{LONGEST, Room};
use crate::keys::Event;
use media_dsp::dtmf::{Digit, Generator};
use media_dsp::resample::{Rate, Resampler};
use media_dsp::tone::Dbm0;

/// Makes the tones of one stream.
#[derive(Debug)]
pub(crate) struct Tones {
    rate: Rate,
    /// From 8 kHz; nothing where that is the rate.
    resampler: Option<Resampler>,
    sounding: Option<Sounding>,
}

#[derive(Debug)]
struct Sounding {
    generator: Generator,
    /// Of its events, and the ticks that they gave it so far, of so many in a second.
    timestamp: u32,
    ticks: u32,
    clock: u32,
    /// Samples that were made.
    made: u32,
    ended: bool,
}

/// The next part of a tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// When it begins, as its sender counts.
    pub(crate) at: u32,
    /// How long it is, at 8 kHz.
    samples: usize,
}

impl Tones {
    pub(crate) fn new(rate: Rate) -> Self {
        let resampler = (rate != Rate::Hz8000).then(|| Resampler::new(Rate::Hz8000, rate));
        Self { rate, resampler, sounding: None }
    }

    /// Of the samples that it makes.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes an event in; what it adds to the tone.
    pub(crate) fn press(&mut self, timestamp: u32, event: Event, clock: u32) -> Option<Piece> {
        let digit = event.key().and_then(Digit::parse)?;
        let sounding = match &mut self.sounding {
            Some(sounding) if sounding.timestamp == timestamp => sounding,
            Some(sounding) if sounding.is_after(timestamp) => return None,
            // A long event goes on in another segment (RFC 4733 §2.5.1.3).
            Some(sounding) if sounding.goes_on(timestamp) => {
                (sounding.timestamp, sounding.ticks, sounding.made) = (timestamp, 0, 0);
                sounding
            }
            slot => slot.insert(Sounding {
                generator: Generator::new(digit, LEVELS, u32::MAX, 0),
                timestamp,
                ticks: 0,
                clock,
                made: 0,
                ended: false,
            }),
        };
        sounding.ticks = sounding.ticks.max(event.duration.into());
        sounding.ended |= event.end;
        let due = u64::from(sounding.ticks) * SAMPLES / u64::from(clock.max(1));
        let samples = (due as u32).saturating_sub(sounding.made);
        let before = u64::from(sounding.made) * u64::from(clock) / SAMPLES;
        let samples = samples.min(LONGEST.samples(Rate::Hz8000) as u32);
        sounding.made += samples;
        let at = timestamp.wrapping_add(before as u32);
        (samples > 0).then_some(Piece { at, samples: samples as usize })
    }

    /// The sound of a piece.
    pub(crate) fn sound<'a>(&mut self, piece: Piece, room: &'a mut Room) -> Option<&'a [i16]> {
        let generator = &mut self.sounding.as_mut()?.generator;
        let fill = |pcm: &mut [i16]| Some(generator.fill(pcm.get_mut(..piece.samples)?));
        room.put(fill, self.resampler.as_mut())
    }

    /// Whether a tone takes the place of the sound with this timestamp.
    pub(crate) fn cover(&self, timestamp: u32) -> bool {
        let Some(sounding) = &self.sounding else { return false };
        let patience = if sounding.ended { 0 } else { sounding.clock / PATIENCE };
        timestamp.wrapping_sub(sounding.timestamp) < sounding.ticks + patience
    }
}

impl Sounding {
    fn is_after(&self, timestamp: u32) -> bool {
        timestamp.wrapping_sub(self.timestamp).cast_signed() < 0
    }

    fn goes_on(&self, timestamp: u32) -> bool {
        !self.ended && timestamp.wrapping_sub(self.timestamp) == SEGMENT
    }
}

/// Of the low and the high tone: ETSI ES 201 235-2 §4.2.4, in the middle of what phones send.
const LEVELS: (Dbm0, Dbm0) = (Dbm0(-9.0), Dbm0(-7.0));
/// In a second.
const SAMPLES: u64 = 8_000;
/// The longest segment of an event (RFC 4733 §2.5.1.3).
const SEGMENT: u32 = 0xffff;
/// A tenth of a second after its last event a key whose end was lost is no longer pressed.
const PATIENCE: u32 = 10;
