//! Other formats in an audio line than its sender wrote: what the box can translate to is offered on its
//! behalf, and what one leg answered is told to the other in formats that this one offered.

use crate::attribute::Attribute;
use crate::media::Media;
use crate::print::Print;
use crate::session::{Line, Session};
use crate::transport::Transport;
use std::borrow::Cow;

/// One format as the box writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// 0 to 127.
    pub payload_type: u8,
    /// The value of a=rtpmap, `opus/48000/2`; a static type needs none (RFC 3551 §6).
    pub map: Option<String>,
    /// The value of a=fmtp.
    pub fmtp: Option<String>,
}

/// What becomes of the formats of one RTP line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormatChange {
    /// Payload types that leave it, with all that is said of them.
    pub drop: Vec<u8>,
    /// What is appended, and so least preferred. Its payload types must be free by then.
    pub add: Vec<Format>,
    /// Payload types that then stand first, in this order.
    pub first: Vec<u8>,
    /// How much sound a packet is to hold (`a=ptime`), whatever was said of it before, also of how much it
    /// may hold; in milliseconds.
    pub packet_millis: Option<u8>,
}

impl Media<'_> {
    /// Whether the box can read what the line carries: sound in RTP that is not encrypted, and will not be
    /// if the peer takes what is offered beside a plain transport (RFC 8643).
    pub fn is_plain_audio(&self) -> bool {
        let plain = matches!(self.transport(), Transport::RtpAvp | Transport::RtpAvpf);
        let has_keys = |attribute: Attribute<'_>| KEYS.iter().any(|name| attribute.is(name));
        let keys = self.attributes().chain(self.session.session_attributes()).any(has_keys);
        self.is_active_audio() && plain && !keys
    }
}

/// Writes `session` again with other formats in its lines, by their index; a line without an entry stays
/// as it is.
pub fn change_formats(session: &Session, changes: &[FormatChange]) -> Vec<u8> {
    let mut print = Print::with_capacity(session.as_bytes().len() + SPARE);
    session.session_lines().for_each(|line| print.line(line));
    let unchanged = FormatChange::default();
    for (index, media) in session.media().enumerate() {
        let change = changes.get(index).unwrap_or(&unchanged);
        let FormatChange { drop, add, first, packet_millis } = change;
        let kept = media.formats().filter(|format| !names(drop, format)).map(Cow::Borrowed);
        let added = add.iter().map(|format| Cow::Owned(format.payload_type.to_string()));
        let mut formats: Vec<Cow<'_, str>> = kept.chain(added).collect();
        formats.sort_by_key(|format| rank(first, format));
        print.media_with(&media, media.port(), formats.into_iter());
        let told = |line: &Line<'_>| {
            let Some((millis, it)) = packet_millis.zip(line.attribute()) else { return false };
            let least =
                |limit: &str| limit.trim().parse().is_ok_and(|limit: u16| limit < millis.into());
            it.is("ptime") || (it.is("maxptime") && it.text().is_some_and(least))
        };
        let stays = |line: &Line<'_>| !is_about(drop, line) && !told(line);
        media.lines().filter(stays).for_each(|line| print.line(line));
        for Format { payload_type, map, fmtp } in add {
            if let Some(map) = map {
                print.own(format_args!("a=rtpmap:{payload_type} {map}"));
            }
            if let Some(fmtp) = fmtp {
                print.own(format_args!("a=fmtp:{payload_type} {fmtp}"));
            }
        }
        if let Some(millis) = packet_millis {
            print.own(format_args!("a=ptime:{millis}"));
        }
    }
    print.finish()
}

/// The place of a format among those that stand first; all others come behind, as they were.
fn rank(first: &[u8], format: &str) -> usize {
    let number = format.parse::<u8>().ok();
    first.iter().position(|other| Some(*other) == number).unwrap_or(first.len())
}

fn names(payload_types: &[u8], format: &str) -> bool {
    format.parse().is_ok_and(|number: u8| payload_types.contains(&number))
}

/// Whether a line describes one of these formats: `a=rtpmap:101 ...` and its like.
pub(crate) fn is_about(payload_types: &[u8], line: &Line<'_>) -> bool {
    let Some(attribute) = line.attribute() else { return false };
    if !OF_ONE_FORMAT.iter().any(|name| attribute.is(name)) {
        return false;
    }
    let number = |attribute: Attribute<'_>| {
        let first = attribute.text()?.split_ascii_whitespace().next()?;
        Some(names(payload_types, first))
    };
    number(attribute).unwrap_or(false)
}

