//! What all that can be set up has in common: list, create, read, replace, delete.
//!
//! The files beside this one say what is particular to a resource; this one says it all of them.

use crate::access::Identity;
use crate::body::{self, Body, Named, Params};
use crate::page::{Page, Window};
use crate::problem::Problem;
use crate::router::App;
use crate::{etag, secret};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use config::{Change, Config, Credentials, Entry, Expect, Key, Revision, Secret, TenantId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Something that can be set up, of which there are many.
pub(crate) trait Resource:
    Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its name in the OpenAPI document.
    const NAME: &'static str;
    /// Its name in operation ids.
    const NOUN: &'static str;
    /// Where the list is, under `/api/v1`.
    const PATH: &'static str;
    /// What cannot be left out when one is created or replaced.
    const REQUIRED: &'static [&'static str];
    /// Whether there is a `secret` to write.
    const SECRET: SecretUse;
    /// How it looks in the OpenAPI document.
    type Shape: utoipa::ToSchema;

    /// All of them, by their ids.
    fn all(config: &Config) -> impl Iterator<Item = &Arc<Self>>;
    /// The one with this id.
    fn find(config: &Config, id: u32) -> Option<&Arc<Self>>;
    /// Names one in a change.
    fn key(id: u32) -> Key;
    /// It, as part of a change.
    fn entry(self) -> Entry;
    /// Its id.
    fn id(&self) -> u32;
    /// Gives it the id that the path says, whatever the body said.
    fn set_id(&mut self, id: u32);
    /// The change that last touched it.
    fn revision(&self) -> Revision;
    /// What people call it.
    fn name(&self) -> &str;

    /// The number by which people know it.
    fn number(&self) -> Option<&str> {
        None
    }

    /// Takes in a secret that can be given back.
    fn keep(&mut self, _secret: Secret) {}

    /// Who logs in at the box with its secret, and where the hashes are kept.
    fn login(&mut self) -> Option<Login<'_>> {
        None
    }
}

/// What becomes of a secret that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretUse {
    /// There is none.
    None,
    /// It is kept encrypted and never shown.
    Kept,
    /// Only its hashes are kept; it is made here when nobody brings one.
    Hashed,
}

/// Somebody who logs in at the box.
pub(crate) struct Login<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) user: &'a str,
    pub(crate) credentials: &'a mut Option<Credentials>,
}

/// Which part of a list is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    limit: Option<usize>,
    cursor: Option<String>,
    q: Option<String>,
    number: Option<String>,
}

#[derive(Serialize)]
struct Shown<'a, R> {
    #[serde(flatten)]
    entry: &'a R,
    /// Only in the answer to the request that had it made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

