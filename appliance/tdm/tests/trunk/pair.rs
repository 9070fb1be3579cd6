//! Two trunks at the ends of their D channels, in fake time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tdm::q931::call::{CallState, Event, Request};
use tdm::q931::element::{BearerCapability, CauseValue, Element, Number};
use tdm::q931::interface::{self, CallId, LinkId, Notice, Refused, Setup, Standing, Usage, Wish};
use tdm::q931::timers::Side;
use tdm::trunk::{Fault, Line, LinkChange, Output, Params, Status, Trunk};

use crate::wire::{Chance, Trouble, Way};

pub(crate) struct Pair {
    pub(crate) user: End,
    pub(crate) network: End,
    pub(crate) now: Instant,
    pub(crate) begun: Instant,
    pub(crate) ways: Vec<Way>,
    pub(crate) trouble: Trouble,
    pub(crate) chance: Chance,
}

pub(crate) struct End {
    pub(crate) trunk: Trunk,
    params: Params,
    pub(crate) events: Vec<(CallId, Event)>,
    pub(crate) link_faults: Vec<Fault>,
    pub(crate) faults: Vec<interface::Fault>,
    /// When it had come to its end.
    pub(crate) released: Option<Duration>,
    pub(crate) changes: Vec<(Duration, LinkId, LinkChange)>,
    pub(crate) carries: Vec<LinkId>,
    pub(crate) lines: Vec<Line>,
    /// What was told of each call: whether it has ended, and with which cause.
    pub(crate) calls: BTreeMap<CallId, Option<CauseValue>>,
    pub(crate) frames: u64,
}

pub(crate) const BOTH: [Side; 2] = [Side::User, Side::Network];

impl Pair {
    pub(crate) fn new(of: impl Fn(Side) -> interface::Params, bits: bool, seed: u64) -> Pair {
        let now = Instant::now();
        let end = |side| {
            let params =
                Params { interface: of(side), links: tdm::q921::Params::default(), traces: true };
            End {
                trunk: Trunk::new(params.clone(), now),
                params,
                events: Vec::new(),
                link_faults: Vec::new(),
                faults: Vec::new(),
                released: None,
                changes: Vec::new(),
                carries: Vec::new(),
                lines: Vec::new(),
                calls: BTreeMap::new(),
                frames: 0,
            }
        };
        let (user, network) = (end(Side::User), end(Side::Network));
        let links: Vec<_> = user.trunk.describe().links.iter().map(|link| link.link).collect();
        let way = |link, to| match bits {
            true => Way::of_bits(to, link, now),
            false => Way::of_frames(to, link),
        };
        let ways = links.iter().flat_map(|link| BOTH.map(|to| way(*link, to))).collect();
        let (trouble, chance) = (Trouble::default(), Chance::of(seed));
        let mut pair = Pair { user, network, now, begun: now, ways, trouble, chance };
        pair.drain();
        pair
    }

