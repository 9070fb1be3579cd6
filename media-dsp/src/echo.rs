//! The line echo canceller (ITU-T G.168 (12/2022)): takes out of what comes from a line what was sent to it.
//!
//! ```text
//! Rin ──────┬──────────────────────────► Rout, to the line
//!           ▼
//!        filter ── estimate                       Sin, from the line
//!                     │                              │
//! Sout ◄── nonlinear processor ◄────── (-) ◄─────────┘
//! ```
//!
//! Samples are linear, 16 bits, at 8 kHz. No delay is added: each sample of Sin has its echo taken out at
//! once, however many samples come with a call; whole milliseconds are the least work. The parts: `filter`
//! models the echo path, `contest` judges double talk and path changes, `narrow_band` keeps tones from
//! misleading it, `nonlinear` and `comfort` cover what is left, `disabler` steps aside for data.

mod comfort;
mod contest;
mod disabler;
mod filter;
mod narrow_band;
mod nonlinear;

use crate::arch::Level;
use crate::arch::echo::{self as kernel, BLOCK, Entry, Exit, HOP};
use disabler::{Detector, Wheel};
use filter::Filter;
use narrow_band::Band;
use nonlinear::{Hop, Nonlinear};
use std::array::from_fn;

/// How long an echo may last after its bulk delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// 16 ms, 128 samples.
    Ms16,
    /// 32 ms, 256 samples.
    Ms32,
    /// 64 ms, 512 samples.
    Ms64,
    /// 128 ms, 1024 samples.
    Ms128,
}

impl Tail {
    /// Its samples at 8 kHz.
    pub fn samples(self) -> usize {
        match self {
            Self::Ms16 => 128,
            Self::Ms32 => 256,
            Self::Ms64 => 512,
            Self::Ms128 => 1024,
        }
    }
}

/// What an echo canceller is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long an echo may last.
    pub tail: Tail,
    /// Samples that pass before any echo can come back: the tail begins after them.
    pub bulk_delay: usize,
    /// What becomes of the rest of the echo.
    pub processor: Processor,
}

/// Whether the nonlinear processor takes away what the filter leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processor {
    /// The rest of the echo stays.
    Off,
    /// The rest of the echo gives way to comfort noise.
    ComfortNoise,
}

/// Whether the echo path's model may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adaptation {
    /// It learns.
    Running,
    /// It stays as it is: the frozen H register of ITU-T G.168's tests.
    Frozen,
}

/// What an echo canceller does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It cancels.
    Enabled,
    /// It lets everything through: 2100 Hz with phase reversals was heard, and its carrier has not ended.
    Disabled,
}

/// An echo canceller of one line. Its size is [`EchoCanceller::octets`]: 1792 octets for every 8 ms of tail
/// and less than 24,576 more, 53 kB at 128 ms. A clone is a saved state.
#[derive(Debug, Clone)]
pub struct EchoCanceller {
    level: Level,
    processor: Processor,
    state: State,
    filter: Filter,
    nonlinear: Nonlinear,
    /// The bulk delay of the far end, as a ring.
    delay: Vec<i16>,
    delayed: usize,
    far_entry: Entry,
    near_entry: Entry,
    exit: Exit,
    /// The millisecond that is collected: Rin and Sin; both without their offset, and the rest.
    heard: [[i16; HOP]; 2],
    hop: [[f32; HOP]; 3],
    filled: usize,
    echo_only: bool,
    detectors: [Detector; 2],
    wheel: Wheel,
    /// Samples without a carrier while disabled.
    quiet: usize,
}

impl EchoCanceller {
    /// An echo canceller that knows nothing of its line yet.
    pub fn new(settings: Settings) -> Self {
        Self::at_level(settings, Level::current())
    }

    /// The same with these vector instructions at most. All levels give the same samples.
    pub fn at_level(settings: Settings, level: Level) -> Self {
        let level = Level::here().filter(|&it| it <= level).last().unwrap_or(Level::Scalar);
        Self {
            level,
            processor: settings.processor,
            state: State::Enabled,
            filter: Filter::new(settings.tail.samples() / BLOCK, level),
            nonlinear: Nonlinear::new(settings.tail.samples() / HOP),
            delay: vec![0; settings.bulk_delay],
            delayed: 0,
            far_entry: Entry::default(),
            near_entry: Entry::default(),
            exit: Exit::default(),
            heard: [[0; HOP]; 2],
            hop: [[0.0; HOP]; 3],
            filled: 0,
            echo_only: false,
            detectors: [Detector::new(), Detector::new()],
            wheel: Wheel::new(),
            quiet: 0,
        }
    }

    /// Takes the echo of `rin` out of `sin` and gives what is left as `sout`, of which the shortest counts.
    /// Sample i of `sin` came from the line when sample i of `rin` went to it.
    pub fn cancel(&mut self, rin: &[i16], sin: &[i16], sout: &mut [i16]) {
        let mut left = rin.len().min(sin.len()).min(sout.len());
        let (mut rin, mut sin, mut sout) = (&rin[..left], &sin[..left], &mut sout[..left]);
        while left > 0 {
            let some = left.min(self.filter.room());
            let (far, later_rin) = rin.split_at(some);
            let (near, later_sin) = sin.split_at(some);
            let (out, later_sout) = sout.split_at_mut(some);
            self.some(far, near, out);
            (rin, sin, sout) = (later_rin, later_sin, later_sout);
            left -= some;
        }
    }

