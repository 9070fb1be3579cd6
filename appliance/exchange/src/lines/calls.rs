//! Calls that come in on digital lines: whose they are, and when their number is complete
//! (ITU-T Q.931 §5.2.1, §5.2.4).

use super::number::Dialled;
use super::{Holder, Lines};
use crate::Exchange;
use crate::leg::isdn::{self, Incoming};
use call::{Cause, End, LegId, MediaKind, Offer, OnLine, Origin, Party, Why};
use config::{IsdnSide, Trunk, TrunkId};
use std::sync::Arc;
use std::time::Instant;
use tdm::q931::call::{Event, Request};
use tdm::q931::element::{CauseValue, Element, Location, Number, Presentation, Progress};
use tdm::q931::interface::{self, CallId};

impl Exchange {
    /// Something happened to a call on a digital line.
    pub(crate) fn line_told(&mut self, trunk: TrunkId, id: CallId, event: Event, now: Instant) {
        match event {
            Event::Offered(offer) => self.line_calls(trunk, id, *offer, now),
            event => match self.lines.holder(trunk, id) {
                Some(Holder::Leg(leg)) => {
                    let leg = *leg;
                    if matches!(event, Event::Ended { .. }) {
                        self.lines.forget(trunk, id);
                    }
                    let (legs, mut desk) = self.desk(now);
                    legs.line_says(&mut desk, leg, event);
                }
                Some(Holder::Dialling(_)) => self.dials(trunk, id, event, now),
                None => {}
            },
        }
    }

    fn line_calls(&mut self, id: TrunkId, call: CallId, offer: interface::Offer, now: Instant) {
        let Some(trunk) = self.lines.trunk(id).cloned() else { return };
        let message = &offer.setup.message;
        let bearer = message.bearer_capability();
        let clear = bearer.is_some_and(|bearer| !bearer.is_audio());
        if clear
            && bearer.is_some_and(|it| it.transfer != tdm::q931::element::Transfer::Unrestricted)
        {
            return self.refuse_line(id, call, CauseValue::BEARER_NOT_IMPLEMENTED, now);
        }
        let keypad = message.keypad().map(|keypad| Number::unknown(keypad.0.clone()));
        let number = message.called_number().cloned().or(keypad).unwrap_or_default();
        let dialled = Dialled { setup: offer.setup, number };
        let waits = trunk.isdn.as_ref().is_some_and(|isdn| isdn.overlap) && !offer.complete;
        if waits && self.may_grow(&trunk, call, &dialled.number) {
            let network = trunk.isdn.as_ref().is_some_and(|isdn| isdn.side == IsdnSide::Network);
            let tone = (network && dialled.number.digits.is_empty()).then(in_band);
            self.lines.hold(id, call, dialled);
            let ask = Request::AskDigits(tone.into_iter().map(Element::Progress).collect());
            // A call that cannot be asked any more tells so itself.
            let _ = self.lines.request(&mut self.frame, id, call, ask, now);
            return;
        }
        self.enter(&trunk, call, dialled, now);
    }

    /// Digits of a caller who is still dialling.
    fn dials(&mut self, id: TrunkId, call: CallId, event: Event, now: Instant) {
        let Some(trunk) = self.lines.trunk(id).cloned() else { return };
        let (more, is_last) = match event {
            Event::Digits { number, keypad, complete } => {
                let digits = number.map(|number| number.digits).or(keypad).unwrap_or_default();
                (digits, complete)
            }
            Event::DigitsEnded => (String::new(), true),
            Event::Ended { .. } => return self.lines.forget(id, call),
            _ => return,
        };
        let Some(dialled) = self.lines.dialled(id, call) else { return };
        let room = LONGEST_NUMBER.saturating_sub(dialled.number.digits.len());
        dialled.number.digits.extend(more.chars().take(room));
        let (number, full) = (dialled.number.clone(), room <= more.len());
        if !is_last && !full && self.may_grow(&trunk, call, &number) {
            return;
        }
        if let Some(dialled) = self.lines.take_dialled(id, call) {
            self.enter(&trunk, call, dialled, now);
        }
    }

    /// Whether further digits could lead somewhere else than those that are there.
    fn may_grow(&self, trunk: &Trunk, call: CallId, number: &Number) -> bool {
        let text = super::read(self.frame.config.zone(), number);
        let by = (trunk.id, self.lines.on_line(trunk.id, call, number));
        pbx::route::may_grow(&self.frame.config, trunk.tenant, by, &text)
    }

