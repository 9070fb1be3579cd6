//! SIP over TCP and TLS: who may connect, and connecting to others.

use crate::admission::Admission;
use crate::mailbox::{Gone, Mail, Mailbox};
use crate::stream::{self, Outgoing};
use crate::tls::Tls;
use sip::flow::{ConnectionId, Flow, Transport};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Everything that the tasks of SIP connections share.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    /// Where the tasks run.
    pub(crate) runtime: Handle,
    /// The way to control.
    pub(crate) mailbox: Mailbox,
    /// Certificates.
    pub(crate) tls: Tls,
    /// Limits of accepted connections.
    pub(crate) admission: Admission,
    /// The number of the last accepted connection: even, since the exchange gives odd ones.
    pub(crate) accepted: Arc<AtomicU64>,
}

impl Streams {
    /// Nothing is connected yet.
    pub(crate) fn new(runtime: Handle, mailbox: Mailbox, tls: Tls) -> Self {
        let admission = Admission::new(MOST, MOST_PER_SOURCE);
        Self { runtime, mailbox, tls, admission, accepted: Arc::default() }
    }

    /// Accepts connections for as long as the process lives.
    pub(crate) async fn listen(
        self,
        transport: Transport,
        listener: std::net::TcpListener,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => self.accept(transport, stream, remote),
                // No more file handles, for example: those that are up will give some back.
                Err(error) => {
                    tracing::warn!(%error, "a SIP connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Connects to somebody. Messages may be queued at once and leave when the connection is up.
    pub(crate) fn connect(
        &self,
        connection: ConnectionId,
        transport: Transport,
        remote: SocketAddr,
        name: String,
    ) -> Outgoing {
        let (sender, outgoing) = stream::queue();
        let streams = self.clone();
        self.runtime.spawn(async move {
            let placed = streams.place(connection, transport, remote, &name, outgoing).await;
            if let Err(error) = placed {
                tracing::info!(%error, transport = transport.uri_name(), "no connection");
                tracing::debug!(%remote, name, "no connection");
                let _ = streams.mailbox.send(Mail::Disconnected(connection)).await;
            }
        });
        sender
    }

    fn accept(&self, transport: Transport, stream: TcpStream, remote: SocketAddr) {
        let Some(ticket) = self.admission.admit(remote.ip()) else { return };
        let connection = ConnectionId(self.accepted.fetch_add(2, Ordering::Relaxed) + 2);
        let streams = self.clone();
        self.runtime.spawn(async move {
            // A peer that is gone before it was served is nobody's concern.
            let served = streams.serve(transport, stream, remote, connection).await;
            if let Err(error) = served {
                tracing::debug!(%error, %remote, "connection not served");
            }
            drop(ticket);
        });
    }

    async fn serve(
        &self,
        transport: Transport,
        stream: TcpStream,
        remote: SocketAddr,
        connection: ConnectionId,
    ) -> io::Result<()> {
        prepare(&stream)?;
        let flow =
            Flow { transport, local: stream.local_addr()?, remote, connection: Some(connection) };
        let (sender, outgoing) = stream::queue();
        let accepted = Mail::Accepted(connection, sender);
        if transport == Transport::Tls {
            let stream = timeout(HANDSHAKE, self.tls.accept(stream)).await??;
            self.mailbox.send(accepted).await.map_err(gone)?;
            stream::carry(stream, flow, connection, outgoing, self.mailbox.clone()).await;
        } else {
            self.mailbox.send(accepted).await.map_err(gone)?;
            stream::carry(stream, flow, connection, outgoing, self.mailbox.clone()).await;
        }
        Ok(())
    }

    async fn place(
        &self,
        connection: ConnectionId,
        transport: Transport,
        remote: SocketAddr,
        name: &str,
        outgoing: mpsc::Receiver<Arc<[u8]>>,
    ) -> io::Result<()> {
        let stream = timeout(CONNECT, TcpStream::connect(remote)).await??;
        prepare(&stream)?;
        let local = stream.local_addr()?;
        let flow = Flow { transport, local, remote, connection: Some(connection) };
        let connected = Mail::Connected(connection, local);
        if transport == Transport::Tls {
            let stream = timeout(HANDSHAKE, self.tls.connect(stream, name)).await??;
            self.mailbox.send(connected).await.map_err(gone)?;
            stream::carry(stream, flow, connection, outgoing, self.mailbox.clone()).await;
        } else {
            self.mailbox.send(connected).await.map_err(gone)?;
            stream::carry(stream, flow, connection, outgoing, self.mailbox.clone()).await;
        }
        Ok(())
    }
}

/// Small messages leave at once; a peer that vanished is noticed within two minutes.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(20))
        .with_retries(3);
    SockRef::from(stream).set_tcp_keepalive(&probes)
}

fn gone(_: Gone) -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

/// A thousand phones, each with a connection and a new one on the way, with room.
const MOST: usize = 8192;
/// An office behind one address.
const MOST_PER_SOURCE: usize = 4096;
/// A SYN and two repetitions. The transaction has given up after 32 s (RFC 3261 §17.1.1.2).
const CONNECT: Duration = Duration::from_secs(8);
const HANDSHAKE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);
