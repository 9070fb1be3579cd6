//! Calling somebody: all phones of an extension at once, or trunks one after the other.

use crate::call::{Call, State, Talker, cancelled};
use crate::desk::Desk;
use crate::route::{Caller, TrunkChoice};
use crate::user::Users;
use call::{
    CallState, Cause, Decider, Diversion, DiversionReason, End, LegCommand, LegId, Party, Place,
    Target, Tone, TransferState, Voice, Why,
};
use config::{ExtensionId, TenantId, TrunkId};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Somebody is being called.
#[derive(Debug)]
pub(crate) struct Placing {
    /// The side that waits.
    pub(crate) caller: LegId,
    /// It talked already, to a leg that is transferring it.
    pub(crate) connected: bool,
    /// That leg, as long as it is there. If nobody answers, the two talk on.
    pub(crate) transferor: Option<Transferor>,
    pub(crate) attempts: Attempts,
    /// The called legs, and whether each was heard of.
    called: BTreeMap<LegId, bool>,
    /// What the users of called legs say.
    pub(crate) users: Users,
    /// The leg whose early sound the caller hears.
    sounding: Option<LegId>,
    /// A caller that talked before hears that it rings.
    ringing: bool,
    /// The most telling of the ends so far.
    worst: Option<End>,
    /// How many forwardings the call went through before: a transfer begins anew.
    forwarded_before: usize,
}

/// The leg that transfers, and what the record said before of who was called.
#[derive(Debug)]
pub(crate) struct Transferor {
    pub(crate) leg: LegId,
    pub(crate) to: Party,
    pub(crate) destination: Option<Place>,
}

#[derive(Debug)]
pub(crate) enum Attempts {
    /// Nobody yet.
    None,
    /// The phones of an extension, until this instant.
    Extension { id: ExtensionId, until: Instant },
    /// Trunks: those that are left, the one that is being tried, and until when it may stay mute.
    Trunks { left: VecDeque<TrunkChoice>, emergency: bool, tried: Option<(TrunkId, Instant)> },
}

impl Placing {
    pub(crate) fn new(caller: LegId) -> Self {
        Self {
            caller,
            connected: false,
            transferor: None,
            attempts: Attempts::None,
            called: BTreeMap::new(),
            users: Users::default(),
            sounding: None,
            ringing: false,
            worst: None,
            forwarded_before: 0,
        }
    }

    /// A transfer: `caller` is up and waits for somebody new.
    pub(crate) fn transfer(caller: LegId, by: Transferor, forwarded_before: usize) -> Self {
        Self { connected: true, transferor: Some(by), forwarded_before, ..Self::new(caller) }
    }

    /// `caller` is up, and nobody waits with it for somebody new.
    pub(crate) fn connected(caller: LegId) -> Self {
        Self { connected: true, ..Self::new(caller) }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.attempts {
            Attempts::None => None,
            Attempts::Extension { until, .. } => Some(*until),
            Attempts::Trunks { tried, .. } => tried.as_ref().map(|(_, until)| *until),
        }
    }

    pub(crate) fn take_called(&mut self) -> Vec<LegId> {
        std::mem::take(&mut self.called).into_keys().collect()
    }

    pub(crate) fn legs(&self) -> Vec<LegId> {
        let called = self.called.keys().copied();
        let transferor = self.transferor.as_ref().map(|by| by.leg);
        [self.caller].into_iter().chain(transferor).chain(called).collect()
    }
}

impl Call {
    fn placing(&mut self) -> Option<&mut Placing> {
        match &mut self.state {
            State::Placing(placing) => Some(placing),
            State::Up { .. } | State::Served(_) => None,
        }
    }

    /// The forwardings on the way to who is being called now.
    pub(crate) fn diverted(&self) -> &[Diversion] {
        let before = match &self.state {
            State::Placing(placing) => placing.forwarded_before,
            State::Up { .. } | State::Served(_) => 0,
        };
        self.record.diverted.get(before..).unwrap_or_default()
    }

