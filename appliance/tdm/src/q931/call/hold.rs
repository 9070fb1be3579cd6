//! Holding a call that stands (ITU-T Q.932 §6.2, EN 300 196-1 §8): each side may hold for itself.

use std::time::Instant;

use super::{Act, Call, Event, Misuse, Rules, Trouble, after};
use crate::q931::element::CauseValue;
use crate::q931::message::{Message, MessageKind};
use crate::q931::timers::Timer;

/// Who holds.
#[derive(Debug, Default)]
pub(super) struct Hold {
    ours: Ours,
    theirs: Theirs,
}

#[derive(Debug, Default)]
enum Ours {
    #[default]
    Idle,
    Asking {
        at: Option<Instant>,
    },
    Held,
    AskingBack {
        at: Option<Instant>,
    },
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Theirs {
    #[default]
    Idle,
    /// The owner has not answered yet.
    Asked,
    Held,
    AskedBack,
}

impl Hold {
    pub(super) fn deadline(&self) -> Option<(Instant, Timer)> {
        match self.ours {
            Ours::Asking { at } => at.map(|at| (at, Timer::Hold)),
            Ours::AskingBack { at } => at.map(|at| (at, Timer::Retrieve)),
            Ours::Idle | Ours::Held => None,
        }
    }

    pub(super) fn asks(&self) -> bool {
        matches!(self.ours, Ours::Asking { .. })
    }

    pub(super) fn asks_back(&self) -> bool {
        matches!(self.ours, Ours::AskingBack { .. })
    }
}

impl Call {
    /// HOLD, RETRIEVE and their answers.
    pub(super) fn held(
        &mut self,
        message: Message,
        rules: &Rules,
        _now: Instant,
        out: &mut Vec<Act>,
    ) {
        let cause = message.cause().map_or(CauseValue::NORMAL_UNSPECIFIED, |cause| cause.value);
        let event = match message.kind {
            MessageKind::Hold if self.is_active() && self.hold.theirs == Theirs::Idle => {
                self.hold.theirs = Theirs::Asked;
                Event::HoldAsked
            }
            MessageKind::Retrieve if self.is_active() && self.hold.theirs == Theirs::Held => {
                self.hold.theirs = Theirs::AskedBack;
                Event::RetrieveAsked
            }
            MessageKind::Hold => {
                return self.refuse(
                    MessageKind::HoldReject,
                    CauseValue::NOT_COMPATIBLE,
                    rules,
                    out,
                );
            }
            MessageKind::Retrieve => {
                let reject = MessageKind::RetrieveReject;
                return self.refuse(reject, CauseValue::NOT_COMPATIBLE, rules, out);
            }
            MessageKind::HoldAck => {
                self.hold.ours = Ours::Held;
                Event::Held
            }
            MessageKind::HoldReject => {
                self.hold.ours = Ours::Idle;
                Event::HoldRefused(cause)
            }
            MessageKind::RetrieveAck => {
                self.hold.ours = Ours::Idle;
                Event::Retrieved
            }
            MessageKind::RetrieveReject => {
                self.hold.ours = Ours::Held;
                Event::RetrieveRefused(cause)
            }
            _ => return,
        };
        out.push(Act::Tell(event));
    }

    pub(super) fn ask_hold(
        &mut self,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        let (true, Ours::Idle) = (self.is_active(), &self.hold.ours) else {
            return Err(Misuse::WrongState(self.state(rules.side)));
        };
        self.hold.ours = Ours::Asking { at: after(rules.timers.hold, now) };
        out.push(Act::Send(self.message(MessageKind::Hold)));
        Ok(())
    }

    pub(super) fn ask_retrieve(
        &mut self,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        let (true, Ours::Held) = (self.is_active(), &self.hold.ours) else {
            return Err(Misuse::WrongState(self.state(rules.side)));
        };
        self.hold.ours = Ours::AskingBack { at: after(rules.timers.retrieve, now) };
        out.push(Act::Send(self.message(MessageKind::Retrieve)));
        Ok(())
    }

    pub(super) fn answer_hold(
        &mut self,
        refusal: Option<CauseValue>,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        if self.hold.theirs != Theirs::Asked {
            return Err(Misuse::WrongState(self.state(rules.side)));
        }
        match refusal {
            Some(cause) => {
                self.hold.theirs = Theirs::Idle;
                self.refuse(MessageKind::HoldReject, cause, rules, out);
            }
            None => {
                self.hold.theirs = Theirs::Held;
                out.push(Act::Send(self.message(MessageKind::HoldAck)));
            }
        }
        Ok(())
    }

    pub(super) fn answer_retrieve(
        &mut self,
        refusal: Option<CauseValue>,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        if self.hold.theirs != Theirs::AskedBack {
            return Err(Misuse::WrongState(self.state(rules.side)));
        }
        match refusal {
            Some(cause) => {
                self.hold.theirs = Theirs::Held;
                self.refuse(MessageKind::RetrieveReject, cause, rules, out);
            }
            None => {
                self.hold.theirs = Theirs::Idle;
                out.push(Act::Send(self.message(MessageKind::RetrieveAck)));
            }
        }
        Ok(())
    }

    /// T-HOLD, T-RETRIEVE: as if it had been refused.
    pub(super) fn hold_unanswered(&mut self, timer: Timer, out: &mut Vec<Act>) {
        let expired = CauseValue::TIMER_EXPIRED;
        let (ours, event) = match self.hold.ours {
            Ours::Asking { .. } => (Ours::Idle, Event::HoldRefused(expired)),
            Ours::AskingBack { .. } => (Ours::Held, Event::RetrieveRefused(expired)),
            Ours::Idle | Ours::Held => return,
        };
        self.hold.ours = ours;
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(timer))));
        out.push(Act::Tell(event));
    }

    /// SUSPEND is for a telephone that is unplugged and plugged into another socket of the same bus (ITU-T
    /// Q.931 §5.6). A primary rate interface has one exchange at its end and no other socket, so that there
    /// is nothing to resume; a network that does not offer it says so with SUSPEND REJECT (§5.6.3), and has
    /// no suspended call for RESUME (§5.6.5).
    pub(super) fn refuse_suspension(&mut self, rules: &Rules, out: &mut Vec<Act>) {
        self.refuse(MessageKind::SuspendReject, CauseValue::FACILITY_REJECTED, rules, out);
    }

    fn refuse(&self, kind: MessageKind, cause: CauseValue, rules: &Rules, out: &mut Vec<Act>) {
        out.push(Act::Send(self.message(kind).with(rules.cause(cause))));
    }
}
