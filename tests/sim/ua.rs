//! A telephone, or a carrier's switch: a SIP user agent of its own making, so that it checks on the
//! wire what the box says. It knows as much of RFC 3261 as a desk phone does.

mod dialog;
mod invite;
mod media;
mod register;
mod secrecy;
mod talk;
mod transaction;

use crate::digest::Challenge;
use crate::text::{Sip, address_of, host, uri_of};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use secrecy::Speaks;
pub use talk::{Phase, Talk};
pub(crate) use transaction::Purpose;

use transaction::{Client, Server};

/// A user agent.
#[derive(Debug)]
pub struct Ua {
    /// What the ladder calls it.
    pub name: String,
    /// Its number, log-in name or account.
    pub user: String,
    /// The log-in name for digest.
    pub login: String,
    /// Its password.
    pub password: String,
    /// What it puts after the `@`.
    pub domain: String,
    /// Its own idea of its address.
    pub at: SocketAddr,
    /// `UDP`, `TCP`, `TLS` or `WSS`.
    pub transport: &'static str,
    /// Where it sends what is outside of dialogs.
    pub proxy: SocketAddr,
    /// What it does by itself.
    pub habits: Habits,
    /// Its calls, oldest first; they stay when they are over.
    pub calls: Vec<Talk>,
    /// Every message that came in.
    pub received: Vec<Sip>,
    /// Its registration.
    pub registration: register::Login,
    /// As a carrier: who registered here.
    pub registrar: register::Registrar,
    /// It is one server of this carrier.
    pub of: Option<String>,
    /// What it found wrong with messages of the box.
    pub complaints: Vec<String>,
    pub(crate) out: Vec<Out>,
    clients: Vec<Client>,
    servers: Vec<Server>,
    plans: Vec<(Instant, Plan)>,
    challenge: Option<Challenge>,
    nonces: u32,
    tokens: u32,
    next_word: Option<Instant>,
    /// Keys, by the number of the call.
    contexts: BTreeMap<usize, secrecy::Contexts>,
    /// When it was last told the time.
    heard_at: Option<Instant>,
}

