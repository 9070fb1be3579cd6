//! A call that goes out: our INVITE, until somebody answers it or nobody is left to ask
//! (RFC 3261 §13.2, §9.1; RFC 3263 §4.3; RFC 3262 §4).

mod response;

use super::abilities::SUPPORTED;
use super::draft::{
    Dial, Draft, authorize, bracketed, destination, diversions, from, identity, shown, trunk_draft,
};
use super::{Desk, Legs, Outgoing, Peer, SipLeg, State, cause};
use crate::frame::{Frame, Hop, Owner};
use crate::leg::along::{Along, user_header};
use crate::way::Way;
use call::{CallId, Cause, End, LegEvent, LegId, Target, Why};
use config::{TenantId, Trunk, TrunkId, TrunkKind};
use sdp::Direction;
use sip::dialog::EarlyDialogs;
use sip::digest::Answering;
use sip::flow::Flow;
use sip::resolve::Destination;
use sip::session::answer::Acknowledgement;
use sip::transaction::TransactionId;
use sip::{Method, Name};
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
        if let Target::Trunk { trunk, .. } = dial.target
            && let Some(trunk) = desk.frame.config.trunks.get(&TrunkId(trunk)).cloned()
            && trunk.kind == TrunkKind::Isdn
        {
            return self.dial_line(desk, call, id, &trunk, dial);
        }
        let caller = self.legs.get(&dial.media);
        let (hops, urgent) = caller.map_or((70, false), |leg| (leg.hops, leg.urgent));
        let tag = desk.frame.random.token();
        let media = dial.media;
        let phone = dial.phone();
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
            phone,
            heard: false,
            rang: false,
            cancelled: None,
        };
        let name = peer.name(&desk.frame.config);
        let codecs = peer.codecs(&desk.frame.config);
        let known = phone.and_then(|phone| desk.registrar.binding(phone));
        let shakes_hands = known.is_some_and(|known| known.shakes_hands);
        let encryption = peer.encryption(&desk.frame.config, urgent);
        let encryption = if shakes_hands { encryption.with_dtls() } else { encryption };
        let path = peer.path(&desk.frame.config);
        let certificates = desk.frame.places.shown();
        let mut media = super::LegMedia::new(name, codecs, encryption, certificates, path);
        media.music = peer.music(&desk.frame.config);
        media.knows(phone.and_then(|phone| desk.registrar.experience(phone)));
        let leg = SipLeg {
            call,
            peer,
            tag: tag.clone(),
            flow,
            hops: hops.saturating_sub(1),
            state: State::Outgoing(Box::new(outgoing)),
            media,
            opened: None,
            partner: None,
            urgent,
            along: Along::default(),
            told: None,
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
                } else if binding.is_behind_nat() || known.transport == call::Transport::Wss {
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
                let mut headers = identity(&dial.from, dial.anonymous, &domain, true);
                headers.extend(diversions(&dial.diverted, &domain));
                headers.extend(dial.user.as_ref().map(user_header));
                let draft = Draft {
                    uri: known.contact.clone(),
                    from: from(&dial.from, dial.anonymous, &domain, tag),
                    to: format!("<sip:{}@{domain}>", sip::uri::escape_user(number)),
                    call_id,
                    contact_user: shown(&dial).to_owned(),
                    headers,
                    session_seconds,
                    min_se: 90,
                    path: known.path.clone(),
                };
                let (number, device) = (number.clone(), known.device.clone());
                Ok((Peer::Extension { tenant, number, device }, draft, way))
            }
            Target::Trunk { trunk, ref number, .. } => {
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
        let terms = self.terms(desk.frame, outgoing.media, id);
        let theirs = source.and_then(SipLeg::described);
        // A side that was put on hold for a transfer is not on hold for the new party.
        let up = source.is_some_and(|leg| matches!(leg.state, State::Up(_)));
        let direction = up.then_some(Direction::SendRecv);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Outgoing(outgoing) = &mut leg.state else { return };
        let body = match theirs {
            Some(theirs) => match leg.media.offer(desk.frame, whose, &theirs, &terms, direction) {
                Ok(body) => Some(body),
                Err(unoffered) => return self.gone(desk, id, unoffered.end()),
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
        let reason = cause::reason(&cause::unreachable(408));
        desk.frame.transactions.cancel(transaction, Some(&reason), desk.now);
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
    pub(super) fn offered(&self) -> Option<Arc<sdp::Session>> {
        match &self.state {
            State::Incoming(incoming) => incoming.offer.clone(),
            State::Outgoing(_) | State::Up(_) | State::Ending(_) | State::Line(_) => None,
        }
    }
}

/// A carrier that does not even say 100 in this time is tried no longer.
const MUTE_TRUNK: Duration = Duration::from_secs(6);
/// A phone may sleep (Wi-Fi power save), but not for ever.
const MUTE_PHONE: Duration = Duration::from_secs(10);
pub(super) const UNKNOWN: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);
