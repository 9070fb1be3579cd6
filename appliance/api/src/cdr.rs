//! Call records: `/api/v1/cdrs`.

use crate::body::{Named, Params};
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use crate::{CdrPage, CdrQuery};
use axum::Json;
use axum::extract::State;
use call::{CallId, CallRecord, Search, UnixMillis};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which records are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// At most so many, 1 to 500; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Only calls that began at this time or later, in milliseconds since 1970 (UTC).
    after: Option<u64>,
    /// Only calls that began before this time, in milliseconds since 1970 (UTC).
    before: Option<u64>,
    /// Only calls in whose numbers or names this is found: a part is enough, as one types it, with
    /// spaces, in either case, in the national or the international form.
    number: Option<String>,
}

/// Call records, newest first. A call has its record from the INVITE on. A search among very many
/// may answer a page with few records or none though `next` says that there are more to look at.
#[utoipa::path(
    get,
    path = "/cdrs",
    tag = "calls",
    operation_id = "list_cdrs",
    params(Filter),
    responses((status = 200, description = "A page of records.", body = Page<CallRecord>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<CallRecord>>, Problem> {
    let window: Window<CallId> = Window::new(filter.limit, filter.cursor.as_deref())?;
    let query = CdrQuery {
        before: window.after,
        from: filter.after.map(UnixMillis),
        to: filter.before.map(UnixMillis),
        search: filter.number.and_then(|typed| search(&app, &typed)),
        limit: window.limit.saturating_add(1),
    };
    let CdrPage { records, searched } = app.backend.records(query).await?;
    let records = records.into_iter().map(|record| (record.id, record));
    let mut page = Page::first(records, window.limit);
    page.next = page.next.or_else(|| searched.map(|id| id.to_string()));
    Ok(Json(page))
}

/// What finds the calls that somebody looks for with this.
pub(crate) fn search(app: &App, typed: &str) -> Option<Search> {
    let zone = app.backend.config().settings.country.zone();
    let e164 = Search::number(typed).and_then(|digits| zone.begun_e164(&digits));
    Some(Search::of(typed)?.or(e164.as_deref()))
}

/// The record of one call.
#[utoipa::path(
    get,
    path = "/cdrs/{id}",
    tag = "calls",
    operation_id = "read_cdr",
    params(("id" = CallId, Path, description = "The call.")),
    responses((status = 200, description = "The record.", body = CallRecord)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    Named(id): Named<CallId>,
) -> Result<Json<CallRecord>, Problem> {
    app.backend.record(id).await?.map(Json).ok_or_else(Problem::not_found)
}
