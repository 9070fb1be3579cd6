//! A call that goes out: our INVITE, until somebody answers it or nobody is left to ask
//! (RFC 3261 §13.2, §9.1; RFC 3263 §4.3; RFC 3262 §4).

use super::draft::{
    Dial, Draft, authorize, bracketed, destination, diversions, from, identity, shown, trunk_draft,
};
use super::incoming::SUPPORTED;
use super::{
    Desk, EarlyDialogs, Ending, Legs, Outgoing, Peer, SipLeg, State, Up, cause, description, talk,
};
use crate::frame::{Frame, Hop, Owner};
use crate::way::Way;
use call::{CallId, Cause, End, LegEvent, LegId, Target, Why};
use config::{TenantId, Trunk, TrunkId};
use sdp::Direction;
use sip::digest::Answering;
use sip::flow::Flow;
use sip::resolve::Destination;
use sip::session::answer::{Acknowledgement, Answer};
use sip::session::provisional::Order;
use sip::session::timer::SessionTimer;
use sip::session::turn::Turn;
use sip::transaction::TransactionId;
use sip::{Message, Method, Name, Status};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An INVITE that is out.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) transaction: TransactionId,
    request: Arc<[u8]>,
    flow: Flow,
    /// Until when somebody has to answer at all; a dead carrier must not cost 32 s.
    pub(super) mute_until: Option<Instant>,
    challenge: Option<Answering>,
}

impl Legs {
    /// Makes a leg and calls somebody.
    pub(super) fn dial(&mut self, desk: &mut Desk<'_>, call: CallId, id: LegId, dial: Dial) {
        let hops = self.legs.get(&dial.media).map_or(70, |leg| leg.hops);
        let tag = desk.frame.random.token();
        let media = dial.media;
        let (peer, draft, way) = match self.plan(desk, dial, &tag) {
            Ok(plan) => plan,
            Err(end) => return self.events.push_back((call, id, LegEvent::Ended(end))),
        };
        let flow = Flow::udp(UNKNOWN, UNKNOWN);
        let outgoing = Outgoing {
            draft,
            way,
            attempt: None,
            early: EarlyDialogs::default(),
            cseq: 0,
            media,
            heard: false,
            rang: false,
            cancelled: None,
        };
        let name = peer.name(&desk.frame.config);
        let leg = SipLeg {
            call,
            peer,
            tag: tag.clone(),
            flow,
            hops: hops.saturating_sub(1),
            state: State::Outgoing(Box::new(outgoing)),
            media: super::LegMedia::new(name),
            opened: None,
            partner: None,
            alarm: None,
        };
        self.by_tag.insert(tag, id);
        self.legs.insert(id, leg);
        self.try_way(desk, id);
    }

