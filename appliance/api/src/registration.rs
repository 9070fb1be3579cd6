//! Registered phones: `/api/v1/registrations`.

use crate::body::Params;
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use call::Registration;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// At most so many, 1 to 500; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Only phones of this extension.
    number: Option<String>,
}

/// The phones that are registered.
#[utoipa::path(
    get,
    path = "/registrations",
    tag = "registrations",
    operation_id = "list_registrations",
    params(Filter),
    responses((status = 200, description = "A page of phones.", body = Page<Registration>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<Arc<Registration>>>, Problem> {
    let window = Window::new(filter.limit, filter.cursor.as_deref())?;
    let mut phones = app.backend.registrations().await?;
    phones.sort_by_key(|phone| phone.id);
    phones.retain(|phone| filter.number.as_deref().is_none_or(|number| phone.number == number));
    Ok(Json(Page::cut(phones.into_iter().map(|phone| (phone.id.0, phone)), &window)))
}
