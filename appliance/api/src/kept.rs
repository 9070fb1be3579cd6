//! Files that are kept of calls, recordings and captures: their lists, and the files themselves.

use crate::page::{Page, Window};
use crate::problem::Problem;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use call::{CallId, Capture, Recording};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which part of the list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// At most so many, 1 to 500; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Only those of this call.
    #[param(value_type = Option<String>)]
    call: Option<CallId>,
}

/// What is known of a file.
pub(crate) trait Kept {
    /// Its number, which sorts by time.
    fn number(&self) -> u64;
    fn call(&self) -> CallId;
    fn is_over(&self) -> bool;
}

impl Kept for Recording {
    fn number(&self) -> u64 {
        self.id.0
    }

    fn call(&self) -> CallId {
        self.call
    }

    fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}

impl Kept for Capture {
    fn number(&self) -> u64 {
        self.id.0
    }

    fn call(&self) -> CallId {
        self.call
    }

    fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}

impl Filter {
    /// The page that is wanted of these.
    pub(crate) fn page<T: Kept>(&self, mut all: Vec<T>) -> Result<Page<T>, Problem> {
        let window = Window::new(self.limit, self.cursor.as_deref())?;
        all.retain(|it| self.call.is_none_or(|call| call == it.call()));
        // The cursor counts backwards, as the list does.
        let by_age = all.into_iter().map(|it| (u64::MAX - it.number(), it));
        Ok(Page::cut(by_age, &window))
    }
}

/// Refuses to delete what is still written.
pub(crate) fn demand_over(kept: &impl Kept) -> Result<(), Problem> {
    match kept.is_over() {
        true => Ok(()),
        false => {
            Err(Problem::new(StatusCode::CONFLICT, "It is still being written: end that first."))
        }
    }
}

/// What is said of a file that is sent.
pub(crate) fn described(name: &str, media_type: &'static str) -> [(HeaderName, HeaderValue); 2] {
    let name = format!("attachment; filename=\"{name}\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let media_type = HeaderValue::from_static(media_type);
    [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, name)]
}