    fn plan(&self, desk: &mut Desk<'_>, dial: Dial, tag: &str) -> Result<(Peer, Draft, Way), End> {
        let frame = &mut *desk.frame;
        let call_id = format!("{}{}", frame.random.token(), frame.random.token());
        let session_seconds = frame.config.settings.session_seconds;
        let config = frame.config.clone();
        match dial.target {
            Target::Registration { id, ref number } => {
                let gone = || End::ours(Cause::SUBSCRIBER_ABSENT, Why::NotRegistered);
                let binding = desk.registrar.binding(id).ok_or_else(gone)?;
                let known = &binding.registration;
                let way = if frame.is_standing(&binding.flow) && binding.flow.connection.is_some() {
                    Way::Flow(binding.flow)
                } else if known.transport == call::Transport::Udp {
                    let local = binding.flow.local;
                    Way::Flow(Flow::udp(local, binding.address()))
                } else if binding.is_behind_nat() {
                    Way::Lost
                } else {
                    let transport = binding.flow.transport;
                    let addr = binding.address();
                    let host = addr.ip().to_string();
                    let (port, secure) = (Some(addr.port()), transport.is_secure());
                    let transport = Some(transport);
                    Way::to(Destination { host, port, transport, secure }, frame, desk.now)
                };
                let tenant = TenantId(known.tenant);
                // What the phone dials back from its list of calls: us, as it reaches us.
                let at = frame.places.advertised(&config, &binding.flow);
                let usual = at.port() == binding.flow.transport.default_port();
                let domain = if usual { bracketed(&at.ip().to_string()) } else { at.to_string() };
                let headers = identity(&dial.from, dial.anonymous, &domain, true);
                let draft = Draft {
                    uri: known.contact.clone(),
                    from: from(&dial.from, dial.anonymous, &domain, tag),
                    to: format!("<sip:{}@{domain}>", sip::uri::escape_user(number)),
                    call_id,
                    contact_user: shown(&dial).to_owned(),
                    headers: [headers, diversions(&dial.diverted, &domain)].concat(),
                    session_seconds,
                    min_se: 90,
                    path: known.path.clone(),
                };
                Ok((Peer::Extension { tenant, number: number.clone() }, draft, way))
            }
            Target::Trunk { trunk, ref number } => {
                let id = TrunkId(trunk);
                let missing = || End::ours(Cause::NO_ROUTE, Why::NoRoute);
                let trunk = config.trunks.get(&id).ok_or_else(missing)?;
                let way = Way::to(destination(trunk), frame, desk.now);
                let draft = trunk_draft(trunk, &dial, number, tag, call_id, session_seconds);
                Ok((Peer::Trunk { tenant: trunk.tenant, trunk: id }, draft, way))
            }
        }
    }

    /// Sends the INVITE to the next target, once the targets are known.
    pub(super) fn try_way(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        if outgoing.attempt.is_some() || !outgoing.way.step(desk.frame, desk.now) {
            return;
        }
        if outgoing.cancelled.is_some() {
            return self.forget(desk.frame, id);
        }
        let Some(flow) = outgoing.way.next(desk.frame) else {
            return self.gone(desk, id, cause::unreachable(503));
        };
        leg.flow = flow;
        self.invite(desk, id, None);
    }

    /// Sends the INVITE by the leg's flow, with credentials when it was challenged.
    fn invite(&mut self, desk: &mut Desk<'_>, id: LegId, challenge: Option<Answering>) {
        let Some(leg) = self.legs.get(&id) else { return };
        let State::Outgoing(outgoing) = &leg.state else { return };
        let source = self.legs.get(&outgoing.media);
        let theirs = source.and_then(|leg| leg.media.theirs.clone().or_else(|| leg.offered()));
        // A side that was put on hold for a transfer is not on hold for the new party.
        let up = source.is_some_and(|leg| matches!(leg.state, State::Up(_)));
        let direction = up.then_some(Direction::SendRecv);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let body = match theirs {
            Some(theirs) => match leg.media.offer(desk.frame, whose, &theirs, direction) {
                Ok(body) => Some(body),
                Err(_) => {
                    return self.gone(desk, id, End::ours(Cause::CONGESTION, Why::NoPorts));
                }
            },
            None => None,
        };
        outgoing.cseq += 1;
        let trunk = match &leg.peer {
            Peer::Trunk { trunk, .. } => desk.frame.config.trunks.get(trunk).cloned(),
            Peer::Extension { .. } => None,
        };
        let mut answered = challenge;
        let (flow, now) = (leg.flow, desk.now);
        let frame = &mut *desk.frame;
        let challenged = answered.as_mut().zip(trunk.as_deref());
        let (bytes, branch) = outgoing.compose(frame, &flow, leg.hops, challenged, body.as_deref());
        let hop = outgoing.hop(flow, trunk.as_deref());
        let owner = Some(Owner::Leg(id));
        let transaction =
            frame.request_of_any_size(Method::Invite, &branch, bytes.clone(), hop, owner, now);
        let mute = match &leg.peer {
            Peer::Trunk { .. } => MUTE_TRUNK,
            Peer::Extension { .. } if outgoing.way.has_next() => MUTE_TRUNK,
            Peer::Extension { .. } => MUTE_PHONE,
        };
        outgoing.attempt = Some(Attempt {
            transaction,
            request: bytes,
            flow,
            mute_until: (!outgoing.heard).then(|| now + mute),
            challenge: answered,
        });
    }

