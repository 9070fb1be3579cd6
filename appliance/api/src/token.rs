//! Tokens for scripts: `/api/v1/tokens`.

use crate::access::{self, Identity};
use crate::body::{Body, Named};
use crate::entry::no_random;
use crate::page::Page;
use crate::problem::Problem;
use crate::router::App;
use crate::{Token, TokenHash, TokenKind, secret};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use call::UnixMillis;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token as it is listed: without the token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedToken {
    /// Names it in the list.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015")]
    id: String,
    /// A log-in or a script's token.
    kind: TokenKind,
    /// What its owner calls it; empty for a log-in.
    #[schema(example = "nightly export")]
    label: String,
    /// When it was made.
    created: UnixMillis,
    /// When it stops to count; `null` never.
    #[schema(required)]
    expires: Option<UnixMillis>,
    /// It is the one that was sent with this request.
    current: bool,
}

/// A new token, and the only answer that shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// For `Authorization: Bearer`.
    token: String,
    #[serde(flatten)]
    listed: ListedToken,
}

/// What a new token shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenInput {
    /// What it is for, in your words; 1 to 100 characters.
    #[schema(example = "nightly export", min_length = 1, max_length = 100)]
    label: String,
    /// When it shall stop to count, in milliseconds since 1970 (UTC); never if left out.
    expires: Option<UnixMillis>,
}

/// The tokens and log-ins of one's own account.
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "session",
    operation_id = "list_tokens",
    responses((status = 200, description = "All of them, oldest first.", body = Page<ListedToken>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    identity: Identity,
) -> Result<Json<Page<ListedToken>>, Problem> {
    let tokens = app.backend.tokens(&identity.token.account).await?;
    let current = tokens.into_iter().filter(|token| access::is_current(token, &app));
    Ok(Json(Page::whole(current.map(|token| ListedToken::new(token, &identity)).collect())))
}

/// Makes a token for a script. It may do what its account may.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "session",
    operation_id = "create_token",
    request_body = TokenInput,
    responses((status = 201, description = "Made.", body = MadeToken)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    identity: Identity,
    Body(wanted): Body<TokenInput>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let label = wanted.label.trim();
    if !(1..=LONGEST_LABEL).contains(&label.chars().count()) {
        return Err(Problem::field("label", format!("1 to {LONGEST_LABEL} characters")));
    }
    if label.chars().any(char::is_control) {
        return Err(Problem::field("label", "no control characters"));
    }
    let created = app.backend.now();
    if wanted.expires.is_some_and(|expires| expires <= created) {
        return Err(Problem::field("expires", "a time that is still to come"));
    }
    let tokens = app.backend.tokens(&identity.token.account).await?;
    if tokens.iter().filter(|token| token.kind == TokenKind::Api).count() >= MOST_TOKENS {
        let detail = format!("There are {MOST_TOKENS} tokens already: delete one first.");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let text = secret::hex_token().map_err(|_| no_random())?;
    let token = Token {
        hash: access::hash(&text),
        account: identity.token.account.clone(),
        kind: TokenKind::Api,
        label: label.to_owned(),
        created,
        expires: wanted.expires,
    };
    app.backend.put_token(token.clone()).await?;
    tracing::info!(account = token.account, label = token.label, "an API token was made");
    let listed = ListedToken::new(token, &identity);
    Ok((StatusCode::CREATED, Json(MadeToken { token: text, listed })))
}

/// Revokes a token or ends a log-in of one's own account.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "session",
    operation_id = "delete_token",
    params(("id" = String, Path, description = "Its id in the list.")),
    responses((status = 204, description = "It counts no longer.")),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    identity: Identity,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let tokens = app.backend.tokens(&identity.token.account).await?;
    let token = tokens.into_iter().find(|token| name(token.hash) == id);
    let token = token.ok_or_else(Problem::not_found)?;
    app.backend.delete_token(token.hash).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl ListedToken {
    fn new(token: Token, identity: &Identity) -> Self {
        let Token { hash, kind, label, created, expires, .. } = token;
        let current = hash == identity.token.hash;
        Self { id: name(hash), kind, label, created, expires, current }
    }
}

/// The first half of the hash: it names a token and finds none.
fn name(hash: TokenHash) -> String {
    let mut text = secret::hex(&hash.0);
    text.truncate(32);
    text
}

const LONGEST_LABEL: usize = 100;
const MOST_TOKENS: usize = 100;
