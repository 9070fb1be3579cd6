//! The control thread: the one place that touches the exchange.
//!
//! It sleeps in one poll over the SIP sockets and a bell. What comes in goes to the exchange, what
//! the exchange says is done at once and in order, and only then does the next thing come in. It
//! never waits for anybody: a full queue on the other side is that side's loss, as said below for
//! each.

mod asked;
mod captures;
mod output;
mod recent;

pub(crate) use captures::{Captures, NotBegun};

use crate::clock;
use crate::dns::Dns;
use crate::lines::LinesHandle;
use crate::mailbox::Mail;
use crate::media_worker::{MediaHandle, Refused};
use crate::metrics::Control as Counters;
use crate::recorder::Recorder;
use crate::shelf::Shelf;
use crate::storage::Storage;
use crate::stream::Outgoing;
use crate::tcp::Streams;
use crate::udp::Udp;
use crate::watchdog::Watchdog;
use api::EventLog;
use call::{Event, MediaCommand, UnixMillis};
use config::Config;
use exchange::{Command, Exchange, Input, Surroundings};
use mio::{Events, Poll, Token};
use sip::flow::{ConnectionId, Flow};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Facts;
use tokio::sync::mpsc;

/// Everything that control works with.
pub(crate) struct Control {
    pub(crate) poll: Poll,
    pub(crate) exchange: Exchange,
    pub(crate) udp: Vec<Port>,
    pub(crate) mail: mpsc::Receiver<Mail>,
    pub(crate) streams: Streams,
    pub(crate) dns: Dns,
    pub(crate) shelf: Shelf,
    pub(crate) media: MediaHandle,
    /// Nothing without a board.
    pub(crate) lines: Option<LinesHandle>,
    pub(crate) storage: Storage,
    pub(crate) events: EventLog,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) captures: Captures,
    pub(crate) surroundings: Surroundings,
    pub(crate) state: State,
}

/// What a former run left on disk.
pub(crate) struct Known {
    pub(crate) config: Arc<Config>,
    pub(crate) registrations: Vec<call::Registration>,
    pub(crate) capacity: Option<call::Capacity>,
}

/// A socket, and what the poll said of it that is not yet done.
pub(crate) struct Port {
    udp: Udp,
    readable: bool,
    failed: bool,
}

/// What changes from turn to turn.
pub(crate) struct State {
    /// Where messages for each connection go.
    connections: HashMap<ConnectionId, Outgoing>,
    /// What doing an output led to; told to the exchange when it has said all.
    consequences: VecDeque<Consequence>,
    /// Commands that media had no room for, oldest first.
    commands: VecDeque<MediaCommand>,
    /// More letters may wait than were read in this turn.
    more_mail: bool,
    facts: Facts,
    notices: Vec<Event>,
    /// When facts, notices and the recording leave; `None` when there are none.
    flush_at: Option<Instant>,
    clock: Clock,
    watchdog: Watchdog,
    going_down: Option<Instant>,
    finished: bool,
    counters: Counters,
}

/// What doing an output led to.
enum Consequence {
    SendFailed(Flow),
    Disconnected(ConnectionId),
}

/// What the exchange was last told of the time.
struct Clock {
    told: UnixMillis,
    at: Instant,
    next: Instant,
    next_look_around: Instant,
}

/// Something that control cannot go on without is gone.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The system's poll.
    Poll(io::Error),
    /// The thread of the media ports.
    Media,
}

impl Port {
    /// A socket that the poll does not know yet.
    pub(crate) fn new(udp: Udp) -> Self {
        Self { udp, readable: false, failed: false }
    }
}

impl State {
    /// Nothing has happened.
    pub(crate) fn new(now: Instant) -> Self {
        let told = clock::wall();
        Self {
            connections: HashMap::new(),
            consequences: VecDeque::new(),
            commands: VecDeque::new(),
            more_mail: true,
            facts: Facts::default(),
            notices: Vec::new(),
            flush_at: None,
            clock: Clock { told, at: now, next: now, next_look_around: now + clock::PERIOD },
            watchdog: Watchdog::new(now),
            going_down: None,
            finished: false,
            counters: Counters::default(),
        }
    }
}

impl Control {
    /// Turns until the box has said all its farewells. What is left to write is with storage then.
    pub(crate) fn run(mut self, known: Known) -> Result<(), Ended> {
        let Known { config, registrations, capacity } = known;
        let now = Instant::now();
        let surroundings = self.surroundings.clone();
        self.feed(Input::Surroundings(surroundings), now);
        self.feed(Input::Clock(self.state.clock.told), now);
        self.feed(Input::Config(config), now);
        self.feed(Input::Restored(registrations), now);
        if let Some(capacity) = capacity {
            self.feed(Input::Capacity(capacity), now);
        }
        for (at, port) in self.udp.iter_mut().enumerate() {
            port.udp.register(self.poll.registry(), Token(at)).map_err(Ended::Poll)?;
            port.readable = true;
        }
        let mut events = Events::with_capacity(64);
        let mut buffer = vec![0; DATAGRAM];
        while !self.state.finished {
            self.sleep(&mut events)?;
            let woken = Instant::now();
            self.turn(&events, &mut buffer, woken)?;
            self.state.counters.turn(woken.elapsed());
            self.state.watchdog.pat(Instant::now());
        }
        self.flush(Instant::now());
        Ok(())
    }

