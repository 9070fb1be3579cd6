//! Prompts and music from files: WAV and Ogg Opus to linear samples of one channel.
//!
//! ```
//! use media::sound::{Sound, Unreadable};
//!
//! assert_eq!(Sound::read(b"ID3 and so on"), Err(Unreadable::Unknown));
//! ```

mod convert;
pub(crate) mod opus;
pub(crate) mod wav;

use media_dsp::resample::Rate;
use std::fmt;

/// What a file sounds like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Of the samples: that of the file, or the next higher of these.
    pub rate: Rate,
    /// Linear 16-bit, one channel: the mean of those in the file.
    pub pcm: Vec<i16>,
}

/// Why a file cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is neither WAV nor Ogg.
    Unknown,
    /// Malformed: it begins like one, and does not go on like one.
    Malformed,
    /// Unsupported: a WAV file with another coding than linear, A-law or µ-law; this is its number.
    Coding(u16),
    /// Unsupported: samples of so many bits.
    Bits(u16),
    /// Unsupported: a sampling rate above 48 kHz, or none.
    Rate(u32),
    /// Unsupported: an Ogg file without Opus, or with streams that are mapped otherwise than voices
    /// and music are.
    Stream,
    /// There is no sound in it.
    Empty,
    /// It is longer than [`LONGEST_MINUTES`].
    TooLong,
}

impl Sound {
    /// Reads a whole file.
    ///
    /// # Errors
    /// It says why the file cannot be played.
    pub fn read(octets: &[u8]) -> Result<Self, Unreadable> {
        let sound = match octets {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', chunks @ ..]
            | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E', chunks @ ..] => {
                wav::read(chunks)
            }
            [b'O', b'g', b'g', b'S', ..] => opus::read(octets),
            _ => Err(Unreadable::Unknown),
        }?;
        if sound.pcm.is_empty() { Err(Unreadable::Empty) } else { Ok(sound) }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("the file is neither WAV nor Ogg Opus"),
            Self::Malformed => f.write_str("the file is damaged"),
            Self::Coding(coding) => {
                write!(f, "the file's coding {coding:#06x} is not one of linear, A-law and µ-law")
            }
            Self::Bits(bits) => write!(f, "the file has {bits} bits for each sample"),
            Self::Rate(rate) => {
                write!(f, "the file has {rate} samples a second, and 48,000 are the most")
            }
            Self::Stream => f.write_str("the Ogg file holds something other than Opus"),
            Self::Empty => f.write_str("there is no sound in the file"),
            Self::TooLong => write!(f, "the file is longer than {LONGEST_MINUTES} minutes"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// The longest file that is kept in memory: 170 MB at 48 kHz.
pub const LONGEST_MINUTES: usize = 30;

/// The most samples at a rate.
fn most(hz: usize) -> usize {
    hz * 60 * LONGEST_MINUTES
}
