//! Asking a STUN server how the outside sees our SIP socket, again and again: routers change their mind.

use crate::frame::Frame;
use crate::way::Way;
use border::stun;
use config::External;
use sip::flow::{Flow, Transport};
use sip::resolve::{Answer, Destination, Question};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The client; idle unless the settings name a server.
#[derive(Debug, Default)]
pub(crate) struct Stun {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    /// Its name is being looked up.
    Finding { server: String, way: Way },
    /// A question is out.
    Asking { server: String, flow: Flow, id: stun::Id, tries: u8, again_at: Instant },
    /// It is asked again later.
    Waiting { server: String, until: Instant },
}

impl Stun {
    /// Starts, or stops, as the settings say.
    pub(crate) fn begin(&mut self, frame: &mut Frame, now: Instant) {
        let External::Stun(wanted) = frame.places.external(&frame.config) else {
            self.state = State::Idle;
            return;
        };
        let wanted = wanted.clone();
        let server = match &self.state {
            State::Idle => None,
            State::Finding { server, .. }
            | State::Asking { server, .. }
            | State::Waiting { server, .. } => Some(server),
        };
        if server != Some(&wanted) && !frame.places.surroundings.listeners.is_empty() {
            self.find(frame, wanted, now);
        }
    }

    fn find(&mut self, frame: &mut Frame, server: String, now: Instant) {
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse().ok())
            }
            _ => (server.as_str(), None),
        };
        let destination = Destination {
            host: host.to_owned(),
            port: Some(port.unwrap_or(PORT)),
            transport: Some(Transport::Udp),
            secure: false,
        };
        let way = Way::to(destination, frame, now);
        self.state = State::Finding { server, way };
        self.step(frame, now);
    }

    fn step(&mut self, frame: &mut Frame, now: Instant) {
        let State::Finding { server, way } = &mut self.state else { return };
        if !way.step(frame, now) {
            return;
        }
        let server = std::mem::take(server);
        match way.next(frame) {
            Some(flow) => {
                let id = frame.random.bytes();
                self.ask(frame, server, flow, id, 0, now);
            }
            None => self.state = State::Waiting { server, until: now + RETRY },
        }
    }

    fn ask(
        &mut self,
        frame: &mut Frame,
        server: String,
        flow: Flow,
        id: stun::Id,
        tries: u8,
        now: Instant,
    ) {
        frame.send(flow, stun::request(id).into());
        // RFC 8489 §6.2.1: 500 ms, doubling.
        let again_at = now + FIRST_PAUSE * (1 << tries);
        self.state = State::Asking { server, flow, id, tries, again_at };
    }

    /// A STUN datagram came in: the address that it shows, if it answers our question.
    pub(crate) fn answer(&mut self, bytes: &[u8], from: Flow, now: Instant) -> Option<SocketAddr> {
        let State::Asking { server, flow, id, .. } = &mut self.state else { return None };
        if flow.remote != from.remote {
            return None;
        }
        let seen = stun::mapped_address(bytes, *id)?;
        self.state = State::Waiting { server: std::mem::take(server), until: now + REFRESH };
        Some(seen)
    }

    pub(crate) fn resolved(
        &mut self,
        frame: &mut Frame,
        question: &Question,
        answer: &Answer,
        now: Instant,
    ) {
        if let State::Finding { way, .. } = &mut self.state {
            way.answer(question, answer);
            self.step(frame, now);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => None,
            State::Finding { way, .. } => way.deadline(),
            State::Asking { again_at, .. } => Some(*again_at),
            State::Waiting { until, .. } => Some(*until),
        }
    }

    pub(crate) fn timeout(&mut self, frame: &mut Frame, now: Instant) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        match std::mem::take(&mut self.state) {
            State::Idle => {}
            State::Finding { server, mut way } => {
                way.timeout(now);
                self.state = State::Finding { server, way };
                self.step(frame, now);
            }
            State::Asking { server, flow, id, tries, .. } if tries < MOST_TRIES => {
                self.ask(frame, server, flow, id, tries + 1, now);
            }
            State::Asking { server, .. } => {
                self.state = State::Waiting { server, until: now + RETRY };
            }
            State::Waiting { server, .. } => self.find(frame, server, now),
        }
    }
}

/// RFC 8489 §18.6.
const PORT: u16 = 3478;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MOST_TRIES: u8 = 6;
const RETRY: Duration = Duration::from_secs(30);
/// Also keeps the router's mapping of the SIP socket awake.
const REFRESH: Duration = Duration::from_secs(25);
