//! Inputs of the exchange as values that can be written down and read back.

use call::{
    BertFigures, CallId, Capacity, Container, HandshakeFault, KeyPress, Layout, LegId, LineEvent,
    LineQuality, LineWish, MediaEvent, Moderation, PlayId, PortId, QualityPoint, RecordingId,
    RecordingStop, Reel, Registration, RoomId, Samples, SoundKey, StreamStats, Suite, UnixMillis,
};
use config::{
    Config, Credentials, Device, Entry, Extension, External, Feature, InboundRoute, OutboundRoute,
    Revision, Secret, Settings, Tenant, Trunk,
};
use exchange::{Browsers, Command, Input, Surroundings, Wanted};
use serde::{Deserialize, Serialize};
use sip::flow::{ConnectionId, Flow, Transport};
use sip::resolve::{Answer, Question, Record};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// An input, or timers that were let run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Recorded {
    Timeout,
    Surroundings {
        listeners: Vec<(Way, SocketAddr)>,
        addresses: Vec<(IpAddr, u8)>,
        media: Vec<IpAddr>,
        external: Option<External>,
        #[serde(default)]
        browsers: Option<Entrance>,
        #[serde(default)]
        rsa: Option<[u8; 32]>,
    },
    Config(Box<Setup>),
    Clock(UnixMillis),
    Restored(Vec<Registration>),
    Received {
        flow: Path,
        /// Each character is an octet.
        text: String,
    },
    Connected {
        connection: u64,
        local: SocketAddr,
    },
    Disconnected {
        connection: u64,
    },
    SendFailed {
        flow: Path,
    },
    Media(#[serde(with = "Media")] MediaEvent),
    Line(LineEvent),
    Wish(LineWish),
    Resolved {
        question: Asked,
        records: Vec<Found>,
        ttl: Option<Duration>,
    },
    /// A sound from the disk: its rate and length, which is all that what follows depends on.
    Fetched(SoundKey, Option<(u32, usize)>),
    Reel(CallId, Option<Reel>),
    TapeEnded(RecordingId, RecordingStop, bool),
    Capacity(Capacity),
    HangUp(CallId),
    Record(CallId, Container, Layout, String),
    StopRecord(CallId),
    Capture(CallId),
    StopCapture(CallId),
    Moderate {
        call: CallId,
        moderation: Moderation,
    },
    Shutdown,
}

/// A configuration; what must not be seen stands beside the entries, disguised.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) revision: Revision,
    pub(super) settings: Settings,
    pub(super) tenants: Vec<Tenant>,
    pub(super) extensions: Vec<(Extension, Option<Hashes>)>,
    pub(super) devices: Vec<(Device, Option<Hashes>)>,
    pub(super) trunks: Vec<(Trunk, String)>,
    pub(super) inbound_routes: Vec<InboundRoute>,
    pub(super) outbound_routes: Vec<OutboundRoute>,
    /// Older recordings have none.
    #[serde(default)]
    pub(super) features: Vec<Feature>,
}

