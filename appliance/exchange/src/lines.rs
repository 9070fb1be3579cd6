//! The lines of the board: which spans there are and how they do, the trunks that use them, and what is
//! said on their D channels.
//!
//! A trunk of digital lines runs as soon as all its lines were found. What its interface tells of calls
//! goes to their legs (`leg/isdn.rs`); of a call that nobody has yet the number is taken here, digit by
//! digit if need be, until the routes can tell where it goes.

mod calls;
mod group;
mod measured;
mod number;
mod route;
mod status;
mod wishes;

use crate::frame::Frame;
use crate::{Exchange, LineCommand, Output};
use call::{
    ChannelSound, Event, LegId, LineEvent, LineLayer, LineQuality, LineTrace, PortId, SpanFacts,
    SpanId, SpanState, TrunkState, TrunkStatus,
};
use config::{Config, Trunk, TrunkId, TrunkKind};
use group::{Group, Holder};
use measured::Measured;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;
use tdm::q931::call::{Event as CallEvent, Misuse, Request};
use tdm::q931::interface::{CallId, Channel, Notice, Refused, Setup};
use tdm::trunk::{Direction, Layer, Output as Told};

pub(crate) use group::dialect;
pub(crate) use number::{read, write};
pub use route::explain;
pub(crate) use route::{called, wish};

/// All lines of the board.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    spans: BTreeMap<SpanId, Span>,
    groups: BTreeMap<TrunkId, Group>,
    /// Trunks that cannot run, and why.
    idle: BTreeMap<TrunkId, TrunkStatus>,
    /// What was told of calls.
    told: VecDeque<(TrunkId, CallId, CallEvent)>,
    /// What was said on a D channel of calls, where that is traced.
    notes: VecDeque<(LegId, String)>,
    /// Legs whose trunk is gone.
    orphans: VecDeque<LegId>,
    /// Spans of which something new is to be shown.
    changed: BTreeSet<SpanId>,
}

/// A span that was found.
#[derive(Debug)]
struct Span {
    facts: SpanFacts,
    /// Nothing before its driver has told of it.
    state: Option<SpanState>,
    /// Channels that are looped or tested.
    measured: Measured,
    /// How the sound of its channels fares, by timeslot.
    sound: BTreeMap<u8, ChannelSound>,
}

impl Lines {
    /// How the trunks of digital lines do, in order.
    pub(crate) fn trunks(&self) -> impl Iterator<Item = &TrunkStatus> {
        self.groups.values().map(|group| &group.status).chain(self.idle.values())
    }

    /// Whether calls had better try others first.
    pub(crate) fn is_down(&self, id: TrunkId) -> bool {
        let status = self.groups.get(&id).map(|group| &group.status);
        let status = status.or_else(|| self.idle.get(&id));
        status.is_some_and(|status| status.state != TrunkState::Up)
    }

    /// A trunk that runs.
    pub(crate) fn trunk(&self, id: TrunkId) -> Option<&Arc<Trunk>> {
        self.groups.get(&id).map(|group| &group.config)
    }

    /// Places a call: its name, and its channel if that is known yet.
    pub(crate) fn place(
        &mut self,
        frame: &mut Frame,
        id: TrunkId,
        (leg, of): (LegId, call::CallId),
        setup: Setup,
        now: Instant,
    ) -> Result<(CallId, Option<Channel>), Refused> {
        let group = self.groups.get_mut(&id).ok_or(Refused::NoLink)?;
        let call = group.trunk.setup(setup, now)?;
        group.calls.insert(call, Holder::Leg(leg));
        group.remember(call, leg, of);
        let channel = group.trunk.channel_of(call);
        self.drain(frame, id, now);
        Ok((call, channel))
    }

    /// What a leg wants of its call. A call that is over already has told so.
    pub(crate) fn request(
        &mut self,
        frame: &mut Frame,
        id: TrunkId,
        call: CallId,
        request: Request,
        now: Instant,
    ) -> Result<(), Misuse> {
        let group = self.groups.get_mut(&id).ok_or(Misuse::NoSuchCall)?;
        let done = group.trunk.request(call, request, now);
        self.drain(frame, id, now);
        done
    }

