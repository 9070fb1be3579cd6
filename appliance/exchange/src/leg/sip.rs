//! SIP legs: each is one dialog with one phone or carrier, and translates between its messages and the
//! events and commands that `pbx` knows. Nothing of one leg's dialog is seen on the other.

mod alarm;
mod browser;
mod cause;
mod dialogs;
mod direct;
mod draft;
mod farewell;
mod hold;
mod incoming;
mod keys;
mod media;
mod outgoing;
mod renegotiation;
mod secrecy;
mod speech;
mod talk;
mod transfer;
mod voice;

pub use dialogs::Signalling;

use crate::frame::Frame;
use crate::registrar::Registrar;
use crate::way::Way;
use ::call::{CallId, Cause, Decider, End, LegCommand, LegEvent, LegId, Offer, PortId, Suite};
use config::{CodecPolicy, Config, Encryption, TenantId, TrunkId};
use media::{LegMedia, Whose};
use sdp::Session;
use sip::dialog::{Dialog, EarlyDialogs};
use sip::flow::{Flow, Transport};
use sip::resolve::{Answer as DnsAnswer, Question};
use sip::session::answer::{Acknowledgement, Answer};
use sip::session::provisional::Reliable;
use sip::session::timer::{SessionTimer, Terms};
use sip::session::turn::Turn;
use sip::transaction::TransactionId;
use sip::{Message, OwnedMessage};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// All SIP legs.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    legs: BTreeMap<LegId, SipLeg>,
    by_tag: HashMap<String, LegId>,
    /// INVITEs that opened a leg, for copies of them that come by another way.
    opened: HashMap<Opened, LegId>,
    timers: BTreeSet<(Instant, LegId)>,
    /// Legs that wait for the DNS.
    asking: BTreeSet<LegId>,
    events: VecDeque<(CallId, LegId, LegEvent)>,
}

/// What the copies of one request have in common (RFC 3261 §8.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Opened {
    call_id: String,
    tag: String,
    cseq: u32,
}

/// One leg.
#[derive(Debug)]
pub(crate) struct SipLeg {
    call: CallId,
    peer: Peer,
    /// Our tag, in every message of the leg.
    tag: String,
    flow: Flow,
    /// `Max-Forwards` of the INVITE that opened the call: circles through several boxes end.
    hops: u8,
    state: State,
    media: LegMedia,
    /// The INVITE that opened it, when the peer called.
    opened: Option<Opened>,
    /// The leg whose media this one hears.
    partner: Option<LegId>,
    /// Somebody needs help: no policy stands in the way.
    urgent: bool,
    /// The key that it told last.
    told: Option<keys::Told>,
    /// The timer under which it is entered.
    alarm: Option<Instant>,
}

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A phone of this extension.
    Extension { tenant: TenantId, number: String, device: Option<String> },
    /// A carrier.
    Trunk { tenant: TenantId, trunk: TrunkId },
}

impl Peer {
    /// What a call's record calls it: the number of an extension, the name of a trunk.
    fn name(&self, config: &Config) -> String {
        match self {
            Self::Extension { number, .. } => number.clone(),
            Self::Trunk { trunk, .. } => {
                config.trunks.get(trunk).map(|trunk| trunk.name.clone()).unwrap_or_default()
            }
        }
    }

    /// Whether it speaks encrypted: its own setting, else its tenant's. Who needs help is heard in the
    /// clear as well.
    fn encryption(&self, config: &Config, urgent: bool) -> Encryption {
        let (tenant, own) = match self {
            Self::Extension { tenant, device, .. } => {
                let device = device.as_deref();
                let device = device.and_then(|name| config.device_by_name(*tenant, name));
                (tenant, device.and_then(|device| device.encryption))
            }
            Self::Trunk { tenant, trunk } => {
                (tenant, config.trunks.get(trunk).and_then(|trunk| trunk.encryption))
            }
        };
        let shared = || config.tenant(*tenant).map(|tenant| tenant.encryption);
        let encryption = own.or_else(shared).unwrap_or_default();
        if urgent { encryption.relaxed() } else { encryption }
    }

