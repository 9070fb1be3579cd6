//! What the API needs of the box: one trait, which the daemon implements.
//!
//! Nothing here knows HTTP. Every promise is a future, because the answer comes from the control
//! thread or from disk; whatever cannot be had says so as a [`Fault`].

use crate::EventLog;
use call::{
    CallId, CallRecord, Capture, CaptureId, Conference, Container, Layout, LineRefusal, LineStatus,
    LineWish, Load, Member, Moderation, Recording, RecordingId, Registration, RouteQuestion,
    RouteReport, Search, TrunkStatus, UnixMillis, Upload,
};
use config::{Applied, Change, Config, Invalid, Secret};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// An answer that takes a moment.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The box behind the API.
pub trait Backend: Send + Sync + 'static {
    /// The wall clock.
    fn now(&self) -> UnixMillis;

    /// The configuration as it is.
    fn config(&self) -> Arc<Config>;

    /// Applies a change. It is on disk, and in force, before the promise is kept. `actor` is the
    /// name of the account that asked, for the audit trail.
    fn change<'a>(
        &'a self,
        change: Change,
        actor: &'a str,
    ) -> Promise<'a, Result<Accepted, ChangeError>>;

    /// The calls that are up or being placed, oldest first.
    fn calls(&self) -> Promise<'_, Result<Vec<CallRecord>, Fault>>;

    /// One call that is up or being placed.
    fn call(&self, id: CallId) -> Promise<'_, Result<Option<CallRecord>, Fault>>;

    /// Ends a call as the administrator's wish; `false` when there is no such call.
    fn hang_up(&self, id: CallId) -> Promise<'_, Result<bool, Fault>>;

    /// Records a call from now on; a recording that runs is given as it is.
    fn record_call(
        &self,
        request: RecordRequest,
    ) -> Promise<'_, Result<Result<Recording, NotRecorded>, Fault>>;

    /// Ends the recording of a call; `false` when there is none.
    fn stop_recording<'a>(
        &'a self,
        call: CallId,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>>;

    /// All recordings, newest first.
    fn recordings(&self) -> Promise<'_, Result<Vec<Recording>, Fault>>;

    /// One recording.
    fn recording(&self, id: RecordingId) -> Promise<'_, Result<Option<Recording>, Fault>>;

    /// The sound of a recording, from its first octet on; `None` when it is gone. It is noted who
    /// listened.
    fn recording_file<'a>(
        &'a self,
        recording: &'a Recording,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<std::fs::File>, Fault>>;

    /// Removes a recording; `false` when it is gone already.
    fn delete_recording<'a>(
        &'a self,
        recording: &'a Recording,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>>;

    /// Captures a call from now on.
    fn capture_call(
        &self,
        request: CaptureRequest,
    ) -> Promise<'_, Result<Result<Capture, NotCaptured>, Fault>>;

    /// Ends the capture of a call; `false` when there is none.
    fn stop_capture<'a>(&'a self, call: CallId, actor: &'a str)
    -> Promise<'a, Result<bool, Fault>>;

    /// All captures, newest first.
    fn captures(&self) -> Promise<'_, Result<Vec<Capture>, Fault>>;

    /// One capture.
    fn capture(&self, id: CaptureId) -> Promise<'_, Result<Option<Capture>, Fault>>;

    /// The packets of a capture, from the first octet of its file on; `None` when it is gone. It is
    /// noted who took them.
    fn capture_file<'a>(
        &'a self,
        capture: &'a Capture,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<std::fs::File>, Fault>>;

    /// Removes a capture; `false` when it is gone already.
    fn delete_capture<'a>(
        &'a self,
        capture: &'a Capture,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>>;

    /// Keeps an uploaded sound, if it can be played.
    fn add_sound(
        &self,
        name: String,
        octets: Vec<u8>,
        actor: String,
    ) -> Promise<'_, Result<Result<Upload, NotTaken>, Fault>>;

    /// The uploaded sounds, oldest first.
    fn sounds(&self) -> Promise<'_, Result<Vec<Upload>, Fault>>;

    /// One uploaded sound.
    fn sound(&self, id: u32) -> Promise<'_, Result<Option<Upload>, Fault>>;

    /// Its file, if it is there.
    fn sound_file(&self, upload: Upload) -> Promise<'_, Result<Option<std::fs::File>, Fault>>;

    /// Gives an uploaded sound another name, unless it is another one meanwhile.
    fn rename_sound<'a>(
        &'a self,
        upload: &'a Upload,
        name: String,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<Upload>, Fault>>;

    /// Removes an uploaded sound that nothing plays; whether it was there.
    fn delete_sound<'a>(
        &'a self,
        upload: &'a Upload,
        actor: &'a str,
    ) -> Promise<'a, Result<Result<bool, InUse>, Fault>>;

    /// The phones that are registered, by their ids.
    fn registrations(&self) -> Promise<'_, Result<Vec<Arc<Registration>>, Fault>>;

    /// How every trunk does, by its id.
    fn trunks(&self) -> Promise<'_, Result<Vec<TrunkStatus>, Fault>>;

    /// The conferences in which somebody is.
    fn conferences(&self) -> Promise<'_, Result<Vec<Conference>, Fault>>;

    /// Lets a member of a conference be heard otherwise: how he is from then on; `None` when he is not
    /// there.
    fn moderate(
        &self,
        conference: u32,
        call: CallId,
        moderation: Moderation,
    ) -> Promise<'_, Result<Option<Member>, Fault>>;

    /// Takes a member out of a conference by ending his call; `false` when he is not there.
    fn take_out(&self, conference: u32, call: CallId) -> Promise<'_, Result<bool, Fault>>;

    /// The digital lines of the box, in order.
    fn lines(&self) -> Promise<'_, Result<Vec<LineStatus>, Fault>>;

    /// Does something with a line, if it can be done as it stands. It is noted who wished it.
    fn wish<'a>(
        &'a self,
        wish: LineWish,
        actor: &'a str,
    ) -> Promise<'a, Result<Result<(), LineRefusal>, Fault>>;

    /// Call records, newest first.
    fn records(&self, query: CdrQuery) -> Promise<'_, Result<CdrPage, Fault>>;

    /// The record of one call, over or not.
    fn record(&self, id: CallId) -> Promise<'_, Result<Option<CallRecord>, Fault>>;

    /// Asks the router where a call would go, without placing it.
    fn route_check(&self, question: RouteQuestion) -> Promise<'_, Result<RouteReport, Fault>>;

    /// How much of what the box can carry is in use.
    fn load(&self) -> Promise<'_, Result<Load, Fault>>;

    /// Measures what the box can carry, which takes a moment, and goes by that from then on.
    fn measure(&self) -> Promise<'_, Result<Load, Fault>>;

    /// What happened lately, and where to wait for more.
    fn events(&self) -> &EventLog;

    /// Writes a backup that this passphrase opens.
    fn backup(&self, passphrase: Secret) -> Promise<'_, Result<Backup, Fault>>;

    /// Whether the box has an administrator.
    fn claimed(&self) -> Promise<'_, Result<bool, Fault>>;

    /// The one-time code that proves who unpacked the box; `None` once it was taken.
    fn claim_code(&self) -> Option<Secret>;

    /// Stores the first account and voids the claim code, both or neither; `false` when somebody
    /// was faster.
    fn claim(&self, account: Account) -> Promise<'_, Result<bool, Fault>>;

    /// The account of this name.
    fn account<'a>(&'a self, name: &'a str) -> Promise<'a, Result<Option<Account>, Fault>>;

    /// Stores an account, in place of the one of its name.
    fn put_account(&self, account: Account) -> Promise<'_, Result<(), Fault>>;

    /// The token with this hash, whether or not it has expired. Asked for every request.
    fn token(&self, hash: TokenHash) -> Promise<'_, Result<Option<Token>, Fault>>;

    /// The tokens of an account, oldest first.
    fn tokens<'a>(&'a self, account: &'a str) -> Promise<'a, Result<Vec<Token>, Fault>>;

    /// Stores a token.
    fn put_token(&self, token: Token) -> Promise<'_, Result<(), Fault>>;

    /// Forgets a token; `false` when there was none.
    fn delete_token(&self, hash: TokenHash) -> Promise<'_, Result<bool, Fault>>;

    /// Whether the box can do its work.
    fn health(&self) -> Health;

    /// Where phones reach the box.
    fn ports(&self) -> Ports;

    /// All figures in the text format of Prometheus.
    fn metrics(&self) -> Promise<'_, Result<String, Fault>>;
}

