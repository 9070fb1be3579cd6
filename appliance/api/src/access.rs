//! Who asks: a token in `Authorization: Bearer` (RFC 6750) or in a cookie.
//!
//! A browser sends its cookie with every request, also with those that a page of another site had
//! it make. `SameSite=Strict` keeps most of them back; beside it, whatever changes something must
//! carry `X-CSRF-Token`, which only a page of this site can have read from the session.

use crate::problem::Problem;
use crate::router::App;
use crate::{Fault, Token, TokenHash, TokenKind, secret};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// What is kept of the token.
    pub(crate) token: Token,
    /// What `X-CSRF-Token` must say.
    pub(crate) csrf: String,
    /// How the token came.
    pub(crate) carrier: Carrier,
}

/// How a token came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// In a header that only a script sets.
    Bearer,
    /// In a cookie, which a browser sends unasked.
    Cookie,
}

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source(pub(crate) IpAddr);

impl Identity {
    /// The name for the audit trail.
    pub(crate) fn actor(&self) -> String {
        match self.token.kind {
            TokenKind::Session => self.token.account.clone(),
            TokenKind::Api => format!("{} (token {})", self.token.account, self.token.label),
        }
    }
}

/// Lets nobody through who is not logged in.
pub(crate) async fn required(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(identity) = identify(&app, request.headers()).await? else {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "Log in first."));
    };
    if identity.carrier == Carrier::Cookie && !request.method().is_safe() {
        check_csrf(request.headers(), &identity)?;
    }
    request.extensions_mut().insert(identity);
    Ok(next.run(request).await)
}

/// Who asks, if it is anybody.
pub(crate) async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Identity>, Fault> {
    let (text, carrier) = match (bearer(headers), cookie(headers)) {
        (Some(token), _) => (token, Carrier::Bearer),
        (None, Some(token)) => (token, Carrier::Cookie),
        (None, None) => return Ok(None),
    };
    let token = app.backend.token(hash(text)).await?;
    let valid = token.filter(|token| is_current(token, app));
    Ok(valid.map(|token| Identity { token, csrf: csrf(text), carrier }))
}

/// Whether a token still counts.
pub(crate) fn is_current(token: &Token, app: &App) -> bool {
    token.expires.is_none_or(|expires| app.backend.now() < expires)
}

/// The hash under which a token is kept. It needs no salt and no stretching: nobody guesses 256
/// random bits.
pub(crate) fn hash(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token).into())
}

/// What a page of this site must send along. It follows from the token, which no other site knows.
pub(crate) fn csrf(token: &str) -> String {
    secret::hex(&Sha256::digest(format!("csrf {token}")))
}

/// Whether the page that asks is one of this site (RFC 6455 §10.2).
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

fn check_csrf(headers: &HeaderMap, identity: &Identity) -> Result<(), Problem> {
    let sent = headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if secret::same(sent, &identity.csrf) {
        return Ok(());
    }
    let detail = "The request does not prove that it comes from the web admin: \
                  X-CSRF-Token must carry `csrf` of the session.";
    Err(Problem::new(StatusCode::FORBIDDEN, detail))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).into_iter().filter_map(|it| it.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|it| it.split_once('='));
    pairs.find(|(name, _)| name.trim() == COOKIE).map(|(_, token)| token.trim())
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Self>().cloned();
        identity.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "Log in first."))
    }
}

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Whoever comes without an address shares one.
        Ok(Self(peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(address)| address.ip())))
    }
}

/// The prefix binds the cookie to this host, to `/` and to TLS (RFC 6265bis §4.1.3.2).
pub(crate) const COOKIE: &str = "__Host-strowger";
const CSRF: &str = "x-csrf-token";

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(header::HeaderName, &'static str)| {
            (name.clone(), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let sent = headers(&[(header::COOKIE, "theme=dark; __Host-strowger=abc; x=y")]);
        assert_eq!(cookie(&sent), Some("abc"));
        assert_eq!(cookie(&headers(&[(header::COOKIE, "x__Host-strowger=abc")])), None);
    }

    #[test]
    fn a_bearer_token_is_recognised_whatever_the_case_of_its_scheme() {
        assert_eq!(bearer(&headers(&[(header::AUTHORIZATION, "bearer abc")])), Some("abc"));
        assert_eq!(bearer(&headers(&[(header::AUTHORIZATION, "Basic abc")])), None);
    }

    #[test]
    fn a_page_of_another_site_is_told_apart() {
        let from = |origin| {
            is_same_origin(&headers(&[(header::ORIGIN, origin), (header::HOST, "box:8443")]))
        };
        assert!(from("https://box:8443"));
        assert!(!from("https://box.evil.example"));
        assert!(!from("null"));
    }
}
