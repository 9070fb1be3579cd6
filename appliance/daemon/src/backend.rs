//! What the API needs of the box, answered: from the configuration in memory, by the control thread,
//! or from disk.

mod captures;
mod lines;
mod sounds;

use crate::admission::Admission;
use crate::captures::Captures;
use crate::claim::Claim;
use crate::clock;
use crate::mailbox::{Ask, Mail, Mailbox, Quiet};
use crate::measure;
use crate::metrics::{self, Others, Snapshot};
use crate::recordings::{Heard, Recordings};
use crate::storage::{Readers, Storage, Unread};
use crate::uploads::Uploads;
use api::{
    Accepted, Account, Backend, Backup, CaptureRequest, CdrPage, CdrQuery, ChangeError, EventLog,
    Fault, Health, InUse, NotCaptured, NotRecorded, NotTaken, Ports, Promise, RecordRequest, Role,
    Token, TokenHash, TokenKind,
};
use arc_swap::ArcSwap;
use call::{
    CallId, CallRecord, Capture, CaptureId, Conference, LineRefusal, LineStatus, LineWish, Load,
    Member, Moderation, Recording, RecordingId, Registration, RouteQuestion, RouteReport,
    Transport, TrunkState, TrunkStatus, UnixMillis, Upload,
};
use config::{Change, Config, Secret, TenantId, TrunkId};
use exchange::Wanted;
use pbx::route::Phone;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;
use store::{Action, DeviceKey, ReadError, Reader, RecordPage, RecordQuery, Store, WriteError};
use tokio::sync::{Mutex, Notify, oneshot};

/// The box as the API sees it.
pub(crate) struct Appliance {
    /// The configuration that is in force.
    pub(crate) config: Arc<ArcSwap<Config>>,
    /// It has changed.
    pub(crate) changed: Arc<Notify>,
    /// Changes are made one after the other, from the disk to the exchange.
    pub(crate) changing: Mutex<()>,
    pub(crate) mailbox: Mailbox,
    pub(crate) storage: Storage,
    pub(crate) readers: Readers,
    pub(crate) recordings: Recordings,
    pub(crate) heard: Heard,
    pub(crate) captures: Captures,
    /// How many captures were begun, for their names.
    pub(crate) captured: AtomicU64,
    pub(crate) uploads: Uploads,
    pub(crate) events: EventLog,
    pub(crate) claim: Claim,
    pub(crate) key: DeviceKey,
    pub(crate) data: PathBuf,
    pub(crate) sip: Admission,
    pub(crate) web: Admission,
    pub(crate) ports: Ports,
    /// The box is measured by one at a time.
    pub(crate) measuring: Mutex<()>,
}

