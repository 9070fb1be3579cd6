//! Which calls are captured: it follows what the exchange hears, says and tells media, and hands
//! copies to the disk. The exchange knows nothing of it.

use super::recent::{Recent, call_id_of};
use crate::captures::{Beginning, Film, Message};
use call::{CallId, Capture, CaptureId, CaptureStop, MediaCommand, PortId};
use exchange::{Exchange, Signalling};
use sip::flow::Flow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

/// The captures that run, and what is needed to begin one.
pub(crate) struct Captures {
    disk: SyncSender<Film>,
    recent: Recent,
    /// Whose each lent pair is.
    ports: BTreeMap<PortId, CallId>,
    running: BTreeMap<CallId, Running>,
    /// Ends that the disk had no room for yet, and when they are told again.
    untold: Vec<Film>,
    tell_at: Option<Instant>,
}

struct Running {
    capture: CaptureId,
    decrypted: bool,
    /// The Call-IDs of its messages.
    dialogs: BTreeSet<String>,
    /// When it ends, and why.
    due: (Instant, CaptureStop),
    /// Messages that the disk had no room for.
    missed: u64,
}

/// A capture that is over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) call: CallId,
    pub(crate) capture: CaptureId,
    /// What media is to do for it.
    pub(crate) command: MediaCommand,
}

/// Why a capture does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotBegun {
    /// There is no such call.
    NoCall,
    /// It is captured already.
    Runs,
    /// As many run as may.
    TooMany,
}

impl Captures {
    pub(crate) fn new(disk: SyncSender<Film>) -> Self {
        let recent = Recent::new(RECENT);
        let (ports, running) = (BTreeMap::new(), BTreeMap::new());
        Self { disk, recent, ports, running, untold: Vec::new(), tell_at: None }
    }

    /// Begins a capture; what media is to do for it.
    pub(crate) fn begin(
        &mut self,
        beginning: Box<Beginning>,
        exchange: &Exchange,
        now: Instant,
    ) -> Result<Vec<MediaCommand>, NotBegun> {
        let Capture { id: capture, call, decrypted, .. } = beginning.capture;
        let lasts = beginning.capture.until.since(beginning.capture.started);
        if exchange.call(call).is_none() {
            return Err(NotBegun::NoCall);
        }
        if self.running.contains_key(&call) {
            return Err(NotBegun::Runs);
        }
        let most = usize::from(beginning.limits.at_once);
        if self.running.len() >= most || self.disk.try_send(Film::Begin(beginning)).is_err() {
            return Err(NotBegun::TooMany);
        }
        let due = (now + lasts, CaptureStop::Time);
        let dialogs = BTreeSet::new();
        self.running.insert(call, Running { capture, decrypted, dialogs, due, missed: 0 });
        self.look(call, exchange);
        let own = self.ports.iter().filter(|(_, of)| **of == call);
        Ok(own.map(|(port, _)| MediaCommand::Capture { port: *port, capture, decrypted }).collect())
    }

    /// Ends the capture of a call. Nothing when none runs.
    pub(crate) fn end(&mut self, call: CallId, why: CaptureStop, now: Instant) -> Option<Ended> {
        let Running { capture, missed, .. } = self.running.remove(&call)?;
        self.untold.push(Film::End(capture, why, missed));
        self.tell(now);
        Some(Ended { call, capture, command: MediaCommand::StopCapture { capture } })
    }

    /// Tells the disk what has ended; what it has no room for is told again in a moment.
    fn tell(&mut self, now: Instant) {
        let untold = std::mem::take(&mut self.untold).into_iter();
        self.untold =
            untold.filter_map(|film| self.disk.try_send(film).err()).filter_map(full).collect();
        self.tell_at = (!self.untold.is_empty()).then(|| now + TELL_AGAIN);
    }

    /// The disk has ended a capture by itself.
    pub(crate) fn ended(&mut self, capture: CaptureId, now: Instant) -> Option<Ended> {
        let call =
            self.running.iter().find(|(_, it)| it.capture == capture).map(|(call, _)| *call)?;
        self.end(call, CaptureStop::DiskFailed, now)
    }