/// What a user agent does by itself.
#[derive(Debug, Clone)]
pub struct Habits {
    /// What it does when it is called.
    pub called: Called,
    /// Codecs: payload type and name.
    pub codecs: Vec<(u8, &'static str)>,
    /// It says nothing at all.
    pub dead: bool,
    /// It sends no sound.
    pub mute: bool,
    /// Its INVITEs carry no offer.
    pub late_offer: bool,
    /// Its 1xx are reliable when the peer can do that, and its INVITEs say so.
    pub reliable: bool,
    /// It insists on reliable 1xx.
    pub insists_on_reliable: bool,
    /// It knows UPDATE.
    pub updates: bool,
    /// Session timers: the interval that it asks for, and whether it does its part.
    pub timer: Option<(u32, bool)>,
    /// It answers re-INVITEs only after so long.
    pub thinks: Duration,
    /// Its Vias ask for `rport`.
    pub rport: bool,
    /// It answers challenges with SHA-256.
    pub sha256: bool,
    /// Headers for its INVITEs.
    pub headers: Vec<(&'static str, String)>,
    /// What its user says with its answers and BYEs (RFC 7433).
    pub user_says: Option<&'static str>,
    /// Lines at the end of its descriptions.
    pub lines: Vec<String>,
    /// The transport of its sound, when it is not what its keys say.
    pub profile: Option<&'static str>,
    /// As a carrier: the methods that it challenges, and with which status.
    pub challenges: Vec<(&'static str, u16)>,
    /// Another Contact than its address.
    pub contact: Option<String>,
    /// The Reason of its refusals, BYEs and CANCELs.
    pub reason: Option<&'static str>,
    /// Another media address than its own.
    pub media_ip: Option<std::net::IpAddr>,
    /// It takes streams too, though it speaks by datagram.
    pub takes_streams: bool,
    /// It acknowledges answers.
    pub ack: bool,
    /// It confirms reliable 1xx.
    pub prack: bool,
    /// It answers re-INVITEs with this status.
    pub refuses_offers: Option<u16>,
    /// Whether it encrypts.
    pub speaks: Speaks,
    /// It makes a new key for every description.
    pub new_keys: bool,
    /// It takes sound only from where its peer says that it is.
    pub strict: bool,
}

/// What a user agent does when it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// 180, and waits.
    Rings,
    /// 180, and 200 after this time.
    Answers(Duration),
    /// 183 with a description, and waits.
    Announces,
    /// This status.
    Refuses(u16),
    /// 100, and nothing more.
    Tries,
    /// Nothing; a test answers for it.
    Waits,
}

/// What it wants sent.
#[derive(Debug)]
pub(crate) enum Out {
    Sip { to: SocketAddr, text: String },
    Rtp { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    Register,
    Answer(usize),
    /// A second try of what collided (RFC 3261 §14.1).
    OfferAgain(usize, &'static str),
    AnswerOffer(usize, Sip),
    Refresh(usize),
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            called: Called::Rings,
            codecs: vec![(8, "PCMA/8000"), (0, "PCMU/8000")],
            dead: false,
            mute: false,
            late_offer: false,
            reliable: false,
            insists_on_reliable: false,
            updates: false,
            timer: None,
            thinks: Duration::ZERO,
            rport: true,
            sha256: true,
            headers: Vec::new(),
            user_says: None,
            lines: Vec::new(),
            profile: None,
            challenges: Vec::new(),
            contact: None,
            reason: None,
            media_ip: None,
            takes_streams: false,
            ack: true,
            prack: true,
            refuses_offers: None,
            speaks: Speaks::Plain,
            new_keys: false,
            strict: false,
        }
    }
}

impl Ua {
    pub(crate) fn new(name: &str, at: SocketAddr, proxy: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            user: name.to_owned(),
            login: name.to_owned(),
            password: format!("secret-of-{name}"),
            domain: host(proxy.ip()),
            at,
            transport: "UDP",
            proxy,
            habits: Habits::default(),
            calls: Vec::new(),
            received: Vec::new(),
            registration: register::Login::default(),
            registrar: register::Registrar::default(),
            of: None,
            complaints: Vec::new(),
            out: Vec::new(),
            clients: Vec::new(),
            servers: Vec::new(),
            plans: Vec::new(),
            challenge: None,
            nonces: 0,
            tokens: 0,
            next_word: None,
            contexts: BTreeMap::new(),
            heard_at: None,
        }
    }

    /// A message came in.
    pub(crate) fn receive(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) {
        let Some(message) = Sip::read(bytes) else {
            self.complaints.push(format!("unreadable: {}", String::from_utf8_lossy(bytes)));
            return;
        };
        self.heard_at = Some(now);
        self.check(&message);
        self.received.push(message.clone());
        if self.habits.dead {
            return;
        }
        match message.status() {
            None => self.request(message, from, now),
            Some(_) => self.response(message, now),
        }
        self.speak(now);
    }

    /// When it has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let plans = self.plans.iter().map(|(at, _)| *at);
        let clients = self.clients.iter().filter_map(Client::due);
        let servers = self.servers.iter().filter_map(Server::due);
        plans.chain(clients).chain(servers).chain(self.next_word).min()
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.habits.dead {
            self.plans.clear();
            self.clients.clear();
            self.servers.clear();
            self.next_word = None;
            return;
        }
        self.transactions_due(now);
        let due: Vec<Plan> = {
            let (due, later) =
                std::mem::take(&mut self.plans).into_iter().partition(|p| p.0 <= now);
            self.plans = later;
            let due: Vec<(Instant, Plan)> = due;
            due.into_iter().map(|(_, plan)| plan).collect()
        };
        for plan in due {
            match plan {
                Plan::Register => self.register(now),
                Plan::Answer(call) => self.answer(call, now),
                Plan::OfferAgain(call, direction) => {
                    if self.calls[call].phase == Phase::Up {
                        self.calls[call].direction = direction;
                        self.offer(call, "INVITE", now);
                    }
                }
                Plan::AnswerOffer(call, request) => self.answer_offer(call, &request, now),
                Plan::Refresh(call) => self.refresh(call, now),
            }
        }
        self.speak(now);
    }

    /// The power fails: it knows nothing of its calls any more.
    pub fn loses_power(&mut self) {
        self.clients.clear();
        self.servers.clear();
        self.plans.clear();
        self.next_word = None;
        for call in &mut self.calls {
            call.phase = Phase::Over;
        }
    }

