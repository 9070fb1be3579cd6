//! Which encodings a leg is offered, and what it is told when the other leg speaks another one.
//!
//! A leg is offered what the other one offered, in its order, and behind that all that the box can
//! translate to. So two peers without a common codec talk, and two with one are not in between
//! translated unless the one who answers wants it so. Only lines that the box can read are touched:
//! sound in RTP without keys.

mod named;
mod own;
mod packets;

use call::{Capacity, Codec, Format, Formats};
use config::CodecPolicy;
use named::OFFERED;
use packets::Packets;
use sdp::{FormatChange, Kind, Media, Session};
use std::sync::Arc;

pub(super) use named::read;
pub(super) use own::{levels, own_answer, own_offer};

/// On what terms a leg is offered what another one said.
#[derive(Debug, Clone)]
pub(in crate::leg) struct Terms {
    /// What that other leg may speak.
    pub(super) theirs: Arc<CodecPolicy>,
    /// Whether the box translates between the two.
    pub(super) translate: bool,
    /// What translation costs and how much room there is for it; `None` when that does not matter.
    pub(super) prices: Option<(Arc<Capacity>, u64)>,
}

impl Terms {
    /// The box itself offers.
    pub(super) fn own() -> Self {
        Self { theirs: Arc::default(), translate: true, prices: None }
    }
}

/// Nothing is left that a leg could be offered: what the other one has, and what this one may speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::leg) struct NothingInCommon {
    pub(super) theirs: Vec<Codec>,
    pub(super) ours: Vec<Codec>,
    /// Translation would help and is allowed, but the box has no room for it.
    pub(super) too_dear: bool,
}

impl Terms {
    /// Whether the box has room to translate between the two, both ways.
    fn affords(&self, one: Codec, other: Codec) -> bool {
        let Some((prices, room)) = &self.prices else { return true };
        let price = prices.translation(one, other).saturating_add(prices.translation(other, one));
        price <= *room
    }
}

/// What another leg said, without what either may not speak, and with all that the box can translate
/// to. Nothing when it stays as it is.
///
/// `before`: what this leg was told last. An encoding keeps the payload type that it had there
/// (RFC 3264 §8.3.2).
pub(super) fn widened(
    theirs: &Session,
    before: Option<&Session>,
    terms: &Terms,
    ours: &CodecPolicy,
) -> Result<Option<Session>, NothingInCommon> {
    let change = |(index, media): (usize, Media<'_>)| {
        let before = before.and_then(|before| before.media_at(index));
        offered(&media, before.as_ref(), terms, ours)
    };
    let changes: Result<Vec<FormatChange>, _> = theirs.media().enumerate().map(change).collect();
    Ok(changed(theirs, &changes?))
}

/// What another leg answered, in encodings that `offer` has and its sender may speak. Nothing when it
/// is in them already.
///
/// Where both have some in common, the others are left out: what the far side prefers to send is
/// translated. Where they have none, the answer is the first of the offer that the box can speak.
pub(super) fn narrowed(answer: &Session, offer: &Session, ours: &CodecPolicy) -> Option<Session> {
    let change = |(answered, offered): (Media<'_>, Media<'_>)| {
        if !answered.is_plain_audio() || !offered.is_plain_audio() {
            return FormatChange::default();
        }
        let packet_millis = ours.packet_millis;
        FormatChange { packet_millis, ..in_terms_of(&offered, &answered, ours) }
    };
    let changes: Vec<FormatChange> = answer.media().zip(offer.media()).map(change).collect();
    changed(answer, &changes)
}

/// What a leg and the box agreed to speak, line by line; nothing where the box cannot read it.
///
/// `packet_millis`: how much sound it is sent in a packet if it does not say.
pub(super) fn agreed(
    ours: &Session,
    theirs: &Session,
    packet_millis: Option<u8>,
) -> Vec<Option<Formats>> {
    let of_line = |(ours, theirs): (Media<'_>, Media<'_>)| {
        if !ours.is_plain_audio() || !theirs.is_plain_audio() {
            return None;
        }
        let in_both = |formats: &[Format], others: &[Format]| -> Vec<Format> {
            let named =
                |format: &&Format| others.iter().any(|other| is_same(format.codec, other.codec));
            formats.iter().filter(named).copied().collect()
        };
        let packets = Packets::agreed(&ours, &theirs, packet_millis);
        let (ours, said) = (known(&ours), known(&theirs));
        // Who answers with one codec of many sends no other (RFC 3264 §6.1): media need not be
        // ready to translate all that was offered.
        let (receive, send) = (in_both(&ours, &said), in_both(&said, &ours));
        let Packets { wanted: packet_millis, most: most_millis, asked: asked_millis } = packets;
        Some(Formats { receive, send, packet_millis, most_millis, asked_millis })
    };
    ours.media().zip(theirs.media()).map(of_line).collect()
}

