//! A call that the far side began (ITU-T Q.931 §5.2 for the user, §5.1 for the network).

use std::time::Instant;

use super::{Act, Call, Event, Incoming, Misuse, Rules, Said, State, Trouble, after};
use crate::q931::element::{Element, Progress};
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::Timer;

impl Call {
    /// §5.1.3, §5.2.4.
    pub(super) fn ask_digits(
        &mut self,
        with: Vec<Element>,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        let State::Incoming(Incoming::Present) = self.state else {
            return Err(Misuse::WrongState(self.state(rules.side)));
        };
        self.say_first(MessageKind::SetupAck, with, out);
        self.state = State::Incoming(Incoming::Overlap { t302: after(rules.timers.t302, now) });
        Ok(())
    }

    /// CALL PROCEEDING or ALERTING (§5.1.5, §5.1.7, §5.2.5.1): it rings also where nobody said before that
    /// the number will do, but not the other way round.
    pub(super) fn goes_on(
        &mut self,
        next: Incoming,
        with: Vec<Element>,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        let kind = match (&self.state, &next) {
            (
                State::Incoming(
                    Incoming::Present | Incoming::Overlap { .. } | Incoming::Proceeding,
                ),
                Incoming::Ringing,
            ) => MessageKind::Alerting,
            (
                State::Incoming(Incoming::Present | Incoming::Overlap { .. }),
                Incoming::Proceeding,
            ) => MessageKind::CallProceeding,
            _ => return Err(Misuse::WrongState(self.state(rules.side))),
        };
        self.say_first(kind, with, out);
        self.state = State::Incoming(next);
        Ok(())
    }

    /// §5.1.6, §5.2.6. PROGRESS is no first answer, but CALL PROCEEDING says the same.
    pub(super) fn progress(
        &mut self,
        progress: Progress,
        mut with: Vec<Element>,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        with.insert(0, progress.into());
        match self.state {
            State::Incoming(Incoming::Present) => {
                self.goes_on(Incoming::Proceeding, with, rules, out)
            }
            State::Incoming(
                Incoming::Overlap { .. } | Incoming::Proceeding | Incoming::Ringing,
            ) => {
                self.say_first(MessageKind::Progress, with, out);
                Ok(())
            }
            _ => Err(Misuse::WrongState(self.state(rules.side))),
        }
    }

    /// §5.1.8, §5.2.7.
    pub(super) fn answer(
        &mut self,
        with: Vec<Element>,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        let State::Incoming(
            Incoming::Present | Incoming::Overlap { .. } | Incoming::Proceeding | Incoming::Ringing,
        ) = self.state
        else {
            return Err(Misuse::WrongState(self.state(rules.side)));
        };
        self.say_first(MessageKind::Connect, with, out);
        self.state = if rules.answer_is_acknowledged() {
            State::Incoming(Incoming::Answered { t313: after(rules.timers.t313, now) })
        } else {
            State::Active { t309: None }
        };
        Ok(())
    }

    /// CONNECT ACKNOWLEDGE (§5.2.8).
    pub(super) fn answer_is_through(&mut self, out: &mut Vec<Act>) {
        self.state = State::Active { t309: None };
        out.push(Act::Tell(Event::Connected));
    }

    /// INFORMATION: digits where we wait for some, else something to show.
    pub(super) fn informed(
        &mut self,
        message: Message,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let State::Incoming(Incoming::Overlap { t302 }) = &mut self.state else {
            return out.push(Act::Tell(Event::Information(Said::new(message))));
        };
        let complete = message.sending_complete();
        *t302 = if complete { None } else { after(rules.timers.t302, now) };
        let number = message.called_number().cloned();
        let keypad = message.keypad().map(|keypad| keypad.0.clone());
        out.push(Act::Tell(Event::Digits { number, keypad, complete }));
    }

    /// T302: the owner knows whether what is there will do (§5.1.3, §5.2.4).
    pub(super) fn digits_ended(&mut self, out: &mut Vec<Act>) {
        let State::Incoming(Incoming::Overlap { t302 }) = &mut self.state else { return };
        *t302 = None;
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(Timer::T302))));
        out.push(Act::Tell(Event::DigitsEnded));
    }

    /// Says it, with the channel if nothing was said before (§5.2.3.1).
    fn say_first(&mut self, kind: MessageKind, with: Vec<Element>, out: &mut Vec<Act>) {
        let mut message = self.message(kind);
        if let Some(channel) = self.channel.take() {
            message.push(channel);
        }
        with.into_iter().for_each(|element| message.push(element));
        out.push(Act::Send(message));
    }

    /// Says what may be said at any time.
    pub(super) fn pass_on(
        &mut self,
        kind: MessageKind,
        with: Vec<Element>,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        // A SETUP must be answered first (§5.2.5), and what is released is not talked to.
        let fits = match (&self.state, kind) {
            (State::Null | State::Incoming(Incoming::Present), _)
            | (State::Clearing(super::Clearing::Released { .. }), _) => false,
            (State::Active { .. } | State::Incoming(Incoming::Ringing), _) => true,
            (State::Outgoing(super::Outgoing::Ringing { .. }), _) => true,
            (_, kind) => kind != MessageKind::UserInformation,
        };
        if !fits {
            return Err(Misuse::WrongState(self.state(rules.side)));
        }
        let mut message = self.message(kind);
        with.into_iter().for_each(|element| message.push(element));
        out.push(Act::Send(message));
        Ok(())
    }
}
