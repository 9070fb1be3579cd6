//! The codecs of an RTP media section: formats, a=rtpmap and a=fmtp read together (RFC 8866 §6.6, §6.15).

use crate::attribute::Attribute;
use crate::media::Media;

/// One codec that a peer offers or takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec<'a> {
    /// 0 to 127.
    pub payload_type: u8,
    /// The encoding name as written, `PCMA` or `opus`; empty for a dynamic type without a=rtpmap.
    pub name: &'a str,
    /// RTP clock in Hz; 8,000 for G.722 although it samples at 16,000 (RFC 3551 §4.5.2).
    pub clock: u32,
    /// Audio channels; 1 where nothing is said.
    pub channels: u8,
    /// What a=fmtp says of it, without the payload type.
    pub fmtp: Option<&'a str>,
}

impl Codec<'_> {
    /// Whether both are the same encoding, whatever their payload types.
    pub fn is_same_encoding(&self, other: &Codec<'_>) -> bool {
        !self.name.is_empty()
            && self.name.eq_ignore_ascii_case(other.name)
            && (self.clock, self.channels) == (other.clock, other.channels)
    }

    /// Whether it carries keys pressed (RFC 4733).
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    /// Whether it carries sound or pictures, and not only keys pressed or comfort noise beside them.
    pub fn is_media(&self) -> bool {
        !self.is_telephone_event() && !self.name.eq_ignore_ascii_case("CN")
    }
}

/// The codecs in the order of the m= line, each payload type once.
pub(crate) fn of_media<'a>(media: &Media<'a>) -> Vec<Codec<'a>> {
    if !media.transport().is_rtp() {
        return Vec::new();
    }
    let mut codecs: Vec<Codec<'a>> = Vec::with_capacity(8);
    for payload_type in media.formats().filter_map(payload_type) {
        if !codecs.iter().any(|codec| codec.payload_type == payload_type) {
            codecs.push(of_static(payload_type));
        }
    }
    for attribute in media.attributes() {
        if attribute.is("rtpmap") {
            let _ = apply(&mut codecs, attribute, set_rtpmap);
        } else if attribute.is("fmtp") {
            let _ = apply(&mut codecs, attribute, |codec, text| codec.fmtp = Some(text));
        }
    }
    codecs
}

fn payload_type(format: &str) -> Option<u8> {
    format.parse().ok().filter(|number| *number <= 127)
}

fn of_static<'a>(payload_type: u8) -> Codec<'a> {
    let known = STATIC.iter().find(|(number, ..)| *number == payload_type);
    let (_, name, clock, channels) = known.copied().unwrap_or((payload_type, "", 0, 1));
    Codec { payload_type, name, clock, channels, fmtp: None }
}

/// Hands `101 telephone-event/8000` to the codec of that payload type.
fn apply<'a>(
    codecs: &mut [Codec<'a>],
    attribute: Attribute<'a>,
    set: impl FnOnce(&mut Codec<'a>, &'a str),
) -> Option<()> {
    let (number, text) = attribute.text()?.split_once(|c: char| c.is_ascii_whitespace())?;
    let number = payload_type(number)?;
    let codec = codecs.iter_mut().find(|codec| codec.payload_type == number)?;
    set(codec, text.trim());
    Some(())
}

fn set_rtpmap<'a>(codec: &mut Codec<'a>, text: &'a str) {
    let mut parts = text.split('/');
    codec.name = parts.next().unwrap_or_default();
    codec.clock = parts.next().and_then(|clock| clock.trim().parse().ok()).unwrap_or(0);
    codec.channels = parts.next().and_then(|channels| channels.trim().parse().ok()).unwrap_or(1);
}

/// RFC 3551 §6, tables 4 and 5.
const STATIC: [(u8, &str, u32, u8); 24] = [
    (0, "PCMU", 8_000, 1),
    (3, "GSM", 8_000, 1),
    (4, "G723", 8_000, 1),
    (5, "DVI4", 8_000, 1),
    (6, "DVI4", 16_000, 1),
    (7, "LPC", 8_000, 1),
    (8, "PCMA", 8_000, 1),
    (9, "G722", 8_000, 1),
    (10, "L16", 44_100, 2),
    (11, "L16", 44_100, 1),
    (12, "QCELP", 8_000, 1),
    (13, "CN", 8_000, 1),
    (14, "MPA", 90_000, 1),
    (15, "G728", 8_000, 1),
    (16, "DVI4", 11_025, 1),
    (17, "DVI4", 22_050, 1),
    (18, "G729", 8_000, 1),
    (25, "CelB", 90_000, 1),
    (26, "JPEG", 90_000, 1),
    (28, "nv", 90_000, 1),
    (31, "H261", 90_000, 1),
    (32, "MPV", 90_000, 1),
    (33, "MP2T", 90_000, 1),
    (34, "H263", 90_000, 1),
];

#[cfg(test)]
mod tests {
    use crate::session::Session;

    fn codecs(section: &str) -> Vec<(u8, String, u32, u8, Option<String>)> {
        let session = Session::parse(format!("v=0\n{section}").as_bytes()).unwrap();
        let of = session.media_at(0).unwrap().codecs();
        of.iter()
            .map(|c| (c.payload_type, c.name.into(), c.clock, c.channels, c.fmtp.map(String::from)))
            .collect()
    }

    #[test]
    fn static_payload_types_need_no_rtpmap_and_a_rtpmap_may_overrule_them() {
        assert_eq!(
            codecs("m=audio 1 RTP/AVP 8 10"),
            [(8, "PCMA".into(), 8_000, 1, None), (10, "L16".into(), 44_100, 2, None)]
        );
        let overruled = codecs("m=audio 1 RTP/AVP 5\na=rtpmap:5 opus/48000/2");
        assert_eq!(overruled, [(5, "opus".into(), 48_000, 2, None)]);
    }

    #[test]
    fn the_order_of_the_media_line_counts_and_not_that_of_the_maps() {
        let text = "m=audio 1 RTP/AVP 101 18\na=fmtp:18 annexb=no\na=rtpmap:18 G729/8000\n\
                    a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\na=rtpmap:96 L16/8000";
        assert_eq!(
            codecs(text),
            [
                (101, "telephone-event".into(), 8_000, 1, Some("0-15".into())),
                (18, "G729".into(), 8_000, 1, Some("annexb=no".into()))
            ]
        );
    }

    #[test]
    fn a_dynamic_type_without_a_map_and_odd_maps_do_no_harm() {
        let text =
            "m=audio 1 RTP/AVP 96 97 300 x 97\na=rtpmap:97 X/9999999999/y\na=rtpmap:\na=fmtp:97";
        assert_eq!(codecs(text), [(96, String::new(), 0, 1, None), (97, "X".into(), 0, 1, None)]);
    }

    #[test]
    fn fax_and_floor_control_have_no_codecs() {
        assert_eq!(codecs("m=image 1 udptl t38"), []);
        assert_eq!(codecs("m=application 1 UDP/BFCP *"), []);
    }
}
