//! Transfers, blind and attended.

use crate::{connect, talking};
use call::{CallRecord, Why};
use sim::{Called, Lab};
use std::collections::BTreeSet;

fn talking_in(record: &CallRecord) -> Vec<&str> {
    record.talking.iter().map(|party| party.number.as_str()).collect()
}

/// Whose lines a record tells of.
fn legs_of(record: &CallRecord) -> Vec<&str> {
    let paths: BTreeSet<&str> = record.paths.iter().map(|it| it.leg.as_str()).collect();
    let secured: BTreeSet<&str> = record.security.iter().map(|it| it.leg.as_str()).collect();
    assert_eq!(paths, secured);
    paths.into_iter().collect()
}

#[test]
fn a_blind_transfer_connects_the_two_others() {
    let mut lab = talking(1);
    lab.phone("201").transfers("203");
    lab.run_ms(300);
    assert_eq!(lab.phone("201").talk().referred, Some(202));
    assert!(lab.phone("203").rings());
    lab.phone("203").answers();
    lab.run_ms(300);
    let notified = lab.phone("201").ua().calls[0].notified.clone();
    assert_eq!(notified, ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]);
    assert!(lab.phone("201").is_free());
    lab.talk("202", "203");
    lab.phone("202").hangs_up();
    lab.rest();
    let record = lab.record();
    assert_eq!((record.from.number.as_str(), record.to.number.as_str()), ("201", "203"));
    assert_eq!(talking_in(record), ["202", "203"]);
}

#[test]
fn the_callee_may_transfer_too() {
    let mut lab = talking(2);
    lab.phone("202").holds();
    lab.run_ms(200);
    lab.phone("202").transfers("203");
    lab.run_ms(300);
    lab.phone("203").answers();
    lab.run_ms(300);
    lab.talk("201", "203");
    assert!(lab.phone("202").is_free());
    lab.phone("203").hangs_up();
    lab.rest();
}

