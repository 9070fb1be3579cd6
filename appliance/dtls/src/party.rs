//! One who claims to be the far side of a socket: the library's session with it, and what keeps the
//! library in hand.
//!
//! Whatever anybody sends, the library shall cost no more than this session: a panic of its is caught, and
//! how much it keeps is bounded. And it says again what was lost, which it leaves to chance by itself.

use crate::certificate::{Identity, NOBODY};
use crate::hello::{Kind, wanted_by_client, wanted_by_server};
use crate::record::{self, Weight};
use bytes::BytesMut;
use call::{HandshakeFault, Keys};
use media::srtp::dtls::{self, EXPORTER_LABEL, Role};
use rtc_dtls::config::HandshakeConfig;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) struct Party {
    endpoint: Endpoint,
    role: Role,
    /// By what a client's handshake is known.
    random: Option<[u8; 32]>,
    is_done: bool,
    /// What it wants to be shown, once it has said so as a server.
    wanted: Option<Kind>,
    /// What the library was given to keep.
    weight: Weight,
    /// The highest message of its that was heard.
    heard: Option<u16>,
    /// That which was answered: until here it has nothing new to say.
    answered: Option<u16>,
    said: Vec<Box<[u8]>>,
    said_at: Instant,
    /// How often that was said again.
    repeated: usize,
    /// When it shall be.
    again: Option<Instant>,
}

/// What came of a datagram, or of time.
pub(crate) enum News {
    /// Nothing yet.
    None,
    /// The handshake is done; nothing where it gives no keys that the box can use.
    Done(Option<Box<Shaken>>),
    /// The far side took its leave.
    Closed,
    /// It came to nothing.
    Broken(HandshakeFault),
    /// The library lost its head: the session is not to be asked anything any more.
    Panicked,
}

/// A handshake that is done.
pub(crate) struct Shaken {
    pub(crate) certificate: Vec<u8>,
    pub(crate) keys: Keys,
}

impl Party {
    /// Begins a handshake, with a certificate of this kind.
    pub(crate) fn call(identity: &Identity, kind: Kind, now: Instant) -> Result<Self, News> {
        let mut party = Self::new(None, Role::Client, None, now);
        let config = identity.client(kind);
        match guarded(|| party.endpoint.connect(now, NOBODY, config, None)) {
            Err(Panicked) => return Err(News::Panicked),
            Ok(Err(error)) => return Err(News::Broken(fault(&error))),
            Ok(Ok(())) => {}
        }
        party.listen(now);
        Ok(party)
    }

    /// Somebody begins one, with this datagram.
    pub(crate) fn welcome(identity: &Identity, hello: &[u8], now: Instant) -> Self {
        let kind = record::hello(hello).map_or(Kind::Ecdsa, wanted_by_client);
        let server = Some(identity.server(kind));
        Self::new(server, Role::Server, record::client_random(hello), now)
    }

    fn new(
        server: Option<Arc<HandshakeConfig>>,
        role: Role,
        random: Option<[u8; 32]>,
        now: Instant,
    ) -> Self {
        Self {
            endpoint: Endpoint::new(NOBODY, TransportProtocol::UDP, server),
            role,
            random,
            is_done: false,
            wanted: None,
            weight: Weight::default(),
            heard: None,
            answered: None,
            said: Vec::new(),
            said_at: now,
            repeated: 0,
            again: None,
        }
    }

    /// Whether the handshake came to its end: who is there may still ask for the last word again.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Which certificate it asked for. A handshake shows one from its beginning on: the next may show this.
    pub(crate) fn wanted(&self) -> Option<Kind> {
        self.wanted
    }

    /// Whether a datagram begins another handshake than this: whoever has lost its state begins again
    /// where it did before (RFC 6347 §4.2.8).
    pub(crate) fn is_another(&self, datagram: &[u8]) -> bool {
        self.role == Role::Server
            && record::is_first_client_hello(datagram)
            && record::client_random(datagram).is_some_and(|random| self.random != Some(random))
    }

    /// Hears whole records.
    pub(crate) fn hear(&mut self, datagram: &[u8], now: Instant) -> News {
        let repeats = self.answered.is_some_and(|up_to| record::says_again(datagram, up_to));
        if repeats && !self.is_done {
            // It did not hear our answer (RFC 6347 §4.2.4). The library would only stop its clock.
            return match self.may_repeat(now) {
                true => self.repeat(now),
                false => News::None,
            };
        }
        let weight = record::weight(datagram, self.is_done);
        self.weight.pieces += weight.pieces;
        self.weight.octets += weight.octets;
        if self.weight.pieces > MOST.pieces || self.weight.octets > MOST.octets {
            return News::Broken(HandshakeFault::Broken);
        }
        self.heard = self.heard.max(record::highest(datagram));
        if self.role == Role::Client {
            let wanted = record::certificate_request(datagram).and_then(wanted_by_server);
            self.wanted = wanted.or(self.wanted);
        }
        let bytes = BytesMut::from(datagram);
        let heard = guarded(|| self.endpoint.read(now, NOBODY, None, bytes));
        let Ok(heard) = heard else { return News::Panicked };
        self.listen(now);
        match heard {
            Ok(events) => self.note(&events),
            Err(error) => News::Broken(fault(&error)),
        }
    }

