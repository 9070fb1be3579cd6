//! Looks through the elements of a message for what is wrong (ITU-T Q.931 §5.8.5 to §5.8.7).

use super::{Item, Message, MessageKind, Problem, ProblemKind};
use crate::q931::element::{Element, named};
use std::collections::BTreeSet;

impl Message {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut check = Check { kind: self.kind, problems: Vec::new() };
        check.contents(&self.items);
        check.order(&self.items);
        check.shifts(&self.items);
        if let Some(id) = self.rest.first() {
            check.report(self.active(), *id, ProblemKind::Malformed);
        }
        for id in mandatory(self.kind) {
            let is_there = |item: &Item| item.codeset == 0 && class(item.element.id()) == *id;
            if !self.items.iter().any(is_there) && self.rest.first() != Some(id) {
                check.report(0, *id, ProblemKind::Missing);
            }
        }
        check.problems
    }
}

struct Check {
    kind: MessageKind,
    problems: Vec<Problem>,
}

impl Check {
    fn report(&mut self, codeset: u8, id: u8, kind: ProblemKind) {
        let mandatory = codeset == 0 && mandatory(self.kind).contains(&class(id));
        self.problems.push(Problem { codeset, id, kind, mandatory });
    }

    fn contents(&mut self, items: &[Item]) {
        for item in items {
            let id = item.element.id();
            match item.element {
                Element::Malformed(_) => self.report(item.codeset, id, ProblemKind::Malformed),
                Element::Other(_) if item.codeset != 0 || named(id).is_none() => {
                    self.report(item.codeset, id, ProblemKind::Unknown);
                }
                _ if item.codeset == 0 && item.octets.len() > longest(id) => {
                    self.report(item.codeset, id, ProblemKind::TooLong);
                }
                _ => {}
            }
        }
    }

    /// Order and duplicates of the elements of several octets of codeset 0.
    fn order(&mut self, items: &[Item]) {
        let mut seen = BTreeSet::new();
        let ids = items.iter().filter(|item| item.codeset == 0).map(|item| item.element.id());
        for id in ids.filter(|id| *id < 0x80) {
            if seen.last().is_some_and(|last| id < *last) {
                self.report(0, id, ProblemKind::OutOfOrder);
            }
            if !seen.insert(id) && !REPEATED.contains(&id) {
                self.report(0, id, ProblemKind::Duplicate);
            }
        }
    }

    /// Shifts that lead nowhere, and those that lock a lower codeset (§4.5.3).
    fn shifts(&mut self, items: &[Item]) {
        let mut active = 0;
        for (index, item) in items.iter().enumerate() {
            let last = items.len() == index.saturating_add(1);
            match item.shift() {
                Some((codeset, true)) if codeset <= active => {
                    self.report(item.codeset, item.element.id(), ProblemKind::OutOfOrder);
                }
                Some((_, false)) if last => {
                    self.report(item.codeset, item.element.id(), ProblemKind::Malformed);
                }
                _ => {}
            }
            if let Some((codeset, true)) = item.shift() {
                active = codeset;
            }
        }
    }
}

/// What messages of a kind must have (ITU-T Q.931 §3.1 to §3.3, Q.932 §7.1, SR-4994 for SERVICE). The cause
/// of RELEASE and RELEASE COMPLETE depends on the state of the call.
fn mandatory(kind: MessageKind) -> &'static [u8] {
    match kind {
        MessageKind::Setup => &[BEARER],
        MessageKind::Disconnect
        | MessageKind::HoldReject
        | MessageKind::RetrieveReject
        | MessageKind::SuspendReject
        | MessageKind::ResumeReject => &[CAUSE],
        MessageKind::Status => &[CAUSE, CALL_STATE],
        MessageKind::ResumeAck => &[CHANNEL],
        MessageKind::Progress => &[PROGRESS],
        MessageKind::Notify => &[NOTIFICATION],
        MessageKind::Restart | MessageKind::RestartAck => &[RESTART],
        MessageKind::Facility => &[FACILITY],
        MessageKind::UserInformation => &[USER_USER],
        MessageKind::CongestionControl => &[CONGESTION, CAUSE],
        MessageKind::Segment => &[SEGMENTED],
        MessageKind::Service(_) | MessageKind::ServiceAck(_) => &[CHANGE_STATUS, CHANNEL],
        _ => &[],
    }
}

/// The greatest length of an element of codeset 0 with identifier and length (ITU-T Q.931 table 4-3).
fn longest(id: u8) -> usize {
    match id {
        SEGMENTED | PROGRESS => 4,
        BEARER => 12,
        CAUSE => 32,
        0x10 => 10,
        CALL_STATE | 0x34 | RESTART => 3,
        0x28 => 82,
        0x29 => 8,
        0x2c => 34,
        0x4d | 0x6d | 0x71 => 23,
        0x7c => 18,
        0x7d => 5,
        USER_USER => 131,
        _ => usize::MAX,
    }
}

/// The identifier without the value that elements of one octet carry in it.
fn class(id: u8) -> u8 {
    match id {
        0xb0..=0xbf => CONGESTION,
        other => other,
    }
}

/// What may stand more than once: what a repeat indicator may announce, two causes, two progresses, two
/// calling numbers, and what services need.
const REPEATED: [u8; 11] =
    [BEARER, CAUSE, FACILITY, PROGRESS, 0x20, NOTIFICATION, 0x28, 0x6c, 0x78, 0x7c, 0x7d];

/// Identifiers (ITU-T Q.931 table 4-3, Q.932 table 8-3).
const SEGMENTED: u8 = 0x00;
const CHANGE_STATUS: u8 = 0x01;
const BEARER: u8 = 0x04;
const CAUSE: u8 = 0x08;
const CALL_STATE: u8 = 0x14;
const CHANNEL: u8 = 0x18;
const FACILITY: u8 = 0x1c;
const PROGRESS: u8 = 0x1e;
const NOTIFICATION: u8 = 0x27;
const RESTART: u8 = 0x79;
const USER_USER: u8 = 0x7e;
const CONGESTION: u8 = 0xb0;
