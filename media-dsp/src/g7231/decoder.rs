//! The decoder: ITU-T G.723.1 (05/2006) §3, and Annex A for what is not speech.

use super::comfort::{self, Noise};
use super::excitation::{self, Past, adaptive, push};
use super::filter::{Memory, recursive};
use super::frame::{Content, Speech};
use super::lsp::{self, Source};
use super::math::{normalise, random};
use super::postfilter::{Excitation, Formant, Harmonic};
use super::sums::{dot, energy};
use super::tables::PULSE_GAIN;
use super::tables::lsp::MEAN;
use super::{
    FRAME_SAMPLES, Frame, HISTORY, Lpc, Lsp, ORDER, PostFilter, Rate, SUBFRAME, Sub, pulses,
};
use crate::codec::DecodeError;
use crate::fixed::{add, l_msu, l_mult, mult, mult_r, round, shl};

/// Turns frames into samples.
///
/// A channel's state is 432 octets. A clone goes on as the original does.
#[derive(Clone)]
pub struct Decoder {
    post_filter: PostFilter,
    /// The spectral pairs of the last frame.
    lsp: Lsp,
    past: Past,
    synthesis: Memory,
    formant: Formant,
    /// Whether the last frame was speech.
    speaks: bool,
    /// Frames of speech lost in a row, at most 3.
    lost: u8,
    /// What a lost frame of speech is made of.
    voicing: Voicing,
    /// The height of unvoiced concealment: a mean of the speech before it, which fades.
    voicing_gain: i16,
    /// The chance of unvoiced concealment.
    seed: i16,
    /// The end of the last speech: energy, and how far its samples were shifted left.
    speech_level: (i16, i16),
    /// The noise of the last descriptor.
    silence_gain: i16,
    silence_lsp: Lsp,
    noise: Noise,
}

#[derive(Clone, Copy)]
enum Voicing {
    /// Repeats after so many samples.
    Voiced(usize),
    Unvoiced,
}

impl Decoder {
    /// A decoder at the beginning of a connection, with the postfilters on.
    pub fn new() -> Self {
        Self {
            post_filter: PostFilter::On,
            lsp: MEAN,
            past: [0; HISTORY],
            synthesis: [0; ORDER],
            formant: Formant::new(),
            speaks: true,
            lost: 0,
            voicing: Voicing::Unvoiced,
            voicing_gain: 0,
            seed: 0,
            speech_level: (0, 0),
            silence_gain: 0,
            silence_lsp: MEAN,
            noise: Noise::new(),
        }
    }

    /// The same with its postfilters on or off.
    #[must_use]
    pub fn with_post_filter(mut self, post_filter: PostFilter) -> Self {
        self.post_filter = post_filter;
        self
    }

