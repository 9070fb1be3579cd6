//! The thread that owns the RTP sockets: a pool of bound pairs, and the relay between them.
//!
//! Control sends commands without waking the thread: it drains them before the packets of the same
//! turn, and a turn comes with every packet and at least every [`TICK`]. So a call without media
//! costs no wake-up here, and a packet never overtakes the command that was sent before it.

mod breath;
mod figures;
mod films;
mod gather;
mod handshakes;
mod lines;
mod pair;
mod plays;
mod pool;
mod relay;
mod tapes;
#[cfg(test)]
mod tests;

pub(crate) use figures::MediaFigures;
pub(crate) use films::{FilmLine, Projector, films};
pub(crate) use lines::{LineMessage, lines};
pub(crate) use plays::{Deck, PlayLine, Want, plays};
pub(crate) use tapes::{Reels, TapeLine, tapes};

use super::priority::{self, Standing, Urgency};
use call::{MediaCommand, MediaEvent, PortId};
use figures::Board;
use pool::Pools;
use relay::Relay;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{BorrowedFd, OwnedFd};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the media thread is given at the start.
pub(crate) struct Setup {
    /// The box's media addresses; commands name them by their place here.
    pub(crate) addresses: Vec<IpAddr>,
    /// From which ports pairs are bound, at each address.
    pub(crate) ports: RangeInclusive<u16>,
    /// How long a pair that was used stays out of use.
    pub(crate) rest: Duration,
    /// Where browsers come in.
    pub(crate) browsers: Option<Browsers>,
    /// The way of recordings to the disk.
    pub(crate) tapes: TapeLine,
    /// The way of captures to the disk.
    pub(crate) films: FilmLine,
    /// The way of recordings from the disk.
    pub(crate) plays: PlayLine,
    /// Where B channels come in.
    pub(crate) lines: Receiver<LineMessage>,
    /// Called in the media thread after events were put into [`MediaHandle::events`].
    pub(crate) wake: Box<dyn Fn() + Send>,
}

/// What is needed for browsers.
pub(crate) struct Browsers {
    /// The sockets of the port that they share.
    pub(crate) doors: Vec<Box<dyn Door>>,
    /// What is shown there.
    pub(crate) certificate: media::Certificate,
    /// The RSA certificate for handshakes of those that can take no other, when it is made.
    pub(crate) rsa: Receiver<media::Certificate>,
}

/// A socket for the media of all browsers, which knows to which address a datagram came.
pub(crate) trait Door: Send {
    /// For the poll.
    fn fd(&self) -> BorrowedFd<'_>;
    /// Where it is bound; the address may be unspecified.
    fn local(&self) -> SocketAddr;
    /// The next datagram: from whom, to which address of ours, and how long it is.
    fn receive(&mut self, buffer: &mut [u8]) -> Option<(SocketAddr, IpAddr, usize)>;
    /// Sends one from this address of ours; whether it left.
    fn send(&self, from: IpAddr, to: SocketAddr, bytes: &[u8]) -> bool;
}

/// Control's end of the media thread. Dropping it ends the thread.
pub(crate) struct MediaHandle {
    /// What media tells control.
    pub(crate) events: Receiver<MediaEvent>,
    /// Whether it goes before other programs.
    pub(crate) standing: Standing,
    commands: Option<SyncSender<MediaCommand>>,
    waiting: Arc<AtomicUsize>,
    bell: Arc<OwnedFd>,
    board: Arc<Board>,
    thread: Option<JoinHandle<()>>,
}

/// Why there is no media.
#[derive(Debug)]
pub(crate) enum StartError {
    /// No media address was given, or more than can be counted.
    Addresses,
    /// The range holds no pair of an even and the next odd port.
    Ports,
    /// This is no address of the box.
    Address(IpAddr, io::Error),
    /// The system has no thread or no descriptor left.
    System(io::Error),
}

/// Why a command was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The thread is far behind: keep the command, and take no new calls until there is room.
    Full(MediaCommand),
    /// The thread has ended, and the process should.
    Ended,
}