    /// What its tenant calls music.
    fn music(&self, config: &Config) -> Option<u32> {
        let (Self::Extension { tenant, .. } | Self::Trunk { tenant, .. }) = self;
        config.tenant(*tenant)?.music
    }

    /// What it may speak: its own policy, else its tenant's.
    fn codecs(&self, config: &Config) -> CodecPolicy {
        let (tenant, own) = match self {
            Self::Extension { tenant, device, .. } => {
                let device = device.as_deref();
                let device = device.and_then(|name| config.device_by_name(*tenant, name));
                (tenant, device.and_then(|device| device.codecs.clone()))
            }
            Self::Trunk { tenant, trunk } => {
                (tenant, config.trunks.get(trunk).and_then(|trunk| trunk.codecs.clone()))
            }
        };
        let shared = || config.tenant(*tenant).map(|tenant| tenant.codecs.clone());
        own.or_else(shared).unwrap_or_default()
    }
}

#[derive(Debug)]
enum State {
    /// Its INVITE came in and has no final response yet.
    Incoming(Box<Incoming>),
    /// Our INVITE is out, or about to be.
    Outgoing(Box<Outgoing>),
    /// The call is up.
    Up(Box<Up>),
    /// The farewell is said; what still comes is answered.
    Ending(Box<Ending>),
}

/// An INVITE that came in.
#[derive(Debug)]
struct Incoming {
    transaction: TransactionId,
    request: OwnedMessage,
    dialog: Dialog,
    offer: Option<Arc<Session>>,
    /// The peer insists on reliable provisional responses (RFC 3262).
    reliable: Option<Reliable>,
    /// A session description went out reliably: it is the answer, and stands.
    answered_early: bool,
    /// The leg that answered, while that description is not confirmed yet (RFC 3262 §3).
    answered_by: Option<AnsweredBy>,
    terms: Option<Terms>,
}

/// With whom a caller is connected.
#[derive(Debug, Clone, Copy)]
enum AnsweredBy {
    Leg(LegId),
    /// The box itself.
    Box,
}

/// An INVITE of ours.
#[derive(Debug)]
struct Outgoing {
    draft: draft::Draft,
    way: Way,
    /// The one that is out.
    attempt: Option<outgoing::Attempt>,
    early: EarlyDialogs,
    cseq: u32,
    /// The leg whose media is offered.
    media: LegId,
    /// Somebody or something answered at all.
    heard: bool,
    rang: bool,
    /// It was given up.
    cancelled: Option<End>,
}

/// A call that is up.
#[derive(Debug)]
struct Up {
    dialog: Dialog,
    /// Whether the peer called us: then its hang-up is the caller's.
    is_caller: bool,
    turn: Turn,
    timer: SessionTimer,
    /// Our 2xx, until its ACK.
    answer: Answer,
    /// Our ACK to the peer's 2xx.
    ack: Option<Acknowledgement>,
    /// Our 2xx carried an offer: its ACK must carry the answer.
    answer_due: bool,
    /// The peer's 2xx carried an offer: our ACK, for this CSeq, waits for the other leg's answer.
    ack_due: Option<u32>,
    talk: talk::Talk,
    allows_update: bool,
    transfer: Option<transfer::Subscription>,
    /// It shall end as soon as its ACK came (RFC 3261 §15).
    farewell: Option<End>,
}

#[derive(Debug)]
struct Ending {
    dialog: Option<Dialog>,
    /// Our BYE.
    transaction: Option<TransactionId>,
    until: Instant,
}

/// Who else there is, lent for one step.
pub(crate) struct Desk<'a> {
    pub(crate) frame: &'a mut Frame,
    pub(crate) registrar: &'a Registrar,
    pub(crate) now: Instant,
}

impl Legs {
    /// What legs have to tell, in order.
    pub(crate) fn poll_event(&mut self) -> Option<(CallId, LegId, LegEvent)> {
        self.events.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.legs.len()
    }

