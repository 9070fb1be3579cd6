//! A call that we began (ITU-T Q.931 §5.1 for the user, §5.2 for the network).

use std::time::Instant;

use super::{Act, Call, Clearing, Event, Misuse, Outgoing, Rules, Said, State, Trouble, after};
use crate::q931::element::{CauseValue, Element, Number, Progress};
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::{Side, Timer};

impl Call {
    /// SETUP ACKNOWLEDGE, CALL PROCEEDING, ALERTING, CONNECT: each where it fits.
    pub(super) fn far_side_answers(
        &mut self,
        message: Message,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let timers = &rules.timers;
        let (state, event): (State, fn(Said) -> Event) = match message.kind {
            MessageKind::SetupAck => {
                let t304 = after(timers.t304, now);
                (State::Outgoing(Outgoing::Overlap { t304 }), Event::DigitsWanted)
            }
            MessageKind::CallProceeding => {
                // §5.1.6: what leads out of the ISDN may tell nothing more.
                let silent = message.progress().any(leads_out);
                let t310 = if silent { None } else { after(timers.t310, now) };
                (State::Outgoing(Outgoing::Proceeding { t310 }), Event::Proceeding)
            }
            MessageKind::Alerting => {
                let t301 = after(timers.t301, now);
                (State::Outgoing(Outgoing::Ringing { t301 }), Event::Ringing)
            }
            // §5.1.8, §5.2.8.
            _ => {
                out.push(Act::Send(self.message(MessageKind::ConnectAck)));
                (State::Active { t309: None }, Event::Answered)
            }
        };
        self.state = state;
        out.push(Act::Tell(event(Said::new(message))));
    }

    pub(super) fn far_side_progresses(&mut self, message: Message, out: &mut Vec<Act>) {
        // Table 9-2: PROGRESS stops T310.
        if let State::Outgoing(Outgoing::Proceeding { t310 }) = &mut self.state {
            *t310 = None;
        }
        out.push(Act::Tell(Event::Progress(Said::new(message))));
    }

    /// §5.1.3: digits after SETUP ACKNOWLEDGE; each begins T304 anew.
    pub(super) fn dial_more(
        &mut self,
        number: Number,
        complete: bool,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        let State::Outgoing(Outgoing::Overlap { t304 }) = &mut self.state else {
            return Err(Misuse::WrongState(self.state(rules.side)));
        };
        *t304 = after(rules.timers.t304, now);
        let mut message =
            self.message(MessageKind::Information).with(Element::CalledNumber(number));
        if complete {
            message.push(Element::SendingComplete);
        }
        out.push(Act::Send(message));
        Ok(())
    }

    /// T303: SETUP once more, then no more (§5.1.1, §5.2.5.3).
    pub(super) fn setup_unanswered(&mut self, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        let State::Outgoing(Outgoing::Sent { setup, t303, left }) = &mut self.state else { return };
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(Timer::T303))));
        if *left > 0 {
            *left -= 1;
            *t303 = after(rules.timers.t303, now);
            out.push(Act::Send(Message::clone(setup)));
            return;
        }
        let expired = rules.cause(CauseValue::TIMER_EXPIRED);
        out.push(Act::Send(self.message(MessageKind::ReleaseComplete).with(expired)));
        self.end(rules.cause(CauseValue::NO_USER_RESPONDING), None, out);
    }

    /// T301, T304, T310: nobody answers, digits are missing, nothing becomes of it. The far side is told
    /// that a timer expired, the owner what it means (§5.2.4, §5.2.5.3).
    pub(super) fn far_side_is_late(
        &mut self,
        timer: Timer,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let meaning = match (timer, rules.side) {
            (Timer::T301, _) => CauseValue::NO_ANSWER,
            (Timer::T304, _) => CauseValue::INVALID_NUMBER,
            (_, Side::Network) => CauseValue::NO_USER_RESPONDING,
            (_, Side::User) => CauseValue::TIMER_EXPIRED,
        };
        self.give_up(timer, meaning, rules, now, out);
    }

    /// A timer expired that leads to DISCONNECT with cause 102.
    pub(super) fn give_up(
        &mut self,
        timer: Timer,
        meaning: CauseValue,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(timer))));
        self.why = Some(rules.cause(meaning));
        self.clear(rules.cause(CauseValue::TIMER_EXPIRED), rules, now, out);
    }

    /// Ends it from our side, and tells the owner.
    pub(super) fn clear(
        &mut self,
        cause: crate::q931::element::Cause,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let why = self.why.get_or_insert_with(|| cause.clone()).clone();
        out.push(Act::Send(self.message(MessageKind::Disconnect).with(cause)));
        let at = after(rules.timers.t305, now);
        self.state = State::Clearing(Clearing::Asked { at, tones: false });
        out.push(Act::Tell(Event::Disconnected { cause: why, said: None }));
    }
}

/// Progress indicators 1, 2 and 8: out of the ISDN, or something to be heard.
fn leads_out(progress: &Progress) -> bool {
    progress.is_in_band() || progress.description == Progress::DESTINATION_NOT_ISDN
}
