//! What phones are told of codecs when they do not have the same ones. How it sounds is heard elsewhere.

use call::Why;
use config::{CodecName, CodecOrder, CodecPolicy, TrunkId, TrunkKind};
use sim::Lab;

/// The formats of the first audio line.
fn formats(sdp: &str) -> &str {
    let line = sdp.lines().find_map(|line| line.strip_prefix("m=audio ")).unwrap();
    line.split_once(" RTP/AVP ").unwrap().1
}

/// 201 calls 202, which answers; what each of the two was told.
fn call(lab: &mut Lab) -> (String, String) {
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    let offered = lab.phone("202").saw("INVITE").body;
    let answered = lab.phone("201").saw("200").body;
    (formats(&offered).to_owned(), formats(&answered).to_owned())
}

#[test]
fn who_is_called_is_offered_the_callers_codecs_and_then_all_that_the_box_translates() {
    let mut lab = Lab::office(31, &["201", "202"]);
    let (offered, answered) = call(&mut lab);
    assert_eq!(offered, "8 0 9 107 108 109 18 3 4 101");
    assert_eq!(answered, "8 0");
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn two_phones_without_a_common_codec_are_each_told_their_own() {
    let mut lab = Lab::office(32, &["201", "202"]);
    let keys = (101, "telephone-event/8000");
    lab.phone("201").habits(|habits| habits.codecs = vec![(8, "PCMA/8000"), keys]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000"), keys]);
    let (_, answered) = call(&mut lab);
    assert_eq!(answered, "8 101");
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_caller_is_not_told_of_codecs_that_only_the_other_side_has() {
    let mut lab = Lab::office(33, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (8, "PCMA/8000")]);
    let (_, answered) = call(&mut lab);
    assert_eq!(answered, "8");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_payload_type_that_the_caller_uses_is_not_given_to_another_codec() {
    let mut lab = Lab::office(34, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.codecs = vec![(107, "iLBC/8000"), (8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(96, "opus/48000/2")]);
    let (offered, answered) = call(&mut lab);
    assert_eq!(offered, "107 8 9 96 0 108 109 18 3 4 101");
    assert_eq!(answered, "8");
    lab.phone("201").holds();
    lab.run_ms(300);
    let again = lab.phone("202").saw("INVITE").body;
    assert_eq!(formats(&again), offered, "an encoding keeps its number");
    lab.phone("201").hangs_up();
    lab.rest();
}

/// A policy that allows only these, in this order.
fn only(allow: &[CodecName]) -> CodecPolicy {
    let (allow, order) = (allow.to_vec(), CodecOrder::Allowed);
    CodecPolicy { allow, order, ..CodecPolicy::default() }
}

/// An office with a carrier that may speak only G.729 and A-law; outside numbers begin with 0.
fn with_carrier(seed: u64) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201"]);
    let trunk = lab.carrier("carrier", "198.51.100.7:5060", TrunkKind::Static);
    lab.outbound("0.", &[trunk]);
    let codecs = Some(only(&[CodecName::G729, CodecName::Pcma]));
    lab.change_trunk(trunk, |trunk| trunk.codecs = codecs);
    (lab, trunk)
}

#[test]
fn a_trunk_is_offered_what_its_policy_allows_in_its_order() {
    let (mut lab, _) = with_carrier(35);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (8, "PCMA/8000")]);
    lab.phone("carrier").habits(|habits| habits.codecs = vec![(18, "G729/8000")]);
    lab.phone("201").dials("0123");
    lab.run_ms(200);
    let offered = lab.phone("carrier").saw("INVITE").body;
    assert_eq!(formats(&offered), "18 8 101");
    lab.phone("carrier").answers();
    lab.run_ms(100);
    assert_eq!(formats(&lab.phone("201").saw("200").body), "9");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_shares_no_codec_with_a_side_that_is_not_translated_for_is_refused_with_a_sentence() {
    let (mut lab, trunk) = with_carrier(36);
    lab.change_trunk(trunk, |trunk| trunk.codecs.as_mut().unwrap().translate = false);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (3, "GSM/8000")]);
    lab.phone("201").dials("0123");
    lab.run_ms(300);
    assert_eq!(lab.phone("201").status(), Some(488));
    let refusal = lab.phone("201").saw("488");
    let told = refusal.header("Warning").unwrap_or_default();
    let sentence = "one has G.722 and GSM, the other may speak G.711 A-law and G.729";
    assert!(told.starts_with("305 ") && told.contains(sentence), "{told}");
    lab.rest();
    let end = lab.record().end.clone().unwrap();
    assert!(matches!(end.why, Why::NoCommonCodec { .. }), "{end:?}");
    assert!(end.to_string().contains(sentence), "{end}");
}