    /// A new INVITE: the leg is made, and its offer told.
    pub(crate) fn offered(
        &mut self,
        desk: &mut Desk<'_>,
        leg: LegId,
        call: CallId,
        invite: incoming::Invite<'_>,
        mut offer: Offer,
    ) {
        if let Some(made) = incoming::open(desk, call, invite) {
            self.by_tag.insert(made.tag.clone(), leg);
            if let Some(opened) = &made.opened {
                self.opened.insert(opened.clone(), leg);
            }
            offer.refused = offer.refused.or_else(|| made.refuses());
            self.legs.insert(leg, made);
            self.events.push_back((call, leg, LegEvent::Offered(offer)));
            self.settle(leg);
        }
    }

    /// Whether an INVITE is the copy of one that opened a leg.
    pub(crate) fn is_merged(&self, invite: &Message<'_>) -> bool {
        Opened::by(invite).is_some_and(|opened| self.opened.contains_key(&opened))
    }

    /// What `pbx` wants of a leg.
    pub(crate) fn command(
        &mut self,
        desk: &mut Desk<'_>,
        call: CallId,
        leg: LegId,
        command: LegCommand,
    ) {
        // A transfer moves a leg to another call.
        if let Some(known) = self.legs.get_mut(&leg) {
            known.call = call;
        }
        match command {
            LegCommand::Dial { target, from, anonymous, media, diverted } => {
                let dial = draft::Dial { target, from, anonymous, media, diverted };
                self.dial(desk, call, leg, dial);
            }
            LegCommand::Ring => self.ring(desk, leg, None),
            LegCommand::Progress { media } => self.ring(desk, leg, Some(media)),
            LegCommand::Answer { media } => self.answer(desk, leg, media),
            LegCommand::Serve(voice) => self.serve(desk, leg, voice),
            LegCommand::Moderate { room, muted, gain } => {
                if let Some(it) = self.legs.get_mut(&leg) {
                    it.media.moderate(desk.frame, voice::Manner { room, muted, gain });
                }
            }
            LegCommand::Hear(voice) => self.let_hear(desk, leg, voice),
            LegCommand::Listen { media } => self.listen(desk, leg, media),
            LegCommand::Rejoin { media, both } => self.rejoin(desk, leg, media, both),
            LegCommand::Key(press) => self.press(desk, leg, press),
            LegCommand::TransferProgress(state) => self.transfer_progress(desk, leg, state),
            LegCommand::End(end) => self.end(desk, leg, &end),
        }
        self.settle(leg);
        self.review(desk, leg);
    }

    /// A request in a dialog of this leg's.
    pub(crate) fn request(
        &mut self,
        desk: &mut Desk<'_>,
        leg: LegId,
        id: TransactionId,
        request: &Message<'_>,
        flow: Flow,
    ) {
        self.in_dialog(desk, leg, id, request, flow);
        self.settle(leg);
        self.review(desk, leg);
    }

    /// A leg and the box have keys by a handshake from now on.
    pub(crate) fn secured(&self, frame: &mut Frame, leg: LegId, port: PortId, suite: Suite) {
        if let Some(it) = self.legs.get(&leg) {
            it.media.secured(frame, leg, port, suite);
        }
    }

    /// A phone has left one stream for another: so have its calls.
    pub(crate) fn moved(&mut self, old: Flow, new: Flow) {
        for leg in self.legs.values_mut().filter(|leg| leg.flow == old) {
            leg.flow = new;
            if let State::Up(up) = &mut leg.state {
                up.dialog.moved(new);
            }
        }
    }

    /// An ACK that no transaction absorbed.
    pub(crate) fn ack(&mut self, desk: &mut Desk<'_>, request: &Message<'_>) {
        let Some(leg) = self.leg_of(request) else { return };
        self.acknowledged(desk, leg, request);
        self.settle(leg);
        self.review(desk, leg);
    }

    /// The CANCEL of an INVITE that came in.
    pub(crate) fn cancelled(&mut self, desk: &mut Desk<'_>, invite: TransactionId) {
        let meant = |leg: &SipLeg| match &leg.state {
            State::Incoming(incoming) => incoming.transaction == invite,
            State::Up(up) => up.talk.is_answering(invite),
            State::Outgoing(_) | State::Ending(_) => false,
        };
        let Some(owner) = desk.frame.invites.get(&invite).copied() else { return };
        if self.legs.get(&owner).is_some_and(meant) {
            self.caller_cancelled(desk, owner, invite);
            self.settle(owner);
        }
    }

