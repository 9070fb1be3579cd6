//! The encoder: ITU-T G.723.1 (05/2006) §2, and Annex A for what is not speech.

use super::adaptive::Taming;
use super::excitation::{Past, push};
use super::frame::{Speech, pack_silence, pack_untransmitted};
use super::lpc::{Sines, Window, analyse};
use super::lsp::{self, Source};
use super::math::{normalise, scale};
use super::silence::{News, Silence};
use super::tables::lsp::MEAN;
use super::vad::Detector;
use super::weighting::{Harmonics, Ringing, Weighting, Weights};
use super::{
    FRAME_SAMPLES, Frame, HISTORY, HighPass, Lpc, Lsp, Rate, SUBFRAME, Vad, acelp, adaptive, mlq,
    pairs,
};
use crate::arch::{Level, g7231 as arch};
use crate::codec::EncodeError;
use crate::fixed::{add, l_add, l_mac, l_mult, round, shl};

/// Turns samples into frames. The algorithmic delay is 37.5 ms: a frame of 30 ms, and 7.5 ms of
/// look-ahead.
///
/// A channel's state is 1,464 octets. A clone goes on as the original does.
#[derive(Clone)]
pub struct Encoder {
    level: Level,
    rate: Rate,
    high_pass: HighPass,
    /// The last sample that came in.
    last_input: i16,
    /// The high-pass filter's output before rounding.
    high_passed: i32,
    /// The last samples: half of a window about them was not there yet.
    recent: [i16; FRAME_SAMPLES / 2],
    sines: Sines,
    /// The spectral pairs of the last frame, as the decoder has them.
    lsp: Lsp,
    weighting: Weighting,
    /// The end of the last frame's weighted speech.
    weighted: [i16; HISTORY],
    ringing: Ringing,
    past: Past,
    taming: Taming,
    /// What [`Vad::On`] takes.
    silence: Option<(Detector, Silence)>,
}

/// Weighted speech behind its past.
type Weighted = [i16; HISTORY + FRAME_SAMPLES];

impl Encoder {
    /// An encoder at the beginning of a connection, with its high-pass filter on.
    pub fn new(rate: Rate, vad: Vad) -> Self {
        Self {
            level: Level::current(),
            rate,
            high_pass: HighPass::On,
            last_input: 0,
            high_passed: 0,
            recent: [0; FRAME_SAMPLES / 2],
            sines: Sines::default(),
            lsp: MEAN,
            weighting: Weighting::default(),
            weighted: [0; HISTORY],
            ringing: Ringing::new(),
            past: [0; HISTORY],
            taming: Taming::new(),
            silence: match vad {
                Vad::On => Some((Detector::new(), Silence::new())),
                Vad::Off => None,
            },
        }
    }

    /// The same with its high-pass filter on or off.
    #[must_use]
    pub fn with_high_pass(mut self, high_pass: HighPass) -> Self {
        self.high_pass = high_pass;
        self
    }

