//! How much sound a side wants in one packet, how much it takes, and how much it was asked for (RFC 8866
//! §6.4, §6.5).

use sdp::Media;

/// In milliseconds; nothing is known where they are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packets {
    /// What it wants, and never more than it takes.
    pub(super) wanted: u8,
    pub(super) most: u8,
    /// What it was asked for.
    pub(super) asked: u8,
}

impl Packets {
    /// `usual`: what it is sent if it does not say what it wants.
    pub(super) fn agreed(ours: &Media<'_>, theirs: &Media<'_>, usual: Option<u8>) -> Self {
        let millis = |of: Option<u16>| of.and_then(|of| u8::try_from(of).ok()).filter(|it| *it > 0);
        let most = millis(theirs.maxptime());
        // Where nobody says anything packets are as long as most are, which may be too long.
        let limit = most.filter(|most| *most < USUAL);
        let wanted = millis(theirs.ptime()).or(usual).or(limit).unwrap_or(0);
        Self {
            wanted: wanted.min(most.unwrap_or(u8::MAX)),
            most: most.unwrap_or(0),
            asked: millis(ours.ptime()).unwrap_or(0),
        }
    }
}

/// RFC 3551 §4.2.
const USUAL: u8 = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use sdp::Session;

    fn agreed(theirs: &str, usual: Option<u8>) -> (u8, u8) {
        let line = |more: &str| {
            let text = format!("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 1 RTP/AVP 8\r\n{more}");
            Session::parse(text.as_bytes()).unwrap()
        };
        let (ours, theirs) = (line("a=ptime:40\r\n"), line(theirs));
        let (ours, theirs) = (ours.media_at(0).unwrap(), theirs.media_at(0).unwrap());
        let Packets { wanted, most, asked } = Packets::agreed(&ours, &theirs, usual);
        assert_eq!(asked, 40);
        (wanted, most)
    }

    #[test]
    fn a_side_gets_what_it_wants_and_never_more_than_it_takes() {
        assert_eq!(agreed("", None), (0, 0));
        assert_eq!(agreed("a=ptime:30\r\n", Some(60)), (30, 0));
        assert_eq!(agreed("", Some(60)), (60, 0));
        assert_eq!(agreed("a=maxptime:150\r\n", None), (0, 150));
        assert_eq!(agreed("a=maxptime:40\r\n", Some(60)), (40, 40));
        assert_eq!(agreed("a=ptime:30\r\na=maxptime:20\r\n", None), (20, 20));
        assert_eq!(agreed("a=maxptime:10\r\n", None), (10, 10));
        assert_eq!(agreed("a=ptime:0\r\na=maxptime:0\r\n", None), (0, 0));
        assert_eq!(agreed("a=ptime:1000\r\na=maxptime:x\r\n", None), (0, 0));
    }
}
