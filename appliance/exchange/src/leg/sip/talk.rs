//! A call that is up: requests in its dialog, and what is said to ours (RFC 3261 §12.2).

mod flow;

use super::abilities::{ALLOW, SUPPORTED};
use super::renegotiation::{Asked, Offered, Wanted};
use super::{Desk, Legs, SipLeg, State, cause, keys};
use crate::frame::Owner;
use call::{Decider, End, LegEvent, LegId, Why};
use sip::dialog::Sequence;
use sip::flow::Flow;
use sip::transaction::TransactionId;
use sip::{Compose, Message, Method, Name, Status};
use std::sync::Arc;

pub(super) use flow::hop;

/// What is being negotiated in a call that is up.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The peer's offer, while the other leg is asked.
    pub(super) theirs: Option<Asked>,
    /// Our offer to the peer.
    pub(super) ours: Option<Offered>,
    /// What waits until nobody else's offer is under way.
    pub(super) wanted: Option<Wanted>,
    /// The INVITE that opened the call, for as long as further 2xx may come from its forks.
    pub(super) placed: Option<(TransactionId, Arc<[u8]>)>,
}

impl Talk {
    pub(super) fn is_answering(&self, invite: TransactionId) -> bool {
        self.theirs.as_ref().is_some_and(|asked| asked.transaction == invite)
    }
}

impl Legs {
    /// A request in the dialog of a leg.
    pub(super) fn in_dialog(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &Message<'_>,
        flow: Flow,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let order = match &mut leg.state {
            State::Up(up) => up.dialog.receive(request),
            State::Incoming(incoming) => incoming.dialog.receive(request),
            State::Outgoing(_) | State::Ending(_) | State::Line(_) => Ok(Sequence::InOrder),
        };
        let status = match order {
            Ok(Sequence::InOrder) => None,
            Ok(Sequence::Old) => Some(Status::SERVER_INTERNAL_ERROR),
            Err(_) => Some(Status::BAD_REQUEST),
        };
        if let Some(status) = status {
            return desk.frame.reply(transaction, request, &flow, status, desk.now);
        }
        // A phone whose router forgot it, or that came by a new connection, is answered there.
        if leg.flow != flow && leg.flow.transport == flow.transport {
            leg.flow = flow;
            if let State::Up(up) = &mut leg.state {
                up.dialog.moved(flow);
            }
        }
        match request.method() {
            Some(Method::Bye) => self.bye(desk, id, transaction, request, &flow),
            Some(Method::Invite | Method::Update) => {
                self.peer_offers(desk, id, transaction, request, &flow);
            }
            Some(Method::Prack) => self.pracked(desk, id, transaction, request, &flow),
            Some(Method::Info) => self.info(desk, id, transaction, request, &flow),
            Some(Method::Message) => {
                desk.frame.reply(transaction, request, &flow, Status::OK, desk.now);
                self.pass_on(desk, id, Method::Message, request);
            }
            Some(Method::Refer) => self.refer(desk, id, transaction, request, &flow),
            Some(Method::Options) => {
                let compose = desk.frame.reply_to(request, &flow, Status::OK);
                let compose = compose
                    .header(Name::Allow, ALLOW)
                    .header(Name::Supported, SUPPORTED)
                    .header(Name::Accept, "application/sdp");
                desk.frame.respond(transaction, Status::OK, compose, desk.now);
            }
            Some(
                Method::Notify
                | Method::Subscribe
                | Method::Publish
                | Method::Register
                | Method::Ack
                | Method::Cancel
                | Method::Other(_),
            )
            | None => {
                let status = Status::NO_SUCH_CALL;
                desk.frame.reply(transaction, request, &flow, status, desk.now);
            }
        }
    }

    fn bye(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &Message<'_>,
        flow: &Flow,
    ) {
        desk.frame.reply(transaction, request, flow, Status::OK, desk.now);
        let Some(leg) = self.legs.get(&id) else { return };
        let by = leg.hung_up();
        match &leg.state {
            State::Up(_) => {
                self.drop_asked(desk, id);
                let end = cause::of_farewell(request, End::hung_up(by));
                self.hear_user(id, request);
                self.tell(id, LegEvent::Ended(end));
                self.forget(desk.frame, id);
            }
            State::Incoming(_) => {
                self.refuse(desk, id, Status::REQUEST_TERMINATED, None);
                let end = End { why: Why::Cancelled, ..End::hung_up(Decider::Caller) };
                let end = cause::of_farewell(request, end);
                self.tell(id, LegEvent::Ended(end));
                self.forget(desk.frame, id);
            }
            // A called peer cannot end what it has not answered (RFC 3261 §15).
            State::Outgoing(_) | State::Ending(_) | State::Line(_) => {}
        }
    }

    fn info(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &Message<'_>,
        flow: &Flow,
    ) {
        desk.frame.reply(transaction, request, flow, Status::OK, desk.now);
        match keys::of_info(request) {
            Some(press) => self.heard_key(id, press, desk.now),
            // A browser finds the box by itself: what addresses it has is of no use (RFC 8840 §4.4).
            None if is_candidate(request) => {}
            None if asks_for_picture(request) && self.refresh(desk, id) => {}
            None => self.pass_on(desk, id, Method::Info, request),
        }
    }

