//! Lists, a page at a time.

use crate::problem::Problem;
use serde::Serialize;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::ToSchema;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries of this page.
    pub(crate) items: Vec<T>,
    /// Hand this back as `cursor` for the next page; `null` on the last one.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<K> {
    /// At most so many entries.
    pub(crate) limit: usize,
    /// Those after this one.
    pub(crate) after: Option<K>,
}

impl<K: FromStr> Window<K> {
    /// Checks what the client asked for.
    pub(crate) fn new(limit: Option<usize>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::field("limit", format!("a number from 1 to {MOST}")));
        }
        let after = cursor.map(str::parse).transpose();
        let after = after.map_err(|_| Problem::field("cursor", "not one that a list gave"))?;
        Ok(Self { limit, after })
    }
}

impl<T> Page<T> {
    /// All that there is.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// The entries of a list in the order of their keys that fall into the window.
    pub(crate) fn cut<K: Ord + Display>(
        list: impl IntoIterator<Item = (K, T)>,
        window: &Window<K>,
    ) -> Self {
        let after = |key: &K| window.after.as_ref().is_none_or(|after| key > after);
        let rest = list.into_iter().filter(|(key, _)| after(key));
        Self::first(rest, window.limit)
    }

    /// The first `limit` entries of what is left of a list, one more of which tells that there is
    /// a next page.
    pub(crate) fn first<K: Display>(rest: impl IntoIterator<Item = (K, T)>, limit: usize) -> Self {
        let mut rest = rest.into_iter();
        let mut items = Vec::new();
        let mut last = None;
        for (key, item) in rest.by_ref().take(limit) {
            items.push(item);
            last = Some(key);
        }
        let more = rest.next().is_some();
        Self { items, next: last.filter(|_| more).map(|key| key.to_string()) }
    }
}

const USUAL: usize = 100;
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_until_the_last_says_so() {
        let list = [1, 2, 3, 4, 5].map(|id| (id, id * 10));
        let page = |cursor| Page::cut(list, &Window::new(Some(2), cursor).unwrap());
        let first = page(None);
        assert_eq!((first.items, first.next.as_deref()), (vec![10, 20], Some("2")));
        let last = page(Some("4"));
        assert_eq!((last.items, last.next), (vec![50], None));
        let full = page(Some("3"));
        assert_eq!((full.items, full.next), (vec![40, 50], None));
    }

    #[test]
    fn an_entry_that_goes_away_between_two_pages_hides_no_other() {
        let list = [1, 2, 4, 5].map(|id| (id, id));
        let page = Page::cut(list, &Window::new(Some(2), Some("3")).unwrap());
        assert_eq!(page.items, [4, 5]);
    }

    #[test]
    fn limits_and_cursors_are_checked() {
        assert!(Window::<u32>::new(Some(0), None).is_err());
        assert!(Window::<u32>::new(Some(501), None).is_err());
        assert!(Window::<u32>::new(None, Some("x")).is_err());
    }
}