    /// A response to a request of a leg's.
    pub(crate) fn response(
        &mut self,
        desk: &mut Desk<'_>,
        leg: LegId,
        id: TransactionId,
        response: &Message<'_>,
    ) {
        match self.legs.get(&leg).map(|leg| &leg.state) {
            Some(State::Outgoing(_)) => self.invite_response(desk, leg, id, response),
            Some(State::Up(_)) => self.talk_response(desk, leg, id, response),
            Some(State::Ending(_)) => self.late_response(desk, leg, id, response),
            Some(State::Incoming(_)) | None => {}
        }
        self.settle(leg);
        self.review(desk, leg);
    }

    /// A request of a leg's was not answered (408) or could not be sent (503).
    pub(crate) fn failed(
        &mut self,
        desk: &mut Desk<'_>,
        leg: LegId,
        id: TransactionId,
        status: u16,
    ) {
        match self.legs.get(&leg).map(|leg| &leg.state) {
            Some(State::Outgoing(_)) => self.attempt_failed(desk, leg, id, status),
            Some(State::Up(_)) => self.talk_failed(desk, leg, id, status),
            Some(State::Ending(_)) => self.forget(desk.frame, leg),
            Some(State::Incoming(_)) | None => {}
        }
        self.settle(leg);
    }

    /// The DNS answered.
    pub(crate) fn resolved(
        &mut self,
        desk: &mut Desk<'_>,
        question: &Question,
        answer: &DnsAnswer,
    ) {
        for leg in self.asking.clone() {
            if let Some(SipLeg { state: State::Outgoing(outgoing), .. }) = self.legs.get_mut(&leg) {
                outgoing.way.answer(question, answer);
            }
            self.try_way(desk, leg);
            self.settle(leg);
        }
    }

    /// The leg of a dialog, as a Replaces names it.
    pub(crate) fn replaced(&self, call_id: &str, ours: &str, theirs: &str) -> Option<LegId> {
        let id = self.by_tag.get(ours)?;
        let leg = self.legs.get(id)?;
        let is = |dialog: &Dialog| dialog.is(call_id, ours, theirs);
        let fits = match &leg.state {
            State::Up(up) => is(&up.dialog),
            State::Incoming(incoming) => is(&incoming.dialog),
            State::Outgoing(outgoing) => outgoing.early.forks().iter().any(|fork| is(&fork.dialog)),
            State::Ending(_) => false,
        };
        fits.then_some(*id)
    }

    /// The leg whose dialog a request is in.
    pub(crate) fn leg_of(&self, request: &Message<'_>) -> Option<LegId> {
        let to = request.to().ok()?;
        let id = *self.by_tag.get(to.tag()?)?;
        let leg = self.legs.get(&id)?;
        let owns = match &leg.state {
            State::Up(up) => up.dialog.owns(request),
            State::Incoming(incoming) => incoming.dialog.owns(request),
            State::Outgoing(outgoing) => {
                outgoing.early.forks().iter().any(|fork| fork.dialog.owns(request))
            }
            State::Ending(ending) => {
                ending.dialog.as_ref().is_some_and(|dialog| dialog.owns(request))
            }
        };
        owns.then_some(id)
    }

    fn tell(&mut self, leg: LegId, event: LegEvent) {
        if let Some(call) = self.legs.get(&leg).map(|leg| leg.call) {
            self.events.push_back((call, leg, event));
        }
    }

