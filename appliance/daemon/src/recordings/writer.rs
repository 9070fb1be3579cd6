//! The thread that writes recordings.

use super::Recordings;
use call::{RecordingId, RecordingStop, UnixMillis};
use media::recording::{Block, Recording as Octets, Taped};
use media_dsp::speech::Rate;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

/// All recordings that run.
pub(super) struct Writer {
    folder: Recordings,
    clock: fn() -> UnixMillis,
    /// The way back of blocks.
    back: SyncSender<Block>,
    tapes: BTreeMap<RecordingId, Tape>,
}

/// One file that grows.
struct Tape {
    recording: call::Recording,
    octets: Octets,
    rate: Rate,
    file: File,
    length: u64,
    /// When the disk was last asked to keep it over a loss of power.
    synced: Instant,
    /// What waits to be written; kept for its room.
    batch: Vec<u8>,
    missed: u64,
}

impl Writer {
    pub(super) fn new(
        folder: Recordings,
        clock: fn() -> UnixMillis,
        back: SyncSender<Block>,
    ) -> Self {
        Self { folder, clock, back, tapes: BTreeMap::new() }
    }

    /// Writes until nothing can come any more, and then ends what is left.
    pub(super) fn run(mut self, inbox: &Receiver<Taped>) {
        loop {
            match inbox.recv_timeout(SYNC) {
                Ok(taped) => self.take(taped),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for id in self.tapes.keys().copied().collect::<Vec<_>>() {
            self.end(id, RecordingStop::Call);
        }
    }

    fn take(&mut self, taped: Taped) {
        match taped {
            Taped::Begin(recording, rate) => self.begin(*recording, rate),
            Taped::Sound(block) => {
                self.write(&block);
                // Where nobody takes it back, its recording has ended.
                let _ = self.back.try_send(block);
            }
            Taped::End(id, why, missed) => {
                if let Some(tape) = self.tapes.get_mut(&id) {
                    tape.miss(missed);
                }
                self.end(id, why);
            }
        }
    }

    fn begin(&mut self, recording: call::Recording, rate: Rate) {
        if let Err(error) = self.folder.create(&recording).and_then(|file| {
            if self.folder.room().is_some_and(|room| room < RESERVE) {
                self.folder.delete(&recording)?;
                return Err(io::ErrorKind::StorageFull.into());
            }
            // The number names the stream within the file only.
            let serial = recording.id.0 as u32;
            let octets = Octets::new(recording.container, recording.layout, rate, serial);
            let tape = Tape {
                octets,
                rate,
                file,
                length: 0,
                synced: Instant::now(),
                batch: Vec::new(),
                missed: 0,
                recording: recording.clone(),
            };
            self.tapes.insert(recording.id, tape);
            Ok(())
        }) {
            tell(&recording, &error);
        }
    }

    fn write(&mut self, block: &Block) {
        let Some(tape) = self.tapes.get_mut(&block.recording) else { return };
        tape.miss(block.missed);
        tape.octets.push(block.caller(), block.callee());
        let mut written = tape.write();
        if tape.synced.elapsed() >= SYNC {
            tape.synced = Instant::now();
            let full = self.folder.room().is_some_and(|room| room < RESERVE);
            written = written.and_then(|()| match full {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => tape.file.sync_data(),
            });
        }
        let full = tape.octets.is_full();
        match written {
            Ok(()) if full => self.end(block.recording, RecordingStop::FileFull),
            Ok(()) => {}
            Err(error) => {
                tell(&tape.recording, &error);
                let why = match error.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        RecordingStop::DiskFull
                    }
                    _ => RecordingStop::DiskFailed,
                };
                self.end(block.recording, why);
            }
        }
    }

    fn end(&mut self, id: RecordingId, why: RecordingStop) {
        let Some(mut tape) = self.tapes.remove(&id) else { return };
        tape.octets.finish();
        let written = tape.write().and_then(|()| tape.file.sync_all());
        let mut recording = tape.recording;
        let hz = tape.rate.block() as u64 * 100;
        recording.ended = Some((self.clock)());
        recording.stop = Some(why);
        recording.millis = tape.octets.samples() * 1_000 / hz;
        recording.missed_millis = tape.missed * 1_000 / hz;
        recording.octets = tape.length;
        if let Err(error) = written.and_then(|()| self.folder.keep(&recording)) {
            tell(&recording, &error);
        }
    }
}

impl Tape {
    /// Writes all that is ready: first the sound, then how long it is.
    fn write(&mut self) -> io::Result<()> {
        self.octets.take(&mut self.batch);
        if !self.batch.is_empty() {
            self.file.write_all_at(&self.batch, self.length)?;
            self.length += self.batch.len() as u64;
            self.batch.clear();
        }
        match self.octets.head() {
            Some(head) => self.file.write_all_at(&head, 0),
            None => Ok(()),
        }
    }

    fn miss(&mut self, samples: u64) {
        self.missed += samples;
        self.octets.skip(usize::try_from(samples).unwrap_or(usize::MAX).min(MOST_MISSED));
    }
}

fn tell(recording: &call::Recording, error: &io::Error) {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: delete recordings, or let the calls be recorded elsewhere"
        }
        _ => "the disk does not take it",
    };
    tracing::warn!(recording = %recording.id, "a recording ended early ({error}): {what}");
}

/// How often a file is made to survive a loss of power.
const SYNC: Duration = Duration::from_secs(10);
/// What recordings leave to the rest of the box: 64 MB.
const RESERVE: u64 = 64 << 20;
/// An hour at 16 kHz: more silence than that is not filled in.
const MOST_MISSED: usize = 57_600_000;
