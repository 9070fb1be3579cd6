//! How long it takes to a far side and back (RFC 3550 §6.4.1), by the reports that pass: whoever
//! hears a sender's report says in its own which one that was and how long it kept it.

use crate::rtcp::{Compound, Packet, Report};
use std::time::{Duration, Instant};

/// The way to one far side and back.
#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    /// The senders' reports that left last for it, by the middle of their instants.
    asked: [Option<(u32, Instant)>; KEPT],
    next: usize,
    last: Option<Duration>,
}

impl RoundTrip {
    /// Reports leave for the far side.
    pub(crate) fn asked(&mut self, compound: Compound<'_>, now: Instant) {
        for packet in compound.packets() {
            let Packet::SenderReport { sent, .. } = packet else { continue };
            if let Some(slot) = self.asked.get_mut(self.next % KEPT) {
                *slot = Some((sent, now));
                self.next = self.next.wrapping_add(1);
            }
        }
    }

    /// A report of the far side came.
    pub(crate) fn answered(&mut self, report: Report, now: Instant) {
        let named = |asked: &&(u32, Instant)| asked.0 == report.last_report;
        let Some((_, at)) = self.asked.iter().flatten().find(named) else { return };
        let kept = Duration::from_micros((u64::from(report.delay) * 1_000_000) >> 16);
        // Whoever says that it kept a report for longer than it was away is mistaken.
        if let Some(away) = now.saturating_duration_since(*at).checked_sub(kept) {
            self.last = Some(away);
        }
    }

    /// The last that is known.
    pub(crate) fn last(&self) -> Option<Duration> {
        self.last
    }
}

/// Reports come every few seconds, and answers name the last one.
const KEPT: usize = 4;