    pub(crate) fn ring_extension(&mut self, id: ExtensionId, desk: &mut Desk<'_>) {
        let Some(extension) = desk.world.config().extensions.get(&id).cloned() else {
            let end = End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber);
            return self.failed(end, desk);
        };
        self.record.to =
            Party { number: extension.number.to_string(), name: extension.name.clone() };
        self.record.destination = Some(Place::Extension(extension.number.to_string()));
        if let Some(target) = &extension.forward.always {
            let target = target.as_str();
            return self.forward(&extension, target, DiversionReason::Unconditional, desk);
        }
        if extension.do_not_disturb {
            let end = End::ours(Cause::USER_BUSY, Why::DoNotDisturb);
            return self.extension_failed(&extension, end, desk);
        }
        let phones = desk.world.registrations(extension.tenant, extension.number.as_str());
        if phones.is_empty() {
            let end = End::ours(Cause::SUBSCRIBER_ABSENT, Why::NotRegistered);
            return self.extension_failed(&extension, end, desk);
        }
        let seconds = match extension.forward.no_answer {
            Some(_) => extension.forward.no_answer_seconds,
            None => desk.world.config().settings.ring_seconds,
        };
        let until = desk.now + Duration::from_secs(seconds.into());
        let number = extension.number.to_string();
        let diverted = self.diverted().to_vec();
        let (from, anonymous) = (self.from.clone(), self.anonymous);
        let user = self.user.clone();
        let Some(placing) = self.placing() else { return };
        placing.attempts = Attempts::Extension { id, until };
        let media = placing.caller;
        for id in phones {
            let leg = desk.new_leg();
            placing.called.insert(leg, false);
            let target = Target::Registration { id, number: number.clone() };
            let (from, diverted, user) = (from.clone(), diverted.clone(), user.clone());
            desk.tell(leg, LegCommand::Dial { target, from, anonymous, media, diverted, user });
        }
        desk.changed = true;
    }

    /// Tries the next trunk; `last` is how the one before it failed.
    pub(crate) fn next_trunk(&mut self, last: Option<End>, desk: &mut Desk<'_>) {
        let mut why = last;
        loop {
            let Some(placing) = self.placing() else { return };
            let Attempts::Trunks { left, emergency, tried } = &mut placing.attempts else {
                return;
            };
            *tried = None;
            let emergency = *emergency;
            let Some(choice) = left.pop_front() else {
                let end = why.unwrap_or_else(|| End::ours(Cause::NO_ROUTE, Why::NoRoute));
                return self.failed(end, desk);
            };
            let Some(trunk) = desk.world.config().trunks.get(&choice.trunk).cloned() else {
                continue;
            };
            if !emergency && !desk.trunk_has_room(choice.trunk) {
                self.step(format!("Trunk {} carries all the calls that it may.", trunk.name), desk);
                why.get_or_insert(End::ours(Cause::NO_CIRCUIT, Why::TrunkFull));
                continue;
            }
            self.record.destination = Some(Place::Trunk(trunk.name.clone()));
            self.record.to = Party { number: choice.number.clone(), name: String::new() };
            return self.dial_trunk(choice, desk);
        }
    }

    fn dial_trunk(&mut self, choice: TrunkChoice, desk: &mut Desk<'_>) {
        let ring = desk.world.config().settings.ring_seconds;
        let until = desk.now + Duration::from_secs(ring.into());
        let leg = desk.new_leg();
        desk.trunk_taken(choice.trunk);
        self.trunks.insert(leg, choice.trunk);
        let diverted = self.diverted().to_vec();
        let (from, anonymous) = (self.shown_outside(&choice, desk), self.anonymous);
        let user = self.user.clone();
        let Some(placing) = self.placing() else { return };
        if let Attempts::Trunks { tried, .. } = &mut placing.attempts {
            *tried = Some((choice.trunk, until));
        }
        placing.called.insert(leg, false);
        let media = placing.caller;
        let route = choice.route.map(|route| route.0);
        let target = Target::Trunk { trunk: choice.trunk.0, number: choice.number, route };
        desk.tell(leg, LegCommand::Dial { target, from, anonymous, media, diverted, user });
        desk.changed = true;
    }

    /// What a callee outside sees: the extension's own outside number, else the trunk's. A call that
    /// came from outside keeps its number.
    fn shown_outside(&self, choice: &TrunkChoice, desk: &Desk<'_>) -> Party {
        let config = desk.world.config();
        let trunk = config.trunks.get(&choice.trunk);
        let own = match &self.caller {
            Caller::Trunk { .. } => None,
            Caller::Extension { .. } if self.from.number.starts_with('+') => None,
            Caller::Extension { tenant, number } => config
                .extension_by_number(*tenant, number)
                .and_then(|extension| extension.caller_id.clone())
                .or_else(|| trunk.and_then(|trunk| trunk.caller_id.number.clone())),
        };
        let number = own.map_or_else(|| self.from.number.clone(), |number| number.to_string());
        let written = trunk.map(|trunk| crate::route::written(config, trunk, &number));
        Party { number: written.unwrap_or(number), name: self.from.name.clone() }
    }

    pub(crate) fn rings(&mut self, leg: LegId, desk: &mut Desk<'_>) {
        let clock = desk.world.clock();
        let first = self.record.rang.is_none();
        let Some(placing) = self.placing() else { return };
        let Some(heard) = placing.called.get_mut(&leg) else { return };
        *heard = true;
        match &placing.transferor {
            Some(transferor) => {
                desk.tell(transferor.leg, LegCommand::TransferProgress(TransferState::Ringing));
            }
            None if placing.connected || !first => {}
            None => {
                let caller = placing.caller;
                placing.users.pass_on(leg, caller, desk);
                desk.tell(caller, LegCommand::Ring);
            }
        }
        self.let_hear_ringing(desk);
        if first {
            self.record.rang = Some(clock);
            self.record.state = CallState::Ringing;
            desk.changed = true;
        }
    }

    /// Who talked before hears the ringing tone from the box: his phone makes none in a call that is up.
    pub(crate) fn let_hear_ringing(&mut self, desk: &mut Desk<'_>) {
        let Some(placing) = self.placing() else { return };
        let heard = placing.called.values().any(|heard| *heard);
        if placing.connected && heard && !placing.ringing && placing.sounding.is_none() {
            placing.ringing = true;
            let ringback = Voice::Tone(Tone::Ringback);
            desk.tell(placing.caller, LegCommand::Hear(Some(ringback)));
        }
    }

    /// The caller hears the first that has something to say; two voices would be a muddle.
    pub(crate) fn progresses(&mut self, leg: LegId, desk: &mut Desk<'_>) {
        let Some(placing) = self.placing() else { return };
        let Some(heard) = placing.called.get_mut(&leg) else { return };
        *heard = true;
        if placing.sounding.is_some_and(|first| first != leg) {
            return;
        }
        placing.sounding = Some(leg);
        let caller = placing.caller;
        desk.tell(
            caller,
            match placing.connected {
                true => LegCommand::Listen { media: leg },
                false => LegCommand::Progress { media: leg },
            },
        );
    }

    pub(crate) fn answered(&mut self, leg: LegId, desk: &mut Desk<'_>) {
        let Some(placing) = self.placing() else { return };
        if placing.called.remove(&leg).is_none() {
            return;
        }
        let (caller, connected) = (placing.caller, placing.connected);
        let transferor = placing.transferor.take();
        if !connected {
            placing.users.pass_on(leg, caller, desk);
        }
        let elsewhere = End {
            cause: Cause::NORMAL_CLEARING,
            status: Some(200),
            by: Decider::Callee,
            why: Why::AnsweredElsewhere,
        };
        for other in std::mem::take(&mut placing.called).into_keys() {
            self.free_trunk(other, desk);
            desk.tell(other, LegCommand::End(elsewhere.clone()));
        }
        self.is_with(leg);
        self.up(caller, leg, desk);
        if connected {
            desk.tell(caller, LegCommand::Rejoin { media: leg, both: false });
        } else {
            desk.tell(caller, LegCommand::Answer { media: leg });
        }
        if let Some(Transferor { leg: transferor, .. }) = transferor {
            desk.tell(transferor, LegCommand::TransferProgress(TransferState::Done));
            self.free_trunk(transferor, desk);
            desk.tell(transferor, LegCommand::End(End::transferred()));
        }
        self.record.answered.get_or_insert(desk.world.clock());
        self.record.held = false;
    }

    /// Notes who answered on a leg.
    fn is_with(&mut self, leg: LegId) {
        let tenant = TenantId(self.record.tenant);
        let rights = match (self.trunks.get(&leg), &self.record.destination) {
            (Some(trunk), _) => {
                let number = self.record.to.number.clone();
                Some(Caller::Trunk { tenant, trunk: *trunk, line: None, number })
            }
            (None, Some(Place::Extension(number))) => {
                Some(Caller::Extension { tenant, number: number.clone() })
            }
            (None, Some(Place::Trunk(_) | Place::Number(_)) | None) => None,
        };
        self.who.insert(leg, Talker { party: self.record.to.clone(), rights });
    }

    pub(crate) fn free_trunk(&mut self, leg: LegId, desk: &mut Desk<'_>) {
        if let Some(trunk) = self.trunks.remove(&leg) {
            desk.trunk_freed(trunk);
        }
    }

    /// A leg ended while somebody was being called.
    pub(crate) fn attempt_ended(&mut self, leg: LegId, end: End, desk: &mut Desk<'_>) {
        let Some(placing) = self.placing() else { return };
        if placing.caller == leg {
            let end = if placing.connected { end } else { cancelled_by(&end) };
            return self.over(Some(leg), end, desk);
        }
        if placing.transferor.as_ref().is_some_and(|by| by.leg == leg) {
            // It hung up without waiting: the transfer goes on by itself.
            placing.transferor = None;
            return;
        }
        if placing.called.remove(&leg).is_none() {
            return;
        }
        if placing.sounding == Some(leg) {
            placing.sounding = None;
        }
        let refused_for_all = end.status.is_some_and(|status| status >= 600);
        let told = placing.worst.take();
        let tells_more = told.filter(|told| weight(told) >= weight(&end));
        if tells_more.is_none() {
            placing.users.counts(leg);
        }
        placing.worst = Some(tells_more.unwrap_or(end));
        if refused_for_all {
            let others = std::mem::take(&mut placing.called).into_keys();
            for other in others {
                desk.tell(other, LegCommand::End(cancelled()));
            }
        }
        if placing.called.is_empty() {
            self.attempts_failed(desk);
        }
    }

    /// Nobody is left who could answer.
    fn attempts_failed(&mut self, desk: &mut Desk<'_>) {
        let Some(placing) = self.placing() else { return };
        let end = placing
            .worst
            .take()
            .unwrap_or_else(|| End::ours(Cause::NO_USER_RESPONDING, Why::Unreachable));
        match &placing.attempts {
            Attempts::Extension { id, .. } => {
                let id = *id;
                match desk.world.config().extensions.get(&id).cloned() {
                    Some(extension) => self.extension_failed(&extension, end, desk),
                    None => self.failed(end, desk),
                }
            }
            Attempts::Trunks { tried, .. } => {
                let trunk = tried.as_ref().map(|(trunk, _)| *trunk);
                if !is_carriers_fault(&end) {
                    return self.failed(end, desk);
                }
                let config = desk.world.config();
                let name = trunk.and_then(|id| config.trunks.get(&id)).map(|t| t.name.clone());
                let name = name.unwrap_or_default();
                self.step(format!("Trunk {name} failed: {}{}.", end.why, said(&end)), desk);
                self.next_trunk(Some(end), desk);
            }
            Attempts::None => self.failed(end, desk),
        }
    }

    /// Time is up.
    pub(crate) fn timeout(&mut self, desk: &mut Desk<'_>) {
        self.served_enough(desk);
        let due = |placing: &&mut Placing| placing.deadline().is_some_and(|at| at <= desk.now);
        let Some(placing) = self.placing().filter(due) else { return };
        let end = End::ours(Cause::NO_ANSWER, Why::NoAnswer);
        placing.worst = Some(end.clone());
        for leg in std::mem::take(&mut placing.called).into_keys() {
            self.free_trunk(leg, desk);
            desk.tell(leg, LegCommand::End(end.clone()));
        }
        let Some(placing) = self.placing() else { return };
        if let Attempts::Extension { id, .. } = placing.attempts {
            placing.attempts = Attempts::None;
            if let Some(extension) = desk.world.config().extensions.get(&id).cloned() {
                return self.extension_failed(&extension, end, desk);
            }
        }
        self.failed(end, desk);
    }

    /// No way is left: the caller is told, or a transfer falls back to how it was.
    pub(crate) fn failed(&mut self, end: End, desk: &mut Desk<'_>) {
        let Some(placing) = self.placing() else { return };
        placing.attempts = Attempts::None;
        let caller = placing.caller;
        let Some(transferor) = placing.transferor.take() else {
            placing.users.pass_on_last(caller, desk);
            return match placing.connected {
                true => self.let_hear_failure(caller, end, desk),
                false => self.over(None, end, desk),
            };
        };
        let Transferor { leg: transferor, to, destination } = transferor;
        let status = end.status.unwrap_or(480);
        desk.tell(transferor, LegCommand::TransferProgress(TransferState::Failed(status)));
        self.step(format!("The transfer failed: {}.", end.why), desk);
        (self.record.to, self.record.destination) = (to, destination);
        self.up(caller, transferor, desk);
        desk.tell(caller, LegCommand::Hear(None));
    }
}

