//! What the thread does: what is wanted of the lines, what is due, and waiting for either.

use super::figures::Board;
use super::line::Line;
use super::place::{Finder, Place};
use super::plan::Plan;
use super::{Setup, echo};
use crate::media_worker::LineMessage;
use board::Timeslot;
use board::sim::Slip;
use call::{LineEvent, LineFault};
use exchange::LineCommand;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

/// All lines of the board.
pub(super) struct Owner {
    finder: Finder,
    pub(super) lines: Vec<Line>,
    outlet: Outlet,
    /// Control does not know all that was found.
    untold: bool,
    look_at: Instant,
    /// When the simulated lines were last told the time.
    turned: Instant,
}

/// Where things go.
pub(super) struct Outlet {
    pub(super) tell: Box<dyn FnMut(LineEvent) -> bool + Send>,
    pub(super) bearers: Option<SyncSender<LineMessage>>,
    pub(super) board: Arc<Board>,
}

impl Owner {
    pub(super) fn new(setup: Setup, board: Arc<Board>, now: Instant) -> Self {
        let Setup { sheet, bearers, tell } = setup;
        let (finder, lines) = Finder::new(&sheet);
        let outlet = Outlet { tell, bearers, board };
        Self { finder, lines, outlet, untold: true, look_at: now, turned: now }
    }

    /// Works until nobody can want anything any more.
    pub(super) fn run(mut self, commands: &Receiver<LineCommand>, bell: &OwnedFd) {
        loop {
            let now = Instant::now();
            loop {
                match commands.try_recv() {
                    Ok(command) => self.command(command, now),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return self.end(),
                }
            }
            let next = self.turn(now);
            self.wait(next, bell);
        }
    }

    /// Does what control wants.
    pub(super) fn command(&mut self, command: LineCommand, now: Instant) {
        let (LineCommand::Setup { span, .. }
        | LineCommand::Frame { span, .. }
        | LineCommand::LoopBack { span, .. }
        | LineCommand::Fault { span, .. }) = command;
        let Some(line) = self.lines.get_mut(usize::from(span.0)) else {
            return tracing::debug!(span = span.0, "a command for no line");
        };
        match command {
            LineCommand::Setup { setting, .. } => {
                line.set_up(setting.as_deref().map(Plan::of), now);
                // At once: a frame for it may follow.
                line.turn(&mut self.outlet, now);
            }
            LineCommand::Frame { octets, .. } => line.send(octets, &self.outlet, now),
            LineCommand::LoopBack { loop_back, .. } => line.loop_back(loop_back, now),
            LineCommand::Fault { fault, .. } => make(line, fault),
        }
    }

    /// Does what is due; returns when to come again.
    pub(super) fn turn(&mut self, now: Instant) -> Option<Instant> {
        self.simulate(now);
        if self.finder.expects(&self.lines) && now >= self.look_at {
            self.look_at = now + LOOK_AROUND;
            self.untold |= self.finder.look(&mut self.lines);
        }
        if self.untold {
            let facts = self.lines.iter().map(|line| line.facts.clone()).collect();
            self.untold = !(self.outlet.tell)(LineEvent::Found(facts));
        }
        for line in &mut self.lines {
            line.turn(&mut self.outlet, now);
        }
        self.next(now)
    }

    /// Lets the time of simulated lines pass where somebody listens.
    fn simulate(&mut self, now: Instant) {
        // Who was stopped for longer goes on from here.
        let asleep = now.saturating_duration_since(self.turned) > LONGEST_TURN;
        self.turned = now;
        for (line, used) in self.finder.simulated.iter().zip(self.used()) {
            if !used || asleep {
                line.rest();
            }
            if used {
                line.turn(now);
            }
        }
    }

    /// Which simulated lines have an end that is set up; they come in pairs of ends, in order.
    fn used(&self) -> Vec<bool> {
        let ends = self.lines.iter().filter(|line| line.facts.simulated).collect::<Vec<_>>();
        ends.chunks(2).map(|pair| pair.iter().any(|line| line.is_up())).collect()
    }

