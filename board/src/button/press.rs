//! What a press of the box's one button means: a short one claims the box, a very long one makes it forget
//! everything. Between the two nothing happens, so that nobody forgets by mistake.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Button, Change};
use crate::Fault;

/// Recognises presses. Changes and the time go in, [`Press::poll_output`] says what they meant.
#[derive(Debug)]
pub struct Press {
    state: State,
    said: VecDeque<Meaning>,
}

/// What a press means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It was pressed for a moment: whoever stands before the box may claim it.
    Claim,
    /// It has been held for too long to claim anything: who goes on holding it resets the box, which a
    /// lamp should say.
    Armed,
    /// It was let go before it meant anything: the lamp may say so no longer.
    Disarmed,
    /// It was held to the end: the box is to forget everything. Said while it is still held.
    FactoryReset,
}

#[derive(Debug)]
enum State {
    Up,
    Down {
        since: Instant,
    },
    Armed {
        since: Instant,
    },
    /// It has meant something, or was held before anybody looked: now it has to be let go.
    Spent,
}

impl Press {
    /// `pressed`: whether it is pressed already, which means nothing until it is let go. A button that
    /// is stuck, or on which something lies, resets no box.
    #[must_use]
    pub fn new(pressed: bool) -> Press {
        let state = if pressed { State::Spent } else { State::Up };
        Press { state, said: VecDeque::new() }
    }

    /// The button was pressed or let go. What the time before it brought comes first.
    pub fn change(&mut self, change: Change) {
        self.turn(change.at);
        self.state = match (&self.state, change.pressed) {
            // The change between was missed. What is not known to be one press is two.
            (State::Armed { .. }, true) => {
                self.said.push_back(Meaning::Disarmed);
                State::Down { since: change.at }
            }
            (State::Up | State::Down { .. }, true) => State::Down { since: change.at },
            (State::Spent, true) => State::Spent,
            (State::Down { since }, false) => {
                if change.at.saturating_duration_since(*since) >= SHORTEST {
                    self.said.push_back(Meaning::Claim);
                }
                State::Up
            }
            (State::Armed { .. }, false) => {
                self.said.push_back(Meaning::Disarmed);
                State::Up
            }
            (State::Up | State::Spent, false) => State::Up,
        };
    }

    /// So late is it. All changes before `now` have to be known: what was let go in time and is told too
    /// late would be a reset.
    pub fn turn(&mut self, now: Instant) {
        if let State::Down { since } = self.state
            && now >= since + ARMED
        {
            self.said.push_back(Meaning::Armed);
            self.state = State::Armed { since };
        }
        if let State::Armed { since } = self.state
            && now >= since + RESET
        {
            self.said.push_back(Meaning::FactoryReset);
            self.state = State::Spent;
        }
    }

    /// Takes all changes of a button until `now`, then the time. Before a reset the button itself is
    /// asked whether it is still pressed: an edge may be lost.
    ///
    /// # Errors
    /// The button's. Then it counts as let go, and does not mean anything until it is pressed anew.
    pub fn follow(&mut self, button: &mut dyn Button, now: Instant) -> Result<(), Fault> {
        let followed = self.follow_or_fail(button, now);
        if followed.is_err() {
            self.let_go();
        }
        followed
    }

    /// When [`Press::turn`] has to be called at the latest; `None`: not before a change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Down { since } => Some(since + ARMED),
            State::Armed { since } => Some(since + RESET),
            State::Up | State::Spent => None,
        }
    }

    /// What was meant, oldest first; to be asked until there is nothing.
    pub fn poll_output(&mut self) -> Option<Meaning> {
        self.said.pop_front()
    }

    fn follow_or_fail(&mut self, button: &mut dyn Button, now: Instant) -> Result<(), Fault> {
        while let Some(change) = button.next_change(now)? {
            self.change(change);
        }
        let held = match self.state {
            State::Down { since } | State::Armed { since } => now.saturating_duration_since(since),
            State::Up | State::Spent => Duration::ZERO,
        };
        if held >= RESET && !button.is_pressed()? {
            self.let_go();
        }
        self.turn(now);
        Ok(())
    }

    /// Forgets a press that nobody knows the end of.
    fn let_go(&mut self) {
        if let State::Armed { .. } = self.state {
            self.said.push_back(Meaning::Disarmed);
        }
        self.state = State::Up;
    }
}

/// Shorter is no press: nobody lets go of a button on purpose within 50 ms, but static does.
const SHORTEST: Duration = Duration::from_millis(50);

/// From here on it does not claim any more, and arms.
const ARMED: Duration = Duration::from_secs(3);

/// From here on the box forgets. A product's choice: as long as other boxes want a paper clip held.
const RESET: Duration = Duration::from_secs(10);

#[cfg(test)]
#[path = "press/tests.rs"]
mod tests;
