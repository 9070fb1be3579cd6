//! The whole box as one deterministic value: read this first.
//!
//! [`Exchange`] has no sockets, threads, clock, random source or database. Whoever owns it tells it
//! what happened with [`Exchange::handle`], does what [`Exchange::poll_output`] says until it says no
//! more, and comes back at [`Exchange::poll_timeout`] at the latest.
//!
//! A message takes this way: `border` admits it, `sip` parses it once and finds its transaction,
//! `receive` finds out who sent it, a leg (`leg::sip`) turns it into a [`call::LegEvent`], `pbx` answers
//! with [`call::LegCommand`]s, and the legs turn those into messages again.

mod frame;
mod guard;
mod input;
mod leg;
mod lines;
mod load;
mod message;
mod notice;
mod output;
mod overview;
mod places;
mod ports;
mod random;
mod receive;
mod registrar;
mod sounds;
mod streams;
mod stun;
mod tapes;
mod taping;
mod trunk;
mod view;
mod way;

pub use input::{Browsers, Command, Input, Surroundings};
pub use leg::sip::Signalling;
pub use lines::explain;
pub use output::{LineCommand, Output};
pub use overview::Figures;
pub use tapes::Wanted;

use call::{
    CallState, Cause, Decider, End, Fetch, LegId, MediaEvent, PortId, RecordingStop, RoomId,
    Samples, SoundKey, Why,
};
use config::Config;
use frame::{Frame, Owner};
use guard::Guard;
use leg::sip::{Desk, Legs};
use message::Messages;
use pbx::{Act, Pbx};
use registrar::Registrar;
use sip::Status;
use sip::transaction::Out;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use trunk::Trunks;
use view::View;

/// The box.
///
/// **Mutate, drain, wait.** After every [`Exchange::handle`] or [`Exchange::handle_timeout`] the owner
/// drains [`Exchange::poll_output`] to `None`, does what it was told in that order, and sleeps until
/// [`Exchange::poll_timeout`] or the next input. Equal seeds and equal inputs at equal instants give
/// equal outputs, to the bit.
#[derive(Debug)]
pub struct Exchange {
    frame: Frame,
    guard: Guard,
    flood: border::flood::Flood,
    registrar: Registrar,
    trunks: Trunks,
    lines: lines::Lines,
    legs: Legs,
    pbx: Pbx,
    messages: Messages,
    stun: stun::Stun,
    /// Who speaks in each conference.
    speakers: BTreeMap<RoomId, PortId>,
    next_leg: u64,
    next_call: u16,
    /// How many datagrams were dropped before anybody read them.
    unread: u64,
    /// Since when calls over the limit are counted, and how many got a record.
    refusals: (Instant, u32),
    closing: Option<Instant>,
    finished: bool,
}

/// When the exchange wants to be called again, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// The instant.
    pub at: Instant,
    /// The owner of the timer, for the log.
    pub why: &'static str,
}

impl Exchange {
    /// A box that knows nothing yet. All its random numbers come from `seed`.
    pub fn new(seed: [u8; 32], now: Instant) -> Self {
        let mut frame = Frame::new(seed, now);
        let guard = Guard::new(frame.random.bytes(), frame.random.bytes());
        Self {
            frame,
            guard,
            flood: border::flood::Flood::default(),
            registrar: Registrar::default(),
            trunks: Trunks::default(),
            lines: lines::Lines::default(),
            legs: Legs::default(),
            pbx: Pbx::default(),
            messages: Messages::default(),
            stun: stun::Stun::default(),
            speakers: BTreeMap::new(),
            next_leg: 1,
            next_call: 0,
            unread: 0,
            refusals: (now, 0),
            closing: None,
            finished: false,
        }
    }

    /// The same box, whose keys for calls come from a seed of their own. Who knows `seed` alone, as from a
    /// recording, then does not know them.
    pub fn with_secrets(mut self, seed: [u8; 32]) -> Self {
        self.frame.secrets = random::Random::new(seed);
        self
    }

