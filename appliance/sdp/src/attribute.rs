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
        let ice = self.name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"ice-"));
        ice || OF_ONE_LEG.iter().any(|name| self.is(name))
    }

    /// Whether it only describes formats, so that an answer of the box's own may repeat it.
    pub(crate) fn is_of_formats(&self) -> bool {
        let fax = self.name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"t38"));
        fax || OF_FORMATS.iter().any(|name| self.is(name))
    }
}

const OF_ONE_LEG: [&str; 18] = [
    // ICE (RFC 8839), beside all that begins with `ice-`.
    "candidate",
    "remote-candidates",
    "end-of-candidates",
    // RTCP's own address is written anew (RFC 3605). The box lends RTP and RTCP a port each, so neither
    // side is offered to share one (RFC 5761, RFC 8858), and both fall back to two.
    "rtcp",
    "rtcp-mux",
    "rtcp-mux-only",
    // BUNDLE puts several media on one port (RFC 9143), where the box lends a port to each; and other
    // groups (RFC 5888) name lines that the box may have refused.
    "group",
    "bundle-only",
    // Other addresses: RFC 4091 and RFC 6947 (IPv4 or IPv6), RFC 4570, RFC 4975, 3GPP TS 24.229 §7.5.3.
    "alt",
    "altc",
    "source-filter",
    "path",
    "visited-realm",
    "secondary-realm",
    // Who wrote it and where that is (RFC 8866 §6.1 to §6.3), and the mark of a proxy that has relayed
    // already, which would stop the next one.
    "tool",
    "cat",
    "keywds",
    "nortpproxy",
];

/// RFC 8866 §6.4 to §6.6, §6.15; RFC 5888 §4.
const OF_FORMATS: [&str; 5] = ["rtpmap", "fmtp", "ptime", "maxptime", "mid"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_has_no_value_and_trailing_blanks_do_not_count() {
        let flag = Attribute::of(b"sendrecv ");
        assert_eq!((flag.name, flag.value), (&b"sendrecv"[..], &b""[..]));
        assert_eq!(flag.direction(), Some(Direction::SendRecv));
        let value = Attribute::of(b"rtpmap:0 PCMU/8000");
        assert_eq!((value.name, value.text()), (&b"rtpmap"[..], Some("0 PCMU/8000")));
    }

    #[test]
    fn ice_in_any_spelling_stays_on_its_leg_and_keys_pass() {
        for line in ["candidate:1 1 UDP", "ice-ufrag:x", "ICE-anything", "RTCP:9", "rtcp-mux"] {
            assert!(Attribute::of(line.as_bytes()).is_of_one_leg(), "{line}");
        }
        for line in ["crypto:1 X inline:y", "rtcp-fb:* nack", "rtcp-rsize", "setup:active", "ice"] {
            assert!(!Attribute::of(line.as_bytes()).is_of_one_leg(), "{line}");
        }
    }
}
