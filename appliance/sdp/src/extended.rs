//! `a=rtcp-xr`: which extended reports a side takes (RFC 3611 §5).

use crate::media::Media;

/// What the box may send to who wrote it. A side that says nothing takes none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtendedReports {
    /// `voip-metrics`.
    pub voip_metrics: bool,
    /// `rcvr-rtt`, whoever it is that begins.
    pub receiver_time: bool,
}

impl ExtendedReports {
    /// As the box itself says it, so much of it as both know; nothing where that is nothing.
    pub fn attribute(self) -> Option<&'static str> {
        match (self.voip_metrics, self.receiver_time) {
            (true, true) => Some("a=rtcp-xr:voip-metrics rcvr-rtt=all"),
            (true, false) => Some("a=rtcp-xr:voip-metrics"),
            (false, true) => Some("a=rtcp-xr:rcvr-rtt=all"),
            (false, false) => None,
        }
    }
}

impl Media<'_> {
    /// Which extended reports its side takes; the session's word holds where the line has none.
    pub fn extended_reports(&self) -> ExtendedReports {
        let said = self.attribute(NAME).or_else(|| self.session.attribute(NAME));
        let said = said.and_then(|said| std::str::from_utf8(said).ok()).unwrap_or_default();
        let mut takes = ExtendedReports::default();
        for word in said.split_ascii_whitespace() {
            takes.voip_metrics |= word == "voip-metrics";
            takes.receiver_time |= word.starts_with("rcvr-rtt=");
        }
        takes
    }
}

/// §5.1.
const NAME: &str = "rtcp-xr";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Session;

    fn takes(session: &str, line: &str) -> ExtendedReports {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{session}\
             m=audio 4000 RTP/AVP 8\r\n{line}"
        );
        let session = Session::parse(text.as_bytes()).unwrap();
        session.media().next().unwrap().extended_reports()
    }

    #[test]
    fn a_side_takes_what_it_says_and_nothing_else() {
        let of = |voip_metrics, receiver_time| ExtendedReports { voip_metrics, receiver_time };
        assert_eq!(takes("", ""), of(false, false));
        assert_eq!(takes("", "a=rtcp-xr:voip-metrics\r\n"), of(true, false));
        assert_eq!(
            takes("", "a=rtcp-xr:stat-summary=loss,dup rcvr-rtt=all:800\r\n"),
            of(false, true)
        );
        let whole = "a=rtcp-xr:rcvr-rtt=sender voip-metrics\r\n";
        assert_eq!(takes(whole, ""), of(true, true));
        assert_eq!(takes(whole, "a=rtcp-xr:\r\n"), of(false, false));
        assert_eq!(takes("", "a=rtcp-xr:voip-metrics-of-another-kind\r\n"), of(false, false));
    }

    #[test]
    fn what_the_box_says_it_reads_again() {
        for (voip_metrics, receiver_time) in [(true, true), (true, false), (false, true)] {
            let it = ExtendedReports { voip_metrics, receiver_time };
            let line = format!("{}\r\n", it.attribute().unwrap());
            assert_eq!(takes("", &line), it);
        }
        assert_eq!(ExtendedReports::default().attribute(), None);
    }
}
