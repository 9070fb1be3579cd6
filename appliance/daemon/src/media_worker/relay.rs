//! The turns of the media thread: wait, commands, packets, the box's own voice, events.

use super::super::priority::Standing;
use super::breath::Breath;
use super::figures::{Board, MediaFigures};
use super::gather::{self, Gather};
use super::handshakes::Parlour;
use super::lines::{LineMessage, Lines};
use super::pool::{Pools, Refill, socket_of};
use super::{Browsers, Door, EVENTS, FilmLine, PlayLine, TICK, TapeLine, Want};
use call::{MediaCommand, MediaEvent, PlayId, PortId, StreamStats};
use media::{Engine, Exit, Parcel, Verdict};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The thread's end of the channels to control.
pub(super) struct Line {
    pub(super) bell: Arc<OwnedFd>,
    pub(super) commands: Receiver<MediaCommand>,
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) events: SyncSender<MediaEvent>,
    pub(super) tapes: TapeLine,
    pub(super) films: FilmLine,
    pub(super) plays: PlayLine,
    pub(super) wake: Box<dyn Fn() + Send>,
    pub(super) board: Arc<Board>,
}

/// All that the media thread owns.
pub(super) struct Relay {
    epoll: OwnedFd,
    engine: Engine,
    pools: Pools,
    /// The sockets for all browsers.
    doors: Vec<Box<dyn Door>>,
    /// Where handshakes are done; nowhere without a certificate.
    parlour: Option<Parlour>,
    line: Line,
    lines: Lines,
    /// Events on their way to control.
    outbox: VecDeque<MediaEvent>,
    /// Streams that are to be fed, on their way to the disk.
    hungry: VecDeque<PlayId>,
    /// What came from the disk to be played.
    fed: VecDeque<MediaCommand>,
    figures: MediaFigures,
    buffer: Box<[u8]>,
    next_tick: Instant,
}

