//! Repeating what may be lost (RFC 3261 §17), as a phone does it.

use super::{Out, Ua};
use crate::text::Sip;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Register,
    Invite(usize),
    Offer(usize),
    Bye(usize),
    Refer(usize),
    Refresh(usize),
    Message,
    Other,
}

/// A request of ours.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) branch: String,
    pub(crate) request: Sip,
    pub(crate) to: SocketAddr,
    pub(crate) purpose: Purpose,
    pub(crate) state: State,
    /// The ACK of a refusal.
    pub(crate) ack: Option<String>,
    again: Option<(Instant, Duration)>,
    until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Done,
}

/// A request of the peer.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) branch: String,
    pub(crate) method: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    response: Option<String>,
    to: SocketAddr,
    again: Option<(Instant, Duration)>,
    until: Instant,
}

impl Client {
    pub(crate) fn due(&self) -> Option<Instant> {
        self.again.map(|(at, _)| at).into_iter().chain([self.until]).min()
    }
}

impl Server {
    /// Where the request came from.
    pub(crate) fn source(&self) -> SocketAddr {
        self.to
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.again.map(|(at, _)| at).into_iter().chain([self.until]).min()
    }
}

impl Ua {
    /// Sends a request of ours.
    pub(crate) fn ask(&mut self, request: Sip, to: SocketAddr, purpose: Purpose, now: Instant) {
        let repeats = self.transport == "UDP" && request.method() != "ACK";
        let text = request.write();
        self.out.push(Out::Sip { to, text });
        self.clients.push(Client {
            branch: request.branch().to_owned(),
            to,
            purpose,
            state: State::Trying,
            ack: None,
            again: repeats.then(|| (now + T1, T1)),
            until: now + T1 * 64,
            request,
        });
    }

    /// The request that a response is to, with its purpose; what was answered before is not told again.
    pub(crate) fn answered(&mut self, response: &Sip, now: Instant) -> Option<(Sip, Purpose)> {
        let (branch, method) = (response.branch(), response.method());
        let status = response.status()?;
        let client = self
            .clients
            .iter_mut()
            .find(|client| client.branch == branch && client.request.method() == method)?;
        if client.state == State::Done {
            if let Some(ack) = client.ack.clone().filter(|_| status >= 300) {
                let to = client.to;
                self.out.push(Out::Sip { to, text: ack });
            }
            // Each fork of ours that answers is told.
            let twice = method == "INVITE" && status < 300;
            return twice.then(|| (client.request.clone(), client.purpose));
        }
        if status < 200 {
            client.state = State::Proceeding;
            if method == "INVITE" {
                client.again = None;
                client.until = now + Duration::from_secs(600);
            }
        } else {
            client.state = State::Done;
            client.again = None;
            client.until = now + T1 * 64;
            if method == "INVITE" && status >= 300 {
                let ack = acknowledge(&client.request, response).write();
                client.ack = Some(ack.clone());
                let to = client.to;
                self.out.push(Out::Sip { to, text: ack });
            }
        }
        let mut clients = self.clients.iter();
        let client =
            clients.find(|client| client.branch == branch && client.request.method() == method)?;
        Some((client.request.clone(), client.purpose))
    }

    /// Notes a request of the peer. `false` if it is a repeated one, which is answered as before.
    pub(crate) fn is_new(&mut self, request: &Sip, from: SocketAddr, now: Instant) -> bool {
        let (branch, method) = (request.branch().to_owned(), request.method().to_owned());
        let known = |server: &&Server| server.branch == branch && server.method == method;
        if let Some(server) = self.servers.iter().find(known) {
            if let Some(text) = server.response.clone() {
                let to = server.to;
                self.out.push(Out::Sip { to, text });
            }
            return false;
        }
        self.servers.push(Server {
            branch,
            method,
            call_id: request.value("Call-ID").to_owned(),
            cseq: request.cseq().0,
            response: None,
            to: from,
            again: None,
            until: now + Duration::from_secs(3600),
        });
        true
    }

    /// Sends a response to a request of the peer.
    pub(crate) fn respond(&mut self, response: &Sip, now: Instant) {
        let (branch, method) = (response.branch(), response.method());
        let known = |server: &&mut Server| server.branch == branch && server.method == method;
        let Some(server) = self.servers.iter_mut().find(known) else { return };
        let status = response.status().unwrap_or(0);
        let text = response.write();
        server.response = Some(text.clone());
        let reliable = status > 100 && status < 200 && response.header("RSeq").is_some();
        let lossy = self.transport == "UDP" || (200..300).contains(&status);
        let repeats = reliable || (status >= 200 && method == "INVITE" && lossy);
        server.again = repeats.then(|| (now + T1, T1));
        if status >= 200 {
            server.until = now + T1 * 64;
        }
        let to = server.to;
        self.out.push(Out::Sip { to, text });
    }

    /// An ACK or PRACK came: what it is for is repeated no more.
    pub(crate) fn quiet(&mut self, call_id: &str, cseq: u32) -> bool {
        let mut found = false;
        for server in &mut self.servers {
            if server.method == "INVITE" && server.call_id == call_id && server.cseq == cseq {
                found |= server.again.take().is_some();
            }
        }
        found
    }

    /// Its stream broke: what it asked there will not be answered.
    pub(crate) fn stream_broke(&mut self, now: Instant) {
        let (open, done) =
            std::mem::take(&mut self.clients).into_iter().partition(|it| it.state != State::Done);
        self.clients = done;
        let open: Vec<Client> = open;
        for client in open.into_iter().filter(|client| !matches!(client.purpose, Purpose::Bye(_))) {
            self.unanswered(&client.request, client.purpose, now);
        }
    }

    pub(crate) fn transactions_due(&mut self, now: Instant) {
        let mut failed = Vec::new();
        for client in &mut self.clients {
            if client.until <= now && client.state != State::Done {
                failed.push((client.request.clone(), client.purpose));
            } else if let Some((at, pause)) = client.again
                && at <= now
            {
                let most = if client.request.method() == "INVITE" { T1 * 64 } else { T2 };
                let pause =
                    if client.state == State::Proceeding { T2 } else { most.min(pause * 2) };
                client.again = Some((now + pause, pause));
                let (to, text) = (client.to, client.request.write());
                self.out.push(Out::Sip { to, text });
            }
        }
        for server in &mut self.servers {
            if let (Some((at, pause)), Some(text)) = (server.again, &server.response)
                && at <= now
            {
                let pause = T2.min(pause * 2);
                server.again = Some((now + pause, pause));
                self.out.push(Out::Sip { to: server.to, text: text.clone() });
            }
        }
        self.clients.retain(|client| client.until > now);
        self.servers.retain(|server| server.until > now);
        for (request, purpose) in failed {
            self.unanswered(&request, purpose, now);
        }
    }
}

/// The ACK of a refusal: same branch, same place (RFC 3261 §17.1.1.3).
fn acknowledge(request: &Sip, response: &Sip) -> Sip {
    let mut ack = Sip::new(request.start.replacen("INVITE", "ACK", 1))
        .with("Via", request.value("Via"))
        .with("Max-Forwards", 70)
        .with("From", request.value("From"))
        .with("To", response.value("To"))
        .with("Call-ID", request.value("Call-ID"))
        .with("CSeq", format!("{} ACK", request.cseq().0));
    for route in request.all("Route") {
        ack = ack.with("Route", route);
    }
    ack
}

pub(crate) const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
