//! Offers of ours in a call that is up: on behalf of the other leg, for another partner, or to keep
//! the session alive (RFC 3264 §8, RFC 3261 §14.1, RFC 4028 §10).

use crate::frame::Owner;
use crate::leg::sip::abilities::{ALLOW, SUPPORTED};
use crate::leg::sip::draft::authorize;
use crate::leg::sip::talk::hop;
use crate::leg::sip::{Desk, Legs, Peer, SipLeg, State, description, speech};
use call::{Cause, Decider, End, LegId, Why};
use sdp::{Direction, Session};
use sip::digest::Answering;
use sip::header::session::{Refresher, SessionExpires};
use sip::session::timer::SessionTimer;
use sip::transaction::TransactionId;
use sip::{Message, Method, Name, Status};

/// An offer of ours that is out.
#[derive(Debug)]
pub(in crate::leg::sip) struct Offered {
    pub(in crate::leg::sip) transaction: TransactionId,
    cseq: u32,
    method: Method<'static>,
    body: Option<Vec<u8>>,
    purpose: Purpose,
    challenge: Option<Answering>,
}

/// Why we offer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Another leg asked.
    OnBehalf(LegId),
    /// The leg gets another partner.
    Rejoin { media: LegId, both: bool },
    /// The box itself talks with the leg.
    Reclaim,
    /// Its media goes past the box.
    Past,
    /// Its media comes back to the box.
    Back,
    /// The session timer.
    Refresh,
}

/// What waits for its turn.
#[derive(Debug, Clone, Copy)]
pub(in crate::leg::sip) enum Wanted {
    /// Another partner.
    Rejoin { media: LegId, both: bool },
    /// The box itself.
    Reclaim,
    /// Media that goes past the box, or comes back.
    Review,
    /// The session timer.
    Refresh,
}

