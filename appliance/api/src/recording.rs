//! Recordings of calls: `/api/v1/calls/{id}/recording` and `/api/v1/recordings`.

use crate::access::Identity;
use crate::backend::{NotRecorded, RecordRequest};
use crate::body::{Body, Named, Params};
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::body::Body as Content;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use call::{CallId, Container, Layout, Recording, RecordingId};
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

/// What the recording is to be; Opus with the sides apart if left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordingInput {
    /// What the file is.
    container: Container,
    /// What is on its channels.
    layout: Layout,
}

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// At most so many, 1 to 500; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Only those of this call.
    #[param(value_type = Option<String>)]
    call: Option<CallId>,
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
    let window = Window::new(filter.limit, filter.cursor.as_deref())?;
    let mut recordings = app.backend.recordings().await?;
    recordings.retain(|it| filter.call.is_none_or(|call| call == it.call));
    // The cursor counts backwards, as the list does.
    let by_age = recordings.into_iter().map(|it| (u64::MAX - it.id.0, it));
    Ok(Json(Page::cut(by_age, &window)))
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

/// The sound of one recording; of one that runs, as far as it is written. It is noted who took it.
#[utoipa::path(
    get,
    path = "/recordings/{id}/sound",
    tag = "recordings",
    operation_id = "read_recording_sound",
    params(("id" = RecordingId, Path, description = "The recording.")),
    responses((status = 200, description = "The file.", content_type = "audio/ogg", body = String)),
)]
pub(crate) async fn sound(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<RecordingId>,
) -> Result<Response, Problem> {
    let recording = app.backend.recording(id).await?.ok_or_else(Problem::not_found)?;
    let file = app.backend.recording_file(&recording, &caller.actor()).await?;
    let file = tokio::fs::File::from_std(file.ok_or_else(Problem::not_found)?);
    let name = format!("attachment; filename=\"{}\"", recording.file_name());
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let media_type = HeaderValue::from_static(recording.container.media_type());
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Content::from_stream(ReaderStream::new(file))).into_response())
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
    if recording.ended.is_none() {
        let detail = "It is still being recorded: end that first.";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    match app.backend.delete_recording(&recording, &caller.actor()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
