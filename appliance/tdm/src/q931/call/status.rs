//! Where do you stand? (ITU-T Q.931 §5.8.10, §5.8.11.)

use std::time::Instant;

use super::{Act, Call, CallState, Clearing, Event, Incoming, Rules, State, Timer, Trouble, after};
use crate::q931::element::{self, Cause, CauseValue};
use crate::q931::message::{Message, MessageKind};

/// STATUS ENQUIRY was sent; one at a time (§5.8.10).
#[derive(Debug)]
pub(super) struct Enquiry {
    t322: Option<Instant>,
    left: u8,
}

impl Enquiry {
    pub(super) fn deadline(&self) -> Option<(Instant, Timer)> {
        self.t322.map(|at| (at, Timer::T322))
    }
}

impl Call {
    /// Asks the far side where it stands.
    pub fn enquire(&mut self, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        if self.is_over() || self.enquiry.is_some() {
            return;
        }
        self.enquiry = Some(Enquiry { t322: after(rules.timers.t322, now), left: rules.repeats });
        out.push(Act::Send(self.message(MessageKind::StatusEnquiry)));
    }

    /// T322: once more, then the call is not believed in any longer.
    pub(super) fn enquiry_unanswered(&mut self, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        let Some(enquiry) = &mut self.enquiry else { return };
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(Timer::T322))));
        if enquiry.left > 0 {
            enquiry.left -= 1;
            enquiry.t322 = after(rules.timers.t322, now);
            return out.push(Act::Send(self.message(MessageKind::StatusEnquiry)));
        }
        self.enquiry = None;
        if !matches!(self.state, State::Clearing(_)) {
            self.clear(rules.cause(CauseValue::TEMPORARY_FAILURE), rules, now, out);
        }
    }

    pub(super) fn say_status(&mut self, cause: CauseValue, rules: &Rules, out: &mut Vec<Act>) {
        self.say_status_with(rules.cause(cause), rules, out);
    }

    pub(super) fn say_status_with(&mut self, cause: Cause, rules: &Rules, out: &mut Vec<Act>) {
        let state = element::CallState::new(self.state(rules.side).value());
        out.push(Act::Send(self.message(MessageKind::Status).with(cause).with(state)));
    }

    /// STATUS (§5.8.11).
    pub(super) fn heard_status(
        &mut self,
        message: &Message,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let (Some(cause), Some(state)) = (message.cause(), message.call_state()) else { return };
        let theirs = CallState::from_value(state.value);
        self.enquiry = None;
        if theirs == CallState::Null {
            let failure = || rules.cause(CauseValue::TEMPORARY_FAILURE);
            let why = self.why.take().unwrap_or_else(failure);
            return self.end(why, None, out);
        }
        let asked = [CauseValue::STATUS_ENQUIRED, CauseValue::NORMAL_UNSPECIFIED];
        if !asked.contains(&cause.value) {
            let trouble = Trouble::Reproached { cause: cause.value, state: theirs };
            out.push(Act::Tell(Event::Trouble(trouble)));
        }
        if !self.agrees_with(theirs) {
            self.clear(rules.cause(CauseValue::NOT_COMPATIBLE), rules, now, out);
        }
    }

    /// Whether the far side may stand there. The link keeps the order: what it said before is known, what
    /// we said last may still be on its way.
    fn agrees_with(&self, theirs: CallState) -> bool {
        use CallState as S;
        let user_called = matches!(
            theirs,
            S::CallInitiated | S::OverlapSending | S::OutgoingCallProceeding | S::CallDelivered
        );
        let user_is_called = matches!(
            theirs,
            S::CallPresent | S::OverlapReceiving | S::IncomingCallProceeding | S::CallReceived
        );
        let rings = user_called || user_is_called;
        match self.state {
            // §5.8.11 b; and DISCONNECT is on its way.
            State::Clearing(Clearing::Asked { .. } | Clearing::Released { .. }) | State::Null => {
                true
            }
            State::Clearing(Clearing::Told) => {
                matches!(theirs, S::DisconnectIndication | S::DisconnectRequest)
            }
            State::Outgoing(_) => rings || theirs == S::ConnectRequest,
            State::Incoming(Incoming::Answered { .. }) => rings || theirs == S::ConnectRequest,
            State::Incoming(_) => rings,
            // CONNECT or its acknowledgement may be on its way.
            State::Active { .. } => {
                rings && !self.began_here() || matches!(theirs, S::Active | S::ConnectRequest)
            }
        }
    }

    fn began_here(&self) -> bool {
        self.reference.from_originator()
    }
}
