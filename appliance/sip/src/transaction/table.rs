//! All transactions of the box: which one a message belongs to, what has to be sent again, and
//! when.
//!
//! Contract: after [`Transactions::receive`], [`Transactions::respond`], [`Transactions::request`],
//! [`Transactions::cancel`], [`Transactions::transport_error`] or [`Transactions::timeout`], drain
//! [`Transactions::poll`] to `None`; then wait until [`Transactions::deadline`].

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::derived;
use super::key::{ByKey, Key, Keys};
use super::machine::Machine;
use super::slots::Slots;
use super::{Event, Sent, Step, Tell, Timers};
use crate::alarm::Alarms;
use crate::flow::{ConnectionId, Flow};
use crate::{Message, Method, Status};

/// One transaction; the number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId {
    pub(super) serial: u64,
    pub(super) slot: u32,
}

impl TransactionId {
    const FIRST: Self = Self { serial: u64::MIN, slot: u32::MIN };
    const LAST: Self = Self { serial: u64::MAX, slot: u32::MAX };

    pub(super) fn index(self) -> usize {
        self.slot as usize
    }
}

/// How the transaction layer is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// T1, T2 and T4.
    pub timers: Timers,
    /// The most server transactions at a time; requests beyond are for a stateless 503.
    pub most_servers: usize,
    /// Sixteen random bytes: what a peer must not guess to make two of its requests look like one.
    pub seed: [u8; 16],
}

/// Owns every transaction. See the module for the contract.
#[derive(Debug)]
pub struct Transactions {
    timers: Timers,
    most_servers: usize,
    keys: Keys,
    by_key: HashMap<Key, TransactionId, ByKey>,
    transactions: Slots<Transaction>,
    /// Ours that wait for a final response, by the way they took.
    pending: BTreeSet<(Way, TransactionId)>,
    servers: usize,
    refused: u64,
    alarms: Alarms<TransactionId>,
    out: VecDeque<Out>,
}

/// What a received message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A new request, to be answered by [`Transactions::respond`]; an INVITE at once, be it by 100.
    Request(TransactionId),
    /// A CANCEL, to be answered as any request: 200 if there is an INVITE, else 481. An INVITE that
    /// has no final response gets 487 (RFC 3261 §9.2).
    Cancel {
        /// The CANCEL itself.
        id: TransactionId,
        /// The INVITE that it means.
        invite: Option<TransactionId>,
    },
    /// An ACK to a 2xx, for the dialog; or to nothing that we know.
    Ack,
    /// A response that is new to the user, to this request of ours. Each 2xx to an INVITE is, also
    /// a repeated one: its ACK is the user's (RFC 3261 §13.2.2.4).
    Response(TransactionId),
    /// A repetition, or the ACK to a refusal: dealt with here.
    Absorbed,
    /// A response to no request of ours, or to one that is long over.
    Stray,
    /// A new request beyond the bound: answer 503 without a transaction. What has a To tag, or
    /// cancels an INVITE that is known, is never refused; whoever knows the dialogs turns the former
    /// away when it belongs to none.
    Refused,
    /// A request or response that no transaction can be found for, because Via, CSeq or Call-ID is
    /// missing or malformed.
    Unusable,
}

/// What the transaction layer has for its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// Send these bytes. If that fails, say so by [`Transactions::transport_error`].
    Send {
        /// The transaction.
        id: TransactionId,
        /// Where to.
        flow: Flow,
        /// The whole message.
        bytes: Arc<[u8]>,
    },
    /// Ours: nobody answered, which counts as 408. The peer's: the ACK to a refusal did not come,
    /// or the user did not answer while the peer waited.
    TimedOut(TransactionId),
    /// The message could not be sent; for a request of ours that counts as 503.
    TransportFailed(TransactionId),
    /// A large request goes by datagram after all, because this stream did not serve.
    FellBack(Flow),
    /// Nothing more will be heard of this transaction. The last word on each.
    Terminated(TransactionId),
}

