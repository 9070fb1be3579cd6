//! The thread that writes captures.

use super::picture::{STREAMS, Scene, WIRE};
use super::{Beginning, Captures, Film, Message, pcapng};
use crate::archive::Keep;
use crate::clock;
use crate::media_worker::Projector;
use api::EventLog;
use call::{Capture, CaptureId, CaptureStop, Event};
use config::CaptureLimits;
use media::capture::{Captured, Reel};
use sip::flow::Transport;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

/// All captures that run.
pub(super) struct Writer {
    folder: Captures,
    projector: Projector,
    events: EventLog,
    /// Says that a capture has ended by itself.
    tell_ended: Box<dyn Fn(CaptureId) + Send>,
    limits: Box<dyn Fn() -> Option<CaptureLimits> + Send>,
    shots: BTreeMap<CaptureId, Shot>,
    prune_at: Instant,
}

/// One file that grows.
struct Shot {
    capture: Capture,
    scene: Scene,
    file: File,
    /// How large the file may become.
    most: u64,
    /// The same instant by both clocks; nanoseconds since 1970.
    anchor: (Instant, u64),
    /// What is held back, in the order of time.
    held: BTreeMap<(Instant, u64), Vec<u8>>,
    held_octets: u64,
    counted: u64,
    /// Packets of each interface.
    seen: [u64; 2],
    names: BTreeSet<IpAddr>,
    batch: Vec<u8>,
    noted: Instant,
    /// When it is closed at the latest, and why.
    closing: Option<(Instant, CaptureStop)>,
}

impl Writer {
    pub(super) fn new(
        folder: Captures,
        projector: Projector,
        events: EventLog,
        tell_ended: Box<dyn Fn(CaptureId) + Send>,
        limits: Box<dyn Fn() -> Option<CaptureLimits> + Send>,
    ) -> Self {
        let shots = BTreeMap::new();
        Self { folder, projector, events, tell_ended, limits, shots, prune_at: Instant::now() }
    }

    /// Writes until nothing can come any more, and then ends what is left.
    pub(super) fn run(mut self, inbox: &Receiver<Film>) {
        loop {
            let patience = if self.shots.is_empty() { PRUNE_EVERY } else { TURN };
            match inbox.recv_timeout(patience) {
                Ok(film) => self.take(film),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.take_packets();
            self.turn(Instant::now());
        }
        self.take_packets();
        for (id, shot) in std::mem::take(&mut self.shots) {
            let why = shot.closing.map_or(CaptureStop::Call, |(_, why)| why);
            self.close(id, shot, why);
        }
    }

    fn take(&mut self, film: Film) {
        match film {
            Film::Begin(beginning) => self.begin(*beginning),
            Film::Message(id, message) => {
                if let Some(shot) = self.shots.get_mut(&id) {
                    shot.message(&message);
                }
            }
            Film::Name(id, address, name) => {
                if let Some(shot) = self.shots.get_mut(&id) {
                    shot.name(address, &name);
                }
            }
            Film::End(id, why, missed) => {
                if let Some(shot) = self.shots.get_mut(&id) {
                    shot.capture.missed += missed;
                    shot.closing.get_or_insert((Instant::now() + HELD, why));
                }
            }
        }
    }

    fn take_packets(&mut self) {
        while let Ok(captured) = self.projector.inbox.try_recv() {
            match captured {
                Captured::Packets(reel) => {
                    if let Some(shot) = self.shots.get_mut(&reel.capture) {
                        shot.packets(&reel);
                    }
                    // Where nobody takes it back, its capture has ended.
                    let _ = self.projector.back.try_send(reel);
                }
                Captured::End(id, missed) => {
                    if let Some(shot) = self.shots.get_mut(&id) {
                        shot.capture.missed += missed;
                    }
                }
            }
        }
    }

    fn begin(&mut self, beginning: Beginning) {
        let scene = Scene::new(&beginning);
        let Beginning { capture, file, limits, .. } = beginning;
        let now = Instant::now();
        let mut shot = Shot {
            scene,
            file,
            most: limits.octets(),
            anchor: (now, nanos(SystemTime::now())),
            held: BTreeMap::new(),
            held_octets: 0,
            counted: 0,
            seen: [0; 2],
            names: BTreeSet::new(),
            batch: Vec::new(),
            noted: now,
            closing: None,
            capture,
        };
        shot.batch = shot.scene.head(&shot.capture);
        self.shots.insert(shot.capture.id, shot);
    }

    /// Writes what was held long enough, and ends what is to be ended.
    fn turn(&mut self, now: Instant) {
        let mut over = Vec::new();
        for (id, shot) in &mut self.shots {
            let mut why = shot.write(now.checked_sub(HELD)).err().map(|error| stop(&error));
            if now >= shot.noted + NOTED {
                shot.noted = now;
                if self.folder.is_full() {
                    why = Some(CaptureStop::DiskFull);
                }
                if let Err(error) = self.folder.keep(&shot.capture) {
                    why = Some(stop(&error));
                }
                self.events.publish([Event::Capture(Box::new(shot.capture.clone()))]);
            }
            if shot.capture.octets + shot.held_octets >= shot.most {
                why = Some(CaptureStop::FileFull);
            }
            if why.is_some() {
                (self.tell_ended)(*id);
            }
            let due = shot.closing.filter(|(at, _)| *at <= now).map(|(_, why)| why);
            over.extend(why.or(due).map(|why| (*id, why)));
        }
        for (id, why) in over {
            if let Some(shot) = self.shots.remove(&id) {
                self.close(id, shot, why);
            }
        }
        if self.prune_at <= now {
            self.prune_at = now + PRUNE_EVERY;
            let keep = (self.limits)().map(keep);
            let pruned = keep.map_or(0, |keep| self.folder.prune(keep, clock::wall()));
            if pruned > 0 {
                tracing::info!(captures = pruned, "old captures were deleted");
            }
        }
    }

    fn close(&mut self, id: CaptureId, mut shot: Shot, why: CaptureStop) {
        let written = shot.write(None).and_then(|()| shot.finish());
        shot.capture.ended = Some(clock::wall());
        shot.capture.stop = Some(why);
        if let Err(error) = written.and_then(|()| self.folder.keep(&shot.capture)) {
            tracing::warn!(capture = %id, "a capture could not be ended well: {error}");
        }
        if matches!(why, CaptureStop::DiskFull | CaptureStop::DiskFailed) {
            tracing::warn!(capture = %id, "a capture ended early: the disk has no room for it");
        }
        self.events.publish([Event::Capture(Box::new(shot.capture))]);
    }
}

impl Shot {
    fn message(&mut self, message: &Message) {
        let block = self.scene.message(message, self.nanos(message.at));
        self.hold(message.at, block);
        self.capture.messages += 1;
        let link = if message.flow.transport == Transport::Udp { WIRE } else { STREAMS };
        self.count(link);
    }

