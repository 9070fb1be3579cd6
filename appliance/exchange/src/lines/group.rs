//! A trunk of digital lines that runs: its interface, and whose its calls are.

use super::number;
use call::{LegId, SpanId, TrunkState, TrunkStatus, UnixMillis};
use config::{ChannelSelection, Isdn, IsdnDialect, IsdnSide, IsdnTimer, Trunk};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tdm::q921;
use tdm::q931::dialect::Dialect;
use tdm::q931::interface::{self, CallId, Channel, LinkId, Selection};
use tdm::q931::message::{CallReference, Message, MessageKind};
use tdm::q931::timers::Side;
use tdm::trunk::{Direction, Layer, Line};

/// A trunk of digital lines.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) config: Arc<Trunk>,
    pub(super) trunk: tdm::trunk::Trunk,
    /// By the identifiers that messages name them with.
    pub(super) spans: BTreeMap<u8, SpanId>,
    /// Those with a D channel, in the order of [`LinkId`].
    pub(super) links: Vec<SpanId>,
    pub(super) calls: BTreeMap<CallId, Holder>,
    /// Under which references the last calls went: who reads along hears their ends, too.
    spoken: VecDeque<Spoken>,
    pub(super) status: TrunkStatus,
    /// The spans of which all that is said is told.
    pub(super) traced: BTreeSet<SpanId>,
}

/// Whose messages a reference names.
#[derive(Debug)]
struct Spoken {
    reference: CallReference,
    leg: LegId,
    call: call::CallId,
}

/// Whose a call is.
#[derive(Debug)]
pub(super) enum Holder {
    /// A leg's.
    Leg(LegId),
    /// Nobody's yet: the caller is still dialling.
    Dialling(Box<number::Dialled>),
}

impl Group {
    /// Begins with all links down. `spans`: those of the configuration, in its order.
    pub(super) fn new(config: Arc<Trunk>, isdn: &Isdn, spans: &[SpanId], now: Instant) -> Self {
        let named = || isdn.spans.iter().zip(spans);
        let links = named().filter(|(span, _)| span.signalling).map(|(_, id)| *id);
        let status = TrunkStatus {
            trunk: config.id.0,
            state: TrunkState::Trying,
            since: UnixMillis::default(),
            problem: None,
            seen_as: None,
        };
        Self {
            trunk: tdm::trunk::Trunk::new(params(isdn), now),
            spans: named().map(|(span, id)| (span.identifier, *id)).collect(),
            links: links.take(2).collect(),
            calls: BTreeMap::new(),
            spoken: VecDeque::new(),
            config,
            status,
            traced: BTreeSet::new(),
        }
    }

    /// The span and the timeslot of a channel.
    pub(super) fn place(&self, channel: Channel) -> Option<(SpanId, u8)> {
        Some((*self.spans.get(&channel.span)?, channel.number))
    }

    /// The channel in a timeslot of a span.
    pub(super) fn channel(&self, span: SpanId, slot: u8) -> Option<Channel> {
        Some(Channel { span: self.identifier(span)?, number: slot })
    }

    /// By which number messages name a span.
    pub(super) fn identifier(&self, span: SpanId) -> Option<u8> {
        self.spans.iter().find(|(_, known)| **known == span).map(|(identifier, _)| *identifier)
    }

    /// The link of the D channel on a span.
    pub(super) fn link(&self, span: SpanId) -> Option<LinkId> {
        let place = self.links.iter().position(|known| *known == span)?;
        u8::try_from(place).ok().map(LinkId)
    }

    /// A call is a leg's from here on.
    pub(super) fn remember(&mut self, id: CallId, leg: LegId, call: call::CallId) {
        let status = self.trunk.describe();
        let Some(known) = status.calls.iter().find(|known| known.call == id) else { return };
        let reference = known.reference;
        self.spoken.retain(|it| it.reference != reference);
        if self.spoken.len() == MOST_SPOKEN {
            self.spoken.pop_front();
        }
        self.spoken.push_back(Spoken { reference, leg, call });
    }

