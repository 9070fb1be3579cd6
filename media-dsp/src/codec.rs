//! What all codecs have in common: why nothing was encoded or decoded.

use std::fmt;

/// Why nothing was encoded. The state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// Misuse: the samples are not a whole frame, or not a whole number of them.
    FrameLength {
        /// Samples in a frame.
        frame: usize,
        /// Samples given.
        given: usize,
    },
    /// Misuse: the output is too short.
    NoRoom {
        /// Octets needed.
        needed: usize,
    },
}

/// Why nothing was decoded. The state is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Malformed: these octets are no payload of this codec.
    Malformed,
    /// Misuse: the output is too short.
    NoRoom {
        /// Samples needed.
        needed: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrameLength { frame, given } => {
                write!(f, "{given} samples are no whole number of frames of {frame}")
            }
            Self::NoRoom { needed } => write!(f, "the output has no room for {needed} octets"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("this is no payload of the codec"),
            Self::NoRoom { needed } => write!(f, "the output has no room for {needed} samples"),
        }
    }
}

impl std::error::Error for EncodeError {}
impl std::error::Error for DecodeError {}
