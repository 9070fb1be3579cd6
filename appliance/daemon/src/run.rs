//! `strowgerd run`: everything is bound before anything is touched, then the threads start, and the
//! first of them that ends ends the process.

mod found;
mod threads;

use crate::Failure;
use crate::backend::Appliance;
use crate::captures::{self, Captures};
use crate::certificate;
use crate::claim::Claim;
use crate::clock;
use crate::console::say;
use crate::control::{self, BELL, Control, Known, Port, State};
use crate::dns::Dns;
use crate::entrance::Entrance;
use crate::lines::{self, LinesHandle};
use crate::listen::Bound;
use crate::log;
use crate::mailbox::{Mail, Mailbox};
use crate::measure;
use crate::media_worker::{
    self, FilmLine, LineMessage, MediaHandle, PlayLine, Projector, Setup, TapeLine, Want,
};
use crate::options::Run;
use crate::playback;
use crate::priority::Standing;
use crate::recorder::Recorder;
use crate::recordings::{self, Heard, Recordings};
use crate::rsa;
use crate::shelf::Shelf;
use crate::storage::{Readers, Storage};
use crate::tcp::Streams;
use crate::tls::Tls;
use crate::udp::Udp;
use crate::uploads::Uploads;
use crate::watchdog;
use crate::web::Web;
use crate::websocket::phones;
use api::EventLog;
use arc_swap::ArcSwap;
use board::Sheet;
use exchange::{Exchange, Surroundings};
use mio::{Poll, Waker};
use rustix::process::{Resource, getrlimit, setrlimit};
use sip::flow::Transport;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};
use store::{DeviceKey, Reader, Store};
use threads::Threads;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

