//! Sound on its way from a media thread to the disk.

use call::{Recording, RecordingId, RecordingStop};
use media_dsp::speech::Rate;

/// What happened to a recording, in order.
#[derive(Debug)]
pub enum Taped {
    /// It begins.
    Begin(Box<Recording>, Rate),
    /// Its next sound. The block is to come back to [`crate::Engine::reuse`].
    Sound(Block),
    /// It has ended. So many samples were missed behind the last block.
    End(RecordingId, RecordingStop, u64),
}

/// Up to 200 ms of both sides.
#[derive(Debug)]
pub struct Block {
    /// Whose.
    pub recording: RecordingId,
    /// Samples before it that were missed: no block was free.
    pub missed: u64,
    caller: Box<[i16]>,
    callee: Box<[i16]>,
    len: usize,
}

impl Block {
    pub(crate) fn new(recording: RecordingId, rate: Rate) -> Self {
        let room = || vec![0; rate.block() * TENS_OF_MS].into_boxed_slice();
        Self { recording, missed: 0, caller: room(), callee: room(), len: 0 }
    }

    /// What the caller said: linear 16-bit at the recording's rate.
    pub fn caller(&self) -> &[i16] {
        self.caller.get(..self.len).unwrap_or_default()
    }

    /// What the callee said meanwhile.
    pub fn callee(&self) -> &[i16] {
        self.callee.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        (self.len, self.missed) = (0, 0);
    }

    /// Room for so many samples of both sides; they count from now on.
    pub(crate) fn extend(&mut self, samples: usize) -> Option<[&mut [i16]; 2]> {
        let range = self.len..self.len + samples;
        let caller = self.caller.get_mut(range.clone())?;
        let callee = self.callee.get_mut(range)?;
        self.len += samples;
        Some([caller, callee])
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len >= self.caller.len()
    }
}

/// 200 ms.
const TENS_OF_MS: usize = 20;
