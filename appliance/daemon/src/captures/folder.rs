//! Where captures lie, what is known of them, and how long they stay.

use super::pcapng;
use call::{CallId, Capture, CaptureId, CaptureStop, UnixMillis};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Captures {
    path: PathBuf,
    counted: Arc<AtomicU64>,
}

impl Captures {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, counted: Arc::default() }
    }

    /// A capture that begins now and has nothing in it.
    pub(crate) fn blank(
        &self,
        call: CallId,
        tenant: u32,
        by: &str,
        decrypted: bool,
        lasts: Duration,
        now: UnixMillis,
    ) -> Capture {
        let counted = self.counted.fetch_add(1, Ordering::Relaxed);
        Capture {
            id: CaptureId(now.0 << 16 | counted & 0xffff),
            call,
            tenant,
            decrypted,
            by: by.to_owned(),
            started: now,
            until: now.after(lasts),
            ended: None,
            stop: None,
            messages: 0,
            packets: 0,
            missed: 0,
            octets: 0,
        }
    }

    /// All of them, newest first.
    pub(crate) fn list(&self) -> Vec<Capture> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let notes = entries.filter(|it| it.path().extension().is_some_and(|it| it == NOTE));
        let mut all: Vec<Capture> = notes
            .filter_map(|it| serde_json::from_slice(&fs::read(it.path()).ok()?).ok())
            .collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.id));
        all
    }

    /// What is known of one.
    pub(crate) fn find(&self, id: CaptureId) -> Option<Capture> {
        serde_json::from_slice(&fs::read(self.note(id)).ok()?).ok()
    }

    /// Its packets.
    pub(crate) fn open(&self, capture: &Capture) -> io::Result<File> {
        File::open(self.path.join(capture.file_name()))
    }

    /// Removes both files; the note first, so that nothing is listed that is not there.
    pub(crate) fn delete(&self, capture: &Capture) -> io::Result<()> {
        fs::remove_file(self.note(capture.id))?;
        fs::remove_file(self.path.join(capture.file_name()))
    }

    /// A new file for packets, and the note of it.
    pub(crate) fn create(&self, capture: &Capture) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        if self.is_full() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let path = self.path.join(capture.file_name());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.keep(capture).inspect_err(|_| drop(fs::remove_file(&path)))?;
        Ok(file)
    }

    /// Writes what is known of one.
    pub(super) fn keep(&self, capture: &Capture) -> io::Result<()> {
        let note = serde_json::to_vec(capture).map_err(io::Error::other)?;
        store::write_private(&self.note(capture.id), &note)
    }

    /// Whether the disk has no more room than what the rest of the box needs.
    pub(super) fn is_full(&self) -> bool {
        let room = rustix::fs::statvfs(&self.path).ok();
        room.is_some_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < RESERVE)
    }

    /// Gives an end to those that have none; how many.
    pub(super) fn mend_all(&self) -> usize {
        let open = self.list().into_iter().filter(|it| it.ended.is_none());
        open.filter(|it| {
            let mended = self.mend(it.clone());
            if let Err(error) = &mended {
                tracing::warn!(capture = %it.id, "a capture cannot be put right: {error}");
            }
            mended.is_ok()
        })
        .count()
    }

    /// Deletes those that are old, and the oldest of those that are too much; how many.
    pub(super) fn prune(&self, now: UnixMillis) -> usize {
        let mut octets = 0;
        let stays = |it: &Capture| {
            octets += it.octets;
            now.since(it.started) < KEPT && octets <= MOST_OCTETS
        };
        let ended = self.list().into_iter().filter(|it| it.ended.is_some());
        let (_, old): (Vec<_>, Vec<_>) = ended.partition(stays);
        old.iter().filter(|it| self.delete(it).is_ok()).count()
    }

    fn mend(&self, mut capture: Capture) -> io::Result<()> {
        let path = self.path.join(capture.file_name());
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let written = file.metadata()?.modified()?.duration_since(SystemTime::UNIX_EPOCH);
        let written = written.map(|it| it.as_millis()).unwrap_or_default();
        let written = UnixMillis(u64::try_from(written).unwrap_or(u64::MAX));
        capture.octets = pcapng::whole(&mut BufReader::new(&file))?;
        file.set_len(capture.octets)?;
        file.sync_all()?;
        capture.ended = Some(written.max(capture.started));
        capture.stop = Some(CaptureStop::Crash);
        self.keep(&capture)
    }

    fn note(&self, id: CaptureId) -> PathBuf {
        self.path.join(format!("{id}.{NOTE}"))
    }
}

/// What the names of notes end with.
const NOTE: &str = "json";
/// What captures leave to the rest of the box: 64 MB.
const RESERVE: u64 = 64 << 20;
/// A fault is looked for within days; and a capture holds what people said.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Half a gigabyte in all.
const MOST_OCTETS: u64 = 512 << 20;
