//! What is said to our INVITE: it rings, it is answered, or it shall be sent otherwise
//! (RFC 3261 §13.2.2, RFC 3262 §4, RFC 4028 §7.3).

use crate::frame::Owner;
use crate::leg::sip::{Desk, Legs, SipLeg, State, Up, cause, description, talk};
use call::{Cause, End, LegEvent, LegId, Party, Why};
use sip::dialog::EarlyDialogs;
use sip::digest::Answering;
use sip::session::answer::Answer;
use sip::session::provisional::Order;
use sip::session::timer::SessionTimer;
use sip::session::turn::Turn;
use sip::transaction::TransactionId;
use sip::{Message, Method, Status};

impl Legs {
    /// A response to our INVITE, or to a PRACK of ours.
    pub(in crate::leg::sip) fn invite_response(
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
            488 | 606 if self.ask_otherwise(desk, id) => {}
            _ => {
                self.hear_user(id, response);
                let Some(leg) = self.legs.get(&id) else { return };
                let State::Outgoing(outgoing) = &leg.state else { return };
                let mut end = cause::of_refusal(status, response, is_trunk, outgoing.rang);
                // Who was asked for nothing else may well speak in the clear.
                if end.why == Why::NoCommonMedia && leg.media.requires_encryption() {
                    end.why = Why::EncryptionRequired;
                }
                self.gone(desk, id, end);
            }
        }
    }

    /// An offer of ours was refused: the peer is asked for keys in another way, if there is one. What is
    /// known of it is kept for the next call.
    fn ask_otherwise(&mut self, desk: &mut Desk<'_>, id: LegId) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        let State::Outgoing(outgoing) = &mut leg.state else { return false };
        let again = leg.media.ask_otherwise(outgoing.rang);
        if let Some(phone) = outgoing.phone {
            desk.registrar.learn(phone, leg.media.experience());
        }
        if again {
            let challenge = outgoing.attempt.take().and_then(|attempt| attempt.challenge);
            self.invite(desk, id, challenge);
        }
        again
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
        let has_offer = leg.media.has_spoken();
        leg.media.note_allowed(response);
        if let Some(theirs) = theirs.filter(|_| has_offer) {
            // What is wrong with it is told when it stands, with the 2xx.
            if leg.media.answered(desk.frame, whose, theirs).is_ok() {
                self.tell(id, LegEvent::Progress);
            }
        }
        if status == Status::RINGING || status == Status::FORWARDED {
            let Some(SipLeg { state: State::Outgoing(outgoing), .. }) = self.legs.get_mut(&id)
            else {
                return;
            };
            let first = !std::mem::replace(&mut outgoing.rang, true);
            if first {
                self.hear_user(id, response);
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
        let (flow, cseq, phone) = (attempt.flow, outgoing.cseq, outgoing.phone);
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
        let had_offer = leg.media.has_spoken();
        leg.media.note_allowed(response);
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
                let answered = leg.media.answered(desk.frame, whose, theirs);
                self.send_ack(desk, id, cseq, None);
                if let Err(why) = answered {
                    let end = End::ours(Cause::INCOMPATIBLE, why);
                    self.tell(id, LegEvent::Ended(end.clone()));
                    return self.say_bye(desk, id, &end);
                }
                if let Some((leg, phone)) = self.legs.get_mut(&id).zip(phone) {
                    leg.media.was_taken();
                    desk.registrar.learn(phone, leg.media.experience());
                }
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
        self.hear_user(id, response);
        if let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.is_trunk()) {
            leg.along.answered_as = asserted(response);
        }
        self.tell(id, LegEvent::Answered);
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
                let end = cause::of_refusal(status, response, is_trunk, false);
                self.gone(desk, id, end);
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
}

/// Whom a carrier vouches for; nobody who does not want to be shown (RFC 3325 §7, RFC 3323).
fn asserted(response: &Message<'_>) -> Option<Party> {
    if response.privacy().any(|kind| matches!(kind, "id" | "user" | "header")) {
        return None;
    }
    let party = response.p_asserted_identity().ok()?.next()?.ok()?;
    let number = party.uri().user_decoded()?.into_owned();
    Some(Party { number, name: party.display().trim().to_owned() })
}
