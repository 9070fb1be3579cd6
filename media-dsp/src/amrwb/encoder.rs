//! The encoder: a frame of samples to parameters (3GPP TS 26.190, clause 5).

mod descriptors;
mod filters;
mod subframe;
mod weighting;

use self::descriptors::Descriptors;
use self::filters::residual;
use self::subframe::Part;
use self::weighting::Weighting;
use super::analysis::{Input, predictor, spectral_pairs, to_isf};
use super::arithmetic::scale;
use super::band_gain::BandGain;
use super::closed_loop::Range;
use super::frame::Parameters;
use super::gain_quantiser::{GainQuantiser, PitchGuard};
use super::open_loop::{LONGEST, OpenLoop};
use super::pause::Pauses;
use super::pitch::{Lag, PAST};
use super::spectrum::{
    self, Isf, IsfDecoder, Predictor, Scaling, interpolate, to_isp, to_predictor, weighted,
};
use super::tables::{FIRST_ISF, FIRST_ISP};
use super::voice_detector::VoiceDetector;
use super::{
    FRAME, FRAME_12K8, Frame, FrameType, HOMING, Mode, ORDER, SUBFRAME, SUBFRAME_16K, Subframe,
};
use crate::arch::{Level, amrwb as arch};
use crate::codec::EncodeError;

/// Whether pauses are sent as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transmission {
    /// Every frame is speech.
    Continuous,
    /// In pauses there are silence descriptors, or nothing.
    Discontinuous,
}

/// Turns samples into frames.
///
/// They are those of libvo-amrwbenc, every bit of them, but after a residual that is all but silent.
/// In mode 0 a factor that the standard saturates wraps there in the library, and of quiet speech up
/// to half of the frames differ; in the other modes the library now and then takes pulses that it has
/// not found, with a code out of memory that it has not written, and frames differ from there until
/// both meet again. PESQ-wb is the same (`docs/bench/dsp-designs.md`). The algorithmic delay is
/// 25.94 ms: a frame of 20 ms, 5 ms of look-ahead, and 0.94 ms of the filter down to 12.8 kHz. A
/// channel's state is 3280 octets. A clone goes on as the original does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    level: Level,
    mode: Mode,
    transmission: Transmission,
    input: Input,
    /// Speech at 12.8 kHz that the analysis still needs.
    speech: [i16; KEPT],
    weighted: [i16; LONGEST],
    weighting: Weighting,
    excitation: [i16; PAST + FRAME_12K8 + 1],
    /// The last samples of the synthesis.
    synthesis: [i16; ORDER],
    /// The last sample of the target's weighting.
    target: i16,
    last_predictor: [i16; ORDER],
    isp: Isf,
    quantised_isp: Isf,
    isf: Isf,
    isf_decoder: IsfDecoder,
    first: bool,
    open_loop: OpenLoop,
    gains: GainQuantiser,
    guard: PitchGuard,
    tilt: i16,
    threshold: i32,
    band_gain: BandGain,
    detector: VoiceDetector,
    unvoiced: i16,
    pauses: Pauses,
    descriptors: Descriptors,
}

impl Encoder {
    /// An encoder at its beginning.
    pub fn new(mode: Mode, transmission: Transmission) -> Self {
        Self {
            level: Level::current(),
            mode,
            transmission,
            input: Input::new(),
            speech: [0; KEPT],
            weighted: [0; LONGEST],
            weighting: Weighting::new(),
            excitation: [0; PAST + FRAME_12K8 + 1],
            synthesis: [0; ORDER],
            target: 0,
            last_predictor: [0; ORDER],
            isp: FIRST_ISP,
            quantised_isp: FIRST_ISP,
            isf: FIRST_ISF,
            isf_decoder: IsfDecoder::new(),
            first: true,
            open_loop: OpenLoop::new(),
            gains: GainQuantiser::new(),
            guard: PitchGuard::new(),
            tilt: 0,
            threshold: 0,
            band_gain: BandGain::new(),
            detector: VoiceDetector::new(),
            unvoiced: 0,
            pauses: Pauses::new(),
            descriptors: Descriptors::new(),
        }
    }

    /// The mode of the next frame.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Whether pauses are sent as such from the next frame on.
    pub fn set_transmission(&mut self, transmission: Transmission) {
        self.transmission = transmission;
    }

