//! Before the answer: announcements, reliable ringing, late offers, forks.

use crate::connect;
use call::Why;
use sim::{Called, Lab};
use std::time::Duration;

#[test]
fn an_announcement_before_the_answer_is_heard() {
    let mut lab = Lab::office(1, &["201", "202"]);
    lab.phone("202").when_called(Called::Announces);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(!lab.phone("201").saw("183").body.is_empty());
    lab.hears("201", "202");
    lab.phone("202").answers();
    lab.run_ms(100);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_caller_that_insists_on_reliable_ringing_gets_it_repeated_until_it_is_confirmed() {
    let mut lab = Lab::office(2, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.insists_on_reliable = true);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    let ringing = lab.phone("201").saw("180");
    assert!(ringing.lists("Require", "100rel"));
    assert!(ringing.header("RSeq").is_some());
    assert_eq!(lab.phone("201").count("200 PRACK"), 1);
    lab.phone("202").answers();
    lab.run_ms(100);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_reliable_announcement_is_confirmed_before_the_answer_goes_out() {
    let mut lab = Lab::office(3, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.insists_on_reliable = true);
    lab.phone("202").when_called(Called::Announces);
    lab.wire.delay = Duration::from_millis(50);
    lab.phone("201").dials("202");
    // The announcement is on its way to the caller when the callee answers.
    lab.run_until(Duration::from_secs(3), |lab| lab.phone("202").count("INVITE") == 1);
    lab.phone("202").answers();
    lab.run_until(Duration::from_secs(3), |lab| lab.phone("201").is_up());
    // RFC 3262 §3.
    assert_eq!(lab.phone("201").count("200 PRACK"), 1, "the answer did not wait for the PRACK");
    lab.run_ms(500);
    assert!(lab.phone("201").count("200 INVITE") == 1);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_rings_reliably_is_confirmed() {
    let mut lab = Lab::office(4, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.reliable = true);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    assert_eq!(lab.phone("202").count("PRACK"), 1);
    assert!(lab.phone("202").saw("PRACK").value("RAck").ends_with("1 INVITE"));
    lab.run_for(Duration::from_secs(5));
    lab.phone("202").answers();
    lab.run_ms(100);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_reliable_ringing_that_nobody_confirms_ends_the_call() {
    let mut lab = Lab::office(5, &["201", "202"]);
    lab.phone("201").habits(|habits| {
        habits.insists_on_reliable = true;
        habits.prack = false;
    });
    lab.phone("201").dials("202");
    let after = lab.run_until(Duration::from_secs(40), |lab| lab.phone("201").is_free());
    assert_eq!(after, Duration::from_millis(32_000 + 30));
    // 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s after the first one (RFC 3262 §3).
    assert_eq!(lab.phone("201").count("180"), 7);
    assert_eq!(lab.phone("201").status(), Some(504));
    lab.run_ms(100);
    assert!(lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn a_call_without_an_offer_is_connected_by_the_acknowledgement() {
    let mut lab = Lab::office(6, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.late_offer = true);
    connect(&mut lab, "201", "202");
    assert!(lab.phone("202").saw("INVITE").body.is_empty());
    assert!(!lab.phone("202").saw("ACK").body.is_empty());
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::HungUp);
}

#[test]
fn a_call_without_an_offer_to_several_phones_is_still_one_call() {
    let mut lab = Lab::office(7, &["201", "202"]);
    lab.add_phone("202/b");
    lab.phone("202/b").registers();
    lab.run_ms(100);
    lab.phone("201").habits(|habits| habits.late_offer = true);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.phone("202/b").answers();
    lab.run_ms(300);
    let up: Vec<_> = ["202", "202/b"].into_iter().filter(|name| lab.phone(name).is_up()).collect();
    assert_eq!(up.len(), 1);
    lab.talk("201", up[0]);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_proxy_that_forks_gets_one_call_and_the_other_branch_is_ended() {
    let mut lab = Lab::office(8, &["201", "202"]);
    lab.phone("202").when_called(Called::Waits);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").in_call(|ua, call, now| {
        ua.forks(call, 180, "one", now);
        ua.forks(call, 183, "two", now);
    });
    lab.run_ms(100);
    lab.phone("202").in_call(|ua, call, now| ua.forks(call, 200, "two", now));
    lab.run_ms(2);
    lab.phone("202").in_call(|ua, call, now| ua.forks(call, 200, "one", now));
    lab.run_ms(200);
    let received = lab.phone("202").ua().received.clone();
    let acks = received.iter().filter(|m| m.status().is_none() && m.method() == "ACK");
    let mut tags: Vec<_> = acks.map(|ack| ack.tag("To").to_owned()).collect();
    tags.sort();
    assert_eq!(tags, ["one", "two"]);
    let bye = lab.phone("202").saw("BYE");
    assert_eq!(bye.tag("To"), "one");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn ringing_of_several_phones_is_told_and_the_caller_can_still_cancel() {
    let mut lab = Lab::office(9, &["201", "202"]);
    lab.add_phone("202/b");
    lab.phone("202/b").registers();
    lab.run_ms(100);
    lab.phone("202/b").when_called(Called::Announces);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    lab.hears("201", "202/b");
    lab.phone("201").cancels();
    lab.run_ms(200);
    assert!(lab.phone("202").is_free() && lab.phone("202/b").is_free());
    lab.rest();
}
