//! Single tones: the answer of a fax or modem (ITU-T T.30 CED, V.25 and V.8 ANS, ANSam and their
//! phase reversals), a calling fax (T.30 CNG), and the milliwatt test tone (O.6, 1004 Hz).

use super::Dbm0;
use super::bank::{BLOCK, Bank, Complex, Ear, RECENT, product};
use super::cadence::{Sound, Step};
use std::f32::consts::TAU;
use std::sync::LazyLock;

/// A tone that means something by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// 2100 Hz: CED, ANS, ANSam.
    Answer,
    /// 1100 Hz: CNG.
    Calling,
    /// 1004 Hz (and 1000 to 1020 Hz, as it is sent elsewhere).
    Test,
}

/// What happened on the line. Instants and durations are in samples since the detector was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// There is a tone: it lasted long enough to be none of speech.
    Began(Tone, Dbm0),
    /// The phase of the answer tone turned over: ANS or ANSam that disables echo cancellers
    /// (G.168).
    Reversed {
        /// When.
        at: u64,
    },
    /// The answer tone is modulated at 15 Hz: ANSam. Said once.
    Modulated,
    /// The tone that began ended after so many samples.
    Ended(Tone, u64),
}

/// A calling fax: half a second of every three and a half (T.30 §4.1.2).
pub const CALLING: [Step; 2] = [Step(Sound::One(1_100.0), 500), Step(Sound::Off, 3_000)];
/// The test tone (O.6; in North America 1004 Hz, so that it is no part of the sampling rate).
pub const TEST: [Step; 1] = [Step(Sound::One(1_004.0), 0)];

/// Hears these tones: the answer 300 ms after its begin, a calling fax 350 ms, the test tone 500 ms
/// after it. State: at most 640 octets.
#[derive(Debug, Clone)]
pub struct Detector {
    ear: Ear<WINDOW>,
    steady: Option<Steady>,
}

/// A tone that goes on.
#[derive(Debug, Clone, Copy)]
struct Steady {
    lane: usize,
    /// Windows with it, and windows without it in a row.
    windows: u32,
    missing: u8,
    is_told: bool,
    begin: u64,
    end: u64,
    /// The turn in a block beyond that of the nominal frequency, summed.
    turn: Complex,
    /// What the window held when the tone was last there, turned on to now.
    expected: Complex,
    swing: Swing,
}

/// How much the loudness swings at 15 Hz.
#[derive(Debug, Clone, Copy)]
struct Swing {
    count: u32,
    sum: f32,
    re: f32,
    im: f32,
    is_told: bool,
}

