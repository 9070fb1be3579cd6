//! Channels that are measured: they are looped, or their bit errors are tested. Meanwhile they are out of
//! service for calls, and afterwards what they were.

use super::status::service;
use super::{Lines, Span};
use crate::frame::Frame;
use call::{
    Bert, BertFigures, BertPattern, CallId, ChannelService, LegId, LineKind, LineLaw, LineSound,
    MediaCommand, MediaKind, PortId, SpanId, UnixMillis,
};
use std::collections::BTreeMap;
use std::time::Instant;

/// What is measured of the channels of a span, by timeslot.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Channels that are looped or tested, and what each is to be afterwards.
    channels: BTreeMap<u8, (By, ChannelService)>,
    /// The tests that run, and the last ones.
    berts: BTreeMap<u8, Bert>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A loop: what comes goes back.
    Loop,
    /// A test of bit errors.
    Bert,
}

impl Measured {
    /// Whether a channel sends back what it receives.
    pub(super) fn is_looped(&self, slot: u8) -> bool {
        self.is_by(slot, By::Loop)
    }

    /// The test that runs on a channel, or the last one.
    pub(super) fn bert(&self, slot: u8) -> Option<Bert> {
        self.berts.get(&slot).copied()
    }

    /// What all channels that are measured are to be afterwards; which those are.
    pub(super) fn set_afterwards(&mut self, service: ChannelService) -> Vec<u8> {
        self.channels.values_mut().for_each(|(_, afterwards)| *afterwards = service);
        self.channels.keys().copied().collect()
    }

    fn is_by(&self, slot: u8, by: By) -> bool {
        matches!(self.channels.get(&slot), Some((known, _)) if *known == by)
    }

    /// Ends what measures a channel; what the channel was before, and what media is to do.
    fn end(
        &mut self,
        port: PortId,
        slot: u8,
        now: UnixMillis,
    ) -> Option<(ChannelService, MediaCommand)> {
        let (by, service) = self.channels.remove(&slot)?;
        let command = match by {
            By::Loop => MediaCommand::Close { port },
            By::Bert => MediaCommand::Bert { port, pattern: None },
        };
        if by == By::Bert
            && let Some(bert) = self.berts.get_mut(&slot)
        {
            bert.ended = Some(now);
        }
        Some((service, command))
    }
}

impl Lines {
    /// A channel that carries no call sends back what it receives, or does so no longer.
    pub(super) fn loop_back(
        &mut self,
        frame: &mut Frame,
        (span, slot): (SpanId, u8),
        on: bool,
        now: Instant,
    ) {
        let port = PortId::of_channel(span.0, slot);
        if !on {
            return self.release(frame, (span, slot), By::Loop, now);
        }
        let Some(law) = self.measure(frame, (span, slot), By::Loop, now) else { return };
        let line = LineSound { law, cancel_echo: false, clear: true };
        let (call, leg, kind) = (CallId(0), LegId(0), MediaKind::Audio);
        frame.media(MediaCommand::Open { port, call, leg, kind, dscp: 0, silence_seconds: 0 });
        frame.media(MediaCommand::Line { port, line });
        frame.media(MediaCommand::LoopBack { port, on });
    }

    /// The bit errors of a channel that carries no call are tested, or no longer.
    pub(super) fn test(
        &mut self,
        frame: &mut Frame,
        (span, slot): (SpanId, u8),
        pattern: Option<BertPattern>,
        now: Instant,
    ) {
        let Some(pattern) = pattern else {
            return self.release(frame, (span, slot), By::Bert, now);
        };
        if self.measure(frame, (span, slot), By::Bert, now).is_none() {
            return;
        }
        if let Some(known) = self.spans.get_mut(&span) {
            known.measured.berts.insert(slot, Bert::new(pattern, frame.clock(now)));
        }
        let port = PortId::of_channel(span.0, slot);
        frame.media(MediaCommand::Bert { port, pattern: Some(pattern) });
    }

    /// A test sends one bit that is wrong.
    pub(super) fn insert_error(&self, frame: &mut Frame, span: SpanId, slot: u8) {
        if self.spans.get(&span).is_some_and(|it| it.measured.is_by(slot, By::Bert)) {
            let port = PortId::of_channel(span.0, slot);
            frame.media(MediaCommand::BertError { port });
        }
    }

    /// What a test has counted.
    pub(crate) fn counted(&mut self, port: PortId, figures: BertFigures, now: UnixMillis) {
        let Some((span, slot)) = port.channel() else { return };
        let Some(known) = self.spans.get_mut(&SpanId(span)) else { return };
        if let Some(bert) = known.measured.berts.get_mut(&slot) {
            bert.count(figures, now);
            self.changed.insert(SpanId(span));
        }
    }

    /// A call has the channel that was measured, or nobody measures it any more: it is what it was before.
    pub(crate) fn end_measuring(
        &mut self,
        frame: &mut Frame,
        (span, slot): (SpanId, u8),
        now: Instant,
    ) {
        let Some(known) = self.spans.get_mut(&span) else { return };
        let port = PortId::of_channel(span.0, slot);
        let ended = known.measured.end(port, slot, frame.clock(now));
        let Some((service, command)) = ended else { return };
        frame.media(command);
        self.serve(frame, (span, Some(slot)), service, true, now);
    }

    /// Nobody uses a span any more: nothing goes on there.
    pub(super) fn end_all_measuring(&mut self, frame: &mut Frame, span: SpanId, now: Instant) {
        let slots = self.spans.get(&span).map(|it| it.measured.channels.keys().copied());
        for slot in slots.into_iter().flatten().collect::<Vec<_>>() {
            self.end_measuring(frame, (span, slot), now);
        }
        if let Some(known) = self.spans.get_mut(&span) {
            known.measured.berts.clear();
        }
    }

    /// Takes a channel out of service, which gives its law; nothing where it does something already.
    fn measure(
        &mut self,
        frame: &mut Frame,
        (span, slot): (SpanId, u8),
        by: By,
        now: Instant,
    ) -> Option<LineLaw> {
        let port = PortId::of_channel(span.0, slot);
        let standing = self.standing(span, slot)?;
        let known = self.spans.get_mut(&span)?;
        if frame.lent.contains_key(&port) || known.measured.channels.contains_key(&slot) {
            return None;
        }
        let law = known.law();
        self.serve(frame, (span, Some(slot)), ChannelService::Maintenance, true, now);
        let known = self.spans.get_mut(&span)?;
        known.measured.channels.insert(slot, (by, standing));
        Some(law)
    }

    /// A channel is what it was before it was measured.
    fn release(&mut self, frame: &mut Frame, (span, slot): (SpanId, u8), by: By, now: Instant) {
        if self.spans.get(&span).is_some_and(|it| it.measured.is_by(slot, by)) {
            self.end_measuring(frame, (span, slot), now);
        }
    }

    /// Whether we want a channel of a trunk to be used.
    fn standing(&mut self, span: SpanId, slot: u8) -> Option<ChannelService> {
        let (_, group) = self.group_of(span)?;
        let channel = group.channel(span, slot)?;
        let status = group.trunk.describe();
        let (_, state) = status.channels.iter().find(|(known, _)| *known == channel)?;
        Some(service(state.ours))
    }
}

impl Span {
    fn law(&self) -> LineLaw {
        match self.facts.kind {
            LineKind::E1 => LineLaw::A,
            LineKind::T1 => LineLaw::Mu,
        }
    }
}