#[test]
fn a_transfer_that_fails_falls_back_to_the_call_as_it_was() {
    let mut lab = talking(3);
    lab.phone("203").when_called(Called::Refuses(486));
    lab.phone("201").transfers("203");
    lab.run_ms(500);
    let notified = lab.phone("201").talk().notified.clone();
    assert_eq!(notified.last().unwrap(), "SIP/2.0 486 Busy Here");
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.talk("201", "202");
    assert_eq!(lab.record().to.number, "202", "who was never reached is not in the record");
    // And a second one may be tried.
    lab.phone("203").when_called(Called::Rings);
    lab.phone("201").transfers("203");
    lab.run_ms(300);
    lab.phone("203").answers();
    lab.run_ms(300);
    lab.talk("202", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}

#[test]
fn a_transferor_that_hangs_up_early_leaves_the_transfer_to_itself() {
    let mut lab = talking(4);
    lab.phone("201").transfers("203");
    lab.run_ms(100);
    lab.phone("201").hangs_up();
    lab.run_ms(200);
    assert!(lab.phone("203").rings());
    lab.phone("203").answers();
    lab.run_ms(300);
    lab.talk("202", "203");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_transfer_to_nobody_is_told_and_ends_the_call_of_who_was_left_alone() {
    let mut lab = talking(5);
    lab.phone("203").when_called(Called::Rings);
    lab.phone("201").transfers("203");
    lab.run_ms(100);
    lab.phone("201").hangs_up();
    lab.run_ms(100);
    lab.phone("203").refuses(486);
    // He is told by a tone first.
    lab.run_ms(4_300);
    assert!(lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn the_transferee_hangs_up_while_it_rings() {
    let mut lab = talking(6);
    lab.phone("201").transfers("203");
    lab.run_ms(200);
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    for name in ["201", "202", "203"] {
        assert!(lab.phone(name).is_free(), "{name}");
    }
    lab.rest();
}

#[test]
fn an_attended_transfer_joins_two_calls() {
    let mut lab = talking(7);
    lab.phone("201").holds();
    lab.run_ms(200);
    let second = lab.phone("201").dials("203");
    lab.run_ms(200);
    lab.phone("203").answers();
    lab.run_ms(200);
    assert!(lab.phone("203").is_up());
    lab.phone("201").on(0).joins("203", second);
    lab.run_ms(500);
    assert!(lab.phone("201").is_free());
    assert_eq!(lab.phone("201").ua().calls[0].notified.last().unwrap(), "SIP/2.0 200 OK");
    lab.talk("202", "203");
    // The live call tells of those who are in it now, its record of all who were.
    let live = lab.exchange.calls();
    assert_eq!(live.len(), 1);
    assert_eq!(legs_of(&live[0]), ["202", "203"]);
    lab.phone("202").hangs_up();
    lab.rest();
    assert_eq!(legs_of(lab.ended()[1]), ["201", "202", "203"]);
    let whys: Vec<_> = lab.ended().iter().map(|r| r.end.as_ref().unwrap().why.clone()).collect();
    assert_eq!(whys, [Why::Transferred, Why::HungUp]);
    assert!(lab.ended()[0].talking.is_empty());
    assert_eq!(talking_in(lab.ended()[1]), ["202", "203"]);
}

#[test]
fn an_attended_transfer_joins_them_also_when_the_first_call_came_in() {
    let mut lab = Lab::office(8, &["201", "202", "203"]);
    connect(&mut lab, "202", "201");
    let second = lab.phone("201").dials("203");
    lab.run_ms(200);
    lab.phone("203").answers();
    lab.run_ms(200);
    lab.phone("201").on(second).joins("202", 0);
    lab.run_ms(500);
    assert!(lab.phone("201").is_free());
    lab.talk("202", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}

#[test]
fn a_transfer_to_a_phone_that_still_rings() {
    let mut lab = talking(9);
    lab.phone("201").holds();
    lab.run_ms(200);
    let second = lab.phone("201").dials("203");
    lab.run_ms(200);
    assert!(lab.phone("203").rings());
    lab.phone("201").on(0).joins("203", second);
    lab.run_ms(500);
    assert!(lab.phone("201").is_free(), "{:?}", lab.phone("201").phase());
    assert!(lab.phone("203").rings());
    lab.phone("203").answers();
    lab.run_ms(300);
    lab.talk("202", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}

#[test]
fn silence_after_a_transfer_ends_the_call_that_is_left() {
    let mut lab = talking(10);
    let second = lab.phone("201").dials("203");
    lab.run_ms(200);
    lab.phone("203").answers();
    lab.run_ms(200);
    lab.phone("201").on(0).joins("203", second);
    lab.run_ms(500);
    lab.talk("202", "203");
    for name in ["202", "203"] {
        lab.phone(name).habits(|habits| habits.mute = true);
    }
    lab.run_for(std::time::Duration::from_secs(65));
    assert!(lab.phone("202").is_free() && lab.phone("203").is_free());
    lab.rest();
}

#[test]
fn a_refer_to_a_call_that_is_not_there_is_refused() {
    let mut lab = talking(11);
    let second = lab.phone("201").dials("203");
    lab.run_ms(100);
    lab.phone("203").refuses(486);
    lab.run_ms(200);
    lab.phone("201").on(0).joins("203", second);
    lab.run_ms(200);
    assert_eq!(lab.phone("201").ua().calls[0].referred, Some(481));
    lab.talk("201", "202");
    lab.phone("201").on(0).hangs_up();
    lab.rest();
}

#[test]
fn a_new_call_takes_the_place_of_one_that_is_up() {
    let mut lab = talking(12);
    // 202 talks with the box in this dialog; 203 asks for its place.
    let talk = lab.phone("202").talk().clone();
    let invite = lab.phone("202").saw("INVITE");
    let (ours, theirs) = (invite.tag("From").to_owned(), talk.statuses.len());
    let _ = theirs;
    let tag = lab.phone("202").ua().calls[0].local_tag().to_owned();
    let replaces = format!("{};to-tag={ours};from-tag={tag}", invite.value("Call-ID"));
    lab.phone("203").habits(|habits| habits.headers = vec![("Replaces", replaces)]);
    lab.phone("203").dials("202");
    lab.run_ms(500);
    assert!(lab.phone("203").is_up());
    assert!(lab.phone("202").is_free());
    lab.talk("201", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}