impl Relay {
    pub(super) fn new(
        addresses: Vec<IpAddr>,
        pools: Pools,
        browsers: Option<Browsers>,
        lines: Receiver<LineMessage>,
        line: Line,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &*line.bell, EventData::new_u64(BELL), EventFlags::IN)?;
        let mut engine = Engine::new(addresses);
        let mut seed = [0; 20];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| io::Error::other("no random numbers"))?;
        engine.set_names(seed);
        if let Ok(unix) = SystemTime::now().duration_since(UNIX_EPOCH) {
            engine.set_time(Instant::now(), unix);
        }
        let (mut doors, mut parlour) = (Vec::new(), None);
        if let Some(browsers) = browsers {
            doors = browsers.doors;
            let port = doors.first().map_or(0, |door| door.local().port());
            let bell = line.bell.clone();
            parlour = Some(Parlour::open(&browsers.certificate, browsers.rsa, bell)?);
            engine.admit_browsers(browsers.certificate, port);
        }
        for (door, number) in doors.iter().zip(DOORS..) {
            epoll::add(&epoll, door.fd(), EventData::new_u64(number), EventFlags::IN)?;
        }
        Ok(Self {
            epoll,
            engine,
            pools,
            doors,
            parlour,
            lines: Lines::new(lines),
            line,
            outbox: VecDeque::with_capacity(EVENTS / 8),
            hungry: VecDeque::new(),
            fed: VecDeque::new(),
            figures: MediaFigures::default(),
            buffer: vec![0; DATAGRAM].into_boxed_slice(),
            next_tick: Instant::now(),
        })
    }

    /// Turns until control lets go.
    pub(super) fn run(mut self, standing: Standing) {
        let mut ready = Vec::with_capacity(READY);
        let mut now = Instant::now();
        let mut breath = matches!(standing, Standing::First { .. }).then(|| Breath::new(now));
        self.figures.in_real_time = breath.is_some().into();
        let mut gather = Gather::new(now);
        loop {
            if let Some(pause) = gather.pause(now, ready.len(), gather::waits) {
                thread::sleep(self.until_due(now + pause));
            }
            ready.clear();
            if let Some(pause) = breath.as_mut().and_then(|it| it.due(now)) {
                thread::sleep(pause);
            }
            if self.wait(&mut ready, now).is_err() {
                return;
            }
            now = Instant::now();
            self.figures.turns += 1;
            // Control wanted it to be played before the disk read it: so it is known by then.
            self.fed.extend(self.line.plays.feeds.try_iter());
            self.lines.receive(now);
            if !self.take_commands(now) || !self.take_handshakes(now) {
                return;
            }
            for event in &ready {
                self.hear(event.data, now);
            }
            self.exchange(now);
            let spoke = self.speak(now);
            let tick = now >= self.next_tick;
            if tick {
                self.tick(now);
            } else if self.engine.poll_browsers().is_some_and(|at| at <= now) {
                self.engine.tick(now);
            }
            self.post();
            self.tape();
            self.film();
            let told = self.take_events(now);
            self.feed(now);
            let urgent = self.refill(tick, now) || told;
            if tick || urgent || spoke {
                self.tell();
            }
        }
    }

    /// How long it is until then, or until the box itself is to speak. After a turn that took its time
    /// nothing is left of a pause.
    fn until_due(&self, end: Instant) -> Duration {
        let due = [self.engine.next_speech(), self.lines.due()].into_iter().flatten();
        let due = due.min().map_or(end, |due| due.min(end));
        due.saturating_duration_since(Instant::now())
    }

    fn wait(&mut self, ready: &mut Vec<Event>, now: Instant) -> io::Result<()> {
        let hungry = self.pools.all().any(|pool| pool.is_urgent());
        let due = [self.engine.next_speech(), self.engine.poll_browsers(), self.lines.due()];
        let speech = due.into_iter().flatten().min().unwrap_or(self.next_tick);
        // A thread that has just worked for a while is late: the clock is read again.
        let now = if speech < self.next_tick { Instant::now() } else { now };
        let left = self.next_tick.min(speech).saturating_duration_since(now);
        let left = if hungry { Duration::ZERO } else { left };
        let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        match epoll::wait(&self.epoll, spare_capacity(ready), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does all that control wants. False when control has let go.
    fn take_commands(&mut self, now: Instant) -> bool {
        loop {
            match self.line.commands.try_recv() {
                Ok(command) => {
                    self.line.waiting.fetch_sub(1, Ordering::Relaxed);
                    self.take_command(command, now);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Does what handshakes want. False when nobody does them any more.
    fn take_handshakes(&mut self, now: Instant) -> bool {
        let Some(parlour) = &mut self.parlour else { return true };
        while let Some(command) = parlour.next() {
            self.engine.handle(command, now);
        }
        parlour.is_alive()
    }

    fn take_command(&mut self, command: MediaCommand, now: Instant) {
        let fits = match command {
            MediaCommand::Provide { address, spare } => match self.pools.at(address) {
                Some(pool) => {
                    pool.provide(spare);
                    true
                }
                None => false,
            },
            MediaCommand::Open { port, .. }
            | MediaCommand::Line { port, .. }
            | MediaCommand::LoopBack { port, .. }
            | MediaCommand::Bert { port, .. }
            | MediaCommand::BertError { port }
            | MediaCommand::Close { port }
                if port.is_line() =>
            {
                self.lines.heed(&command, now);
                true
            }
            MediaCommand::Open { port, .. } if port.is_browser() => true,
            MediaCommand::Open { port, dscp, .. } => {
                self.pools.at(port.address).is_some_and(|pool| pool.open(port.port, dscp))
            }
            _ => true,
        };
        if fits {
            if let Some(parlour) = &mut self.parlour {
                parlour.heed(&command);
            }
            self.engine.handle(command, now);
        } else {
            self.figures.commands_misused += 1;
        }
    }

    /// One datagram of one socket; if more wait there, the next turn is at once.
    #[inline]
    fn hear(&mut self, data: EventData, now: Instant) {
        if data.u64() == BELL {
            let _ = rustix::io::read(&*self.line.bell, &mut [0_u8; 8]);
            return;
        }
        if data.u64() >= DOORS {
            return self.hear_browsers(data.u64() - DOORS, now);
        }
        let (port, rtcp) = socket_of(data);
        let Some(pair) = self.pools.pair(port) else { return };
        let Ok((length, from)) = pair.socket(rtcp).recv_from(&mut self.buffer) else { return };
        let Some(bytes) = self.buffer.get_mut(..length) else { return };
        match self.engine.packet(port, rtcp, from, bytes, now) {
            Verdict::Handshake => {
                let parlour = self.parlour.as_mut();
                let taken = parlour.is_some_and(|it| it.hear(port, rtcp, from, bytes));
                self.figures.dropped_handshakes += u64::from(!taken);
            }
            verdict => self.settle(verdict, length),
        }
    }

    /// All that B channels have brought by now, and what is to go there.
    fn exchange(&mut self, now: Instant) {
        while let Some(port) = self.lines.next(&mut self.engine, now) {
            while let Some((length, verdict)) = self.engine.poll_line(port, &mut self.buffer, now) {
                self.settle(verdict, length);
            }
        }
    }

    /// What becomes of a packet, which lies at the beginning of the buffer.
    #[inline]
    fn settle(&mut self, verdict: Verdict, length: usize) {
        match verdict {
            Verdict::Forward { port, rtcp, to } => {
                let bytes = self.buffer.get(..length).unwrap_or_default();
                let sent = self.pools.pair(port).map(|pair| pair.socket(rtcp).send_to(bytes, to));
                match sent {
                    Some(Ok(_)) => {
                        self.figures.relayed += 1;
                        self.figures.relayed_octets += length as u64;
                    }
                    _ => self.figures.dropped_unsent += 1,
                }
            }
            Verdict::Translated { port, to } => {
                self.figures.translated += 1;
                self.say(port, false, to);
            }
            Verdict::Ciphered { port, rtcp, to } => self.say(port, rtcp, to),
            // It was done where it came in: there is none in a packet that the box makes.
            Verdict::Handshake => {}
            Verdict::Enclosed => self.post(),
            Verdict::Carried => self.figures.relayed += 1,
            Verdict::Drop(reason) => self.figures.count_drop(reason),
        }
    }

    /// All that the box itself has to say now. True when control should know of something at once.
    fn speak(&mut self, now: Instant) -> bool {
        let Some(due) = self.engine.next_speech().filter(|due| *due <= now) else { return false };
        let late = u64::try_from(now.duration_since(due).as_micros()).unwrap_or(u64::MAX);
        self.figures.spoken_late_micros = self.figures.spoken_late_micros.max(late);
        while let Some(spoken) = self.engine.speak(now) {
            self.figures.spoken += self.send(spoken.port, false, spoken.to);
        }
        self.engine.has_events()
    }

    /// Some datagrams of browsers; if more wait there, the next turn is at once.
    fn hear_browsers(&mut self, door: u64, now: Instant) {
        let Ok(door) = usize::try_from(door) else { return };
        for _ in 0..READY / 8 {
            let Some(socket) = self.doors.get_mut(door) else { return };
            let Some((from, to, length)) = socket.receive(&mut self.buffer) else { return };
            let bytes = self.buffer.get(..length).unwrap_or_default();
            self.engine.browser_datagram(from, to, bytes, now);
            self.post();
        }
    }

    /// Sends what the engine has for browsers and of them.
    fn post(&mut self) {
        while let Some(Parcel { exit, to, bytes }) = self.engine.poll_parcel() {
            let sent = match exit {
                Exit::Pair { port, rtcp } => {
                    let pair = self.pools.pair(port);
                    pair.is_some_and(|pair| pair.socket(rtcp).send_to(bytes, to).is_ok())
                }
                Exit::Browsers(local) => {
                    let mut doors = self.doors.iter();
                    let exact = doors.find(|door| door.local().ip() == local);
                    let mut doors = self.doors.iter();
                    let v4 = to.is_ipv4();
                    let door = exact.or_else(|| doors.find(|door| door.local().is_ipv4() == v4));
                    door.is_some_and(|door| door.send(local, to, bytes))
                }
            };
            match sent {
                true => {
                    self.figures.relayed += 1;
                    self.figures.relayed_octets += bytes.len() as u64;
                }
                false => self.figures.dropped_unsent += 1,
            }
        }
    }

    /// Hands over what is to be recorded. The disk is not waited for.
    fn tape(&mut self) {
        while let Some(taped) = self.engine.poll_taped() {
            match self.line.tapes.to.try_send(taped) {
                Ok(()) => {}
                Err(TrySendError::Full(taped)) => {
                    self.engine.put_back(taped);
                    break;
                }
                // The thread has ended, and the process is about to.
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        while let Ok(block) = self.line.tapes.back.try_recv() {
            self.engine.reuse(block);
        }
    }

    /// Asks for what is to be played next, and takes what was read. The disk is not waited for.
    fn feed(&mut self, now: Instant) {
        while let Some(play) = self.hungry.front() {
            // Where the queue is full, there is a second left to ask again.
            if self.line.plays.to.try_send(Want::More(*play)).is_err() {
                break;
            }
            self.hungry.pop_front();
        }
        while let Some(command) = self.fed.pop_front() {
            self.engine.handle(command, now);
        }
    }

    /// Hands over what was captured. The disk is not waited for.
    fn film(&mut self) {
        while let Some(captured) = self.engine.poll_captured() {
            match self.line.films.to.try_send(captured) {
                Ok(()) => {}
                Err(TrySendError::Full(captured)) => {
                    self.engine.put_back_captured(captured);
                    break;
                }
                // The thread has ended, and the process is about to.
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        while let Ok(reel) = self.line.films.back.try_recv() {
            self.engine.reuse_reel(reel);
        }
    }

    /// What the engine made of a packet.
    fn say(&mut self, port: PortId, rtcp: bool, to: SocketAddr) {
        self.figures.relayed += self.send(port, rtcp, to);
    }

    /// Sends the packets that the engine made; how many left.
    fn send(&mut self, port: PortId, rtcp: bool, to: SocketAddr) -> u64 {
        let Some(pair) = self.pools.pair(port) else { return 0 };
        let mut sent = 0;
        while let Some(packet) = self.engine.poll_packet() {
            match pair.socket(rtcp).send_to(packet, to) {
                Ok(_) => {
                    sent += 1;
                    self.figures.relayed_octets += packet.len() as u64;
                }
                Err(_) => self.figures.dropped_unsent += 1,
            }
        }
        sent
    }

    fn tick(&mut self, now: Instant) {
        self.next_tick = now + TICK;
        self.engine.tick(now);
        for pool in self.pools.all() {
            pool.tick(now);
        }
        self.pools.count(&mut self.figures);
        self.figures.events_waiting = self.outbox.len() as u64;
        let lines = self.lines.counts;
        self.figures.line_received = lines.received;
        self.figures.line_sent = lines.sent;
        self.figures.line_slips = lines.slips;
        self.figures.line_overruns = lines.overrun;
        self.figures.line_underruns = lines.underrun;
        self.figures.lines_lost = lines.lost;
        let attention = self.engine.attention();
        self.figures.conference_decoded = attention.decoded;
        self.figures.conference_passed_over = attention.passed_over;
        self.figures.handshakes_failed = self.parlour.as_ref().map_or(0, Parlour::panics);
        self.line.board.write(&self.figures);
    }

    /// True when control should know of something at once.
    fn take_events(&mut self, now: Instant) -> bool {
        let mut urgent = false;
        while let Some(event) = self.lines.poll_event() {
            self.outbox.push_back(event);
        }
        while let Some(event) = self.engine.poll_event() {
            urgent |= matches!(event, MediaEvent::Key { .. });
            if let MediaEvent::Closed { port, stats, .. } = &event
                && let Some(pool) = self.pools.at(port.address)
            {
                pool.close(port.port, was_used(stats), now);
            }
            match event {
                MediaEvent::Hungry { play, .. } => self.hungry.push_back(play),
                MediaEvent::LineQuality { port, quality } => {
                    self.lines.fared(port, quality.slips);
                    self.outbox.push_back(MediaEvent::LineQuality { port, quality });
                }
                event => self.outbox.push_back(event),
            }
        }
        urgent
    }

    /// Keeps control's hand full. True when it should know at once.
    fn refill(&mut self, tick: bool, now: Instant) -> bool {
        let mut urgent = false;
        for (pool, address) in self.pools.all().zip(0..=u8::MAX) {
            if !tick && !pool.is_urgent() {
                continue;
            }
            let event = match pool.refill(&self.epoll, now) {
                Refill::Enough => continue,
                Refill::Free(ports) => MediaEvent::Free { address, ports },
                Refill::Exhausted => MediaEvent::Exhausted { address },
            };
            self.outbox.push_back(event);
            urgent = true;
        }
        urgent
    }

    fn tell(&mut self) {
        if self.outbox.is_empty() {
            return;
        }
        while let Some(event) = self.outbox.pop_front() {
            match self.line.events.try_send(event) {
                Ok(()) => {}
                // Control is behind: it hears of it at the next tick. The queue is no longer than
                // a few events for every pair.
                Err(TrySendError::Full(event)) => {
                    self.outbox.push_front(event);
                    break;
                }
                Err(TrySendError::Disconnected(_)) => break,
            }
        }
        (self.line.wake)();
    }
}

/// Whether anything went through or at least came to a pair.
fn was_used(stats: &StreamStats) -> bool {
    stats.received + stats.sent + stats.strangers + stats.malformed > 0
}

/// The name of the bell among the events.
const BELL: u64 = u64::MAX;
/// The name of the first of the browsers' sockets: those of pairs have smaller ones.
const DOORS: u64 = 1 << 32;
/// How many sockets are looked at in one turn.
const READY: usize = 256;
/// The largest there is: nothing is ever cut.
const DATAGRAM: usize = 65_536;
