//! A call that comes in: its INVITE, until the final response (RFC 3261 §13.3, RFC 3262, RFC 4028).

use super::abilities::{ALLOW, SUPPORTED, policy, proposal, timer_of, with_terms};
use super::draft::identity;
use super::media::Unoffered;
use super::{
    AnsweredBy, Desk, Incoming, Legs, Opened, Peer, SipLeg, State, Up, cause, description, talk,
};
use crate::leg::along::Along;
use call::{CallId, Decider, End, LegEvent, LegId, Why};
use sdp::Session;
use sip::dialog::Dialog;
use sip::flow::Flow;
use sip::session::answer::Answer;
use sip::session::provisional::Reliable;
use sip::session::timer::Verdict;
use sip::session::turn::Turn;
use sip::transaction::TransactionId;
use sip::{Message, Name, Status, response_to};
use std::sync::Arc;

/// An INVITE whose sender is known.
pub(crate) struct Invite<'a> {
    pub(crate) transaction: TransactionId,
    pub(crate) request: &'a Message<'a>,
    pub(crate) flow: Flow,
    pub(crate) peer: Peer,
    /// It summons help.
    pub(crate) urgent: bool,
}

/// Makes the leg of an INVITE, or answers it with what is wrong.
pub(super) fn open(desk: &mut Desk<'_>, call: CallId, invite: Invite<'_>) -> Option<SipLeg> {
    let Invite { transaction, request, flow, peer, urgent } = invite;
    let Desk { frame, now, .. } = desk;
    let offer = match description(request) {
        Ok(offer) => offer,
        Err(super::Unreadable::Type) => {
            let status = Status::UNSUPPORTED_MEDIA_TYPE;
            let compose = frame.reply_to(request, &flow, status);
            let compose = compose.header(Name::Accept, "application/sdp");
            frame.respond(transaction, status, compose, *now);
            return None;
        }
        Err(super::Unreadable::Text) => {
            frame.reply(transaction, request, &flow, Status::BAD_REQUEST, *now);
            return None;
        }
    };
    let tag = frame.random.token();
    let dialog = match Dialog::answering(request, &tag, flow) {
        Ok(dialog) => dialog,
        Err(malformed) => {
            let status = Status::BAD_REQUEST;
            let reason = malformed.reason();
            let compose = response_to(request, status, reason, Some(&tag), flow.remote);
            frame.respond(transaction, status, compose, *now);
            return None;
        }
    };
    let terms = match policy(frame).answer(&proposal(request)) {
        Verdict::TooSmall(minimum) => {
            let status = Status::SESSION_INTERVAL_TOO_SMALL;
            let compose = frame.reply_to(request, &flow, status);
            let compose = compose.header(Name::MinSe, minimum.as_secs());
            frame.respond(transaction, status, compose, *now);
            return None;
        }
        Verdict::Timed(terms) => Some(terms),
        Verdict::Untimed => None,
    };
    let cseq = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
    let required = request.require().any(|extension| extension.eq_ignore_ascii_case("100rel"));
    let reliable = required.then(|| Reliable::new(cseq, frame.random.u32()));
    let trying = response_to(request, Status::TRYING, "Trying", None, flow.remote);
    frame.respond(transaction, Status::TRYING, trying, *now);
    let hops = request.max_forwards().ok().flatten().unwrap_or(70);
    let incoming = Incoming {
        transaction,
        request: request.to_owned(),
        dialog,
        offer,
        reliable,
        answered_early: false,
        answered_by: None,
        terms,
    };
    let (name, codecs) = (peer.name(&frame.config), peer.codecs(&frame.config));
    let (encryption, path) = (peer.encryption(&frame.config, urgent), peer.path(&frame.config));
    let certificates = frame.places.shown();
    let mut media = super::LegMedia::new(name, codecs, encryption, certificates, path);
    media.music = peer.music(&frame.config);
    media.note_allowed(request);
    Some(SipLeg {
        call,
        peer,
        tag,
        flow,
        hops,
        state: State::Incoming(Box::new(incoming)),
        media,
        opened: Opened::by(request),
        partner: None,
        urgent,
        along: Along::default(),
        told: None,
        alarm: None,
    })
}

