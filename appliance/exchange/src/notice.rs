//! The tone by which those who talk hear that their call is recorded.
//!
//! It is played to each of them in place of a moment of what the other says; the recording has what
//! both said. Whoever hears the box itself is told when he talks with somebody again.

use crate::frame::Frame;
use crate::leg::sip::Legs;
use call::{Decibels, MediaCommand, PortId, RecordingId, Rounds, Sound, Track};
use config::{RecordingTone, TenantId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The recordings that run, and who was told.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    running: BTreeMap<RecordingId, Notice>,
}

#[derive(Debug)]
struct Notice {
    tone: RecordingTone,
    ports: [PortId; 2],
    /// Who is still to be told.
    untold: BTreeSet<PortId>,
    /// When all are told again.
    again: Option<Instant>,
}

impl Notices {
    /// Heeds what media is told. `tone` is how a tenant wants it.
    pub(crate) fn follow(
        &mut self,
        command: &MediaCommand,
        tone: impl FnOnce(TenantId) -> RecordingTone,
    ) {
        match command {
            MediaCommand::Record { recording, tracks } => {
                let ports = tracks.map(Track::port);
                let tone = || tone(TenantId(recording.tenant));
                let known = self.running.entry(recording.id);
                let notice = known.or_insert_with(|| Notice::new(tone()));
                if notice.tone != RecordingTone::None {
                    let new = ports.into_iter().filter(|it| !notice.ports.contains(it));
                    notice.untold.extend(new);
                }
                notice.ports = ports;
            }
            MediaCommand::StopRecord { recording, .. } => drop(self.running.remove(recording)),
            MediaCommand::Close { port } => {
                for notice in self.running.values_mut() {
                    notice.untold.remove(port);
                }
            }
            _ => {}
        }
    }

    /// Tells those who are to be told.
    pub(crate) fn tell(&mut self, frame: &mut Frame, legs: &Legs, now: Instant) {
        let mut told = BTreeSet::new();
        for notice in self.running.values_mut() {
            if notice.again.is_some_and(|at| at <= now) {
                notice.again = Some(now + INTERVAL);
                notice.untold.extend(notice.ports);
            }
            let before = told.len();
            notice.untold.retain(|port| {
                let hears = frame.lent.get(port).is_some_and(|leg| legs.hears_others(*leg));
                !(hears && told.insert(*port))
            });
            if notice.tone == RecordingTone::Repeated && told.len() > before {
                notice.again.get_or_insert(now + INTERVAL);
            }
        }
        for port in told {
            let (play, gain) = (frame.next_play(), Decibels::default());
            let sound = Sound::Samples(frame.sounds.notice());
            frame.media(MediaCommand::Play { port, play, sound, rounds: Rounds::ONCE, gain });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// When somebody is told again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.running.values().filter_map(|it| it.again).min()
    }
}

impl Notice {
    fn new(tone: RecordingTone) -> Self {
        let nobody = PortId { address: 0, port: 0 };
        Self { tone, ports: [nobody; 2], untold: BTreeSet::new(), again: None }
    }
}

/// FS-1037C, "recorder warning tone".
const INTERVAL: Duration = Duration::from_secs(15);
