//! A peer's offers in a call that is up: one leg changes its media, and the other leg is asked
//! (RFC 3264 §8, RFC 3261 §14.2, RFC 3311). Hold, resume, video added, codecs changed.

mod ours;

use super::abilities::{ALLOW, SUPPORTED, policy, proposal, timer_of, with_terms};
use super::incoming::warning;
use super::{Desk, Legs, SipLeg, State, Unreadable, description, speech};
use call::{LegEvent, LegId, Why};
use ours::Purpose;
use sdp::Session;
use sip::flow::Flow;
use sip::session::answer::Answer;
use sip::session::timer::{Terms, Verdict};
use sip::session::turn::Admission;
use sip::transaction::TransactionId;
use sip::{Message, Method, Name, OwnedMessage, Status, response_to};
use std::sync::Arc;

pub(super) use ours::{Offered, Wanted};

/// An offer of a peer that waits for what the other leg says.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) transaction: TransactionId,
    request: OwnedMessage,
    offer: Arc<Session>,
    terms: Option<Terms>,
}

impl Legs {
    /// A re-INVITE or UPDATE of a peer.
    pub(super) fn peer_offers(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &Message<'_>,
        flow: &Flow,
    ) {
        let frame = &mut *desk.frame;
        let is_invite = request.method() == Some(Method::Invite);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Up(up) = &mut leg.state else {
            // Before the answer there is nobody to be asked yet.
            let status = if request.body().is_empty() && !is_invite {
                Status::OK
            } else {
                Status::REQUEST_PENDING
            };
            return frame.reply(transaction, request, flow, status, desk.now);
        };
        let terms = match policy(frame).answer(&proposal(request)) {
            Verdict::TooSmall(minimum) => {
                let status = Status::SESSION_INTERVAL_TOO_SMALL;
                let compose = frame.reply_to(request, flow, status);
                let compose = compose.header(Name::MinSe, minimum.as_secs());
                return frame.respond(transaction, status, compose, desk.now);
            }
            Verdict::Timed(terms) => Some(terms),
            Verdict::Untimed => None,
        };
        let offer = match description(request) {
            Ok(offer) => offer,
            Err(unreadable) => {
                let status = match unreadable {
                    Unreadable::Type => Status::UNSUPPORTED_MEDIA_TYPE,
                    Unreadable::Text => Status::BAD_REQUEST,
                };
                return frame.reply(transaction, request, flow, status, desk.now);
            }
        };
        if offer.is_none() && !is_invite {
            // An UPDATE without an offer only keeps the session alive (RFC 4028 §10).
            up.timer = timer_of(terms, desk.now);
            let compose = frame.reply_to(request, flow, Status::OK);
            let compose = with_terms(compose, terms)
                .header(Name::Contact, frame.contact("", flow))
                .header(Name::Allow, ALLOW);
            return frame.respond(transaction, Status::OK, compose, desk.now);
        }
        match up.turn.admit() {
            Admission::Admitted => {}
            Admission::Pending => {
                return frame.reply(transaction, request, flow, Status::REQUEST_PENDING, desk.now);
            }
            Admission::TooSoon => {
                let status = Status::SERVER_INTERNAL_ERROR;
                let retry = frame.random.u16() % 10;
                let compose = frame.reply_to(request, flow, status);
                let compose = compose.header(Name::RetryAfter, retry);
                return frame.respond(transaction, status, compose, desk.now);
            }
        }
        if is_invite {
            let trying = response_to(request, Status::TRYING, "Trying", None, flow.remote);
            frame.respond(transaction, Status::TRYING, trying, desk.now);
        }
        let request = request.to_owned();
        let Some(offer) = offer else {
            return self.asked_for_offer(desk, id, transaction, &request, terms);
        };
        let asked = Asked { transaction, request, offer: offer.clone(), terms };
        self.may_pass_again(id);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Up(up) = &mut leg.state else { return };
        if let Err(why) = leg.media.check(&offer) {
            up.talk.theirs = Some(asked);
            return self.refuse_offer_for(desk, id, &why);
        }
        if let Some(ours) = leg.media.answer_again(desk.frame, whose, &offer) {
            return self.accept(desk, id, asked, Some(&ours));
        }
        up.talk.theirs = Some(asked);
        desk.frame.invites.insert(transaction, id);
        let partner = leg.partner;
        if let Some(partner) = self.settles_hold(desk, id, &offer) {
            return self.answer_hold(desk, id, partner, &offer);
        }
        self.ask_partner(desk, id, partner, &offer);
    }

