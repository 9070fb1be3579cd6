//! Setting the scene: addresses, extensions, phones, trunks, routes.

use super::{EPOCH, Lab, Pool, boxed, check::Secrets, shared};
use crate::ua::Ua;
use crate::wire::{Nat, Wire};
use config::{
    Change, CodecPolicy, Config, Credentials, Device, Encryption, Entry, Expect, Extension,
    InboundRoute, InboundRouteId, Number, OutboundRoute, OutboundRouteId, PathPolicy, Pattern,
    Revision, Secret, Settings, Subnet, TenantId, Trunk, TrunkId, TrunkKind, TrunkTransport,
};
use exchange::{Exchange, Input, Surroundings};
use media::Engine;
use sip::digest::{Algorithm, Ha1};
use sip::flow::Transport;
use sip::resolve::{Question, Record};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Lab {
    /// A box fresh from the carton, on a local network and on the public one.
    pub fn new(seed: u64) -> Self {
        Self::with_addresses(seed, &["192.0.2.10/24", "192.168.1.10/24", "2001:db8::10/64"])
    }

    /// A box with these addresses; of each family the first has the default route.
    pub fn with_addresses(seed: u64, addresses: &[&str]) -> Self {
        // The one clock reading of the lab: an origin, of which nothing depends.
        #[allow(clippy::disallowed_methods)]
        let origin = Instant::now();
        let listeners = [
            (Transport::Udp, 5060),
            (Transport::Tcp, 5060),
            (Transport::Tls, 5061),
            (Transport::Wss, 443),
        ];
        let listeners = listeners.into_iter().flat_map(|(transport, port)| {
            boxed::media_addresses()
                .into_iter()
                .map(move |ip| (transport, SocketAddr::new(ip, port)))
        });
        let split = |text: &&str| {
            let (ip, bits) = text.split_once('/').unwrap();
            (ip.parse().unwrap(), bits.parse().unwrap())
        };
        let surroundings = Surroundings {
            listeners: listeners.collect(),
            addresses: addresses.iter().map(split).collect(),
            media: boxed::media_addresses(),
            external: None,
            browsers: None,
            rsa: None,
        };
        let mut lab = Self {
            exchange: Exchange::new(seed_of(seed), origin),
            config: plain(Config::fresh("strowger")),
            wire: Wire::new(seed),
            dns: BTreeMap::new(),
            dns_delay: Duration::from_millis(20),
            records: BTreeMap::new(),
            events: Vec::new(),
            asked: Vec::new(),
            fetched: Vec::new(),
            lines: Vec::new(),
            broken: false,
            far: None,
            far_told: Vec::new(),
            feeds: Vec::new(),
            taped: Vec::new(),
            transports: Vec::new(),
            handshakes: Vec::new(),
            stun: None,
            icmp: false,
            now: origin,
            finished: false,
            uas: Vec::new(),
            bindings: BTreeMap::new(),
            surroundings,
            engine: Engine::new(boxed::media_addresses()),
            origin,
            queue: BTreeMap::new(),
            order: 0,
            connections: BTreeMap::new(),
            next_accepted: 0,
            pool: Pool::default(),
            log: VecDeque::new(),
            secrets: Secrets::default(),
            digest: 0,
            recording: Some(Vec::new()),
            outputs: Vec::new(),
            seed,
        };
        lab.boot();
        lab
    }

    /// A box with these extensions, each with one phone in the office that is registered.
    pub fn office(seed: u64, numbers: &[&str]) -> Self {
        let mut lab = Self::new(seed);
        for number in numbers {
            lab.extension(number);
            lab.add_phone(number);
        }
        for number in numbers {
            lab.phone(number).registers();
        }
        lab.run_ms(200);
        for number in numbers {
            assert!(lab.phone(number).is_registered(), "{number} is not registered");
        }
        lab
    }

    /// The box takes the media of browsers at this port.
    pub fn take_browsers(&mut self, browsers: exchange::Browsers) {
        self.surroundings.browsers = Some(browsers);
        let surroundings = self.surroundings.clone();
        self.input(Input::Surroundings(surroundings));
    }

    /// There is an RSA certificate for handshakes; the octets of its digest are all like this one.
    pub fn has_rsa(&mut self, octet: u8) {
        self.surroundings.rsa = Some([octet; 32]);
        self.input(Input::Surroundings(self.surroundings.clone()));
    }

    fn boot(&mut self) {
        self.input(Input::Clock(EPOCH.after(self.elapsed())));
        self.input(Input::Surroundings(self.surroundings.clone()));
        let config = shared(&self.config);
        self.input(Input::Config(config));
    }

    /// The daemon is killed and started again: only what was written to disk is left.
    pub fn restarts(&mut self) {
        self.recording = None;
        self.exchange = Exchange::new(seed_of(self.seed + 1), self.now);
        self.engine = Engine::new(boxed::media_addresses());
        self.pool = Pool::default();
        self.connections.clear();
        self.input(Input::Clock(EPOCH.after(self.elapsed())));
        let kept = self.bindings.values().cloned().collect();
        self.input(Input::Surroundings(self.surroundings.clone()));
        let config = shared(&self.config);
        self.input(Input::Config(config));
        self.input(Input::Restored(kept));
    }

    /// What is on disk is this, whatever happened since.
    pub fn restore(&mut self, kept: Vec<Arc<call::Registration>>) {
        self.bindings = kept.into_iter().map(|kept| (kept.id, (*kept).clone())).collect();
    }

    /// Changes an entry of the configuration, as the API does.
    pub fn put(&mut self, entry: Entry) {
        let (config, _) = self.config.apply(Change::Put(entry, Expect::Any)).unwrap();
        self.config = config;
        let config = shared(&self.config);
        self.input(Input::Config(config));
    }

    /// Changes the settings.
    pub fn settings(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = (*self.config.settings).clone();
        change(&mut settings);
        self.put(Entry::Settings(settings));
    }

    /// A new extension; its password is that of the phone of its name.
    pub fn extension(&mut self, number: &str) {
        let credentials = Some(credentials(number, &format!("secret-of-{number}")));
        self.put(Entry::Extension(Extension {
            id: Default::default(),
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            number: Number::parse(number).unwrap(),
            name: format!("Person {number}"),
            enabled: true,
            caller_id: None,
            do_not_disturb: false,
            forward: Default::default(),
            credentials,
        }));
    }

    /// Changes an extension.
    pub fn change(&mut self, number: &str, change: impl FnOnce(&mut Extension)) {
        let known = self.config.extension_by_number(TenantId::DEFAULT, number).unwrap();
        let mut extension = (**known).clone();
        change(&mut extension);
        self.put(Entry::Extension(extension));
    }

    /// A device with a log-in of its own for an extension.
    pub fn device(&mut self, number: &str, name: &str) {
        let known = self.config.extension_by_number(TenantId::DEFAULT, number).unwrap();
        let extension = known.id;
        self.put(Entry::Device(Device {
            id: Default::default(),
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            extension,
            name: name.to_owned(),
            enabled: true,
            codecs: None,
            encryption: None,
            media_path: None,
            credentials: Some(credentials(name, &format!("secret-of-{name}"))),
        }));
    }

    /// Changes a device.
    pub fn change_device(&mut self, name: &str, change: impl FnOnce(&mut Device)) {
        let known = self.config.device_by_name(TenantId::DEFAULT, name).unwrap();
        let mut device = (**known).clone();
        change(&mut device);
        self.put(Entry::Device(device));
    }

    /// What phones and trunks without a policy of their own may speak.
    pub fn codecs(&mut self, codecs: CodecPolicy) {
        let mut tenant = (**self.config.tenant(TenantId::DEFAULT).unwrap()).clone();
        tenant.codecs = codecs;
        self.put(Entry::Tenant(tenant));
    }

    /// Whether phones and trunks without a setting of their own speak encrypted.
    pub fn encryption(&mut self, encryption: Encryption) {
        let mut tenant = (**self.config.tenant(TenantId::DEFAULT).unwrap()).clone();
        tenant.encryption = encryption;
        self.put(Entry::Tenant(tenant));
    }

    /// Which way the media of phones without a setting of their own goes.
    pub fn media_path(&mut self, path: PathPolicy) {
        let mut tenant = (**self.config.tenant(TenantId::DEFAULT).unwrap()).clone();
        tenant.media_path = path;
        self.put(Entry::Tenant(tenant));
    }

    /// The box has measured itself.
    pub fn measured(&mut self, capacity: call::Capacity) {
        self.input(Input::Capacity(capacity));
    }

    /// How much of that is in use.
    pub fn load(&self) -> call::Load {
        self.exchange.load()
    }

    /// A phone in the office that logs in as the extension of its name.
    pub fn add_phone(&mut self, name: &str) {
        let host = 100 + self.uas.len();
        self.add_phone_at(name, &format!("192.168.1.{host}:5060"), "192.168.1.10:5060");
    }

    /// One more phone of an extension: `201/desk` logs in as 201.
    pub fn add_phone_at(&mut self, name: &str, at: &str, proxy: &str) {
        let mut ua = Ua::new(name, at.parse().unwrap(), proxy.parse().unwrap());
        let user = name.split('/').next().unwrap().to_owned();
        ua.password = format!("secret-of-{user}");
        ua.login.clone_from(&user);
        ua.user = user;
        self.uas.push(ua);
    }

    /// A carrier at an address, and the trunk to it. The account is `acme`.
    pub fn carrier(&mut self, name: &str, at: &str, kind: TrunkKind) -> TrunkId {
        let at: SocketAddr = at.parse().unwrap();
        let proxy = SocketAddr::new(if at.is_ipv4() { v4() } else { v6() }, 5060);
        let mut ua = Ua::new(name, at, proxy);
        ua.user = "acme".to_owned();
        ua.login = "acme".to_owned();
        ua.password = "carrier-secret".to_owned();
        ua.domain = crate::text::host(at.ip());
        self.uas.push(ua);
        self.trunk(carrier(name, at, kind))
    }

    /// A trunk; its id.
    pub fn trunk(&mut self, trunk: Trunk) -> TrunkId {
        let name = trunk.name.clone();
        self.put(Entry::Trunk(trunk));
        self.config.trunks.values().find(|trunk| trunk.name == name).unwrap().id
    }

    /// Changes a trunk.
    pub fn change_trunk(&mut self, id: TrunkId, change: impl FnOnce(&mut Trunk)) {
        let mut trunk = (**self.config.trunks.get(&id).unwrap()).clone();
        change(&mut trunk);
        self.put(Entry::Trunk(trunk));
    }

    /// Numbers that fit `pattern` leave by these trunks.
    pub fn outbound(&mut self, pattern: &str, trunks: &[TrunkId]) -> OutboundRouteId {
        self.outbound_with(pattern, trunks, |_| {})
    }

    /// The same, changed.
    pub fn outbound_with(
        &mut self,
        pattern: &str,
        trunks: &[TrunkId],
        change: impl FnOnce(&mut OutboundRoute),
    ) -> OutboundRouteId {
        let mut route = OutboundRoute {
            id: OutboundRouteId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            name: format!("out {pattern}"),
            enabled: true,
            order: 100,
            pattern: Pattern::parse(pattern).unwrap(),
            caller: None,
            strip: 0,
            prepend: String::new(),
            trunks: trunks.to_vec(),
            barred: false,
            numbering: None,
            channels: None,
        };
        change(&mut route);
        self.put(Entry::OutboundRoute(route));
        *self.config.outbound_routes.keys().last().unwrap()
    }

    /// Calls for numbers that fit `did` ring at `destination`.
    pub fn inbound(&mut self, did: &str, destination: &str) {
        self.inbound_with(did, destination, |_| {});
    }

    /// The same for the calls of one trunk.
    pub fn inbound_from(&mut self, trunk: TrunkId, did: &str, destination: &str) {
        self.inbound_with(did, destination, |route| route.trunk = Some(trunk));
    }

    /// The same for some of them.
    pub fn inbound_with(
        &mut self,
        did: &str,
        destination: &str,
        change: impl FnOnce(&mut InboundRoute),
    ) {
        let mut route = InboundRoute {
            id: InboundRouteId::NEW,
            revision: Revision::default(),
            tenant: TenantId::DEFAULT,
            name: format!("in {did}"),
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
        self.put(Entry::InboundRoute(route));
    }

    /// A router between `inside` and the rest; `forwards_to` gets what belongs to nobody.
    pub fn nat(&mut self, inside: &str, public: &str, forwards_to: Option<&str>) {
        let inside: Subnet = inside.parse().unwrap();
        let forwards = forwards_to.map(|ip| ip.parse().unwrap());
        self.wire.nats.push(Nat::new(inside, public.parse().unwrap(), forwards));
    }

    /// All routers forget who talked to whom.
    pub fn restart_nats(&mut self) {
        self.wire.nats.iter_mut().for_each(Nat::restart);
    }

    /// What the installer or the command line says of the external address.
    pub fn external(&mut self, external: config::External) {
        self.surroundings.external = Some(external);
        self.input(Input::Surroundings(self.surroundings.clone()));
    }

    /// A name that the DNS knows, with its addresses.
    pub fn name(&mut self, name: &str, addresses: &[&str]) {
        let records = addresses.iter().map(|ip| Record::Address(ip.parse().unwrap()));
        self.dns.insert(Question::A(name.into()), records.collect());
    }

    /// The hosts that serve a service, best first.
    pub fn service(&mut self, name: &str, hosts: &[(&str, u16)]) {
        let records = (1..).zip(hosts).map(|(priority, (target, port))| Record::Srv {
            priority,
            weight: 0,
            port: *port,
            target: (*target).to_owned(),
        });
        self.dns.insert(Question::Srv(name.into()), records.collect());
    }

    pub(crate) fn index(&self, name: &str) -> usize {
        let found = self.uas.iter().position(|ua| ua.name == name);
        found.unwrap_or_else(|| panic!("nobody is called {name}"))
    }
}

/// What the box keeps of a password.
pub(crate) fn credentials(user: &str, password: &str) -> Credentials {
    let of = |algorithm| Ha1::of(algorithm, user, "strowger", password);
    match (of(Algorithm::Md5), of(Algorithm::Sha256)) {
        (Ha1::Md5(md5), Ha1::Sha256(sha256)) => Credentials { md5, sha256 },
        other => panic!("{other:?}"),
    }
}

/// The seed of the box.
pub(super) fn seed_of(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes
}

/// Without music on hold: what one phone offers is then seen by the other.
fn plain(mut config: Config) -> Config {
    Arc::make_mut(&mut config.settings).hold_music = false;
    config
}

fn v4() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

fn v6() -> IpAddr {
    "2001:db8::10".parse().unwrap()
}

/// A trunk to a carrier who stands here.
pub(super) fn carrier(name: &str, at: SocketAddr, kind: TrunkKind) -> Trunk {
    Trunk {
        id: TrunkId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        name: name.to_owned(),
        enabled: true,
        kind,
        host: at.ip().to_string(),
        port: (at.port() != 5060).then_some(at.port()),
        transport: TrunkTransport::Auto,
        domain: None,
        username: "acme".to_owned(),
        auth_username: None,
        secret: Secret::new("carrier-secret"),
        register_seconds: 600,
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
