//! The lab itself: time, the box, and what is between it and the others.

mod boxed;
mod check;
mod lines;
mod phone;
mod setup;

pub use phone::Phone;

use crate::text::Sip;
use crate::ua::{Out, Ua};
use crate::wire::Wire;
use call::{CallId, CallRecord, MediaEvent, PortId, Registration, RegistrationId, UnixMillis};
use check::Secrets;
use config::Config;
use exchange::{Exchange, Input, Surroundings};
use media::Engine;
use sip::flow::{ConnectionId, Transport};
use sip::resolve::{Question, Record};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The lab.
pub struct Lab {
    /// The box.
    pub exchange: Exchange,
    /// Its configuration.
    pub config: Config,
    /// The network.
    pub wire: Wire,
    /// What the DNS knows.
    pub dns: BTreeMap<Question, Vec<Record>>,
    /// How long the DNS thinks.
    pub dns_delay: Duration,
    /// Every call's record, as it was last written.
    pub records: BTreeMap<CallId, CallRecord>,
    /// What was told to listeners.
    pub events: Vec<call::Event>,
    /// Questions that the DNS was asked.
    pub asked: Vec<Question>,
    /// Sounds that the disk was asked for.
    pub fetched: Vec<call::Fetch>,
    /// What the box wanted of the lines of its board.
    pub lines: Vec<exchange::LineCommand>,
    /// No frame comes through its digital line.
    pub broken: bool,
    /// Who is at the far end of `line 1`, if not the box itself, and what he was told of calls.
    pub far: Option<tdm::trunk::Trunk>,
    /// See `far`.
    pub far_told: Vec<(tdm::q931::interface::CallId, tdm::q931::call::Event)>,
    /// Which streams are to be fed with which recordings.
    pub feeds: Vec<(call::PortId, call::PlayId, call::RecordingId)>,
    /// What is to be in the audit of recordings by code: which, by whom, whether it began.
    pub taped: Vec<(call::RecordingId, String, bool)>,
    /// What media was told of browsers.
    pub transports: Vec<call::BrowserTransport>,
    /// The handshakes that the box agreed on, in order.
    pub handshakes: Vec<(call::PortId, call::Handshake)>,
    /// A STUN server, when there is one.
    pub stun: Option<SocketAddr>,
    /// A datagram to nobody comes back as an error, as in a local network.
    pub icmp: bool,
    /// Now.
    pub now: Instant,
    /// The box said that all farewells are said.
    pub finished: bool,
    pub(crate) uas: Vec<Ua>,
    /// What of the registrar is on disk.
    pub bindings: BTreeMap<RegistrationId, Registration>,
    pub(crate) surroundings: Surroundings,
    /// The box's own media.
    pub engine: Engine,
    origin: Instant,
    queue: BTreeMap<(Instant, u64), Event>,
    order: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    next_accepted: u64,
    pool: Pool,
    log: VecDeque<Line>,
    secrets: Secrets,
    digest: u64,
    recording: Option<Vec<(Duration, Recorded)>>,
    outputs: Vec<u64>,
    seed: u64,
}

/// One thing under way.
#[derive(Debug)]
enum Event {
    Datagram { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    ToBox { connection: ConnectionId, bytes: Vec<u8> },
    FromBox { connection: ConnectionId, bytes: Vec<u8> },
    Opened { connection: ConnectionId },
    Broken { connection: ConnectionId },
    Resolved(Question),
    Media(MediaEvent),
    Line(call::LineEvent),
    Far(Box<[u8]>),
    SendFailed(sip::flow::Flow),
}

/// A stream between the box and a user agent.
#[derive(Debug)]
struct Connection {
    /// Nobody, when it never comes to be.
    ua: Option<usize>,
    transport: Transport,
    /// The box's end, and the user agent's as the box sees it.
    local: SocketAddr,
    remote: SocketAddr,
    up: bool,
}

/// Ports of the media threads.
#[derive(Debug, Default)]
struct Pool {
    next: BTreeMap<u8, u16>,
    free: BTreeMap<u8, BTreeSet<u16>>,
    lent: BTreeSet<PortId>,
}

/// A message for the ladder.
#[derive(Debug)]
struct Line {
    at: Duration,
    from: String,
    to: String,
    text: String,
}

/// An input as it can be kept.
#[derive(Debug, Clone)]
enum Recorded {
    Received { flow: sip::flow::Flow, bytes: Vec<u8> },
    Other(Input<'static>),
}

impl Lab {
    /// Runs the world for so long.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        self.send_all();
        while let Some((at, next)) = self.next()
            && at <= end
        {
            assert!(at >= self.now, "time goes back");
            self.now = at;
            self.step(next);
        }
        self.now = end;
    }

