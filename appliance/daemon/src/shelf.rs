//! Sounds that calls wait for, read from the disk where nobody else waits.

use crate::clock;
use crate::mailbox::{Mail, Mailbox};
use crate::recordings::Recordings;
use crate::storage::Storage;
use crate::uploads::Uploads;
use call::{Fetch, Samples};
use media::sound::Sound;
use std::io::Read;
use std::sync::Arc;
use store::Action;
use tokio::runtime::Handle;

/// Reads sounds; they come to the mailbox.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) runtime: Handle,
    pub(crate) mailbox: Mailbox,
    pub(crate) storage: Storage,
    pub(crate) recordings: Recordings,
    pub(crate) uploads: Uploads,
}

impl Shelf {
    /// Reads one; an answer follows, also when there is none.
    pub(crate) fn fetch(&self, fetch: Fetch) {
        let shelf = self.clone();
        self.runtime.spawn(async move {
            let key = fetch.key();
            let samples = match fetch {
                Fetch::Newest { tenant, by, .. } => shelf.newest(tenant, by).await,
                Fetch::Upload(id) => {
                    let uploads = shelf.uploads.clone();
                    let read = tokio::task::spawn_blocking(move || uploads.read(id)).await;
                    read.ok().flatten()
                }
            };
            let _ = shelf.mailbox.send(Mail::Fetched(key, samples.map(Arc::new))).await;
        });
    }

    /// The newest recording that somebody had made. That he listens to it is kept in the audit; when it
    /// cannot be, he does not.
    async fn newest(&self, tenant: u32, by: String) -> Option<Samples> {
        let (recordings, whose) = (self.recordings.clone(), by.clone());
        let read = move || {
            let mut all = recordings.list().into_iter();
            let newest =
                all.find(|it| it.ended.is_some() && it.tenant == tenant && it.by == whose)?;
            let mut octets = Vec::new();
            let file = recordings.open(&newest).ok()?;
            file.take(MOST_OCTETS).read_to_end(&mut octets).ok()?;
            match Sound::read(&octets) {
                Ok(sound) => Some((newest, samples(sound)?)),
                Err(error) => {
                    tracing::warn!(recording = %newest.id, "a recording cannot be played: {error}");
                    None
                }
            }
        };
        let (recording, samples) = tokio::task::spawn_blocking(read).await.ok()??;
        let subject = format!("recording {} of call {}", recording.id, recording.call);
        let note = move |store: &mut store::Store| {
            store.note(Action::Listen, &subject, &by, clock::wall())
        };
        self.storage.write(note).await?.ok()?;
        Some(samples)
    }
}

/// The same for media.
fn samples(sound: Sound) -> Option<Samples> {
    Some(Samples { rate: u32::try_from(sound.rate.hz()).ok()?, pcm: sound.pcm.into() })
}

/// More than half an hour of the largest kind of recording, which is the longest that is read.
const MOST_OCTETS: u64 = 128 << 20;
