//! A call as data: the vocabulary that crosses every border of the box.
//!
//! Plain values without behaviour. What a phone, a carrier or a line says becomes a [`LegEvent`];
//! what the exchange wants of it is a [`LegCommand`]. What media shall do is a [`MediaCommand`], what
//! it saw a [`MediaEvent`]. What remains of a call is its [`CallRecord`].

mod browser;
mod capacity;
mod capture;
mod cause;
mod channel;
mod codec;
mod conference;
mod end;
mod event;
mod handshake;
mod id;
mod key;
mod keys;
mod leg;
mod line;
mod media;
mod path;
mod quality;
mod record;
mod recording;
mod registration;
mod route;
mod search;
mod security;
mod sound;
mod suite;
mod time;
mod upload;

pub use browser::{BrowserLine, BrowserPayload, BrowserTransport, IceCredentials, Stream};
pub use capacity::{Capacity, CodecPrice, Load};
pub use capture::{BadCaptureId, Capture, CaptureId, CaptureStop};
pub use cause::Cause;
pub use channel::{LINE_PEER, LineLaw, LineQuality, LineSound};
pub use codec::{Codec, Format, Formats, G726Bits, G726Packing};
pub use conference::{Conference, Member, Moderation, Speaker};
pub use end::{Decider, End, Why};
pub use event::{Event, Topic, TrunkState, TrunkStatus};
pub use handshake::{Fingerprint, Handshake, HandshakeFault, Hash};
pub use id::{CallId, LegId};
pub use key::{KeyPress, KeySource};
pub use keys::{Keys, MasterKey, Mki, WrongLength};
pub use leg::{
    Diversion, DiversionReason, LegCommand, LegEvent, Offer, OnLine, Origin, Party, Repeat, Target,
    TransferState, UserData, Voice,
};
pub use line::{
    Bert, BertFigures, BertPattern, BertSync, ChannelService, ChannelSound, ChannelStatus,
    ChannelUsage, DChannelStatus, LineAlarms, LineCounters, LineEvent, LineFault, LineKind,
    LineLayer, LineRefusal, LineStatus, LineTrace, LineWish, SpanFacts, SpanId, SpanLoop,
    SpanState,
};
pub use media::{
    ExtendedReports, Learn, MediaCommand, MediaEvent, MediaKind, PeerAddress, PortId, RoomId,
    StreamStats, Track,
};
pub use path::{LegPath, MediaPath, Stay};
pub use quality::{
    CallQuality, Played, Quality, QualityPoint, QualitySummary, QualityTotal, Scale, StreamSummary,
};
pub use record::{CallRecord, CallState, Direction, KeyRecord, Place, Step, StreamRecord};
pub use recording::{BadRecordingId, Container, Layout, Recording, RecordingId, RecordingStop};
pub use registration::{Registration, RegistrationId, Transport};
pub use route::{
    ByChannels, ByLine, EncryptionPolicy, LegEncryption, NumberMark, NumberPlan, RouteQuestion,
    RouteReport, Verdict,
};
pub use search::Search;
pub use security::{LegSecurity, Security};
pub use sound::{Decibels, Fetch, PlayId, Reel, Rounds, Samples, Sound, SoundKey, Tone};
pub use suite::Suite;
pub use time::UnixMillis;
pub use upload::Upload;