    /// Runs the world for so many milliseconds.
    pub fn run_ms(&mut self, millis: u64) {
        self.run_for(Duration::from_millis(millis));
    }

    /// Runs the world until something is true, and says after how long; fails after `most`.
    pub fn run_until(&mut self, most: Duration, is: impl Fn(&mut Self) -> bool) -> Duration {
        let (begin, end) = (self.now, self.now + most);
        self.send_all();
        while !is(self) {
            let next = self.next().filter(|(at, _)| *at <= end);
            let Some((at, next)) = next else { panic!("it did not happen within {most:?}") };
            self.now = at;
            self.step(next);
        }
        self.now - begin
    }

    /// How long the lab has been running.
    pub fn elapsed(&self) -> Duration {
        self.now - self.origin
    }

    /// A number that is the same for the same run.
    pub fn fingerprint(&self) -> u64 {
        self.digest
    }

    fn next(&mut self) -> Option<(Instant, Next)> {
        let wake = self.exchange.poll_timeout();
        let boxed = wake.map(|wake| (wake.at.max(self.now), Next::Box(wake.why)));
        let engine = self.engine.poll_timeout().map(|at| (at.max(self.now), Next::Engine));
        let wire = self.queue.first_key_value().map(|((at, _), _)| (*at, Next::Wire));
        let uas = self.uas.iter().enumerate();
        let ua = uas.filter_map(|(index, ua)| Some((ua.due()?.max(self.now), Next::Ua(index))));
        let ua = ua.min_by_key(|(at, _)| *at);
        let far = self.far.as_ref().and_then(tdm::trunk::Trunk::poll_timeout);
        let far = far.map(|at| (at.max(self.now), Next::Far));
        [boxed, engine, wire, ua, far].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn step(&mut self, next: Next) {
        match next {
            Next::Box(why) => {
                self.exchange.handle_timeout(self.now);
                self.drain();
                let wake = self.exchange.poll_timeout();
                let late = wake.is_some_and(|wake| wake.at <= self.now && wake.why == why);
                assert!(!late, "the timer of {why} does not move on");
            }
            Next::Engine => {
                self.engine.tick(self.now);
                self.engine_speaks();
            }
            Next::Wire => {
                if let Some((_, event)) = self.queue.pop_first() {
                    self.happens(event);
                }
            }
            Next::Far => self.far(tdm::trunk::Trunk::handle_timeout),
            Next::Ua(index) => {
                self.uas[index].tick(self.now);
                self.send_of(index);
            }
        }
        self.check();
    }

    fn after(&mut self, delay: Duration, event: Event) {
        self.order += 1;
        self.queue.insert((self.now + delay, self.order), event);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Datagram { from, to, bytes } => self.arrives(from, to, &bytes),
            Event::ToBox { connection, bytes } => {
                let Some(known) = self.connections.get(&connection) else { return };
                let (transport, local, remote) = (known.transport, known.local, known.remote);
                let flow =
                    sip::flow::Flow { transport, local, remote, connection: Some(connection) };
                self.receive(flow, bytes);
            }
            Event::FromBox { connection, bytes } => {
                let Some(known) = self.connections.get(&connection) else { return };
                let (Some(index), from) = (known.ua, known.local) else { return };
                self.uas[index].receive(from, &bytes, self.now);
                self.send_of(index);
            }
            Event::Opened { connection } => self.opened(connection),
            Event::Broken { connection } => {
                if self.connections.remove(&connection).is_some() {
                    self.input(Input::Disconnected { connection });
                }
            }
            Event::Resolved(question) => self.resolve(question),
            Event::Media(event) => {
                if let MediaEvent::Free { address, ports } = &event {
                    self.pool.free.entry(*address).or_default().extend(ports);
                }
                self.input(Input::Media(event));
            }
            Event::Line(event) => self.input(Input::Line(event)),
            Event::Far(octets) => self.far_hears(&octets),
            Event::SendFailed(flow) => self.input(Input::SendFailed { flow }),
        }
    }

