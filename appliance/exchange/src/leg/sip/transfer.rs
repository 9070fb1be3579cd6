//! Transfers on the wire: REFER, and the NOTIFYs that tell how it goes (RFC 3515, RFC 5589, RFC 4488).

use super::{Desk, Legs, SipLeg, State};
use crate::frame::Owner;
use call::{LegEvent, LegId, TransferState};
use sip::flow::Flow;
use sip::header::session::Replaces;
use sip::transaction::TransactionId;
use sip::{Message, Method, Name, Status};

/// Whoever sent a REFER is subscribed to what becomes of it.
#[derive(Debug)]
pub(super) struct Subscription {
    /// The REFER's CSeq: its `id` when there are several.
    id: u32,
    /// The peer wants no NOTIFY (RFC 4488).
    silent: bool,
}

impl Legs {
    pub(super) fn refer(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        request: &Message<'_>,
        flow: &Flow,
    ) {
        let wanted = request.refer_to().ok().and_then(|to| {
            let uri = to.uri();
            let user = uri.user_decoded()?.into_owned();
            let replaces = uri.header("Replaces").map(|value| value.into_owned());
            Some((user, replaces))
        });
        let Some((to, replaces)) = wanted else {
            return desk.frame.reply(transaction, request, flow, Status::BAD_REQUEST, desk.now);
        };
        let other = match replaces {
            None => None,
            Some(value) => {
                let found = Replaces::parse(value.as_bytes()).and_then(|named| {
                    self.replaced(named.call_id, named.to_tag, named.from_tag).or_else(
                        // Which tag is whose depends on who reads; phones get it wrong both ways.
                        || self.replaced(named.call_id, named.from_tag, named.to_tag),
                    )
                });
                if found.is_none() {
                    let status = Status::NO_SUCH_CALL;
                    return desk.frame.reply(transaction, request, flow, status, desk.now);
                }
                found
            }
        };
        let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id) else {
            let status = Status::NO_SUCH_CALL;
            return desk.frame.reply(transaction, request, flow, status, desk.now);
        };
        if up.transfer.is_some() {
            return desk.frame.reply(transaction, request, flow, Status::REQUEST_PENDING, desk.now);
        }
        let silent = request
            .header(Name::Other("Refer-Sub"))
            .is_some_and(|value| value.eq_ignore_ascii_case(b"false"));
        let cseq = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        up.transfer = Some(Subscription { id: cseq, silent });
        let mut compose = desk.frame.reply_to(request, flow, Status::ACCEPTED);
        compose = compose.header(Name::Contact, desk.frame.contact("", flow));
        if silent {
            compose = compose.header(Name::Other("Refer-Sub"), "false");
        }
        desk.frame.respond(transaction, Status::ACCEPTED, compose, desk.now);
        self.tell(id, LegEvent::TransferAsked { to, replaces: other });
    }

    /// Tells the one who asked how its transfer goes.
    pub(super) fn transfer_progress(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        state: TransferState,
    ) {
        let (line, over) = match state {
            TransferState::Trying => ("SIP/2.0 100 Trying\r\n".to_owned(), false),
            TransferState::Ringing => ("SIP/2.0 180 Ringing\r\n".to_owned(), false),
            TransferState::Done => ("SIP/2.0 200 OK\r\n".to_owned(), true),
            TransferState::Failed(code) => {
                let status = Status::new(code).unwrap_or(Status::SERVICE_UNAVAILABLE);
                (format!("SIP/2.0 {status} {}\r\n", status.reason()), true)
            }
        };
        let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id) else { return };
        let Some(subscription) = up.transfer.take() else { return };
        let (number, silent) = (subscription.id, subscription.silent);
        if !over {
            up.transfer = Some(subscription);
        }
        if silent {
            return;
        }
        let Some((compose, branch, flow)) = self.begin(desk, id, Method::Notify) else { return };
        let subscription = if over { "terminated;reason=noresource" } else { "active;expires=180" };
        let compose = compose
            .header(Name::Contact, desk.frame.contact("", &flow))
            .header(Name::Event, format_args!("refer;id={number}"))
            .header(Name::SubscriptionState, subscription)
            .body("message/sipfrag;version=2.0", line.as_bytes());
        let owner = Some(Owner::Leg(id));
        desk.frame.request(Method::Notify, &branch, compose, flow, owner, desk.now);
    }
}