    /// The leg that a message is about, and its call when it began.
    pub(super) fn said_of(&mut self, line: &Line) -> Option<(LegId, call::CallId)> {
        if line.layer != Layer::Message {
            return None;
        }
        let (message, _) = Message::parse(&line.octets).ok()?;
        // As our messages name it.
        let ours = message.call.from_originator() == (line.direction == Direction::Sent);
        let is = |it: &Spoken| {
            it.reference.value() == message.call.value() && it.reference.from_originator() == ours
        };
        if message.kind == MessageKind::Setup && line.direction == Direction::Received {
            // A call that is nobody's yet, under a reference that another one had.
            self.spoken.retain(|it| !is(it));
        }
        self.spoken.iter().find(|it| is(it)).map(|it| (it.leg, it.call))
    }

    /// Whether calls can be placed, and what stands against it.
    pub(super) fn standing(&self, alarms: &[&str]) -> (TrunkState, Option<String>) {
        let status = self.trunk.describe();
        let carries = status.links.iter().any(|link| link.carries);
        let down = || match alarms {
            [] => "The D channel is down: the far end does not answer on it.".to_owned(),
            [line] => format!("{line} has an alarm."),
            lines => format!("These lines have alarms: {}.", lines.join(", ")),
        };
        match carries {
            true => (TrunkState::Up, None),
            false if self.status.state == TrunkState::Trying && alarms.is_empty() => {
                (TrunkState::Trying, None)
            }
            false => (TrunkState::Down, Some(down())),
        }
    }
}

pub(crate) fn dialect(isdn: &Isdn) -> Dialect {
    match isdn.dialect {
        IsdnDialect::EuroIsdn => Dialect::EuroIsdn,
        IsdnDialect::Ni2 => Dialect::Ni2,
        IsdnDialect::Ess5 => Dialect::Ess5,
        IsdnDialect::Dms100 => Dialect::Dms100,
        IsdnDialect::Qsig => Dialect::Qsig,
    }
}

fn params(isdn: &Isdn) -> tdm::trunk::Params {
    let side = match isdn.side {
        IsdnSide::User => Side::User,
        IsdnSide::Network => Side::Network,
    };
    let spans = isdn.spans.iter();
    let spans = spans.map(|it| interface::Span { id: it.identifier, channels: it.bearers() });
    let d_channels = isdn.spans.iter().filter(|span| span.signalling).map(|it| it.identifier);
    let mut params = interface::Params::of(side, dialect(isdn), Vec::new());
    params.spans = spans.collect();
    params.d_channels = d_channels.take(2).collect();
    params.names_spans = isdn.spans.len() > 1;
    params.selection = match isdn.selection {
        ChannelSelection::Ascending => Selection::Ascending,
        ChannelSelection::Descending => Selection::Descending,
        ChannelSelection::RoundRobin => Selection::RoundRobin,
        ChannelSelection::LeastUsed => Selection::LeastUsed,
    };
    params.restarts_at_first = isdn.restarts;
    let mut links = q921::Params::default();
    for (timer, millis) in &isdn.timers {
        let wait = Duration::from_millis((*millis).into());
        let timers = &mut params.rules.timers;
        let place = match timer {
            IsdnTimer::T200 => &mut links.t200,
            IsdnTimer::T203 => &mut links.t203,
            IsdnTimer::T301 => &mut timers.t301,
            IsdnTimer::T302 => &mut timers.t302,
            IsdnTimer::T303 => &mut timers.t303,
            IsdnTimer::T304 => &mut timers.t304,
            IsdnTimer::T305 => &mut timers.t305,
            IsdnTimer::T306 => &mut timers.t306,
            IsdnTimer::T308 => &mut timers.t308,
            IsdnTimer::T309 => &mut timers.t309,
            IsdnTimer::T310 => &mut timers.t310,
            IsdnTimer::T313 => &mut timers.t313,
            IsdnTimer::T316 => &mut timers.t316,
            IsdnTimer::T317 => &mut timers.t317,
            IsdnTimer::T321 => &mut timers.t321,
            IsdnTimer::T322 => &mut timers.t322,
        };
        *place = wait;
    }
    tdm::trunk::Params { interface: params, links, traces: false }
}

/// More calls than a trunk of several lines carries at once.
const MOST_SPOKEN: usize = 512;
