//! Logging in and out: `/api/v1/session`.

use crate::access::{self, COOKIE, Identity, Source};
use crate::body::Body;
use crate::entry::no_random;
use crate::problem::Problem;
use crate::router::App;
use crate::{Account, Role, Token, TokenKind, password, secret};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use call::UnixMillis;
use config::Secret;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Who wants to log in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// The account's name.
    #[schema(example = "admin")]
    name: String,
    /// Its password.
    #[schema(value_type = String, write_only)]
    password: Secret,
}

/// A log-in, and the only answer that shows its token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoggedIn {
    /// For `Authorization: Bearer`. A browser has it in its cookie and need not keep it.
    token: String,
    #[serde(flatten)]
    session: Session,
}

/// A log-in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// The account's name.
    #[schema(example = "admin")]
    name: String,
    /// What it may do.
    role: Role,
    /// What `X-CSRF-Token` must say when the cookie is used to change something.
    csrf: String,
    /// When the log-in ends by itself; `null` never.
    #[schema(required)]
    expires: Option<UnixMillis>,
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The password as it was.
    #[schema(value_type = String, write_only)]
    password: Secret,
    /// The one to use from now on, at least 10 characters.
    #[schema(value_type = String, write_only, min_length = 10)]
    new_password: Secret,
}

/// Logs in. Answers with a token, and for browsers with a cookie. After five wrong passwords the
/// address that they came from has to wait, longer each time.
#[utoipa::path(
    post,
    path = "/session",
    tag = "session",
    operation_id = "log_in",
    request_body = LogIn,
    responses((status = 201, description = "Logged in.", body = LoggedIn)),
)]
pub(crate) async fn log_in(
    State(app): State<App>,
    Source(source): Source,
    Body(wanted): Body<LogIn>,
) -> Result<Response, Problem> {
    brake(&app, source)?;
    let account = app.backend.account(&wanted.name).await?;
    let kept = account.as_ref().map(|account| account.password_hash.clone());
    let right = app.passwords.verify(wanted.password, kept).await?;
    let Some(account) = account.filter(|_| right) else {
        tracing::info!("a log-in failed");
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "The name or the password is wrong."));
    };
    app.brake.was_right(source);
    begin(&app, &account).await
}

/// Tells who is logged in.
#[utoipa::path(
    get,
    path = "/session",
    tag = "session",
    operation_id = "read_session",
    responses((status = 200, description = "The log-in.", body = Session)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    identity: Identity,
) -> Result<Json<Session>, Problem> {
    let account = own_account(&app, &identity).await?;
    let Identity { token, csrf, .. } = identity;
    Ok(Json(Session { name: account.name, role: account.role, csrf, expires: token.expires }))
}

/// Logs out: the token that was sent counts no longer.
#[utoipa::path(
    delete,
    path = "/session",
    tag = "session",
    operation_id = "log_out",
    responses((status = 204, description = "Logged out.")),
)]
pub(crate) async fn log_out(
    State(app): State<App>,
    identity: Identity,
) -> Result<Response, Problem> {
    app.backend.delete_token(identity.token.hash).await?;
    let cookie = HeaderValue::try_from(format!("{COOKIE}=; {COOKIE_RULES}; Max-Age=0"));
    let headers: HeaderMap = cookie.into_iter().map(|it| (header::SET_COOKIE, it)).collect();
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Changes one's own password. Every other log-in of the account ends; its API tokens stay.
#[utoipa::path(
    put,
    path = "/session/password",
    tag = "session",
    operation_id = "change_password",
    request_body = NewPassword,
    responses((status = 204, description = "Changed.")),
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    identity: Identity,
    Body(wanted): Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    password::check("new_password", &wanted.new_password)?;
    let account = own_account(&app, &identity).await?;
    let kept = Some(account.password_hash.clone());
    if !app.passwords.verify(wanted.password, kept).await? {
        return Err(Problem::field("password", "this is not the password"));
    }
    let password_hash = app.passwords.hash(wanted.new_password).await?;
    app.backend.put_account(Account { password_hash, ..account }).await?;
    for token in app.backend.tokens(&identity.token.account).await? {
        if token.kind == TokenKind::Session && token.hash != identity.token.hash {
            app.backend.delete_token(token.hash).await?;
        }
    }
    tracing::info!(account = identity.token.account, "the password was changed");
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a guess through, or says how long to wait.
pub(crate) fn brake(app: &App, source: IpAddr) -> Result<(), Problem> {
    app.brake.guess(source, Instant::now()).map_err(|wait| {
        tracing::debug!(%source, ?wait, "a source of wrong guesses has to wait");
        let detail = "Too many wrong guesses came from this address: wait a little.";
        Problem::later(StatusCode::TOO_MANY_REQUESTS, detail, wait)
    })
}

/// Begins a session of somebody who has proved who he is.
pub(crate) async fn begin(app: &App, account: &Account) -> Result<Response, Problem> {
    let text = secret::hex_token().map_err(|_| no_random())?;
    let created = app.backend.now();
    let token = Token {
        hash: access::hash(&text),
        account: account.name.clone(),
        kind: TokenKind::Session,
        label: String::new(),
        created,
        expires: Some(created.after(LASTS)),
    };
    forget_old(app, account).await?;
    app.backend.put_token(token.clone()).await?;
    tracing::info!(account = account.name, "logged in");
    let session = Session {
        name: account.name.clone(),
        role: account.role,
        csrf: access::csrf(&text),
        expires: token.expires,
    };
    let cookie = format!("{COOKIE}={text}; {COOKIE_RULES}; Max-Age={}", LASTS.as_secs());
    let mut response =
        (StatusCode::CREATED, Json(LoggedIn { token: text, session })).into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Log-ins that are over are swept out here, and the oldest ones of somebody who never logs out.
async fn forget_old(app: &App, account: &Account) -> Result<(), Problem> {
    let mut tokens = app.backend.tokens(&account.name).await?;
    tokens.retain(|token| token.kind == TokenKind::Session);
    tokens.sort_by_key(|token| token.created);
    let spare = tokens.len().saturating_sub(MOST_SESSIONS - 1);
    for (age, token) in tokens.iter().enumerate() {
        if age < spare || !access::is_current(token, app) {
            app.backend.delete_token(token.hash).await?;
        }
    }
    Ok(())
}

async fn own_account(app: &App, identity: &Identity) -> Result<Account, Problem> {
    let account = app.backend.account(&identity.token.account).await?;
    account.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "This account is gone."))
}

const COOKIE_RULES: &str = "Path=/; HttpOnly; Secure; SameSite=Strict";
/// A week: long enough for a screen in the office, short enough for one that was forgotten.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// Of one account.
const MOST_SESSIONS: usize = 50;
