//! Where a call goes, and why. Pure: the same configuration and question give the same answer, so
//! the router also explains itself and judges calls that were never made.

mod sides;

pub use sides::Phone;

use call::{
    ByLine, Cause, Diversion, End, NumberMark, OnLine, Place, RouteQuestion, RouteReport, Step,
    Verdict, Why,
};
use config::{
    Channels, Config, Extension, ExtensionId, Feature, FeatureId, InboundRoute, NumberFormat,
    NumberType, OutboundRoute, OutboundRouteId, TenantId, Trunk, TrunkId,
};
use sides::Sides;

/// On whose behalf a call is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An extension: it calls, or it forwards.
    Extension {
        /// Its tenant.
        tenant: TenantId,
        /// Its number.
        number: String,
    },
    /// Somebody outside.
    Trunk {
        /// The tenant of the trunk.
        tenant: TenantId,
        /// The trunk that the call came by.
        trunk: TrunkId,
        /// How it came on a digital line.
        line: Option<OnLine>,
        /// The caller's number, E.164 where it could be made so.
        number: String,
    },
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// An extension rings.
    Extension(ExtensionId),
    /// The trunks to try, in this order. Never empty.
    Trunks {
        /// The trunks.
        choices: Vec<TrunkChoice>,
        /// Somebody needs help: no limit applies.
        emergency: bool,
    },
    /// The box itself answers.
    Feature(FeatureId),
    /// It goes nowhere.
    Refused(End),
}

/// One trunk to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkChoice {
    /// The trunk.
    pub trunk: TrunkId,
    /// The number as its carrier wants it.
    pub number: String,
    /// The route that names it; none where somebody needs help, who may take any channel.
    pub route: Option<OutboundRouteId>,
}

/// The router's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Where it goes.
    pub way: Way,
    /// The name of the route that decided, if one did.
    pub route: Option<String>,
    /// How the router got there, in sentences.
    pub steps: Vec<String>,
}

impl Decision {
    /// The same, but trunks that are known to be down come after all others: what is known may be
    /// a minute old.
    pub fn preferring_up(mut self, config: &Config, is_down: impl Fn(TrunkId) -> bool) -> Self {
        let Way::Trunks { choices, .. } = &mut self.way else { return self };
        let (down, up): (Vec<_>, Vec<_>) =
            choices.drain(..).partition(|choice| is_down(choice.trunk));
        let name = |choice: &TrunkChoice| Some(config.trunks.get(&choice.trunk)?.name.as_str());
        for name in down.iter().filter(|_| !up.is_empty()).filter_map(name) {
            self.steps.push(format!("Trunk {name} is down: it is tried last."));
        }
        *choices = up.into_iter().chain(down).collect();
        self
    }
}

/// Decides where a call goes.
pub fn decide(config: &Config, caller: &Caller, dialled: &str) -> Decision {
    let mut trace = Told::default();
    let way = match caller {
        Caller::Extension { tenant, number } => {
            from_inside(config, *tenant, number, dialled, &mut trace)
        }
        Caller::Trunk { tenant, trunk, line, number } => {
            from_trunk(config, *tenant, (*trunk, *line), number, dialled, &mut trace)
        }
    };
    Decision { way, route: trace.route, steps: trace.steps }
}

