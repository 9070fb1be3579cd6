//! When two URIs name the same resource: RFC 3261 §19.1.4.

use super::{Uri, escapes};

/// Compares by the rules of RFC 3261 §19.1.4.
pub(super) fn equal(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    if a.scheme() != b.scheme() {
        return false;
    }
    if !a.is_sip() {
        return a.as_str().eq_ignore_ascii_case(b.as_str());
    }
    same_text(a.user(), b.user())
        && same_text(a.password(), b.password())
        && a.host().matches(&b.host())
        && a.port() == b.port()
        && params_agree(a, b)
        && params_agree(b, a)
        && headers_agree(a, b)
        && headers_agree(b, a)
}

/// User parts are case-sensitive; an escaped character equals the bare one.
fn same_text(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => escapes(a).eq(escapes(b)),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// A parameter in both must be the same, where the first of a name counts; one that is only here
/// counts when it is among those that never match their absence.
fn params_agree(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    a.params().all(|param| match (a.param(param.name()), b.param(param.name())) {
        (Some(value), Some(other)) => same_ignoring_case(value, other),
        (_, _) => !MATTERS_WHEN_ABSENT.iter().any(|name| param.is(name)),
    })
}

/// Every header must be in both.
fn headers_agree(a: &Uri<'_>, b: &Uri<'_>) -> bool {
    a.headers().all(|header| {
        let value = header.value().unwrap_or("");
        b.headers().any(|other| {
            other.is(header.name()) && same_ignoring_case(value, other.value().unwrap_or(""))
        })
    })
}

fn same_ignoring_case(a: &str, b: &str) -> bool {
    escapes(a).map(|b| b.to_ascii_lowercase()).eq(escapes(b).map(|b| b.to_ascii_lowercase()))
}

/// RFC 3261 §19.1.4: "A user, ttl, or method uri-parameter appearing in only one URI never
/// matches", nor a maddr; a transport is one of the defaults that are not assumed to be equal.
const MATTERS_WHEN_ABSENT: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        let (a, b) = (Uri::parse(a).unwrap(), Uri::parse(b).unwrap());
        assert_eq!(a.matches(&b), b.matches(&a));
        a.matches(&b)
    }

    #[test]
    fn the_examples_of_the_rfc_are_equal() {
        assert!(same(
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp"
        ));
        assert!(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
        assert!(same("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"));
        assert!(same(
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
        ));
        assert!(same(
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
        ));
    }

    #[test]
    fn the_counterexamples_of_the_rfc_differ() {
        assert!(!same(
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP"
        ));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
        assert!(!same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
        assert!(!same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
        assert!(!same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
        assert!(!same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"));
    }
}
