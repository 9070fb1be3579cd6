//! How far a stream that leaves has come, whoever speaks in it.

use std::time::{Duration, Instant};

/// The last packet that left in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reached {
    /// When it left, or was due.
    pub(crate) at: Instant,
    pub(crate) timestamp: u32,
    /// Ticks in a second.
    pub(crate) clock: u32,
    /// Ticks of its sound.
    pub(crate) lasts: u32,
}

impl Reached {
    /// The timestamp of what another says next, at this instant: behind the last packet's sound,
    /// and as much later as time has passed.
    pub(crate) fn by(&self, now: Instant) -> u32 {
        self.timestamp.wrapping_add(self.since(now).max(self.lasts))
    }

    /// The timestamp of this very instant.
    pub(crate) fn at(&self, now: Instant) -> u32 {
        self.timestamp.wrapping_add(self.since(now))
    }

    fn since(&self, now: Instant) -> u32 {
        let since = now.saturating_duration_since(self.at).min(LONGEST);
        (since.as_micros() as u64 * u64::from(self.clock) / 1_000_000) as u32
    }
}

/// After a day nobody compares timestamps.
const LONGEST: Duration = Duration::from_secs(86_400);

#[cfg(test)]
// An origin of time, of which nothing depends.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn time_that_passed_is_in_the_timestamp_and_sound_never_overlaps() {
        let at = Instant::now();
        let reached = Reached { at, timestamp: u32::MAX, clock: 8_000, lasts: 160 };
        assert_eq!(reached.by(at), 159);
        assert_eq!(reached.by(at + Duration::from_millis(5)), 159);
        assert_eq!(reached.by(at + Duration::from_secs(1)), 7_999);
        reached.by(at + Duration::from_secs(1 << 30));
    }
}