/// Answers "who would this reach?" by the real router.
///
/// `registered` says which phones of an extension are registered; `is_down` which trunks are tried last;
/// `by_line` how a call leaves by a trunk of digital lines.
pub fn explain(
    config: &Config,
    question: &RouteQuestion,
    registered: impl Fn(TenantId, &str) -> Vec<Phone>,
    is_down: impl Fn(TrunkId) -> bool,
    by_line: impl Fn(&TrunkChoice) -> Option<ByLine>,
) -> RouteReport {
    let tenant = TenantId::DEFAULT;
    let mut caller = match question.trunk {
        None => Caller::Extension { tenant, number: question.from.clone() },
        Some(trunk) => {
            let id = TrunkId(trunk);
            let trunk = config.trunks.get(&id);
            let tenant = trunk.map_or(tenant, |trunk| trunk.tenant);
            let line = trunk.and_then(|trunk| trunk.isdn.as_ref()).map(|_| came(question));
            Caller::Trunk { tenant, trunk: id, line, number: question.from.clone() }
        }
    };
    let mut sides = Sides::of(config, &caller, &registered);
    let mut dialled = question.to.clone();
    let mut told = Told::default();
    for _ in 0..MAX_DIVERSIONS {
        let decision = decide(config, &caller, &dialled).preferring_up(config, &is_down);
        decision.steps.into_iter().for_each(|step| told.say(step));
        told.route = decision.route;
        let id = match decision.way {
            Way::Refused(end) => {
                told.say(format!("The call is refused: {}.", end.why));
                return told.report(Verdict::Refused, Vec::new(), None, Sides::default());
            }
            Way::Trunks { choices, emergency } => {
                choices.iter().for_each(|choice| sides.add_trunk(config, choice.trunk));
                if emergency {
                    sides.relax();
                }
                told.lines = choices.iter().filter_map(&by_line).collect();
                for sentence in told.lines.iter().map(ByLine::sentence).collect::<Vec<_>>() {
                    told.say(sentence);
                }
                let name = |choice: &TrunkChoice| {
                    config.trunks.get(&choice.trunk).map(|trunk| Place::Trunk(trunk.name.clone()))
                };
                let places = choices.iter().filter_map(name).collect();
                let number = choices.into_iter().next().map(|choice| choice.number);
                return told.report(Verdict::Trunk, places, number, sides);
            }
            Way::Feature(id) => {
                let number = config.features.get(&id).map(|feature| feature.number.to_string());
                let places = number.map(Place::Number).into_iter().collect();
                return told.report(Verdict::Number, places, None, sides);
            }
            Way::Extension(id) => id,
        };
        let Some(extension) = config.extensions.get(&id) else { break };
        let phones = registered(extension.tenant, extension.number.as_str());
        let number = extension.number.to_string();
        let Some((target, sentence)) = diverted(extension, phones.len()) else {
            sides.add_phones(config, extension.tenant, &number, &phones);
            told.say(match (phones.len(), extension.do_not_disturb) {
                (_, true) => "It does not want to be disturbed.".to_owned(),
                (0, _) => "No phone of it is registered now.".to_owned(),
                (1, _) => "Its phone rings.".to_owned(),
                (n, _) => format!("Its {n} phones ring."),
            });
            let places = vec![Place::Extension(number)];
            return told.report(Verdict::Extension, places, None, sides);
        };
        told.say(sentence);
        caller = Caller::Extension { tenant: extension.tenant, number };
        dialled = target;
    }
    told.say("The call is refused: forwarded in a circle.".to_owned());
    told.report(Verdict::Refused, Vec::new(), None, Sides::default())
}

/// How a thought-of call comes on a digital line.
fn came(question: &RouteQuestion) -> OnLine {
    let number_type = match question.number_type {
        None | Some(NumberMark::Unknown) => NumberType::Unknown,
        Some(NumberMark::International) => NumberType::International,
        Some(NumberMark::National) => NumberType::National,
        Some(NumberMark::NetworkSpecific) => NumberType::NetworkSpecific,
        Some(NumberMark::Subscriber) => NumberType::Subscriber,
        Some(NumberMark::Abbreviated) => NumberType::Abbreviated,
    };
    OnLine { slot: question.slot.unwrap_or_default(), number_type: bits(number_type) }
}

/// Whether one more forwarding of a call would go in a circle, or too far.
pub fn is_loop(diverted: &[Diversion], next: &str) -> bool {
    diverted.len() >= MAX_DIVERSIONS || diverted.iter().any(|diversion| diversion.from == next)
}

/// The forwardings that are certain before a phone rings.
fn diverted(extension: &Extension, phones: usize) -> Option<(String, String)> {
    let forward = &extension.forward;
    if let Some(target) = &forward.always {
        return Some((target.to_string(), format!("It is forwarded to {target}.")));
    }
    if extension.do_not_disturb {
        let target = forward.busy.as_ref()?;
        let text = format!("It does not want to be disturbed and is forwarded to {target}.");
        return Some((target.to_string(), text));
    }
    if phones == 0 {
        let target = forward.unreachable.as_ref()?;
        let text = format!("No phone of it is registered: it is forwarded to {target}.");
        return Some((target.to_string(), text));
    }
    None
}

fn from_inside(
    config: &Config,
    tenant: TenantId,
    number: &str,
    dialled: &str,
    trace: &mut Told,
) -> Way {
    if config.is_emergency(dialled) {
        return emergency(config, tenant, dialled, trace);
    }
    if let Some(extension) = config.extension_by_number(tenant, dialled) {
        return to_extension(extension, trace);
    }
    if let Some(feature) = config.feature_by_number(tenant, dialled) {
        return to_feature(feature, trace);
    }
    to_outside(config, tenant, number, dialled, trace)
}

