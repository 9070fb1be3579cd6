//! One trunk at work: its registration, or the question whether its carrier is there
//! (RFC 3261 §10.2, §11).

use super::qualify::{Qualify, Verdict};
use crate::Output;
use crate::frame::{Frame, Owner};
use crate::leg::sip::{authorize, bracketed, destination};
use crate::way::Way;
use call::{Event, TrunkState, TrunkStatus};
use config::{Trunk, TrunkKind};
use sip::digest::Answering;
use sip::flow::Flow;
use sip::registration::{Answer, Order, Policy, Registration, State};
use sip::resolve::{Answer as DnsAnswer, Question};
use sip::transaction::TransactionId;
use sip::{Compose, Message, Method, Name, Uri};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One trunk at work.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) trunk: Arc<Trunk>,
    /// Part of our Contact: a call that names it comes from this carrier.
    pub(super) token: String,
    call_id: String,
    tag: String,
    registration: Registration,
    qualify: Qualify,
    way: Way,
    /// A REGISTER waits for the DNS.
    waiting: Option<Order>,
    flow: Option<Flow>,
    /// The Contact that the last REGISTER carried.
    shown: String,
    challenge: Option<Answering>,
    /// The addresses that its host stands for.
    pub(super) addresses: BTreeSet<IpAddr>,
    look_up_at: Option<Instant>,
    pub(super) status: TrunkStatus,
    /// The entry among the trunks' alarms that stands for it.
    pub(super) alarm: Option<Instant>,
}

