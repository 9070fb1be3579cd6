//! Who calls, who is called, who answered: numbers with their types and whether they may be shown, names.

use tdm::q931::call::{Event, Request};
use tdm::q931::element::{
    CauseValue, Display, Element, Name, NameOf, Number, NumberingPlan, PartyNumber, Presentation,
    Screening, Service, TypeOfNumber,
};

use crate::asterisk::Told;
use crate::bed::Bed;
use crate::{Check, Outcome};

pub(crate) const ALL: &[Check] = &[
    ("it hears who calls and who is called", called_there),
    ("it hears what may not be shown", restricted_there),
    ("we hear who calls and who is called", called_here),
    ("we hear what may not be shown", restricted_here),
    ("we hear who answered", connected_there),
    ("it hears who answered", connected_here),
];

/// Names, where a supplementary service has them.
pub(crate) const NAMES: &[Check] = &[
    ("it hears who calls, with a name", named_there),
    ("we hear who calls, with a name", named_here),
];

fn called_there(bed: &mut Bed) -> Outcome {
    let told = present(bed, (Presentation::Allowed, Screening::Passed))?;
    same(&told, "CalledPlan", "33")?;
    same(&told, "Calling", "498921555")?;
    same(&told, "CallingPlan", "17")?;
    same(&told, "CallingShown", "allowed_passed_screen")?;
    same(&told, "CallingName", "Anna")
}

fn restricted_there(bed: &mut Bed) -> Outcome {
    let told = present(bed, (Presentation::Restricted, Screening::Network))?;
    same(&told, "Calling", "498921555")?;
    same(&told, "CallingShown", "prohib")
}

/// A call from an international number to a national one, and what Asterisk tells of it.
fn present(bed: &mut Bed, shown: (Presentation, Screening)) -> Result<Told, String> {
    let calling = number(TypeOfNumber::International, "498921555");
    let call = bed.setup(vec![
        Element::Display(Display::new("Anna")),
        Element::CallingNumber(PartyNumber::new(calling, shown.0, shown.1)),
        Element::CalledNumber(number(TypeOfNumber::National, "2000")),
        Element::SendingComplete,
    ])?;
    bed.answered(call)?;
    let told = bed.told("Offered")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    Ok(told)
}

fn called_here(bed: &mut Bed) -> Outcome {
    let message = offered(bed, "PLAN=33,SHOWN=allowed_passed_screen")?;
    let calling = PartyNumber::new(
        number(TypeOfNumber::National, "8921555"),
        Presentation::Allowed,
        Screening::Passed,
    );
    if message.calling_number() != Some(&calling)
        || message.called_number() != Some(&number(TypeOfNumber::International, "49305551"))
        || message.calling_name() != Some(Name::new("Bert"))
    {
        return Err(message.to_string());
    }
    Ok(String::new())
}

fn restricted_here(bed: &mut Bed) -> Outcome {
    let message = offered(bed, "PLAN=17,SHOWN=prohib_not_screened")?;
    let calling = PartyNumber::new(
        number(TypeOfNumber::International, "8921555"),
        Presentation::Restricted,
        Screening::NotScreened,
    );
    if message.calling_number() != Some(&calling) {
        return Err(message.to_string());
    }
    Ok(String::new())
}

/// A call from Asterisk, and its SETUP.
fn offered(bed: &mut Bed, shown: &str) -> Result<tdm::q931::message::Message, String> {
    bed.let_dial("Ie49305551w", shown)?;
    let (call, offer) = bed.offered()?;
    bed.hang_up(call, CauseValue::BUSY)?;
    bed.told("Over")?;
    Ok(*offer.setup.message)
}

fn connected_there(bed: &mut Bed) -> Outcome {
    for (digits, presentation) in
        [("2004", Presentation::Allowed), ("2005", Presentation::Restricted)]
    {
        let call = bed.dial(digits)?;
        let message = bed.event(call, "an answer", |event| match event {
            Event::Answered(said) => Some(said.message.clone()),
            _ => None,
        })?;
        let connected = message.connected_number();
        let wanted = number(TypeOfNumber::National, "8921345");
        if connected.map(|party| (&party.number, party.presentation()))
            != Some((&wanted, presentation))
        {
            return Err(message.to_string());
        }
        bed.hang_up(call, CauseValue::NORMAL)?;
    }
    Ok(String::new())
}

fn connected_here(bed: &mut Bed) -> Outcome {
    for (presentation, shown) in [
        (Presentation::Allowed, "allowed_passed_screen"),
        (Presentation::Restricted, "prohib_passed_screen"),
    ] {
        bed.let_dial("5551w", "PLAN=33,SHOWN=allowed")?;
        let (call, _) = bed.offered()?;
        let connected = number(TypeOfNumber::International, "498921777");
        let connected = PartyNumber::new(connected, presentation, Screening::Passed);
        bed.request(call, Request::Answer(vec![Element::ConnectedNumber(connected)]))?;
        let told = bed.told("Answered")?;
        same(&told, "Connected", "498921777")?;
        same(&told, "ConnectedPlan", "17")?;
        same(&told, "ConnectedShown", shown)?;
        bed.hang_up(call, CauseValue::NORMAL)?;
        bed.told("Over")?;
    }
    Ok(String::new())
}

fn named_there(bed: &mut Bed) -> Outcome {
    let name = Service::Name(NameOf::Calling, Name::new("Anna"));
    let call = bed.setup(vec![
        Element::Facility(bed.dialect.facility(1, &name)),
        Element::CalledNumber(bed.dialect.number("2000")),
    ])?;
    bed.answered(call)?;
    let told = bed.told("Offered")?;
    bed.hang_up(call, CauseValue::NORMAL)?;
    same(&told, "CallingName", "Anna")
}

fn named_here(bed: &mut Bed) -> Outcome {
    let message = offered(bed, "PLAN=33,SHOWN=allowed_passed_screen")?;
    if message.calling_name().as_ref().and_then(Name::shown) == Some("Bert") {
        Ok(String::new())
    } else {
        Err(message.to_string())
    }
}

fn number(kind: TypeOfNumber, digits: &str) -> Number {
    Number { kind, plan: NumberingPlan::Isdn, digits: digits.into() }
}

fn same(told: &Told, key: &str, wanted: &str) -> Outcome {
    match told.get(key) {
        Some(said) if said == wanted => Ok(String::new()),
        other => Err(format!("{key} is {other:?}, not {wanted}")),
    }
}
