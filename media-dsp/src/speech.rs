//! What the blocks that treat speech have in common: two sampling rates, and 10 ms at a time.

use std::fmt;
use std::slice::ChunksExactMut;

/// The sampling rates at which speech is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rate {
    /// 8,000 samples a second.
    Hz8000,
    /// 16,000 samples a second.
    Hz16000,
}

/// Misuse: the samples are not a whole number of blocks of 10 ms. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockLength {
    /// Samples in a block.
    pub block: usize,
    /// Samples given.
    pub given: usize,
}

impl Rate {
    /// Samples in a block of 10 ms: 80 or 160.
    pub const fn block(self) -> usize {
        10 * self.per_ms()
    }

    /// Samples in a millisecond.
    pub(crate) const fn per_ms(self) -> usize {
        match self {
            Self::Hz8000 => 8,
            Self::Hz16000 => 16,
        }
    }

    /// The blocks of 10 ms that these samples are.
    pub(crate) fn blocks(self, pcm: &mut [i16]) -> Result<ChunksExactMut<'_, i16>, BlockLength> {
        let (block, given) = (self.block(), pcm.len());
        if !given.is_multiple_of(block) {
            return Err(BlockLength { block, given });
        }
        Ok(pcm.chunks_exact_mut(block))
    }
}

impl fmt::Display for BlockLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples are no whole number of blocks of {}", self.given, self.block)
    }
}

impl std::error::Error for BlockLength {}
