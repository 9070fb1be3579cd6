//! What is due when: the next wait is found without looking at every call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::{CallId, Channel, LinkId};
use crate::q931::timers::Timer;

/// Whose wait it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(super) enum Due {
    /// A call's.
    Call(CallId),
    /// T316.
    OurRestart,
    /// T317 of the restart with this number.
    TheirRestart(u64),
    /// T321.
    SwitchOver,
    /// T314 of the message that comes in parts on this D channel.
    Segments(LinkId),
    /// SERVICE about this channel.
    Service(Channel),
}

/// Each has one wait at most.
#[derive(Debug, Default)]
pub(super) struct Clock {
    order: BTreeSet<(Instant, Due)>,
    waits: BTreeMap<Due, (Instant, Timer)>,
}

impl Clock {
    pub(super) fn set(&mut self, due: Due, wait: Option<(Instant, Timer)>) {
        if let Some((at, _)) = self.waits.remove(&due) {
            self.order.remove(&(at, due));
        }
        if let Some((at, timer)) = wait {
            self.order.insert((at, due));
            self.waits.insert(due, (at, timer));
        }
    }

    pub(super) fn next(&self) -> Option<(Instant, Timer)> {
        let (_, due) = self.order.first()?;
        self.waits.get(due).copied()
    }

    /// Takes the next wait that is over.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Due> {
        let (_, due) = *self.order.first().filter(|(at, _)| *at <= now)?;
        self.set(due, None);
        Some(due)
    }
}
