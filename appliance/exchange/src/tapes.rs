//! Which calls are recorded, and what is on the two channels.
//!
//! It follows what media is told: so a recording goes on when a transfer gives a call other ports, and
//! when a call comes to the box itself. It begins when all who talk are heard by the box: nobody's tape
//! begins with half a conversation.

use call::{
    CallId, Container, Layout, LegId, MediaCommand, MediaKind, PortId, Recording, RecordingId,
    RecordingStop, Track, UnixMillis,
};
use std::collections::{BTreeMap, BTreeSet};

/// The voices of all calls, and the recordings that run.
#[derive(Debug, Default)]
pub(crate) struct Tapes {
    voices: BTreeMap<PortId, Voice>,
    running: BTreeMap<CallId, Running>,
    /// Recordings that begin as soon as the phones have come back to the box.
    waiting: BTreeSet<CallId>,
    /// Who is recorded and cannot be heard: a phone that talks past the box does not come back.
    deaf: Vec<CallId>,
    counted: u64,
}

#[derive(Debug, Clone, Copy)]
struct Voice {
    call: CallId,
    leg: LegId,
    /// Who hears it, or heard it last.
    partner: Option<PortId>,
    bridged: bool,
    /// The box itself speaks to it.
    served: bool,
}

#[derive(Debug)]
struct Running {
    recording: Recording,
    /// Who is on the right, if not the box itself.
    right: Option<LegId>,
    tracks: [Track; 2],
}

