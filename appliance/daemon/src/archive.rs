//! A folder of files, each with a note beside it: what is known of it, as JSON.
//!
//! So a file can be carried away whole with what there is to say of it, and whatever becomes of the
//! database does not concern it. Both belong to the box alone (mode 600).

use call::UnixMillis;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What is known of a file.
pub(crate) trait Kept: Clone + Serialize + DeserializeOwned {
    /// Sorts by the time of beginning.
    type Id: Copy + Ord + Display + FromStr;
    fn id(&self) -> Self::Id;
    fn file_name(&self) -> String;
    fn started(&self) -> UnixMillis;
    fn is_over(&self) -> bool;
    fn octets(&self) -> u64;
    /// Gives it the end that a crash took from it. The last octets were written `at` then.
    fn mend(&mut self, file: &File, at: UnixMillis) -> io::Result<()>;
}

/// The folder.
#[derive(Debug)]
pub(crate) struct Archive<T> {
    path: Arc<Path>,
    kind: PhantomData<fn() -> T>,
}

/// What is deleted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep {
    /// What began longer ago; never for nought.
    pub(crate) age: Duration,
    /// The oldest, when all of them are larger.
    pub(crate) octets: u64,
}

impl<T: Kept> Archive<T> {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path: path.into(), kind: PhantomData }
    }

    /// All of them, newest first.
    pub(crate) fn list(&self) -> Vec<T> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let notes = entries.filter(|it| it.path().extension().is_some_and(|it| it == NOTE));
        let mut all: Vec<T> = notes.filter_map(|it| read(&it.path())).collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.id()));
        all
    }

    /// What is known of one.
    pub(crate) fn find(&self, id: T::Id) -> Option<T> {
        read(&self.note(id))
    }

    /// Its file.
    pub(crate) fn open(&self, kept: &T) -> io::Result<File> {
        File::open(self.path.join(kept.file_name()))
    }

    /// Removes both files; the note first, so that nothing is listed that is not there.
    pub(crate) fn delete(&self, kept: &T) -> io::Result<()> {
        fs::remove_file(self.note(kept.id()))?;
        fs::remove_file(self.path.join(kept.file_name()))
    }

    /// A new file, and the note of it.
    pub(crate) fn create(&self, kept: &T) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let path = self.path.join(kept.file_name());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.keep(kept).inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(file)
    }

    /// Writes what is known of one.
    pub(crate) fn keep(&self, kept: &T) -> io::Result<()> {
        let note = serde_json::to_vec(kept).map_err(io::Error::other)?;
        store::write_private(&self.note(kept.id()), &note)
    }

    /// Whether so little room is left on the disk that the rest is for the box itself.
    pub(crate) fn is_full(&self) -> bool {
        self.disk().is_some_and(|(room, _)| room < RESERVE)
    }

    /// How much room the disk has left for others than the system's owner, and how large it is; in
    /// octets. Nothing as long as there is no folder.
    pub(crate) fn disk(&self) -> Option<(u64, u64)> {
        let disk = rustix::fs::statvfs(&*self.path).ok()?;
        let octets = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Some((octets(disk.f_bavail), octets(disk.f_blocks)))
    }

    /// The names of all, oldest first.
    pub(crate) fn ids(&self) -> Vec<T::Id> {
        let names = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let names = names.map(|it| PathBuf::from(it.file_name()));
        let notes = names.filter(|it| it.extension().is_some_and(|it| it == NOTE));
        let ids = notes.filter_map(|it| it.file_stem()?.to_str()?.parse().ok());
        let mut ids: Vec<T::Id> = ids.collect();
        ids.sort();
        ids
    }

    /// How many octets all of them take.
    pub(crate) fn used(&self) -> u64 {
        let files = fs::read_dir(&self.path).into_iter().flatten().flatten();
        files.filter_map(|it| it.metadata().ok()).map(|it| it.len()).sum()
    }

    /// Gives an end to those that have none; how many.
    pub(crate) fn mend_all(&self) -> usize {
        let open = self.list().into_iter().filter(|it| !it.is_over());
        open.filter(|it| {
            let mended = self.mend(it.clone());
            if let Err(error) = &mended {
                let file = it.file_name();
                tracing::warn!(file, "a file cannot be put right after a crash: {error}");
            }
            mended.is_ok()
        })
        .count()
    }

    /// Deletes those that are old, and the oldest of those that are too much; how many. None that has no
    /// end yet.
    pub(crate) fn prune(&self, keep: Keep, now: UnixMillis) -> usize {
        let mut octets = 0;
        let stays = |it: &T| {
            octets += it.octets();
            let young = keep.age.is_zero() || now.since(it.started()) < keep.age;
            young && octets <= keep.octets
        };
        let ended = self.list().into_iter().filter(Kept::is_over);
        let (_, old): (Vec<_>, Vec<_>) = ended.partition(stays);
        old.iter().filter(|it| self.delete(it).is_ok()).count()
    }

    fn mend(&self, mut kept: T) -> io::Result<()> {
        let path = self.path.join(kept.file_name());
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let written = file.metadata()?.modified()?.duration_since(SystemTime::UNIX_EPOCH);
        let written = written.map(|it| it.as_millis()).unwrap_or_default();
        let written = UnixMillis(u64::try_from(written).unwrap_or(u64::MAX));
        let at = written.max(kept.started());
        kept.mend(&file, at)?;
        file.sync_all()?;
        self.keep(&kept)
    }

    fn note(&self, id: T::Id) -> PathBuf {
        self.path.join(format!("{id}.{NOTE}"))
    }
}