    /// Decodes the frames of a payload, one after another: 240 samples each. Returns how many
    /// samples these are. Speech whose parameters are out of their ranges is concealed.
    ///
    /// # Errors There are octets after the last whole frame, or none at all, or `pcm` is too short;
    /// nothing was decoded then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let mut frames = 0;
        let mut rest = payload;
        while let Some(&first) = rest.first() {
            rest = rest.get(Frame::beginning(first).octets()..).ok_or(DecodeError::Malformed)?;
            frames += 1;
        }
        if frames == 0 {
            return Err(DecodeError::Malformed);
        }
        let needed = frames * FRAME_SAMPLES;
        let pcm = pcm.get_mut(..needed).ok_or(DecodeError::NoRoom { needed })?;
        rest = payload;
        for samples in pcm.as_chunks_mut().0 {
            let octets = Frame::beginning(rest[0]).octets();
            match Content::read(&rest[..octets]) {
                Content::Speech(rate, speech) => self.speech(rate, &speech, samples),
                Content::Damaged => self.lost(samples),
                Content::Silence { lsp, gain } => self.descriptor(lsp, gain, samples),
                Content::Untransmitted => self.untransmitted(samples),
            }
            rest = &rest[octets..];
        }
        Ok(needed)
    }

    /// Fills the whole frames of `pcm`, 240 samples each, in place of what did not arrive (§3.10);
    /// in silence with more of the noise (Annex A). Returns how many samples these are.
    ///
    /// # Errors
    /// `pcm` is shorter than a frame.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (frames, _) = pcm.as_chunks_mut();
        if frames.is_empty() {
            return Err(DecodeError::NoRoom { needed: FRAME_SAMPLES });
        }
        for samples in frames.iter_mut() {
            self.lost(samples);
        }
        Ok(frames.len() * FRAME_SAMPLES)
    }

    fn speech(&mut self, rate: Rate, speech: &Speech, samples: &mut [i16; FRAME_SAMPLES]) {
        self.lost = 0;
        let filters = self.move_to(lsp::dequantise(Source::Sent(speech.lsp), &self.lsp));
        let steps = speech.subframes[2].amplitude + speech.subframes[3].amplitude;
        self.voicing_gain = PULSE_GAIN[steps / 2];
        let mut excitation: Excitation = [0; HISTORY + FRAME_SAMPLES];
        excitation[..HISTORY].copy_from_slice(&self.past);
        for subframe in 0..4 {
            let new = self.excite(rate, speech, subframe);
            excitation[HISTORY + SUBFRAME * subframe..][..SUBFRAME].copy_from_slice(&new);
        }
        let mut normalised = excitation;
        let places = normalise(&mut normalised);
        self.classify(&normalised, places, speech.lags[1]);
        for (subframe, out) in samples.as_chunks_mut::<SUBFRAME>().0.iter_mut().enumerate() {
            let start = HISTORY + SUBFRAME * subframe;
            match self.post_filter {
                PostFilter::On => {
                    let lag = speech.lags[subframe / 2];
                    let harmonic = Harmonic::find(&normalised, start, lag, rate);
                    *out = harmonic.filter(&excitation, start);
                }
                PostFilter::Off => out.copy_from_slice(&excitation[start..start + SUBFRAME]),
            }
        }
        self.silence_lsp = self.lsp;
        self.spoken();
        self.synthesise(samples, &filters);
    }

    /// The excitation of one subframe, which becomes the past.
    fn excite(&mut self, rate: Rate, speech: &Speech, subframe: usize) -> Sub {
        let pulses = pulses::place(rate, speech, subframe);
        let rows = excitation::rows(rate, speech.lags[subframe / 2]);
        let taps = &rows[speech.subframes[subframe].taps];
        let repeated = adaptive(&self.past, speech.lag(subframe), taps);
        let sum = std::array::from_fn(|place| add(shl(pulses[place], 1), repeated[place]));
        push(&mut self.past, &sum);
        sum
    }

    /// Notes what a loss after this frame would have to go on with (§3.10.2).
    fn classify(&mut self, normalised: &Excitation, places: i16, lag: usize) {
        let start = HISTORY + FRAME_SAMPLES - 2 * SUBFRAME;
        let target = &normalised[start..];
        let before = |lag: usize| &normalised[start - lag..][..2 * SUBFRAME];
        let lag = lag.min(HISTORY - 3);
        let mut most = 0;
        let mut found = lag;
        for lag in lag - 3..=lag + 3 {
            let correlation = dot(target, before(lag));
            if correlation > most {
                (most, found) = (correlation, lag);
            }
        }
        let own = round(energy(target));
        self.speech_level = (own, places);
        let cross = round(most);
        let other = round(energy(before(found)));
        let voiced = cross > 0 && l_msu(l_mult(other, own) >> 3, cross, cross) < 0;
        self.voicing = if voiced { Voicing::Voiced(found) } else { Voicing::Unvoiced };
    }

    fn lost(&mut self, samples: &mut [i16; FRAME_SAMPLES]) {
        if !self.speaks {
            return self.untransmitted(samples);
        }
        self.lost = (self.lost + 1).min(LOST_MOST);
        let filters = self.move_to(lsp::dequantise(Source::Lost, &self.lsp));
        self.voicing_gain = mult_r(self.voicing_gain, FADE);
        self.regenerate(samples);
        self.spoken();
        self.synthesise(samples, &filters);
    }

    /// The excitation of a lost frame: the last period, or noise, fading; nothing from the third
    /// on.
    fn regenerate(&mut self, samples: &mut [i16; FRAME_SAMPLES]) {
        match self.voicing {
            Voicing::Voiced(lag) if self.lost < LOST_MOST => {
                let period = HISTORY - lag;
                for (place, sample) in samples.iter_mut().enumerate() {
                    *sample = mult(self.past[period + place % lag], FADE);
                }
                self.past.copy_from_slice(&samples[FRAME_SAMPLES - HISTORY..]);
                return;
            }
            Voicing::Unvoiced if self.lost < LOST_MOST => {
                for sample in samples {
                    *sample = mult(self.voicing_gain, random(&mut self.seed));
                }
            }
            Voicing::Voiced(_) | Voicing::Unvoiced => samples.fill(0),
        }
        self.past.fill(0);
    }

    fn descriptor(&mut self, lsp: u32, gain: i16, samples: &mut [i16; FRAME_SAMPLES]) {
        self.silence_gain = comfort::gain(gain);
        self.silence_lsp = lsp::dequantise(Source::Sent(lsp), &self.lsp);
        self.silence(samples);
    }

    fn untransmitted(&mut self, samples: &mut [i16; FRAME_SAMPLES]) {
        if self.speaks {
            // The first descriptor was lost: the level is that of the end of speech.
            let (energy, places) = self.speech_level;
            self.silence_gain = comfort::gain(comfort::quantise_speech(energy, places));
        }
        self.silence(samples);
    }

    fn silence(&mut self, samples: &mut [i16; FRAME_SAMPLES]) {
        self.noise.approach(self.silence_gain, self.speaks);
        (*samples, _) = self.noise.excite(&mut self.past);
        self.speaks = false;
        let filters = self.move_to(self.silence_lsp);
        self.synthesise(samples, &filters);
    }

    /// The filters on the way to the next spectral pairs, which become the last ones.
    fn move_to(&mut self, next: Lsp) -> [Lpc; 4] {
        let filters = lsp::interpolate(&self.lsp, &next);
        self.lsp = next;
        filters
    }

    fn spoken(&mut self) {
        self.speaks = true;
        self.noise.restart();
    }

    fn synthesise(&mut self, samples: &mut [i16; FRAME_SAMPLES], filters: &[Lpc; 4]) {
        for (sub, filter) in samples.as_chunks_mut::<SUBFRAME>().0.iter_mut().zip(filters) {
            let inputs = sub.map(|sample| i32::from(sample) << 13);
            let speech = recursive(&inputs, filter, &mut self.synthesis).subframe();
            *sub = match self.post_filter {
                PostFilter::On => self.formant.filter(&speech, filter),
                PostFilter::Off => speech.map(|sample| shl(sample, 1)),
            };
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Frames of speech lost in a row after which there is silence (§3.10).
const LOST_MOST: u8 = 3;
/// What is left of the excitation in each lost frame, Q15: 3/4, 2.5 dB less (§3.10.2).
const FADE: i16 = 0x6000;
