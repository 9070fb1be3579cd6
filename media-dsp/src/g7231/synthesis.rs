//! The synthesis filter of the decoder: ITU-T G.723.1 (05/2006) §3.7.

use super::{Lpc, ORDER, Sub};
use crate::fixed::{l_mac, l_shl, round};

/// The last outputs of a filter, the newest first.
pub(super) type Memory = [i16; ORDER];

/// Makes samples, at half of their level, from the excitation.
pub(super) fn synthesise(samples: &mut Sub, filter: &Lpc, memory: &mut Memory) {
    for sample in samples {
        let mut sum = i32::from(*sample) << 13;
        for (&coefficient, &past) in filter.iter().zip(&*memory) {
            sum = l_mac(sum, coefficient, past);
        }
        *sample = round(l_shl(sum, 2));
        remember(memory, *sample);
    }
}

/// Puts the newest in front of the others.
#[inline(always)]
pub(super) fn remember(memory: &mut Memory, newest: i16) {
    memory.copy_within(..ORDER - 1, 1);
    memory[0] = newest;
}
