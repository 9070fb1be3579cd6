//! What is wrong with the elements of a message, and what follows (ITU-T Q.931 §5.8.6, §5.8.7).

use super::{Act, Call, Event, Rules, Trouble};
use crate::q931::element::{Cause, CauseValue};
use crate::q931::message::{MessageKind, Problem, ProblemKind};

/// What is wrong with a message.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// It cannot be acted upon.
    pub(crate) grave: Option<Fault>,
    /// It is acted upon as if these elements were not there.
    pub(crate) slight: Option<Fault>,
}

/// What is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// 96, 99 or 100.
    pub(crate) cause: CauseValue,
    /// Identifiers of the elements.
    pub(crate) elements: Vec<u8>,
}

impl Faults {
    pub(crate) fn of(problems: &[Problem], rules: &Rules) -> Self {
        let mut faults = Self::default();
        for problem in problems {
            let Some(cause) = problem.cause() else { continue };
            // What other codesets say is for other networks (§4.5.3).
            let unknown = problem.kind == ProblemKind::Unknown;
            if unknown && problem.codeset != 0
                || cause == CauseValue::ELEMENT_NOT_IMPLEMENTED && !rules.reports_unknown
            {
                continue;
            }
            let grave = problem.mandatory || cause == CauseValue::MANDATORY_MISSING;
            let place = if grave { &mut faults.grave } else { &mut faults.slight };
            let fault = place.get_or_insert_with(|| Fault { cause, elements: Vec::new() });
            // One STATUS has one cause: the first one that is found, and all its elements.
            if fault.cause == cause && fault.elements.len() < MOST_DIAGNOSTICS {
                fault.elements.push(problem.id);
            }
        }
        faults
    }

    /// The graver one.
    pub(crate) fn worst(&self) -> Option<&Fault> {
        self.grave.as_ref().or(self.slight.as_ref())
    }
}

impl Fault {
    /// As we say it.
    pub(crate) fn cause(&self, rules: &Rules) -> Cause {
        rules.cause(self.cause).with_diagnostics(self.elements.clone())
    }
}

impl Call {
    pub(in crate::q931) fn say_fault(
        &mut self,
        kind: MessageKind,
        fault: &Fault,
        rules: &Rules,
        out: &mut Vec<Act>,
    ) {
        self.say_status_with(fault.cause(rules), rules, out);
        let Fault { cause, elements } = fault.clone();
        out.push(Act::Tell(Event::Trouble(Trouble::Wrong { kind, cause, elements })));
    }

    /// STATUS to what does not fit: 97 if we do not know the kind, 101 if we do (§5.8.4).
    pub(super) fn say_unexpected(&mut self, kind: MessageKind, rules: &Rules, out: &mut Vec<Act>) {
        let cause = rules.cause(unexpected(kind)).with_diagnostics(vec![kind.octet()]);
        self.say_status_with(cause, rules, out);
        out.push(Act::Tell(Event::Trouble(Trouble::Unexpected(kind))));
    }
}

fn unexpected(kind: MessageKind) -> CauseValue {
    match kind {
        MessageKind::Escaped(_) | MessageKind::Unknown(..) => CauseValue::TYPE_NOT_IMPLEMENTED,
        _ => CauseValue::NOT_COMPATIBLE,
    }
}

/// A diagnostic is to help, not to fill a message.
const MOST_DIAGNOSTICS: usize = 8;
