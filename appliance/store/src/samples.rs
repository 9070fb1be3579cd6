//! Values for tests: one of everything that is kept, with no field left at its default.

use crate::{DeviceKey, Store};
use call::{
    CallId, CallRecord, CallState, Decider, Direction, Diversion, DiversionReason, End, KeyRecord,
    KeySource, LegPath, LegSecurity, MediaKind, MediaPath, Party, Place, Quality, QualityPoint,
    QualitySummary, Registration, RegistrationId, Scale, Security, Step, StreamRecord, StreamStats,
    StreamSummary, Suite, Transport, UnixMillis,
};
use config::{
    CallerId, Change, ChannelSelection, Channels, CodecName, CodecOrder, CodecPolicy, Config,
    Country, Credentials, Device, DeviceId, Encryption, Entry, Expect, Extension, ExtensionId,
    External, Feature, FeatureId, FeatureKind, FeatureTone, Forwarding, InboundRoute,
    InboundRouteId, Isdn, IsdnDialect, IsdnNumbering, IsdnSide, IsdnSpan, IsdnTimer, Network,
    Number, NumberFormat, NumberType, OutboundRoute, OutboundRouteId, PathPolicy, Pattern, Pin,
    Prompts, RecordingTone, Revision, Secret, Settings, SpanBuildOut, SpanCode, SpanFraming,
    Tenant, TenantId, Trunk, TrunkId, TrunkKind, TrunkTransport,
};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
pub(crate) const TRUNK_PASSWORD: &str = "carrier-password-7d1f";

/// A call a second, from the year 2026 on.
pub(crate) fn record(id: u64) -> CallRecord {
    let started = UnixMillis(NOW.0 + id * 1000);
    CallRecord {
        id: CallId(id),
        tenant: 1,
        direction: Direction::Outbound,
        state: CallState::Ended,
        from: Party { number: "201".to_owned(), name: "Anna".to_owned() },
        origin: Place::Extension("201".to_owned()),
        dialled: "02079460958".to_owned(),
        to: Party { number: "+442079460958".to_owned(), name: String::new() },
        destination: Some(Place::Trunk("Carrier".to_owned())),
        started,
        rang: Some(UnixMillis(started.0 + 300)),
        answered: Some(UnixMillis(started.0 + 4000)),
        ended: Some(UnixMillis(started.0 + 64_000)),
        held: true,
        end: Some(End { status: Some(200), ..End::hung_up(Decider::Callee) }),
        steps: vec![
            Step { after_ms: 0, text: "201 may call outside".to_owned() },
            Step { after_ms: 2, text: "route Outside takes 0.".to_owned() },
        ],
        diverted: vec![Diversion { from: "202".to_owned(), reason: DiversionReason::NoAnswer }],
        digits: "1#".to_owned(),
        keys: vec![KeyRecord {
            after_ms: 4_200,
            by: "201".to_owned(),
            key: '#',
            duration_ms: 160,
            source: KeySource::Rfc4733,
        }],
        talking: Vec::new(),
        security: vec![LegSecurity {
            leg: "201".to_owned(),
            kind: MediaKind::Audio,
            security: Security::Sdes { suite: Suite::AeadAes128Gcm },
        }],
        paths: vec![LegPath {
            leg: "201".to_owned(),
            kind: MediaKind::Audio,
            codec: Some("PCMA".to_owned()),
            path: MediaPath::Loopback,
            translated: true,
            repacked: false,
            stays: None,
        }],
        recordings: vec![call::RecordingId(7), call::RecordingId(9)],
        streams: vec![StreamRecord {
            leg: "caller".to_owned(),
            kind: MediaKind::Audio,
            stats: StreamStats { received: 3000, lost: 2, ..StreamStats::default() },
            quality: vec![QualityPoint {
                after_ms: 5_000,
                heard: Quality {
                    loss_permille: 3,
                    jitter_micros: 900,
                    r: 92,
                    mos_hundredths: 438,
                    ..Quality::default()
                },
                said: None,
                round_trip_micros: Some(12_000),
            }],
            summary: Some(StreamSummary {
                heard: Some(QualitySummary {
                    mean_mos_hundredths: 438,
                    worst_mos_hundredths: 331,
                    worst_after_ms: 5_000,
                    scale: Scale::Wide,
                    cause: Some("Lost 4 % on the way from the caller's phone.".to_owned()),
                }),
                said: None,
            }),
        }],
    }
}

