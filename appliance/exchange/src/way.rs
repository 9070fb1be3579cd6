//! The way of a request that opens a dialog: which targets there are, and which is tried next
//! (RFC 3263 §4.3).

use crate::Output;
use crate::frame::Frame;
use sip::flow::Flow;
use sip::resolve::{Answer, Destination, Lookup, Progress, Question, Target, Targets};
use std::time::Instant;

/// Where a request goes.
#[derive(Debug)]
pub(crate) enum Way {
    /// The DNS is being asked.
    Asking { lookup: Box<Lookup>, name: String },
    /// These are left to be tried.
    Known { targets: Targets, current: Option<Target>, name: String },
    /// Back by the flow that a phone keeps open.
    Flow(Flow),
    /// There is none.
    Lost,
}

impl Way {
    /// The way to a destination by name; numeric ones are known at once.
    pub(crate) fn to(destination: Destination, frame: &mut Frame, now: Instant) -> Self {
        let name = destination.host.trim_matches(['[', ']']).to_owned();
        let lookup = Lookup::new(destination, frame.random.u64());
        let mut way = Self::Asking { lookup: Box::new(lookup), name };
        way.step(frame, now);
        way
    }

    /// Asks what is to be asked; whether the targets are known now.
    pub(crate) fn step(&mut self, frame: &mut Frame, now: Instant) -> bool {
        let Self::Asking { lookup, name } = self else { return true };
        let reach = frame.reach();
        match lookup.step(&reach, &frame.dns, &frame.failures, now) {
            Progress::Ask(questions) => {
                for question in questions {
                    frame.output.push_back(Output::Resolve(question));
                }
                false
            }
            Progress::Ready(targets) => {
                let name = std::mem::take(name);
                *self = Self::Known { targets, current: None, name };
                true
            }
        }
    }

    /// The DNS answered somebody.
    pub(crate) fn answer(&mut self, question: &Question, answer: &Answer) {
        if let Self::Asking { lookup, .. } = self {
            lookup.answer(question.clone(), answer.clone());
        }
    }

    pub(crate) fn is_asking(&self) -> bool {
        matches!(self, Self::Asking { .. })
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Asking { lookup, .. } => lookup.deadline(),
            Self::Known { .. } | Self::Flow(_) | Self::Lost => None,
        }
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        if let Self::Asking { lookup, .. } = self {
            lookup.timeout(now);
        }
    }

    /// The flow to try next; `None` when nothing is left.
    pub(crate) fn next(&mut self, frame: &mut Frame) -> Option<Flow> {
        match self {
            Self::Asking { .. } | Self::Lost => None,
            Self::Flow(flow) => {
                let flow = *flow;
                *self = Self::Lost;
                Some(flow)
            }
            Self::Known { targets, current, name } => loop {
                let target = targets.next()?;
                if let Some(flow) = frame.flow_to(target, name) {
                    *current = Some(target);
                    return Some(flow);
                }
            },
        }
    }

    /// Whether there is another target after the current one.
    pub(crate) fn has_next(&self) -> bool {
        matches!(self, Self::Known { targets, .. } if !targets.rest().is_empty())
    }

    /// The current target did not do: others are tried first for a while.
    pub(crate) fn failed(&self, frame: &mut Frame, now: Instant) {
        if let Self::Known { current: Some(target), .. } = self {
            frame.failures.note(*target, sip::resolve::Failures::PAUSE, now);
        }
    }

    /// The current target answered.
    pub(crate) fn worked(&self, frame: &mut Frame) {
        if let Self::Known { current: Some(target), .. } = self {
            frame.failures.clear(target);
        }
    }

    /// All addresses that the name stands for.
    pub(crate) fn addresses(&self) -> Vec<std::net::IpAddr> {
        match self {
            Self::Known { targets, current, .. } => {
                let all = targets.rest().iter().chain(current);
                all.map(|target| target.addr.ip()).collect()
            }
            Self::Asking { .. } | Self::Flow(_) | Self::Lost => Vec::new(),
        }
    }
}
