//! What an administrator wants of lines: channels in and out of service, restarts, loops, tests, traces.

use super::Lines;
use crate::frame::Frame;
use crate::{Exchange, LineCommand, Output};
use call::{ChannelService, LineWish, SpanId};
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
            LineWish::Bert { span, slot, pattern } => {
                self.lines.test(frame, (span, slot), pattern, now);
            }
            LineWish::BertError { span, slot } => self.lines.insert_error(frame, span, slot),
            LineWish::Trace { span, on } => self.lines.trace(span, on),
            LineWish::Fault { span, fault } => {
                frame.output.push_back(Output::Line(LineCommand::Fault { span, fault }));
            }
        }
    }
}

impl Lines {
    pub(super) fn serve(
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
        let measured = self.spans.get_mut(&span).map(|known| &mut known.measured);
        let kept = match (measured, slot) {
            // A whole line: what is measured is that afterwards.
            (Some(measured), None) => measured.set_afterwards(service),
            _ => Vec::new(),
        };
        let Some((id, group)) = self.group_of(span) else { return };
        let channels = group.trunk.describe().channels.into_iter().map(|(channel, _)| channel);
        let meant = |channel: &Channel| {
            let place = group.place(*channel);
            place.is_some_and(|(at, number)| {
                at == span && slot.is_none_or(|slot| slot == number) && !kept.contains(&number)
            })
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
