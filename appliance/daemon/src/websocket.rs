//! SIP over WebSocket (RFC 7118): telephones in browsers, at `/ws` and `/sip` of the HTTPS port.
//!
//! Every message of the WebSocket is one SIP message, and the connection is a flow as one of TLS is.
//! What is not asked for here is a log-in: each request of SIP proves by itself who sends it.

use crate::backend::Appliance;
use crate::mailbox::{Mail, Mailbox};
use crate::stream;
use crate::tcp::Streams;
use crate::web::OurEnd;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use config::Config;
use sip::flow::{ConnectionId, Flow, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// The two paths at which softphones look for it.
pub(crate) fn phones(streams: Streams, appliance: Arc<Appliance>) -> Router {
    let house = House { streams, appliance };
    Router::new().route("/ws", get(open)).route("/sip", get(open)).with_state(house)
}

#[derive(Clone)]
struct House {
    streams: Streams,
    appliance: Arc<Appliance>,
}

async fn open(
    State(house): State<House>,
    ConnectInfo(remote): ConnectInfo<SocketAddr>,
    Extension(OurEnd(local)): Extension<OurEnd>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "This is a WebSocket for telephones: ask for sip.\n")
            .into_response();
    }
    if !may_call(&headers, &house.appliance.config.load()) {
        let sentence = "Pages of this web site may not be telephones of this box.\n";
        return (StatusCode::FORBIDDEN, sentence).into_response();
    }
    let Some(ticket) = house.streams.admission.admit(remote.ip()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many telephones are connected.\n")
            .into_response();
    };
    let Streams { mailbox, accepted, .. } = house.streams;
    let connection = ConnectionId(accepted.fetch_add(2, Ordering::Relaxed) + 2);
    let flow = Flow { transport: Transport::Wss, local, remote, connection: Some(connection) };
    let upgrade = upgrade.max_message_size(LONGEST).max_frame_size(LONGEST);
    upgrade.on_upgrade(async move |socket| {
        let _ticket = ticket;
        let (sender, outgoing) = stream::queue();
        if mailbox.send(Mail::Accepted(connection, sender)).await.is_ok() {
            carry(socket, flow, outgoing, &mailbox).await;
            let _ = mailbox.send(Mail::Disconnected(connection)).await;
        }
    })
}

/// A page of the box itself, of a site that the installer named, or no page at all. A browser cannot
/// lie here, and so nobody's browser can be made to guess passwords by a page that he looks at.
fn may_call(headers: &HeaderMap, config: &Config) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Ok(origin) = origin.to_str() else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let own = authority.zip(text(header::HOST)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
    own || config.settings.network.web_phones.iter().any(|site| site.is(origin))
}

/// Carries messages both ways until one side has enough.
async fn carry(
    mut socket: WebSocket,
    flow: Flow,
    mut outgoing: mpsc::Receiver<Arc<[u8]>>,
    mailbox: &Mailbox,
) {
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard_at = Instant::now();
    loop {
        let over = tokio::select! {
            message = socket.recv() => {
                heard_at = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        hear(&mut socket, flow, text.as_bytes(), mailbox).await
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        hear(&mut socket, flow, &bytes, mailbox).await
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Over),
                }
            }
            message = outgoing.recv() => match message {
                Some(message) => send(&mut socket, framed(&message)).await,
                None => Err(Over),
            },
            _ = ping.tick() => match heard_at.elapsed() > SILENCE {
                true => Err(Over),
                false => send(&mut socket, Message::Ping(Vec::new().into())).await,
            },
        };
        if over.is_err() {
            break;
        }
    }
    let reason = Utf8Bytes::from_static("");
    let close = Message::Close(Some(CloseFrame { code: close_code::NORMAL, reason }));
    // A peer that does not take it learns it from the end of the connection.
    let _ = timeout(FAREWELL, socket.send(close)).await;
}

/// While control has no room for a message, no more is read.
async fn hear(
    socket: &mut WebSocket,
    flow: Flow,
    bytes: &[u8],
    mailbox: &Mailbox,
) -> Result<(), Over> {
    match bytes {
        KEEP_ALIVE => send(socket, Message::Text(Utf8Bytes::from_static("\r\n"))).await,
        b"\r\n" | b"" => Ok(()),
        _ => mailbox.send(Mail::Message(flow, bytes.to_vec())).await.map_err(|_| Over),
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Over> {
    match timeout(WRITE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over),
    }
}

/// Text, unless something in the message is none (RFC 7118 §5.1).
fn framed(message: &[u8]) -> Message {
    match std::str::from_utf8(message) {
        Ok(text) => Message::Text(text.into()),
        Err(_) => Message::Binary(message.to_vec().into()),
    }
}

/// The connection is of no more use.
struct Over;

/// RFC 7118 §4.1.
const SUBPROTOCOL: &str = "sip";
/// RFC 5626 §3.5.1, which some browsers' libraries keep.
const KEEP_ALIVE: &[u8] = b"\r\n\r\n";
/// As long as a datagram could be.
const LONGEST: usize = 65_536;
/// Below the idle time of every proxy and NAT on the way (RFC 7118 §6).
const PING: Duration = Duration::from_secs(20);
/// Three pings without an answer.
const SILENCE: Duration = Duration::from_secs(65);
/// What a peer may take for reading one message: less than half a transaction's life, 64*T1.
const WRITE: Duration = Duration::from_secs(10);
const FAREWELL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use config::{Change, Entry, Expect};

    fn allowed(origin: Option<&'static str>) -> bool {
        let fresh = Config::fresh("strowger");
        let mut settings = (*fresh.settings).clone();
        settings.network.web_phones = vec!["https://crm.example".parse().unwrap()];
        let put = Change::Put(Entry::Settings(settings), Expect::Any);
        let (config, _) = fresh.apply(put).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("box:8443"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        may_call(&headers, &config)
    }

    #[test]
    fn pages_of_the_box_and_of_named_sites_may_be_telephones_and_others_not() {
        assert!(allowed(None));
        assert!(allowed(Some("https://box:8443")));
        assert!(allowed(Some("https://crm.example")));
        assert!(!allowed(Some("https://evil.example")));
        assert!(!allowed(Some("null")));
    }

    #[test]
    fn what_is_no_text_goes_as_octets() {
        assert!(matches!(framed(b"SIP/2.0 200 OK\r\n\r\n"), Message::Text(_)));
        assert!(matches!(framed(b"SIP/2.0 200 \xff\r\n\r\n"), Message::Binary(_)));
    }
}
