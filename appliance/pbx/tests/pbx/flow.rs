//! Transfers, as what legs say and are told.

use crate::office::{Office, change_extension, configured, outbound};
use call::{
    CallId, CallState, Cause, Decider, End, LegCommand, LegEvent, LegId, Origin, Tone,
    TransferState, UserData, Voice, Why,
};
use config::Number;
use std::time::Duration;

/// A call that is up: the call, its caller's leg and the called leg.
fn talking(office: &mut Office, from: &str, to: &str) -> (CallId, LegId, LegId) {
    let (call, caller) = office.calls(from, to);
    let called = office.dialled()[0].0;
    office.says(call, called, LegEvent::Answered);
    office.told();
    (call, caller, called)
}

fn asked(to: &str, replaces: Option<LegId>) -> LegEvent {
    LegEvent::TransferAsked { to: to.to_owned(), replaces }
}

fn busy() -> LegEvent {
    let (cause, by) = (Cause::USER_BUSY, Decider::Callee);
    LegEvent::Ended(End { cause, status: Some(486), by, why: Why::Busy })
}

#[test]
fn what_a_called_user_says_goes_along_with_what_the_caller_is_told_of_him() {
    let mut office = Office::new();
    let (call, caller) = office.calls("201", "202");
    let called = office.dialled()[0].0;
    office.told();
    let data = |text: &str| UserData { protocol: 4, octets: text.as_bytes().to_vec() };
    office.says(call, called, LegEvent::UserSays(data("rings")));
    assert_eq!(office.told(), [], "there is nothing yet that it goes along with");
    office.says(call, called, LegEvent::Ringing);
    let rings = (caller, LegCommand::UserSays(data("rings")));
    assert_eq!(office.told(), [rings, (caller, LegCommand::Ring)]);
    office.says(call, called, LegEvent::UserSays(data("busy")));
    office.says(call, called, busy());
    let told = office.told();
    assert_eq!(told[0], (caller, LegCommand::UserSays(data("busy"))));
    assert!(matches!(&told[1], (leg, LegCommand::End(_)) if *leg == caller));
}

#[test]
fn a_blind_transfer_that_is_answered_lets_the_transferor_go() {
    let mut office = Office::new();
    let (call, caller, called) = talking(&mut office, "201", "202");
    office.says(call, called, asked("203", None));
    assert_eq!(office.told[0], (called, LegCommand::TransferProgress(TransferState::Trying)));
    let new = office.dialled()[0].0;
    office.says(call, new, LegEvent::Ringing);
    // Who waits hears it too: his phone makes no ringing tone in a call that is up.
    let ringback = LegCommand::Hear(Some(Voice::Tone(Tone::Ringback)));
    let ringing = LegCommand::TransferProgress(TransferState::Ringing);
    assert_eq!(office.told(), [(called, ringing), (caller, ringback)]);
    office.says(call, new, LegEvent::Answered);
    let told = office.told();
    assert_eq!(told[0], (caller, LegCommand::Rejoin { media: new, both: false }));
    assert_eq!(told[1], (called, LegCommand::TransferProgress(TransferState::Done)));
    assert!(matches!(&told[2], (leg, LegCommand::End(end))
        if *leg == called && end.why == Why::Transferred));
    assert_eq!(office.pbx.partner_of(caller), Some(new));
    office.says(call, caller, LegEvent::Ended(End::hung_up(Decider::Caller)));
    assert!(office.pbx.is_empty());
}

#[test]
fn a_transfer_that_fails_leaves_the_two_talking() {
    let mut office = Office::new();
    let (call, caller, called) = talking(&mut office, "201", "202");
    office.says(call, caller, asked("203", None));
    let new = office.dialled()[0].0;
    office.says(call, new, busy());
    let told = office.told();
    let failed = LegCommand::TransferProgress(TransferState::Failed(486));
    assert_eq!(told, [(caller, failed), (called, LegCommand::Hear(None))]);
    assert_eq!(office.pbx.partner_of(caller), Some(called));
    assert_eq!(office.records[&call].state, CallState::Up);
}

#[test]
fn a_transferor_that_leaves_does_not_stop_the_transfer_but_has_nothing_to_fall_back_to() {
    let mut office = Office::new();
    let (call, caller, called) = talking(&mut office, "201", "202");
    office.says(call, caller, asked("203", None));
    let new = office.dialled()[0].0;
    office.says(call, caller, LegEvent::Ended(End::hung_up(Decider::Caller)));
    assert_eq!(office.pbx.len(), 1);
    office.says(call, new, busy());
    let tone = LegCommand::Hear(Some(Voice::Tone(Tone::Busy)));
    assert_eq!(office.told().last().unwrap(), &(called, tone));
    office.waits(Duration::from_secs(4));
    assert!(matches!(&office.told().last().unwrap(), (leg, LegCommand::End(end))
        if *leg == called && end.why == Why::Busy));
    assert!(office.pbx.is_empty());
}

