//! The HTTPS listener of web admin and API. Whoever speaks plain HTTP to it is sent to HTTPS.

use crate::admission::Admission;
use crate::tls::Tls;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tower_service::Service;

/// Serves the router.
#[derive(Clone)]
pub(crate) struct Web {
    /// What is served.
    pub(crate) router: Router,
    /// The certificate.
    pub(crate) tls: Tls,
    /// Limits of connections.
    pub(crate) admission: Admission,
}

/// The address of ours that a request came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OurEnd(pub(crate) SocketAddr);

impl Web {
    /// How many connections the web may have.
    pub(crate) fn admission() -> Admission {
        Admission::new(MOST, MOST_PER_SOURCE)
    }

    /// Accepts connections for as long as the process lives.
    pub(crate) async fn listen(self, listener: std::net::TcpListener) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, remote) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a web connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(ticket) = self.admission.admit(remote.ip()) else { continue };
            let web = self.clone();
            tokio::spawn(async move {
                // Browsers come and go; what goes wrong on the way is theirs.
                if let Err(error) = web.serve(stream, remote).await {
                    tracing::trace!(%error, "web connection");
                }
                drop(ticket);
            });
        }
    }

    async fn serve(&self, stream: TcpStream, remote: SocketAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut first = [0];
        if timeout(HANDSHAKE, stream.peek(&mut first)).await?? == 0 {
            return Ok(());
        }
        if first != [TLS_HANDSHAKE] {
            return timeout(HANDSHAKE, redirect(stream)).await?;
        }
        let stream = timeout(HANDSHAKE, self.tls.accept(stream)).await??;
        let local = stream.get_ref().0.local_addr()?;
        let service = service_fn(|request| self.answer(request, local, remote));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(BUFFER);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        connection.with_upgrades().await.map_err(io::Error::other)
    }

    /// An answer must begin in bounded time, however slowly the request's body comes in; how long
    /// it then takes, or a WebSocket stays, is its own affair.
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Result<Response<Body>, Infallible> {
        request.extensions_mut().insert(ConnectInfo(remote));
        request.extensions_mut().insert(OurEnd(local));
        let mut router = self.router.clone();
        match timeout(REQUEST, router.call(request)).await {
            Ok(answer) => answer,
            Err(_) => Ok(StatusCode::REQUEST_TIMEOUT.into_response()),
        }
    }
}

/// Answers a plain HTTP request with the same address over HTTPS.
async fn redirect(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > BUFFER || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(elsewhere(&head).as_bytes()).await?;
    stream.shutdown().await
}

fn elsewhere(head: &[u8]) -> String {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or("/");
    let host = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then_some(value.trim())
    });
    let sentence = "This page is served over HTTPS only: put https:// in front of its address.\n";
    let (status, location) = match host {
        Some(host) if is_plain(host) && is_plain(target) && target.starts_with('/') => {
            ("308 Permanent Redirect", format!("Location: https://{host}{target}\r\n"))
        }
        _ => ("400 Bad Request", String::new()),
    };
    let length = sentence.len();
    format!(
        "HTTP/1.1 {status}\r\n{location}Content-Type: text/plain\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{sentence}"
    )
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

/// The first octet of a TLS connection (RFC 8446 §5.1); no HTTP request begins with it.
const TLS_HANDSHAKE: u8 = 22;
/// Beside these there are the listeners to events, which the API counts.
const MOST: usize = 512;
/// Pages of a whole office may come from behind one address.
const MOST_PER_SOURCE: usize = 128;
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS: Duration = Duration::from_secs(30);
const REQUEST: Duration = Duration::from_secs(120);
/// The longest head of a request.
const BUFFER: usize = 16_384;
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_sent_to_https_at_the_same_address() {
        let answer =
            elsewhere(b"GET /calls?a=b HTTP/1.1\r\nUser-Agent: x\r\nhost: pbx:8443\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
        assert!(answer.contains("\r\nLocation: https://pbx:8443/calls?a=b\r\n"), "{answer}");
    }

    #[test]
    fn nothing_strange_gets_into_the_redirection() {
        for head in ["GET / HTTP/1.0\r\n\r\n", "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n", "x"]
        {
            assert!(elsewhere(head.as_bytes()).starts_with("HTTP/1.1 400 "), "{head}");
        }
    }
}
