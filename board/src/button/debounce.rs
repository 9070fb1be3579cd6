//! Contacts bounce: a change counts when the contact has stood still for a while. For GPIO chips whose
//! kernel does not do that itself.

use std::time::{Duration, Instant};

use super::Change;
use crate::Fault;

/// Keeps bounces away from who asks.
#[derive(Debug)]
pub(crate) struct Debounce {
    settle: Duration,
    pressed: bool,
    moving: Option<Change>,
    /// An edge that waits until what came before it is told.
    waiting: Option<Change>,
}

impl Debounce {
    /// A contact that has to stand still for so long, and how it is now.
    pub(crate) fn new(settle: Duration, pressed: bool) -> Debounce {
        Debounce { settle, pressed, moving: None, waiting: None }
    }

    /// The next change that is to be believed by `now`, with the instant from which on it was. `edge` gives
    /// all edges until `now`, bounces and all, oldest first, and then nothing.
    pub(crate) fn next(
        &mut self,
        now: Instant,
        mut edge: impl FnMut() -> Result<Option<Change>, Fault>,
    ) -> Result<Option<Change>, Fault> {
        loop {
            let next = match self.waiting.take() {
                None => edge()?,
                waiting => waiting,
            };
            let Some(next) = next else { return Ok(self.turn(now)) };
            if let Some(change) = self.turn(next.at) {
                self.waiting = Some(next);
                return Ok(Some(change));
            }
            self.moving = (next.pressed != self.pressed).then_some(next);
        }
    }

    /// When the next change is to be believed, if nothing moves until then.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.moving.map(|edge| edge.at + self.settle)
    }

    fn turn(&mut self, now: Instant) -> Option<Change> {
        let at = self.poll_timeout().filter(|due| now >= *due)?;
        let pressed = self.moving.take()?.pressed;
        self.pressed = pressed;
        Some(Change { pressed, at })
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests begin somewhere")]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A contact and the edges that it has still to make.
    struct Bench {
        debounce: Debounce,
        start: Instant,
        edges: VecDeque<Change>,
    }

    impl Bench {
        /// `edges`: levels and their milliseconds.
        fn new(settle: u64, edges: &[(bool, u64)]) -> Bench {
            let start = Instant::now();
            let edges = edges.iter().map(|(pressed, at)| Change {
                pressed: *pressed,
                at: start + Duration::from_millis(*at),
            });
            let debounce = Debounce::new(Duration::from_millis(settle), false);
            Bench { debounce, start, edges: edges.collect() }
        }

        /// All that is told when somebody asks at this millisecond.
        fn ask(&mut self, now: u64) -> Vec<(bool, u64)> {
            let now = self.start + Duration::from_millis(now);
            let mut told = Vec::new();
            loop {
                let edges = &mut self.edges;
                let next =
                    self.debounce.next(now, || Ok(edges.pop_front_if(|edge| edge.at <= now)));
                let Some(change) = next.unwrap() else { return told };
                told.push((change.pressed, (change.at - self.start).as_millis() as u64));
            }
        }

        /// The same when he asks at every millisecond; what is told is told at once.
        fn ask_always(&mut self) -> Vec<(bool, u64)> {
            let mut told = Vec::new();
            for now in 0..200 {
                let new = self.ask(now);
                assert!(new.iter().all(|(_, at)| *at == now), "{new:?} at {now}");
                told.extend(new);
            }
            told
        }
    }

    #[test]
    fn a_bouncing_contact_counts_once_it_stands_still() {
        let edges = [(true, 10), (false, 12), (true, 13), (false, 19), (true, 20), (false, 90)];
        assert_eq!(Bench::new(20, &edges).ask_always(), [(true, 40), (false, 110)]);
    }

    #[test]
    fn a_spike_is_no_press_and_one_as_long_as_the_rest_is() {
        assert_eq!(Bench::new(20, &[(true, 10), (false, 29)]).ask_always(), []);
        let as_long = [(true, 30), (false, 50)];
        assert_eq!(Bench::new(20, &[(true, 10), (false, 30)]).ask_always(), as_long);
    }

    #[test]
    fn who_asks_late_is_told_the_same() {
        let edges = [(true, 10), (false, 12), (true, 13), (false, 50), (true, 55), (false, 60)];
        let mut bench = Bench::new(20, &edges);
        assert_eq!(bench.ask(500), [(true, 33), (false, 80)]);
        assert_eq!(bench.ask(500), []);
        assert_eq!(bench.debounce.poll_timeout(), None);
    }

    #[test]
    fn who_waits_is_told_when_to_ask_again() {
        let mut bench = Bench::new(20, &[(true, 10), (false, 100)]);
        assert_eq!(bench.ask(10), []);
        let due = bench.start + Duration::from_millis(30);
        assert_eq!(bench.debounce.poll_timeout(), Some(due));
        assert_eq!(bench.ask(29), []);
        assert_eq!(bench.ask(30), [(true, 30)]);
        assert_eq!(bench.debounce.poll_timeout(), None);
    }

    #[test]
    fn without_a_rest_every_edge_counts() {
        let edges = [(true, 3), (false, 4)];
        assert_eq!(Bench::new(0, &edges).ask_always(), edges);
    }

    #[test]
    fn a_fault_of_the_contact_is_told() {
        let mut bench = Bench::new(20, &[]);
        assert_eq!(bench.debounce.next(bench.start, || Err(Fault::Lost)), Err(Fault::Lost));
    }
}
