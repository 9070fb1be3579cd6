//! One call on an ISDN line, for the side of the user and of the network (ITU-T Q.931 (05/98) §5).
//!
//! A [`Call`] is told what the far side says, what its owner wants and when time has passed, and answers
//! with [`Act`]s in the order in which they are to be done. It knows no other call and no B channel: those
//! are the [`interface`](super::interface)'s.
//!
//! Inside, a call stands where its beginner put it (`call/state.rs`): what the user does who called is what the
//! network does that calls a user. Only the names of the states differ, and a few rules
//! ([`Rules`]).

mod clearing;
mod faults;
mod hold;
mod incoming;
mod line;
mod outgoing;
mod reception;
mod state;
mod status;
mod telling;

use std::time::{Duration, Instant};

use super::dialect::Dialect;
use super::element::{Cause, CauseValue, ChannelId, Location, Service};
use super::message::{CallReference, Message, MessageKind, Problem};
use super::timers::{Side, Timer, Timers};
use hold::Hold;
use reception::Reception;
use state::{Clearing, Incoming, Outgoing, State};
use status::Enquiry;

pub(super) use faults::Faults;
pub use state::CallState;
pub use telling::{Act, Event, Misuse, Request, Said, Trouble};

/// What is the same for every call of an interface.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Which side we are.
    pub side: Side,
    /// Which variant the line speaks.
    pub dialect: Dialect,
    /// How long we wait.
    pub timers: Timers,
    /// Where our causes and tones come from.
    pub location: Location,
    /// How often SETUP, RELEASE, RESTART, SERVICE and STATUS ENQUIRY are said again when nobody answers: 1.
    pub repeats: u8,
    /// Whether STATUS tells of elements that we do not know (ITU-T Q.931 §5.8.7.1).
    pub reports_unknown: bool,
}

impl Rules {
    /// What the Recommendations have for this side.
    pub fn of(side: Side, dialect: Dialect) -> Self {
        let location = match (side, dialect) {
            (_, Dialect::Qsig) => Location::PRIVATE_LOCAL,
            (Side::User, _) => Location::USER,
            (Side::Network, _) => Location::PUBLIC_LOCAL,
        };
        let timers = Timers::of(side);
        Self { side, dialect, timers, location, repeats: 1, reports_unknown: true }
    }

    /// A cause that we give.
    pub fn cause(&self, value: CauseValue) -> Cause {
        Cause::new(self.location, value)
    }

    /// Whether CONNECT waits for its acknowledgement: not in the network, where nobody but the user could
    /// refuse (ITU-T Q.931 §5.1.8); on both sides of QSIG (ECMA-143).
    fn answer_is_acknowledged(&self) -> bool {
        self.side == Side::User || self.dialect == Dialect::Qsig
    }
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// As our messages name it.
    reference: CallReference,
    state: State,
    hold: Hold,
    enquiry: Option<Enquiry>,
    /// What our first answer says of the channel (ITU-T Q.931 §5.2.3.1).
    channel: Option<ChannelId>,
    /// The first cause that was given by anybody.
    why: Option<Cause>,
}

impl Call {
    /// Begins a call with this SETUP, which is complete, also with its channel.
    pub fn place(setup: Message, rules: &Rules, now: Instant, out: &mut Vec<Act>) -> Self {
        out.push(Act::Send(setup.clone()));
        let reference = setup.call;
        let t303 = after(rules.timers.t303, now);
        let sent = Outgoing::Sent { setup: Box::new(setup), t303, left: rules.repeats };
        Self::new(reference, State::Outgoing(sent), None)
    }

    /// The far side began a call. `reference` is as our messages name it, `channel` what our first answer
    /// says of it.
    pub fn offered(reference: CallReference, channel: ChannelId) -> Self {
        Self::new(reference, State::Incoming(Incoming::Present), Some(channel))
    }

    fn new(reference: CallReference, state: State, channel: Option<ChannelId>) -> Self {
        Self { reference, state, hold: Hold::default(), enquiry: None, channel, why: None }
    }

    /// Its reference as our messages have it.
    pub fn reference(&self) -> CallReference {
        self.reference
    }

    /// Where it stands, by the name that this side has for it.
    pub fn state(&self, side: Side) -> CallState {
        self.state.name(side)
    }