/// Disguised credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hashes {
    pub(super) md5: [u8; 16],
    pub(super) sha256: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Path {
    transport: Way,
    local: SocketAddr,
    remote: SocketAddr,
    connection: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    Naptr(String),
    Srv(String),
    A(String),
    Aaaa(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Found {
    Naptr { order: u16, preference: u16, flags: String, service: String, replacement: String },
    Srv { priority: u16, weight: u16, port: u16, target: String },
    Address(IpAddr),
}

/// [`MediaEvent`], for serde.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MediaEvent", rename_all = "snake_case")]
enum Media {
    Free { address: u8, ports: Vec<u16> },
    Exhausted { address: u8 },
    Heard { port: PortId, from: SocketAddr },
    Silent { port: PortId },
    LineQuality { port: PortId, quality: LineQuality },
    Bert { port: PortId, figures: BertFigures },
    Repacked { port: PortId, repacked: bool },
    Secured { port: PortId, suite: Suite },
    Unsecured { port: PortId, fault: HandshakeFault },
    Key { port: PortId, key: KeyPress },
    Finished { port: PortId, play: PlayId },
    Hungry { port: PortId, play: PlayId },
    Speechless { port: PortId, play: PlayId },
    Speaking { room: RoomId, port: Option<PortId> },
    Crowded { port: PortId },
    Quality { port: PortId, point: Box<QualityPoint> },
    Closed { port: PortId, leg: LegId, stats: Box<StreamStats> },
}

/// [`Browsers`], for serde.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Entrance {
    port: u16,
    fingerprint: [u8; 32],
}

impl Recorded {
    /// Writes an input down. The message and the configuration are disguised already.
    pub(super) fn new(input: &Input<'_>, message: &[u8], setup: Option<Setup>) -> Self {
        match input {
            Input::Surroundings(around) => Self::Surroundings {
                listeners: around.listeners.iter().map(|(way, at)| (Way::of(*way), *at)).collect(),
                addresses: around.addresses.clone(),
                media: around.media.clone(),
                external: around.external.clone(),
                browsers: around
                    .browsers
                    .map(|at| Entrance { port: at.port, fingerprint: at.fingerprint }),
                rsa: around.rsa,
            },
            Input::Config(_) => Self::Config(Box::new(setup.unwrap_or_default())),
            Input::Clock(time) => Self::Clock(*time),
            Input::Restored(bindings) => Self::Restored(bindings.clone()),
            Input::Received { flow, .. } => Self::Received {
                flow: Path::of(flow),
                text: message.iter().map(|b| char::from(*b)).collect(),
            },
            Input::Connected { connection, local } => {
                Self::Connected { connection: connection.0, local: *local }
            }
            Input::Disconnected { connection } => Self::Disconnected { connection: connection.0 },
            Input::SendFailed { flow } => Self::SendFailed { flow: Path::of(flow) },
            Input::Media(event) => Self::Media(event.clone()),
            Input::Line(event) => Self::Line(event.clone()),
            Input::Command(Command::Line(wish)) => Self::Wish(*wish),
            Input::Resolved { question, answer } => Self::Resolved {
                question: Asked::of(question),
                records: answer.records.iter().map(Found::of).collect(),
                ttl: answer.ttl,
            },
            Input::Command(Command::HangUp(id)) => Self::HangUp(*id),
            Input::Command(Command::Moderate { call, moderation }) => {
                Self::Moderate { call: *call, moderation: *moderation }
            }
            Input::Found { call, reel } => Self::Reel(*call, *reel),
            Input::TapeEnded { recording, why, kept } => Self::TapeEnded(*recording, *why, *kept),
            Input::Capacity(capacity) => Self::Capacity(capacity.clone()),
            Input::Fetched { key, samples } => {
                Self::Fetched(*key, samples.as_ref().map(|it| (it.rate, it.pcm.len())))
            }
            Input::Command(Command::Record(wanted)) => {
                Self::Record(wanted.call, wanted.container, wanted.layout, wanted.by.clone())
            }
            Input::Command(Command::StopRecord(id)) => Self::StopRecord(*id),
            Input::Command(Command::Capture(id)) => Self::Capture(*id),
            Input::Command(Command::StopCapture(id)) => Self::StopCapture(*id),
            Input::Shutdown => Self::Shutdown,
        }
    }

    /// The octets of the message, if it is one.
    pub(super) fn message(&self) -> Vec<u8> {
        let Self::Received { text, .. } = self else { return Vec::new() };
        text.chars().filter_map(|octet| u8::try_from(u32::from(octet)).ok()).collect()
    }

    /// The input again; `None` for timers. The message is given beside it.
    pub(super) fn input<'a>(&self, message: &'a [u8]) -> Option<Input<'a>> {
        Some(match self.clone() {
            Self::Timeout => return None,
            Self::Surroundings { listeners, addresses, media, external, browsers, rsa } => {
                let listeners = listeners.into_iter().map(|(way, at)| (way.transport(), at));
                let browsers =
                    browsers.map(|Entrance { port, fingerprint }| Browsers { port, fingerprint });
                Input::Surroundings(Surroundings {
                    listeners: listeners.collect(),
                    addresses,
                    media,
                    external,
                    browsers,
                    rsa,
                })
            }
            Self::Config(setup) => Input::Config(Arc::new(setup.config())),
            Self::Clock(time) => Input::Clock(time),
            Self::Restored(bindings) => Input::Restored(bindings),
            Self::Received { flow, .. } => Input::Received { flow: flow.flow(), bytes: message },
            Self::Connected { connection, local } => {
                Input::Connected { connection: ConnectionId(connection), local }
            }
            Self::Disconnected { connection } => {
                Input::Disconnected { connection: ConnectionId(connection) }
            }
            Self::SendFailed { flow } => Input::SendFailed { flow: flow.flow() },
            Self::Media(event) => Input::Media(event),
            Self::Line(event) => Input::Line(event),
            Self::Wish(wish) => Input::Command(Command::Line(wish)),
            Self::Resolved { question, records, ttl } => {
                let records = records.into_iter().map(Found::record).collect();
                Input::Resolved { question: question.question(), answer: Answer { records, ttl } }
            }
            Self::HangUp(id) => Input::Command(Command::HangUp(id)),
            Self::Moderate { call, moderation } => {
                Input::Command(Command::Moderate { call, moderation })
            }
            Self::Reel(call, reel) => Input::Found { call, reel },
            Self::TapeEnded(recording, why, kept) => Input::TapeEnded { recording, why, kept },
            Self::Capacity(capacity) => Input::Capacity(capacity),
            Self::Fetched(key, samples) => {
                let silence = |(rate, length): (u32, usize)| {
                    Arc::new(Samples { rate, pcm: vec![0; length.min(LONGEST)].into() })
                };
                Input::Fetched { key, samples: samples.map(silence) }
            }
            Self::Record(call, container, layout, by) => {
                Input::Command(Command::Record(Wanted { call, container, layout, by }))
            }
            Self::StopRecord(id) => Input::Command(Command::StopRecord(id)),
            Self::Capture(id) => Input::Command(Command::Capture(id)),
            Self::StopCapture(id) => Input::Command(Command::StopCapture(id)),
            Self::Shutdown => Input::Shutdown,
        })
    }
}

