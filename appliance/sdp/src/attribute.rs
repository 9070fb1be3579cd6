//! An a= line: a flag, or a name and a value (RFC 8866 §5.13).

use crate::direction::Direction;

/// One attribute of the session or of a media section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// What stands before the colon.
    pub name: &'a [u8],
    /// What stands behind the colon; empty for a flag.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    pub(crate) fn of(line: &'a [u8]) -> Self {
        let line = line.trim_ascii_end();
        match line.iter().position(|byte| *byte == b':').and_then(|at| line.split_at_checked(at)) {
            Some((name, [_, value @ ..])) => Self { name, value },
            _ => Self { name: line, value: &[] },
        }
    }

    /// Whether it has that name; in any case of letters, as phones write `a=RTPMAP` too.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value as text, without blanks around it; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.value.trim_ascii()).ok()
    }

    pub(crate) fn direction(self) -> Option<Direction> {
        Direction::named(self.name)
    }

    /// Whether the attribute belongs to the leg that it came from and must not reach the other one: it
    /// tells addresses, or agrees on something between two transports when the box stands between them.
    pub(crate) fn is_of_one_leg(&self) -> bool {
        OF_ONE_LEG.iter().any(|name| self.is(name)) || self.is_bundle()
    }

    /// BUNDLE puts several media on one port (RFC 9143); the box lends a port to each.
    fn is_bundle(&self) -> bool {
        self.is("group") && self.value.get(..6).is_some_and(|s| s.eq_ignore_ascii_case(b"bundle"))
    }
}

const OF_ONE_LEG: [&str; 24] = [
    // ICE (RFC 8839): the addresses, and the promise to check them.
    "candidate",
    "remote-candidates",
    "end-of-candidates",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "ice-lite",
    "ice-mismatch",
    "ice-pacing",
    // RTCP's own address is written anew (RFC 3605). The box lends RTP and RTCP a port each, so neither
    // side is offered to share one (RFC 5761, RFC 8858), and both fall back to two.
    "rtcp",
    "rtcp-mux",
    "rtcp-mux-only",
    "bundle-only",
    // Other addresses: RFC 4091 and RFC 6947 (IPv4 or IPv6), RFC 4570, RFC 4975, RFC 6135, 3GPP TS 29.079.
    "alt",
    "altc",
    "source-filter",
    "path",
    "msrp-cema",
    "visited-realm",
    "secondary-realm",
    // Who wrote it (RFC 8866 §6.3), where the user is (RFC 8866 §6.1, §6.2), and the mark of a proxy that
    // has relayed already, which would stop the next one.
    "tool",
    "cat",
    "keywds",
    "nortpproxy",
];