    /// Lets the model of the echo path learn, or holds it.
    pub fn set_adaptation(&mut self, adaptation: Adaptation) {
        self.filter.freeze(adaptation == Adaptation::Frozen);
    }

    /// Turns the nonlinear processor on or off.
    pub fn set_processor(&mut self, processor: Processor) {
        self.processor = processor;
    }

    /// Whether it cancels.
    pub fn state(&self) -> State {
        self.state
    }

    /// The echo return loss enhancement of the last seconds with sound, as a ratio of powers.
    pub fn enhancement(&self) -> f32 {
        1.0 / self.filter.leak().max(1e-6)
    }

    /// The memory that it takes.
    pub fn octets(&self) -> usize {
        size_of::<Self>() + self.filter.octets() + self.delay.len() * size_of::<i16>()
    }

    /// Samples that lie within one block.
    fn some(&mut self, rin: &[i16], sin: &[i16], sout: &mut [i16]) {
        let (level, count) = (self.level, rin.len());
        let mut bulk = [0; BLOCK];
        let sent = if self.delay.is_empty() { rin } else { self.delayed(rin, &mut bulk) };
        let [mut plain_far, mut far, mut plain_near, mut near, mut rest] = [[0.0; BLOCK]; 5];
        kernel::enter(level, &mut self.far_entry, sent, &mut plain_far, &mut far);
        kernel::enter(level, &mut self.near_entry, sin, &mut plain_near, &mut near);
        let rest = &mut rest[..count];
        self.filter.cancel(&far[..count], &near[..count], rest);
        kernel::leave(level, &mut self.exit, rest);
        let (mut from, mut through) = (0, count..count);
        while from < count {
            let to = count.min(from + HOP - self.filled);
            let (filled, span) = (self.filled, from..to);
            put(&mut self.heard[0][filled..], &rin[span.clone()]);
            put(&mut self.heard[1][filled..], &sin[span.clone()]);
            if self.processor == Processor::ComfortNoise {
                put(&mut self.hop[0][filled..], &plain_far[span.clone()]);
                put(&mut self.hop[1][filled..], &plain_near[span.clone()]);
                put(&mut self.hop[2][filled..], &rest[span.clone()]);
                self.nonlinear.process(&mut rest[span], self.echo_only);
            }
            self.filled = (filled + to - from) % HOP;
            let block = to == count && self.filter.end();
            if self.filled == 0 {
                self.millisecond(block);
            }
            if self.state == State::Disabled {
                through = through.start.min(from)..to;
            }
            from = to;
        }
        kernel::round(level, rest, sout);
        if through.start < through.end {
            sout[through.clone()].copy_from_slice(&sin[through]);
        }
    }

    /// A millisecond is full, and with it perhaps a block.
    fn millisecond(&mut self, block: bool) {
        self.listen(block);
        if self.processor == Processor::Off {
            return;
        }
        let power = |of: &[f32; HOP]| {
            of.iter().map(|it| it * it).sum::<f32>() / HOP as f32 + comfort::SILENCE
        };
        let [far, came, rest] = &self.hop;
        let echo = from_fn(|place| came[place] - rest[place]);
        let hop = Hop {
            far: power(far),
            came: power(came),
            echo: power(&echo),
            rest: power(rest),
            leak: if self.filter.lost() { 1.0 } else { self.filter.leak() },
            signalling: self.filter.band() == Band::Signalling,
        };
        self.echo_only = self.nonlinear.hear(&hop, rest);
    }

    /// Watches for the disabling tone, and for the end of its carrier.
    fn listen(&mut self, block: bool) {
        let [far, near] = &mut self.detectors;
        let [rin, sin] = &self.heard;
        if far.hear(self.level, rin, &self.wheel) | near.hear(self.level, sin, &self.wheel) {
            self.state = State::Disabled;
        }
        if self.state == State::Enabled || far.holds() || near.holds() {
            self.quiet = 0;
            return;
        }
        self.quiet += HOP;
        if self.quiet >= RELEASE && block {
            self.state = State::Enabled;
            self.filter.reset();
        }
    }

    /// What was sent a bulk delay before these samples, a block at most.
    fn delayed<'a>(&mut self, sent: &[i16], to: &'a mut [i16; BLOCK]) -> &'a [i16] {
        let to = &mut to[..sent.len()];
        to.copy_from_slice(sent);
        for sample in &mut *to {
            let Some(oldest) = self.delay.get_mut(self.delayed) else { continue };
            std::mem::swap(oldest, sample);
            self.delayed = if self.delayed + 1 == self.delay.len() { 0 } else { self.delayed + 1 };
        }
        to
    }
}

/// Writes a millisecond at once, or the samples that there are of one.
#[inline(always)]
fn put<T: Copy>(to: &mut [T], samples: &[T]) {
    match (to.first_chunk_mut::<HOP>(), samples.first_chunk()) {
        (Some(to), Some(samples)) => *to = *samples,
        _ => {
            for (to, sample) in to.iter_mut().zip(samples) {
                *to = *sample;
            }
        }
    }
}

/// Samples without a carrier that end the disabled state: 250 ms (ITU-T G.168 §7.8: 250 ± 150 ms).
const RELEASE: usize = 2000;
