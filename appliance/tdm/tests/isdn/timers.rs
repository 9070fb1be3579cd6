//! Each wait to the millisecond (ITU-T Q.931 §9, tables 9-1 and 9-2).

use std::time::{Duration, Instant};

use tdm::q931::call::{Act, CallState, Event, Request, Rules};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{Location, Progress};
use tdm::q931::message::MessageKind as Kind;
use tdm::q931::timers::{Side, Timer};

use crate::places::{Desk, message};

/// State, what it waits for, how long, in seconds: `Desk::expire` proves that a millisecond earlier nothing
/// happens.
const WAITS: &[(Side, u8, Timer, u64)] = &[
    (Side::User, 1, Timer::T303, 4),
    (Side::User, 2, Timer::T304, 30),
    (Side::User, 3, Timer::T310, 30),
    (Side::User, 4, Timer::T301, 180),
    (Side::User, 8, Timer::T313, 4),
    (Side::User, 11, Timer::T305, 30),
    (Side::User, 19, Timer::T308, 4),
    (Side::User, 25, Timer::T302, 15),
    (Side::Network, 2, Timer::T302, 15),
    (Side::Network, 6, Timer::T303, 4),
    (Side::Network, 7, Timer::T301, 180),
    (Side::Network, 9, Timer::T310, 10),
    (Side::Network, 12, Timer::T305, 30),
    (Side::Network, 19, Timer::T308, 4),
    (Side::Network, 25, Timer::T304, 20),
];

#[test]
fn each_state_waits_as_long_as_the_tables_say() {
    for (side, state, timer, seconds) in WAITS {
        let mut desk = Desk::at(*side, *state, Instant::now());
        assert_eq!(desk.call.deadline().map(|(_, timer)| timer), Some(*timer));
        assert_eq!(desk.expire(), Some(Duration::from_secs(*seconds)), "{side:?} {state}");
        let expired = desk.acts.iter().any(|act| {
            let trouble = tdm::q931::call::Trouble::Expired(*timer);
            *act == Act::Tell(Event::Trouble(trouble))
        });
        assert!(expired, "{side:?} {state}");
    }
}

#[test]
fn states_without_a_timer_wait_for_ever() {
    let silent = [(Side::User, vec![6, 7, 9, 10, 12]), (Side::Network, vec![1, 3, 4, 10])];
    for (side, states) in silent {
        for state in states {
            assert_eq!(Desk::at(side, state, Instant::now()).call.deadline(), None);
        }
    }
}

fn kinds(desk: &mut Desk) -> Vec<String> {
    let sent = desk.acts.drain(..).filter_map(|act| match act {
        Act::Send(message) => Some(message.kind.to_string()),
        Act::Tell(_) => None,
        Act::Distrust => Some("distrust".to_owned()),
    });
    sent.collect()
}

#[test]
fn a_setup_that_nobody_answers_is_said_twice_and_ends_after_8_s() {
    for (side, state) in [(Side::User, 1), (Side::Network, 6)] {
        let mut desk = Desk::at(side, state, Instant::now());
        let begun = desk.now;
        desk.expire();
        assert_eq!(kinds(&mut desk), ["SETUP"]);
        desk.expire();
        assert_eq!(desk.now - begun, Duration::from_secs(8));
        assert_eq!(kinds(&mut desk), ["RELEASE COMPLETE"]);
        assert!(desk.call.is_over());
    }
}

#[test]
fn a_disconnect_that_nobody_answers_ends_after_38_s_and_the_channel_is_not_trusted() {
    for (side, state) in [(Side::User, 11), (Side::Network, 12)] {
        let mut desk = Desk::at(side, state, Instant::now());
        let begun = desk.now;
        let mut said = Vec::new();
        while desk.expire().is_some() {
            said.push(((desk.now - begun).as_millis(), kinds(&mut desk)));
        }
        let release = || vec!["RELEASE".to_owned()];
        let end = vec!["distrust".to_owned()];
        assert_eq!(said, [(30_000, release()), (34_000, release()), (38_000, end)]);
        assert!(desk.call.is_over());
    }
}

#[test]
fn tones_after_a_disconnect_last_for_t306() {
    let mut desk = Desk::at(Side::Network, 10, Instant::now());
    desk.rules.timers.t306 = Duration::from_millis(12_345);
    let cause = tdm::q931::element::CauseValue::BUSY;
    desk.ask(Request::Disconnect { cause, tones: true, with: Vec::new() });
    assert_eq!(desk.call.deadline().map(|(_, timer)| timer), Some(Timer::T306));
    kinds(&mut desk);
    assert_eq!(desk.expire(), Some(Duration::from_millis(12_345)));
    assert_eq!(kinds(&mut desk), ["RELEASE"]);
}

