//! Frames of G.729 compiled for 256-bit vectors: the same source, and so the same results, as without.
#![allow(unsafe_code)] // Calling a function that needs instructions which only some processors have.

use super::Level;

/// A piece of work that is compiled once for each level. [`Work::run`] is `#[inline(always)]`, with all that
/// it spends its time in.
pub(crate) trait Work {
    /// What comes of it.
    type Out;

    /// Does it.
    fn run(self) -> Self::Out;
}

/// Does the work with the instructions of this level, or of one below.
#[inline]
pub(crate) fn run<W: Work>(level: Level, work: W) -> W::Out {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 | Level::Avx512 => {
            // SAFETY: a level is only ever one that the machine has.
            unsafe { avx2(work) }
        }
        _ => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<W: Work>(work: W) -> W::Out {
    work.run()
}