    /// The span and the timeslot of a channel of a trunk.
    pub(crate) fn at(&self, id: TrunkId, channel: Channel) -> Option<(SpanId, u8)> {
        self.groups.get(&id)?.place(channel)
    }

    /// The span and the timeslot of a call.
    pub(crate) fn channel(&self, id: TrunkId, call: CallId) -> Option<(SpanId, u8)> {
        let group = self.groups.get(&id)?;
        group.place(group.trunk.channel_of(call)?)
    }

    /// The channel of a call, as messages name it.
    pub(crate) fn channel_of(&self, id: TrunkId, call: CallId) -> Option<Channel> {
        self.groups.get(&id)?.trunk.channel_of(call)
    }

    /// How the sound of a channel fares.
    pub(crate) fn fared(&mut self, port: PortId, quality: LineQuality) {
        let Some((span, slot)) = port.channel() else { return };
        let Some(known) = self.spans.get_mut(&SpanId(span)) else { return };
        let LineQuality { erle, cancelling, slips, .. } = quality;
        let sound = ChannelSound { erle_centibels: erle.into(), cancelling, slips };
        if known.sound.insert(slot, sound) != Some(sound) {
            self.changed.insert(SpanId(span));
        }
    }

    /// What was told of a call, in order.
    pub(crate) fn poll(&mut self) -> Option<(TrunkId, CallId, CallEvent)> {
        self.told.pop_front()
    }

    /// What was said on a D channel of the call of a leg.
    pub(crate) fn poll_note(&mut self) -> Option<(LegId, String)> {
        self.notes.pop_front()
    }

    /// What a span is called.
    pub(crate) fn name(&self, span: SpanId) -> &str {
        self.spans.get(&span).map_or("", |known| known.facts.name.as_str())
    }

    /// A leg whose trunk is gone.
    pub(crate) fn poll_orphan(&mut self) -> Option<LegId> {
        self.orphans.pop_front()
    }