    /// Whether it has ended: its reference and its channel are free.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Null)
    }

    /// Whether they talk.
    pub fn is_active(&self) -> bool {
        matches!(self.state, State::Active { .. })
    }

    /// Whether the far side has not said anything yet to our SETUP.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Outgoing(Outgoing::Sent { .. }))
    }

    /// When [`Self::timeout`] is due, and what for.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        let enquiry = self.enquiry.as_ref().and_then(Enquiry::deadline);
        [self.state.deadline(), self.hold.deadline(), enquiry].into_iter().flatten().min()
    }

    /// What the far side says, with what [`Message::parse`] found wrong in it.
    pub fn receive(
        &mut self,
        message: Message,
        problems: &[Problem],
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        let kind = message.kind;
        match self.reception(kind, rules) {
            Reception::Expected => {}
            Reception::Ignored => return,
            Reception::Unexpected => return self.say_unexpected(kind, rules, out),
        }
        let faults = Faults::of(problems, rules);
        let clears = matches!(
            kind,
            MessageKind::Disconnect | MessageKind::Release | MessageKind::ReleaseComplete
        );
        if let (Some(fault), false) = (&faults.grave, clears) {
            return self.say_fault(kind, fault, rules, out);
        }
        let charges = message.services().filter_map(|service| match service {
            Service::Charge(charge) => Some(Act::Tell(Event::Charged(charge))),
            _ => None,
        });
        out.extend(charges);
        match kind {
            MessageKind::SetupAck
            | MessageKind::CallProceeding
            | MessageKind::Alerting
            | MessageKind::Connect => self.far_side_answers(message, rules, now, out),
            MessageKind::Progress => self.far_side_progresses(message, out),
            MessageKind::ConnectAck => self.answer_is_through(out),
            MessageKind::Information => self.informed(message, rules, now, out),
            MessageKind::Disconnect => self.far_side_disconnects(message, &faults, rules, now, out),
            MessageKind::Release => self.far_side_releases(message, &faults, rules, out),
            MessageKind::ReleaseComplete => self.far_side_is_done(message, rules, out),
            MessageKind::Status => self.heard_status(&message, rules, now, out),
            MessageKind::StatusEnquiry => self.say_status(CauseValue::STATUS_ENQUIRED, rules, out),
            MessageKind::Notify => out.push(Act::Tell(Event::Notified(Said::new(message)))),
            MessageKind::Facility => out.push(Act::Tell(Event::Facility(Said::new(message)))),
            MessageKind::UserInformation => {
                out.push(Act::Tell(Event::UserInformation(Said::new(message))));
            }
            MessageKind::CongestionControl => {
                out.push(Act::Tell(Event::Congestion(Said::new(message))));
            }
            MessageKind::Suspend => self.refuse_suspension(rules, out),
            _ => self.held(message, rules, now, out),
        }
        if let (Some(fault), false) = (&faults.slight, clears || self.is_over()) {
            self.say_fault(kind, fault, rules, out);
        }
    }

    /// What the owner wants.
    pub fn request(
        &mut self,
        request: Request,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) -> Result<(), Misuse> {
        match request {
            Request::AskDigits(with) => self.ask_digits(with, rules, now, out),
            Request::Proceed(with) => self.goes_on(Incoming::Proceeding, with, rules, out),
            Request::Alert(with) => self.goes_on(Incoming::Ringing, with, rules, out),
            Request::Progress { progress, with } => self.progress(progress, with, rules, out),
            Request::Answer(with) => self.answer(with, rules, now, out),
            Request::Digits { number, complete } => {
                self.dial_more(number, complete, rules, now, out)
            }
            Request::Disconnect { cause, tones, with } => {
                self.disconnect(cause, tones, with, rules, now, out);
                Ok(())
            }
            Request::Hold => self.ask_hold(rules, now, out),
            Request::AnswerHold(refusal) => self.answer_hold(refusal, rules, out),
            Request::Retrieve => self.ask_retrieve(rules, now, out),
            Request::AnswerRetrieve(refusal) => self.answer_retrieve(refusal, rules, out),
            Request::Notify(with) => self.pass_on(MessageKind::Notify, with, rules, out),
            Request::Facility(with) => self.pass_on(MessageKind::Facility, with, rules, out),
            Request::Information(with) => self.pass_on(MessageKind::Information, with, rules, out),
            Request::UserInformation(with) => {
                self.pass_on(MessageKind::UserInformation, with, rules, out)
            }
        }
    }

    /// Does what is due. `connected`: whether the D channel is up.
    pub fn timeout(&mut self, connected: bool, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        while let Some((_, timer)) = self.deadline().filter(|(at, _)| *at <= now) {
            match timer {
                Timer::T303 => self.setup_unanswered(rules, now, out),
                Timer::T301 | Timer::T304 | Timer::T310 => {
                    self.far_side_is_late(timer, rules, now, out);
                }
                Timer::T302 => self.digits_ended(out),
                Timer::T313 => self.give_up(timer, CauseValue::TIMER_EXPIRED, rules, now, out),
                Timer::T305 | Timer::T306 => self.disconnect_unanswered(timer, rules, now, out),
                Timer::T308 => self.release_unanswered(rules, now, out),
                Timer::T309 => self.line_stays_lost(connected, rules, now, out),
                Timer::T322 => self.enquiry_unanswered(rules, now, out),
                Timer::Hold | Timer::Retrieve => self.hold_unanswered(timer, out),
                // Those of the interface.
                Timer::T314 | Timer::T316 | Timer::T317 | Timer::T321 | Timer::Service => return,
            }
        }
    }

    fn message(&self, kind: MessageKind) -> Message {
        Message::new(self.reference, kind)
    }

    /// Over.
    fn end(&mut self, cause: Cause, said: Option<Said>, out: &mut Vec<Act>) {
        self.state = State::Null;
        self.hold = Hold::default();
        self.enquiry = None;
        out.push(Act::Tell(Event::Ended { cause, said }));
    }
}

/// When a wait ends that begins now; never, if it has no length.
pub(super) fn after(wait: Duration, now: Instant) -> Option<Instant> {
    if wait.is_zero() { None } else { now.checked_add(wait) }
}