    fn packets(&mut self, reel: &Reel) {
        self.capture.missed += reel.missed;
        for (at, frame, bytes) in reel.packets() {
            let block = self.scene.packet(frame, bytes, self.nanos(at));
            self.hold(at, block);
            self.capture.packets += 1;
            self.count(WIRE);
        }
    }

    fn name(&mut self, address: IpAddr, name: &str) {
        if !name.is_empty() && self.names.insert(address) {
            let mut block = Vec::new();
            pcapng::name(&mut block, address, name);
            self.hold(self.anchor.0, block);
        }
    }

    fn hold(&mut self, at: Instant, block: Vec<u8>) {
        self.counted += 1;
        self.held_octets += block.len() as u64;
        self.held.insert((at, self.counted), block);
    }

    fn count(&mut self, link: u32) {
        if let Some(seen) = usize::try_from(link).ok().and_then(|it| self.seen.get_mut(it)) {
            *seen += 1;
        }
    }

    /// Writes what was seen until then, or all of it.
    fn write(&mut self, until: Option<Instant>) -> io::Result<()> {
        while let Some(first) = self.held.first_entry()
            && until.is_none_or(|until| first.key().0 <= until)
        {
            let block = first.remove();
            self.held_octets -= block.len() as u64;
            self.batch.extend_from_slice(&block);
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.batch)?;
        self.capture.octets += self.batch.len() as u64;
        self.batch.clear();
        Ok(())
    }

    /// The last blocks say what is missing.
    fn finish(&mut self) -> io::Result<()> {
        let [wire, streams] = self.seen;
        let lasted = self.anchor.1..nanos(SystemTime::now());
        pcapng::statistics(&mut self.batch, WIRE, lasted.clone(), wire, self.capture.missed);
        pcapng::statistics(&mut self.batch, STREAMS, lasted, streams, 0);
        self.write(None)?;
        self.file.sync_all()
    }

    /// Since 1970. What led to the call may be from before the capture began.
    fn nanos(&self, at: Instant) -> u64 {
        let (anchor, nanos) = self.anchor;
        let whole = |it: Duration| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX);
        match at.checked_duration_since(anchor) {
            Some(after) => nanos.saturating_add(whole(after)),
            None => nanos.saturating_sub(whole(anchor.duration_since(at))),
        }
    }
}

fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn keep(limits: CaptureLimits) -> Keep {
    Keep { age: DAY * limits.keep_days.into(), octets: limits.kept_octets() }
}

fn stop(error: &io::Error) -> CaptureStop {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CaptureStop::DiskFull,
        _ => CaptureStop::DiskFailed,
    }
}

/// How often what was held is looked through.
const TURN: Duration = Duration::from_millis(100);
/// Media brings what it has at least every 200 ms.
const HELD: Duration = Duration::from_millis(500);
/// How often it is said how large a capture is, and the disk is looked at.
const NOTED: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How often old captures are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
