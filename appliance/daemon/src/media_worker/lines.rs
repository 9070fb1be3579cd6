//! B channels in the media thread: blocks of octets between what is open of a span and the engine.
//!
//! While a call has a channel, or a test of bit errors, the thread turns every [`BEAT`] for it, takes what
//! the line has brought and gives as much back; nothing is waited for. A channel that nobody has costs
//! nothing.

mod bert;
mod said;

use bert::Bert;
use board::{Bearer, Fault};
use call::{LineLaw, MediaCommand, MediaEvent, PortId, SpanId};
use media::Engine;
use media::line::{LONGEST, PREFILL};
use said::Said;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Bound;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// A B channel comes to the media thread, or is taken away from it.
pub(crate) struct LineMessage {
    /// Which span.
    pub(crate) span: SpanId,
    /// Which timeslot of it.
    pub(crate) slot: u8,
    /// The channel, open, in blocks of 5 ms. It is dropped when it is lost, and comes anew. Nothing takes it
    /// away.
    pub(crate) bearer: Option<Box<dyn Bearer>>,
}

/// The way of B channels into the media thread. Who brings them keeps what finds no room, and tries again.
pub(crate) fn lines() -> (SyncSender<LineMessage>, Receiver<LineMessage>) {
    sync_channel(MESSAGES)
}

/// All B channels.
pub(super) struct Lines {
    messages: Receiver<LineMessage>,
    channels: BTreeMap<PortId, Channel>,
    /// How many of them a call has, or a test.
    lent: usize,
    /// When the next turn begins; nothing while nobody has a channel.
    due: Option<Instant>,
    /// The channel whose turn it is.
    at: Option<PortId>,
    /// What tests have counted.
    events: VecDeque<MediaEvent>,
    pub(super) counts: Counts,
}

/// What went through channels, and what went wrong with them, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Octets that came.
    pub(super) received: u64,
    /// Octets that were sent.
    pub(super) sent: u64,
    /// How often sound was left out or made up.
    pub(super) slips: u64,
    /// Octets came and found no room.
    pub(super) overrun: u64,
    /// Octets were to be sent and there were none.
    pub(super) underrun: u64,
    /// A channel was lost in the middle of a call, or of a test.
    pub(super) lost: u64,
}

struct Channel {
    /// Nothing while there is no such channel.
    bearer: Option<Box<dyn Bearer>>,
    law: LineLaw,
    /// Slips of the call that has it, as far as they were counted.
    slips: u64,
    state: State,
}

enum State {
    /// No call has it.
    Free,
    /// A call has it, of which is not said yet how it sounds: nobody knows which octet is silence.
    Lent,
    /// A call has it, and octets come and go.
    Running(Box<Said>),
    /// A call has it, and there is none: silence is heard, the next of it at this instant.
    Silent { next: Instant },
    /// Its bit errors are tested, whether there is one or not.
    Tested(Box<Bert>),
}

