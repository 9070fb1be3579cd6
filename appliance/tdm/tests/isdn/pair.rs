//! Two interfaces, the user's and the network's, at the ends of D channels that lose nothing while they are
//! up, 10 ms long, in fake time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tdm::q931::call::{CallState, Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{CauseValue, Element, Number};
use tdm::q931::interface::{
    CallId, Channel, Interface, LinkId, Notice, Output, Params, Setup, Standing, Usage, Wish,
};
use tdm::q931::message::Message;
use tdm::q931::timers::Side;

pub(crate) struct Pair {
    pub(crate) user: End,
    pub(crate) network: End,
    pub(crate) now: Instant,
    begun: Instant,
    /// Each thing under way, in order.
    wire: BTreeMap<(Instant, u64), Under>,
    count: u64,
    up: [bool; 2],
    /// Whether an establishment would succeed.
    pub(crate) fit: [bool; 2],
    /// What was sent, as `12 user SETUP`.
    pub(crate) trace: Vec<String>,
}

pub(crate) struct End {
    pub(crate) interface: Interface,
    pub(crate) events: Vec<(CallId, Event)>,
    pub(crate) others: Vec<Notice>,
}

enum Under {
    Message(Side, LinkId, Vec<u8>),
    Up(LinkId),
}

pub(crate) const DELAY: Duration = Duration::from_millis(10);
const ESTABLISHING: Duration = Duration::from_millis(100);

impl Pair {
    /// One span with these channels, its D channel up.
    pub(crate) fn of(dialect: Dialect, channels: std::ops::RangeInclusive<u8>) -> Self {
        let params = |side| Params::of(side, dialect, channels.clone().collect());
        let mut pair = Self::new(params(Side::User), params(Side::Network));
        pair.run(Duration::from_secs(1));
        pair.begin();
        pair
    }

    pub(crate) fn new(user: Params, network: Params) -> Self {
        let now = Instant::now();
        let end = |params| End {
            interface: Interface::new(params),
            events: Vec::new(),
            others: Vec::new(),
        };
        let mut pair = Self {
            user: end(user),
            network: end(network),
            now,
            begun: now,
            wire: BTreeMap::new(),
            count: 0,
            up: [false; 2],
            fit: [true; 2],
            trace: Vec::new(),
        };
        pair.drain();
        pair
    }

    /// From here on the trace counts.
    pub(crate) fn begin(&mut self) {
        self.begun = self.now;
        self.trace.clear();
        for end in [&mut self.user, &mut self.network] {
            end.events.clear();
            end.others.clear();
        }
    }

