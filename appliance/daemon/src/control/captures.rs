//! Which calls are captured: it follows what the exchange hears, says and tells media, and hands
//! copies to the disk. The exchange knows nothing of it.

use super::recent::{Recent, call_id_of};
use crate::captures::{Beginning, Film, Message};
use call::{CallId, Capture, CaptureId, CaptureStop, MediaCommand, PortId};
use exchange::{Exchange, Signalling};
use sip::flow::Flow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// The captures that run, and what is needed to begin one.
pub(crate) struct Captures {
    disk: SyncSender<Film>,
    recent: Recent,
    /// Whose each lent pair is.
    ports: BTreeMap<PortId, CallId>,
    running: BTreeMap<CallId, Running>,
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
        Self { disk, recent, ports: BTreeMap::new(), running: BTreeMap::new() }
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
        if self.running.len() >= MOST || self.disk.try_send(Film::Begin(beginning)).is_err() {
            return Err(NotBegun::TooMany);
        }
        let due = (now + lasts, CaptureStop::Time);
        let dialogs = BTreeSet::new();
        self.running.insert(call, Running { capture, decrypted, dialogs, due, missed: 0 });
        self.look(call, exchange);
        let own = self.ports.iter().filter(|(_, of)| **of == call);
        Ok(own.map(|(port, _)| MediaCommand::Capture { port: *port, capture, decrypted }).collect())
    }

    /// Ends the capture of a call; what media is to do for it. Nothing when none runs.
    pub(crate) fn end(
        &mut self,
        call: CallId,
        why: CaptureStop,
    ) -> Option<(CaptureId, MediaCommand)> {
        let Running { capture, missed, .. } = self.running.remove(&call)?;
        // Where this finds no room, the file ends with the process; there is room for a second of all.
        let _ = self.disk.try_send(Film::End(capture, why, missed));
        Some((capture, MediaCommand::StopCapture { capture }))
    }

    /// The disk has ended a capture by itself.
    pub(crate) fn ended(&mut self, capture: CaptureId) -> Option<MediaCommand> {
        let call =
            self.running.iter().find(|(_, it)| it.capture == capture).map(|(call, _)| *call)?;
        self.end(call, CaptureStop::DiskFailed).map(|(_, command)| command)
    }

    /// Ends what has lasted long enough.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<MediaCommand> {
        let due = self.running.iter().filter(|(_, it)| it.due.0 <= now);
        let due: Vec<_> = due.map(|(call, it)| (*call, it.due.1)).collect();
        let ended = due.into_iter().filter_map(|(call, why)| self.end(call, why));
        ended.map(|(_, command)| command).collect()
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.running.values().map(|it| it.due.0).min()
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

/// Each takes two megabytes, and what its packets cost.
const MOST: usize = 8;
/// How long the answers to farewells are waited for when a call is over.
const FAREWELLS: Duration = Duration::from_secs(2);
/// Four megabytes of messages: of some minutes in an office, of a second at a thousand calls a second.
const RECENT: usize = 4 << 20;
