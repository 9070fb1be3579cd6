//! ISDN legs: each is one call on a digital line, and translates between its messages and the events and
//! commands that `pbx` knows (ITU-T Q.931 §5). Its sound has a B channel as its port.
//!
//! A line negotiates nothing: what it speaks is known when its channel is. To the legs of the other side it
//! is a peer that has described itself and answers every offer at once.

mod setup;

use super::sip::{Desk, LegMedia, Legs, Peer, SipLeg, State};
use call::{
    CallId, Cause, Decider, End, LINE_PEER, LegCommand, LegEvent, LegId, LineLaw, LineSound, Offer,
    PortId, SpanId, Tone, Voice, Why,
};
use config::{CodecName, CodecPolicy, Encryption, IsdnSide, PathPolicy, Trunk, TrunkId};
use sdp::Session;
use std::sync::Arc;
use tdm::q931::call::{Event, Request};
use tdm::q931::element::{CauseValue, Element, Location, PartyNumber, Presentation, Progress};
use tdm::q931::interface;

pub(crate) use setup::name_of;

/// A call on a digital line.
#[derive(Debug)]
pub(crate) struct Line {
    trunk: TrunkId,
    call: interface::CallId,
    /// Which side of the interface the box is.
    side: IsdnSide,
    sound: LineSound,
    /// What the other side has offered: its own description answers that, line by line.
    offered: Option<Arc<Session>>,
    stage: Stage,
}

