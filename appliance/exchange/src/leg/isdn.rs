//! ISDN legs: each is one call on a digital line, and translates between its messages and the events and
//! commands that `pbx` knows (ITU-T Q.931 §5). Its sound has a B channel as its port.
//!
//! A line negotiates nothing: what it speaks is known when its channel is. To the legs of the other side it
//! is a peer that has described itself and answers every offer at once.

mod commands;
mod events;
mod parties;
mod setup;
mod sound;
mod supplementary;

use super::sip::{Desk, LegMedia, Legs, Peer, SipLeg, State};
use crate::lines;
use call::{CallId, Cause, Decider, End, LegEvent, LegId, LineSound, Offer, PortId, SpanId, Why};
use config::{Encryption, IsdnSide, PathPolicy, Trunk, TrunkId};
use sdp::Session;
use std::sync::Arc;
use tdm::q931::call::Request;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::CauseValue;
use tdm::q931::interface::{self, Channel, Setup};

pub(crate) use parties::{diversions, name_of, user_data};

/// A call on a digital line.
#[derive(Debug)]
pub(crate) struct Line {
    trunk: TrunkId,
    call: interface::CallId,
    /// Which side of the interface the box is.
    side: IsdnSide,
    dialect: Dialect,
    sound: LineSound,
    /// What the other side has offered: its own description answers that, line by line.
    offered: Option<Arc<Session>>,
    /// The channel that carries it, as far as is known.
    channel: Option<Channel>,
    /// Our SETUP, as long as nothing was answered to it: its channel may be refused.
    setup: Option<Box<Setup>>,
    /// The far side holds us.
    held: bool,
    stage: Stage,
}

/// How far the call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The far side calls.
    Offered,
    /// We call.
    Dialled { rang: bool, told: bool },
    /// The far side ended it before an answer, and lets hear why (ITU-T Q.931 §5.3.4.1).
    Explained { cause: CauseValue },
    /// They talk.
    Up { is_caller: bool },
    /// Its end is under way.
    Ending,
}

/// A call of the far side whose number is complete.
pub(crate) struct Incoming {
    pub(crate) trunk: Arc<Trunk>,
    pub(crate) call: interface::CallId,
    /// It summons help.
    pub(crate) urgent: bool,
    /// It carries data.
    pub(crate) clear: bool,
}

impl Legs {
    /// A new call on a line: the leg is made, and its offer told.
    pub(crate) fn line_offers(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        call: CallId,
        incoming: Incoming,
        offer: Offer,
    ) {
        let Incoming { trunk, call: line_call, urgent, clear } = incoming;
        let sound = sound::of(&trunk, clear);
        let line = Line {
            call: line_call,
            sound,
            channel: desk.lines.channel_of(trunk.id, line_call),
            ..Line::new(&trunk, Stage::Offered)
        };
        self.add_line(desk, id, call, &trunk, line, urgent);
        // The caller waits no longer than T303 for a first word.
        self.ask(desk, id, Request::Proceed(Vec::new()));
        self.open(desk, id);
        self.tell(id, LegEvent::Offered(Box::new(offer)));
    }

    /// Calls somebody by a line.
    pub(super) fn dial_line(
        &mut self,
        desk: &mut Desk<'_>,
        call: CallId,
        id: LegId,
        trunk: &Arc<Trunk>,
        dial: super::sip::Dial,
    ) {
        let stage = Stage::Dialled { rang: false, told: false };
        let line = Line::new(trunk, stage);
        let caller = self.legs.get(&dial.media);
        let urgent = caller.is_some_and(|leg| leg.urgent);
        let offered = caller.and_then(SipLeg::described);
        let clear = offered.as_deref().is_some_and(setup::wants_data);
        let sound = sound::of(trunk, clear);
        let policy = sound::policy(sound);
        let line = Line { offered: offered.clone(), sound, ..line };
        let offered = offered.filter(|_| !clear);
        if let Some(why) =
            offered.and_then(|offer| self.incompatible(desk.frame, dial.media, &offer, &policy))
        {
            return self.events.push_back((call, id, LegEvent::Ended(why)));
        }
        let setup = setup::compose(&desk.frame.config, trunk, &dial, clear);
        let kept = Some(Box::new(setup.clone()));
        match desk.lines.place(desk.frame, trunk.id, (id, call), setup, desk.now) {
            Ok((line_call, channel)) => {
                let line = Line { call: line_call, channel, setup: kept, ..line };
                self.add_line(desk, id, call, trunk, line, urgent);
                // The far side may give another one, but rarely does: it may be heard at once.
                self.open(desk, id);
            }
            Err(refused) => {
                let why = match refused {
                    interface::Refused::NoChannel | interface::Refused::ChannelTaken => {
                        Why::TrunkFull
                    }
                    interface::Refused::NoLink
                    | interface::Refused::NoReference
                    | interface::Refused::Closing => Why::Unreachable,
                };
                let cause = Cause(refused.cause().value());
                let end = End { cause, status: None, by: Decider::Network, why };
                self.events.push_back((call, id, LegEvent::Ended(end)));
            }
        }
    }

