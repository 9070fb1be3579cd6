//! D channels and spans that come and go.

use std::time::Duration;

use tdm::q931::call::{CallState, Misuse, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::CauseValue;
use tdm::q931::interface::{Channel, Interface, LinkId, Notice, Params, Refused, Span};
use tdm::q931::timers::Side;

use crate::pair::{Pair, setup};

const D: LinkId = LinkId(0);
const SPARE: LinkId = LinkId(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn who_talks_goes_on_while_the_link_is_away_and_both_sides_ask_when_it_is_back() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
    let (caller, called) = pair.connected(Side::User);
    let ringing = pair.call(Side::User, "2");
    pair.talk();
    pair.cut(D, false);
    assert_eq!(pair.user.heard(ringing), ["ended 27"]);
    assert_eq!(pair.user.interface.place(setup(Side::User, "3"), pair.now), Err(Refused::NoLink));
    let alert = Request::Alert(Vec::new());
    assert_eq!(pair.user.interface.request(caller, alert, pair.now), Err(Misuse::NoLink));
    pair.run(seconds(60));
    pair.mend(D);
    pair.begin();
    pair.run(seconds(1));
    let expected = [
        "100 user STATUS ENQUIRY",
        "100 network STATUS ENQUIRY",
        "110 network STATUS 30",
        "110 user STATUS 30",
    ];
    assert_eq!(pair.trace, expected);
    // T309 has stopped.
    pair.run(seconds(100));
    assert_eq!(pair.state(Side::User, caller), CallState::Active);
    pair.hang_up(Side::Network, called, CauseValue::NORMAL);
    pair.talk();
    pair.assert_at_rest();
}

#[test]
fn calls_end_90_s_after_the_link_is_gone() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
    let (caller, called) = pair.connected(Side::Network);
    pair.begin();
    pair.cut(D, false);
    pair.run(Duration::from_millis(89_999));
    assert!(pair.network.heard(caller).is_empty());
    pair.run(Duration::from_millis(1));
    assert_eq!(pair.network.heard(caller), ["expired T309", "ended 27"]);
    assert_eq!(pair.user.heard(called), ["expired T309", "ended 27"]);
    assert_eq!(pair.trace, [""; 0]);
    pair.assert_at_rest();
}

#[test]
fn who_hangs_up_while_the_link_is_away_is_known_to_have_when_it_is_back() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
    let (caller, called) = pair.connected(Side::User);
    pair.cut(D, false);
    pair.run(seconds(5));
    pair.begin();
    pair.hang_up(Side::User, caller, CauseValue::NORMAL);
    assert_eq!(pair.user.heard(caller), ["ended 16"]);
    pair.mend(D);
    pair.run(seconds(1));
    let sent: Vec<_> = pair.trace.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(sent, ["network STATUS ENQUIRY", "user STATUS 30"]);
    assert_eq!(pair.network.heard(called), ["ended 41"]);
    pair.assert_at_rest();
}

#[test]
fn a_link_begun_anew_ends_only_who_still_dials() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
    let (talking, _) = pair.connected(Side::User);
    let dialling = pair.call(Side::User, "2");
    pair.talk();
    let called = pair.network.offered();
    pair.ask(Side::Network, called, Request::AskDigits(Vec::new()));
    pair.talk();
    pair.reset(D);
    pair.run(seconds(1));
    assert_eq!(
        pair.user.heard(dialling),
        ["channel", "digits wanted", "disconnected 41", "ended 41"]
    );
    assert_eq!(pair.state(Side::User, talking), CallState::Active);
}

#[test]
fn a_far_side_that_forgot_its_calls_is_asked_when_the_link_is_begun_anew() {
    for forgetful in [Side::User, Side::Network] {
        let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
        let (_, talking) = pair.connected(forgetful);
        let ringing = pair.call(forgetful.other(), "2");
        pair.talk();
        let rings = pair.end(forgetful).offered();
        pair.ask(forgetful, rings, Request::Alert(Vec::new()));
        pair.talk();
        pair.begin();
        let params = pair.end(forgetful).interface.params().clone();
        pair.end(forgetful).interface = Interface::new(params);
        pair.reset(D);
        pair.run(Duration::from_millis(19));
        assert!(pair.end(forgetful.other()).events.is_empty());
        pair.run(Duration::from_millis(1));
        for call in [talking, ringing] {
            assert_eq!(pair.end(forgetful.other()).heard(call), ["ended 41"]);
        }
        pair.assert_at_rest();
    }
}

