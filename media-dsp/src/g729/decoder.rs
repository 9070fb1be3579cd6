//! The decoder of one channel: ITU-T G.729 Annex A §A.4, with comfort noise of Annex B §B.4.

use super::filter::{Lpc, ORDER, Range, synthesis};
use super::frame::{self, Frame, Speech};
use super::gain::{Energies, Gains, SHARPNESS_LEAST};
use super::highpass::HighPass;
use super::lsf_codebook::Dequantiser;
use super::lsp::{self, Lsp};
use super::noise::{self, Random};
use super::pitch::{EXCITATION_PAST, Excitation, FRAME, LAG_GREATEST, Lag, SUBFRAME, interpolate};
use super::postfilter::{LongTerm, PostFilter};
use super::pulses::{self, Word};
use super::sid::{self, Energy, Level};
use super::sum;
use super::tables::SID_GAIN;
use crate::fixed::{l_shl, norm_l, round};

/// What was heard last, of which a lost frame is taken to be more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Speech,
    Silence,
}

/// The state of a decoder.
#[derive(Debug, Clone)]
pub(crate) struct State {
    lsf: Dequantiser,
    lsp: Lsp,
    excitation: Excitation,
    /// The last ten samples before the postfilter, then the present frame.
    speech: [i16; ORDER + FRAME],
    energies: Energies,
    gains: Gains,
    sharpness: i16,
    /// The delay that is used when none came.
    lag: i16,
    erasures: Random,
    heard: Heard,
    comfort: Comfort,
    postfilter: PostFilter,
    highpass: HighPass,
}

