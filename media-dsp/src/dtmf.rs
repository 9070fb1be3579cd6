//! DTMF: the digits of push-button telephones. ITU-T Q.23 (frequencies) and Q.24 (receivers).
//!
//! The receiver hears digits of 40 ms with pauses of 40 ms, drops those of 24 ms and less, and
//! bridges gaps of up to 20 ms; a digit is told 33 to 40 ms after its begin, and its end 30 ms
//! after it.

use crate::fixed::nearest;
use crate::tone::notch::Notch;
use crate::tone::pair::{self, Limits, Listener, Plan};
use crate::tone::{Dbm0, Oscillator};
use std::fmt;
use std::sync::LazyLock;

/// One of the sixteen digits: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digit(u8);

/// Hears digits in samples at 8 kHz. State: at most 768 octets.
#[derive(Debug, Clone)]
pub struct Detector {
    listener: Listener,
    notch: Option<Notch>,
}

/// What happened on the line. Instants and durations are in samples since the detector was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A digit began; `duration` is that until now.
    Began(Heard),
    /// The digit that began last has ended.
    Ended(Heard),
}

/// A digit on the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// Which.
    pub digit: Digit,
    /// The level of both tones together.
    pub level: Dbm0,
    /// When it began, within 3 ms.
    pub begin: u64,
    /// How long it sounds, within 5 ms.
    pub duration: u64,
}

/// Sends digits as samples at 8 kHz.
#[derive(Debug, Clone)]
pub struct Generator {
    low: Oscillator,
    high: Oscillator,
    peaks: (f32, f32),
    /// Samples of tone and then of pause that are still to come.
    on: u32,
    off: u32,
}

impl Digit {
    /// A digit by its sign; letters in either case.
    pub fn parse(sign: char) -> Option<Self> {
        let sign = sign.to_ascii_uppercase();
        SIGNS.iter().position(|it| char::from(*it) == sign).map(|at| Self(at as u8))
    }

    /// Its sign.
    pub fn sign(self) -> char {
        char::from(SIGNS[usize::from(self.0) % SIGNS.len()])
    }

    /// The frequencies of its row and its column in Hz.
    pub fn frequencies(self) -> (f32, f32) {
        let (row, column) = (usize::from(self.0 / 4) % 4, usize::from(self.0 % 4));
        (FREQUENCIES[row], FREQUENCIES[4 + column])
    }

    /// All digits, row by row.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SIGNS.len() as u8).map(Self)
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sign())
    }
}

impl Detector {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self { listener: Listener::new(), notch: None }
    }

    /// For a line on which a dial tone (330 to 480 Hz) may sound while digits are dialled.
    pub fn beside_dial_tone() -> Self {
        Self { notch: Some(Notch::default()), ..Self::new() }
    }

    /// Listens to samples, as many as there are, and tells what happened.
    pub fn hear(&mut self, pcm: &[i16], mut tell: impl FnMut(Event)) {
        let Self { listener, notch } = self;
        let mut tell = |event| {
            tell(match event {
                pair::Event::Began(signal) => Event::Began(heard(signal)),
                pair::Event::Ended(signal) => Event::Ended(heard(signal)),
            });
        };
        let Some(notch) = notch else { return listener.hear(&PLAN, pcm, &mut tell) };
        for chunk in pcm.chunks(AT_ONCE) {
            let mut filtered = [0; AT_ONCE];
            notch.filter(chunk, &mut filtered);
            listener.hear(&STRICT, &filtered[..chunk.len()], &mut tell);
        }
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

fn heard(signal: pair::Signal) -> Heard {
    let (row, column) = signal.tones;
    let digit = Digit((row * 4 + (column - 4)) as u8);
    Heard { digit, level: signal.level, begin: signal.begin, duration: signal.duration }
}

impl Generator {
    /// A digit with its row and its column at these levels, for so many samples, and then a pause.
    pub fn new(digit: Digit, levels: (Dbm0, Dbm0), on: u32, off: u32) -> Self {
        let (low, high) = digit.frequencies();
        Self {
            low: Oscillator::new(f64::from(low)),
            high: Oscillator::new(f64::from(high)),
            peaks: (levels.0.peak(), levels.1.peak()),
            on,
            off,
        }
    }

    /// Fills `pcm` with what comes next; says how many samples that were, fewer only at the end.
    pub fn fill(&mut self, pcm: &mut [i16]) -> usize {
        let mut filled = 0;
        for sample in pcm {
            if self.on > 0 {
                self.on -= 1;
                let sum = self.peaks.0 * self.low.sample() + self.peaks.1 * self.high.sample();
                *sample = nearest(sum);
            } else if self.off > 0 {
                self.off -= 1;
                *sample = 0;
            } else {
                break;
            }
            filled += 1;
        }
        filled
    }
}

/// Samples that are filtered at once.
const AT_ONCE: usize = 160;
/// Row by row: Q.23 §6.
const SIGNS: &[u8; 16] = b"123A456B789C*0#D";
/// Rows, then columns: Q.23 §6.
const FREQUENCIES: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// Q.24 Table A-1 gives what administrations ask for; these limits lie between what has to be heard
/// and what must not be for the strictest of them.
const LIMITS: Limits = Limits {
    least: Dbm0(-38.0),
    twist: 6.0,
    reverse_twist: 10.0,
    off: (0.024, 0.0),
    clean: 0.85,
    windows: 5,
    gap: 6,
};
static PLAN: LazyLock<Plan> = LazyLock::new(|| Plan::new(&FREQUENCIES, Some(4), LIMITS));
/// Without what is where dial tones are, speech looks more like digits.
static STRICT: LazyLock<Plan> = LazyLock::new(|| {
    let limits =
        Limits { off: (0.018, 0.0), clean: 0.93, twist: 5.0, reverse_twist: 9.0, ..LIMITS };
    Plan::new(&FREQUENCIES, Some(4), limits)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_and_its_sign_are_the_same_thing() {
        for digit in Digit::all() {
            assert_eq!(Digit::parse(digit.sign()), Some(digit));
        }
        assert_eq!(Digit::parse('d').map(Digit::frequencies), Some((941.0, 1_633.0)));
        assert_eq!(Digit::parse('E'), None);
    }

    #[test]
    fn a_detector_is_small() {
        assert!(size_of::<Detector>() <= 768, "{}", size_of::<Detector>());
    }
}
