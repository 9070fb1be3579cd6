//! When silence descriptors are sent (3GPP TS 26.193).

use crate::amrwb::frame::Parameters;
use crate::amrwb::{Frame, FrameType, Mode};

/// When descriptors are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Descriptors {
    in_pause: bool,
    until_next: i16,
}

impl Descriptors {
    pub(super) fn new() -> Self {
        Self { in_pause: false, until_next: 3 }
    }

    /// After a frame of speech.
    pub(super) fn begin_anew(&mut self) {
        *self = Self { in_pause: false, until_next: 8 };
    }

    /// What is sent of a frame in a pause: the first is empty, then one in eight.
    pub(super) fn next(&mut self, mode: Mode, values: &[i16; 7]) -> Frame {
        self.until_next -= 1;
        if !self.in_pause {
            *self = Self { in_pause: true, until_next: 3 };
            return Frame::of_parameters(FrameType::Sid, &Parameters::default(), mode.index());
        }
        if self.until_next != 0 {
            return Frame::empty(FrameType::NoData);
        }
        self.until_next = 8;
        let mut parameters = Parameters::default();
        values.iter().for_each(|&value| parameters.put(value));
        Frame::of_parameters(FrameType::Sid, &parameters, UPDATE | mode.index())
    }
}

/// The bit of a descriptor that has parameters.
const UPDATE: u8 = 0x10;
