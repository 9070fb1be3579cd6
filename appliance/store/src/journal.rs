//! When facts are written: gathered for a moment, so that one synchronisation of the disk serves
//! many, and kept when the disk refuses them.

use crate::Facts;
use std::time::{Duration, Instant};

/// The group commit, without its thread and without a clock.
///
/// The storage thread adds what comes ([`Journal::add`]), sleeps until [`Journal::poll_timeout`],
/// and then writes what [`Journal::due`] gives with [`crate::Store::commit`]. What could not be
/// written goes back with [`Journal::refused`] and comes again. Configuration changes do not pass
/// here: they are written at once. Control never waits for any of this: while the channel to the
/// storage thread is full it goes on filling its own [`Facts`].
#[derive(Debug, Default)]
pub struct Journal {
    facts: Facts,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Empty,
    Gathering {
        until: Instant,
    },
    /// The disk refused the last batch.
    Refused {
        next_try: Instant,
    },
}

impl Journal {
    /// How long facts are gathered. With as much again for a slow disk to synchronise, they are on
    /// it 200 ms after they happened.
    pub const GATHER: Duration = Duration::from_millis(100);

    /// How long after a refusal the next attempt is made.
    pub const RETRY: Duration = Duration::from_secs(1);

    /// Takes in what happened.
    pub fn add(&mut self, facts: Facts, now: Instant) {
        if facts.is_empty() {
            return;
        }
        self.facts.follow(facts);
        if let State::Empty = self.state {
            self.state = State::Gathering { until: now + Self::GATHER };
        }
    }

    /// When [`Journal::due`] has something next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Empty => None,
            State::Gathering { until } => Some(until),
            State::Refused { next_try } => Some(next_try),
        }
    }

    /// The batch to write now, if it is time.
    pub fn due(&mut self, now: Instant) -> Option<Facts> {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return None;
        }
        self.last()
    }

    /// All that waits, whether or not it is time: for the end of the daemon.
    pub fn last(&mut self) -> Option<Facts> {
        self.state = State::Empty;
        let facts = std::mem::take(&mut self.facts);
        Some(facts).filter(|facts| !facts.is_empty())
    }

    /// Takes back a batch that could not be written. What came meanwhile is later than it.
    pub fn refused(&mut self, batch: Facts, now: Instant) {
        let later = std::mem::replace(&mut self.facts, batch);
        self.facts.follow(later);
        self.state = State::Refused { next_try: now + Self::RETRY };
    }

    /// Calls and bindings that wait.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Whether the disk refused the last batch.
    pub fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use call::{CallRecord, RegistrationId};
    use std::sync::Arc;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn facts(records: &[CallRecord]) -> Facts {
        let mut facts = Facts::default();
        records.iter().for_each(|record| facts.record(Box::new(record.clone())));
        facts
    }

    #[test]
    fn a_fact_waits_a_hundred_milliseconds_for_company_and_no_longer() {
        let start = Instant::now();
        let mut journal = Journal::default();
        assert_eq!(journal.poll_timeout(), None);
        journal.add(facts(&[samples::record(1)]), start);
        journal.add(facts(&[samples::record(2)]), start + ms(60));
        assert_eq!(journal.poll_timeout(), Some(start + ms(100)));
        assert!(journal.due(start + ms(99)).is_none());
        assert_eq!(journal.due(start + ms(100)).map(|batch| batch.len()), Some(2));
        assert_eq!(journal.poll_timeout(), None);
    }

    #[test]
    fn what_the_disk_refused_comes_again_after_a_second_with_what_came_since() {
        let start = Instant::now();
        let mut journal = Journal::default();
        let mut record = samples::record(1);
        journal.add(facts(&[record.clone(), samples::record(2)]), start);
        let batch = journal.due(start + ms(100)).unwrap();
        journal.refused(batch, start + ms(110));
        record.dialled = "changed".to_owned();
        journal.add(facts(&[record.clone()]), start + ms(500));
        assert!(journal.is_refused());
        assert!(journal.due(start + ms(1109)).is_none());
        let batch = journal.due(start + ms(1110)).unwrap();
        assert_eq!(batch.records().next(), Some(&record));
        assert_eq!(batch.len(), 2);
        assert!(!journal.is_refused());
    }

    #[test]
    fn a_refused_state_does_not_overwrite_a_later_one() {
        let start = Instant::now();
        let mut journal = Journal::default();
        let mut bound = Facts::default();
        bound.bind(Arc::new(samples::registration(1)));
        journal.add(bound, start);
        let batch = journal.due(start + ms(100)).unwrap();
        let mut gone = Facts::default();
        gone.unbind(RegistrationId(1));
        journal.add(gone, start + ms(150));
        journal.refused(batch, start + ms(200));
        let batch = journal.due(start + ms(1200)).unwrap();
        assert_eq!(batch.bindings().collect::<Vec<_>>(), [(RegistrationId(1), None)]);
    }

    #[test]
    fn the_end_of_the_daemon_waits_for_nothing() {
        let mut journal = Journal::default();
        journal.add(facts(&[samples::record(1)]), Instant::now());
        assert_eq!(journal.last().map(|batch| batch.len()), Some(1));
        assert!(journal.last().is_none());
    }
}
