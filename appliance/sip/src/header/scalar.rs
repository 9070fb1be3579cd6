//! Values that are little more than numbers: CSeq, RAck, Max-Forwards and their like.

use std::fmt;

use crate::method::Method;
use crate::scan::{Scan, decimal};

/// Which request of a dialog this is (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Grows by one with each request.
    pub number: u32,
    /// The method of the request.
    pub method: Method<'a>,
}

/// Which reliable provisional response a PRACK confirms (RFC 3262 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RAck<'a> {
    /// The RSeq of that response.
    pub rseq: u32,
    /// The CSeq of that response.
    pub cseq: CSeq<'a>,
}

impl<'a> CSeq<'a> {
    /// Reads `number method`.
    pub fn parse(value: &'a [u8]) -> Option<CSeq<'a>> {
        let mut scan = Scan::new(value);
        let cseq = CSeq::take(&mut scan)?;
        scan.end()?;
        Some(cseq)
    }

    fn take(scan: &mut Scan<'a>) -> Option<CSeq<'a>> {
        scan.skip_white();
        let number = scan.number()?;
        if !scan.peek().is_some_and(crate::scan::is_white) {
            return None;
        }
        scan.skip_white();
        Some(CSeq { number, method: Method::parse(scan.token()?) })
    }
}

impl fmt::Display for CSeq<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

impl<'a> RAck<'a> {
    /// Reads `rseq cseq method`.
    pub fn parse(value: &'a [u8]) -> Option<RAck<'a>> {
        let mut scan = Scan::new(value);
        scan.skip_white();
        let rseq = scan.number()?;
        if !scan.peek().is_some_and(crate::scan::is_white) {
            return None;
        }
        let cseq = CSeq::take(&mut scan)?;
        scan.end()?;
        Some(RAck { rseq, cseq })
    }
}

impl fmt::Display for RAck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// How many hops are left, 0 to 255 (RFC 3261 §20.22).
pub(crate) fn max_forwards(value: &[u8]) -> Option<u8> {
    decimal(value).and_then(|hops| u8::try_from(hops).ok())
}

/// Seconds, with a comment or parameters behind them ignored, as in Retry-After (RFC 3261
/// §20.33).
pub(crate) fn seconds(value: &[u8]) -> Option<u32> {
    let mut scan = Scan::new(value);
    let seconds = scan.number()?;
    match scan.peek() {
        None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(') => Some(seconds),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cseq_is_a_number_of_32_bits_and_a_method() {
        let cseq = CSeq { number: 9, method: Method::Invite };
        assert_eq!(CSeq::parse(b"0009\r\n  INVITE"), Some(cseq));
        assert_eq!(cseq.to_string(), "9 INVITE");
        for bad in [&b"36893488147419103232 REGISTER"[..], b"INVITE", b"1", b"1INVITE", b"1 A B"] {
            assert_eq!(CSeq::parse(bad), None);
        }
    }

    #[test]
    fn a_rack_names_a_response_and_its_request() {
        let rack = RAck::parse(b"776656 1 INVITE").unwrap();
        assert_eq!((rack.rseq, rack.cseq.number, rack.cseq.method), (776_656, 1, Method::Invite));
        assert_eq!(rack.to_string(), "776656 1 INVITE");
        assert_eq!(RAck::parse(b"1 INVITE"), None);
    }

    #[test]
    fn seconds_may_have_a_comment_behind_them() {
        assert_eq!(seconds(b"18000;duration=3600"), Some(18_000));
        assert_eq!(seconds(b"120 (I'm in a meeting)"), Some(120));
        assert_eq!(seconds(b"949302838503028349304023988"), None);
        assert_eq!(max_forwards(b"0068"), Some(68));
        assert_eq!(max_forwards(b"300"), None);
    }
}
