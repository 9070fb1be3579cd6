//! The encoder: a frame of samples to parameters (3GPP TS 26.190, clause 5).

use super::analysis::{Input, predictor, spectral_pairs, to_isf};
use super::arithmetic::scale;
use super::band_gain::BandGain;
use super::closed_loop::{self, Products, Range, Subframe, convolve, dot, without};
use super::excitation::{pre_emphasise, steady_gain};
use super::frame::Parameters;
use super::gain_quantiser::{GainQuantiser, PitchGuard, Wanted};
use super::gains::{Gains, voicing};
use super::isf_quantiser::quantise;
use super::open_loop::{LONGEST, OpenLoop};
use super::pause::Pauses;
use super::pitch::{self, GREATEST, LEAST, Lag};
use super::pulse_index::indices;
use super::pulse_search::{correlation, search, search_two};
use super::spectrum::{
    self, Isf, IsfDecoder, Predictor, Scaling, interpolate, to_isp, to_predictor, weighted,
};
use super::tables::{FIRST_ISF, FIRST_ISP};
use super::voice_detector::VoiceDetector;
use super::{FRAME, FRAME_12K8, Frame, FrameType, Lineage, Mode, ORDER, SUBFRAME, SUBFRAME_16K};
use crate::codec::EncodeError;
use crate::fixed::{abs_s, l_shl, mult, norm_s, round};

/// Whether pauses are sent as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transmission {
    /// Every frame is speech.
    Continuous,
    /// In pauses there are silence descriptors, or nothing.
    Discontinuous,
}

/// Encodes one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
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

/// The weighted speech: memories of its filters, and how it is scaled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Weighting {
    last: i16,
    decimation: [i16; 3],
    most: i16,
    shift: i16,
}

/// When descriptors are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Descriptors {
    in_pause: bool,
    until_next: i16,
}