#[test]
fn the_next_trunk_is_tried_where_one_may_not_speak_what_the_caller_does() {
    let (mut lab, trunk) = with_carrier(37);
    lab.change_trunk(trunk, |trunk| trunk.codecs.as_mut().unwrap().translate = false);
    let other = lab.carrier("other", "198.51.100.8:5060", TrunkKind::Static);
    lab.outbound_with("1.", &[trunk, other], |_| {});
    lab.phone("201").habits(|habits| habits.codecs = vec![(3, "GSM/8000")]);
    lab.phone("other").habits(|habits| habits.codecs = vec![(3, "GSM/8000")]);
    lab.phone("201").dials("1123");
    lab.run_ms(300);
    lab.phone("other").answers();
    lab.run_ms(100);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn no_policy_keeps_help_from_coming() {
    let (mut lab, trunk) = with_carrier(38);
    lab.change_trunk(trunk, |trunk| trunk.codecs.as_mut().unwrap().translate = false);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000")]);
    lab.phone("carrier").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    lab.phone("201").dials("999");
    lab.run_ms(200);
    assert_eq!(formats(&lab.phone("carrier").saw("INVITE").body), "18 8 101");
    lab.phone("carrier").answers();
    lab.run_ms(100);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_device_has_a_policy_of_its_own_as_caller_and_as_called() {
    let mut lab = Lab::office(39, &["201", "202"]);
    lab.device("202", "desk");
    lab.change_device("desk", |device| device.codecs = Some(only(&[CodecName::Pcma])));
    lab.add_phone("desk");
    lab.phone("desk").registers();
    lab.phone("202").unregisters();
    lab.run_ms(300);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(formats(&lab.phone("desk").saw("INVITE").body), "8 101");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    // It calls: of its offer only what it may speak is passed on.
    lab.phone("desk").dials("201");
    lab.run_ms(200);
    let offered = lab.phone("201").saw("INVITE").body;
    assert_eq!(formats(&offered), "8 9 107 0 108 109 18 3 4 101");
    lab.phone("201").answers();
    lab.run_ms(100);
    assert_eq!(formats(&lab.phone("desk").saw("200").body), "8");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn the_tenants_policy_holds_for_who_has_none_and_also_when_media_change() {
    let mut lab = Lab::office(40, &["201", "202"]);
    let deny = vec![CodecName::Pcmu, CodecName::Opus];
    let packet_millis = Some(30);
    lab.codecs(CodecPolicy { deny, packet_millis, translate: false, ..CodecPolicy::default() });
    let (offered, answered) = call(&mut lab);
    assert_eq!((offered.as_str(), answered.as_str()), ("8", "8"));
    lab.phone("201").holds();
    lab.run_ms(300);
    let again = lab.phone("202").saw("INVITE").body;
    assert_eq!(formats(&again), "8");
    assert!(again.contains("a=ptime:30\r\n"), "{again}");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn codecs_that_not_even_the_box_knows_end_in_488() {
    let mut lab = Lab::office(18, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(97, "iLBC/8000")]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(488));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoCommonMedia);
}