    /// Passes an offer on to the other leg.
    fn ask_partner(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        partner: Option<LegId>,
        offer: &Arc<Session>,
    ) {
        let purpose = Purpose::OnBehalf(id);
        let Some(partner) = partner else {
            return self.answer_alone(desk, id, offer);
        };
        let free = match self.legs.get_mut(&partner).map(|leg| &mut leg.state) {
            Some(State::Up(up)) => up.turn.take(),
            Some(State::Incoming(_) | State::Outgoing(_) | State::Ending(_) | State::Line(_))
            | None => {
                return self.answer_alone(desk, id, offer);
            }
        };
        if !free {
            return self.refuse_offer(desk, id, Status::REQUEST_PENDING);
        }
        if self.offer_to(desk, partner, (id, offer), None, purpose).is_none() {
            if let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&partner) {
                up.turn.finish();
            }
            self.refuse_offer(desk, id, Status::NOT_ACCEPTABLE_HERE);
        }
        self.settle(partner);
    }

    /// Nobody is at the other end: the box talks with this leg, or it is in the middle of a transfer.
    fn answer_alone(&mut self, desk: &mut Desk<'_>, id: LegId, offer: &Arc<Session>) {
        let Some(leg) = self.legs.get(&id) else { return };
        let own = speech::own_answer(offer, leg.media.policy());
        self.answer_with(desk, id, offer, own);
    }

    /// Answers a peer's offer without asking anybody.
    pub(super) fn answer_with(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        offer: &Arc<Session>,
        own: Option<Session>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let Some(own) = own else {
            return self.refuse_offer(desk, id, Status::NOT_ACCEPTABLE_HERE);
        };
        let Ok(body) = leg.media.answer(desk.frame, whose, offer, &own) else {
            return self.refuse_offer(desk, id, Status::SERVICE_UNAVAILABLE);
        };
        let State::Up(up) = &mut leg.state else { return };
        if let Some(asked) = up.talk.theirs.take() {
            self.accept(desk, id, asked, Some(&body));
        }
    }

    /// The other leg answered what this leg's peer had offered.
    fn partner_answered(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        partner: LegId,
        answer: Option<&Session>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Up(up) = &mut leg.state else { return };
        let Some(asked) = up.talk.theirs.take() else { return };
        let body = answer.map(|answer| leg.media.answer(desk.frame, whose, &asked.offer, answer));
        match body {
            Some(Ok(body)) => self.accept(desk, id, asked, Some(&body)),
            Some(Err(_)) | None => {
                up.talk.theirs = Some(asked);
                self.refuse_offer(desk, id, Status::NOT_ACCEPTABLE_HERE);
            }
        }
        self.bridge(desk.frame, id, partner);
        let held = [id, partner]
            .iter()
            .filter_map(|leg| self.legs.get(leg))
            .any(|leg| leg.media.is_held());
        if let Some(leg) = self.legs.get_mut(&partner) {
            leg.media.set_held(desk.frame, held);
        }
        self.settle(id);
    }

    /// Answers a peer's offer with 200.
    fn accept(&mut self, desk: &mut Desk<'_>, id: LegId, asked: Asked, body: Option<&[u8]>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let was_held = leg.media.theirs.as_ref().is_some_and(|theirs| theirs.is_hold());
        let is_held = asked.offer.is_hold();
        leg.media.heard(desk.frame, whose, asked.offer.clone());
        self.say_ok(desk, id, asked.transaction, &asked.request, asked.terms, body);
        match (was_held, is_held) {
            (false, true) => self.tell(id, LegEvent::Held),
            (true, false) => self.tell(id, LegEvent::Resumed),
            (true, true) | (false, false) => {}
        }
    }

    fn say_ok(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &OwnedMessage,
        terms: Option<Terms>,
        body: Option<&[u8]>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let flow = leg.flow;
        let State::Up(up) = &mut leg.state else { return };
        let (frame, now) = (&mut *desk.frame, desk.now);
        let view = request.view();
        let ok = Status::OK;
        let mut compose = response_to(&view, ok, ok.reason(), None, flow.remote)
            .header(Name::Contact, frame.contact("", &flow))
            .header(Name::Allow, ALLOW)
            .header(Name::Supported, SUPPORTED);
        compose = with_terms(compose, terms);
        if let Some(body) = body {
            compose = compose.body("application/sdp", body);
        }
        let bytes: Arc<[u8]> = compose.finish().into();
        up.timer = timer_of(terms, now);
        frame.invites.remove(&transaction);
        frame.transactions.respond(transaction, ok, bytes.clone(), now);
        if view.method() == Some(Method::Invite) {
            let cseq = view.cseq().map(|cseq| cseq.number).unwrap_or_default();
            up.answer = Answer::sent(cseq, bytes, &frame.timers, now);
        } else {
            up.turn.finish();
        }
    }

    /// A re-INVITE without an offer: ours goes into the 200, and the answer comes with the ACK.
    fn asked_for_offer(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &OwnedMessage,
        terms: Option<Terms>,
    ) {
        let partner = self.legs.get(&id).and_then(|leg| leg.partner);
        let theirs = partner
            .and_then(|partner| self.legs.get(&partner))
            .and_then(|leg| leg.media.theirs.clone());
        let between = partner.map(|partner| self.terms(desk.frame, partner, id));
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let body = match theirs.zip(between) {
            Some((theirs, between)) => {
                leg.media.offer(desk.frame, whose, &theirs, &between, None).ok()
            }
            None => {
                let before = leg.media.ours().and_then(|ours| Session::parse(ours).ok());
                let (own, terms) = (speech::own_offer(before.as_ref()), speech::Terms::own());
                own.and_then(|own| leg.media.offer(desk.frame, whose, &own, &terms, None).ok())
            }
        };
        if let State::Up(up) = &mut leg.state {
            up.answer_due = body.is_some();
        }
        self.say_ok(desk, id, transaction, request, terms, body.as_deref());
    }

    /// Refuses a peer's offer that no other leg needs to be asked for.
    fn refuse_offer_for(&mut self, desk: &mut Desk<'_>, id: LegId, why: &Why) {
        let warning = warning(why).map(|code| (code, why.to_string()));
        self.refuse_offer_saying(desk, id, Status::NOT_ACCEPTABLE_HERE, warning);
    }

    /// Refuses a peer's offer: everything stays as it was.
    fn refuse_offer(&mut self, desk: &mut Desk<'_>, id: LegId, status: Status) {
        self.refuse_offer_saying(desk, id, status, None);
    }

    fn refuse_offer_saying(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        status: Status,
        warning: Option<(u16, String)>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let flow = leg.flow;
        let State::Up(up) = &mut leg.state else { return };
        let Some(asked) = up.talk.theirs.take() else { return };
        up.turn.finish();
        let view = asked.request.view();
        let mut compose = response_to(&view, status, status.reason(), None, flow.remote);
        if let Some((code, text)) = warning {
            let at = desk.frame.places.advertised(&desk.frame.config, &flow);
            compose = compose.header(Name::Warning, format_args!("{code} {at} \"{text}\""));
        }
        desk.frame.invites.remove(&asked.transaction);
        desk.frame.respond(asked.transaction, status, compose, desk.now);
        self.continue_talk(desk, id);
    }

    /// The peer took its re-INVITE back.
    pub(super) fn offer_cancelled(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        _invite: TransactionId,
    ) {
        self.refuse_offer(desk, id, Status::REQUEST_TERMINATED);
    }

    /// The call ends while a peer's offer waits.
    pub(super) fn drop_asked(&mut self, desk: &mut Desk<'_>, id: LegId) {
        self.refuse_offer(desk, id, Status::REQUEST_TERMINATED);
    }
}
