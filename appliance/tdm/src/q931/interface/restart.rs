//! Bringing channels back to rest, asked by either side (ITU-T Q.931 §5.5).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use super::{Channel, Due, Fault, Interface, Notice, Standing, Usage};
use crate::q931::call::{Faults, after};
use crate::q931::element::{CauseValue, ChannelId, Channels, RestartIndicator};
use crate::q931::message::{Message, MessageKind, Problem};
use crate::q931::timers::Timer;

/// What is restarted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Scope {
    /// One channel.
    Channel(Channel),
    /// Every channel of one span.
    Span(u8),
    /// Every channel of every span.
    All,
}

/// The restarts that run.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    /// The one we asked for: one at a time, since they share the global reference.
    ours: Option<Ours>,
    /// Those that we shall ask for.
    queue: VecDeque<Scope>,
    /// Those that the far side asked for and the owner works on, by a number of ours.
    theirs: BTreeMap<u64, Theirs>,
    last: u64,
}

#[derive(Debug)]
struct Ours {
    scope: Scope,
    message: Message,
    waiting: BTreeSet<Channel>,
    left: u8,
}

#[derive(Debug)]
struct Theirs {
    /// What the acknowledgement will say.
    answer: Message,
    whole: bool,
    cleared: Vec<Channel>,
    waiting: BTreeSet<Channel>,
}

impl Restarts {
    fn works_on(&self, channel: Channel) -> bool {
        self.ours.as_ref().is_some_and(|ours| ours.waiting.contains(&channel))
            || self.theirs.values().any(|theirs| theirs.waiting.contains(&channel))
    }
}

impl Interface {
    /// Restarts channels: their calls end here and there, and nobody uses them until the far side has
    /// confirmed it. What cannot be said now is said when the D channel is up.
    pub fn restart(&mut self, scope: Scope, now: Instant) {
        let pending = &self.restarts.queue;
        let runs = self.restarts.ours.as_ref().is_some_and(|ours| ours.scope == scope);
        let exists = !self.channels_of(scope).is_empty();
        if exists && !runs && !pending.contains(&scope) {
            for channel in self.channels_of(scope) {
                self.seize_for_restart(channel, now);
            }
            self.restarts.queue.push_back(scope);
        }
        self.next_restart(now);
    }

    pub(super) fn next_restart(&mut self, now: Instant) {
        if self.restarts.ours.is_some() || self.links.active().is_none() {
            return;
        }
        let Some(scope) = self.restarts.queue.pop_front() else { return };
        let (indicator, named) = match scope {
            Scope::Channel(channel) => (RestartIndicator::Channels, Some(self.name(channel))),
            Scope::Span(span) if self.params.names_spans => {
                let id = ChannelId::of(Channels::Interface).on_interface(span);
                (RestartIndicator::Interface, Some(id))
            }
            Scope::Span(_) => (RestartIndicator::Interface, None),
            Scope::All => (RestartIndicator::AllInterfaces, None),
        };
        let mut message = Message::new(self.global(), MessageKind::Restart).with(indicator);
        if let Some(named) = named {
            message.push(ChannelId { exclusive: true, ..named });
        }
        self.send(&message);
        let waiting = self.channels_of(scope).into_iter().collect();
        let left = self.params.rules.repeats;
        self.restarts.ours = Some(Ours { scope, message, waiting, left });
        self.wait_for_restart(now);
    }

    fn wait_for_restart(&mut self, now: Instant) {
        let at = after(self.params.rules.timers.t316, now);
        self.clock.set(Due::OurRestart, at.map(|at| (at, Timer::T316)));
    }

    fn channels_of(&self, scope: Scope) -> Vec<Channel> {
        match scope {
            Scope::Channel(channel) => {
                self.channels.state(channel).map(|_| channel).into_iter().collect()
            }
            Scope::Span(span) => self.channels.of_span(span),
            Scope::All => self.channels.iter().map(|(channel, _)| channel).collect(),
        }
    }

