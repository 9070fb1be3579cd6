//! The end of a leg, whatever state it is in (RFC 3261 §15).

use super::draft::authorize;
use super::{Desk, Ending, Legs, Peer, State, cause};
use crate::frame::Owner;
use call::{End, LegEvent, LegId};
use sip::digest::Answering;
use sip::transaction::TransactionId;
use sip::{Message, Method, Name};
use std::time::{Duration, Instant};

impl Legs {
    /// Ends a leg, in whatever way its state asks for.
    pub(super) fn end(&mut self, desk: &mut Desk<'_>, id: LegId, end: &End) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        match &mut leg.state {
            State::Incoming(_) => {
                self.refuse(desk, id, cause::to_status(end), Some(end));
                self.forget(desk.frame, id);
            }
            State::Outgoing(_) => self.cancel(desk, id, end),
            State::Up(up) => {
                // Who has not acknowledged our 2xx yet must not get a BYE (RFC 3261 §15).
                if up.answer.is_unconfirmed() {
                    up.farewell = Some(end.clone());
                    return leg.media.close(desk.frame);
                }
                if let Some(cseq) = up.ack_due.take() {
                    // Its 2xx was an offer, and an offer is answered (RFC 3261 §13.2.2.4).
                    let offer = leg.media.theirs.clone();
                    let refusal = offer.map(|offer| leg.media.refusal(desk.frame, whose, &offer));
                    self.send_ack(desk, id, cseq, refusal.as_deref());
                }
                self.say_bye(desk, id, end);
            }
            State::Ending(_) | State::Line(_) => {}
        }
    }

    /// Sends the BYE; the leg stays until it is answered.
    pub(super) fn say_bye(&mut self, desk: &mut Desk<'_>, id: LegId, end: &End) {
        self.drop_asked(desk, id);
        let Some((compose, branch, flow)) = self.begin(desk, id, Method::Bye) else { return };
        let reason = cause::reason(end);
        let mut compose = compose.header(Name::Reason, &reason);
        if let Some(leg) = self.legs.get_mut(&id) {
            compose = leg.along.put_user(compose);
        }
        let owner = Some(Owner::Leg(id));
        let transaction = desk.frame.request(Method::Bye, &branch, compose, flow, owner, desk.now);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.media.close(desk.frame);
        let until = desk.now + FAREWELL;
        let ending = Ending { dialog: None, reason, transaction: Some(transaction), until };
        if let State::Up(up) =
            std::mem::replace(&mut leg.state, State::Ending(Box::new(Ending::nothing(until))))
        {
            leg.state = State::Ending(Box::new(Ending { dialog: Some(up.dialog), ..ending }));
        }
    }

    /// The answer to a BYE.
    pub(super) fn late_response(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        transaction: TransactionId,
        response: &Message<'_>,
    ) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Ending(ending) = &mut leg.state else { return };
        if ending.transaction != Some(transaction) {
            return;
        }
        let Some(status) = response.status().filter(|status| status.is_final()) else { return };
        let challenge = matches!(status.code(), 401 | 407).then(|| Answering::to(response));
        let Some((mut challenge, dialog)) = challenge.flatten().zip(ending.dialog.take()) else {
            return self.forget(desk.frame, id);
        };
        let Peer::Trunk { trunk, .. } = leg.peer else { return self.forget(desk.frame, id) };
        let Some(trunk) = desk.frame.config.trunks.get(&trunk).cloned() else {
            return self.forget(desk.frame, id);
        };
        let (flow, mut dialog) = (leg.flow, dialog);
        let via = desk.frame.via(&flow);
        let uri = dialog.remote_target().as_str().to_owned();
        let compose = dialog.request(Method::Bye, &via.value).header(Name::Reason, &ending.reason);
        let frame = &mut *desk.frame;
        let compose = authorize(compose, &mut challenge, &trunk, Method::Bye, &uri, b"", frame);
        let owner = Some(Owner::Leg(id));
        // The dialog is gone from the state now: a second challenge ends it.
        ending.transaction =
            Some(frame.request(Method::Bye, &via.branch, compose, flow, owner, desk.now));
    }

    /// The peer is gone or knows nothing of the call.
    pub(super) fn lost(&mut self, desk: &mut Desk<'_>, id: LegId, end: End) {
        self.tell(id, LegEvent::Ended(end.clone()));
        self.say_bye(desk, id, &end);
    }
}

impl Ending {
    pub(super) fn nothing(until: Instant) -> Self {
        Self { dialog: None, reason: String::new(), transaction: None, until }
    }
}

/// A BYE that is not answered in this time is not waited for (64*T1).
const FAREWELL: Duration = Duration::from_secs(32);