#[derive(Debug)]
struct Transaction {
    key: Key,
    flow: Flow,
    machine: Machine,
    /// The entry in the alarms that stands for this transaction.
    alarm: Option<Instant>,
    /// Ours: the request, and after a refusal the ACK. The peer's: the latest response. Only as
    /// long as it may have to be sent again.
    bytes: Option<Arc<[u8]>>,
    /// The CANCEL of an INVITE that nobody answered yet (RFC 3261 §9.1).
    cancel: Option<Arc<[u8]>>,
    /// What is left to try while the stream that a large request took is silent.
    fallback: Option<Box<Fallback>>,
    /// A CANCEL of ours, of which the user hears nothing.
    silent: bool,
    /// Ours, and it waits for a final response.
    pending: bool,
}

/// The copy of a large request that goes by datagram if its stream does not serve.
#[derive(Debug)]
struct Fallback {
    flow: Flow,
    bytes: Arc<[u8]>,
    at: Instant,
}

/// What breaks as one: a connection, or the datagrams between two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Connection(ConnectionId),
    Datagrams(Flow),
}

impl Way {
    fn of(flow: Flow) -> Self {
        flow.connection.map_or(Self::Datagrams(flow), Self::Connection)
    }
}

impl Transactions {
    /// No transactions yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            timers: setup.timers,
            most_servers: setup.most_servers,
            keys: Keys::new(setup.seed),
            by_key: HashMap::default(),
            transactions: Slots::new(),
            pending: BTreeSet::new(),
            servers: 0,
            refused: 0,
            alarms: Alarms::default(),
            out: VecDeque::new(),
        }
    }

    /// Takes a message that came on `flow`; a response to it goes back on the same flow.
    pub fn receive(&mut self, message: &Message<'_>, flow: Flow, now: Instant) -> Received {
        match message.status() {
            Some(status) => self.receive_response(message, status, now),
            None => self.receive_request(message, flow, now),
        }
    }

    /// Whether a request repeats one that has a transaction, or is the ACK of such a one: for
    /// whoever turns new requests away (a challenge, a flood) without opening a transaction for
    /// them. A repetition must pass, with its credentials that were used before.
    pub fn knows(&self, request: &Message<'_>) -> bool {
        let key = request.method().and_then(|method| self.keys.of_request(request, method));
        key.is_some_and(|key| self.by_key.contains_key(&key))
    }

    /// Answers a request with `bytes`. `false` if the transaction is over, or has its final
    /// response. A 2xx to an INVITE may be sent again until the ACK comes: that is the user's duty
    /// (RFC 3261 §13.3.1.4).
    pub fn respond(
        &mut self,
        id: TransactionId,
        status: Status,
        bytes: Arc<[u8]>,
        now: Instant,
    ) -> bool {
        let Some(transaction) = self.transactions.get_mut(id) else { return false };
        let step = transaction.machine.handle(Event::Respond(status.code()), &self.timers, now);
        if step.send.is_none() {
            return false;
        }
        let flow = transaction.flow;
        transaction.bytes = transaction.machine.repeats().then(|| bytes.clone());
        self.out.push_back(Out::Send { id, flow, bytes });
        self.settle(id, Step { send: None, ..step });
        true
    }

    /// Sends a request of ours (not an ACK) with this `branch` in its Via, which nobody else may
    /// use.
    pub fn request(
        &mut self,
        method: Method<'_>,
        branch: &str,
        bytes: Arc<[u8]>,
        flow: Flow,
        now: Instant,
    ) -> TransactionId {
        let key = self.keys.of_branch(branch, method);
        self.open_client(method == Method::Invite, key, bytes, flow, false, now)
    }

    /// The same for a request that is too large for `datagram`: it goes by `stream`, and by datagram
    /// after all when the stream fails, or nobody answered within a second (RFC 3261 §18.1.1).
    /// `bytes` is what fits the datagram; only the transport in its Via differs in the stream.
    pub fn request_large(
        &mut self,
        method: Method<'_>,
        branch: &str,
        bytes: Arc<[u8]>,
        stream: Flow,
        datagram: Flow,
        now: Instant,
    ) -> TransactionId {
        let Some(copy) = derived::by(&bytes, datagram.transport, stream.transport) else {
            return self.request(method, branch, bytes, datagram, now);
        };
        let id = self.request(method, branch, copy, stream, now);
        if let Some(transaction) = self.transactions.get_mut(id) {
            let at = now + STREAM_PATIENCE;
            transaction.fallback = Some(Box::new(Fallback { flow: datagram, bytes, at }));
            self.alarms.set(id, transaction.deadline(), &mut transaction.alarm);
        }
        id
    }

    /// Gives up an INVITE of ours: the CANCEL goes out as soon as RFC 3261 §9.1 allows it, with
    /// `reason` as its `Reason` header (RFC 3326). The INVITE's final response still comes, or it
    /// times out. `false` if there is nothing to cancel.
    pub fn cancel(&mut self, id: TransactionId, reason: Option<&str>, now: Instant) -> bool {
        let Some(transaction) = self.transactions.get_mut(id) else { return false };
        let Machine::InviteClient(invite) = &transaction.machine else { return false };
        let waits = invite.is_calling() && transaction.cancel.is_none();
        if !waits && !invite.is_ringing() {
            return false;
        }
        let Some(invite) = transaction.bytes.as_deref() else { return false };
        let Some(cancel) = derived::cancel(invite, reason) else { return false };
        if waits {
            transaction.cancel = Some(cancel);
        } else {
            self.send_cancel(id, cancel, now);
        }
        true
    }

    /// What the socket of an [`Out::Send`] reported.
    pub fn transport_error(&mut self, id: TransactionId, now: Instant) {
        self.handle(id, Event::TransportError, now);
    }

    /// A connection was lost: what we asked there and nobody answered fails now instead of in 32 s.
    /// An INVITE that rings goes on, its peer can open another connection (RFC 3261 §18.2.2).
    pub fn connection_lost(&mut self, connection: ConnectionId, now: Instant) {
        self.way_failed(Way::Connection(connection), now);
    }

    /// Nothing gets through on this flow (an ICMP error): the same as a lost connection.
    pub fn flow_failed(&mut self, flow: Flow, now: Instant) {
        self.way_failed(Way::of(flow), now);
    }

    /// When [`Transactions::timeout`] is due.
    pub fn deadline(&mut self) -> Option<Instant> {
        loop {
            let (at, id) = self.alarms.first()?;
            let Some(transaction) = self.transactions.get_mut(id) else {
                self.alarms.pop();
                continue;
            };
            if transaction.alarm != Some(at) {
                self.alarms.pop();
                continue;
            }
            let deadline = transaction.deadline();
            if deadline.is_some_and(|deadline| deadline <= at) {
                return Some(at);
            }
            self.alarms.pop();
            transaction.alarm = None;
            self.alarms.set(id, deadline, &mut transaction.alarm);
        }
    }

    /// Time has passed.
    pub fn timeout(&mut self, now: Instant) {
        while self.deadline().is_some_and(|at| at <= now) {
            let Some((_, id)) = self.alarms.pop() else { return };
            if let Some(transaction) = self.transactions.get_mut(id) {
                transaction.alarm = None;
            }
            self.handle(id, Event::Timeout, now);
        }
    }

    /// The next thing to do, in order.
    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// How many transactions there are, ours and the peers'.
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.transactions.len() == 0
    }

    /// How many requests were refused since the start, because of the bound.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The flow of a transaction that is not over.
    pub fn flow(&self, id: TransactionId) -> Option<Flow> {
        self.transactions.get(id).map(|transaction| transaction.flow)
    }

    fn way_failed(&mut self, way: Way, now: Instant) {
        let all = (way, TransactionId::FIRST)..=(way, TransactionId::LAST);
        let failed: Vec<_> = self.pending.range(all).map(|(_, id)| *id).collect();
        for id in failed {
            self.transport_error(id, now);
        }
    }

    fn receive_response(
        &mut self,
        message: &Message<'_>,
        status: Status,
        now: Instant,
    ) -> Received {
        let Some(key) = self.keys.of_response(message) else { return Received::Unusable };
        let Some(&id) = self.by_key.get(&key) else { return Received::Stray };
        let Some(transaction) = self.transactions.get_mut(id) else { return Received::Stray };
        let silent = transaction.silent;
        transaction.fallback = None;
        let step = transaction.machine.handle(Event::Response(status.code()), &self.timers, now);
        if step.send == Some(Sent::Ack) && step.tell.is_some() {
            let request = transaction.bytes.take();
            transaction.bytes = request.and_then(|request| derived::ack(&request, message));
        }
        // A final response is as good as a CANCEL.
        let cancel = transaction.cancel.take().filter(|_| status.is_provisional());
        self.settle(id, Step { tell: None, ..step });
        if let Some(cancel) = cancel {
            self.send_cancel(id, cancel, now);
        }
        match step.tell {
            Some(_) if !silent => Received::Response(id),
            _ => Received::Absorbed,
        }
    }

    fn receive_request(&mut self, message: &Message<'_>, flow: Flow, now: Instant) -> Received {
        let Some(method) = message.method() else { return Received::Unusable };
        let Some(key) = self.keys.of_request(message, method) else { return Received::Unusable };
        if let Some(&id) = self.by_key.get(&key) {
            let event = if method == Method::Ack { Event::Ack } else { Event::Request };
            let told = self.handle(id, event, now);
            return if told == Some(Tell::Ack) { Received::Ack } else { Received::Absorbed };
        }
        if method == Method::Ack {
            return Received::Ack;
        }
        let cancels = method == Method::Cancel;
        let invite = cancels.then(|| self.keys.of_request(message, Method::Invite)).flatten();
        let invite = invite.and_then(|key| self.by_key.get(&key).copied());
        // What belongs to a call passes, or a box that is full could not even hear a BYE.
        let belongs = invite.is_some() || message.to().is_ok_and(|to| to.tag().is_some());
        if self.servers >= self.most_servers && !belongs {
            self.refused += 1;
            return Received::Refused;
        }
        let id = self.open_server(method == Method::Invite, key, flow, now);
        if cancels { Received::Cancel { id, invite } } else { Received::Request(id) }
    }

    fn open_server(
        &mut self,
        is_invite: bool,
        key: Key,
        flow: Flow,
        now: Instant,
    ) -> TransactionId {
        let reliable = flow.transport.is_reliable();
        let machine = Machine::server(is_invite, reliable, &self.timers, now);
        self.servers += 1;
        self.open(key, flow, machine, None, false)
    }

    fn open_client(
        &mut self,
        is_invite: bool,
        key: Key,
        bytes: Arc<[u8]>,
        flow: Flow,
        silent: bool,
        now: Instant,
    ) -> TransactionId {
        let reliable = flow.transport.is_reliable();
        let machine = Machine::client(is_invite, reliable, &self.timers, now);
        // A stream's request is never sent again, but an INVITE is where its ACK and CANCEL come
        // from.
        let kept = (is_invite || !reliable).then(|| bytes.clone());
        let id = self.open(key, flow, machine, kept, silent);
        self.pending.insert((Way::of(flow), id));
        self.out.push_back(Out::Send { id, flow, bytes });
        id
    }

    fn open(
        &mut self,
        key: Key,
        flow: Flow,
        machine: Machine,
        bytes: Option<Arc<[u8]>>,
        silent: bool,
    ) -> TransactionId {
        let pending = machine.is_pending();
        let transaction = Transaction {
            key,
            flow,
            machine,
            alarm: None,
            bytes,
            cancel: None,
            fallback: None,
            silent,
            pending,
        };
        let id = self.transactions.insert(transaction);
        self.by_key.insert(key, id);
        if let Some(transaction) = self.transactions.get_mut(id) {
            self.alarms.set(id, transaction.deadline(), &mut transaction.alarm);
        }
        id
    }

    fn send_cancel(&mut self, id: TransactionId, cancel: Arc<[u8]>, now: Instant) {
        let Some(flow) = self.flow(id) else { return };
        let message = Message::parse_datagram(&cancel).ok();
        let Some(key) = message.and_then(|cancel| self.keys.of_response(&cancel)) else { return };
        self.open_client(false, key, cancel, flow, true, now);
        self.handle(id, Event::Cancelled, now);
    }

    /// Feeds one machine and does what it wants; says what its user should hear.
    fn handle(&mut self, id: TransactionId, event: Event, now: Instant) -> Option<Tell> {
        if self.falls_back(id, event, now) {
            return None;
        }
        let transaction = self.transactions.get_mut(id)?;
        let step = transaction.machine.handle(event, &self.timers, now);
        self.settle(id, step);
        step.tell
    }

    /// Begins anew by datagram, if that is what an event means for a request in a stream.
    fn falls_back(&mut self, id: TransactionId, event: Event, now: Instant) -> bool {
        let Some(transaction) = self.transactions.get_mut(id) else { return false };
        let is_over = |fallback: &mut Box<Fallback>| match event {
            Event::TransportError => true,
            Event::Timeout => fallback.at <= now,
            _ => false,
        };
        let Some(fallback) = transaction.fallback.take_if(is_over) else { return false };
        let Fallback { flow, bytes, .. } = *fallback;
        let stream = std::mem::replace(&mut transaction.flow, flow);
        let is_invite = transaction.machine.is_invite();
        transaction.machine = Machine::client(is_invite, false, &self.timers, now);
        transaction.bytes = Some(bytes.clone());
        let cancel = transaction.cancel.take();
        transaction.cancel =
            cancel.and_then(|cancel| derived::by(&cancel, stream.transport, flow.transport));
        self.pending.remove(&(Way::of(stream), id));
        self.pending.insert((Way::of(flow), id));
        self.alarms.set(id, transaction.deadline(), &mut transaction.alarm);
        self.out.push_back(Out::FellBack(stream));
        self.out.push_back(Out::Send { id, flow, bytes });
        true
    }

    /// Sends, tells, wakes and forgets, as the machine wants.
    fn settle(&mut self, id: TransactionId, step: Step) {
        let Some(transaction) = self.transactions.get_mut(id) else { return };
        if step.send.is_some()
            && let Some(bytes) = transaction.bytes.clone()
        {
            self.out.push_back(Out::Send { id, flow: transaction.flow, bytes });
        }
        match step.tell {
            Some(Tell::TimedOut) if !transaction.silent => self.out.push_back(Out::TimedOut(id)),
            Some(Tell::TransportFailed) if !transaction.silent => {
                self.out.push_back(Out::TransportFailed(id));
            }
            // What a message brought is the value of `receive`.
            _ => {}
        }
        if transaction.pending && !transaction.machine.is_pending() {
            transaction.pending = false;
            self.pending.remove(&(Way::of(transaction.flow), id));
        }
        if step.over {
            return self.close(id);
        }
        if !transaction.machine.repeats() {
            transaction.bytes = None;
        }
        self.alarms.set(id, transaction.deadline(), &mut transaction.alarm);
    }

    fn close(&mut self, id: TransactionId) {
        let Some(transaction) = self.transactions.remove(id) else { return };
        if self.by_key.get(&transaction.key) == Some(&id) {
            self.by_key.remove(&transaction.key);
        }
        if transaction.machine.is_server() {
            self.servers = self.servers.saturating_sub(1);
        }
        if !transaction.silent {
            self.out.push_back(Out::Terminated(id));
        }
        self.give_memory_back();
    }

    fn give_memory_back(&mut self) {
        let (held, capacity) = (self.by_key.len(), self.by_key.capacity());
        if capacity > KEPT && held < capacity / 8 {
            self.by_key.shrink_to(held * 2);
            self.out.shrink_to(held);
        }
    }
}

impl Transaction {
    fn deadline(&self) -> Option<Instant> {
        let fallback = self.fallback.as_ref().map(|fallback| fallback.at);
        [self.machine.deadline(), fallback].into_iter().flatten().min()
    }
}

/// A stream in which nobody answered by then was dropped by a wall in between, or nobody listens.
const STREAM_PATIENCE: Duration = Duration::from_secs(1);
/// Below this many places memory is not worth giving back.
const KEPT: usize = 4096;

#[cfg(test)]
mod tests;