    /// Ends the channel's call and keeps others away from it.
    fn seize_for_restart(&mut self, channel: Channel, now: Instant) {
        let Some(state) = self.channels.state(channel) else { return };
        if let Some(call) = state.call() {
            self.with_call(call, now, |call, rules, _, out| {
                call.drop_here(CauseValue::TEMPORARY_FAILURE, rules, out);
            });
        }
        self.channels.take(channel, Usage::Restarting);
        self.tell_channel(channel);
    }

    /// A channel is at rest when no side works on it any longer (§5.5, note 2).
    fn rest(&mut self, channel: Channel, now: Instant) {
        let queued = self.restarts.queue.iter().copied().collect::<Vec<_>>();
        let again = queued.iter().any(|scope| self.channels_of(*scope).contains(&channel));
        if self.restarts.works_on(channel) || again {
            return;
        }
        let Some(state) = self.channels.state_mut(channel) else { return };
        if state.usage == Usage::Restarting {
            state.usage = Usage::Idle;
            self.tell_channel(channel);
            self.close_if_asked(channel, now);
        }
    }

    /// RESTART ACKNOWLEDGE (§5.5.1): for some of the channels, or for all.
    pub(super) fn restart_is_through(
        &mut self,
        message: &Message,
        problems: &[Problem],
        now: Instant,
    ) {
        let faults = Faults::of(problems, &self.params.rules);
        if let Some(fault) = faults.grave {
            return self.say_stray_status(message.call, fault.cause);
        }
        let named = message.channel_id().map(|id| self.named(id)).unwrap_or_default();
        // Only the answer to our own counts (§5.5, note 2).
        let Some(ours) = self.restarts.ours.as_mut().filter(|_| !message.call.from_originator())
        else {
            return;
        };
        let whole = named.is_empty();
        let done: Vec<_> = ours
            .waiting
            .iter()
            .filter(|channel| whole || named.contains(channel))
            .copied()
            .collect();
        done.iter().for_each(|channel| {
            ours.waiting.remove(channel);
        });
        let (scope, ended) = (ours.scope, ours.waiting.is_empty());
        if ended {
            self.restarts.ours = None;
            self.clock.set(Due::OurRestart, None);
        }
        for channel in done {
            self.rest(channel, now);
        }
        if ended {
            self.tell(Notice::Restarted { scope, confirmed: true });
            self.next_restart(now);
        }
    }

    /// T316: RESTART once more; then the channels are taken out of service until somebody looks (§5.5.1).
    pub(super) fn restart_unanswered(&mut self, now: Instant) {
        let Some(ours) = &mut self.restarts.ours else { return };
        if ours.left > 0 {
            ours.left -= 1;
            let message = ours.message.clone();
            self.send(&message);
            return self.wait_for_restart(now);
        }
        let Some(ours) = self.restarts.ours.take() else { return };
        for channel in ours.waiting {
            if let Some(state) = self.channels.state_mut(channel) {
                state.ours = Standing::Maintenance;
            }
            self.rest(channel, now);
        }
        self.tell(Notice::Restarted { scope: ours.scope, confirmed: false });
        self.next_restart(now);
    }

