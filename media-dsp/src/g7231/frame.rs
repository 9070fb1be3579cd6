//! The bits of a frame: ITU-T G.723.1 (05/2006) §4, tables 5 and 6, and Annex A. The first bit of a
//! field is its lowest, and the first bit of an octet is its lowest.

use super::{Frame, LAG_MIN, LAG_SHORT, Rate};

/// The parameters of a frame of speech.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Speech {
    /// Three codebook indices of 8 bits, the lowest frequencies on top.
    pub(super) lsp: u32,
    /// Open-loop pitch lags of the two halves.
    pub(super) lags: [usize; 2],
    /// The excitation.
    pub(super) subframes: [Subframe; 4],
}

/// The excitation of one subframe.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Subframe {
    /// Added to the half's lag, less 1: 1 in even subframes.
    pub(super) lag_step: usize,
    /// The row of adaptive codebook gains.
    pub(super) taps: usize,
    /// The step of the pulses' amplitude.
    pub(super) amplitude: usize,
    /// Whether pulses stand on odd samples: 0 or 1.
    pub(super) grid: usize,
    /// Whether the pulses are repeated with the lag (6.3 kbit/s only).
    pub(super) train: bool,
    /// A bit for each pulse: at 6.3 kbit/s the first pulse's on top and 1 for a negative one, at
    /// 5.3 kbit/s the first track's lowest and 1 for a positive one.
    pub(super) signs: u16,
    /// The number of the choice of places (6.3 kbit/s), or three bits for each track.
    pub(super) positions: u32,
}

/// What a payload says.
pub(super) enum Content {
    Speech(Rate, Speech),
    /// Speech whose parameters are out of range: it is concealed.
    Damaged,
    Silence {
        lsp: u32,
        gain: i16,
    },
    Untransmitted,
}

impl Speech {
    /// The lag of a subframe before its taps are applied.
    pub(super) fn lag(&self, subframe: usize) -> usize {
        self.lags[subframe / 2] + self.subframes[subframe].lag_step - 1
    }

    /// Writes the frame at the beginning of `out`, which has room for it.
    pub(super) fn pack(&self, rate: Rate, out: &mut [u8]) {
        let mut bits = Writer::new(out, Frame::Speech(rate));
        bits.put(self.lsp, 24);
        for half in 0..2 {
            bits.put((self.lags[half] - LAG_MIN) as u32, 7);
            bits.put(self.subframes[2 * half + 1].lag_step as u32, 2);
        }
        for sub in &self.subframes {
            let gains = (sub.taps * GAIN_STEPS + sub.amplitude) as u32;
            bits.put(gains + (u32::from(sub.train) << 11), 12);
        }
        for sub in &self.subframes {
            bits.put(sub.grid as u32, 1);
        }
        match rate {
            Rate::High => self.pack_pulses(&mut bits),
            Rate::Low => {
                for sub in &self.subframes {
                    bits.put(sub.positions, 12);
                }
                for sub in &self.subframes {
                    bits.put(u32::from(sub.signs), 4);
                }
            }
        }
    }

    /// The upper parts of the four position indices share 13 bits (§4.1).
    fn pack_pulses(&self, bits: &mut Writer<'_>) {
        let upper = |sub: usize| self.subframes[sub].positions >> POSITION_BITS[sub];
        // A bit is spare.
        bits.put(0, 1);
        bits.put((upper(0) * 9 + upper(1)) * 90 + upper(2) * 9 + upper(3), 13);
        for (sub, width) in self.subframes.iter().zip(POSITION_BITS) {
            bits.put(sub.positions & ((1 << width) - 1), width);
        }
        for (sub, width) in self.subframes.iter().zip(SIGN_BITS) {
            bits.put(u32::from(sub.signs), width);
        }
    }

    fn unpack(rate: Rate, bits: &mut Reader<'_>) -> Option<Self> {
        let mut speech = Self { lsp: bits.take(24), ..Self::default() };
        for half in 0..2 {
            let lag = bits.take(7) as usize;
            if lag > LAG_LAST {
                return None;
            }
            speech.lags[half] = lag + LAG_MIN;
            speech.subframes[2 * half].lag_step = 1;
            speech.subframes[2 * half + 1].lag_step = bits.take(2) as usize;
        }
        for (place, sub) in speech.subframes.iter_mut().enumerate() {
            let mut gains = bits.take(12);
            let mut rows = 170;
            if rate == Rate::High && speech.lags[place / 2] < LAG_SHORT {
                sub.train = gains >> 11 == 1;
                gains &= 0x7ff;
                rows = 85;
            }
            (sub.taps, sub.amplitude) = (gains as usize / GAIN_STEPS, gains as usize % GAIN_STEPS);
            if sub.taps >= rows {
                return None;
            }
        }
        for sub in &mut speech.subframes {
            sub.grid = bits.take(1) as usize;
        }
        match rate {
            Rate::High => speech.unpack_pulses(bits),
            Rate::Low => {
                for sub in &mut speech.subframes {
                    sub.positions = bits.take(12);
                }
                for sub in &mut speech.subframes {
                    sub.signs = bits.take(4) as u16;
                }
            }
        }
        Some(speech)
    }

