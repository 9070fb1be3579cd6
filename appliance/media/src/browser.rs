//! Browsers (WebRTC, RFC 8834): all of them by one UDP port, each with its own ICE, DTLS and SRTP.
//!
//! The protocol machines are str0m's in its RTP mode; none of them has a socket or a clock. A datagram
//! finds its browser by the address that it comes from, and before that is known by the user fragment in
//! a STUN request that proves who sends it (RFC 7983, RFC 8445 §7.3). Nothing is remembered of others.
//!
//! str0m takes memory for each packet that it takes in or gives out; everything here does not.

mod numbering;
mod outbox;
mod session;
mod stun;
mod watched;

pub(crate) use outbox::Outbox;
pub use outbox::{Exit, Parcel};

use call::{BrowserTransport, PortId};
use session::Session;
pub(crate) use session::{Asked, Told};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::config::{CryptoProvider, DtlsCert};

/// What the box proves towards browsers that it is itself.
#[derive(Clone)]
pub struct Certificate {
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Its key, PKCS #8: of the P-256 kind, as browsers demand.
    pub key: Vec<u8>,
}

/// All browsers' transports.
pub(crate) struct Browsers {
    identity: Option<Identity>,
    sessions: BTreeMap<PortId, Box<Session>>,
    by_user: HashMap<String, PortId>,
    /// Which transport comes from an address, and to which of the box's addresses.
    by_address: HashMap<SocketAddr, (PortId, IpAddr)>,
    /// To which transport a line belongs.
    by_line: HashMap<PortId, PortId>,
    alarms: BTreeSet<(Instant, PortId)>,
}

#[derive(Clone)]
struct Identity {
    certificate: DtlsCert,
    crypto: Arc<CryptoProvider>,
}

impl Browsers {
    pub(crate) fn new() -> Self {
        Self {
            identity: None,
            sessions: BTreeMap::new(),
            by_user: HashMap::new(),
            by_address: HashMap::new(),
            by_line: HashMap::new(),
            alarms: BTreeSet::new(),
        }
    }

    /// From now on browsers can be answered.
    pub(crate) fn admit(&mut self, certificate: Certificate) {
        let Certificate { certificate, key: private_key } = certificate;
        let certificate = DtlsCert { certificate, private_key };
        let crypto = Arc::new(watched::provider());
        self.identity = Some(Identity { certificate, crypto });
    }

    /// Opens a transport, or changes what is new in one.
    pub(crate) fn agree(&mut self, transport: &BrowserTransport, now: Instant, out: &mut Outbox) {
        let Some(key) = transport.lines.first().map(|line| line.port) else { return };
        let Some(identity) = self.identity.clone() else { return };
        if let Some(session) = self.sessions.get(&key) {
            self.by_user.remove(session.user());
        }
        let session = self.sessions.entry(key).or_insert_with(|| {
            Box::new(Session::open(transport, identity.certificate, identity.crypto, now))
        });
        session.agree(transport);
        self.by_user.insert(transport.ours.user.clone(), key);
        for line in &transport.lines {
            self.by_line.insert(line.port, key);
        }
        session.turn(now, &mut Told::new(out, &self.by_address));
        self.wind(key, now);
    }

    /// A line is closed; with the first one of a transport that ends.
    pub(crate) fn close(&mut self, line: PortId, now: Instant, out: &mut Outbox) {
        self.by_line.remove(&line);
        let Some(mut session) = self.sessions.remove(&line) else { return };
        session.close(now, &mut Told::new(out, &self.by_address));
        self.by_user.remove(session.user());
        for address in &session.addresses {
            if self.by_address.get(address).is_some_and(|(key, _)| *key == line) {
                self.by_address.remove(address);
            }
        }
        if let Some(alarm) = session.alarm {
            self.alarms.remove(&(alarm, line));
        }
    }

