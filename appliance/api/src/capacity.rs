//! How much the box can carry, and how much of that is in use: `/api/v1/capacity`.

use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use call::Load;

/// What the box measured of itself, and what the calls take of that.
#[utoipa::path(
    get,
    path = "/capacity",
    tag = "box",
    operation_id = "read_capacity",
    responses((status = 200, description = "Prices, budget and use.", body = Load)),
)]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<Load>, Problem> {
    Ok(Json(app.backend.load().await?))
}

/// Measures it anew, which takes about a second of one core. Calls go on meanwhile.
#[utoipa::path(
    post,
    path = "/capacity/measure",
    tag = "box",
    operation_id = "measure_capacity",
    responses((status = 200, description = "As measured.", body = Load)),
)]
pub(crate) async fn measure(State(app): State<App>) -> Result<Json<Load>, Problem> {
    Ok(Json(app.backend.measure().await?))
}
