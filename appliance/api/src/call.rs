//! Calls that are up or being placed: `/api/v1/calls`.

use crate::body::{Named, Params};
use crate::cdr::search;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use call::{CallId, CallRecord};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// At most so many, 1 to 500; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Only calls in whose numbers or names this is found: a part is enough.
    number: Option<String>,
}

/// The calls that are up or being placed, oldest first.
#[utoipa::path(
    get,
    path = "/calls",
    tag = "calls",
    operation_id = "list_calls",
    params(Filter),
    responses((status = 200, description = "A page of calls.", body = Page<CallRecord>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<CallRecord>>, Problem> {
    let window = Window::new(filter.limit, filter.cursor.as_deref())?;
    let mut calls = app.backend.calls().await?;
    calls.sort_by_key(|call| call.id);
    if let Some(search) = filter.number.and_then(|typed| search(&app, &typed)) {
        calls.retain(|call| search.finds(&call.search_text()));
    }
    Ok(Json(Page::cut(calls.into_iter().map(|call| (call.id, call)), &window)))
}

/// One call that is up or being placed.
#[utoipa::path(
    get,
    path = "/calls/{id}",
    tag = "calls",
    operation_id = "read_call",
    params(("id" = CallId, Path, description = "The call.")),
    responses((status = 200, description = "The call.", body = CallRecord)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Named(id): Named<CallId>,
) -> Result<Json<CallRecord>, Problem> {
    app.backend.call(id).await?.map(Json).ok_or_else(Problem::not_found)
}

/// Hangs up.
#[utoipa::path(
    delete,
    path = "/calls/{id}",
    tag = "calls",
    operation_id = "hang_up_call",
    params(("id" = CallId, Path, description = "The call.")),
    responses((status = 204, description = "The call is being ended.")),
)]
pub(crate) async fn hang_up(
    State(app): State<App>,
    Named(id): Named<CallId>,
) -> Result<StatusCode, Problem> {
    if app.backend.hang_up(id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found())
}