/// The encodings of a line that the box knows.
fn known(media: &Media<'_>) -> Vec<Format> {
    let format = |codec: sdp::Codec<'_>| {
        let known = read(&codec).or_else(|| named::is_data(&codec).then_some(Codec::Clear))?;
        Some(Format { payload_type: codec.payload_type, codec: known })
    };
    media.codecs().into_iter().filter_map(format).collect()
}

/// How the formats of a line change before a leg is offered it.
fn offered(
    media: &Media<'_>,
    before: Option<&Media<'_>>,
    terms: &Terms,
    ours: &CodecPolicy,
) -> Result<FormatChange, NothingInCommon> {
    let is_sound = media.kind() == Kind::Audio && media.is_active() && media.transport().is_rtp();
    if !is_sound {
        return Ok(FormatChange::default());
    }
    let codecs = media.codecs();
    let forbidden = |codec: &&sdp::Codec<'_>| {
        codec.is_media() && !(allows(&terms.theirs, codec) && allows(ours, codec))
    };
    let drop: Vec<u8> = codecs.iter().filter(forbidden).map(|codec| codec.payload_type).collect();
    let added = match terms.translate {
        true => missing(media, before, terms, ours),
        false => Vec::new(),
    };
    let kept = || codecs.iter().filter(|codec| !drop.contains(&codec.payload_type));
    let had_sound = codecs.iter().any(sdp::Codec::is_media);
    let has_sound = kept().any(sdp::Codec::is_media) || added.iter().any(|(it, _)| it.is_sound());
    if had_sound && !has_sound {
        return Err(NothingInCommon {
            theirs: sounds(media, &terms.theirs),
            ours: speakable(ours),
            too_dear: terms.translate && {
                let free = Terms { prices: None, ..terms.clone() };
                missing(media, before, &free, ours).iter().any(|(codec, _)| codec.is_sound())
            },
        });
    }
    let known = kept().filter_map(|codec| Some((codec.payload_type, read(codec)?)));
    let all = known.chain(added.iter().map(|(codec, format)| (format.payload_type, *codec)));
    let rank = |codec: Codec| named::name(codec).and_then(|name| ours.rank(name));
    let mut first: Vec<_> = all.filter_map(|(number, it)| Some((rank(it)?, number))).collect();
    first.sort_by_key(|(rank, _)| *rank);
    Ok(FormatChange {
        add: added.into_iter().map(|(_, format)| format).collect(),
        first: first.into_iter().map(|(_, number)| number).collect(),
        packet_millis: ours.packet_millis,
        drop,
    })
}

/// Whether a side may speak what a description names.
fn allows(policy: &CodecPolicy, codec: &sdp::Codec<'_>) -> bool {
    policy.allows(read(codec).and_then(named::name))
}

/// The sounds of a line that its side may speak, each once.
fn sounds(media: &Media<'_>, policy: &CodecPolicy) -> Vec<Codec> {
    let mut codecs: Vec<Codec> = Vec::new();
    let may = |format: &Format| policy.allows(named::name(format.codec));
    let is_heard = |format: &Format| format.codec.is_sound() && format.codec != Codec::Clear;
    let sounds = known(media).into_iter().filter(is_heard);
    for format in sounds.filter(may) {
        let same = |codec: &Codec| named::name(*codec) == named::name(format.codec);
        if !codecs.iter().any(same) {
            codecs.push(format.codec);
        }
    }
    codecs
}

/// What a side may speak of all that the box offers.
fn speakable(policy: &CodecPolicy) -> Vec<Codec> {
    let sounds = OFFERED.iter().map(|offered| offered.codec).filter(|codec| codec.is_sound());
    sounds.filter(|codec| policy.allows(named::name(*codec))).collect()
}

