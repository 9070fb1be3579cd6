//! Answers that still hold, positive and negative ones: a bounded cache.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{Answer, Question};

/// Remembered answers. The oldest to expire makes room when it is full.
#[derive(Debug)]
pub struct Cache {
    limits: Limits,
    answers: BTreeMap<Question, Held>,
    expiries: BTreeSet<(Instant, Question)>,
}

#[derive(Debug)]
struct Held {
    answer: Answer,
    until: Instant,
}

/// How much a [`Cache`] holds and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of answers.
    pub entries: usize,
    /// An answer with a shorter time to live is held this long, so that a call's own repetitions
    /// do not ask again.
    pub shortest: Duration,
    /// An answer with a longer time to live is held this long.
    pub longest: Duration,
    /// How long a negative answer of unknown time to live is held; RFC 2308 §7 allows five minutes
    /// at most for a resolver that did not reply.
    pub negative: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 4096,
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(86_400),
            negative: Duration::from_secs(30),
        }
    }
}

impl Cache {
    /// An empty cache.
    pub fn new(limits: Limits) -> Self {
        Self { limits, answers: BTreeMap::new(), expiries: BTreeSet::new() }
    }

    /// The answer to `question`, if one still holds.
    pub fn answer(&self, question: &Question, now: Instant) -> Option<&Answer> {
        let held = self.answers.get(question)?;
        (now < held.until).then_some(&held.answer)
    }

    /// Remembers `answer` for its time to live.
    pub fn keep(&mut self, question: Question, answer: Answer, now: Instant) {
        let ttl = answer.ttl.unwrap_or(self.limits.negative);
        let until = now + ttl.clamp(self.limits.shortest, self.limits.longest);
        self.forget(&question);
        self.make_room(now);
        self.expiries.insert((until, question.clone()));
        self.answers.insert(question, Held { answer, until });
    }

    /// How many answers are held, expired ones that nobody asked for among them.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    fn forget(&mut self, question: &Question) {
        if let Some(held) = self.answers.remove(question) {
            self.expiries.remove(&(held.until, question.clone()));
        }
    }

    fn make_room(&mut self, now: Instant) {
        while let Some((until, _)) = self.expiries.first() {
            if *until > now && self.answers.len() < self.limits.entries.max(1) {
                return;
            }
            if let Some((_, question)) = self.expiries.pop_first() {
                self.answers.remove(&question);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Record, name};
    use super::*;
    use crate::fake_time::FakeTime;

    fn a(host: &str) -> Question {
        Question::A(name(host))
    }

    fn address(ttl: Option<u64>) -> Answer {
        let records = vec![Record::Address("192.0.2.1".parse().unwrap())];
        Answer { records, ttl: ttl.map(Duration::from_secs) }
    }

    #[test]
    fn an_answer_holds_for_its_time_to_live_and_not_a_millisecond_longer() {
        let time = FakeTime::start();
        let mut cache = Cache::new(Limits::default());
        cache.keep(a("Carrier.example."), address(Some(60)), time.at(0));
        assert!(cache.answer(&a("carrier.example"), time.at(59_999)).is_some());
        assert!(cache.answer(&a("carrier.example"), time.at(60_000)).is_none());
    }

    #[test]
    fn a_negative_answer_is_remembered_too() {
        let time = FakeTime::start();
        let mut cache = Cache::new(Limits::default());
        cache.keep(a("nobody.example"), Answer::nothing(), time.at(0));
        assert_eq!(cache.answer(&a("nobody.example"), time.at(29_999)), Some(&Answer::nothing()));
        assert_eq!(cache.answer(&a("nobody.example"), time.at(30_000)), None);
    }

    #[test]
    fn a_full_cache_gives_up_what_would_expire_first() {
        let time = FakeTime::start();
        let mut cache = Cache::new(Limits { entries: 2, ..Limits::default() });
        cache.keep(a("one"), address(Some(300)), time.at(0));
        cache.keep(a("two"), address(Some(100)), time.at(0));
        cache.keep(a("three"), address(Some(200)), time.at(0));
        assert_eq!(cache.len(), 2);
        assert!(cache.answer(&a("one"), time.at(1)).is_some());
        assert!(cache.answer(&a("two"), time.at(1)).is_none());
        assert!(cache.answer(&a("three"), time.at(1)).is_some());
    }

    #[test]
    fn a_new_answer_replaces_the_old_one() {
        let time = FakeTime::start();
        let mut cache = Cache::new(Limits::default());
        cache.keep(a("one"), Answer::nothing(), time.at(0));
        cache.keep(a("one"), address(Some(60)), time.at(1));
        assert_eq!(cache.answer(&a("one"), time.at(2)), Some(&address(Some(60))));
        assert_eq!((cache.len(), cache.expiries.len()), (1, 1));
    }
}
