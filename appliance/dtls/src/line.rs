//! The handshakes of one socket: of the one far side that it belongs to, and of whoever claims to be it.

use crate::certificate::{Identity, NOBODY, matches};
use crate::record::{is_client_hello, is_first_client_hello};
use bytes::BytesMut;
use call::{Handshake, HandshakeFault, Keys, MediaCommand, PortId};
use media::srtp::dtls::{self, EXPORTER_LABEL, Role};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::state::State as Connection;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(crate) struct Line {
    port: PortId,
    /// It is the RTCP socket of the pair.
    reports: bool,
    handshake: Handshake,
    endpoint: Endpoint,
    /// Whom the endpoint knows, oldest first. Nobody is known before it has begun a handshake.
    remotes: Vec<SocketAddr>,
    /// Those of them that came to an end: they may still ask for the last word again.
    finished: Vec<SocketAddr>,
    progress: Progress,
    /// What went wrong last.
    fault: HandshakeFault,
    /// Handshakes that were done before the far side said how it is known.
    unproved: Vec<Shaken>,
    pub(crate) alarm: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The far side may begin, and has not said anything yet.
    Expected,
    /// There shall be keys by then.
    Until {
        deadline: Instant,
        /// The box begins anew.
        again: Option<Instant>,
    },
    /// There are keys.
    Done,
    /// There were none in time.
    Missed,
}

/// A handshake that is done.
struct Shaken {
    from: Option<SocketAddr>,
    certificate: Vec<u8>,
    keys: Keys,
}

impl Line {
    pub(crate) fn begin(
        port: PortId,
        reports: bool,
        handshake: Handshake,
        identity: &Identity,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) -> Self {
        let server = (!handshake.active).then(|| identity.server.clone());
        let mut line = Self {
            port,
            reports,
            progress: waiting(&handshake, now),
            handshake,
            endpoint: Endpoint::new(NOBODY, TransportProtocol::UDP, server),
            remotes: Vec::new(),
            finished: Vec::new(),
            fault: HandshakeFault::Unanswered,
            unproved: Vec::new(),
            alarm: None,
        };
        if line.handshake.active {
            line.connect(identity, now, out);
        }
        line
    }

    /// Whether what is under way, or done, is what was agreed on now.
    pub(crate) fn goes_on(&self, handshake: &Handshake) -> bool {
        let answers = self.handshake.fingerprints.is_empty();
        let same = answers || self.handshake.fingerprints == handshake.fingerprints;
        same && self.handshake.active == handshake.active
            && self.handshake.association == handshake.association
    }

    /// The far side has said how it is known.
    pub(crate) fn agreed(
        &mut self,
        handshake: &Handshake,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        if self.handshake == *handshake {
            return;
        }
        self.handshake = handshake.clone();
        self.progress = waiting(handshake, now);
        for shaken in std::mem::take(&mut self.unproved) {
            self.prove(shaken, out);
        }
    }

    pub(crate) fn hear(
        &mut self,
        from: SocketAddr,
        bytes: &[u8],
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        let name = if self.handshake.active { NOBODY } else { from };
        // Who has lost its state begins again where it did before (RFC 6347 §4.2.8).
        if self.finished.contains(&name) && is_first_client_hello(bytes) {
            self.forget(name, now);
        }
        if !self.remotes.contains(&name) {
            if self.handshake.active || !is_client_hello(bytes) {
                return;
            }
            self.welcome(name, now);
        }
        let heard = self.endpoint.read(now, name, None, BytesMut::from(bytes));
        self.say(out);
        match heard {
            Ok(events) => {
                for event in events {
                    self.note(&event, name, from, now, out);
                }
            }
            Err(error) => self.broken(name, fault(&error), now),
        }
    }

    pub(crate) fn tick(
        &mut self,
        identity: &Identity,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        for name in self.remotes.clone() {
            if self.endpoint.handle_timeout(name, now).is_err() {
                self.broken(name, HandshakeFault::Unanswered, now);
            }
        }
        self.say(out);
        let Progress::Until { deadline, again } = self.progress else { return };
        if now >= deadline {
            self.progress = Progress::Missed;
            // Without reports a call is still a call.
            if !self.reports {
                out.push_back(MediaCommand::Unshaken { port: self.port, fault: self.fault });
            }
        } else if again.is_some_and(|at| now >= at) {
            self.connect(identity, now, out);
        }
    }

