//! Events over a real connection.

use crate::fake::{Client, FakeBox, NOW, call};
use api::Backend;
use axum::http::{HeaderMap, header};
use call::Event;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A box that listens on a port of its own, and the administrator's headers.
async fn serve() -> (Arc<FakeBox>, SocketAddr, HeaderMap) {
    let fake = FakeBox::new();
    let client = Client::administrator(&fake).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = client.router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    (fake, address, client.headers)
}

async fn listen(address: SocketAddr, query: &str, headers: &HeaderMap) -> Result<Socket, Error> {
    let url = format!("ws://{address}/api/v1/events{query}");
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().extend(headers.clone());
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn first_seq() -> u64 {
    NOW.0 * 1000
}

#[tokio::test]
async fn a_listener_hears_the_topics_it_asked_for_in_order() {
    let (fake, address, headers) = serve().await;
    let mut socket = listen(address, "?topics=calls", &headers).await.unwrap();
    let ringing = Event::Call(Box::new(call(1)));
    fake.events().publish([ringing.clone(), Event::Config { revision: 7 }, ringing]);
    let event = next(&mut socket).await;
    assert_eq!((&event["seq"], &event["type"]), (&json!(first_seq()), &json!("call")));
    assert_eq!(event["data"]["dialled"], "202");
    assert_eq!(next(&mut socket).await["seq"], first_seq() + 2);
}

#[tokio::test]
async fn a_listener_that_comes_back_goes_on_where_it_was() {
    let (fake, address, headers) = serve().await;
    fake.events().publish((1..=3).map(|revision| Event::Config { revision }));
    let query = format!("?after={}", first_seq());
    let mut socket = listen(address, &query, &headers).await.unwrap();
    assert_eq!(next(&mut socket).await["data"]["revision"], 2);
    assert_eq!(next(&mut socket).await["data"]["revision"], 3);
    fake.events().publish([Event::Config { revision: 4 }]);
    assert_eq!(next(&mut socket).await["data"]["revision"], 4);
}

#[tokio::test]
async fn a_listener_that_was_away_too_long_is_told_so_first() {
    let (fake, address, headers) = serve().await;
    fake.events().publish([Event::Config { revision: 1 }]);
    let mut socket = listen(address, "?after=17", &headers).await.unwrap();
    assert_eq!(next(&mut socket).await, json!({"seq": first_seq(), "type": "lost"}));
    fake.events().publish([Event::Config { revision: 2 }]);
    assert_eq!(next(&mut socket).await["seq"], first_seq() + 1);
}

#[tokio::test]
async fn a_listener_that_is_too_slow_is_sent_away_with_a_reason() {
    let (fake, address, headers) = serve().await;
    let mut socket = listen(address, "", &headers).await.unwrap();
    // More than the ring keeps, before the server's task has a chance to read any of it.
    fake.events().publish((0..5000).map(|revision| Event::Config { revision }));
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!() };
    assert_eq!(u16::from(frame.code), 1013);
    assert!(frame.reason.starts_with("too slow"), "{}", frame.reason);
}

#[tokio::test]
async fn a_box_that_goes_down_says_goodbye() {
    let (fake, address, headers) = serve().await;
    let mut socket = listen(address, "", &headers).await.unwrap();
    fake.events().close();
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!() };
    assert_eq!(u16::from(frame.code), 1001);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_listen_with_the_cookie() {
    let (_, address, headers) = serve().await;
    let bearer = headers[header::AUTHORIZATION].to_str().unwrap();
    let token = bearer.strip_prefix("Bearer ").unwrap();
    let status = async |origin: &str| {
        let mut headers = HeaderMap::new();
        let cookie = format!("__Host-strowger={token}");
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        match listen(address, "", &headers).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(status("https://evil.example").await, 403);
    assert_eq!(status(&format!("https://{address}")).await, 101);
}

#[tokio::test]
async fn without_a_log_in_or_an_upgrade_there_are_no_events() {
    let (fake, address, headers) = serve().await;
    let refused = listen(address, "", &HeaderMap::new()).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 401));
    let refused = listen(address, "?topics=weather", &headers).await;
    assert!(matches!(refused, Err(Error::Http(response)) if response.status() == 422));
    let mut plain = Client::stranger(&fake);
    plain.headers = headers;
    plain.get("/api/v1/events").await.problem(400);
}