impl Legs {
    /// Connects a leg with another partner, and asks it anew.
    pub(in crate::leg) fn rejoin(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        media: LegId,
        both: bool,
    ) {
        self.bridge(desk.frame, id, media);
        self.may_pass_again(id);
        let theirs = self.legs.get(&media).and_then(|leg| leg.media.theirs.clone());
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Up(up) = &mut leg.state else { return };
        let waits = up.answer.is_unconfirmed() || !up.turn.take();
        if waits {
            up.talk.wanted = Some(Wanted::Rejoin { media, both });
            return;
        }
        let purpose = Purpose::Rejoin { media, both };
        let sent = theirs.and_then(|theirs| {
            self.offer_to(desk, id, (media, &theirs), Some(Direction::SendRecv), purpose)
        });
        if sent.is_none()
            && let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id)
        {
            up.turn.finish();
        }
    }

    /// Does what waited for its turn.
    pub(in crate::leg::sip) fn continue_talk(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(SipLeg { state: State::Up(up), media, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(wanted) = up.talk.wanted.take() else { return };
        match wanted {
            Wanted::Rejoin { media, both } => self.rejoin(desk, id, media, both),
            Wanted::Reclaim => self.reclaim(desk, id),
            Wanted::Review => self.review(desk, id),
            Wanted::Refresh => {
                let by_update = up.allows_update;
                if up.answer.is_unconfirmed() || !up.turn.take() {
                    up.talk.wanted = Some(wanted);
                    return;
                }
                let body = if by_update { None } else { media.offer_again(desk.frame) };
                let method = if by_update { Method::Update } else { Method::Invite };
                self.send_offer(desk, id, method, body, Purpose::Refresh, None);
            }
        }
    }

    /// Offers what the box speaks itself; the turn was taken before.
    pub(in crate::leg::sip) fn offer_own(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let before = leg.media.ours().and_then(|ours| Session::parse(ours).ok());
        let body = speech::own_offer(before.as_ref()).and_then(|own| {
            let (terms, direction) = (speech::Terms::own(), Some(Direction::SendRecv));
            leg.media.offer(desk.frame, whose, &own, &terms, direction).ok()
        });
        let sent = body.and_then(|body| {
            self.send_offer(desk, id, Method::Invite, Some(body), Purpose::Reclaim, None)
        });
        if sent.is_none()
            && let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id)
        {
            up.turn.finish();
        }
    }

    /// Offers a leg to go past the box; the turn was taken before.
    pub(in crate::leg::sip) fn offer_path(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        body: Vec<u8>,
    ) -> Option<()> {
        self.send_offer(desk, id, Method::Invite, Some(body), Purpose::Past, None)
    }

    /// Offers a leg to come back to the box; the turn was taken before.
    pub(in crate::leg::sip) fn offer_back(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        (from, theirs): (LegId, &Session),
    ) {
        let direction = Some(Direction::SendRecv);
        if self.offer_to(desk, id, (from, theirs), direction, Purpose::Back).is_none()
            && let Some(leg) = self.legs.get_mut(&id)
            && let State::Up(up) = &mut leg.state
        {
            up.turn.finish();
            leg.media.cannot_return();
            desk.frame.tapes.is_deaf_to(leg.call);
        }
    }

    /// Sends an offer of ours, whose turn was taken before: what another leg said.
    pub(super) fn offer_to(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        (from, theirs): (LegId, &Session),
        direction: Option<Direction>,
        purpose: Purpose,
    ) -> Option<()> {
        let terms = self.terms(desk.frame, from, id);
        let leg = self.legs.get_mut(&id)?;
        let whose = leg.whose(id);
        let body = leg.media.offer(desk.frame, whose, theirs, &terms, direction).ok()?;
        self.send_offer(desk, id, Method::Invite, Some(body), purpose, None)
    }

    fn send_offer(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        method: Method<'static>,
        body: Option<Vec<u8>>,
        purpose: Purpose,
        mut challenge: Option<Answering>,
    ) -> Option<()> {
        let (compose, branch, flow) = self.begin(desk, id, method)?;
        let leg = self.legs.get_mut(&id)?;
        let State::Up(up) = &mut leg.state else { return None };
        let frame = &mut *desk.frame;
        let interval = frame.config.settings.session_seconds;
        let expires = SessionExpires { interval, refresher: Some(Refresher::Uac) };
        let mut compose = compose
            .header(Name::Contact, frame.contact("", &flow))
            .header(Name::Allow, ALLOW)
            .header(Name::Supported, SUPPORTED)
            .header(Name::SessionExpires, expires);
        if let (Some(challenge), Peer::Trunk { trunk, .. }) = (&mut challenge, &leg.peer)
            && let Some(trunk) = frame.config.trunks.get(trunk).cloned()
        {
            let uri = up.dialog.remote_target().as_str().to_owned();
            let text = body.as_deref().unwrap_or_default();
            compose = authorize(compose, challenge, &trunk, method, &uri, text, frame);
        }
        if let Some(body) = &body {
            compose = compose.body("application/sdp", body);
        }
        let cseq = up.dialog.local_cseq();
        let owner = Some(Owner::Leg(id));
        let bytes = compose.finish().into();
        let hop = hop(&leg.peer, up, frame, flow);
        let transaction = frame.request_of_any_size(method, &branch, bytes, hop, owner, desk.now);
        up.talk.ours = Some(Offered { transaction, cseq, method, body, purpose, challenge });
        Some(())
    }

    /// A response to an offer of ours.
    pub(in crate::leg::sip) fn offer_answered(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        response: &Message<'_>,
    ) {
        let Some(status) = response.status().filter(|status| status.is_final()) else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Up(up) = &mut leg.state else { return };
        if !status.is_success() {
            let challenge = matches!(status.code(), 401 | 407).then(|| Answering::to(response));
            if let Some(challenge) = challenge.flatten()
                && matches!(leg.peer, Peer::Trunk { .. })
                && up.talk.ours.as_ref().is_some_and(|ours| ours.challenge.is_none())
                && let Some(ours) = up.talk.ours.take()
            {
                let Offered { method, body, purpose, .. } = ours;
                self.send_offer(desk, id, method, body, purpose, Some(challenge));
                return;
            }
            return self.offer_refused(desk, id, status.code());
        }
        let Some(ours) = up.talk.ours.take() else { return };
        up.turn.finish();
        // A Contact that cannot be read leaves the peer where it was.
        let _ = up.dialog.refresh(ours.method, response);
        let expires = response.session_expires().ok().flatten();
        if expires.is_some() || matches!(ours.purpose, Purpose::Refresh) {
            up.timer = SessionTimer::answered(expires, desk.now);
        }
        let answer = description(response).ok().flatten();
        let answered = match &answer {
            Some(answer) => leg.media.answered(desk.frame, whose, answer.clone()),
            None => {
                leg.media.arrives(desk.frame);
                Ok(())
            }
        };
        if ours.method == Method::Invite {
            self.send_ack(desk, id, ours.cseq, None);
        }
        if let Err(why) = answered {
            if let Purpose::OnBehalf(asker) = ours.purpose {
                self.refuse_offer(desk, asker, Status::NOT_ACCEPTABLE_HERE);
                self.settle(asker);
            }
            let end = End::ours(Cause::INCOMPATIBLE, why);
            return self.lost(desk, id, end);
        }
        match ours.purpose {
            Purpose::Refresh | Purpose::Reclaim => {}
            Purpose::Past | Purpose::Back => self.path_answered(desk, id),
            Purpose::OnBehalf(asker) => self.partner_answered(desk, asker, id, answer.as_deref()),
            Purpose::Rejoin { media, both } => {
                self.bridge(desk.frame, id, media);
                if both {
                    self.rejoin(desk, media, id, false);
                    self.settle(media);
                }
            }
        }
        self.continue_talk(desk, id);
    }

    /// An offer of ours was refused, or nobody answered it.
    pub(in crate::leg::sip) fn offer_refused(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        status: u16,
    ) {
        let random = desk.frame.random.u16();
        let Some(SipLeg { state: State::Up(up), media, call, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(ours) = up.talk.ours.take() else { return };
        up.turn.finish();
        if media.stays_as_it_was(desk.frame, status == 491) {
            desk.frame.tapes.is_deaf_to(*call);
        }
        if status == 491 {
            up.turn.collide(!up.is_caller, random, desk.now);
            match ours.purpose {
                Purpose::Past | Purpose::Back => up.talk.wanted = Some(Wanted::Review),
                Purpose::Rejoin { media, both } => {
                    up.talk.wanted = Some(Wanted::Rejoin { media, both });
                }
                Purpose::Reclaim => up.talk.wanted = Some(Wanted::Reclaim),
                Purpose::Refresh => up.talk.wanted = Some(Wanted::Refresh),
                Purpose::OnBehalf(_) => {}
            }
        }
        if let Purpose::OnBehalf(asker) = ours.purpose {
            let status =
                Status::new(status).filter(|status| matches!(status.code(), 488 | 491 | 606));
            self.refuse_offer(desk, asker, status.unwrap_or(Status::NOT_ACCEPTABLE_HERE));
            self.settle(asker);
        }
        // RFC 3261 §12.2.1.2: the peer does not know the call any more, or is gone.
        if matches!(status, 408 | 481 | 503) {
            let end = End {
                cause: Cause::TEMPORARY_FAILURE,
                status: Some(status),
                by: Decider::Network,
                why: Why::DialogLost,
            };
            return self.lost(desk, id, end);
        }
        self.continue_talk(desk, id);
    }
}
