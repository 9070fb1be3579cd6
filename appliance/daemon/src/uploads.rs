//! Uploaded sounds in the data folder: each is its file as it came, and beside it what is known of it,
//! as JSON. Both belong to the box alone (mode 600).

use api::NotTaken;
use call::{Container, Samples, UnixMillis, Upload};
use media::sound::Sound;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Uploads {
    path: PathBuf,
    /// Those that were to be played and cannot be, for the health of the box.
    unplayable: Arc<Mutex<BTreeSet<u32>>>,
}

impl Uploads {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, unplayable: Arc::default() }
    }

    /// All, oldest first.
    pub(crate) fn list(&self) -> Vec<Upload> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let notes = entries.filter(|it| it.path().extension().is_some_and(|it| it == NOTE));
        let mut all: Vec<Upload> = notes
            .filter_map(|it| serde_json::from_slice(&fs::read(it.path()).ok()?).ok())
            .map(|it| Upload { lost: self.is_lost(&it), ..it })
            .collect();
        all.sort_by_key(|it| it.id);
        all
    }

    /// What is known of one.
    pub(crate) fn find(&self, id: u32) -> Option<Upload> {
        let upload: Upload = serde_json::from_slice(&fs::read(self.note(id)).ok()?).ok()?;
        Some(Upload { lost: self.is_lost(&upload), ..upload })
    }

    /// Keeps one that can be played. Two at a time would take the same id: ask one after the other.
    pub(crate) fn add(
        &self,
        name: String,
        octets: &[u8],
        by: String,
        now: UnixMillis,
    ) -> io::Result<Result<Upload, NotTaken>> {
        let sound = match Sound::read(octets) {
            Ok(sound) => sound,
            Err(error) => return Ok(Err(NotTaken(error.to_string()))),
        };
        let hz = sound.rate.hz() as u64;
        let (millis, length) = (sound.pcm.len() as u64 * 1_000 / hz, octets.len() as u64);
        let all = self.list();
        if let Some(refusal) = refusal(&all, millis, length) {
            return Ok(Err(refusal));
        }
        let container = if octets.starts_with(b"RIFF") { Container::Wav } else { Container::Opus };
        let upload = Upload {
            id: all.last().map_or(1, |it| it.id + 1),
            revision: 0,
            name,
            container,
            rate: hz as u32,
            millis,
            octets: length,
            uploaded: now,
            by,
            lost: false,
        };
        self.write(&upload, octets).inspect_err(|_| {
            // Half a file is nobody's, and where the disk is full there is no room for it.
            drop(fs::remove_file(self.note(upload.id)));
            drop(fs::remove_file(self.file(&upload)));
        })?;
        Ok(Ok(upload))
    }

    /// Gives one that is there another name.
    pub(crate) fn rename(&self, upload: Upload, name: String) -> io::Result<Upload> {
        let renamed = Upload { name, revision: upload.revision + 1, ..upload };
        self.keep(&renamed)?;
        Ok(renamed)
    }

    /// Its file, as it came.
    pub(crate) fn open(&self, upload: &Upload) -> io::Result<File> {
        File::open(self.file(upload))
    }

    /// Its sound, if it can be played.
    pub(crate) fn read(&self, id: u32) -> Option<Samples> {
        let samples = self.find(id).and_then(|upload| {
            let sound = Sound::read(&fs::read(self.file(&upload)).ok()?).ok()?;
            Some(Samples { rate: upload.rate, pcm: sound.pcm.into() })
        });
        let mut unplayable = self.unplayable.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.is_some() {
            unplayable.remove(&id);
        } else {
            unplayable.insert(id);
        }
        samples
    }

    /// Those that were to be played and cannot be.
    pub(crate) fn unplayable(&self) -> BTreeSet<u32> {
        self.unplayable.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes both files, the note first. That of the sound may be gone already.
    pub(crate) fn delete(&self, upload: &Upload) -> io::Result<()> {
        fs::remove_file(self.note(upload.id))?;
        match fs::remove_file(self.file(upload)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn write(&self, upload: &Upload, octets: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let mut file = OpenOptions::new();
        let mut file =
            file.write(true).create(true).truncate(true).mode(0o600).open(self.file(upload))?;
        file.write_all(octets)?;
        file.sync_all()?;
        self.keep(upload)
    }

    fn keep(&self, upload: &Upload) -> io::Result<()> {
        let note = serde_json::to_vec(upload).map_err(io::Error::other)?;
        store::write_private(&self.note(upload.id), &note)
    }

    fn is_lost(&self, upload: &Upload) -> bool {
        fs::metadata(self.file(upload)).map_or(true, |it| it.len() != upload.octets)
    }

    fn file(&self, upload: &Upload) -> PathBuf {
        self.path.join(format!("{}.{}", upload.id, upload.container.suffix()))
    }

    fn note(&self, id: u32) -> PathBuf {
        self.path.join(format!("{id}.{NOTE}"))
    }
}

/// Why there is no room for one more.
fn refusal(all: &[Upload], millis: u64, octets: u64) -> Option<NotTaken> {
    if millis > Upload::LONGEST_MINUTES * 60_000 {
        let most = Upload::LONGEST_MINUTES;
        return Some(NotTaken(format!("the sound is longer than {most} minutes")));
    }
    if all.iter().map(|it| it.millis).sum::<u64>() + millis > Upload::TOGETHER_MINUTES * 60_000 {
        let most = Upload::TOGETHER_MINUTES;
        let text = format!("all sounds together would be longer than {most} minutes: delete one");
        return Some(NotTaken(text));
    }
    if all.iter().map(|it| it.octets).sum::<u64>() + octets > Upload::TOGETHER {
        let most = Upload::TOGETHER >> 20;
        let text = format!("all sounds together would be larger than {most} MB: delete one");
        return Some(NotTaken(text));
    }
    None
}

/// What the names of notes end with.
const NOTE: &str = "json";
