//! What is known of a capture, and how it is put right after a crash.

use super::pcapng;
use crate::archive::{Archive, Kept};
use call::{Capture, CaptureId, CaptureStop, UnixMillis};
use std::fs::File;
use std::io::{self, BufReader};

/// Where captures lie.
pub(crate) type Captures = Archive<Capture>;

impl Kept for Capture {
    type Id = CaptureId;

    fn id(&self) -> CaptureId {
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

    fn mend(&mut self, file: &File, at: UnixMillis) -> io::Result<()> {
        self.octets = pcapng::whole(&mut BufReader::new(file))?;
        file.set_len(self.octets)?;
        (self.ended, self.stop) = (Some(at), Some(CaptureStop::Crash));
        Ok(())
    }
}
