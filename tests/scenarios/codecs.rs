//! What phones are told of codecs when they do not have the same ones. How it sounds is heard elsewhere.

use call::Why;
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
    assert_eq!(offered, "8 0 9 107 108 109 18 3 4");
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
    assert_eq!(offered, "107 8 9 96 0 108 109 18 3 4");
    assert_eq!(answered, "8");
    lab.phone("201").holds();
    lab.run_ms(300);
    let again = lab.phone("202").saw("INVITE").body;
    assert_eq!(formats(&again), offered, "an encoding keeps its number");
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
