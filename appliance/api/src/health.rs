//! Whether the box can do its work: `/api/v1/health`.

use crate::router::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether the box can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// In one word.
    status: HealthStatus,
    /// SIP is listened for.
    sip: bool,
    /// The claim code is written, or was taken.
    claim: bool,
    /// The database takes writes. Calls go on without it.
    store: bool,
    /// Every uploaded sound that is in use can be played. Where one cannot, callers hear the box's own
    /// music and tones; the page *Sounds* says which one, and the log what to do.
    sounds: bool,
}

/// Whether the box can do its work, in one word.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    /// All is well.
    Ok,
    /// Calls go on, but nothing can be changed, or a sound is missing.
    Degraded,
    /// Not yet.
    Starting,
}

/// Tells whether the box can do its work. Needs no log-in.
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    operation_id = "read_health",
    responses(
        (status = 200, description = "It can.", body = Health),
        (status = 503, description = "It cannot, or not yet.", body = Health),
    ),
)]
pub(crate) async fn read(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let crate::Health { sip, claim, store, sounds, .. } = app.backend.health();
    let (code, status) = match (sip && claim, store && sounds) {
        (true, true) => (StatusCode::OK, HealthStatus::Ok),
        (true, false) => (StatusCode::OK, HealthStatus::Degraded),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, HealthStatus::Starting),
    };
    (code, Json(Health { status, sip, claim, store, sounds }))
}
