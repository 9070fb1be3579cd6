//! From sound to packets for one far side: what the box says itself.

use crate::codec::{Encoder, Shape};
use crate::transcode::{Desk, Interpreter, Outlet};
use call::Formats;
use media_dsp::resample::{Rate, Resampler};
use std::time::{Duration, Instant};

/// Speaks the codec that a far side prefers, in packets as long as it wants them, whatever the rate
/// and however much sound there is at a time.
///
/// The packets go on in the stream that the far side hears from this pair already (its
/// [`Interpreter`]'s): under one name, with numbers and timestamps without a step.
#[derive(Debug)]
pub(crate) struct Mouth {
    outlet: Outlet,
    rate: Rate,
    /// Nothing where the rates are equal.
    resampler: Option<Resampler>,
    resampled: Box<[i16]>,
    /// Names and numbers the stream, where nobody spoke in it yet.
    own: u64,
    /// When the next sound is expected; nothing before the first.
    next: Option<Instant>,
}

impl Mouth {
    /// For a far side with these formats, and sound of this rate; nothing when it knows no codec
    /// that the box has. `own`: names and numbers the stream, where nobody spoke in it yet.
    pub(crate) fn new(formats: &Formats, rate: Rate, own: u64) -> Option<Self> {
        let format = formats.send.iter().find(|format| format.codec.is_sound())?;
        let shape = Shape::new(format.codec, rate, formats.packet_millis)?;
        let resampler = between(rate, shape.rate());
        let resampled = vec![0; shape.rate().hz() * LONGEST / 1_000 + SPARE].into_boxed_slice();
        let outlet = Outlet::new(format.payload_type, shape);
        Some(Self { outlet, rate, resampler, resampled, own, next: None })
    }

    /// Whether a far side with these formats may be spoken to as before.
    pub(crate) fn fits(&self, formats: &Formats) -> bool {
        let format = formats.send.iter().find(|format| format.codec.is_sound());
        format.is_some_and(|it| {
            // Opus may stay at the rate that it has.
            let shape = Shape::new(it.codec, self.outlet.shape().rate(), formats.packet_millis);
            shape == Some(self.outlet.shape()) && self.outlet.is_named(it.payload_type)
        })
    }

    /// From now on the sound has this rate.
    pub(crate) fn tune(&mut self, rate: Rate) {
        if self.rate != rate {
            self.rate = rate;
            self.resampler = between(rate, self.outlet.shape().rate());
        }
    }

    /// Says the next sound, at most 40 ms, which was due at this instant; the packets that this
    /// makes are on the desk.
    pub(crate) fn say(
        &mut self,
        pcm: &[i16],
        due: Instant,
        stream: &mut Interpreter,
        desk: &mut Desk,
    ) {
        self.reach(due, pcm.len(), stream, desk);
        self.push(pcm);
        while stream.make(&mut self.outlet, due, desk) {}
    }

    /// Says 20 ms that were encoded elsewhere, in [`Self::shape`], where nothing
    /// [waits](Self::is_waiting).
    ///
    /// `samples`: how many they are.
    pub(crate) fn say_as(
        &mut self,
        payload: &[u8],
        samples: usize,
        due: Instant,
        stream: &mut Interpreter,
        desk: &mut Desk,
    ) {
        self.reach(due, samples, stream, desk);
        stream.make_as(&mut self.outlet, due, payload, desk);
    }

    /// Goes on as this encoder would, for a far side that has heard it until now.
    pub(crate) fn go_on_from(&mut self, encoder: &Encoder) {
        self.outlet.go_on_from(encoder);
    }

    /// How it spoke itself; nothing where it never did.
    pub(crate) fn spoken(&self) -> Option<&Encoder> {
        self.outlet.spoken()
    }

    /// What its packets are.
    pub(crate) fn shape(&self) -> Shape {
        self.outlet.shape()
    }

    /// Of the sound that it needs not convert.
    pub(crate) fn natural_rate(&self) -> Rate {
        self.outlet.shape().rate()
    }

    /// Whether the beginning of a packet waits for the rest of it.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.outlet.is_empty()
    }

    /// Says what waits for a whole packet as it is, as far as the codec can.
    pub(crate) fn finish(&mut self, due: Instant, stream: &mut Interpreter, desk: &mut Desk) {
        stream.make_last(&mut self.outlet, due, desk);
        self.next = None;
    }

    /// Goes to where sound belongs that was due at this instant.
    fn reach(&mut self, due: Instant, samples: usize, stream: &mut Interpreter, desk: &mut Desk) {
        desk.clear();
        let clock = self.outlet.codec().clock();
        match self.next {
            None => {
                self.outlet.begin();
                self.outlet.place(stream.take_over(due, clock, self.own));
                self.outlet.mark(true);
            }
            Some(next) if due > next => {
                let missed = due.duration_since(next).as_nanos() * u128::from(clock);
                let end = self.outlet.end().unwrap_or_default();
                self.outlet.place(end.wrapping_add((missed / NANOS) as u32));
                self.outlet.mark(true);
            }
            Some(_) => {}
        }
        let lasts = Duration::from_nanos(samples as u64 * NANOS as u64 / self.rate.hz() as u64);
        self.next = Some(due + lasts);
    }

    fn push(&mut self, pcm: &[i16]) {
        let Some(resampler) = &mut self.resampler else { return self.outlet.push(pcm) };
        if let Ok(made) = resampler.resample(pcm, &mut self.resampled)
            && let Some(made) = self.resampled.get(..made)
        {
            self.outlet.push(made);
        }
    }
}

fn between(from: Rate, to: Rate) -> Option<Resampler> {
    (from != to).then(|| Resampler::new(from, to))
}

/// Milliseconds of what is said at once.
const LONGEST: usize = 40;
/// Samples that a resampler gives out beyond its input.
const SPARE: usize = 16;
const NANOS: u128 = 1_000_000_000;
