//! A box in memory, and somebody who asks it.

use api::{
    Accepted, Account, Backend, Backup, CaptureRequest, CdrPage, CdrQuery, ChangeError, EventLog,
    Fault, Health, InUse, NotCaptured, NotRecorded, NotTaken, Ports, Promise, RecordRequest, Token,
    TokenHash,
};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use call::{
    CallId, CallRecord, CallState, Capacity, Capture, CaptureId, Codec, CodecPrice, Conference,
    Container, Direction, EncryptionPolicy, LegEncryption, LineRefusal, LineStatus, LineWish, Load,
    Member, Moderation, Party, Place, Recording, RecordingId, Registration, RouteQuestion,
    RouteReport, Step, TrunkStatus, UnixMillis, Upload, Verdict,
};
use config::{Change, Config, Secret};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

pub(crate) const CODE: &str = "ABCD-EFGH-JKMN";
pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A box whose every part can be looked at and broken.
pub(crate) struct FakeBox {
    pub(crate) state: Mutex<State>,
    events: EventLog,
}

pub(crate) struct State {
    pub(crate) now: UnixMillis,
    pub(crate) config: Arc<Config>,
    pub(crate) fault: Option<Fault>,
    pub(crate) calls: Vec<CallRecord>,
    pub(crate) conferences: Vec<Conference>,
    pub(crate) lines: Vec<LineStatus>,
    pub(crate) wishes: Vec<LineWish>,
    pub(crate) records: Vec<CallRecord>,
    pub(crate) recordings: Vec<Recording>,
    pub(crate) captures: Vec<Capture>,
    pub(crate) sounds: Vec<Upload>,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tokens: BTreeMap<TokenHash, Token>,
    pub(crate) code: Option<Secret>,
    pub(crate) health: Health,
    pub(crate) actors: Vec<String>,
    pub(crate) load: Load,
}

impl State {
    fn member(&mut self, conference: u32, call: CallId) -> Option<&mut Member> {
        let rooms = self.conferences.iter_mut().filter(|room| room.id == conference);
        rooms.flat_map(|room| &mut room.members).find(|member| member.call == call)
    }
}

impl FakeBox {
    pub(crate) fn new() -> Arc<Self> {
        let health = Health { sip: true, claim: true, store: true, sounds: true, version: "0.1.0" };
        let state = State {
            now: NOW,
            config: Arc::new(Config::fresh("strowger")),
            fault: None,
            calls: Vec::new(),
            conferences: Vec::new(),
            lines: Vec::new(),
            wishes: Vec::new(),
            records: Vec::new(),
            recordings: Vec::new(),
            captures: Vec::new(),
            sounds: Vec::new(),
            accounts: BTreeMap::new(),
            tokens: BTreeMap::new(),
            code: Some(Secret::new(CODE)),
            health,
            actors: Vec::new(),
            load: Load {
                capacity: None,
                budget_nanos: None,
                used_nanos: 0,
                relayed_calls_left: None,
                refused: 0,
            },
        };
        Arc::new(Self { state: Mutex::new(state), events: EventLog::starting_at(NOW) })
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// The answer, now, unless the box is broken.
    fn answer<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut State) -> T,
    ) -> Promise<'_, Result<T, Fault>> {
        let answer = self.with(|state| match state.fault {
            Some(fault) => Err(fault),
            None => Ok(look(state)),
        });
        Box::pin(std::future::ready(answer))
    }
}

impl Backend for FakeBox {
    fn now(&self) -> UnixMillis {
        self.with(|state| state.now)
    }

    fn config(&self) -> Arc<Config> {
        self.with(|state| Arc::clone(&state.config))
    }