/// A change that is on disk and in force.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What was changed.
    pub applied: Applied,
    /// The configuration with the change.
    pub config: Arc<Config>,
}

/// Why a change did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeError {
    /// It makes no sense.
    Invalid(Invalid),
    /// It would have, but the box could not.
    Fault(Fault),
}

/// What the box cannot do at the moment. The asker is not to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no room on the disk.
    DiskFull,
    /// The database does not answer as it should.
    StoreFailed,
    /// The daemon is going down, or control does not answer.
    Stopping,
}

/// How a call is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRequest {
    /// Which call.
    pub call: CallId,
    /// What the file is.
    pub container: Container,
    /// What is on its channels.
    pub layout: Layout,
    /// The name of the account that asked.
    pub actor: String,
}

/// Why a call is not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRecorded {
    /// There is no such call.
    NoCall,
    /// Nobody talks with anybody in it yet.
    Quiet,
}

/// How a call is to be captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRequest {
    /// Which call.
    pub call: CallId,
    /// Encrypted media as they are said.
    pub decrypt: bool,
    /// How long at most.
    pub lasts: Duration,
    /// The name of the account that asked.
    pub actor: String,
}

/// Why a call is not captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCaptured {
    /// There is no such call.
    NoCall,
    /// It is being captured.
    Runs,
    /// As many calls are as may be.
    TooMany,
}

