//! The decoder: frames in their order, those that are lost or silent included.

mod subframe;

use super::arithmetic::Noise;
use super::comfort_noise::{Activity, ComfortNoise, Received};
use super::excitation::Dispersion;
use super::frame::Parameters;
use super::gains::{Erasure, GainDecoder};
use super::high_band::{HighBand, Shape};
use super::pitch::{LagHistory, PAST};
use super::spectrum::{self, Isf, IsfDecoder, Predictor, Scaling, to_isp, to_predictor};
use super::synthesis::{LowBand, Source};
use super::tables::{FIRST_ISF, FIRST_ISP};
use super::{
    FRAME, FRAME_12K8, Frame, FrameType, HOMING, Lineage, Mode, ORDER, SUBFRAME_16K, Subframe,
};
use crate::codec::DecodeError;
use crate::fixed::{add, norm_s};

/// Turns frames into samples, 0.94 ms behind them: so much the filter up to 16 kHz takes.
///
/// A channel's state is 2016 octets. A clone goes on as the original does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    lineage: Lineage,
    /// Of the last frame of speech.
    mode: Mode,
    /// Whether the last frame was a homing frame.
    homed: bool,
    /// Past excitation, the frame's, and one sample that the adaptive codebook makes too many.
    excitation: [i16; PAST + FRAME_12K8 + 1],
    /// By how many bits the excitation is scaled up, and by how many the last subframes could be.
    scale: i16,
    scales: [i16; 4],
    isf: Isf,
    isp: Isf,
    /// Whether there is no frame before to interpolate with.
    first: bool,
    isf_decoder: IsfDecoder,
    lags: LagHistory,
    gains: GainDecoder,
    dispersion: Dispersion,
    /// The threshold of the smoothed code gain, Q16.
    threshold: i32,
    /// How voiced the last subframe was: the tilt of the next code vector, Q15.
    tilt: i16,
    /// Frames in a row that the sender heard no voice in.
    unvoiced: i16,
    /// How bad the last frames were, 0 to 6, and whether the last one was.
    erasures: usize,
    after_erasure: bool,
    noise: Noise,
    comfort_noise: ComfortNoise,
    low_band: LowBand,
    high_band: HighBand,
}

/// What the subframes of a frame have in common.
struct Spectrum {
    predictors: [Predictor; 4],
    last_isf: Isf,
    isf: Isf,
    /// How little it changed, Q15.
    steadiness: i16,
}

impl Decoder {
    /// A decoder at its beginning.
    pub fn new(lineage: Lineage) -> Self {
        Self {
            lineage,
            mode: Mode::M660,
            homed: true,
            excitation: [0; PAST + FRAME_12K8 + 1],
            scale: MOST_SCALE,
            scales: [MOST_SCALE; 4],
            isf: FIRST_ISF,
            isp: FIRST_ISP,
            first: true,
            isf_decoder: IsfDecoder::new(),
            lags: LagHistory::new(),
            gains: GainDecoder::new(lineage),
            dispersion: Dispersion::new(),
            threshold: 0,
            tilt: 0,
            unvoiced: 0,
            erasures: 0,
            after_erasure: false,
            noise: Noise::new(),
            comfort_noise: ComfortNoise::new(lineage),
            low_band: LowBand::new(lineage),
            high_band: HighBand::new(lineage),
        }
    }

    /// Decodes a frame of the storage format (RFC 4867, clause 5.3: one octet, then the bits) to
    /// 320 samples at 16 kHz. Octets behind it are not looked at: [`Frame::read`] says where the
    /// next frame begins. Frames of RTP payloads go to [`Decoder::decode_frame`].
    ///
    /// # Errors The octets do not begin with a whole frame, or `pcm` is shorter than one; nothing
    /// was decoded then.
    pub fn decode(&mut self, payload: &[u8], pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (frame, _) = Frame::read(payload)?;
        self.decode_frame(&frame, pcm)
    }

    /// Fills the whole frames of `pcm`, 320 samples each, in place of what did not arrive, as for
    /// frames of [`FrameType::Lost`] (3GPP TS 26.191). Returns how many samples these are.
    ///
    /// # Errors
    /// `pcm` is shorter than a frame.
    pub fn conceal(&mut self, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let (frames, _) = pcm.as_chunks_mut::<FRAME>();
        if frames.is_empty() {
            return Err(DecodeError::NoRoom { needed: FRAME });
        }
        for samples in frames.iter_mut() {
            self.decode_frame(&Frame::empty(FrameType::Lost), samples)?;
        }
        Ok(frames.len() * FRAME)
    }

    /// Decodes a frame to 320 samples at 16 kHz, of which the two lowest bits are zero. Returns
    /// 320.
    ///
    /// # Errors
    /// `pcm` is shorter than a frame; nothing was decoded then.
    pub fn decode_frame(&mut self, frame: &Frame, pcm: &mut [i16]) -> Result<usize, DecodeError> {
        let Some(pcm) = pcm.first_chunk_mut::<FRAME>() else {
            return Err(DecodeError::NoRoom { needed: FRAME });
        };
        let parameters = frame.parameters();
        let speech = match frame.frame_type() {
            FrameType::Speech(mode) => {
                self.mode = mode;
                true
            }
            _ => false,
        };
        if self.homed && speech && parameters.begin_homing(self.mode) {
            *self = Self { mode: self.mode, ..Self::new(self.lineage) };
            pcm.fill(HOMING);
            return Ok(FRAME);
        }
        let homing = !self.homed && speech && parameters.are_homing(self.mode);
        self.synthesise(Received::of(frame), parameters, pcm);
        for sample in pcm {
            *sample &= !3;
        }
        self.homed = false;
        if homing {
            *self = Self { mode: self.mode, ..Self::new(self.lineage) };
        }
        Ok(FRAME)
    }

