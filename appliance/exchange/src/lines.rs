//! The lines of the board: which spans there are, and how they do.

use crate::{Exchange, LineCommand, Output};
use call::{Event, LineEvent, LineStatus, LineWish, SpanFacts, SpanId, SpanState};
use std::collections::BTreeMap;
use std::time::Instant;

/// All lines of the board.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    spans: BTreeMap<SpanId, Span>,
}

/// A span that was found.
#[derive(Debug)]
struct Span {
    facts: SpanFacts,
    /// Nothing before its driver has told of it.
    state: Option<SpanState>,
}

impl Lines {
    /// How they do, in order.
    pub(crate) fn statuses(&self) -> Vec<LineStatus> {
        self.spans.values().map(Span::status).collect()
    }

    fn found(&mut self, spans: Vec<SpanFacts>) {
        for facts in spans {
            match self.spans.get_mut(&facts.span) {
                Some(known) => known.facts = facts,
                None => drop(self.spans.insert(facts.span, Span { facts, state: None })),
            }
        }
    }

    /// A span's state; its status if that shows something new.
    fn stands(&mut self, state: SpanState) -> Option<LineStatus> {
        let span = self.spans.get_mut(&state.span)?;
        let before = span.state.replace(state);
        (before != Some(state)).then(|| span.status())
    }
}

impl Span {
    fn status(&self) -> LineStatus {
        let state = self.state;
        LineStatus {
            facts: self.facts.clone(),
            trunk: None,
            present: state.is_some_and(|it| it.present),
            alarms: state.map(|it| it.alarms).unwrap_or_default(),
            counters: state.map(|it| it.counters).unwrap_or_default(),
            is_clock: state.is_some_and(|it| it.is_clock),
            loop_back: state.and_then(|it| it.loop_back),
            traced: false,
            d_channel: None,
            channels: Vec::new(),
        }
    }
}

impl Exchange {
    pub(crate) fn line(&mut self, event: LineEvent, _now: Instant) {
        match event {
            LineEvent::Found(spans) => self.lines.found(spans),
            LineEvent::State(state) => {
                if let Some(status) = self.lines.stands(state) {
                    let event = Event::Line(Box::new(status));
                    self.frame.output.push_back(Output::Notify(event));
                }
            }
            LineEvent::Frame { .. } => self.frame.count("lines", "stray"),
        }
    }

    pub(crate) fn wish(&mut self, wish: LineWish, _now: Instant) {
        let command = match wish {
            LineWish::LoopSpan { span, loop_back } => LineCommand::LoopBack { span, loop_back },
            LineWish::Fault { span, fault } => LineCommand::Fault { span, fault },
            LineWish::Service { .. }
            | LineWish::Restart { .. }
            | LineWish::LoopChannel { .. }
            | LineWish::Trace { .. } => return,
        };
        self.frame.output.push_back(Output::Line(command));
    }
}
