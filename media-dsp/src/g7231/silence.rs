//! What the encoder sends of silence, and when: ITU-T G.723.1 (05/2006) Annex A.

use super::comfort::{self, Noise};
use super::lpc::Autocorrelation;
use super::lsp::{self, Source};
use super::sums::dot;
use super::vad::Detector;
use super::{Lpc, Lsp, ORDER, pairs};
use crate::fixed::{
    add, extract_l, l_add, l_mac, l_mult, l_shl, l_shr, mult_r, norm_l, round, shr, sub,
};

/// The encoder's side of silence.
#[derive(Clone)]
pub(super) struct Silence {
    /// Of the last four frames, the newest first.
    spectra: [Autocorrelation; 4],
    /// Prediction errors of the last frames of silence, the newest first.
    errors: [i16; 3],
    /// How many of them count, at most 3.
    frames: usize,
    sent: Sent,
    pub(super) noise: Noise,
    /// Whether the last frame was speech.
    pub(super) after_speech: bool,
}

/// The last descriptor.
#[derive(Clone)]
struct Sent {
    shape: Shape,
    lsp: Lsp,
    code: i16,
}

/// What a frame of silence sends.
pub(super) enum News {
    Descriptor { lsp: u32, gain: i16 },
    Nothing,
}

impl Silence {
    pub(super) fn new() -> Self {
        Self {
            spectra: [Autocorrelation::NONE; 4],
            errors: [0; 3],
            frames: 0,
            sent: Sent {
                shape: Shape { values: [0; ORDER + 1], places: 0 },
                lsp: [0; ORDER],
                code: 0,
            },
            noise: Noise::new(),
            after_speech: true,
        }
    }

    /// Notes the spectra of a frame's subframes, speech or not.
    pub(super) fn hear(&mut self, subframes: &[Autocorrelation; 4]) {
        self.spectra.copy_within(..3, 1);
        self.spectra[0] = mean(subframes);
    }

    /// Decides on a frame of silence. `before`: the last frame's spectral pairs. Returns what is
    /// sent and the pairs of the noise from here on.
    pub(super) fn describe(&mut self, before: &Lsp, detector: &mut Detector) -> (News, Lsp) {
        let now = self.spectra[0].predict();
        self.errors.copy_within(..2, 1);
        self.errors[0] = now.error;
        self.frames = if self.after_speech { 1 } else { (self.frames + 1).min(3) };
        let levels: [_; 3] =
            std::array::from_fn(|place| (self.errors[place], self.spectra[place].places));
        let code = comfort::quantise(&levels[..self.frames]);
        let unchanged = !self.after_speech
            && self.sent.shape.fits(&self.spectra[0], now.error)
            && (code - self.sent.code).abs() <= CODE_STEP;
        let news = if unchanged {
            News::Nothing
        } else {
            let lsp = self.renew(before, &now.filter, now.error, detector);
            self.sent.code = code;
            News::Descriptor { lsp, gain: code }
        };
        self.noise.approach(comfort::gain(self.sent.code), self.after_speech);
        self.after_speech = false;
        (news, self.sent.lsp)
    }

    /// Takes the mean of the frames before as the noise's filter, or that of this frame where it
    /// differs.
    fn renew(&mut self, before: &Lsp, now: &Lpc, error: i16, detector: &mut Detector) -> u32 {
        let mut filter = mean(&self.spectra[1..]).predict().filter;
        detector.learn(&filter);
        self.sent.shape = Shape::of(&filter);
        if !self.sent.shape.fits(&self.spectra[0], error) {
            filter = *now;
            self.sent.shape = Shape::of(&filter);
        }
        let indices = pairs::quantise(&pairs::find(&filter, before), before);
        self.sent.lsp = lsp::dequantise(Source::Sent(indices), before);
        indices
    }
}

/// The mean of autocorrelations.
fn mean(all: &[Autocorrelation]) -> Autocorrelation {
    let least = all.iter().fold(i16::MAX, |least, it| least.min(it.places));
    let least = add(least, 14);
    let mut sums = [0; ORDER + 1];
    for one in all {
        for (sum, &value) in sums.iter_mut().zip(&one.values) {
            *sum = l_add(*sum, l_shl(i32::from(value), sub(least, one.places)));
        }
    }
    let down = sub(16, norm_l(sums[0])).max(0);
    let values = sums.map(|sum| extract_l(l_shr(sum, down)));
    Autocorrelation { values, places: sub(least, down) }
}

/// The autocorrelations of a filter's coefficients: with them the filter is compared with a
/// spectrum.
#[derive(Clone)]
struct Shape {
    values: [i16; ORDER + 1],
    places: i16,
}

impl Shape {
    fn of(filter: &Lpc) -> Self {
        let energy = l_add(dot(filter, filter) >> 1, 0x0400_0000);
        let places = norm_l(energy) - 2;
        let mut values = [round(l_shl(energy, places)); ORDER + 1];
        for lag in 1..=ORDER {
            let first = l_mult(-0x2000, filter[lag - 1]);
            let pairs = filter.iter().zip(&filter[lag..]);
            let sum = pairs.fold(first, |sum, (&a, &b)| l_mac(sum, a, b));
            values[lag] = round(l_shl(sum, places));
        }
        Self { values, places }
    }

    /// Whether the filter predicts a spectrum nearly as well as the best one, which leaves `error`:
    /// the distance of Itakura.
    fn fits(&self, spectrum: &Autocorrelation, error: i16) -> bool {
        let left = dot(&self.values, &spectrum.values.map(|value| shr(value, 2)));
        let most = i32::from(mult_r(error, MARGIN)) + i32::from(error);
        left <= l_shl(most, add(self.places, 9))
    }
}

/// How much more a filter may leave than the best one: 0.2136, Q15.
const MARGIN: i16 = 7_000;
/// Steps of the gain that are not worth a descriptor.
const CODE_STEP: i16 = 3;
