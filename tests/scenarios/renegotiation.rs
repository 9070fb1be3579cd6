//! Hold, resume, changed media, session timers: offers in a call that is up.

use crate::{connect, talking};
use call::Why;
use sim::Lab;
use std::time::Duration;

#[test]
fn hold_and_resume() {
    let mut lab = talking(1);
    lab.talk("201", "202");
    lab.phone("201").holds();
    lab.run_ms(200);
    assert_eq!(lab.phone("202").talk().peer_direction, "sendonly");
    assert!(lab.record().held);
    lab.hears_nothing("201");
    lab.hears("202", "201");
    lab.phone("201").resumes();
    lab.run_ms(200);
    assert!(!lab.record().held);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn both_sides_hold_and_resume() {
    let mut lab = talking(2);
    lab.phone("201").holds();
    lab.run_ms(200);
    lab.phone("202").offers("inactive");
    lab.run_ms(200);
    lab.hears_nothing("201");
    lab.phone("202").resumes();
    lab.run_ms(200);
    lab.phone("201").resumes();
    lab.run_ms(200);
    lab.phone("202").resumes();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn two_offers_that_meet_are_both_refused_and_tried_again() {
    let mut lab = talking(3);
    lab.phone("201").holds();
    lab.run_ms(5);
    lab.phone("202").offers("sendrecv");
    lab.run_ms(50);
    assert_eq!(lab.phone("201").talk().offers, [491]);
    assert_eq!(lab.phone("202").talk().offers, [491]);
    lab.run_for(Duration::from_secs(6));
    assert_eq!(lab.phone("201").talk().offers.last(), Some(&200));
    assert_eq!(lab.phone("202").talk().offers.last(), Some(&200));
    lab.phone("201").resumes();
    lab.run_ms(300);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn an_offer_that_the_other_side_refuses_changes_nothing() {
    let mut lab = talking(4);
    lab.phone("202").habits(|habits| habits.refuses_offers = Some(488));
    lab.phone("201").holds();
    lab.run_ms(200);
    assert_eq!(lab.phone("201").talk().offers, [488]);
    lab.phone("201").talk().direction = "sendrecv";
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_changes_port_and_stream_after_a_new_offer_is_heard() {
    let mut lab = talking(5);
    lab.talk("201", "202");
    lab.phone("201").in_call(|ua, call, now| {
        ua.calls[call].rtp.set_port(45_678);
        ua.calls[call].change_stream();
        ua.offer(call, "INVITE", now);
    });
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn an_offer_by_update_is_passed_on() {
    let mut lab = talking(6);
    lab.phone("201").in_call(|ua, call, now| {
        ua.calls[call].direction = "sendonly";
        ua.offer(call, "UPDATE", now);
    });
    lab.run_ms(200);
    assert_eq!(lab.phone("201").talk().offers, [200]);
    assert_eq!(lab.phone("202").talk().peer_direction, "sendonly");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_re_invite_without_an_offer_gets_one() {
    let mut lab = talking(7);
    lab.phone("201").in_call(|ua, call, now| ua.ask_for_offer(call, now));
    lab.run_ms(300);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_slow_phone_keeps_the_other_waiting_but_not_for_ever() {
    let mut lab = talking(8);
    lab.phone("202").habits(|habits| habits.thinks = Duration::from_secs(3));
    lab.phone("201").holds();
    lab.run_ms(1_000);
    assert!(lab.phone("201").talk().offers.is_empty());
    lab.run_ms(3_000);
    assert_eq!(lab.phone("201").talk().offers, [200]);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_hang_up_while_an_offer_waits_ends_everything() {
    let mut lab = talking(9);
    lab.phone("202").habits(|habits| habits.thinks = Duration::from_secs(3));
    lab.phone("201").holds();
    lab.run_ms(1_000);
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn a_phone_with_a_session_timer_refreshes_it() {
    let mut lab = Lab::office(10, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.timer = Some((1800, true)));
    connect(&mut lab, "201", "202");
    assert!(
        lab.phone("201")
            .saw("200 INVITE")
            .value("Session-Expires")
            .starts_with("1800;refresher=uac")
    );
    lab.run_for(Duration::from_secs(2 * 3600));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_stops_refreshing_loses_its_call() {
    let mut lab = Lab::office(11, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.timer = Some((1800, false)));
    connect(&mut lab, "201", "202");
    let after = lab.run_until(Duration::from_secs(1900), |lab| lab.phone("202").is_free());
    // RFC 4028 §10: a third before the end, but at most 32 s.
    assert!(after > Duration::from_secs(1760) && after < Duration::from_secs(1801), "{after:?}");
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::SessionExpired);
}

#[test]
fn the_box_refreshes_towards_who_cannot_and_finds_the_dead() {
    let mut lab = Lab::office(12, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.timer = Some((1800, true)));
    connect(&mut lab, "201", "202");
    lab.run_for(Duration::from_secs(1000));
    let refreshed = lab.phone("202").count("INVITE") + lab.phone("202").count("UPDATE");
    assert_eq!(refreshed, 2);
    lab.talk("201", "202");
    lab.phone("202").habits(|habits| habits.dead = true);
    lab.phone("202").ua().loses_power();
    // The other side still talks: only the session timer finds out.
    lab.settings(|settings| settings.silence_seconds = 0);
    lab.run_for(Duration::from_secs(2000));
    assert!(lab.phone("201").is_free());
    lab.rest();
}

#[test]
fn too_short_a_session_is_refused_with_what_would_do() {
    let mut lab = Lab::office(13, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.timer = Some((30, true)));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(422));
    assert_eq!(lab.phone("201").saw("422").value("Min-SE"), "90");
    lab.rest();
}

#[test]
fn keys_pressed_by_info_reach_the_other_side() {
    let mut lab = talking(14);
    for key in ['5', '#'] {
        lab.phone("201").presses(key);
        lab.run_ms(100);
    }
    let infos = lab.phone("202").talk().infos.clone();
    assert!(infos[0].starts_with("Signal=5") && infos[1].starts_with("Signal=#"), "{infos:?}");
    lab.phone("201").hangs_up();
    lab.rest();
    let keys = &lab.record().keys;
    let keys: Vec<_> = keys.iter().map(|it| (it.key, it.duration_ms, it.by.as_str())).collect();
    assert_eq!(keys, [('5', 100, "201"), ('#', 100, "201")]);
}
