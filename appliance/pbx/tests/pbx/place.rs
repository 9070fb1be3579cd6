//! Calling somebody: phones at once, trunks one after the other, forwardings in between.

use crate::office::{Office, change_extension, change_trunk, configured, outbound};
use call::{
    CallState, Cause, Decider, End, KeyPress, KeySource, LegCommand, LegEvent, RegistrationId, Why,
};
use config::Number;
use std::time::Duration;

fn refused(status: u16, why: Why) -> LegEvent {
    let end = End { cause: Cause::USER_BUSY, status: Some(status), by: Decider::Callee, why };
    LegEvent::Ended(end)
}

#[test]
fn all_phones_ring_and_the_others_hear_that_it_was_answered_elsewhere() {
    let mut office = Office::new();
    office.phones.insert("202".to_owned(), vec![RegistrationId(1), RegistrationId(2)]);
    let (call, caller) = office.calls("201", "202");
    let legs = office.dialled();
    assert_eq!(legs.len(), 2);
    office.says(call, legs[0].0, LegEvent::Ringing);
    assert_eq!(office.told(), [(caller, LegCommand::Ring)]);
    office.says(call, legs[1].0, LegEvent::Answered);
    let told = office.told();
    assert!(matches!(&told[0], (leg, LegCommand::End(end))
        if *leg == legs[0].0 && end.why == Why::AnsweredElsewhere));
    assert_eq!(told[1], (caller, LegCommand::Answer { media: legs[1].0 }));
    assert_eq!(office.records[&call].state, CallState::Up);
    assert_eq!(office.pbx.partner_of(caller), Some(legs[1].0));
    office.says(call, caller, LegEvent::Ended(End::hung_up(Decider::Caller)));
    assert!(office.pbx.is_empty());
    assert_eq!(office.end(call).why, Why::HungUp);
}

#[test]
fn of_several_refusals_the_caller_hears_the_one_that_tells_most() {
    let mut office = Office::new();
    office.phones.insert("202".to_owned(), vec![RegistrationId(1), RegistrationId(2)]);
    let (call, _) = office.calls("201", "202");
    let legs = office.dialled();
    office.says(call, legs[0].0, refused(486, Why::Busy));
    assert!(office.told().is_empty());
    office.says(call, legs[1].0, refused(404, Why::NoSuchNumber));
    assert_eq!(office.end(call).why, Why::Busy);
}

#[test]
fn a_decline_ends_the_ringing_everywhere() {
    let mut office = Office::new();
    office.phones.insert("202".to_owned(), vec![RegistrationId(1), RegistrationId(2)]);
    let (call, caller) = office.calls("201", "202");
    let legs = office.dialled();
    office.says(call, legs[0].0, refused(603, Why::Rejected));
    let told = office.told();
    assert!(
        told.iter()
            .any(|(leg, command)| *leg == legs[1].0 && matches!(command, LegCommand::End(_)))
    );
    assert!(told.iter().any(|(leg, command)| *leg == caller
        && matches!(command, LegCommand::End(end) if end.status == Some(603))));
}

#[test]
fn who_does_not_answer_in_time_is_told_to_stop_and_the_call_moves_on() {
    let mut config = configured();
    change_extension(&mut config, "202", |extension| {
        extension.forward.no_answer = Some(Number::parse("203").unwrap());
        extension.forward.no_answer_seconds = 20;
    });
    let mut office = Office::with(config);
    let (call, _) = office.calls("201", "202");
    let legs = office.dialled();
    office.waits(Duration::from_millis(19_999));
    assert!(office.told().is_empty());
    office.waits(Duration::from_millis(1));
    assert!(matches!(&office.told[0], (leg, LegCommand::End(end))
        if *leg == legs[0].0 && end.why == Why::NoAnswer));
    assert_eq!(office.dialled()[0].1, "203");
    assert_eq!(office.records[&call].diverted.len(), 1);
}

