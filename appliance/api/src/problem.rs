//! What went wrong, as a problem document (RFC 9457) with a sentence for people.

use crate::{ChangeError, Fault};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use config::{Invalid, Problem as Wrong};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// What went wrong (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is (RFC 9457 §4.2.1).
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The name of the status.
    #[schema(example = "Unprocessable Content")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// A sentence for the person in front of the screen.
    #[schema(example = "One field is not right: number.")]
    detail: String,
    /// The fields that are to blame, if any are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

/// A field and what is wrong with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its path in the JSON of the request, or the query parameter.
    #[schema(example = "number")]
    pub(crate) field: String,
    /// What is wrong with it.
    #[schema(example = "this is taken already, by Alice")]
    pub(crate) message: String,
}

impl Problem {
    /// A problem of this status, in a sentence.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = title(status);
        let status = status.as_u16();
        let detail = detail.into();
        Self { kind: "about:blank", title, status, detail, errors: Vec::new(), retry_after: None }
    }

    /// One field is not right.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::at(StatusCode::UNPROCESSABLE_ENTITY, field, message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "This does not exist, or no longer.")
    }

    pub(crate) fn outdated() -> Self {
        let detail = "Somebody else changed this meanwhile: load it again.";
        Self::new(StatusCode::PRECONDITION_FAILED, detail)
    }

    /// Come back later.
    pub(crate) fn later(status: StatusCode, detail: impl Into<String>, after: Duration) -> Self {
        Self { retry_after: Some(after), ..Self::new(status, detail) }
    }

    fn at(status: StatusCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = FieldError { field: field.into(), message: message.into() };
        let detail = format!("One field is not right: {}.", error.field);
        Self { errors: vec![error], ..Self::new(status, detail) }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let status = match &invalid.problem {
            Wrong::NotFound => return Self::not_found(),
            Wrong::Outdated(_) => return Self::outdated(),
            Wrong::Taken(_) | Wrong::InUse(_) => StatusCode::CONFLICT,
            Wrong::Fixed if invalid.field.is_empty() => StatusCode::CONFLICT,
            Wrong::Missing
            | Wrong::TooLong(_)
            | Wrong::OutOfRange(..)
            | Wrong::Unknown(_)
            | Wrong::Emergency
            | Wrong::NotInside
            | Wrong::NotAnExtensionNumber
            | Wrong::NotALogin
            | Wrong::NotAHost
            | Wrong::ToItself
            | Wrong::Fixed
            | Wrong::NotIsdn
            | Wrong::MixedLines
            | Wrong::NoLine
            | Wrong::NoChannels(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        if invalid.field.is_empty() {
            return Self::new(status, sentence(&invalid.problem.to_string()));
        }
        Self::at(status, invalid.field, invalid.problem.to_string())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::DiskFull => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "The disk is full: nothing was changed, and calls go on. Make room and try again.",
            ),
            Fault::StoreFailed => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The database does not answer as it should: nothing was changed. The log says why.",
            ),
            Fault::Stopping => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "The box is being shut down or restarted.",
                RESTART,
            ),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(invalid) => invalid.into(),
            ChangeError::Fault(fault) => fault.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        if let Some(after) = retry_after {
            let seconds = after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0));
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A clause of `config` as a sentence.
fn sentence(clause: &str) -> String {
    let mut rest = clause.chars();
    let first = rest.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(rest).chain(['.']).collect()
}

/// RFC 9110 §15.5.21 has renamed 422; the library still knows its old name.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        status => status.canonical_reason().unwrap_or("Error"),
    }
}

/// RFC 9457 §3.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// RFC 6750 §3.
const CHALLENGE: &str = "Bearer realm=\"strowger\"";
/// How long a restart takes at the most.
const RESTART: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_becomes_a_sentence() {
        assert_eq!(sentence("still used by a route"), "Still used by a route.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn part_of_a_second_is_waited_for_in_full() {
        let wait = Duration::from_millis(1_001);
        let problem = Problem::later(StatusCode::TOO_MANY_REQUESTS, "Wait.", wait);
        assert_eq!(problem.into_response().headers()[header::RETRY_AFTER], "2");
    }
}