    /// A response to our INVITE, or to a PRACK of ours.
    pub(super) fn invite_response(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status() else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let is_trunk = leg.is_trunk();
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let Some(attempt) = &mut outgoing.attempt else { return };
        if attempt.transaction != transaction {
            return;
        }
        attempt.mute_until = None;
        outgoing.heard = true;
        if status.is_provisional() {
            return self.provisional(desk, id, status, response);
        }
        outgoing.way.worked(desk.frame);
        if status.is_success() {
            return self.called_answered(desk, id, response);
        }
        if outgoing.cancelled.is_some() {
            return self.forget(desk.frame, id);
        }
        match status.code() {
            401 | 407 => self.challenged(desk, id, response),
            422 => self.session_too_small(desk, id, response),
            503 if outgoing.way.has_next() => {
                outgoing.way.failed(desk.frame, desk.now);
                outgoing.attempt = None;
                self.try_way(desk, id);
            }
            300..=399 => self.redirected(desk, id, response),
            _ => {
                let end = cause::from_status(status, is_trunk, outgoing.rang);
                self.gone(desk, id, end);
            }
        }
    }

    fn provisional(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        status: Status,
        response: &Message<'_>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let Some(attempt) = &outgoing.attempt else { return };
        let Ok(placed) = Message::parse_framed(&attempt.request) else { return };
        let flow = attempt.flow;
        let Ok(fork) = outgoing.early.learn(&placed, response, flow) else { return };
        if let (Some(fork), Ok(Some(rseq))) = (fork, response.rseq())
            && response.require().any(|extension| extension.eq_ignore_ascii_case("100rel"))
        {
            match fork.reliable.take(rseq) {
                Order::Next => {
                    let via = desk.frame.via(&flow);
                    let compose = fork.dialog.prack(rseq, outgoing.cseq, &via.value);
                    let owner = Some(Owner::Leg(id));
                    desk.frame.request(Method::Prack, &via.branch, compose, flow, owner, desk.now);
                }
                Order::Repeated | Order::Early => return,
            }
        }
        if outgoing.cancelled.is_some() {
            return;
        }
        let theirs = description(response).ok().flatten();
        let has_offer = leg.media.ours().is_some();
        if let Some(theirs) = theirs.filter(|_| has_offer) {
            leg.media.heard(desk.frame, whose, theirs);
            self.tell(id, LegEvent::Progress);
        }
        if status == Status::RINGING || status == Status::FORWARDED {
            let Some(SipLeg { state: State::Outgoing(outgoing), .. }) = self.legs.get_mut(&id)
            else {
                return;
            };
            let first = !std::mem::replace(&mut outgoing.rang, true);
            if first {
                self.tell(id, LegEvent::Ringing);
            }
        }
    }

