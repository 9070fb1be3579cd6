//! The end of a whole interface, in order: its calls are cleared (ITU-T Q.931 §5.3), and none is begun.

use std::time::Instant;

use super::{CallId, Interface};
use crate::q931::call::Request;
use crate::q931::element::CauseValue;

impl Interface {
    /// Ends every call with this cause. From now on the calls of the far side are refused with it, and ours
    /// with [`Refused::Closing`](super::Refused::Closing); no channel is restarted any more.
    pub fn close(&mut self, cause: CauseValue, now: Instant) {
        self.closing = Some(cause);
        for id in self.ids() {
            let end = Request::Disconnect { cause, tones: false, with: Vec::new() };
            // What ends already is not asked twice.
            let _ = self.request(id, end, now);
        }
    }

    /// Ends without a word what has not ended yet.
    pub fn drop_calls(&mut self, cause: CauseValue, now: Instant) {
        for id in self.ids() {
            self.with_call(id, now, |call, rules, _, out| call.drop_here(cause, rules, out));
        }
    }

    pub(super) fn ids(&self) -> Vec<CallId> {
        self.calls.keys().copied().collect()
    }
}
