//! SIP legs: each is one dialog with one phone or carrier, and translates between its messages and the
//! events and commands that `pbx` knows. Nothing of one leg's dialog is seen on the other.

mod abilities;
mod alarm;
mod browser;
mod cause;
mod description;
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
mod state;
mod talk;
mod transfer;
mod voice;

pub use dialogs::Signalling;

use super::along::Along;
use crate::frame::Frame;
use crate::lines::Lines;
use crate::registrar::Registrar;
use ::call::{CallId, Cause, Decider, End, LegCommand, LegEvent, LegId, Offer, PortId, Suite};
use config::{CodecPolicy, Config, Encryption, TenantId, TrunkId};
use description::{Unreadable, description};
pub(in crate::leg) use media::LegMedia;
use media::Whose;
use sdp::Session;
use sip::Message;
use sip::dialog::Dialog;
use sip::flow::{Flow, Transport};
use sip::resolve::{Answer as DnsAnswer, Question};
use sip::transaction::TransactionId;
pub(in crate::leg) use state::State;
use state::{AnsweredBy, Ending, Incoming, Outgoing, Up};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// All SIP legs.
#[derive(Debug, Default)]
pub(crate) struct Legs {
    pub(in crate::leg) legs: BTreeMap<LegId, SipLeg>,
    by_tag: HashMap<String, LegId>,
    /// INVITEs that opened a leg, for copies of them that come by another way.
    opened: HashMap<Opened, LegId>,
    timers: BTreeSet<(Instant, LegId)>,
    /// Legs that wait for the DNS.
    asking: BTreeSet<LegId>,
    pub(in crate::leg) events: VecDeque<(CallId, LegId, LegEvent)>,
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
    pub(in crate::leg) peer: Peer,
    /// Our tag, in every message of the leg.
    tag: String,
    flow: Flow,
    /// `Max-Forwards` of the INVITE that opened the call: circles through several boxes end.
    hops: u8,
    pub(in crate::leg) state: State,
    pub(in crate::leg) media: LegMedia,
    /// The INVITE that opened it, when the peer called.
    opened: Option<Opened>,
    /// The leg whose media this one hears.
    pub(in crate::leg) partner: Option<LegId>,
    /// Somebody needs help: no policy stands in the way.
    pub(in crate::leg) urgent: bool,
    /// What goes along with what it tells, or is told, next.
    pub(in crate::leg) along: Along,
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
    pub(in crate::leg) fn name(&self, config: &Config) -> String {
        match self {
            Self::Extension { number, .. } => number.clone(),
            Self::Trunk { trunk, .. } => {
                config.trunks.get(trunk).map(|trunk| trunk.name.clone()).unwrap_or_default()
            }
        }
    }

    /// The extension that it is a phone of.
    pub(crate) fn phone(&self) -> Option<(TenantId, String)> {
        match self {
            Self::Extension { tenant, number, .. } => Some((*tenant, number.clone())),
            Self::Trunk { .. } => None,
        }
    }

    /// Whether it speaks encrypted: its own setting, else its tenant's. Who needs help is heard in the
    /// clear as well.
    fn encryption(&self, config: &Config, urgent: bool) -> Encryption {
        let encryption = match self {
            Self::Extension { tenant, device, .. } => {
                config.encryption_of_phone(*tenant, device.as_deref())
            }
            Self::Trunk { tenant, trunk } => config.encryption_of_trunk(*tenant, *trunk),
        };
        if urgent { encryption.relaxed() } else { encryption }
    }