impl Legs {
    /// Tells the caller that it rings; with `media`, and what is heard there.
    pub(super) fn ring(&mut self, desk: &mut Desk<'_>, id: LegId, media: Option<LegId>) {
        let theirs =
            media.and_then(|media| self.legs.get(&media)).and_then(|leg| leg.media.theirs.clone());
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Incoming(incoming) = &mut leg.state else { return };
        let mut body = None;
        if let (Some(offer), Some(theirs), false) =
            (incoming.offer.clone(), theirs, incoming.answered_early)
        {
            let Ok(answer) = leg.media.answer(desk.frame, whose, &offer, &theirs) else { return };
            leg.media.heard(desk.frame, whose, offer);
            body = Some(answer);
        }
        let status = if media.is_some() { Status::SESSION_PROGRESS } else { Status::RINGING };
        let view = incoming.request.view();
        let flow = leg.flow;
        let mut compose = response_to(&view, status, status.reason(), Some(&leg.tag), flow.remote)
            .header(Name::Contact, desk.frame.contact("", &flow))
            .header(Name::Allow, ALLOW);
        compose = leg.along.put_user(compose);
        let has_body = body.is_some();
        let number = incoming.reliable.as_mut().map(Reliable::number);
        if let Some(number) = number {
            compose = compose.header(Name::Require, "100rel").header(Name::RSeq, number);
        }
        if let Some(body) = body {
            compose = compose.body("application/sdp", &body);
        }
        let timers = desk.frame.timers;
        let (transaction, now) = (incoming.transaction, desk.now);
        match (incoming.reliable.as_mut(), number) {
            (Some(reliable), Some(number)) => {
                incoming.answered_early |= has_body;
                let bytes: Arc<[u8]> = compose.finish().into();
                if let Some(bytes) = reliable.send(number, bytes, &timers, now) {
                    desk.frame.transactions.respond(transaction, status, bytes, now);
                }
            }
            _ => desk.frame.respond(transaction, status, compose, now),
        }
        if let Some(media) = media.filter(|_| has_body) {
            self.bridge(desk.frame, id, media);
        }
    }

    /// Connects the caller with the leg that answered.
    pub(super) fn answer(&mut self, desk: &mut Desk<'_>, id: LegId, media: LegId) {
        let Some(answered) = self.legs.get(&media) else { return };
        let theirs = answered.media.theirs.clone();
        // A call that is up already has to be asked anew before its new partner can be answered.
        let was_up = matches!(&answered.state, State::Up(up) if up.ack_due.is_none());
        let takes_over = was_up && answered.partner.is_some_and(|partner| partner != id);
        let between = self.terms(desk.frame, media, id);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !matches!(leg.state, State::Incoming(_)) {
            return;
        }
        let whose = leg.whose(id);
        let State::Incoming(incoming) = &mut leg.state else { return };
        let unconfirmed = incoming.reliable.as_ref().is_some_and(Reliable::is_unacknowledged);
        if incoming.answered_early && unconfirmed {
            incoming.answered_by = Some(AnsweredBy::Leg(media));
            return;
        }
        let body = match (incoming.offer.clone(), &theirs) {
            (_, None) => Ok(None),
            (Some(_), Some(_)) if incoming.answered_early => Ok(None),
            (Some(offer), Some(theirs)) => {
                let answer = leg.media.answer(desk.frame, whose, &offer, theirs);
                leg.media.heard(desk.frame, whose, offer);
                answer.map(Some).map_err(Unoffered::from)
            }
            (None, Some(theirs)) => {
                leg.media.offer(desk.frame, whose, theirs, &between, None).map(Some)
            }
        };
        let body = match body {
            Ok(body) => body,
            Err(unoffered) => {
                let end = unoffered.end();
                self.tell(id, LegEvent::Ended(end.clone()));
                return self.end(desk, id, &end);
            }
        };
        let rejoin = takes_over || incoming.answered_early;
        self.note_who_answered(id, media);
        self.confirm(desk, id, body.as_deref());
        self.bridge(desk.frame, id, media);
        if rejoin {
            self.rejoin(desk, media, id, false);
            self.settle(media);
        }
    }

