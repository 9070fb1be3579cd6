//! The way of recordings from the media thread to the disk, and of their blocks back.

use media::recording::{Block, Taped};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The media thread's ends of the channels to the disk.
pub(crate) struct TapeLine {
    /// What is to be written. Full, it is kept until the next turn, and then blocks run out.
    pub(crate) to: SyncSender<Taped>,
    /// Blocks that were written.
    pub(crate) back: Receiver<Block>,
}

/// The disk's ends of the same.
pub(crate) struct Reels {
    pub(crate) inbox: Receiver<Taped>,
    pub(crate) back: SyncSender<Block>,
}

/// The channels between the media thread and the disk.
pub(crate) fn tapes() -> (TapeLine, Reels) {
    let (to, inbox) = sync_channel(WAITING);
    let (outbox, back) = sync_channel(WAITING);
    (TapeLine { to, back }, Reels { inbox, back: outbox })
}

/// Blocks on their way: three seconds of 60 recordings. Each has no more of its own.
const WAITING: usize = 1_024;
