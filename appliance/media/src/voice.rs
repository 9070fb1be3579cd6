//! What the box itself lets a far side hear: tones, samples, streams, echoes.

use call::{Decibels, PlayId, Rounds, Samples, Sound, Tone};
use media_dsp::mix::Gain;
use media_dsp::resample::Rate;
use media_dsp::tone::zones::Steps;
use media_dsp::tone::{self, Dbm0, Indication, Player, Zone};
use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::sync::Arc;

/// One thing that is played to one far side.
#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) play: PlayId,
    rate: Rate,
    gain: Gain,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Tone(Player<'static>),
    /// From `at` on, and `left` times more.
    Samples {
        samples: Arc<Samples>,
        at: usize,
        left: Rounds,
    },
    Stream(Stream),
    Echo,
}

/// Blocks that came and were not yet played, the first of them from `at` on.
#[derive(Debug)]
struct Stream {
    blocks: VecDeque<Arc<[i16]>>,
    at: usize,
    waiting: usize,
    ended: bool,
    told: bool,
}

/// What there is for one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// All of it.
    Whole,
    /// All of it, and control is to send more.
    Hungry,
    /// It ends within it, after so many samples.
    Last(usize),
    /// What the far side says.
    Echo,
}

impl Voice {
    /// At its beginning; nothing for samples at a rate that is not known here.
    pub(crate) fn new(play: PlayId, sound: Sound, rounds: Rounds, gain: Decibels) -> Option<Self> {
        let (rate, source) = match sound {
            Sound::Tone { tone, country } => {
                let rounds = match rounds {
                    Rounds::Endless => tone::Rounds::Endless,
                    Rounds::Times(times) => tone::Rounds::Times(times.get()),
                };
                (Rate::Hz8000, Source::Tone(Player::new(steps(tone, country), rounds, LEVEL)))
            }
            Sound::Samples(samples) => {
                let rate = rate_of(samples.rate)?;
                (rate, Source::Samples { samples, at: 0, left: rounds })
            }
            Sound::Stream { rate } => (rate_of(rate)?, Source::Stream(Stream::new())),
            Sound::Echo => (Rate::Hz16000, Source::Echo),
        };
        Some(Self { play, rate, gain: Gain::from_db(gain.0.into()), source })
    }

    /// Of its samples.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Whether it says what the far side says.
    pub(crate) fn is_echo(&self) -> bool {
        matches!(self.source, Source::Echo)
    }

    /// Fills in what comes next; what is behind the end is silence.
    pub(crate) fn pull(&mut self, pcm: &mut [i16]) -> Pulled {
        let filled = match &mut self.source {
            Source::Echo => return Pulled::Echo,
            Source::Tone(player) => player.fill(pcm),
            Source::Samples { samples, at, left } => loop_over(&samples.pcm, at, left, pcm),
            Source::Stream(stream) => stream.fill(pcm),
        };
        let hungry = match &mut self.source {
            Source::Stream(stream) => stream.is_hungry(self.rate),
            Source::Tone(_) | Source::Samples { .. } | Source::Echo => false,
        };
        if let Some(rest) = pcm.get_mut(filled..) {
            rest.fill(0);
        }
        self.turn_up(pcm);
        match filled < pcm.len() {
            true if hungry => Pulled::Hungry,
            true if self.goes_on() => Pulled::Whole,
            true => Pulled::Last(filled),
            false if hungry => Pulled::Hungry,
            false => Pulled::Whole,
        }
    }

    /// Makes samples as loud as was asked for.
    pub(crate) fn turn_up(&self, pcm: &mut [i16]) {
        self.gain.apply(pcm);
    }

    /// Takes the next part of a stream.
    pub(crate) fn feed(&mut self, play: PlayId, block: Arc<[i16]>, last: bool) {
        let Source::Stream(stream) = &mut self.source else { return };
        if self.play == play {
            stream.take(block, last);
        }
    }

    /// Whether it only waits for more.
    fn goes_on(&self) -> bool {
        matches!(&self.source, Source::Stream(stream) if !stream.ended)
    }
}

impl Stream {
    fn new() -> Self {
        Self { blocks: VecDeque::new(), at: 0, waiting: 0, ended: false, told: false }
    }

    fn take(&mut self, block: Arc<[i16]>, last: bool) {
        if self.ended {
            return;
        }
        self.waiting += block.len();
        self.blocks.push_back(block);
        self.ended = last;
        self.told = false;
    }

    fn fill(&mut self, pcm: &mut [i16]) -> usize {
        let mut filled = 0;
        while let (Some(rest), Some(block)) = (pcm.get_mut(filled..), self.blocks.front()) {
            let sound = block.get(self.at..).unwrap_or_default();
            let count = rest.len().min(sound.len());
            for (slot, sample) in rest.iter_mut().zip(sound) {
                *slot = *sample;
            }
            filled += count;
            self.at += count;
            if self.at >= block.len() {
                self.blocks.pop_front();
                self.at = 0;
            }
            if filled == pcm.len() {
                break;
            }
        }
        self.waiting -= filled;
        filled
    }

    /// Once for each block, when less than a second of it all is left.
    fn is_hungry(&mut self, rate: Rate) -> bool {
        if self.ended || self.told || self.waiting >= rate.hz() {
            return false;
        }
        self.told = true;
        true
    }
}

/// Fills in samples round by round; how many there were.
fn loop_over(sound: &[i16], at: &mut usize, left: &mut Rounds, pcm: &mut [i16]) -> usize {
    let mut filled = 0;
    while let Some(rest) = pcm.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        if *at >= sound.len() {
            let again = match left {
                Rounds::Endless => true,
                Rounds::Times(times) => {
                    match times.get().checked_sub(1).and_then(NonZeroU16::new) {
                        Some(fewer) => {
                            *times = fewer;
                            true
                        }
                        None => false,
                    }
                }
            };
            if sound.is_empty() || !again {
                break;
            }
            *at = 0;
        }
        let sound = sound.get(*at..).unwrap_or_default();
        let count = rest.len().min(sound.len());
        for (slot, sample) in rest.iter_mut().zip(sound) {
            *slot = *sample;
        }
        filled += count;
        *at += count;
    }
    filled
}

/// A tone as a country has it.
fn steps(tone: Tone, country: [u8; 2]) -> Steps {
    let own = std::str::from_utf8(&country).ok().and_then(Zone::find);
    let of = |zone: &'static Zone| match tone {
        Tone::Dial => Some(zone.dial),
        Tone::Ringback => Some(zone.ringback),
        Tone::Busy => Some(zone.busy),
        Tone::Congestion => zone.congestion.or(Some(zone.busy)),
        Tone::CallWaiting => zone.steps(Indication::CallWaiting),
        Tone::Information => zone.information,
    };
    let usual = || Zone::find(USUAL).and_then(of);
    own.and_then(of).or_else(usual).unwrap_or_default()
}

fn rate_of(hertz: u32) -> Option<Rate> {
    Rate::ALL.into_iter().find(|rate| u32::try_from(rate.hz()) == Ok(hertz))
}

/// ITU-T E.180 §4: tones are sent at -10 dBm0, but for 5 dB either way.
const LEVEL: Dbm0 = Dbm0(-10.0);
/// A country whose tones are the ones that E.180 recommends.
const USUAL: &str = "DE";
