//! Calls that the box itself answers, and what it lets people hear: music while they are held, tones
//! while they wait.

use crate::{connect, talking};
use call::{CallState, Decider, Place, Why};
use config::TrunkKind;
use sim::{Called, Lab};
use std::time::Duration;

fn echoing(seed: u64) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202"]);
    lab.phone("201").dials("*43");
    lab.run_ms(200);
    assert!(lab.phone("201").is_up());
    lab
}

fn with_music(seed: u64) -> Lab {
    let mut lab = talking(seed);
    lab.settings(|settings| settings.hold_music = true);
    lab
}

#[test]
fn the_box_answers_its_own_number_without_another_leg() {
    let mut lab = echoing(1);
    lab.hears_the_box("201");
    let record = lab.record();
    assert_eq!(record.state, CallState::Up);
    assert_eq!((record.to.number.as_str(), record.to.name.as_str()), ("*43", "Echo test"));
    assert_eq!(record.destination, Some(Place::Number("*43".to_owned())));
    lab.phone("201").hangs_up();
    lab.rest();
    let end = lab.record().end.clone().unwrap();
    assert_eq!((end.why, end.by), (Why::HungUp, Decider::Caller));
    assert_eq!(lab.record().streams.len(), 1);
}

#[test]
fn the_answer_keeps_the_callers_order_and_leaves_out_what_the_box_does_not_speak() {
    let mut lab = Lab::office(2, &["201"]);
    lab.phone("201").habits(|habits| {
        habits.codecs = vec![(97, "iLBC/8000"), (3, "GSM/8000"), (0, "PCMU/8000")];
        habits.lines = vec!["m=video 4002 RTP/AVP 34".to_owned()];
    });
    lab.phone("201").dials("*41");
    lab.run_ms(200);
    let answer = lab.phone("201").talk().peer_sdp.clone();
    let lines: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert!(lines[0].ends_with(" RTP/AVP 3 0"), "{answer}");
    assert!(lines[1].starts_with("m=video 0 "), "{answer}");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_speaks_nothing_that_the_box_knows_is_told_so() {
    let mut lab = Lab::office(3, &["201"]);
    lab.phone("201").habits(|habits| habits.codecs = vec![(97, "iLBC/8000")]);
    lab.phone("201").dials("*43");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(488));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoCommonMedia);
}