    /// Ends what has lasted long enough.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Ended> {
        if self.tell_at.is_some_and(|at| at <= now) {
            self.tell(now);
        }
        let due = self.running.iter().filter(|(_, it)| it.due.0 <= now);
        let due: Vec<_> = due.map(|(call, it)| (*call, it.due.1)).collect();
        due.into_iter().filter_map(|(call, why)| self.end(call, why, now)).collect()
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.running.values().map(|it| it.due.0).chain(self.tell_at).min()
    }

    /// A message came in.
    pub(crate) fn heard(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        let Some(call_id) = call_id_of(bytes) else { return };
        let message = Message { at: now, inbound: true, flow, bytes: bytes.into() };
        self.pass(call_id, &message);
        self.recent.keep(call_id, message.clone());
    }

    /// A message goes out.
    pub(crate) fn said(
        &mut self,
        flow: Flow,
        bytes: &Arc<[u8]>,
        exchange: &Exchange,
        now: Instant,
    ) {
        let Some(call_id) = call_id_of(bytes) else { return };
        if bytes.starts_with(b"INVITE ") {
            self.look_at_all(exchange);
        }
        let message = Message { at: now, inbound: false, flow, bytes: bytes.clone() };
        self.pass(call_id, &message);
        self.recent.keep(call_id, message);
    }

    /// Media is told this; what it is to be told beside that.
    pub(crate) fn follow(&mut self, command: &MediaCommand) -> Option<MediaCommand> {
        match *command {
            MediaCommand::Open { port, call, .. } => {
                self.ports.insert(port, call);
                let Running { capture, decrypted, .. } = *self.running.get(&call)?;
                Some(MediaCommand::Capture { port, capture, decrypted })
            }
            // A transfer brings ports of another call.
            MediaCommand::Bridge { a, b } if !self.running.is_empty() => {
                let calls = [a, b].map(|port| self.ports.get(&port).copied());
                let captured = calls.map(|call| call.filter(|it| self.running.contains_key(it)));
                let (call, port) = match captured {
                    [Some(call), None] => (call, b),
                    [None, Some(call)] => (call, a),
                    _ => return None,
                };
                self.ports.insert(port, call);
                let Running { capture, decrypted, .. } = *self.running.get(&call)?;
                Some(MediaCommand::Capture { port, capture, decrypted })
            }
            MediaCommand::Close { port } => {
                self.ports.remove(&port);
                None
            }
            _ => None,
        }
    }

    /// A call's record has changed: it may have other legs now, or be over.
    pub(crate) fn recorded(&mut self, call: CallId, over: bool, exchange: &Exchange, now: Instant) {
        if let Some(running) = self.running.get_mut(&call) {
            if over && running.due.1 == CaptureStop::Time {
                running.due = (running.due.0.min(now + FAREWELLS), CaptureStop::Call);
            }
            self.look(call, exchange);
        }
    }

    fn look_at_all(&mut self, exchange: &Exchange) {
        let calls: Vec<_> = self.running.keys().copied().collect();
        calls.into_iter().for_each(|call| self.look(call, exchange));
    }

    /// Finds dialogs that are new, and what was said in them before.
    fn look(&mut self, call: CallId, exchange: &Exchange) {
        let Some(running) = self.running.get_mut(&call) else { return };
        for Signalling { call_id, peer } in exchange.signalling(call) {
            if running.dialogs.contains(&call_id) {
                continue;
            }
            for message in self.recent.of(&call_id) {
                let (remote, local) = (message.flow.remote.ip(), message.flow.local.ip());
                if remote != local {
                    let name = Film::Name(running.capture, remote.to_canonical(), peer.clone());
                    running.give(&self.disk, name);
                }
                running.give(&self.disk, Film::Message(running.capture, message.clone()));
            }
            running.dialogs.insert(call_id);
        }
    }

    fn pass(&mut self, call_id: &str, message: &Message) {
        for running in self.running.values_mut().filter(|it| it.dialogs.contains(call_id)) {
            running.give(&self.disk, Film::Message(running.capture, message.clone()));
        }
    }
}

impl Running {
    /// The disk is not waited for.
    fn give(&mut self, disk: &SyncSender<Film>, film: Film) {
        if disk.try_send(film).is_err() {
            self.missed += 1;
        }
    }
}

/// A message that found no room; nothing where nobody takes messages any more.
fn full(error: TrySendError<Film>) -> Option<Film> {
    match error {
        TrySendError::Full(film) => Some(film),
        TrySendError::Disconnected(_) => None,
    }
}

/// How long the answers to farewells are waited for when a call is over.
const FAREWELLS: Duration = Duration::from_secs(2);
/// Four megabytes of messages: of some minutes in an office, of a second at a thousand calls a second.
const RECENT: usize = 4 << 20;
/// The disk works through a full queue in less than that, if it works.
const TELL_AGAIN: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_capture_ends_though_the_queue_to_the_disk_was_full_then() {
        let (disk, films) = sync_channel(1);
        let mut captures = Captures::new(disk.clone());
        let (call, capture, now) = (CallId(1), CaptureId(7), Instant::now());
        let due = (now + Duration::from_secs(60), CaptureStop::Time);
        let running =
            Running { capture, decrypted: false, dialogs: BTreeSet::new(), due, missed: 3 };
        captures.running.insert(call, running);
        disk.send(Film::End(CaptureId(1), CaptureStop::Asked, 0)).unwrap();

        let ended = captures.end(call, CaptureStop::Asked, now);
        let command = MediaCommand::StopCapture { capture };
        assert_eq!(ended, Some(Ended { call, capture, command }));
        let again = captures.deadline().unwrap();
        assert!(again > now && again < now + Duration::from_secs(1));
        // It is full still, and then no more.
        assert!(captures.expire(again).is_empty());
        let again = captures.deadline().unwrap();
        assert!(matches!(films.try_recv(), Ok(Film::End(CaptureId(1), ..))));
        assert!(films.try_recv().is_err());
        assert!(captures.expire(again).is_empty());
        assert!(matches!(films.try_recv(), Ok(Film::End(CaptureId(7), CaptureStop::Asked, 3))));
        assert_eq!(captures.deadline(), None);
    }
}
