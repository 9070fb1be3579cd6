//! The end of a call (ITU-T Q.931 §5.3).

use std::time::Instant;

use super::{
    Act, Call, Clearing, Event, Faults, Incoming, Rules, Said, State, Timer, Trouble, after,
};
use crate::q931::element::{Cause, CauseValue, Element, Progress};
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::Side;

impl Call {
    /// The owner ends it.
    pub(super) fn disconnect(
        &mut self,
        cause: CauseValue,
        tones: bool,
        with: Vec<Element>,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let cause = rules.cause(cause);
        let say = |kind, call: &Self, cause: &Cause| {
            let mut message = call.message(kind).with(cause.clone());
            with.iter().for_each(|element| message.push(element.clone()));
            message
        };
        match self.state {
            State::Null | State::Clearing(Clearing::Asked { .. } | Clearing::Released { .. }) => {}
            // §5.3.2 a: a SETUP is refused at once, unless there is something to be heard.
            State::Incoming(Incoming::Present) if !tones => {
                out.push(Act::Send(say(MessageKind::ReleaseComplete, self, &cause)));
                self.end(cause, None, out);
            }
            State::Clearing(Clearing::Told) => {
                let message = say(MessageKind::Release, self, &cause);
                self.release(message, rules, now, out);
            }
            _ => {
                let mut message = say(MessageKind::Disconnect, self, &cause);
                if let Some(channel) = self.channel.take() {
                    // The caller does not know yet where to listen.
                    let first = self.message(MessageKind::CallProceeding).with(channel);
                    out.push(Act::Send(first));
                }
                // §5.3.4.1: users have nothing to play.
                let tones = tones && rules.side == Side::Network;
                let wait = if tones { rules.timers.t306 } else { rules.timers.t305 };
                let in_band = |progress: &Progress| progress.is_in_band();
                if tones && !message.progress().any(in_band) {
                    message.push(Progress::new(rules.location, Progress::IN_BAND));
                }
                self.why.get_or_insert(cause);
                self.state = State::Clearing(Clearing::Asked { at: after(wait, now), tones });
                out.push(Act::Send(message));
            }
        }
    }

    /// Refuses the channel that the far side chose (§5.1.2, §5.2.3.1).
    pub(in crate::q931) fn refuse_channel(
        &mut self,
        cause: CauseValue,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let cause = rules.cause(cause);
        self.why.get_or_insert(cause.clone());
        out.push(Act::Tell(Event::Disconnected { cause: cause.clone(), said: None }));
        let message = self.message(MessageKind::Release).with(cause);
        self.release(message, rules, now, out);
    }

    /// DISCONNECT: we release, unless the owner may want to listen (§5.3.3, §5.3.4).
    pub(super) fn far_side_disconnects(
        &mut self,
        message: Message,
        faults: &Faults,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let crossed = matches!(self.state, State::Clearing(_));
        let cause = cause_of(&message, rules);
        let why = self.why.get_or_insert(cause).clone();
        let mut answer = self.message(MessageKind::Release);
        if let Some(fault) = faults.worst() {
            answer.push(fault.cause(rules));
        }
        let said = Said::new(message);
        let listens = rules.dialect.habits().tones_after_disconnect;
        // §5.3.5: both at once.
        if crossed {
            return self.release(answer, rules, now, out);
        }
        if said.in_band && rules.side == Side::User && listens {
            self.state = State::Clearing(Clearing::Told);
            return out.push(Act::Tell(Event::Disconnected { cause: why, said: Some(said) }));
        }
        out.push(Act::Tell(Event::Disconnected {
            cause: why,
            said: Some(Said { in_band: false, ..said }),
        }));
        self.release(answer, rules, now, out);
    }

    /// RELEASE: over; answered, unless ours crossed it (§5.3.5).
    pub(super) fn far_side_releases(
        &mut self,
        message: Message,
        faults: &Faults,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) {
        if !matches!(self.state, State::Clearing(Clearing::Released { .. })) {
            let mut answer = self.message(MessageKind::ReleaseComplete);
            if let Some(fault) = faults.worst() {
                answer.push(fault.cause(rules));
            } else if message.cause().is_none() && !matches!(self.state, State::Clearing(_)) {
                // Only the first message of an end must say why (table 3-11, note 1; §5.8.6.1).
                let missing = rules.cause(CauseValue::MANDATORY_MISSING);
                answer.push(missing.with_diagnostics([CAUSE]));
            }
            out.push(Act::Send(answer));
        }
        self.far_side_is_done(message, rules, out);
    }

    /// RELEASE COMPLETE, in whatever state (§5.3.2, §5.8.4).
    pub(super) fn far_side_is_done(&mut self, message: Message, rules: &Rules, out: &mut Vec<Act>) {
        let cause = self.why.take().unwrap_or_else(|| cause_of(&message, rules));
        self.end(cause, Some(Said::new(message)), out);
    }

    /// T305, T306: RELEASE with the cause of DISCONNECT (§5.3.3, §5.3.4).
    pub(super) fn disconnect_unanswered(
        &mut self,
        timer: Timer,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let normal = || rules.cause(CauseValue::NORMAL_UNSPECIFIED);
        let cause = self.why.clone().unwrap_or_else(normal);
        if timer == Timer::T305 {
            out.push(Act::Tell(Event::Trouble(Trouble::Expired(timer))));
        }
        self.release(self.message(MessageKind::Release).with(cause), rules, now, out);
    }

    /// T308: RELEASE once more, then the channel is not trusted any longer (§5.3.3, §5.3.4).
    pub(super) fn release_unanswered(&mut self, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        let State::Clearing(Clearing::Released { release, t308, left }) = &mut self.state else {
            return;
        };
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(Timer::T308))));
        if *left > 0 {
            *left -= 1;
            *t308 = after(rules.timers.t308, now);
            return out.push(Act::Send(Message::clone(release)));
        }
        out.push(Act::Distrust);
        let expired = || rules.cause(CauseValue::TIMER_EXPIRED);
        let cause = self.why.take().unwrap_or_else(expired);
        self.end(cause, None, out);
    }

    fn release(&mut self, message: Message, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        out.push(Act::Send(message.clone()));
        let t308 = after(rules.timers.t308, now);
        let release = Box::new(message);
        self.state = State::Clearing(Clearing::Released { release, t308, left: rules.repeats });
    }
}

/// The identifier of the cause (table 4-3).
const CAUSE: u8 = 0x08;

/// The cause that a message gives; 31 if it gives none (§5.8.6.1).
fn cause_of(message: &Message, rules: &Rules) -> Cause {
    let none = || rules.cause(CauseValue::NORMAL_UNSPECIFIED);
    message.cause().cloned().unwrap_or_else(none)
}