    /// Our SETUP was refused for its channel alone: another channel is tried, once.
    fn redial(&mut self, desk: &mut Desk<'_>, id: LegId, cause: CauseValue) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        let call = leg.call();
        let State::Line(line) = &mut leg.state else { return false };
        let Some(mut setup) = line.setup.take() else { return false };
        let refused = line.channel.take();
        setup.channel = setup.channel.but(refused);
        let trunk = line.trunk;
        let Ok((again, channel)) =
            desk.lines.place(desk.frame, trunk, (id, call), *setup, desk.now)
        else {
            return false;
        };
        (line.call, line.channel) = (again, channel);
        leg.media.close(desk.frame);
        let number = refused.map(|channel| format!(" {}", channel.number)).unwrap_or_default();
        let refused = format!("The far end refuses channel{number} (cause {}).", cause.value());
        self.tell(id, LegEvent::Noted(refused));
        self.open(desk, id);
        true
    }

    fn add_line(
        &mut self,
        desk: &Desk<'_>,
        id: LegId,
        call: CallId,
        trunk: &Trunk,
        line: Line,
        urgent: bool,
    ) {
        let peer = Peer::Trunk { tenant: trunk.tenant, trunk: trunk.id };
        let name = peer.name(&desk.frame.config);
        let policy = sound::policy(line.sound);
        let mut media = LegMedia::new(name, policy, Encryption::Off, None, PathPolicy::Anchored);
        media.music = peer.music(&desk.frame.config);
        let leg = SipLeg::on_line(call, peer, State::Line(Box::new(line)), media, urgent);
        self.legs.insert(id, leg);
    }

    /// A channel is known: its sound comes and goes from here on.
    fn open(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some((span, slot)) = self.place_of(desk, id) else { return };
        let port = PortId::of_channel(span.0, slot);
        desk.lines.end_measuring(desk.frame, (span, slot), desk.now);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Line(line) = &leg.state else { return };
        let Some(described) = sound::described(line.sound, line.offered.as_deref()) else { return };
        leg.media.open_line(desk.frame, whose, port, line.sound, described);
        if let Some(partner) = leg.partner {
            self.bridge(desk.frame, id, partner);
        }
        let line = desk.lines.name(span);
        self.tell(id, LegEvent::Noted(format!("Channel {slot} of {line} carries it.")));
    }

    /// The span and the timeslot of its channel.
    fn place_of(&self, desk: &Desk<'_>, id: LegId) -> Option<(SpanId, u8)> {
        let State::Line(line) = &self.legs.get(&id)?.state else { return None };
        desk.lines.at(line.trunk, line.channel?)
    }

    /// Asks something of the line. It may be too late for it: then the line has told so, or will.
    fn ask(&mut self, desk: &mut Desk<'_>, id: LegId, request: Request) {
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else { return };
        if desk.lines.request(desk.frame, line.trunk, line.call, request, desk.now).is_err() {
            desk.frame.count("lines", "misuse");
        }
    }

    fn stand(&mut self, id: LegId, stage: Stage) {
        if let Some(State::Line(line)) = self.legs.get_mut(&id).map(|leg| &mut leg.state) {
            line.stage = stage;
        }
    }

    /// What whoever reads how the call went wants to know of its line.
    pub(crate) fn line_notes(&mut self, id: LegId, sentence: String) {
        self.tell(id, LegEvent::Noted(sentence));
    }

    /// The line of a leg is used no more.
    pub(crate) fn line_is_gone(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else { return };
        if line.stage != Stage::Ending {
            let end = End::ours(Cause::DESTINATION_OUT_OF_ORDER, Why::Administrator);
            self.tell(id, LegEvent::Ended(end));
        }
        self.forget(desk.frame, id);
    }

    /// The far side has chosen the channel.
    fn settle_channel(&mut self, desk: &mut Desk<'_>, id: LegId, channel: Channel) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Line(line) = &mut leg.state else { return };
        line.channel = Some(channel);
        let Some((span, slot)) = desk.lines.at(line.trunk, channel) else { return };
        let port = PortId::of_channel(span.0, slot);
        if leg.media.line(port).is_some() {
            return;
        }
        leg.media.close(desk.frame);
        self.open(desk, id);
    }
}

impl Line {
    /// A call without a name of its line's yet.
    fn new(trunk: &Trunk, stage: Stage) -> Self {
        let isdn = trunk.isdn.as_ref();
        Self {
            trunk: trunk.id,
            call: interface::CallId(0),
            side: isdn.map(|isdn| isdn.side).unwrap_or_default(),
            dialect: isdn.map(lines::dialect).unwrap_or_default(),
            sound: sound::of(trunk, false),
            offered: None,
            channel: None,
            setup: None,
            held: false,
            stage,
        }
    }

    /// Whether somebody answered.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up { .. })
    }

    /// Whether the far side called.
    pub(super) fn is_caller(&self) -> bool {
        matches!(self.stage, Stage::Offered | Stage::Up { is_caller: true })
    }

    /// Whether the far side holds us.
    pub(super) fn holds(&self) -> bool {
        self.held
    }
}