impl Setup {
    fn config(self) -> Config {
        let mut entries: Vec<Entry> = self.tenants.into_iter().map(Entry::Tenant).collect();
        for (mut extension, hashes) in self.extensions {
            extension.credentials = hashes.map(Hashes::credentials);
            entries.push(Entry::Extension(extension));
        }
        for (mut device, hashes) in self.devices {
            device.credentials = hashes.map(Hashes::credentials);
            entries.push(Entry::Device(device));
        }
        for (mut trunk, secret) in self.trunks {
            trunk.secret = Secret::new(secret);
            entries.push(Entry::Trunk(trunk));
        }
        entries.extend(self.inbound_routes.into_iter().map(Entry::InboundRoute));
        entries.extend(self.outbound_routes.into_iter().map(Entry::OutboundRoute));
        entries.extend(self.features.into_iter().map(Entry::Feature));
        Config::assemble(self.revision, self.settings, entries)
    }
}

impl Hashes {
    fn credentials(self) -> Credentials {
        Credentials { md5: self.md5, sha256: self.sha256 }
    }
}

impl Way {
    fn of(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::Udp,
            Transport::Tcp => Self::Tcp,
            Transport::Tls => Self::Tls,
            Transport::Ws => Self::Ws,
            Transport::Wss => Self::Wss,
        }
    }

    fn transport(self) -> Transport {
        match self {
            Self::Udp => Transport::Udp,
            Self::Tcp => Transport::Tcp,
            Self::Tls => Transport::Tls,
            Self::Ws => Transport::Ws,
            Self::Wss => Transport::Wss,
        }
    }
}

impl Path {
    fn of(flow: &Flow) -> Self {
        Self {
            transport: Way::of(flow.transport),
            local: flow.local,
            remote: flow.remote,
            connection: flow.connection.map(|connection| connection.0),
        }
    }

    fn flow(self) -> Flow {
        Flow {
            transport: self.transport.transport(),
            local: self.local,
            remote: self.remote,
            connection: self.connection.map(ConnectionId),
        }
    }
}

impl Asked {
    fn of(question: &Question) -> Self {
        match question {
            Question::Naptr(name) => Self::Naptr(name.to_string()),
            Question::Srv(name) => Self::Srv(name.to_string()),
            Question::A(name) => Self::A(name.to_string()),
            Question::Aaaa(name) => Self::Aaaa(name.to_string()),
        }
    }

    fn question(self) -> Question {
        match self {
            Self::Naptr(name) => Question::Naptr(name.into()),
            Self::Srv(name) => Question::Srv(name.into()),
            Self::A(name) => Question::A(name.into()),
            Self::Aaaa(name) => Question::Aaaa(name.into()),
        }
    }
}

impl Found {
    fn of(record: &Record) -> Self {
        match record.clone() {
            Record::Naptr { order, preference, flags, service, replacement } => {
                Self::Naptr { order, preference, flags, service, replacement }
            }
            Record::Srv { priority, weight, port, target } => {
                Self::Srv { priority, weight, port, target }
            }
            Record::Address(address) => Self::Address(address),
        }
    }

    fn record(self) -> Record {
        match self {
            Self::Naptr { order, preference, flags, service, replacement } => {
                Record::Naptr { order, preference, flags, service, replacement }
            }
            Self::Srv { priority, weight, port, target } => {
                Record::Srv { priority, weight, port, target }
            }
            Self::Address(address) => Record::Address(address),
        }
    }
}

/// Half an hour at 48 kHz.
const LONGEST: usize = 86_400_000;