/// Why an uploaded sound is not taken, in a sentence without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken(pub String);

/// What still plays a sound that is to be removed, for a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse(pub String);

/// Which call records are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CdrQuery {
    /// Only calls older than this one.
    pub before: Option<CallId>,
    /// Only calls whose INVITE came at this time or later.
    pub from: Option<UnixMillis>,
    /// Only calls whose INVITE came before this time.
    pub to: Option<UnixMillis>,
    /// Only calls in whose numbers and names this is found.
    pub search: Option<Search>,
    /// At most so many.
    pub limit: usize,
}

/// The call records of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CdrPage {
    /// The records, newest first.
    pub records: Vec<CallRecord>,
    /// The last that a search looked at, when it stopped before the end.
    pub searched: Option<CallId>,
}

/// A finished backup, encrypted, from its first byte on.
#[derive(Debug)]
pub struct Backup {
    /// The file; nobody else needs its name any more.
    pub file: std::fs::File,
    /// How long it is.
    pub octets: u64,
}

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name to log in with.
    pub name: String,
    /// The password's argon2id hash in PHC text form.
    pub password_hash: Secret,
    /// What the account may do.
    pub role: Role,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Administrator,
}

/// SHA-256 of a token. The token itself is known only to its bearer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The hash by which it is found.
    pub hash: TokenHash,
    /// The name of its account.
    pub account: String,
    /// What it is for.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created: UnixMillis,
    /// When it stops to count; `None` never.
    pub expires: Option<UnixMillis>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A log-in with name and password.
    Session,
    /// A script.
    Api,
}

/// Whether the box can do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// SIP is listened for.
    pub sip: bool,
    /// The claim code is written, or was taken.
    pub claim: bool,
    /// The database takes writes.
    pub store: bool,
    /// Every uploaded sound that anything plays can be played.
    pub sounds: bool,
    /// The daemon's version.
    pub version: &'static str,
}

/// The ports at which SIP is listened for; of several the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Ports {
    /// For UDP and TCP.
    #[schema(example = 5060)]
    pub sip: Option<u16>,
    /// For TLS.
    #[schema(example = 5061)]
    pub sips: Option<u16>,
}

impl From<Fault> for ChangeError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Invalid> for ChangeError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// Four octets are enough to tell tokens apart in a log.
impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "TokenHash({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}