#[test]
fn a_far_side_that_does_not_say_where_a_call_stands_loses_it_after_twice_t322() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
    let (talking, _) = pair.connected(Side::User);
    // Nothing passes, though the link says that it does.
    pair.begin();
    pair.user.interface.link_up(D, pair.now);
    pair.drain();
    assert_eq!(pair.trace, ["0 user STATUS ENQUIRY"]);
    let now = pair.now;
    pair.lose(D);
    pair.run_until(now + Duration::from_millis(4001));
    pair.lose(D);
    pair.run_until(now + Duration::from_millis(7999));
    assert_eq!(pair.user.heard(talking), ["expired T322"]);
    pair.run_until(now + Duration::from_millis(8000));
    assert_eq!(pair.user.heard(talking), ["expired T322", "expired T322", "disconnected 41"]);
    pair.talk();
    pair.assert_at_rest();
}

#[test]
fn an_alarm_of_the_span_ends_calls_like_a_lost_link() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=4);
    let (talking, _) = pair.connected(Side::User);
    let ringing = pair.call(Side::User, "2");
    pair.talk();
    pair.begin();
    let now = pair.now;
    pair.user.interface.alarm(0, true, now);
    pair.drain();
    pair.talk();
    assert_eq!(pair.user.heard(ringing), ["disconnected 27", "ended 27"]);
    assert_eq!(
        pair.user.interface.place(setup(Side::User, "3"), pair.now),
        Err(Refused::NoChannel)
    );
    pair.run_until(now + Duration::from_millis(89_999));
    assert_eq!(pair.state(Side::User, talking), CallState::Active);
    pair.run(seconds(1));
    assert_eq!(pair.user.heard(talking), ["expired T309", "disconnected 27", "ended 27"]);
    pair.user.interface.alarm(0, false, pair.now);
    pair.drain();
    pair.call(Side::User, "4");
}

/// Two spans, the D channel on the first, its spare on the second.
fn nfas() -> Pair {
    let params = |side| {
        let mut params = Params::of(side, Dialect::Ni2, Vec::new());
        params.spans = vec![
            Span { id: 0, channels: (1..=3).collect() },
            Span { id: 1, channels: (1..=3).collect() },
        ];
        params.d_channels = vec![0, 1];
        params.names_spans = true;
        params
    };
    let mut pair = Pair::new(params(Side::User), params(Side::Network));
    pair.run(seconds(1));
    pair.begin();
    pair
}

#[test]
fn the_spare_d_channel_takes_over_and_who_talks_goes_on() {
    let mut pair = nfas();
    assert_eq!(pair.user.interface.carrier(), Some(D));
    let (caller, called) = pair.connected(Side::User);
    let mut far = setup(Side::User, "2");
    let there = Channel { span: 1, number: 2 };
    far.channel = tdm::q931::interface::Wish::Only(there);
    let other = pair.call_by(Side::User, far);
    pair.talk();
    let others = pair.network.offered();
    pair.ask(Side::Network, others, Request::Answer(Vec::new()));
    pair.talk();
    assert_eq!(pair.network.channel(others), Some(there));
    pair.begin();
    pair.cut(D, false);
    pair.run(seconds(1));
    assert_eq!(pair.user.interface.carrier(), Some(SPARE));
    assert!(pair.user.others.contains(&Notice::Carries(SPARE)));
    let enquiries = pair.trace.iter().filter(|line| line.ends_with("STATUS ENQUIRY")).count();
    assert_eq!(enquiries, 4);
    // Neither T309 nor T321 runs.
    assert_eq!(pair.user.interface.poll_timeout(), None);
    pair.hang_up(Side::Network, called, CauseValue::NORMAL);
    pair.hang_up(Side::User, other, CauseValue::NORMAL);
    pair.talk();
    assert_eq!(pair.user.heard(caller), ["disconnected 16", "ended 16"]);
    pair.assert_at_rest();
    // The first one comes back and stands by.
    pair.mend(D);
    pair.run(seconds(1));
    assert_eq!(pair.user.interface.carrier(), Some(SPARE));
    pair.cut(SPARE, true);
    pair.run(seconds(1));
    assert_eq!(pair.network.interface.carrier(), Some(D));
}

#[test]
fn without_a_spare_that_comes_up_both_d_channels_are_tried() {
    let mut pair = nfas();
    pair.cut(SPARE, false);
    let (caller, _) = pair.connected(Side::User);
    pair.begin();
    pair.cut(D, false);
    let now = pair.now;
    pair.run_until(now + Duration::from_millis(29_999));
    assert_eq!(pair.user.interface.carrier(), None);
    pair.fit = [true, true];
    pair.run(seconds(1));
    assert!(pair.user.interface.carrier().is_some());
    assert_eq!(pair.state(Side::User, caller), CallState::Active);
}