    pub(crate) fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::User => &mut self.user,
            Side::Network => &mut self.network,
        }
    }

    fn put(&mut self, after: Duration, under: Under) {
        self.count += 1;
        self.wire.insert((self.now + after, self.count), under);
    }

    /// Everything that the two want done is done.
    pub(crate) fn drain(&mut self) {
        for side in [Side::User, Side::Network] {
            while let Some(output) = self.end(side).interface.poll_output() {
                match output {
                    Output::Send { link, octets } => {
                        let (message, problems) = Message::parse(&octets).expect("a message");
                        assert_eq!(problems, [], "{message}");
                        let name = match side {
                            Side::User => "user",
                            Side::Network => "network",
                        };
                        let at = (self.now - self.begun).as_millis();
                        let cause = message.cause().map(|cause| cause.value.value());
                        let cause = cause.map(|cause| format!(" {cause}")).unwrap_or_default();
                        self.trace.push(format!("{at} {name} {}{cause}", message.kind));
                        if self.up[usize::from(link.0)] {
                            self.put(DELAY, Under::Message(side.other(), link, octets));
                        }
                    }
                    Output::Establish(link) => {
                        let coming = |under: &Under| matches!(under, Under::Up(id) if *id == link);
                        let at = usize::from(link.0);
                        if self.fit[at] && !self.up[at] && !self.wire.values().any(coming) {
                            self.put(ESTABLISHING, Under::Up(link));
                        }
                    }
                    Output::Tell(Notice::Call { call, event }) => {
                        self.end(side).events.push((call, event))
                    }
                    Output::Tell(other) => self.end(side).others.push(other),
                }
            }
        }
    }

    /// Time passes.
    pub(crate) fn run(&mut self, long: Duration) {
        self.run_until(self.now + long);
    }

    pub(crate) fn run_until(&mut self, until: Instant) {
        loop {
            let wire = self.wire.first_key_value().map(|((at, _), _)| *at);
            let timers = [&self.user, &self.network]
                .map(|end| end.interface.poll_timeout().map(|(at, _)| at));
            let next = [wire, timers[0], timers[1]].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            if wire == Some(next) {
                match self.wire.pop_first().expect("there").1 {
                    Under::Message(to, link, octets) => {
                        let now = self.now;
                        self.end(to).interface.receive(link, &octets, now);
                    }
                    Under::Up(link) => self.join(link),
                }
            } else {
                self.user.interface.handle_timeout(self.now);
                self.network.interface.handle_timeout(self.now);
            }
            self.drain();
        }
        self.now = until;
    }

    /// The D channel comes up, or its link is begun anew.
    pub(crate) fn join(&mut self, link: LinkId) {
        self.up[usize::from(link.0)] = true;
        self.user.interface.link_up(link, self.now);
        self.network.interface.link_up(link, self.now);
        self.drain();
    }

    /// The D channel fails, with all that is on it; `fit` says whether it may come back.
    pub(crate) fn cut(&mut self, link: LinkId, fit: bool) {
        self.up[usize::from(link.0)] = false;
        self.fit[usize::from(link.0)] = fit;
        self.lose(link);
        self.user.interface.link_down(link, self.now);
        self.network.interface.link_down(link, self.now);
        self.drain();
    }

    /// The link is begun anew, and what is on it is lost.
    pub(crate) fn reset(&mut self, link: LinkId) {
        if self.up[usize::from(link.0)] {
            self.lose(link);
            self.join(link);
        }
    }

    /// What is on the D channel is lost.
    pub(crate) fn lose(&mut self, link: LinkId) {
        self.wire.retain(|_, under| !matches!(under, Under::Message(_, on, _) if *on == link));
    }

    /// Whether something is under way.
    pub(crate) fn is_busy(&self) -> bool {
        !self.wire.is_empty()
    }

    /// What has failed may come back.
    pub(crate) fn mend(&mut self, link: LinkId) {
        self.fit[usize::from(link.0)] = true;
        if !self.up[usize::from(link.0)] {
            self.put(ESTABLISHING, Under::Up(link));
        }
    }

    pub(crate) fn call(&mut self, from: Side, number: &str) -> CallId {
        self.call_by(from, setup(from, number))
    }

    pub(crate) fn call_by(&mut self, from: Side, setup: Setup) -> CallId {
        let now = self.now;
        let id = self.end(from).interface.place(setup, now).expect("a channel");
        self.drain();
        id
    }

    pub(crate) fn ask(&mut self, side: Side, call: CallId, request: Request) {
        let now = self.now;
        self.end(side).interface.request(call, request, now).expect("fits");
        self.drain();
    }

    pub(crate) fn hang_up(&mut self, side: Side, call: CallId, cause: CauseValue) {
        let with = Vec::new();
        self.ask(side, call, Request::Disconnect { cause, tones: false, with });
    }

    /// Lets what is said arrive and be answered.
    pub(crate) fn talk(&mut self) {
        self.run(Duration::from_millis(200));
    }

    /// A call that stands: its names here and there.
    pub(crate) fn connected(&mut self, from: Side) -> (CallId, CallId) {
        let caller = self.call(from, "100");
        self.talk();
        let called = self.end(from.other()).offered();
        self.ask(from.other(), called, Request::Answer(Vec::new()));
        self.talk();
        (caller, called)
    }

    pub(crate) fn state(&mut self, side: Side, call: CallId) -> CallState {
        let found = self.end(side).interface.calls().find(|(id, ..)| *id == call);
        found.map_or(CallState::Null, |(_, call, _)| call.state(side))
    }

    /// Nobody has a call, every channel that is in service is idle.
    pub(crate) fn assert_at_rest(&self) {
        for end in [&self.user, &self.network] {
            assert_eq!(end.interface.calls().count(), 0);
            for (channel, state) in end.interface.channels() {
                assert_eq!(state.usage, Usage::Idle, "{channel:?}");
            }
        }
        let free = |end: &End| {
            let channels = end.interface.channels();
            channels.filter(|(_, s)| s.ours == Standing::In).map(|(c, _)| c).collect::<Vec<_>>()
        };
        assert_eq!(free(&self.user), free(&self.network), "they disagree");
    }
}

impl End {
    /// The last call that was offered.
    pub(crate) fn offered(&self) -> CallId {
        let offered =
            |(call, event): &(CallId, Event)| matches!(event, Event::Offered(_)).then_some(*call);
        self.events.iter().rev().find_map(offered).expect("a call was offered")
    }

    pub(crate) fn channel(&self, call: CallId) -> Option<Channel> {
        self.interface.calls().find(|(id, ..)| *id == call).and_then(|(.., channel)| channel)
    }

    /// The events of a call, in a word each.
    pub(crate) fn heard(&self, call: CallId) -> Vec<String> {
        let of_call = self.events.iter().filter(|(id, _)| *id == call);
        of_call.map(|(_, event)| crate::states::heard(event)).collect()
    }
}

pub(crate) fn setup(side: Side, number: &str) -> Setup {
    let _ = side;
    let with = vec![
        tdm::q931::element::BearerCapability::speech_alaw().into(),
        Element::CalledNumber(Number::unknown(number)),
        Element::SendingComplete,
    ];
    Setup { with, channel: Wish::Next }
}
