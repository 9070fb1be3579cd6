//! Uploaded sounds in the data folder: each is its file as it came, and beside it what is known of it,
//! as JSON. Both belong to the box alone (mode 600).

use api::NotTaken;
use call::{Container, Samples, UnixMillis, Upload};
use media::sound::Sound;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Uploads {
    path: PathBuf,
}

impl Uploads {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// All, oldest first.
    pub(crate) fn list(&self) -> Vec<Upload> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let notes = entries.filter(|it| it.path().extension().is_some_and(|it| it == NOTE));
        let mut all: Vec<Upload> = notes
            .filter_map(|it| serde_json::from_slice(&fs::read(it.path()).ok()?).ok())
            .collect();
        all.sort_by_key(|it| it.id);
        all
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
        let millis = sound.pcm.len() as u64 * 1_000 / hz;
        if millis > Upload::LONGEST_MINUTES * 60_000 {
            let most = Upload::LONGEST_MINUTES;
            return Ok(Err(NotTaken(format!("the sound is longer than {most} minutes"))));
        }
        let id = self.list().last().map_or(1, |it| it.id + 1);
        let container = if octets.starts_with(b"RIFF") { Container::Wav } else { Container::Opus };
        let (rate, length) = (hz as u32, octets.len() as u64);
        let upload =
            Upload { id, name, container, rate, millis, octets: length, uploaded: now, by };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let mut file = OpenOptions::new();
        let mut file =
            file.write(true).create(true).truncate(true).mode(0o600).open(self.file(&upload))?;
        file.write_all(octets)?;
        file.sync_all()?;
        let note = serde_json::to_vec(&upload).map_err(io::Error::other)?;
        store::write_private(&self.note(id), &note)?;
        Ok(Ok(upload))
    }

    /// Its sound, if there is such a one.
    pub(crate) fn read(&self, id: u32) -> Option<Samples> {
        let upload: Upload = serde_json::from_slice(&fs::read(self.note(id)).ok()?).ok()?;
        let sound = Sound::read(&fs::read(self.file(&upload)).ok()?).ok()?;
        Some(Samples { rate: upload.rate, pcm: sound.pcm.into() })
    }

    /// Removes both files, the note first.
    pub(crate) fn delete(&self, upload: &Upload) -> io::Result<()> {
        fs::remove_file(self.note(upload.id))?;
        fs::remove_file(self.file(upload))
    }

    fn file(&self, upload: &Upload) -> PathBuf {
        self.path.join(format!("{}.{}", upload.id, upload.container.suffix()))
    }

    fn note(&self, id: u32) -> PathBuf {
        self.path.join(format!("{id}.{NOTE}"))
    }
}

/// What the names of notes end with.
const NOTE: &str = "json";
