//! How far a leg is, and what belongs to it only as long as it is that far.

use super::{draft, outgoing, talk, transfer};
use crate::way::Way;
use call::{End, LegId, RegistrationId};
use sdp::Session;
use sip::OwnedMessage;
use sip::dialog::{Dialog, EarlyDialogs};
use sip::session::answer::{Acknowledgement, Answer};
use sip::session::provisional::Reliable;
use sip::session::timer::{SessionTimer, Terms};
use sip::session::turn::Turn;
use sip::transaction::TransactionId;
use std::sync::Arc;
use std::time::Instant;

/// How far a leg is.
#[derive(Debug)]
pub(in crate::leg) enum State {
    /// Its INVITE came in and has no final response yet.
    Incoming(Box<Incoming>),
    /// Our INVITE is out, or about to be.
    Outgoing(Box<Outgoing>),
    /// The call is up.
    Up(Box<Up>),
    /// The farewell is said; what still comes is answered.
    Ending(Box<Ending>),
    /// It is no SIP: a call on a digital line.
    Line(Box<crate::leg::isdn::Line>),
}

/// An INVITE that came in.
#[derive(Debug)]
pub(in crate::leg) struct Incoming {
    pub(super) transaction: TransactionId,
    pub(super) request: OwnedMessage,
    pub(super) dialog: Dialog,
    pub(super) offer: Option<Arc<Session>>,
    /// The peer insists on reliable provisional responses (RFC 3262).
    pub(super) reliable: Option<Reliable>,
    /// A session description went out reliably: it is the answer, and stands.
    pub(super) answered_early: bool,
    /// The leg that answered, while that description is not confirmed yet (RFC 3262 §3).
    pub(super) answered_by: Option<AnsweredBy>,
    pub(super) terms: Option<Terms>,
}

/// With whom a caller is connected.
#[derive(Debug, Clone, Copy)]
pub(super) enum AnsweredBy {
    Leg(LegId),
    /// The box itself.
    Box,
}

/// An INVITE of ours.
#[derive(Debug)]
pub(in crate::leg) struct Outgoing {
    pub(super) draft: draft::Draft,
    pub(super) way: Way,
    /// The one that is out.
    pub(super) attempt: Option<outgoing::Attempt>,
    pub(super) early: EarlyDialogs,
    pub(super) cseq: u32,
    /// The leg whose media is offered.
    pub(super) media: LegId,
    /// The phone, if it is one.
    pub(super) phone: Option<RegistrationId>,
    /// Somebody or something answered at all.
    pub(super) heard: bool,
    pub(super) rang: bool,
    /// It was given up.
    pub(super) cancelled: Option<End>,
}

/// A call that is up.
#[derive(Debug)]
pub(in crate::leg) struct Up {
    pub(super) dialog: Dialog,
    /// Whether the peer called us: then its hang-up is the caller's.
    pub(super) is_caller: bool,
    pub(super) turn: Turn,
    pub(super) timer: SessionTimer,
    /// Our 2xx, until its ACK.
    pub(super) answer: Answer,
    /// Our ACK to the peer's 2xx.
    pub(super) ack: Option<Acknowledgement>,
    /// Our 2xx carried an offer: its ACK must carry the answer.
    pub(super) answer_due: bool,
    /// The peer's 2xx carried an offer: our ACK, for this CSeq, waits for the other leg's answer.
    pub(super) ack_due: Option<u32>,
    pub(super) talk: talk::Talk,
    pub(super) allows_update: bool,
    pub(super) transfer: Option<transfer::Subscription>,
    /// It shall end as soon as its ACK came (RFC 3261 §15).
    pub(super) farewell: Option<End>,
}

/// A call that is over.
#[derive(Debug)]
pub(in crate::leg) struct Ending {
    pub(super) dialog: Option<Dialog>,
    /// What our BYE gives as its Reason.
    pub(super) reason: String,
    /// Our BYE.
    pub(super) transaction: Option<TransactionId>,
    pub(super) until: Instant,
}