impl MediaHandle {
    /// Hands a command over; never waits.
    pub(crate) fn send(&self, command: MediaCommand) -> Result<(), Refused> {
        let Some(commands) = &self.commands else { return Err(Refused::Ended) };
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        // What is to be heard is to be heard at once.
        let hurried = matches!(
            command,
            MediaCommand::Provide { .. }
                | MediaCommand::Play { .. }
                | MediaCommand::Press { .. }
                | MediaCommand::Refresh { .. }
                | MediaCommand::Join { .. }
                | MediaCommand::Line { .. }
                | MediaCommand::Bert { .. }
                | MediaCommand::Record { .. }
        );
        let hurried = hurried || waiting == COMMANDS / 2;
        let sent = commands.try_send(command);
        if hurried || sent.is_err() {
            self.ring();
        }
        sent.map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(command) => Refused::Full(command),
                TrySendError::Disconnected(_) => Refused::Ended,
            }
        })
    }

    /// What was counted up to the last tick.
    pub(crate) fn figures(&self) -> MediaFigures {
        let commands_waiting = self.waiting.load(Ordering::Relaxed) as u64;
        MediaFigures { commands_waiting, ..self.board.read() }
    }

    /// Whether the thread is at work. When it is not, the process should end.
    pub(crate) fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    fn ring(&self) {
        // A bell that already rings is loud enough.
        let _ = rustix::io::write(&*self.bell, &1_u64.to_ne_bytes());
    }
}

impl Drop for MediaHandle {
    fn drop(&mut self) {
        self.commands = None;
        self.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether all of these are addresses of this machine, and as many as can be counted.
pub(crate) fn usable(addresses: &[IpAddr]) -> Result<(), StartError> {
    if addresses.is_empty() || addresses.len() > usize::from(PortId::LINE) {
        return Err(StartError::Addresses);
    }
    for address in addresses {
        UdpSocket::bind((*address, 0)).map_err(|error| StartError::Address(*address, error))?;
    }
    Ok(())
}

/// Checks the addresses, raises the limit of open files and starts the thread.
pub(crate) fn start(setup: Setup) -> Result<MediaHandle, StartError> {
    usable(&setup.addresses)?;
    let pools = Pools::new(&setup.addresses, &setup.ports, setup.rest);
    if pools.is_empty() {
        return Err(StartError::Ports);
    }
    pair::make_room(pools.descriptors());
    let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)
        .map_err(|error| StartError::System(error.into()))?;
    let bell = Arc::new(bell);
    let (commands, inbox) = sync_channel(COMMANDS);
    let (outbox, events) = sync_channel(EVENTS);
    let waiting = Arc::new(AtomicUsize::new(0));
    let board = Arc::new(Board::default());
    let line = relay::Line {
        bell: bell.clone(),
        commands: inbox,
        waiting: waiting.clone(),
        events: outbox,
        tapes: setup.tapes,
        films: setup.films,
        plays: setup.plays,
        wake: setup.wake,
        board: board.clone(),
    };
    let relay = Relay::new(setup.addresses, pools, setup.browsers, setup.lines, line);
    let relay = relay.map_err(StartError::System)?;
    let (stands, standing) = sync_channel(1);
    let thread = std::thread::Builder::new().name("media".into()).spawn(move || {
        let standing = priority::ask(Urgency::Sound);
        let _ = stands.send(standing);
        relay.run(standing);
    });
    let thread = Some(thread.map_err(StartError::System)?);
    let standing = standing.recv().unwrap_or(Standing::Beside);
    Ok(MediaHandle { events, standing, commands: Some(commands), waiting, bell, board, thread })
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses => f.write_str("between 1 and 254 media addresses are needed"),
            Self::Ports => f.write_str("the media ports hold no even port with the next odd one"),
            Self::Address(address, error) => {
                write!(f, "media cannot use the address {address}: {error}")
            }
            Self::System(error) => write!(f, "media cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// The longest time without a turn: commands wait so long when no packet comes.
pub(crate) const TICK: Duration = Duration::from_millis(200);
/// Eight commands for a call, 1,000 calls between two ticks, before half of it wakes the thread.
const COMMANDS: usize = 4_096;
/// Four events for a call.
const EVENTS: usize = 4_096;
