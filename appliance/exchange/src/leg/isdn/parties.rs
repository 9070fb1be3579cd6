//! Who is who on a line: numbers, names, who forwarded a call, and what users say (ITU-T Q.951, Q.952,
//! Q.957, ECMA-164, ECMA-174, Telcordia GR-1367).

use crate::leg::along::MOST;
use crate::leg::sip::{Desk, Legs, Peer, State};
use crate::lines;
use call::{Diversion, DiversionReason, LegId, Party, UserData};
use config::{IsdnSide, Zone};
use tdm::q931::dialect::{Dialect, Envelope};
use tdm::q931::element::{
    self, Display, Element, Name, NameOf, Number, PartyNumber, Presentation, PresentedNumber,
    RedirectingNumber, RedirectionReason, Screening, Service, UserUser,
};
use tdm::q931::message::Message;

/// The name of who calls, if SETUP says one that may be shown.
pub(crate) fn name_of(setup: &Message) -> String {
    shown(setup.calling_name())
}

/// Who forwarded a call before it came by the line, oldest first, as far as that may be shown.
pub(crate) fn diversions(zone: &Zone, setup: &Message) -> Vec<Diversion> {
    let element = |told: Option<&RedirectingNumber>| {
        let told = told?;
        let (number, presentation) = (&told.party.number, told.party.presentation());
        let reason = told.reason.map_or(DiversionReason::Unconditional, reason_of);
        from(zone, number, presentation, reason)
    };
    let by_element = [setup.original_called_number(), setup.redirecting_number()].map(element);
    let mut found: Vec<_> = by_element.into_iter().flatten().collect();
    let operation = setup.services().find_map(|service| match service {
        Service::Diversion(element::Diversion::DivertedTo { by, first, reason, .. }) => {
            Some(([first, by], reason))
        }
        _ => None,
    });
    if let (true, Some((numbers, reason))) = (found.is_empty(), operation) {
        let numbers = numbers.iter().filter_map(|number| match number {
            Some(PresentedNumber::Allowed(number)) => {
                from(zone, number, Presentation::Allowed, reason_of_operation(reason))
            }
            _ => None,
        });
        found.extend(numbers);
    }
    found.dedup_by(|one, other| one.from == other.from);
    found
}

/// Who answered, if CONNECT says so and it may be shown.
pub(super) fn connected(zone: &Zone, message: &Message) -> Option<Party> {
    let number = message.connected_number();
    let number = number.filter(|party| party.presentation() == Presentation::Allowed);
    let number = number.map(|party| lines::read(zone, &party.number)).unwrap_or_default();
    let name = shown(message.connected_name());
    (!number.is_empty() || !name.is_empty()).then_some(Party { number, name })
}

/// What a user says in a message.
pub(crate) fn user_data(message: &Message) -> Option<UserData> {
    let said = message.user_user()?;
    let octets = said.octets.iter().take(MOST).copied().collect();
    Some(UserData { protocol: said.protocol, octets })
}

/// The same, to be sent.
pub(super) fn user_element(data: &UserData) -> Element {
    let octets = data.octets.iter().take(MOST).copied().collect();
    Element::UserUser(UserUser { protocol: data.protocol, octets })
}

/// A name as the dialect has it: an operation, or what the network lets its user's set show.
pub(super) fn name(dialect: Dialect, side: IsdnSide, of: NameOf, text: &str) -> Option<Element> {
    if text.is_empty() {
        return None;
    }
    if dialect.habits().envelope == Envelope::Public {
        let network = side == IsdnSide::Network;
        return network.then(|| Element::Display(Display::new(text)));
    }
    let text: String = text.chars().take(LONGEST_NAME).collect();
    let id = 1 + of as i32;
    Some(Element::Facility(dialect.facility(id, &Service::Name(of, Name::new(text)))))
}

/// Who forwarded a call, as the dialect has it: by whom it was last, and in private networks as an
/// operation that also says how often (ECMA-174 §6.5.2).
pub(super) fn diverted(
    dialect: Dialect,
    all: &[Diversion],
    party: impl Fn(&str) -> PartyNumber,
) -> Option<Element> {
    let (first, last) = (all.first()?, all.last()?);
    if dialect.habits().envelope != Envelope::Private {
        let reason = Some(element_reason(last.reason));
        let told = RedirectingNumber { party: party(&last.from), reason };
        return Some(Element::RedirectingNumber(told));
    }
    let presented = |text: &str| {
        let PartyNumber { number, shown } = party(text);
        match shown {
            Some((Presentation::Restricted, _)) => PresentedNumber::Restricted,
            _ => PresentedNumber::Allowed(number),
        }
    };
    let told = element::Diversion::DivertedTo {
        count: u8::try_from(all.len()).unwrap_or(u8::MAX),
        reason: operation_reason(last.reason),
        by: Some(presented(&last.from)),
        first: (all.len() > 1).then(|| presented(&first.from)),
        name: None,
    };
    Some(Element::Facility(dialect.facility(DIVERTED, &Service::Diversion(told))))
}