    fn change<'a>(
        &'a self,
        change: Change,
        actor: &'a str,
    ) -> Promise<'a, Result<Accepted, ChangeError>> {
        let changed = self.with(|state| {
            if let Some(fault) = state.fault {
                return Err(fault.into());
            }
            state.actors.push(actor.to_owned());
            let (config, applied) = state.config.apply(change)?;
            state.config = Arc::new(config);
            Ok(Accepted { applied, config: Arc::clone(&state.config) })
        });
        Box::pin(std::future::ready(changed))
    }

    fn load(&self) -> Promise<'_, Result<Load, Fault>> {
        self.answer(|state| state.load.clone())
    }

    fn measure(&self) -> Promise<'_, Result<Load, Fault>> {
        self.answer(|state| {
            let price = CodecPrice { codec: Codec::Opus, decode_nanos: 7, encode_nanos: 70 };
            state.load.capacity = Some(Capacity {
                measured: state.now,
                core_nanos: 20_000_000,
                packet_nanos: 5_000,
                codecs: vec![price],
            });
            state.load.clone()
        })
    }

    fn calls(&self) -> Promise<'_, Result<Vec<CallRecord>, Fault>> {
        self.answer(|state| state.calls.clone())
    }

    fn call(&self, id: CallId) -> Promise<'_, Result<Option<CallRecord>, Fault>> {
        self.answer(|state| state.calls.iter().find(|call| call.id == id).cloned())
    }

    fn hang_up(&self, id: CallId) -> Promise<'_, Result<bool, Fault>> {
        self.answer(|state| {
            let before = state.calls.len();
            state.calls.retain(|call| call.id != id);
            state.calls.len() < before
        })
    }

    fn capture_call(
        &self,
        request: CaptureRequest,
    ) -> Promise<'_, Result<Result<Capture, NotCaptured>, Fault>> {
        self.answer(move |state| {
            let CaptureRequest { call, decrypt, lasts, actor } = request;
            if !state.calls.iter().any(|it| it.id == call) {
                return Err(NotCaptured::NoCall);
            }
            if state.captures.iter().any(|it| it.call == call && it.ended.is_none()) {
                return Err(NotCaptured::Runs);
            }
            state.actors.push(actor.clone());
            let capture = Capture {
                id: CaptureId(call.0 + 1 + state.captures.len() as u64),
                call,
                tenant: 1,
                decrypted: decrypt,
                by: actor,
                started: NOW,
                until: NOW.after(lasts),
                ended: None,
                stop: None,
                messages: 0,
                packets: 0,
                missed: 0,
                octets: 0,
            };
            state.captures.insert(0, capture.clone());
            Ok(capture)
        })
    }

    fn stop_capture<'a>(
        &'a self,
        call: CallId,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        self.answer(move |state| {
            let mut running = state.captures.iter_mut().filter(|it| it.ended.is_none());
            let Some(capture) = running.find(|it| it.call == call) else { return false };
            capture.ended = Some(NOW);
            state.actors.push(actor.to_owned());
            true
        })
    }

    fn captures(&self) -> Promise<'_, Result<Vec<Capture>, Fault>> {
        self.answer(|state| state.captures.clone())
    }

    fn capture(&self, id: CaptureId) -> Promise<'_, Result<Option<Capture>, Fault>> {
        self.answer(move |state| state.captures.iter().find(|it| it.id == id).cloned())
    }

    fn capture_file<'a>(
        &'a self,
        capture: &'a Capture,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<std::fs::File>, Fault>> {
        self.answer(move |state| {
            state.actors.push(actor.to_owned());
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(capture.file_name().as_bytes()).unwrap();
            file.rewind().unwrap();
            Some(file)
        })
    }

    fn delete_capture<'a>(
        &'a self,
        capture: &'a Capture,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        self.answer(move |state| {
            state.actors.push(actor.to_owned());
            let before = state.captures.len();
            state.captures.retain(|it| it.id != capture.id);
            state.captures.len() < before
        })
    }

    fn record_call(
        &self,
        request: RecordRequest,
    ) -> Promise<'_, Result<Result<Recording, NotRecorded>, Fault>> {
        self.answer(move |state| {
            let RecordRequest { call, container, layout, actor } = request;
            let up = state.calls.iter().find(|it| it.id == call).ok_or(NotRecorded::NoCall)?;
            if up.state != CallState::Up {
                return Err(NotRecorded::Quiet);
            }
            state.actors.push(actor.clone());
            let recording = Recording {
                id: RecordingId(call.0 + 1),
                call,
                tenant: 1,
                container,
                layout,
                by: actor,
                started: NOW,
                ended: None,
                stop: None,
                millis: 0,
                octets: 0,
                missed_millis: 0,
            };
            state.recordings.insert(0, recording.clone());
            Ok(recording)
        })
    }

    fn stop_recording<'a>(
        &'a self,
        call: CallId,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        self.answer(move |state| {
            let mut running = state.recordings.iter_mut().filter(|it| it.ended.is_none());
            let Some(recording) = running.find(|it| it.call == call) else { return false };
            recording.ended = Some(NOW);
            state.actors.push(actor.to_owned());
            true
        })
    }

    fn recordings(&self) -> Promise<'_, Result<Vec<Recording>, Fault>> {
        self.answer(|state| state.recordings.clone())
    }

    fn recording(&self, id: RecordingId) -> Promise<'_, Result<Option<Recording>, Fault>> {
        self.answer(move |state| state.recordings.iter().find(|it| it.id == id).cloned())
    }

    fn recording_file<'a>(
        &'a self,
        recording: &'a Recording,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<std::fs::File>, Fault>> {
        self.answer(move |state| {
            state.actors.push(actor.to_owned());
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(recording.file_name().as_bytes()).unwrap();
            file.rewind().unwrap();
            Some(file)
        })
    }

    fn delete_recording<'a>(
        &'a self,
        recording: &'a Recording,
        actor: &'a str,
    ) -> Promise<'a, Result<bool, Fault>> {
        self.answer(move |state| {
            state.actors.push(actor.to_owned());
            let before = state.recordings.len();
            state.recordings.retain(|it| it.id != recording.id);
            state.recordings.len() < before
        })
    }

    fn add_sound(
        &self,
        name: String,
        octets: Vec<u8>,
        actor: String,
    ) -> Promise<'_, Result<Result<Upload, NotTaken>, Fault>> {
        self.answer(move |state| {
            if !octets.starts_with(b"RIFF") {
                return Err(NotTaken("the file is neither WAV nor Ogg Opus".to_owned()));
            }
            let (id, octets) = (state.sounds.len() as u32 + 1, octets.len() as u64);
            let (container, uploaded) = (Container::Wav, NOW);
            let (rate, millis, by) = (8_000, 1, actor);
            let (revision, lost) = (0, false);
            let upload =
                Upload { id, revision, name, container, rate, millis, octets, uploaded, by, lost };
            state.sounds.push(upload.clone());
            Ok(upload)
        })
    }

    fn sounds(&self) -> Promise<'_, Result<Vec<Upload>, Fault>> {
        self.answer(|state| state.sounds.clone())
    }

    fn sound(&self, id: u32) -> Promise<'_, Result<Option<Upload>, Fault>> {
        self.answer(move |state| state.sounds.iter().find(|it| it.id == id).cloned())
    }

    fn sound_file(&self, _: Upload) -> Promise<'_, Result<Option<std::fs::File>, Fault>> {
        self.answer(|_| None)
    }

    fn rename_sound<'a>(
        &'a self,
        upload: &'a Upload,
        name: String,
        actor: &'a str,
    ) -> Promise<'a, Result<Option<Upload>, Fault>> {
        self.answer(move |state| {
            state.actors.push(actor.to_owned());
            let it = state.sounds.iter_mut().find(|it| it.id == upload.id)?;
            (it.name, it.revision) = (name, it.revision + 1);
            Some(it.clone())
        })
    }

    fn delete_sound<'a>(
        &'a self,
        upload: &'a Upload,
        actor: &'a str,
    ) -> Promise<'a, Result<Result<bool, InUse>, Fault>> {
        self.answer(move |state| {
            if let Some(user) = state.config.user_of_sound(upload.id) {
                return Err(InUse(user));
            }
            state.actors.push(actor.to_owned());
            let before = state.sounds.len();
            state.sounds.retain(|it| it.id != upload.id);
            Ok(state.sounds.len() < before)
        })
    }

    fn registrations(&self) -> Promise<'_, Result<Vec<Arc<Registration>>, Fault>> {
        self.answer(|_| Vec::new())
    }

    fn trunks(&self) -> Promise<'_, Result<Vec<TrunkStatus>, Fault>> {
        self.answer(|_| Vec::new())
    }

    fn conferences(&self) -> Promise<'_, Result<Vec<Conference>, Fault>> {
        self.answer(|state| state.conferences.clone())
    }

    fn moderate(
        &self,
        conference: u32,
        call: CallId,
        moderation: Moderation,
    ) -> Promise<'_, Result<Option<Member>, Fault>> {
        self.answer(move |state| {
            let member = state.member(conference, call)?;
            member.muted = moderation.muted.unwrap_or(member.muted);
            member.gain = moderation.gain.unwrap_or(member.gain);
            Some(member.clone())
        })
    }

    fn take_out(&self, conference: u32, call: CallId) -> Promise<'_, Result<bool, Fault>> {
        self.answer(move |state| {
            let there = state.member(conference, call).is_some();
            let rooms = state.conferences.iter_mut().filter(|room| room.id == conference);
            rooms.for_each(|room| room.members.retain(|member| member.call != call));
            there
        })
    }

    fn lines(&self) -> Promise<'_, Result<Vec<LineStatus>, Fault>> {
        self.answer(|state| state.lines.clone())
    }

    fn wish<'a>(
        &'a self,
        wish: LineWish,
        actor: &'a str,
    ) -> Promise<'a, Result<Result<(), LineRefusal>, Fault>> {
        self.answer(|state| {
            let line = state.lines.iter().find(|line| line.facts.span == wish.span());
            line.ok_or(LineRefusal::NoSpan)?.allows(&wish)?;
            state.wishes.push(wish);
            state.actors.push(actor.to_owned());
            Ok(())
        })
    }

    fn records(&self, query: CdrQuery) -> Promise<'_, Result<CdrPage, Fault>> {
        self.answer(|state| {
            let mut records = state.records.clone();
            records.sort_by_key(|record| std::cmp::Reverse(record.id));
            records.retain(|record| {
                query.before.is_none_or(|before| record.id < before)
                    && query.from.is_none_or(|from| record.started >= from)
                    && query.to.is_none_or(|to| record.started < to)
            });
            // It looks through three at a time.
            let searched = match query.search {
                Some(_) if records.len() > 3 => records.get(2).map(|record| record.id),
                Some(_) | None => None,
            };
            if let Some(search) = &query.search {
                records.truncate(3);
                records.retain(|record| search.finds(&record.search_text()));
            }
            records.truncate(query.limit);
            CdrPage { records, searched }
        })
    }

    fn record(&self, id: CallId) -> Promise<'_, Result<Option<CallRecord>, Fault>> {
        self.answer(|state| state.records.iter().find(|record| record.id == id).cloned())
    }

    fn route_check(&self, question: RouteQuestion) -> Promise<'_, Result<RouteReport, Fault>> {
        self.answer(|_| RouteReport {
            lines: Vec::new(),
            verdict: Verdict::Extension,
            places: vec![Place::Extension(question.to)],
            number: None,
            route: None,
            steps: vec![Step { after_ms: 0, text: format!("at {}", question.at.unwrap().0) }],
            encryption: vec![LegEncryption {
                leg: question.from,
                policy: EncryptionPolicy::Opportunistic,
            }],
        })
    }

    fn events(&self) -> &EventLog {
        &self.events
    }

    fn backup(&self, passphrase: Secret) -> Promise<'_, Result<Backup, Fault>> {
        self.answer(|_| {
            let path = std::env::temp_dir().join(format!("backup-{}", std::process::id()));
            let mut file = std::fs::File::create_new(&path).unwrap();
            // The file stays readable without its name.
            std::fs::remove_file(&path).unwrap();
            file.write_all(passphrase.reveal().as_bytes()).unwrap();
            file.rewind().unwrap();
            let octets = passphrase.reveal().len() as u64;
            Backup { file, octets }
        })
    }

    fn claimed(&self) -> Promise<'_, Result<bool, Fault>> {
        self.answer(|state| state.code.is_none())
    }

    fn claim_code(&self) -> Option<Secret> {
        self.with(|state| state.code.clone())
    }

    fn claim(&self, account: Account) -> Promise<'_, Result<bool, Fault>> {
        self.answer(|state| {
            let first = state.code.take().is_some();
            if first {
                state.accounts.insert(account.name.clone(), account);
            }
            first
        })
    }

    fn account<'a>(&'a self, name: &'a str) -> Promise<'a, Result<Option<Account>, Fault>> {
        self.answer(|state| state.accounts.get(name).cloned())
    }

    fn put_account(&self, account: Account) -> Promise<'_, Result<(), Fault>> {
        self.answer(|state| drop(state.accounts.insert(account.name.clone(), account)))
    }

    fn token(&self, hash: TokenHash) -> Promise<'_, Result<Option<Token>, Fault>> {
        // From memory, as in the real box: a full disk locks nobody out.
        let token = self.with(|state| state.tokens.get(&hash).cloned());
        Box::pin(std::future::ready(Ok(token)))
    }

    fn tokens<'a>(&'a self, account: &'a str) -> Promise<'a, Result<Vec<Token>, Fault>> {
        self.answer(|state| {
            state.tokens.values().filter(|token| token.account == account).cloned().collect()
        })
    }

    fn put_token(&self, token: Token) -> Promise<'_, Result<(), Fault>> {
        self.answer(|state| drop(state.tokens.insert(token.hash, token)))
    }

    fn delete_token(&self, hash: TokenHash) -> Promise<'_, Result<bool, Fault>> {
        self.answer(|state| state.tokens.remove(&hash).is_some())
    }

    fn health(&self) -> Health {
        self.with(|state| state.health.clone())
    }

    fn ports(&self) -> Ports {
        Ports { sip: Some(5060), sips: Some(5061) }
    }

    fn metrics(&self) -> Promise<'_, Result<String, Fault>> {
        self.answer(|_| "strowger_calls 0\n".to_owned())
    }
}

