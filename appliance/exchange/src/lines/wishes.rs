//! What an administrator wants of lines: channels in and out of service, restarts, loops, traces.

use super::Lines;
use crate::frame::Frame;
use crate::{Exchange, LineCommand, Output};
use call::{
    CallId, ChannelService, LegId, LineKind, LineLaw, LineSound, LineWish, MediaCommand, MediaKind,
    PortId, SpanId,
};
use std::time::Instant;
use tdm::q931::interface::{Channel, Scope, Standing};

impl Exchange {
    pub(crate) fn wish(&mut self, wish: LineWish, now: Instant) {
        let frame = &mut self.frame;
        match wish {
            LineWish::Service { span, slot, service, gently } => {
                self.lines.serve(frame, (span, slot), service, gently, now);
            }
            LineWish::Restart { span, slot } => self.lines.restart(frame, span, slot, now),
            LineWish::LoopSpan { span, loop_back } => {
                let command = LineCommand::LoopBack { span, loop_back };
                frame.output.push_back(Output::Line(command));
            }
            LineWish::LoopChannel { span, slot, on } => {
                self.lines.loop_back(frame, (span, slot), on, now);
            }
            LineWish::Trace { span, on } => self.lines.trace(span, on),
            LineWish::Fault { span, fault } => {
                frame.output.push_back(Output::Line(LineCommand::Fault { span, fault }));
            }
        }
    }
}

impl Lines {
    fn serve(
        &mut self,
        frame: &mut Frame,
        (span, slot): (SpanId, Option<u8>),
        service: ChannelService,
        gently: bool,
        now: Instant,
    ) {
        let standing = match service {
            ChannelService::In => Standing::In,
            ChannelService::Maintenance => Standing::Maintenance,
            ChannelService::Out => Standing::Out,
        };
        let Some((id, group)) = self.group_of(span) else { return };
        let channels = group.trunk.describe().channels.into_iter().map(|(channel, _)| channel);
        let meant = |channel: &Channel| {
            let place = group.place(*channel);
            place.is_some_and(|(at, number)| at == span && slot.is_none_or(|slot| slot == number))
        };
        for channel in channels.filter(meant).collect::<Vec<_>>() {
            // One that has begun to restart meanwhile is left as it is.
            if group.trunk.set_service(channel, standing, gently, now).is_err() {
                frame.count("lines", "misuse");
            }
        }
        self.changed.insert(span);
        self.drain(frame, id, now);
    }

    fn restart(&mut self, frame: &mut Frame, span: SpanId, slot: Option<u8>, now: Instant) {
        let Some((id, group)) = self.group_of(span) else { return };
        let scope = match slot {
            Some(slot) => group.channel(span, slot).map(Scope::Channel),
            None => group.identifier(span).map(Scope::Span),
        };
        if let Some(scope) = scope {
            group.trunk.restart(scope, now);
        }
        self.drain(frame, id, now);
    }

    /// A channel that carries no call sends back what it receives.
    fn loop_back(&mut self, frame: &mut Frame, (span, slot): (SpanId, u8), on: bool, now: Instant) {
        let port = PortId::of_channel(span.0, slot);
        let Some(known) = self.spans.get_mut(&span) else { return };
        if on && (frame.lent.contains_key(&port) || !known.looped.insert(slot)) {
            return;
        }
        if !on && !known.looped.remove(&slot) {
            return;
        }
        let law = match known.facts.kind {
            LineKind::E1 => LineLaw::A,
            LineKind::T1 => LineLaw::Mu,
        };
        self.changed.insert(span);
        let service = if on { ChannelService::Maintenance } else { ChannelService::In };
        self.serve(frame, (span, Some(slot)), service, true, now);
        if on {
            let line = LineSound { law, cancel_echo: false, clear: true };
            let (call, leg, kind) = (CallId(0), LegId(0), MediaKind::Audio);
            frame.media(MediaCommand::Open { port, call, leg, kind, dscp: 0, silence_seconds: 0 });
            frame.media(MediaCommand::Line { port, line });
            frame.media(MediaCommand::LoopBack { port, on });
        } else {
            frame.media(MediaCommand::Close { port });
        }
    }

    /// A call has a channel that was looped.
    pub(crate) fn end_loop(&mut self, frame: &mut Frame, span: SpanId, slot: u8) {
        let known = self.spans.get_mut(&span);
        if known.is_some_and(|known| known.looped.remove(&slot)) {
            frame.media(MediaCommand::Close { port: PortId::of_channel(span.0, slot) });
        }
    }

    fn trace(&mut self, span: SpanId, on: bool) {
        let Some((_, group)) = self.group_of(span) else { return };
        match on {
            true => group.traced.insert(span),
            false => group.traced.remove(&span),
        };
        let any = !group.traced.is_empty();
        group.trunk.trace(any);
        self.changed.insert(span);
    }
}