impl Line {
    pub(super) fn new(frame: &mut Frame, trunk: Arc<Trunk>, now: Instant) -> Self {
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
            qualify: Qualify::of(&trunk),
            way: Way::Lost,
            waiting: None,
            flow: None,
            shown: String::new(),
            challenge: None,
            addresses: BTreeSet::new(),
            look_up_at: None,
            status,
            alarm: None,
            trunk,
        }
    }

    /// Whether the carrier is still being told that we leave.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.registration.state(), State::Unregistering { .. })
    }

    fn registers(&self) -> bool {
        self.trunk.enabled && self.trunk.kind == TrunkKind::Register
    }

    pub(super) fn start(&mut self, frame: &mut Frame, now: Instant) {
        if !self.trunk.enabled {
            return self.show(frame, None, now);
        }
        self.waiting = if self.registers() { self.registration.start() } else { None };
        self.look_up(frame, now);
        self.show(frame, None, now);
    }

    pub(super) fn stop(&mut self, frame: &mut Frame, now: Instant) {
        if !self.registers() {
            return;
        }
        if let Some(order) = self.registration.stop(now)
            && let Some(flow) = self.flow
        {
            self.register(frame, order, flow, now);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let asking = [self.way.deadline(), self.look_up_at, self.qualify.deadline()];
        asking.into_iter().chain([self.registration.deadline()]).flatten().min()
    }

    pub(super) fn timeout(&mut self, frame: &mut Frame, now: Instant) {
        if self.way.deadline().is_some_and(|at| at <= now) {
            self.way.timeout(now);
            self.step(frame, now);
        }
        if self.look_up_at.is_some_and(|at| at <= now) {
            self.look_up(frame, now);
        }
        if self.qualify.deadline().is_some_and(|at| at <= now) {
            self.qualify.begin();
            self.look_up(frame, now);
        }
        if let Some(order) = self.registration.timeout(now) {
            self.order(frame, order, now);
        }
    }

    /// The DNS answered somebody.
    pub(super) fn resolved(
        &mut self,
        frame: &mut Frame,
        question: &Question,
        answer: &DnsAnswer,
        now: Instant,
    ) {
        if self.way.is_asking() {
            self.way.answer(question, answer);
            self.step(frame, now);
        }
    }

    /// A request of ours got no answer; 408, or 503 when it could not even be sent.
    pub(super) fn failed(
        &mut self,
        frame: &mut Frame,
        id: TransactionId,
        status: u16,
        now: Instant,
    ) {
        if !self.registers() {
            if self.qualify.is_asking(id) {
                self.way.failed(frame, now);
                self.ask(frame, Some(status), now);
            }
            return;
        }
        self.way.failed(frame, now);
        let another = self.way.has_next();
        let random = frame.random.u32();
        let order = self.registration.failed(another, random, now);
        self.flow = None;
        if let Some(order) = order {
            self.order(frame, order, now);
        }
        self.show(frame, Some("the carrier does not answer".to_owned()), now);
    }

    /// Asks for the carrier's addresses, now and again: they change.
    fn look_up(&mut self, frame: &mut Frame, now: Instant) {
        // Who is asked again and again is looked up each time.
        self.look_up_at = (!self.qualify.is_wanted()).then(|| now + LOOK_UP);
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
        if self.qualify.is_finding() {
            return self.ask(frame, None, now);
        }
        self.show(frame, None, now);
        if let Some(order) = self.waiting.take() {
            self.order(frame, order, now);
        }
    }

    /// Asks the carrier's next server whether it is there; `failed` is how the one before did not
    /// answer.
    fn ask(&mut self, frame: &mut Frame, failed: Option<u16>, now: Instant) {
        let Some(flow) = self.way.next(frame) else {
            let host = &self.trunk.host;
            let problem = match failed {
                Some(408) => "the carrier does not answer".to_owned(),
                Some(_) => "no connection to the carrier can be made".to_owned(),
                None if self.way.addresses().is_empty() => format!("{host} has no address"),
                None => format!("no address of this box reaches {host}"),
            };
            self.qualify.judge(Verdict::Away, &self.trunk, now);
            return self.show(frame, Some(problem), now);
        };
        self.flow = Some(flow);
        let domain = bracketed(self.trunk.domain());
        let user = sip::uri::escape_user(&self.trunk.username).into_owned();
        let separator = if user.is_empty() { "" } else { "@" };
        let uri = format!("sip:{domain}");
        let (via, tag) = (frame.via(&flow), frame.random.token());
        let call_id = format!("{}{}", frame.random.token(), frame.random.token());
        let compose = Compose::request(Method::Options, &uri)
            .header(Name::Via, &via.value)
            .header(Name::MaxForwards, 70)
            .header(Name::From, format_args!("<sip:{user}{separator}{domain}>;tag={tag}"))
            .header(Name::To, format_args!("<{uri}>"))
            .header(Name::CallId, call_id)
            .header(Name::CSeq, "1 OPTIONS")
            .header(Name::Contact, self.contact(frame, &flow))
            .header(Name::Accept, "application/sdp")
            .header(Name::UserAgent, crate::USER_AGENT);
        let owner = Some(Owner::Trunk(self.trunk.id));
        let id = frame.request(Method::Options, &via.branch, compose, flow, owner, now);
        self.qualify.asked(id);
        self.show(frame, None, now);
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
    pub(super) fn follow_address(&mut self, frame: &mut Frame, now: Instant) {
        let is_settled = matches!(self.registration.state(), State::Registered { .. });
        let Some(flow) = self.flow.filter(|_| is_settled && self.registers()) else { return };
        if self.shown != self.contact(frame, &flow)
            && let Some(order) = self.registration.start()
        {
            self.order(frame, order, now);
        }
    }

    /// A final response came.
    pub(super) fn answered(
        &mut self,
        frame: &mut Frame,
        id: TransactionId,
        response: &Message<'_>,
        now: Instant,
    ) {
        let Some(flow) = self.flow else { return };
        if !self.registers() && !self.qualify.is_asking(id) {
            return;
        }
        self.way.worked(frame);
        let contact = self.shown.trim_start_matches('<').trim_end_matches('>');
        let contact = if self.registers() { contact } else { "sip:carrier" };
        let read = Uri::parse(contact).and_then(|uri| Answer::read(response, &uri));
        let Some(mut answer) = read else { return };
        if let Some(seen) = answer.external {
            frame.places.shown_by(&frame.config, &flow, seen);
        }
        if !self.registers() {
            // Whatever it says: who answers is there.
            self.status.seen_as = answer.external.or(self.status.seen_as);
            self.qualify.judge(Verdict::Here, &self.trunk, now);
            return self.show(frame, None, now);
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
            _ if !self.registers() => match self.qualify.verdict() {
                Some(Verdict::Unknown) => TrunkState::Trying,
                Some(Verdict::Here) => TrunkState::Up,
                Some(Verdict::Away) => TrunkState::Down,
                None if self.addresses.is_empty() => TrunkState::Trying,
                None => TrunkState::Up,
            },
            _ if registered => TrunkState::Up,
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
