//! The way of captured packets to the disk, and of the reels back.

use media::capture::{Captured, Reel};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The media thread's ends of the channels to the disk.
pub(crate) struct FilmLine {
    /// What is to be written. Full, it is kept until the next turn, and then reels run out.
    pub(crate) to: SyncSender<Captured>,
    /// Reels that were written.
    pub(crate) back: Receiver<Reel>,
}

/// The disk's ends of the same.
pub(crate) struct Projector {
    /// What is to be written.
    pub(crate) inbox: Receiver<Captured>,
    /// Reels that were written.
    pub(crate) back: SyncSender<Reel>,
}

/// The channels between the media thread and the disk.
pub(crate) fn films() -> (FilmLine, Projector) {
    let (to, inbox) = sync_channel(WAITING);
    let (outbox, back) = sync_channel(WAITING);
    (FilmLine { to, back }, Projector { inbox, back: outbox })
}

/// All reels of eight captures, and their ends.
const WAITING: usize = 256;
