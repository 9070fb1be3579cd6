//! The encoder of one channel: ITU-T G.729 Annex A §A.3, with the silence of Annex B.

use super::Dtx;
use super::adaptive::{self, Vector, backward_filtered};
use super::decoder::LSP_START;
use super::dtx::Transmission;
use super::filter::{Lpc, Memory, ORDER, residual, synthesis, weighted};
use super::frame::{Frame, Speech, Subframe, parity};
use super::gain::SHARPNESS_LEAST;
use super::gain::{Energies, Gains};
use super::gain_search::{self, Error};
use super::highpass::HighPass;
use super::lsf_codebook::Past;
use super::lsf_search;
use super::lsp::{self, Lsp};
use super::noise::{self, Random};
use super::open_pitch::{self, Weighted};
use super::pairs;
use super::pitch::{
    EXCITATION_PAST, Excitation, FRAME, LAG_GREATEST, LAG_LEAST, SUBFRAME, range_second,
};
use super::prediction::{Correlations, Prediction, Recursion, WINDOW_LENGTH};
use super::pulse_search;
use super::pulses::sharpen;
use super::taming::{Growth, Taming};
use super::vad::{Activity, Detector};
use crate::fixed::{add, extract_h, l_mult, l_shl, mult, saturate, sub};

/// The state of an encoder.
#[derive(Debug, Clone)]
pub(crate) struct State {
    highpass: HighPass,
    /// Past speech, the present frame, and five milliseconds of the next.
    speech: [i16; WINDOW_LENGTH],
    weighted: Weighted,
    excitation: Excitation,
    recursion: Recursion,
    /// Line spectral pairs of the last frame, as found and as sent.
    lsp: Lsp,
    sent: Lsp,
    past: Past,
    /// Memories of the weighting filter, for the open loop and for the target.
    open: Memory,
    target: Memory,
    energies: Energies,
    sharpness: i16,
    growth: Growth,
    silence: Option<Silence>,
}

/// What Annex B adds.
#[derive(Debug, Clone)]
struct Silence {
    detector: Detector,
    transmission: Transmission,
    random: Random,
}

/// What a description of silence shares with speech.
pub(super) struct Noise<'a> {
    pub(super) recursion: &'a mut Recursion,
    pub(super) past: &'a mut Past,
    /// The pairs that were sent last.
    pub(super) lsp: &'a Lsp,
}

impl State {
    pub(super) fn new(dtx: Dtx) -> Self {
        Self {
            highpass: HighPass::new(),
            speech: [0; WINDOW_LENGTH],
            weighted: [0; LAG_GREATEST as usize + FRAME],
            excitation: [0; EXCITATION_PAST + FRAME],
            recursion: Recursion::new(),
            lsp: LSP_START,
            sent: LSP_START,
            past: Past::new(),
            open: [0; ORDER],
            target: [0; ORDER],
            energies: Energies::new(),
            sharpness: SHARPNESS_LEAST,
            growth: Growth::new(),
            silence: match dtx {
                Dtx::Off => None,
                Dtx::AnnexB => Some(Silence {
                    detector: Detector::new(),
                    transmission: Transmission::new(),
                    random: Random::for_noise(),
                }),
            },
        }
    }

    /// Encodes ten milliseconds.
    #[inline(always)]
    pub(crate) fn encode(&mut self, pcm: &[i16; FRAME]) -> Frame {
        self.speech.copy_within(FRAME.., 0);
        let new = &mut self.speech[WINDOW_LENGTH - FRAME..];
        new.copy_from_slice(pcm);
        self.highpass.before(new);

        let correlations = Correlations::of(&self.speech);
        let windowed = correlations.window();
        let mut r = [0; ORDER + 1];
        r.copy_from_slice(&windowed[..=ORDER]);
        let prediction = self.recursion.solve(&r);
        let lsp = pairs::find(&prediction.filter, &self.lsp);
        let frame = match self.is_silent(&correlations, &windowed, &prediction, &lsp) {
            Some(before) => self.silence(before),
            None => self.speech(lsp),
        };
        self.weighted.copy_within(FRAME.., 0);
        self.excitation.copy_within(FRAME.., 0);
        frame
    }

