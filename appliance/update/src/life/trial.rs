//! The new software runs, and has to show that the box is well with it.

use std::collections::BTreeMap;
use std::time::Instant;

use super::calm::LOADER;
use super::state::{Leaving, OnTrial, Passed, State};
use super::{Done, Event, Life, LoaderOrder, Output, Work};
use crate::kept::Ended;
use crate::{Failure, Phase, Trial};

impl Life {
    /// The new software found itself running; `trial.begun` is kept.
    pub(super) fn try_out(&mut self, trial: Trial, now: Instant) -> State {
        self.run();
        let checks: Vec<_> = trial.before.checks().collect();
        let open = checks.iter().map(|check| (*check, now + check.within())).collect();
        self.outputs.push_back(Output::SelfCheck(checks));
        State::Trial(OnTrial { trial, open, yes: BTreeMap::new() })
    }

    pub(super) fn in_trial(&mut self, mut it: OnTrial, event: Event, now: Instant) -> State {
        if let Event::Check { check, yes } = event {
            let (from, to) =
                if yes { (&mut it.open, &mut it.yes) } else { (&mut it.yes, &mut it.open) };
            if let Some(until) = from.get(&check).copied().filter(|until| !yes || now < *until) {
                from.remove(&check);
                to.insert(check, until);
            }
        }
        if it.open.is_empty() {
            self.keep(Phase::Passed { trial: it.trial.clone(), returns: 0 });
            return self.pass(it.trial, now);
        }
        let late = it.open.iter().find(|(_, until)| now >= **until).map(|(check, _)| *check);
        match late {
            Some(check) => self.not_well(it.trial, Failure::Unhealthy { check }, now),
            None => State::Trial(it),
        }
    }

    /// An attempt is over: the next one, or back.
    fn not_well(&mut self, trial: Trial, why: Failure, now: Instant) -> State {
        if trial.attempt >= self.settings.trials {
            return self.leave(trial, why, now);
        }
        let trial = Trial { attempt: trial.attempt.saturating_add(1), begun: false, ..trial };
        self.keep(Phase::Trial(trial.clone()));
        self.try_slot(trial, why, now)
    }

    /// `Phase::Passed` is kept: the boot loader has to know before it is called good.
    pub(super) fn pass(&mut self, trial: Trial, now: Instant) -> State {
        self.work(Work::Loader(LoaderOrder::Stay(trial.slot)));
        State::Passed(Passed { trial, again: now + LOADER })
    }

    pub(super) fn in_passed(&mut self, it: Passed, event: Event, now: Instant) -> State {
        match event {
            Event::Done(Done::Loader(true)) => {
                self.kept.home = it.trial.slot;
                self.end(it.trial.request, Some(it.trial.bundle), Ended::Good)
            }
            // It said no, or nothing: it is told again, for as long as the box runs.
            Event::Tick if now >= it.again => self.pass(it.trial, now),
            Event::Done(_) | Event::Tick | Event::Check { .. } => State::Passed(it),
        }
    }

    /// The new software gives up.
    pub(super) fn leave(&mut self, trial: Trial, why: Failure, now: Instant) -> State {
        self.keep(Phase::GoingBack { trial: trial.clone(), why: why.clone(), returns: 0 });
        self.outputs.push_back(Output::Announce { within: std::time::Duration::ZERO });
        self.away(&trial, why, now)
    }

    /// `Phase::GoingBack` is kept: the boot loader is to start the old software.
    pub(super) fn away(&mut self, trial: &Trial, why: Failure, now: Instant) -> State {
        self.work(Work::Loader(LoaderOrder::Stay(trial.slot.other())));
        State::Leaving(Leaving { why, until: now + LOADER })
    }

    pub(super) fn in_leaving(&mut self, it: Leaving, event: Event, now: Instant) -> State {
        match event {
            // Also when it said no: who is started next finds out what is to be done.
            Event::Done(Done::Loader(_)) => self.restart(now),
            Event::Tick if now >= it.until => self.restart(now),
            Event::Done(_) | Event::Tick | Event::Check { .. } => State::Leaving(it),
        }
    }
}
