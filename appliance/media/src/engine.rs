//! The pairs of one media thread: commands in, packets through, events out.

mod browsers;
mod captures;
mod conferences;
mod cuts;
mod handshakes;
mod inside;
mod keys;
mod lines;
mod quality;
mod relay;
mod reports;
mod speech;
mod tapes;
mod verdict;
mod watches;

pub use verdict::{DropReason, Spoken, Verdict};

use crate::beat::Beat;
use crate::browser::{Browsers, Certificate, Exit, Outbox, Parcel};
use crate::capture::{Captures, Frame};
use crate::conference::{Attention, Conference};
use crate::keys::Means;
use crate::names::Names;
use crate::port::Port;
use crate::ports::Ports;
use crate::recording::Taped;
use crate::report::WallClock;
use crate::source::Belief;
use crate::tape::Tape;
use crate::transcode::Desk;
use crate::voice::Voice;
use call::{MediaCommand, MediaEvent, MediaKind, PortId, RecordingId, RoomId};
use conferences::Round;
use cuts::Cuts;
use inside::Passage;
use relay::Said;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    /// When to report of the streams that the box itself ends.
    report_watches: BTreeSet<(Instant, PortId)>,
    wall_clock: WallClock,
    names: Names,
    events: VecDeque<MediaEvent>,
    desk: Desk,
    /// When the box itself speaks, and to whom.
    beat: Beat<Turn>,
    cuts: Cuts,
    conferences: BTreeMap<RoomId, Conference>,
    attention: Attention,
    /// The conference that is being spoken to.
    round: Option<Round>,
    tapes: BTreeMap<RecordingId, Tape>,
    taped: VecDeque<Taped>,
    /// Room for the sound of one turn.
    frame: Box<[i16]>,
    browsers: Browsers,
    /// The number of the port that they share.
    browsers_port: u16,
    captures: Captures,
    outbox: Outbox,
    /// Room for a packet of a browser's.
    room: Vec<u8>,
    /// Where packets go from one call to another; made for the first.
    passage: Option<Box<Passage>>,
}

