//! "Who would this reach?": `/api/v1/route-check`.

use crate::body::{self, Body};
use crate::problem::Problem;
use crate::router::App;
use axum::Json;
use axum::extract::State;
use call::{RouteQuestion, RouteReport};
use config::TrunkId;
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
    let config = app.backend.config();
    let trunk = question.trunk.and_then(|id| config.trunks.get(&TrunkId(id)));
    if question.trunk.is_some() && trunk.is_none() {
        return Err(Problem::field("trunk", "there is no such trunk"));
    }
    let by_line = trunk.is_some_and(|trunk| trunk.isdn.is_some());
    let asked =
        [("slot", question.slot.is_some()), ("number_type", question.number_type.is_some())];
    if let Some((field, _)) = asked.into_iter().find(|(_, asked)| *asked && !by_line) {
        return Err(Problem::field(field, "only a call from a digital line has this"));
    }
    if question.slot.is_some_and(|slot| !(1..=LAST_SLOT).contains(&slot)) {
        return Err(Problem::field("slot", format!("a timeslot from 1 to {LAST_SLOT}")));
    }
    question.at.get_or_insert_with(|| app.backend.now());
    Ok(Json(app.backend.route_check(question).await?))
}

/// More than any number has; names of SIP users may be dialled too.
const LONGEST: usize = 64;
/// The last timeslot of an E1 (ITU-T G.704); those of a T1 end before.
const LAST_SLOT: u8 = 31;
