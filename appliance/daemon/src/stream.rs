//! One SIP connection, TCP or TLS: messages in, messages out, and an end to what goes on too long.

use crate::mailbox::{Mail, Mailbox};
use sip::flow::{ConnectionId, Flow};
use sip::stream::{Broken, Frame, Framer};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// Carries messages both ways until one side has enough, then tells control.
pub(crate) async fn carry<S>(
    stream: S,
    flow: Flow,
    connection: ConnectionId,
    mut outgoing: mpsc::Receiver<Arc<[u8]>>,
    mailbox: Mailbox,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = Carried { stream, flow, framer: Framer::new(), mailbox: &mailbox };
    if let Over::Refused = stream.run(&mut outgoing).await {
        stream.finish(&mut outgoing).await;
    }
    outgoing.close();
    // TLS says good-bye; a peer that does not take it is left alone.
    let _ = timeout(FAREWELL, stream.stream.shutdown()).await;
    let _ = mailbox.send(Mail::Disconnected(connection)).await;
}

/// Where messages for one peer are put.
pub(crate) type Outgoing = mpsc::Sender<Arc<[u8]>>;

/// The queue of messages on their way to one peer.
pub(crate) fn queue() -> (Outgoing, mpsc::Receiver<Arc<[u8]>>) {
    mpsc::channel(QUEUE)
}

struct Carried<'a, S> {
    stream: S,
    flow: Flow,
    framer: Framer,
    mailbox: &'a Mailbox,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Carried<'_, S> {
    async fn run(&mut self, outgoing: &mut mpsc::Receiver<Arc<[u8]>>) -> Over {
        let mut buffer = vec![0; BUFFER];
        // Whoever connects has something to say, soon and then to its end.
        let mut patience = Instant::now() + BEGINNING;
        loop {
            tokio::select! {
                read = timeout_at(patience, self.stream.read(&mut buffer)) => {
                    let Ok(Ok(length @ 1..)) = read else { return Over::Gone };
                    let was_waiting = self.framer.is_waiting();
                    self.framer.push(buffer.get(..length).unwrap_or_default());
                    if let Err(over) = self.deliver().await {
                        return over;
                    }
                    // Whoever sends a message drop by drop gets no more time for each drop.
                    match (was_waiting, self.framer.is_waiting()) {
                        (true, true) => {}
                        (false, true) => patience = Instant::now() + MESSAGE,
                        (_, false) => patience = Instant::now() + IDLE,
                    }
                }
                message = outgoing.recv() => {
                    let Some(message) = message else { return Over::Gone };
                    if let Err(over) = self.write(&message).await {
                        return over;
                    }
                }
            }
        }
    }

    /// Hands over what is whole. While control has no room for it, no more is read.
    async fn deliver(&mut self) -> Result<(), Over> {
        loop {
            match self.framer.take() {
                Ok(None) => return Ok(()),
                Ok(Some(Frame::Message(bytes))) => {
                    let mail = Mail::Message(self.flow, bytes.to_vec());
                    self.mailbox.send(mail).await.map_err(|_| Over::Gone)?;
                }
                Ok(Some(Frame::Ping)) => self.write(b"\r\n").await?,
                Ok(Some(Frame::Pong)) => {}
                Err(broken) => return self.refuse(broken).await,
            }
        }
    }

    /// Says why, where the request says to whom (RFC 3261 §18.3).
    async fn refuse(&mut self, broken: Broken) -> Result<(), Over> {
        tracing::debug!(flow = ?self.flow, reason = broken.reason(), "stream given up");
        if let Broken::Malformed(malformed) = broken {
            let tag = self.flow.connection.map_or(0, |id| id.0).to_string();
            let rest = self.framer.rest();
            let answer = sip::compose::refuse(rest, malformed, &tag, self.flow.remote);
            if let Some(answer) = answer {
                self.write(&answer.finish()).await?;
            }
        }
        Err(Over::Refused)
    }

    /// The answers to what came whole before the stream went wrong.
    async fn finish(&mut self, outgoing: &mut mpsc::Receiver<Arc<[u8]>>) {
        let until = Instant::now() + LAST_ANSWERS;
        while let Ok(Some(message)) = timeout_at(until, outgoing.recv()).await {
            if self.write(&message).await.is_err() {
                return;
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout(WRITE, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over::Gone),
        }
    }
}

/// The connection is of no more use.
enum Over {
    /// The peer is gone, or too slow.
    Gone,
    /// What it sends cannot be read any further.
    Refused,
}

/// Messages that wait for a slow peer before it is given up.
const QUEUE: usize = 128;
/// A message with its description; longer ones are read in pieces.
const BUFFER: usize = 4096;
/// Until the first octet.
const BEGINNING: Duration = Duration::from_secs(30);
/// From the first octet of a message to its last one.
const MESSAGE: Duration = Duration::from_secs(30);
/// Longer than a phone's registration lasts, since some say nothing in between; dead peers are
/// found by TCP's own probes.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// What a peer may take for reading one message: less than half a transaction's life, 64*T1.
const WRITE: Duration = Duration::from_secs(10);
/// What control takes to answer, many times over.
const LAST_ANSWERS: Duration = Duration::from_millis(300);
const FAREWELL: Duration = Duration::from_secs(2);
