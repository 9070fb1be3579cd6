//! Whether the far end sends tones, from which an echo path cannot be learned.

#![allow(clippy::needless_range_loop)] // A bin is an index into several arrays.

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
    pub(super) fn hear(&mut self, spectrum: &Spectrum) {
        let Some(peaks) = tones(spectrum) else {
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
fn tones(spectrum: &Spectrum) -> Option<[usize; 2]> {
    // A von Hann window, in the frequency domain.
    let mut power = [0.0f32; BINS];
    for bin in 2..BINS - 1 {
        let re = spectrum.re[bin] - 0.5 * (spectrum.re[bin - 1] + spectrum.re[bin + 1]);
        let im = spectrum.im[bin] - 0.5 * (spectrum.im[bin - 1] + spectrum.im[bin + 1]);
        power[bin] = re * re + im * im;
    }
    let mut lanes = [0.0; 8];
    for row in power.chunks_exact(8) {
        for (lane, power) in lanes.iter_mut().zip(row) {
            *lane += power;
        }
    }
    let total: f32 = lanes.iter().sum();
    if total < SILENCE {
        return None;
    }
    let mut held = 0.0;
    let mut peaks = [0; 2];
    for peak in &mut peaks {
        *peak = greatest(&power);
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

/// The bin of the greatest power.
fn greatest(power: &[f32; BINS]) -> usize {
    let (mut bin, mut most) = (0, 0.0);
    for (place, &power) in power.iter().enumerate() {
        if power > most {
            (bin, most) = (place, power);
        }
    }
    bin
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
