//! What one step of a call works with.

use crate::calls::{Act, World};
use call::{CallId, LegCommand, LegId};
use config::TrunkId;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// What one step of a call works with; the tables of all calls are kept true by it.
pub(crate) struct Desk<'a> {
    pub(crate) call: CallId,
    pub(crate) now: Instant,
    pub(crate) world: &'a mut dyn World,
    pub(crate) changed: bool,
    pub(crate) acts: &'a mut VecDeque<Act>,
    pub(crate) legs: &'a mut BTreeMap<LegId, CallId>,
    pub(crate) trunk_calls: &'a mut BTreeMap<TrunkId, u32>,
}

impl Desk<'_> {
    pub(crate) fn tell(&mut self, leg: LegId, command: LegCommand) {
        if matches!(command, LegCommand::End(_)) {
            self.legs.remove(&leg);
        }
        self.acts.push_back(Act::Leg(self.call, leg, command));
    }

    pub(crate) fn ask(&mut self, act: Act) {
        self.acts.push_back(act);
    }

    pub(crate) fn new_leg(&mut self) -> LegId {
        let leg = self.world.new_leg();
        self.legs.insert(leg, self.call);
        leg
    }

    pub(crate) fn forget(&mut self, leg: LegId) {
        self.legs.remove(&leg);
    }

    pub(crate) fn trunk_taken(&mut self, trunk: TrunkId) {
        *self.trunk_calls.entry(trunk).or_default() += 1;
    }

    pub(crate) fn trunk_freed(&mut self, trunk: TrunkId) {
        let Some(calls) = self.trunk_calls.get_mut(&trunk) else { return };
        *calls = calls.saturating_sub(1);
    }

    /// Whether one more call fits on a trunk.
    pub(crate) fn trunk_has_room(&self, trunk: TrunkId) -> bool {
        let most = self.world.config().trunks.get(&trunk).and_then(|trunk| trunk.max_calls);
        let up = self.trunk_calls.get(&trunk).copied().unwrap_or(0);
        most.is_none_or(|most| up < most)
    }
}