    /// The latest message of this method or status (`INVITE`, `180`, `200 BYE`).
    pub fn last(&self, wanted: &str) -> Option<&Sip> {
        self.received.iter().rev().find(|message| is(message, wanted))
    }

    /// How many messages of this method or status came.
    pub fn count(&self, wanted: &str) -> usize {
        self.received.iter().filter(|message| is(message, wanted)).count()
    }

    pub(crate) fn token(&mut self) -> String {
        self.tokens += 1;
        let name: String = self.name.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("t{}x{name}", self.tokens)
    }

    /// Begins a request outside of dialogs.
    fn begin(&mut self, method: &str, uri: &str, to: &str) -> Sip {
        let tag = self.token();
        let call_id = format!("{}@{}", self.token(), self.name);
        let via = self.via();
        Sip::new(format!("{method} {uri} SIP/2.0"))
            .with("Via", via)
            .with("Max-Forwards", 70)
            .with(
                "From",
                format!("\"{}\" <sip:{}@{}>;tag={tag}", self.name, self.user, self.domain),
            )
            .with("To", format!("<{to}>"))
            .with("Call-ID", call_id)
            .with("CSeq", format!("1 {method}"))
    }

    fn via(&mut self) -> String {
        let rport = if self.habits.rport { ";rport" } else { "" };
        let token = self.token();
        let sent_by = match self.transport {
            "WSS" => format!("{}.invalid", self.name),
            _ => self.at.to_string(),
        };
        format!("SIP/2.0/{} {sent_by};branch=z9hG4bK{token}{rport}", self.transport)
    }

    fn contact(&self) -> String {
        if let Some(contact) = &self.habits.contact {
            return contact.clone();
        }
        match self.transport {
            "UDP" => format!("<sip:{}@{}>", self.user, self.at),
            // A browser has no address that anybody could call (RFC 7118 §5).
            "WSS" => format!("<sip:{}@{}.invalid;transport=ws>", self.user, self.name),
            other => {
                let name = other.to_ascii_lowercase();
                format!("<sip:{}@{};transport={name}>", self.user, self.at)
            }
        }
    }

    /// The address of the next hop of a request in a dialog.
    fn hop(&self, call: &Talk) -> SocketAddr {
        let first = call.routes.first().map_or(call.target.as_str(), |route| uri_of(route));
        address_of(first).unwrap_or(self.proxy)
    }

    /// What everybody may expect of every message (RFC 3261 §8.1.1, §8.2.6, §18).
    fn check(&mut self, message: &Sip) {
        let mut wrong = Vec::new();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            if message.header(name).is_none() {
                wrong.push(format!("no {name}"));
            }
        }
        let length = message.value("Content-Length").parse().unwrap_or(usize::MAX);
        if length != message.body.len() {
            wrong.push("Content-Length is wrong".to_owned());
        }
        if message.tag("From").is_empty() {
            wrong.push("From without tag".to_owned());
        }
        if !message.body.is_empty() && message.header("Content-Type").is_none() {
            wrong.push("a body without Content-Type".to_owned());
        }
        let method = message.method().to_owned();
        let opens = method == "INVITE" || method == "UPDATE";
        match message.status() {
            None => {
                if !message.branch().starts_with("z9hG4bK") {
                    wrong.push("branch without cookie".to_owned());
                }
                if message.header("Max-Forwards").is_none() {
                    wrong.push("no Max-Forwards".to_owned());
                }
                if opens && message.all("Contact").len() != 1 {
                    wrong.push("no Contact".to_owned());
                }
            }
            Some(status) => {
                if status > 100 && message.tag("To").is_empty() {
                    wrong.push("To without tag".to_owned());
                }
                if opens && (200..300).contains(&status) && message.header("Contact").is_none() {
                    wrong.push("no Contact".to_owned());
                }
            }
        }
        let text = wrong.into_iter().map(|wrong| format!("{}: {wrong}", message.start));
        self.complaints.extend(text);
    }
}

fn is(message: &Sip, wanted: &str) -> bool {
    let (first, second) = wanted.split_once(' ').unwrap_or((wanted, ""));
    match first.parse::<u16>() {
        Ok(status) => {
            message.status() == Some(status) && (second.is_empty() || message.method() == second)
        }
        Err(_) => message.status().is_none() && message.method() == first,
    }
}
