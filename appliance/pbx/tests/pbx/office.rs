//! An office without telephones: its configuration, its legs by number, its clock.

use call::{
    CallId, CallRecord, CallState, End, LegCommand, LegEvent, LegId, Offer, Origin, Party,
    RegistrationId, Target, UnixMillis,
};
use config::{
    Change, Config, Country, Entry, Expect, Extension, InboundRoute, InboundRouteId, Number,
    OutboundRoute, OutboundRouteId, Pattern, Revision, Secret, Settings, TenantId, Trunk, TrunkId,
    TrunkKind,
};
use pbx::{Act, Pbx, World};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Two trunks, four extensions, British numbers.
pub(crate) fn configured() -> Config {
    let mut config = Config::fresh("realm");
    let country = Country::parse("GB").unwrap();
    put(&mut config, Entry::Settings(Settings { country, ..Settings::default() }));
    for number in ["201", "202", "203", "204"] {
        put(&mut config, Entry::Extension(extension(number)));
    }
    for name in ["one", "two"] {
        put(&mut config, Entry::Trunk(trunk(name)));
    }
    config
}

pub(crate) fn put(config: &mut Config, entry: Entry) {
    *config = config.apply(Change::Put(entry, Expect::Any)).unwrap().0;
}

fn extension(number: &str) -> Extension {
    Extension {
        id: Default::default(),
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        number: Number::parse(number).unwrap(),
        name: String::new(),
        enabled: true,
        caller_id: None,
        do_not_disturb: false,
        forward: Default::default(),
        credentials: None,
    }
}

fn trunk(name: &str) -> Trunk {
    Trunk {
        id: TrunkId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        name: name.to_owned(),
        enabled: true,
        kind: TrunkKind::Static,
        host: format!("{name}.example"),
        port: None,
        transport: Default::default(),
        domain: None,
        username: String::new(),
        auth_username: None,
        secret: Secret::default(),
        register_seconds: 3600,
        qualify_seconds: 60,
        peers: Vec::new(),
        number_format: Default::default(),
        caller_id: Default::default(),
        codecs: None,
        encryption: None,
        max_calls: None,
        isdn: None,
    }
}

pub(crate) fn outbound(
    config: &mut Config,
    pattern: &str,
    trunks: &[u32],
    change: impl FnOnce(&mut OutboundRoute),
) {
    let mut route = OutboundRoute {
        id: OutboundRouteId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        name: pattern.to_owned(),
        enabled: true,
        order: 100,
        pattern: Pattern::parse(pattern).unwrap(),
        caller: None,
        strip: 0,
        prepend: String::new(),
        trunks: trunks.iter().copied().map(TrunkId).collect(),
        barred: false,
        numbering: None,
        channels: None,
    };
    change(&mut route);
    put(config, Entry::OutboundRoute(route));
}

pub(crate) fn inbound(
    config: &mut Config,
    did: &str,
    destination: &str,
    change: impl FnOnce(&mut InboundRoute),
) {
    let mut route = InboundRoute {
        id: InboundRouteId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        name: did.to_owned(),
        enabled: true,
        order: 100,
        trunk: None,
        did: Pattern::parse(did).unwrap(),
        caller: None,
        channels: None,
        number_type: None,
        destination: Number::parse(destination).unwrap(),
    };
    change(&mut route);
    put(config, Entry::InboundRoute(route));
}

pub(crate) fn change_extension(
    config: &mut Config,
    number: &str,
    change: impl FnOnce(&mut Extension),
) {
    let known = config.extension_by_number(TenantId::DEFAULT, number).unwrap();
    let mut extension = (**known).clone();
    change(&mut extension);
    put(config, Entry::Extension(extension));
}

pub(crate) fn change_trunk(config: &mut Config, id: u32, change: impl FnOnce(&mut Trunk)) {
    let mut trunk = (**config.trunks.get(&TrunkId(id)).unwrap()).clone();
    change(&mut trunk);
    put(config, Entry::Trunk(trunk));
}

/// All calls, and everything around them.
pub(crate) struct Office {
    pub(crate) config: Config,
    pub(crate) pbx: Pbx,
    /// Phones of each extension.
    pub(crate) phones: BTreeMap<String, Vec<RegistrationId>>,
    /// Trunks that are down.
    pub(crate) down: BTreeSet<TrunkId>,
    /// What legs were told, in order.
    pub(crate) told: Vec<(LegId, LegCommand)>,
    pub(crate) records: BTreeMap<CallId, CallRecord>,
    origin: Instant,
    now: Instant,
    next_leg: u64,
    next_call: u64,
}

struct View<'a> {
    config: &'a Config,
    phones: &'a BTreeMap<String, Vec<RegistrationId>>,
    down: &'a BTreeSet<TrunkId>,
    next_leg: &'a mut u64,
    clock: UnixMillis,
}

