//! What is known of a recording, and how it is put right after a crash.

use crate::archive::{Archive, Kept};
use call::{Recording, RecordingId, RecordingStop, UnixMillis};
use media::recording::{TAIL, mend};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// Where recordings lie.
pub(crate) type Recordings = Archive<Recording>;

impl Kept for Recording {
    type Id = RecordingId;

    fn id(&self) -> RecordingId {
        self.id
    }

    fn file_name(&self) -> String {
        self.file_name()
    }

    fn started(&self) -> UnixMillis {
        self.started
    }

    fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    fn octets(&self) -> u64 {
        self.octets
    }

    fn mend(&mut self, mut file: &File, at: UnixMillis) -> io::Result<()> {
        let length = file.metadata()?.len();
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head)?;
        let from = length.saturating_sub(TAIL as u64);
        let mut tail = vec![0; usize::try_from(length - from).unwrap_or_default()];
        file.read_exact_at(&mut tail, from)?;
        if let Some(mending) = mend(length, &head, &tail) {
            file.write_all_at(&mending.patch, mending.at)?;
            file.set_len(mending.length)?;
        }
        self.millis = at.0 - self.started.0;
        self.octets = file.metadata()?.len();
        (self.ended, self.stop) = (Some(at), Some(RecordingStop::Crash));
        Ok(())
    }
}

/// Enough for the head of either format.
const HEAD: u64 = 4_096;