pub(crate) fn registration(id: u64) -> Registration {
    Registration {
        id: RegistrationId(id),
        tenant: 1,
        number: "201".to_owned(),
        device: Some("desk".to_owned()),
        contact: "sip:201@192.168.1.20:5060;line=x".to_owned(),
        instance: Some("urn:uuid:00000000-0000-1000-8000-000a95a0e128".to_owned()),
        reg_id: Some(1),
        q: 700,
        path: vec!["sip:edge.example.com;lr".to_owned()],
        call_id: "f81d4fae@192.168.1.20".to_owned(),
        cseq: 17,
        transport: Transport::Tls,
        source: "[2001:db8::20]:49152".parse().unwrap(),
        local: "192.168.1.1:5061".parse().unwrap(),
        user_agent: "Desk Phone 1.2".to_owned(),
        registered: NOW,
        expires: UnixMillis(NOW.0 + 3_600_000),
    }
}

/// Makes one of every entry.
pub(crate) fn changes() -> Vec<Change> {
    let number = |text: &str| Number::parse(text).unwrap();
    let pattern = |text: &str| Pattern::parse(text).unwrap();
    let tenant = TenantId::DEFAULT;
    let revision = Revision::default();
    let entries = [
        Entry::Settings(Settings {
            name: "Head office".to_owned(),
            country: Country::parse("DE").unwrap(),
            extra_emergency: vec![number("999")],
            wizard_done: true,
            network: Network {
                inside: vec!["203.0.113.0/24".parse().unwrap()],
                external: External::Fixed("198.51.100.7".parse().unwrap()),
                web_phones: vec!["https://crm.example".parse().unwrap()],
            },
            max_calls: 17,
            ..Settings::default()
        }),
        Entry::Tenant(Tenant {
            id: TenantId::NEW,
            revision,
            name: "Second".to_owned(),
            realm: "second".to_owned(),
            domains: vec!["second.example.com".to_owned()],
            codecs: CodecPolicy { deny: vec![CodecName::Gsm], ..CodecPolicy::default() },
            encryption: Encryption::Required,
            media_path: PathPolicy::Direct,
            music: Some(3),
            prompts: Prompts { welcome: Some(4), ..Prompts::default() },
            recording_tone: RecordingTone::Repeated,
        }),
        Entry::Extension(Extension {
            id: ExtensionId::NEW,
            revision,
            tenant,
            number: number("201"),
            name: "Anna".to_owned(),
            enabled: false,
            caller_id: Some(number("+442079460201")),
            do_not_disturb: true,
            forward: Forwarding { busy: Some(number("202")), ..Forwarding::default() },
            credentials: Some(Credentials { md5: [1; 16], sha256: [2; 32] }),
        }),
        Entry::Device(Device {
            id: DeviceId::NEW,
            revision,
            tenant,
            extension: ExtensionId(1),
            name: "desk-phone".to_owned(),
            enabled: false,
            codecs: Some(CodecPolicy { translate: false, ..CodecPolicy::default() }),
            encryption: Some(Encryption::Off),
            media_path: Some(PathPolicy::Direct),
            credentials: Some(Credentials { md5: [3; 16], sha256: [4; 32] }),
        }),
        Entry::Trunk(Trunk {
            id: TrunkId::NEW,
            revision,
            tenant,
            name: "Carrier".to_owned(),
            enabled: false,
            kind: TrunkKind::Static,
            host: "sip.example.com".to_owned(),
            port: Some(5070),
            transport: TrunkTransport::Tls,
            domain: Some("example.com".to_owned()),
            username: "account".to_owned(),
            auth_username: Some("login".to_owned()),
            secret: Secret::new(TRUNK_PASSWORD),
            register_seconds: 600,
            qualify_seconds: 30,
            peers: vec!["198.51.100.0/24".parse().unwrap()],
            number_format: NumberFormat::National,
            caller_id: CallerId { number: None, in_from: false, asserted: true },
            encryption: Some(Encryption::Opportunistic),
            codecs: Some(CodecPolicy {
                allow: vec![CodecName::Pcma, CodecName::G729],
                order: CodecOrder::Allowed,
                packet_millis: Some(30),
                ..CodecPolicy::default()
            }),
            max_calls: Some(30),
            isdn: None,
        }),
        Entry::Trunk(digital(revision, tenant)),
        Entry::InboundRoute(InboundRoute {
            id: InboundRouteId::NEW,
            revision,
            tenant,
            name: "Main number".to_owned(),
            enabled: false,
            order: 5,
            trunk: Some(TrunkId(1)),
            did: pattern("+4420!"),
            caller: Some(pattern("+49.")),
            channels: Channels::parse("1-4").ok(),
            number_type: Some(NumberType::Subscriber),
            destination: number("201"),
        }),
        Entry::OutboundRoute(OutboundRoute {
            id: OutboundRouteId::NEW,
            revision,
            tenant,
            name: "Outside".to_owned(),
            enabled: false,
            order: 6,
            pattern: pattern("0."),
            caller: Some(pattern("2XX")),
            strip: 1,
            prepend: "0049".to_owned(),
            trunks: vec![TrunkId(1), TrunkId(2)],
            barred: true,
            numbering: Some(IsdnNumbering::Abbreviated),
            channels: Channels::parse("2-4").ok(),
        }),
        Entry::Feature(Feature {
            id: FeatureId::NEW,
            revision,
            tenant,
            number: number("600"),
            name: "Busy".to_owned(),
            enabled: false,
            kind: FeatureKind::Tone,
            tone: FeatureTone::Busy,
            pin: Some(Pin::parse("2468").unwrap()),
            sound: Some(5),
            repeat: true,
            then: Some(number("201")),
        }),
    ];
    entries.into_iter().map(|entry| Change::Put(entry, Expect::Any)).collect()
}

