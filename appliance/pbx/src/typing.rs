//! Codes that people key in while they talk. The other side hears the keys as well.

use crate::call::{Act, Call, Desk};
use crate::route::Caller;
use call::LegId;
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
    pub(crate) fn taped(&mut self, by: &str, runs: bool, desk: &mut Desk<'_>) {
        let does = if runs { "records the call" } else { "records the call no longer" };
        self.step(format!("{by} {does}."), desk);
    }
}

/// How long one may think between two keys of a code.
const PATIENCE: Duration = Duration::from_secs(4);
/// More than the longest number.
const MOST: usize = 64;
