//! The storage thread: the one writer of the database, and readers beside it.

use crate::clock;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::{Facts, Journal, OpenError, ReadError, Reader, Store};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

/// The way to the storage thread. Clones reach the same one.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    jobs: mpsc::Sender<Job>,
    health: Arc<Health>,
}

/// The thread's own part.
pub(crate) struct Writer {
    store: Store,
    journal: Journal,
    jobs: mpsc::Receiver<Job>,
    health: Arc<Health>,
    /// When old call records are looked for next.
    prune_at: Instant,
}

/// Connections for reading, opened when they are wanted and kept.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    data: PathBuf,
    idle: Arc<Mutex<Vec<Reader>>>,
}

/// Why nothing was read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// No connection could be opened.
    Open(OpenError),
    /// The query failed.
    Read(ReadError),
    /// The process is going down.
    Stopping,
}

enum Job {
    /// To be written soon.
    Facts(Facts),
    /// To be written now.
    Write(Box<dyn FnOnce(&mut Store) + Send>),
    /// Nothing comes after this.
    Stop,
}

/// What others may see of the thread.
#[derive(Debug, Default)]
struct Health {
    refused: AtomicBool,
    waiting: AtomicUsize,
    dropped: AtomicU64,
}

impl Storage {
    /// A way to a thread that is not yet running, and what it runs.
    pub(crate) fn new(store: Store) -> (Self, Writer) {
        let (sender, jobs) = mpsc::channel(CAPACITY);
        let health = Arc::new(Health::default());
        let prune_at = Instant::now() + PRUNE_EVERY;
        let journal = Journal::default();
        let writer = Writer { store, journal, jobs, health: health.clone(), prune_at };
        (Self { jobs: sender, health }, writer)
    }

    /// Hands facts over; they come back when the thread is too busy to take them now.
    pub(crate) fn keep(&self, facts: Facts) -> Result<(), Facts> {
        self.jobs.try_send(Job::Facts(facts)).map_err(|error| match error.into_inner() {
            Job::Facts(facts) => facts,
            Job::Write(_) | Job::Stop => Facts::default(),
        })
    }

    /// Writes something before it answers; `None` when the thread has ended. Full, it waits.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, answer) = oneshot::channel();
        let job = Job::Write(Box::new(move |store| {
            // Whoever asked may have gone; it is written all the same.
            let _ = sender.send(write(store));
        }));
        self.jobs.send(job).await.ok()?;
        answer.await.ok()
    }

    /// Writes what waits and ends the thread.
    pub(crate) async fn stop(&self) {
        // Already ended is as good.
        let _ = self.jobs.send(Job::Stop).await;
    }

    /// Whether the disk took the last batch.
    pub(crate) fn is_healthy(&self) -> bool {
        !self.health.refused.load(Ordering::Relaxed)
    }

    /// Calls and bindings that were lost, because the disk refused them for too long.
    pub(crate) fn dropped(&self) -> u64 {
        self.health.dropped.load(Ordering::Relaxed)
    }

    /// Calls and bindings that wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.health.waiting.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Writes until it is stopped, and then the rest.
    pub(crate) fn run(mut self, runtime: &Handle) {
        while let Some(job) = runtime.block_on(self.next()) {
            match job {
                Next::Job(Job::Facts(facts)) => self.journal.add(facts, Instant::now()),
                Next::Job(Job::Write(write)) => write(&mut self.store),
                Next::Job(Job::Stop) => break,
                Next::Due => {}
            }
            let now = Instant::now();
            if let Some(batch) = self.journal.due(now) {
                self.commit(batch, now);
            }
            if self.prune_at <= now {
                self.prune(now);
            }
            self.health.waiting.store(self.journal.len(), Ordering::Relaxed);
        }
        if let Some(rest) = self.journal.last() {
            self.commit(rest, Instant::now());
        }
    }

    async fn next(&mut self) -> Option<Next> {
        let due = self.journal.poll_timeout().map_or(self.prune_at, |at| at.min(self.prune_at));
        match timeout_at(due.into(), self.jobs.recv()).await {
            Ok(job) => job.map(Next::Job),
            Err(_) => Some(Next::Due),
        }
    }

    /// A disk that refuses is told of once, and tried again.
    fn commit(&mut self, batch: Facts, now: Instant) {
        match self.store.commit(&batch) {
            Ok(()) => {
                self.health.dropped.fetch_add(batch.dropped(), Ordering::Relaxed);
                self.health.refused.store(false, Ordering::Relaxed);
            }
            Err(error) => {
                if !self.health.refused.swap(true, Ordering::Relaxed) {
                    tracing::warn!("call records wait to be written: {error}");
                }
                self.journal.refused(batch, now);
            }
        }
    }

    /// Deletes some of the old call records; what waits to be written comes between.
    fn prune(&mut self, now: Instant) {
        let pruned = self.store.prune(clock::wall()).unwrap_or_else(|error| {
            tracing::debug!("old call records stay for now: {error}");
            0
        });
        let more = pruned >= Store::PRUNED_AT_ONCE;
        self.prune_at = now + if more { PRUNE_ON } else { PRUNE_EVERY };
    }
}

