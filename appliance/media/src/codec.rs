//! The codecs of `media-dsp` in one shape: from payloads to sound and back.
//!
//! Whoever ends a stream uses the same ones: a jitter buffer by way of [`Hearing`], translation
//! between two far sides, and the voices of the box. What a codec takes and gives is known before
//! there is one ([`Shape`]); its state, which is large for some and slow to set up, is made where the
//! first packet needs it.

mod compact_disc;
mod content;
mod decoder;
mod encoder;
mod hearing;
mod loudness;
mod opus;
mod shape;

pub(crate) use content::content;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use hearing::{Hearing, Types};
pub(crate) use loudness::loudness;
pub(crate) use opus::frame as opus_frame;
pub use shape::Shape;
pub(crate) use shape::{is_memoryless, rate};

use call::{G726Bits, G726Packing};
use media_dsp::amrwb::rtp::Framing;
use media_dsp::g726;

pub(crate) fn framing(octet_aligned: bool) -> Framing {
    if octet_aligned { Framing::OctetAligned } else { Framing::BandwidthEfficient }
}

pub(crate) fn g726_packing(packing: G726Packing) -> g726::Packing {
    match packing {
        G726Packing::Rtp => g726::Packing::Rtp,
        G726Packing::Aal2 => g726::Packing::Aal2,
    }
}

fn g726_rate(bits: G726Bits) -> g726::Rate {
    match bits {
        G726Bits::Two => g726::Rate::Kbit16,
        G726Bits::Three => g726::Rate::Kbit24,
        G726Bits::Four => g726::Rate::Kbit32,
        G726Bits::Five => g726::Rate::Kbit40,
    }
}

/// Samples a second of a compact disc.
const DISC: u32 = 44_100;
/// Samples of a frame of GSM: 20 ms (GSM 06.10 §1.6).
const GSM_FRAME: usize = 160;
/// Octets of one (RFC 3551 §4.5.8).
const GSM_OCTETS: usize = 33;
