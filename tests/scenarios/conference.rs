//! Conferences: the PIN, who is there, and what they hear.

use call::{CallId, Decider, Event, Moderation, Why};
use config::{
    Entry, Feature, FeatureId, FeatureKind, FeatureTone, Number, Pin, Revision, TenantId,
};
use exchange::{Command, Input};
use sim::Lab;
use std::time::Duration;

/// An office with a conference under 600.
fn office(seed: u64, pin: Option<&str>) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202", "203"]);
    lab.put(Entry::Feature(Feature {
        id: FeatureId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        number: Number::parse("600").unwrap(),
        name: "Monday".to_owned(),
        enabled: true,
        kind: FeatureKind::Conference,
        tone: FeatureTone::default(),
        pin: pin.map(|pin| Pin::parse(pin).unwrap()),
        sound: None,
        repeat: false,
        then: None,
    }));
    lab
}

fn enters(lab: &mut Lab, name: &str) {
    lab.phone(name).dials("600");
    lab.run_ms(200);
    assert!(lab.phone(name).is_up());
}

fn keys(lab: &mut Lab, name: &str, digits: &str) {
    for key in digits.chars() {
        lab.phone(name).presses(key);
        lab.run_ms(100);
    }
}

fn members(lab: &Lab) -> Vec<String> {
    let conferences = lab.exchange.conferences();
    let members = conferences.iter().flat_map(|room| &room.members);
    members.map(|member| member.party.number.clone()).collect()
}

#[test]
fn a_room_without_a_pin_is_open_and_tells_who_is_there() {
    let mut lab = office(1, None);
    enters(&mut lab, "201");
    lab.hears_the_box("201");
    enters(&mut lab, "202");
    lab.hears_the_box("201");
    lab.hears_the_box("202");
    assert_eq!(members(&lab), ["201", "202"]);
    let room = lab.exchange.conferences().remove(0);
    assert_eq!((room.number.as_str(), room.name.as_str()), ("600", "Monday"));
    lab.phone("201").hangs_up();
    lab.run_ms(100);
    assert_eq!(members(&lab), ["202"]);
    lab.hears_the_box("202");
    lab.phone("202").hangs_up();
    lab.rest();
    assert!(members(&lab).is_empty());
}

#[test]
fn the_right_pin_opens_with_or_without_a_hash_and_is_in_no_record() {
    let mut lab = office(2, Some("2468"));
    for (name, pin) in [("201", "2468"), ("202", "2468#")] {
        enters(&mut lab, name);
        lab.hears_the_box(name);
        assert!(!members(&lab).contains(&name.to_owned()));
        keys(&mut lab, name, pin);
        assert!(members(&lab).contains(&name.to_owned()), "{:?}", lab.record().steps);
    }
    for name in ["201", "202"] {
        lab.phone(name).hangs_up();
    }
    lab.rest();
    // A hash may come when the PIN is complete already.
    assert!(lab.ended().iter().all(|record| record.keys.len() <= 1));
}

#[test]
fn a_wrong_pin_three_times_ends_the_call_with_a_sentence() {
    let mut lab = office(3, Some("2468"));
    enters(&mut lab, "201");
    keys(&mut lab, "201", "1234");
    lab.hears_the_box("201");
    keys(&mut lab, "201", "12#");
    assert!(lab.phone("201").is_up());
    keys(&mut lab, "201", "8642");
    lab.run_ms(100);
    assert!(lab.phone("201").is_free());
    lab.rest();
    let end = lab.record().end.clone().unwrap();
    assert_eq!((end.why.clone(), end.by), (Why::WrongPin, Decider::Exchange));
    assert_eq!(end.to_string(), "A wrong PIN was keyed in three times");
    assert!(lab.record().keys.is_empty());
}

#[test]
fn who_keys_in_nothing_is_not_kept() {
    let mut lab = office(4, Some("2468"));
    enters(&mut lab, "201");
    lab.run_for(Duration::from_secs(15));
    keys(&mut lab, "201", "2");
    lab.run_for(Duration::from_secs(15));
    assert!(lab.phone("201").is_up());
    lab.run_for(Duration::from_secs(6));
    assert!(lab.phone("201").is_free());
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoPin);
}