/// Comfort noise as it was described, and where it is.
#[derive(Debug, Clone)]
struct Comfort {
    lsp: Lsp,
    described: i16,
    gain: i16,
    random: Random,
    /// The energy of the last excitation that came over whole.
    last: Energy,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            lsf: Dequantiser::new(),
            lsp: LSP_START,
            excitation: [0; EXCITATION_PAST + FRAME],
            speech: [0; ORDER + FRAME],
            energies: Energies::new(),
            gains: Gains::default(),
            sharpness: SHARPNESS_LEAST,
            lag: 60,
            erasures: Random::for_erasures(),
            heard: Heard::Speech,
            comfort: Comfort {
                lsp: COMFORT_START,
                described: SID_GAIN[0],
                gain: 0,
                random: Random::for_noise(),
                last: Energy { mantissa: 0, places: 1 },
            },
            postfilter: PostFilter::new(),
            highpass: HighPass::new(),
        }
    }

    /// Ten milliseconds; `None` is a frame that was lost.
    #[inline(always)]
    pub(crate) fn decode(&mut self, frame: Option<&Frame>, pcm: &mut [i16; FRAME]) {
        let (filters, lags, long_term) = match frame {
            Some(Frame::Speech(octets)) => self.speech(Some(&Speech::unpack(octets))),
            Some(Frame::Sid(octets)) => self.silence(Some(frame::Sid::unpack(octets))),
            Some(Frame::Untransmitted) => self.silence(None),
            None if self.heard == Heard::Speech => self.speech(None),
            None => self.silence(None),
        };
        if frame.is_some() {
            self.comfort.last = energy(&self.excitation[EXCITATION_PAST..]);
        }
        self.excitation.copy_within(FRAME.., 0);
        self.postfilter.run(&self.speech, &filters, lags, long_term, pcm);
        self.speech.copy_within(FRAME.., 0);
        self.highpass.after(pcm);
    }

    /// Speech, or more of it where a frame was lost: §4.4.
    #[inline(always)]
    fn speech(&mut self, speech: Option<&Speech>) -> ([Lpc; 2], [i16; 2], LongTerm) {
        self.heard = Heard::Speech;
        self.comfort.random = Random::for_noise();
        let lsf = match speech {
            Some(speech) => self.lsf.decode(speech.lsf),
            None => self.lsf.conceal(),
        };
        let filters = self.move_to(lsp::from_frequencies(&lsf));
        let mut lags = [0; 2];
        for half in 0..2 {
            let lag = self.lag(speech, half, lags[0]);
            lags[half] = lag.whole;
            let at = EXCITATION_PAST + half * SUBFRAME;
            interpolate(&mut self.excitation, at, lag);
            let word = self.innovation(speech, half, lag.whole);
            self.sharpness = self.gains.sharpness();
            self.gains.mix(&mut self.excitation[at..at + SUBFRAME], &word);
            self.synthesise(&filters[half], half);
        }
        (filters, lags, LongTerm::On)
    }

    /// The delay that came, or the last one, a little longer each time.
    fn lag(&mut self, speech: Option<&Speech>, half: usize, first: i16) -> Lag {
        match speech {
            Some(speech) if half == 0 && speech.lag_is_whole() => {
                let lag = Lag::decode_first(speech.subframes[0].lag);
                self.lag = lag.whole;
                lag
            }
            Some(speech) if half == 1 => {
                let lag = Lag::decode_second(speech.subframes[1].lag, first);
                self.lag = lag.whole;
                lag
            }
            Some(_) | None => {
                let whole = self.lag;
                self.lag = (whole + 1).min(LAG_GREATEST);
                Lag { whole, thirds: 0 }
            }
        }
    }

    /// The word of the fixed codebook, sharpened, and the gains.
    #[inline(always)]
    fn innovation(&mut self, speech: Option<&Speech>, half: usize, lag: i16) -> Word {
        let Some(speech) = speech else {
            let places = self.erasures.next() & 0x1fff;
            let mut word = pulses::decode(places, self.erasures.next() & 0xf);
            pulses::sharpen(&mut word, lag, self.sharpness);
            self.gains.fade();
            self.energies.fade();
            return word;
        };
        let codes = speech.subframes[half];
        let mut word = pulses::decode(codes.places, codes.signs);
        pulses::sharpen(&mut word, lag, self.sharpness);
        self.gains = self.energies.decode(codes.gains, &word);
        word
    }

    /// Comfort noise: §B.4.4.
    fn silence(&mut self, sid: Option<frame::Sid>) -> ([Lpc; 2], [i16; 2], LongTerm) {
        let begins = self.heard == Heard::Speech;
        self.heard = Heard::Silence;
        if let Some(sid) = sid {
            self.comfort.described = SID_GAIN[sid.gain];
            self.comfort.lsp = lsp::from_frequencies(&sid::decode(sid, &mut self.lsf.past));
        } else if begins {
            self.comfort.described = Level::of_excitation(self.comfort.last).gain();
        }
        let described = self.comfort.described;
        self.comfort.gain =
            if begins { described } else { sid::smooth(self.comfort.gain, described) };
        noise::excite(self.comfort.gain, &mut self.excitation, &mut self.comfort.random);
        let filters = self.move_to(self.comfort.lsp);
        for (half, filter) in filters.iter().enumerate() {
            self.synthesise(filter, half);
        }
        self.sharpness = SHARPNESS_LEAST;
        (filters, [self.lag; 2], LongTerm::Off)
    }

    /// The filters on the way to these line spectral pairs.
    #[inline(always)]
    fn move_to(&mut self, lsp: Lsp) -> [Lpc; 2] {
        let filters = lsp::filters(&self.lsp, &lsp);
        self.lsp = lsp;
        filters
    }

    /// Half a frame of speech; the whole excitation is taken down where it would leave its range.
    #[inline(always)]
    fn synthesise(&mut self, filter: &Lpc, half: usize) {
        let (at, from) = (ORDER + half * SUBFRAME, EXCITATION_PAST + half * SUBFRAME);
        let mut memory = [0; ORDER];
        memory.copy_from_slice(&self.speech[at - ORDER..at]);
        let mut input = [0; SUBFRAME];
        let mut output = [0; SUBFRAME];
        input.copy_from_slice(&self.excitation[from..from + SUBFRAME]);
        if synthesis(filter, &input, &memory, &mut output) == Range::Exceeded {
            for sample in &mut self.excitation {
                *sample >>= 2;
            }
            input.copy_from_slice(&self.excitation[from..from + SUBFRAME]);
            synthesis(filter, &input, &memory, &mut output);
        }
        self.speech[at..at + SUBFRAME].copy_from_slice(&output);
    }
}

/// The energy of a frame's excitation.
fn energy(excitation: &[i16]) -> Energy {
    let sum = sum::energy(excitation, 0);
    let norm = norm_l(sum);
    Energy { mantissa: round(l_shl(sum, norm)), places: 16 - norm }
}

/// Where the pairs start: §A.4, and those of the comfort noise.
pub(super) const LSP_START: Lsp =
    [30_000, 26_000, 21_000, 15_000, 8000, 0, -8000, -15_000, -21_000, -26_000];
const COMFORT_START: Lsp =
    [31_441, 27_566, 21_458, 13_612, 4663, -4663, -13_612, -21_458, -27_566, -31_441];
