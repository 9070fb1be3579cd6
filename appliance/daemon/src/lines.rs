//! The thread that owns the lines of the board: its spans and their D channels.
//!
//! Control says what is wanted of them ([`LineCommand`]) and hears what they do ([`LineEvent`]); B channels
//! go to the thread that has sound, as values ([`LineMessage`]). Neither thread waits for the other. What
//! has no room is lost as a frame on a line is, and LAPD says it again; how a line is to be set up is kept,
//! and how it does is said again.

mod alarms;
mod echo;
mod figures;
mod lent;
mod line;
mod owner;
mod place;
mod plan;
mod sheet;
mod signalling;
#[cfg(test)]
mod tests;

pub(crate) use figures::LineFigures;
pub(crate) use sheet::sheet;

use crate::media_worker::LineMessage;
use ::board::Sheet;
use call::{LineEvent, SpanId};
use config::IsdnSpan;
use exchange::LineCommand;
use figures::{Board, count};
use owner::Owner;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::OwnedFd;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tokio::sync::oneshot;

/// What the thread is given at the start.
pub(crate) struct Setup {
    /// What the board has.
    pub(crate) sheet: Sheet,
    /// Where B channels go; with nothing none is opened.
    pub(crate) bearers: Option<SyncSender<LineMessage>>,
    /// Tells control something, and says whether there was room.
    pub(crate) tell: Box<dyn FnMut(LineEvent) -> bool + Send>,
}

/// Control's end of the thread. Dropping it ends the thread.
pub(crate) struct LinesHandle {
    commands: Option<SyncSender<LineCommand>>,
    /// How spans are to be set up that the queue had no room for.
    held: BTreeMap<SpanId, Option<Box<IsdnSpan>>>,
    bell: Arc<OwnedFd>,
    board: Arc<Board>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread; what comes second is heard when it ends.
pub(crate) fn start(setup: Setup) -> io::Result<(LinesHandle, oneshot::Receiver<()>)> {
    let bell = Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?);
    let board = Arc::new(Board::default());
    let (commands, inbox) = sync_channel(COMMANDS);
    let (sender, ended) = oneshot::channel();
    let (rung, written) = (bell.clone(), board.clone());
    let thread = thread::Builder::new().name("lines".into()).spawn(move || {
        Owner::new(setup, written, Instant::now()).run(&inbox, &rung);
        // A panic drops the sender, which is noticed as well.
        let _ = sender.send(());
    })?;
    let (commands, thread) = (Some(commands), Some(thread));
    Ok((LinesHandle { commands, held: BTreeMap::new(), bell, board, thread }, ended))
}

impl LinesHandle {
    /// Hands a command over; never waits. Without room only a setup is kept.
    pub(crate) fn send(&mut self, command: LineCommand) {
        self.push();
        let Some(commands) = self.commands.as_ref().filter(|_| self.held.is_empty()) else {
            return self.keep(command);
        };
        match commands.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Full(command) | TrySendError::Disconnected(command)) => {
                self.keep(command);
            }
        }
        self.ring();
    }

    /// Hands over what was kept, as far as there is room.
    pub(crate) fn push(&mut self) {
        let Some(commands) = &self.commands else { return };
        while let Some((span, setting)) = self.held.pop_first() {
            let sent = commands.try_send(LineCommand::Setup { span, setting });
            let Err(TrySendError::Full(command) | TrySendError::Disconnected(command)) = sent
            else {
                continue;
            };
            return self.keep(command);
        }
    }

    /// Whether something is kept that the queue had no room for.
    pub(crate) fn is_behind(&self) -> bool {
        !self.held.is_empty()
    }

    /// What was counted so far.
    pub(crate) fn figures(&self) -> LineFigures {
        self.board.read()
    }

    fn keep(&mut self, command: LineCommand) {
        match command {
            LineCommand::Setup { span, setting } => drop(self.held.insert(span, setting)),
            LineCommand::Frame { .. }
            | LineCommand::LoopBack { .. }
            | LineCommand::Fault { .. } => {
                count(&self.board.commands_lost);
            }
        }
    }

    fn ring(&self) {
        // A bell that already rings is loud enough.
        let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
    }
}

impl Drop for LinesHandle {
    fn drop(&mut self) {
        self.commands = None;
        self.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Commands on their way: a window of LAPD (7 frames, Q.921 §5.9.5) for each of 64 spans, twice.
const COMMANDS: usize = 1_024;