#[test]
fn an_invite_without_an_offer_gets_the_boxs_own() {
    let mut lab = Lab::office(4, &["201"]);
    lab.phone("201").habits(|habits| habits.late_offer = true);
    lab.phone("201").dials("*42");
    lab.run_ms(300);
    lab.hears_the_box("201");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn hold_and_resume_and_a_refreshed_session() {
    let mut lab = Lab::office(5, &["201"]);
    lab.phone("201").habits(|habits| habits.timer = Some((90, true)));
    lab.phone("201").dials("*42");
    lab.run_ms(200);
    lab.phone("201").holds();
    lab.run_ms(200);
    assert!(lab.record().held);
    lab.hears_nothing("201");
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.hears_the_box("201");
    lab.run_for(Duration::from_secs(300));
    assert!(lab.phone("201").is_up());
    lab.hears_the_box("201");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_silent_phone_is_not_kept_for_ever() {
    let mut lab = echoing(6);
    lab.phone("201").habits(|habits| habits.mute = true);
    lab.run_for(Duration::from_secs(70));
    assert!(lab.phone("201").is_free());
    lab.rest();
    assert!(matches!(lab.record().end.as_ref().unwrap().why, Why::NoMedia { .. }));
}

#[test]
fn an_extension_may_be_forwarded_to_a_number_of_the_box() {
    let mut lab = Lab::office(7, &["201", "202"]);
    lab.change("202", |extension| {
        extension.forward.busy = Some(config::Number::parse("*42").unwrap());
    });
    lab.phone("202").when_called(Called::Refuses(486));
    lab.phone("201").dials("202");
    lab.run_ms(300);
    lab.hears_the_box("201");
    assert_eq!(lab.record().diverted.len(), 1);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_caller_from_outside_reaches_it_by_an_inbound_route() {
    let mut lab = Lab::office(8, &["201"]);
    let trunk = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Static);
    lab.inbound_from(trunk, "+442079460958", "*43");
    lab.run_ms(200);
    lab.phone("carrier").dials("+442079460958");
    lab.run_ms(300);
    assert!(lab.phone("carrier").is_up());
    lab.phone("carrier").hangs_up();
    lab.rest();
    assert_eq!(lab.record().destination, Some(Place::Number("*43".to_owned())));
}

#[test]
fn a_transfer_may_lead_to_the_box() {
    let mut lab = with_music(9);
    lab.phone("201").holds();
    lab.run_ms(100);
    lab.phone("201").transfers("*42");
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    assert!(lab.phone("202").is_up());
    lab.hears_the_box("202");
    lab.phone("202").hangs_up();
    lab.rest();
    assert_eq!(lab.record().to.number, "*42");
}

#[test]
fn who_has_somebody_and_the_box_leaves_those_two_together() {
    for from_the_box in [false, true] {
        let mut lab = talking(10);
        lab.phone("201").holds();
        lab.run_ms(200);
        let call = lab.phone("201").dials("*43");
        lab.run_ms(200);
        match from_the_box {
            false => lab.phone("201").on(0).joins("*43", call),
            true => lab.phone("201").on(call).joins("202", 0),
        }
        lab.run_ms(500);
        assert!(lab.phone("201").is_free(), "{}", lab.ladder());
        lab.hears_the_box("202");
        lab.phone("202").hangs_up();
        lab.rest();
    }
}

#[test]
fn the_box_cannot_be_sent_elsewhere() {
    let mut lab = echoing(11);
    lab.phone("201").transfers("202");
    lab.run_ms(300);
    let notified = lab.phone("201").talk().notified.clone();
    assert_eq!(notified.last().unwrap(), "SIP/2.0 403 Forbidden");
    assert!(lab.phone("201").is_up() && lab.phone("202").is_free());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_is_held_hears_music_at_once_and_his_phone_is_not_asked() {
    let mut lab = with_music(12);
    lab.talk("201", "202");
    let (asked, sounds) = (lab.phone("202").count("INVITE"), lab.phone("202").talk().sounds);
    lab.phone("201").holds();
    let after =
        lab.run_until(Duration::from_millis(200), |lab| lab.phone("202").talk().sounds > sounds);
    assert!(after <= Duration::from_millis(200), "{after:?}");
    assert!(lab.record().held);
    lab.hears_the_box("202");
    lab.hears_nothing("201");
    lab.phone("201").resumes();
    lab.run_ms(200);
    assert!(!lab.record().held);
    lab.talk("201", "202");
    assert_eq!(lab.phone("202").count("INVITE"), asked);
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn both_may_hold_and_whoever_comes_back_first_hears_music() {
    let mut lab = with_music(13);
    lab.phone("201").holds();
    lab.run_ms(200);
    lab.phone("202").offers("inactive");
    lab.run_ms(200);
    lab.hears_nothing("201");
    lab.hears_nothing("202");
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.hears_the_box("201");
    lab.hears_nothing("202");
    lab.phone("202").resumes();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_call_on_hold_is_not_silent() {
    let mut lab = with_music(14);
    lab.phone("201").holds();
    lab.phone("202").habits(|habits| habits.mute = true);
    lab.run_for(Duration::from_secs(120));
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.phone("202").habits(|habits| habits.mute = false);
    lab.phone("202").act(|_, _| {});
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_is_transferred_hears_that_it_rings() {
    for music in [false, true] {
        let mut lab = talking(15);
        lab.settings(|settings| settings.hold_music = music);
        lab.phone("201").transfers("203");
        lab.run_until(Duration::from_secs(1), |lab| !lab.phone("203").ua().calls.is_empty());
        let sounds = lab.phone("202").talk().sounds;
        lab.run_until(Duration::from_millis(200), |lab| lab.phone("202").talk().sounds > sounds);
        lab.hears_the_box("202");
        lab.phone("203").answers();
        lab.run_ms(300);
        lab.talk("202", "203");
        lab.phone("202").hangs_up();
        lab.rest();
    }
}

#[test]
fn a_transfer_that_fails_gives_the_held_one_his_music_back() {
    let mut lab = with_music(16);
    lab.phone("203").when_called(Called::Rings);
    lab.phone("201").holds();
    lab.run_ms(100);
    lab.phone("201").transfers("203");
    lab.run_ms(300);
    lab.phone("203").refuses(486);
    lab.run_ms(300);
    lab.hears_the_box("202");
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_was_left_alone_hears_that_nobody_is_there_before_he_is_ended() {
    let mut lab = with_music(17);
    lab.phone("203").when_called(Called::Rings);
    lab.phone("201").transfers("203");
    lab.run_ms(100);
    lab.phone("201").hangs_up();
    lab.run_ms(200);
    lab.phone("203").refuses(486);
    lab.run_ms(100);
    lab.hears_the_box("202");
    assert!(lab.phone("202").is_up());
    lab.run_for(Duration::from_secs(4));
    assert!(lab.phone("202").is_free());
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::Busy);
}

#[test]
fn a_second_call_of_a_held_phone_is_its_own() {
    let mut lab = with_music(18);
    lab.phone("201").holds();
    lab.run_ms(200);
    connect(&mut lab, "201", "203");
    lab.talk("201", "203");
    lab.hears_the_box("202");
    lab.phone("203").hangs_up();
    lab.run_ms(100);
    lab.phone("202").hangs_up();
    lab.rest();
}
