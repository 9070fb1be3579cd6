//! Payloads that become others without being heard: the same codes, otherwise written.

use super::inlet::LONGEST;
use crate::codec::{framing, g726_packing};
use call::{Codec, G726Bits};
use media_dsp::amrwb::rtp::{self, Framing, Payload};
use media_dsp::amrwb::{self, Frame, FrameType};
use media_dsp::g711::{Law, Transcoder};
use media_dsp::g726::Packing;
use media_dsp::resample::Rate;

/// How payloads of one encoding are written as those of another.
#[derive(Debug)]
pub(crate) enum Direct {
    /// One law of G.711 for the other, by a table.
    Law(Transcoder),
    /// The codes of G.726 from the other end of each octet.
    Packing { bits: usize, to: Packing },
    /// The frames of AMR-WB with or without gaps between them.
    Framing { from: Framing, to: Framing },
}

impl Direct {
    /// Nothing when there is more to do than to write.
    pub(crate) fn new(from: Codec, to: Codec) -> Option<Self> {
        match (from, to) {
            (Codec::Pcmu, Codec::Pcma) => Some(Self::Law(Transcoder::new(Law::Mu))),
            (Codec::Pcma, Codec::Pcmu) => Some(Self::Law(Transcoder::new(Law::A))),
            (Codec::G726 { bits, .. }, Codec::G726 { bits: same, packing }) if bits == same => {
                let bits = match bits {
                    G726Bits::Two => 2,
                    G726Bits::Three => 3,
                    G726Bits::Four => 4,
                    G726Bits::Five => 5,
                };
                Some(Self::Packing { bits, to: g726_packing(packing) })
            }
            (Codec::AmrWb { octet_aligned: from }, Codec::AmrWb { octet_aligned: to }) => {
                Some(Self::Framing { from: framing(from), to: framing(to) })
            }
            _ => None,
        }
    }

    /// How many samples of the other encoding a payload holds, when it is to become packets of so
    /// many; nothing when it has to be cut for that, or is no payload.
    ///
    /// Where it is the same codec on both sides, packets keep their length.
    pub(crate) fn samples(&self, payload: &[u8], packet: usize) -> Option<usize> {
        match self {
            Self::Law(_) => (payload.len() == packet).then_some(packet),
            Self::Packing { bits, .. } => {
                let whole = payload.len().is_multiple_of(group(*bits)) && !payload.is_empty();
                let samples = payload.len() * 8 / bits;
                (whole && samples <= LONGEST.samples(Rate::Hz8000)).then_some(samples)
            }
            Self::Framing { from, .. } => {
                let frames = Payload::read(*from, payload).ok()?.len();
                (frames <= MOST_FRAMES).then_some(frames * amrwb::FRAME)
            }
        }
    }

    /// Writes a payload; how many octets it has.
    pub(crate) fn write(&mut self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        match self {
            Self::Law(transcoder) => transcoder.transcode(payload, out).ok(),
            Self::Packing { bits, to } => {
                let out = out.get_mut(..payload.len())?;
                let group = group(*bits);
                for (from, out) in payload.chunks_exact(group).zip(out.chunks_exact_mut(group)) {
                    turn(*bits, *to, from, out);
                }
                Some(out.len())
            }
            Self::Framing { from, to } => {
                let payload = Payload::read(*from, payload).ok()?;
                let mut frames = [Frame::empty(FrameType::NoData); MOST_FRAMES];
                for (slot, frame) in frames.iter_mut().zip(payload.frames()) {
                    *slot = frame;
                }
                rtp::write(*to, payload.request(), frames.get(..payload.len())?, out).ok()
            }
        }
    }
}

/// The fewest octets that whole codes fill.
fn group(bits: usize) -> usize {
    match bits {
        2 | 4 => 1,
        bits => bits,
    }
}

/// One group of codes from one end of its octets to the other.
fn turn(bits: usize, to: Packing, from: &[u8], out: &mut [u8]) {
    let octets = || from.iter().map(|octet| u64::from(*octet));
    let length = from.len() * 8;
    let word = match to {
        Packing::Aal2 => octets().rev().fold(0, |word, octet| word << 8 | octet),
        Packing::Rtp => octets().fold(0, |word, octet| word << 8 | octet),
    };
    let mask = (1 << bits) - 1;
    let codes = (0..length / bits).map(|place| word >> (place * bits) & mask);
    let turned = codes.fold(0, |turned, code| turned << bits | code);
    for (place, octet) in out.iter_mut().enumerate() {
        *octet = match to {
            Packing::Aal2 => turned >> (length - 8 * (place + 1)),
            Packing::Rtp => turned >> (8 * place),
        } as u8;
    }
}

/// [`LONGEST`], 20 ms each.
const MOST_FRAMES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use call::G726Packing;
    use media_dsp::g726;

    #[test]
    fn g_726_is_heard_alike_from_either_end_of_its_octets() {
        let rates = [
            (G726Bits::Two, g726::Rate::Kbit16),
            (G726Bits::Three, g726::Rate::Kbit24),
            (G726Bits::Four, g726::Rate::Kbit32),
            (G726Bits::Five, g726::Rate::Kbit40),
        ];
        let pcm: Vec<i16> = (0..160_i32).map(|n| ((n * n * 91) % 9_000 - 4_500) as i16).collect();
        for (bits, rate) in rates {
            let packed = |packing| {
                let mut out = vec![0; 160 * rate.bits() / 8];
                g726::Encoder::new(rate, packing).encode(&pcm, &mut out).unwrap();
                out
            };
            let (rtp, aal2) = (packed(Packing::Rtp), packed(Packing::Aal2));
            assert_ne!(rtp, aal2);
            let [from, to] =
                [G726Packing::Rtp, G726Packing::Aal2].map(|packing| Codec::G726 { bits, packing });
            for (from, to, given, wanted) in [(from, to, &rtp, &aal2), (to, from, &aal2, &rtp)] {
                let mut direct = Direct::new(from, to).unwrap();
                let mut out = vec![0; given.len()];
                assert_eq!(direct.samples(given, 80), Some(160));
                assert_eq!(direct.write(given, &mut out), Some(given.len()));
                assert_eq!(out, *wanted, "{from:?}");
            }
        }
    }

    #[test]
    fn frames_of_amr_wb_are_the_same_in_either_framing() {
        let [aligned, dense] = [true, false].map(|octet_aligned| Codec::AmrWb { octet_aligned });
        let mut encoder = amrwb::Encoder::new(amrwb::Mode::M2385, amrwb::Transmission::Continuous);
        let frame = encoder.encode_frame(&[500; amrwb::FRAME]).unwrap();
        let (mut out, mut back) = ([0; 200], [0; 200]);
        let mut given = [0; 200];
        let mode = Some(amrwb::Mode::M885);
        let length =
            rtp::write(Framing::OctetAligned, mode, &[frame, frame, frame], &mut given).unwrap();
        let given = &given[..length];
        let there = Direct::new(aligned, dense).unwrap().write(given, &mut out).unwrap();
        assert!(there < length);
        let mut again = Direct::new(dense, aligned).unwrap();
        assert_eq!(again.samples(&out[..there], 320), Some(960));
        assert_eq!(again.write(&out[..there], &mut back), Some(length));
        assert_eq!(back[..length], *given);
        assert_eq!(again.samples(&out[..there - 1], 320), None);
        assert_eq!(again.write(&[], &mut back), None);
    }
}
