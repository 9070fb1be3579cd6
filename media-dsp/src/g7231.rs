//! G.723.1: speech in 5.3 or 6.3 kbit/s, frames of 30 ms, with silence compression.
//!
//! ITU-T G.723.1 (05/2006) with Annex A (voice activity detection, silence descriptors and comfort
//! noise), bit-exact to its fixed-point arithmetic. A frame is 240 samples, 8 kHz, linear 16-bit;
//! the encoder looks 60 samples (7.5 ms) ahead. The payload is that of RFC 3551 §4.5.3: 24 octets
//! at 6.3 kbit/s, 20 at 5.3 kbit/s, 4 for a silence descriptor; the two low bits of a frame's first
//! octet say which.

mod acelp;
pub(crate) mod adaptive;
mod comfort;
mod decoder;
mod encoder;
mod excitation;
mod filter;
mod frame;
mod lpc;
mod lsp;
mod math;
pub(crate) mod mlq;
pub(crate) mod pairs;
pub(crate) mod pitch;
mod postfilter;
mod pulses;
mod silence;
mod sums;
mod tables;
mod vad;
mod weighting;

pub use decoder::Decoder;
pub use encoder::Encoder;

/// Samples in a frame: 30 ms.
pub const FRAME_SAMPLES: usize = 240;

/// Which of the two rates speech is sent at. It may change with every frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// 6.3 kbit/s, with up to six pulses of one amplitude in a subframe (MP-MLQ, §2.15).
    High,
    /// 5.3 kbit/s, with four pulses on fixed tracks in a subframe (ACELP, §2.16).
    Low,
}

/// Whether silence is told from speech and sent as silence (Annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vad {
    /// All frames are sent as speech.
    Off,
    /// Silence is sent as a descriptor now and then.
    On,
}

/// The high-pass filter before the encoder (§2.3). A telephone leaves it on; vectors of the ITU
/// have it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HighPass {
    /// A constant is removed from the samples.
    On,
    /// Samples are encoded as they are.
    Off,
}

/// The pitch and formant postfilters of the decoder (§3.6, §3.8). A telephone leaves them on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostFilter {
    /// Noise between the harmonics and the formants is lowered.
    On,
    /// What was synthesised is put out.
    Off,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Speech.
    Speech(Rate),
    /// A silence descriptor: the spectrum and level of the noise from here on.
    Silence,
    /// Nothing new about the noise. It is not sent over RTP; in a file it is the one octet 0x03.
    Untransmitted,
}

impl Frame {
    /// The frame that begins with this octet.
    pub fn beginning(octet: u8) -> Self {
        match octet & 3 {
            0 => Self::Speech(Rate::High),
            1 => Self::Speech(Rate::Low),
            2 => Self::Silence,
            _ => Self::Untransmitted,
        }
    }

    /// Its two low bits, which come first.
    fn mark(self) -> u32 {
        match self {
            Self::Speech(Rate::High) => 0,
            Self::Speech(Rate::Low) => 1,
            Self::Silence => 2,
            Self::Untransmitted => 3,
        }
    }

    /// Its length in octets.
    pub fn octets(self) -> usize {
        match self {
            Self::Speech(Rate::High) => 24,
            Self::Speech(Rate::Low) => 20,
            Self::Silence => 4,
            Self::Untransmitted => 1,
        }
    }
}

/// Samples in a subframe.
const SUBFRAME: usize = 60;
/// Coefficients of linear prediction.
const ORDER: usize = 10;
/// The shortest pitch lag that is sent, in samples.
const LAG_MIN: usize = 18;
/// Samples of past excitation that are kept: the longest lag.
const HISTORY: usize = 145;
/// Pitch lags under this one repeat within a subframe, which has its own codebooks at 6.3 kbit/s.
const LAG_SHORT: usize = SUBFRAME - 2;

/// Coefficients of a filter of order 10, Q13, without the leading one.
type Lpc = [i16; ORDER];
/// Line spectral pairs, Q15 of 4 kHz.
pub(crate) type Lsp = [i16; ORDER];
/// A subframe of samples.
pub(crate) type Sub = [i16; SUBFRAME];