/// What the box can translate to, and a line does not have yet.
fn missing(
    media: &Media<'_>,
    before: Option<&Media<'_>>,
    terms: &Terms,
    ours: &CodecPolicy,
) -> Vec<(Codec, sdp::Format)> {
    let all = if media.is_plain_audio() { known(media) } else { Vec::new() };
    let may = |policy: &CodecPolicy, codec: Codec| {
        named::name(codec).is_none_or(|name| policy.allows(Some(name)))
    };
    // What its side may not speak was not said: who may is offered it to be translated.
    let said = |format: &Format| may(&terms.theirs, format.codec);
    let (has, unsaid): (Vec<Format>, Vec<Format>) = all.into_iter().partition(said);
    // Without any sound that the box can read there is nothing to translate from.
    let Some(first) = has.iter().find(|it| it.codec.is_sound()).map(|it| it.codec) else {
        return Vec::new();
    };
    let earlier = before.map(known).unwrap_or_default();
    let mut taken: Vec<u8> = media.codecs().iter().map(|codec| codec.payload_type).collect();
    taken.retain(|number| !unsaid.iter().any(|format| format.payload_type == *number));
    // Keys of who has no events for them are found in the sound, or come in requests.
    let wanted = OFFERED.iter().filter(|offered| {
        let codec = offered.codec;
        let wanted = !codec.is_sound() || (may(ours, codec) && terms.affords(first, codec));
        wanted && !has.iter().any(|format| is_same(format.codec, codec))
    });
    let mut add = Vec::with_capacity(OFFERED.len());
    for offered in wanted {
        let same = earlier.iter().find(|format| format.codec == offered.codec);
        let number = same.map_or(offered.payload_type, |format| format.payload_type);
        let Some(payload_type) = free(number, offered.map.is_some(), &taken) else { continue };
        taken.push(payload_type);
        let map = offered.map.map(str::to_owned);
        let fmtp = offered.fmtp.map(str::to_owned);
        add.push((offered.codec, sdp::Format { payload_type, map, fmtp }));
    }
    add
}

/// How the formats of an answered line change so that all are in the offered one.
fn in_terms_of(offered: &Media<'_>, answered: &Media<'_>, policy: &CodecPolicy) -> FormatChange {
    let permitted = |codec: &sdp::Codec<'_>| !codec.is_media() || allows(policy, codec);
    let offer: Vec<_> = offered.codecs().into_iter().filter(permitted).collect();
    let answer = answered.codecs();
    let is_offered = |codec: &sdp::Codec<'_>| {
        offer.iter().any(|other| match (read(codec), read(other)) {
            (Some(one), Some(other)) => is_same(one, other),
            _ => codec.is_same_encoding(other) || codec.payload_type == other.payload_type,
        })
    };
    let foreign = answer.iter().filter(|codec| !is_offered(codec));
    let drop: Vec<u8> = foreign.map(|codec| codec.payload_type).collect();
    // Keys pressed are understood by who has them at any clock, and become tones or requests for who
    // has none, where the box can make them of its sound.
    let understood = answer
        .iter()
        .any(|codec| codec.is_telephone_event() || read(codec).is_some_and(Codec::is_sound));
    let named = answer.iter().any(|codec| codec.is_telephone_event() && is_offered(codec));
    let keys = offer.iter().filter(|codec| codec.is_telephone_event() && understood);
    if answer.iter().any(|codec| codec.is_media() && is_offered(codec)) {
        let add = if named { Vec::new() } else { keys.map(restated).collect() };
        return FormatChange { drop, add, ..FormatChange::default() };
    }
    let Some(first) = offer.iter().find(|codec| read(codec).is_some_and(Codec::is_sound)) else {
        return FormatChange::default();
    };
    let drop = answer.iter().map(|codec| codec.payload_type).collect();
    let add = std::iter::once(first).chain(keys).map(restated).collect();
    FormatChange { drop, add, ..FormatChange::default() }
}

/// A codec of an offer as the answer to it says it.
fn restated(codec: &sdp::Codec<'_>) -> sdp::Format {
    let sdp::Codec { payload_type, name, clock, channels, fmtp } = codec;
    let map = match channels {
        1 => format!("{name}/{clock}"),
        _ => format!("{name}/{clock}/{channels}"),
    };
    sdp::Format { payload_type: *payload_type, map: Some(map), fmtp: fmtp.map(str::to_owned) }
}

/// Whether one is as good as the other in a description: the annexes of G.729 and G.723.1 are no codecs of
/// their own.
fn is_same(one: Codec, other: Codec) -> bool {
    one.is_understood_as(other) || other.is_understood_as(one)
}

/// The number that is wanted, or for a dynamic one the next that is free (RFC 3551 §3).
fn free(wanted: u8, dynamic: bool, taken: &[u8]) -> Option<u8> {
    let mut candidates = std::iter::once(wanted).chain(96..=127);
    candidates.find(|number| !taken.contains(number)).filter(|number| dynamic || *number == wanted)
}

