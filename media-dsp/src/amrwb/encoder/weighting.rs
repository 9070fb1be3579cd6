//! The weighted speech at half the rate, for the open-loop pitch (3GPP TS 26.190, clause 5.3).

use super::filters::de_emphasise;
use crate::amrwb::FRAME_12K8;
use crate::amrwb::arithmetic::scale;
use crate::fixed::{abs_s, norm_s};

/// The weighted speech: memories of its filters, and how it is scaled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weighting {
    pub(super) last: i16,
    pub(super) decimation: [i16; 3],
    most: i16,
    pub(super) shift: i16,
}

impl Weighting {
    pub(super) fn new() -> Self {
        Self { last: 0, decimation: [0; 3], most: 0, shift: 0 }
    }

    /// Weighs a frame and halves its rate; by how many bits its scale changed.
    pub(super) fn weigh(&mut self, signal: &mut [i16; FRAME_12K8]) -> i16 {
        self.last = de_emphasise(signal, self.last);
        let most = signal.iter().fold(0, |most, &x| abs_s(x).max(most));
        let bound = most.max(self.most);
        self.most = most;
        let shift = (norm_s(bound) - 3).min(0);
        let mut buffer = [0; 3 + FRAME_12K8];
        buffer[..3].copy_from_slice(&self.decimation);
        buffer[3..].copy_from_slice(signal);
        self.decimation.copy_from_slice(&signal[FRAME_12K8 - 3..]);
        for i in 0..FRAME_12K8 / 2 {
            let past = buffer[2 * i..2 * i + 5].iter().zip(&HALF_FIR);
            let sum: i32 = past.map(|(&x, &c)| i32::from(x) * c).sum();
            signal[i] = ((sum + 0x4000) >> 15) as i16;
        }
        scale(&mut signal[..FRAME_12K8 / 2], shift);
        let change = shift - self.shift;
        self.shift = shift;
        change
    }
}

/// Low-pass filter before the rate is halved, Q15.
const HALF_FIR: [i32; 5] = [4260, 7536, 9175, 7536, 4260];
