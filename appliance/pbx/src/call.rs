//! Every call of the box, and what each does when a leg speaks.

use crate::placing::{Attempts, Placing};
use crate::route::{self, Caller};
use crate::serve::Served;
use crate::typing::Typing;
use call::{
    CallId, CallRecord, CallState, Cause, Decider, Direction, End, Fetch, KeyPress, KeyRecord,
    LegCommand, LegEvent, LegId, Offer, Origin, Party, Place, RegistrationId, Step, UnixMillis,
    Why,
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

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) record: CallRecord,
    pub(crate) caller: Caller,
    pub(crate) state: State,
    /// What the callee is shown.
    pub(crate) from: Party,
    pub(crate) anonymous: bool,
    pub(crate) trunks: BTreeMap<LegId, TrunkId>,
    /// Who is at the end of each leg that talks or calls.
    pub(crate) who: BTreeMap<LegId, Talker>,
    /// The last keys of those who talk.
    pub(crate) typing: Typing,
}

/// Somebody at the end of a leg.
#[derive(Debug, Clone)]
pub(crate) struct Talker {
    pub(crate) party: Party,
    /// With whose rights the call may go on when this one transfers it.
    pub(crate) rights: Option<Caller>,
}

#[derive(Debug)]
pub(crate) enum State {
    /// Somebody is being called.
    Placing(Box<Placing>),
    /// Two legs talk.
    Up { a: LegId, b: LegId },
    /// One leg talks with the box.
    Served(Served),
}

