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
use crate::arch::echo::{BLOCK, HOP};
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
            let some = left.min(HOP - self.filled);
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

    /// Samples that lie within one millisecond.
    fn some(&mut self, rin: &[i16], sin: &[i16], sout: &mut [i16]) {
        let (from, to) = (self.filled, self.filled + rin.len());
        let (mut far, mut near, mut rest) = ([0.0; HOP], [0.0; HOP], [0.0; HOP]);
        // The filters' memories are kept out of memory meanwhile: their recursions are what takes time.
        let (mut far_entry, mut near_entry) = (self.far_entry, self.near_entry);
        for (place, (&sent, &came)) in rin.iter().zip(sin).enumerate() {
            self.heard[0][from + place] = sent;
            self.heard[1][from + place] = came;
            let sent = self.delayed(sent);
            (self.hop[0][from + place], far[place]) = far_entry.pass(f32::from(sent));
            (self.hop[1][from + place], near[place]) = near_entry.pass(f32::from(came));
        }
        (self.far_entry, self.near_entry) = (far_entry, near_entry);
        let (far, near, rest) = (&far[..rin.len()], &near[..rin.len()], &mut rest[..rin.len()]);
        self.filter.cancel(far, near, rest);
        let mut exit = self.exit;
        for (place, rest) in rest.iter_mut().enumerate() {
            *rest = exit.pass(*rest);
            self.hop[2][from + place] = *rest;
        }
        self.exit = exit;
        if self.processor == Processor::ComfortNoise {
            self.nonlinear.process(rest, self.echo_only);
        }
        self.filled = to;
        if to == HOP {
            self.filled = 0;
            self.millisecond();
        }
        if self.state == State::Disabled {
            sout.copy_from_slice(sin);
            return;
        }
        for (out, rest) in sout.iter_mut().zip(&*rest) {
            // To the nearest; the conversion saturates.
            *out = (rest + 0.5f32.copysign(*rest)) as i16;
        }
    }

    fn millisecond(&mut self) {
        self.listen();
        if self.processor == Processor::Off {
            return;
        }
        let power = |of: &[f32; HOP]| of.iter().map(|it| it * it).sum::<f32>() / HOP as f32;
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
    fn listen(&mut self) {
        let [far, near] = &mut self.detectors;
        let [rin, sin] = &self.heard;
        if far.hear(rin, &self.wheel) | near.hear(sin, &self.wheel) {
            self.state = State::Disabled;
        }
        if self.state == State::Enabled || far.holds() || near.holds() {
            self.quiet = 0;
            return;
        }
        self.quiet += HOP;
        if self.quiet >= RELEASE {
            self.state = State::Enabled;
            self.filter.reset();
        }
    }

    fn delayed(&mut self, sample: i16) -> i16 {
        let Some(oldest) = self.delay.get_mut(self.delayed) else { return sample };
        let delayed = std::mem::replace(oldest, sample);
        self.delayed = if self.delayed + 1 == self.delay.len() { 0 } else { self.delayed + 1 };
        delayed
    }
}

/// What both ends go through on their way to the filter. A high pass at 13 Hz takes the offset of a PCM
/// channel away (ITU-T G.168 §6.4.2.15). An emphasis then makes speech about as loud in all of its band:
/// what the filter learns of one sound so holds for the next one too.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    before: f32,
    passed: f32,
}

impl Entry {
    /// Without its offset; that, emphasised.
    fn pass(&mut self, sample: f32) -> (f32, f32) {
        let passed = sample - self.before + 0.99 * self.passed;
        let emphasised = passed - EMPHASIS * self.passed;
        *self = Self { before: sample, passed };
        (passed, emphasised)
    }
}

/// Takes the emphasis away from what the filter leaves. Two samples are unrolled, which halves the time
/// that one waits for the other.
#[derive(Debug, Clone, Copy, Default)]
struct Exit {
    before: f32,
    passed: [f32; 2],
}

impl Exit {
    fn pass(&mut self, sample: f32) -> f32 {
        let [last, older] = self.passed;
        let passed = sample + EMPHASIS * self.before + EMPHASIS * EMPHASIS * older;
        *self = Self { before: sample, passed: [passed, last] };
        passed
    }
}

/// How much: +3.5 dB at the upper end of the band, -6 dB at the lower one. With more, what the filter
/// leaves at the lower end comes out too loud where the near end is not quiet (ITU-T G.168 test 2C).
const EMPHASIS: f32 = 0.5;
/// Samples without a carrier that end the disabled state: 250 ms (ITU-T G.168 §7.8: 250 ± 150 ms).
const RELEASE: usize = 2000;