/// Who talks.
#[derive(Debug, Clone, Copy)]
enum Talk {
    /// Two, the caller first.
    Two([(PortId, LegId); 2]),
    /// One with the box.
    One(PortId, LegId),
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
                let voice = Voice { call, leg, partner: None, bridged: false, served: false };
                self.voices.insert(port, voice);
                None
            }
            MediaCommand::Bridge { a, b } => {
                for (port, partner) in [(a, b), (b, a)] {
                    self.part(port);
                    self.voices.get_mut(&port)?.partner = Some(partner);
                }
                for port in [a, b] {
                    self.voices.get_mut(&port)?.bridged = true;
                }
                self.go_on(a).or_else(|| self.go_on(b))
            }
            MediaCommand::Unbridge { port } => {
                self.part(port);
                None
            }
            MediaCommand::Play { port, .. } | MediaCommand::Join { port, .. } => {
                self.voices.get_mut(&port)?.served = true;
                self.go_on(port)
            }
            MediaCommand::Stop { port } | MediaCommand::Leave { port } => {
                self.voices.get_mut(&port)?.served = false;
                None
            }
            MediaCommand::Close { port } => {
                self.part(port);
                let call = self.voices.remove(&port)?.call;
                let other = self.voices.iter().find(|(_, it)| it.call == call);
                other.map(|(port, _)| *port).and_then(|port| self.go_on(port))
            }
            _ => None,
        }
    }

    /// A call in which two talk, or one with the box itself, is to be recorded. True where it was not
    /// yet, and can be.
    ///
    /// `answered`: before that, what the box says is no talk.
    pub(crate) fn ask(
        &mut self,
        wanted: Wanted,
        tenant: u32,
        answered: bool,
        now: UnixMillis,
    ) -> bool {
        let Wanted { call, container, layout, by } = wanted;
        if self.running.contains_key(&call) {
            return false;
        }
        let mut of_call = self.voices.iter().filter(|(_, it)| it.call == call);
        let Some(talk) = of_call.find_map(|(port, _)| self.talk(*port, answered)) else {
            return false;
        };
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
        let (tracks, right) = talk.tracks(None);
        self.running.insert(call, Running { recording, right, tracks });
        self.waiting.insert(call);
        true
    }

    /// The next recording that begins. `is_heard`: whether what a pair hears comes to the box.
    pub(crate) fn poll_begun(
        &mut self,
        now: UnixMillis,
        is_heard: impl Fn(PortId) -> bool,
    ) -> Option<MediaCommand> {
        let is_due = |call: &&CallId| {
            let running = self.running.get(call);
            running.is_none_or(|it| it.tracks.iter().all(|track| is_heard(track.port())))
        };
        let call = *self.waiting.iter().find(is_due)?;
        self.waiting.remove(&call);
        let running = self.running.get_mut(&call)?;
        running.recording.started = now;
        let (recording, tracks) = (Box::new(running.recording.clone()), running.tracks);
        Some(MediaCommand::Record { recording, tracks })
    }

    /// The recording of a call that has not begun yet: there will be nothing of it if it ends.
    pub(crate) fn unbegun(&self, call: CallId) -> Option<RecordingId> {
        self.waiting.get(&call).and_then(|call| self.of(*call)).map(|it| it.id)
    }

    /// Ends the recording of a call.
    pub(crate) fn end(&mut self, call: CallId, why: RecordingStop) -> Option<MediaCommand> {
        self.waiting.remove(&call);
        let recording = self.running.remove(&call)?.recording.id;
        Some(MediaCommand::StopRecord { recording, why })
    }

    /// A phone of this call does not come back to the box.
    pub(crate) fn is_deaf_to(&mut self, call: CallId) {
        if self.running.contains_key(&call) {
            self.deaf.push(call);
        }
    }

    /// The next recording that records nothing.
    pub(crate) fn poll_deaf(&mut self) -> Option<RecordingId> {
        while let Some(call) = self.deaf.pop() {
            if let Some(recording) = self.of(call) {
                return Some(recording.id);
            }
        }
        None
    }

    /// The recording of a call that runs.
    pub(crate) fn of(&self, call: CallId) -> Option<&Recording> {
        self.running.get(&call).map(|it| &it.recording)
    }

    /// The call of a recording that runs.
    pub(crate) fn call_of(&self, recording: RecordingId) -> Option<CallId> {
        let mut running = self.running.values().map(|it| &it.recording);
        running.find(|it| it.id == recording).map(|it| it.call)
    }

    /// Who talks where this pair is. Two whom a hold parts still do.
    fn talk(&self, port: PortId, answered: bool) -> Option<Talk> {
        let own = self.voices.get(&port)?;
        let partner = own.partner.and_then(|it| self.voices.get(&it).map(|voice| (it, voice)));
        if let Some((other, partner)) = partner.filter(|(_, it)| it.partner == Some(port)) {
            let (own, partner) = ((port, own.leg), (other, partner.leg));
            // The leg that came to be first is the caller's.
            let first = own.1 <= partner.1;
            return Some(Talk::Two(if first { [own, partner] } else { [partner, own] }));
        }
        let alone = self.voices.values().filter(|it| it.call == own.call).count() == 1;
        (alone && own.served && answered).then_some(Talk::One(port, own.leg))
    }

    /// A recording goes on with whoever talks now.
    fn go_on(&mut self, port: PortId) -> Option<MediaCommand> {
        let voice = self.voices.get(&port)?;
        let partner = voice.partner.and_then(|it| self.voices.get(&it));
        let calls = [Some(voice.call), partner.map(|it| it.call)];
        let call = calls.into_iter().flatten().find(|it| self.running.contains_key(it))?;
        let talk = self.talk(port, true)?;
        let running = self.running.get_mut(&call)?;
        let (tracks, right) = talk.tracks(running.right);
        if tracks == running.tracks {
            return None;
        }
        (running.tracks, running.right) = (tracks, right);
        if self.waiting.contains(&call) {
            return None;
        }
        let recording = Box::new(running.recording.clone());
        Some(MediaCommand::Record { recording, tracks })
    }

    /// Nobody hears this one any more.
    fn part(&mut self, port: PortId) {
        let Some(it) = self.voices.get_mut(&port) else { return };
        let partner = it.partner.filter(|_| std::mem::take(&mut it.bridged));
        if let Some(other) = partner.and_then(|it| self.voices.get_mut(&it)) {
            other.bridged = false;
        }
    }
}

impl Talk {
    /// What is left and right, and who is right: whoever was there stays there.
    fn tracks(self, right: Option<LegId>) -> ([Track; 2], Option<LegId>) {
        match self {
            Self::Two([(left, _), (port, leg)]) => {
                ([Track::Says(left), Track::Says(port)], Some(leg))
            }
            Self::One(port, leg) if right == Some(leg) => {
                ([Track::Hears(port), Track::Says(port)], right)
            }
            Self::One(port, _) => ([Track::Says(port), Track::Hears(port)], None),
        }
    }
}