    /// The 200: from here on the call is up.
    pub(super) fn confirm(&mut self, desk: &mut Desk<'_>, id: LegId, body: Option<&[u8]>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Incoming(incoming) = &leg.state else { return };
        let answer_due = incoming.offer.is_none() && body.is_some();
        let placeholder = State::Ending(Box::new(super::Ending::nothing(desk.now)));
        let State::Incoming(incoming) = std::mem::replace(&mut leg.state, placeholder) else {
            return;
        };
        let Incoming { transaction, request, mut dialog, terms, .. } = *incoming;
        let view = request.view();
        let ok = Status::OK;
        let mut compose = response_to(&view, ok, ok.reason(), Some(&leg.tag), leg.flow.remote)
            .header(Name::Contact, desk.frame.contact("", &leg.flow))
            .header(Name::Allow, ALLOW)
            .header(Name::Supported, SUPPORTED);
        compose = with_terms(compose, terms);
        compose = leg.along.put_user(compose);
        if let Some(party) = &leg.along.talks_with {
            let at = desk.frame.places.advertised(&desk.frame.config, &leg.flow);
            for (name, value) in identity(party, false, &at.to_string(), false) {
                compose = compose.header(name, value);
            }
        }
        if let Some(body) = body {
            compose = compose.body("application/sdp", body);
        }
        let bytes: Arc<[u8]> = compose.finish().into();
        let cseq = view.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let allows_update = view.allow().any(|method| method == "UPDATE");
        let (frame, now) = (&mut *desk.frame, desk.now);
        frame.invites.remove(&transaction);
        frame.transactions.respond(transaction, ok, bytes.clone(), now);
        dialog.confirm();
        leg.state = State::Up(Box::new(Up {
            dialog,
            is_caller: true,
            turn: Turn::Theirs,
            timer: timer_of(terms, now),
            answer: Answer::sent(cseq, bytes, &frame.timers, now),
            ack: None,
            answer_due,
            ack_due: None,
            talk: talk::Talk::default(),
            allows_update,
            transfer: None,
            farewell: None,
        }));
    }

    /// The caller gave up before the final response, or takes back a re-INVITE.
    pub(super) fn caller_cancelled(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        invite: TransactionId,
        cancel: &Message<'_>,
    ) {
        let Some(leg) = self.legs.get(&id) else { return };
        match &leg.state {
            State::Incoming(_) => {
                let end = End { why: Why::Cancelled, ..End::hung_up(Decider::Caller) };
                let end = cause::of_farewell(cancel, end);
                self.refuse(desk, id, Status::REQUEST_TERMINATED, None);
                self.tell(id, LegEvent::Ended(end));
                self.forget(desk.frame, id);
            }
            State::Up(_) => self.offer_cancelled(desk, id, invite),
            State::Outgoing(_) | State::Ending(_) | State::Line(_) => {}
        }
    }

    /// The final refusal of an INVITE that came in.
    pub(super) fn refuse(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        status: Status,
        end: Option<&End>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Incoming(incoming) = &mut leg.state else { return };
        let view = incoming.request.view();
        let mut compose =
            response_to(&view, status, status.reason(), Some(&leg.tag), leg.flow.remote);
        compose = leg.along.put_user(compose);
        if let Some(end) = end {
            compose = compose.header(Name::Reason, cause::reason(end));
            if let Some(code) = warning(&end.why) {
                let at = desk.frame.places.advertised(&desk.frame.config, &leg.flow);
                compose = compose.header(Name::Warning, format_args!("{code} {at} \"{end}\""));
            }
            if matches!(end.why, Why::Overload | Why::NoPorts | Why::Shutdown) {
                compose = compose.header(Name::RetryAfter, RETRY_SECONDS);
            }
        }
        if let Some(reliable) = &mut incoming.reliable {
            reliable.stop();
        }
        desk.frame.respond(incoming.transaction, status, compose, desk.now);
    }