    /// RESTART (§5.5.2).
    pub(super) fn far_side_restarts(
        &mut self,
        message: &Message,
        problems: &[Problem],
        now: Instant,
    ) {
        let faults = Faults::of(problems, &self.params.rules);
        if let Some(fault) = faults.grave {
            return self.say_stray_status(message.call, fault.cause);
        }
        let id = message.channel_id().cloned();
        let (channels, whole) = match (message.restart_indicator(), &id) {
            (Some(RestartIndicator::Channels), Some(id)) => (self.named(id), false),
            (Some(RestartIndicator::Channels), None) => {
                return self.say_stray_status(message.call, CauseValue::MANDATORY_MISSING);
            }
            (Some(RestartIndicator::Interface), id) => {
                let span = match id {
                    Some(id) => self.span_of(id),
                    None => Some(self.primary_span()),
                };
                (span.map(|span| self.channels.of_span(span)).unwrap_or_default(), true)
            }
            (Some(RestartIndicator::AllInterfaces), _) => (self.channels_of(Scope::All), true),
            _ => return self.say_stray_status(message.call, CauseValue::INVALID_CONTENT),
        };
        let there = |channel: &Channel| self.channels.state(*channel).is_some();
        let channels: Vec<_> = channels.into_iter().filter(there).collect();
        if channels.is_empty() {
            return self.say_stray_status(message.call, CauseValue::CHANNEL_DOES_NOT_EXIST);
        }
        if self.restarts.theirs.len() >= MOST_RESTARTS {
            return self.say_stray_status(message.call, CauseValue::CONGESTION);
        }
        let mut answer = Message::new(message.call.answered(), MessageKind::RestartAck);
        if let Some(indicator) = message.restart_indicator() {
            answer.push(*indicator);
        }
        if let Some(id) = id {
            answer.push(id);
        }
        for channel in &channels {
            self.seize_for_restart(*channel, now);
        }
        let waiting = channels.iter().copied().collect();
        self.restarts.last = self.restarts.last.wrapping_add(1);
        let number = self.restarts.last;
        let theirs = Theirs { answer, whole, cleared: Vec::new(), waiting };
        self.restarts.theirs.insert(number, theirs);
        if !self.params.owner_clears {
            return channels.iter().for_each(|channel| self.cleared(*channel, now));
        }
        channels.into_iter().for_each(|channel| self.tell(Notice::Clear(channel)));
        let at = after(self.params.rules.timers.t317, now);
        self.clock.set(Due::TheirRestart(number), at.map(|at| (at, Timer::T317)));
    }

    /// The owner has cleared a channel that the far side restarts.
    pub fn cleared(&mut self, channel: Channel, now: Instant) {
        let mut complete = Vec::new();
        for (number, theirs) in &mut self.restarts.theirs {
            if theirs.waiting.remove(&channel) {
                theirs.cleared.push(channel);
                if theirs.waiting.is_empty() {
                    complete.push(*number);
                }
            }
        }
        self.rest(channel, now);
        for number in complete {
            self.clock.set(Due::TheirRestart(number), None);
            if let Some(theirs) = self.restarts.theirs.remove(&number) {
                self.send(&theirs.answer);
            }
        }
    }

    /// T317: what is cleared is acknowledged, and the owner is told of the rest (§5.5.2, note 1).
    pub(super) fn not_cleared_in_time(&mut self, number: u64, now: Instant) {
        let Some(theirs) = self.restarts.theirs.remove(&number) else { return };
        self.tell(Notice::Fault(Fault::NotCleared));
        let span = theirs.cleared.first().map(|channel| channel.span);
        if let Some(span) = span {
            let in_span = |channel: &&Channel| channel.span == span;
            let numbers = theirs.cleared.iter().filter(in_span).map(|c| c.number).collect();
            let kind = crate::q931::element::ChannelKind::B;
            let named = ChannelId::of(Channels::Numbers { kind, numbers });
            let named = if self.params.names_spans { named.on_interface(span) } else { named };
            let mut answer = Message::new(theirs.answer.call, MessageKind::RestartAck);
            let indicator = match theirs.answer.restart_indicator() {
                Some(indicator) if theirs.whole => *indicator,
                _ => RestartIndicator::Channels,
            };
            answer.push(indicator);
            answer.push(ChannelId { exclusive: true, ..named });
            self.send(&answer);
        }
        for channel in theirs.waiting {
            if let Some(state) = self.channels.state_mut(channel) {
                state.ours = Standing::Maintenance;
            }
            self.rest(channel, now);
        }
    }
}

/// The far side has one restart at a time (§5.5.1); more than this is a mistake.
const MOST_RESTARTS: usize = 256;
