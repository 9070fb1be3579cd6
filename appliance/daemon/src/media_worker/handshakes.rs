//! The thread that shakes hands (DTLS): a handshake is a millisecond of arithmetic, for which no packet of
//! another call shall wait.
//!
//! The media thread hands it what belongs to handshakes and never waits for it: where the queue is full a
//! datagram is lost, as on any network, and its sender says it again.

use call::{Handshake, MediaCommand, PortId};
use dtls::{Handshakes, Unusable};
use rustix::fd::OwnedFd;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The media thread's end. Dropping it ends the thread.
pub(super) struct Parlour {
    letters: Option<SyncSender<Letter>>,
    /// Letters that had no room and must not be lost.
    unsent: VecDeque<Letter>,
    commands: Receiver<MediaCommand>,
    /// Pairs that the thread knows of.
    known: BTreeSet<PortId>,
    panics: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

enum Letter {
    Agree(PortId, Box<Handshake>),
    Close(PortId),
    Datagram { port: PortId, reports: bool, from: SocketAddr, bytes: Box<[u8]> },
}

impl Parlour {
    /// Starts the thread, which rings `bell` when it has something to say. `rsa`: a certificate for
    /// those that cannot take this one, when there is one.
    pub(super) fn open(
        certificate: &media::Certificate,
        rsa: Receiver<media::Certificate>,
        bell: Arc<OwnedFd>,
    ) -> io::Result<Self> {
        let handshakes = Handshakes::new(certificate);
        let handshakes = handshakes.map_err(|error: Unusable| io::Error::other(error))?;
        let (letters, inbox) = sync_channel(LETTERS);
        let (outbox, commands) = sync_channel(LETTERS);
        let panics = Arc::new(AtomicU64::new(0));
        let host = Host { handshakes, rsa, inbox, outbox, bell, panics: panics.clone() };
        let thread = std::thread::Builder::new().name("handshakes".into());
        let thread = thread.spawn(move || host.run())?;
        Ok(Self {
            letters: Some(letters),
            unsent: VecDeque::new(),
            commands,
            known: BTreeSet::new(),
            panics,
            thread: Some(thread),
        })
    }

    /// Tells the thread what of a command concerns it.
    pub(super) fn heed(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Handshake { port, handshake: Some(handshake) } => {
                self.known.insert(*port);
                self.post(Letter::Agree(*port, handshake.clone()));
            }
            MediaCommand::Handshake { port, handshake: None } | MediaCommand::Close { port }
                if self.known.remove(port) =>
            {
                self.post(Letter::Close(*port));
            }
            _ => {}
        }
    }

    /// Hands a datagram over; whether it was taken.
    pub(super) fn hear(
        &mut self,
        port: PortId,
        reports: bool,
        from: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        let letter = Letter::Datagram { port, reports, from, bytes: bytes.into() };
        let Some(letters) = self.letters.as_ref().filter(|_| self.unsent.is_empty()) else {
            return false;
        };
        letters.try_send(letter).is_ok()
    }

    /// The next that the thread wants of media.
    pub(super) fn next(&mut self) -> Option<MediaCommand> {
        self.catch_up();
        // Whether the thread has ended is another question.
        self.commands.try_recv().ok()
    }

    /// How often what speaks the protocol panicked, each time for one handshake.
    pub(super) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Whether the thread is at work.
    pub(super) fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    fn post(&mut self, letter: Letter) {
        self.unsent.push_back(letter);
        self.catch_up();
    }

    fn catch_up(&mut self) {
        let Some(letters) = &self.letters else { return };
        while let Some(letter) = self.unsent.pop_front() {
            if let Err(TrySendError::Full(letter)) = letters.try_send(letter) {
                self.unsent.push_front(letter);
                return;
            }
        }
    }
}

impl Drop for Parlour {
    fn drop(&mut self) {
        self.letters = None;
        // It may wait for room in a queue that nobody empties any more.
        while self.is_alive() {
            while self.commands.try_recv().is_ok() {}
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Host {
    handshakes: Handshakes,
    rsa: Receiver<media::Certificate>,
    inbox: Receiver<Letter>,
    outbox: SyncSender<MediaCommand>,
    bell: Arc<OwnedFd>,
    panics: Arc<AtomicU64>,
}

impl Host {
    fn run(mut self) {
        loop {
            let due = self.handshakes.poll_timeout();
            let patience = due.map(|at| at.saturating_duration_since(Instant::now()));
            let letter = match patience {
                Some(patience) => self.inbox.recv_timeout(patience),
                None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            // It is there before any description names it, and so before anybody asks for it.
            if let Ok(certificate) = self.rsa.try_recv() {
                // One that cannot be used is a mistake of ours, for which no other handshake shall end.
                if let Err(error) = self.handshakes.add_rsa(&certificate) {
                    tracing::error!(%error, "nobody who can do RSA alone can shake hands");
                }
            }
            let now = Instant::now();
            match letter {
                Ok(Letter::Agree(port, handshake)) => self.handshakes.agree(port, &handshake, now),
                Ok(Letter::Close(port)) => self.handshakes.close(port),
                Ok(Letter::Datagram { port, reports, from, bytes }) => {
                    self.handshakes.hear(port, reports, from, &bytes, now);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.handshakes.tick(now);
            self.panics.store(self.handshakes.panics(), Ordering::Relaxed);
            if !self.tell() {
                return;
            }
        }
    }

    /// False when media has ended.
    fn tell(&mut self) -> bool {
        let mut said = false;
        while let Some(command) = self.handshakes.poll_command() {
            if self.outbox.send(command).is_err() {
                return false;
            }
            said = true;
        }
        if said {
            // A bell that already rings is loud enough.
            let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
        }
        true
    }
}

/// The first words of 500 phones after a power cut, both sockets of each.
const LETTERS: usize = 1_024;
