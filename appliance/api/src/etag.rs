//! Entity tags: the revision of an entry, and what clients demand of it (RFC 9110 §13.1).

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, header};
use config::{Expect, Revision};

/// The tag of a revision.
pub(crate) fn of(revision: Revision) -> HeaderValue {
    HeaderValue::from_str(&text(revision)).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What If-Match demands of an entry that has this revision now. Only strong tags count (§13.1.1).
pub(crate) fn if_match(headers: &HeaderMap, now: Revision) -> Result<Expect, Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(Expect::Any);
    }
    let wanted = text(now);
    if tags(headers, header::IF_MATCH).any(|tag| tag == "*" || tag == wanted) {
        return Ok(Expect::Revision(now));
    }
    Err(Problem::outdated())
}

/// Whether If-None-Match names this tag: the client has it already. Weak tags count (§13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// No tag of ours has a comma in it.
fn tags(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn text(revision: Revision) -> String {
    format!("\"{revision}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demanding(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn if_match_is_kept_by_one_of_several_strong_tags() {
        let now = Revision(7);
        let demand = |value| if_match(&demanding(header::IF_MATCH, value), now).ok();
        assert_eq!(demand("\"7\""), Some(Expect::Revision(now)));
        assert_eq!(demand("\"6\", \"7\""), Some(Expect::Revision(now)));
        assert_eq!(demand("*"), Some(Expect::Revision(now)));
        assert_eq!(demand("\"6\""), None);
        assert_eq!(demand("W/\"7\""), None);
        assert_eq!(if_match(&HeaderMap::new(), now).ok(), Some(Expect::Any));
    }

    #[test]
    fn a_known_tag_may_be_weak() {
        assert!(is_known(&demanding(header::IF_NONE_MATCH, "W/\"7\""), "\"7\""));
        assert!(!is_known(&demanding(header::IF_NONE_MATCH, "\"8\""), "\"7\""));
    }
}