    /// Says again what was not answered, when it is time.
    pub(crate) fn tick(&mut self, now: Instant) -> News {
        match self.again.is_some_and(|at| at <= now) {
            true => self.repeat(now),
            false => News::None,
        }
    }

    /// When [`Party::tick`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.again
    }

    /// The next datagram that it shall be sent.
    pub(crate) fn poll_said(&mut self) -> Option<Box<[u8]>> {
        (!self.said.is_empty()).then(|| self.said.remove(0))
    }

    /// Lets the library say its flight again. Its clock knows one pace only, so ours says when.
    fn repeat(&mut self, now: Instant) -> News {
        let repeated = self.repeated + 1;
        // Part of an answer stops the library's clock. The rest is the far side's to say again.
        if let Some(due) = self.endpoint.poll_timeout(&NOBODY) {
            self.again = None;
            match guarded(|| self.endpoint.handle_timeout(NOBODY, now.max(due))) {
                Err(Panicked) => return News::Panicked,
                Ok(Err(_)) => return News::Broken(HandshakeFault::Unanswered),
                Ok(Ok(())) => {}
            }
            if !self.listen(now) {
                // Who has not proved where it is, is answered and no more.
                return News::None;
            }
        }
        self.repeated = repeated;
        self.again = PACES.get(repeated).map(|pace| now + *pace);
        match self.again {
            Some(_) => News::None,
            None => News::Broken(HandshakeFault::Unanswered),
        }
    }

    /// A flight of several datagrams that is repeated is one question, not several; and the last
    /// repetition, with which the library gives up, is for the clock.
    fn may_repeat(&self, now: Instant) -> bool {
        let pace = PACES.get(self.repeated).filter(|_| self.repeated + 1 < PACES.len());
        pace.is_some_and(|pace| now.saturating_duration_since(self.said_at) >= *pace / 2)
    }

    /// Takes what the library says; whether it was anything.
    fn listen(&mut self, now: Instant) -> bool {
        let before = self.said.len();
        while let Some(said) = self.endpoint.poll_transmit() {
            self.said.push(said.message.to_vec().into_boxed_slice());
        }
        let said = self.said.len() > before;
        if said {
            self.said_at = now;
            self.repeated = 0;
            self.again = PACES.first().map(|pace| now + *pace);
            // A cookie asks the same again.
            let is_cookie = self.said.iter().all(|said| record::is_cookie(said));
            self.answered = self.heard.filter(|_| !is_cookie);
        }
        said
    }

    fn note(&mut self, events: &[EndpointEvent]) -> News {
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.is_done = true;
                    self.again = None;
                    self.weight = Weight::default();
                    return match guarded(|| self.shaken()) {
                        Ok(shaken) => News::Done(shaken.map(Box::new)),
                        Err(Panicked) => News::Panicked,
                    };
                }
                EndpointEvent::PeerClosed => return News::Closed,
                _ => {}
            }
        }
        if self.is_done {
            self.again = None;
        }
        News::None
    }

    fn shaken(&self) -> Option<Shaken> {
        let connection = self.endpoint.get_connection_state(NOBODY)?;
        let profile = connection.srtp_protection_profile() as u16;
        let length = dtls::exported_length(dtls::suite(profile)?);
        let exported = connection.export_keying_material(EXPORTER_LABEL, &[], length).ok()?;
        Some(Shaken {
            certificate: connection.peer_certificates.first().cloned().unwrap_or_default(),
            keys: dtls::keys(profile, exported.as_ref(), self.role).ok()?,
        })
    }
}

struct Panicked;

/// A panic of the library ends nothing but what it was asked. Whatever state it leaves behind is dropped.
fn guarded<T>(ask: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(ask)).map_err(|_| Panicked)
}

fn fault(error: &Error) -> HandshakeFault {
    match error {
        Error::ErrCipherSuiteNoIntersection
        | Error::ErrServerNoMatchingSrtpProfile
        | Error::ErrClientNoMatchingSrtpProfile => HandshakeFault::NothingInCommon,
        _ => HandshakeFault::Broken,
    }
}

/// Between a flight and its repetitions. A lost flight is speech that is not heard, so the first come
/// sooner than after the second of RFC 6347 §4.2.4.1 (RFC 9147 §5.8.2 allows it), and then ever later. The
/// library gives up after seven, which so is after 12 s.
const PACES: [Duration; 8] = [
    millis(400),
    millis(400),
    millis(800),
    millis(800),
    millis(1_600),
    millis(1_600),
    millis(3_200),
    millis(3_200),
];
/// A certificate of 4,096 bits in parts of 256 octets is said in 12, and eight times at most. Without a
/// bound the library keeps 2 MB for each stranger, in a list of which each part is searched for from the
/// next, deeper in the stack by one each time: the stack's end is no panic that could be caught.
const MOST: Weight = Weight { pieces: 128, octets: 1 << 16 };

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
