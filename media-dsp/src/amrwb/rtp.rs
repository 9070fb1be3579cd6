//! RTP payloads of AMR-WB (RFC 4867): octet-aligned without interleaving and checksums, and
//! bandwidth-efficient.

use super::{Frame, FrameType, Mode, Quality};
use crate::codec::{DecodeError, EncodeError};

/// How the frames lie in a payload (RFC 4867: the parameter `octet-align`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Every field begins with an octet (clause 4.4).
    OctetAligned,
    /// No bit is wasted (clause 4.3).
    BandwidthEfficient,
}

impl Framing {
    /// Bits of the mode request.
    fn request_bits(self) -> usize {
        match self {
            Self::OctetAligned => 8,
            Self::BandwidthEfficient => 4,
        }
    }

    /// Bits of an entry of the table of contents.
    fn entry_bits(self) -> usize {
        match self {
            Self::OctetAligned => 8,
            Self::BandwidthEfficient => 6,
        }
    }

    /// Bits that the bits of a frame take.
    fn frame_bits(self, frame_type: FrameType) -> usize {
        match self {
            Self::OctetAligned => frame_type.octets() * 8,
            Self::BandwidthEfficient => frame_type.bits(),
        }
    }
}

/// A payload that has been found to be in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    framing: Framing,
    octets: &'a [u8],
    frames: usize,
}

impl<'a> Payload<'a> {
    /// Reads a payload. What is behind the last frame is not looked at.
    ///
    /// # Errors It is too short for its frames, or has one of a type that does not exist: it is
    /// dropped as a whole (clause 4.3.2).
    pub fn read(framing: Framing, octets: &'a [u8]) -> Result<Self, DecodeError> {
        let mut payload = Self { framing, octets, frames: 0 };
        let mut needed = framing.request_bits();
        loop {
            let (frame_type, _, more) =
                payload.entry(payload.frames).ok_or(DecodeError::Malformed)?;
            payload.frames += 1;
            needed += framing.entry_bits() + framing.frame_bits(frame_type);
            if !more {
                break;
            }
        }
        if needed > octets.len() * 8 {
            return Err(DecodeError::Malformed);
        }
        Ok(payload)
    }

    /// The fastest mode that the other side wants to receive, if it asks for one.
    pub fn request(&self) -> Option<Mode> {
        Mode::from_index(self.octets.first()? >> 4)
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Whether there are none, which no payload is.
    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// The frames, the oldest first.
    pub fn frames(&self) -> impl Iterator<Item = Frame> + use<'a> {
        let payload = *self;
        let framing = payload.framing;
        let mut at = framing.request_bits() + payload.frames * framing.entry_bits();
        (0..payload.frames).map_while(move |number| {
            let (frame_type, quality, _) = payload.entry(number)?;
            let mut bits = [0; 60];
            for (i, octet) in bits[..frame_type.octets()].iter_mut().enumerate() {
                *octet = payload.octet(at + 8 * i);
            }
            at += framing.frame_bits(frame_type);
            Some(Frame::new(frame_type, quality, &bits))
        })
    }

    /// An entry of the table of contents, and whether another follows.
    fn entry(&self, number: usize) -> Option<(FrameType, Quality, bool)> {
        let at = self.framing.request_bits() + number * self.framing.entry_bits();
        if at + self.framing.entry_bits() > self.octets.len() * 8 {
            return None;
        }
        let entry = self.octet(at);
        let quality = if entry & 4 == 0 { Quality::Damaged } else { Quality::Good };
        Some((FrameType::from_index((entry >> 3) & 15)?, quality, entry & 0x80 != 0))
    }

    /// Eight bits from a bit on; behind the end there are zeros.
    fn octet(&self, at: usize) -> u8 {
        let octet = |i: usize| u16::from(self.octets.get(i).copied().unwrap_or_default());
        ((octet(at / 8) << 8 | octet(at / 8 + 1)) << (at % 8) >> 8) as u8
    }
}

/// Writes a payload. Returns how many octets it has.
///
/// # Errors
/// There is no frame, or `out` is too short; nothing was written then.
pub fn write(
    framing: Framing,
    request: Option<Mode>,
    frames: &[Frame],
    out: &mut [u8],
) -> Result<usize, EncodeError> {
    let Some(last) = frames.len().checked_sub(1) else {
        return Err(EncodeError::FrameLength { frame: 1, given: 0 });
    };
    let bits: usize = frames
        .iter()
        .map(|frame| framing.entry_bits() + framing.frame_bits(frame.frame_type()))
        .sum();
    let needed = (framing.request_bits() + bits).div_ceil(8);
    let Some(out) = out.get_mut(..needed) else { return Err(EncodeError::NoRoom { needed }) };
    out.fill(0);
    out[0] = request.map_or(15, Mode::index) << 4;
    let mut at = framing.request_bits();
    for (number, frame) in frames.iter().enumerate() {
        let more = if number < last { 0x80 } else { 0 };
        put(out, at, frame.head() | more);
        at += framing.entry_bits();
    }
    for frame in frames {
        for (i, &octet) in frame.bits().iter().enumerate() {
            put(out, at + 8 * i, octet);
        }
        at += framing.frame_bits(frame.frame_type());
    }
    Ok(needed)
}

/// Puts eight bits from a bit on. Ones behind the end do not occur: frames are padded with zeros.
fn put(out: &mut [u8], at: usize, octet: u8) {
    let [first, second] = (u16::from(octet) << (8 - at % 8)).to_be_bytes();
    out[at / 8] |= first;
    if let Some(next) = out.get_mut(at / 8 + 1) {
        *next |= second;
    }
}
