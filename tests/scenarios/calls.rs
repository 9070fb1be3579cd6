//! Calls between phones of the office.

use crate::{connect, talking};
use call::{CallState, Decider, Direction, Place, Why};
use sim::{Called, Lab};
use std::time::Duration;

#[test]
fn two_phones_talk_and_the_record_says_so() {
    let mut lab = Lab::office(1, &["201", "202"]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(lab.phone("201").rings());
    assert_eq!(lab.record().state, CallState::Ringing);
    lab.phone("202").answers();
    lab.run_ms(100);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
    let record = lab.record();
    assert_eq!(record.direction, Direction::Internal);
    assert_eq!((record.from.number.as_str(), record.to.number.as_str()), ("201", "202"));
    assert_eq!(record.destination, Some(Place::Extension("202".to_owned())));
    let end = record.end.as_ref().unwrap();
    assert_eq!((end.why.clone(), end.by), (Why::HungUp, Decider::Caller));
    assert_eq!(record.streams.len(), 2, "{:#?}", record.streams);
    assert!(
        record.streams.iter().all(|stream| stream.stats.received > 2 && stream.stats.lost == 0)
    );
}

#[test]
fn the_callee_sees_who_calls_and_hangs_up_first() {
    let mut lab = talking(2);
    let invite = lab.phone("202").saw("INVITE");
    assert_eq!(invite.user("From"), "201");
    assert!(invite.value("From").contains("\"Person 201\""), "{}", invite.value("From"));
    lab.phone("202").hangs_up();
    lab.run_ms(100);
    assert!(lab.phone("201").saw("BYE").value("Reason").contains("cause=16"));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().by, Decider::Callee);
}

#[test]
fn all_phones_of_an_extension_ring_and_the_first_answer_wins() {
    let mut lab = Lab::office(3, &["201", "202"]);
    for name in ["202/b", "202/c"] {
        lab.add_phone(name);
        lab.phone(name).registers();
        lab.run_ms(100);
    }
    lab.phone("201").dials("202");
    lab.run_ms(300);
    for name in ["202", "202/b", "202/c"] {
        assert!(lab.phone(name).rings());
    }
    lab.phone("202/b").answers();
    lab.run_ms(200);
    for name in ["202", "202/c"] {
        let reason = lab.phone(name).saw("CANCEL").value("Reason").to_owned();
        assert_eq!(reason, "SIP;cause=200;text=\"Call completed elsewhere\"");
        assert!(lab.phone(name).is_free());
    }
    lab.talk("201", "202/b");
    lab.phone("202/b").hangs_up();
    lab.rest();
}

#[test]
fn two_phones_that_answer_at_the_same_moment_do_not_both_get_the_call() {
    let mut lab = Lab::office(4, &["201", "202"]);
    lab.add_phone("202/b");
    lab.phone("202/b").registers();
    lab.run_ms(100);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    lab.phone("202").answers();
    lab.phone("202/b").answers();
    lab.run_ms(300);
    let up: Vec<_> = ["202", "202/b"].into_iter().filter(|name| lab.phone(name).is_up()).collect();
    assert_eq!(up.len(), 1, "{up:?}");
    lab.talk("201", up[0]);
    let lost = if up[0] == "202" { "202/b" } else { "202" };
    assert_eq!(lab.phone(lost).count("BYE"), 1);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_caller_who_gives_up_cancels_all_phones() {
    let mut lab = Lab::office(5, &["201", "202"]);
    lab.phone("201").dials("202");
    lab.run_ms(2_000);
    lab.phone("201").cancels();
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(487));
    assert_eq!(lab.phone("202").count("CANCEL"), 1);
    assert!(lab.phone("202").is_free());
    lab.rest();
    let record = lab.record();
    assert_eq!(record.end.as_ref().unwrap().why, Why::Cancelled);
    assert!(record.answered.is_none());
}

#[test]
fn a_cancel_that_crosses_the_answer_ends_the_call_either_way() {
    for millis in 0..12 {
        let mut lab = Lab::office(60 + millis, &["201", "202"]);
        lab.phone("201").dials("202");
        lab.run_ms(300);
        lab.phone("202").answers();
        lab.run_ms(millis);
        lab.phone("201").cancels();
        lab.run_ms(500);
        if lab.phone("201").is_up() {
            lab.talk("201", "202");
            lab.phone("201").hangs_up();
        }
        lab.rest();
        assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    }
}