impl Appliance {
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Fault> {
        let asked = self.mailbox.ask(|to| Mail::Ask(question(to))).await;
        asked.map_err(|_| Fault::Stopping)
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, Fault> {
        self.readers.read(read).await.map_err(|unread| match unread {
            Unread::Stopping => Fault::Stopping,
            Unread::Open(store::OpenError::DiskFull) => Fault::DiskFull,
            Unread::Open(_) | Unread::Read(_) => {
                tracing::warn!("{unread}");
                Fault::StoreFailed
            }
        })
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Store) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, Fault> {
        let written = self.storage.write(write).await;
        written.ok_or(Fault::Stopping)?.map_err(|error| fault(&error))
    }

    async fn make_change(&self, change: Change, actor: String) -> Result<Accepted, ChangeError> {
        let _one_at_a_time = self.changing.lock().await;
        self.know_sounds(&change).await?;
        let apply = move |store: &mut Store| store.apply(change, &actor, clock::wall());
        let applied = self.storage.write(apply).await.ok_or(Fault::Stopping)?;
        let (config, applied) = applied.map_err(|error| match error {
            store::ChangeError::Invalid(invalid) => ChangeError::Invalid(invalid),
            store::ChangeError::Write(error) => ChangeError::Fault(fault(&error)),
        })?;
        self.config.store(Arc::clone(&config));
        self.changed.notify_one();
        let in_force = self.mailbox.ask(|to| Mail::Config(Arc::clone(&config), to)).await;
        in_force.map_err(|_| Fault::Stopping)?;
        Ok(Accepted { applied, config })
    }

    /// Written to a file without a name, off the runtime's threads: it may be large.
    async fn write_backup(&self, passphrase: Secret) -> Result<Backup, Fault> {
        let (data, key) = (self.data.clone(), self.key.clone());
        let written = tokio::task::spawn_blocking(move || {
            let path = data.join("backup.out");
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(true).mode(0o600);
            let mut file = options.open(&path)?;
            // Its name is given back at once: whatever happens, the file goes with its last reader.
            std::fs::remove_file(&path)?;
            store::backup(&data, &key, &passphrase, &mut file)?;
            file.flush()?;
            let octets = file.seek(SeekFrom::End(0))?;
            file.rewind()?;
            Ok(Backup { file, octets })
        });
        written.await.map_err(|_| Fault::Stopping)?.map_err(|error: store::BackupError| {
            tracing::warn!("no backup was made: {error}");
            match error {
                store::BackupError::DiskFull => Fault::DiskFull,
                _ => Fault::StoreFailed,
            }
        })
    }

    async fn store_claim(&self, account: Account) -> Result<bool, Fault> {
        let account = stored(account);
        let claimed = self.write(move |store| store.claim(&account, clock::wall())).await?;
        if claimed && let Err(error) = self.claim.take() {
            tracing::warn!("the claim code was taken, but its file is still there: {error}");
        }
        Ok(claimed)
    }

    async fn begin_recording(
        &self,
        request: RecordRequest,
    ) -> Result<Result<Recording, NotRecorded>, Fault> {
        let RecordRequest { call, container, layout, actor } = request;
        let recordings = self.recordings.clone();
        if off_the_runtime(move || recordings.is_full()).await? {
            return Err(Fault::DiskFull);
        }
        let wanted = Wanted { call, container, layout, by: actor.clone() };
        let recording = match self.ask(move |to| Ask::Record(wanted, to)).await? {
            None => return Ok(Err(NotRecorded::NoCall)),
            Some(Err(Quiet)) => return Ok(Err(NotRecorded::Quiet)),
            Some(Ok(recording)) => *recording,
        };
        self.note(Action::Record, &recording, &actor).await?;
        Ok(Ok(recording))
    }

    /// Keeps in the audit what somebody did with a recording.
    async fn note(&self, action: Action, recording: &Recording, actor: &str) -> Result<(), Fault> {
        let subject = format!("recording {} of call {}", recording.id, recording.call);
        let actor = actor.to_owned();
        self.write(move |store| store.note(action, &subject, &actor, clock::wall())).await
    }

    async fn check_route(&self, question: RouteQuestion) -> Result<RouteReport, Fault> {
        let registered = self.ask(Ask::Registrations).await?;
        let trunks = self.ask(Ask::Trunks).await?;
        let config = self.config.load();
        let phones = |tenant: TenantId, number: &str| {
            let is_its =
                |phone: &&Arc<Registration>| phone.tenant == tenant.0 && phone.number == number;
            let phone = |phone: &Arc<Registration>| Phone {
                device: phone.device.clone(),
                browser: phone.transport == Transport::Wss,
            };
            registered.iter().filter(is_its).map(phone).collect()
        };
        let is_down = |id: TrunkId| {
            trunks.iter().any(|one| one.trunk == id.0 && one.state == TrunkState::Down)
        };
        Ok(exchange::explain(&config, &question, phones, is_down))
    }

    /// Measures what the box can carry; from now on calls are admitted by that.
    pub(crate) async fn measure_capacity(&self) -> Result<Load, Fault> {
        let _one_at_a_time = self.measuring.lock().await;
        let measured = tokio::task::spawn_blocking(measure::capacity).await;
        let capacity = measured.map_err(|_| Fault::Stopping)?;
        if let Err(error) = measure::keep(&self.data, &capacity) {
            tracing::warn!("what the box measured is not kept over a restart: {error}");
        }
        let told = self.mailbox.send(Mail::Capacity(Box::new(capacity))).await;
        told.map_err(|_| Fault::Stopping)?;
        self.ask(Ask::Load).await
    }

    async fn write_metrics(&self) -> Result<String, Fault> {
        let snapshot: Box<Snapshot> = self.ask(Ask::Figures).await?;
        let others = Others {
            mail: self.mailbox.depth(),
            journal: self.storage.waiting(),
            facts_dropped: self.storage.dropped(),
            store_healthy: self.storage.is_healthy(),
            accepted: self.sip.figures(),
            web: self.web.figures(),
        };
        Ok(metrics::text(&snapshot, &others))
    }
}

/// What reads a folder or a file.
async fn off_the_runtime<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(read).await.map_err(|_| Fault::Stopping)
}

