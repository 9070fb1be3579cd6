//! The way of recordings from the disk to the media thread, which asks for them.

use call::{MediaCommand, PlayId, PortId, RecordingId};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// What the thread that reads is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Want {
    /// Begin to feed this stream.
    Begin(PortId, PlayId, RecordingId),
    /// Less than a second of it is left.
    More(PlayId),
}

/// The media thread's ends of the channels.
pub(crate) struct PlayLine {
    /// Who wants more. Full, it is asked again in the next turn.
    pub(crate) to: SyncSender<Want>,
    /// What is played next. Full, the reading waits.
    pub(crate) feeds: Receiver<MediaCommand>,
}

/// The reading thread's ends of the same.
pub(crate) struct Deck {
    pub(crate) wants: Receiver<Want>,
    pub(crate) feeds: SyncSender<MediaCommand>,
}

/// The channels between media and the thread that reads; control asks by a clone of the first.
pub(crate) fn plays() -> (PlayLine, Deck) {
    let (to, wants) = sync_channel(WAITING);
    let (feeds, outlet) = sync_channel(WAITING);
    (PlayLine { to, feeds: outlet }, Deck { wants, feeds })
}

/// Questions and blocks on their way.
const WAITING: usize = 256;
