//! What happens, as it happens: a WebSocket (RFC 6455) at `/api/v1/events`.
//!
//! Each message is one event: `{"seq":17,"type":"call","data":{...}}`. Who comes back with
//! `after=17` gets what happened since; when too much did, first of all
//! `{"seq":99,"type":"lost"}`, which means: load your lists again, it goes on after 99.

use crate::access::{self, Carrier, Identity};
use crate::body::Params;
use crate::problem::Problem;
use crate::router::App;
use crate::{Feed, Heard};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use call::Topic;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use utoipa::IntoParams;

/// What to listen for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Some of `calls`, `captures`, `conferences`, `registrations`, `trunks`, `lines`, `config`, `quality`,
    /// `trace`, with commas in between. If left out, all but `quality`, which comes every five seconds of
    /// a call, and `trace`, which is what is said on the D channels of lines.
    #[param(example = "calls,registrations")]
    topics: Option<String>,
    /// `seq` of the last event that was heard; from now on if left out.
    after: Option<u64>,
}

/// Listens for events: a WebSocket. Each message is an `Event` and its `seq`. Browsers log in by
/// their cookie, scripts by `Authorization`.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    operation_id = "listen_for_events",
    params(Wanted),
    responses((status = 101, description = "The WebSocket is open.")),
)]
pub(crate) async fn listen(
    State(app): State<App>,
    identity: Identity,
    Params(wanted): Params<Wanted>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let topics = topics(wanted.topics.as_deref())?;
    let upgrade = upgrade.map_err(|refusal| {
        Problem::new(refusal.into_response().status(), "This is a WebSocket: ask for an upgrade.")
    })?;
    if identity.carrier == Carrier::Cookie && !access::is_same_origin(&headers) {
        let detail = "Only pages of this box may listen with the cookie.";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let Ok(place) = app.listeners.clone().try_acquire_owned() else {
        let detail = "Too many listen already.";
        return Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, detail, PING));
    };
    let feed = app.backend.events().follow(wanted.after);
    let listener = Listener { app, identity, topics, resumes: wanted.after.is_some() };
    let upgrade = upgrade.max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(async move |mut socket| {
        let _place = place;
        let farewell = listener.tell(&mut socket, feed).await;
        if let Some(frame) = farewell.frame() {
            let close = socket.send(Message::Close(Some(frame)));
            // Whoever does not take it now learns it from the end of the connection.
            let _ = timeout(LAST_WORD, close).await;
        }
    }))
}

struct Listener {
    app: App,
    identity: Identity,
    topics: BTreeSet<Topic>,
    /// It said what it had heard last, so it can be told that it lost events.
    resumes: bool,
}

/// Why it is over.
enum Farewell {
    /// The listener went.
    Gone,
    /// The listener is too slow.
    Slow,
    /// The log-in counts no longer.
    LoggedOut,
    /// The box goes down.
    Stopping,
}

impl Listener {
    async fn tell(mut self, socket: &mut WebSocket, mut feed: Feed) -> Farewell {
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.tick().await;
        let mut heard_from = Instant::now();
        loop {
            tokio::select! {
                heard = feed.next() => {
                    let Some(heard) = heard else { return Farewell::Stopping };
                    if let Err(farewell) = self.pass(socket, heard).await {
                        return farewell;
                    }
                }
                message = socket.recv() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Farewell::Gone,
                    // A listener has nothing to say, but that it is there.
                    Some(Ok(_)) => heard_from = Instant::now(),
                },
                _ = ping.tick() => {
                    if heard_from.elapsed() > SILENCE {
                        return Farewell::Gone;
                    }
                    if !self.is_logged_in().await {
                        return Farewell::LoggedOut;
                    }
                    if let Err(farewell) = send(socket, Message::Ping(Vec::new().into())).await {
                        return farewell;
                    }
                }
            }
        }
    }

    async fn pass(&mut self, socket: &mut WebSocket, heard: Heard) -> Result<(), Farewell> {
        let resumes = std::mem::take(&mut self.resumes);
        match heard {
            Heard::Lost(seq) if resumes => {
                let text = format!("{{\"seq\":{seq},\"type\":\"lost\"}}");
                send(socket, Message::Text(text.into())).await
            }
            Heard::Lost(_) => Err(Farewell::Slow),
            Heard::Events(events) => {
                for event in events {
                    if self.topics.contains(&event.event.topic()) {
                        send(socket, Message::Text(event.text())).await?;
                    }
                }
                Ok(())
            }
        }
    }

    async fn is_logged_in(&self) -> bool {
        let token = self.app.backend.token(self.identity.token.hash).await;
        token.is_ok_and(|token| token.is_some_and(|token| access::is_current(&token, &self.app)))
    }
}

impl Farewell {
    fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Slow => (close_code::AGAIN, "too slow: load the lists and come back"),
            Self::LoggedOut => (close_code::POLICY, "the log-in has ended"),
            Self::Stopping => (close_code::AWAY, "the box is being shut down or restarted"),
        };
        Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Farewell> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Farewell::Gone),
        Err(_) => Err(Farewell::Slow),
    }
}

fn topics(text: Option<&str>) -> Result<BTreeSet<Topic>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(ALL.into()) };
    let topic = |name: &str| match name.trim() {
        "calls" => Ok(Topic::Calls),
        "captures" => Ok(Topic::Captures),
        "quality" => Ok(Topic::Quality),
        "conferences" => Ok(Topic::Conferences),
        "registrations" => Ok(Topic::Registrations),
        "trunks" => Ok(Topic::Trunks),
        "lines" => Ok(Topic::Lines),
        "trace" => Ok(Topic::Trace),
        "config" => Ok(Topic::Config),
        other => Err(Problem::field("topics", format!("there is no topic {other}"))),
    };
    text.split(',').map(topic).collect()
}

/// What is heard by who names nothing. The figures of calls and what is said on D channels come often,
/// and only when asked for.
const ALL: [Topic; 7] = [
    Topic::Calls,
    Topic::Captures,
    Topic::Conferences,
    Topic::Registrations,
    Topic::Trunks,
    Topic::Lines,
    Topic::Config,
];
/// Below the idle time of every proxy and NAT on the way.
const PING: Duration = Duration::from_secs(20);
/// Three pings without an answer.
const SILENCE: Duration = Duration::from_secs(65);
/// How long a message may wait in front of a full connection.
const PATIENCE: Duration = Duration::from_secs(10);
const LAST_WORD: Duration = Duration::from_secs(1);
/// Nothing but pongs is expected.
const LONGEST_MESSAGE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_picked_by_name_and_a_wrong_one_is_refused() {
        assert_eq!(topics(None).ok().unwrap().len(), 7);
        let picked = topics(Some("calls,registrations")).ok().unwrap();
        assert_eq!(picked, BTreeSet::from([Topic::Calls, Topic::Registrations]));
        assert!(topics(Some("calls,weather")).is_err());
    }
}