impl<T> Clone for Archive<T> {
    fn clone(&self) -> Self {
        Self { path: Arc::clone(&self.path), kind: PhantomData }
    }
}

fn read<T: DeserializeOwned>(note: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(note).ok()?).ok()
}

/// What is left to the rest of the box: 64 MB.
pub(crate) const RESERVE: u64 = 64 << 20;
/// What the names of notes end with.
const NOTE: &str = "json";

#[cfg(test)]
mod tests {
    use super::*;
    use call::{CallId, Capture, CaptureId, CaptureStop};

    fn capture(number: u64, octets: u64, over: bool) -> Capture {
        let started = UnixMillis(number * 1_000);
        Capture {
            id: CaptureId(started.0 << 16),
            call: CallId(1),
            tenant: 1,
            decrypted: false,
            by: "anna".to_owned(),
            started,
            until: UnixMillis(started.0 + 500),
            ended: over.then_some(started),
            stop: over.then_some(CaptureStop::Asked),
            messages: 0,
            packets: 0,
            missed: 0,
            octets,
        }
    }

    fn left(archive: &Archive<Capture>) -> Vec<u64> {
        archive.list().iter().map(|it| it.started.0 / 1_000).collect()
    }

    #[test]
    fn what_is_old_or_too_much_goes_and_what_runs_stays() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::new(dir.path().join("captures"));
        for number in 1..=6 {
            archive.create(&capture(number, 100, number != 2)).unwrap();
        }
        assert_eq!(left(&archive), [6, 5, 4, 3, 2, 1]);
        let mut keep = Keep { age: Duration::ZERO, octets: 600 };
        assert_eq!(archive.prune(keep, UnixMillis(90_000_000)), 0);
        keep.octets = 450;
        assert_eq!(archive.prune(keep, UnixMillis(7_000)), 1);
        assert_eq!(left(&archive), [6, 5, 4, 3, 2]);
        keep.age = Duration::from_millis(2_500);
        assert_eq!(archive.prune(keep, UnixMillis(7_000)), 2);
        assert_eq!(left(&archive), [6, 5, 2]);
        assert_eq!(fs::read_dir(dir.path().join("captures")).unwrap().count(), 6);
    }

    #[test]
    fn both_files_come_and_go_together_and_are_nobody_elses() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::new(dir.path().join("captures"));
        assert!(archive.list().is_empty() && archive.disk().is_none());
        let one = capture(1, 0, true);
        archive.create(&one).unwrap();
        assert!(archive.create(&one).is_err(), "nothing is written over");
        for entry in fs::read_dir(dir.path().join("captures")).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(archive.find(one.id), Some(one.clone()));
        archive.delete(&one).unwrap();
        assert_eq!(archive.find(one.id), None);
        assert_eq!(fs::read_dir(dir.path().join("captures")).unwrap().count(), 0);
    }
}