/// The caller's end before an answer is a cancellation, whatever its leg called it.
fn cancelled_by(end: &End) -> End {
    match end.why {
        Why::HungUp => cancelled(),
        _ => end.clone(),
    }
}

/// RFC 3261 §16.7 step 6 in small: which of several refusals tells the caller most.
fn weight(end: &End) -> u8 {
    match (end.status, &end.why) {
        (Some(600..), _) => 6,
        (_, Why::Busy | Why::DoNotDisturb) => 5,
        (_, Why::Rejected) => 4,
        (_, Why::NoAnswer) => 3,
        (Some(404 | 410 | 484), _) => 2,
        _ => 1,
    }
}

/// Whether another trunk may do better: nobody answered, the carrier says that it is its fault, no channel
/// that the call may take is free, or it may not speak what the caller does. What a carrier says of the number itself, the others say too.
fn is_carriers_fault(end: &End) -> bool {
    match (&end.why, end.status) {
        (Why::Busy | Why::NoSuchNumber | Why::Incomplete, _) => false,
        (Why::Unreachable | Why::TrunkFull | Why::NoCommonCodec { .. }, _) => true,
        // A line says no status.
        (why, None) => matches!(why, Why::CarrierFailed | Why::NoRoute),
        (_, Some(status)) => matches!(status, 408 | 500..=599),
    }
}

/// What the other side has said, as numbers for who asks the carrier.
fn said(end: &End) -> String {
    let cause = end.cause.0;
    match end.status {
        Some(status) => format!(" (SIP {status}, cause {cause})"),
        None => format!(" (cause {cause})"),
    }
}
