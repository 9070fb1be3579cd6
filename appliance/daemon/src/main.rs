//! Sockets, clock and threads: the only event loop.
//!
//! `strowgerd run` binds its sockets, opens the data folder and starts its threads ([`run`]):
//! - [`control`] is the thread that owns the exchange and the UDP sockets of SIP;
//! - [`media_worker`] is the thread of the media ports;
//! - [`lines`] is the thread of the board's lines, where there is a board;
//! - [`storage`] is the thread of the database;
//! - two threads of tokio carry TCP, TLS, DNS and the web ([`tcp`], [`stream`], [`dns`], [`web`]).
//!
//! They exchange plain values over bounded queues. When one of them ends, the process ends with its
//! error, and systemd starts it again.

mod admission;
mod archive;
mod backend;
mod captures;
mod certificate;
mod claim;
mod clock;
mod console;
mod control;
mod dns;
mod entrance;
mod lines;
mod listen;
mod log;
mod mailbox;
mod measure;
mod media_worker;
mod metrics;
mod options;
mod playback;
mod priority;
mod recorder;
mod recordings;
mod rsa;
mod run;
mod shelf;
mod storage;
mod stream;
mod tcp;
mod tls;
mod udp;
mod uploads;
mod watchdog;
mod web;
mod websocket;

use options::{Command, HELP};
use std::process::ExitCode;

/// Gives memory back within a minute of a load's end. The system's allocator keeps it: 24 MB after 8,000
/// calls at 2,000 a second.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Why a command did not do what it should; each is one sentence for the person who gave it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was not begun: nothing has been touched.
    Refused(String),
    /// It was begun and went wrong.
    Failed(String),
}

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let done = match Command::parse(arguments, |name| std::env::var(name).ok()) {
        Ok(Command::Run(options)) => run::run(*options),
        Ok(Command::Check(data)) => console::check(&data),
        Ok(Command::Backup { data, file }) => console::backup(&data, &file),
        Ok(Command::Restore { data, file }) => console::restore(&data, &file),
        Ok(Command::ResetAdmin(data)) => console::reset_admin(&data),
        Ok(Command::Replay(file)) => recorder::replay::replay(&file),
        Ok(Command::Version) => console::say(concat!("strowgerd ", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Help) => console::say(HELP.trim_end()),
        Err(misuse) => Err(Failure::refused(misuse)),
    };
    let (sentence, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(sentence)) => (sentence, 1),
        Err(Failure::Refused(sentence)) => (sentence, 2),
    };
    eprintln!("strowgerd: {sentence}");
    ExitCode::from(code)
}

impl Failure {
    pub(crate) fn refused(why: impl std::fmt::Display) -> Self {
        Self::Refused(why.to_string())
    }

    pub(crate) fn failed(why: impl std::fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }
}
