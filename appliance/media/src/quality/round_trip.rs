//! How long it takes to a far side and back (RFC 3550 §6.4.1), by the reports that pass: whoever
//! hears a sender's report says in its own which one that was and how long it kept it.

use crate::rtcp::{Block, Compound, Packet};
use std::time::{Duration, Instant};

/// The way to one far side and back.
#[derive(Debug, Default)]
pub(crate) struct RoundTrip {
    /// The reports with an instant that left last for it, by the middle of their instants.
    asked: [Option<(u32, Instant)>; KEPT],
    next: usize,
    last: Option<Duration>,
}

impl RoundTrip {
    /// Reports leave for the far side.
    pub(crate) fn asked(&mut self, compound: Compound<'_>, now: Instant) {
        for packet in compound.packets() {
            match packet {
                Packet::SenderReport { sent, .. } => self.keep(sent, now),
                Packet::Extended { blocks, .. } => {
                    for block in blocks {
                        if let Block::Time(sent) = block {
                            self.keep(sent, now);
                        }
                    }
                }
                Packet::ReceiverReport { .. } | Packet::Goodbye { .. } | Packet::Other(_) => {}
            }
        }
    }

    fn keep(&mut self, sent: u32, now: Instant) {
        if let Some(slot) = self.asked.get_mut(self.next % KEPT) {
            *slot = Some((sent, now));
            self.next = self.next.wrapping_add(1);
        }
    }

    /// The far side named the report that it heard last, and how long it kept it, in 1/65,536 of a
    /// second.
    pub(crate) fn answered(&mut self, last_report: u32, delay: u32, now: Instant) {
        let named = |asked: &&(u32, Instant)| asked.0 == last_report;
        let Some((_, at)) = self.asked.iter().flatten().find(named) else { return };
        let kept = Duration::from_micros((u64::from(delay) * 1_000_000) >> 16);
        let away = now.saturating_duration_since(*at);
        // Whoever says that it kept a report for longer than it was away is mistaken.
        if kept <= away + GRAIN {
            self.last = Some(away.saturating_sub(kept));
        }
    }

    /// The last that is known.
    pub(crate) fn last(&self) -> Option<Duration> {
        self.last
    }
}

/// Reports come every few seconds, and answers name the last one.
const KEPT: usize = 4;

/// Phones count in milliseconds, so that on a short way they name one more than it was.
const GRAIN: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods)] // any instant will do
    fn a_millisecond_too_many_is_a_short_way_and_more_is_a_mistake() {
        let sent = Instant::now();
        let millis = |count: u32| count * 65_536 / 1_000;
        for (kept, way) in [(4, Some(1_000)), (5, Some(0)), (6, Some(0)), (7, None), (900, None)] {
            let mut it = RoundTrip::default();
            it.keep(7, sent);
            it.answered(7, millis(kept), sent + Duration::from_millis(5));
            let micros = it.last().map(|way| way.as_micros() / 100 * 100);
            assert_eq!(micros, way, "{kept} ms");
        }
    }
}