/// How far the call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The far side calls.
    Offered,
    /// We call.
    Dialled { rang: bool, told: bool },
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
        let sound = sound(&trunk, clear);
        let line = Line {
            trunk: trunk.id,
            call: line_call,
            side: side(&trunk),
            sound,
            offered: None,
            stage: Stage::Offered,
        };
        self.add_line(desk, id, call, &trunk, line, urgent);
        // The caller waits no longer than T303 for a first word.
        self.ask(desk, id, Request::Proceed(Vec::new()));
        let channel = desk.lines.channel(trunk.id, line_call);
        if let Some(channel) = channel {
            self.open(desk, id, channel);
        }
        self.tell(id, LegEvent::Offered(offer));
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
        let caller = self.legs.get(&dial.media);
        let urgent = caller.is_some_and(|leg| leg.urgent);
        let offered = caller.and_then(SipLeg::described);
        let clear = offered.as_deref().is_some_and(setup::wants_data);
        let line = Line {
            trunk: trunk.id,
            call: interface::CallId(0),
            side: side(trunk),
            sound: sound(trunk, clear),
            offered: offered.clone(),
            stage: Stage::Dialled { rang: false, told: false },
        };
        let policy = policy(line.sound);
        let offered = offered.filter(|_| !clear);
        if let Some(why) =
            offered.and_then(|offer| self.incompatible(desk.frame, dial.media, &offer, &policy))
        {
            return self.events.push_back((call, id, LegEvent::Ended(why)));
        }
        let setup = setup::compose(&desk.frame.config, trunk, &dial, clear);
        match desk.lines.place(desk.frame, trunk.id, id, setup, desk.now) {
            Ok((line_call, channel)) => {
                self.add_line(desk, id, call, trunk, Line { call: line_call, ..line }, urgent);
                // The far side may give another one, but rarely does: it may be heard at once.
                if let Some(channel) = channel {
                    self.open(desk, id, channel);
                }
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
        let policy = policy(line.sound);
        let mut media = LegMedia::new(name, policy, Encryption::Off, None, PathPolicy::Anchored);
        media.music = peer.music(&desk.frame.config);
        let leg = SipLeg::on_line(call, peer, State::Line(Box::new(line)), media, urgent);
        self.legs.insert(id, leg);
    }

    /// A channel is known: its sound comes and goes from here on.
    fn open(&mut self, desk: &mut Desk<'_>, id: LegId, (span, slot): (SpanId, u8)) {
        let port = PortId::of_channel(span.0, slot);
        desk.lines.end_loop(desk.frame, span, slot);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let whose = leg.whose(id);
        let State::Line(line) = &leg.state else { return };
        let Some(described) = described(line.sound, line.offered.as_deref()) else { return };
        leg.media.open_line(desk.frame, whose, port, line.sound, described);
        if let Some(partner) = leg.partner {
            self.bridge(desk.frame, id, partner);
        }
        let line = desk.lines.name(span);
        self.tell(id, LegEvent::Noted(format!("Channel {slot} of {line} carries it.")));
    }

    /// What `pbx` wants of a leg on a line; the command again where it is as with every leg.
    pub(super) fn command_line(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        command: LegCommand,
    ) -> Option<LegCommand> {
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else {
            return Some(command);
        };
        let (stage, side) = (line.stage, line.side);
        match command {
            LegCommand::Ring if stage == Stage::Offered => self.ring_line(desk, id, side),
            LegCommand::Progress { media } if stage == Stage::Offered => {
                let progress = in_band(side);
                self.ask(desk, id, Request::Progress { progress, with: Vec::new() });
                self.bridge(desk.frame, id, media);
            }
            LegCommand::Answer { media } if stage == Stage::Offered => {
                self.answer_line(desk, id);
                self.bridge(desk.frame, id, media);
            }
            LegCommand::Serve(voice) => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.partner = None;
                    leg.media.unbridge(desk.frame);
                    leg.media.say(desk.frame, Some(voice));
                }
                if stage == Stage::Offered {
                    self.answer_line(desk, id);
                }
                if let Voice::Upload { sound, .. } = voice
                    && desk.frame.sounds.is_lost(sound)
                {
                    self.tell(id, LegEvent::Missing);
                }
            }
            LegCommand::Rejoin { media, both } => {
                self.bridge(desk.frame, id, media);
                if both {
                    self.rejoin(desk, media, id, false);
                }
            }
            LegCommand::End(end) => self.end_line(desk, id, &end),
            LegCommand::Ring
            | LegCommand::Progress { .. }
            | LegCommand::Answer { .. }
            | LegCommand::TransferProgress(_)
            | LegCommand::Dial { .. } => {}
            command @ (LegCommand::Moderate { .. }
            | LegCommand::Hear(_)
            | LegCommand::Listen { .. }
            | LegCommand::Key(_)) => return Some(command),
        }
        None
    }

    /// It rings. The network lets its user hear that; who calls from the network hears it from there.
    fn ring_line(&mut self, desk: &mut Desk<'_>, id: LegId, side: IsdnSide) {
        let network = side == IsdnSide::Network;
        let with = network.then(|| Element::Progress(in_band(side)));
        self.ask(desk, id, Request::Alert(with.into_iter().collect()));
        if network && let Some(leg) = self.legs.get_mut(&id) {
            leg.media.say(desk.frame, Some(Voice::Tone(Tone::Ringback)));
        }
    }

    fn answer_line(&mut self, desk: &mut Desk<'_>, id: LegId) {
        self.ask(desk, id, Request::Answer(Vec::new()));
        self.stand(id, Stage::Up { is_caller: true });
    }

    fn end_line(&mut self, desk: &mut Desk<'_>, id: LegId, end: &End) {
        let cause = CauseValue::new(end.cause.0);
        self.stand(id, Stage::Ending);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.media.close(desk.frame);
        }
        self.ask(desk, id, Request::Disconnect { cause, tones: false, with: Vec::new() });
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

    /// Something happened to a call on a line.
    pub(crate) fn line_says(&mut self, desk: &mut Desk<'_>, id: LegId, event: Event) {
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else { return };
        let (trunk, stage) = (line.trunk, line.stage);
        match event {
            Event::Channel(Some(channel)) => self.settle_channel(desk, id, trunk, channel),
            Event::Channel(None) => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.media.close(desk.frame);
                }
            }
            Event::Proceeding(said) | Event::Progress(said) if said.in_band => self.hears(id),
            Event::Ringing(said) => {
                if let Stage::Dialled { rang: false, told } = stage {
                    self.stand(id, Stage::Dialled { rang: true, told });
                    self.tell(id, LegEvent::Ringing);
                }
                if said.in_band {
                    self.hears(id);
                }
            }
            Event::Answered(said) => {
                if let Some(number) = shown(said.message.connected_number()) {
                    self.tell(id, LegEvent::Noted(format!("{number} answered.")));
                }
                self.stand(id, Stage::Up { is_caller: false });
                self.tell(id, LegEvent::Answered);
            }
            Event::Disconnected { cause, .. } => {
                if stage != Stage::Ending {
                    self.tell(id, LegEvent::Ended(ended(stage, cause.value)));
                    self.stand(id, Stage::Ending);
                    // What may be heard yet is left out: the other side has its own words for it.
                    let cause = cause.value;
                    let done = Request::Disconnect { cause, tones: false, with: Vec::new() };
                    self.ask(desk, id, done);
                }
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.media.close(desk.frame);
                }
            }
            Event::Ended { cause, .. } => {
                if stage != Stage::Ending {
                    self.tell(id, LegEvent::Ended(ended(stage, cause.value)));
                }
                self.forget(desk.frame, id);
            }
            Event::HoldAsked => {
                self.ask(desk, id, Request::AnswerHold(None));
                self.hold_line(desk, id, true);
            }
            Event::RetrieveAsked => {
                self.ask(desk, id, Request::AnswerRetrieve(None));
                self.hold_line(desk, id, false);
            }
            Event::Trouble(_) => desk.frame.count("lines", "trouble"),
            Event::Charged(charge) => {
                self.tell(id, LegEvent::Noted(format!("The carrier tells of a {charge}.")));
            }
            Event::Notified(said) => {
                if let Some(notification) = said.message.notification() {
                    self.tell(id, LegEvent::Noted(format!("The line tells: {notification}.")));
                }
            }
            Event::Offered(_)
            | Event::DigitsWanted(_)
            | Event::Digits { .. }
            | Event::DigitsEnded
            | Event::Proceeding(_)
            | Event::Progress(_)
            | Event::Connected
            | Event::Held
            | Event::HoldRefused(_)
            | Event::Retrieved
            | Event::RetrieveRefused(_)
            | Event::Facility(_)
            | Event::UserInformation(_)
            | Event::Information(_)
            | Event::Congestion(_) => {}
        }
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

    /// Something is to be heard before the answer.
    fn hears(&mut self, id: LegId) {
        let Some(State::Line(line)) = self.legs.get_mut(&id).map(|leg| &mut leg.state) else {
            return;
        };
        if let Stage::Dialled { rang, told: false } = line.stage {
            line.stage = Stage::Dialled { rang, told: true };
            self.tell(id, LegEvent::Progress);
        }
    }

    /// The far side has chosen the channel.
    fn settle_channel(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        trunk: TrunkId,
        channel: interface::Channel,
    ) {
        let Some((span, slot)) = desk.lines.at(trunk, channel) else { return };
        let port = PortId::of_channel(span.0, slot);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.media.line(port).is_some() {
            return;
        }
        leg.media.close(desk.frame);
        self.open(desk, id, (span, slot));
    }

    /// The far side holds, or does not any more: the other one hears music meanwhile.
    fn hold_line(&mut self, desk: &mut Desk<'_>, id: LegId, held: bool) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let partner = leg.partner;
        match (held, partner) {
            (true, Some(partner)) => {
                leg.media.unbridge(desk.frame);
                if let Some(partner) = self.legs.get_mut(&partner) {
                    partner.media.say(desk.frame, Some(Voice::Music));
                }
            }
            (false, Some(partner)) => self.bridge(desk.frame, id, partner),
            (_, None) => {}
        }
        self.tell(id, if held { LegEvent::Held } else { LegEvent::Resumed });
    }
}

