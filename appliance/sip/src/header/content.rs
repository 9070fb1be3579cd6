//! What a body is: Content-Type (RFC 3261 §20.15).

use std::fmt;

use super::params::Params;
use crate::scan::Scan;

/// `type/subtype;params`.
#[derive(Clone, Copy, Debug)]
pub struct ContentType<'a> {
    /// `application`, `text`, `multipart`.
    pub kind: &'a str,
    /// `sdp`, `plain`, `mixed`.
    pub subtype: &'a str,
    /// `charset`, `boundary`.
    pub params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// Reads one media type.
    pub fn parse(value: &'a [u8]) -> Option<ContentType<'a>> {
        let mut scan = Scan::new(value);
        scan.skip_white();
        let kind = scan.token()?;
        if !scan.separator(b'/') {
            return None;
        }
        let subtype = scan.token()?;
        let params = Params::take(&mut scan)?;
        scan.end()?;
        Some(ContentType { kind, subtype, params })
    }

    /// Whether this is the media type `kind/subtype`, without regard to case or parameters.
    pub fn is(&self, media_type: &str) -> bool {
        media_type.split_once('/').is_some_and(|(kind, subtype)| {
            self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
        })
    }
}

impl fmt::Display for ContentType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.subtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_has_two_names_and_parameters() {
        let mixed = ContentType::parse(b"multipart/Mixed ;boundary=\"a b\"").unwrap();
        assert!(mixed.is("multipart/mixed") && !mixed.is("application/sdp"));
        assert_eq!(mixed.params.value("boundary"), Some("a b"));
        assert!(ContentType::parse(b"application").is_none());
    }
}
