//! The handshakes by which phones and carriers agree on keys with the box: DTLS-SRTP (RFC 5763, RFC 5764).
//!
//! What a description said of it and every DTLS datagram that comes to a media port go in, commands for
//! media come out. The protocol itself is rtc-dtls's, which has neither socket nor clock; nothing here has
//! either. A handshake takes about a millisecond of work: it belongs in a thread of its own.

mod certificate;
mod hello;
mod line;
mod party;
mod record;

pub use certificate::Unusable;

use call::{Handshake, MediaCommand, PortId};
use certificate::Identity;
use line::Line;
use media::Certificate;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

/// All handshakes that are under way or done, for as long as their ports are lent.
///
/// After every call drain [`Handshakes::poll_command`]; call [`Handshakes::tick`] when
/// [`Handshakes::poll_timeout`] says so.
#[derive(Debug)]
pub struct Handshakes {
    identity: Identity,
    /// By pair, and whether it is for its RTCP socket.
    lines: BTreeMap<(PortId, bool), Line>,
    alarms: BTreeSet<(Instant, (PortId, bool))>,
    out: VecDeque<MediaCommand>,
    panics: u64,
}

impl Handshakes {
    /// Begins with none; `certificate` is shown to all. It is an ECDSA one.
    pub fn new(certificate: &Certificate) -> Result<Self, Unusable> {
        Ok(Self {
            identity: Identity::new(certificate)?,
            lines: BTreeMap::new(),
            alarms: BTreeSet::new(),
            out: VecDeque::new(),
            panics: 0,
        })
    }

    /// From now on an RSA certificate is shown to whoever cannot take the other.
    pub fn add_rsa(&mut self, certificate: &Certificate) -> Result<(), Unusable> {
        self.identity.add_rsa(certificate)
    }

    /// How often the library that speaks the protocol panicked. Each cost one handshake.
    pub fn panics(&self) -> u64 {
        self.panics
    }

    /// A far side and the box agree on keys so from now on. With what is agreed on already nothing
    /// changes.
    pub fn agree(&mut self, port: PortId, handshake: &Handshake, now: Instant) {
        for reports in [false, true] {
            let key = (port, reports);
            let before = self.lines.remove(&key);
            let line = match before {
                Some(mut line) if line.goes_on(handshake) => {
                    line.agreed(handshake, now, &mut self.out);
                    line
                }
                before => {
                    let agreed = handshake.clone();
                    let (identity, out) = (&self.identity, &mut self.out);
                    let mut line = Line::begin(port, reports, agreed, identity, now, out);
                    self.panics += u64::from(line.panics);
                    if let Some(before) = before {
                        line.inherit(before, &mut self.out);
                    }
                    line
                }
            };
            self.lines.insert(key, line);
            self.wind(key);
        }
    }

    /// There is nothing to agree on any more at this pair.
    pub fn close(&mut self, port: PortId) {
        for key in [(port, false), (port, true)] {
            self.lines.remove(&key);
        }
    }

    /// A DTLS datagram came to a pair.
    pub fn hear(
        &mut self,
        port: PortId,
        reports: bool,
        from: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) {
        let key = (port, reports);
        let Some(line) = self.lines.get_mut(&key) else { return };
        let panics = line.panics;
        line.hear(from, bytes, &self.identity, now, &mut self.out);
        self.panics += u64::from(line.panics - panics);
        self.wind(key);
    }

    /// Says again what was not answered, and gives up what was not answered for too long.
    pub fn tick(&mut self, now: Instant) {
        while let Some((at, key)) = self.alarms.first().copied().filter(|(at, _)| *at <= now) {
            self.alarms.remove(&(at, key));
            let Some(line) = self.lines.get_mut(&key).filter(|line| line.alarm == Some(at)) else {
                continue;
            };
            line.alarm = None;
            let panics = line.panics;
            line.tick(&self.identity, now, &mut self.out);
            self.panics += u64::from(line.panics - panics);
            self.wind(key);
        }
    }

    /// When something is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// The next that media is to do.
    pub fn poll_command(&mut self) -> Option<MediaCommand> {
        self.out.pop_front()
    }

    fn wind(&mut self, key: (PortId, bool)) {
        let Some(line) = self.lines.get_mut(&key) else { return };
        let due = line.due();
        if line.alarm == due {
            return;
        }
        if let Some(before) = line.alarm {
            self.alarms.remove(&(before, key));
        }
        if let Some(due) = due {
            self.alarms.insert((due, key));
        }
        line.alarm = due;
    }
}