    /// What its tenant calls music.
    pub(in crate::leg) fn music(&self, config: &Config) -> Option<u32> {
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

/// Who else there is, lent for one step.
pub(crate) struct Desk<'a> {
    pub(crate) frame: &'a mut Frame,
    pub(crate) registrar: &'a mut Registrar,
    pub(crate) lines: &'a mut Lines,
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
            self.events.push_back((call, leg, LegEvent::Offered(Box::new(offer))));
            self.settle(leg);
        }
    }

    /// Whether a caller offers keys by a handshake and in no other way; nothing where it offers none.
    pub(crate) fn shakes_hands(&self, leg: LegId) -> Option<bool> {
        let State::Incoming(incoming) = &self.legs.get(&leg)?.state else { return None };
        secrecy::shakes_hands(incoming.offer.as_deref()?)
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
        let Some(command) = self.command_line(desk, leg, command) else {
            return self.review(desk, leg);
        };
        match command {
            LegCommand::Dial { target, from, anonymous, media, diverted, user } => {
                let dial = draft::Dial { target, from, anonymous, media, diverted, user };
                self.dial(desk, call, leg, dial);
            }
            LegCommand::UserSays(data) => {
                if let Some(known) = self.legs.get_mut(&leg) {
                    known.along.user = Some(data);
                }
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

    /// A leg hears its partner in packets of another length, or no longer.
    pub(crate) fn repacked(&self, frame: &mut Frame, leg: LegId, port: PortId, repacked: bool) {
        let line = self.legs.get(&leg).and_then(|it| it.media.line(port));
        line.into_iter().for_each(|line| frame.streams.repacked(leg, line, repacked));
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
    pub(crate) fn cancelled(
        &mut self,
        desk: &mut Desk<'_>,
        invite: TransactionId,
        cancel: &Message<'_>,
    ) {
        let meant = |leg: &SipLeg| match &leg.state {
            State::Incoming(incoming) => incoming.transaction == invite,
            State::Up(up) => up.talk.is_answering(invite),
            State::Outgoing(_) | State::Ending(_) | State::Line(_) => false,
        };
        let Some(owner) = desk.frame.invites.get(&invite).copied() else { return };
        if self.legs.get(&owner).is_some_and(meant) {
            self.caller_cancelled(desk, owner, invite, cancel);
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
            Some(State::Incoming(_) | State::Line(_)) | None => {}
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
            Some(State::Incoming(_) | State::Line(_)) | None => {}
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
            State::Ending(_) | State::Line(_) => false,
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
            State::Line(_) => false,
        };
        owns.then_some(id)
    }

    pub(in crate::leg) fn tell(&mut self, leg: LegId, event: LegEvent) {
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

    /// The call that a leg is in.
    pub(crate) fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).map(|leg| leg.call)
    }

    /// Why a caller cannot be offered to somebody who speaks no more than this.
    pub(in crate::leg) fn incompatible(
        &self,
        frame: &mut Frame,
        from: LegId,
        offer: &Session,
        policy: &CodecPolicy,
    ) -> Option<End> {
        let terms = self.terms(frame, from, from);
        let plain = media::bare(offer);
        let nothing =
            speech::widened(plain.as_ref().unwrap_or(offer), None, &terms, policy).err()?;
        if nothing.too_dear {
            frame.load.refused();
            return Some(media::Unoffered::NoRoom.end());
        }
        Some(media::Unoffered::NothingInCommon(nothing).end())
    }

    /// Takes a leg out of every table; its ports rest.
    pub(in crate::leg) fn forget(&mut self, frame: &mut Frame, id: LegId) {
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
    pub(in crate::leg) fn bridge(&mut self, frame: &mut Frame, a: LegId, b: LegId) {
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
    pub(in crate::leg) fn whose(&self, leg: LegId) -> Whose {
        let browser = matches!(self.flow.transport, Transport::Ws | Transport::Wss);
        let private = matches!(self.flow.transport, Transport::Tls | Transport::Wss);
        Whose { call: self.call, leg, remote: self.flow.remote.ip(), browser, private }
    }

    /// The call that it is in.
    pub(in crate::leg) fn call(&self) -> CallId {
        self.call
    }

    /// A leg on a line that is not IP: it has no dialog.
    pub(in crate::leg) fn on_line(
        call: CallId,
        peer: Peer,
        state: State,
        media: LegMedia,
        urgent: bool,
    ) -> Self {
        Self {
            call,
            peer,
            tag: String::new(),
            flow: Flow::udp(outgoing::UNKNOWN, outgoing::UNKNOWN),
            hops: MOST_HOPS,
            state,
            media,
            opened: None,
            partner: None,
            urgent,
            along: Along::default(),
            told: None,
            alarm: None,
        }
    }

    /// What the peer has said of its media, in whatever state.
    pub(in crate::leg) fn described(&self) -> Option<Arc<Session>> {
        self.media.theirs.clone().or_else(|| self.offered())
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
            State::Line(line) if line.is_caller() => Decider::Caller,
            State::Up(up) if up.is_caller => Decider::Caller,
            State::Up(_) | State::Outgoing(_) | State::Ending(_) | State::Line(_) => {
                Decider::Callee
            }
        }
    }
}

pub(crate) use abilities::{ALLOW, SUPPORTED};
pub(in crate::leg) use draft::Dial;
pub(crate) use draft::{authorize, bracketed, destination};
pub(crate) use incoming::Invite;
pub(crate) use secrecy::Experience;

/// `Max-Forwards` of a call that comes by no proxy (RFC 3261 §8.1.1.6).
const MOST_HOPS: u8 = 70;