    /// When the first trunk has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.groups.values().filter_map(|group| group.trunk.poll_timeout()).min()
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, frame: &mut Frame, now: Instant) {
        let is_due = |group: &Group| group.trunk.poll_timeout().is_some_and(|at| at <= now);
        let due = self.groups.iter().filter(|(_, group)| is_due(group)).map(|(id, _)| *id);
        for id in due.collect::<Vec<_>>() {
            if let Some(group) = self.groups.get_mut(&id) {
                group.trunk.handle_timeout(now);
            }
            self.drain(frame, id, now);
        }
    }

    /// Starts what is new, stops what is gone, and begins anew what was changed.
    fn arrange(&mut self, frame: &mut Frame, config: &Config, now: Instant) {
        let runs = |id: &TrunkId, group: &Group| {
            let trunk = config.trunks.get(id).filter(|trunk| trunk.enabled);
            trunk.is_some_and(|trunk| trunk.isdn == group.config.isdn)
        };
        let gone = self.groups.iter().filter(|(id, group)| !runs(id, group)).map(|(id, _)| *id);
        for id in gone.collect::<Vec<_>>() {
            self.stop(frame, id, now);
        }
        self.idle.clear();
        for (id, trunk) in &config.trunks {
            match self.groups.get_mut(id) {
                Some(group) => group.config = trunk.clone(),
                None if trunk.kind == TrunkKind::Isdn => self.start(frame, trunk, now),
                None => {}
            }
        }
    }

    fn start(&mut self, frame: &mut Frame, trunk: &Arc<Trunk>, now: Instant) {
        let Some(isdn) = &trunk.isdn else { return };
        let by_name = |name: &str| {
            let mut known = self.spans.values();
            known.find(|span| span.facts.name == name).map(|span| span.facts.span)
        };
        let found: Vec<_> = isdn.spans.iter().map(|span| by_name(&span.line)).collect();
        let missing = isdn.spans.iter().zip(&found).find(|(_, found)| found.is_none());
        let since = frame.clock(now);
        let idle = |state, problem| TrunkStatus {
            trunk: trunk.id.0,
            state,
            since,
            problem,
            seen_as: None,
        };
        if !trunk.enabled {
            self.idle.insert(trunk.id, idle(TrunkState::Off, None));
            return;
        }
        if let Some((span, _)) = missing {
            let problem = format!("This box has no line that is called {}.", span.line);
            let status = idle(TrunkState::Down, Some(problem));
            self.idle.insert(trunk.id, status);
            return;
        }
        let spans: Vec<_> = found.into_iter().flatten().collect();
        for (span, setting) in spans.iter().zip(&isdn.spans) {
            let setting = Some(Box::new(setting.clone()));
            let command = LineCommand::Setup { span: *span, setting };
            frame.output.push_back(Output::Line(command));
        }
        let mut group = Group::new(trunk.clone(), isdn, &spans, now);
        group.status.since = since;
        self.changed.extend(&spans);
        let down: Vec<_> = group
            .spans
            .iter()
            .filter(|(_, span)| self.spans.get(span).is_some_and(Span::is_down))
            .map(|(identifier, _)| *identifier)
            .collect();
        for identifier in down {
            group.trunk.alarm(identifier, true, now);
        }
        self.groups.insert(trunk.id, group);
        self.drain(frame, trunk.id, now);
    }

    /// Gives the lines of a trunk back; its calls are over.
    fn stop(&mut self, frame: &mut Frame, id: TrunkId, now: Instant) {
        let Some(group) = self.groups.remove(&id) else { return };
        let legs = group.calls.into_values().filter_map(|holder| match holder {
            Holder::Leg(leg) => Some(leg),
            Holder::Dialling(_) => None,
        });
        self.orphans.extend(legs);
        for span in group.spans.into_values() {
            self.end_all_measuring(frame, span, now);
            let command = LineCommand::Setup { span, setting: None };
            frame.output.push_back(Output::Line(command));
            self.changed.insert(span);
        }
    }

    fn found(&mut self, spans: Vec<SpanFacts>) {
        for facts in spans {
            self.changed.insert(facts.span);
            match self.spans.get_mut(&facts.span) {
                Some(known) => known.facts = facts,
                None => drop(self.spans.insert(facts.span, Span::new(facts))),
            }
        }
    }

    fn stands(&mut self, frame: &mut Frame, state: SpanState, now: Instant) {
        let Some(span) = self.spans.get_mut(&state.span) else { return };
        if span.state.replace(state) == Some(state) {
            return;
        }
        self.changed.insert(state.span);
        let down = span.is_down();
        let Some((id, group)) = self.group_of(state.span) else { return };
        if let Some(identifier) = group.identifier(state.span) {
            group.trunk.alarm(identifier, down, now);
            self.drain(frame, id, now);
        }
    }

    fn frame(&mut self, frame: &mut Frame, span: SpanId, octets: &[u8], now: Instant) {
        let found = self.group_of(span).and_then(|(id, group)| Some((id, group.link(span)?)));
        let Some((id, link)) = found else { return frame.count("lines", "stray") };
        if let Some(group) = self.groups.get_mut(&id) {
            group.trunk.frame(link, octets, now);
        }
        self.drain(frame, id, now);
    }

    fn group_of(&mut self, span: SpanId) -> Option<(TrunkId, &mut Group)> {
        let mut groups = self.groups.iter_mut();
        let (id, group) = groups.find(|(_, it)| it.spans.values().any(|known| *known == span))?;
        Some((*id, group))
    }

    /// Does what an interface wants, and keeps what it tells.
    fn drain(&mut self, frame: &mut Frame, id: TrunkId, now: Instant) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        while let Some(output) = group.trunk.poll_output() {
            match output {
                Told::Frame { link, octets } => {
                    if let Some(span) = group.links.get(usize::from(link.0)) {
                        let octets = octets.into_boxed_slice();
                        let command = LineCommand::Frame { span: *span, octets };
                        frame.output.push_back(Output::Line(command));
                    }
                }
                Told::Link { link, .. } => {
                    self.changed.extend(group.links.get(usize::from(link.0)));
                }
                Told::Notice(Notice::Call { call, event }) => {
                    self.told.push_back((id, call, event))
                }
                Told::Notice(Notice::Channel { channel, .. }) => {
                    self.changed.extend(group.place(channel).map(|(span, _)| span));
                }
                Told::Notice(Notice::Carries(_)) => self.changed.extend(&group.links),
                Told::Notice(Notice::Clear(channel)) => group.trunk.cleared(channel, now),
                Told::Notice(Notice::Restarted { confirmed, .. }) => {
                    frame.count("lines", if confirmed { "restarted" } else { "not_restarted" });
                }
                Told::Notice(Notice::Fault(_)) => frame.count("lines", "faults"),
                Told::Fault(_) => frame.count("lines", "link_errors"),
                Told::Released => {}
                Told::Trace(line) => {
                    let Some(span) = group.links.get(usize::from(line.link.0)) else { continue };
                    let known = self.spans.get(span).filter(|_| group.traced.contains(span));
                    let Some(known) = known else { continue };
                    let whose = group.said_of(&line);
                    let call = whose.map(|(leg, of)| frame.streams.call_of(leg).unwrap_or(of));
                    let trace = trace(frame, &line, &known.facts.name, (id, call));
                    self.notes.extend(whose.map(|(leg, _)| (leg, trace.text.clone())));
                    frame.output.push_back(Output::Notify(Event::Trace(Box::new(trace))));
                }
            }
        }
        let alarmed = |span: &&SpanId| self.spans.get(span).is_some_and(Span::is_down);
        let alarms = group.spans.values().filter(alarmed);
        let alarms = alarms.filter_map(|span| Some(self.spans.get(span)?.facts.name.as_str()));
        let (state, problem) = group.standing(&alarms.collect::<Vec<_>>());
        if (state, &problem) != (group.status.state, &group.status.problem) {
            let since = frame.clock(now);
            group.status = TrunkStatus { state, problem, since, ..group.status.clone() };
            let status = group.status.clone();
            frame.output.push_back(Output::Notify(Event::Trunk(status)));
        }
    }
}

