//! What a client sends: JSON bodies and query parameters, with every refusal at its field.

use crate::problem::Problem;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::str::FromStr;
use std::time::Duration;

/// A JSON body. A page of another site cannot send one without asking first, because
/// `application/json` is no simple content type (Fetch standard, CORS-safelisted request-header).
pub(crate) struct Body<T>(pub(crate) T);

/// Query parameters.
pub(crate) struct Params<T>(pub(crate) T);

/// What the last segment of the path names. What does not even look like a name names nothing.
pub(crate) struct Named<T>(pub(crate) T);

/// What several segments of the path name, as [`Named`].
pub(crate) struct Placed<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "Send JSON, with Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let reading = axum::body::to_bytes(request.into_body(), LARGEST);
        let Ok(read) = tokio::time::timeout(PATIENCE, reading).await else {
            return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "The request came too slowly."));
        };
        let octets = read.map_err(|_| {
            let detail = format!("The request is too large: at most {LARGEST} octets.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        })?;
        let value = serde_json::from_slice(&octets).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, format!("This is not JSON: {error}."))
        })?;
        typed(value).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(params) = Query::from_request_parts(parts, state).await.map_err(|refusal| {
            // "Failed to deserialize query string: limit: invalid digit found in string"
            let text = refusal.body_text();
            let (_, cause) = text.split_once(": ").unwrap_or(("", &text));
            let (field, message) = cause.split_once(": ").unwrap_or(("", cause));
            Problem::field(field, message)
        })?;
        Ok(Self(params))
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Placed<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(named)| Self(named)).map_err(|_| Problem::not_found())
    }
}

/// Reads a value into its type.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = match error.path().to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        let message = error.into_inner().to_string();
        // serde names these two at the object around them.
        for (start, says) in
            [("missing field `", "this is missing"), ("unknown field `", "there is no such field")]
        {
            let name = message.strip_prefix(start).and_then(|rest| rest.split('`').next());
            if let Some(name) = name {
                return Problem::field(join(&path, name), says);
            }
        }
        if path.is_empty() {
            return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("Not this: {message}."));
        }
        Problem::field(path, message)
    })
}

/// Like [`typed`], for types that ignore what they do not know: a field that does not come back
/// when the result is written again was not understood, so most likely it was misspelt.
pub(crate) fn strict<T: DeserializeOwned + Serialize>(value: Value) -> Result<T, Problem> {
    let result: T = typed(value.clone())?;
    let understood = serde_json::to_value(&result).unwrap_or_default();
    match stray(&value, &understood) {
        Some(field) => Err(Problem::field(field, "there is no such field")),
        None => Ok(result),
    }
}

/// The path of the first member of `sent` that `understood` does not have.
fn stray(sent: &Value, understood: &Value) -> Option<String> {
    match (sent, understood) {
        (Value::Object(sent), Value::Object(understood)) => {
            sent.iter().find_map(|(name, value)| match understood.get(name) {
                Some(known) => stray(value, known).map(|rest| join(name, &rest)),
                None => Some(name.clone()),
            })
        }
        (Value::Array(sent), Value::Array(understood)) => {
            let mut pairs = sent.iter().zip(understood).enumerate();
            pairs.find_map(|(at, (value, known))| {
                stray(value, known).map(|rest| join(&at.to_string(), &rest))
            })
        }
        _ => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// The largest entry by far is a list of a few hundred numbers.
const LARGEST: usize = 64 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;
    use config::Extension;
    use serde_json::json;

    fn refusal(value: Value) -> Value {
        let problem = strict::<Extension>(value).err().unwrap();
        serde_json::to_value(problem).unwrap()["errors"][0].clone()
    }

    #[test]
    fn a_misspelt_field_is_refused_wherever_it_stands() {
        let refused = refusal(json!({"number": "201", "nmae": "Alice"}));
        assert_eq!(refused, json!({"field": "nmae", "message": "there is no such field"}));
        let refused = refusal(json!({"number": "201", "forward": {"bussy": "202"}}));
        assert_eq!(refused["field"], "forward.bussy");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_by_its_path() {
        assert_eq!(refusal(json!({})), json!({"field": "number", "message": "this is missing"}));
        let refused = refusal(json!({"number": "201", "forward": {"busy": "call me"}}));
        assert_eq!(refused["field"], "forward.busy");
        assert!(refused["message"].as_str().unwrap().starts_with("only digits"), "{refused}");
    }
}