#[test]
fn trunks_are_tried_in_turn_only_while_the_carrier_is_at_fault() {
    for (status, why, next) in [
        (503, Why::CarrierFailed, true),
        (500, Why::CarrierFailed, true),
        (408, Why::Unreachable, true),
        (486, Why::Busy, false),
        (404, Why::NoSuchNumber, false),
        (403, Why::CarrierFailed, false),
    ] {
        let mut config = configured();
        outbound(&mut config, "0.", &[1, 2], |_| {});
        let mut office = Office::with(config);
        let (call, _) = office.calls("201", "02079460958");
        let first = office.dialled();
        assert_eq!(first[0].1, "trunk 1: +442079460958");
        office.says(call, first[0].0, refused(status, why));
        let second = office.dialled();
        assert_eq!(!second.is_empty(), next, "{status}");
        assert_eq!(office.pbx.is_empty(), !next);
    }
}

#[test]
fn a_trunk_that_is_down_is_tried_after_the_others_and_not_left_out() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1, 2], |_| {});
    let mut office = Office::with(config);
    office.down.insert(config::TrunkId(1));
    let (call, _) = office.calls("201", "02079460958");
    let first = office.dialled();
    assert_eq!(first[0].1, "trunk 2: +442079460958");
    office.says(call, first[0].0, refused(503, Why::CarrierFailed));
    assert_eq!(office.dialled()[0].1, "trunk 1: +442079460958");
}

#[test]
fn a_full_trunk_is_passed_over_but_not_for_help() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1, 2], |_| {});
    change_trunk(&mut config, 1, |trunk| trunk.max_calls = Some(1));
    change_trunk(&mut config, 2, |trunk| trunk.max_calls = Some(0));
    let mut office = Office::with(config);
    let (first, _) = office.calls("201", "02079460958");
    let legs = office.dialled();
    let (second, _) = office.calls("202", "02079460958");
    assert!(office.dialled().is_empty());
    assert_eq!(office.end(second).why, Why::TrunkFull);
    office.calls("203", "999");
    assert_eq!(office.dialled()[0].1, "trunk 1: 999");
    office.says(first, legs[0].0, refused(486, Why::Busy));
    office.calls("202", "02079460958");
    assert!(office.dialled().is_empty(), "the call for help holds the line");
}

#[test]
fn a_circle_of_forwardings_ends_and_so_does_a_long_chain() {
    let mut config = configured();
    for (number, next) in [("202", "203"), ("203", "202")] {
        change_extension(&mut config, number, |extension| {
            extension.forward.always = Some(Number::parse(next).unwrap());
        });
    }
    let mut office = Office::with(config);
    let (call, _) = office.calls("201", "202");
    assert_eq!(office.end(call).why, Why::Loop);
}

#[test]
fn a_carrier_may_not_send_a_call_elsewhere_but_a_phone_may() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |_| {});
    let mut office = Office::with(config);
    let (call, _) = office.calls("201", "02079460958");
    let legs = office.dialled();
    office.says(call, legs[0].0, LegEvent::Redirected { to: "00900".to_owned() });
    assert!(office.dialled().is_empty());
    assert_eq!(office.end(call).why, Why::CarrierFailed);
    let (call, _) = office.calls("201", "202");
    let legs = office.dialled();
    office.says(call, legs[0].0, LegEvent::Redirected { to: "203".to_owned() });
    assert_eq!(office.dialled()[0].1, "203");
}

#[test]
fn silence_ends_a_call_that_is_up_and_not_one_that_rings() {
    let mut office = Office::new();
    let (call, caller) = office.calls("201", "202");
    let legs = office.dialled();
    assert_eq!(office.pbx.partner_of(caller), None);
    office.says(call, legs[0].0, LegEvent::Answered);
    assert_eq!(office.pbx.partner_of(legs[0].0), Some(caller));
    office.says(call, legs[0].0, LegEvent::Held);
    assert!(office.records[&call].held);
    let key = KeyPress { key: '#', millis: 160, source: KeySource::Info };
    office.says(call, caller, LegEvent::Key(key));
    let told = office.told();
    assert_eq!(told.last().unwrap(), &(legs[0].0, LegCommand::Key(key)));
    let [kept] = &office.records[&call].keys[..] else { panic!("not one key") };
    assert_eq!((kept.key, kept.duration_ms, kept.by.as_str()), ('#', 160, "201"));
}
