//! Sounds that are uploaded, to be played as music, announcements and prompts: `/api/v1/sounds`.

use crate::access::Identity;
use crate::backend::{InUse, NotTaken};
use crate::body::{self, Body as Sent, Named, Params};
use crate::etag;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use call::Upload;
use config::Revision;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

/// What is known of a new sound.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct New {
    /// What people call it, 1 to 80 characters.
    name: String,
}

/// A sound under another name.
#[derive(ToSchema)]
#[allow(dead_code)] // for the document: what else is sent is looked at as well
pub(crate) struct Renamed {
    /// What people call it, 1 to 80 characters.
    name: String,
}

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// At most so many, 1 to 500; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The sounds that were uploaded, oldest first.
#[utoipa::path(
    get,
    path = "/sounds",
    tag = "sounds",
    operation_id = "list_sounds",
    params(Filter),
    responses((status = 200, description = "A page of sounds.", body = Page<Upload>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Upload>>, Problem> {
    let window = Window::new(filter.limit, filter.cursor.as_deref())?;
    let by_id = app.backend.sounds().await?.into_iter().map(|it| (u64::from(it.id), it));
    Ok(Json(Page::cut(by_id, &window)))
}

/// Uploads a sound: a WAV file (linear, A-law, µ-law) or Ogg Opus, at most ten minutes.
#[utoipa::path(
    post,
    path = "/sounds",
    tag = "sounds",
    operation_id = "upload_sound",
    params(New),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, description = "It can be played.", body = Upload)),
)]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Identity,
    Params(New { name }): Params<New>,
    request: Request,
) -> Result<(StatusCode, Json<Upload>), Problem> {
    let name = fit(&name)?;
    let octets = take(request.into_body()).await?;
    match app.backend.add_sound(name, octets, caller.actor()).await? {
        Ok(upload) => Ok((StatusCode::CREATED, Json(upload))),
        Err(NotTaken(why)) => Err(Problem::field("file", why)),
    }
}

/// What is known of one sound.
#[utoipa::path(
    get,
    path = "/sounds/{id}",
    tag = "sounds",
    operation_id = "read_sound",
    params(("id" = u32, Path, description = "The sound.")),
    responses((status = 200, description = "The sound.", body = Upload)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Named(id): Named<u32>,
) -> Result<Response, Problem> {
    app.backend.sound(id).await?.map(shown).ok_or_else(Problem::not_found)
}

/// Gives a sound another name. Nothing else of it changes: what else is sent must be as it is.
#[utoipa::path(
    put,
    path = "/sounds/{id}",
    tag = "sounds",
    operation_id = "rename_sound",
    params(("id" = u32, Path, description = "The sound.")),
    request_body = Renamed,
    responses((status = 200, description = "It has that name.", body = Upload)),
)]
pub(crate) async fn rename(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<u32>,
    headers: HeaderMap,
    Sent(mut sent): Sent<Map<String, Value>>,
) -> Result<Response, Problem> {
    let upload = app.backend.sound(id).await?.ok_or_else(Problem::not_found)?;
    etag::if_match(&headers, Revision(upload.revision))?;
    let name = sent.remove("name").ok_or_else(|| Problem::field("name", "this is missing"))?;
    let name = body::typed::<String>(name).map_err(|_| Problem::field("name", "a text"))?;
    let name = fit(&name)?;
    let known = serde_json::to_value(&upload).unwrap_or_default();
    sent.remove("revision");
    if let Some((field, _)) = sent.iter().find(|(field, value)| known.get(field) != Some(value)) {
        return Err(Problem::field(field, "this cannot be changed"));
    }
    let renamed = app.backend.rename_sound(&upload, name, &caller.actor()).await?;
    renamed.map(shown).ok_or_else(Problem::outdated)
}

/// The file of one sound, as it was uploaded.
#[utoipa::path(
    get,
    path = "/sounds/{id}/file",
    tag = "sounds",
    operation_id = "read_sound_file",
    params(("id" = u32, Path, description = "The sound.")),
    responses((status = 200, description = "The file.", content_type = "audio/ogg", body = String)),
)]
pub(crate) async fn file(
    State(app): State<App>,
    Named(id): Named<u32>,
) -> Result<Response, Problem> {
    let upload = app.backend.sound(id).await?.ok_or_else(Problem::not_found)?;
    let (media_type, suffix) = (upload.container.media_type(), upload.container.suffix());
    let name = format!("attachment; filename=\"sound-{id}.{suffix}\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let file = app.backend.sound_file(upload).await?.ok_or_else(Problem::not_found)?;
    let content = Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)));
    let media_type = HeaderValue::from_static(media_type);
    let headers = [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, content).into_response())
}

/// Removes a sound that nothing plays.
#[utoipa::path(
    delete,
    path = "/sounds/{id}",
    tag = "sounds",
    operation_id = "delete_sound",
    params(("id" = u32, Path, description = "The sound.")),
    responses((status = 204, description = "It is gone.")),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Identity,
    Named(id): Named<u32>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let upload = app.backend.sound(id).await?.ok_or_else(Problem::not_found)?;
    etag::if_match(&headers, Revision(upload.revision))?;
    match app.backend.delete_sound(&upload, &caller.actor()).await? {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Problem::not_found()),
        Err(InUse(user)) => {
            let detail = format!("It is still played by {user}: change that first.");
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

fn shown(upload: Upload) -> Response {
    let tag = etag::of(Revision(upload.revision));
    (StatusCode::OK, [(header::ETAG, tag)], Json(upload)).into_response()
}

fn fit(name: &str) -> Result<String, Problem> {
    let name = name.trim().to_owned();
    if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Problem::field("name", "1 to 80 characters"));
    }
    Ok(name)
}

async fn take(body: Body) -> Result<Vec<u8>, Problem> {
    let reading = axum::body::to_bytes(body, Upload::LARGEST);
    let Ok(read) = tokio::time::timeout(PATIENCE, reading).await else {
        return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "The file came too slowly."));
    };
    let octets = read.map_err(|_| {
        let detail = format!("The file is too large: at most {} MB.", Upload::LARGEST >> 20);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    })?;
    Ok(octets.into())
}

/// How long a file may take to arrive.
const PATIENCE: Duration = Duration::from_secs(300);
