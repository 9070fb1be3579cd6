//! Conferences in which somebody is: `/api/v1/conferences`.

use crate::body::{Body, Placed};
use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use call::{CallId, Conference, Member, Moderation};

/// The conferences in which somebody is, with their members.
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

/// Lets a member be heard otherwise: not at all, or louder or softer than he is. It holds until he
/// leaves the conference.
#[utoipa::path(
    patch,
    path = "/conferences/{id}/members/{call}",
    tag = "conferences",
    operation_id = "moderate_conference_member",
    params(
        ("id" = u32, Path, description = "The id of the number that leads to the conference."),
        ("call" = CallId, Path, description = "The call by which he is there."),
    ),
    request_body = Moderation,
    responses((status = 200, description = "How he is heard from now on.", body = Member)),
)]
pub(crate) async fn moderate(
    State(app): State<App>,
    Placed((conference, call)): Placed<(u32, CallId)>,
    Body(moderation): Body<Moderation>,
) -> Result<Json<Member>, Problem> {
    let most = Moderation::MOST_GAIN;
    if moderation.gain.is_some_and(|gain| !(-most..=most).contains(&gain)) {
        return Err(Problem::field("gain", format!("must be from -{most} to {most}")));
    }
    let member = app.backend.moderate(conference, call, moderation).await?;
    member.map(Json).ok_or_else(Problem::not_found)
}

/// Takes a member out: his call is ended.
#[utoipa::path(
    delete,
    path = "/conferences/{id}/members/{call}",
    tag = "conferences",
    operation_id = "take_out_conference_member",
    params(
        ("id" = u32, Path, description = "The id of the number that leads to the conference."),
        ("call" = CallId, Path, description = "The call by which he is there."),
    ),
    responses((status = 204, description = "His call is being ended.")),
)]
pub(crate) async fn take_out(
    State(app): State<App>,
    Placed((conference, call)): Placed<(u32, CallId)>,
) -> Result<StatusCode, Problem> {
    if app.backend.take_out(conference, call).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found())
}
