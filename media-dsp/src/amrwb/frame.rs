//! Frames as they are stored and sent: the table-of-contents octet and the bits, the most sensitive
//! first (3GPP TS 26.201; RFC 4867, clause 5.3), and the parameters that the bits are of.

use super::bit_tables::{
    BITS_0, BITS_1, BITS_2, BITS_3, BITS_4, BITS_5, BITS_6, BITS_7, BITS_8, HOMING_0, HOMING_1,
    HOMING_2, HOMING_3, HOMING_4, HOMING_5, HOMING_6, HOMING_7, HOMING_8, SID_BITS,
};
use crate::codec::{DecodeError, EncodeError};

/// A bit rate of speech, in units of 10 bit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// 6.60 kbit/s, mode 0.
    M660,
    /// 8.85 kbit/s, mode 1.
    M885,
    /// 12.65 kbit/s, mode 2.
    M1265,
    /// 14.25 kbit/s, mode 3.
    M1425,
    /// 15.85 kbit/s, mode 4.
    M1585,
    /// 18.25 kbit/s, mode 5.
    M1825,
    /// 19.85 kbit/s, mode 6.
    M1985,
    /// 23.05 kbit/s, mode 7.
    M2305,
    /// 23.85 kbit/s, mode 8.
    M2385,
}

impl Mode {
    /// All modes, the slowest first.
    pub const ALL: [Self; 9] = [
        Self::M660,
        Self::M885,
        Self::M1265,
        Self::M1425,
        Self::M1585,
        Self::M1825,
        Self::M1985,
        Self::M2305,
        Self::M2385,
    ];

    /// The mode of a number, 0 to 8.
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    /// Its number, 0 to 8.
    pub fn index(self) -> u8 {
        self as u8
    }

    /// Bits of a frame of speech.
    pub fn bits(self) -> usize {
        self.table().len()
    }

    fn table(self) -> &'static [u16] {
        match self {
            Self::M660 => &BITS_0,
            Self::M885 => &BITS_1,
            Self::M1265 => &BITS_2,
            Self::M1425 => &BITS_3,
            Self::M1585 => &BITS_4,
            Self::M1825 => &BITS_5,
            Self::M1985 => &BITS_6,
            Self::M2305 => &BITS_7,
            Self::M2385 => &BITS_8,
        }
    }

    fn homing(self) -> &'static [i16] {
        match self {
            Self::M660 => &HOMING_0,
            Self::M885 => &HOMING_1,
            Self::M1265 => &HOMING_2,
            Self::M1425 => &HOMING_3,
            Self::M1585 => &HOMING_4,
            Self::M1825 => &HOMING_5,
            Self::M1985 => &HOMING_6,
            Self::M2305 => &HOMING_7,
            Self::M2385 => &HOMING_8,
        }
    }
}

/// What a frame is (RFC 4867: FT).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// Speech.
    Speech(Mode),
    /// A silence descriptor.
    Sid,
    /// Speech that was lost before it came here.
    Lost,
    /// Nothing was sent.
    NoData,
}

impl FrameType {
    /// The type of a number, 0 to 15; 10 to 13 are of none.
    pub fn from_index(index: u8) -> Option<Self> {
        match index {
            9 => Some(Self::Sid),
            14 => Some(Self::Lost),
            15 => Some(Self::NoData),
            _ => Mode::from_index(index).map(Self::Speech),
        }
    }

    /// Its number.
    pub fn index(self) -> u8 {
        match self {
            Self::Speech(mode) => mode.index(),
            Self::Sid => 9,
            Self::Lost => 14,
            Self::NoData => 15,
        }
    }

    /// Bits of such a frame.
    pub fn bits(self) -> usize {
        match self {
            Self::Speech(mode) => mode.bits(),
            Self::Sid => SID_BITS.len() + 5,
            Self::Lost | Self::NoData => 0,
        }
    }

    /// Which bits of which parameters are sent, in their order.
    fn table(self) -> &'static [u16] {
        match self {
            Self::Speech(mode) => mode.table(),
            Self::Sid => &SID_BITS,
            Self::Lost | Self::NoData => &[],
        }
    }

    /// Octets of such a frame's bits.
    pub fn octets(self) -> usize {
        self.bits().div_ceil(8)
    }
}

/// Whether the bits are right (RFC 4867: Q).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// They are.
    Good,
    /// They are known to be damaged.
    Damaged,
}

/// A frame: its type, quality and bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    frame_type: FrameType,
    quality: Quality,
    /// From the first bit of the first octet on; zero behind the last.
    bits: [u8; MOST_OCTETS],
}

impl Frame {
    /// A frame without bits.
    pub fn empty(frame_type: FrameType) -> Self {
        Self { frame_type, quality: Quality::Good, bits: [0; MOST_OCTETS] }
    }

