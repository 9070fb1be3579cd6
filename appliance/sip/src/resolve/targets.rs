//! The addresses of a next hop in the order in which they are tried, RFC 3263 §4.3.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use std::vec;

use crate::flow::Transport;

/// One address to try, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// How.
    pub transport: Transport,
    /// Where.
    pub addr: SocketAddr,
}

/// The targets of one request. The user takes the first, and the next one after a 503, a time-out
/// or a transport error.
#[derive(Clone, Debug)]
pub struct Targets {
    rest: vec::IntoIter<Target>,
}

impl Targets {
    /// The targets in DNS's order, but those that failed lately after all others: they are still
    /// better than none.
    pub(super) fn new(found: Vec<Target>, failures: &Failures, now: Instant) -> Self {
        let (failed, mut list): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|target| failures.holds(target, now));
        list.extend(failed);
        Self { rest: list.into_iter() }
    }

    /// What is still untried, in order.
    pub fn rest(&self) -> &[Target] {
        self.rest.as_slice()
    }
}

impl Iterator for Targets {
    type Item = Target;

    fn next(&mut self) -> Option<Target> {
        self.rest.next()
    }
}

/// Targets that failed lately.
#[derive(Debug, Default)]
pub struct Failures {
    until: BTreeMap<Target, Instant>,
}

impl Failures {
    /// `target` failed; for `pause` (a `Retry-After`, or [`Failures::PAUSE`]) it is tried last.
    pub fn note(&mut self, target: Target, pause: Duration, now: Instant) {
        if self.until.len() >= MOST_FAILURES {
            self.until.retain(|_, until| *until > now);
        }
        if self.until.len() < MOST_FAILURES {
            self.until.insert(target, now + pause.min(LONGEST_PAUSE));
        }
    }

    /// `target` answered.
    pub fn clear(&mut self, target: &Target) {
        self.until.remove(target);
    }

    /// Whether `target` failed lately.
    pub fn holds(&self, target: &Target, now: Instant) -> bool {
        self.until.get(target).is_some_and(|until| now < *until)
    }

    /// How long a target that did not answer is avoided: as long as its transaction had patience.
    pub const PAUSE: Duration = Duration::from_secs(32);
}

/// A `Retry-After` beyond this is a mistake or malice (RFC 3261 §21.5.4 lets us ignore it).
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// More failed targets than any installation has next hops; beyond it new ones are simply not
/// avoided.
const MOST_FAILURES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_time::FakeTime;

    fn target(last: u8) -> Target {
        Target { transport: Transport::Udp, addr: SocketAddr::from(([192, 0, 2, last], 5060)) }
    }

    #[test]
    fn a_target_that_failed_is_tried_last_until_its_pause_is_over() {
        let time = FakeTime::start();
        let mut failures = Failures::default();
        failures.note(target(1), Failures::PAUSE, time.at(0));
        let list = vec![target(1), target(2)];
        let targets = Targets::new(list.clone(), &failures, time.at(31_999));
        assert_eq!(targets.collect::<Vec<_>>(), [target(2), target(1)]);
        let targets = Targets::new(list, &failures, time.at(32_000));
        assert_eq!(targets.collect::<Vec<_>>(), [target(1), target(2)]);
    }

    #[test]
    fn a_target_that_answers_again_is_first_again() {
        let time = FakeTime::start();
        let mut failures = Failures::default();
        failures.note(target(1), Failures::PAUSE, time.at(0));
        failures.clear(&target(1));
        assert!(!failures.holds(&target(1), time.at(1)));
    }

    #[test]
    fn the_memory_of_failures_is_bounded() {
        let time = FakeTime::start();
        let mut failures = Failures::default();
        for port in 0..5000 {
            let addr = SocketAddr::from(([192, 0, 2, 1], port));
            let failed = Target { transport: Transport::Tcp, addr };
            failures.note(failed, Failures::PAUSE, time.at(0));
        }
        assert_eq!(failures.until.len(), MOST_FAILURES);
        failures.note(target(9), Failures::PAUSE, time.at(32_000));
        assert!(failures.holds(&target(9), time.at(32_001)));
    }
}
