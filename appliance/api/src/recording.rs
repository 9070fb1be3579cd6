//! Recordings of calls: `/api/v1/calls/{id}/recording` and `/api/v1/recordings`.

use crate::access::Identity;
use crate::backend::{NotRecorded, RecordRequest};
use crate::body::{Body, Named, Params};
use crate::kept::{Filter, demand_over, described};
use crate::page::Page;
use crate::problem::Problem;
use crate::range;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use call::{CallId, Container, Layout, Recording, RecordingId};
use serde::Deserialize;
use utoipa::ToSchema;

/// What the recording is to be; Opus with the sides apart if left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordingInput {
    /// What the file is.
    container: Container,
    /// What is on its channels.
    layout: Layout,
}

/// Records a call from now on. A recording that runs goes on and is shown.
#[utoipa::path(
    post,
    path = "/calls/{id}/recording",
    tag = "recordings",
    operation_id = "record_call",
    params(("id" = CallId, Path, description = "The call.")),
    request_body = RecordingInput,
    responses((status = 201, description = "It is being recorded.", body = Recording)),
)]
pub(crate) async fn begin(
    State(app): State<App>,
    caller: Identity,
    Named(call): Named<CallId>,
    Body(wanted): Body<RecordingInput>,
) -> Result<(StatusCode, Json<Recording>), Problem> {
    let RecordingInput { container, layout } = wanted;
    let request = RecordRequest { call, container, layout, actor: caller.actor() };
    match app.backend.record_call(request).await? {
        Ok(recording) => Ok((StatusCode::CREATED, Json(recording))),
        Err(NotRecorded::NoCall) => Err(Problem::not_found()),
        Err(NotRecorded::Quiet) => {
            let detail = "Nobody talks in this call yet: record it when it is answered.";
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

/// Ends the recording of a call. The call goes on.
#[utoipa::path(
    delete,
    path = "/calls/{id}/recording",
    tag = "recordings",
    operation_id = "stop_recording_call",
    params(("id" = CallId, Path, description = "The call.")),
    responses((status = 204, description = "The recording is being ended.")),
)]
pub(crate) async fn end(
    State(app): State<App>,
    caller: Identity,
    Named(call): Named<CallId>,
) -> Result<StatusCode, Problem> {
    match app.backend.stop_recording(call, &caller.actor()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// The recordings, newest first.
#[utoipa::path(
    get,
    path = "/recordings",
    tag = "recordings",
    operation_id = "list_recordings",
    params(Filter),
    responses((status = 200, description = "A page of recordings.", body = Page<Recording>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Recording>>, Problem> {
    Ok(Json(filter.page(app.backend.recordings().await?)?))
}

/// What is known of one recording.
#[utoipa::path(
    get,
    path = "/recordings/{id}",
    tag = "recordings",
    operation_id = "read_recording",
    params(("id" = RecordingId, Path, description = "The recording.")),
    responses((status = 200, description = "The recording.", body = Recording)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Named(id): Named<RecordingId>,
) -> Result<Json<Recording>, Problem> {
    app.backend.recording(id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// The sound of one recording; of one that runs, as far as it is written. A range of octets may be
/// asked for (RFC 9110 §14). It is noted who took it.
#[utoipa::path(
    get,
    path = "/recordings/{id}/sound",
    tag = "recordings",
    operation_id = "read_recording_sound",
    params(("id" = RecordingId, Path, description = "The recording.")),
    responses(
        (status = 200, description = "The file.", content_type = "audio/ogg", body = String),
        (status = 206, description = "The part of it.", content_type = "audio/ogg", body = String),
        (status = 416, description = "Nothing of it is in this range."),
    ),
)]
pub(crate) async fn sound(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<RecordingId>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let recording = app.backend.recording(id).await?.ok_or_else(Problem::not_found)?;
    let file = app.backend.recording_file(&recording, &caller.actor()).await?;
    let file = file.ok_or_else(Problem::not_found)?;
    let headers = described(&recording.file_name(), recording.container.media_type());
    let sound = range::answer(file, &asked).await.map_err(|_| Problem::not_found())?;
    Ok((headers, sound).into_response())
}

/// Removes a recording that has ended.
#[utoipa::path(
    delete,
    path = "/recordings/{id}",
    tag = "recordings",
    operation_id = "delete_recording",
    params(("id" = RecordingId, Path, description = "The recording.")),
    responses((status = 204, description = "It is gone.")),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<RecordingId>,
) -> Result<StatusCode, Problem> {
    let recording = app.backend.recording(id).await?.ok_or_else(Problem::not_found)?;
    demand_over(&recording)?;
    match app.backend.delete_recording(&recording, &caller.actor()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