    fn next(&mut self, now: Instant) -> Option<Instant> {
        let simulating = self.lines.iter().any(|line| line.facts.simulated && line.is_up());
        let dues = [
            simulating.then(|| now + TURN),
            self.finder.expects(&self.lines).then_some(self.look_at),
            self.untold.then(|| now + UNTOLD),
        ];
        let lines = self.lines.iter_mut().filter_map(|line| line.next(now));
        lines.chain(dues.into_iter().flatten()).min()
    }

    fn wait(&mut self, next: Option<Instant>, bell: &OwnedFd) {
        let patience = next.map(|at| at.saturating_duration_since(Instant::now()));
        let patience = patience.map(|patience| Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        });
        let mut of = Vec::new();
        let mut files = vec![PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN)];
        for (at, line) in self.lines.iter().enumerate() {
            if let Some(file) = line.d_channel().and_then(|it| it.poll()) {
                files.push(file);
                of.push(at);
            }
        }
        match poll(&mut files, patience.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            // Memory: the next turn tries again, and not at once.
            Err(error) => {
                tracing::debug!(%error, "the lines cannot be waited for");
                std::thread::sleep(TURN);
            }
        }
        let mut said = files.iter().skip(1).map(PollFd::revents);
        let wrong = |said: PollFlags| {
            said.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
                && !said.intersects(PollFlags::IN | PollFlags::PRI)
        };
        of.retain(|_| said.next().is_some_and(wrong));
        for at in of {
            if let Some(line) = self.lines.get_mut(at) {
                line.complained();
            }
        }
        // A bell that was read by nobody rings on.
        let _ = rustix::io::read(bell, &mut [0; 8]);
    }

    /// What drivers have taken leaves before the channels are closed.
    fn end(self) {
        let cards = self.lines.iter().any(|line| line.is_up() && !line.facts.simulated);
        if cards {
            std::thread::sleep(LAST_FRAMES);
        }
    }
}

/// Makes a fault of a simulated line, whose receiver sees it.
fn make(line: &Line, fault: LineFault) {
    let name = &line.facts.name;
    let Place::End { line, end } = &line.place else {
        return tracing::warn!("no fault is made on {name}: it is not simulated");
    };
    tracing::info!("a fault is made on {name}: {fault:?}");
    let from = end.other();
    match fault {
        LineFault::Cut { on } => line.cut(from, on),
        LineFault::AllOnes { on } => line.all_ones(from, on),
        LineFault::Slip => line.slip(*end, Slip::Dropped),
        LineFault::BitErrors { per_million } => {
            line.bit_errors(from, f64::from(per_million.min(500_000)) / 1e6);
        }
        LineFault::Drift { ppm } => line.drift(f64::from(ppm.clamp(-500, 500))),
        LineFault::Echo { loss_db, delay_ms } => {
            let response = echo::response(loss_db, delay_ms);
            (1..=LAST_SLOT).for_each(|slot| line.echo(from, Timeslot(slot), &response));
        }
        LineFault::Card { out: true } => line.pull_out(*end),
        LineFault::Card { out: false } => line.plug_in(*end),
    }
}

/// How often simulated lines are told the time.
const TURN: Duration = Duration::from_millis(5);
/// What they make up for at most.
const LONGEST_TURN: Duration = Duration::from_secs(1);
/// How often cards are looked for while one is missed.
const LOOK_AROUND: Duration = Duration::from_secs(3);
/// When control is told again what it had no room for.
const UNTOLD: Duration = Duration::from_millis(250);
/// What 16 frames of call control in the buffers of a driver take at 64 kbit/s.
const LAST_FRAMES: Duration = Duration::from_millis(100);
/// Of an E1; a T1 has no more.
const LAST_SLOT: u8 = 31;
