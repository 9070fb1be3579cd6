//! How the lines do, for pages.

use super::{Group, Holder, Lines, Span};
use crate::leg::sip::Legs;
use crate::{Exchange, Output};
use call::{
    ChannelService, ChannelStatus, ChannelUsage, DChannelStatus, Event, LineStatus, SpanId,
};
use tdm::q931::interface::{Channel, ChannelState, Standing, Usage};

impl Lines {
    /// All of them, in order.
    pub(crate) fn statuses(&self, legs: &Legs) -> Vec<LineStatus> {
        self.spans.values().map(|span| self.status(span, legs)).collect()
    }

    /// One of them.
    fn status(&self, span: &Span, legs: &Legs) -> LineStatus {
        let id = span.facts.span;
        let uses = |group: &&Group| group.spans.values().any(|known| *known == id);
        let group = self.groups.values().find(uses);
        let state = span.state;
        LineStatus {
            facts: span.facts.clone(),
            trunk: group.map(|group| group.config.id.0),
            present: state.is_some_and(|it| it.present),
            watched: state.is_some_and(|it| it.watched),
            alarms: state.map(|it| it.alarms).unwrap_or_default(),
            counters: state.map(|it| it.counters).unwrap_or_default(),
            is_clock: state.is_some_and(|it| it.is_clock),
            loop_back: state.and_then(|it| it.loop_back),
            traced: group.is_some_and(|group| group.traced.contains(&id)),
            d_channel: group.and_then(|group| d_channel(group, id)),
            channels: group.map(|group| channels(group, span, legs)).unwrap_or_default(),
        }
    }
}

impl Exchange {
    /// Tells of lines that do otherwise than before.
    pub(crate) fn tell_lines(&mut self) {
        for id in std::mem::take(&mut self.lines.changed) {
            let Some(span) = self.lines.spans.get(&id) else { continue };
            let status = self.lines.status(span, &self.legs);
            self.frame.output.push_back(Output::Notify(Event::Line(Box::new(status))));
        }
    }
}

fn d_channel(group: &Group, span: SpanId) -> Option<DChannelStatus> {
    let link = group.link(span)?;
    let status = group.trunk.describe();
    let found = status.links.iter().find(|known| known.link == link)?;
    Some(DChannelStatus { up: found.phase.is_up(), carries: found.carries })
}

fn channels(group: &Group, span: &Span, legs: &Legs) -> Vec<ChannelStatus> {
    let status = group.trunk.describe();
    let of_span = |(channel, state): &(Channel, ChannelState)| {
        let (id, slot) = group.place(*channel)?;
        (id == span.facts.span).then(|| channel_status(group, span, slot, state, legs))
    };
    status.channels.iter().filter_map(of_span).collect()
}

fn channel_status(
    group: &Group,
    span: &Span,
    slot: u8,
    state: &ChannelState,
    legs: &Legs,
) -> ChannelStatus {
    let call = state.call().and_then(|call| match group.calls.get(&call)? {
        Holder::Leg(leg) => legs.call_of(*leg),
        Holder::Dialling(_) => None,
    });
    ChannelStatus {
        slot,
        usage: match state.usage {
            Usage::Idle if state.alarm => ChannelUsage::Alarm,
            Usage::Idle => ChannelUsage::Idle,
            Usage::Reserved(_) => ChannelUsage::Reserved,
            Usage::Busy(_) => ChannelUsage::Busy,
            Usage::Restarting => ChannelUsage::Restarting,
        },
        ours: service(state.ours),
        theirs: service(state.theirs),
        closing: state.closing.map(service),
        call,
        looped: span.measured.is_looped(slot),
        bert: span.measured.bert(slot),
        sound: span.sound.get(&slot).copied().filter(|_| call.is_some()),
    }
}

/// A standing in the words of pages.
pub(super) fn service(standing: Standing) -> ChannelService {
    match standing {
        Standing::In => ChannelService::In,
        Standing::Maintenance => ChannelService::Maintenance,
        Standing::Out => ChannelService::Out,
    }
}