/// Opens the box in a folder.
pub(crate) fn open(dir: &Path) -> Store {
    Store::open(dir, DeviceKey::load(dir).unwrap()).unwrap()
}

/// A box on which everything was set up.
pub(crate) fn with_everything(dir: &Path) -> Store {
    let mut store = open(dir);
    for change in changes() {
        store.apply(change, "anna", NOW).unwrap();
    }
    store
}

/// All that a configuration holds; its index is made of it.
pub(crate) fn entries(config: &Config) -> String {
    let Config { revision, settings, tenants, extensions, devices, trunks, .. } = config;
    let routes = (&config.inbound_routes, &config.outbound_routes, &config.features);
    let secrets: Vec<_> = trunks.values().map(|trunk| trunk.secret.reveal()).collect();
    let hashes: Vec<_> = (extensions.values().map(|entry| entry.credentials))
        .chain(devices.values().map(|entry| entry.credentials))
        .map(|credentials| credentials.map(|it| (it.md5, it.sha256)))
        .collect();
    format!(
        "{revision} {settings:?} {tenants:?} {extensions:?} {devices:?} {trunks:?} {routes:?} \
         {secrets:?} {hashes:?}"
    )
}

/// A new extension.
pub(crate) fn extension(number: u32) -> Change {
    let mut changes = changes();
    let Change::Put(Entry::Extension(sample), _) = changes.swap_remove(2) else { panic!() };
    let number = Number::parse(&number.to_string()).unwrap();
    let entry = Extension { number, ..sample };
    Change::Put(Entry::Extension(entry), Expect::Any)
}

/// A trunk of digital lines.
fn digital(revision: Revision, tenant: TenantId) -> Trunk {
    let isdn = Isdn {
        side: IsdnSide::Network,
        dialect: IsdnDialect::Qsig,
        spans: vec![IsdnSpan {
            line: "line 2".to_owned(),
            identifier: 3,
            signalling: true,
            channels: Channels::parse("1-4,7").ok(),
            framing: SpanFraming::T1Superframe,
            code: SpanCode::Ami,
            clock: 0,
            build_out: SpanBuildOut::Db15,
        }],
        selection: ChannelSelection::LeastUsed,
        numbering: IsdnNumbering::Private,
        overlap: false,
        restarts: true,
        cancels_echo: false,
        timers: BTreeMap::from([(IsdnTimer::T309, 6_000)]),
    };
    Trunk {
        id: TrunkId::NEW,
        revision,
        tenant,
        name: "Old exchange".to_owned(),
        enabled: true,
        kind: TrunkKind::Isdn,
        host: String::new(),
        port: None,
        transport: TrunkTransport::Auto,
        domain: None,
        username: String::new(),
        auth_username: None,
        secret: Secret::default(),
        register_seconds: 3600,
        qualify_seconds: 60,
        peers: Vec::new(),
        number_format: NumberFormat::AsDialled,
        caller_id: CallerId::default(),
        codecs: None,
        encryption: None,
        max_calls: None,
        isdn: Some(isdn),
    }
}
