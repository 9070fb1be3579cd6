//! Alarms of layer 1: who talks may go on for T309, as when the D channel is gone (ITU-T Q.931 §5.8.9).

use std::time::Instant;

use super::{CallId, Interface};
use crate::q931::element::CauseValue;

impl Interface {
    /// Layer 1 of a span has failed, or is back. Calls that stand end when it is not back within T309,
    /// the others end now; no call takes a channel of the span meanwhile.
    pub fn alarm(&mut self, span: u8, failed: bool, now: Instant) {
        let channels = self.channels.of_span(span);
        for channel in &channels {
            let Some(state) = self.channels.state_mut(*channel) else { continue };
            if state.alarm != failed {
                state.alarm = failed;
                self.tell_channel(*channel);
            }
        }
        let of_span = |entry: &super::Entry| entry.channel.is_some_and(|c| c.span == span);
        let calls = self.calls.iter().filter(|(_, entry)| of_span(entry));
        let calls: Vec<CallId> = calls.map(|(id, _)| *id).collect();
        for id in calls {
            self.with_call(id, now, |call, rules, connected, out| match (failed, connected) {
                (true, _) if call.is_active() => call.line_lost(rules, now),
                (true, true) => call.give_away(CauseValue::OUT_OF_ORDER, rules, now, out),
                (true, false) => call.drop_here(CauseValue::OUT_OF_ORDER, rules, out),
                (false, true) => call.line_back(),
                (false, false) => {}
            });
        }
    }
}