    /// A frame of bits that begin with the first octet. What is missing is taken for zero.
    pub fn new(frame_type: FrameType, quality: Quality, bits: &[u8]) -> Self {
        let mut frame = Self { frame_type, quality, bits: [0; MOST_OCTETS] };
        let octets = frame_type.octets().min(bits.len());
        frame.bits[..octets].copy_from_slice(&bits[..octets]);
        let spare = frame_type.octets() * 8 - frame_type.bits();
        if octets > 0 && octets == frame_type.octets() {
            frame.bits[octets - 1] &= 0xff << spare;
        }
        frame
    }

    /// A frame of parameters; `tail` are the last five bits of a silence descriptor.
    pub(super) fn of_parameters(frame_type: FrameType, parameters: &Parameters, tail: u8) -> Self {
        let mut frame = Self::empty(frame_type);
        for (i, &place) in frame_type.table().iter().enumerate() {
            let bit = (parameters.values[usize::from(place / 16)] >> (place % 16)) & 1;
            frame.bits[i / 8] |= (bit as u8) << (7 - i % 8);
        }
        if frame_type == FrameType::Sid {
            frame.bits[SID_BITS.len() / 8] |= tail;
        }
        frame
    }

    /// What it is.
    pub fn frame_type(&self) -> FrameType {
        self.frame_type
    }

    /// Whether its bits are right.
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// Its bits, padded with zeros to whole octets.
    pub fn bits(&self) -> &[u8] {
        &self.bits[..self.frame_type.octets()]
    }

    /// The first frame of octets in the storage format, and how many of them it takes.
    ///
    /// # Errors
    /// They do not begin with a whole frame of a type that exists.
    pub fn read(stored: &[u8]) -> Result<(Self, usize), DecodeError> {
        let (&head, rest) = stored.split_first().ok_or(DecodeError::Malformed)?;
        let frame_type = FrameType::from_index((head >> 3) & 15).ok_or(DecodeError::Malformed)?;
        let quality = if head & 4 == 0 { Quality::Damaged } else { Quality::Good };
        let bits = rest.get(..frame_type.octets()).ok_or(DecodeError::Malformed)?;
        Ok((Self::new(frame_type, quality, bits), 1 + bits.len()))
    }

    /// Writes it in the storage format. Returns how many octets that are.
    ///
    /// # Errors
    /// `out` is too short; nothing was written then.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let bits = self.bits();
        let needed = 1 + bits.len();
        let Some(out) = out.get_mut(..needed) else { return Err(EncodeError::NoRoom { needed }) };
        out[0] = self.head();
        out[1..].copy_from_slice(bits);
        Ok(needed)
    }

    /// The octet that stands before it: FT and Q.
    pub(super) fn head(&self) -> u8 {
        self.frame_type.index() << 3 | if self.quality == Quality::Good { 4 } else { 0 }
    }

    /// Whether it is a silence descriptor with parameters.
    pub(super) fn is_update(&self) -> bool {
        self.frame_type == FrameType::Sid && self.bits[4] & 0x10 != 0
    }

    /// The parameters that its bits are of.
    pub(super) fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::default();
        for (i, &place) in self.frame_type.table().iter().enumerate() {
            let bit = i16::from(self.bits[i / 8] >> (7 - i % 8) & 1);
            parameters.values[usize::from(place / 16)] |= bit << (place % 16);
        }
        parameters
    }
}

/// The parameters of a frame, in the order of the encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    values: [i16; MOST_PARAMETERS],
    next: usize,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { values: [0; MOST_PARAMETERS], next: 0 }
    }
}

impl Parameters {
    pub(super) fn values(&self) -> &[i16] {
        &self.values
    }

    /// Adds one.
    pub(super) fn put(&mut self, value: i16) {
        if let Some(place) = self.values.get_mut(self.next) {
            *place = value;
            self.next += 1;
        }
    }

    /// The next one.
    pub(super) fn take(&mut self) -> i16 {
        let [value] = *self.take_row::<1>();
        value
    }

    /// The next `N`.
    pub(super) fn take_row<const N: usize>(&mut self) -> &[i16; N] {
        let row = self.values[self.next..].first_chunk().unwrap_or(&[0; N]);
        self.next += N;
        row
    }

    /// Whether the first subframe is that of the homing frame.
    pub(super) fn begin_homing(&self, mode: Mode) -> bool {
        let first = match mode {
            Mode::M660 => 9,
            Mode::M885 => 14,
            Mode::M1265 | Mode::M1425 | Mode::M1585 => 15,
            _ => 19,
        };
        self.values[..first] == mode.homing()[..first]
    }

    /// Whether they are those of the homing frame; the gains of the high band are not compared.
    pub(super) fn are_homing(&self, mode: Mode) -> bool {
        let homing = mode.homing();
        let gain = |i: usize| mode == Mode::M2385 && matches!(i, 19 | 31 | 43 | 55);
        homing.iter().enumerate().all(|(i, &value)| gain(i) || self.values[i] == value)
    }
}

/// Octets of the bits of mode 8.
const MOST_OCTETS: usize = 60;
/// Parameters of mode 8.
const MOST_PARAMETERS: usize = 56;