impl Detector {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self { ear: Ear::new(), steady: None }
    }

    /// Listens to samples, as many as there are, and tells what happened.
    pub fn hear(&mut self, mut pcm: &[i16], mut tell: impl FnMut(Event)) {
        while let Some(rest) = self.ear.take(&BANK, pcm) {
            pcm = rest;
            let lane = self.lane();
            self.follow(lane, &mut tell);
        }
    }

    /// The tone that fills the window.
    fn lane(&self) -> Option<usize> {
        let energies = self.ear.energies();
        let total = self.ear.energy(WINDOW).max(LEAST.mean_square() * (BLOCK * WINDOW) as f32);
        let is_tone = |lane: &usize| {
            let tone = self.ear.tone(*lane);
            tone.energy >= CLEAN * total && tone.offset.abs() <= MOST_OFF[*lane]
        };
        (0..FREQUENCIES.len()).find(|lane| energies[*lane] >= ROUGH * total && is_tone(lane))
    }

    fn follow(&mut self, lane: Option<usize>, tell: &mut impl FnMut(Event)) {
        let Some(steady) = &mut self.steady else {
            self.steady = lane.map(|lane| Steady::new(lane, &self.ear));
            return;
        };
        if lane == Some(steady.lane) {
            steady.go_on(&self.ear, tell);
            return;
        }
        steady.missing += 1;
        steady.expected = steady.turned();
        if steady.missing > BRIDGED || self.ear.energy(RECENT) < LEAST.mean_square() {
            if steady.is_told {
                tell(Event::Ended(steady.tone(), steady.end - steady.begin));
            }
            self.steady = None;
        }
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Steady {
    fn new(lane: usize, ear: &Ear<WINDOW>) -> Self {
        // The first window is about three quarters full.
        let begin = ear.now().saturating_sub((BLOCK * (WINDOW - 1)) as u64);
        Self {
            lane,
            windows: 1,
            missing: 0,
            is_told: false,
            begin,
            end: ear.now(),
            turn: (0.0, 0.0),
            expected: ear.phasor(lane),
            swing: Swing { count: 0, sum: 0.0, re: 0.0, im: 0.0, is_told: false },
        }
    }

    fn tone(&self) -> Tone {
        [Tone::Answer, Tone::Calling, Tone::Test][self.lane]
    }

    fn go_on(&mut self, ear: &Ear<WINDOW>, tell: &mut impl FnMut(Event)) {
        let now = ear.phasor(self.lane);
        let (re, im) = self.turned();
        let is_reversed = self.missing > 0 && re * now.0 + im * now.1 < 0.0;
        if self.missing == 0 {
            let advance = ear.advance(self.lane);
            let energy = ear.energy(WINDOW).max(1.0);
            self.turn.0 += advance.0 / energy;
            self.turn.1 += advance.1 / energy;
        }
        self.windows += 1;
        self.expected = now;
        self.end = ear.now();
        let missing = std::mem::replace(&mut self.missing, 0);
        if !self.is_told && self.windows >= ENOUGH[self.lane] {
            self.is_told = true;
            tell(Event::Began(self.tone(), ear.level(WINDOW)));
        }
        if self.lane != ANSWER {
            return;
        }
        if is_reversed && self.windows > SETTLED {
            let ago = BLOCK * (WINDOW + usize::from(missing)) / 2;
            let at = ear.now() - ago as u64;
            tell(Event::Reversed { at });
        }
        if self.swing.is_modulated(ear.tone(self.lane).energy, missing) {
            tell(Event::Modulated);
        }
    }

    /// What the window is to hold after another block.
    fn turned(&self) -> Complex {
        let length = self.turn.0.hypot(self.turn.1).max(f32::MIN_POSITIVE);
        let beyond = (self.turn.0 / length, self.turn.1 / length);
        product(product(self.expected, BANK.turn(self.lane)), beyond)
    }
}

impl Swing {
    /// Takes a window's energy, `missing` blocks after the last; says once that it swings.
    fn is_modulated(&mut self, energy: f32, missing: u8) -> bool {
        if self.is_told {
            return false;
        }
        // What is missing swings about the mean, of which nothing is seen.
        for gap in (0..=missing).rev() {
            let amplitude =
                if gap == 0 { energy.sqrt() } else { self.sum / self.count.max(1) as f32 };
            let angle = TAU * 15.0 * BLOCK as f32 * self.count as f32 / super::RATE as f32;
            self.re += amplitude * angle.cos();
            self.im += amplitude * angle.sin();
            self.sum += amplitude;
            self.count += 1;
        }
        if self.count < SWINGS {
            return false;
        }
        let depth = 2.0 * self.re.hypot(self.im) / self.sum;
        self.is_told = DEPTH.contains(&depth);
        let is_modulated = self.is_told;
        *self = Self { count: 0, sum: 0.0, re: 0.0, im: 0.0, is_told: self.is_told };
        is_modulated
    }
}

const FREQUENCIES: [f32; 3] = [2_100.0, 1_100.0, 1_007.0];
const ANSWER: usize = 0;
/// T.30 §4.1: CED ±15 Hz, CNG ±38 Hz; and a few Hz of measuring.
const MOST_OFF: [f32; 3] = [21.0, 40.0, 16.0];
/// Windows until a tone is told: 300 ms, 350 ms of CNG's 425 and more, 500 ms.
const ENOUGH: [u32; 3] = [58, 68, 98];
/// Blocks in a window: 15 ms.
const WINDOW: usize = 3;
/// G.168: tones down to -31 dBm0 disable; T.30 hears to -43 dBm.
const LEAST: Dbm0 = Dbm0(-43.0);
const ROUGH: f32 = 0.2;
const CLEAN: f32 = 0.85;
/// Blocks that a turn of the phase may take out.
const BRIDGED: u8 = 6;
/// Windows after which the frequency is known well enough to foretell the phase.
const SETTLED: u32 = 20;
/// Blocks over which a modulation is sought: 400 ms, six swings.
const SWINGS: u32 = 80;
/// V.8 §7.2.1: 20 % ± 2 %; the window takes some of it.
const DEPTH: std::ops::Range<f32> = 0.12..0.26;

static BANK: LazyLock<Bank> = LazyLock::new(|| Bank::new(&FREQUENCIES));
