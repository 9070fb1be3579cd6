//! Which calls are recorded, and between which ports their voices pass.
//!
//! It follows what media is told: so a recording goes on when a transfer gives a call other ports.

use call::{
    CallId, Container, Layout, LegId, MediaCommand, MediaKind, PortId, Recording, RecordingId,
    RecordingStop, UnixMillis,
};
use std::collections::BTreeMap;

/// The voices of all calls, and the recordings that run.
#[derive(Debug, Default)]
pub(crate) struct Tapes {
    voices: BTreeMap<PortId, Voice>,
    running: BTreeMap<CallId, Recording>,
    counted: u64,
}

#[derive(Debug, Clone, Copy)]
struct Voice {
    call: CallId,
    leg: LegId,
    partner: Option<PortId>,
}

/// How a call is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which call.
    pub call: CallId,
    /// What the file is.
    pub container: Container,
    /// What is on its channels.
    pub layout: Layout,
    /// Who wants it.
    pub by: String,
}

impl Tapes {
    /// Heeds what media is told; what it is to be told beside that.
    pub(crate) fn follow(&mut self, command: &MediaCommand) -> Option<MediaCommand> {
        match *command {
            MediaCommand::Open { port, call, leg, kind: MediaKind::Audio, .. } => {
                self.voices.insert(port, Voice { call, leg, partner: None });
                None
            }
            MediaCommand::Bridge { a, b } => {
                self.part(a);
                self.part(b);
                self.voices.get_mut(&a)?.partner = Some(b);
                self.voices.get_mut(&b)?.partner = Some(a);
                let calls = [a, b].map(|it| self.voices.get(&it).map(|it| it.call));
                let recording = calls.into_iter().flatten().find_map(|it| self.running.get(&it))?;
                Some(self.tap(recording.clone(), a, b))
            }
            MediaCommand::Unbridge { port } => {
                self.part(port);
                None
            }
            MediaCommand::Close { port } => {
                self.part(port);
                self.voices.remove(&port);
                None
            }
            _ => None,
        }
    }

    /// Begins to record a call in which two talk; a recording that runs goes on.
    pub(crate) fn begin(
        &mut self,
        wanted: Wanted,
        tenant: u32,
        now: UnixMillis,
    ) -> Option<MediaCommand> {
        let Wanted { call, container, layout, by } = wanted;
        if self.running.contains_key(&call) {
            return None;
        }
        let (a, b) = self.voices.iter().find_map(|(port, it)| {
            let partner = it.partner.filter(|_| it.call == call)?;
            Some((*port, partner))
        })?;
        self.counted += 1;
        let id = RecordingId(now.0 << 16 | self.counted & 0xffff);
        let recording = Recording {
            id,
            call,
            tenant,
            container,
            layout,
            by,
            started: now,
            ended: None,
            stop: None,
            millis: 0,
            octets: 0,
            missed_millis: 0,
        };
        self.running.insert(call, recording.clone());
        Some(self.tap(recording, a, b))
    }

    /// Ends the recording of a call.
    pub(crate) fn end(&mut self, call: CallId, why: RecordingStop) -> Option<MediaCommand> {
        let recording = self.running.remove(&call)?.id;
        Some(MediaCommand::StopRecord { recording, why })
    }

    /// The recording of a call that runs.
    pub(crate) fn of(&self, call: CallId) -> Option<&Recording> {
        self.running.get(&call)
    }

    /// The leg that came to be first is the caller's.
    fn tap(&self, recording: Recording, a: PortId, b: PortId) -> MediaCommand {
        let leg = |port| self.voices.get(&port).map(|it| it.leg);
        let (caller, callee) = if leg(a) <= leg(b) { (a, b) } else { (b, a) };
        MediaCommand::Record { recording: Box::new(recording), caller, callee }
    }

    fn part(&mut self, port: PortId) {
        let partner = self.voices.get_mut(&port).and_then(|it| it.partner.take());
        if let Some(other) = partner.and_then(|it| self.voices.get_mut(&it)) {
            other.partner = None;
        }
    }
}
