//! What one call does when a leg speaks.

use crate::calls::World;
use crate::desk::Desk;
use crate::forward;
use crate::placing::{Attempts, Placing};
use crate::route::{self, Caller};
use crate::serve::Served;
use crate::typing::Typing;
use call::{
    CallId, CallRecord, CallState, Cause, Decider, Direction, End, KeyPress, KeyRecord, LegCommand,
    LegEvent, LegId, Offer, Origin, Party, Place, Step, UserData, Why,
};
use config::{TenantId, TrunkId};
use std::collections::BTreeMap;
use std::time::Instant;

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) record: CallRecord,
    pub(crate) caller: Caller,
    pub(crate) state: State,
    /// What the callee is shown.
    pub(crate) from: Party,
    pub(crate) anonymous: bool,
    /// What the caller says to whom he calls.
    pub(crate) user: Option<UserData>,
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

impl Call {
    pub(crate) fn new(id: CallId, leg: LegId, offer: Offer, world: &dyn World) -> (Self, String) {
        let config = world.config();
        let Offer { origin, mut from, anonymous, dialled, diverted, user, .. } = offer;
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
            Origin::Trunk { tenant, trunk, line } => {
                let trunk = TrunkId(trunk);
                if let Some(e164) = config.zone().to_e164_from_carrier(&from.number) {
                    from.number = e164.to_string();
                }
                let name = config.trunks.get(&trunk).map(|trunk| trunk.name.clone());
                let number = from.number.clone();
                let caller = Caller::Trunk { tenant: TenantId(tenant), trunk, line, number };
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
            diverted,
            digits: String::new(),
            keys: Vec::new(),
            talking: Vec::new(),
            security: Vec::new(),
            paths: Vec::new(),
            recordings: Vec::new(),
            streams: Vec::new(),
        };
        let state = State::Placing(Box::new(Placing::new(leg)));
        let talker = Talker { party: from.clone(), rights: Some(caller.clone()) };
        let who = BTreeMap::from([(leg, talker)]);
        let trunks = BTreeMap::new();
        let typing = Typing::default();
        let call = Self { record, caller, state, from, anonymous, user, trunks, who, typing };
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
        for step in self.record.diverted.iter().map(forward::came_from).collect::<Vec<_>>() {
            self.step(step, desk);
        }
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
    pub(crate) fn event(&mut self, leg: LegId, event: LegEvent, desk: &mut Desk<'_>) {
        match event {
            LegEvent::Ringing => self.rings(leg, desk),
            LegEvent::Progress => self.progresses(leg, desk),
            LegEvent::Answered => self.answered(leg, desk),
            LegEvent::Redirected { to } => self.redirected(leg, &to, desk),
            LegEvent::UserSays(data) => self.user_says(leg, data, desk),
            LegEvent::Noted(sentence) => self.step(sentence, desk),
            LegEvent::Held => self.hold(true, desk),
            LegEvent::Resumed => self.hold(false, desk),
            LegEvent::Key(key) => self.pressed(leg, key, desk),
            LegEvent::Heard => self.heard(leg, true, desk),
            LegEvent::Missing => self.heard(leg, false, desk),
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
        }
        self.typed(leg, press.key, desk);
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