    /// The peer wants a whole picture. A browser is asked in its media, as it knows no such request;
    /// whether that was so.
    fn refresh(&self, desk: &mut Desk<'_>, id: LegId) -> bool {
        let partner = self.legs.get(&id).and_then(|leg| leg.partner);
        let shows = partner.and_then(|partner| self.legs.get(&partner));
        shows.is_some_and(|leg| leg.media.refresh(desk.frame))
    }

    /// Passes a body on to the other leg in a request of its own.
    fn pass_on(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        method: Method<'static>,
        request: &Message<'_>,
    ) {
        let Some(partner) = self.legs.get(&id).and_then(|leg| leg.partner) else { return };
        let content = request.header(Name::ContentType).map(String::from_utf8_lossy);
        let (Some(content), false) = (content, request.body().is_empty()) else { return };
        let Some((compose, branch, flow)) = self.begin(desk, partner, method) else { return };
        let bytes = compose.body(&content, request.body()).finish().into();
        let Some(SipLeg { state: State::Up(up), peer, .. }) = self.legs.get(&partner) else {
            return;
        };
        let hop = hop(peer, up, desk.frame, flow);
        let owner = Some(Owner::Leg(partner));
        desk.frame.request_of_any_size(method, &branch, bytes, hop, owner, desk.now);
    }

    /// Begins a request in the dialog of a leg that is up.
    pub(super) fn begin(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        method: Method<'static>,
    ) -> Option<(Compose, String, Flow)> {
        let leg = self.legs.get_mut(&id)?;
        leg.mend_flow(desk.frame);
        let flow = leg.next_flow(desk.frame);
        let State::Up(up) = &mut leg.state else { return None };
        let via = desk.frame.via(&flow);
        let compose = up.dialog.request(method, &via.value);
        Some((compose, via.branch, flow))
    }

    /// A response to a request in the dialog, or one more 2xx to the INVITE that opened it.
    pub(super) fn talk_response(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        response: &Message<'_>,
    ) {
        let Some(SipLeg { state: State::Up(up), flow, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        let flow = *flow;
        if let Some((placed, request)) = &up.talk.placed
            && *placed == transaction
        {
            let success = response.status().is_some_and(Status::is_success);
            if success && up.dialog.owns(response) {
                return repeat_ack(desk, up, response, flow);
            }
            let request = request.clone();
            if success {
                end_fork(desk, &request, response, flow);
            }
            return;
        }
        if up.talk.ours.as_ref().is_some_and(|ours| ours.transaction == transaction) {
            return self.offer_answered(desk, id, response);
        }
        let invite = response.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if invite && response.status().is_some_and(Status::is_success) {
            repeat_ack(desk, up, response, flow);
        }
    }

    /// A request in the dialog was not answered.
    pub(super) fn talk_failed(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        status: u16,
    ) {
        let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id) else { return };
        if up.talk.ours.as_ref().is_some_and(|ours| ours.transaction == transaction) {
            self.offer_refused(desk, id, status);
        }
    }

    /// A transaction is over for good.
    pub(crate) fn terminated(&mut self, id: LegId, transaction: TransactionId) {
        if let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id)
            && up.talk.placed.as_ref().is_some_and(|(placed, _)| *placed == transaction)
        {
            up.talk.placed = None;
        }
    }
}

/// The ACK of a 2xx that came again.
fn repeat_ack(desk: &mut Desk<'_>, up: &super::Up, response: &Message<'_>, flow: Flow) {
    let cseq = response.cseq().map(|cseq| cseq.number).unwrap_or_default();
    if let Some(bytes) = up.ack.as_ref().and_then(|ack| ack.repeat(cseq)) {
        desk.frame.send(flow, bytes);
    }
}

/// A second branch of a forked INVITE answered too: it is acknowledged and ended (RFC 3261 §13.2.2.4).
fn end_fork(desk: &mut Desk<'_>, request: &[u8], response: &Message<'_>, flow: Flow) {
    let Ok(placed) = Message::parse_framed(request) else { return };
    let Ok(mut dialog) = sip::dialog::Dialog::calling(&placed, response, flow) else { return };
    let cseq = placed.cseq().map(|cseq| cseq.number).unwrap_or_default();
    let via = desk.frame.via(&flow);
    let ack = dialog.ack(cseq, &via.value).finish();
    desk.frame.send(flow, ack.into());
    let via = desk.frame.via(&flow);
    let bye = dialog.request(Method::Bye, &via.value).header(Name::Reason, cause::ELSEWHERE);
    desk.frame.request(Method::Bye, &via.branch, bye, flow, None, desk.now);
}

/// Whether a request is one for a whole picture (RFC 5168).
fn asks_for_picture(request: &Message<'_>) -> bool {
    let content = request.content_type().ok().flatten();
    let asked = b"picture_fast_update";
    content.is_some_and(|content| content.is("application/media_control+xml"))
        && request.body().windows(asked.len()).any(|part| part == asked)
}

fn is_candidate(request: &Message<'_>) -> bool {
    let content = request.content_type().ok().flatten();
    content.is_some_and(|content| content.is("application/trickle-ice-sdpfrag"))
}
