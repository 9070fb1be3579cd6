//! The states, each with what it owns and waits for.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::life::Stage;
use crate::{Bundle, Check, Failure, Phase, Request, Trial};

#[derive(Debug)]
pub(super) enum State {
    Idle,
    Fetching(Fetching),
    Verifying(Verifying),
    Verified(Verified),
    Installing(Installing),
    Installed(Installed),
    /// The boot loader is told to try the new software.
    Arming(Arming),
    Restarting {
        again: Instant,
    },
    Trial(OnTrial),
    Passed(Passed),
    Leaving(Leaving),
    Returning(Returning),
}

#[derive(Debug)]
pub(super) struct Fetching {
    pub(super) request: Request,
    pub(super) have: u64,
    pub(super) size: Option<u64>,
    pub(super) tag: Option<String>,
    /// How often it broke off since anything came.
    pub(super) breaks: u8,
    pub(super) wait: Wait,
}

#[derive(Debug)]
pub(super) enum Wait {
    /// Octets come, or it is broken off then.
    Coming { until: Instant },
    /// It broke off, and is tried again then.
    Again { at: Instant },
}

#[derive(Debug)]
pub(super) struct Verifying {
    pub(super) request: Request,
    pub(super) attempt: u8,
    pub(super) until: Instant,
}

#[derive(Debug)]
pub(super) struct Verified {
    pub(super) request: Request,
    pub(super) bundle: Bundle,
    pub(super) attempt: u8,
}

#[derive(Debug)]
pub(super) struct Installing {
    pub(super) request: Request,
    pub(super) bundle: Bundle,
    pub(super) percent: u8,
    pub(super) until: Instant,
}

#[derive(Debug)]
pub(super) struct Installed {
    pub(super) request: Request,
    pub(super) bundle: Bundle,
    pub(super) calm: Calm,
}

/// On the way to a box in which nobody speaks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Calm {
    /// For the window, and after a drain in vain until then.
    Waiting { until: Option<Instant> },
    /// New calls are refused until `until`; `earliest` is what was announced, until it is past.
    Draining { earliest: Option<Instant>, until: Instant },
    /// Nobody speaks, and the database is copied. With force nobody is waited for any more.
    Copying { force: bool, until: Instant },
}

#[derive(Debug)]
pub(super) struct Arming {
    pub(super) trial: Trial,
    /// What it is when the loader does not take the order and the box has to go back.
    pub(super) why: Failure,
    pub(super) until: Instant,
}

#[derive(Debug)]
pub(super) struct OnTrial {
    pub(super) trial: Trial,
    /// Those that have not said yes last, and until when they may.
    pub(super) open: BTreeMap<Check, Instant>,
    /// Those that have.
    pub(super) yes: BTreeMap<Check, Instant>,
}

#[derive(Debug)]
pub(super) struct Passed {
    pub(super) trial: Trial,
    /// The loader is told again then.
    pub(super) again: Instant,
}

#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) why: Failure,
    pub(super) until: Instant,
}

#[derive(Debug)]
pub(super) struct Returning {
    pub(super) trial: Trial,
    pub(super) why: Failure,
    pub(super) step: Step,
    pub(super) until: Instant,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Loader,
    Restore,
}

impl State {
    pub(super) fn timeout(&self) -> Option<Instant> {
        match self {
            State::Idle | State::Verified(_) => None,
            State::Fetching(Fetching { wait: Wait::Coming { until }, .. }) => Some(*until),
            State::Fetching(Fetching { wait: Wait::Again { at }, .. }) => Some(*at),
            State::Verifying(verifying) => Some(verifying.until),
            State::Installing(installing) => Some(installing.until),
            State::Installed(installed) => match installed.calm {
                Calm::Waiting { until } => until,
                Calm::Draining { earliest, until } => Some(earliest.unwrap_or(until)),
                Calm::Copying { until, .. } => Some(until),
            },
            State::Arming(arming) => Some(arming.until),
            State::Restarting { again } => Some(*again),
            State::Trial(trial) => trial.open.values().min().copied(),
            State::Passed(passed) => Some(passed.again),
            State::Leaving(leaving) => Some(leaving.until),
            State::Returning(returning) => Some(returning.until),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self {
            State::Idle => Stage::Idle,
            State::Fetching(fetching) => {
                Stage::Fetching { have: fetching.have, size: fetching.size }
            }
            State::Verifying(_) => Stage::Fetched,
            State::Verified(_) => Stage::Verified,
            State::Installing(installing) => Stage::Installing { percent: installing.percent },
            State::Installed(Installed { calm: Calm::Waiting { .. }, .. }) => Stage::Installed,
            State::Installed(_) => Stage::Draining,
            State::Arming(_) | State::Restarting { .. } => Stage::Restarting,
            State::Trial(on) => Stage::Trial { attempt: on.trial.attempt },
            State::Passed(passed) => Stage::Trial { attempt: passed.trial.attempt },
            State::Leaving(leaving) => Stage::GoingBack(leaving.why.clone()),
            State::Returning(returning) => Stage::GoingBack(returning.why.clone()),
        }
    }

    /// Whose it is and what, of the states before a trial.
    pub(super) fn parts(self) -> Option<(Request, Option<Bundle>)> {
        match self {
            State::Fetching(Fetching { request, .. })
            | State::Verifying(Verifying { request, .. }) => Some((request, None)),
            State::Verified(Verified { request, bundle, .. })
            | State::Installing(Installing { request, bundle, .. })
            | State::Installed(Installed { request, bundle, .. }) => Some((request, Some(bundle))),
            State::Idle
            | State::Arming(_)
            | State::Restarting { .. }
            | State::Trial(_)
            | State::Passed(_)
            | State::Leaving(_)
            | State::Returning(_) => None,
        }
    }

    pub(super) fn request_mut(&mut self) -> Option<&mut Request> {
        match self {
            State::Fetching(Fetching { request, .. })
            | State::Verifying(Verifying { request, .. })
            | State::Verified(Verified { request, .. })
            | State::Installing(Installing { request, .. })
            | State::Installed(Installed { request, .. }) => Some(request),
            State::Idle
            | State::Arming(_)
            | State::Restarting { .. }
            | State::Trial(_)
            | State::Passed(_)
            | State::Leaving(_)
            | State::Returning(_) => None,
        }
    }
}

impl Phase {
    /// The wish behind it, as long as it can still change.
    pub(super) fn request_mut(&mut self) -> Option<&mut Request> {
        match self {
            Phase::Fetching { request, .. }
            | Phase::Fetched { request }
            | Phase::Installing { request, .. }
            | Phase::Installed { request, .. } => Some(request),
            Phase::Idle | Phase::Trial(_) | Phase::Passed { .. } | Phase::GoingBack { .. } => None,
        }
    }
}
