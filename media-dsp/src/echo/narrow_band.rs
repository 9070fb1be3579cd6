//! Whether the far end sends tones, from which an echo path cannot be learned.

use crate::arch::Level;
use crate::arch::echo as kernel;
use crate::arch::fft::{BINS, Spectrum};

/// What the far end sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Band {
    /// Speech, music, noise, data.
    Wide,
    /// One or two tones.
    Tones,
    /// A tone of the in-band signalling or continuity check of Systems No. 5, 6 and 7, between 1750 and
    /// 2700 Hz: the other end may send the same at the same time (ITU-T G.168 §6.4.2.8).
    Signalling,
}

/// Watches the far end's spectra.
#[derive(Debug, Clone)]
pub(super) struct NarrowBand {
    band: Band,
    /// Blocks that held the same tones, and blocks since.
    seen: u32,
    gap: u32,
    peaks: [usize; 2],
}

impl NarrowBand {
    pub(super) fn new() -> Self {
        Self { band: Band::Wide, seen: 0, gap: 0, peaks: [0; 2] }
    }

    pub(super) fn band(&self) -> Band {
        self.band
    }

    /// Whether the last two blocks may be the beginning of a tone.
    pub(super) fn suspects(&self) -> bool {
        self.seen > 0
    }

    /// Whether a tone has probably begun.
    pub(super) fn expects(&self) -> bool {
        self.seen > 1
    }

    /// The next block.
    pub(super) fn hear(&mut self, level: Level, spectrum: &Spectrum) {
        let Some(peaks) = tones(level, spectrum) else {
            self.gap += 1;
            self.seen = 0;
            if self.gap > RELEASE {
                self.band = Band::Wide;
            }
            return;
        };
        let same = peaks.iter().zip(self.peaks).all(|(&now, then)| now.abs_diff(then) <= 1);
        self.seen = if same { self.seen + 1 } else { 1 };
        self.peaks = peaks;
        self.gap = 0;
        if self.seen < OPERATE {
            return;
        }
        let signalling = if peaks[0] == peaks[1] {
            SIGNALLING.contains(&peaks[0])
        } else {
            peaks[0].abs_diff(BIN_2400) <= 1 && peaks[1].abs_diff(BIN_2600) <= 1
        };
        self.band = if signalling { Band::Signalling } else { Band::Tones };
    }
}

/// The bins of one or two tones that hold nearly all the power, the lower one first.
fn tones(level: Level, spectrum: &Spectrum) -> Option<[usize; 2]> {
    let (mut power, total) = kernel::window(level, spectrum);
    if total < SILENCE {
        return None;
    }
    let mut held = 0.0;
    let mut peaks = [0; 2];
    for peak in &mut peaks {
        *peak = kernel::greatest(level, &power);
        let around = &mut power[peak.saturating_sub(2)..(*peak + 3).min(BINS)];
        let here: f32 = around.iter().sum();
        around.fill(0.0);
        held += here;
        if held > PURE * total {
            break;
        }
    }
    if held < PURE * total {
        return None;
    }
    if peaks[1] == 0 {
        peaks[1] = peaks[0];
    }
    peaks.sort_unstable();
    Some(peaks)
}

/// The part of the power that tones hold.
const PURE: f32 = 0.985;
/// The power of a block's spectrum below which nothing is a tone: about -45 dBm0.
const SILENCE: f32 = 1e8;
/// Blocks of 8 ms with the same tones until they are believed, and without until they are not.
const OPERATE: u32 = 4;
const RELEASE: u32 = 3;
/// 1750 to 2700 Hz in bins of 62.5 Hz: 1780, 2000, 2010, 2400 and 2600 Hz, and the last two together.
const SIGNALLING: std::ops::RangeInclusive<usize> = 28..=43;
const BIN_2400: usize = 38;
const BIN_2600: usize = 42;
