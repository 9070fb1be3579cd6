//! Keys that control knows of, because a request told them (INFO): the other side hears them on the
//! beat, in place of what its partner says meanwhile, and also when that one says nothing.

use super::{Event, ToneEvent, events};
use crate::mouth::Mouth;
use crate::transcode::{Desk, Interpreter};
use call::{Formats, KeyPress};
use media_dsp::dtmf::{Digit, Generator};
use media_dsp::resample::Rate;
use media_dsp::tone::Dbm0;
use std::collections::VecDeque;
use std::time::Instant;

/// The keys for one far side that wait or are being said.
#[derive(Debug, Default)]
pub(crate) struct Typist {
    waiting: VecDeque<KeyPress>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    /// A key is an event in the stream.
    Event { tone: ToneEvent, payload_type: u8, clock: u32, samples: u64, left: u8 },
    /// A key is a tone, of so many samples yet.
    Tone { generator: Box<Generator>, mouth: Box<Mouth>, left: usize },
    /// So many beats before the next key.
    Pause(u8),
}

impl Typist {
    /// Takes a key. When so many wait already, nobody presses them.
    pub(crate) fn push(&mut self, press: KeyPress) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(press);
        }
    }

    /// Whether a key is heard in place of the partner.
    pub(crate) fn is_saying(&self) -> bool {
        matches!(self.state, State::Event { .. } | State::Tone { .. })
    }

    /// Whether nothing is left to be said.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Idle) && self.waiting.is_empty()
    }

    /// Says the next 20 ms, which were due at this instant; the packets are on the desk.
    ///
    /// `own`: names and numbers the stream, where nobody spoke in it yet.
    pub(crate) fn say(
        &mut self,
        formats: &Formats,
        own: u64,
        due: Instant,
        stream: &mut Interpreter,
        desk: &mut Desk,
    ) {
        if let State::Pause(left) = &mut self.state {
            *left -= 1;
            if *left == 0 {
                self.state = State::Idle;
            }
            return;
        }
        if let State::Idle = self.state {
            let Some(press) = self.waiting.pop_front() else { return };
            let Some(state) = begin(press, formats, own, due, stream, desk) else { return };
            self.state = state;
        }
        let is_over = match &mut self.state {
            State::Event { tone, payload_type, clock, samples, left } => {
                tone.begins = tone.samples == 0;
                tone.samples = (tone.samples + u64::from(TURN)).min(*samples);
                tone.end = tone.samples == *samples;
                stream.make_key(*payload_type, *tone, *clock, desk);
                *left -= u8::from(tone.end);
                *left == 0
            }
            State::Tone { generator, mouth, left } => {
                let mut pcm = [0; TURN as usize];
                let sounding = (*left).min(pcm.len());
                generator.fill(pcm.get_mut(..sounding).unwrap_or_default());
                mouth.say(&pcm, due, stream, desk);
                *left -= sounding;
                if *left == 0 {
                    mouth.finish(due, stream, desk);
                }
                *left == 0
            }
            State::Idle | State::Pause(_) => false,
        };
        if is_over {
            self.state = State::Pause(PAUSE);
        }
    }
}

/// How a key is said to a far side; not at all to one that knows no codec that the box has.
fn begin(
    press: KeyPress,
    formats: &Formats,
    own: u64,
    due: Instant,
    stream: &mut Interpreter,
    desk: &mut Desk,
) -> Option<State> {
    let millis = press.millis.clamp(LEAST, LONGEST);
    if let Some((payload_type, clock)) = events(formats) {
        let number = Event::number_of(press.key)?;
        let timestamp = stream.begin_key(due, clock, own, desk);
        let tone = ToneEvent { number, begins: true, end: false, timestamp, samples: 0 };
        let (samples, left) = (u64::from(millis) * 8, ToneEvent::COPIES);
        return Some(State::Event { tone, payload_type, clock, samples, left });
    }
    let digit = Digit::parse(press.key)?;
    let mouth = Box::new(Mouth::new(formats, Rate::Hz8000, own)?);
    let generator = Box::new(Generator::new(digit, LEVELS, u32::MAX, 0));
    Some(State::Tone { generator, mouth, left: usize::from(millis) * 8 })
}

/// What people type in a minute.
const MOST: usize = 64;
/// In milliseconds: shorter ones are not heard (ITU-T Q.24 table A-1), and a request may say anything.
const LEAST: u16 = 60;
const LONGEST: u16 = 6_000;
/// Beats between two keys.
const PAUSE: u8 = 4;
/// Samples at 8 kHz.
const TURN: u16 = 160;
/// Of the low and the high tone: ETSI ES 201 235-2 §4.2.4, in the middle of what phones send.
const LEVELS: (Dbm0, Dbm0) = (Dbm0(-9.0), Dbm0(-7.0));
