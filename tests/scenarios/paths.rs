//! Which way the media of a call goes, and in which codec, as the call shows it.

use crate::connect;
use call::{LegPath, MediaKind, MediaPath};
use sim::Lab;

/// How the legs of the call are, as the live call shows it.
fn shown(lab: &Lab) -> Vec<LegPath> {
    lab.exchange.calls().remove(0).paths
}

fn leg(name: &str, codec: &str, translated: bool) -> LegPath {
    LegPath {
        leg: name.to_owned(),
        kind: MediaKind::Audio,
        codec: Some(codec.to_owned()),
        path: MediaPath::Anchored,
        translated,
    }
}

#[test]
fn a_call_shows_the_codec_of_each_leg_and_the_record_keeps_it() {
    let mut lab = Lab::office(51, &["201", "202"]);
    connect(&mut lab, "201", "202");
    let expected = [leg("201", "PCMA", false), leg("202", "PCMA", false)];
    assert_eq!(shown(&lab), expected);
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(lab.record().paths, expected);
}

#[test]
fn a_call_between_phones_without_a_common_codec_shows_that_both_hear_a_translation() {
    let mut lab = Lab::office(52, &["201", "202"]);
    let keys = (101, "telephone-event/8000");
    lab.phone("201").habits(|habits| habits.codecs = vec![keys, (8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000"), keys]);
    connect(&mut lab, "201", "202");
    assert_eq!(shown(&lab), [leg("201", "PCMA", true), leg("202", "G722", true)]);
    lab.phone("201").hangs_up();
    lab.rest();
}