    fn unpack_pulses(&mut self, bits: &mut Reader<'_>) {
        let _spare = bits.take(1);
        let shared = bits.take(13);
        let upper = [shared / 90 / 9, shared / 90 % 9, shared % 90 / 9, shared % 90 % 9];
        for (place, sub) in self.subframes.iter_mut().enumerate() {
            let width = POSITION_BITS[place];
            sub.positions = (upper[place] << width) + bits.take(width);
        }
        for (sub, width) in self.subframes.iter_mut().zip(SIGN_BITS) {
            sub.signs = bits.take(width) as u16;
        }
    }
}

impl Content {
    /// Reads a whole frame; no octets are one that was not sent.
    pub(super) fn read(payload: &[u8]) -> Self {
        let mut bits = Reader { octets: payload, place: 2 };
        match Frame::beginning(payload.first().copied().unwrap_or(3)) {
            Frame::Speech(rate) => Speech::unpack(rate, &mut bits)
                .map_or(Self::Damaged, |speech| Self::Speech(rate, speech)),
            Frame::Silence => Self::Silence { lsp: bits.take(24), gain: bits.take(6) as i16 },
            Frame::Untransmitted => Self::Untransmitted,
        }
    }
}

/// Writes a silence descriptor at the beginning of `out`: three codebook indices as in
/// [`Speech::lsp`], and the code of the gain, 0 to 63.
pub(super) fn pack_silence(lsp: u32, gain: i16, out: &mut [u8]) {
    let mut bits = Writer::new(out, Frame::Silence);
    bits.put(lsp, 24);
    bits.put(u32::from(gain.unsigned_abs()), 6);
}

/// Writes the octet that tells in a file that nothing was sent.
pub(super) fn pack_untransmitted(out: &mut [u8]) {
    Writer::new(out, Frame::Untransmitted);
}

struct Writer<'a> {
    octets: &'a mut [u8],
    place: usize,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut [u8], kind: Frame) -> Self {
        let octets = &mut out[..kind.octets()];
        octets.fill(0);
        let mut writer = Self { octets, place: 0 };
        writer.put(kind.mark(), 2);
        writer
    }

    fn put(&mut self, value: u32, width: usize) {
        for bit in 0..width {
            self.octets[self.place / 8] |= ((value >> bit & 1) as u8) << (self.place % 8);
            self.place += 1;
        }
    }
}

struct Reader<'a> {
    octets: &'a [u8],
    place: usize,
}

impl Reader<'_> {
    /// Bits past the end are 0.
    fn take(&mut self, width: usize) -> u32 {
        let from = self.place;
        self.place += width;
        let octet = |at: usize| u64::from(self.octets.get(at).copied().unwrap_or(0));
        let whole = (0..4).fold(0, |sum, step| sum | octet(from / 8 + step) << (8 * step));
        (whole >> (from % 8)) as u32 & ((1 << width) - 1)
    }
}

/// Steps of a pulse's amplitude.
const GAIN_STEPS: usize = 24;
/// The greatest lag that is sent, less [`LAG_MIN`].
const LAG_LAST: usize = 123;
/// Bits of a position index that are not shared.
const POSITION_BITS: [usize; 4] = [16, 14, 16, 14];
/// Pulses, a bit each.
const SIGN_BITS: [usize; 4] = [6, 5, 6, 5];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_again() {
        for rate in [Rate::High, Rate::Low] {
            let (positions, signs) = match rate {
                Rate::High => ([593_774, 142_505, 65_536, 1], [63, 31, 1, 16]),
                Rate::Low => ([4_095, 0, 8, 1_234], [15, 0, 9, 6]),
            };
            let mut speech = Speech { lsp: 0x12_34_56, lags: [18, 141], ..Speech::default() };
            for (place, sub) in speech.subframes.iter_mut().enumerate() {
                sub.lag_step = if place % 2 == 0 { 1 } else { 4 - place };
                sub.taps = if place < 2 { 84 } else { 169 };
                sub.amplitude = 6 * place;
                sub.grid = place % 2;
                sub.train = rate == Rate::High && place == 1;
                (sub.positions, sub.signs) = (positions[place], signs[place]);
            }
            let mut octets = [0xff; 24];
            speech.pack(rate, &mut octets);
            let octets = &octets[..Frame::beginning(octets[0]).octets()];
            let Content::Speech(read_rate, read) = Content::read(octets) else {
                panic!("no speech");
            };
            assert_eq!((read_rate, read), (rate, speech));
        }
    }
}