impl Legs {
    /// What the line's caller is told of who answered on another leg. To a carrier our own numbers mean
    /// nothing, and names are the network's.
    pub(super) fn connected(&self, desk: &Desk<'_>, id: LegId, by: LegId) -> Vec<Element> {
        let (Some(leg), Some(answered)) = (self.legs.get(&id), self.legs.get(&by)) else {
            return Vec::new();
        };
        let State::Line(line) = &leg.state else { return Vec::new() };
        let config = &desk.frame.config;
        let network = line.side == IsdnSide::Network;
        if !network && line.dialect != Dialect::Qsig {
            return Vec::new();
        }
        let party = match &answered.peer {
            Peer::Extension { tenant, number, .. } => {
                let known = config.extension_by_number(*tenant, number);
                let name = known.map(|known| known.name.clone()).unwrap_or_default();
                Some(Party { number: number.clone(), name })
            }
            Peer::Trunk { .. } => answered.along.answered_as.clone(),
        };
        let isdn = config.trunks.get(&line.trunk).and_then(|trunk| trunk.isdn.as_ref());
        let (Some(Party { number, name: text }), Some(isdn)) = (party, isdn) else {
            return Vec::new();
        };
        let written = lines::write(config.zone(), isdn.numbering, line.dialect, &number);
        let screening = if network { Screening::Network } else { Screening::NotScreened };
        let number = PartyNumber::new(written, Presentation::Allowed, screening);
        let mut with = vec![Element::ConnectedNumber(number)];
        with.extend(name(line.dialect, line.side, NameOf::Connected, &text));
        with
    }
}

fn shown(name: Option<Name>) -> String {
    name.as_ref().and_then(Name::shown).map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn from(
    zone: &Zone,
    number: &Number,
    presentation: Presentation,
    reason: DiversionReason,
) -> Option<Diversion> {
    let from = lines::read(zone, number);
    (presentation == Presentation::Allowed && !from.is_empty())
        .then_some(Diversion { from, reason })
}

/// Who does not say why forwards all calls.
fn reason_of(reason: RedirectionReason) -> DiversionReason {
    match reason {
        RedirectionReason::Busy => DiversionReason::UserBusy,
        RedirectionReason::NoReply => DiversionReason::NoAnswer,
        RedirectionReason::OutOfOrder => DiversionReason::Unavailable,
        RedirectionReason::Unknown
        | RedirectionReason::Deflected
        | RedirectionReason::ByCalledSet
        | RedirectionReason::Unconditional
        | RedirectionReason::Reserved(_) => DiversionReason::Unconditional,
    }
}

fn reason_of_operation(reason: element::DiversionReason) -> DiversionReason {
    match reason {
        element::DiversionReason::Busy => DiversionReason::UserBusy,
        element::DiversionReason::NoReply => DiversionReason::NoAnswer,
        element::DiversionReason::Unknown
        | element::DiversionReason::Unconditional
        | element::DiversionReason::Deflected(_) => DiversionReason::Unconditional,
    }
}

fn element_reason(reason: DiversionReason) -> RedirectionReason {
    match reason {
        DiversionReason::Unconditional => RedirectionReason::Unconditional,
        DiversionReason::UserBusy | DiversionReason::DoNotDisturb => RedirectionReason::Busy,
        DiversionReason::NoAnswer => RedirectionReason::NoReply,
        DiversionReason::Unavailable => RedirectionReason::OutOfOrder,
    }
}

fn operation_reason(reason: DiversionReason) -> element::DiversionReason {
    match reason {
        DiversionReason::Unconditional => element::DiversionReason::Unconditional,
        DiversionReason::UserBusy | DiversionReason::DoNotDisturb => element::DiversionReason::Busy,
        DiversionReason::NoAnswer => element::DiversionReason::NoReply,
        DiversionReason::Unavailable => element::DiversionReason::Unknown,
    }
}

/// Characters of a name (ECMA-164 §6.5.1).
const LONGEST_NAME: usize = 50;
/// The number of the request that tells of diversions, apart from those of names.
const DIVERTED: i32 = 9;
