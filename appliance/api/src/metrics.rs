//! Figures for Prometheus: `/metrics`.
//!
//! Programs on the box itself need no log-in, so that a local collector works at once; whoever
//! comes over the network sends a token. A request that a proxy passed on counts as from the
//! network.

use crate::access::{self, Source};
use crate::problem::Problem;
use crate::router::App;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

pub(crate) async fn read(
    State(app): State<App>,
    Source(source): Source,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    let local = source.to_canonical().is_loopback() && !forwarded;
    if !local && access::identify(&app, &headers).await?.is_none() {
        let detail = "Send a token: Authorization: Bearer TOKEN.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, detail));
    }
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], app.backend.metrics().await?))
}

/// Prometheus exposition formats, "Text-based format".
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// RFC 7239 and its forerunners.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];
