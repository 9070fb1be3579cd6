//! Trunks: registering at carriers, and knowing a carrier's calls when they come
//! (RFC 3261 §10.2, RFC 3581).

use crate::Output;
use crate::frame::{Frame, Owner};
use crate::leg::sip::{authorize, bracketed, destination};
use crate::way::Way;
use call::{Event, TrunkState, TrunkStatus};
use config::{Config, Trunk, TrunkId, TrunkKind};
use sip::digest::Answering;
use sip::flow::Flow;
use sip::registration::{Answer, Order, Policy, Registration, State};
use sip::resolve::{Answer as DnsAnswer, Question};
use sip::{Compose, Message, Method, Name, Uri};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// All trunks.
#[derive(Debug, Default)]
pub(crate) struct Trunks {
    lines: BTreeMap<TrunkId, Line>,
}

/// One trunk at work.
#[derive(Debug)]
struct Line {
    trunk: Arc<Trunk>,
    /// Part of our Contact: a call that names it comes from this carrier.
    token: String,
    call_id: String,
    tag: String,
    registration: Registration,
    way: Way,
    /// A REGISTER waits for the DNS.
    waiting: Option<Order>,
    flow: Option<Flow>,
    /// The Contact that the last REGISTER carried.
    shown: String,
    challenge: Option<Answering>,
    /// The addresses that its host stands for.
    addresses: BTreeSet<IpAddr>,
    look_up_at: Option<Instant>,
    status: TrunkStatus,
}

impl Trunks {
    /// How they do, in order of their ids.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = &TrunkStatus> {
        self.lines.values().map(|line| &line.status)
    }

    /// Starts what is new, stops what is gone, and begins anew what was changed.
    pub(crate) fn reconfigure(&mut self, frame: &mut Frame, config: &Config, now: Instant) {
        let gone: Vec<_> = self
            .lines
            .iter()
            .filter(|(id, line)| config.trunks.get(*id).is_none_or(|trunk| **trunk != *line.trunk))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            if let Some(mut line) = self.lines.remove(&id) {
                line.stop(frame, now);
            }
        }
        for (id, trunk) in &config.trunks {
            if !self.lines.contains_key(id) {
                let mut line = Line::new(frame, trunk.clone(), now);
                line.start(frame, now);
                self.lines.insert(*id, line);
            }
        }
    }

    /// Our address changed: carriers have to hear of it.
    pub(crate) fn renew(&mut self, frame: &mut Frame, now: Instant) {
        for line in self.lines.values_mut() {
            line.follow_address(frame, now);
        }
    }

    /// Takes all registrations back.
    pub(crate) fn stop(&mut self, frame: &mut Frame, now: Instant) {
        for line in self.lines.values_mut() {
            line.stop(frame, now);
        }
    }

    /// Whether no carrier is still being told that we leave.
    pub(crate) fn are_signed_off(&self) -> bool {
        let leaves = |line: &Line| matches!(line.registration.state(), State::Unregistering { .. });
        !self.lines.values().any(leaves)
    }

    /// The trunk that a request comes by: it names the token of our Contact, or comes from an address of
    /// the carrier.
    pub(crate) fn identify(&self, request: &Message<'_>, source: IpAddr) -> Option<&Arc<Trunk>> {
        let uri = request.request_uri().ok();
        let token = uri.as_ref().and_then(|uri| uri.param("line"));
        let source = source.to_canonical();
        let mut enabled = self.lines.values().filter(|line| line.trunk.enabled);
        let known = |line: &&Line| {
            line.addresses.contains(&source)
                || line.trunk.peers.iter().any(|peer| peer.contains(source))
        };
        let by_token = token.and_then(|token| enabled.clone().find(|line| line.token == token));
        let mut by_source = enabled.by_ref().filter(known);
        let found = by_token.or_else(|| {
            // Several accounts at one carrier: the one that is called.
            let user = uri.as_ref().and_then(|uri| uri.user());
            let first = by_source.next()?;
            let is_called = |line: &&Line| Some(line.trunk.username.as_str()) == user;
            Some(if is_called(&first) { first } else { by_source.find(is_called).unwrap_or(first) })
        });
        found.map(|line| &line.trunk)
    }

    /// The final response to a REGISTER.
    pub(crate) fn response(
        &mut self,
        frame: &mut Frame,
        id: TrunkId,
        response: &Message<'_>,
        now: Instant,
    ) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if response.status().is_some_and(|status| status.is_final()) {
            line.answered(frame, response, now);
            self.renew(frame, now);
        }
    }

    /// A REGISTER got no answer.
    pub(crate) fn failed(&mut self, frame: &mut Frame, id: TrunkId, now: Instant) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.way.failed(frame, now);
        let another = line.way.has_next();
        let random = frame.random.u32();
        let order = line.registration.failed(another, random, now);
        line.flow = None;
        if let Some(order) = order {
            line.order(frame, order, now);
        }
        line.show(frame, Some("the carrier does not answer".to_owned()), now);
    }

    /// The DNS answered.
    pub(crate) fn resolved(
        &mut self,
        frame: &mut Frame,
        question: &Question,
        answer: &DnsAnswer,
        now: Instant,
    ) {
        for line in self.lines.values_mut().filter(|line| line.way.is_asking()) {
            line.way.answer(question, answer);
            line.step(frame, now);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.lines.values().filter_map(Line::deadline).min()
    }

    pub(crate) fn timeout(&mut self, frame: &mut Frame, now: Instant) {
        for line in self.lines.values_mut() {
            if line.deadline().is_some_and(|at| at <= now) {
                line.timeout(frame, now);
            }
        }
    }
}