    /// When [`Line::tick`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let own = match self.progress {
            Progress::Until { deadline, again } => Some(again.unwrap_or(deadline).min(deadline)),
            Progress::Expected | Progress::Done | Progress::Missed => None,
        };
        let theirs = self.remotes.iter().filter_map(|name| self.endpoint.poll_timeout(name));
        theirs.chain(own).min()
    }

    fn connect(&mut self, identity: &Identity, now: Instant, out: &mut VecDeque<MediaCommand>) {
        if let Progress::Until { again, .. } = &mut self.progress {
            *again = None;
        }
        if self.endpoint.connect(now, NOBODY, identity.client.clone(), None).is_ok() {
            self.remotes = vec![NOBODY];
        }
        self.say(out);
    }

    /// Somebody begins a handshake; whoever did first and came to no end makes room.
    fn welcome(&mut self, name: SocketAddr, now: Instant) {
        if self.remotes.len() >= MOST_REMOTES {
            let oldest = self.remotes.iter().find(|name| !self.finished.contains(name));
            let oldest = oldest.or(self.remotes.first()).copied();
            oldest.into_iter().for_each(|oldest| self.forget(oldest, now));
        }
        self.remotes.push(name);
    }

    fn note(
        &mut self,
        event: &EndpointEvent,
        name: SocketAddr,
        from: SocketAddr,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        match event {
            EndpointEvent::HandshakeComplete => {
                self.finished.push(name);
                let role = if self.handshake.active { Role::Client } else { Role::Server };
                let connection = self.endpoint.get_connection_state(name);
                let Some(shaken) = connection.and_then(|it| Shaken::of(it, from, role)) else {
                    self.fault = HandshakeFault::NothingInCommon;
                    return self.forget(name, now);
                };
                if self.handshake.fingerprints.is_empty() {
                    self.unproved.push(shaken);
                } else {
                    self.prove(shaken, out);
                }
            }
            EndpointEvent::PeerClosed => self.forget(name, now),
            _ => {}
        }
    }

    /// Keys are used only of who showed the certificate that the description names.
    fn prove(&mut self, shaken: Shaken, out: &mut VecDeque<MediaCommand>) {
        if !matches(&shaken.certificate, &self.handshake.fingerprints) {
            self.fault = HandshakeFault::FalseCertificate;
            return;
        }
        self.progress = Progress::Done;
        out.push_back(MediaCommand::Shaken {
            port: self.port,
            reports: self.reports,
            from: shaken.from,
            keys: Box::new(shaken.keys),
        });
    }

    /// A handshake came to nothing. One that the box began is begun again, for as long as there is time.
    fn broken(&mut self, name: SocketAddr, fault: HandshakeFault, now: Instant) {
        if self.finished.contains(&name) {
            return;
        }
        if fault != HandshakeFault::Unanswered {
            self.fault = fault;
        }
        self.forget(name, now);
        if let (true, Progress::Until { again, .. }) = (self.handshake.active, &mut self.progress) {
            *again = Some(now + PAUSE);
        }
    }

    /// Drops a connection without a word.
    fn forget(&mut self, name: SocketAddr, now: Instant) {
        self.remotes.retain(|known| *known != name);
        self.finished.retain(|known| *known != name);
        drop(self.endpoint.stop(now, name));
        while self.endpoint.poll_transmit().is_some() {}
    }

    fn say(&mut self, out: &mut VecDeque<MediaCommand>) {
        while let Some(said) = self.endpoint.poll_transmit() {
            let to = Some(said.transport.peer_addr).filter(|to| *to != NOBODY);
            let bytes = said.message.to_vec().into_boxed_slice();
            let (port, reports) = (self.port, self.reports);
            out.push_back(MediaCommand::Say { port, reports, to, bytes });
        }
    }
}

impl Shaken {
    fn of(connection: &Connection, from: SocketAddr, role: Role) -> Option<Self> {
        let profile = connection.srtp_protection_profile() as u16;
        let length = dtls::exported_length(dtls::suite(profile)?);
        let exported = connection.export_keying_material(EXPORTER_LABEL, &[], length).ok()?;
        Some(Self {
            from: Some(from),
            certificate: connection.peer_certificates.first().cloned().unwrap_or_default(),
            keys: dtls::keys(profile, exported.as_ref(), role).ok()?,
        })
    }
}

fn waiting(handshake: &Handshake, now: Instant) -> Progress {
    match handshake.fingerprints.is_empty() {
        true => Progress::Expected,
        false => Progress::Until { deadline: now + PATIENCE, again: None },
    }
}

fn fault(error: &Error) -> HandshakeFault {
    match error {
        Error::ErrCipherSuiteNoIntersection
        | Error::ErrServerNoMatchingSrtpProfile
        | Error::ErrClientNoMatchingSrtpProfile => HandshakeFault::NothingInCommon,
        _ => HandshakeFault::Broken,
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Line");
        shown.field("port", &self.port).field("reports", &self.reports);
        shown.field("handshake", &self.handshake).field("progress", &self.progress);
        shown.finish_non_exhaustive()
    }
}

/// How many may claim to be the far side at a time: itself, itself from another address, and some noise.
const MOST_REMOTES: usize = 4;
/// Whoever has not shaken hands by then is not heard, which people notice long before.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between an end and a new beginning.
const PAUSE: Duration = Duration::from_millis(500);