/// Whose turn it is every 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Something is played to this pair.
    Voice(PortId),
    /// A conference.
    Room(RoomId),
    /// A recording.
    Tape(RecordingId),
    /// Keys are pressed for this pair.
    Keys(PortId),
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
            report_watches: BTreeSet::new(),
            wall_clock: WallClock::default(),
            names: Names::new([0; 20]),
            events: VecDeque::new(),
            desk: Desk::new(),
            beat: Beat::new(),
            cuts: Cuts::new(),
            conferences: BTreeMap::new(),
            attention: Attention::default(),
            round: None,
            tapes: BTreeMap::new(),
            taped: VecDeque::new(),
            frame: speech::frame(),
            browsers: Browsers::new(),
            browsers_port: 0,
            captures: Captures::default(),
            outbox: Outbox::default(),
            room: Vec::new(),
            passage: None,
        }
    }

    /// Names the streams that the box begins, and itself in them, by this chance from now on; until
    /// then every engine names its own alike.
    pub fn set_names(&mut self, seed: [u8; 20]) {
        self.names = Names::new(seed);
    }

    /// From now on browsers are answered, with this certificate; commands for them did nothing before.
    ///
    /// `port`: the number of the port that they share.
    pub fn admit_browsers(&mut self, certificate: Certificate, port: u16) {
        self.browsers.admit(certificate);
        self.browsers_port = port;
    }

    /// Does what control wants. A command for a pair that is not lent is late and does nothing.
    pub fn handle(&mut self, command: MediaCommand, now: Instant) {
        self.captures.turn(now);
        match command {
            MediaCommand::Provide { .. } => {}
            MediaCommand::Open { port, leg, kind, silence_seconds, .. } => {
                self.take(port);
                let name = self.names.draw();
                let mut it = Port::new(leg, kind, silence_seconds, name, now);
                if port.is_line() {
                    it.describe(lines::PEER, now);
                }
                self.ports.put(port, it);
                self.watch(port);
            }
            MediaCommand::Kind { port, kind } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.kind = kind;
                }
            }
            MediaCommand::Peer { port, peer } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                it.describe(peer, now);
                self.wait_anew(port, now);
            }
            MediaCommand::Meet { port, other } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.met = other;
                }
            }
            MediaCommand::Browser(transport) => {
                self.browsers.agree(&transport, now, &mut self.outbox);
                for line in &transport.lines {
                    self.wait_anew(line.port, now);
                }
            }
            MediaCommand::Formats { port, formats } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                if let Some(card) = &mut it.line {
                    card.describe(&formats);
                }
                it.formats = Some(formats);
                let partner = it.partner;
                self.ports.interpret(port);
                self.agree(port);
                self.sit_anew(port, now);
                self.attend(port);
                partner.into_iter().for_each(|partner| self.attend(partner));
                self.listen_anew(port);
            }
            MediaCommand::KeysTold { port, told } => {
                let Some(it) = self.ports.of_mut(port) else { return };
                it.keys_told = told;
                self.ports.interpret(port);
            }
            MediaCommand::Extended { port, takes } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.extended = takes;
                }
            }
            MediaCommand::Levels { port, number } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.levels = number;
                }
            }
            MediaCommand::Refresh { port } => self.refresh(port, false, now),
            MediaCommand::Press { port, key } => self.press(port, key, now),
            MediaCommand::Keys { port, keys } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.protect(keys, now);
                }
            }
            MediaCommand::Handshake { port, handshake } => {
                if let Some(it) = self.ports.of_mut(port) {
                    it.shake_hands(handshake.as_deref());
                }
            }
            MediaCommand::Shaken { port, reports, from, keys } => {
                self.shaken(port, reports, from, &keys, now);
            }
            MediaCommand::Unshaken { port, fault } => {
                self.unshaken(port, fault);
            }
            MediaCommand::Say { port, .. } if port.is_line() => {}
            MediaCommand::Say { port, reports, to, bytes } => {
                let known = self.ports.of(port).and_then(|it| to.or_else(|| it.to(reports)));
                if let Some(to) = known {
                    self.outbox.push(Exit::Pair { port, rtcp: reports }, to, &bytes);
                }
            }
            MediaCommand::Line { port, line } => self.set_line(port, line),
            MediaCommand::LoopBack { port, on } => self.loop_back(port, on),
            // No port is open: who has the channel tests it.
            MediaCommand::Bert { .. } | MediaCommand::BertError { .. } => {}
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
            MediaCommand::Past { port, past } => {
                let name = self.names.draw();
                if let Some(it) = self.ports.of_mut(port) {
                    it.go_past(past, name);
                }
            }
            MediaCommand::Play { port, play, sound, rounds, gain } => {
                self.play(port, play, Voice::new(play, sound, rounds, gain), now);
            }
            MediaCommand::Feed { port, play, block, last } => self.feed(port, play, block, last),
            MediaCommand::Stop { port } => self.stop(port, now),
            MediaCommand::Join { port, room } => self.join(port, room, now),
            MediaCommand::Record { recording, tracks } => self.record(recording, tracks, now),
            MediaCommand::StopRecord { recording, why } => self.stop_record(recording, why),
            MediaCommand::Leave { port } => self.leave(port),
            MediaCommand::Mute { port, muted } => self.mute(port, muted),
            MediaCommand::Gain { port, gain } => self.set_gain(port, gain),
            MediaCommand::Capture { port, capture, decrypted } => {
                self.capture(port, capture, decrypted);
            }
            MediaCommand::StopCapture { capture } => self.stop_capture(capture),
            MediaCommand::Close { port } => {
                self.say_goodbye(port, now);
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
        let verdict = self.arrive(port, rtcp, from, bytes, now);
        self.follow(verdict, bytes, now)
    }

    /// Takes a datagram that came to a pair, by the network or from another call of the box.
    fn arrive(
        &mut self,
        port: PortId,
        rtcp: bool,
        from: SocketAddr,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        match self.captures.is_empty() {
            true => self.pass(port, rtcp, from, bytes, now),
            false => self.pass_and_capture(port, rtcp, from, bytes, now),
        }
    }

    #[inline]
    fn pass(
        &mut self,
        port: PortId,
        rtcp: bool,
        from: SocketAddr,
        bytes: &mut [u8],
        now: Instant,
    ) -> Verdict {
        let Some(it) = self.ports.of_mut(port) else { return Verdict::Drop(DropReason::NotLent) };
        if it.is_handshake(bytes) {
            return it.takes_handshake(now);
        }
        let bytes = match it.open(rtcp, bytes, now) {
            Ok(bytes) => bytes,
            Err(reason) => return Verdict::Drop(reason),
        };
        if let Some(tapped) = it.tapped
            && tapped.decrypted
            && it.is_ciphered()
            && let Some(to) = captures::local(&self.own, port, rtcp)
        {
            let frame = Frame { opened: true, ..Frame::came(from, to) };
            self.captures.keep(tapped.capture, frame, bytes);
        }
        let (belief, said) = match it.hear(rtcp, from, bytes, now) {
            Ok((belief, content)) => (belief, Said::of(&content)),
            Err(reason) => return Verdict::Drop(reason),
        };
        let partner = it.partner;
        let reported = it.silence.broken(now);
        let ends = said == Said::Reports && it.is_spoken_to();
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
        if ends {
            return self.take_reports(port, bytes, now);
        }
        let Some(partner) = partner else { return Verdict::Drop(DropReason::NotBridged) };
        self.relay((port, partner), rtcp, said, means, bytes, now)
    }

    /// The next datagram to send that is no verdict's: after [`Verdict::Enclosed`],
    /// [`Engine::browser_datagram`], [`Engine::handle`], [`Engine::tick`] and [`Engine::speak`].
    pub fn poll_parcel(&mut self) -> Option<Parcel<'_>> {
        let parcel = self.outbox.pop()?;
        if let Exit::Browsers(from) = parcel.exit
            && !self.captures.is_empty()
            && let Some(tapped) =
                self.browsers.at(parcel.to).and_then(|it| self.ports.of(it)?.tapped)
            && !tapped.decrypted
        {
            let frame = Frame::left(SocketAddr::new(from, self.browsers_port), parcel.to);
            self.captures.keep(tapped.capture, frame, parcel.bytes);
        }
        Some(parcel)
    }

    /// The next packet in place of one whose verdict was [`Verdict::Translated`] or
    /// [`Verdict::Ciphered`], or of what [`Engine::speak`] said.
    pub fn poll_packet(&mut self) -> Option<&[u8]> {
        self.desk.take()
    }

    /// When [`Engine::tick`] or [`Engine::speak`] may have something to say.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let watches =
            [&self.watches, &self.quality_watches, &self.key_watches, &self.report_watches];
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

    fn take(&mut self, port: PortId) -> Option<Box<Port>> {
        self.ports.part(port);
        self.leave(port);
        self.part_with_tape(port);
        self.beat.leave(Turn::Voice(port));
        self.beat.leave(Turn::Keys(port));
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
        if let Some(at) = it.report_due() {
            self.report_watches.remove(&(at, port));
        }
        Some(it)
    }
}
