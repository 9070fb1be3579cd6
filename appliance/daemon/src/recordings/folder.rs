//! Where recordings lie, and what is known of them.

use call::{Recording, RecordingId, RecordingStop, UnixMillis};
use media::recording::{TAIL, mend};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::SystemTime;

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    path: PathBuf,
}

impl Recordings {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Those of a tenant's calls or of all, newest first.
    pub(crate) fn list(&self) -> Vec<Recording> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let notes = entries.filter(|it| it.path().extension().is_some_and(|it| it == NOTE));
        let mut all: Vec<Recording> = notes
            .filter_map(|it| serde_json::from_slice(&fs::read(it.path()).ok()?).ok())
            .collect();
        all.sort_by_key(|it: &Recording| std::cmp::Reverse(it.id));
        all
    }

    /// What is known of one.
    pub(crate) fn find(&self, id: RecordingId) -> Option<Recording> {
        serde_json::from_slice(&fs::read(self.note(id)).ok()?).ok()
    }

    /// Its sound.
    pub(crate) fn open(&self, recording: &Recording) -> io::Result<File> {
        File::open(self.path.join(recording.file_name()))
    }

    /// Removes both files; the note first, so that nothing is listed that is not there.
    pub(crate) fn delete(&self, recording: &Recording) -> io::Result<()> {
        fs::remove_file(self.note(recording.id))?;
        fs::remove_file(self.path.join(recording.file_name()))
    }

    /// A new file for sound, and the note of it.
    pub(super) fn create(&self, recording: &Recording) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let path = self.path.join(recording.file_name());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.keep(recording).inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(file)
    }

    /// Writes what is known of one.
    pub(super) fn keep(&self, recording: &Recording) -> io::Result<()> {
        let note = serde_json::to_vec(recording).map_err(io::Error::other)?;
        store::write_private(&self.note(recording.id), &note)
    }

    /// How much room the disk has left for others than the system's owner, in octets.
    pub(super) fn room(&self) -> Option<u64> {
        let room = rustix::fs::statvfs(&self.path).ok()?;
        Some(room.f_bavail.saturating_mul(room.f_frsize))
    }

    /// Gives an end to those that have none; how many.
    pub(super) fn mend_all(&self) -> usize {
        let open = self.list().into_iter().filter(|it| it.ended.is_none());
        open.filter(|it| {
            let mended = self.mend(it.clone());
            if let Err(error) = &mended {
                tracing::warn!(recording = %it.id, "a recording cannot be put right: {error}");
            }
            mended.is_ok()
        })
        .count()
    }

    fn mend(&self, mut recording: Recording) -> io::Result<()> {
        let path = self.path.join(recording.file_name());
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let before = file.metadata()?;
        let length = before.len();
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head)?;
        let from = length.saturating_sub(TAIL as u64);
        let mut tail = vec![0; usize::try_from(length - from).unwrap_or_default()];
        file.read_exact_at(&mut tail, from)?;
        if let Some(mending) = mend(length, &head, &tail) {
            file.write_all_at(&mending.patch, mending.at)?;
            file.set_len(mending.length)?;
            file.sync_all()?;
        }
        let written = before.modified()?.duration_since(SystemTime::UNIX_EPOCH);
        let written = written.map(|it| it.as_millis()).unwrap_or_default();
        let ended = UnixMillis(u64::try_from(written).unwrap_or(u64::MAX)).max(recording.started);
        recording.millis = ended.0 - recording.started.0;
        recording.octets = file.metadata()?.len();
        (recording.ended, recording.stop) = (Some(ended), Some(RecordingStop::Crash));
        self.keep(&recording)
    }

    fn note(&self, id: RecordingId) -> PathBuf {
        self.path.join(format!("{id}.{NOTE}"))
    }
}

/// What the names of notes end with.
const NOTE: &str = "json";
/// Enough for the head of either format.
const HEAD: u64 = 4_096;