fn to_extension(extension: &Extension, trace: &mut Told) -> Way {
    if !extension.enabled {
        trace.say(format!("Extension {} is switched off.", extension.number));
        return Way::Refused(End::ours(Cause::SUBSCRIBER_ABSENT, Why::NotRegistered));
    }
    trace.say(match extension.name.as_str() {
        "" => format!("{} is an extension.", extension.number),
        name => format!("{} is the extension of {name}.", extension.number),
    });
    Way::Extension(extension.id)
}

fn to_feature(feature: &Feature, trace: &mut Told) -> Way {
    let Feature { number, name, .. } = feature;
    if !feature.enabled {
        trace.say(format!("Number {number} of the box is switched off."));
        return Way::Refused(End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber));
    }
    trace.say(match name.as_str() {
        "" => format!("The box itself answers {number}."),
        name => format!("The box itself answers {number}: {name}."),
    });
    Way::Feature(feature.id)
}

/// Help comes before everything: before extensions, barring, limits and the order of routes. The
/// trunks of a fitting route come first, then all others.
fn emergency(config: &Config, tenant: TenantId, dialled: &str, trace: &mut Told) -> Way {
    trace.say(format!("{dialled} summons help: it always goes out."));
    let mut choices: Vec<TrunkChoice> = Vec::new();
    let fitting = config
        .outbound_in_order(tenant)
        .into_iter()
        .filter(|route| route.enabled && route.pattern.matches(dialled))
        .flat_map(|route| route.trunks.iter().copied());
    let others = config.trunks.values().filter(|trunk| trunk.tenant == tenant).map(|t| t.id);
    // A neighbour's trunk is better than no help.
    let any = config.trunks.keys().copied();
    for trunk in fitting.chain(others).chain(any) {
        let enabled = config.trunks.get(&trunk).is_some_and(|trunk| trunk.enabled);
        if enabled && !choices.iter().any(|choice| choice.trunk == trunk) {
            choices.push(TrunkChoice { trunk, number: dialled.to_owned(), route: None });
        }
    }
    if choices.is_empty() {
        trace.say("There is no trunk to send it by.".to_owned());
        return Way::Refused(End::ours(Cause::NO_ROUTE, Why::NoRoute));
    }
    Way::Trunks { choices, emergency: true }
}

fn to_outside(
    config: &Config,
    tenant: TenantId,
    caller: &str,
    dialled: &str,
    trace: &mut Told,
) -> Way {
    // A number from a phone's contacts is often E.164, a route's pattern often national.
    let national = dialled.starts_with('+').then(|| config.zone().national(dialled));
    for route in config.outbound_in_order(tenant) {
        if !route.enabled {
            continue;
        }
        if route.caller.as_ref().is_some_and(|pattern| !pattern.matches(caller)) {
            continue;
        }
        let forms = [Some(dialled), national.as_deref()];
        let Some(form) = forms.into_iter().flatten().find(|form| route.pattern.matches(form))
        else {
            continue;
        };
        trace.route = Some(route.name.clone());
        trace.say(format!("{form} fits the outbound route {} ({}).", route.name, route.pattern));
        return by_route(config, route, form, trace);
    }
    trace.say(format!("{dialled} is no extension, and no outbound route fits."));
    let known = dialled.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
    if known && !dialled.is_empty() {
        Way::Refused(End::ours(Cause::NO_ROUTE, Why::NoRoute))
    } else {
        Way::Refused(End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber))
    }
}

fn by_route(config: &Config, route: &OutboundRoute, form: &str, trace: &mut Told) -> Way {
    if route.barred {
        trace.say("The route bars it.".to_owned());
        return Way::Refused(End::ours(Cause::OUTGOING_BARRED, Why::Barred));
    }
    let rest: String = form.chars().skip(route.strip.into()).collect();
    let number = format!("{}{rest}", route.prepend);
    if number.is_empty() {
        trace.say("Nothing is left to dial after the route's digits are taken off.".to_owned());
        return Way::Refused(End::ours(Cause::INVALID_NUMBER, Why::Incomplete));
    }
    let mut choices = Vec::new();
    for id in &route.trunks {
        let Some(trunk) = config.trunks.get(id) else { continue };
        if !trunk.enabled {
            trace.say(format!("Trunk {} is switched off.", trunk.name));
            continue;
        }
        let number = written(config, trunk, &number);
        trace.say(match choices.is_empty() {
            true => format!("It leaves through trunk {} as {number}.", trunk.name),
            false => format!("If that fails, through trunk {} as {number}.", trunk.name),
        });
        choices.push(TrunkChoice { trunk: *id, number, route: Some(route.id) });
    }
    if choices.is_empty() {
        return Way::Refused(End::ours(Cause::NO_ROUTE, Why::NoRoute));
    }
    Way::Trunks { choices, emergency: false }
}

