//! The pairs of one media thread: commands in, packets through, events out.

mod conferences;
mod keys;
mod quality;
mod speech;

use crate::beat::Beat;
use crate::browser::{Asked, Browsers, Certificate, Exit, Outbox, Parcel};
use crate::conference::Conference;
use crate::content::Content;
use crate::feedback;
use crate::keys::Means;
use crate::port::Port;
use crate::ports::Ports;
use crate::rtcp::Compound;
use crate::source::Belief;
use crate::transcode::{Came, Desk, Outcome, events, reports};
use crate::voice::Voice;
use call::{CallId, LegId, MediaCommand, MediaEvent, MediaKind, PortId, RoomId};
use conferences::Round;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// All that is lent, and what becomes of every packet. Reads no clock and owns no socket.
///
/// Give it every command in order, then every packet with the instant of its arrival; call
/// [`Engine::tick`] a few times a second (or when [`Engine::poll_timeout`] says so) and drain
/// [`Engine::poll_event`] to the end whenever it suits. A packet costs two look-ups by number and
/// no allocation, but for the first of a stream that is translated, for which a codec is set up.
/// When [`Engine::next_speech`] says so, call [`Engine::speak`] until it says nothing.
///
/// The pool of sockets is its owner's business: [`MediaCommand::Provide`] passes it by, and
/// [`MediaEvent::Free`] and [`MediaEvent::Exhausted`] never come from here.
#[derive(Debug)]
pub struct Engine {
    own: Vec<IpAddr>,
    ports: Ports,
    /// When to look whether a pair is silent, once for each; if it was heard since, it is looked at
    /// again later.
    watches: BTreeSet<(Instant, PortId)>,
    /// When to look how the sound of a pair fares, once for each that is heard.
    quality_watches: BTreeSet<(Instant, PortId)>,
    /// When to look whether a key was let go without a word.
    key_watches: BTreeSet<(Instant, PortId)>,
    events: VecDeque<MediaEvent>,
    desk: Desk,
    /// When the box itself speaks, and to whom.
    beat: Beat<Turn>,
    conferences: BTreeMap<RoomId, Conference>,
    /// The conference that is being spoken to.
    round: Option<Round>,
    /// Room for the sound of one turn.
    frame: Box<[i16]>,
    browsers: Browsers,
    outbox: Outbox,
    /// Room for a packet of a browser's.
    room: Vec<u8>,
}

/// Whose turn it is every 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Something is played to this pair.
    Voice(PortId),
    /// A conference.
    Room(RoomId),
}

/// The box itself said something: what [`Engine::poll_packet`] gives leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// From the RTP socket of this pair.
    pub port: PortId,
    /// To this address.
    pub to: SocketAddr,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves as it lies where it was read; its header may have been changed there.
    Forward {
        /// From this pair.
        port: PortId,
        /// From its RTCP socket instead of its RTP socket.
        rtcp: bool,
        /// To this address.
        to: SocketAddr,
    },
    /// The other side speaks otherwise: what [`Engine::poll_packet`] gives leaves in its place, be
    /// it several packets, one, or none because the sound still waits for more.
    Translated {
        /// From the RTP socket of this pair.
        port: PortId,
        /// To this address.
        to: SocketAddr,
    },
    /// One of the two sides is encrypted: what [`Engine::poll_packet`] gives leaves in its place.
    Ciphered {
        /// From this pair.
        port: PortId,
        /// From its RTCP socket instead of its RTP socket.
        rtcp: bool,
        /// To this address.
        to: SocketAddr,
    },
    /// It goes to a browser: what [`Engine::poll_parcel`] gives leaves in its place.
    Enclosed,
    /// It ends here.
    Drop(DropReason),
}

