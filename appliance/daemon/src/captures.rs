//! The captures in the data folder, and the thread that writes them.
//!
//! A capture is two files: what was seen, as pcapng, and beside it what is known of it, as JSON. Both
//! belong to the box alone (mode 600). What media copies comes in reels by a bounded queue, what was
//! signalled comes from control by another; neither waits for the disk. The thread holds what it gets
//! for half a second, so that the file is in the order of time though it has two sources.

mod datagram;
mod folder;
mod pcapng;
mod picture;
mod writer;

pub(crate) use folder::Captures;

use crate::mailbox::{Mail, Mailbox};
use crate::media_worker::Projector;
use crate::priority::{self, Urgency};
use api::EventLog;
use call::{Capture, CaptureId, CaptureStop};
use config::CaptureLimits;
use sip::flow::Flow;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;
use tokio::sync::oneshot;
use writer::Writer;

/// What control gives to the disk.
#[derive(Debug)]
pub(crate) enum Film {
    /// A capture begins.
    Begin(Box<Beginning>),
    /// A message of its call.
    Message(CaptureId, Message),
    /// Who is at an address.
    Name(CaptureId, IpAddr, String),
    /// Nothing more is signalled, and media is told to send no more. So many messages were missed.
    End(CaptureId, CaptureStop, u64),
}

/// A capture and its file, which is empty yet.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) capture: Capture,
    pub(crate) file: File,
    pub(crate) limits: CaptureLimits,
    /// The box's addresses, the one with the default route first: for what came to a socket that is
    /// bound to all of them.
    pub(crate) own: Vec<IpAddr>,
}

/// A message of SIP that came or went.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) at: Instant,
    pub(crate) inbound: bool,
    pub(crate) flow: Flow,
    pub(crate) bytes: Arc<[u8]>,
}

/// Where the disk hears of captures.
pub(crate) struct Films {
    /// What media copied.
    pub(crate) projector: Projector,
    /// What control knows.
    pub(crate) control: Receiver<Film>,
}

/// The channel between control and the disk.
pub(crate) fn line() -> (SyncSender<Film>, Receiver<Film>) {
    sync_channel(WAITING)
}

/// Puts right what a crash left, and starts the thread. `limits` are those of the settings at the time, as
/// long as these are known. It ends, with everything written, when control
/// and media have ended.
pub(crate) fn start(
    captures: Captures,
    films: Films,
    mailbox: Mailbox,
    events: EventLog,
    limits: impl Fn() -> Option<CaptureLimits> + Send + 'static,
) -> io::Result<oneshot::Receiver<()>> {
    let mended = captures.mend_all();
    if mended > 0 {
        tracing::warn!(captures = mended, "captures had no end and were given one");
    }
    let (sender, ended) = oneshot::channel();
    let tell_ended = Box::new(move |id| mailbox.tell_ended(Mail::CaptureEnded(id)));
    let limits = Box::new(limits);
    let writer = Writer::new(captures, films.projector, events, tell_ended, limits);
    let body = move || {
        priority::ask(Urgency::Records);
        writer.run(&films.control);
        let _ = sender.send(());
    };
    thread::Builder::new().name("captures".into()).spawn(body)?;
    Ok(ended)
}

/// Messages on their way.
const WAITING: usize = 1_024;