    /// A PRACK for one of our provisional responses.
    pub(super) fn pracked(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &Message<'_>,
        flow: &Flow,
    ) {
        let (now, timers) = (desk.now, desk.frame.timers);
        let mut answered_by = None;
        let status = match self.legs.get_mut(&id).map(|leg| &mut leg.state) {
            Some(State::Incoming(incoming)) => {
                let rack = request.rack().ok();
                let pracked = incoming.reliable.as_mut().zip(rack).map(|(reliable, rack)| {
                    reliable.acknowledge(rack.rseq, rack.cseq.number, &timers, now)
                });
                match pracked {
                    Some(sip::session::provisional::Pracked::Matched(next)) => {
                        if let Some(bytes) = next {
                            let id = incoming.transaction;
                            desk.frame.transactions.respond(id, Status::RINGING, bytes, now);
                        }
                        answered_by = incoming.answered_by.take();
                        // A second offer before the answer has nobody to be asked of yet.
                        if request.body().is_empty() {
                            Status::OK
                        } else {
                            Status::NOT_ACCEPTABLE_HERE
                        }
                    }
                    Some(sip::session::provisional::Pracked::Unmatched) | None => {
                        Status::NO_SUCH_CALL
                    }
                }
            }
            Some(State::Up(_)) => Status::OK,
            Some(State::Outgoing(_) | State::Ending(_) | State::Line(_)) | None => {
                Status::NO_SUCH_CALL
            }
        };
        desk.frame.reply(transaction, request, flow, status, now);
        match answered_by {
            Some(AnsweredBy::Leg(media)) => self.answer(desk, id, media),
            Some(AnsweredBy::Box) => self.answer_itself(desk, id),
            None => {}
        }
    }

    /// An ACK came: our 2xx arrived, and perhaps the answer to our offer.
    pub(super) fn acknowledged(&mut self, desk: &mut Desk<'_>, id: LegId, ack: &Message<'_>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Up(up) = &mut leg.state else { return };
        let cseq = ack.cseq().map(|cseq| cseq.number).unwrap_or_default();
        if !up.answer.acknowledge(cseq) {
            return;
        }
        up.turn.finish();
        if let Some(end) = up.farewell.take() {
            return self.say_bye(desk, id, &end);
        }
        if !std::mem::take(&mut up.answer_due) {
            return self.continue_talk(desk, id);
        }
        let Ok(Some(answer)) = description(ack) else {
            let end = End::ours(call::Cause::INCOMPATIBLE, Why::ProtocolError);
            self.tell(id, LegEvent::Ended(end.clone()));
            return self.end(desk, id, &end);
        };
        if let Err(why) = leg.media.answered(desk.frame, whose, answer.clone()) {
            let end = End::ours(call::Cause::INCOMPATIBLE, why);
            self.tell(id, LegEvent::Ended(end.clone()));
            return self.end(desk, id, &end);
        }
        let partner = leg.partner;
        if let Some(partner) = partner {
            self.late_answer(desk, partner, id, &answer);
            self.bridge(desk.frame, id, partner);
            self.settle(partner);
        }
        self.continue_talk(desk, id);
    }

    /// The answer to the offer of a called leg's 2xx is here: its ACK carries it.
    fn late_answer(&mut self, desk: &mut Desk<'_>, id: LegId, from: LegId, answer: &Arc<Session>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Up(up) = &mut leg.state else { return };
        let Some(cseq) = up.ack_due.take() else {
            // The leg was up before: it is asked anew if this changes what it hears.
            return self.rejoin(desk, id, from, false);
        };
        let Some(offer) = leg.media.theirs.clone() else { return };
        let Ok(body) = leg.media.answer(desk.frame, whose, &offer, answer) else { return };
        leg.media.heard(desk.frame, whose, offer);
        self.send_ack(desk, id, cseq, Some(&body));
    }
}

/// The code of the warning that a refusal explains itself with (RFC 3261 §27.2).
pub(super) fn warning(why: &Why) -> Option<u16> {
    match why {
        Why::NoCommonCodec { .. } => Some(305),
        Why::EncryptionRequired | Why::EncryptionOff => Some(302),
        Why::NoCommonCipher => Some(306),
        _ => None,
    }
}

/// How long a caller should wait when the box is full: a call's length, roughly.
const RETRY_SECONDS: u32 = 30;