impl Backend for Appliance {
    fn now(&self) -> UnixMillis {
        clock::wall()
    }

    fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    fn change<'a>(
        &'a self,
        change: Change,
        actor: &'a str,
    ) -> Promise<'a, Result<Accepted, ChangeError>> {
        Box::pin(self.make_change(change, actor.to_owned()))
    }

    fn calls(&self) -> Promise<'_, Result<Vec<CallRecord>, Fault>> {
        Box::pin(self.ask(Ask::Calls))
    }

    fn call(&self, id: CallId) -> Promise<'_, Result<Option<CallRecord>, Fault>> {
        Box::pin(async move {
            let found = self.ask(move |to| Ask::Call(id, to)).await?;
            Ok(found.map(|record| *record))
        })
    }

    fn hang_up(&self, id: CallId) -> Promise<'_, Result<bool, Fault>> {
        Box::pin(self.ask(move |to| Ask::HangUp(id, to)))
    }

    fn record_call(
        &self,
        request: RecordRequest,
    ) -> Promise<'_, Result<Result<Recording, NotRecorded>, Fault>> {
        Box::pin(self.begin_recording(request))
    }

    fn stop_recording<'a>(
        &'a self,
        call: CallId,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        Box::pin(async move {
            let Some(ran) = self.ask(move |to| Ask::StopRecord(call, to)).await? else {
                return Ok(false);
            };
            self.note(Action::StopRecord, &ran, actor).await?;
            Ok(true)
        })
    }

    fn recordings(&self) -> Promise<'_, Result<Vec<Recording>, Fault>> {
        let recordings = self.recordings.clone();
        Box::pin(off_the_runtime(move || recordings.list()))
    }

    fn recording(&self, id: RecordingId) -> Promise<'_, Result<Option<Recording>, Fault>> {
        let recordings = self.recordings.clone();
        Box::pin(off_the_runtime(move || recordings.find(id)))
    }

    fn recording_file<'a>(
        &'a self,
        recording: &'a Recording,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<File>, Fault>> {
        Box::pin(async move {
            let (recordings, wanted) = (self.recordings.clone(), recording.clone());
            let file = off_the_runtime(move || recordings.open(&wanted).ok()).await?;
            if file.is_some() && self.heard.is_new(recording.id, actor, Instant::now()) {
                self.note(Action::Listen, recording, actor).await?;
            }
            Ok(file)
        })
    }

    fn delete_recording<'a>(
        &'a self,
        recording: &'a Recording,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        Box::pin(async move {
            let (recordings, wanted) = (self.recordings.clone(), recording.clone());
            let gone = off_the_runtime(move || recordings.delete(&wanted)).await?;
            if gone.is_ok() {
                self.note(Action::Delete, recording, actor).await?;
            }
            Ok(gone.is_ok())
        })
    }

    fn capture_call(
        &self,
        request: CaptureRequest,
    ) -> Promise<'_, Result<Result<Capture, NotCaptured>, Fault>> {
        Box::pin(self.begin_capture(request))
    }

    fn stop_capture<'a>(
        &'a self,
        call: CallId,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        Box::pin(self.end_capture(call, actor))
    }

    fn captures(&self) -> Promise<'_, Result<Vec<Capture>, Fault>> {
        let captures = self.captures.clone();
        Box::pin(off_the_runtime(move || captures.list()))
    }

    fn capture(&self, id: CaptureId) -> Promise<'_, Result<Option<Capture>, Fault>> {
        let captures = self.captures.clone();
        Box::pin(off_the_runtime(move || captures.find(id)))
    }

    fn capture_file<'a>(
        &'a self,
        capture: &'a Capture,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<File>, Fault>> {
        Box::pin(self.fetch_capture(capture, actor))
    }

    fn delete_capture<'a>(
        &'a self,
        capture: &'a Capture,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        Box::pin(self.remove_capture(capture, actor))
    }

    fn add_sound(
        &self,
        name: String,
        octets: Vec<u8>,
        actor: String,
    ) -> Promise<'_, Result<Result<Upload, NotTaken>, Fault>> {
        Box::pin(self.take_sound(name, octets, actor))
    }

    fn sounds(&self) -> Promise<'_, Result<Vec<Upload>, Fault>> {
        let uploads = self.uploads.clone();
        Box::pin(off_the_runtime(move || uploads.list()))
    }

    fn sound(&self, id: u32) -> Promise<'_, Result<Option<Upload>, Fault>> {
        let uploads = self.uploads.clone();
        Box::pin(off_the_runtime(move || uploads.find(id)))
    }

    fn sound_file(&self, upload: Upload) -> Promise<'_, Result<Option<File>, Fault>> {
        let uploads = self.uploads.clone();
        Box::pin(off_the_runtime(move || uploads.open(&upload).ok()))
    }

    fn rename_sound<'a>(
        &'a self,
        upload: &'a Upload,
        name: String,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<Upload>, Fault>> {
        Box::pin(self.give_name(upload, name, actor))
    }

    fn delete_sound<'a>(
        &'a self,
        upload: &'a Upload,
        actor: &'a str,
    ) -> Promise<'a, Result<Result<bool, InUse>, Fault>> {
        Box::pin(self.drop_sound(upload, actor))
    }

    fn registrations(&self) -> Promise<'_, Result<Vec<Arc<Registration>>, Fault>> {
        Box::pin(self.ask(Ask::Registrations))
    }

    fn trunks(&self) -> Promise<'_, Result<Vec<TrunkStatus>, Fault>> {
        Box::pin(self.ask(Ask::Trunks))
    }

    fn conferences(&self) -> Promise<'_, Result<Vec<Conference>, Fault>> {
        Box::pin(self.ask(Ask::Conferences))
    }

    fn moderate(
        &self,
        conference: u32,
        call: CallId,
        moderation: Moderation,
    ) -> Promise<'_, Result<Option<Member>, Fault>> {
        Box::pin(self.ask(move |to| Ask::Moderate(conference, call, moderation, to)))
    }

    fn take_out(&self, conference: u32, call: CallId) -> Promise<'_, Result<bool, Fault>> {
        Box::pin(self.ask(move |to| Ask::TakeOut(conference, call, to)))
    }

    fn lines(&self) -> Promise<'_, Result<Vec<LineStatus>, Fault>> {
        Box::pin(self.ask(Ask::Lines))
    }

    fn wish<'a>(
        &'a self,
        wish: LineWish,
        actor: &'a str,
    ) -> Promise<'a, Result<Result<(), LineRefusal>, Fault>> {
        Box::pin(self.fulfil(wish, actor))
    }

    fn records(&self, query: CdrQuery) -> Promise<'_, Result<CdrPage, Fault>> {
        let CdrQuery { before, from, to, search, limit } = query;
        let query = RecordQuery { before, from, to, search, limit };
        let page = |page: RecordPage| CdrPage { records: page.records, searched: page.searched };
        Box::pin(self.read(move |reader| reader.records(&query).map(page)))
    }

    fn record(&self, id: CallId) -> Promise<'_, Result<Option<CallRecord>, Fault>> {
        Box::pin(self.read(move |reader| reader.record(id)))
    }

    fn route_check(&self, question: RouteQuestion) -> Promise<'_, Result<RouteReport, Fault>> {
        Box::pin(self.check_route(question))
    }

    fn load(&self) -> Promise<'_, Result<Load, Fault>> {
        Box::pin(self.ask(Ask::Load))
    }

    fn measure(&self) -> Promise<'_, Result<Load, Fault>> {
        Box::pin(self.measure_capacity())
    }

    fn events(&self) -> &EventLog {
        &self.events
    }

    fn backup(&self, passphrase: Secret) -> Promise<'_, Result<Backup, Fault>> {
        Box::pin(self.write_backup(passphrase))
    }

    fn claimed(&self) -> Promise<'_, Result<bool, Fault>> {
        Box::pin(self.read(Reader::claimed))
    }

    fn claim_code(&self) -> Option<Secret> {
        self.claim.code()
    }

    fn claim(&self, account: Account) -> Promise<'_, Result<bool, Fault>> {
        Box::pin(self.store_claim(account))
    }

    fn account<'a>(&'a self, name: &'a str) -> Promise<'a, Result<Option<Account>, Fault>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = self.read(move |reader| reader.account(&name)).await?;
            Ok(found.map(|account| Account {
                name: account.name,
                password_hash: account.password_hash,
                role: match account.role {
                    store::Role::Administrator => Role::Administrator,
                },
            }))
        })
    }

    fn put_account(&self, account: Account) -> Promise<'_, Result<(), Fault>> {
        let account = stored(account);
        Box::pin(self.write(move |store| {
            let actor = account.name.clone();
            store.put_account(&account, &actor, clock::wall())
        }))
    }

    fn token(&self, hash: TokenHash) -> Promise<'_, Result<Option<Token>, Fault>> {
        Box::pin(
            async move { Ok(self.read(move |reader| reader.token(&hash.0)).await?.map(shown)) },
        )
    }

    fn tokens<'a>(&'a self, account: &'a str) -> Promise<'a, Result<Vec<Token>, Fault>> {
        let account = account.to_owned();
        Box::pin(async move {
            let tokens = self.read(move |reader| reader.tokens(&account)).await?;
            Ok(tokens.into_iter().map(shown).collect())
        })
    }

    fn put_token(&self, token: Token) -> Promise<'_, Result<(), Fault>> {
        let token = store::Token {
            hash: token.hash.0,
            account: token.account,
            kind: match token.kind {
                TokenKind::Session => store::TokenKind::Session,
                TokenKind::Api => store::TokenKind::Api,
            },
            label: token.label,
            created: token.created,
            expires: token.expires,
        };
        Box::pin(self.write(move |store| store.put_token(&token)))
    }

    fn delete_token(&self, hash: TokenHash) -> Promise<'_, Result<bool, Fault>> {
        Box::pin(self.write(move |store| store.delete_token(&hash.0)))
    }

    fn health(&self) -> Health {
        // The web is served only once SIP listens and the claim code is written.
        let store = self.storage.is_healthy();
        let sounds = self.uploads.unplayable().is_disjoint(&self.config.load().sounds());
        Health { sip: true, claim: true, store, sounds, version: env!("CARGO_PKG_VERSION") }
    }

    fn ports(&self) -> Ports {
        self.ports
    }

    fn metrics(&self) -> Promise<'_, Result<String, Fault>> {
        Box::pin(self.write_metrics())
    }
}

fn fault(error: &WriteError) -> Fault {
    tracing::warn!("{error}");
    match error {
        WriteError::DiskFull => Fault::DiskFull,
        WriteError::Failed(_) => Fault::StoreFailed,
    }
}

fn stored(account: Account) -> store::Account {
    store::Account {
        name: account.name,
        password_hash: account.password_hash,
        role: match account.role {
            Role::Administrator => store::Role::Administrator,
        },
    }
}

fn shown(token: store::Token) -> Token {
    Token {
        hash: TokenHash(token.hash),
        account: token.account,
        kind: match token.kind {
            store::TokenKind::Session => TokenKind::Session,
            store::TokenKind::Api => TokenKind::Api,
        },
        label: token.label,
        created: token.created,
        expires: token.expires,
    }
}