pub(crate) async fn list<R: Resource>(
    State(app): State<App>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page<R>>, Problem> {
    let window = Window::new(filter.limit, filter.cursor.as_deref())?;
    let config = app.backend.config();
    let fits = R::all(&config).filter(|entry| filter.fits(entry.as_ref()));
    let page = Page::cut(fits.map(|entry| (entry.id(), entry)), &window);
    let items = page.items.into_iter().map(|entry| R::clone(entry)).collect();
    Ok(Json(Page { items, next: page.next }))
}

pub(crate) async fn create<R: Resource>(
    State(app): State<App>,
    identity: Identity,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    put::<R>(&app, &identity, NEW, body, Expect::Any).await
}

pub(crate) async fn read<R: Resource>(
    State(app): State<App>,
    Named(id): Named<u32>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let config = app.backend.config();
    let entry = R::find(&config, id).ok_or_else(Problem::not_found)?;
    let tag = etag::of(entry.revision());
    if tag.to_str().is_ok_and(|tag| etag::is_known(&headers, tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(shown(StatusCode::OK, entry.as_ref(), None))
}

pub(crate) async fn replace<R: Resource>(
    State(app): State<App>,
    identity: Identity,
    Named(id): Named<u32>,
    headers: HeaderMap,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let now = R::find(&app.backend.config(), id).ok_or_else(Problem::not_found)?.revision();
    let expect = etag::if_match(&headers, now)?;
    put::<R>(&app, &identity, id, body, expect).await
}

pub(crate) async fn delete<R: Resource>(
    State(app): State<App>,
    identity: Identity,
    Named(id): Named<u32>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let now = R::find(&app.backend.config(), id).ok_or_else(Problem::not_found)?.revision();
    let expect = etag::if_match(&headers, now)?;
    app.backend.change(Change::Delete(R::key(id), expect), &identity.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put<R: Resource>(
    app: &App,
    identity: &Identity,
    id: u32,
    mut body: Map<String, Value>,
    expect: Expect,
) -> Result<Response, Problem> {
    let secret = if R::SECRET == SecretUse::None { None } else { take_secret(&mut body)? };
    let mut entry: R = body::strict(Value::Object(body))?;
    entry.set_id(id);
    let made = match (R::SECRET, secret) {
        (SecretUse::Hashed, secret) => hash_secret(&mut entry, secret, &app.backend.config())?,
        (SecretUse::Kept, Some(secret)) => {
            entry.keep(Secret::new(secret));
            None
        }
        (SecretUse::Kept | SecretUse::None, _) => None,
    };
    let change = Change::Put(entry.entry(), expect);
    let accepted = app.backend.change(change, &identity.actor()).await?;
    let entry = R::find(&accepted.config, number_of(accepted.applied.key));
    let entry = entry.ok_or_else(Problem::not_found)?;
    if id != NEW {
        return Ok(shown(StatusCode::OK, entry.as_ref(), made));
    }
    let mut response = shown(StatusCode::CREATED, entry.as_ref(), made);
    let location = format!("{BASE}{}/{}", R::PATH, entry.id());
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn shown<R: Resource>(status: StatusCode, entry: &R, secret: Option<String>) -> Response {
    let tag = etag::of(entry.revision());
    (status, [(header::ETAG, tag)], Json(Shown { entry, secret })).into_response()
}

/// A form that leaves the secret blank means that it stays as it is.
fn take_secret(body: &mut Map<String, Value>) -> Result<Option<String>, Problem> {
    let secret = match body.remove("secret") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(secret)) if secret.is_empty() => return Ok(None),
        Some(Value::String(secret)) => secret,
        Some(_) => return Err(Problem::field("secret", "a text")),
    };
    if secret.chars().count() > LONGEST_SECRET {
        return Err(Problem::field("secret", format!("at most {LONGEST_SECRET} characters")));
    }
    if secret.chars().any(char::is_control) {
        return Err(Problem::field("secret", "no line ends or other control characters"));
    }
    Ok(Some(secret))
}

/// Puts the hashes of the secret into the entry. Where there is neither a new secret nor an old
/// one that still fits, one is made, and handed back to be shown this once.
fn hash_secret<R: Resource>(
    entry: &mut R,
    secret: Option<String>,
    config: &Config,
) -> Result<Option<String>, Problem> {
    let mut old = R::find(config, entry.id()).map(|old| R::clone(old));
    let Some(login) = entry.login() else { return Ok(None) };
    // A tenant that does not exist is for the change to refuse.
    let Some(tenant) = config.tenant(login.tenant) else { return Ok(None) };
    let fits = |old: Login<'_>| {
        (old.tenant, old.user) == (login.tenant, login.user) && old.credentials.is_some()
    };
    if secret.is_none() && old.as_mut().and_then(R::login).is_some_and(fits) {
        return Ok(None);
    }
    let (secret, made) = match secret {
        Some(secret) => (secret, None),
        None => {
            let made = secret::make().map_err(|_| no_random())?;
            (made.clone(), Some(made))
        }
    };
    *login.credentials = Some(secret::credentials(login.user, &tenant.realm, &secret));
    Ok(made)
}

/// The kernel has no randomness only in the first moments of a machine.
pub(crate) fn no_random() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The machine gives no random numbers.")
}

fn number_of(key: Key) -> u32 {
    match key {
        Key::Tenant(id) => id.0,
        Key::Extension(id) => id.0,
        Key::Device(id) => id.0,
        Key::Trunk(id) => id.0,
        Key::InboundRoute(id) => id.0,
        Key::OutboundRoute(id) => id.0,
        Key::Feature(id) => id.0,
        Key::Settings => 0,
    }
}

impl Filter {
    fn fits<R: Resource>(&self, entry: &R) -> bool {
        if let Some(number) = &self.number
            && entry.number() != Some(number)
        {
            return false;
        }
        let Some(q) = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) else {
            return true;
        };
        let q = q.to_lowercase();
        let mut words = entry.name().split_whitespace();
        entry.name().to_lowercase().starts_with(&q)
            || words.any(|word| word.to_lowercase().starts_with(&q))
            || entry.number().is_some_and(|number| number.starts_with(&q))
    }
}

/// Where the API is.
pub(crate) const BASE: &str = "/api/v1";
/// Stands for "not stored yet" in every kind of id.
const NEW: u32 = 0;
/// Longer than what any phone takes.
const LONGEST_SECRET: usize = 128;