impl Line {
    /// Whether somebody answered.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up { .. })
    }

    /// Whether the far side called.
    pub(super) fn is_caller(&self) -> bool {
        matches!(self.stage, Stage::Offered | Stage::Up { is_caller: true })
    }
}

fn side(trunk: &Trunk) -> IsdnSide {
    trunk.isdn.as_ref().map(|isdn| isdn.side).unwrap_or_default()
}

/// How its channels sound: A-law on an E1, u-law on a T1.
fn sound(trunk: &Trunk, clear: bool) -> LineSound {
    let isdn = trunk.isdn.as_ref();
    let t1 =
        isdn.and_then(|isdn| isdn.spans.first()).is_some_and(|it| it.framing.last_slot() == 24);
    let law = if t1 { LineLaw::Mu } else { LineLaw::A };
    let cancel_echo = !clear && isdn.is_some_and(|isdn| isdn.cancels_echo);
    LineSound { law, cancel_echo, clear }
}

/// A line speaks what it speaks; data are nothing to translate.
fn policy(sound: LineSound) -> CodecPolicy {
    if sound.clear {
        return CodecPolicy { translate: false, ..CodecPolicy::default() };
    }
    let only = match sound.law {
        LineLaw::A => CodecName::Pcma,
        LineLaw::Mu => CodecName::Pcmu,
    };
    CodecPolicy { allow: vec![only], ..CodecPolicy::default() }
}