    /// Takes in one thing that happened at `now`. Time never goes back.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        match input {
            Input::Received { flow, bytes } => self.receive(flow, bytes, now),
            Input::Media(event) => self.media(event, now),
            Input::Line(event) => self.line(event, now),
            Input::Surroundings(surroundings) => {
                for command in self.frame.ports.arrange(&surroundings.media) {
                    self.frame.media(command);
                }
                self.frame.places.surroundings = surroundings;
                self.stun.begin(&mut self.frame, now);
            }
            Input::Config(config) => self.configure(config, now),
            Input::Clock(clock) => self.frame.set_clock(clock, now),
            Input::Restored(kept) => self.registrar.restore(kept, &mut self.frame, now),
            Input::Connected { .. } => {}
            Input::Disconnected { connection } => self.frame.disconnected(connection, now),
            Input::SendFailed { flow } => self.frame.transactions.flow_failed(flow, now),
            Input::Resolved { question, answer } => {
                self.frame.dns.keep(question.clone(), answer.clone(), now);
                self.trunks.resolved(&mut self.frame, &question, &answer, now);
                self.stun.resolved(&mut self.frame, &question, &answer, now);
                let (legs, mut desk) = self.desk(now);
                legs.resolved(&mut desk, &question, &answer);
            }
            Input::Command(Command::HangUp(call)) => {
                let end = End::ours(Cause::NORMAL_CLEARING, Why::Administrator);
                self.end_call(call, end, now);
            }
            Input::Fetched { key, samples } => self.fetched(key, samples),
            Input::Command(Command::Moderate { call, moderation }) => {
                self.pbx.moderate(call, moderation);
            }
            Input::Capacity(capacity) => self.frame.load.measured(capacity),
            Input::Command(Command::Record(wanted)) => {
                self.begin_tape(wanted, now);
            }
            Input::Command(Command::StopRecord(call)) => {
                self.end_tape(call, None, now);
            }
            Input::Found { call, reel } => {
                reel.into_iter().for_each(|it| self.frame.sounds.keep_reel(call, it));
                let key = SoundKey::Playback(call);
                self.legs.fetched(&mut self.frame, key, reel.is_some());
            }
            Input::TapeEnded { recording, why, kept } => {
                self.tape_ended(recording, why, kept, now);
            }
            Input::Command(Command::Line(wish)) => self.wish(wish, now),
            Input::Command(Command::Capture(call)) => self.capture(call, true, now),
            Input::Command(Command::StopCapture(call)) => self.capture(call, false, now),
            Input::Shutdown => self.shut_down(now),
        }
        self.settle(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.frame.transactions.timeout(now);
        let (legs, mut desk) = self.desk(now);
        legs.timeout(&mut desk);
        self.trunks.timeout(&mut self.frame, now);
        self.lines.timeout(&mut self.frame, now);
        self.stun.timeout(&mut self.frame, now);
        self.registrar.expire(&mut self.frame, now);
        let (pbx, mut view) = self.view(now);
        pbx.handle_timeout(now, &mut view);
        if self.closing.is_some_and(|until| until <= now) {
            self.closing = None;
            self.finish();
        }
        self.settle(now);
    }

    /// The next thing to do; `None` when all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.frame.output.pop_front()
    }

    /// The next instant at which something is due, and what.
    pub fn poll_timeout(&mut self) -> Option<Wake> {
        let due = [
            (self.frame.transactions.deadline(), "transaction"),
            (self.legs.deadline(), "leg"),
            (self.pbx.poll_timeout(), "call"),
            (self.trunks.deadline(), "trunk"),
            (self.lines.deadline(), "line"),
            (self.stun.deadline(), "stun"),
            (self.registrar.next_expiry().map(|at| self.frame.instant(at)), "registrar"),
            (self.frame.notices.deadline(), "recording"),
            (self.closing, "shutdown"),
        ];
        let due = due.into_iter().filter_map(|(at, why)| Some(Wake { at: at?, why }));
        due.min_by_key(|wake| wake.at)
    }

    fn configure(&mut self, config: Arc<Config>, now: Instant) {
        self.frame.config = config.clone();
        self.frame.load.limited(config.settings.load_percent);
        for id in self.frame.sounds.missing(&config.sounds()) {
            self.frame.output.push_back(Output::Fetch(Fetch::Upload(id)));
        }
        self.registrar.reconfigure(&config, &mut self.frame);
        self.trunks.reconfigure(&mut self.frame, &config, now);
        self.arrange_lines(now);
        self.stun.begin(&mut self.frame, now);
    }

    fn media(&mut self, event: MediaEvent, now: Instant) {
        match event {
            MediaEvent::Free { address, ports } => self.frame.ports.free(address, &ports),
            MediaEvent::Exhausted { address } => {
                self.frame.count("media_ports", "exhausted");
                self.frame.ports.exhausted(address);
            }
            MediaEvent::Finished { port, play } => {
                if let Some(leg) = self.frame.lent.get(&port).copied() {
                    self.legs.has_played(leg, play);
                }
            }
            MediaEvent::Heard { .. }
            | MediaEvent::Hungry { .. }
            | MediaEvent::Speechless { .. } => {}
            MediaEvent::LineQuality { port, quality } => self.lines.fared(port, quality),
            MediaEvent::Bert { port, figures } => {
                self.lines.counted(port, figures, self.frame.clock(now));
            }
            MediaEvent::Quality { port, point } => {
                let quality = self.frame.lent.get(&port).copied();
                let quality = quality.and_then(|leg| self.frame.streams.fared(leg, port, *point));
                if let Some(quality) = quality.filter(|_| self.legs.len() <= MOST_SHOWN) {
                    let event = call::Event::Quality(Box::new(quality));
                    self.frame.output.push_back(Output::Notify(event));
                }
            }
            MediaEvent::Key { port, key } => {
                if let Some(leg) = self.frame.lent.get(&port).copied() {
                    self.legs.heard_key(leg, key, now);
                }
            }
            MediaEvent::Speaking { room, port } => {
                match port {
                    Some(port) => drop(self.speakers.insert(room, port)),
                    None => drop(self.speakers.remove(&room)),
                };
                if let Ok(conference) = u32::try_from(room.0) {
                    let call = self.speaker(room);
                    let event = call::Event::Speaking(call::Speaker { conference, call });
                    self.frame.output.push_back(Output::Notify(event));
                }
            }
            MediaEvent::Crowded { port } => {
                let call = self.frame.lent.get(&port).and_then(|leg| self.pbx.call_of(*leg));
                if let Some(call) = call {
                    let end = End::ours(Cause::CONGESTION, Why::Overload);
                    self.end_call(call, end, now);
                }
            }
            MediaEvent::Repacked { port, repacked } => {
                if let Some(leg) = self.frame.lent.get(&port).copied() {
                    self.legs.repacked(&mut self.frame, leg, port, repacked);
                }
            }
            MediaEvent::Secured { port, suite } => {
                if let Some(leg) = self.frame.lent.get(&port).copied() {
                    self.legs.secured(&mut self.frame, leg, port, suite);
                }
            }
            MediaEvent::Unsecured { port, fault } => {
                let end = End::ours(Cause::INCOMPATIBLE, Why::NoKeys { fault });
                if let Some(leg) = self.frame.lent.get(&port).copied() {
                    let (pbx, mut view) = self.view(now);
                    pbx.silent(leg, end, now, &mut view);
                }
            }
            MediaEvent::Silent { port } => {
                let seconds = self.frame.config.settings.silence_seconds;
                let end = End {
                    cause: Cause::RECOVERY_ON_TIMER,
                    status: None,
                    by: Decider::Exchange,
                    why: Why::NoMedia { seconds },
                };
                if let Some(leg) = self.frame.lent.get(&port).copied() {
                    let (pbx, mut view) = self.view(now);
                    pbx.silent(leg, end, now, &mut view);
                }
            }
            MediaEvent::Closed { port, leg, stats } => {
                if let Some(record) = self.frame.streams.closed(leg, port, *stats) {
                    self.frame.output.push_back(Output::Record(record));
                }
            }
        }
    }

    /// A capture of a call begins or ends: its media come back to the box for that, and may go again.
    fn capture(&mut self, call: call::CallId, runs: bool, now: Instant) {
        match runs && self.pbx.record(call).is_some() {
            true => self.frame.captured.insert(call),
            false => self.frame.captured.remove(&call),
        };
        let (legs, mut desk) = self.desk(now);
        legs.review_call(&mut desk, call);
    }

    fn end_call(&mut self, call: call::CallId, end: End, now: Instant) {
        let (pbx, mut view) = self.view(now);
        pbx.end(call, end, now, &mut view);
    }

    /// Farewell: every call gets its BYE, every carrier is told.
    fn shut_down(&mut self, now: Instant) {
        if self.closing.is_some() || self.finished {
            return;
        }
        let calls: Vec<_> = self.pbx.records().map(|record| record.id).collect();
        for call in calls {
            self.end_call(call, End::ours(Cause::NORMAL_CLEARING, Why::Shutdown), now);
        }
        self.trunks.stop(&mut self.frame, now);
        self.closing = Some(now + FAREWELL);
    }

    fn finish(&mut self) {
        if !self.finished {
            self.finished = true;
            self.frame.output.push_back(Output::Finished);
        }
    }

    /// Lets every part act on what the others said, until nobody has anything to say.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(out) = self.frame.transactions.poll() {
                self.transaction(out, now);
            } else if let Some((trunk, call, event)) = self.lines.poll() {
                self.line_told(trunk, call, event, now);
            } else if let Some((leg, sentence)) = self.lines.poll_note() {
                self.legs.line_notes(leg, sentence);
            } else if let Some(leg) = self.lines.poll_orphan() {
                let (legs, mut desk) = self.desk(now);
                legs.line_is_gone(&mut desk, leg);
            } else if let Some((call, leg, event)) = self.legs.poll_event() {
                let (pbx, mut view) = self.view(now);
                pbx.handle(call, leg, event, now, &mut view);
            } else if let Some(act) = self.pbx.poll_act() {
                self.act(act, now);
            } else if let Some(room) = self.pbx.poll_conference() {
                let conference = self.pbx.conference(room, &self.frame.config);
                if conference.members.is_empty() {
                    self.speakers.remove(&RoomId(room.0.into()));
                }
                let event = call::Event::Conference(Box::new(self.with_speaker(conference)));
                self.frame.output.push_back(Output::Notify(event));
            } else if let Some(recording) = self.frame.tapes.poll_deaf() {
                self.tape_hears_nothing(recording, now);
            } else if let Some(command) = self.begun_tape(now) {
                self.frame.media(command);
            } else if let Some(call) = self.frame.streams.poll_untold() {
                if let Some(record) = self.pbx.record(call).cloned() {
                    self.act(Act::Record(Box::new(record)), now);
                }
            } else {
                break;
            }
        }
        self.tell_lines();
        if !self.frame.notices.is_empty() {
            let mut notices = std::mem::take(&mut self.frame.notices);
            notices.tell(&mut self.frame, &self.legs, now);
            self.frame.notices = notices;
        }
        if self.closing.is_some() && self.legs.is_empty() && self.trunks.are_signed_off() {
            self.closing = None;
            self.finish();
        }
    }

    fn act(&mut self, act: Act, now: Instant) {
        match act {
            Act::Leg(call, leg, command) => {
                self.frame.streams.joined(leg, call);
                let (legs, mut desk) = self.desk(now);
                legs.command(&mut desk, call, leg, command);
            }
            Act::TurnTape(call, by) => self.turn_tape(call, by, now),
            Act::Fetch(fetch) => self.frame.output.push_back(Output::Fetch(fetch)),
            Act::Record(mut record) => {
                if record.state == CallState::Ended {
                    self.frame.sounds.forget_reel(record.id);
                    if let Some(of_nothing) = self.frame.tapes.unbegun(record.id) {
                        record.recordings.retain(|it| *it != of_nothing);
                    }
                    let ended = self.frame.tapes.end(record.id, RecordingStop::Call);
                    ended.into_iter().for_each(|it| self.frame.media(it));
                }
                let record = self.frame.streams.note(record);
                self.frame.output.push_back(Output::Notify(call::Event::Call(record.clone())));
                self.frame.output.push_back(Output::Record(record));
            }
        }
    }

    /// A sound came from the disk, or is not there: legs that wait for it go on.
    fn fetched(&mut self, key: SoundKey, samples: Option<Arc<Samples>>) {
        let there = samples.is_some();
        self.frame.sounds.keep(key, samples);
        self.legs.fetched(&mut self.frame, key, there);
    }

    fn transaction(&mut self, out: Out, now: Instant) {
        match out {
            Out::Send { flow, bytes, .. } => self.frame.send(flow, bytes),
            Out::TimedOut(id) => self.failed(id, 408, now),
            Out::TransportFailed(id) => self.failed(id, 503, now),
            Out::FellBack(stream) => self.frame.fell_back(stream, now),
            Out::Terminated(id) => {
                if let Some(Owner::Leg(leg)) = self.frame.owners.remove(&id) {
                    self.legs.terminated(leg, id);
                }
            }
        }
    }

    fn failed(&mut self, id: sip::transaction::TransactionId, status: u16, now: Instant) {
        match self.frame.owners.get(&id).copied() {
            Some(Owner::Leg(leg)) => {
                let (legs, mut desk) = self.desk(now);
                legs.failed(&mut desk, leg, id, status);
            }
            Some(Owner::Trunk(trunk)) => {
                self.trunks.failed(&mut self.frame, trunk, id, status, now);
            }
            Some(Owner::Relayed(message)) => {
                let status = Status::TEMPORARILY_UNAVAILABLE;
                self.messages.answered(&mut self.frame, message, status, now);
            }
            None => {}
        }
    }

    fn desk(&mut self, now: Instant) -> (&mut Legs, Desk<'_>) {
        let Self { frame, registrar, lines, .. } = self;
        let desk = Desk { frame, registrar, lines, now };
        (&mut self.legs, desk)
    }

    fn view(&mut self, now: Instant) -> (&mut Pbx, View<'_>) {
        let view = View {
            config: self.frame.config.clone(),
            registrar: &self.registrar,
            trunks: &self.trunks,
            lines: &self.lines,
            next_leg: &mut self.next_leg,
            clock: self.frame.clock(now),
        };
        (&mut self.pbx, view)
    }

    fn new_leg(&mut self) -> LegId {
        self.next_leg += 1;
        LegId(self.next_leg)
    }

    /// The time in milliseconds and a counter: unique over restarts, and in order.
    fn new_call(&mut self, now: Instant) -> call::CallId {
        self.next_call = self.next_call.wrapping_add(1);
        let millis = self.frame.clock(now).0;
        call::CallId((millis << 16) | u64::from(self.next_call))
    }
}

/// Legs whose figures are shown as they come; of more, they would drown all other events, and stand in
/// the records.
const MOST_SHOWN: usize = 400;
/// What the box calls itself towards others; the version is nobody's business.
const USER_AGENT: &str = "Strowger";
/// How long a shutdown waits for the answers to its farewells.
const FAREWELL: Duration = Duration::from_secs(3);
