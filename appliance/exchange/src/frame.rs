//! What every part of the exchange works with: configuration, clock, chance, transactions and the way
//! out. (The distribution frame of an exchange is where all its wires meet.)

use crate::Output;
use crate::load::Load;
use crate::notice::Notices;
use crate::places::Places;
use crate::ports::Ports;
use crate::random::Random;
use crate::sounds::Sounds;
use crate::streams::Streams;
use crate::tapes::Tapes;
use call::{CallId, LegId, MediaCommand, PlayId, PortId, UnixMillis};
use config::{Config, Trunk, TrunkId, TrunkTransport};
use sip::compose::response_to;
use sip::flow::{ConnectionId, Flow, Transport};
use sip::resolve::{Cache, Failures, Family, Limits, Reach, Target};
use sip::transaction::{Setup, Timers, TransactionId, Transactions};
use sip::{Compose, Message, Method, Status, Uri};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// What the parts share. It belongs to the exchange and is lent to one part at a time.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) config: Arc<Config>,
    pub(crate) places: Places,
    pub(crate) random: Random,
    /// For keys: its seed is in no recording.
    pub(crate) secrets: Random,
    pub(crate) transactions: Transactions,
    pub(crate) timers: Timers,
    pub(crate) ports: Ports,
    /// Which leg has which pair of ports.
    pub(crate) lent: HashMap<PortId, LegId>,
    pub(crate) streams: Streams,
    /// What the media of all legs cost.
    pub(crate) load: Load,
    pub(crate) tapes: Tapes,
    pub(crate) notices: Notices,
    /// Calls of which a capture is made.
    pub(crate) captured: BTreeSet<CallId>,
    /// What the DNS said lately.
    pub(crate) dns: Cache,
    /// Which targets failed lately.
    pub(crate) failures: Failures,
    pub(crate) output: VecDeque<Output>,
    pub(crate) counters: BTreeMap<(&'static str, &'static str), u64>,
    pub(crate) owners: HashMap<TransactionId, Owner>,
    /// INVITEs of peers that have no final response, for their CANCELs.
    pub(crate) invites: HashMap<TransactionId, LegId>,
    clock: (Instant, UnixMillis),
    connections: BTreeMap<ConnectionId, Connection>,
    by_remote: BTreeMap<(Transport, SocketAddr), ConnectionId>,
    next_connection: u64,
    /// Sounds of the box's own making.
    pub(crate) sounds: Sounds,
    plays: u32,
}

/// Who waits for what becomes of a request of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A leg of a call.
    Leg(LegId),
    /// A trunk: its registration, or the question whether its carrier is there.
    Trunk(TrunkId),
    /// An instant message passed on: the request that it came by.
    Relayed(TransactionId),
}

#[derive(Debug)]
struct Connection {
    transport: Transport,
    remote: SocketAddr,
}

/// A Via of ours.
#[derive(Debug)]
pub(crate) struct Via {
    pub(crate) value: String,
    pub(crate) branch: String,
}

/// Where a request goes that may be large.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hop {
    pub(crate) flow: Flow,
    /// Nobody chose a transport, and the peer stands where a stream would find it.
    pub(crate) takes_streams: bool,
}

impl Hop {
    /// To whom `uri` names, by `flow`.
    pub(crate) fn to(uri: &Uri<'_>, flow: Flow) -> Self {
        let stands = uri.host().ip().map(|ip| ip.to_canonical());
        let there = stands == Some(flow.remote.ip().to_canonical());
        Self { flow, takes_streams: there && uri.param("transport").is_none() }
    }

    /// The same, unless the carrier's settings say by what it is to be reached.
    pub(crate) fn of_trunk(self, trunk: &Trunk) -> Self {
        let takes_streams = self.takes_streams && trunk.transport == TrunkTransport::Auto;
        Self { takes_streams, ..self }
    }
}

impl Frame {
    pub(crate) fn new(seed: [u8; 32], now: Instant) -> Self {
        let mut random = Random::new(seed);
        let timers = Timers::default();
        let setup = Setup { timers, most_servers: MOST_SERVERS, seed: random.bytes() };
        Self {
            config: Arc::new(Config::default()),
            places: Places::default(),
            random,
            secrets: Random::new(seed.map(|octet| !octet)),
            transactions: Transactions::new(setup),
            timers,
            ports: Ports::default(),
            lent: HashMap::new(),
            streams: Streams::default(),
            load: Load::default(),
            tapes: Tapes::default(),
            notices: Notices::default(),
            captured: BTreeSet::new(),
            dns: Cache::new(Limits::default()),
            failures: Failures::default(),
            output: VecDeque::new(),
            counters: BTreeMap::new(),
            owners: HashMap::new(),
            invites: HashMap::new(),
            clock: (now, UnixMillis::default()),
            connections: BTreeMap::new(),
            by_remote: BTreeMap::new(),
            next_connection: 1,
            sounds: Sounds::default(),
            plays: 0,
        }
    }