/// Why a packet ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The pair is not lent.
    NotLent,
    /// It is not what this port is for.
    Malformed,
    /// It comes from somebody who is not believed.
    Stranger,
    /// The far side sends more than any call needs.
    Flood,
    /// Nobody hears this pair.
    NotBridged,
    /// Nobody said where the other side listens, or it listens nowhere.
    Nowhere,
    /// It was to be translated, and came when others after it already had been.
    Late,
    /// The other side hears the tone of a key in its place.
    Keyed,
    /// It was to be translated, and is no payload of what it says it is, or nothing that the other
    /// side has a word for.
    Untranslatable,
    /// Its far side is encrypted, and it is not what that sent, or under another key.
    Forged,
    /// Its far side is encrypted, and it came before, or so late that it may have.
    Repeated,
    /// The other side is encrypted, and it could not be.
    Unprotected,
    /// The box itself speaks to the other side.
    SpokenOver,
}

impl Engine {
    /// Begins with nothing lent.
    ///
    /// `own`: the media addresses in the order that [`PortId::address`] counts them.
    pub fn new(own: Vec<IpAddr>) -> Self {
        Self {
            own,
            ports: Ports::default(),
            watches: BTreeSet::new(),
            quality_watches: BTreeSet::new(),
            key_watches: BTreeSet::new(),
            events: VecDeque::new(),
            desk: Desk::new(),
            beat: Beat::new(),
            conferences: BTreeMap::new(),
            round: None,
            frame: speech::frame(),
            browsers: Browsers::new(),
            outbox: Outbox::default(),
            room: Vec::new(),
        }
    }

    /// From now on browsers are answered, with this certificate; commands for them did nothing before.
    pub fn admit_browsers(&mut self, certificate: Certificate) {
        self.browsers.admit(certificate);
    }

