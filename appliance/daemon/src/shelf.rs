//! Sounds that calls wait for, read from the disk where nobody else waits.

use crate::clock;
use crate::mailbox::{Mail, Mailbox};
use crate::media_worker::Want;
use crate::playback;
use crate::recordings::Recordings;
use crate::storage::Storage;
use crate::uploads::Uploads;
use call::{CallId, Fetch, PlayId, PortId, RecordingId, Reel};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use store::Action;
use tokio::runtime::Handle;

/// Reads sounds; they come to the mailbox.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) runtime: Handle,
    pub(crate) mailbox: Mailbox,
    pub(crate) storage: Storage,
    pub(crate) recordings: Recordings,
    pub(crate) player: SyncSender<Want>,
    pub(crate) uploads: Uploads,
}

impl Shelf {
    /// Reads one; an answer follows, also when there is none.
    pub(crate) fn fetch(&self, fetch: Fetch) {
        let shelf = self.clone();
        self.runtime.spawn(async move {
            let key = fetch.key();
            let mail = match fetch {
                Fetch::Newest { call, tenant, by } => {
                    Mail::Found(call, shelf.newest(tenant, by).await)
                }
                Fetch::Upload(id) => {
                    let uploads = shelf.uploads.clone();
                    let read = tokio::task::spawn_blocking(move || uploads.read(id)).await;
                    let read = read.ok().flatten();
                    if read.is_none() {
                        tracing::warn!(
                            "sound {id} is not in the data folder or cannot be played: callers hear \
                            the box's own music and tones. Upload it again, or choose another one \
                            on the page Sounds."
                        );
                    }
                    Mail::Fetched(key, read.map(Arc::new))
                }
            };
            let _ = shelf.mailbox.send(mail).await;
        });
    }

    /// Lets a stream be fed with a recording. False when too many begin at once.
    pub(crate) fn play(&self, port: PortId, play: PlayId, recording: RecordingId) -> bool {
        self.player.try_send(Want::Begin(port, play, recording)).is_ok()
    }

    /// Keeps in the audit who keyed in the code for recordings.
    pub(crate) fn note_tape(&self, recording: RecordingId, call: CallId, by: String, begun: bool) {
        let storage = self.storage.clone();
        let action = if begun { Action::Record } else { Action::StopRecord };
        let subject = format!("recording {recording} of call {call}");
        let note = move |store: &mut store::Store| store.note(action, &subject, &by, clock::wall());
        self.runtime.spawn(async move {
            if let Some(Err(error)) = storage.write(note).await {
                tracing::warn!(%recording, "the audit lacks who recorded a call: {error}");
            }
        });
    }

    /// The newest recording that somebody had made. That he listens to it is kept in the audit; when it
    /// cannot be, he does not.
    async fn newest(&self, tenant: u32, by: String) -> Option<Reel> {
        let (recordings, whose) = (self.recordings.clone(), by.clone());
        let read = move || {
            let mut all = recordings.list().into_iter();
            let newest =
                all.find(|it| it.ended.is_some() && it.tenant == tenant && it.by == whose)?;
            let reel = playback::reel(&recordings, newest.id)?;
            Some((newest, reel))
        };
        let (recording, reel) = tokio::task::spawn_blocking(read).await.ok()??;
        let subject = format!("recording {} of call {}", recording.id, recording.call);
        let note = move |store: &mut store::Store| {
            store.note(Action::Listen, &subject, &by, clock::wall())
        };
        self.storage.write(note).await?.ok()?;
        Some(reel)
    }
}