#[test]
fn who_is_in_a_room_may_bring_somebody_in() {
    let mut lab = office(5, Some("2468"));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(200);
    lab.phone("201").holds();
    lab.run_ms(200);
    let call = lab.phone("201").dials("600");
    lab.run_ms(200);
    keys(&mut lab, "201", "2468");
    lab.phone("201").on(0).joins("600", call);
    lab.run_ms(500);
    assert!(lab.phone("201").is_free(), "{}", lab.ladder());
    assert_eq!(members(&lab), ["202"]);
    enters(&mut lab, "203");
    keys(&mut lab, "203", "2468");
    assert_eq!(members(&lab), ["202", "203"]);
    lab.hears_the_box("202");
    for name in ["202", "203"] {
        lab.phone(name).hangs_up();
    }
    lab.rest();
}

#[test]
fn a_member_that_holds_hears_nothing_and_comes_back() {
    let mut lab = office(6, None);
    for name in ["201", "202"] {
        enters(&mut lab, name);
    }
    lab.phone("201").holds();
    lab.run_ms(200);
    assert!(lab.exchange.conferences()[0].members[0].held);
    lab.hears_nothing("201");
    lab.hears_the_box("202");
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.hears_the_box("201");
    for name in ["201", "202"] {
        lab.phone(name).hangs_up();
    }
    lab.rest();
}

#[test]
fn a_member_is_muted_made_softer_and_taken_out_and_whoever_listens_is_told() {
    let mut lab = office(7, None);
    for name in ["201", "202"] {
        enters(&mut lab, name);
    }
    let room = lab.exchange.conferences().remove(0);
    let (first, second) = (room.members[0].call, room.members[1].call);
    assert!(lab.exchange.is_in_conference(room.id, first));
    assert!(!lab.exchange.is_in_conference(room.id + 1, first));
    let moderate = |lab: &mut Lab, muted, gain| {
        let moderation = Moderation { muted, gain };
        lab.input(Input::Command(Command::Moderate { call: first, moderation }));
        let member = lab.exchange.conferences().remove(0).members.remove(0);
        (member.muted, member.gain)
    };
    lab.events.clear();
    assert_eq!(moderate(&mut lab, Some(true), None), (true, 0));
    assert_eq!(moderate(&mut lab, None, Some(-9)), (true, -9));
    assert_eq!(
        told(&lab),
        [vec![(first, true, 0), (second, false, 0)], vec![(first, true, -9), (second, false, 0)]]
    );
    assert_eq!(moderate(&mut lab, Some(false), None), (false, -9));
    // Who holds or goes changes who is there.
    lab.events.clear();
    lab.phone("202").holds();
    lab.run_ms(200);
    lab.phone("202").resumes();
    lab.run_ms(200);
    assert_eq!(told(&lab).len(), 2);
    lab.events.clear();
    lab.input(Input::Command(Command::HangUp(first)));
    lab.run_ms(200);
    assert!(lab.phone("201").is_free());
    assert_eq!(told(&lab), [vec![(second, false, 0)]]);
    lab.phone("202").hangs_up();
    lab.rest();
    assert_eq!(told(&lab).last(), Some(&vec![]));
    // What was is forgotten with the call.
    enters(&mut lab, "201");
    assert_eq!(lab.exchange.conferences()[0].members[0].gain, 0);
    lab.phone("201").hangs_up();
    lab.rest();
}

/// Who was in the conference at each event, muted or not, and how loud.
fn told(lab: &Lab) -> Vec<Vec<(CallId, bool, i8)>> {
    let of_event = |event: &Event| match event {
        Event::Conference(room) => {
            Some(room.members.iter().map(|it| (it.call, it.muted, it.gain)).collect())
        }
        _ => None,
    };
    lab.events.iter().filter_map(of_event).collect()
}

#[test]
fn a_phone_may_tell_a_conference_how_loud_it_is_and_keeps_the_number_that_it_gave_that() {
    let mut lab = office(12, None);
    let level = "a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on";
    lab.phone("201").habits(|habits| habits.lines = vec![level.to_owned()]);
    enters(&mut lab, "201");
    enters(&mut lab, "202");
    let taken = "a=extmap:3/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n";
    let answer = lab.phone("201").saw("200").body;
    assert!(answer.contains(taken), "{answer}");
    let answer = lab.phone("202").saw("200").body;
    assert!(!answer.contains("extmap"), "nobody asked: {answer}");
    for name in ["201", "202"] {
        lab.hears_the_box(name);
        lab.phone(name).hangs_up();
    }
    lab.rest();
}