    /// The rate of speech from the next frame on.
    pub fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Encodes 240 samples and says what they became. Its octets stand at the beginning of `out`,
    /// which must have room for a frame of speech at the rate; of a frame that is not sent it is
    /// the one octet that tells so in a file.
    ///
    /// # Errors
    /// `pcm` is not 240 samples, or `out` has no room; nothing was encoded then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<Frame, EncodeError> {
        let samples: &[i16; FRAME_SAMPLES] = pcm
            .try_into()
            .map_err(|_| EncodeError::FrameLength { frame: FRAME_SAMPLES, given: pcm.len() })?;
        let needed = Frame::Speech(self.rate).octets();
        let out = out.get_mut(..needed).ok_or(EncodeError::NoRoom { needed })?;
        Ok(self.frame(samples, out))
    }

    fn frame(&mut self, samples: &[i16; FRAME_SAMPLES], out: &mut [u8]) -> Frame {
        let mut window: Window = [0; FRAME_SAMPLES + FRAME_SAMPLES / 2];
        window[..FRAME_SAMPLES / 2].copy_from_slice(&self.recent);
        let new = self.without_offset(samples);
        window[FRAME_SAMPLES / 2..].copy_from_slice(&new);
        self.recent.copy_from_slice(&window[FRAME_SAMPLES..]);
        let (filters, spectra) = analyse(&window, &mut self.sines);
        self.taming.sines = self.sines.present();
        let speaks = self.silence.as_mut().is_none_or(|(detector, silence)| {
            silence.hear(&spectra);
            detector.is_speech(&new, self.taming.sines)
        });
        let weights = filters.map(|filter| Weights::of(&filter));
        let weighted = self.weigh(&window, &weights);
        let mut normalised = weighted;
        normalise(&mut normalised);
        let lags =
            [0, 2 * SUBFRAME].map(|at| arch::open_loop(self.level, &normalised, HISTORY + at));
        if let Some((detector, silence)) = &mut self.silence {
            detector.hear_lags(lags);
            if speaks {
                silence.after_speech = true;
                silence.noise.restart();
            }
        }
        if !speaks {
            return self.quiet(&weights, out);
        }
        let mut speech = Speech { lags, ..Speech::default() };
        let synthesis = self.spectrum(&filters[3], &mut speech);
        let mut targets = [[0; SUBFRAME]; 4];
        let harmonics = std::array::from_fn(|subframe| {
            let start = HISTORY + SUBFRAME * subframe;
            let found = Harmonics::find(&normalised, start, lags[subframe / 2]);
            targets[subframe] = found.filter(&weighted, start);
            found
        });
        self.excite(&mut speech, targets, &synthesis, &weights, &harmonics);
        speech.pack(self.rate, out);
        Frame::Speech(self.rate)
    }

    /// The samples at half of their level, without their offset (§2.3).
    fn without_offset(&mut self, samples: &[i16; FRAME_SAMPLES]) -> [i16; FRAME_SAMPLES] {
        if self.high_pass == HighPass::Off {
            return samples.map(|sample| sample >> 1);
        }
        samples.map(|sample| {
            let change = l_mac(l_mult(sample, 0x4000), self.last_input, -0x4000);
            self.last_input = sample;
            self.high_passed = l_add(change, scale(self.high_passed, 0x7f00));
            round(self.high_passed)
        })
    }

    /// The frame that is encoded begins 60 samples before the new ones.
    fn weigh(&mut self, window: &Window, weights: &[Weights; 4]) -> Weighted {
        let mut all = [0; HISTORY + FRAME_SAMPLES];
        all[..HISTORY].copy_from_slice(&self.weighted);
        all[HISTORY..].copy_from_slice(&window[SUBFRAME..SUBFRAME + FRAME_SAMPLES]);
        for (sub, weights) in all[HISTORY..].as_chunks_mut().0.iter_mut().zip(weights) {
            self.weighting.filter(sub, weights);
        }
        self.weighted.copy_from_slice(&all[FRAME_SAMPLES..]);
        all
    }

    /// Quantises the spectrum. Returns the filters of the decoder.
    fn spectrum(&mut self, filter: &Lpc, speech: &mut Speech) -> [Lpc; 4] {
        let found = pairs::find(filter, &self.lsp);
        speech.lsp = arch::quantise(self.level, &found, &self.lsp);
        self.move_to(lsp::dequantise(Source::Sent(speech.lsp), &self.lsp))
    }

    /// The filters on the way to the next spectral pairs, which become the last ones.
    fn move_to(&mut self, next: Lsp) -> [Lpc; 4] {
        let filters = lsp::interpolate(&self.lsp, &next);
        self.lsp = next;
        filters
    }

    /// Finds the excitation, subframe after subframe.
    fn excite(
        &mut self,
        speech: &mut Speech,
        mut targets: [[i16; SUBFRAME]; 4],
        synthesis: &[Lpc; 4],
        weights: &[Weights; 4],
        harmonics: &[Harmonics; 4],
    ) {
        let mut patience = acelp::Patience::new();
        for (subframe, target) in targets.iter_mut().enumerate() {
            let (filter, weights) = (&synthesis[subframe], &weights[subframe]);
            let impulse = Ringing::impulse(filter, weights, harmonics[subframe]);
            self.ringing.subtract(target, filter, weights, harmonics[subframe]);
            let search = adaptive::Search {
                level: self.level,
                rate: self.rate,
                impulse: &impulse,
                past: &self.past,
                taming: &self.taming,
            };
            let repeated = search.run(speech, subframe, target);
            let pulses = match self.rate {
                Rate::High => mlq::search(self.level, speech, subframe, target, &impulse),
                Rate::Low => acelp::search(speech, subframe, target, &impulse, &mut patience),
            };
            let sum = std::array::from_fn(|place| add(shl(pulses[place], 1), repeated[place]));
            push(&mut self.past, &sum);
            let (lag, taps) = (speech.lag(subframe), speech.subframes[subframe].taps);
            self.taming.follow(self.rate, speech.lags[subframe / 2], lag, taps);
            self.ringing.follow(&sum, filter, weights);
        }
    }

    /// A frame of silence: the encoder makes the decoder's noise too.
    fn quiet(&mut self, weights: &[Weights; 4], out: &mut [u8]) -> Frame {
        let Some((detector, silence)) = &mut self.silence else { return Frame::Untransmitted };
        let (news, lsp) = silence.describe(&self.lsp, detector);
        let (excitation, course) = silence.noise.excite(&mut self.past);
        let filters = self.move_to(lsp);
        let subframes = excitation.as_chunks().0.iter().zip(&filters).zip(weights).enumerate();
        for (subframe, ((excitation, filter), weights)) in subframes {
            let (lag, taps) = (course.lags[subframe], course.taps[subframe]);
            self.taming.follow(self.rate, lag, lag, taps);
            self.ringing.follow(excitation, filter, weights);
        }
        match news {
            News::Descriptor { lsp, gain } => {
                pack_silence(lsp, gain, out);
                Frame::Silence
            }
            News::Nothing => {
                pack_untransmitted(out);
                Frame::Untransmitted
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g7231::math::random;

    #[test]
    fn all_levels_encode_to_the_same_octets() {
        for rate in [Rate::High, Rate::Low] {
            let fresh = Encoder::new(rate, Vad::On);
            let mut encoders: Vec<_> =
                Level::here().map(|level| Encoder { level, ..fresh.clone() }).collect();
            let mut seed = 1;
            for turn in 0..60 {
                let samples: [_; FRAME_SAMPLES] = std::array::from_fn(|at| {
                    let wave = (at as i32 * turn * 37 % 400 - 200) * (1 << (turn / 8));
                    (wave as i16 / 2).saturating_add(random(&mut seed) >> (turn % 12))
                });
                let mut coded = encoders.iter_mut().map(|encoder| {
                    let mut octets = [0; 24];
                    encoder.encode(&samples, &mut octets).map(|frame| (frame, octets))
                });
                let first = coded.next();
                assert!(coded.all(|it| Some(it) == first), "frame {turn}");
            }
        }
    }
}
