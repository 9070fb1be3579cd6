//! The recordings in the data folder, and the thread that writes them.
//!
//! A recording is two files: its sound, and beside it what is known of it, as JSON. So it can be
//! carried away whole, and whatever becomes of the database does not concern it. Both belong to the
//! box alone (mode 600).
//!
//! Sound comes from the media thread in blocks of 200 ms and is written at once: a kill -9 costs
//! the block that is being filled and, of Ogg Opus, the second that is being gathered. Every ten
//! seconds the file is made to survive a loss of power as well. When the disk is too slow, media
//! runs out of blocks and counts what it missed; it never waits.

mod folder;
mod writer;

pub(crate) use folder::Recordings;

use crate::priority::{self, Urgency};
use call::UnixMillis;
use media::recording::{Block, Taped};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use tokio::sync::oneshot;
use writer::Writer;

/// The media thread's ends of the channels to the disk.
pub(crate) struct TapeLine {
    /// What is to be written. Full, it is kept until the next turn, and then blocks run out.
    pub(crate) to: SyncSender<Taped>,
    /// Blocks that were written.
    pub(crate) back: Receiver<Block>,
}

/// The disk's ends of the same.
pub(crate) struct Reels {
    inbox: Receiver<Taped>,
    back: SyncSender<Block>,
}

/// The channels between the media thread and the disk.
pub(crate) fn line() -> (TapeLine, Reels) {
    let (to, inbox) = sync_channel(WAITING);
    let (outbox, back) = sync_channel(WAITING);
    (TapeLine { to, back }, Reels { inbox, back: outbox })
}

/// Puts right what a crash left, and starts the thread. It ends, with everything written, when the
/// media thread has ended.
pub(crate) fn start(
    folder: PathBuf,
    reels: Reels,
    clock: fn() -> UnixMillis,
) -> io::Result<oneshot::Receiver<()>> {
    let recordings = Recordings::new(folder);
    let mended = recordings.mend_all();
    if mended > 0 {
        tracing::warn!(recordings = mended, "recordings had no end and were given one");
    }
    let (sender, ended) = oneshot::channel();
    let writer = Writer::new(recordings, clock, reels.back);
    let body = move || {
        priority::ask(Urgency::Records);
        writer.run(&reels.inbox);
        let _ = sender.send(());
    };
    thread::Builder::new().name("recordings".into()).spawn(body)?;
    Ok(ended)
}

/// Blocks on their way: three seconds of 60 recordings. Each has no more of its own.
const WAITING: usize = 1_024;

#[cfg(test)]
mod tests;