    /// A datagram that came to the browsers' port. The transport that has something to say then, and
    /// which [`Browsers::hear`] asks what.
    pub(crate) fn take_in(
        &mut self,
        from: SocketAddr,
        to: IpAddr,
        bytes: &[u8],
        now: Instant,
        out: &mut Outbox,
    ) -> Option<PortId> {
        let key = match self.by_address.get_mut(&from) {
            Some((key, local)) if !stun::is_request(bytes) => {
                *local = to;
                *key
            }
            // A browser may have had this address before another one: its name decides.
            Some(_) | None => {
                let key = *self.by_user.get(stun::user_of(bytes)?)?;
                let session = self.sessions.get_mut(&key)?;
                if !session.knows(from, bytes, now) {
                    return None;
                }
                if !session.addresses.contains(&from) {
                    if session.addresses.len() >= MOST_ADDRESSES {
                        return None;
                    }
                    session.addresses.push(from);
                }
                self.by_address.insert(from, (key, to));
                key
            }
        };
        let session = self.sessions.get_mut(&key)?;
        session.take_in(from, bytes, now, &mut Told::new(out, &self.by_address));
        self.wind(key, now);
        Some(key)
    }

    /// Which transport comes from an address.
    pub(crate) fn at(&self, address: SocketAddr) -> Option<PortId> {
        self.by_address.get(&address).map(|(key, _)| *key)
    }

    /// From where the browser behind a line came last, and to which address of the box.
    pub(crate) fn way(&self, line: PortId) -> Option<(SocketAddr, IpAddr)> {
        let there = self.sessions.get(self.by_line.get(&line)?)?.came_from?;
        Some((there, self.by_address.get(&there)?.1))
    }

    /// The next that a transport has heard from its browser; a packet is put into `room`.
    pub(crate) fn hear(&mut self, key: PortId, room: &mut Vec<u8>) -> Option<Asked> {
        self.sessions.get_mut(&key)?.hear(room)
    }

    /// Says a packet of RTP to the browser behind a line. False when it is not connected, or there is
    /// no such line.
    pub(crate) fn say(
        &mut self,
        line: PortId,
        packet: &[u8],
        now: Instant,
        out: &mut Outbox,
    ) -> bool {
        let Some(key) = self.by_line.get(&line).copied() else { return false };
        let Some(session) = self.sessions.get_mut(&key) else { return false };
        let said = session.say(line, packet, now, &mut Told::new(out, &self.by_address));
        self.wind(key, now);
        said
    }

    /// Asks the browser behind a line for a whole picture.
    pub(crate) fn refresh(&mut self, line: PortId, now: Instant, out: &mut Outbox) {
        let Some(key) = self.by_line.get(&line).copied() else { return };
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.refresh(line, now, &mut Told::new(out, &self.by_address));
        self.wind(key, now);
    }

    /// Does what is due in one transport, which may have something to say then.
    pub(crate) fn tick(&mut self, now: Instant, out: &mut Outbox) -> Option<PortId> {
        let (at, key) = self.alarms.first().copied().filter(|(at, _)| *at <= now)?;
        self.alarms.remove(&(at, key));
        let session = self.sessions.get_mut(&key)?;
        session.alarm = None;
        session.turn(now, &mut Told::new(out, &self.by_address));
        self.wind(key, now);
        Some(key)
    }

    /// When something is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// Sets the alarm of a transport. One that is too early does no harm, and is not moved.
    fn wind(&mut self, key: PortId, now: Instant) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        let Some(due) = session.due else { return };
        let due = due.max(now + SOON);
        if session.alarm.is_some_and(|alarm| alarm <= due) {
            return;
        }
        if let Some(alarm) = session.alarm.replace(due) {
            self.alarms.remove(&(alarm, key));
        }
        self.alarms.insert((due, key));
    }
}

impl fmt::Debug for Browsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browsers").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Certificate {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// What is due at once may wait a little: nobody hears it, and a machine that is always due would else
/// keep the thread to itself.
const SOON: Duration = Duration::from_millis(5);
/// Networks that one browser may be in at a time, a few of them behind several NATs.
const MOST_ADDRESSES: usize = 16;
