//! The new software is in its slot: calls end, the database is copied, the box restarts.

use std::time::{Duration, Instant};

use super::state::{Arming, Calm, Installed, State};
use super::{Done, Event, Life, LoaderOrder, Output, Work};
use crate::health::Before;
use crate::{Failure, Phase, Trial, Urgency};

impl Life {
    pub(super) fn in_installed(&mut self, mut it: Installed, event: Event, now: Instant) -> State {
        it.calm = match (it.calm, event) {
            (Calm::Waiting { until }, _) => self.waiting(&it.request, until, now),
            (Calm::Draining { .. } | Calm::Copying { .. }, _) if !self.open(&it.request) => {
                self.take_calls_again(None)
            }
            (Calm::Draining { earliest, until }, _) => {
                let force = it.request.urgency == Urgency::Now && now >= until;
                let told = earliest.is_none_or(|earliest| now >= earliest);
                if told && (self.facts.calls == 0 || force) {
                    self.work(Work::CopyDatabase);
                    Calm::Copying { force, until: now + COPYING }
                } else if now >= until {
                    self.take_calls_again(Some(now + self.settings.pause))
                } else {
                    Calm::Draining { earliest: earliest.filter(|_| !told), until }
                }
            }
            (Calm::Copying { force, .. }, Event::Done(Done::Copied(true))) => {
                if self.facts.calls == 0 || force {
                    return self.arm(it, now);
                }
                // An emergency call came in between, and has to end first.
                Calm::Draining { earliest: None, until: now + self.settings.drain }
            }
            (Calm::Copying { .. }, Event::Done(Done::Copied(false))) => {
                return self.fail(it.request, Some(it.bundle), Failure::Copy);
            }
            (Calm::Copying { until, .. }, _) if now >= until => {
                return self.stalled(it.request, Some(it.bundle));
            }
            (calm @ Calm::Copying { .. }, _) => calm,
        };
        State::Installed(it)
    }

    fn waiting(&mut self, request: &crate::Request, until: Option<Instant>, now: Instant) -> Calm {
        let rested = until.is_none_or(|until| now >= until || request.urgency == Urgency::Now);
        if !rested || !self.open(request) {
            return Calm::Waiting { until: until.filter(|until| now < *until) };
        }
        let within = self.settings.notice;
        self.outputs.extend([Output::Announce { within }, Output::Drain(true)]);
        Calm::Draining {
            earliest: Some(now + within),
            until: now + within.max(self.settings.drain),
        }
    }

    fn take_calls_again(&mut self, until: Option<Instant>) -> Calm {
        self.abandon();
        self.outputs.push_back(Output::Drain(false));
        Calm::Waiting { until }
    }

    /// From here on it is a trial.
    fn arm(&mut self, it: Installed, now: Instant) -> State {
        let trial = Trial {
            request: it.request,
            bundle: it.bundle,
            slot: self.own.other(),
            attempt: 1,
            begun: false,
            before: Before { network: self.facts.network, fleet: self.facts.fleet },
        };
        self.keep(Phase::Trial(trial.clone()));
        self.try_slot(trial, Failure::Loader, now)
    }

    /// Tells the boot loader; what has to be known is kept already.
    pub(super) fn try_slot(&mut self, trial: Trial, why: Failure, now: Instant) -> State {
        self.work(Work::Loader(LoaderOrder::Try(trial.slot)));
        State::Arming(Arming { trial, why, until: now + LOADER })
    }

    pub(super) fn in_arming(&mut self, it: Arming, event: Event, now: Instant) -> State {
        match event {
            Event::Done(Done::Loader(true)) => self.restart(now),
            Event::Done(Done::Loader(false)) => self.not_armed(it, now),
            Event::Tick if now >= it.until => self.not_armed(it, now),
            Event::Done(_) | Event::Tick | Event::Check { .. } => State::Arming(it),
        }
    }

    fn not_armed(&mut self, it: Arming, now: Instant) -> State {
        if self.own == it.trial.slot {
            return self.leave(it.trial, it.why, now);
        }
        if !self.runs {
            return self.go_back(it.trial, it.why, now);
        }
        // The new software never ran: the database is as it was. What the loader may have taken of
        // its order, it is to forget before the notes do.
        self.work(Work::Loader(LoaderOrder::Stay(self.own)));
        self.fail(it.trial.request, Some(it.trial.bundle), Failure::Loader)
    }
}

/// A database of a few hundred MB on a worn card. Chosen by us.
const COPYING: Duration = Duration::from_secs(600);
/// A few octets in the boot loader's own storage. Chosen by us.
pub(super) const LOADER: Duration = Duration::from_secs(60);