/// What a line says of itself: in the place of the first line of sound that the other side offered, and
/// nothing in all others.
fn described(sound: LineSound, offered: Option<&Session>) -> Option<Session> {
    let (number, map) = match (sound.clear, sound.law) {
        (true, _) => (97, "a=rtpmap:97 CLEARMODE/8000\r\n"),
        (false, LineLaw::A) => (8, "a=rtpmap:8 PCMA/8000\r\n"),
        (false, LineLaw::Mu) => (0, "a=rtpmap:0 PCMU/8000\r\n"),
    };
    let at = LINE_PEER;
    let mut text =
        format!("v=0\r\no=- 0 0 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n", at.ip());
    let place = offered.and_then(|it| it.media().position(|line| line.is_active_audio()));
    let lines = offered.map_or(1, |it| it.media().len()).max(1);
    for index in 0..lines {
        match index == place.unwrap_or(0) {
            true => {
                let port = at.port();
                text.push_str(&format!("m=audio {port} RTP/AVP {number}\r\n{map}a=ptime:20\r\n"));
            }
            false => text.push_str("m=audio 0 RTP/AVP 0\r\n"),
        }
    }
    Session::parse(text.as_bytes()).ok()
}

/// A number that may be shown.
fn shown(party: Option<&PartyNumber>) -> Option<&str> {
    let party = party.filter(|party| party.presentation() == Presentation::Allowed)?;
    Some(party.number.digits.as_str()).filter(|digits| !digits.is_empty())
}

/// There is something to hear, as this side says it.
fn in_band(side: IsdnSide) -> Progress {
    let location = match side {
        IsdnSide::User => Location::USER,
        IsdnSide::Network => Location::PUBLIC_LOCAL,
    };
    Progress::new(location, Progress::IN_BAND)
}

/// What the far side's cause means for the call.
fn ended(stage: Stage, cause: CauseValue) -> End {
    let cause = Cause(cause.value());
    let far = match stage {
        Stage::Offered | Stage::Up { is_caller: true } => Decider::Caller,
        Stage::Dialled { .. } | Stage::Up { is_caller: false } | Stage::Ending => Decider::Callee,
    };
    let normal = cause == Cause::NORMAL_CLEARING || cause == Cause::NORMAL_UNSPECIFIED;
    let why = match stage {
        Stage::Up { .. } if normal => Why::HungUp,
        Stage::Offered if normal => Why::Cancelled,
        Stage::Dialled { .. } if normal => Why::Rejected,
        _ => cause.why(),
    };
    let by = match why {
        Why::CarrierFailed | Why::Unreachable | Why::NoRoute | Why::ProtocolError => {
            Decider::Network
        }
        _ => far,
    };
    End { cause, status: None, by, why }
}
