//! What an outbound route wants of digital lines, and "who would this reach?" where a call comes or goes
//! by one.

use super::{dialect, read, write};
use call::{ByChannels, ByLine, NumberMark, NumberPlan, RouteQuestion, RouteReport};
use config::{Channels, Config, Isdn, OutboundRoute, TenantId, TrunkId};
use pbx::route::{Phone, TrunkChoice};
use tdm::q931::element::{Number, NumberingPlan, TypeOfNumber};
use tdm::q931::interface::Wish;

/// The called number of a call that leaves: the route's word goes before the trunk's.
pub(crate) fn called(
    config: &Config,
    isdn: &Isdn,
    route: Option<&OutboundRoute>,
    number: &str,
) -> Number {
    let numbering = route.and_then(|route| route.numbering).unwrap_or(isdn.numbering);
    write(config.zone(), numbering, dialect(isdn), number)
}

/// The channels that a call may take.
pub(crate) fn wish(route: Option<&OutboundRoute>) -> Wish {
    match route.and_then(|route| route.channels.as_ref()) {
        None => Wish::Next,
        Some(channels) => Wish::Among(channels.slots().collect()),
    }
}

/// Answers "who would this reach?" by the real router.
///
/// `registered` says which phones of an extension are registered; `is_down` which trunks are tried last.
pub fn explain(
    config: &Config,
    question: &RouteQuestion,
    registered: impl Fn(TenantId, &str) -> Vec<Phone>,
    is_down: impl Fn(TrunkId) -> bool,
) -> RouteReport {
    let question = RouteQuestion { to: as_read(config, question), ..question.clone() };
    let by_line = |choice: &TrunkChoice| by_line(config, choice);
    pbx::route::explain(config, &question, registered, is_down, by_line)
}

/// What is dialled, as the router reads it where a line says of which type it is.
fn as_read(config: &Config, question: &RouteQuestion) -> String {
    let digits = question.to.as_str();
    let kind = match question.number_type {
        // As people write it: the type is said already.
        _ if digits.starts_with('+') => return digits.to_owned(),
        None | Some(NumberMark::Unknown) => TypeOfNumber::Unknown,
        Some(NumberMark::International) => TypeOfNumber::International,
        Some(NumberMark::National) => TypeOfNumber::National,
        Some(NumberMark::NetworkSpecific) => TypeOfNumber::NetworkSpecific,
        Some(NumberMark::Subscriber) => TypeOfNumber::Subscriber,
        Some(NumberMark::Abbreviated) => TypeOfNumber::Abbreviated,
    };
    read(config.zone(), &Number::isdn(kind, digits))
}

fn by_line(config: &Config, choice: &TrunkChoice) -> Option<ByLine> {
    let trunk = config.trunks.get(&choice.trunk)?;
    let isdn = trunk.isdn.as_ref()?;
    let route = choice.route.and_then(|id| config.outbound_routes.get(&id)).map(|route| &**route);
    let number = called(config, isdn, route, &choice.number);
    let only = route.and_then(|route| route.channels.as_ref());
    let lines = isdn.spans.iter().filter_map(|span| {
        let channels = Channels::of(&span.bearers_in(only))?;
        Some(ByChannels { line: span.line.clone(), channels: channels.to_string() })
    });
    Some(ByLine {
        trunk: trunk.name.clone(),
        number_type: kind(number.kind),
        plan: plan(number.plan),
        digits: number.digits,
        lines: lines.collect(),
    })
}

fn kind(kind: TypeOfNumber) -> NumberMark {
    match kind {
        TypeOfNumber::Unknown | TypeOfNumber::Reserved(_) => NumberMark::Unknown,
        TypeOfNumber::International => NumberMark::International,
        TypeOfNumber::National => NumberMark::National,
        TypeOfNumber::NetworkSpecific => NumberMark::NetworkSpecific,
        TypeOfNumber::Subscriber => NumberMark::Subscriber,
        TypeOfNumber::Abbreviated => NumberMark::Abbreviated,
    }
}

/// No other plan is ever written (`number.rs`, and the dialects' own).
fn plan(plan: NumberingPlan) -> NumberPlan {
    match plan {
        NumberingPlan::Isdn => NumberPlan::Telephone,
        NumberingPlan::Private => NumberPlan::Private,
        NumberingPlan::Unknown
        | NumberingPlan::Data
        | NumberingPlan::Telex
        | NumberingPlan::National
        | NumberingPlan::Reserved(_) => NumberPlan::Unknown,
    }
}