    /// The number is complete: the call is placed.
    fn enter(&mut self, trunk: &Arc<Trunk>, id: CallId, dialled: Dialled, now: Instant) {
        let zone = self.frame.config.zone();
        let number = super::read(zone, &dialled.number);
        let message = &dialled.setup.message;
        let calling = message.calling_number();
        let anonymous =
            calling.is_some_and(|calling| calling.presentation() == Presentation::Restricted);
        let from = Party {
            number: calling.map(|calling| super::read(zone, &calling.number)).unwrap_or_default(),
            name: isdn::name_of(message),
        };
        let clear = message.bearer_capability().is_some_and(|bearer| !bearer.is_audio());
        let mut offer = Offer {
            origin: Origin::Trunk {
                tenant: trunk.tenant.0,
                trunk: trunk.id.0,
                line: self.lines.on_line(trunk.id, id, &dialled.number),
            },
            from,
            anonymous,
            dialled: number,
            diverted: isdn::diversions(zone, message),
            user: isdn::user_data(message),
            media: vec![if clear { MediaKind::Other } else { MediaKind::Audio }],
            packet_millis: 20,
            replaces: None,
            refused: None,
        };
        let urgent = self.frame.config.is_emergency(&offer.dialled);
        let many = self.pbx.len() >= self.frame.config.settings.max_calls as usize;
        let full = !urgent && (many || !self.frame.load.has_room_for_a_call(offer.packet_millis));
        if self.closing.is_some() || self.finished {
            return self.refuse_line(trunk.id, id, CauseValue::TEMPORARY_FAILURE, now);
        }
        if full {
            self.frame.count("calls", "refused");
            self.frame.load.refused();
            offer.refused = Some(End::ours(Cause::CONGESTION, Why::Overload));
        }
        self.frame.count("calls", "offered");
        let (call, leg) = (self.new_call(now), self.new_leg());
        self.lines.take(trunk.id, id, (leg, call));
        let incoming = Incoming { trunk: trunk.clone(), call: id, urgent, clear };
        let (legs, mut desk) = self.desk(now);
        legs.line_offers(&mut desk, leg, call, incoming, offer);
    }

    fn refuse_line(&mut self, trunk: TrunkId, call: CallId, cause: CauseValue, now: Instant) {
        let refuse = Request::Disconnect { cause, tones: false, with: Vec::new() };
        let _ = self.lines.request(&mut self.frame, trunk, call, refuse, now);
    }
}

impl Lines {
    fn holder(&self, trunk: TrunkId, call: CallId) -> Option<&Holder> {
        self.groups.get(&trunk)?.calls.get(&call)
    }

    /// How a call came.
    fn on_line(&self, trunk: TrunkId, call: CallId, number: &Number) -> Option<OnLine> {
        let (_, slot) = self.channel(trunk, call)?;
        Some(OnLine { slot, number_type: number.kind.bits() })
    }

    fn forget(&mut self, trunk: TrunkId, call: CallId) {
        if let Some(group) = self.groups.get_mut(&trunk) {
            group.calls.remove(&call);
        }
    }

    fn hold(&mut self, trunk: TrunkId, call: CallId, dialled: Dialled) {
        if let Some(group) = self.groups.get_mut(&trunk) {
            group.calls.insert(call, Holder::Dialling(Box::new(dialled)));
        }
    }

    fn take(&mut self, trunk: TrunkId, id: CallId, (leg, call): (LegId, call::CallId)) {
        if let Some(group) = self.groups.get_mut(&trunk) {
            group.calls.insert(id, Holder::Leg(leg));
            group.remember(id, leg, call);
        }
    }

    fn dialled(&mut self, trunk: TrunkId, call: CallId) -> Option<&mut Dialled> {
        match self.groups.get_mut(&trunk)?.calls.get_mut(&call)? {
            Holder::Dialling(dialled) => Some(dialled),
            Holder::Leg(_) => None,
        }
    }

    fn take_dialled(&mut self, trunk: TrunkId, call: CallId) -> Option<Dialled> {
        match self.groups.get_mut(&trunk)?.calls.remove(&call)? {
            Holder::Dialling(dialled) => Some(*dialled),
            Holder::Leg(_) => None,
        }
    }
}

/// There is something to hear.
fn in_band() -> Progress {
    Progress::new(Location::PUBLIC_LOCAL, Progress::IN_BAND)
}

/// Digits of the longest number that is waited for: as many as a person may dial
/// ([`config::Number`]).
const LONGEST_NUMBER: usize = 32;