    /// For a silent frame, what the one before was.
    fn is_silent(
        &mut self,
        correlations: &Correlations,
        windowed: &[i32; super::prediction::LAGS + 1],
        prediction: &Prediction,
        lsp: &Lsp,
    ) -> Option<Activity> {
        let silence = self.silence.as_mut()?;
        let lsf = lsp::normalised_frequencies(lsp);
        let reflection = prediction.second_reflection;
        let activity =
            silence.detector.decide(windowed, correlations, &lsf, reflection, &self.speech);
        silence.transmission.observe(correlations, activity);
        let before = silence.detector.before();
        silence.detector.keep(activity);
        if activity == Activity::Noise {
            return Some(before);
        }
        silence.random = Random::for_noise();
        None
    }

    /// Encodes a silent frame, and goes on with the noise that the decoder makes.
    fn silence(&mut self, before: Activity) -> Frame {
        let Some(silence) = self.silence.as_mut() else { return Frame::Untransmitted };
        let mut noise =
            Noise { recursion: &mut self.recursion, past: &mut self.past, lsp: &self.sent };
        let (sid, gain, lsp) = silence.transmission.silence(before, &mut noise);
        for (gain, lag) in noise::excite(gain, &mut self.excitation, &mut silence.random) {
            self.growth.advance(gain, lag);
        }
        let filters = lsp::filters(&self.sent, &lsp);
        self.sent = lsp;
        for (half, filter) in filters.iter().enumerate() {
            let mut left = [0; SUBFRAME];
            residual(filter, &self.speech[PRESENT + half * SUBFRAME - ORDER..], &mut left);
            let perceptual = weighted(filter, GAMMA);
            self.weigh(&perceptual, &left, half);
            let at = EXCITATION_PAST + half * SUBFRAME;
            for (value, &noise) in left.iter_mut().zip(&self.excitation[at..]) {
                *value = sub(*value, noise);
            }
            let mut error = [0; SUBFRAME];
            synthesis(&perceptual, &left, &self.target, &mut error);
            self.target.copy_from_slice(&error[SUBFRAME - ORDER..]);
        }
        self.sharpness = SHARPNESS_LEAST;
        sid.map_or(Frame::Untransmitted, |sid| Frame::Sid(sid.pack()))
    }

    /// Encodes a frame of speech.
    #[inline(always)]
    fn speech(&mut self, lsp: Lsp) -> Frame {
        let (index, lsf) = lsf_search::quantise(&lsp::frequencies(&lsp), &mut self.past);
        let sent = lsp::from_frequencies(&lsf);
        let filters = lsp::filters(&self.sent, &sent);
        (self.lsp, self.sent) = (lsp, sent);
        let perceptual = filters.map(|filter| weighted(&filter, GAMMA));
        for (half, filter) in filters.iter().enumerate() {
            let mut left = [0; SUBFRAME];
            residual(filter, &self.speech[PRESENT + half * SUBFRAME - ORDER..], &mut left);
            let at = EXCITATION_PAST + half * SUBFRAME;
            self.excitation[at..at + SUBFRAME].copy_from_slice(&left);
            self.weigh(&perceptual[half], &left, half);
        }

        let lag = open_pitch::find(&self.weighted);
        let least = (lag - 3).clamp(LAG_LEAST, LAG_GREATEST - 6);
        let mut lags = least..=least + 6;
        let mut speech = Speech { lsf: index, ..Speech::default() };
        let mut first = 0;
        for (half, filter) in perceptual.iter().enumerate() {
            let (whole, codes) = self.subframe(half, filter, lags, first);
            speech.subframes[half] = codes;
            first = whole;
            lags = range_second(first);
        }
        speech.parity = parity(speech.subframes[0].lag);
        Frame::Speech(speech.pack())
    }

