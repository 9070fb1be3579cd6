//! One update on its way: `Idle -> Fetched -> Verified -> Installed -> Trial -> Good | RolledBack`.
//!
//! | state | file | leaves when |
//! |---|---|---|
//! | fetching, fetched | `life/fetch.rs` | the file is here; signature, board, version and room are right |
//! | verified, installing | `life/install.rs` | there is leave and the window is open; the slot is written |
//! | installed | `life/calm.rs` | nobody is in a call; the database is copied; the box restarts |
//! | trial, passed, leaving | `life/trial.rs` | each self-check said yes in its time, or one did not |
//! | returning | `life/start.rs` | the old software has the database's copy |
//!
//! Read `life/start.rs` for what a start makes of what was kept.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use crate::kept::{Ended, Outcome};
use crate::{Bundle, Check, Failure, Kept, Phase, Request, Slot, Urgency, Version};

mod calm;
mod fetch;
mod install;
mod start;
mod state;
mod trial;
mod words;

pub use words::{
    Done, From, Input, LoaderOrder, NotFetched, NotVerified, Output, Refusal, Stage, Work,
};

use state::State;

/// What the box knows of itself when it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The board, as bundles name it.
    pub board: String,
    /// The version that runs.
    pub version: Version,
    /// How many attempts the new software gets.
    pub trials: u8,
    /// How long before a restart it is announced.
    pub notice: Duration,
    /// How long new calls are refused while the last ones end.
    pub drain: Duration,
    /// How long after a drain in vain the next begins.
    pub pause: Duration,
}

impl Settings {
    /// The usual ones: three trials, a notice of 30 s, calls drained for 10 minutes and again after
    /// 15. Chosen by us.
    pub fn new(board: impl Into<String>, version: Version) -> Settings {
        Settings {
            board: board.into(),
            version,
            trials: 3,
            notice: Duration::from_secs(30),
            drain: Duration::from_secs(600),
            pause: Duration::from_secs(900),
        }
    }
}

/// The life of an update.
///
/// After each `handle` the owner drains `poll_output` to `None` and carries out each output before it
/// asks for the next, then sleeps until `poll_timeout` and comes back with `Input::Tick`.
#[derive(Debug)]
pub struct Life {
    settings: Settings,
    /// The slot that runs.
    own: Slot,
    /// Whether `Output::Run` was said.
    runs: bool,
    facts: Facts,
    state: State,
    kept: Kept,
    /// The number of the last work. Answers to an older one are late.
    job: u32,
    told: Option<Stage>,
    outputs: VecDeque<Output>,
}

/// What is so just now.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    calls: u32,
    window: bool,
    network: bool,
    fleet: bool,
}

