//! All checks said yes: the other slot is written when that may be.

use std::time::{Duration, Instant};

use super::state::{Calm, Installed, Installing, State, Verified};
use super::{Done, Event, Life, Work};
use crate::{Failure, Phase};

impl Life {
    pub(super) fn in_verified(&mut self, it: Verified, now: Instant) -> State {
        if !self.open(&it.request) {
            return State::Verified(it);
        }
        let attempt = it.attempt.saturating_add(1);
        if attempt > ATTEMPTS {
            return self.fail(it.request, Some(it.bundle), Failure::Interrupted);
        }
        self.keep(Phase::Installing { request: it.request.clone(), attempt });
        self.work(Work::Install);
        State::Installing(Installing {
            request: it.request,
            bundle: it.bundle,
            percent: 0,
            until: now + WRITING,
        })
    }

    pub(super) fn in_installing(
        &mut self,
        mut it: Installing,
        event: Event,
        now: Instant,
    ) -> State {
        match event {
            Event::Done(Done::Progress(percent)) => it.percent = percent.min(100),
            Event::Done(Done::Installed(true)) => {
                self.keep(Phase::Installed {
                    request: it.request.clone(),
                    bundle: it.bundle.clone(),
                });
                self.outputs.push_back(super::Output::DropBundle);
                let calm = Calm::Waiting { until: None };
                let it = Installed { request: it.request, bundle: it.bundle, calm };
                return self.in_installed(it, Event::Tick, now);
            }
            Event::Done(Done::Installed(false)) => {
                return self.fail(it.request, Some(it.bundle), Failure::Install);
            }
            Event::Tick if now >= it.until => {
                return self.stalled(it.request, Some(it.bundle));
            }
            Event::Done(_) | Event::Tick | Event::Check { .. } => {}
        }
        State::Installing(it)
    }
}

/// How often a slot is begun to be written while the power fails each time. Chosen by us.
const ATTEMPTS: u8 = 3;
/// A few hundred MB on a worn card. Chosen by us.
const WRITING: Duration = Duration::from_secs(3600);
