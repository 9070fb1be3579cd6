//! What makes sense of an ISDN trunk.

use super::{range, text};
use crate::change::{Invalid, Problem};
use crate::{Config, Isdn, IsdnTimer, TrunkId};
use std::collections::BTreeSet;

impl Config {
    pub(super) fn check_isdn(&self, trunk: TrunkId, isdn: &Isdn) -> Result<(), Invalid> {
        range("isdn.spans", isdn.spans.len() as u64, 1, MOST_SPANS)?;
        let mut identifiers = BTreeSet::new();
        let mut lines = BTreeSet::new();
        for span in &isdn.spans {
            text("isdn.spans.line", &span.line)?;
            range("isdn.spans.identifier", span.identifier.into(), 0, 127)?;
            if let Some(other) = self.trunk_with_line(trunk, &span.line) {
                return Err(Invalid::at("isdn.spans.line", Problem::Taken(other)));
            }
            if !lines.insert(&span.line) {
                return Err(Invalid::at("isdn.spans.line", Problem::Taken(String::new())));
            }
            if !identifiers.insert(span.identifier) {
                return Err(Invalid::at("isdn.spans.identifier", Problem::Taken(String::new())));
            }
            if span.bearers().is_empty() {
                return Err(Invalid::at("isdn.spans.channels", Problem::Missing));
            }
        }
        let kinds: BTreeSet<_> = isdn.spans.iter().map(|it| it.framing.last_slot()).collect();
        if kinds.len() > 1 {
            return Err(Invalid::at("isdn.spans.framing", Problem::MixedLines));
        }
        let d_channels = isdn.spans.iter().filter(|span| span.signalling).count();
        range("isdn.spans.signalling", d_channels as u64, 1, 2)?;
        for (timer, millis) in &isdn.timers {
            let least = if has_no_limit(*timer) { 0 } else { 100 };
            range("isdn.timers", (*millis).into(), least, LONGEST_MILLIS)?;
        }
        Ok(())
    }

    /// The name of another trunk that uses this line.
    fn trunk_with_line(&self, trunk: TrunkId, line: &str) -> Option<String> {
        let mut others = self.trunks.values().filter(|other| other.id != trunk);
        let uses = |isdn: &Isdn| isdn.spans.iter().any(|span| span.line == line);
        let other = others.find(|other| other.isdn.as_ref().is_some_and(uses))?;
        Some(other.name.clone())
    }
}

/// Whether a wait may be without end: those of layer 3 (`tdm::q931::timers`).
fn has_no_limit(timer: IsdnTimer) -> bool {
    !matches!(timer, IsdnTimer::T200 | IsdnTimer::T203)
}

/// A board has no more ports, and messages name channels of 20 spans at most (ANSI T1.607).
const MOST_SPANS: u64 = 8;
/// Ten minutes: the longest wait of Q.921 and Q.931 is three.
const LONGEST_MILLIS: u64 = 600_000;
