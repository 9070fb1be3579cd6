//! Conferences in which somebody is: `/api/v1/conferences`.

use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use call::Conference;

/// The conferences in which somebody is, with their members. To take one out, end his call.
#[utoipa::path(
    get,
    path = "/conferences",
    tag = "conferences",
    operation_id = "list_conferences",
    responses((status = 200, description = "All of them.", body = Page<Conference>)),
)]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Page<Conference>>, Problem> {
    Ok(Json(Page::whole(app.backend.conferences().await?)))
}
