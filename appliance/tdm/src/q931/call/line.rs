//! What becomes of a call when the D channel or the line is gone (ITU-T Q.931 §5.8.8, §5.8.9).

use std::time::Instant;

use super::{Act, Call, Clearing, Event, Incoming, Outgoing, Rules, State, Timer, Trouble, after};
use crate::q931::element::CauseValue;

impl Call {
    /// DL-RELEASE: who talks may go on for T309, the rest is over (§5.8.9).
    pub fn link_lost(&mut self, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        self.enquiry = None;
        if self.is_active() {
            return self.line_lost(rules, now);
        }
        self.drop_here(CauseValue::OUT_OF_ORDER, rules, out);
    }

    /// Layer 1 of the span of the channel has failed: T309 counts as well.
    pub fn line_lost(&mut self, rules: &Rules, now: Instant) {
        if let State::Active { t309 } = &mut self.state {
            *t309 = t309.or_else(|| after(rules.timers.t309, now));
        }
    }

    /// D channel and line are there: T309 stops.
    pub fn line_back(&mut self) {
        if let State::Active { t309 } = &mut self.state {
            *t309 = None;
        }
    }

    /// DL-ESTABLISH indication: the link was begun anew. It may have lost something, so that who dials is
    /// cleared, and the rest goes on (§5.8.8); the far side may also have forgotten the call, so that it is
    /// asked whether it stands there too (§5.8.10). What is said again by itself shows that without a
    /// question: SETUP, DISCONNECT, RELEASE.
    pub fn link_reset(&mut self, rules: &Rules, now: Instant, out: &mut Vec<Act>) {
        match self.state {
            State::Outgoing(Outgoing::Overlap { .. })
            | State::Incoming(Incoming::Overlap { .. }) => {
                self.clear(rules.cause(CauseValue::TEMPORARY_FAILURE), rules, now, out);
            }
            State::Null
            | State::Outgoing(Outgoing::Sent { .. })
            | State::Clearing(Clearing::Asked { .. } | Clearing::Released { .. }) => {}
            State::Outgoing(_)
            | State::Incoming(_)
            | State::Active { .. }
            | State::Clearing(Clearing::Told) => self.enquire(rules, now, out),
        }
    }

    /// Ends it without a word: nothing can be said, or the far side restarts the channel.
    pub fn drop_here(&mut self, cause: CauseValue, rules: &Rules, out: &mut Vec<Act>) {
        if !self.is_over() {
            let why = self.why.take().unwrap_or_else(|| rules.cause(cause));
            self.end(why, None, out);
        }
    }

    /// Ends it with DISCONNECT and tells the owner: the line is gone, or the channel is taken away.
    pub fn give_away(
        &mut self,
        cause: CauseValue,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        match self.state {
            State::Null | State::Clearing(_) => {}
            State::Incoming(Incoming::Present) => {
                self.disconnect(cause, false, Vec::new(), rules, now, out);
            }
            _ => self.clear(rules.cause(cause), rules, now, out),
        }
    }

    /// T309.
    pub(super) fn line_stays_lost(
        &mut self,
        connected: bool,
        rules: &Rules,
        now: Instant,
        out: &mut Vec<Act>,
    ) {
        out.push(Act::Tell(Event::Trouble(Trouble::Expired(Timer::T309))));
        if connected {
            self.clear(rules.cause(CauseValue::OUT_OF_ORDER), rules, now, out);
        } else {
            self.drop_here(CauseValue::OUT_OF_ORDER, rules, out);
        }
    }
}
