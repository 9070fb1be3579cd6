//! The signal processing of the box: codecs, line echo cancelling, tones, mixing.
//!
//! Everything works on slices that the caller owns: linear 16-bit samples on one side, payload octets
//! on the other. Nothing here does I/O, knows a clock, allocates after construction, or panics for any
//! octets. Algorithms are written once; what is faster with vector instructions has its kernels in
//! [`arch`], each with a scalar twin that gives the same result.

// Frames have fixed lengths that are checked where they come in; the loops within index them.
#![allow(clippy::indexing_slicing)]

pub mod agc;
pub mod amrwb;
pub mod arch;
pub mod caller_id;
pub mod cn;
pub mod codec;
pub mod denoise;
pub mod dtmf;
pub mod echo;
mod fft;
pub mod fixed;
pub mod fsk;
pub mod g711;
pub mod g722;
pub mod g7231;
pub mod g726;
pub mod g729;
pub mod gsm;
pub mod inband;
pub mod mix;
pub mod opus;
pub mod plc;
mod prediction;
pub mod resample;
pub mod speech;
pub mod tone;
pub mod vad;