    /// A datagram reaches a machine.
    fn arrives(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if self.is_box(to.ip()) {
            let listens = self
                .surroundings
                .listeners
                .iter()
                .any(|(transport, at)| *transport == Transport::Udp && at.port() == to.port());
            if listens {
                return self.receive(sip::flow::Flow::udp(to, from), bytes.to_vec());
            }
            return self.packet(from, to, bytes);
        }
        if self.stun == Some(to) {
            let answer = stun_answer(bytes, from);
            return self.post(to, from, answer);
        }
        let found = self.uas.iter().position(|ua| ua.at == to && ua.transport == "UDP");
        if let Some(index) = found {
            self.uas[index].receive(from, bytes, self.now);
            return self.send_of(index);
        }
        if let Some(ua) = self.uas.iter_mut().find(|ua| ua.owns_media(to)) {
            ua.hear(from, to, bytes, self.now);
        }
    }

    /// Puts a datagram on the wire.
    pub(crate) fn post(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        let Some((from, to)) = self.wire.route(from, to) else { return };
        for delay in self.wire.fate() {
            let bytes = bytes.clone();
            self.after(delay, Event::Datagram { from, to, bytes });
        }
    }

    pub(crate) fn send_all(&mut self) {
        for index in 0..self.uas.len() {
            self.send_of(index);
        }
    }

    /// Sends what a user agent wants sent.
    fn send_of(&mut self, index: usize) {
        for out in std::mem::take(&mut self.uas[index].out) {
            match out {
                Out::Rtp { from, to, bytes } => self.post(from, to, bytes),
                Out::Sip { to, text } => {
                    if let Some(message) = Sip::read(text.as_bytes()) {
                        self.note(self.uas[index].name.clone(), "box".to_owned(), &message);
                        self.secrets.of_ua(index, &self.uas[index], &message);
                    }
                    let by = self.connections.iter().find(|(_, stream)| {
                        stream.ua == Some(index) && stream.up && stream.local == to
                    });
                    if let Some((connection, _)) = by.filter(|_| to.port() == OPENED_FROM) {
                        let (connection, bytes) = (*connection, text.into_bytes());
                        self.after(self.wire.delay, Event::ToBox { connection, bytes });
                    } else if self.uas[index].transport == "UDP" {
                        let from = self.uas[index].at;
                        self.post(from, to, text.into_bytes());
                    } else {
                        self.send_stream(index, to, text.into_bytes());
                    }
                }
            }
        }
    }

    fn note(&mut self, from: String, to: String, message: &Sip) {
        let text = match message.status() {
            Some(_) => format!("{} ({})", &message.start[8..], message.value("CSeq")),
            None => message.start.replace(" SIP/2.0", ""),
        };
        let held = if message.body.contains("m=") { " +SDP" } else { "" };
        let at = self.elapsed();
        self.log.push_back(Line { at, from, to, text: text + held });
        if self.log.len() > LADDER {
            self.log.pop_front();
        }
    }

    /// The last messages as a ladder.
    pub fn ladder(&self) -> String {
        let lines = self.log.iter().map(|line| {
            let Line { at, from, to, text } = line;
            let arrow = if to == "box" { "->" } else { "<-" };
            let who = if to == "box" { from } else { to };
            format!("{:>10.3}  {who:>10} {arrow} box  {text}\n", at.as_secs_f64())
        });
        lines.collect()
    }
}

/// What comes next.
#[derive(Debug)]
enum Next {
    /// The far end of a line.
    Far,
    Box(&'static str),
    Engine,
    Wire,
    Ua(usize),
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, the last messages:\n{}", self.seed, self.ladder());
        }
    }
}

/// The answer of a STUN server (RFC 8489 §14.2).
fn stun_answer(request: &[u8], from: SocketAddr) -> Vec<u8> {
    let cookie = [0x21, 0x12, 0xa4, 0x42];
    let mut answer = vec![0x01, 0x01, 0, 12];
    answer.extend(&request[4..20]);
    answer.extend([0, 0x20, 0, 8, 0, 1]);
    let port = from.port().to_be_bytes();
    answer.extend([port[0] ^ cookie[0], port[1] ^ cookie[1]]);
    if let IpAddr::V4(ip) = from.ip() {
        answer.extend(ip.octets().iter().zip(cookie).map(|(octet, key)| octet ^ key));
    }
    answer
}

/// Wall clock at the start of every lab.
const EPOCH: UnixMillis = UnixMillis(1_790_000_000_000);
/// The box's end of streams that it opened.
const OPENED_FROM: u16 = 50_000;
/// Messages that a failed test shows.
const LADDER: usize = 80;

/// Shares a configuration with the box.
fn shared(config: &Config) -> Arc<Config> {
    Arc::new(config.clone())
}
