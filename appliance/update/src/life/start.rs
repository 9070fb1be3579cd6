//! What a start makes of what was kept.
//!
//! | kept | the old software starts | the new software starts |
//! |---|---|---|
//! | nothing, or idle | runs | (its boot loader did that by itself) runs, and says so |
//! | fetching | runs, and fetches the rest; an upload has failed | the same |
//! | fetched, installing | runs, and begins again with the signature | the same |
//! | installed | runs, and waits for calm | the same |
//! | trial, not begun | the attempt never reported: the next, or back | runs, and checks itself |
//! | trial, begun | the same | the attempt never reported: the next, or back |
//! | passed | starts the new one again, three times, then back | runs, and tells the loader again |
//! | going back | takes the copy, then runs | tells the loader again, three times |
//!
//! The old software never runs on a database that the new one may have changed: between a trial that
//! was kept and `Output::Run` there is always `Work::RestoreDatabase`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::calm::LOADER;
use super::state::{Calm, Installed, Returning, State, Step};
use super::{Done, Event, Facts, Life, LoaderOrder, Output, Settings, Work};
use crate::kept::Ended;
use crate::{Bundle, Failure, Kept, Phase, Request, Slot, Source, Trial};

impl Life {
    /// The box starts from the slot `own` and finds this. `kept` is `None` where there was nothing to
    /// be read: then what runs is what there is.
    pub fn start(settings: Settings, own: Slot, kept: Option<Kept>, now: Instant) -> Life {
        let mut kept = kept.unwrap_or_else(|| Kept::idle(own));
        let phase = std::mem::replace(&mut kept.phase, Phase::Idle);
        let mut life = Life {
            settings,
            own,
            runs: false,
            facts: Facts::default(),
            state: State::Idle,
            kept,
            job: 0,
            told: None,
            outputs: VecDeque::new(),
        };
        // As it is on disk, so that a change of the wish is kept.
        life.kept.phase = phase.clone();
        life.state = life.resume(phase, now);
        life.tell();
        life
    }

    fn resume(&mut self, phase: Phase, now: Instant) -> State {
        let home = self.own == self.kept.home;
        match phase {
            Phase::Idle if home => {
                self.drop_all();
                self.run();
                State::Idle
            }
            Phase::Idle => {
                let last = self.kept.last.clone();
                let (request, bundle) =
                    last.map_or((nobody(), None), |last| (last.request, last.bundle));
                self.elsewhere(request, bundle)
            }
            Phase::Fetching { request, .. } | Phase::Fetched { request } if !home => {
                self.elsewhere(request, None)
            }
            Phase::Installing { request, .. } if !home => self.elsewhere(request, None),
            Phase::Installed { request, bundle } if !home => self.elsewhere(request, Some(bundle)),
            Phase::Fetching { request, tag } => {
                self.run();
                match request.source {
                    Source::Upload => self.fail(request, None, Failure::UploadBroken),
                    Source::Https { .. } | Source::Usb { .. } => self.fetch_on(request, tag, now),
                }
            }
            Phase::Fetched { request } => {
                self.run();
                self.verify(request, 0, now)
            }
            Phase::Installing { request, attempt } => {
                self.run();
                self.verify(request, attempt, now)
            }
            Phase::Installed { request, bundle } => {
                self.run();
                State::Installed(Installed { request, bundle, calm: Calm::Waiting { until: None } })
            }
            Phase::Trial(trial) => self.resume_trial(trial, now),
            Phase::Passed { trial, .. } if trial.slot == self.own => {
                self.run();
                self.pass(trial, now)
            }
            Phase::Passed { trial, returns } if returns < RETURNS => {
                let returns = returns.saturating_add(1);
                self.keep(Phase::Passed { trial: trial.clone(), returns });
                self.try_slot(trial, Failure::Vanished, now)
            }
            Phase::Passed { trial, .. } => self.go_back(trial, Failure::Vanished, now),
            Phase::GoingBack { trial, why, .. } if trial.slot != self.own => {
                self.take_copy(trial, why, now)
            }
            Phase::GoingBack { trial, why, returns } if returns < RETURNS => {
                let returns = returns.saturating_add(1);
                self.keep(Phase::GoingBack { trial: trial.clone(), why: why.clone(), returns });
                self.away(&trial, why, now)
            }
            Phase::GoingBack { trial, .. } => {
                self.settle_here();
                let state = self.fail(trial.request, Some(trial.bundle), Failure::Stuck);
                self.run();
                state
            }
        }
    }