impl Span {
    fn new(facts: SpanFacts) -> Self {
        Self { facts, state: None, measured: Measured::default(), sound: BTreeMap::new() }
    }

    /// Whether it carries nothing; one of which nothing was told yet may.
    fn is_down(&self) -> bool {
        self.state.is_some_and(|state| !state.present || state.alarms.is_down())
    }
}

impl Exchange {
    pub(crate) fn line(&mut self, event: LineEvent, now: Instant) {
        match event {
            LineEvent::Found(spans) => {
                self.lines.found(spans);
                self.arrange_lines(now);
            }
            LineEvent::State(state) => self.lines.stands(&mut self.frame, state, now),
            LineEvent::Frame { span, octets } => {
                self.lines.frame(&mut self.frame, span, &octets, now);
            }
        }
    }

    /// Lets the trunks of digital lines follow the configuration.
    pub(crate) fn arrange_lines(&mut self, now: Instant) {
        let config = self.frame.config.clone();
        self.lines.arrange(&mut self.frame, &config, now);
    }
}

/// What was said on a D channel, in words.
fn trace(
    frame: &Frame,
    line: &tdm::trunk::Line,
    name: &str,
    (trunk, call): (TrunkId, Option<call::CallId>),
) -> LineTrace {
    let octets = line.octets.iter().map(|octet| format!("{octet:02x}")).collect();
    LineTrace {
        at: frame.clock(line.at),
        line: name.to_owned(),
        trunk: trunk.0,
        sent: line.direction == Direction::Sent,
        layer: match line.layer {
            Layer::Frame => LineLayer::Frame,
            Layer::Message => LineLayer::Message,
        },
        call,
        text: line.to_string(),
        octets,
    }
}
