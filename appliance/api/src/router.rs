//! Every path of the box, and who may go there.

use crate::brake::Brake;
use crate::password::Passwords;
use crate::problem::Problem;
use crate::{
    Backend, access, backup, call, capacity, capture, cdr, conference, country, entry_document,
    events, health, line, metrics, openapi, recording, registration, route_check, session,
    settings, setup, sound, token, trunk, webui,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The API at `/api/v1`, the figures at `/metrics`, and the web admin everywhere else.
///
/// Whoever serves it puts the client's address into each request as
/// `axum::extract::ConnectInfo<SocketAddr>`: log-ins are slowed down by it, and `/metrics` is open
/// to the box itself. It expects TLS in front, or browsers will not keep its cookie.
pub fn router(backend: Arc<dyn Backend>) -> Router {
    let app = App::new(backend);
    let guard = from_fn_with_state(app.clone(), access::required);
    let api = guarded().route_layer(guard).merge(open());
    let (api, _) = OpenApiRouter::new().nest(crate::entry::BASE, api).split_for_parts();
    let document = Bytes::from(serde_json::to_vec(&openapi()).unwrap_or_default());
    let json = [(header::CONTENT_TYPE, "application/json")];
    api.route(DOCUMENT, get(async move || (json, document)))
        .route("/metrics", get(metrics::read))
        .fallback(elsewhere)
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This cannot be done here.")
        })
        .layer(from_fn(async |request: Request, next: axum::middleware::Next| {
            let api = is_api(request.uri());
            harden(next.run(request).await, api)
        }))
        .with_state(app)
}

/// What every request may need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) brake: Arc<Brake>,
    /// Free places for listeners to events.
    pub(crate) listeners: Arc<Semaphore>,
}

impl App {
    fn new(backend: Arc<dyn Backend>) -> Self {
        Self {
            backend,
            passwords: Arc::new(Passwords::new()),
            brake: Arc::default(),
            listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
        }
    }
}

/// What needs no log-in.
pub(crate) fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::read))
        .routes(routes!(setup::read))
        .routes(routes!(setup::claim))
        .routes(routes!(session::log_in))
}

/// What needs one.
pub(crate) fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session::read, session::log_out))
        .routes(routes!(session::change_password))
        .routes(routes!(token::list, token::create))
        .routes(routes!(token::delete))
        .merge(entry_document::routes::<config::Tenant>())
        .merge(entry_document::routes::<config::Extension>())
        .merge(entry_document::routes::<config::Device>())
        .merge(entry_document::routes::<config::Trunk>())
        .routes(routes!(trunk::status))
        .merge(entry_document::routes::<config::InboundRoute>())
        .merge(entry_document::routes::<config::OutboundRoute>())
        .merge(entry_document::routes::<config::Feature>())
        .routes(routes!(route_check::check))
        .routes(routes!(capacity::read))
        .routes(routes!(capacity::measure))
        .routes(routes!(settings::read, settings::replace))
        .routes(routes!(country::list))
        .routes(routes!(registration::list))
        .routes(routes!(call::list))
        .routes(routes!(call::read, call::hang_up))
        .routes(routes!(conference::list))
        .routes(routes!(line::list))
        .routes(routes!(line::read))
        .routes(routes!(line::service))
        .routes(routes!(line::restart))
        .routes(routes!(line::loop_span))
        .routes(routes!(line::loop_channel))
        .routes(routes!(line::bert, line::set_bert))
        .routes(routes!(line::insert_error))
        .routes(routes!(line::trace))
        .routes(routes!(line::fault))
        .routes(routes!(capture::begin, capture::end))
        .routes(routes!(capture::list))
        .routes(routes!(capture::read, capture::delete))
        .routes(routes!(capture::packets))
        .routes(routes!(recording::begin, recording::end))
        .routes(routes!(recording::list))
        .routes(routes!(recording::read, recording::delete))
        .routes(routes!(recording::sound))
        .routes(routes!(sound::list, sound::add))
        .routes(routes!(sound::read, sound::rename, sound::delete))
        .routes(routes!(sound::file))
        .routes(routes!(conference::moderate, conference::take_out))
        .routes(routes!(cdr::list))
        .routes(routes!(cdr::read))
        .routes(routes!(events::listen))
        .routes(routes!(backup::make))
}

async fn elsewhere(request: Request) -> Response {
    if is_api(request.uri()) {
        return Problem::not_found().into_response();
    }
    webui::serve(request.method(), request.uri(), request.headers())
}

fn is_api(uri: &Uri) -> bool {
    uri.path() == "/api" || uri.path().starts_with("/api/")
}

/// No page of the box loads anything from elsewhere, runs inside another one, or is guessed at.
///
/// There is no Strict-Transport-Security: under it a browser would no longer let the owner accept
/// the box's self-signed certificate (RFC 6797 §12.1).
fn harden(mut response: Response, api: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

const DOCUMENT: &str = "/api/v1/openapi.json";
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// Browser tabs and scripts that listen at a time.
const MOST_LISTENERS: usize = 64;