    fn sleep(&mut self, events: &mut Events) -> Result<(), Ended> {
        let patience = self.patience(Instant::now());
        match self.poll.poll(events, patience) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(Ended::Poll(error)),
        }
    }

    /// How long nothing is due.
    fn patience(&mut self, now: Instant) -> Option<Duration> {
        let timer = self.exchange.poll_timeout().map(|wake| wake.at);
        let state = &self.state;
        let unread = self.udp.iter().any(|port| port.readable || port.failed);
        if unread || state.more_mail {
            return Some(Duration::ZERO);
        }
        let behind = self.lines.as_ref().is_some_and(LinesHandle::is_behind);
        let held_back = (behind || !state.commands.is_empty()).then(|| now + HELD_BACK);
        let deadlines = [
            timer,
            state.flush_at,
            Some(state.clock.next),
            state.watchdog.deadline(),
            state.going_down,
            self.captures.deadline(),
            held_back,
        ];
        let next = deadlines.into_iter().flatten().min();
        next.map(|at| at.saturating_duration_since(now))
    }

    fn turn(&mut self, events: &Events, buffer: &mut [u8], now: Instant) -> Result<(), Ended> {
        for event in events {
            if let Some(port) = self.udp.get_mut(event.token().0) {
                port.readable |= event.is_readable();
                port.failed |= event.is_error();
            }
        }
        // What the API was promised to be in force comes before what phones then say.
        self.read_mail();
        self.hear_media()?;
        if let Some(lines) = &mut self.lines {
            lines.push();
        }
        for at in 0..self.udp.len() {
            self.read_datagrams(at, buffer);
        }
        self.tell_time(now);
        let now = Instant::now();
        if self.exchange.poll_timeout().is_some_and(|wake| wake.at <= now) {
            self.time_out(now);
        }
        if self.captures.deadline().is_some_and(|at| at <= now) {
            let ended = self.captures.expire(now);
            ended.into_iter().for_each(|ended| self.capture_ended(ended, now));
        }
        if self.state.flush_at.is_some_and(|at| at <= now) {
            self.flush(now);
        }
        if self.state.going_down.is_some_and(|at| at <= now) {
            self.state.finished = true;
        }
        Ok(())
    }

    fn read_mail(&mut self) {
        self.state.more_mail = true;
        for _ in 0..BATCH {
            let Ok(mail) = self.mail.try_recv() else {
                self.state.more_mail = false;
                return;
            };
            self.open(mail);
        }
    }

    fn open(&mut self, mail: Mail) {
        let now = Instant::now();
        match mail {
            Mail::Accepted(connection, queue) => {
                self.state.connections.insert(connection, queue);
            }
            Mail::Connected(connection, local) => {
                self.feed(Input::Connected { connection, local }, now);
            }
            Mail::Disconnected(connection) => {
                self.state.connections.remove(&connection);
                self.feed(Input::Disconnected { connection }, now);
            }
            Mail::Message(flow, bytes) => {
                self.state.counters.stream_messages += 1;
                self.feed(Input::Received { flow, bytes: &bytes }, now);
            }
            Mail::Resolved(question, answer) => {
                self.feed(Input::Resolved { question, answer }, now);
            }
            Mail::Fetched(key, samples) => self.feed(Input::Fetched { key, samples }, now),
            Mail::Config(config, in_force) => {
                let revision = config.revision.0;
                self.feed(Input::Config(config), now);
                self.notify(Event::Config { revision }, now);
                // Whoever asked may have gone.
                let _ = in_force.send(());
            }
            Mail::Line(event) => self.feed(Input::Line(event), now),
            Mail::Capacity(capacity) => self.feed(Input::Capacity(*capacity), now),
            Mail::Rsa(digest) => {
                self.surroundings.rsa = Some(digest);
                self.feed(Input::Surroundings(self.surroundings.clone()), now);
            }
            Mail::Found(call, reel) => self.feed(Input::Found { call, reel }, now),
            Mail::TapeEnded(recording, why, kept) => {
                self.feed(Input::TapeEnded { recording, why, kept }, now);
            }
            Mail::CaptureEnded(capture) => {
                let ended = self.captures.ended(capture, now);
                ended.into_iter().for_each(|ended| self.capture_ended(ended, now));
            }
            Mail::Ask(ask) => self.answer(ask, now),
            Mail::Shutdown => {
                self.state.going_down = Some(now + FAREWELLS);
                self.feed(Input::Shutdown, now);
            }
        }
    }

    /// The call of a capture that is over may go past the box again.
    fn capture_ended(&mut self, ended: captures::Ended, now: Instant) {
        self.command_media(ended.command);
        self.feed(Input::Command(Command::StopCapture(ended.call)), now);
    }

    fn hear_media(&mut self) -> Result<(), Ended> {
        while let Some(command) = self.state.commands.pop_front() {
            match self.media.send(command) {
                Ok(()) => {}
                Err(Refused::Full(command)) => {
                    self.state.commands.push_front(command);
                    break;
                }
                Err(Refused::Ended) => return Err(Ended::Media),
            }
        }
        while let Ok(event) = self.media.events.try_recv() {
            self.feed(Input::Media(event), Instant::now());
        }
        if self.media.is_alive() { Ok(()) } else { Err(Ended::Media) }
    }

    fn read_datagrams(&mut self, at: usize, buffer: &mut [u8]) {
        if self.udp.get(at).is_some_and(|port| port.failed) {
            for _ in 0..BATCH {
                let Some(port) = self.udp.get_mut(at) else { return };
                let Some(flow) = port.udp.unreachable() else {
                    port.failed = false;
                    break;
                };
                self.feed(Input::SendFailed { flow }, Instant::now());
            }
        }
        for _ in 0..BATCH {
            let Some(port) = self.udp.get_mut(at).filter(|port| port.readable) else { return };
            let Some((flow, length)) = port.udp.receive(buffer) else {
                port.readable = false;
                return;
            };
            self.state.counters.datagrams_received += 1;
            let bytes = buffer.get(..length).unwrap_or_default();
            self.feed(Input::Received { flow, bytes }, Instant::now());
        }
    }

    /// Tells the exchange when the wall clock was set, and when the machine got other addresses.
    fn tell_time(&mut self, now: Instant) {
        if now < self.state.clock.next {
            return;
        }
        self.state.clock.next = now + CLOCK_LOOK;
        let wall = clock::wall();
        let expected = self.state.clock.told.after(now - self.state.clock.at);
        let wrong = wall.since(expected).max(expected.since(wall));
        let look_around = now >= self.state.clock.next_look_around;
        if wrong > CLOCK_ERROR || look_around {
            (self.state.clock.told, self.state.clock.at) = (wall, now);
            self.feed(Input::Clock(wall), now);
        }
        if look_around {
            self.state.clock.next_look_around = now + clock::PERIOD;
            self.look_around(clock::addresses(), now);
        }
    }

    fn look_around(&mut self, addresses: Vec<(IpAddr, u8)>, now: Instant) {
        if addresses != self.surroundings.addresses {
            tracing::info!("the machine's addresses have changed");
            self.surroundings.addresses = addresses;
            let surroundings = self.surroundings.clone();
            self.feed(Input::Surroundings(surroundings), now);
        }
    }

    /// Mutate, drain; and so on with what that led to.
    fn feed(&mut self, input: Input<'_>, now: Instant) {
        self.take_in(input, now);
        self.settle(now);
    }

    fn time_out(&mut self, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.timeout(now);
        }
        self.exchange.handle_timeout(now);
        self.drain(now);
        self.settle(now);
    }

    fn take_in(&mut self, input: Input<'_>, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.input(&input, now);
        }
        let received = match &input {
            Input::Received { flow, bytes } => Some((*flow, *bytes)),
            _ => None,
        };
        let unread = self.exchange.unread();
        self.exchange.handle(input, now);
        // A flood is not remembered: it would push out what calls have said.
        if let Some((flow, bytes)) = received.filter(|_| self.exchange.unread() == unread) {
            self.captures.heard(flow, bytes, now);
        }
        self.drain(now);
    }

    fn settle(&mut self, now: Instant) {
        while let Some(consequence) = self.state.consequences.pop_front() {
            match consequence {
                Consequence::SendFailed(flow) => self.take_in(Input::SendFailed { flow }, now),
                Consequence::Disconnected(connection) => {
                    self.take_in(Input::Disconnected { connection }, now);
                }
            }
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.exchange.poll_output() {
            if let Some(recorder) = &mut self.recorder {
                recorder.output(&output);
            }
            self.act(output, now);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.end();
            self.state.flush_at.get_or_insert(now + FLUSH);
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Poll(error) => write!(f, "the sockets can no longer be waited for: {error}"),
            Self::Media => f.write_str("the media thread has ended"),
        }
    }
}

/// The bell's token: no socket has it.
pub(crate) const BELL: Token = Token(usize::MAX);

/// The longest datagram.
const DATAGRAM: usize = 65_536;
/// Datagrams or letters in one turn, so that no source keeps the others waiting.
const BATCH: usize = 64;
/// How long facts and notices are gathered: their share of the 200 ms after which a call record is
/// on disk, and less than anybody sees on a page.
const FLUSH: Duration = Duration::from_millis(30);
/// When commands that another thread had no room for are tried again.
const HELD_BACK: Duration = Duration::from_millis(20);
/// How often the wall clock is compared, and the difference that counts as set.
const CLOCK_LOOK: Duration = Duration::from_secs(5);
const CLOCK_ERROR: Duration = Duration::from_millis(500);
/// How long calls may take to end when the box goes down; with the disk it has 5 s in all.
const FAREWELLS: Duration = Duration::from_secs(4);
