//! B channels in the media thread: blocks of octets between what is open of a span and the engine.
//!
//! While a call has a channel, the thread turns every [`BEAT`] for it, takes what the line has brought and
//! gives as much back; nothing is waited for. A channel that nobody has costs nothing.

use board::{Bearer, Event, Fault};
use call::{LineLaw, MediaCommand, PortId, SpanId};
use media::Engine;
use media::line::{LONGEST, PREFILL};
use std::collections::BTreeMap;
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
    /// How many of them a call has.
    lent: usize,
    /// When the next turn begins; nothing while no call has a channel.
    due: Option<Instant>,
    /// The channel whose turn it is.
    at: Option<PortId>,
    pub(super) counts: Counts,
}

/// What went wrong with channels, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Octets came and found no room.
    pub(super) overrun: u64,
    /// Octets were to be sent and there were none.
    pub(super) underrun: u64,
    /// A channel was lost in the middle of a call.
    pub(super) lost: u64,
}

struct Channel {
    /// Nothing while there is no such channel.
    bearer: Option<Box<dyn Bearer>>,
    law: LineLaw,
    state: State,
}

enum State {
    /// No call has it.
    Free,
    /// A call has it, and octets come and go.
    Running(Box<Said>),
    /// A call has it, and there is none: silence is heard, the next of it at this instant.
    Silent { next: Instant },
}

/// What was not written yet, because the line has run dry: when it runs again no more is to wait than usual.
#[derive(Default)]
struct Said {
    dry: bool,
    blocks: [Block; PREFILL],
    count: usize,
}

#[derive(Clone, Copy)]
struct Block {
    octets: [u8; LONGEST],
    length: usize,
}

impl Default for Block {
    fn default() -> Self {
        Self { octets: [0; LONGEST], length: 0 }
    }
}

impl Lines {
    pub(super) fn new(messages: Receiver<LineMessage>) -> Self {
        Self {
            messages,
            channels: BTreeMap::new(),
            lent: 0,
            due: None,
            at: None,
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
            if !matches!(channel.state, State::Free) {
                channel.begin(now);
            }
        }
    }

    /// What control wants is for a channel as well.
    pub(super) fn heed(&mut self, command: &MediaCommand, now: Instant) {
        match command {
            MediaCommand::Open { port, .. } => {
                let channel = self.channel(*port);
                let was_free = matches!(channel.state, State::Free);
                channel.begin(now);
                self.lent += usize::from(was_free);
                self.due.get_or_insert(now);
            }
            MediaCommand::Line { port, line } => self.channel(*port).law = line.law,
            MediaCommand::Close { port } => {
                let channel = self.channel(*port);
                let was = std::mem::replace(&mut channel.state, State::Free);
                self.lent -= usize::from(!matches!(was, State::Free));
                if self.lent == 0 {
                    (self.due, self.at) = (None, None);
                }
            }
            _ => {}
        }
    }

    /// Exchanges the next block of what is due, and says whose it was; nothing when all is done. Drain
    /// [`Engine::poll_line`] after each.
    pub(super) fn next(&mut self, engine: &mut Engine, now: Instant) -> Option<PortId> {
        let due = self.due.filter(|due| *due <= now)?;
        let mut from = self.at.map_or(Bound::Unbounded, Bound::Included);
        while let Some((&port, channel)) = self.channels.range_mut((from, Bound::Unbounded)).next()
        {
            if channel.exchange(port, engine, &mut self.counts, now) {
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

    /// Exchanges a block; whether there was one.
    fn exchange(
        &mut self,
        port: PortId,
        engine: &mut Engine,
        counts: &mut Counts,
        now: Instant,
    ) -> bool {
        match &mut self.state {
            State::Free => false,
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

impl Said {
    fn exchange(
        &mut self,
        port: PortId,
        bearer: &mut dyn Bearer,
        law: LineLaw,
        engine: &mut Engine,
        counts: &mut Counts,
        now: Instant,
    ) -> Result<bool, Fault> {
        bearer.turn(now);
        while let Some(event) = bearer.next_event() {
            match event {
                Event::Underrun => {
                    counts.underrun += 1;
                    self.dry = true;
                }
                Event::Overrun => counts.overrun += 1,
                Event::Removed => return Err(Fault::Lost),
                _ => {}
            }
        }
        let mut heard = [0; LONGEST];
        let length = bearer.read(&mut heard)?.min(LONGEST);
        let mut block = Block { length, ..Block::default() };
        let (Some(heard), Some(said)) = (heard.get(..length), block.octets.get_mut(..length))
        else {
            return Ok(false);
        };
        if length == 0 {
            self.fill_up(bearer, law)?;
            return Ok(false);
        }
        said.fill(idle(law));
        engine.exchange(port, heard, said, now);
        if !self.dry {
            // Where the buffers are full, the line takes less than it brings: the block is lost.
            bearer.write(said)?;
            return Ok(true);
        }
        if self.count == PREFILL {
            self.blocks.rotate_left(1);
            self.count -= 1;
        }
        if let Some(room) = self.blocks.get_mut(self.count) {
            *room = block;
        }
        self.count += 1;
        Ok(true)
    }

    /// After the line has run dry, as much waits for it as at the beginning: the newest of what was said.
    fn fill_up(&mut self, bearer: &mut dyn Bearer, law: LineLaw) -> Result<(), Fault> {
        if !self.dry || self.count == 0 {
            return Ok(());
        }
        let silence = [idle(law); LONGEST];
        for _ in self.count..PREFILL {
            bearer.write(silence.get(..bearer.block()).unwrap_or(&silence))?;
        }
        for block in self.blocks.iter().take(self.count) {
            bearer.write(block.octets.get(..block.length).unwrap_or_default())?;
        }
        (self.dry, self.count) = (false, 0);
        Ok(())
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