    pub(crate) fn count(&mut self, name: &'static str, label: &'static str) {
        *self.counters.entry((name, label)).or_default() += 1;
    }

    pub(crate) fn set_clock(&mut self, clock: UnixMillis, now: Instant) {
        self.clock = (now, clock);
    }

    /// What time people's clocks show.
    pub(crate) fn clock(&self, now: Instant) -> UnixMillis {
        let (at, clock) = self.clock;
        clock.after(now.saturating_duration_since(at))
    }

    /// When people's clocks will show this.
    pub(crate) fn instant(&self, at: UnixMillis) -> Instant {
        let (then, clock) = self.clock;
        then + at.since(clock)
    }

    pub(crate) fn media(&mut self, command: MediaCommand) {
        let beside = self.tapes.follow(&command);
        for command in [Some(command), beside].into_iter().flatten() {
            let tone = |tenant| self.config.tenant(tenant).map(|it| it.recording_tone);
            self.notices.follow(&command, |tenant| tone(tenant).unwrap_or_default());
            self.output.push_back(Output::Media(command));
        }
    }

    /// Whether the box has to hear what is said in a call.
    pub(crate) fn is_heard(&self, call: CallId) -> bool {
        self.tapes.of(call).is_some() || self.captured.contains(&call)
    }

    /// A name for one more sound that is played.
    pub(crate) fn next_play(&mut self) -> PlayId {
        self.plays = self.plays.wrapping_add(1);
        PlayId(self.plays)
    }

    pub(crate) fn send(&mut self, flow: Flow, bytes: Arc<[u8]>) {
        self.output.push_back(Output::Send { flow, bytes });
    }