    /// Encodes 320 samples at 16 kHz to a frame of the storage format (RFC 4867, clause 5.3), and
    /// says how many octets it has. There must be room for a frame of speech: 18 octets in mode 0,
    /// 61 in mode 8.
    ///
    /// # Errors
    /// `pcm` is not 320 samples, or `out` has no room; nothing was encoded then.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let needed = 1 + FrameType::Speech(self.mode).octets();
        if out.len() < needed {
            return Err(EncodeError::NoRoom { needed });
        }
        self.encode_frame(pcm)?.write(out)
    }

    /// Encodes 320 samples at 16 kHz to a frame, which [`rtp::write`](super::rtp::write) takes.
    ///
    /// # Errors
    /// `pcm` is not 320 samples; nothing was encoded then.
    pub fn encode_frame(&mut self, pcm: &[i16]) -> Result<Frame, EncodeError> {
        let Ok(samples) = <&[i16; FRAME]>::try_from(pcm) else {
            return Err(EncodeError::FrameLength { frame: FRAME, given: pcm.len() });
        };
        let homing = samples.iter().all(|&sample| sample == HOMING);
        let samples = samples.map(|sample| sample & !3);
        let frame = self.frame(&samples);
        if homing {
            let descriptors = self.descriptors.clone();
            *self =
                Self { level: self.level, descriptors, ..Self::new(self.mode, self.transmission) };
        }
        Ok(frame)
    }

    fn frame(&mut self, pcm: &[i16; FRAME]) -> Frame {
        let mut speech = [0; WINDOW];
        speech[..KEPT].copy_from_slice(&self.speech);
        let change = self.input.take(pcm, &mut speech[KEPT..]);
        scale(&mut speech[..KEPT], change);
        self.rescale(change);
        let mut level = [0; FRAME_12K8];
        level.copy_from_slice(&speech[KEPT..KEPT + FRAME_12K8]);
        scale(&mut level, 1 - self.input.scale);
        let voice = self.detector.detect(&level);
        self.unvoiced = if voice { 0 } else { self.unvoiced.wrapping_add(1) };
        let pause = self.transmission == Transmission::Discontinuous && self.pauses.begin(voice);
        let a = predictor(&speech, &mut self.last_predictor);
        let isp = spectral_pairs(&a, &self.isp);
        let predictors = interpolate(&self.isp, &isp);
        self.isp = isp;
        let isf = to_isf(&isp);
        self.guard.see_spectrum(&isf);
        let lags = self.open_loop(&speech, &predictors, change, pause);
        let frame = if pause {
            self.pause(pcm, &speech, &predictors[3], &isf)
        } else {
            let parameters = self.speech(pcm, &speech, &isf, &predictors, lags, voice);
            self.descriptors.begin_anew();
            Frame::of_parameters(FrameType::Speech(self.mode), &parameters, 0)
        };
        self.speech.copy_from_slice(&speech[FRAME_12K8..FRAME_12K8 + KEPT]);
        frame
    }

    /// Follows a change of the scaling.
    fn rescale(&mut self, change: i16) {
        scale(&mut self.excitation[..PAST], change);
        scale(&mut self.synthesis, change);
        scale(&mut self.weighting.decimation, change);
        scale(std::slice::from_mut(&mut self.weighting.last), change);
        scale(std::slice::from_mut(&mut self.target), change);
    }

    /// The lags to begin with in both halves of the frame.
    fn open_loop(
        &mut self,
        speech: &[i16; WINDOW],
        predictors: &[Predictor; 4],
        change: i16,
        pause: bool,
    ) -> [i16; 2] {
        let mut signal = [0; FRAME_12K8];
        for (i, predictor) in predictors.iter().enumerate() {
            let weighted = weighted(predictor, WEIGHT);
            let here = residual(&weighted, speech, NOW + i * SUBFRAME);
            signal[i * SUBFRAME..(i + 1) * SUBFRAME].copy_from_slice(&here);
        }
        let change = change + self.weighting.weigh(&mut signal);
        let mut weighted = [0; LONGEST + FRAME_12K8 / 2];
        weighted[..LONGEST].copy_from_slice(&self.weighted);
        scale(&mut weighted[..LONGEST], change);
        weighted[LONGEST..].copy_from_slice(&signal[..FRAME_12K8 / 2]);
        self.open_loop.rescale(change);
        let length = if self.mode == Mode::M660 && !pause { 128 } else { 64 };
        let first = self.open_loop.search(&weighted, LONGEST, length);
        self.detector.see_periodicity(self.open_loop.gain);
        let mut second = first;
        if length == 64 {
            second = self.open_loop.search(&weighted, LONGEST + 64, 64);
            self.detector.see_periodicity(self.open_loop.gain);
        }
        self.weighted.copy_from_slice(&weighted[FRAME_12K8 / 2..]);
        [2 * first, 2 * second]
    }

    /// A frame of a pause. What the speech has left is forgotten.
    fn pause(
        &mut self,
        pcm: &[i16; FRAME],
        speech: &[i16; WINDOW],
        predictor: &Predictor,
        isf: &Isf,
    ) -> Frame {
        let mut noise = [0; FRAME_12K8];
        for i in 0..4 {
            let here = residual(predictor, speech, NOW + i * SUBFRAME);
            noise[i * SUBFRAME..(i + 1) * SUBFRAME].copy_from_slice(&here);
        }
        self.pauses.remember(self.mode, isf, self.unscaled_energy(&noise));
        let (values, isf) = self.pauses.describe(&mut noise);
        let mut predictor = [0; ORDER + 1];
        to_predictor(&to_isp(&isf), Scaling::Fixed, &mut predictor);
        for (excitation, input) in noise.as_chunks().0.iter().zip(pcm.as_chunks().0) {
            self.measure_band(&predictor, excitation, 0, input);
        }
        self.isf = isf;
        self.excitation.fill(0);
        self.synthesis = [0; ORDER];
        self.isf_decoder.forget_past();
        self.target = 0;
        self.tilt = 0;
        self.first = true;
        self.guard = PitchGuard::new();
        self.threshold = 0;
        self.descriptors.next(self.mode, &values)
    }

    fn speech(
        &mut self,
        pcm: &[i16; FRAME],
        speech: &[i16; WINDOW],
        isf: &Isf,
        predictors: &[Predictor; 4],
        lags: [i16; 2],
        voice: bool,
    ) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.put(i16::from(voice));
        let prediction = self.isf_decoder.prediction();
        let indices = arch::quantise(self.level, self.mode, isf, &prediction);
        let count = if self.mode == Mode::M660 { 5 } else { 7 };
        indices[..count].iter().for_each(|&index| parameters.put(index));
        let isf = self.isf_decoder.decode(self.mode, &indices);
        let steadiness = spectrum::steadiness(&self.isf, &isf);
        self.isf = isf;
        let isp = to_isp(&isf);
        if self.first {
            self.first = false;
            self.quantised_isp = isp;
        }
        let quantised = interpolate(&self.quantised_isp, &isp);
        self.quantised_isp = isp;
        for (i, predictor) in quantised.iter().enumerate() {
            let here = residual(predictor, speech, NOW + i * SUBFRAME);
            let at = PAST + i * SUBFRAME;
            self.excitation[at..at + SUBFRAME].copy_from_slice(&here);
        }
        if !voice {
            let energy = self.unscaled_energy(&self.excitation[PAST..PAST + FRAME_12K8]);
            self.pauses.remember(self.mode, &isf, energy);
        }
        let mut range = Range::around(Lag { whole: lags[0], quarters: 0 });
        for (i, input) in pcm.as_chunks().0.iter().enumerate() {
            range.absolute = i == 0;
            if i == 2 && self.mode != Mode::M660 {
                range = Range::around(Lag { whole: lags[1], quarters: 0 });
            }
            let mut before = [0; ORDER + SUBFRAME];
            let start = NOW + i * SUBFRAME - ORDER;
            before.copy_from_slice(&speech[start..start + ORDER + SUBFRAME]);
            let part = Part {
                at: PAST + i * SUBFRAME,
                predictor: &predictors[i],
                quantised: &quantised[i],
                steadiness,
                before: &before,
                input,
            };
            self.subframe(&part, &mut range, &mut parameters);
        }
        self.excitation.copy_within(FRAME_12K8..FRAME_12K8 + PAST, 0);
        parameters
    }

    fn measure_band(
        &mut self,
        predictor: &Predictor,
        excitation: &Subframe,
        bits: i16,
        input: &[i16; SUBFRAME_16K],
    ) -> i16 {
        let noisy = self.unvoiced > 0;
        self.band_gain.measure(predictor, excitation, bits, input, noisy, self.pauses.hangover())
    }

    fn unscaled_energy(&self, signal: &[i16]) -> i32 {
        let bits = self.input.scale;
        let sum = signal.iter().fold(0, |sum: i32, &x| {
            let x = i32::from(x >> bits);
            sum.wrapping_add((x * x) << 1)
        });
        sum >> 1
    }
}

/// Samples of the analysis window.
const WINDOW: usize = 384;
/// Where the frame begins in the window.
const NOW: usize = 64;
/// Samples of the window that are from frames before.
const KEPT: usize = WINDOW - FRAME_12K8 - 12;
/// 0.92 in Q15.
const WEIGHT: i16 = 30_147;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amrwb::arithmetic::Noise;

    #[test]
    fn all_levels_encode_to_the_same_frames() {
        for mode in Mode::ALL {
            let fresh = Encoder::new(mode, Transmission::Discontinuous);
            let mut encoders: Vec<_> =
                Level::here().map(|level| Encoder { level, ..fresh.clone() }).collect();
            let mut noise = Noise::new();
            for turn in 0..25 {
                let samples: [_; FRAME] = std::array::from_fn(|at| {
                    let pulse = if at % (40 + 4 * turn) == 0 { 12_000 } else { 0 };
                    (noise.next() >> (turn % 12)).saturating_add(pulse)
                });
                let mut frames = encoders.iter_mut().map(|it| it.encode_frame(&samples));
                let first = frames.next();
                assert!(frames.all(|it| Some(it) == first), "{mode:?}, frame {turn}");
            }
        }
    }
}