/// Somebody who asks the box.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) headers: HeaderMap,
    pub(crate) address: SocketAddr,
}

/// What the box answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Somebody who is not logged in.
    pub(crate) fn stranger(fake: &Arc<FakeBox>) -> Self {
        let router = api::router(Arc::clone(fake) as Arc<dyn Backend>);
        let address = "192.0.2.7:40000".parse().unwrap();
        Self { router, headers: HeaderMap::new(), address }
    }

    /// The administrator, with a token in `Authorization`.
    pub(crate) async fn administrator(fake: &Arc<FakeBox>) -> Self {
        let stranger = Self::stranger(fake);
        let claim = serde_json::json!({
            "claim_code": CODE, "name": "admin", "password": "correct horse",
        });
        let answer = stranger.post("/api/v1/setup/claim", claim).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        stranger.with(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn with(&self, name: impl header::IntoHeaderName, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(name, value.parse().unwrap());
        client
    }

    pub(crate) fn from(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.json("PUT", path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, body).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        let client = self.with(header::CONTENT_TYPE, "application/json");
        client.send(method, path, Body::from(body.to_string())).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
        *request.headers_mut() = self.headers.clone();
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The problem document that this must be.
    pub(crate) fn problem(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }

    /// Field and message of the one error of a problem of this status.
    pub(crate) fn refusal(&self, status: u16) -> (String, String) {
        let problem = self.problem(status);
        let error = &problem["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (text("field"), text("message"))
    }
}

/// A call from 201 to 202 that began so many milliseconds after [`NOW`].
pub(crate) fn call(after: u64) -> CallRecord {
    CallRecord {
        id: CallId((NOW.0 + after) << 16),
        tenant: 1,
        direction: Direction::Internal,
        state: CallState::Ringing,
        from: Party { number: "201".to_owned(), name: "Alice".to_owned() },
        origin: Place::Extension("201".to_owned()),
        dialled: "202".to_owned(),
        to: Party { number: "202".to_owned(), name: "Bob".to_owned() },
        destination: None,
        started: UnixMillis(NOW.0 + after),
        rang: None,
        answered: None,
        ended: None,
        held: false,
        end: None,
        steps: Vec::new(),
        diverted: Vec::new(),
        digits: String::new(),
        keys: Vec::new(),
        talking: Vec::new(),
        security: Vec::new(),
        paths: Vec::new(),
        recordings: Vec::new(),
        streams: Vec::new(),
    }
}