    /// Enters a leg's next deadline, and whether it waits for the DNS.
    fn settle(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            self.asking.remove(&id);
            return;
        };
        let asking = matches!(&leg.state, State::Outgoing(outgoing) if outgoing.way.is_asking());
        if asking {
            self.asking.insert(id);
        } else {
            self.asking.remove(&id);
        }
        let deadline = leg.deadline();
        if deadline == leg.alarm {
            return;
        }
        if let Some(old) = leg.alarm {
            self.timers.remove(&(old, id));
        }
        if let Some(new) = deadline {
            self.timers.insert((new, id));
        }
        leg.alarm = deadline;
    }

    /// Takes a leg out of every table; its ports rest.
    fn forget(&mut self, frame: &mut Frame, id: LegId) {
        let Some(mut leg) = self.legs.remove(&id) else { return };
        leg.media.close(frame);
        self.by_tag.remove(&leg.tag);
        if let Some(opened) = &leg.opened {
            self.opened.remove(opened);
        }
        self.asking.remove(&id);
        if let Some(alarm) = leg.alarm {
            self.timers.remove(&(alarm, id));
        }
        if let State::Incoming(incoming) = &leg.state {
            frame.invites.remove(&incoming.transaction);
        }
    }

    /// On what terms `to` is offered what `from` said.
    fn terms(&self, frame: &Frame, from: LegId, to: LegId) -> speech::Terms {
        let policy = |leg| self.legs.get(&leg).map(|leg: &SipLeg| leg.media.policy());
        let urgent = [from, to].iter().any(|leg| self.legs.get(leg).is_some_and(|it| it.urgent));
        let allowed = [from, to].into_iter().filter_map(policy).all(|policy| policy.translate);
        let theirs = policy(from).cloned().unwrap_or_default();
        let prices = frame.load.capacity().cloned().zip(frame.load.room());
        let prices = prices.filter(|_| !urgent);
        speech::Terms { theirs, translate: urgent || allowed, prices }
    }

    /// Connects the ports of two legs in both directions.
    fn bridge(&mut self, frame: &mut Frame, a: LegId, b: LegId) {
        if let (Some(one), Some(other)) = (self.legs.get(&a), self.legs.get(&b)) {
            one.media.bridge(frame, &other.media);
            one.media.compare(frame, a, &other.media);
            other.media.compare(frame, b, &one.media);
        }
        for (this, other) in [(a, b), (b, a)] {
            let price = self
                .legs
                .get(&this)
                .map(|leg| leg.media.price(frame, self.legs.get(&other).map(|other| &other.media)));
            if let Some(leg) = self.legs.get_mut(&this) {
                leg.media.say(frame, None);
                leg.partner = Some(other);
                leg.media.priced(frame, price.unwrap_or(0));
            }
        }
    }
}

impl Opened {
    fn by(invite: &Message<'_>) -> Option<Self> {
        Some(Self {
            call_id: invite.call_id().ok()?.to_owned(),
            tag: invite.from().ok()?.tag()?.to_owned(),
            cseq: invite.cseq().ok()?.number,
        })
    }
}

impl SipLeg {
    fn whose(&self, leg: LegId) -> Whose {
        let browser = matches!(self.flow.transport, Transport::Ws | Transport::Wss);
        Whose { call: self.call, leg, remote: self.flow.remote.ip(), browser }
    }

    /// Why what a caller offers cannot be taken by anybody.
    fn refuses(&self) -> Option<End> {
        let State::Incoming(incoming) = &self.state else { return None };
        let why = self.media.check(incoming.offer.as_deref()?).err()?;
        Some(End::ours(Cause::INCOMPATIBLE, why))
    }

    fn is_trunk(&self) -> bool {
        matches!(self.peer, Peer::Trunk { .. })
    }

    fn hung_up(&self) -> Decider {
        match &self.state {
            State::Incoming(_) => Decider::Caller,
            State::Up(up) if up.is_caller => Decider::Caller,
            State::Up(_) | State::Outgoing(_) | State::Ending(_) => Decider::Callee,
        }
    }
}

/// The session description of a message, if it carries one that can be read. A body of another type
/// is not the leg's to understand.
fn description(message: &Message<'_>) -> Result<Option<Arc<Session>>, Unreadable> {
    if message.body().is_empty() {
        return Ok(None);
    }
    let is_sdp = match message.content_type() {
        Ok(Some(content)) => content.is("application/sdp"),
        // Old phones leave it out.
        Ok(None) => true,
        Err(_) => return Err(Unreadable::Type),
    };
    if !is_sdp {
        return Err(Unreadable::Type);
    }
    Session::parse(message.body())
        .map(|session| Some(Arc::new(session)))
        .map_err(|_| Unreadable::Text)
}

/// Why a body is no session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    /// 415.
    Type,
    /// 400.
    Text,
}

pub(crate) use draft::{authorize, bracketed, destination};
pub(crate) use incoming::{ALLOW, Invite, SUPPORTED};
