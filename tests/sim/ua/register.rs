//! Logging in, and letting others log in (RFC 3261 §10).

use super::{Plan, Purpose, Ua};
use crate::digest::{Challenge, field, fits};
use crate::text::{Sip, param, uri_of};
use std::time::{Duration, Instant};

/// How a phone registers, and how far it came.
#[derive(Debug, Clone)]
pub struct Login {
    /// The time that it asks for.
    pub expires: u32,
    /// `+sip.instance`.
    pub instance: Option<String>,
    /// `reg-id`.
    pub reg_id: Option<u32>,
    /// The proxy that it registers through.
    pub path: Option<String>,
    /// Preference.
    pub q: Option<&'static str>,
    /// What it calls itself.
    pub user_agent: Option<&'static str>,
    /// It refreshes by itself.
    pub keeps: bool,
    /// The status of the last answer.
    pub status: Option<u16>,
    call_id: Option<String>,
    tag: String,
    cseq: u32,
    everything: bool,
    tried: bool,
}

/// A carrier's registrar.
#[derive(Debug, Clone, Default)]
pub struct Registrar {
    /// How it answers; `None` asks for credentials and is content with the right ones.
    pub answers: Option<u16>,
    /// The shortest time that it grants.
    pub least: u32,
    /// The time that it grants.
    pub grants: Option<u32>,
    /// For `Retry-After`.
    pub retry_after: Option<u32>,
    /// The Contact that registered last.
    pub contact: Option<String>,
    /// It shows the address that it sees, as carriers do.
    pub shows: bool,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            expires: 3600,
            instance: None,
            reg_id: None,
            path: None,
            q: None,
            user_agent: None,
            keeps: true,
            status: None,
            call_id: None,
            tag: String::new(),
            cseq: 0,
            everything: false,
            tried: false,
        }
    }
}

impl Login {
    /// Whether the last REGISTER was accepted, and it asked to stay.
    pub fn is_up(&self) -> bool {
        self.status == Some(200) && self.expires > 0
    }
}

impl Ua {
    /// Registers, or refreshes.
    pub fn register(&mut self, now: Instant) {
        self.registration.tried = false;
        self.registration.everything = false;
        self.send_register(None, now);
    }

    /// Takes all bindings of its extension away.
    pub fn unregister_all(&mut self, now: Instant) {
        self.registration.tried = false;
        self.registration.everything = true;
        self.registration.expires = 0;
        self.send_register(None, now);
    }

    /// Sends a REGISTER as it stands, without any of the above.
    pub fn register_with(&mut self, authorization: Option<String>, now: Instant) {
        self.send_register(authorization, now);
    }

    fn send_register(&mut self, authorization: Option<String>, now: Instant) {
        let uri = format!("sip:{}", self.domain);
        let address = format!("sip:{}@{}", self.user, self.domain);
        if self.registration.call_id.is_none() {
            self.registration.call_id = Some(format!("{}@{}", self.token(), self.name));
            self.registration.tag = self.token();
        }
        self.registration.cseq += 1;
        let via = self.via();
        let login = &self.registration;
        let contact = match (&login.everything, &login.instance) {
            (true, _) => "*".to_owned(),
            (false, instance) => {
                let mut contact = self.contact();
                if let Some(instance) = instance {
                    contact += &format!(";+sip.instance=\"<{instance}>\"");
                }
                if let Some(id) = login.reg_id {
                    contact += &format!(";reg-id={id}");
                }
                if let Some(q) = login.q {
                    contact += &format!(";q={q}");
                }
                contact
            }
        };
        let mut request = Sip::new(format!("REGISTER {uri} SIP/2.0"))
            .with("Via", via)
            .with("Max-Forwards", 70)
            .with("From", format!("<{address}>;tag={}", login.tag))
            .with("To", format!("<{address}>"))
            .with("Call-ID", login.call_id.clone().unwrap_or_default())
            .with("CSeq", format!("{} REGISTER", login.cseq))
            .with("Contact", contact)
            .with("Expires", login.expires)
            .with("Supported", "path, outbound");
        if let Some(path) = &login.path {
            request = request.with("Path", path);
        }
        if let Some(name) = login.user_agent {
            request = request.with("User-Agent", name);
        }
        if let Some(authorization) = authorization {
            request = request.with("Authorization", authorization);
        }
        let to = self.proxy;
        self.ask(request, to, Purpose::Register, now);
    }

    pub(super) fn registered(&mut self, response: &Sip, now: Instant) {
        let status = response.status().unwrap_or(0);
        if status == 401 && (!self.registration.tried || is_stale(response)) {
            self.registration.tried = true;
            if let Some(value) =
                self.credentials(response, "REGISTER", &format!("sip:{}", self.domain))
            {
                return self.send_register(Some(value), now);
            }
        }
        self.registration.status = Some(status);
        let granted = self.registration.expires;
        if status == 200 && granted > 0 && self.registration.keeps {
            let half = Duration::from_secs(u64::from(granted) / 2);
            self.plans.retain(|(_, plan)| *plan != Plan::Register);
            self.plans.push((now + half, Plan::Register));
        }
        if status == 200 && granted == 0 {
            self.plans.retain(|(_, plan)| *plan != Plan::Register);
        }
    }

