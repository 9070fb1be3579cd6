//! Multi-frequency codes between exchanges: R1 (ITU-T Q.320 to Q.323) and R2 (Q.441, Q.450 to
//! Q.457). Two of six frequencies are a signal of fifteen.

use super::pair::{self, Limits, Listener, Plan};
use super::{Dbm0, Oscillator};
use crate::fixed::nearest;
use std::sync::LazyLock;

/// Which six frequencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// R1: 700 to 1700 Hz.
    R1,
    /// R2 from the calling end: 1380 to 1980 Hz.
    R2Forward,
    /// R2 from the called end: 1140 down to 540 Hz.
    R2Backward,
}

/// A signal by its number in Q.441 Table 5, 1 to 15.
///
/// R1 (Q.323): 1 to 9 are these digits, 10 is 0, 11 is ST3P, 12 is STP, 13 is KP, 14 is ST2P, 15 is
/// ST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// Hears signals of one code. Begin and end of a signal of R2 are told at most 70 ms late together
/// (Q.455). State: at most 768 octets.
#[derive(Debug, Clone)]
pub struct Detector {
    code: Code,
    listener: Listener,
}

/// What happened on the line. Durations are in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A signal began.
    Began(Signal, Dbm0),
    /// The one that began last ended after so many samples.
    Ended(Signal, u64),
}

impl Signal {
    /// `None` but for 1 to 15.
    pub fn new(number: u8) -> Option<Self> {
        (1..=15).contains(&number).then_some(Self(number))
    }

    /// 1 to 15.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Its places in the six frequencies, by their order in Q.441 Table 5, whose weights are
    /// 0, 1, 2, 4, 7 and 11.
    fn places(self) -> (usize, usize) {
        PAIRS[usize::from(self.0 - 1) % PAIRS.len()]
    }
}

impl Code {
    /// In the order of their weights, Hz.
    fn frequencies(self) -> &'static [f32; 6] {
        match self {
            Self::R1 => &[700.0, 900.0, 1_100.0, 1_300.0, 1_500.0, 1_700.0],
            Self::R2Forward => &[1_380.0, 1_500.0, 1_620.0, 1_740.0, 1_860.0, 1_980.0],
            Self::R2Backward => &[1_140.0, 1_020.0, 900.0, 780.0, 660.0, 540.0],
        }
    }

    fn plan(self) -> &'static Plan {
        match self {
            Self::R1 => &R1,
            Self::R2Forward => &R2_FORWARD,
            Self::R2Backward => &R2_BACKWARD,
        }
    }

    /// A signal as samples, each frequency at this level, added to `pcm` from its begin to its end.
    pub fn generate(self, signal: Signal, level: Dbm0, pcm: &mut [i16]) {
        let (a, b) = signal.places();
        let frequencies = self.frequencies();
        let mut first = Oscillator::new(frequencies[a].into());
        let mut second = Oscillator::new(frequencies[b].into());
        for sample in pcm {
            let sum = level.peak() * (first.sample() + second.sample());
            *sample = sample.saturating_add(nearest(sum));
        }
    }
}

impl Detector {
    /// Has heard nothing yet.
    pub fn new(code: Code) -> Self {
        Self { code, listener: Listener::new() }
    }

    /// Listens to samples, as many as there are, and tells what happened.
    pub fn hear(&mut self, pcm: &[i16], mut tell: impl FnMut(Event)) {
        self.listener.hear(self.code.plan(), pcm, &mut |event| {
            let (pair::Event::Began(heard) | pair::Event::Ended(heard)) = event;
            let Some(at) = PAIRS.iter().position(|pair| *pair == heard.tones) else { return };
            let signal = Signal(at as u8 + 1);
            tell(match event {
                pair::Event::Began(_) => Event::Began(signal, heard.level),
                pair::Event::Ended(_) => Event::Ended(signal, heard.duration),
            });
        });
    }
}

/// Q.441 Table 5: the number of a signal is the sum of the weights of its frequencies, up to 10.
const PAIRS: [(usize, usize); 15] = [
    (0, 1),
    (0, 2),
    (1, 2),
    (0, 3),
    (1, 3),
    (2, 3),
    (0, 4),
    (1, 4),
    (2, 4),
    (3, 4),
    (0, 5),
    (1, 5),
    (2, 5),
    (3, 5),
    (4, 5),
];

/// Q.323 §2: 1.5 % and 5 Hz off, -14 to 0 dBm each, 6 dB between the two, 30 ms and longer. A
/// louder neighbour that is off as well makes it look like 8 dB.
const R1_LIMITS: Limits = Limits {
    least: Dbm0(-28.0),
    twist: 9.0,
    reverse_twist: 9.0,
    off: (0.015, 10.0),
    clean: 0.85,
    windows: 4,
    gap: 4,
};
/// Q.455: 10 Hz off, -35 to -5 dBm0 each, 7 dB between the two; a compelled cycle waits for both
/// the begin and the end, which shall take no longer than 70 ms together.
const R2_LIMITS: Limits = Limits {
    least: Dbm0(-37.0),
    twist: 8.0,
    reverse_twist: 8.0,
    off: (0.0, 25.0),
    clean: 0.85,
    windows: 4,
    gap: 3,
};
static R1: LazyLock<Plan> = LazyLock::new(|| Plan::new(Code::R1.frequencies(), None, R1_LIMITS));
static R2_FORWARD: LazyLock<Plan> =
    LazyLock::new(|| Plan::new(Code::R2Forward.frequencies(), None, R2_LIMITS));
static R2_BACKWARD: LazyLock<Plan> =
    LazyLock::new(|| Plan::new(Code::R2Backward.frequencies(), None, R2_LIMITS));
