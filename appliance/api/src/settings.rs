//! Settings of the box: `/api/v1/settings`.

use crate::access::Identity;
use crate::body::{self, Body};
use crate::problem::Problem;
use crate::router::App;
use crate::{etag, shape};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use config::{Change, Entry, Settings};
use serde_json::Value;

/// The settings of the box.
#[utoipa::path(
    get,
    path = "/settings",
    tag = "settings",
    operation_id = "read_settings",
    responses(
        (status = 200, description = "The settings.", body = shape::Settings,
            headers(("ETag" = String, description = "Their revision."))),
        (status = 304, description = "Still those of If-None-Match."),
    ),
)]
pub(crate) async fn read(State(app): State<App>, headers: HeaderMap) -> Response {
    let config = app.backend.config();
    let tag = etag::of(config.settings.revision);
    if tag.to_str().is_ok_and(|tag| etag::is_known(&headers, tag)) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    shown(&config.settings)
}

/// Replaces the settings. What is left out gets its default.
#[utoipa::path(
    put,
    path = "/settings",
    tag = "settings",
    operation_id = "replace_settings",
    request_body = shape::Settings,
    params(("If-Match" = Option<String>, Header, description = "The ETag that was read.")),
    responses((status = 200, description = "The settings as they are now.", body = shape::Settings)),
)]
pub(crate) async fn replace(
    State(app): State<App>,
    identity: Identity,
    headers: HeaderMap,
    Body(body): Body<Value>,
) -> Result<Response, Problem> {
    let settings: Settings = body::strict(body)?;
    let expect = etag::if_match(&headers, app.backend.config().settings.revision)?;
    let change = Change::Put(Entry::Settings(settings), expect);
    let accepted = app.backend.change(change, &identity.actor()).await?;
    Ok(shown(&accepted.config.settings))
}

fn shown(settings: &Settings) -> Response {
    ([(header::ETAG, etag::of(settings.revision))], Json(settings)).into_response()
}
