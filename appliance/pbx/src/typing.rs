//! Codes that people key in while they talk. The other side hears the keys as well.

use crate::call::Call;
use crate::calls::Act;
use crate::desk::Desk;
use crate::route::Caller;
use call::{LegId, RecordingId, RecordingStop};
use config::FeatureKind;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The last keys of those who talk, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Typing(VecDeque<(Instant, LegId, char)>);

impl Typing {
    /// One more key; what this leg has keyed in since it last thought for long.
    fn push(&mut self, leg: LegId, key: char, now: Instant) -> String {
        let last = self.0.iter().rev().find(|(_, whose, _)| *whose == leg).map(|(at, ..)| *at);
        if last.is_some_and(|at| now.saturating_duration_since(at) > PATIENCE) {
            self.forget(leg);
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((now, leg, key));
        self.0.iter().filter(|(_, whose, _)| *whose == leg).map(|(.., key)| *key).collect()
    }

    fn forget(&mut self, leg: LegId) {
        self.0.retain(|(_, whose, _)| *whose != leg);
    }
}

impl Call {
    /// A key of somebody who talks: it may end a code of his tenant's.
    pub(crate) fn typed(&mut self, leg: LegId, key: char, desk: &mut Desk<'_>) {
        let rights = self.who.get(&leg).and_then(|talker| talker.rights.as_ref());
        let Some(Caller::Extension { tenant, number }) = rights.cloned() else { return };
        let typed = self.typing.push(leg, key, desk.now);
        let mut codes = desk.world.config().features.values().filter(|feature| {
            feature.kind == FeatureKind::Record && feature.enabled && feature.tenant == tenant
        });
        if codes.any(|code| typed.ends_with(code.number.as_str())) {
            self.typing.forget(leg);
            desk.ask(Act::TurnTape(desk.call, number));
        }
    }

    /// What becomes of a recording is written into the call's story.
    pub(crate) fn taped(&mut self, taping: Taping, desk: &mut Desk<'_>) {
        match taping {
            Taping::Begun { recording, by } => {
                self.record.recordings.push(recording);
                self.step(format!("{by} records the call."), desk);
            }
            Taping::Ended { by: Some(by) } => {
                self.step(format!("{by} records the call no longer."), desk);
            }
            Taping::Ended { by: None } => {
                self.step("The call is recorded no longer.".to_owned(), desk);
            }
            Taping::Failed { recording, why, kept } => {
                if !kept {
                    self.record.recordings.retain(|it| *it != recording);
                }
                self.step(format!("The call is recorded no longer: {}.", reason(why)), desk);
            }
        }
        desk.changed = true;
    }
}

/// What happened to the recording of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taping {
    /// It began.
    Begun {
        /// Which.
        recording: RecordingId,
        /// Who wanted it: an account or a number.
        by: String,
    },
    /// Somebody ended it.
    Ended {
        /// The number that keyed in the code, if it was that.
        by: Option<String>,
    },
    /// It ended by itself.
    Failed {
        /// Which.
        recording: RecordingId,
        /// Why.
        why: RecordingStop,
        /// Whether anything of it is there.
        kept: bool,
    },
}

fn reason(why: RecordingStop) -> &'static str {
    match why {
        RecordingStop::DiskFull => "the disk is full",
        RecordingStop::DiskFailed => "the disk does not take it",
        RecordingStop::Unheard => "the phones talk past the box and do not come back",
        RecordingStop::FileFull => "the file holds no more",
        RecordingStop::Call | RecordingStop::Asked | RecordingStop::Crash => "it was ended",
    }
}

/// How long one may think between two keys of a code.
const PATIENCE: Duration = Duration::from_secs(4);
/// More than the longest number.
const MOST: usize = 64;
