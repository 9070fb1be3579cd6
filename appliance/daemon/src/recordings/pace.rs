//! When what was written has to be made to survive a loss of power.

use std::time::{Duration, Instant};

/// All files of one disk: what was written to any of them waits no longer than [`EVERY`].
#[derive(Debug, Default)]
pub(super) struct Pace {
    due: Option<Instant>,
}

impl Pace {
    /// Something was written.
    pub(super) fn written(&mut self, now: Instant) {
        self.due.get_or_insert(now + EVERY);
    }

    /// Whether it is time; what is written from now on waits anew.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        self.due.take_if(|due| *due <= now).is_some()
    }

    /// How long nothing has to be done, if nothing is written meanwhile.
    pub(super) fn rest(&self, now: Instant) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(now))
    }
}

/// Beside 0.2 s in a block and 0.5 s in a page, so that a loss of power costs less than 2 s.
const EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_written_waits_for_more_than_a_second() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut pace = Pace::default();
        assert!(pace.rest(start).is_none() && !pace.is_due(at(60_000)));
        let mut oldest = None;
        for millis in (0..30_000).step_by(70) {
            let rested = pace.rest(at(millis));
            if pace.is_due(at(millis)) {
                assert_eq!(rested, Some(Duration::ZERO));
                oldest = None;
            }
            let written = *oldest.get_or_insert(millis);
            pace.written(at(millis));
            assert!(millis - written <= 1_000, "{millis} ms: from {written} on");
        }
    }
}