    fn synthesise(&mut self, received: Received, parameters: Parameters, pcm: &mut [i16; FRAME]) {
        let activity = self.comfort_noise.receive(received);
        let erasure = match received {
            Received::Bad => Some(Erasure::Bad),
            Received::NoData | Received::Lost => Some(Erasure::Lost),
            Received::Good | Received::SidFirst | Received::SidUpdate | Received::SidBad => None,
        };
        self.erasures = match erasure {
            Some(_) => (self.erasures + 1).min(6),
            None => self.erasures >> 1,
        };
        match self.comfort_noise.activity() {
            Activity::Speech => {}
            last => {
                self.erasures = 5;
                self.after_erasure = last == Activity::Muted;
            }
        }
        if activity == Activity::Speech {
            self.speech(erasure, parameters, pcm);
        } else {
            self.pause(activity, &parameters, erasure.is_some(), pcm);
        }
        self.comfort_noise.set_activity(activity);
        self.after_erasure = erasure.is_some();
    }

    /// Comfort noise; what the speech has left is forgotten.
    fn pause(
        &mut self,
        activity: Activity,
        parameters: &Parameters,
        erased: bool,
        pcm: &mut [i16; FRAME],
    ) {
        let mut noise = [0; FRAME_12K8];
        let isf = self.comfort_noise.generate(activity, parameters, &mut noise);
        let mut predictor = [0; ORDER + 1];
        to_predictor(&to_isp(&isf), Scaling::Adaptive, &mut predictor);
        for (out, excitation) in pcm.chunks_exact_mut(SUBFRAME_16K).zip(noise.as_chunks().0) {
            // The parameter that the high band of mode 8 goes by is not sent in a pause.
            let gain = (self.mode == Mode::M2385 && !erased).then_some(1);
            self.output(&predictor, None, gain, excitation, 0, out);
        }
        self.excitation.fill(0);
        self.isf_decoder.forget_past();
        self.lags.forget_last();
        self.first = true;
        self.threshold = 0;
        self.tilt = 0;
        self.dispersion = Dispersion::new();
        self.scale = MOST_SCALE;
        self.scales = [MOST_SCALE; 4];
        self.isf = isf;
    }

    fn speech(
        &mut self,
        erasure: Option<Erasure>,
        mut parameters: Parameters,
        pcm: &mut [i16; FRAME],
    ) {
        let voice = parameters.take() != 0;
        self.comfort_noise.hear(voice, erasure.is_some());
        if erasure.is_none() {
            self.unvoiced = if voice { 0 } else { add(self.unvoiced, 1) };
        }
        let spectrum = self.spectrum(erasure, &mut parameters);
        let mut least = 0;
        for (subframe, out) in pcm.chunks_exact_mut(SUBFRAME_16K).enumerate() {
            self.subframe(subframe, erasure, &spectrum, &mut parameters, &mut least, out);
        }
        self.comfort_noise.remember(
            &spectrum.isf,
            &self.excitation[PAST..PAST + FRAME_12K8],
            self.scale,
        );
        self.excitation.copy_within(FRAME_12K8..FRAME_12K8 + PAST, 0);
    }

    fn spectrum(&mut self, erasure: Option<Erasure>, parameters: &mut Parameters) -> Spectrum {
        let indices = match self.mode {
            Mode::M660 => {
                let [a, b, c, d, e] = *parameters.take_row();
                [a, b, c, d, e, 0, 0]
            }
            _ => *parameters.take_row(),
        };
        let isf = match erasure {
            None => self.isf_decoder.decode(self.mode, &indices),
            Some(_) => self.isf_decoder.conceal(&self.isf),
        };
        let isp = to_isp(&isf);
        if self.first {
            self.first = false;
            self.isp = isp;
        }
        let predictors = spectrum::interpolate(&self.isp, &isp);
        self.isp = isp;
        let last_isf = std::mem::replace(&mut self.isf, isf);
        Spectrum { predictors, steadiness: spectrum::steadiness(&last_isf, &isf), last_isf, isf }
    }

    fn output(
        &mut self,
        predictor: &Predictor,
        isf: Option<Isf>,
        gain: Option<i16>,
        excitation: &Subframe,
        scale: i16,
        out: &mut [i16],
    ) {
        // The library does not undo the scaling of a predictor.
        let down = match self.lineage {
            Lineage::Standard => norm_s(predictor[0]) - 2,
            Lineage::Opencore => 0,
        };
        let source = Source { predictor, down, excitation, scale };
        let samples = self.low_band.synthesise(&source, out);
        let shape =
            Shape { gain, noisy: self.unvoiced > 0, isf, limited: self.mode == Mode::M2385 };
        self.high_band.add(&shape, &source, samples, out);
    }
}

/// The most bits by which the excitation is scaled up.
const MOST_SCALE: i16 = 8;