impl State {
    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Placing(placing) => placing.deadline(),
            Self::Served(served) => served.deadline(),
            Self::Up { .. } => None,
        }
    }

    /// Every leg of the call.
    fn legs(&self) -> Vec<LegId> {
        match self {
            Self::Placing(placing) => placing.legs(),
            Self::Up { a, b } => vec![*a, *b],
            Self::Served(served) => vec![served.leg],
        }
    }
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
            return self.offered(call, leg, offer, now, world);
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

    /// A call is recorded from now on, or no longer, because this number wanted it.
    pub fn taped(
        &mut self,
        call: CallId,
        by: &str,
        runs: bool,
        now: Instant,
        world: &mut dyn World,
    ) {
        self.with_call(call, |call, desk| call.taped(by, runs, desk), now, world);
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

/// What one step of a call works with.
pub(crate) struct Desk<'a> {
    pub(crate) call: CallId,
    pub(crate) now: Instant,
    pub(crate) world: &'a mut dyn World,
    pub(crate) changed: bool,
    acts: &'a mut VecDeque<Act>,
    legs: &'a mut BTreeMap<LegId, CallId>,
    trunk_calls: &'a mut BTreeMap<TrunkId, u32>,
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

impl Call {
    fn new(id: CallId, leg: LegId, offer: Offer, world: &dyn World) -> (Self, String) {
        let config = world.config();
        let Offer { origin, mut from, anonymous, dialled, .. } = offer;
        let (caller, place, direction) = match origin {
            Origin::Extension { tenant, number } => {
                let tenant = TenantId(tenant);
                if let Some(extension) = config.extension_by_number(tenant, &number)
                    && !extension.name.is_empty()
                {
                    from.name = extension.name.clone();
                }
                from.number = number.clone();
                let place = Place::Extension(number.clone());
                (Caller::Extension { tenant, number }, place, Direction::Internal)
            }
            Origin::Trunk { tenant, trunk } => {
                let trunk = TrunkId(trunk);
                if let Some(e164) = config.zone().to_e164_from_carrier(&from.number) {
                    from.number = e164.to_string();
                }
                let name = config.trunks.get(&trunk).map(|trunk| trunk.name.clone());
                let number = from.number.clone();
                let caller = Caller::Trunk { tenant: TenantId(tenant), trunk, number };
                (caller, Place::Trunk(name.unwrap_or_default()), Direction::Inbound)
            }
        };
        let tenant = match &caller {
            Caller::Extension { tenant, .. } | Caller::Trunk { tenant, .. } => tenant.0,
        };
        let record = CallRecord {
            id,
            tenant,
            direction,
            state: CallState::Dialling,
            from: from.clone(),
            origin: place,
            dialled: dialled.clone(),
            to: Party { number: dialled.clone(), name: String::new() },
            destination: None,
            started: world.clock(),
            rang: None,
            answered: None,
            ended: None,
            held: false,
            end: None,
            steps: Vec::new(),
            diverted: Vec::new(),
            digits: String::new(),
            keys: Vec::new(),
            talking: Vec::new(),
            security: Vec::new(),
            paths: Vec::new(),
            streams: Vec::new(),
        };
        let state = State::Placing(Box::new(Placing::new(leg)));
        let talker = Talker { party: from.clone(), rights: Some(caller.clone()) };
        let who = BTreeMap::from([(leg, talker)]);
        let trunks = BTreeMap::new();
        let typing = Typing::default();
        let call = Self { record, caller, state, from, anonymous, trunks, who, typing };
        (call, dialled)
    }

    /// Finds the way of a number and starts to call.
    pub(crate) fn place(&mut self, leg: LegId, dialled: &str, desk: &mut Desk<'_>) {
        if let Caller::Trunk { trunk, .. } = self.caller
            && self.trunks.insert(leg, trunk).is_none()
        {
            desk.trunk_taken(trunk);
        }
        desk.changed = true;
        self.follow(dialled, desk);
    }

    /// Follows the router's decision for a number.
    pub(crate) fn follow(&mut self, dialled: &str, desk: &mut Desk<'_>) {
        let decision = route::decide(desk.world.config(), &self.caller, dialled)
            .preferring_up(desk.world.config(), |trunk| desk.world.is_down(trunk));
        for step in decision.steps {
            self.step(step, desk);
        }
        match decision.way {
            route::Way::Extension(id) => self.ring_extension(id, desk),
            route::Way::Trunks { choices, emergency } => {
                self.record.direction = match self.record.direction {
                    Direction::Internal | Direction::Outbound => Direction::Outbound,
                    Direction::Inbound | Direction::Transit => Direction::Transit,
                };
                if let State::Placing(placing) = &mut self.state {
                    placing.attempts =
                        Attempts::Trunks { left: choices.into(), emergency, tried: None };
                }
                self.next_trunk(None, desk);
            }
            route::Way::Feature(id) => self.serve(id, desk),
            route::Way::Refused(end) => self.failed(end, desk),
        }
    }

    /// What a leg says, once the call is known.
    fn event(&mut self, leg: LegId, event: LegEvent, desk: &mut Desk<'_>) {
        match event {
            LegEvent::Ringing => self.rings(leg, desk),
            LegEvent::Progress => self.progresses(leg, desk),
            LegEvent::Answered => self.answered(leg, desk),
            LegEvent::Redirected { to } => self.redirected(leg, &to, desk),
            LegEvent::Held => self.hold(true, desk),
            LegEvent::Resumed => self.hold(false, desk),
            LegEvent::Key(key) => self.pressed(leg, key, desk),
            LegEvent::Heard => self.played(leg, Why::Played, desk),
            LegEvent::Missing => self.played(leg, Why::NoRecording, desk),
            LegEvent::Ended(end) => self.leg_ended(leg, end, desk),
            // Both were taken before a call was looked for.
            LegEvent::Offered(_) | LegEvent::TransferAsked { .. } => {}
        }
    }

    /// From now on these two talk with each other.
    pub(crate) fn up(&mut self, a: LegId, b: LegId, desk: &mut Desk<'_>) {
        self.state = State::Up { a, b };
        self.note_talking([a, b].map(|leg| self.party_of(leg)), desk);
    }

    /// Notes who talks with whom.
    pub(crate) fn note_talking(&mut self, pair: [Party; 2], desk: &mut Desk<'_>) {
        let as_placed = pair.iter().eq([&self.record.from, &self.record.to]);
        self.record.talking = if as_placed { Vec::new() } else { pair.to_vec() };
        self.record.state = CallState::Up;
        desk.changed = true;
    }

    pub(crate) fn party_of(&self, leg: LegId) -> Party {
        self.who.get(&leg).map(|talker| talker.party.clone()).unwrap_or_default()
    }

    fn leg_ended(&mut self, leg: LegId, end: End, desk: &mut Desk<'_>) {
        desk.forget(leg);
        if let Some(trunk) = self.trunks.remove(&leg) {
            desk.trunk_freed(trunk);
        }
        match &self.state {
            State::Up { a, b } if *a == leg || *b == leg => self.over(Some(leg), end, desk),
            State::Served(served) if served.leg == leg => {
                self.served_ended(end, desk);
            }
            State::Up { .. } | State::Served(_) => {}
            State::Placing(_) => self.attempt_ended(leg, end, desk),
        }
    }

    fn hold(&mut self, held: bool, desk: &mut Desk<'_>) {
        desk.changed |= self.record.held != held;
        self.record.held = held;
    }

    fn pressed(&mut self, leg: LegId, press: KeyPress, desk: &mut Desk<'_>) {
        if matches!(self.state, State::Placing(_)) {
            return;
        }
        if self.is_asking() {
            // A PIN is nobody's business.
            return self.key(press.key, desk);
        }
        if self.record.keys.len() < MAX_KEYS {
            let KeyPress { key, millis, source } = press;
            let after_ms = self.after_ms(desk);
            let by = self.party_of(leg).number;
            let key = KeyRecord { after_ms, by, key, duration_ms: millis, source };
            self.record.keys.push(key);
            desk.changed = true;
        }
        if let State::Up { a, b } = self.state {
            desk.tell(if leg == a { b } else { a }, LegCommand::Key(press));
            self.typed(leg, press.key, desk);
        }
    }

    /// The call is over, for this reason; `gone` needs no farewell.
    pub(crate) fn over(&mut self, gone: Option<LegId>, end: End, desk: &mut Desk<'_>) {
        if self.record.state == CallState::Ended {
            return;
        }
        for leg in self.state.legs().into_iter().filter(|leg| Some(*leg) != gone) {
            desk.tell(leg, LegCommand::End(end.clone()));
        }
        for trunk in std::mem::take(&mut self.trunks).into_values() {
            desk.trunk_freed(trunk);
        }
        if self.record.answered.is_none() && end.why == Why::HungUp && end.by == Decider::Caller {
            self.record.end = Some(End { why: Why::Cancelled, ..end });
        } else {
            self.record.end = Some(end);
        }
        self.record.state = CallState::Ended;
        self.record.ended = Some(desk.world.clock());
        desk.changed = true;
    }

    /// Adds a sentence to how the call found its way.
    pub(crate) fn step(&mut self, text: String, desk: &mut Desk<'_>) {
        if self.record.steps.len() >= MAX_STEPS {
            return;
        }
        let after_ms = self.after_ms(desk);
        self.record.steps.push(Step { after_ms, text });
        desk.changed = true;
    }

    fn after_ms(&self, desk: &Desk<'_>) -> u64 {
        let after = desk.world.clock().since(self.record.started);
        u64::try_from(after.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The cause for a caller that hung up before the answer.
pub(crate) fn cancelled() -> End {
    End { cause: Cause::NORMAL_CLEARING, status: None, by: Decider::Caller, why: Why::Cancelled }
}

/// A record is not a place for a machine that talks in tones for hours.
const MAX_KEYS: usize = 256;
const MAX_STEPS: usize = 64;