fn changed(session: &Session, changes: &[FormatChange]) -> Option<Session> {
    if changes.iter().all(|change| *change == FormatChange::default()) {
        return None;
    }
    Session::parse(&sdp::change_formats(session, changes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::{CodecPrice, G726Bits, G726Packing, UnixMillis};
    use config::{CodecName, CodecOrder};

    fn session(media: &str) -> Session {
        Session::parse(format!("v=0\r\nc=IN IP4 192.0.2.1\r\n{media}").as_bytes()).unwrap()
    }

    fn formats(session: &Session) -> Vec<String> {
        session.media_at(0).unwrap().formats().map(str::to_owned).collect()
    }

    fn free_terms() -> Terms {
        Terms { theirs: Arc::default(), translate: true, prices: None }
    }

    fn only(allow: &[CodecName]) -> CodecPolicy {
        CodecPolicy { allow: allow.to_vec(), ..CodecPolicy::default() }
    }

    #[test]
    fn an_encoding_is_known_by_its_name_and_what_tells_it_from_others() {
        let text = "m=audio 1 RTP/AVP 0 18 4 96 97 98 99 100 101 102 103\r\n\
            a=fmtp:18 annexb=no\r\na=rtpmap:96 amr-wb/16000\r\na=fmtp:96 octet-align=1; mode-set=0\r\n\
            a=rtpmap:97 AMR-WB/16000\r\na=rtpmap:98 AMR-WB/16000\r\na=fmtp:98 crc=1\r\n\
            a=rtpmap:99 AAL2-G726-40/8000\r\na=rtpmap:100 opus/48000\r\n\
            a=rtpmap:101 telephone-event/48000\r\na=rtpmap:102 L16/44100\r\n\
            a=rtpmap:103 L16/8000/2\r\n";
        let session = session(text);
        let known: Vec<_> = known(&session.media_at(0).unwrap())
            .into_iter()
            .map(|format| (format.payload_type, format.codec))
            .collect();
        let g726 = Codec::G726 { bits: G726Bits::Five, packing: G726Packing::Aal2 };
        assert_eq!(
            known,
            [
                (0, Codec::Pcmu),
                (18, Codec::G729 { annex_b: false }),
                (4, Codec::G723 { annex_a: true }),
                (96, Codec::AmrWb { octet_aligned: true }),
                (97, Codec::AmrWb { octet_aligned: false }),
                (99, g726),
                (101, Codec::TelephoneEvent { clock: 48_000 }),
                (102, Codec::L16 { rate: 44_100 }),
            ]
        );
    }

    #[test]
    fn only_sound_that_the_box_can_read_is_offered_in_other_encodings() {
        let policy = CodecPolicy::default();
        for text in [
            "m=audio 1 RTP/SAVP 8\r\n",
            "m=audio 0 RTP/AVP 8\r\n",
            "m=video 1 RTP/AVP 34\r\n",
            "m=audio 1 RTP/AVP 96\r\na=rtpmap:96 iLBC/8000\r\n",
        ] {
            assert_eq!(widened(&session(text), None, &free_terms(), &policy), Ok(None), "{text}");
        }
    }

    #[test]
    fn keys_are_offered_at_8_khz_where_the_caller_has_them_at_another_clock() {
        let text = "m=audio 1 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\n\
            a=rtpmap:97 telephone-event/48000\r\n";
        let offer = session(text);
        let policy = CodecPolicy::default();
        let wide = widened(&offer, None, &free_terms(), &policy).unwrap().unwrap();
        assert_eq!(formats(&wide).last().map(String::as_str), Some("101"));
        let answer = session("m=audio 1 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n");
        assert_eq!(formats(&narrowed(&answer, &offer, &policy).unwrap()), ["96", "97"]);
    }

    #[test]
    fn an_encoding_that_both_sides_number_differently_is_the_same() {
        let offer = session("m=audio 1 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n");
        let answer = session("m=audio 1 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
        assert_eq!(narrowed(&answer, &offer, &CodecPolicy::default()), None);
        let agreed = agreed(&offer, &answer, None).remove(0).unwrap();
        let opus = |payload_type| Format { payload_type, codec: Codec::Opus };
        assert_eq!((agreed.receive, agreed.send), (vec![opus(96)], vec![opus(111)]));
    }

    #[test]
    fn what_only_one_side_named_is_neither_sent_nor_awaited() {
        let ours = session("m=audio 1 RTP/AVP 8 9\r\n");
        let theirs = session("m=audio 1 RTP/AVP 9 3\r\na=ptime:30\r\n");
        let agreed = agreed(&ours, &theirs, None).remove(0).unwrap();
        assert_eq!(agreed.send, [Format { payload_type: 9, codec: Codec::G722 }]);
        assert_eq!(agreed.receive, agreed.send);
        assert_eq!(agreed.packet_millis, 30);
    }

    #[test]
    fn what_one_of_both_may_not_speak_is_not_offered_and_an_unknown_one_neither() {
        let text = "m=audio 1 RTP/AVP 97 0 3 8 101\r\na=rtpmap:97 iLBC/8000\r\n\
            a=rtpmap:101 telephone-event/8000\r\n";
        let gsm = CodecPolicy { deny: vec![CodecName::Gsm], ..CodecPolicy::default() };
        let terms = Terms { theirs: Arc::new(gsm), ..free_terms() };
        let ours = only(&[CodecName::Pcma, CodecName::Gsm, CodecName::G729]);
        let told = widened(&session(text), None, &terms, &ours).unwrap().unwrap();
        assert_eq!(formats(&told), ["8", "101", "18", "3"], "GSM comes from the box");
    }

    #[test]
    fn an_order_of_its_own_stands_first_and_what_has_no_place_in_it_behind() {
        let allow = [CodecName::G729, CodecName::Opus, CodecName::Pcma];
        let ours = CodecPolicy { order: CodecOrder::Allowed, ..only(&allow) };
        let text = "m=audio 1 RTP/AVP 8 96 101\r\na=rtpmap:96 opus/48000/2\r\n\
            a=rtpmap:101 telephone-event/8000\r\n";
        let told = widened(&session(text), None, &free_terms(), &ours).unwrap().unwrap();
        assert_eq!(formats(&told), ["18", "96", "8", "101"]);
    }

    #[test]
    fn without_translation_only_what_both_may_speak_is_offered_or_nothing_is_left() {
        let terms = Terms { translate: false, ..free_terms() };
        let offer = session("m=audio 1 RTP/AVP 8 3\r\n");
        let told = widened(&offer, None, &terms, &only(&[CodecName::Gsm])).unwrap().unwrap();
        assert_eq!(formats(&told), ["3"]);
        let refused = widened(&offer, None, &terms, &only(&[CodecName::G722])).unwrap_err();
        let theirs = vec![Codec::Pcma, Codec::Gsm];
        let ours = vec![Codec::G722];
        assert_eq!(refused, NothingInCommon { theirs, ours, too_dear: false });
    }

    #[test]
    fn what_the_box_has_no_room_to_translate_is_not_offered() {
        let price = |codec, nanos| CodecPrice { codec, decode_nanos: nanos, encode_nanos: nanos };
        let g729 = Codec::G729 { annex_b: true };
        let codecs = vec![price(Codec::Opus, 60), price(g729, 20)];
        let capacity =
            Capacity { measured: UnixMillis(0), core_nanos: 1_000, packet_nanos: 1, codecs };
        let capacity = Arc::new(capacity);
        let with = |room| Terms { prices: Some((capacity.clone(), room)), ..free_terms() };
        let ours = only(&[CodecName::Opus, CodecName::G729]);
        let offer = session("m=audio 1 RTP/AVP 8\r\n");
        let told = |room| widened(&offer, None, &with(room), &ours);
        assert_eq!(formats(&told(120).unwrap().unwrap()), ["107", "18", "101"]);
        assert_eq!(formats(&told(119).unwrap().unwrap()), ["18", "101"]);
        assert!(told(39).unwrap_err().too_dear);
    }

    #[test]
    fn an_answer_keeps_to_what_the_one_who_offered_may_speak() {
        let offer = session("m=audio 1 RTP/AVP 3 8\r\n");
        let answer = session("m=audio 1 RTP/AVP 3\r\n");
        let told = narrowed(&answer, &offer, &only(&[CodecName::Pcma])).unwrap();
        assert_eq!(formats(&told), ["8"]);
    }

    #[test]
    fn a_packet_time_of_a_side_is_told_to_it_in_offers_and_answers() {
        let ours = CodecPolicy { packet_millis: Some(40), ..CodecPolicy::default() };
        let offer = session("m=audio 1 RTP/AVP 8\r\na=ptime:20\r\n");
        let told = widened(&offer, None, &free_terms(), &ours).unwrap().unwrap();
        assert_eq!(told.media_at(0).unwrap().ptime(), Some(40));
        let told = narrowed(&offer, &offer, &ours).unwrap();
        assert_eq!(told.media_at(0).unwrap().ptime(), Some(40));
    }
}
