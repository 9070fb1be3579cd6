//! The thread that writes recordings.

use super::Recordings;
use super::pace::Pace;
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
    ended: Box<dyn Fn(Ended) + Send>,
    tapes: BTreeMap<RecordingId, Tape>,
    pace: Pace,
    /// Ends that a full disk did not take.
    unkept: Vec<call::Recording>,
}

/// A recording ended though nobody wanted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) recording: RecordingId,
    pub(super) why: RecordingStop,
    /// Anything of it is there.
    pub(super) kept: bool,
}

/// One file that grows.
struct Tape {
    recording: call::Recording,
    octets: Octets,
    rate: Rate,
    file: File,
    length: u64,
    /// How much of it survives a loss of power.
    synced: u64,
    /// What waits to be written; kept for its room.
    batch: Vec<u8>,
    missed: u64,
}

impl Writer {
    pub(super) fn new(
        folder: Recordings,
        clock: fn() -> UnixMillis,
        back: SyncSender<Block>,
        ended: Box<dyn Fn(Ended) + Send>,
    ) -> Self {
        let (tapes, pace, unkept) = (BTreeMap::new(), Pace::default(), Vec::new());
        Self { folder, clock, back, ended, tapes, pace, unkept }
    }

    /// Writes until nothing can come any more, and then ends what is left.
    pub(super) fn run(mut self, inbox: &Receiver<Taped>) {
        loop {
            match inbox.recv_timeout(self.pace.rest(Instant::now()).unwrap_or(IDLE)) {
                Ok(taped) => self.take(taped),
                Err(RecvTimeoutError::Timeout) => self.keep_late(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.pace.is_due(Instant::now()) {
                self.sync();
            }
        }
        for id in self.tapes.keys().copied().collect::<Vec<_>>() {
            self.end(id, RecordingStop::Call);
        }
        self.keep_late();
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
            if self.folder.is_full() {
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
                synced: 0,
                batch: Vec::new(),
                missed: 0,
                recording: recording.clone(),
            };
            self.tapes.insert(recording.id, tape);
            Ok(())
        }) {
            tell(&recording, &error);
            (self.ended)(Ended { recording: recording.id, why: reason(&error), kept: false });
        }
    }

    fn write(&mut self, block: &Block) {
        let Some(tape) = self.tapes.get_mut(&block.recording) else { return };
        tape.miss(block.missed);
        tape.octets.push(block.caller(), block.callee());
        match tape.write() {
            Ok(()) => self.pace.written(Instant::now()),
            Err(error) => self.fail(block.recording, &error),
        }
    }

    /// Makes all files survive a loss of power. For many at once, the whole file system costs less
    /// than each of them.
    fn sync(&mut self) {
        self.keep_late();
        if self.folder.is_full() {
            for id in self.tapes.keys().copied().collect::<Vec<_>>() {
                self.fail(id, &io::ErrorKind::StorageFull.into());
            }
            return;
        }
        let new = self.tapes.iter().filter(|(_, it)| it.synced < it.length);
        let new: Vec<RecordingId> = new.map(|(id, _)| *id).collect();
        let any = self.tapes.values().next().filter(|_| new.len() >= MANY);
        if any.is_some_and(|it| rustix::fs::syncfs(&it.file).is_ok()) {
            self.tapes.values_mut().for_each(|it| it.synced = it.length);
            return;
        }
        for id in new {
            let Some(tape) = self.tapes.get_mut(&id) else { continue };
            match tape.file.sync_data() {
                Ok(()) => tape.synced = tape.length,
                Err(error) => self.fail(id, &error),
            }
        }
    }

    /// The disk does not take a recording any more. The call goes on.
    fn fail(&mut self, id: RecordingId, error: &io::Error) {
        let Some(tape) = self.tapes.get(&id) else { return };
        tell(&tape.recording, error);
        let why = reason(error);
        self.end(id, why);
        (self.ended)(Ended { recording: id, why, kept: true });
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
        if let Err(error) = written {
            tell(&recording, &error);
        }
        if let Err(error) = self.folder.keep(&recording) {
            tell(&recording, &error);
            self.unkept.push(recording);
        }
    }

    /// Writes down what the disk did not take before.
    fn keep_late(&mut self) {
        let folder = &self.folder;
        self.unkept.retain(|it| folder.keep(it).is_err());
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

fn reason(error: &io::Error) -> RecordingStop {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RecordingStop::DiskFull,
        _ => RecordingStop::DiskFailed,
    }
}

fn tell(recording: &call::Recording, error: &io::Error) {
    let what = match reason(error) {
        RecordingStop::DiskFull => {
            "the disk is full: delete recordings, or let the calls be recorded elsewhere"
        }
        _ => "the disk does not take it",
    };
    tracing::warn!(recording = %recording.id, "a recording ended early ({error}): {what}");
}

/// How long there may be nothing to do; nothing depends on it.
const IDLE: Duration = Duration::from_secs(10);
/// So many files cost more one by one than together: 60 took 290 ms and 11 ms.
const MANY: usize = 4;
/// An hour at 16 kHz: more silence than that is not filled in.
const MOST_MISSED: usize = 57_600_000;
