//! What happened lately, numbered: every listener reads it at its own pace.
//!
//! One ring for all listeners. Who falls behind its end has lost events and must load its lists
//! again; nobody makes the box wait.

use axum::extract::ws::Utf8Bytes;
use call::{Event, UnixMillis};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::watch;

/// The last events of the box.
///
/// Cheap to clone: all clones are the same log. Numbers grow by one from event to event and go on
/// growing over a restart, so a listener that comes back after one learns that it has lost events.
#[derive(Debug, Clone)]
pub struct EventLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    /// For those who wait for the next one.
    newest: watch::Sender<Newest>,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    seq: u64,
    closed: bool,
}

#[derive(Debug)]
struct Ring {
    /// The number of the front one.
    first: u64,
    events: VecDeque<Arc<Numbered>>,
}

/// An event and its number.
#[derive(Debug)]
pub struct Numbered {
    /// Its number.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    /// Written once, for the first listener that wants it; none may be there.
    text: OnceLock<Utf8Bytes>,
}

/// One listener's place in the log.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    newest: watch::Receiver<Newest>,
    next: u64,
}

/// What a listener gets.
#[derive(Debug)]
pub enum Heard {
    /// These events, in order.
    Events(Vec<Arc<Numbered>>),
    /// Events were lost; it goes on after this number.
    Lost(u64),
}

impl EventLog {
    /// An empty log of a box that starts at `now`.
    ///
    /// Numbers start at the microsecond, which is under 2^53 until the year 2255 and ahead of
    /// every number given before the restart unless there were a million events a second.
    pub fn starting_at(now: UnixMillis) -> Self {
        let first = now.0.saturating_mul(1000).max(1);
        let newest = watch::Sender::new(Newest { seq: first - 1, closed: false });
        let ring = Mutex::new(Ring { first, events: VecDeque::new() });
        Self { shared: Arc::new(Shared { ring, newest }) }
    }

    /// Adds events in their order. Never waits for a listener.
    pub fn publish(&self, events: impl IntoIterator<Item = Event>) {
        let seq = {
            let mut ring = self.shared.ring();
            for event in events {
                ring.push(event);
            }
            ring.newest()
        };
        self.shared.newest.send_modify(|newest| newest.seq = seq);
    }

    /// The box goes down: every listener is told, and goes.
    pub fn close(&self) {
        self.shared.newest.send_modify(|newest| newest.closed = true);
    }

    /// The number of the newest event.
    pub fn newest(&self) -> u64 {
        self.shared.newest.borrow().seq
    }

    /// Listens from the event after `after` on; without it, from now on.
    pub fn follow(&self, after: Option<u64>) -> Feed {
        let newest = self.shared.newest.subscribe();
        let next = after.unwrap_or_else(|| newest.borrow().seq).saturating_add(1);
        Feed { shared: Arc::clone(&self.shared), newest, next }
    }
}

impl Feed {
    /// The events since the last time, a bounded number; waits until there are some. `None` when
    /// the log was closed.
    ///
    /// May be dropped while it waits without losing anything.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            let closed = self.newest.borrow_and_update().closed;
            if let Some(heard) = self.read() {
                return Some(heard);
            }
            if closed {
                return None;
            }
            self.newest.changed().await.ok()?;
        }
    }

    fn read(&mut self) -> Option<Heard> {
        let ring = self.shared.ring();
        let newest = ring.newest();
        let from_another_life = self.next > newest.saturating_add(1);
        if self.next < ring.first || from_another_life {
            self.next = newest.saturating_add(1);
            return Some(Heard::Lost(newest));
        }
        let skip = usize::try_from(self.next - ring.first).unwrap_or(usize::MAX);
        let events: Vec<_> = ring.events.iter().skip(skip).take(BATCH).cloned().collect();
        let last = events.last()?.seq;
        self.next = last.saturating_add(1);
        Some(Heard::Events(events))
    }
}

impl Shared {
    /// A listener that panicked cannot have left the ring half changed.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn newest(&self) -> u64 {
        let held = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(held).saturating_sub(1)
    }

    fn push(&mut self, event: Event) {
        let seq = self.newest().saturating_add(1);
        self.events.push_back(Arc::new(Numbered { seq, event, text: OnceLock::new() }));
        if self.events.len() > KEPT {
            self.events.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }
}

impl Numbered {
    /// The event as a message: `{"seq":17,"type":"call","data":{...}}`.
    pub fn text(&self) -> Utf8Bytes {
        #[derive(Serialize)]
        struct Message<'a> {
            seq: u64,
            #[serde(flatten)]
            event: &'a Event,
        }
        let written = self.text.get_or_init(|| {
            let message = Message { seq: self.seq, event: &self.event };
            serde_json::to_string(&message).unwrap_or_default().into()
        });
        written.clone()
    }
}

/// About 2 MB of call records, and some seconds at the highest load that the box is built for.
const KEPT: usize = 1024;
/// How many events a listener takes at a time, so that the ring is not held for long.
const BATCH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_000);

    fn config(revision: u64) -> Event {
        Event::Config { revision }
    }

    fn seqs(heard: Option<Heard>) -> Vec<u64> {
        match heard {
            Some(Heard::Events(events)) => events.iter().map(|event| event.seq).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_listener_hears_what_happens_from_now_on_in_order() {
        let log = EventLog::starting_at(START);
        log.publish([config(1)]);
        let mut feed = log.follow(None);
        log.publish([config(2), config(3)]);
        assert_eq!(seqs(feed.next().await), [1_000_001, 1_000_002]);
        assert_eq!(log.newest(), 1_000_002);
    }

    #[tokio::test]
    async fn a_listener_that_comes_back_hears_what_it_missed() {
        let log = EventLog::starting_at(START);
        log.publish([config(1), config(2), config(3)]);
        assert_eq!(seqs(log.follow(Some(1_000_000)).next().await), [1_000_001, 1_000_002]);
    }

    #[tokio::test]
    async fn a_listener_that_was_away_too_long_learns_that_events_are_lost() {
        let log = EventLog::starting_at(START);
        log.publish((0..2000).map(config));
        let mut feed = log.follow(Some(1_000_000));
        assert!(matches!(feed.next().await, Some(Heard::Lost(1_001_999))));
        log.publish([config(1)]);
        assert_eq!(seqs(feed.next().await), [1_002_000]);
    }

    #[tokio::test]
    async fn numbers_of_an_earlier_or_later_life_are_not_taken_for_ours() {
        let log = EventLog::starting_at(START);
        for stranger in [0, 17, 999_998, 1_000_000, u64::MAX] {
            let heard = log.follow(Some(stranger)).next().await;
            assert!(matches!(heard, Some(Heard::Lost(999_999))), "{stranger} {heard:?}");
        }
    }

    #[tokio::test]
    async fn a_closed_log_lets_its_listeners_go_once_they_heard_everything() {
        let log = EventLog::starting_at(START);
        let mut feed = log.follow(None);
        log.publish([config(1)]);
        log.close();
        assert_eq!(seqs(feed.next().await), [1_000_000]);
        assert!(feed.next().await.is_none());
    }

    #[tokio::test]
    async fn a_message_carries_its_number_its_type_and_its_data() {
        let log = EventLog::starting_at(START);
        let mut feed = log.follow(None);
        log.publish([config(7)]);
        let Some(Heard::Events(events)) = feed.next().await else { panic!() };
        let expected = r#"{"seq":1000000,"type":"config","data":{"revision":7}}"#;
        assert_eq!(events[0].text().as_str(), expected);
    }
}