    fn resume_trial(&mut self, mut trial: Trial, now: Instant) -> State {
        let new = trial.slot == self.own;
        if trial.begun || !new {
            // That attempt never reported: it hung, panicked, or its power failed.
            if trial.attempt >= self.settings.trials {
                let why = Failure::Silent;
                return if new {
                    self.leave(trial, why, now)
                } else {
                    self.go_back(trial, why, now)
                };
            }
            trial.attempt = trial.attempt.saturating_add(1);
        }
        trial.begun = new;
        self.keep(Phase::Trial(trial.clone()));
        if new { self.try_out(trial, now) } else { self.try_slot(trial, Failure::Silent, now) }
    }

    /// The old software runs, and stays. The notes say so before the database is touched.
    pub(super) fn go_back(&mut self, trial: Trial, why: Failure, now: Instant) -> State {
        self.keep(Phase::GoingBack { trial: trial.clone(), why: why.clone(), returns: 0 });
        self.take_copy(trial, why, now)
    }

    fn take_copy(&mut self, trial: Trial, why: Failure, now: Instant) -> State {
        self.work(Work::Loader(LoaderOrder::Stay(self.own)));
        State::Returning(Returning { trial, why, step: Step::Loader, until: now + LOADER })
    }

    pub(super) fn in_returning(&mut self, it: Returning, event: Event, now: Instant) -> State {
        match (it.step, event) {
            (Step::Loader, Event::Done(Done::Loader(_))) => self.restore(it, now),
            (Step::Loader, Event::Tick) if now >= it.until => self.restore(it, now),
            (Step::Restore, Event::Done(Done::Restored(true))) => self.returned(it.trial, it.why),
            (Step::Restore, Event::Done(Done::Restored(false))) => {
                self.returned(it.trial, Failure::Restore)
            }
            (Step::Restore, Event::Tick) if now >= it.until => {
                self.returned(it.trial, Failure::Restore)
            }
            (_, Event::Done(_) | Event::Tick | Event::Check { .. }) => State::Returning(it),
        }
    }

    fn restore(&mut self, it: Returning, now: Instant) -> State {
        self.work(Work::RestoreDatabase);
        State::Returning(Returning { step: Step::Restore, until: now + RESTORING, ..it })
    }

    fn returned(&mut self, trial: Trial, why: Failure) -> State {
        self.kept.home = self.own;
        let state = self.end(trial.request, Some(trial.bundle), Ended::RolledBack(why));
        self.run();
        state
    }

    /// The boot loader went here by itself. There is no copy to go back to, so this is what runs.
    fn elsewhere(&mut self, request: Request, bundle: Option<Bundle>) -> State {
        self.settle_here();
        let state = self.fail(request, bundle, Failure::OtherSlot);
        self.run();
        state
    }

    fn settle_here(&mut self) {
        self.kept.home = self.own;
        self.outputs.push_back(Output::Do {
            job: self.job,
            work: Work::Loader(LoaderOrder::Stay(self.own)),
        });
    }
}

/// For a slot that was changed although nobody asked for an update.
fn nobody() -> Request {
    Request {
        source: Source::Upload,
        urgency: crate::Urgency::Polite,
        leave: false,
        older_too: false,
        action: None,
    }
}

/// How often a boot loader that starts the wrong slot is told again. Chosen by us.
const RETURNS: u8 = 3;
/// Two renames, and a copy where the database lies on another partition. Chosen by us.
const RESTORING: Duration = Duration::from_secs(600);
