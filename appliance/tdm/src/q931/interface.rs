//! An ISDN interface: its calls, their references, its B channels and its D channels (ITU-T Q.931 §5).
//!
//! An [`Interface`] is told what the D channels carry ([`Interface::receive`]), whether they are up
//! ([`Interface::link_up`], [`Interface::link_down`]), which spans have an alarm, and what its owner wants
//! of calls and channels. After each of these, [`Interface::poll_output`] is drained to `None` and
//! [`Interface::poll_timeout`] says when [`Interface::handle_timeout`] is due. There is no I/O and no clock.
//!
//! One interface has one or more spans; with more, the D channel of the first carries the calls of all,
//! and a second D channel may stand by (`interface/nfas.rs`).

mod availability;
mod channels;
mod clock;
mod closing;
mod incoming;
mod maintenance;
mod negotiation;
mod nfas;
mod notice;
mod outgoing;
mod restart;
mod segments;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use super::call::{Act, Call, Event, Misuse, Request, Rules, Said};
use super::dialect::Dialect;
use super::element::{CauseValue, ServiceStatus};
use super::message::{CallReference, Message, MessageKind, Problem, ReferenceLength};
use super::timers::{Side, Timer};
use availability::Services;
use channels::ChannelTable;
use clock::{Clock, Due};
use nfas::Links;
use restart::Restarts;
use segments::Segments;

pub use channels::{Channel, ChannelState, Numbers, Selection, Standing, Usage};
pub use nfas::LinkId;
pub use notice::{Fault, Notice, Offer, Output};
pub use outgoing::{Refused, Setup, Wish};
pub use restart::Scope;

/// A call of an interface; never used twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// A span and its B channels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The identifier that both sides have agreed on, 0 to 127 (ITU-T Q.931 §4.5.13, octet 3.1).
    pub id: u8,
    /// The B channels, as messages name them, 1 to 127: mostly time slots.
    pub channels: Vec<u8>,
}

/// How an interface is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Params {
    /// Side, dialect, timers.
    pub rules: Rules,
    /// How long call references are: two octets on a primary rate interface.
    pub reference_length: ReferenceLength,
    /// Its spans, at least one.
    pub spans: Vec<Span>,
    /// The spans whose D channel carries calls: the primary one, and the one that stands by. Further
    /// ones are not used.
    pub d_channels: Vec<u8>,
    /// Whether channels are named with their span: needed with several spans.
    pub names_spans: bool,
    /// In which order channels are taken.
    pub selection: Selection,
    /// Whether our calls take the channel that we choose and no other.
    pub exclusive: bool,
    /// Whether all channels are restarted when the D channel comes up for the first time (§5.5).
    pub restarts_at_first: bool,
    /// Whether the owner says when a channel that the far side restarts is clear, within T317
    /// ([`Interface::cleared`]). Else it is clear at once.
    pub owner_clears: bool,
}

impl Params {
    /// One span with its D channel, as the Recommendations have it.
    pub fn of(side: Side, dialect: Dialect, channels: Vec<u8>) -> Self {
        Self {
            rules: Rules::of(side, dialect),
            reference_length: ReferenceLength::Two,
            spans: vec![Span { id: 0, channels }],
            d_channels: vec![0],
            names_spans: false,
            selection: match side {
                Side::User => Selection::Ascending,
                Side::Network => Selection::Descending,
            },
            exclusive: side == Side::Network,
            restarts_at_first: false,
            owner_clears: false,
        }
    }
}

/// An ISDN interface.
#[derive(Debug)]
pub struct Interface {
    params: Params,
    channels: ChannelTable,
    calls: BTreeMap<CallId, Entry>,
    /// Whether we chose the reference, and its value.
    references: BTreeMap<(bool, u16), CallId>,
    last_reference: u16,
    last_call: u64,
    links: Links,
    /// The owner ends it, and why.
    closing: Option<CauseValue>,
    restarts: Restarts,
    services: Services,
    segments: Segments,
    clock: Clock,
    outputs: VecDeque<Output>,
}