impl World for View<'_> {
    fn config(&self) -> &Config {
        self.config
    }

    fn registrations(&self, _tenant: TenantId, number: &str) -> Vec<RegistrationId> {
        self.phones.get(number).cloned().unwrap_or_default()
    }

    fn is_down(&self, trunk: TrunkId) -> bool {
        self.down.contains(&trunk)
    }

    fn new_leg(&mut self) -> LegId {
        *self.next_leg += 1;
        LegId(*self.next_leg)
    }

    fn clock(&self) -> UnixMillis {
        self.clock
    }
}

impl Office {
    /// Everybody has one phone.
    pub(crate) fn new() -> Self {
        Self::with(configured())
    }

    pub(crate) fn with(config: Config) -> Self {
        // An origin; nothing depends on which.
        #[allow(clippy::disallowed_methods)]
        let origin = Instant::now();
        let phone = |n: u64| (n.to_string(), vec![RegistrationId(n)]);
        Self {
            config,
            pbx: Pbx::default(),
            phones: (201..=204).map(phone).collect(),
            down: BTreeSet::new(),
            told: Vec::new(),
            records: BTreeMap::new(),
            origin,
            now: origin,
            next_leg: 0,
            next_call: 0,
        }
    }

    /// Somebody calls from a phone; the call and the leg.
    pub(crate) fn calls(&mut self, from: &str, dialled: &str) -> (CallId, LegId) {
        let origin = Origin::Extension { tenant: 1, number: from.to_owned() };
        self.offers(origin, from, dialled, None)
    }

    /// A call comes in by a trunk.
    pub(crate) fn comes_in(&mut self, trunk: u32, from: &str, called: &str) -> (CallId, LegId) {
        self.offers(Origin::Trunk { tenant: 1, trunk, line: None }, from, called, None)
    }

    pub(crate) fn offers(
        &mut self,
        origin: Origin,
        from: &str,
        dialled: &str,
        replaces: Option<LegId>,
    ) -> (CallId, LegId) {
        self.next_call += 1;
        self.next_leg += 1;
        let (call, leg) = (CallId(self.next_call), LegId(self.next_leg));
        let from = Party { number: from.to_owned(), name: String::new() };
        let dialled = dialled.to_owned();
        let offer = Offer {
            origin,
            from,
            anonymous: false,
            dialled,
            diverted: Vec::new(),
            user: None,
            media: Vec::new(),
            packet_millis: 0,
            replaces,
            refused: None,
        };
        self.says(call, leg, LegEvent::Offered(Box::new(offer)));
        (call, leg)
    }

    /// A leg says something.
    pub(crate) fn says(&mut self, call: CallId, leg: LegId, event: LegEvent) {
        let clock = UnixMillis(1_000_000).after(self.now - self.origin);
        let (config, phones, down) = (&self.config, &self.phones, &self.down);
        let mut view = View { config, phones, down, next_leg: &mut self.next_leg, clock };
        self.pbx.handle(call, leg, event, self.now, &mut view);
        self.drain();
    }

    /// Time passes.
    pub(crate) fn waits(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.pbx.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            let clock = UnixMillis(1_000_000).after(self.now - self.origin);
            let (config, phones, down) = (&self.config, &self.phones, &self.down);
            let mut view = View { config, phones, down, next_leg: &mut self.next_leg, clock };
            self.pbx.handle_timeout(at, &mut view);
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(act) = self.pbx.poll_act() {
            match act {
                Act::Leg(_, leg, command) => self.told.push((leg, command)),
                Act::Record(record) => {
                    self.records.insert(record.id, *record);
                }
                // Recordings are tried in the scenarios, where there are ports and a disk.
                Act::TurnTape(..) | Act::Fetch(_) => {}
            }
        }
    }

    /// What was told since the last time.
    pub(crate) fn told(&mut self) -> Vec<(LegId, LegCommand)> {
        std::mem::take(&mut self.told)
    }

    /// The legs that were dialled since the last time, and whom they reach.
    pub(crate) fn dialled(&mut self) -> Vec<(LegId, String)> {
        let dialled = self.told().into_iter().filter_map(|(leg, command)| match command {
            LegCommand::Dial { target: Target::Registration { number, .. }, .. } => {
                Some((leg, number))
            }
            LegCommand::Dial { target: Target::Trunk { trunk, number, .. }, .. } => {
                Some((leg, format!("trunk {trunk}: {number}")))
            }
            _ => None,
        });
        dialled.collect()
    }

    /// How a call ended.
    pub(crate) fn end(&self, call: CallId) -> End {
        let record = &self.records[&call];
        assert_eq!(record.state, CallState::Ended);
        record.end.clone().unwrap()
    }
}