#[test]
fn a_transfer_begins_its_forwardings_anew() {
    let mut config = configured();
    change_extension(&mut config, "202", |extension| {
        extension.forward.always = Some(Number::parse("203").unwrap());
    });
    let mut office = Office::with(config);
    let (call, caller) = office.calls("201", "202");
    let legs = office.dialled();
    assert_eq!(legs[0].1, "203");
    office.says(call, legs[0].0, LegEvent::Answered);
    change_extension(&mut office.config, "202", |extension| {
        extension.forward.always = Some(Number::parse("204").unwrap());
    });
    office.says(call, caller, asked("202", None));
    assert_eq!(office.dialled()[0].1, "204");
    assert_eq!(office.records[&call].diverted.len(), 2);
}

#[test]
fn an_attended_transfer_joins_the_far_sides_of_two_calls() {
    let mut office = Office::new();
    let (first, caller, called) = talking(&mut office, "201", "202");
    let (second, consulting, consulted) = talking(&mut office, "202", "203");
    office.says(first, called, asked("203", Some(consulting)));
    let told = office.told();
    assert!(told.contains(&(called, LegCommand::TransferProgress(TransferState::Done))));
    assert!(told.contains(&(caller, LegCommand::Rejoin { media: consulted, both: true })));
    for gone in [called, consulting] {
        let ends = |(leg, command): &(LegId, LegCommand)| {
            *leg == gone && matches!(command, LegCommand::End(_))
        };
        assert!(told.iter().any(ends));
    }
    assert_eq!(office.end(first).why, Why::Transferred);
    assert_eq!(office.pbx.partner_of(caller), Some(consulted));
    assert_eq!(office.pbx.call_of(caller), Some(second));
    office.says(first, caller, LegEvent::Ended(End::hung_up(Decider::Caller)));
    assert!(office.pbx.is_empty());
}

#[test]
fn an_attended_transfer_to_one_who_still_rings_connects_on_the_answer() {
    let mut office = Office::new();
    let (first, caller, called) = talking(&mut office, "201", "202");
    let (second, consulting) = office.calls("202", "203");
    let ringing = office.dialled()[0].0;
    office.says(first, called, asked("203", Some(consulting)));
    office.told();
    office.says(second, ringing, LegEvent::Answered);
    assert!(office.told().contains(&(caller, LegCommand::Rejoin { media: ringing, both: false })));
    assert_eq!(office.pbx.partner_of(caller), Some(ringing));
}

#[test]
fn a_transfer_to_a_leg_that_is_gone_is_refused_and_changes_nothing() {
    let mut office = Office::new();
    let (call, caller, called) = talking(&mut office, "201", "202");
    office.says(call, called, asked("203", Some(LegId(999))));
    let failed = LegCommand::TransferProgress(TransferState::Failed(481));
    assert_eq!(office.told(), [(called, failed)]);
    assert_eq!(office.pbx.partner_of(caller), Some(called));
}

#[test]
fn a_new_leg_takes_the_place_of_another() {
    let mut office = Office::new();
    let (_, caller, called) = talking(&mut office, "201", "202");
    let origin = Origin::Extension { tenant: 1, number: "203".to_owned() };
    let (_, new) = office.offers(origin, "203", "202", Some(called));
    let told = office.told();
    assert_eq!(told[0], (new, LegCommand::Answer { media: caller }));
    assert!(matches!(&told[1], (leg, LegCommand::End(_)) if *leg == called));
    assert_eq!(office.pbx.partner_of(caller), Some(new));
    assert_eq!(office.pbx.len(), 1);
}

#[test]
fn a_transferred_trunk_call_still_counts_until_it_ends() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |_| {});
    let mut office = Office::with(config);
    office.comes_in(1, "+4930", "+442079460958");
    assert!(office.pbx.is_empty(), "no inbound route leads anywhere");
    let (call, caller) = office.calls("201", "02079460958");
    let outside = office.dialled()[0].0;
    office.says(call, outside, LegEvent::Answered);
    office.says(call, caller, asked("202", None));
    let new = office.dialled()[0].0;
    office.says(call, new, LegEvent::Answered);
    assert_eq!(office.pbx.partner_of(outside), Some(new));
    office.says(call, new, LegEvent::Ended(End::hung_up(Decider::Callee)));
    assert!(office.pbx.is_empty());
}

#[test]
fn a_carrier_that_transfers_gets_no_rights_of_ours() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |_| {});
    let mut office = Office::with(config);
    let (call, caller) = office.calls("201", "02079460958");
    let outside = office.dialled()[0].0;
    office.says(call, outside, LegEvent::Answered);
    office.told();
    for number in ["0090012345", "202", "999"] {
        office.says(call, outside, asked(number, None));
        let told = office.told();
        let failed = LegCommand::TransferProgress(TransferState::Failed(480));
        assert!(told.contains(&(outside, failed)), "{number}: {told:?}");
    }
    assert_eq!(office.pbx.partner_of(caller), Some(outside));
}

#[test]
fn who_was_joined_by_a_transfer_keeps_his_own_rights() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |route| {
        route.caller = Some(config::Pattern::parse("202").unwrap());
    });
    let mut office = Office::with(config);
    let (first, caller, called) = talking(&mut office, "201", "202");
    let (second, consulting, _) = talking(&mut office, "202", "203");
    office.says(first, called, asked("203", Some(consulting)));
    office.told();
    // 201 sits where 202 was, and may not call outside.
    office.says(second, caller, asked("02079460958", None));
    assert!(office.dialled().is_empty());
}