    /// A 2xx: the call is up, or a cancelled one was answered at the same moment.
    fn called_answered(&mut self, desk: &mut Desk<'_>, id: LegId, response: &Message<'_>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let Some(attempt) = &outgoing.attempt else { return };
        let Ok(placed) = Message::parse_framed(&attempt.request) else { return };
        let (flow, cseq) = (attempt.flow, outgoing.cseq);
        let kept = (attempt.transaction, attempt.request.clone());
        let learned = outgoing.early.learn(&placed, response, flow).ok().flatten().is_some();
        let mut early = std::mem::take(&mut outgoing.early);
        let cancelled = outgoing.cancelled.take();
        if !learned {
            early = EarlyDialogs::default();
        }
        let Some(dialog) = early.into_confirmed() else {
            let end = End::ours(Cause::INTERWORKING, Why::ProtocolError);
            return self.gone(desk, id, end);
        };
        let theirs = description(response).ok().flatten();
        let had_offer = leg.media.ours().is_some();
        let timer = SessionTimer::answered(response.session_expires().ok().flatten(), desk.now);
        let allows_update = response.allow().any(|method| method == "UPDATE");
        leg.state = State::Up(Box::new(Up {
            dialog,
            is_caller: false,
            turn: Turn::Free,
            timer,
            answer: Answer::Settled,
            ack: None,
            answer_due: false,
            ack_due: (!had_offer && theirs.is_some()).then_some(cseq),
            talk: talk::Talk { placed: Some(kept), ..talk::Talk::default() },
            allows_update,
            transfer: None,
            farewell: None,
        }));
        if let Some(end) = cancelled {
            let refusal = match theirs {
                Some(theirs) if !had_offer => Some(leg.media.refusal(desk.frame, whose, &theirs)),
                Some(_) | None => None,
            };
            self.send_ack(desk, id, cseq, refusal.as_deref());
            return self.say_bye(desk, id, &end);
        }
        match theirs {
            Some(theirs) if had_offer => {
                leg.media.heard(desk.frame, whose, theirs);
                self.send_ack(desk, id, cseq, None);
            }
            // The 2xx is an offer: the ACK waits until the caller has answered it.
            Some(theirs) => leg.media.theirs = Some(theirs),
            None => {
                self.send_ack(desk, id, cseq, None);
                let no_early = self.legs.get(&id).is_none_or(|leg| leg.media.theirs.is_none());
                if had_offer && no_early {
                    let end = End::ours(Cause::INCOMPATIBLE, Why::NoCommonMedia);
                    self.tell(id, LegEvent::Ended(end.clone()));
                    return self.say_bye(desk, id, &end);
                }
            }
        }
        self.tell(id, LegEvent::Answered);
    }

    /// Acknowledges a 2xx, and keeps the ACK for when it is repeated.
    pub(super) fn send_ack(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        cseq: u32,
        body: Option<&[u8]>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Up(up) = &mut leg.state else { return };
        let flow = leg.flow;
        let via = desk.frame.via(&flow);
        let mut compose = up.dialog.ack(cseq, &via.value);
        if let Some(body) = body {
            compose = compose.body("application/sdp", body);
        }
        let bytes: Arc<[u8]> = compose.finish().into();
        up.ack = Some(Acknowledgement::new(cseq, bytes.clone()));
        desk.frame.send(flow, bytes);
    }

    fn challenged(&mut self, desk: &mut Desk<'_>, id: LegId, response: &Message<'_>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let is_trunk = leg.is_trunk();
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let before = outgoing.attempt.take().and_then(|attempt| attempt.challenge);
        let challenge = Answering::to(response).filter(|_| is_trunk);
        let refused = matches!((&challenge, &before), (Some(new), Some(old)) if new.refuses(old));
        match challenge {
            Some(challenge) if !refused => self.invite(desk, id, Some(challenge)),
            Some(_) | None => {
                let status = response.status().unwrap_or(Status::UNAUTHORIZED);
                self.gone(desk, id, cause::from_status(status, is_trunk, false));
            }
        }
    }

    fn session_too_small(&mut self, desk: &mut Desk<'_>, id: LegId, response: &Message<'_>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let minimum = response.min_se().ok().flatten().unwrap_or(0);
        if minimum <= outgoing.draft.session_seconds {
            let end = End::ours(Cause::INTERWORKING, Why::ProtocolError);
            return self.gone(desk, id, end);
        }
        outgoing.draft.session_seconds = minimum;
        outgoing.draft.min_se = minimum;
        let challenge = outgoing.attempt.take().and_then(|attempt| attempt.challenge);
        self.invite(desk, id, challenge);
    }

    fn redirected(&mut self, desk: &mut Desk<'_>, id: LegId, response: &Message<'_>) {
        let contact = response.contact().ok().flatten();
        let to =
            contact.and_then(|contact| contact.uri().user_decoded().map(|user| user.into_owned()));
        match to {
            Some(to) => {
                self.tell(id, LegEvent::Redirected { to });
                self.forget(desk.frame, id);
            }
            None => self.gone(desk, id, End::ours(Cause::INTERWORKING, Why::ProtocolError)),
        }
    }