    /// What this box can use to reach somebody.
    pub(crate) fn reach(&self) -> Reach {
        let listeners = &self.places.surroundings.listeners;
        let mut transports = Vec::new();
        for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
            if listeners.iter().any(|(via, _)| *via == transport) {
                transports.push(transport);
            }
        }
        let v6 = listeners.iter().any(|(_, at)| at.is_ipv6());
        let v4 = listeners.iter().any(|(_, at)| at.is_ipv4());
        let families =
            [v4.then_some(Family::V4), v6.then_some(Family::V6)].into_iter().flatten().collect();
        Reach { transports, families }
    }

    /// The flow to an address; a stream that is not up is opened. `name` is what a certificate must
    /// carry. `None` when no socket of ours can reach it.
    pub(crate) fn flow_to(&mut self, target: Target, name: &str) -> Option<Flow> {
        let Target { transport, addr } = target;
        let local = self.places.listener(transport, addr.ip())?;
        let connection = match transport {
            Transport::Udp => None,
            // Nobody can connect to a browser.
            Transport::Ws | Transport::Wss => return None,
            Transport::Tcp | Transport::Tls => Some(self.connection_to(transport, addr, name)),
        };
        Some(Flow { transport, local, remote: addr, connection })
    }

    /// The same flow if it still stands. A stream that broke cannot be mended from our side when its
    /// peer is behind a NAT; when not, the caller resolves the Contact instead.
    pub(crate) fn is_standing(&self, flow: &Flow) -> bool {
        flow.connection.is_none_or(|connection| self.connections.contains_key(&connection))
    }

    fn connection_to(
        &mut self,
        transport: Transport,
        remote: SocketAddr,
        name: &str,
    ) -> ConnectionId {
        if let Some(known) = self.by_remote.get(&(transport, remote)) {
            return *known;
        }
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 2;
        self.remember(connection, transport, remote);
        let name = name.to_owned();
        self.output.push_back(Output::Connect { connection, transport, remote, name });
        connection
    }

    /// A message came by a stream that the peer opened.
    pub(crate) fn accepted(&mut self, flow: &Flow) {
        let Some(connection) = flow.connection else { return };
        if !self.connections.contains_key(&connection) {
            self.remember(connection, flow.transport, flow.remote);
        }
    }

    fn remember(&mut self, connection: ConnectionId, transport: Transport, remote: SocketAddr) {
        self.connections.insert(connection, Connection { transport, remote });
        self.by_remote.insert((transport, remote), connection);
    }

    /// A stream is gone: requests that were under way in it have failed.
    pub(crate) fn disconnected(&mut self, connection: ConnectionId, now: Instant) {
        let Some(entry) = self.connections.remove(&connection) else { return };
        let key = (entry.transport, entry.remote);
        if self.by_remote.get(&key) == Some(&connection) {
            self.by_remote.remove(&key);
        }
        self.transactions.connection_lost(connection, now);
    }

    /// A Via of ours for a request that goes by `flow`, with a branch that nobody guesses.
    pub(crate) fn via(&mut self, flow: &Flow) -> Via {
        let branch = format!("z9hG4bK{}", self.random.token());
        let at = self.places.advertised(&self.config, flow);
        let transport = flow.transport.via_name();
        Via { value: format!("SIP/2.0/{transport} {at};branch={branch};rport"), branch }
    }

    /// Sends a request of ours; what becomes of it is told to `owner`.
    pub(crate) fn request(
        &mut self,
        method: Method<'_>,
        branch: &str,
        compose: Compose,
        flow: Flow,
        owner: Option<Owner>,
        now: Instant,
    ) -> TransactionId {
        self.request_bytes(method, branch, compose.finish().into(), flow, owner, now)
    }

    /// The same for a request that is composed already.
    pub(crate) fn request_bytes(
        &mut self,
        method: Method<'_>,
        branch: &str,
        bytes: Arc<[u8]>,
        flow: Flow,
        owner: Option<Owner>,
        now: Instant,
    ) -> TransactionId {
        let id = self.transactions.request(method, branch, bytes, flow, now);
        if let Some(owner) = owner {
            self.owners.insert(id, owner);
        }
        id
    }

    /// The same for a request that may be large: what should not go by one datagram goes by a stream,
    /// if the peer may take one, and by datagram after all if it does not (RFC 3261 §18.1.1).
    pub(crate) fn request_of_any_size(
        &mut self,
        method: Method<'_>,
        branch: &str,
        bytes: Arc<[u8]>,
        hop: Hop,
        owner: Option<Owner>,
        now: Instant,
    ) -> TransactionId {
        let Hop { flow, takes_streams } = hop;
        let large = bytes.len() > LARGEST_DATAGRAM && takes_streams;
        let Some(stream) = large.then(|| self.stream_beside(&flow, now)).flatten() else {
            return self.request_bytes(method, branch, bytes, flow, owner, now);
        };
        let id = self.transactions.request_large(method, branch, bytes, stream, flow, now);
        if let Some(owner) = owner {
            self.owners.insert(id, owner);
        }
        id
    }

    /// The stream to whom a flow of datagrams leads, unless one failed lately.
    fn stream_beside(&mut self, flow: &Flow, now: Instant) -> Option<Flow> {
        let target = Target { transport: Transport::Tcp, addr: flow.remote };
        if flow.transport != Transport::Udp || self.failures.holds(&target, now) {
            return None;
        }
        self.flow_to(target, &flow.remote.ip().to_string())
    }

    /// A stream did not serve a large request: the next ones go by datagram at once.
    pub(crate) fn fell_back(&mut self, stream: Flow, now: Instant) {
        let target = Target { transport: stream.transport, addr: stream.remote };
        self.failures.note(target, Failures::PAUSE, now);
    }

    /// Answers a request in its transaction.
    pub(crate) fn respond(
        &mut self,
        id: TransactionId,
        status: Status,
        compose: Compose,
        now: Instant,
    ) {
        self.transactions.respond(id, status, compose.finish().into(), now);
    }

    /// Answers a request with nothing but a status.
    pub(crate) fn reply(
        &mut self,
        id: TransactionId,
        request: &Message<'_>,
        flow: &Flow,
        status: Status,
        now: Instant,
    ) {
        let compose = self.reply_to(request, flow, status);
        self.respond(id, status, compose, now);
    }

    /// Begins a reply with a To tag.
    pub(crate) fn reply_to(
        &mut self,
        request: &Message<'_>,
        flow: &Flow,
        status: Status,
    ) -> Compose {
        let tag = self.random.token();
        response_to(request, status, status.reason(), Some(&tag), flow.remote)
    }

    /// Answers without a transaction: for what floods, and for what cannot have one.
    pub(crate) fn reply_stateless(&mut self, request: &Message<'_>, flow: &Flow, compose: Compose) {
        if request.method() != Some(Method::Ack) {
            self.send(*flow, compose.finish().into());
        }
    }

    /// `sip:user@address` of ours, as the peer on this flow shall reach us.
    pub(crate) fn contact(&self, user: &str, flow: &Flow) -> String {
        let at = self.places.advertised(&self.config, flow);
        let user = sip::uri::escape_user(user);
        let separator = if user.is_empty() { "" } else { "@" };
        match flow.transport {
            Transport::Udp => format!("<sip:{user}{separator}{at}>"),
            Transport::Tcp | Transport::Ws | Transport::Wss | Transport::Tls => {
                format!("<sip:{user}{separator}{at};transport={}>", flow.transport.uri_name())
            }
        }
    }
}

/// Larger requests go by stream when nobody knows the path's MTU (RFC 3261 §18.1.1).
const LARGEST_DATAGRAM: usize = 1300;
/// Requests of peers that may be under way at a time: at 3,000 calls a second, each kept 32 s over UDP.
const MOST_SERVERS: usize = 400_000;