/// A number as a trunk's carrier wants it.
pub(crate) fn written(config: &Config, trunk: &Trunk, number: &str) -> String {
    let zone = config.zone();
    let Some(e164) = zone.to_e164(number) else { return number.to_owned() };
    match trunk.number_format {
        NumberFormat::AsDialled => number.to_owned(),
        NumberFormat::Plus => e164.to_string(),
        NumberFormat::Digits => e164.as_str().trim_start_matches('+').to_owned(),
        NumberFormat::National => zone.national(e164.as_str()),
    }
}

fn from_trunk(
    config: &Config,
    tenant: TenantId,
    by: (TrunkId, Option<OnLine>),
    caller: &str,
    sent: &str,
    trace: &mut Told,
) -> Way {
    let zone = config.zone();
    let e164 = zone.to_e164_from_carrier(sent).map(|number| number.to_string());
    let called = e164.as_deref().unwrap_or(sent);
    trace.say(format!("A call for {called} came in."));
    let national = e164.as_deref().map(|number| zone.national(number));
    let digits = e164.as_deref().map(|number| number.trim_start_matches('+'));
    let forms = [Some(called), Some(sent), national.as_deref(), digits];
    for route in config.inbound_in_order(tenant) {
        let wrong_line = !takes(route, by);
        let wrong_caller = route.caller.as_ref().is_some_and(|only| !only.matches(caller));
        let fits = forms.iter().flatten().any(|form| route.did.matches(form));
        if !route.enabled || wrong_line || wrong_caller || !fits {
            continue;
        }
        trace.route = Some(route.name.clone());
        trace.say(format!(
            "It fits the inbound route {} ({}) to {}.",
            route.name, route.did, route.destination
        ));
        let destination = route.destination.as_str();
        if let Some(feature) = config.feature_by_number(tenant, destination) {
            return to_feature(feature, trace);
        }
        return match config.extension_by_number(tenant, destination) {
            Some(extension) => to_extension(extension, trace),
            None => Way::Refused(End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber)),
        };
    }
    trace.say("No inbound route fits.".to_owned());
    Way::Refused(End::ours(Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber))
}

/// Whether a call from outside whose number is begun like this could go elsewhere when it has more
/// digits: somebody may still be dialling (ITU-T Q.931 §5.2.4).
pub fn may_grow(
    config: &Config,
    tenant: TenantId,
    by: (TrunkId, Option<OnLine>),
    begun: &str,
) -> bool {
    let zone = config.zone();
    let e164 = zone.begun_e164(begun);
    let national = begun.strip_prefix('+').map(|_| zone.national(begun));
    let forms = [Some(begun), e164.as_deref(), national.as_deref()];
    config.inbound_in_order(tenant).into_iter().any(|route| {
        let fits = forms.iter().flatten().any(|form| route.did.could_grow(form));
        route.enabled && takes(route, by) && fits
    })
}

/// Whether a route takes calls that come by this trunk, and so on its line.
fn takes(route: &InboundRoute, (trunk, line): (TrunkId, Option<OnLine>)) -> bool {
    let slot = |channels: &Channels| line.is_some_and(|line| channels.contains(line.slot));
    let marked = |only: NumberType| line.is_some_and(|line| line.number_type == bits(only));
    route.trunk.is_none_or(|only| only == trunk)
        && route.channels.as_ref().is_none_or(slot)
        && route.number_type.is_none_or(marked)
}

/// ITU-T Q.931 table 4-9.
fn bits(number_type: NumberType) -> u8 {
    match number_type {
        NumberType::Unknown => 0,
        NumberType::International => 1,
        NumberType::National => 2,
        NumberType::NetworkSpecific => 3,
        NumberType::Subscriber => 4,
        NumberType::Abbreviated => 6,
    }
}

/// What the router says of its way.
#[derive(Default)]
struct Told {
    route: Option<String>,
    steps: Vec<String>,
    lines: Vec<ByLine>,
}

impl Told {
    fn say(&mut self, sentence: String) {
        self.steps.push(sentence);
    }

    fn report(
        self,
        verdict: Verdict,
        places: Vec<Place>,
        number: Option<String>,
        sides: Sides,
    ) -> RouteReport {
        let steps = self.steps.into_iter().map(|text| Step { after_ms: 0, text }).collect();
        let encryption = sides.told();
        let (route, lines) = (self.route, self.lines);
        RouteReport { verdict, places, number, route, steps, encryption, lines }
    }
}

/// A call may be forwarded so often (RFC 5806 leaves the number to us).
const MAX_DIVERSIONS: usize = 10;