#[test]
fn digits_begin_t302_and_t304_anew_and_the_last_one_ends_t302() {
    let second = Duration::from_secs(1);
    let mut desk = Desk::at(Side::User, 25, Instant::now());
    desk.now += second * 14;
    desk.hear(Kind::Information);
    assert_eq!(desk.call.deadline(), Some((desk.now + second * 15, Timer::T302)));
    let last =
        message(desk.far(), Kind::Information).with(tdm::q931::element::Element::SendingComplete);
    desk.receive(last);
    assert_eq!(desk.call.deadline(), None);

    let mut desk = Desk::at(Side::User, 2, Instant::now());
    desk.now += second * 29;
    let number = tdm::q931::element::Number::unknown("7");
    desk.ask(Request::Digits { number, complete: false });
    assert_eq!(desk.call.deadline(), Some((desk.now + second * 30, Timer::T304)));
}

#[test]
fn what_leads_out_of_the_isdn_is_not_waited_for() {
    for description in [Progress::NOT_END_TO_END, Progress::DESTINATION_NOT_ISDN, Progress::IN_BAND]
    {
        let rules = Rules::of(Side::User, Dialect::EuroIsdn);
        let mut desk = Desk::placed(rules, Instant::now());
        let progress = Progress::new(Location::PUBLIC_LOCAL, description);
        let proceeding = message(desk.far(), Kind::CallProceeding).with(progress);
        desk.receive(proceeding);
        assert_eq!(desk.state(), CallState::OutgoingCallProceeding);
        assert_eq!(desk.call.deadline(), None, "{description}");
    }
}

#[test]
fn an_enquiry_is_said_twice_and_then_the_call_is_cleared() {
    let mut desk = Desk::at(Side::Network, 10, Instant::now());
    let begun = desk.now;
    let rules = desk.rules.clone();
    desk.call.enquire(&rules, desk.now, &mut desk.acts);
    // One at a time (§5.8.10).
    desk.call.enquire(&rules, desk.now, &mut desk.acts);
    assert_eq!(kinds(&mut desk), ["STATUS ENQUIRY"]);
    desk.expire();
    assert_eq!(kinds(&mut desk), ["STATUS ENQUIRY"]);
    desk.expire();
    assert_eq!(desk.now - begun, Duration::from_secs(8));
    assert_eq!(kinds(&mut desk), ["DISCONNECT"]);
}

#[test]
fn a_hold_that_nobody_answers_is_refused_after_4_s() {
    let mut desk = Desk::at(Side::User, 10, Instant::now());
    desk.ask(Request::Hold);
    assert_eq!(desk.expire(), Some(Duration::from_secs(4)));
    let refused = Event::HoldRefused(tdm::q931::element::CauseValue::TIMER_EXPIRED);
    assert_eq!(desk.acts.pop(), Some(Act::Tell(refused)));
    desk.ask(Request::Hold);
    desk.hear(Kind::HoldAck);
    desk.ask(Request::Retrieve);
    assert_eq!(desk.expire(), Some(Duration::from_secs(4)));
    let refused = Event::RetrieveRefused(tdm::q931::element::CauseValue::TIMER_EXPIRED);
    assert_eq!(desk.acts.pop(), Some(Act::Tell(refused)));
}

#[test]
fn who_talks_without_a_line_may_go_on_for_90_s() {
    for connected in [false, true] {
        let mut desk = Desk::at(Side::User, 10, Instant::now());
        let begun = desk.now;
        let rules = desk.rules.clone();
        desk.call.link_lost(&rules, begun, &mut desk.acts);
        // §5.8.9: not begun anew.
        desk.call.line_lost(&rules, begun + Duration::from_secs(50));
        let end = begun + Duration::from_secs(90);
        assert_eq!(desk.call.deadline(), Some((end, Timer::T309)));
        desk.call.timeout(connected, &rules, end - Duration::from_millis(1), &mut desk.acts);
        assert!(desk.call.is_active());
        desk.call.timeout(connected, &rules, end, &mut desk.acts);
        assert_eq!(desk.call.is_over(), !connected);
        let said = if connected { vec!["DISCONNECT".to_owned()] } else { Vec::new() };
        assert_eq!(kinds(&mut desk), said);
    }
}