enum Next {
    Job(Job),
    Due,
}

impl Readers {
    /// Readers of this data folder.
    pub(crate) fn new(data: PathBuf) -> Self {
        Self { data, idle: Arc::default() }
    }

    /// Reads something, off the runtime's own threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Unread> {
        let readers = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let idle = readers.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = match idle {
                Some(reader) => reader,
                None => Reader::open(&readers.data).map_err(Unread::Open)?,
            };
            let answer = read(&reader).map_err(Unread::Read);
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            answer
        });
        answer.await.unwrap_or(Err(Unread::Stopping))
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::Stopping => f.write_str("the box is going down"),
        }
    }
}

/// How often old call records are looked for: at 500 calls a second, 30,000 are too many by then.
const PRUNE_EVERY: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 60 });
/// The pause between two of many deletions, for whatever else has to be written.
const PRUNE_ON: Duration = Duration::from_millis(100);
/// Batches and changes that wait; with more, a change waits in the API.
const CAPACITY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use call::{CallId, CallRecord, CallState, Direction, Party, Place, UnixMillis};
    use config::{Change, Entry, Expect, Settings};
    use store::{DeviceKey, RecordQuery};

    fn record(id: u64, started: UnixMillis) -> Box<CallRecord> {
        Box::new(CallRecord {
            id: CallId(id),
            tenant: 1,
            direction: Direction::Internal,
            state: CallState::Ended,
            from: Party { number: "201".to_owned(), name: String::new() },
            origin: Place::Extension("201".to_owned()),
            dialled: "202".to_owned(),
            to: Party::default(),
            destination: None,
            started,
            rang: None,
            answered: None,
            ended: Some(started),
            held: false,
            end: None,
            steps: Vec::new(),
            diverted: Vec::new(),
            digits: String::new(),
            keys: Vec::new(),
            talking: Vec::new(),
            security: Vec::new(),
            paths: Vec::new(),
            recordings: Vec::new(),
            streams: Vec::new(),
        })
    }

    #[test]
    fn the_thread_deletes_old_records_by_itself_and_goes_on_while_there_are_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), DeviceKey::load(dir.path()).unwrap()).unwrap();
        let settings = Settings { cdr_days: 30, ..Settings::default() };
        let change = Change::Put(Entry::Settings(settings), Expect::Any);
        store.apply(change, "anna", UnixMillis(0)).unwrap();
        let mut facts = Facts::default();
        let many = 2 * Store::PRUNED_AT_ONCE as u64 + 7;
        (0..many).for_each(|id| facts.record(record(id, UnixMillis(id))));
        facts.record(record(many, clock::wall()));
        store.commit(&facts).unwrap();

        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (storage, writer) = Storage::new(store);
        let handle = runtime.handle().clone();
        let thread = std::thread::spawn(move || writer.run(&handle));
        let reader = Reader::open(dir.path()).unwrap();
        let all = RecordQuery { before: None, from: None, to: None, search: None, limit: 1000 };
        let left = || reader.records(&all).unwrap().records;
        for _ in 0..600 {
            if left().len() == 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(left().into_iter().map(|record| record.id.0).collect::<Vec<_>>(), [many]);
        runtime.block_on(storage.stop());
        thread.join().unwrap();
    }
}
