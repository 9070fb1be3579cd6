//! Every call of the box: who has which leg, what is due when, and what is to be done.

use crate::call::{Call, State};
use crate::desk::Desk;
use crate::typing::Taping;
use call::{
    CallId, CallRecord, CallState, End, Fetch, LegCommand, LegEvent, LegId, Offer, RegistrationId,
    UnixMillis,
};
use config::{Config, FeatureId, TenantId, TrunkId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

/// All calls. Tell it what legs say with [`Pbx::handle`], then do what [`Pbx::poll_act`] says.
#[derive(Debug, Default)]
pub struct Pbx {
    pub(crate) calls: BTreeMap<CallId, Call>,
    legs: BTreeMap<LegId, CallId>,
    timers: BTreeSet<(Instant, CallId)>,
    trunk_calls: BTreeMap<TrunkId, u32>,
    /// Who is in each conference.
    pub(crate) rooms: BTreeMap<FeatureId, BTreeSet<CallId>>,
    /// The conferences in which something has changed.
    pub(crate) untold_rooms: BTreeSet<FeatureId>,
    acts: VecDeque<Act>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Tell a leg of this call something.
    Leg(CallId, LegId, LegCommand),
    /// The call's record is this now.
    Record(Box<CallRecord>),
    /// Record the call, or no longer: somebody keyed in the code for it.
    TurnTape(CallId, String),
    /// A leg waits for a sound.
    Fetch(Fetch),
}

/// What a call may know of the world when it decides.
pub trait World {
    /// The configuration.
    fn config(&self) -> &Config;
    /// The phones of an extension, best first, without the one that shall not ring.
    fn registrations(&self, tenant: TenantId, number: &str) -> Vec<RegistrationId>;
    /// Whether a trunk is known to be down: others are tried first.
    fn is_down(&self, trunk: TrunkId) -> bool;
    /// A name for a new leg.
    fn new_leg(&mut self) -> LegId;
    /// What time people's clocks show.
    fn clock(&self) -> UnixMillis;
}

impl Pbx {
    /// Takes in what a leg says. `now` is for timers, `world` for everything else.
    pub fn handle(
        &mut self,
        call: CallId,
        leg: LegId,
        event: LegEvent,
        now: Instant,
        world: &mut dyn World,
    ) {
        if let LegEvent::Offered(offer) = event {
            return self.offered(call, leg, *offer, now, world);
        }
        // A leg that ended may still have something in the air.
        let Some(call) = self.legs.get(&leg).copied() else { return };
        if let LegEvent::TransferAsked { to, replaces } = event {
            return self.transfer_asked(call, leg, to, replaces, now, world);
        }
        self.with_call(call, |call, desk| call.event(leg, event, desk), now, world);
    }

    /// Ends a call from outside of it: the administrator, a limit, the end of the box.
    pub fn end(&mut self, call: CallId, end: End, now: Instant, world: &mut dyn World) -> bool {
        let known = self.calls.contains_key(&call);
        self.with_call(call, |call, desk| call.over(None, end, desk), now, world);
        known
    }

    /// Something happened to the recording of a call.
    pub fn taped(&mut self, call: CallId, taping: Taping, now: Instant, world: &mut dyn World) {
        self.with_call(call, |call, desk| call.taped(taping, desk), now, world);
    }

    /// Nothing is heard of a leg any more. While somebody is still being called that is no wonder.
    pub fn silent(&mut self, leg: LegId, end: End, now: Instant, world: &mut dyn World) {
        let Some(id) = self.call_of(leg) else { return };
        let talks = self.call(id).is_some_and(|call| !matches!(call.state, State::Placing(_)));
        if talks {
            self.end(id, end, now, world);
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant, world: &mut dyn World) {
        while let Some((at, id)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            self.with_call(id, |call, desk| call.timeout(desk), now, world);
        }
    }

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next thing to do.
    pub fn poll_act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// Records of all calls that are not over, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &CallRecord> {
        self.calls.values().map(|call| &call.record)
    }

    /// The record of one call that is not over.
    pub fn record(&self, id: CallId) -> Option<&CallRecord> {
        self.calls.get(&id).map(|call| &call.record)
    }

    /// How many calls are not over.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether no call is up or being placed.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The call of a leg.
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).copied()
    }

    /// The leg that a leg talks with.
    pub fn partner_of(&self, leg: LegId) -> Option<LegId> {
        match self.calls.get(self.legs.get(&leg)?)?.state {
            State::Up { a, b } if a == leg => Some(b),
            State::Up { a, b } if b == leg => Some(a),
            State::Up { .. } | State::Served(_) | State::Placing(_) => None,
        }
    }

    fn offered(
        &mut self,
        id: CallId,
        leg: LegId,
        offer: Offer,
        now: Instant,
        world: &mut dyn World,
    ) {
        let refused = offer.refused.clone();
        if let Some(replaced) = offer.replaces.filter(|_| refused.is_none()) {
            return self.take_place(id, leg, &offer, replaced, now, world);
        }
        let (call, dialled) = Call::new(id, leg, offer, world);
        self.legs.insert(leg, id);
        self.calls.insert(id, call);
        let step = |call: &mut Call, desk: &mut Desk<'_>| match refused {
            Some(end) => call.over(None, end, desk),
            None => call.place(leg, &dialled, desk),
        };
        self.with_call(id, step, now, world);
    }

    /// Runs one step of a call and keeps the tables true afterwards.
    pub(crate) fn with_call(
        &mut self,
        id: CallId,
        step: impl FnOnce(&mut Call, &mut Desk<'_>),
        now: Instant,
        world: &mut dyn World,
    ) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(deadline) = call.state.deadline() {
            self.timers.remove(&(deadline, id));
        }
        let (room, held) = (call.room(), call.record.held);
        let mut desk = Desk {
            call: id,
            now,
            world,
            acts: &mut self.acts,
            legs: &mut self.legs,
            trunk_calls: &mut self.trunk_calls,
            changed: false,
        };
        step(call, &mut desk);
        let changed = desk.changed;
        let over = call.record.state == CallState::Ended;
        if let Some(deadline) = call.state.deadline().filter(|_| !over) {
            self.timers.insert((deadline, id));
        }
        let moved = (room, call.room().filter(|_| !over));
        if changed {
            self.acts.push_back(Act::Record(Box::new(call.record.clone())));
        }
        if held != call.record.held {
            self.untold_rooms.extend(room);
        }
        self.moved(id, moved.0, moved.1);
        if over {
            self.calls.remove(&id);
        }
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    pub(crate) fn adopt(&mut self, leg: LegId, call: CallId) {
        self.legs.insert(leg, call);
    }

    pub(crate) fn say(&mut self, call: CallId, leg: LegId, command: LegCommand) {
        self.acts.push_back(Act::Leg(call, leg, command));
    }
}