    /// Does what control wants. A command for a pair that is not lent is late and does nothing.
    pub fn handle(&mut self, command: MediaCommand, now: Instant) {
        match command {
            MediaCommand::Provide { .. } => {}
            MediaCommand::Open { port, call, leg, kind, silence_seconds, .. } => {
                self.take(port);
                let own = own_name(call, leg, port);
                self.ports.put(port, Port::new(leg, kind, silence_seconds, own, now));
                self.watch(port);
            }
            MediaCommand::Peer { port, peer } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                it.describe(peer, now);
                self.wait_anew(port, now);
            }
            MediaCommand::Browser(transport) => {
                self.browsers.agree(&transport, now, &mut self.outbox);
                for line in &transport.lines {
                    self.wait_anew(line.port, now);
                }
            }
            MediaCommand::Formats { port, formats } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                it.formats = Some(formats);
                let partner = it.partner;
                self.ports.interpret(port);
                self.agree(port);
                self.sit_anew(port, now);
                self.attend(port);
                partner.into_iter().for_each(|partner| self.attend(partner));
            }
            MediaCommand::KeysTold { port, told } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                it.keys_told = told;
                self.ports.interpret(port);
            }
            MediaCommand::Press { port, key } => {
                let partner = self.ports.of(port).and_then(|it| it.partner);
                let Some(it) = partner.and_then(|it| self.ports.of_mut(it)) else { return };
                it.keys.get_or_insert_with(Box::default).press(key, now);
            }
            MediaCommand::Keys { port, keys } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.protect(keys, now);
                }
            }
            MediaCommand::Bridge { a, b } => {
                self.ports.bridge(a, b);
                self.ports.interpret(a);
                self.attend(a);
                self.attend(b);
                self.wait_anew(a, now);
                self.wait_anew(b, now);
            }
            MediaCommand::Unbridge { port } => {
                let partner = self.ports.of(port).and_then(|it| it.partner);
                self.ports.part(port);
                self.attend(port);
                partner.into_iter().for_each(|partner| self.attend(partner));
            }
            MediaCommand::Held { port, held } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                if it.silence.hold(held, now) {
                    self.watch(port);
                }
            }
            MediaCommand::Play { port, play, sound, rounds, gain } => {
                self.play(port, play, Voice::new(play, sound, rounds, gain), now);
            }
            MediaCommand::Feed { port, play, block, last } => self.feed(port, play, block, last),
            MediaCommand::Stop { port } => self.stop(port, now),
            MediaCommand::Join { port, room } => self.join(port, room, now),
            MediaCommand::Leave { port } => self.leave(port),
            MediaCommand::Mute { port, muted } => self.mute(port, muted),
            MediaCommand::Gain { port, gain } => self.set_gain(port, gain),
            MediaCommand::Close { port } => {
                if port.is_browser() {
                    self.browsers.close(port, now, &mut self.outbox);
                }
                let Some(it) = self.take(port) else { return };
                let stats = Box::new(it.stats);
                self.events.push_back(MediaEvent::Closed { port, leg: it.leg, stats });
            }
        }
    }

    /// Takes a datagram that came to a pair and says where it goes.
    ///
    /// `rtcp`: it came to the pair's odd port. `bytes`: the whole UDP payload, in which the header
    /// may be changed.
    pub fn packet(
        &mut self,
        port: PortId,
        rtcp: bool,
        from: SocketAddr,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        let Some(it) = self.ports.of_mut(port) else { return Verdict::Drop(DropReason::NotLent) };
        let heard = it.open(rtcp, bytes, now).and_then(|bytes| {
            let (belief, content) = it.hear(rtcp, from, bytes, now)?;
            let said = Said::of(&content);
            Ok((belief, said, bytes))
        });
        let (belief, said, bytes) = match heard {
            Ok(heard) => heard,
            Err(reason) => return Verdict::Drop(reason),
        };
        let partner = it.partner;
        let reported = it.silence.broken(now);
        let listened = said == Said::Stream && it.keys.is_some();
        let unwatched =
            said == Said::Stream && it.kind == MediaKind::Audio && it.quality.due.is_none();
        if belief == Belief::Learned {
            self.events.push_back(MediaEvent::Heard { port, from });
        }
        if reported {
            self.watch(port);
        }
        if unwatched {
            self.watch_quality(port, now);
        }
        let means = if listened { self.listen(port, bytes, now) } else { Means::Itself };
        let Some(partner) = partner else { return Verdict::Drop(DropReason::NotBridged) };
        self.relay((port, partner), rtcp, said, means, bytes, now)
    }

    /// Takes a datagram that came from `from` to the port of all browsers, at the address `to` of the
    /// box. What leaves for it is in [`Engine::poll_parcel`].
    pub fn browser_datagram(&mut self, from: SocketAddr, to: IpAddr, bytes: &[u8], now: Instant) {
        if let Some(key) = self.browsers.take_in(from, to, bytes, now, &mut self.outbox) {
            self.hear_browser(key, now);
        }
    }

    /// The next datagram to send that is no verdict's: after [`Verdict::Enclosed`],
    /// [`Engine::browser_datagram`], [`Engine::handle`], [`Engine::tick`] and [`Engine::speak`].
    pub fn poll_parcel(&mut self) -> Option<Parcel<'_>> {
        self.outbox.pop()
    }

    /// The next packet in place of one whose verdict was [`Verdict::Translated`] or
    /// [`Verdict::Ciphered`], or of what [`Engine::speak`] said.
    pub fn poll_packet(&mut self) -> Option<&[u8]> {
        self.desk.take()
    }

    /// Looks whether somebody fell silent, or let a key go without a word.
    pub fn tick(&mut self, now: Instant) {
        while let Some(key) = self.browsers.tick(now, &mut self.outbox) {
            self.hear_browser(key, now);
        }
        while let Some(&(at, port)) = self.key_watches.first()
            && at <= now
        {
            self.key_watches.pop_first();
            let Some(it) = self.ports.of_mut(port) else { continue };
            it.key_watch = None;
            let key = it.keys.as_mut().and_then(|keys| keys.expire(now));
            self.events.extend(key.map(|key| MediaEvent::Key { port, key }));
            self.watch_keys(port);
        }
        while let Some(&(at, port)) = self.quality_watches.first()
            && at <= now
        {
            self.quality_watches.pop_first();
            self.judge(port, now);
        }
        while let Some(&(at, port)) = self.watches.first()
            && at <= now
        {
            self.watches.pop_first();
            let Some(it) = self.ports.of_mut(port) else { continue };
            it.watch = None;
            let silent = it.silence.due().is_some_and(|due| due <= now);
            // Who only listens (an announcement, a muted phone that sends nothing) is not gone.
            let partner = it.partner.and_then(|partner| self.ports.of(partner));
            let other = partner.and_then(|partner| partner.silence.due()).filter(|due| *due > now);
            if silent && let Some(due) = other {
                if let Some(it) = self.ports.of_mut(port) {
                    it.watch = Some(due);
                    self.watches.insert((due, port));
                }
                continue;
            }
            if silent && let Some(it) = self.ports.of_mut(port) {
                it.silence.report();
                self.events.push_back(MediaEvent::Silent { port });
            }
            self.watch(port);
        }
    }

    /// When [`Engine::tick`] or [`Engine::speak`] may have something to say.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let watches = [&self.watches, &self.quality_watches, &self.key_watches];
        let watches = watches.into_iter().filter_map(|it| it.first());
        watches.map(|(at, _)| *at).chain(self.next_speech()).chain(self.browsers.due()).min()
    }

    /// When a browser's transport has something to do that cannot wait for others.
    pub fn poll_browsers(&self) -> Option<Instant> {
        self.browsers.due()
    }

    /// Whether there is something that control should know.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// What control should know, in order.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// From the pair that heard it to the far side of its partner.
    fn relay(
        &mut self,
        (heard, out): (PortId, PortId),
        rtcp: bool,
        said: Said,
        means: Means,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        if said == Said::Reports {
            self.report(heard, out, bytes, now);
        }
        if out.is_browser() && said != Said::Stream {
            return self.beside_browser(out, said, bytes, now);
        }
        let to = self.ports.of(out).and_then(|it| it.to(rtcp));
        let to = to.filter(|to| !self.is_circle(*to, heard, out));
        if to.is_none() && !out.is_browser() {
            return Verdict::Drop(DropReason::Nowhere);
        }
        let Some(it) = self.ports.of_mut(out) else { return Verdict::Drop(DropReason::Nowhere) };
        if it.is_spoken_to() && said == Said::Stream {
            return Verdict::Drop(DropReason::SpokenOver);
        }
        if said == Said::Stream
            && let Some(interpreter) = &mut it.interpreter
            && let Some(came) = Came::of(bytes)
        {
            let keys = it.formats.as_deref().and_then(events);
            let outcome = match means {
                Means::Itself => interpreter.hear(&came, bytes, now, &mut self.desk),
                Means::Key(tone) => interpreter.press(&came, tone, keys, now, &mut self.desk),
                Means::Nothing => Outcome::Keyed,
            };
            if outcome != Outcome::Passes {
                return match (self.translated(heard, out, outcome), to) {
                    (Err(reason), _) => Verdict::Drop(reason),
                    (Ok(()), Some(to)) => Verdict::Translated { port: out, to },
                    (Ok(()), None) => self.enclose(out, now),
                };
            }
        }
        let Some(to) = to else {
            self.desk.put(bytes);
            return self.enclose_counted(out, now);
        };
        if matches!(said, Said::Stream | Said::Plain) {
            it.speak(1, bytes.len() as u64);
        }
        let is_ciphered = it.secrecy.is_some();
        if !is_ciphered && self.ports.of(heard).is_none_or(|it| it.secrecy.is_none()) {
            return Verdict::Forward { port: out, rtcp, to };
        }
        if is_ciphered && matches!(said, Said::Keys | Said::Plain) {
            return Verdict::Drop(DropReason::Unprotected);
        }
        self.desk.put(bytes);
        if self.seal(out, said == Said::Reports) == 0 {
            return Verdict::Drop(DropReason::Unprotected);
        }
        Verdict::Ciphered { port: out, rtcp, to }
    }

    /// Protects what lies on the desk as the far side of a pair wants it. How many packets are left.
    fn seal(&mut self, out: PortId, reports: bool) -> u64 {
        if let Some(secrecy) = self.ports.of_mut(out).and_then(|it| it.secrecy.as_mut()) {
            self.desk.change(|buffer, length| secrecy.seal(reports, buffer, length));
        }
        self.desk.sum().0
    }

    /// Gives what lies on the desk to a browser, whose transport protects it.
    fn enclose(&mut self, out: PortId, now: Instant) -> Verdict {
        let mut verdict = Verdict::Enclosed;
        while let Some(packet) = self.desk.take() {
            if !self.browsers.say(out, packet, now, &mut self.outbox) {
                verdict = Verdict::Drop(DropReason::Nowhere);
            }
        }
        verdict
    }

    /// The same, of what is counted only if it leaves.
    fn enclose_counted(&mut self, out: PortId, now: Instant) -> Verdict {
        let (packets, octets) = self.desk.sum();
        let verdict = self.enclose(out, now);
        if let Some(it) = self.ports.of_mut(out).filter(|_| verdict == Verdict::Enclosed) {
            it.speak(packets, octets);
        }
        verdict
    }

    /// Reports for a browser end here, since its transport makes its own; but not a request for a whole
    /// picture.
    fn beside_browser(&mut self, out: PortId, said: Said, bytes: &[u8], now: Instant) -> Verdict {
        if said != Said::Reports {
            return Verdict::Drop(DropReason::Nowhere);
        }
        if feedback::asks_for_picture(bytes) {
            self.browsers.refresh(out, now, &mut self.outbox);
        }
        Verdict::Enclosed
    }

    /// What a browser's transport has let through.
    fn hear_browser(&mut self, key: PortId, now: Instant) {
        let mut room = std::mem::take(&mut self.room);
        while let Some(asked) = self.browsers.hear(key, &mut room) {
            match asked {
                Asked::Packet(port) => self.browser_says(port, &mut room, now),
                Asked::Picture(port, whole) => self.ask_for_picture(port, whole, now),
            }
        }
        self.room = room;
    }

    fn browser_says(&mut self, port: PortId, bytes: &mut [u8], now: Instant) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let Ok(content) = it.hear_secured(bytes, now) else { return };
        let said = Said::of(&content);
        let partner = it.partner;
        if it.silence.broken(now) {
            self.watch(port);
        }
        let means = match said {
            Said::Stream => {
                self.watch_quality(port, now);
                self.listen(port, bytes, now)
            }
            Said::Reports | Said::Plain | Said::Keys => Means::Itself,
        };
        let Some(partner) = partner else { return };
        match self.relay((port, partner), false, said, means, bytes, now) {
            Verdict::Forward { port, rtcp, to } => {
                self.outbox.push(Exit::Pair { port, rtcp }, to, bytes);
            }
            Verdict::Translated { port, to } => {
                while let Some(packet) = self.desk.take() {
                    self.outbox.push(Exit::Pair { port, rtcp: false }, to, packet);
                }
            }
            Verdict::Ciphered { port, rtcp, to } => {
                while let Some(packet) = self.desk.take() {
                    self.outbox.push(Exit::Pair { port, rtcp }, to, packet);
                }
            }
            Verdict::Enclosed | Verdict::Drop(_) => {}
        }
    }

    /// A browser wants a whole picture of the stream that it hears on a line.
    fn ask_for_picture(&mut self, port: PortId, whole: bool, now: Instant) {
        let Some(partner) = self.ports.of(port).and_then(|it| it.partner) else { return };
        if partner.is_browser() {
            return self.browsers.refresh(partner, now, &mut self.outbox);
        }
        let Some(it) = self.ports.of_mut(partner) else { return };
        let (Some(heard), Some(to)) = (it.heard(), it.to(true)) else { return };
        let number = whole.then(|| it.next_request());
        let (octets, length) = feedback::ask_for_picture(BOX, heard.ssrc, number);
        self.desk.put(octets.get(..length).unwrap_or_default());
        self.seal(partner, true);
        while let Some(packet) = self.desk.take() {
            self.outbox.push(Exit::Pair { port: partner, rtcp: true }, to, packet);
        }
    }

    /// Counts what became of a packet that does not leave as it came.
    fn translated(
        &mut self,
        heard: PortId,
        out: PortId,
        outcome: Outcome,
    ) -> Result<(), DropReason> {
        let (packets, octets) = self.desk.sum();
        let mut request = None;
        if let Some(it) = self.ports.of_mut(out) {
            it.speak(packets, octets);
            request = it.interpreter.as_mut().and_then(|it| it.take_request());
        }
        self.seal(out, false);
        let Some(it) = self.ports.of_mut(heard) else { return Err(DropReason::NotLent) };
        let reason = match outcome {
            Outcome::Passes | Outcome::Made => {
                it.stats.translated += 1;
                if let (Some(mode), Some(interpreter)) = (request, &mut it.interpreter) {
                    interpreter.obey(mode);
                }
                return Ok(());
            }
            Outcome::Late => DropReason::Late,
            Outcome::Keyed => return Err(DropReason::Keyed),
            Outcome::Untranslatable => DropReason::Untranslatable,
        };
        it.stats.untranslated += 1;
        Err(reason)
    }

    /// Notes what a far side reports of the stream that it hears.
    fn report(&mut self, heard: PortId, out: PortId, bytes: &mut [u8], now: Instant) {
        let says = |id| self.ports.of(id).and_then(|it| it.interpreter.as_deref());
        reports::translate(bytes, says(out), says(heard));
        let Ok(compound) = Compound::parse(bytes) else { return };
        if let Some(it) = self.ports.of_mut(heard) {
            it.note_times(compound, now);
        }
        if let Some(it) = self.ports.of_mut(out) {
            it.quality.round_trip.asked(compound, now);
        }
        if let Some(stream) = self.ports.of(out).and_then(Port::heard)
            && let Some(it) = self.ports.of_mut(heard)
        {
            it.note_reports(compound, stream);
        }
    }

    /// A far side that says it listens where the box does would hear itself for ever.
    fn is_circle(&self, to: SocketAddr, heard: PortId, out: PortId) -> bool {
        [heard, out].into_iter().any(|id| {
            to.port() / 2 == id.port / 2
                && self.own.get(usize::from(id.address)).is_some_and(|own| *own == to.ip())
        })
    }

    /// A new description or a new partner: the far side has all its time again.
    fn wait_anew(&mut self, port: PortId, now: Instant) {
        if self.ports.of_mut(port).is_some_and(|it| it.silence.broken(now)) {
            self.watch(port);
        }
    }

    /// A pair is looked at when its patience ends as of now; it only ever ends later than that.
    fn watch(&mut self, port: PortId) {
        let Some(it) = self.ports.of_mut(port) else { return };
        let Some(due) = it.silence.due().filter(|_| it.watch.is_none()) else { return };
        it.watch = Some(due);
        self.watches.insert((due, port));
    }

    fn take(&mut self, port: PortId) -> Option<Box<Port>> {
        self.ports.part(port);
        self.leave(port);
        self.beat.leave(Turn::Voice(port));
        let it = self.ports.take(port)?;
        if let Some(at) = it.watch {
            self.watches.remove(&(at, port));
        }
        if let Some(at) = it.quality.due {
            self.quality_watches.remove(&(at, port));
        }
        if let Some(at) = it.key_watch {
            self.key_watches.remove(&(at, port));
        }
        Some(it)
    }
}

/// What names and numbers a stream that the box itself begins: by chance, as RFC 3550 §8 wants it, as
/// far as no two boxes count their calls alike.
fn own_name(call: CallId, leg: LegId, port: PortId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (call, leg, port).hash(&mut hasher);
    hasher.finish()
}

/// The box asks under this name where it sends no stream of its own.
const BOX: u32 = 1;

/// What a datagram is, apart from its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Stream,
    Reports,
    Plain,
    Keys,
}

impl Said {
    fn of(content: &Content<'_>) -> Self {
        match content {
            Content::Rtp(_) => Self::Stream,
            Content::Rtcp => Self::Reports,
            Content::Plain => Self::Plain,
            Content::Keys => Self::Keys,
        }
    }
}
