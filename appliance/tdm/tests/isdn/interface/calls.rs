//! Calls from beginning to end.

use std::time::Duration;

use tdm::q931::call::{CallState, Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{CauseValue, Element, Location, Number, Progress};
use tdm::q931::interface::{Setup, Wish};
use tdm::q931::timers::Side;

use crate::pair::Pair;
use crate::states::heard;

fn euro() -> Pair {
    Pair::of(Dialect::EuroIsdn, 1..=4)
}

#[test]
fn a_call_with_all_digits_rings_talks_and_ends_on_both_sides() {
    for (from, caller_name, called_name) in
        [(Side::User, "user", "network"), (Side::Network, "network", "user")]
    {
        let mut pair = euro();
        let to = from.other();
        let caller = pair.call(from, "4711");
        pair.run(Duration::from_millis(50));
        let called = pair.end(to).offered();
        let Some((_, Event::Offered(offer))) = pair.end(to).events.first().cloned() else {
            panic!("no offer");
        };
        assert!(offer.complete);
        assert_eq!(offer.setup.message.called_number().unwrap().digits, "4711");
        pair.ask(to, called, Request::Proceed(Vec::new()));
        pair.run(Duration::from_millis(50));
        pair.ask(to, called, Request::Alert(Vec::new()));
        pair.run(Duration::from_millis(50));
        pair.ask(to, called, Request::Answer(Vec::new()));
        pair.run(Duration::from_millis(50));
        assert_eq!(pair.state(from, caller), CallState::Active);
        assert_eq!(pair.state(to, called), CallState::Active);
        assert_eq!(pair.end(from).channel(caller), pair.end(to).channel(called));
        pair.hang_up(from, caller, CauseValue::NORMAL);
        pair.run(Duration::from_millis(50));
        let expected = [
            format!("0 {caller_name} SETUP"),
            format!("50 {called_name} CALL PROCEEDING"),
            format!("100 {called_name} ALERTING"),
            format!("150 {called_name} CONNECT"),
            format!("160 {caller_name} CONNECT ACKNOWLEDGE"),
            format!("200 {caller_name} DISCONNECT 16"),
            format!("210 {called_name} RELEASE"),
            format!("220 {caller_name} RELEASE COMPLETE"),
        ];
        assert_eq!(pair.trace, expected);
        let heard = pair.end(from).heard(caller);
        assert_eq!(heard, ["channel", "proceeding", "ringing", "answered", "ended 16"]);
        // Only the user waits for the acknowledgement of its answer.
        let connected: &[&str] = if to == Side::User { &["connected"] } else { &[] };
        let expected = [&["offered"], connected, &["disconnected 16", "ended 16"]].concat();
        assert_eq!(pair.end(to).heard(called), expected);
        pair.assert_at_rest();
    }
}

#[test]
fn digits_come_one_by_one_until_the_number_is_complete() {
    for from in [Side::User, Side::Network] {
        let mut pair = euro();
        let to = from.other();
        let with = vec![
            tdm::q931::element::BearerCapability::speech_alaw().into(),
            Element::CalledNumber(Number::unknown("4")),
        ];
        let caller = pair.call_by(from, Setup { with, channel: Wish::Next });
        pair.talk();
        let called = pair.end(to).offered();
        pair.ask(to, called, Request::AskDigits(Vec::new()));
        pair.talk();
        for (digits, complete) in [("7", false), ("1", false), ("1", true)] {
            let number = Number::unknown(digits);
            pair.ask(from, caller, Request::Digits { number, complete });
            pair.talk();
        }
        pair.ask(to, called, Request::Proceed(Vec::new()));
        pair.talk();
        let digits = pair.end(to).events.iter().filter_map(|(_, event)| match event {
            Event::Digits { number: Some(number), complete, .. } => {
                Some((number.digits.clone(), *complete))
            }
            _ => None,
        });
        let digits: Vec<_> = digits.collect();
        assert_eq!(
            digits,
            [("7".to_owned(), false), ("1".to_owned(), false), ("1".to_owned(), true)]
        );
        assert_eq!(pair.end(from).heard(caller), ["channel", "digits wanted", "proceeding"]);
    }
}

#[test]
fn a_number_without_an_end_is_taken_as_it_is_after_t302() {
    let mut pair = euro();
    let caller = pair.call(Side::User, "4");
    pair.talk();
    let called = pair.network.offered();
    pair.ask(Side::Network, called, Request::AskDigits(Vec::new()));
    let asked = pair.now;
    pair.run_until(asked + Duration::from_millis(14_999));
    assert_eq!(pair.network.heard(called), ["offered"]);
    pair.run(Duration::from_millis(1));
    assert_eq!(pair.network.heard(called), ["offered", "expired T302", "digits ended"]);
    pair.hang_up(Side::Network, called, CauseValue::INVALID_NUMBER);
    pair.talk();
    let heard = pair.user.heard(caller);
    assert_eq!(heard, ["channel", "digits wanted", "disconnected 28", "ended 28"]);
    pair.assert_at_rest();
}

#[test]
fn busy_is_heard_on_the_channel_until_the_caller_hangs_up() {
    let mut pair = euro();
    let caller = pair.call(Side::User, "4711");
    pair.talk();
    let called = pair.network.offered();
    let cause = CauseValue::BUSY;
    pair.ask(Side::Network, called, Request::Disconnect { cause, tones: true, with: Vec::new() });
    pair.run(Duration::from_secs(20));
    assert_eq!(pair.state(Side::User, caller), CallState::DisconnectIndication);
    assert_eq!(pair.user.heard(caller), ["channel", "proceeding", "disconnected 17 tones"]);
    pair.hang_up(Side::User, caller, CauseValue::NORMAL);
    pair.talk();
    let sent: Vec<_> = pair.trace.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    let expected = [
        "user SETUP",
        "network CALL PROCEEDING",
        "network DISCONNECT 17",
        "user RELEASE 16",
        "network RELEASE COMPLETE",
    ];
    assert_eq!(sent, expected);
    assert_eq!(pair.user.heard(caller).last().unwrap(), "ended 17");
    pair.assert_at_rest();
}

#[test]
fn busy_is_heard_for_t306_by_who_does_not_hang_up() {
    let mut pair = euro();
    let caller = pair.call(Side::User, "4711");
    pair.talk();
    let called = pair.network.offered();
    let (cause, with) = (CauseValue::BUSY, Vec::new());
    pair.ask(Side::Network, called, Request::Disconnect { cause, tones: true, with });
    let begun = pair.now;
    pair.run_until(begun + Duration::from_millis(29_999));
    assert_eq!(pair.state(Side::Network, called), CallState::DisconnectIndication);
    pair.run(Duration::from_millis(100));
    assert_eq!(pair.user.heard(caller).last().unwrap(), "ended 17");
    pair.assert_at_rest();
}

#[test]
fn both_hang_up_at_once() {
    let mut pair = euro();
    let (caller, called) = pair.connected(Side::User);
    pair.begin();
    pair.hang_up(Side::User, caller, CauseValue::NORMAL);
    pair.hang_up(Side::Network, called, CauseValue::NORMAL_UNSPECIFIED);
    pair.talk();
    let expected = [
        "0 user DISCONNECT 16",
        "0 network DISCONNECT 31",
        "10 network RELEASE",
        "10 user RELEASE",
    ];
    assert_eq!(pair.trace, expected);
    assert_eq!(pair.user.heard(caller), ["ended 16"]);
    assert_eq!(pair.network.heard(called), ["ended 31"]);
    pair.assert_at_rest();
}

#[test]
fn a_call_is_held_and_taken_back_by_either_side() {
    let mut pair = euro();
    let (caller, called) = pair.connected(Side::User);
    for (side, call, other, others) in
        [(Side::User, caller, Side::Network, called), (Side::Network, called, Side::User, caller)]
    {
        pair.begin();
        pair.ask(side, call, Request::Hold);
        pair.talk();
        pair.ask(other, others, Request::AnswerHold(None));
        pair.talk();
        pair.ask(side, call, Request::Retrieve);
        pair.talk();
        pair.ask(other, others, Request::AnswerRetrieve(None));
        pair.talk();
        assert_eq!(pair.end(side).heard(call), ["held", "retrieved"]);
        assert_eq!(pair.end(other).heard(others), ["hold asked", "retrieve asked"]);
    }
    pair.ask(Side::User, caller, Request::Hold);
    pair.talk();
    let refusal = Some(CauseValue::NOT_SUBSCRIBED);
    pair.ask(Side::Network, called, Request::AnswerHold(refusal));
    pair.talk();
    assert_eq!(pair.user.heard(caller).last().unwrap(), "hold refused 50");
}

#[test]
fn qsig_waits_for_the_acknowledgement_on_both_sides() {
    for from in [Side::User, Side::Network] {
        let mut pair = Pair::of(Dialect::Qsig, 1..=4);
        let caller = pair.call(from, "12");
        pair.talk();
        let to = from.other();
        let called = pair.end(to).offered();
        pair.ask(to, called, Request::Answer(Vec::new()));
        assert_eq!(pair.state(to, called), CallState::ConnectRequest);
        pair.talk();
        assert_eq!(pair.end(to).heard(called), ["offered", "connected"]);
        assert_eq!(pair.end(from).heard(caller), ["channel", "answered"]);
    }
}

#[test]
fn progress_and_notifications_pass() {
    let mut pair = euro();
    let caller = pair.call(Side::User, "4711");
    pair.talk();
    let called = pair.network.offered();
    let progress = Progress::new(Location::PUBLIC_LOCAL, Progress::IN_BAND);
    let tones = || Request::Progress { progress, with: Vec::new() };
    // The first answer is no PROGRESS.
    pair.ask(Side::Network, called, tones());
    pair.talk();
    pair.ask(Side::Network, called, tones());
    pair.talk();
    let suspended = tdm::q931::element::Notification::SUSPENDED;
    let with = vec![tdm::q931::element::Notification::new(suspended).into()];
    pair.ask(Side::Network, called, Request::Notify(with));
    pair.talk();
    let events: Vec<_> = pair.user.events.iter().map(|(_, event)| event.clone()).collect();
    assert!(matches!(&events[1], Event::Proceeding(said) if said.in_band));
    assert!(matches!(&events[2], Event::Progress(said) if said.in_band));
    assert_eq!(events.iter().map(heard).collect::<Vec<_>>()[3..], ["notified"]);
    assert_eq!(pair.state(Side::User, caller), CallState::OutgoingCallProceeding);
}
