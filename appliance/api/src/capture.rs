//! Captures of calls: `/api/v1/calls/{id}/capture` and `/api/v1/captures`.

use crate::TokenKind;
use crate::access::Identity;
use crate::backend::{CaptureRequest, NotCaptured};
use crate::body::{Body, Named, Params};
use crate::kept::{Filter, demand_over, described};
use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::body::Body as Content;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use call::{CallId, Capture, CaptureId};
use serde::Deserialize;
use std::time::Duration;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

/// What the capture is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaptureInput {
    /// Encrypted media as they are said, and not as they are on the wire. Only for somebody who has
    /// logged in with a password: a token of a script may not.
    decrypt: bool,
    /// How long at most, in seconds, at most what the settings say; 300, or that, if left out.
    #[schema(minimum = 1)]
    seconds: Option<u32>,
}

/// Captures a call from now on: its signalling, what led to it included, and its media, in a file that
/// Wireshark opens. It ends by itself with the call, after the time asked for, or when its file is as large
/// as the settings allow. A call that went past the box comes back to it meanwhile.
#[utoipa::path(
    post,
    path = "/calls/{id}/capture",
    tag = "captures",
    operation_id = "capture_call",
    params(("id" = CallId, Path, description = "The call.")),
    request_body = CaptureInput,
    responses((status = 201, description = "It is being captured.", body = Capture)),
)]
pub(crate) async fn begin(
    State(app): State<App>,
    caller: Identity,
    Named(call): Named<CallId>,
    Body(wanted): Body<CaptureInput>,
) -> Result<(StatusCode, Json<Capture>), Problem> {
    let CaptureInput { decrypt, seconds } = wanted;
    let most = app.backend.config().settings.captures.seconds;
    let seconds = seconds.unwrap_or(SECONDS.min(most));
    if !(1..=most).contains(&seconds) {
        return Err(Problem::field("seconds", format!("1 to {most}")));
    }
    if decrypt {
        owner(&caller)?;
    }
    let lasts = Duration::from_secs(seconds.into());
    let request = CaptureRequest { call, decrypt, lasts, actor: caller.actor() };
    match app.backend.capture_call(request).await? {
        Ok(capture) => Ok((StatusCode::CREATED, Json(capture))),
        Err(NotCaptured::NoCall) => Err(Problem::not_found()),
        Err(NotCaptured::Runs) => {
            let detail = "This call is being captured already: end that first.";
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
        Err(NotCaptured::TooMany) => {
            let detail = "As many calls are being captured as the box can: end another one first.";
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

/// Ends the capture of a call. The call goes on; the file is complete a second later.
#[utoipa::path(
    delete,
    path = "/calls/{id}/capture",
    tag = "captures",
    operation_id = "stop_capturing_call",
    params(("id" = CallId, Path, description = "The call.")),
    responses((status = 204, description = "The capture is being ended.")),
)]
pub(crate) async fn end(
    State(app): State<App>,
    caller: Identity,
    Named(call): Named<CallId>,
) -> Result<StatusCode, Problem> {
    match app.backend.stop_capture(call, &caller.actor()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// The captures, newest first. They are deleted after the days that the settings say, the oldest earlier
/// when all of them are larger than the settings allow.
#[utoipa::path(
    get,
    path = "/captures",
    tag = "captures",
    operation_id = "list_captures",
    params(Filter),
    responses((status = 200, description = "A page of captures.", body = Page<Capture>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Capture>>, Problem> {
    Ok(Json(filter.page(app.backend.captures().await?)?))
}

/// What is known of one capture.
#[utoipa::path(
    get,
    path = "/captures/{id}",
    tag = "captures",
    operation_id = "read_capture",
    params(("id" = CaptureId, Path, description = "The capture.")),
    responses((status = 200, description = "The capture.", body = Capture)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Named(id): Named<CaptureId>,
) -> Result<Json<Capture>, Problem> {
    app.backend.capture(id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// The packets of one capture; of one that runs, as far as they are written. It is noted who took them.
/// Decrypted ones are only for somebody who has logged in with a password.
#[utoipa::path(
    get,
    path = "/captures/{id}/packets",
    tag = "captures",
    operation_id = "read_capture_packets",
    params(("id" = CaptureId, Path, description = "The capture.")),
    responses((
        status = 200,
        description = "A pcapng file.",
        content_type = "application/vnd.tcpdump.pcap",
        body = String
    )),
)]
pub(crate) async fn packets(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<CaptureId>,
) -> Result<Response, Problem> {
    let capture = app.backend.capture(id).await?.ok_or_else(Problem::not_found)?;
    if capture.decrypted {
        owner(&caller)?;
    }
    let file = app.backend.capture_file(&capture, &caller.actor()).await?;
    let file = file.ok_or_else(Problem::not_found)?;
    let headers = described(&capture.file_name(), "application/vnd.tcpdump.pcap");
    let file = Content::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)));
    Ok((headers, file).into_response())
}

/// Removes a capture that has ended.
#[utoipa::path(
    delete,
    path = "/captures/{id}",
    tag = "captures",
    operation_id = "delete_capture",
    params(("id" = CaptureId, Path, description = "The capture.")),
    responses((status = 204, description = "It is gone.")),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<CaptureId>,
) -> Result<StatusCode, Problem> {
    let capture = app.backend.capture(id).await?.ok_or_else(Problem::not_found)?;
    demand_over(&capture)?;
    match app.backend.delete_capture(&capture, &caller.actor()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// What people said to each other under a key is for an owner's eyes: somebody who has just proved to
/// know the password, and not a script that somebody once gave a token.
fn owner(caller: &Identity) -> Result<(), Problem> {
    match caller.token.kind {
        TokenKind::Session => Ok(()),
        TokenKind::Api => {
            let detail = "Decrypted captures are for an owner of the box who has logged in with a \
                          password. A token cannot have them.";
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        }
    }
}

/// Long enough for most faults to show themselves.
const SECONDS: u32 = 300;
