//! Supplementary services of a call on a line: hold, transfer, malicious calls (ETSI EN 300 141,
//! EN 300 369, EN 300 130).
//!
//! Hold is what the far side asks for. We do not send HOLD ourselves: who holds in the box hears and lets
//! hear by the box, and its B channel is needed all the while, for the music.

use super::Stage;
use crate::leg::sip::{Desk, Legs, State};
use call::{LegEvent, LegId};
use config::IsdnSide;
use tdm::q931::call::Request;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{CauseValue, Code, Component, Element, Facility, Service};
use tdm::q931::message::Message;

impl Legs {
    /// The far side wants to hold. Only EuroISDN has it: ECMA-143 and SR-4994 know no such message.
    pub(super) fn hold_asked(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(State::Line(line)) = self.legs.get(&id).map(|leg| &leg.state) else { return };
        let known = line.dialect == Dialect::EuroIsdn;
        let refusal = (!known).then_some(CauseValue::FACILITY_NOT_IMPLEMENTED);
        self.ask(desk, id, Request::AnswerHold(refusal));
        if known {
            self.hold_line(desk, id, true);
        }
    }

    /// The far side holds, or does not any more: the other one hears music meanwhile.
    pub(super) fn hold_line(&mut self, desk: &mut Desk<'_>, id: LegId, held: bool) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let State::Line(line) = &mut leg.state else { return };
        line.held = held;
        if let Some(partner) = leg.partner {
            self.part_or_bridge(desk, id, partner);
        }
        self.tell(id, if held { LegEvent::Held } else { LegEvent::Resumed });
    }

    /// FACILITY: what the far side asks for, or tells.
    pub(super) fn line_asks(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        side: IsdnSide,
        message: &Message,
    ) {
        let components = message.facilities().flat_map(|facility| {
            let private = facility.is_private();
            facility.components.iter().map(move |component| (component, private))
        });
        for (component, private) in components {
            let (Component::Invoke { id: number, .. }, Some(service)) =
                (component, Service::read(component, private))
            else {
                continue;
            };
            let done = match service {
                Service::TransferExecute if side == IsdnSide::Network => self.join_held(desk, id),
                Service::MaliciousCall if side == IsdnSide::Network => {
                    self.tell(id, LegEvent::Noted(MALICIOUS.to_owned()));
                    desk.frame.count("lines", "malicious");
                    Ok(())
                }
                Service::TransferExecute | Service::MaliciousCall => Err(NOT_AVAILABLE),
                Service::Name(..) | Service::Transferred { .. } | Service::Diversion(_) => {
                    self.tell(id, LegEvent::Noted(format!("The line tells: {service}.")));
                    continue;
                }
                Service::Charge(_) | Service::NameFollows => continue,
            };
            let answer = match done {
                Ok(()) => Component::Result { id: *number, outcome: None },
                Err(error) => {
                    let error = Code::Local(error);
                    Component::Error { id: *number, error, parameter: Vec::new() }
                }
            };
            let facility = Facility::of(Facility::REMOTE_OPERATIONS, answer);
            self.ask(desk, id, Request::Facility(vec![Element::Facility(facility)]));
        }
    }

    /// A user of ours wants his two calls to be one: that which he holds, and the other (EN 300 369-1
    /// §9, implicit linkage). With more than these two nobody can say which ones he means.
    fn join_held(&mut self, desk: &mut Desk<'_>, id: LegId) -> Result<(), i32> {
        let line_of = |leg: LegId| match self.legs.get(&leg).map(|leg| &leg.state) {
            Some(State::Line(line)) if matches!(line.stage, Stage::Up { .. }) => Some(line),
            _ => None,
        };
        let line = line_of(id).ok_or(INVALID_STATE)?;
        let fits = |other: &LegId| {
            let other_line = line_of(*other).filter(|_| *other != id);
            other_line.is_some_and(|it| it.trunk == line.trunk && it.held != line.held)
        };
        let mut others = self.legs.keys().copied().filter(fits);
        let (Some(other), None) = (others.next(), others.next()) else { return Err(INVALID_STATE) };
        let held = if line.held { id } else { other };
        self.hold_line(desk, held, false);
        let replaces = Some(other);
        self.tell(id, LegEvent::TransferAsked { to: String::new(), replaces });
        Ok(())
    }
}

const MALICIOUS: &str = "The far end marks it as a malicious call.";
/// notAvailable (ETSI EN 300 196-1 annex D, General-Errors).
const NOT_AVAILABLE: i32 = 3;
/// invalidCallState (the same).
const INVALID_STATE: i32 = 7;