impl Encoder {
    /// An encoder at its beginning.
    pub fn new(mode: Mode, transmission: Transmission) -> Self {
        Self {
            mode,
            transmission,
            input: Input::new(),
            speech: [0; KEPT],
            weighted: [0; LONGEST],
            weighting: Weighting { last: 0, decimation: [0; 3], most: 0, shift: 0 },
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
            descriptors: Descriptors { in_pause: false, until_next: 3 },
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

    /// Encodes 320 samples at 16 kHz to a frame of the storage format (RFC 4867, clause 5.3).
    /// Algorithmic delay: 5 ms of look-ahead and 0.9375 ms of the filter to 12.8 kHz, beside the frame.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, EncodeError> {
        let needed = 61;
        if out.len() < needed {
            return Err(EncodeError::NoRoom { needed });
        }
        self.encode_frame(pcm)?.write(out)
    }

    /// Encodes 320 samples at 16 kHz to a frame.
    pub fn encode_frame(&mut self, pcm: &[i16]) -> Result<Frame, EncodeError> {
        let Ok(samples) = <&[i16; FRAME]>::try_from(pcm) else {
            return Err(EncodeError::FrameLength { frame: FRAME, given: pcm.len() });
        };
        let homing = samples.iter().all(|&sample| sample == HOMING);
        let samples = samples.map(|sample| sample & !3);
        let frame = self.frame(&samples);
        if homing {
            let descriptors = self.descriptors.clone();
            *self = Self { descriptors, ..Self::new(self.mode, self.transmission) };
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
            self.descriptors = Descriptors { in_pause: false, until_next: 8 };
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
        let indices = quantise(self.mode, isf, &self.isf_decoder.prediction());
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
        let mut range = Range::around(lags[0]);
        for (i, input) in pcm.as_chunks().0.iter().enumerate() {
            range.absolute = i == 0;
            if i == 2 && self.mode != Mode::M660 {
                range = Range::around(lags[1]);
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

    fn subframe(&mut self, part: &Part<'_>, range: &mut Range, parameters: &mut Parameters) {
        let shift = self.weighting.shift;
        let at = part.at;
        let weighted = weighted(part.predictor, WEIGHT);
        let mut target = self.target(part, &weighted);
        let mut rest = self.rest(part, &weighted, &target);
        let impulse = impulse(&weighted, part.quantised);
        let mut response = impulse;
        scale(&mut response, -2);
        scale(&mut target, shift);
        let mut impulse = impulse;
        scale(&mut impulse, 1 + shift);
        let lag = closed_loop::search(self.mode, &self.excitation, at, &target, &impulse, *range);
        parameters.put(lag_index(self.mode, lag, *range));
        if range.absolute {
            *range = Range::around(lag.whole);
        }
        let clips = self.guard.clips();
        let next = self.excitation[at + SUBFRAME];
        pitch::adaptive_codebook(Lineage::Standard, &mut self.excitation, at, lag);
        let adaptive = self.adaptive(at, &target, &impulse, clips, parameters);
        self.excitation[at + SUBFRAME] = next;
        self.excitation[at..at + SUBFRAME].copy_from_slice(&adaptive.vector);
        rest = without(&rest, &adaptive.vector, adaptive.gain);
        scale(&mut rest, shift);
        pre_emphasise(&mut response, self.tilt);
        let period = (lag.whole + i16::from(lag.quarters > 2)) as usize;
        pitch::sharpen(&mut response, period);
        let correlation = correlation(&response, &adaptive.rest);
        let found = match self.mode {
            Mode::M660 => search_two(&correlation, &rest, &response),
            mode => search(mode, &correlation, &rest, &response),
        };
        let (values, count) = indices(self.mode, &found.tracks);
        values[..count].iter().for_each(|&index| parameters.put(index));
        let mut code = found.code;
        pre_emphasise(&mut code, self.tilt);
        pitch::sharpen(&mut code, period);
        let wanted = Wanted {
            target: &target,
            adaptive: &adaptive.filtered,
            products: adaptive.products,
            filtered: &found.filtered,
            code: &code,
            pitch: adaptive.gain,
            scale: self.input.scale + shift,
            clipped: clips,
        };
        let (index, gains) = self.gains.quantise(self.mode, &wanted);
        parameters.put(index);
        self.guard.see_gain(gains.pitch);
        let code_gain = round(l_shl(gains.code, self.input.scale));
        let mut scaled = adaptive.vector;
        scale(&mut scaled, shift);
        let voicing = voicing(Lineage::Standard, &scaled, gains.pitch, &code, code_gain, shift);
        self.tilt = (voicing >> 2) + 8192;
        self.target =
            left_over(&target, &adaptive.filtered, &found.filtered, gains, code_gain, shift);
        for (i, &pulse) in code.iter().enumerate() {
            let sample = &mut self.excitation[at + i];
            let sum = (((i32::from(code_gain) * i32::from(pulse)) << 1) << 5)
                .wrapping_add((i32::from(*sample) * i32::from(gains.pitch)) << 1);
            *sample = round(l_shl(sum, 1));
        }
        let mut total = [0; SUBFRAME];
        total.copy_from_slice(&self.excitation[at..at + SUBFRAME]);
        synthesise(part.quantised, &mut total, &mut self.synthesis);
        if self.mode == Mode::M2385 {
            let index = self.band(part, &adaptive.vector, &code, gains, voicing);
            parameters.put(index);
        }
    }

    /// What the synthesis has to add to reach the weighted speech.
    fn target(&mut self, part: &Part<'_>, weighted: &Predictor) -> Subframe {
        let mut error = [0; ORDER + SUBFRAME];
        for (i, error) in error[..ORDER].iter_mut().enumerate() {
            *error = part.before[i].wrapping_sub(self.synthesis[i]);
        }
        let mut excitation = [0; SUBFRAME];
        excitation.copy_from_slice(&self.excitation[part.at..part.at + SUBFRAME]);
        let mut past = [0; ORDER];
        past.copy_from_slice(&error[..ORDER]);
        synthesise(part.quantised, &mut excitation, &mut past);
        error[ORDER..].copy_from_slice(&excitation);
        let mut target = residual(weighted, &error, ORDER);
        self.target = de_emphasise(&mut target, self.target);
        target
    }

    /// The target before the filters: of its first half the residual, then that of the speech.
    fn rest(&self, part: &Part<'_>, weighted: &Predictor, target: &Subframe) -> Subframe {
        let mut signal = [0; ORDER + SUBFRAME];
        let mut last = 0;
        for i in 0..SUBFRAME / 2 {
            let sum = (i32::from(target[i]) << 16)
                .wrapping_sub((i32::from(last) * TILT) << 1)
                .wrapping_mul(2);
            last = target[i];
            signal[ORDER + i] = (sum.wrapping_add(0x8000) >> 16) as i16;
        }
        let mut half = [0; SUBFRAME];
        half.copy_from_slice(&signal[ORDER..]);
        synthesise(weighted, &mut half, &mut [0; ORDER]);
        signal[ORDER..].copy_from_slice(&half);
        let mut rest = residual(part.quantised, &signal, ORDER);
        let second = SUBFRAME / 2;
        rest[second..].copy_from_slice(&self.excitation[part.at + second..part.at + SUBFRAME]);
        rest
    }

    /// The adaptive part with the filter that serves better.
    fn adaptive(
        &self,
        at: usize,
        target: &Subframe,
        impulse: &Subframe,
        clips: bool,
        parameters: &mut Parameters,
    ) -> Adaptive {
        let with = |vector: Subframe| {
            let filtered = convolve(&vector, impulse);
            let (gain, products) = closed_loop::gain(target, &filtered);
            let gain = if clips { gain.min(CLIPPED) } else { gain };
            Adaptive { vector, rest: without(target, &filtered, gain), filtered, gain, products }
        };
        let smooth = with(pitch::smoothed(&self.excitation, at));
        if self.mode <= Mode::M885 {
            return smooth;
        }
        let mut vector = [0; SUBFRAME];
        vector.copy_from_slice(&self.excitation[at..at + SUBFRAME]);
        let plain = with(vector);
        let better = dot(&plain.rest, &plain.rest).wrapping_sub(dot(&smooth.rest, &smooth.rest));
        let plain_is_better = better <= 0;
        parameters.put(i16::from(plain_is_better));
        if plain_is_better { plain } else { smooth }
    }

    /// The index of the high band's gain.
    fn band(
        &mut self,
        part: &Part<'_>,
        adaptive: &Subframe,
        code: &Subframe,
        gains: Gains,
        voicing: i16,
    ) -> i16 {
        let share = mult(part.steadiness, 16_384 - (voicing >> 1));
        let steady = steady_gain(gains.code, &mut self.threshold, share);
        let tilt = i32::from((voicing >> 3) + 4096);
        let bits = self.input.scale;
        let gain = i32::from((l_shl(steady, bits).wrapping_add(0x8000) >> 16) as i16);
        let mut excitation = [0; SUBFRAME];
        for i in 0..SUBFRAME {
            let before = if i > 0 { code[i - 1] } else { 0 };
            let after = if i < SUBFRAME - 1 { code[i + 1] } else { 0 };
            let sum = (i32::from(code[i]) << 16)
                .wrapping_sub((i32::from(after) * tilt) << 1)
                .wrapping_sub((i32::from(before) * tilt) << 1);
            let pulse = i32::from((sum.wrapping_add(0x8000) >> 16) as i16);
            let sum = (((pulse * gain) << 1) << 5)
                .wrapping_add((i32::from(adaptive[i]) * i32::from(gains.pitch)) << 1);
            excitation[i] = ((sum << 1).wrapping_add(0x8000) >> 16) as i16;
        }
        self.measure_band(part.quantised, &excitation, bits, part.input)
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

impl Weighting {
    /// Weighs a frame and halves its rate; by how many bits its scale changed.
    fn weigh(&mut self, signal: &mut [i16; FRAME_12K8]) -> i16 {
        self.last = de_emphasise(signal, self.last);
        let most = signal.iter().fold(0, |most, &x| abs_s(x).max(most));
        let bound = most.max(self.most);
        self.most = most;
        let shift = (norm_s(bound) - 3).min(0);
        let mut buffer = [0; 3 + FRAME_12K8];
        buffer[..3].copy_from_slice(&self.decimation);
        buffer[3..].copy_from_slice(signal);
        self.decimation.copy_from_slice(&signal[FRAME_12K8 - 3..]);
        for i in 0..FRAME_12K8 / 2 {
            let past = buffer[2 * i..2 * i + 5].iter().zip(&HALF_FIR);
            let sum: i32 = past.map(|(&x, &c)| i32::from(x) * c).sum();
            signal[i] = ((sum + 0x4000) >> 15) as i16;
        }
        scale(&mut signal[..FRAME_12K8 / 2], shift);
        let change = shift - self.shift;
        self.shift = shift;
        change
    }
}

impl Descriptors {
    /// What is sent of a frame in a pause: the first is empty, then one in eight.
    fn next(&mut self, mode: Mode, values: &[i16; 7]) -> Frame {
        self.until_next -= 1;
        if !self.in_pause {
            *self = Self { in_pause: true, until_next: 3 };
            return Frame::of_parameters(FrameType::Sid, &Parameters::default(), mode.index());
        }
        if self.until_next != 0 {
            return Frame::empty(FrameType::NoData);
        }
        self.until_next = 8;
        let mut parameters = Parameters::default();
        values.iter().for_each(|&value| parameters.put(value));
        Frame::of_parameters(FrameType::Sid, &parameters, UPDATE | mode.index())
    }
}

/// A subframe that is to be encoded.
struct Part<'a> {
    at: usize,
    predictor: &'a Predictor,
    quantised: &'a Predictor,
    steadiness: i16,
    /// The speech from sixteen samples before it on.
    before: &'a [i16; ORDER + SUBFRAME],
    input: &'a [i16; SUBFRAME_16K],
}

/// The adaptive part of a subframe.
struct Adaptive {
    vector: Subframe,
    filtered: Subframe,
    /// What it leaves of the target.
    rest: Subframe,
    gain: i16,
    products: Products,
}

impl Range {
    /// The lags around one.
    fn around(lag: i16) -> Self {
        let least = (lag - 8).clamp(LEAST, GREATEST - 15);
        Self { least, greatest: least + 15, absolute: true }
    }
}

fn lag_index(mode: Mode, lag: Lag, range: Range) -> i16 {
    let Lag { whole, quarters } = lag;
    if mode <= Mode::M885 {
        return match (range.absolute, whole) {
            (true, ..92) => 2 * (whole - LEAST) + (quarters >> 1),
            (true, _) => whole - 92 + 2 * (92 - LEAST),
            (false, _) => 2 * (whole - range.least) + (quarters >> 1),
        };
    }
    match (range.absolute, whole) {
        (true, ..128) => 4 * (whole - LEAST) + quarters,
        (true, 128..160) => 2 * (whole - 128) + (quarters >> 1) + 4 * (128 - LEAST),
        (true, _) => whole - 160 + 4 * (128 - LEAST) + 2 * (160 - 128),
        (false, _) => 4 * (whole - range.least) + quarters,
    }
}

/// A signal through A(z): a subframe from a place on, with the order's samples before it.
fn residual(predictor: &Predictor, signal: &[i16], at: usize) -> Subframe {
    let mut reversed = *predictor;
    reversed.reverse();
    std::array::from_fn(|i| {
        let past = &signal[at + i - ORDER..=at + i];
        let sum = past
            .iter()
            .zip(&reversed)
            .fold(0, |sum: i32, (&x, &a)| sum.wrapping_add(i32::from(x) * i32::from(a)));
        round(l_shl(sum, 5))
    })
}

/// A signal through 1/A(z); `past` are the last outputs.
fn synthesise(predictor: &Predictor, signal: &mut Subframe, past: &mut [i16; ORDER]) {
    let mut outputs = [0; ORDER + SUBFRAME];
    outputs[..ORDER].copy_from_slice(past);
    let unit = i32::from(predictor[0] >> 1);
    for i in 0..SUBFRAME {
        let mut sum = i32::from(signal[i]) * unit;
        for k in 1..=ORDER {
            let product = i32::from(outputs[ORDER + i - k]) * i32::from(predictor[k]);
            sum = sum.wrapping_sub(product);
        }
        outputs[ORDER + i] = round(l_shl(sum, 4));
    }
    signal.copy_from_slice(&outputs[ORDER..]);
    past.copy_from_slice(&outputs[SUBFRAME..]);
}

/// Takes back the tilt, at half the level; the last sample.
fn de_emphasise(signal: &mut [i16], last: i16) -> i16 {
    let mut last = last;
    for sample in signal {
        let sum = (i32::from(*sample) << 15).wrapping_add((i32::from(last) * TILT) << 1);
        last = (sum.wrapping_add(0x8000) >> 16) as i16;
        *sample = last;
    }
    last
}

/// Impulse response of the weighted synthesis.
fn impulse(weighted: &Predictor, quantised: &Predictor) -> Subframe {
    let mut outputs = [0; ORDER + SUBFRAME];
    outputs[ORDER..ORDER + ORDER + 1].copy_from_slice(weighted);
    for i in ORDER..ORDER + SUBFRAME {
        let mut sum = i32::from(outputs[i]) << 14;
        for k in 1..=ORDER {
            sum = sum.wrapping_sub(i32::from(quantised[k]) * i32::from(outputs[i - k]));
        }
        outputs[i] = ((sum << 4).wrapping_add(0x8000) >> 16) as i16;
    }
    let mut impulse = [0; SUBFRAME];
    impulse.copy_from_slice(&outputs[ORDER..]);
    de_emphasise(&mut impulse, 0);
    impulse
}

/// What the last sample of the target lacks, in the scale of the speech.
fn left_over(
    target: &Subframe,
    adaptive: &Subframe,
    filtered: &Subframe,
    gains: Gains,
    code_gain: i16,
    shift: i16,
) -> i16 {
    const LAST: usize = SUBFRAME - 1;
    let code = (i32::from(code_gain) * i32::from(filtered[LAST])) << 1;
    let sum = l_shl(code, 5 + shift)
        .saturating_neg()
        .wrapping_add((i32::from(target[LAST]) * 16_384) << 1)
        .wrapping_sub((i32::from(adaptive[LAST]) * i32::from(gains.pitch)) << 1);
    round(l_shl(sum, 1 - shift))
}

/// Samples of the analysis window.
const WINDOW: usize = 384;
/// Where the frame begins in the window.
const NOW: usize = 64;
/// Samples of the window that are from frames before.
const KEPT: usize = WINDOW - FRAME_12K8 - 12;
/// Samples of past excitation.
const PAST: usize = GREATEST as usize + 17;
/// 0.92 in Q15.
const WEIGHT: i16 = 30_147;
/// 0.68 in Q15.
const TILT: i32 = 22_282;
/// 0.95 in Q14.
const CLIPPED: i16 = 15_565;
/// A sample of the homing frame.
const HOMING: i16 = 8;
/// The bit of a descriptor that has parameters.
const UPDATE: u8 = 0x10;
/// Low-pass filter before the rate is halved, Q15.
const HALF_FIR: [i32; 5] = [4260, 7536, 9175, 7536, 4260];
