//! Taking possession of a new box: `/api/v1/setup`.

use crate::access::Source;
use crate::body::Body;
use crate::problem::Problem;
use crate::router::App;
use crate::session::{self, LoggedIn};
use crate::{Account, Ports, Role, password, secret};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use config::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the set-up is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Setup {
    /// The box has an administrator.
    claimed: bool,
    /// The set-up wizard was walked to its end.
    wizard_done: bool,
    /// The version of the daemon.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Where phones reach the box.
    ports: Ports,
}

/// Who takes possession of the box.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// The one-time code that the daemon printed at its first start, also in `claim-code` in its
    /// data folder.
    #[schema(value_type = String, write_only)]
    claim_code: Secret,
    /// The name of the first administrator, at most 64 characters.
    #[schema(example = "admin", max_length = 64)]
    name: String,
    /// The password, at least 10 characters.
    #[schema(value_type = String, write_only, min_length = 10)]
    password: Secret,
}

/// Tells how far the set-up is. Needs no log-in.
#[utoipa::path(
    get,
    path = "/setup",
    tag = "setup",
    operation_id = "read_setup",
    responses((status = 200, description = "How far the set-up is.", body = Setup)),
)]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<Setup>, Problem> {
    let claimed = app.backend.claimed().await?;
    let wizard_done = app.backend.config().settings.wizard_done;
    let (version, ports) = (app.backend.health().version, app.backend.ports());
    Ok(Json(Setup { claimed, wizard_done, version, ports }))
}

/// Makes the first administrator with the claim code, which counts once, and logs in.
#[utoipa::path(
    post,
    path = "/setup/claim",
    tag = "setup",
    operation_id = "claim",
    request_body = Claim,
    responses((status = 201, description = "Claimed, and logged in.", body = LoggedIn)),
)]
pub(crate) async fn claim(
    State(app): State<App>,
    Source(source): Source,
    Body(claim): Body<Claim>,
) -> Result<Response, Problem> {
    let Some(code) = app.backend.claim_code() else { return Err(claimed_already()) };
    let name = account_name(&claim.name)?;
    password::check("password", &claim.password)?;
    session::brake(&app, source)?;
    if !secret::same(&bare(&claim.claim_code), &bare(&code)) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "This is not the claim code."));
    }
    app.brake.was_right(source);
    let password_hash = app.passwords.hash(claim.password).await?;
    let account = Account { name, password_hash, role: Role::Administrator };
    if !app.backend.claim(account.clone()).await? {
        return Err(claimed_already());
    }
    session::begin(&app, &account).await
}

fn claimed_already() -> Problem {
    let detail = "This box has an administrator already: log in. \
                  `strowgerd reset-admin` helps when the password is lost.";
    Problem::new(StatusCode::CONFLICT, detail)
}

fn account_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Err(Problem::field("name", format!("1 to {LONGEST_NAME} characters")));
    }
    if name.chars().any(char::is_control) {
        return Err(Problem::field("name", "no control characters"));
    }
    Ok(name.to_owned())
}

/// A code as people copy it: dashes, spaces and capitals are only for the eye.
fn bare(code: &Secret) -> String {
    let letters = code.reveal().chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

const LONGEST_NAME: usize = 64;
