//! How long nothing came, and whether anybody minds.

use std::time::{Duration, Instant};

/// Whether anybody waits for this pair to fall silent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Silence {
    /// Nobody.
    Unwatched,
    /// Since this instant nothing came.
    Since { patience: Duration, instant: Instant },
    /// It is on hold.
    Held { patience: Duration },
    /// It was reported.
    Reported { patience: Duration },
}

impl Silence {
    /// Something came. True when the next silence is to be waited for anew.
    pub(crate) fn broken(&mut self, now: Instant) -> bool {
        match self {
            Self::Since { instant, .. } => {
                *instant = now;
                false
            }
            Self::Reported { patience } => {
                *self = Self::Since { patience: *patience, instant: now };
                true
            }
            Self::Unwatched | Self::Held { .. } => false,
        }
    }

    /// Waiting begins anew, or ends. True when there is something to wait for.
    pub(crate) fn hold(&mut self, held: bool, now: Instant) -> bool {
        let patience = match *self {
            Self::Unwatched => return false,
            Self::Since { patience, .. }
            | Self::Held { patience }
            | Self::Reported { patience } => patience,
        };
        *self = match held {
            true => Self::Held { patience },
            false => Self::Since { patience, instant: now },
        };
        !held
    }

    /// When it is time to report, as things are.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self {
            Self::Since { patience, instant } => instant.checked_add(*patience),
            Self::Unwatched | Self::Held { .. } | Self::Reported { .. } => None,
        }
    }

    pub(crate) fn report(&mut self) {
        if let Self::Since { patience, .. } = *self {
            *self = Self::Reported { patience };
        }
    }
}