/// RFC 4568 §4, RFC 8122 §5, RFC 6189 §8.
const KEYS: [&str; 3] = ["crypto", "fingerprint", "zrtp-hash"];
/// RFC 8866 §6.6, §6.15; RFC 4585 §4.2.
const OF_ONE_FORMAT: [&str; 3] = ["rtpmap", "fmtp", "rtcp-fb"];
/// Room for a handful of formats.
const SPARE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "v=0\r\nm=audio 4000 RTP/AVP 8 96 101\r\na=rtpmap:96 opus/48000/2\r\n\
        a=fmtp:96 useinbandfec=1\r\na=rtcp-fb:96 nack\r\na=rtpmap:101 telephone-event/8000\r\n\
        a=ptime:20\r\nm=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

    fn changed(drop: &[u8], add: &[(u8, Option<&str>, Option<&str>)]) -> String {
        let session = Session::parse(PHONE.as_bytes()).unwrap();
        let format = |(payload_type, map, fmtp): &(u8, Option<&str>, Option<&str>)| Format {
            payload_type: *payload_type,
            map: map.map(str::to_owned),
            fmtp: fmtp.map(str::to_owned),
        };
        let add = add.iter().map(format).collect();
        let change = FormatChange { drop: drop.to_vec(), add, ..FormatChange::default() };
        String::from_utf8(change_formats(&session, &[change])).unwrap()
    }

    #[test]
    fn what_is_added_stands_last_and_the_rest_stays_as_it_is() {
        let told = changed(&[], &[(9, None, None), (97, Some("AMR-WB/16000"), Some("x=1"))]);
        let (before, video) = PHONE.split_at(PHONE.find("m=video").unwrap());
        let expected = before.replace("8 96 101", "8 96 101 9 97");
        let expected = expected + "a=rtpmap:97 AMR-WB/16000\r\na=fmtp:97 x=1\r\n" + video;
        assert_eq!(told, expected);
        assert_eq!(changed(&[], &[]), PHONE);
    }

    #[test]
    fn what_leaves_takes_all_that_is_said_of_it_along_but_not_from_other_lines() {
        let expected = "v=0\r\nm=audio 4000 RTP/AVP 8 101\r\n\
            a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n\
            m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
        assert_eq!(changed(&[96], &[]), expected);
    }

    #[test]
    fn all_formats_may_be_replaced() {
        let told = changed(&[8, 96, 101], &[(0, Some("PCMU/8000"), None)]);
        assert!(told.starts_with("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=ptime:20\r\na=rtpmap:0 "));
    }

    #[test]
    fn an_order_and_a_packet_time_of_the_boxs_own_take_the_place_of_what_was_said() {
        let session = Session::parse(PHONE.as_bytes()).unwrap();
        let add = vec![Format { payload_type: 18, map: None, fmtp: None }];
        let (first, packet_millis) = (vec![18, 96], Some(30));
        let change = FormatChange { add, first, packet_millis, ..FormatChange::default() };
        let told =
            String::from_utf8(change_formats(&session, std::slice::from_ref(&change))).unwrap();
        assert!(told.contains("m=audio 4000 RTP/AVP 18 96 8 101\r\n"), "{told}");
        assert!(told.contains("a=ptime:30\r\nm=video"), "{told}");
        assert!(!told.contains("a=ptime:20"), "{told}");
        let limits = |limit: &str| {
            let text = format!("v=0\r\nm=audio 4000 RTP/AVP 8\r\na=maxptime:{limit}\r\n");
            let session = Session::parse(text.as_bytes()).unwrap();
            let told = change_formats(&session, std::slice::from_ref(&change));
            Session::parse(&told).unwrap().media_at(0).unwrap().maxptime()
        };
        assert_eq!((limits("150"), limits("30"), limits("20")), (Some(150), Some(30), None));
    }

    #[test]
    fn only_sound_that_is_not_encrypted_can_be_read() {
        let text = "v=0\r\nm=audio 1 RTP/AVP 8\r\nm=audio 1 RTP/SAVP 8\r\nm=video 1 RTP/AVP 34\r\n\
            m=audio 0 RTP/AVP 8\r\nm=audio 1 RTP/AVP 8\r\na=crypto:1 X inline:y\r\n";
        let plain = |text: &str| -> Vec<bool> {
            let session = Session::parse(text.as_bytes()).unwrap();
            session.media().map(|media| media.is_plain_audio()).collect()
        };
        assert_eq!(plain(text), [true, false, false, false, false]);
        assert_eq!(plain("v=0\r\na=fingerprint:sha-1 A\r\nm=audio 1 RTP/AVP 8\r\n"), [false]);
    }
}
