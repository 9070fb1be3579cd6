//! The threads that the process cannot go on without, and its end.

use crate::Failure;
use crate::control::{Control, Ended, Known};
use crate::mailbox::{Mail, Mailbox};
use crate::priority::{self, Urgency};
use crate::storage::{Storage, Writer};
use crate::watchdog;
use api::EventLog;
use std::io;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::signal::unix::Signal;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What ends the process when it ends.
pub(super) struct Threads {
    pub(super) control: oneshot::Receiver<Result<(), Ended>>,
    pub(super) storage: oneshot::Receiver<()>,
    pub(super) taping: oneshot::Receiver<()>,
    pub(super) playing: oneshot::Receiver<()>,
    pub(super) filming: oneshot::Receiver<()>,
    /// Nothing without a board.
    pub(super) lining: Option<oneshot::Receiver<()>>,
    pub(super) tasks: JoinSet<io::Result<()>>,
    pub(super) mailbox: Mailbox,
    pub(super) writer: Storage,
    pub(super) events: EventLog,
}

impl Threads {
    /// Waits for a signal, or for something to end that should not.
    pub(super) async fn watch(mut self, mut term: Signal, mut int: Signal) -> Result<(), Failure> {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            ended = &mut self.control => {
                return Err(Failure::Failed(match ended {
                    Ok(Err(error)) => error.to_string(),
                    Ok(Ok(())) | Err(_) => "the control thread has ended".to_owned(),
                }));
            }
            _ = &mut self.taping => {
                return Err(Failure::failed("the thread of the recordings has ended"));
            }
            _ = &mut self.playing => {
                return Err(Failure::failed("the thread that plays recordings has ended"));
            }
            _ = &mut self.filming => {
                return Err(Failure::failed("the thread of the captures has ended"));
            }
            () = end_of(&mut self.lining) => {
                return Err(Failure::failed("the thread of the lines has ended"));
            }
            _ = &mut self.storage => return Err(Failure::failed("the storage thread has ended")),
            ended = self.tasks.join_next() => {
                return Err(Failure::Failed(format!("a listener has ended: {ended:?}")));
            }
        }
        watchdog::stopping();
        tokio::select! {
            stopped = self.stop() => stopped,
            _ = term.recv() => Err(Failure::failed("stopped at once, as asked for")),
            _ = int.recv() => Err(Failure::failed("stopped at once, as asked for")),
        }
    }

    /// Ends the calls, then writes what is left.
    async fn stop(&mut self) -> Result<(), Failure> {
        // If control is gone, its end is reported below.
        let _ = self.mailbox.send(Mail::Shutdown).await;
        match (&mut self.control).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Failure::failed(error)),
            Err(_) => return Err(Failure::failed("the control thread has ended")),
        }
        self.events.close();
        // It has ended the last files when the media thread, which control had, is gone.
        if timeout(WRITING, &mut self.taping).await.is_err() {
            tracing::warn!("the disk did not take the last recordings in time");
        }
        if timeout(WRITING, &mut self.filming).await.is_err() {
            tracing::warn!("the disk did not take the last captures in time");
        }
        self.writer.stop().await;
        match timeout(WRITING, &mut self.storage).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::failed("the disk did not take the last call records in time")),
        }
    }
}

/// Waits for the end of a thread; for ever where there is none.
async fn end_of(thread: &mut Option<oneshot::Receiver<()>>) {
    match thread {
        // A panic is an end as well.
        Some(thread) => drop(thread.await),
        None => std::future::pending().await,
    }
}

pub(super) fn spawn_control(
    control: Control,
    known: Known,
) -> Result<oneshot::Receiver<Result<(), Ended>>, Failure> {
    let (sender, ended) = oneshot::channel();
    let body = move || {
        let _ = priority::ask(Urgency::Signalling);
        // A panic drops the sender, which is noticed as well.
        let _ = sender.send(control.run(known));
    };
    thread::Builder::new().name("control".into()).spawn(body).map_err(Failure::failed)?;
    Ok(ended)
}

pub(super) fn spawn_storage(
    writer: Writer,
    runtime: Handle,
) -> Result<oneshot::Receiver<()>, Failure> {
    let (sender, ended) = oneshot::channel();
    let body = move || {
        let _ = priority::ask(Urgency::Records);
        writer.run(&runtime);
        let _ = sender.send(());
    };
    thread::Builder::new().name("storage".into()).spawn(body).map_err(Failure::failed)?;
    Ok(ended)
}

/// How long the disk may take for the last call records.
const WRITING: Duration = Duration::from_millis(700);