    /// Credentials for the challenge of a response.
    pub(super) fn credentials(
        &mut self,
        response: &Sip,
        method: &str,
        uri: &str,
    ) -> Option<String> {
        let asked = [response.all("WWW-Authenticate"), response.all("Proxy-Authenticate")].concat();
        let challenge = Challenge::choose(&asked, self.habits.sha256)?;
        let (login, password) = (self.login.clone(), self.password.clone());
        let challenge = self.challenge.insert(challenge);
        Some(challenge.answer(&login, &password, method, uri))
    }

    /// Answers a request from the challenge that was kept: the next use of its nonce.
    pub fn credentials_again(&mut self, method: &str, uri: &str) -> Option<String> {
        let (login, password) = (self.login.clone(), self.password.clone());
        Some(self.challenge.as_mut()?.answer(&login, &password, method, uri))
    }

    /// As a carrier: somebody registers.
    pub(super) fn registers_here(&mut self, request: &Sip, now: Instant) {
        let registrar = self.registrar.clone();
        if let Some(status) = registrar.answers {
            let mut response = self.reply(request, status, None);
            if let Some(seconds) = registrar.retry_after {
                response = response.with("Retry-After", seconds);
            }
            return self.respond(&response, now);
        }
        if !self.proves(request, 401, now) {
            return;
        }
        let asked: u32 = request.value("Expires").parse().unwrap_or(0);
        if asked > 0 && asked < registrar.least {
            let response = self.reply(request, 423, None).with("Min-Expires", registrar.least);
            return self.respond(&response, now);
        }
        let granted = registrar.grants.map_or(asked, |grants| grants.min(asked));
        let contact = uri_of(request.value("Contact")).to_owned();
        self.registrar.contact = (granted > 0).then(|| contact.clone());
        let mut response = self.reply(request, 200, None);
        if granted > 0 {
            response = response.with("Contact", format!("<{contact}>;expires={granted}"));
        }
        self.respond(&response, now);
    }

    /// Whether a request carries the right credentials; if not it is asked for them.
    pub(super) fn proves(&mut self, request: &Sip, status: u16, now: Instant) -> bool {
        let (header, asks) = match status {
            401 => ("Authorization", "WWW-Authenticate"),
            _ => ("Proxy-Authorization", "Proxy-Authenticate"),
        };
        let nonce = format!("nonce{}", self.nonces);
        let value = request.value(header);
        let (login, password) = (self.login.clone(), self.password.clone());
        if fits(value, &login, &password, request.method(), &nonce)
            && field(value, "uri").as_deref() == Some(request.uri())
        {
            return true;
        }
        self.nonces += 1;
        let stale = if value.is_empty() { "" } else { ", stale=true" };
        let challenge = format!(
            "Digest realm=\"carrier\", nonce=\"nonce{}\", qop=\"auth\"{stale}",
            self.nonces
        );
        let response = self.reply(request, status, None).with(asks, challenge);
        self.respond(&response, now);
        false
    }

    /// The response to a request of the peer: Via, From, To, Call-ID and CSeq as they came.
    pub(crate) fn reply(&mut self, request: &Sip, status: u16, tag: Option<&str>) -> Sip {
        let mut response = Sip::new(format!("SIP/2.0 {status} {}", reason(status)));
        for (index, via) in request.all("Via").into_iter().enumerate() {
            let seen = self.registrar.shows && index == 0;
            let received = self.servers.iter().find(|server| server.branch == request.branch());
            let received = received.filter(|_| seen).map(super::Server::source);
            let via = match received {
                Some(at) => format!(
                    "{};received={};rport={}",
                    via.replace(";rport", ""),
                    at.ip(),
                    at.port()
                ),
                None => via.to_owned(),
            };
            response = response.with("Via", via);
        }
        for route in request.all("Record-Route") {
            response = response.with("Record-Route", route);
        }
        let to = request.value("To").to_owned();
        let to = match (param(&to, "tag"), status) {
            (Some(_), _) | (None, 100) => to,
            (None, _) => {
                let tag = tag.map_or_else(|| self.token(), str::to_owned);
                format!("{to};tag={tag}")
            }
        };
        response
            .with("From", request.value("From"))
            .with("To", to)
            .with("Call-ID", request.value("Call-ID"))
            .with("CSeq", request.value("CSeq"))
    }
}

fn is_stale(response: &Sip) -> bool {
    response.all("WWW-Authenticate").iter().any(|value| value.contains("stale=true"))
}

fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        _ => "As It Is",
    }
}