#[test]
fn an_immediate_cancel_finds_its_invite() {
    let mut lab = Lab::office(7, &["201", "202"]);
    lab.phone("201").dials("202");
    lab.run_ms(11);
    lab.phone("201").cancels();
    lab.run_ms(300);
    assert_eq!(lab.phone("201").status(), Some(487));
    assert!(lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn busy_and_refusing_phones_are_told_to_the_caller() {
    for (refusal, why) in
        [(486, Why::Busy), (603, Why::Rejected), (480, Why::NoAnswer), (404, Why::NoSuchNumber)]
    {
        let mut lab = Lab::office(8, &["201", "202"]);
        lab.phone("202").when_called(Called::Rings);
        lab.phone("201").dials("202");
        lab.run_ms(200);
        lab.phone("202").refuses(refusal);
        lab.run_ms(100);
        assert_eq!(lab.phone("201").status(), Some(refusal));
        lab.rest();
        assert_eq!(lab.record().end.as_ref().unwrap().why, why);
    }
}

#[test]
fn one_busy_phone_does_not_end_the_ringing_of_the_others_but_a_decline_does() {
    for (status, goes_on) in [(486, true), (603, false)] {
        let mut lab = Lab::office(9, &["201", "202"]);
        lab.add_phone("202/b");
        lab.phone("202/b").registers();
        lab.run_ms(100);
        lab.phone("202/b").when_called(Called::Refuses(status));
        lab.phone("201").dials("202");
        lab.run_ms(300);
        assert_eq!(lab.phone("202").rings(), goes_on);
        if goes_on {
            lab.phone("202").answers();
            lab.run_ms(100);
            lab.talk("201", "202");
            lab.phone("201").hangs_up();
        } else {
            assert_eq!(lab.phone("201").status(), Some(603));
        }
        lab.rest();
    }
}

#[test]
fn nobody_answers_for_three_minutes() {
    let mut lab = Lab::office(10, &["201", "202"]);
    lab.phone("201").dials("202");
    let after = lab.run_until(Duration::from_secs(200), |lab| lab.phone("201").is_free());
    // Four ways of 5 ms to the first ringing, then 180 s from the dialling of the phone.
    assert_eq!(after, Duration::from_millis(180_000 + 20));
    assert_eq!(lab.phone("201").status(), Some(480));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoAnswer);
}

#[test]
fn a_number_that_nobody_has_is_not_found() {
    let mut lab = Lab::office(11, &["201"]);
    lab.phone("201").dials("299");
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(404));
    lab.rest();
    assert!(!lab.record().steps.is_empty());
}

#[test]
fn a_phone_that_is_not_registered_cannot_be_reached() {
    let mut lab = Lab::office(12, &["201"]);
    lab.extension("202");
    lab.phone("201").dials("202");
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(480));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NotRegistered);
}

#[test]
fn a_phone_that_lost_its_power_is_given_up_after_ten_seconds() {
    let mut lab = Lab::office(13, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.dead = true);
    lab.phone("201").dials("202");
    let after = lab.run_until(Duration::from_secs(40), |lab| lab.phone("201").is_free());
    assert_eq!(after, Duration::from_millis(10_000 + 20));
    assert_eq!(lab.phone("201").status(), Some(480));
    // 0.5, 1.5, 3.5 and 7.5 s after the first one.
    assert_eq!(lab.phone("202").count("INVITE"), 5);
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::Unreachable);
}

#[test]
fn a_stranger_cannot_call() {
    let mut lab = Lab::office(14, &["202"]);
    lab.add_phone("666");
    lab.phone("666").dials("202");
    lab.run_ms(300);
    assert_eq!(lab.phone("666").status(), Some(401));
    assert_eq!(lab.phone("202").count("INVITE"), 0);
    assert!(lab.records.is_empty());
    lab.rest();
}

#[test]
fn an_extension_may_call_itself_on_its_other_phone() {
    let mut lab = Lab::office(15, &["201"]);
    lab.add_phone("201/b");
    lab.phone("201/b").registers();
    lab.run_ms(100);
    lab.phone("201").when_called(Called::Refuses(486));
    lab.phone("201").dials("201");
    lab.run_ms(200);
    lab.phone("201/b").answers();
    lab.run_ms(200);
    lab.phone("201/b").hangs_up();
    lab.rest();
}

#[test]
fn the_administrator_ends_a_call() {
    let mut lab = talking(16);
    let id = lab.exchange.calls()[0].id;
    lab.input(exchange::Input::Command(exchange::Command::HangUp(id)));
    lab.run_ms(100);
    assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::Administrator);
}

#[test]
fn a_call_without_sound_is_ended_after_a_minute_but_not_while_it_is_held() {
    let mut lab = talking(17);
    lab.run_ms(1_000);
    lab.phone("201").holds();
    lab.run_ms(500);
    lab.run_for(Duration::from_secs(600));
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    assert!(lab.record().held);
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").habits(|habits| habits.mute = true);
    lab.phone("202").habits(|habits| habits.mute = true);
    let after = lab.run_until(Duration::from_secs(70), |lab| lab.phone("201").is_free());
    assert!(after > Duration::from_secs(59) && after < Duration::from_secs(61), "{after:?}");
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoMedia { seconds: 60 });
}

