//! Which way the media of a call goes, and in which codec, as the call shows it.

use crate::connect;
use call::{Container, Layout, LegPath, MediaKind, MediaPath};
use config::{Encryption, PathPolicy};
use exchange::{Command, Input, Wanted};
use sim::{Lab, Speaks};

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

/// Where a phone was told to send sound: the address and port of the line of a description.
fn told(lab: &mut Lab, name: &str) -> std::net::SocketAddr {
    lab.phone(name).talk().remote_rtp.unwrap()
}

/// An office whose phones may talk past the box, two of which do.
fn past(seed: u64) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202", "203"]);
    lab.media_path(PathPolicy::Direct);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    lab
}

/// Whether the media of both legs is shown to go past the box, and does.
fn is_past(lab: &mut Lab) -> bool {
    let ways: Vec<_> = shown(lab).into_iter().map(|leg| leg.path).collect();
    let shown = ways == [MediaPath::Direct; 2];
    let here = told(lab, "201") == lab.phone("202").talk().rtp;
    let there = told(lab, "202") == lab.phone("201").talk().rtp;
    assert!((shown, shown) == (here, there), "{ways:?}, {here}, {there}");
    shown
}

#[test]
fn two_phones_that_may_talk_past_the_box_do_and_silence_there_ends_nothing() {
    let mut lab = past(53);
    assert!(is_past(&mut lab));
    lab.talk("201", "202");
    let ports = lab.exchange.figures().ports_lent;
    assert_eq!(ports, 2, "the way back is kept");
    lab.run_for(std::time::Duration::from_secs(600));
    assert!(is_past(&mut lab) && lab.phone("201").is_up());
    lab.phone("202").hangs_up();
    lab.rest();
    assert_eq!(lab.record().paths[0].path, MediaPath::Direct);
}

#[test]
fn phones_stay_by_the_box_where_one_of_them_may_not_leave_it_or_is_encrypted() {
    let mut lab = Lab::office(54, &["201", "202"]);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab), "nobody said that they may");
    lab.phone("201").hangs_up();
    lab.rest();
    let mut lab = Lab::office(55, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.encryption(Encryption::Opportunistic);
    let suites = &[call::Suite::AesCm128HmacSha1_80];
    lab.phone("201").habits(|habits| habits.speaks = Speaks::Encrypted(suites));
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn phones_without_a_common_codec_stay_by_the_box() {
    let mut lab = Lab::office(56, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.phone("201").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000")]);
    connect(&mut lab, "201", "202");
    lab.run_ms(500);
    assert!(!is_past(&mut lab));
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_is_put_on_hold_comes_back_for_the_music_and_goes_again_afterwards() {
    let mut lab = past(57);
    lab.settings(|settings| settings.hold_music = true);
    for _ in 0..5 {
        lab.phone("201").holds();
        lab.run_ms(500);
        let ways: Vec<_> = shown(&lab).into_iter().map(|leg| leg.path).collect();
        assert_eq!(ways, [MediaPath::Anchored; 2]);
        let told = told(&mut lab, "202");
        assert_ne!(told, lab.phone("201").talk().rtp, "it sends to the box");
        lab.hears_the_box("202");
        let held = lab.phone("202").talk().rtp;
        assert_ne!(held, told);
        lab.phone("201").resumes();
        lab.run_ms(500);
        assert!(is_past(&mut lab));
        lab.talk("201", "202");
    }
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_transfer_takes_both_back_and_leads_the_new_pair_past_the_box() {
    let mut lab = past(58);
    lab.phone("201").transfers("203");
    lab.run_ms(500);
    lab.phone("203").answers();
    lab.run_ms(1_000);
    assert_eq!(told(&mut lab, "202"), lab.phone("203").talk().rtp);
    assert_eq!(told(&mut lab, "203"), lab.phone("202").talk().rtp);
    lab.talk("202", "203");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_refuses_to_leave_the_box_takes_its_partner_back_with_it() {
    let mut lab = Lab::office(59, &["201", "202"]);
    lab.media_path(PathPolicy::Direct);
    lab.phone("202").habits(|habits| habits.refuses_offers = Some(488));
    connect(&mut lab, "201", "202");
    lab.run_ms(1_000);
    assert!(!is_past(&mut lab));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_recording_takes_both_back_to_the_box_as_long_as_it_runs() {
    let mut lab = past(60);
    let call = lab.exchange.calls()[0].id;
    let (container, layout, by) = (Container::Opus, Layout::Sides, "admin".to_owned());
    lab.input(Input::Command(Command::Record(Wanted { call, container, layout, by })));
    lab.run_ms(500);
    assert!(!is_past(&mut lab), "what is recorded is heard by the box");
    lab.talk("201", "202");
    lab.input(Input::Command(Command::StopRecord(call)));
    lab.run_ms(500);
    assert!(is_past(&mut lab));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}
