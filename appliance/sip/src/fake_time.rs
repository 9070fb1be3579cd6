//! The tests' clock: it stands still until a test moves it, to the millisecond.

use std::time::{Duration, Instant};

/// Fake time, counted in milliseconds from an origin that no test may look at.
#[derive(Clone, Copy)]
pub(crate) struct FakeTime(Instant);

impl FakeTime {
    /// A clock at zero.
    #[expect(clippy::disallowed_methods, reason = "an origin; its value never matters")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The instant `millis` after zero.
    pub(crate) fn at(self, millis: u64) -> Instant {
        self.0 + Duration::from_millis(millis)
    }

    /// How many milliseconds after zero `instant` is.
    pub(crate) fn millis(self, instant: Instant) -> u64 {
        u64::try_from(instant.duration_since(self.0).as_millis()).unwrap()
    }
}
