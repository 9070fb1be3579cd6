//! Uploaded sounds: kept, renamed and removed, and named only where they exist.

use super::{Appliance, off_the_runtime};
use crate::clock;
use api::{ChangeError, Fault, InUse, NotTaken};
use call::Upload;
use config::{Change, Invalid, Problem};
use std::io;
use store::Action;

impl Appliance {
    /// A change names no sound that is not there. What an entry named before, it may go on to name.
    pub(super) async fn know_sounds(&self, change: &Change) -> Result<(), ChangeError> {
        let Change::Put(entry, _) = change else { return Ok(()) };
        let named = entry.sounds();
        if named.is_empty() {
            return Ok(());
        }
        let before = self.config.load().sounds_of(entry.key());
        let uploads = self.uploads.clone();
        let there = off_the_runtime(move || uploads.list()).await?;
        let unknown = named.into_iter().find(|(field, sound)| {
            !before.contains(&(*field, *sound)) && there.iter().all(|it| it.id != *sound)
        });
        let Some((field, sound)) = unknown else { return Ok(()) };
        let problem = Problem::Unknown(format!("sound {sound}"));
        Err(ChangeError::Invalid(Invalid { field, problem }))
    }

    pub(super) async fn take_sound(
        &self,
        name: String,
        octets: Vec<u8>,
        actor: String,
    ) -> Result<Result<Upload, NotTaken>, Fault> {
        let _one_at_a_time = self.changing.lock().await;
        let (uploads, by) = (self.uploads.clone(), actor.clone());
        let add = move || uploads.add(name, &octets, by, clock::wall());
        let added = off_the_runtime(add).await?.map_err(unwritten)?;
        if let Ok(upload) = &added {
            self.note_sound(Action::Upload, upload, &actor).await?;
        }
        Ok(added)
    }

    pub(super) async fn give_name(
        &self,
        upload: &Upload,
        name: String,
        actor: &str,
    ) -> Result<Option<Upload>, Fault> {
        let _one_at_a_time = self.changing.lock().await;
        let (uploads, seen) = (self.uploads.clone(), upload.clone());
        let rename = move || {
            let now = uploads.find(seen.id).filter(|it| it.revision == seen.revision);
            now.map(|it| uploads.rename(it, name)).transpose()
        };
        let renamed = off_the_runtime(rename).await?.map_err(unwritten)?;
        if let Some(renamed) = &renamed {
            self.note_sound(Action::Rename, renamed, actor).await?;
        }
        Ok(renamed)
    }

    pub(super) async fn drop_sound(
        &self,
        upload: &Upload,
        actor: &str,
    ) -> Result<Result<bool, InUse>, Fault> {
        // Nothing begins to play it meanwhile.
        let _one_at_a_time = self.changing.lock().await;
        if let Some(user) = self.config.load().user_of_sound(upload.id) {
            return Ok(Err(InUse(user)));
        }
        let (uploads, unwanted) = (self.uploads.clone(), upload.clone());
        let gone = off_the_runtime(move || uploads.delete(&unwanted)).await?;
        if gone.is_ok() {
            self.note_sound(Action::Delete, upload, actor).await?;
        }
        Ok(Ok(gone.is_ok()))
    }

    /// Keeps in the audit what somebody did with a sound.
    async fn note_sound(&self, action: Action, upload: &Upload, actor: &str) -> Result<(), Fault> {
        let (subject, actor) = (format!("sound {} {}", upload.id, upload.name), actor.to_owned());
        self.write(move |store| store.note(action, &subject, &actor, clock::wall())).await
    }
}

fn unwritten(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::DiskFull,
        _ => {
            tracing::warn!("a sound cannot be written: {error}");
            Fault::StoreFailed
        }
    }
}