    /// The INVITE got no answer or could not be sent: the next target, or the end.
    pub(super) fn attempt_failed(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        status: u16,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        if outgoing.attempt.as_ref().is_none_or(|attempt| attempt.transaction != transaction) {
            return;
        }
        outgoing.attempt = None;
        outgoing.way.failed(desk.frame, desk.now);
        if outgoing.cancelled.is_some() {
            return self.forget(desk.frame, id);
        }
        if outgoing.rang || !outgoing.way.has_next() {
            let end = cause::unreachable(status);
            return self.gone(desk, id, end);
        }
        self.try_way(desk, id);
    }

    /// Nobody said a word for too long: the attempt is given up before its transaction does.
    pub(super) fn mute(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let Some(attempt) = &outgoing.attempt else { return };
        let transaction = attempt.transaction;
        desk.frame.owners.remove(&transaction);
        desk.frame.transactions.cancel(transaction, None, desk.now);
        self.attempt_failed(desk, id, transaction, 408);
    }

    /// The leg never came up.
    fn gone(&mut self, desk: &mut Desk<'_>, id: LegId, end: End) {
        self.tell(id, LegEvent::Ended(end));
        self.forget(desk.frame, id);
    }

    /// Gives an INVITE of ours up.
    pub(super) fn cancel(&mut self, desk: &mut Desk<'_>, id: LegId, end: &End) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.media.close(desk.frame);
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let Some(attempt) = &mut outgoing.attempt else {
            return self.forget(desk.frame, id);
        };
        attempt.mute_until = None;
        outgoing.cancelled = Some(end.clone());
        let reason = cause::reason(end);
        desk.frame.transactions.cancel(attempt.transaction, Some(&reason), desk.now);
    }
}

impl Outgoing {
    /// The INVITE as it goes by a flow, and its branch.
    fn compose(
        &self,
        frame: &mut Frame,
        flow: &Flow,
        hops: u8,
        challenged: Option<(&mut Answering, &Trunk)>,
        body: Option<&[u8]>,
    ) -> (Arc<[u8]>, String) {
        let (mut compose, branch) = self.draft.begin(frame, flow, hops, self.cseq);
        if let Some((challenge, trunk)) = challenged {
            let (uri, body) = (&self.draft.uri, body.unwrap_or_default());
            compose = authorize(compose, challenge, trunk, Method::Invite, uri, body, frame);
        }
        // Reliable answers could carry an offer that we have no answer to yet.
        let supported = if body.is_some() { SUPPORTED } else { "timer, replaces" };
        compose = compose.header(Name::Supported, supported);
        if let Some(body) = body {
            compose = compose.body("application/sdp", body);
        }
        (compose.finish().into(), branch)
    }

    /// Where the INVITE goes.
    fn hop(&self, flow: Flow, trunk: Option<&Trunk>) -> Hop {
        let uri = sip::Uri::parse(&self.draft.uri);
        match (uri, trunk) {
            // A carrier is known by its name, and DNS says where it stands.
            (Some(uri), Some(trunk)) => {
                let takes_streams = uri.param("transport").is_none();
                Hop { flow, takes_streams }.of_trunk(trunk)
            }
            (Some(uri), None) => Hop::to(&uri, flow),
            (None, _) => Hop { flow, takes_streams: false },
        }
    }
}

impl SipLeg {
    /// What a caller offered who is not answered yet.
    fn offered(&self) -> Option<Arc<sdp::Session>> {
        match &self.state {
            State::Incoming(incoming) => incoming.offer.clone(),
            State::Outgoing(_) | State::Up(_) | State::Ending(_) => None,
        }
    }
}

impl Ending {
    pub(super) fn nothing(until: Instant) -> Self {
        Self { dialog: None, transaction: None, until }
    }
}

/// A carrier that does not even say 100 in this time is tried no longer.
const MUTE_TRUNK: Duration = Duration::from_secs(6);
/// A phone may sleep (Wi-Fi power save), but not for ever.
const MUTE_PHONE: Duration = Duration::from_secs(10);
const UNKNOWN: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);
