//! A value with parameters behind it: Event, Subscription-State, Reason, Content-Disposition.

use super::list::Element;
use super::params::Params;
use crate::scan::Scan;

/// `value;name=value;...`, as most headers are that carry neither an address nor a number.
#[derive(Clone, Copy, Debug)]
pub struct Valued<'a> {
    /// The value: an event package, a subscription's state, a protocol.
    pub value: &'a str,
    /// What is said about it.
    pub params: Params<'a>,
}

impl<'a> Valued<'a> {
    /// Reads one such value and nothing behind it.
    pub fn parse(value: &'a [u8]) -> Option<Valued<'a>> {
        let mut scan = Scan::new(value);
        let valued = Valued::take(&mut scan)?;
        scan.end()?;
        Some(valued)
    }

    /// Whether this is the value, without regard to case.
    pub fn is(&self, value: &str) -> bool {
        self.value.eq_ignore_ascii_case(value)
    }

    /// The `cause` of a Reason: a SIP status or a Q.850 cause (RFC 3326 §2).
    pub fn cause(&self) -> Option<u16> {
        self.params.number("cause").and_then(|cause| u16::try_from(cause).ok())
    }
}

impl<'a> Element<'a> for Valued<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Valued<'a>> {
        scan.skip_white();
        let value = scan.token()?;
        let params = Params::take(scan)?;
        Some(Valued { value, params })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_a_protocol_a_cause_and_a_text() {
        let reason = Valued::parse(b"Q.850 ;cause=16 ;text=\"Terminated, by\"").unwrap();
        assert!(reason.is("q.850"));
        assert_eq!(
            (reason.cause(), reason.params.value("text")),
            (Some(16), Some("Terminated, by"))
        );
        assert!(Valued::parse(b"SIP;cause=200, Q.850;cause=16").is_none());
    }
}