    pub(crate) fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::User => &mut self.user,
            Side::Network => &mut self.network,
        }
    }

    /// From here on what is told counts.
    pub(crate) fn begin(&mut self) {
        self.begun = self.now;
        for side in BOTH {
            let end = self.end(side);
            end.events.clear();
            end.link_faults.clear();
            end.faults.clear();
            end.changes.clear();
            end.carries.clear();
            end.lines.clear();
        }
    }

    /// One end forgets all, and begins anew.
    pub(crate) fn restart(&mut self, side: Side) {
        let now = self.now;
        let end = self.end(side);
        end.trunk = Trunk::new(end.params.clone(), now);
        end.calls.clear();
        self.drain();
    }

    /// Everything that the two want done is done.
    pub(crate) fn drain(&mut self) {
        for side in BOTH {
            while let Some(output) = self.end(side).trunk.poll_output() {
                let at = self.now - self.begun;
                match output {
                    Output::Frame { link, octets } => {
                        self.end(side).frames += 1;
                        let (trouble, now) = (self.trouble, self.now);
                        let to = side.other();
                        let way = self.ways.iter_mut().find(|w| w.to == to && w.link == link);
                        way.expect("a way").put(octets, &trouble, &mut self.chance, now);
                    }
                    Output::Notice(Notice::Call { call, event }) => {
                        self.end(side).told(call, event)
                    }
                    Output::Fault(fault) => self.end(side).link_faults.push(fault),
                    Output::Link { link, change } => {
                        self.end(side).changes.push((at, link, change));
                    }
                    Output::Notice(Notice::Carries(link)) => self.end(side).carries.push(link),
                    Output::Trace(line) => {
                        assert!(!line.to_string().is_empty());
                        self.end(side).lines.push(line);
                    }
                    Output::Notice(Notice::Clear(channel)) => {
                        let now = self.now;
                        self.end(side).trunk.cleared(channel, now);
                    }
                    Output::Notice(Notice::Fault(fault)) => self.end(side).faults.push(fault),
                    Output::Notice(Notice::Channel { .. } | Notice::Restarted { .. }) => {}
                    Output::Released => self.end(side).released = Some(at),
                }
            }
        }
    }

    /// Time passes.
    pub(crate) fn run(&mut self, long: Duration) {
        let until = self.now + long;
        loop {
            let wire = self.ways.iter().filter_map(Way::next);
            let timers = [&self.user, &self.network].map(|end| end.trunk.poll_timeout());
            let Some(next) = wire.chain(timers.into_iter().flatten()).min() else { break };
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            for side in BOTH {
                let now = self.now;
                self.end(side).trunk.handle_timeout(now);
            }
            self.drain();
            for at in 0..self.ways.len() {
                let way = &mut self.ways[at];
                let (to, link) = (way.to, way.link);
                let frames = way.take(&self.trouble, &mut self.chance, self.now);
                for frame in frames {
                    let now = self.now;
                    self.end(to).trunk.frame(link, &frame, now);
                    self.drain();
                }
            }
        }
        self.now = until;
    }

    pub(crate) fn talk(&mut self) {
        self.run(Duration::from_millis(200));
    }

    pub(crate) fn call(&mut self, from: Side, number: &str) -> Result<CallId, Refused> {
        let with = vec![
            BearerCapability::speech_alaw().into(),
            Element::CalledNumber(Number::unknown(number)),
            Element::SendingComplete,
        ];
        let now = self.now;
        let end = self.end(from);
        let placed = end.trunk.setup(Setup { with, channel: Wish::Next }, now);
        if let Ok(call) = placed {
            assert_eq!(end.calls.insert(call, None), None, "a call has one name");
        }
        self.drain();
        placed
    }

    /// What fits is done; what does not is refused, which is the owner's fault.
    pub(crate) fn ask(&mut self, side: Side, call: CallId, request: Request) {
        let now = self.now;
        let _ = self.end(side).trunk.request(call, request, now);
        self.drain();
    }

    pub(crate) fn hang_up(&mut self, side: Side, call: CallId, cause: CauseValue) {
        self.ask(side, call, Request::Disconnect { cause, tones: false, with: Vec::new() });
    }

    pub(crate) fn alarm(&mut self, side: Side, span: u8, on: bool) {
        let now = self.now;
        self.end(side).trunk.alarm(span, on, now);
        self.drain();
    }

    /// Both directions of a D channel carry nothing, or do again.
    pub(crate) fn cut(&mut self, link: LinkId, cut: bool) {
        self.ways.iter_mut().filter(|way| way.link == link).for_each(|way| way.cut = cut);
    }

    /// A call that stands: its names here and there.
    pub(crate) fn connected(&mut self, from: Side) -> (CallId, CallId) {
        let caller = self.call(from, "100").expect("a channel");
        self.talk();
        let to = from.other();
        let called = self.end(to).offered();
        self.ask(to, called, Request::Answer(Vec::new()));
        self.talk();
        (caller, called)
    }

    /// At any time: what is shown is consistent.
    pub(crate) fn assert_sound(&self) {
        for end in [&self.user, &self.network] {
            let Status { channels, calls, .. } = end.trunk.describe();
            let references: BTreeSet<_> = calls.iter().map(|call| call.reference).collect();
            assert_eq!(references.len(), calls.len(), "a reference is used twice");
            for (channel, state) in &channels {
                let Some(call) = state.call() else { continue };
                let owner = calls.iter().find(|status| status.call == call);
                assert_eq!(owner.and_then(|c| c.channel), Some(*channel), "taken by a dead call");
            }
            let told: BTreeSet<_> = calls.iter().map(|status| status.call).collect();
            let alive = end.calls.iter().filter(|(_, ended)| ended.is_none());
            assert_eq!(told, alive.map(|(call, _)| *call).collect(), "a call nobody was told of");
        }
    }

    /// Everything has ended, and both sides think the same of each channel.
    pub(crate) fn assert_at_rest(&self) {
        self.assert_sound();
        for end in [&self.user, &self.network] {
            let status = end.trunk.describe();
            assert_eq!(status.calls, []);
            assert!(status.links.iter().all(|link| link.phase.is_up()));
            assert!(status.links.iter().all(|link| link.waiting == 0));
            assert_eq!(status.links.iter().filter(|link| link.carries).count(), 1);
            for (channel, state) in status.channels {
                assert_eq!(state.usage, Usage::Idle, "{channel:?}");
                assert_eq!((state.ours, state.theirs), (Standing::In, Standing::In), "{channel:?}");
                assert!(state.is_free(), "{channel:?}");
            }
        }
    }
}

impl End {
    fn told(&mut self, call: CallId, event: Event) {
        match &event {
            Event::Offered(_) => {
                assert_eq!(self.calls.insert(call, None), None, "a call has one name");
            }
            Event::Ended { cause, .. } => {
                let before = self.calls.insert(call, Some(cause.value));
                assert_eq!(before, Some(None), "it ends once, and was begun");
            }
            _ => assert_eq!(self.calls.get(&call), Some(&None), "{event:?} of a call that is over"),
        }
        self.events.push((call, event));
    }

    /// The last call that was offered.
    pub(crate) fn offered(&self) -> CallId {
        let offered =
            |(call, event): &(CallId, Event)| matches!(event, Event::Offered(_)).then_some(*call);
        self.events.iter().rev().find_map(offered).expect("a call was offered")
    }

    pub(crate) fn state(&self, call: CallId) -> CallState {
        let calls = self.trunk.describe().calls;
        calls.iter().find(|c| c.call == call).map_or(CallState::Null, |c| c.state)
    }

    /// With which cause a call has ended.
    pub(crate) fn ended(&self, call: CallId) -> Option<CauseValue> {
        self.calls.get(&call).copied().flatten()
    }
}