#[test]
fn an_answer_that_is_never_acknowledged_ends_the_call_after_32_seconds() {
    let mut lab = Lab::office(19, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.ack = false);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    let after = lab.run_until(Duration::from_secs(40), |lab| lab.phone("202").is_free());
    assert!(after >= Duration::from_secs(32) && after < Duration::from_millis(32_100), "{after:?}");
    // 0.5, 1.5, 3.5 s and then every 4 s.
    assert_eq!(lab.phone("201").count("200 INVITE"), 11);
    lab.run_ms(100);
    assert_eq!(lab.phone("201").count("BYE"), 1);
    lab.rest();
}

#[test]
fn a_hang_up_before_the_acknowledgement_waits_for_it() {
    let mut lab = Lab::office(20, &["201", "202"]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(6);
    // The callee changes its mind while the ACK of the caller is still under way.
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn a_phone_that_was_restarted_in_a_call_does_not_know_it() {
    let mut lab = talking(21);
    lab.phone("202").ua().loses_power();
    lab.phone("201").holds();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::DialogLost);
}

#[test]
fn ten_calls_at_once_are_ten_conversations() {
    let numbers: Vec<String> = (0..20).map(|n| (200 + n).to_string()).collect();
    let names: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut lab = Lab::office(22, &names);
    for pair in names.chunks(2) {
        connect(&mut lab, pair[0], pair[1]);
    }
    assert_eq!(lab.exchange.figures().calls, 10);
    assert_eq!(lab.exchange.figures().ports_lent, 20);
    for pair in names.chunks(2) {
        lab.talk(pair[0], pair[1]);
    }
    for pair in names.chunks(2) {
        lab.phone(pair[1]).hangs_up();
    }
    lab.rest();
    assert_eq!(lab.ended().len(), 10);
}

#[test]
fn over_the_limit_of_calls_new_ones_are_refused() {
    let mut lab = talking(23);
    lab.settings(|settings| settings.max_calls = 1);
    lab.phone("203").dials("201");
    lab.run_ms(200);
    assert_eq!(lab.phone("203").status(), Some(503));
    assert!(lab.phone("203").saw("503").header("Retry-After").is_some());
    lab.phone("201").hangs_up();
    lab.run_ms(100);
    lab.phone("203").dials("201");
    lab.run_ms(200);
    assert!(lab.phone("203").rings());
    lab.phone("203").cancels();
    lab.rest();
}

#[test]
fn a_shutdown_says_good_bye_to_everybody() {
    let mut lab = talking(24);
    lab.phone("203").dials("201");
    lab.run_ms(200);
    lab.input(exchange::Input::Shutdown);
    let after = lab.run_until(Duration::from_secs(4), |lab| lab.finished);
    assert!(after < Duration::from_millis(100), "{after:?}");
    assert!(lab.phone("202").saw("BYE").value("Reason").contains("shut down"));
    assert_eq!(lab.phone("203").status(), Some(503));
    assert!(lab.ended().iter().all(|record| record.end.as_ref().unwrap().why == Why::Shutdown));
    lab.run_ms(100);
    lab.phone("203").dials("201");
    lab.run_ms(200);
    assert_eq!(lab.phone("203").status(), Some(503));
}

#[test]
fn a_shutdown_does_not_wait_for_the_dead() {
    let mut lab = talking(25);
    lab.phone("202").habits(|habits| habits.dead = true);
    lab.input(exchange::Input::Shutdown);
    let after = lab.run_until(Duration::from_secs(5), |lab| lab.finished);
    assert_eq!(after, Duration::from_secs(3));
}

#[test]
fn a_copy_of_an_invite_that_came_by_another_way_is_refused() {
    let mut lab = Lab::office(26, &["201", "202"]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    // The same request with the branch of another proxy.
    lab.phone("201").act(|ua, now| {
        let mut copy = ua.calls[0].placed_invite().unwrap();
        for (name, value) in &mut copy.headers {
            if name == "Via" {
                value.push_str(";x");
                *value = value.replace("z9hG4bK", "z9hG4bKcopy");
            }
        }
        ua.send_as_it_is(copy, now);
    });
    lab.run_ms(200);
    assert_eq!(lab.phone("201").count("482"), 1);
    assert_eq!(lab.phone("202").count("INVITE"), 1);
    lab.phone("201").cancels();
    lab.rest();
}

#[test]
fn a_message_and_a_key_in_a_call_reach_the_other_side() {
    let mut lab = talking(27);
    lab.phone("201").in_call(|ua, call, now| ua.message_in_call(call, "brb", now));
    lab.run_ms(200);
    assert_eq!(lab.phone("202").saw("MESSAGE").body, "brb");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_request_with_no_hops_left_goes_no_further() {
    let mut lab = Lab::office(28, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.headers = vec![("Max-Forwards", "0".to_owned())]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(483));
    lab.rest();
}

#[test]
fn one_side_that_only_listens_does_not_end_the_call() {
    let mut lab = talking(29);
    lab.phone("202").habits(|habits| habits.mute = true);
    lab.run_for(Duration::from_secs(300));
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}
