//! What systemd is told: ready, alive, going down. Without systemd nobody hears it.

use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// Tells systemd that the control loop turns.
#[derive(Debug)]
pub(crate) struct Watchdog {
    /// How often; `None` when nobody wants to know.
    every: Option<Duration>,
    next: Instant,
}

impl Watchdog {
    /// Asks systemd how often it wants to hear from us, and speaks up twice as often.
    pub(crate) fn new(now: Instant) -> Self {
        Self { every: sd_notify::watchdog_enabled().map(|limit| limit / 2), next: now }
    }

    /// Says so if it is time; to be called after a full turn.
    pub(crate) fn pat(&mut self, now: Instant) {
        let Some(every) = self.every.filter(|_| now >= self.next) else { return };
        self.next = now + every;
        tell(&[NotifyState::Watchdog]);
    }

    /// When it wants to be patted next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.every.map(|_| self.next)
    }
}

/// The box takes calls.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The box says good-bye.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd did not listen");
    }
}