impl Line {
    fn new(frame: &mut Frame, trunk: Arc<Trunk>, now: Instant) -> Self {
        let policy = Policy {
            expires: Duration::from_secs(trunk.register_seconds.into()),
            ..Policy::default()
        };
        let status = TrunkStatus {
            trunk: trunk.id.0,
            state: TrunkState::Off,
            since: frame.clock(now),
            problem: None,
            seen_as: None,
        };
        Self {
            token: frame.random.token(),
            call_id: format!("{}{}", frame.random.token(), frame.random.token()),
            tag: frame.random.token(),
            registration: Registration::new(policy),
            way: Way::Lost,
            waiting: None,
            flow: None,
            shown: String::new(),
            challenge: None,
            addresses: BTreeSet::new(),
            look_up_at: None,
            status,
            trunk,
        }
    }

    fn registers(&self) -> bool {
        self.trunk.enabled && self.trunk.kind == TrunkKind::Register
    }

    fn start(&mut self, frame: &mut Frame, now: Instant) {
        if !self.trunk.enabled {
            return self.show(frame, None, now);
        }
        self.waiting = if self.registers() { self.registration.start() } else { None };
        self.look_up(frame, now);
        self.show(frame, None, now);
    }

    fn stop(&mut self, frame: &mut Frame, now: Instant) {
        if !self.registers() {
            return;
        }
        if let Some(order) = self.registration.stop(now)
            && let Some(flow) = self.flow
        {
            self.register(frame, order, flow, now);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let own = [self.registration.deadline(), self.way.deadline(), self.look_up_at];
        own.into_iter().flatten().min()
    }

    fn timeout(&mut self, frame: &mut Frame, now: Instant) {
        if self.way.deadline().is_some_and(|at| at <= now) {
            self.way.timeout(now);
            self.step(frame, now);
        }
        if self.look_up_at.is_some_and(|at| at <= now) {
            self.look_up(frame, now);
        }
        if let Some(order) = self.registration.timeout(now) {
            self.order(frame, order, now);
        }
    }

    /// Asks for the carrier's addresses, now and again: they change.
    fn look_up(&mut self, frame: &mut Frame, now: Instant) {
        self.look_up_at = Some(now + LOOK_UP);
        self.way = Way::to(destination(&self.trunk), frame, now);
        self.step(frame, now);
    }

    fn step(&mut self, frame: &mut Frame, now: Instant) {
        if !self.way.step(frame, now) {
            return;
        }
        let found = self.way.addresses();
        // An answer that is empty because the DNS is away does not make a carrier a stranger.
        if !found.is_empty() {
            self.addresses = found.into_iter().map(|ip| ip.to_canonical()).collect();
        }
        self.show(frame, None, now);
        if let Some(order) = self.waiting.take() {
            self.order(frame, order, now);
        }
    }

    /// Sends a REGISTER to where the last one was answered, else to the next target.
    fn order(&mut self, frame: &mut Frame, order: Order, now: Instant) {
        if self.way.is_asking() {
            self.waiting = Some(order);
            return;
        }
        let standing = self.flow.filter(|flow| frame.is_standing(flow));
        let flow = standing.or_else(|| self.way.next(frame));
        let Some(flow) = flow else {
            if matches!(self.way, Way::Known { .. } | Way::Lost) && self.addresses.is_empty() {
                self.registration.failed(false, frame.random.u32(), now);
                let host = self.trunk.host.clone();
                return self.show(frame, Some(format!("{host} has no address")), now);
            }
            // All targets were tried: from the beginning, after the pause.
            self.registration.failed(false, frame.random.u32(), now);
            self.look_up_at = Some(now + Duration::from_secs(1));
            return self.show(frame, Some("the carrier does not answer".to_owned()), now);
        };
        self.flow = Some(flow);
        self.register(frame, order, flow, now);
    }

    fn register(&mut self, frame: &mut Frame, order: Order, flow: Flow, now: Instant) {
        let domain = bracketed(self.trunk.domain());
        let user = sip::uri::escape_user(&self.trunk.username).into_owned();
        let uri = format!("sip:{domain}");
        let via = frame.via(&flow);
        self.shown = self.contact(frame, &flow);
        let mut compose = Compose::request(Method::Register, &uri)
            .header(Name::Via, &via.value)
            .header(Name::MaxForwards, 70)
            .header(Name::From, format_args!("<sip:{user}@{domain}>;tag={}", self.tag))
            .header(Name::To, format_args!("<sip:{user}@{domain}>"))
            .header(Name::CallId, &self.call_id)
            .header(Name::CSeq, format_args!("{} REGISTER", order.cseq))
            .header(Name::Contact, &self.shown)
            .header(Name::Expires, order.expires.as_secs())
            .header(Name::Supported, "path")
            .header(Name::UserAgent, crate::USER_AGENT);
        if let Some(challenge) = &mut self.challenge {
            let trunk = self.trunk.clone();
            compose = authorize(compose, challenge, &trunk, Method::Register, &uri, b"", frame);
        }
        let owner = Some(Owner::Trunk(self.trunk.id));
        frame.request(Method::Register, &via.branch, compose, flow, owner, now);
        self.show(frame, None, now);
    }

    fn contact(&self, frame: &Frame, flow: &Flow) -> String {
        let contact = frame.contact(&self.trunk.username, flow);
        let inner = contact.trim_end_matches('>');
        format!("{inner};line={}>", self.token)
    }

    /// Registers again under the address that we have now, if it is another one.
    fn follow_address(&mut self, frame: &mut Frame, now: Instant) {
        let is_settled = matches!(self.registration.state(), State::Registered { .. });
        let Some(flow) = self.flow.filter(|_| is_settled && self.registers()) else { return };
        if self.shown != self.contact(frame, &flow)
            && let Some(order) = self.registration.start()
        {
            self.order(frame, order, now);
        }
    }

    fn answered(&mut self, frame: &mut Frame, response: &Message<'_>, now: Instant) {
        let Some(flow) = self.flow else { return };
        self.way.worked(frame);
        let contact = self.shown.trim_start_matches('<').trim_end_matches('>');
        let read = Uri::parse(contact).and_then(|uri| Answer::read(response, &uri));
        let Some(mut answer) = read else { return };
        if let Some(seen) = answer.external {
            frame.places.shown_by(&frame.config, &flow, seen);
        }
        if matches!(answer.status, 401 | 407) {
            let challenge = Answering::to(response);
            let refused = matches!((&challenge, &self.challenge),
                (Some(new), Some(old)) if new.refuses(old));
            answer.challenged = challenge.is_some() && !refused;
            answer.stale = self.challenge.is_some() && answer.challenged;
            if answer.challenged {
                self.challenge = challenge;
            }
        }
        if answer.status == 503 && self.way.has_next() {
            self.flow = None;
        }
        let random = frame.random.u32();
        let order = self.registration.answered(&answer, random, now);
        let problem = match (answer.status, &order) {
            (_, Some(_)) | (200..=299, None) => None,
            (401 | 407 | 403, None) => Some("the carrier refuses user or password".to_owned()),
            (404, None) => Some("the carrier does not know this user".to_owned()),
            (status, None) => Some(format!("the carrier answers {status}")),
        };
        self.status.seen_as = answer.external.or(self.status.seen_as);
        match order {
            Some(order) => self.order(frame, order, now),
            None => {
                // A wrong password is tried with a fresh challenge next time.
                if problem.is_some() {
                    self.challenge = None;
                }
                self.show(frame, problem, now);
            }
        }
    }

    /// Keeps the status true and tells of changes.
    fn show(&mut self, frame: &mut Frame, problem: Option<String>, now: Instant) {
        let registered = self.registration.is_registered(now);
        let state = match self.registration.state() {
            _ if !self.trunk.enabled => TrunkState::Off,
            _ if !self.registers() && self.addresses.is_empty() => TrunkState::Trying,
            _ if !self.registers() || registered => TrunkState::Up,
            State::BackingOff { .. } | State::Refused { .. } => TrunkState::Down,
            State::Registering { .. } if self.status.state == TrunkState::Down => TrunkState::Down,
            State::Idle
            | State::Registering { .. }
            | State::Registered { .. }
            | State::Unregistering { .. } => TrunkState::Trying,
        };
        let keeps = state == TrunkState::Down && problem.is_none();
        let problem = if keeps { self.status.problem.clone() } else { problem };
        let changed = state != self.status.state || problem != self.status.problem;
        if state != self.status.state {
            self.status.since = frame.clock(now);
        }
        self.status.state = state;
        self.status.problem = problem;
        if changed {
            frame.output.push_back(Output::Notify(Event::Trunk(self.status.clone())));
        }
    }
}

/// How often a carrier's addresses are looked up again, beside what the DNS cache makes of it.
const LOOK_UP: Duration = Duration::from_secs(300);
