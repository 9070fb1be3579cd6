//! The recordings in the data folder, and the thread that writes them.
//!
//! A recording is two files: its sound, and beside it what is known of it, as JSON. So it can be
//! carried away whole, and whatever becomes of the database does not concern it. Both belong to the
//! box alone (mode 600).
//!
//! Sound comes from the media thread in blocks of 200 ms and is written at once: a kill -9 costs
//! the block that is being filled and, of Ogg Opus, the half second that is being gathered. Every
//! second all files are made to survive a loss of power as well. When the disk is too slow, media
//! runs out of blocks and counts what it missed; it never waits.

mod folder;
mod heard;
mod pace;
mod retention;
mod writer;

pub(crate) use folder::Recordings;
pub(crate) use heard::Heard;
pub(crate) use retention::keep;

use crate::mailbox::{Mail, Mailbox};
use crate::media_worker::Reels;
use crate::priority::{self, Urgency};
use call::UnixMillis;
use std::io;
use std::path::PathBuf;
use std::thread;
use tokio::sync::oneshot;
use writer::{Ended, Writer};

/// Puts right what a crash left, and starts the thread. It ends, with everything written, when the
/// media thread has ended.
pub(crate) fn start(
    folder: PathBuf,
    reels: Reels,
    clock: fn() -> UnixMillis,
    mailbox: Mailbox,
) -> io::Result<oneshot::Receiver<()>> {
    let recordings = Recordings::new(folder);
    let mended = recordings.mend_all();
    if mended > 0 {
        tracing::warn!(recordings = mended, "recordings had no end and were given one");
    }
    let (sender, ended) = oneshot::channel();
    let ended_by_itself = Box::new(move |Ended { recording, why, kept }| {
        mailbox.tell_ended(Mail::TapeEnded(recording, why, kept));
    });
    let writer = Writer::new(recordings, clock, reels.back, ended_by_itself);
    let body = move || {
        priority::ask(Urgency::Records);
        writer.run(&reels.inbox);
        let _ = sender.send(());
    };
    thread::Builder::new().name("recordings".into()).spawn(body)?;
    Ok(ended)
}

#[cfg(test)]
mod tests;
