//! "Who would this reach?": `/api/v1/route-check`.

use crate::body::{self, Body};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use call::{RouteQuestion, RouteReport};
use serde_json::Value;

/// Asks the router where a call would go, and why. No call is placed.
#[utoipa::path(
    post,
    path = "/route-check",
    tag = "routes",
    operation_id = "check_route",
    request_body = RouteQuestion,
    responses((status = 200, description = "What would become of the call.", body = RouteReport)),
)]
pub(crate) async fn check(
    State(app): State<App>,
    Body(body): Body<Value>,
) -> Result<Json<RouteReport>, Problem> {
    let mut question: RouteQuestion = body::strict(body)?;
    for (field, number) in [("from", &question.from), ("to", &question.to)] {
        if number.trim().is_empty() {
            return Err(Problem::field(field, "type a number"));
        }
        if number.len() > LONGEST {
            return Err(Problem::field(field, format!("at most {LONGEST} characters")));
        }
    }
    question.at.get_or_insert_with(|| app.backend.now());
    Ok(Json(app.backend.route_check(question).await?))
}

/// More than any number has; names of SIP users may be dialled too.
const LONGEST: usize = 64;
