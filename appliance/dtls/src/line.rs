//! The handshakes of one socket: of the one far side that it belongs to, and of whoever claims to be it.

use crate::certificate::{Identity, matches};
use crate::hello::Kind;
use crate::party::{News, Party, Shaken};
use crate::record;
use call::{Handshake, HandshakeFault, MediaCommand, PortId};
use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(crate) struct Line {
    port: PortId,
    /// It is the RTCP socket of the pair.
    reports: bool,
    handshake: Handshake,
    /// With whom there is a handshake, oldest first.
    parties: Vec<(Name, Party)>,
    progress: Progress,
    /// What the box shows where it begins.
    kind: Kind,
    /// What went wrong last.
    fault: HandshakeFault,
    /// Handshakes that were done, of those whom no description names so far, by where they are.
    unproved: Vec<(Option<SocketAddr>, Shaken)>,
    /// How often the library panicked.
    pub(crate) panics: u32,
    pub(crate) alarm: Option<Instant>,
}

/// Who began a handshake: somebody, by where it is, or the box. Where the one is that the box began with,
/// media knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Box,
    At(SocketAddr),
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

impl Line {
    pub(crate) fn begin(
        port: PortId,
        reports: bool,
        handshake: Handshake,
        identity: &Identity,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) -> Self {
        let mut line = Self {
            port,
            reports,
            progress: waiting(&handshake, now),
            handshake,
            parties: Vec::new(),
            kind: Kind::Ecdsa,
            fault: HandshakeFault::Unanswered,
            unproved: Vec::new(),
            panics: 0,
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

    /// Takes over who is at the door: of several devices that ring, one may shake hands before what it
    /// answers is here, while another's answer still counts (RFC 5763 §6.4).
    pub(crate) fn inherit(&mut self, before: Self, out: &mut VecDeque<MediaCommand>) {
        self.panics += before.panics;
        if self.handshake.active || before.handshake.active {
            return;
        }
        self.parties = before.parties;
        for (from, shaken) in before.unproved {
            self.prove(from, shaken, out);
        }
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
        for (from, shaken) in std::mem::take(&mut self.unproved) {
            self.prove(from, shaken, out);
        }
    }

    pub(crate) fn hear(
        &mut self,
        from: SocketAddr,
        bytes: &[u8],
        identity: &Identity,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        let bytes = record::whole(bytes);
        if bytes.is_empty() || self.panics >= MOST_PANICS {
            return;
        }
        let name = if self.handshake.active { Name::Box } else { Name::At(from) };
        if self.party(name).is_some_and(|party| party.is_another(bytes)) {
            self.forget(name);
        }
        if self.party(name).is_none() {
            if self.handshake.active || !record::is_client_hello(bytes) {
                return;
            }
            self.make_room();
            self.parties.push((name, Party::welcome(identity, bytes, now)));
        }
        let Some(party) = self.party(name) else { return };
        let news = party.hear(bytes, now);
        self.say(out);
        self.take(news, name, Some(from), now, out);
    }

    pub(crate) fn tick(
        &mut self,
        identity: &Identity,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        let names: Vec<_> = self.parties.iter().map(|(name, _)| *name).collect();
        for name in names {
            let Some(party) = self.party(name) else { continue };
            let news = party.tick(now);
            self.say(out);
            self.take(news, name, None, now, out);
        }
        let Progress::Until { deadline, again } = self.progress else { return };
        if now >= deadline {
            self.progress = Progress::Missed;
            self.parties.retain(|(_, party)| party.is_done());
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
        self.parties.iter().filter_map(|(_, party)| party.due()).chain(own).min()
    }

    fn connect(&mut self, identity: &Identity, now: Instant, out: &mut VecDeque<MediaCommand>) {
        if let Progress::Until { again, .. } = &mut self.progress {
            *again = None;
        }
        if self.panics >= MOST_PANICS {
            return;
        }
        self.parties.clear();
        match Party::call(identity, self.kind, now) {
            Ok(party) => self.parties.push((Name::Box, party)),
            Err(news) => self.take(news, Name::Box, None, now, out),
        }
        self.say(out);
    }

    fn party(&mut self, name: Name) -> Option<&mut Party> {
        self.parties.iter_mut().find(|(known, _)| *known == name).map(|(_, party)| party)
    }

    /// Who began first and came to no end makes room for who begins now.
    fn make_room(&mut self) {
        if self.parties.len() >= MOST_PARTIES {
            let oldest = self.parties.iter().position(|(_, party)| !party.is_done());
            self.parties.remove(oldest.unwrap_or(0));
        }
    }

    /// What comes of a party; `from`: where that was heard, if it was.
    fn take(
        &mut self,
        news: News,
        name: Name,
        from: Option<SocketAddr>,
        now: Instant,
        out: &mut VecDeque<MediaCommand>,
    ) {
        match news {
            News::None => {}
            News::Done(Some(shaken)) => self.prove(from, *shaken, out),
            News::Done(None) => {
                self.fault = HandshakeFault::NothingInCommon;
                self.forget(name);
            }
            News::Closed => self.forget(name),
            News::Broken(fault) => self.broken(name, fault, now),
            News::Panicked => {
                self.panics += 1;
                self.forget(name);
                self.broken(name, HandshakeFault::Failed, now);
            }
        }
    }

    /// Keys are used only of who showed the certificate that the description names.
    fn prove(
        &mut self,
        from: Option<SocketAddr>,
        shaken: Shaken,
        out: &mut VecDeque<MediaCommand>,
    ) {
        if !matches(&shaken.certificate, &self.handshake.fingerprints) {
            // Whose it is may be said yet.
            if !self.handshake.fingerprints.is_empty() {
                self.fault = HandshakeFault::FalseCertificate;
            }
            self.unproved.truncate(MOST_PARTIES - 1);
            self.unproved.push((from, shaken));
            return;
        }
        self.progress = Progress::Done;
        out.push_back(MediaCommand::Shaken {
            port: self.port,
            reports: self.reports,
            from,
            keys: Box::new(shaken.keys),
        });
    }

    /// A handshake came to nothing. One that the box began is begun again, for as long as there is time.
    fn broken(&mut self, name: Name, fault: HandshakeFault, now: Instant) {
        if self.party(name).is_some_and(|party| party.is_done()) {
            return;
        }
        if fault != HandshakeFault::Unanswered {
            self.fault = fault;
        }
        if let Some(wanted) = self.party(name).and_then(|party| party.wanted()) {
            self.kind = wanted;
        }
        self.forget(name);
        if let (true, Progress::Until { again, .. }) = (self.handshake.active, &mut self.progress) {
            *again = Some(now + PAUSE);
        }
    }

    /// Drops a session without a word.
    fn forget(&mut self, name: Name) {
        self.parties.retain(|(known, _)| *known != name);
    }

    fn say(&mut self, out: &mut VecDeque<MediaCommand>) {
        for (name, party) in &mut self.parties {
            while let Some(bytes) = party.poll_said() {
                let to = match name {
                    Name::Box => None,
                    Name::At(to) => Some(*to),
                };
                let (port, reports) = (self.port, self.reports);
                out.push_back(MediaCommand::Say { port, reports, to, bytes });
            }
        }
    }
}

fn waiting(handshake: &Handshake, now: Instant) -> Progress {
    match handshake.fingerprints.is_empty() {
        true => Progress::Expected,
        false => Progress::Until { deadline: now + PATIENCE, again: None },
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
const MOST_PARTIES: usize = 4;
/// Whoever makes the library panic does it for its own line only, and not for long.
const MOST_PANICS: u32 = 8;
/// Whoever has not shaken hands by then is not heard, which people notice long before.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between an end and a new beginning.
const PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // any instant will do
mod tests {
    use super::*;
    use crate::certificate::tests::certificate;
    use call::{Fingerprint, Hash};
    use rtc_crypto::{CryptoError, RTCCrypto, RTCCryptoProvider, RTCRandom, default_provider};
    use std::sync::Arc;

    const PORT: PortId = PortId { address: 0, port: 4_000 };

    /// Panics where the library asks for something random, which it does in every handshake.
    struct Startled;

    impl RTCRandom for Startled {
        fn fill(&self, _: &mut [u8]) -> Result<(), CryptoError> {
            panic!("as the test wants")
        }
    }

    struct Provider(Arc<dyn RTCCryptoProvider>);

    impl RTCCryptoProvider for Provider {
        fn name(&self) -> &'static str {
            "startled"
        }

        fn crypto(&self) -> &dyn RTCCrypto {
            self.0.crypto()
        }

        fn random(&self) -> &dyn RTCRandom {
            &Startled
        }
    }

    fn line(active: bool, identity: &Identity, now: Instant) -> (Line, VecDeque<MediaCommand>) {
        let mut out = VecDeque::new();
        let digest = vec![7; Hash::Sha256.length()];
        let fingerprints = vec![Fingerprint { hash: Hash::Sha256, digest }];
        let handshake = Handshake { active, fingerprints, association: 0 };
        (Line::begin(PORT, false, handshake, identity, now, &mut out), out)
    }

    #[test]
    fn a_panic_of_the_library_costs_one_handshake_and_no_more() {
        let good = Identity::new(&certificate()).unwrap();
        let startled = Arc::new(Provider(default_provider().unwrap()));
        let bad = Identity::by(startled, &certificate()).unwrap();
        let mut now = Instant::now();
        let hello = Party::call(&good, Kind::Ecdsa, now)
            .ok()
            .and_then(|mut party| party.poll_said())
            .unwrap();

        let phone = SocketAddr::from(([10, 0, 0, 1], 4_000));
        let (mut asked, mut out) = line(false, &bad, now);
        asked.hear(phone, &hello, &bad, now, &mut out);
        asked.hear(phone, &hello, &bad, now, &mut out);
        assert_eq!((asked.panics, out.len(), asked.parties.len()), (2, 0, 0));
        asked.hear(phone, &hello, &good, now, &mut out);
        assert!(matches!(out.pop_front(), Some(MediaCommand::Say { .. })), "goes on as ever");

        let (mut asking, mut out) = line(true, &bad, now);
        while let Some(due) = asking.due() {
            now = due;
            asking.tick(&bad, now, &mut out);
        }
        assert_eq!(asking.panics, MOST_PANICS, "it does not try for ever");
        let fault = HandshakeFault::Failed;
        assert_eq!(out, [MediaCommand::Unshaken { port: PORT, fault }]);
    }

    #[test]
    fn who_says_ever_more_and_nothing_whole_is_forgotten() {
        let identity = Identity::new(&certificate()).unwrap();
        let now = Instant::now();
        let hello = Party::call(&identity, Kind::Ecdsa, now)
            .ok()
            .and_then(|mut it| it.poll_said())
            .unwrap();
        let phone = SocketAddr::from(([10, 0, 0, 1], 4_000));
        let (mut line, mut out) = line(false, &identity, now);
        line.hear(phone, &hello, &identity, now, &mut out);
        // Parts of one octet each, of a message that would be 16 MB long: RFC 6347 §4.2.3.
        let part = |at: u8| [11, 255, 255, 255, 0, 1, 0, 0, at, 0, 0, 1, 0];
        for turn in 0..255_u8 {
            let mut record = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 1, turn, 0, 13];
            record.extend(part(turn));
            line.hear(phone, &record, &identity, now, &mut out);
        }
        assert!(line.parties.is_empty(), "all that it kept is gone");
        out.clear();
        line.hear(phone, &hello, &identity, now, &mut out);
        assert!(matches!(out.pop_front(), Some(MediaCommand::Say { .. })), "it may begin again");
    }
}
