//! Sounds that are uploaded, to be a tenant's music: `/api/v1/sounds`.

use crate::access::Identity;
use crate::backend::NotTaken;
use crate::body::{Named, Params};
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use call::Upload;
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;

/// What is known of a new sound.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct New {
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
    let name = name.trim().to_owned();
    if !(1..=80).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Problem::field("name", "1 to 80 characters"));
    }
    let octets = read(request.into_body()).await?;
    match app.backend.add_sound(name, octets, caller.actor()).await? {
        Ok(upload) => Ok((StatusCode::CREATED, Json(upload))),
        Err(NotTaken(why)) => Err(Problem::field("file", why)),
    }
}

/// Removes a sound that is nobody's music.
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
) -> Result<StatusCode, Problem> {
    let mut sounds = app.backend.sounds().await?.into_iter();
    let upload = sounds.find(|it| it.id == id).ok_or_else(Problem::not_found)?;
    if let Some(tenant) = app.backend.config().tenants.values().find(|it| it.music == Some(id)) {
        let detail = format!("It is the music of {}.", tenant.name);
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    match app.backend.delete_sound(&upload, &caller.actor()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Problem> {
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
