//! What a line tells: that it rings, that somebody answered, that it is over.

use super::parties::user_data;
use super::{Stage, parties};
use crate::leg::sip::{Desk, Legs, State};
use call::{Cause, Decider, End, LegEvent, LegId, Party, Why};
use tdm::q931::call::{Event, Request, Said};
use tdm::q931::element::CauseValue;
use tdm::q931::message::Message;

impl Legs {
    /// Something happened to a call on a line.
    pub(crate) fn line_says(&mut self, desk: &mut Desk<'_>, id: LegId, event: Event) {
        let Some(State::Line(line)) = self.legs.get_mut(&id).map(|leg| &mut leg.state) else {
            return;
        };
        let (side, stage) = (line.side, line.stage);
        // A cause that comes later is of a channel further on.
        line.setup.take_if(|_| is_answer(&event));
        match event {
            Event::Channel(Some(channel)) => self.settle_channel(desk, id, channel),
            Event::Channel(None) => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.media.close(desk.frame);
                }
            }
            Event::Proceeding(said) | Event::Progress(said) if said.in_band => self.hears(id),
            Event::Ringing(said) => {
                self.hear_line_user(id, &said);
                if let Stage::Dialled { rang: false, told } = stage {
                    self.stand(id, Stage::Dialled { rang: true, told });
                    self.tell(id, LegEvent::Ringing);
                }
                if said.in_band {
                    self.hears(id);
                }
            }
            Event::Answered(said) => {
                self.hear_line_user(id, &said);
                self.line_is_answered(desk, id, &said.message);
                self.stand(id, Stage::Up { is_caller: false });
                self.tell(id, LegEvent::Answered);
            }
            Event::Disconnected { cause, said } => {
                let end = ended(stage, cause.value);
                if self.may_redial(id, cause.value) {
                    // Nothing that may be heard is waited for.
                    let cause = cause.value;
                    let done = Request::Disconnect { cause, tones: false, with: Vec::new() };
                    return self.ask(desk, id, done);
                }
                if let Some(said) = said.as_ref().filter(|_| stage != Stage::Ending) {
                    self.hear_line_user(id, said);
                }
                let explains = said.is_some_and(|said| said.in_band);
                if explains && is_called(stage) && !is_of_the_way(&end.why) {
                    self.hears(id);
                    return self.stand(id, Stage::Explained { cause: cause.value });
                }
                if stage != Stage::Ending {
                    self.tell(id, LegEvent::Ended(end));
                    self.stand(id, Stage::Ending);
                    // What may be heard yet is left out: who has talked knows that it is over, and the
                    // next trunk of a route needs no explanation.
                    let cause = cause.value;
                    let done = Request::Disconnect { cause, tones: false, with: Vec::new() };
                    self.ask(desk, id, done);
                }
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.media.close(desk.frame);
                }
            }
            Event::Ended { cause, said } => {
                if self.may_redial(id, cause.value) && self.redial(desk, id, cause.value) {
                    return;
                }
                if let Some(said) = said.as_ref().filter(|_| stage != Stage::Ending) {
                    self.hear_line_user(id, said);
                }
                match stage {
                    Stage::Ending => {}
                    Stage::Explained { cause } => {
                        self.tell(id, LegEvent::Ended(ended(stage, cause)));
                    }
                    _ => self.tell(id, LegEvent::Ended(ended(stage, cause.value))),
                }
                self.forget(desk.frame, id);
            }
            Event::HoldAsked => self.hold_asked(desk, id),
            Event::RetrieveAsked => {
                self.ask(desk, id, Request::AnswerRetrieve(None));
                self.hold_line(desk, id, false);
            }
            Event::Trouble(_) => desk.frame.count("lines", "trouble"),
            Event::Charged(charge) => {
                self.tell(id, LegEvent::Noted(format!("The carrier tells of a {charge}.")));
            }
            Event::Facility(said) => self.line_asks(desk, id, side, &said.message),
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
            | Event::UserInformation(_)
            | Event::Information(_)
            | Event::Congestion(_) => {}
        }
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

    /// Whether our SETUP was refused for its channel, and another one was not tried yet.
    fn may_redial(&self, id: LegId, cause: CauseValue) -> bool {
        let of_channel = [
            CauseValue::CHANNEL_UNACCEPTABLE,
            CauseValue::CHANNEL_NOT_AVAILABLE,
            CauseValue::CHANNEL_DOES_NOT_EXIST,
        ];
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else {
            return false;
        };
        is_called(line.stage) && line.setup.is_some() && of_channel.contains(&cause)
    }

    /// Who answered, where the line says so.
    fn line_is_answered(&mut self, desk: &Desk<'_>, id: LegId, message: &Message) {
        let Some(party) = parties::connected(desk.frame.config.zone(), message) else { return };
        let Party { number, name } = &party;
        let who = match (number.is_empty(), name.is_empty()) {
            (_, true) => number.clone(),
            (true, false) => name.clone(),
            (false, false) => format!("{name} ({number})"),
        };
        self.tell(id, LegEvent::Noted(format!("{who} answered.")));
        if let Some(leg) = self.legs.get_mut(&id).filter(|_| !number.is_empty()) {
            leg.along.answered_as = Some(party);
        }
    }

    fn hear_line_user(&mut self, id: LegId, said: &Said) {
        if let Some(data) = user_data(&said.message) {
            self.tell(id, LegEvent::UserSays(data));
        }
    }
}

/// Whether nobody has answered our call yet.
fn is_called(stage: Stage) -> bool {
    matches!(stage, Stage::Dialled { .. })
}

/// Whether the far side took our SETUP.
fn is_answer(event: &Event) -> bool {
    matches!(
        event,
        Event::DigitsWanted(_)
            | Event::Proceeding(_)
            | Event::Progress(_)
            | Event::Ringing(_)
            | Event::Answered(_)
    )
}

/// Whether another way may lead there: a route tries its next trunk.
fn is_of_the_way(why: &Why) -> bool {
    matches!(why, Why::CarrierFailed | Why::Unreachable | Why::NoRoute | Why::ProtocolError)
}

/// What the far side's cause means for the call.
fn ended(stage: Stage, cause: CauseValue) -> End {
    let cause = Cause(cause.value());
    let far = match stage {
        Stage::Offered | Stage::Up { is_caller: true } => Decider::Caller,
        Stage::Dialled { .. }
        | Stage::Explained { .. }
        | Stage::Up { is_caller: false }
        | Stage::Ending => Decider::Callee,
    };
    let normal = cause == Cause::NORMAL_CLEARING || cause == Cause::NORMAL_UNSPECIFIED;
    let why = match stage {
        Stage::Up { .. } if normal => Why::HungUp,
        Stage::Offered if normal => Why::Cancelled,
        Stage::Dialled { .. } | Stage::Explained { .. } if normal => Why::Rejected,
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