    /// Weighted speech of half a frame, for the open loop: also low-pass filtered.
    #[inline(always)]
    fn weigh(&mut self, perceptual: &Lpc, left: &Vector, half: usize) {
        let mut tilted = *perceptual;
        for i in 1..=ORDER {
            tilted[i] = sub(perceptual[i], mult(perceptual[i - 1], TILT));
        }
        let mut out = [0; SUBFRAME];
        synthesis(&tilted, left, &self.open, &mut out);
        self.open.copy_from_slice(&out[SUBFRAME - ORDER..]);
        let at = LAG_GREATEST as usize + half * SUBFRAME;
        self.weighted[at..at + SUBFRAME].copy_from_slice(&out);
    }

    /// Finds delay, word and gains of half a frame, and goes on with the excitation they make. `first`: the
    /// whole delay of the first half.
    #[inline(always)]
    fn subframe(
        &mut self,
        half: usize,
        perceptual: &Lpc,
        lags: std::ops::RangeInclusive<i16>,
        first: i16,
    ) -> (i16, Subframe) {
        let at = EXCITATION_PAST + half * SUBFRAME;
        let filtered = |input: &[i16], memory: &Memory| {
            let mut x = [0; SUBFRAME];
            x.copy_from_slice(input);
            let mut out = [0; SUBFRAME];
            synthesis(perceptual, &x, memory, &mut out);
            out
        };
        let mut impulse = [0; SUBFRAME];
        impulse[0] = 4096;
        let mut response = filtered(&impulse, &[0; ORDER]);
        let target = filtered(&self.excitation[at..at + SUBFRAME], &self.target);

        // Thirds are looked at up to 84 in the first half.
        let finest = if half == 0 { 84 } else { LAG_GREATEST };
        let backward = backward_filtered(&response, &target);
        let lag = adaptive::search(&mut self.excitation, at, &backward, lags, finest);
        let adaptive = filtered(&self.excitation[at..at + SUBFRAME], &[0; ORDER]);
        let (gain, energy, likeness) = adaptive::gain(&target, &adaptive);
        let taming = self.growth.check(lag);
        let gain = if taming == Taming::Needed { gain.min(GAIN_TAME) } else { gain };
        let rest: Vector = std::array::from_fn(|n| {
            let share = (i32::from(adaptive[n]) * i32::from(gain)) >> 14;
            sub(target[n], saturate(share))
        });

        let found = pulse_search::search(&rest, &mut response, lag.whole, self.sharpness);
        let mut word = found.word;
        sharpen(&mut word, lag.whole, self.sharpness);
        let error = Error::of(&target, &adaptive, &found.filtered, (energy, likeness));
        let (index, gains) = gain_search::quantise(&error, &word, taming, &mut self.energies);
        self.sharpness = gains.sharpness();
        gains.mix(&mut self.excitation[at..at + SUBFRAME], &word);
        self.growth.advance(gains.pitch, lag.whole);
        self.keep_error(&target, &adaptive, &found.filtered, gains);
        let coded = if half == 0 { lag.code_first() } else { lag.code_second(first) };
        let codes = Subframe { lag: coded, places: found.places, signs: found.signs, gains: index };
        (lag.whole, codes)
    }

    /// What is left of the target goes on ringing.
    fn keep_error(&mut self, target: &Vector, adaptive: &Vector, fixed: &Vector, gains: Gains) {
        for (out, n) in self.target.iter_mut().zip(SUBFRAME - ORDER..) {
            let first = extract_h(l_shl(l_mult(adaptive[n], gains.pitch), 1));
            let second = extract_h(l_shl(l_mult(fixed[n], gains.code), 2));
            *out = sub(target[n], add(first, second));
        }
    }
}

/// Where the present frame begins: five milliseconds more are looked ahead.
const PRESENT: usize = WINDOW_LENGTH - FRAME - SUBFRAME;
/// 0.75 in Q15: §A.3.3.
const GAMMA: i16 = 24_576;
/// 0.7 in Q15: §A.3.4.
const TILT: i16 = 22_938;
/// The greatest pitch gain when the error would grow: 0.95 in Q14.
const GAIN_TAME: i16 = 15_564;