impl Lines {
    pub(super) fn new(messages: Receiver<LineMessage>) -> Self {
        Self {
            messages,
            channels: BTreeMap::new(),
            lent: 0,
            due: None,
            at: None,
            events: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// When the next turn begins.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes the channels that have come, and lets go of those that were taken away.
    pub(super) fn receive(&mut self, now: Instant) {
        while let Ok(LineMessage { span, slot, bearer }) = self.messages.try_recv() {
            let channel = self.channel(PortId::of_channel(span.0, slot));
            channel.bearer = bearer;
            match channel.state {
                State::Free | State::Lent => {}
                State::Running(_) | State::Silent { .. } => channel.begin(now),
                State::Tested(_) => channel.clear(),
            }
        }
    }

    /// What control wants is for a channel as well.
    pub(super) fn heed(&mut self, command: &MediaCommand, now: Instant) {
        match command {
            MediaCommand::Open { port, .. } => {
                self.take(*port, now);
                let channel = self.channel(*port);
                channel.slips = 0;
                channel.state = State::Lent;
            }
            MediaCommand::Line { port, line } => {
                let channel = self.channel(*port);
                channel.law = line.law;
                if let State::Lent = channel.state {
                    channel.begin(now);
                }
            }
            MediaCommand::LoopBack { port, on: true } => self.channel(*port).fill_up(),
            MediaCommand::Bert { port, pattern: Some(pattern) } => {
                self.take(*port, now);
                let channel = self.channel(*port);
                channel.clear();
                channel.state = State::Tested(Box::new(Bert::new(*pattern, now)));
            }
            MediaCommand::Bert { port, pattern: None } => {
                let ended = match &self.channel(*port).state {
                    State::Tested(bert) => bert.figures(),
                    State::Free | State::Lent | State::Running(_) | State::Silent { .. } => return,
                };
                self.events.push_back(MediaEvent::Bert { port: *port, figures: ended });
                self.give_back(*port);
            }
            MediaCommand::BertError { port } => {
                if let State::Tested(bert) = &mut self.channel(*port).state {
                    bert.insert_error();
                }
            }
            MediaCommand::Close { port } => self.give_back(*port),
            _ => {}
        }
    }

    /// A call has had so many slips by now.
    pub(super) fn fared(&mut self, port: PortId, slips: u64) {
        let channel = self.channel(port);
        let before = std::mem::replace(&mut channel.slips, slips);
        // Fewer than before: the sound of the channel has begun anew.
        self.counts.slips += slips.checked_sub(before).unwrap_or(slips);
    }

    /// What tests have counted.
    pub(super) fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// Somebody has a channel from now on.
    fn take(&mut self, port: PortId, now: Instant) {
        let is_free = matches!(self.channel(port).state, State::Free);
        self.lent += usize::from(is_free);
        self.due.get_or_insert(now);
    }

    /// Nobody has a channel any more.
    fn give_back(&mut self, port: PortId) {
        let was = std::mem::replace(&mut self.channel(port).state, State::Free);
        self.lent -= usize::from(!matches!(was, State::Free));
        if self.lent == 0 {
            (self.due, self.at) = (None, None);
        }
    }

    /// Exchanges the next block of what is due, and says whose it was; nothing when all is done. Drain
    /// [`Engine::poll_line`] after each.
    pub(super) fn next(&mut self, engine: &mut Engine, now: Instant) -> Option<PortId> {
        let due = self.due.filter(|due| *due <= now)?;
        let mut from = self.at.map_or(Bound::Unbounded, Bound::Included);
        while let Some((&port, channel)) = self.channels.range_mut((from, Bound::Unbounded)).next()
        {
            if let State::Tested(bert) = &mut channel.state {
                bert.turn(&mut channel.bearer, channel.law, &mut self.counts, now);
                let told = bert.poll(now).map(|figures| MediaEvent::Bert { port, figures });
                self.events.extend(told);
            } else if channel.exchange(port, engine, &mut self.counts, now) {
                self.at = Some(port);
                return Some(port);
            }
            from = Bound::Excluded(port);
        }
        self.at = None;
        // What was missed is missed: the line brings all of it with the next turn.
        let late = now.duration_since(due).as_micros() / BEAT.as_micros();
        self.due = Some(due + BEAT * (u32::try_from(late).unwrap_or(0) + 1));
        None
    }

    fn channel(&mut self, port: PortId) -> &mut Channel {
        self.channels.entry(port).or_insert_with(|| Channel {
            bearer: None,
            law: LineLaw::A,
            slips: 0,
            state: State::Free,
        })
    }
}

impl Channel {
    /// A call begins, or a call has its channel again: nothing of before is heard.
    fn begin(&mut self, now: Instant) {
        self.state = match &mut self.bearer {
            Some(bearer) => {
                match drain(&mut **bearer).and_then(|()| prime(&mut **bearer, self.law)) {
                    Ok(()) => State::Running(Box::default()),
                    Err(_) => State::Silent { next: now },
                }
            }
            None => State::Silent { next: now },
        };
        if let State::Silent { .. } = self.state {
            self.bearer = None;
        }
    }

    /// Nothing of before is heard. A channel that is lost is given up.
    fn clear(&mut self) {
        let lost = self.bearer.as_mut().is_some_and(|it| drain(&mut **it).is_err());
        if lost {
            self.bearer = None;
        }
    }

    /// As much waits to be sent as there is room for: who measures through a loop hears of no turn that is
    /// late.
    fn fill_up(&mut self) {
        let (State::Running(_), Some(bearer)) = (&self.state, &mut self.bearer) else { return };
        let silence = [idle(self.law); LONGEST];
        let block = silence.get(..bearer.block()).unwrap_or(&silence);
        // A channel that is lost says so in the next turn.
        for _ in 0..MOST_WAITING {
            if !matches!(bearer.write(block), Ok(1..)) {
                break;
            }
        }
    }

    /// Exchanges a block; whether there was one.
    fn exchange(
        &mut self,
        port: PortId,
        engine: &mut Engine,
        counts: &mut Counts,
        now: Instant,
    ) -> bool {
        match &mut self.state {
            // A test has no sound.
            State::Free | State::Lent | State::Tested(_) => false,
            State::Silent { next } => {
                if *next > now {
                    return false;
                }
                let mut said = [0; SILENT];
                engine.exchange(port, &[idle(self.law); SILENT], &mut said, now);
                *next += BEAT;
                true
            }
            State::Running(said) => {
                let Some(bearer) = &mut self.bearer else { return false };
                match said.exchange(port, &mut **bearer, self.law, engine, counts, now) {
                    Ok(exchanged) => exchanged,
                    Err(_) => {
                        counts.lost += 1;
                        self.state = State::Silent { next: now };
                        self.bearer = None;
                        false
                    }
                }
            }
        }
    }
}

/// Whatever came for the call before is gone.
fn drain(bearer: &mut dyn Bearer) -> Result<(), Fault> {
    let mut octets = [0; LONGEST];
    for _ in 0..MOST_WAITING {
        if bearer.read(&mut octets)? == 0 {
            break;
        }
    }
    for _ in 0..MOST_WAITING {
        if bearer.next_event().is_none() {
            break;
        }
    }
    Ok(())
}

/// Something waits to be sent, so that the thread may be late.
fn prime(bearer: &mut dyn Bearer, law: LineLaw) -> Result<(), Fault> {
    let silence = [idle(law); LONGEST];
    for _ in 0..PREFILL {
        bearer.write(silence.get(..bearer.block()).unwrap_or(&silence))?;
    }
    Ok(())
}

fn idle(law: LineLaw) -> u8 {
    match law {
        LineLaw::A => board::Law::A,
        LineLaw::Mu => board::Law::Mu,
    }
    .idle()
}

impl fmt::Debug for LineMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comes = self.bearer.is_some();
        let Self { span, slot, .. } = self;
        write!(f, "LineMessage {{ span: {span:?}, slot: {slot}, comes: {comes} }}")
    }
}

/// From one turn to the next: what a line brings waits no longer.
const BEAT: Duration = Duration::from_millis(5);
/// Octets of a turn in which nothing comes.
const SILENT: usize = 40;
/// Blocks and events that wait at most in a channel that nobody reads.
const MOST_WAITING: usize = 256;
/// Channels on their way: eight E1.
const MESSAGES: usize = 256;

#[cfg(test)]
mod tests;