impl Life {
    /// Something happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let event = match input {
            Input::Calls(calls) => {
                self.facts.calls = calls;
                Event::Tick
            }
            Input::Window(open) => {
                self.facts.window = open;
                Event::Tick
            }
            Input::Network(works) => {
                self.facts.network = works;
                Event::Tick
            }
            Input::Fleet(reached) => {
                self.facts.fleet = reached;
                Event::Tick
            }
            Input::Tick => Event::Tick,
            Input::Urgency(urgency) => {
                self.wanted(|request| request.urgency = urgency);
                Event::Tick
            }
            Input::Leave(leave) => {
                self.wanted(|request| request.leave = leave);
                Event::Tick
            }
            Input::Begin(request) => return self.begin(request, now),
            Input::Cancel => return self.cancel(),
            Input::Check { check, yes } => Event::Check { check, yes },
            Input::Done { job, .. } if job != self.job => return,
            Input::Done { done, .. } => Event::Done(done),
        };
        let state = mem::replace(&mut self.state, State::Idle);
        self.state = match state {
            State::Idle => State::Idle,
            State::Fetching(fetching) => self.in_fetching(fetching, event, now),
            State::Verifying(verifying) => self.in_verifying(verifying, event, now),
            State::Verified(verified) => self.in_verified(verified, now),
            State::Installing(installing) => self.in_installing(installing, event, now),
            State::Installed(installed) => self.in_installed(installed, event, now),
            State::Arming(arming) => self.in_arming(arming, event, now),
            State::Restarting { again } => self.in_restarting(again, now),
            State::Trial(trial) => self.in_trial(trial, event, now),
            State::Passed(passed) => self.in_passed(passed, event, now),
            State::Leaving(leaving) => self.in_leaving(leaving, event, now),
            State::Returning(returning) => self.in_returning(returning, event, now),
        };
        self.tell();
    }

    /// What is to be done next, in this order; `None` when there is nothing more.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with `Input::Tick`, at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.state.timeout()
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Idle => match &self.kept.last {
                None => Stage::Idle,
                Some(Outcome { ended: Ended::Failed(why), .. }) => Stage::Failed(why.clone()),
                Some(Outcome { ended: Ended::Good, .. }) => Stage::Good,
                Some(Outcome { ended: Ended::RolledBack(why), .. }) => {
                    Stage::RolledBack(why.clone())
                }
            },
            state => state.stage(),
        }
    }

    /// What became of the last one.
    pub fn last(&self) -> Option<&Outcome> {
        self.kept.last.as_ref()
    }

    /// Whether it can still be called off: until the slot is being written, and between then and the
    /// restart.
    pub fn can_cancel(&self) -> bool {
        matches!(
            self.state,
            State::Fetching(_) | State::Verifying(_) | State::Verified(_) | State::Installed(_)
        )
    }

    fn begin(&mut self, request: Request, now: Instant) {
        match &self.state {
            State::Idle => {}
            // Only fetched, as it was wanted, and now something else is wanted.
            State::Verified(verified) if !verified.request.leave => self.drop_all(),
            State::Verified(_)
            | State::Fetching(_)
            | State::Verifying(_)
            | State::Installing(_)
            | State::Installed(_)
            | State::Arming(_)
            | State::Restarting { .. }
            | State::Trial(_)
            | State::Passed(_)
            | State::Leaving(_)
            | State::Returning(_) => {
                self.outputs.push_back(Output::Refused(Refusal::Busy));
                return;
            }
        }
        self.drop_all();
        self.state = self.fetch(request, now);
        self.tell();
    }

    fn cancel(&mut self) {
        if !self.can_cancel() {
            self.outputs.push_back(Output::Refused(Refusal::TooLate));
            return;
        }
        let state = mem::replace(&mut self.state, State::Idle);
        if let Some((request, bundle)) = state.parts() {
            self.abandon();
            self.state = self.fail(request, bundle, Failure::Cancelled);
        }
        self.tell();
    }

    /// The wish behind it changes, here and on disk.
    fn wanted(&mut self, change: impl Fn(&mut Request)) {
        if let Some(request) = self.state.request_mut() {
            change(request);
        }
        let Some(request) = self.kept.phase.request_mut() else { return };
        let before = request.clone();
        change(request);
        if *request != before {
            self.outputs.push_back(Output::Keep(Box::new(self.kept.clone())));
        }
    }

    fn keep(&mut self, phase: Phase) {
        self.kept.phase = phase;
        self.outputs.push_back(Output::Keep(Box::new(self.kept.clone())));
    }

    fn work(&mut self, work: Work) {
        self.job = self.job.wrapping_add(1);
        self.outputs.push_back(Output::Do { job: self.job, work });
    }

    /// Whatever is being worked on answers to nobody.
    fn abandon(&mut self) {
        self.job = self.job.wrapping_add(1);
        self.outputs.push_back(Output::Abandon);
    }

    /// It took too long.
    fn stalled(&mut self, request: Request, bundle: Option<Bundle>) -> State {
        self.abandon();
        self.fail(request, bundle, Failure::Stalled)
    }

    /// It never came to a start.
    fn fail(&mut self, request: Request, bundle: Option<Bundle>, why: Failure) -> State {
        self.end(request, bundle, Ended::Failed(why))
    }

    fn end(&mut self, request: Request, bundle: Option<Bundle>, ended: Ended) -> State {
        self.kept.last = Some(Outcome { request, bundle, ended });
        self.keep(Phase::Idle);
        self.drop_all();
        self.outputs.push_back(Output::Drain(false));
        State::Idle
    }

    fn drop_all(&mut self) {
        self.outputs.extend([Output::DropBundle, Output::DropCopy]);
    }

    /// The box may open its database and serve.
    fn run(&mut self) {
        self.runs = true;
        self.outputs.push_back(Output::Run);
    }

    fn restart(&mut self, now: Instant) -> State {
        self.outputs.push_back(Output::Restart);
        State::Restarting { again: now + DOWN }
    }

    fn in_restarting(&mut self, again: Instant, now: Instant) -> State {
        if now < again { State::Restarting { again } } else { self.restart(now) }
    }

    fn tell(&mut self) {
        let stage = self.stage();
        if self.told.as_ref() != Some(&stage) {
            self.told = Some(stage.clone());
            self.outputs.push_back(Output::Changed(stage));
        }
    }

    /// Whether it may disturb now.
    fn open(&self, request: &Request) -> bool {
        request.leave && (request.urgency == Urgency::Now || self.facts.window)
    }
}

/// What a state hears of.
#[derive(Debug)]
enum Event {
    /// A fact changed, or time passed.
    Tick,
    Done(Done),
    Check {
        check: Check,
        yes: bool,
    },
}

/// After this a restart that did not come is asked for again. systemd stops a unit within 90 s
/// (systemd-system.conf, `DefaultTimeoutStopSec`).
const DOWN: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests;
