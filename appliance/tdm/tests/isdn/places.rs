//! Calls brought to each state by what leads there.

use std::time::{Duration, Instant};

use tdm::q931::call::{Act, Call, CallState, Request, Rules};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{
    self, BearerCapability, Cause, CauseValue, ChannelId, Element, Facility, Location,
    Notification, Number, Progress, RestartIndicator, Service, UserUser,
};
use tdm::q931::message::{CallReference, Message, MessageKind as Kind, ReferenceLength};
use tdm::q931::timers::Side;

/// A call and the time at it.
pub(crate) struct Desk {
    pub(crate) call: Call,
    pub(crate) rules: Rules,
    pub(crate) now: Instant,
    pub(crate) acts: Vec<Act>,
}

/// The states of each side that a point-to-point line has. The network is never in N8, since it does not
/// wait for an acknowledgement, and not in N11, since it releases at once.
pub(crate) const USER: &[u8] = &[1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 19, 25];
pub(crate) const NETWORK: &[u8] = &[1, 2, 3, 4, 6, 7, 9, 10, 12, 19, 25];

pub(crate) fn ours() -> CallReference {
    CallReference::new(5, true, ReferenceLength::Two)
}

pub(crate) fn theirs() -> CallReference {
    CallReference::new(5, false, ReferenceLength::Two)
}

impl Desk {
    pub(crate) fn placed(rules: Rules, now: Instant) -> Self {
        let mut acts = Vec::new();
        let setup = message(ours(), Kind::Setup);
        let call = Call::place(setup, &rules, now, &mut acts);
        Self { call, rules, now, acts }
    }

    pub(crate) fn offered(rules: Rules, now: Instant) -> Self {
        let call = Call::offered(theirs(), ChannelId::primary(7).exclusively());
        Self { call, rules, now, acts: Vec::new() }
    }

    /// A call in this state, by its number for this side.
    pub(crate) fn at(side: Side, state: u8, now: Instant) -> Self {
        let rules = Rules::of(side, Dialect::EuroIsdn);
        // What the user's call is to the user, the call to a user is to the network.
        let (called, state_of_caller) = match (side, state) {
            (Side::User, 1..=4) => (true, state),
            (Side::Network, 6) => (true, 1),
            (Side::Network, 25) => (true, 2),
            (Side::Network, 9) => (true, 3),
            (Side::Network, 7) => (true, 4),
            _ => (false, 0),
        };
        if called {
            let mut desk = Self::placed(rules, now);
            match state_of_caller {
                1 => {}
                2 => desk.hear(Kind::SetupAck),
                3 => desk.hear(Kind::CallProceeding),
                _ => desk.hear(Kind::Alerting),
            }
            return desk.rested(state);
        }
        let mut desk = Self::offered(rules, now);
        match (side, state) {
            (Side::User, 6) | (Side::Network, 1) => {}
            (Side::User, 25) | (Side::Network, 2) => desk.ask(Request::AskDigits(Vec::new())),
            (Side::User, 9) | (Side::Network, 3) => desk.ask(Request::Proceed(Vec::new())),
            (Side::User, 7) | (Side::Network, 4) => desk.ask(Request::Alert(Vec::new())),
            (Side::User, 8) => desk.ask(Request::Answer(Vec::new())),
            (_, 10) => desk.talk(),
            (Side::User, 11) | (Side::Network, 12) => {
                desk.talk();
                desk.hang_up();
            }
            (Side::User, 12) => {
                desk.talk();
                let tones = Progress::new(Location::PUBLIC_LOCAL, Progress::IN_BAND);
                let message = message(desk.far(), Kind::Disconnect).with(tones);
                desk.receive(message);
            }
            (_, 19) => {
                desk.talk();
                desk.hang_up();
                desk.hear(Kind::Disconnect);
            }
            other => panic!("no call is in {other:?}"),
        }
        desk.rested(state)
    }

    fn rested(mut self, state: u8) -> Self {
        assert_eq!(self.state(), CallState::from_value(state));
        self.acts.clear();
        self
    }

    fn talk(&mut self) {
        self.ask(Request::Answer(Vec::new()));
        if self.state() == CallState::ConnectRequest {
            self.hear(Kind::ConnectAck);
        }
    }

    pub(crate) fn hang_up(&mut self) {
        let cause = CauseValue::NORMAL;
        self.ask(Request::Disconnect { cause, tones: false, with: Vec::new() });
    }

    pub(crate) fn state(&self) -> CallState {
        self.call.state(self.rules.side)
    }

    /// The reference as the far side says it.
    pub(crate) fn far(&self) -> CallReference {
        self.call.reference().answered()
    }

    /// The far side says this, with all that it must say.
    pub(crate) fn hear(&mut self, kind: Kind) {
        self.receive(message(self.far(), kind));
    }

    pub(crate) fn receive(&mut self, message: Message) {
        let (message, problems) = Message::parse(&message.octets()).unwrap();
        self.call.receive(message, &problems, &self.rules, self.now, &mut self.acts);
    }

    pub(crate) fn ask(&mut self, request: Request) {
        self.call.request(request, &self.rules, self.now, &mut self.acts).unwrap();
    }

    /// Goes on to the next wait, and says how long it was.
    pub(crate) fn expire(&mut self) -> Option<Duration> {
        let (at, _) = self.call.deadline()?;
        let long = at - self.now;
        // A millisecond before, nothing happens.
        let early = at - Duration::from_millis(1);
        let (acts, state) = (self.acts.len(), self.state());
        self.call.timeout(true, &self.rules, early, &mut self.acts);
        assert_eq!((self.acts.len(), self.state()), (acts, state), "too early");
        self.now = at;
        self.call.timeout(true, &self.rules, at, &mut self.acts);
        Some(long)
    }
}

/// A message with all that it must have.
pub(crate) fn message(call: CallReference, kind: Kind) -> Message {
    let bare = Message::new(call, kind);
    let here = Location::PUBLIC_LOCAL;
    let cause = |value| Cause::new(here, value);
    match kind {
        Kind::Setup => bare
            .with(BearerCapability::speech_alaw())
            .with(ChannelId::primary(7))
            .with(Element::CalledNumber(Number::unknown("123"))),
        Kind::Progress => bare.with(Progress::new(here, Progress::IN_BAND)),
        Kind::Disconnect | Kind::Release | Kind::ReleaseComplete => {
            bare.with(cause(CauseValue::NORMAL))
        }
        Kind::HoldReject | Kind::RetrieveReject => bare.with(cause(CauseValue::FACILITY_REJECTED)),
        Kind::CongestionControl => {
            bare.with(Element::CongestionLevel(15)).with(cause(CauseValue::CONGESTION))
        }
        Kind::Facility => bare.with(Facility::public(1, &Service::MaliciousCall)),
        Kind::Notify => bare.with(Notification::new(Notification::REMOTE_HOLD)),
        Kind::Information => bare.with(Element::CalledNumber(Number::unknown("4"))),
        Kind::UserInformation => {
            bare.with(UserUser { protocol: UserUser::IA5, octets: b"hello".to_vec() })
        }
        Kind::Status => bare
            .with(cause(CauseValue::STATUS_ENQUIRED))
            .with(element::CallState::new(CallState::Active.value())),
        Kind::Restart | Kind::RestartAck => bare.with(RestartIndicator::Interface),
        _ => bare,
    }
}