/// A call and its channel.
#[derive(Debug)]
struct Entry {
    call: Call,
    /// None: it was taken by a call of the far side before ours was answered (§5.7).
    channel: Option<Channel>,
    /// Whether we insist on the channel.
    exclusive: bool,
    /// The channels that it may have.
    among: Numbers,
}

impl Interface {
    /// An interface whose D channels are all down; [`Output::Establish`] follows for each.
    pub fn new(params: Params) -> Self {
        let channel = |span: &Span, number: &u8| Channel { span: span.id, number: *number };
        let of_span =
            |span: &Span| span.channels.iter().map(|n| channel(span, n)).collect::<Vec<_>>();
        let channels = params.spans.iter().flat_map(of_span);
        let channels = ChannelTable::new(channels, params.selection);
        let links = Links::new(&params.d_channels);
        let outputs = links.ids().map(Output::Establish).collect();
        Self {
            channels,
            links,
            outputs,
            params,
            calls: BTreeMap::new(),
            references: BTreeMap::new(),
            last_reference: 0,
            last_call: 0,
            closing: None,
            restarts: Restarts::default(),
            services: Services::default(),
            segments: Segments::default(),
            clock: Clock::default(),
        }
    }

    /// How it is set.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The next thing to do; none until something happens.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.clock.next()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(due) = self.clock.pop(now) {
            match due {
                Due::Call(id) => self.with_call(id, now, |call, rules, connected, out| {
                    call.timeout(connected, rules, now, out);
                }),
                Due::OurRestart => self.restart_unanswered(now),
                Due::TheirRestart(number) => self.not_cleared_in_time(number, now),
                Due::SwitchOver => self.switch_over_failed(now),
                Due::Segments(link) => self.drop_segments(link),
                Due::Service(channel) => self.service_unanswered(channel, now),
            }
        }
    }

    /// What an owner wants of a call.
    pub fn request(&mut self, id: CallId, request: Request, now: Instant) -> Result<(), Misuse> {
        let connected = self.links.active().is_some();
        let rules = &self.params.rules;
        let entry = self.calls.get_mut(&id).ok_or(Misuse::NoSuchCall)?;
        let mut acts = Vec::new();
        match (connected, request) {
            (true, request) => entry.call.request(request, rules, now, &mut acts)?,
            // Nothing can be said; when the link returns, the far side asks, and learns that it is over.
            (false, Request::Disconnect { cause, .. }) => {
                entry.call.drop_here(cause, rules, &mut acts);
            }
            (false, _) => return Err(Misuse::NoLink),
        }
        self.perform(id, acts, now);
        Ok(())
    }

    /// The calls there are, with their channels.
    pub fn calls(&self) -> impl Iterator<Item = (CallId, &Call, Option<Channel>)> {
        self.calls.iter().map(|(id, entry)| (*id, &entry.call, entry.channel))
    }

    /// The channel of a call; none if there is no such call, or no channel yet (§5.7).
    pub fn channel_of(&self, id: CallId) -> Option<Channel> {
        self.calls.get(&id).and_then(|entry| entry.channel)
    }

    /// Every channel and what it does.
    pub fn channels(&self) -> impl Iterator<Item = (Channel, &ChannelState)> {
        self.channels.iter()
    }

    /// The D channel that carries calls, if one does.
    pub fn carrier(&self) -> Option<LinkId> {
        self.links.active()
    }

    /// Octets came on a D channel.
    pub fn receive(&mut self, link: LinkId, octets: &[u8], now: Instant) {
        let (message, problems) = match Message::parse(octets) {
            Ok(parsed) => parsed,
            // §5.8.1 to §5.8.3.1: no answer.
            Err(error) => return self.tell(Notice::Fault(Fault::NotAMessage(error))),
        };
        if !self.heard_on(link, now) {
            return self.tell(Notice::Fault(Fault::LinkDown(link)));
        }
        if message.kind == MessageKind::Segment {
            let Some(octets) = self.segment(link, &message, now) else { return };
            return self.receive(link, &octets, now);
        }
        self.drop_segments(link);
        // Nothing that has no call is spoken here (Q.932 §6.1).
        if message.call.is_dummy() {
            return self.tell(Notice::Fault(Fault::NoSuchCall(message.kind)));
        }
        match message.kind {
            MessageKind::Service(_) => self.far_side_serves(&message, now),
            MessageKind::ServiceAck(_) => self.service_is_through(&message),
            _ if message.call.is_global() => self.receive_global(message, &problems, now),
            _ => self.receive_for_call(message, &problems, now),
        }
    }

    /// What is about the whole interface (§5.8.3.2 f, §5.5).
    fn receive_global(&mut self, message: Message, problems: &[Problem], now: Instant) {
        match message.kind {
            MessageKind::Restart => self.far_side_restarts(&message, problems, now),
            MessageKind::RestartAck => self.restart_is_through(&message, problems, now),
            MessageKind::Status => {
                let cause = message.cause().map(|cause| cause.value);
                let silent = [CauseValue::INVALID_CALL_REFERENCE, CauseValue::STATUS_ENQUIRED];
                if let Some(cause) = cause.filter(|cause| !silent.contains(cause)) {
                    self.tell(Notice::Fault(Fault::Reproached(cause)));
                }
            }
            kind => {
                self.say_stray_status(message.call, CauseValue::INVALID_CALL_REFERENCE);
                self.tell(Notice::Fault(Fault::NoSuchCall(kind)));
            }
        }
    }

    fn receive_for_call(&mut self, message: Message, problems: &[Problem], now: Instant) {
        let key = (!message.call.from_originator(), message.call.value());
        let Some(id) = self.references.get(&key).copied() else {
            return self.receive_stray(message, problems, now);
        };
        if self.settle_channel(id, &message, now) {
            self.with_call(id, now, |call, rules, _, out| {
                call.receive(message, problems, rules, now, out);
            });
        }
    }

    /// Lets a call do something, and does what it answers.
    fn with_call(
        &mut self,
        id: CallId,
        now: Instant,
        act: impl FnOnce(&mut Call, &Rules, bool, &mut Vec<Act>),
    ) {
        let connected = self.links.active().is_some();
        let Some(entry) = self.calls.get_mut(&id) else { return };
        let mut acts = Vec::new();
        act(&mut entry.call, &self.params.rules, connected, &mut acts);
        self.perform(id, acts, now);
    }

    /// Does what a call wants; one that has ended is forgotten.
    fn perform(&mut self, id: CallId, acts: Vec<Act>, now: Instant) {
        let mut distrusted = false;
        for act in acts {
            match act {
                Act::Send(message) => self.send(&message),
                Act::Tell(event) => self.tell(Notice::Call { call: id, event }),
                Act::Distrust => distrusted = true,
            }
        }
        let Some(entry) = self.calls.get(&id) else { return };
        if !entry.call.is_over() {
            let due = entry.call.deadline();
            return self.clock.set(Due::Call(id), due);
        }
        let (reference, channel) = (entry.call.reference(), entry.channel);
        self.calls.remove(&id);
        self.references.remove(&(reference.from_originator(), reference.value()));
        self.clock.set(Due::Call(id), None);
        let Some(channel) = channel else { return };
        if self.channels.release(channel, id) {
            self.tell_channel(channel);
            self.close_if_asked(channel, now);
        }
        if distrusted && self.closing.is_none() {
            self.restart(Scope::Channel(channel), now);
        }
    }

    fn send(&mut self, message: &Message) {
        if let Some(link) = self.links.active() {
            self.outputs.push_back(Output::Send { link, octets: message.octets() });
        }
    }

    fn tell(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Tell(notice));
    }

    fn tell_channel(&mut self, channel: Channel) {
        if let Some(state) = self.channels.state(channel) {
            self.tell(Notice::Channel { channel, state: *state });
        }
    }

    /// A reference of everything as we say it when we ask.
    fn global(&self) -> CallReference {
        CallReference::global(true, self.params.reference_length)
    }
}