/// Is the exchange until it is told to stop.
pub(crate) fn run(options: Run) -> Result<(), Failure> {
    log::start();
    end_with_any_panic();
    raise_file_limit();
    let sheet = options.board.as_deref().map(lines::sheet).transpose().map_err(Failure::refused)?;
    let sockets = Sockets::bind(&options)?;
    let poll = Poll::new().map_err(Failure::failed)?;
    let bell = Arc::new(Waker::new(poll.registry(), BELL).map_err(Failure::failed)?);
    let (mailbox, mail) = Mailbox::new(bell);
    let mut surroundings = sockets.surroundings(&options);
    media_worker::usable(&surroundings.media).map_err(Failure::refused)?;
    let browsers = sockets.browsers(&surroundings.media)?;
    surroundings.browsers = Some(browsers.described());
    let rsa = browsers.rsa();
    let (tapes, reels) = media_worker::tapes();
    let (films, projector) = media_worker::films();
    let (plays, deck) = media_worker::plays();
    let player = plays.to.clone();
    let (bearers, channels) = media_worker::lines();
    let ways = (tapes, films, plays, channels);
    let media = start_media(&options, &surroundings, browsers, &mailbox, ways)?;

    let opened = Opened::open(&options)?;
    let taping = {
        let mailbox = mailbox.clone();
        recordings::start(options.data.join(RECORDINGS), reels, clock::wall, mailbox)
    };
    let taping = taping.map_err(Failure::failed)?;
    let playing = playback::start(Recordings::new(options.data.join(RECORDINGS)), deck);
    let playing = playing.map_err(Failure::failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .thread_name("net")
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let house = House {
        options,
        sockets,
        poll,
        mailbox,
        mail,
        surroundings,
        rsa,
        media,
        taping,
        playing,
        player,
        projector,
        sheet,
        bearers,
        opened,
    };
    let done = house.live(&runtime);
    runtime.shutdown_timeout(LAST_WORDS);
    done
}

/// The listening sockets.
struct Sockets {
    http: Bound,
    sip: Bound,
    sips: Bound,
}

/// What was read from the data folder.
struct Opened {
    store: Store,
    registrations: Vec<call::Registration>,
    key: DeviceKey,
    claim: Claim,
    tls: Tls,
    certificate: certificate::Files,
}

/// Everything, before it is handed out to the threads.
struct House {
    options: Run,
    sockets: Sockets,
    poll: Poll,
    mailbox: Mailbox,
    mail: mpsc::Receiver<Mail>,
    surroundings: Surroundings,
    rsa: SyncSender<media::Certificate>,
    media: MediaHandle,
    taping: oneshot::Receiver<()>,
    playing: oneshot::Receiver<()>,
    player: SyncSender<Want>,
    projector: Projector,
    sheet: Option<Sheet>,
    bearers: SyncSender<LineMessage>,
    opened: Opened,
}

impl Sockets {
    fn bind(options: &Run) -> Result<Self, Failure> {
        Ok(Self {
            http: Bound::streams("--http", &options.http).map_err(Failure::refused)?,
            sip: Bound::streams_and_datagrams("--sip", &options.sip).map_err(Failure::refused)?,
            sips: Bound::streams("--sips", &options.sips).map_err(Failure::refused)?,
        })
    }

    fn ports(&self) -> api::Ports {
        let first = |of: &Bound| of.tcp_addresses().first().map(SocketAddr::port);
        api::Ports { sip: first(&self.sip), sips: first(&self.sips) }
    }

    fn surroundings(&self, options: &Run) -> Surroundings {
        let with = |transport, addresses: Vec<SocketAddr>| {
            addresses.into_iter().map(move |address| (transport, address))
        };
        let listeners = with(Transport::Udp, self.sip.udp_addresses())
            .chain(with(Transport::Tcp, self.sip.tcp_addresses()))
            .chain(with(Transport::Tls, self.sips.tcp_addresses()))
            .chain(with(Transport::Wss, self.http.tcp_addresses()));
        let media = if options.media.is_empty() { all_families() } else { options.media.clone() };
        Surroundings {
            listeners: listeners.collect(),
            addresses: clock::addresses(),
            media,
            external: options.external.clone(),
            browsers: None,
            rsa: None,
        }
    }

    /// The media of browsers has the number of the web admin's port, so that there is one to open in
    /// a firewall.
    fn browsers(&self, media: &[IpAddr]) -> Result<Entrance, Failure> {
        let port = self.http.tcp_addresses().first().map_or(0, SocketAddr::port);
        Entrance::open(media, port).map_err(|error| {
            Failure::Refused(format!("no UDP port for the media of browsers ({error})"))
        })
    }
}

impl Opened {
    fn open(options: &Run) -> Result<Self, Failure> {
        let data = &options.data;
        let key = DeviceKey::load(data).map_err(Failure::refused)?;
        let mut store = Store::open(data, key.clone()).map_err(Failure::refused)?;
        let now = clock::wall();
        let crashed = store.close_open_calls(now).map_err(Failure::failed)?;
        if crashed > 0 {
            tracing::warn!(calls = crashed, "the last run ended without a farewell");
        }
        let registrations = store.registrations(now).map_err(Failure::failed)?;
        let claimed = Reader::open(data).map_err(Failure::failed)?.claimed();
        let claim = Claim::open(data, claimed.map_err(Failure::failed)?);
        let claim = claim.map_err(|error| {
            Failure::Refused(format!("the claim code cannot be written ({error})"))
        })?;
        let certificate = certificate::Files::in_folder(data);
        let shown = certificate.open(&own_addresses()).map_err(Failure::refused)?;
        let tls = Tls::new(shown, data).map_err(Failure::failed)?;
        Ok(Self { store, registrations, key, claim, tls, certificate })
    }
}

impl House {
    fn live(self, runtime: &Runtime) -> Result<(), Failure> {
        let _inside = runtime.enter();
        let term = signal(SignalKind::terminate()).map_err(Failure::failed)?;
        let int = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
        let (listening, standing) = (found::listening(&self.sockets), self.media.standing);
        let (threads, urls, claim) = self.start(runtime)?;
        say(&listening)?;
        for url in urls {
            say(format_args!("Strowger is at {url}"))?;
        }
        if let Some(code) = claim {
            say(format_args!("Claim code: {code} (makes the first administrator, once)"))?;
        }
        tell(standing);
        watchdog::ready();
        runtime.block_on(threads.watch(term, int))
    }

    fn start(self, runtime: &Runtime) -> Result<(Threads, Vec<String>, Option<String>), Failure> {
        let Self {
            options,
            sockets,
            poll,
            mailbox,
            mail,
            surroundings,
            rsa,
            media,
            taping,
            playing,
            player,
            projector,
            sheet,
            bearers,
            opened,
        } = self;
        let Opened { store, registrations, key, claim, tls, certificate } = opened;
        let handle = runtime.handle().clone();
        let start = Instant::now();
        let seed = seed()?;
        let config = Arc::clone(store.config());
        let recorder = options.record.as_deref().map(|file| Recorder::create(file, seed, start));
        let recorder = recorder.transpose().map_err(|error| {
            Failure::Refused(format!(
                "the recording cannot be written ({error}): name another file"
            ))
        })?;

        let (writer, thread) = Storage::new(store);
        let storage = threads::spawn_storage(thread, handle.clone())?;
        let events = EventLog::starting_at(clock::wall());
        let captures = Captures::new(options.data.join(CAPTURES));
        let (filming, filmed) = captures::line();
        let films = captures::Films { projector, control: filmed };
        let streams = Streams::new(handle.clone(), mailbox.clone(), tls.clone());
        let web = Web::admission();
        let code = claim.code().map(|code| code.reveal().to_owned());
        let uploads = Uploads::new(options.data.join(store::SOUNDS));
        let appliance = Arc::new(Appliance {
            config: Arc::new(ArcSwap::new(Arc::clone(&config))),
            changed: Arc::default(),
            changing: Mutex::new(()),
            mailbox: mailbox.clone(),
            storage: writer.clone(),
            readers: Readers::new(options.data.clone()),
            recordings: Recordings::new(options.data.join(RECORDINGS)),
            heard: Heard::default(),
            captures: captures.clone(),
            captured: AtomicU64::default(),
            uploads: uploads.clone(),
            events: events.clone(),
            claim,
            key,
            data: options.data.clone(),
            sip: streams.admission.clone(),
            web: web.clone(),
            ports: sockets.ports(),
            measuring: Mutex::new(()),
        });
        let current = Arc::downgrade(&appliance);
        let limits = move || Some(current.upgrade()?.config.load().settings.captures);
        let written = captures::start(captures, films, mailbox.clone(), events.clone(), limits);
        let written = written.map_err(Failure::failed)?;
        let capacity = measure::kept(&options.data);
        let unmeasured = capacity.is_none().then(|| appliance.clone());
        let rsa = rsa::show(options.data.clone(), rsa, mailbox.clone());
        runtime.spawn(async move {
            // What is measured is measured while nothing else is made.
            rsa.await;
            if let Some(appliance) = unmeasured {
                measure_once(appliance).await;
            }
        });
        let keeping = recordings::keep(
            Recordings::new(options.data.join(RECORDINGS)),
            appliance.config.clone(),
            appliance.changed.clone(),
            writer.clone(),
        );
        let known = Known { config, registrations, capacity };
        let router = api::router(appliance.clone()).merge(phones(streams.clone(), appliance));

        let urls = found::urls(&sockets.http.tcp_addresses(), &surroundings.addresses);
        found::write_run_file(&options, &sockets, surroundings.browsers)?;
        let mut tasks = JoinSet::new();
        for listener in sockets.sip.tcp {
            tasks.spawn(streams.clone().listen(Transport::Tcp, listener));
        }
        for listener in sockets.sips.tcp {
            tasks.spawn(streams.clone().listen(Transport::Tls, listener));
        }
        tasks.spawn(renew(certificate, tls.clone()));
        tasks.spawn(keeping);
        let udp: io::Result<Vec<_>> =
            sockets.sip.udp.into_iter().map(|socket| Udp::new(socket).map(Port::new)).collect();
        let (lines, lining) = start_lines(sheet, bearers, &mailbox)?;
        let control = Control {
            poll,
            exchange: Exchange::new(seed, start).with_secrets(self::seed()?),
            udp: udp.map_err(Failure::failed)?,
            mail,
            streams,
            dns: Dns::new(handle.clone(), mailbox.clone()),
            shelf: Shelf {
                runtime: handle,
                mailbox: mailbox.clone(),
                storage: writer.clone(),
                recordings: Recordings::new(options.data.join(RECORDINGS)),
                player,
                uploads,
            },
            media,
            lines,
            storage: writer.clone(),
            events: events.clone(),
            recorder,
            captures: control::Captures::new(filming),
            surroundings,
            state: State::new(start),
        };
        let control = threads::spawn_control(control, known)?;
        for listener in sockets.http.tcp {
            let web = Web { router: router.clone(), tls: tls.clone(), admission: web.clone() };
            tasks.spawn(web.listen(listener));
        }
        Ok((
            Threads {
                control,
                storage,
                taping,
                playing,
                filming: written,
                lining,
                tasks,
                mailbox,
                writer,
                events,
            },
            urls,
            code,
        ))
    }
}

fn start_media(
    options: &Run,
    surroundings: &Surroundings,
    browsers: Entrance,
    mailbox: &Mailbox,
    (tapes, films, plays, channels): (TapeLine, FilmLine, PlayLine, Receiver<LineMessage>),
) -> Result<MediaHandle, Failure> {
    let mailbox = mailbox.clone();
    media_worker::start(Setup {
        addresses: surroundings.media.clone(),
        ports: options.media_ports.clone(),
        rest: PORT_REST,
        browsers: Some(browsers.into()),
        tapes,
        films,
        plays,
        lines: channels,
        wake: Box::new(move || mailbox.ring()),
    })
    .map_err(Failure::refused)
}

/// The thread of the lines, and what is heard when it ends; without a board there are none.
fn start_lines(
    sheet: Option<Sheet>,
    bearers: SyncSender<LineMessage>,
    mailbox: &Mailbox,
) -> Result<(Option<LinesHandle>, Option<oneshot::Receiver<()>>), Failure> {
    let Some(sheet) = sheet else {
        tracing::debug!("no board is named: there are no lines");
        return Ok((None, None));
    };
    tracing::info!("the lines are those of the board '{}': {}", sheet.name, sheet.title);
    let mailbox = mailbox.clone();
    let tell = Box::new(move |event| mailbox.leave(Mail::Line(event)));
    let setup = lines::Setup { sheet, bearers: Some(bearers), tell };
    let (handle, ended) = lines::start(setup).map_err(Failure::failed)?;
    Ok((Some(handle), Some(ended)))
}

/// Who installs the box reads here whether sound is safe from what else runs on it.
fn tell(standing: Standing) {
    match standing {
        Standing::First { processor: Some(processor) } => {
            tracing::info!("sound goes before other programs, on processor {processor}");
        }
        Standing::First { processor: None } => {
            tracing::info!("sound goes before other programs");
        }
        Standing::Beside => tracing::info!(
            "sound has to wait for other programs on a busy machine: \
             there is no CAP_SYS_NICE and no limit on real-time priority (LimitRTPRIO=1)"
        ),
    }
}

/// What the first start finds out; until then calls are limited by their number.
async fn measure_once(appliance: Arc<Appliance>) {
    match appliance.measure_capacity().await {
        Ok(load) => {
            let calls = load.relayed_calls_left.unwrap_or_default();
            tracing::info!("the box measured itself: it has room for {calls} calls passed on");
        }
        Err(fault) => tracing::warn!("the box could not measure itself: {fault:?}"),
    }
}

/// Looks every day whether the certificate is old.
async fn renew(files: certificate::Files, tls: Tls) -> io::Result<()> {
    loop {
        tokio::time::sleep(DAY).await;
        if !files.is_due() {
            continue;
        }
        match files.open(&own_addresses()) {
            Ok(certificate) => tls.replace(certificate),
            Err(error) => tracing::warn!("the certificate was not renewed: {error}"),
        }
    }
}

/// A task that panicked would leave a box that is half alive.
fn end_with_any_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(PANICKED);
    }));
}

fn seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed).map_err(|_| Failure::failed("no random numbers"))?;
    Ok(seed)
}

fn own_addresses() -> Vec<IpAddr> {
    clock::addresses().into_iter().map(|(address, _)| address).collect()
}

/// As high as the system allows: every media port and every connection is one.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// All addresses of each family that the machine speaks.
fn all_families() -> Vec<IpAddr> {
    let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    all.into_iter().filter(|address| UdpSocket::bind((*address, 0)).is_ok()).collect()
}

/// In the data folder.
const RECORDINGS: &str = "recordings";
const CAPTURES: &str = "captures";
/// How long a media port that was used stays unused: longer than stray packets of its call come.
const PORT_REST: Duration = Duration::from_secs(10);
/// For connections to write what is queued.
const LAST_WORDS: Duration = Duration::from_millis(100);
const DAY: Duration = Duration::from_secs(86_400);
/// The exit code of a Rust program that panics.
const PANICKED: i32 = 101;
