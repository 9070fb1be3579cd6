//! Trunks that come to their end in order.

use std::time::Duration;

use tdm::q931::call::{CallState, Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::CauseValue;
use tdm::q931::interface::{self, LinkId, Params, Refused};
use tdm::q931::timers::Side;

use crate::life::nfas;
use crate::pair::Pair;

const D: LinkId = LinkId(0);
const CAUSE: CauseValue = CauseValue::OUT_OF_ORDER;
const WITHIN: Duration = Duration::from_secs(5);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pair() -> Pair {
    let mut pair =
        Pair::new(|side| Params::of(side, Dialect::EuroIsdn, (1..=8).collect()), false, 1);
    pair.run(seconds(1));
    pair.begin();
    pair
}

fn release(pair: &mut Pair, side: Side) {
    let now = pair.now;
    pair.end(side).trunk.release(CAUSE, WITHIN, now);
    pair.drain();
}

/// Nothing comes of it any more, whatever happens.
fn assert_silent(pair: &mut Pair, side: Side) {
    let frames = pair.end(side).frames;
    pair.alarm(side, 0, true);
    pair.alarm(side, 0, false);
    let sabme = if side == Side::User { [2, 1, 0x7f] } else { [0, 1, 0x7f] };
    let now = pair.now;
    pair.end(side).trunk.frame(D, &sabme, now);
    pair.drain();
    pair.run(seconds(300));
    let end = pair.end(side);
    assert_eq!(end.frames, frames);
    assert_eq!(end.trunk.poll_timeout(), None);
    assert!(end.trunk.is_released());
    assert_eq!(end.trunk.describe().calls, []);
}

#[test]
fn a_trunk_that_is_released_ends_each_call_with_the_cause_of_its_owner_then_its_links() {
    for side in [Side::User, Side::Network] {
        let mut pair = pair();
        let (talking, talked) = pair.connected(side);
        let ringing = pair.call(side, "2").unwrap();
        pair.talk();
        let rings = pair.end(side.other()).offered();
        pair.ask(side.other(), rings, Request::Alert(Vec::new()));
        let incoming = pair.call(side.other(), "3").unwrap();
        pair.talk();
        let offered = pair.end(side).offered();
        pair.begin();
        release(&mut pair, side);
        assert!(!pair.end(side).trunk.is_released(), "the far side has not answered");
        assert_eq!(pair.call(side, "4"), Err(Refused::Closing));
        pair.talk();
        assert!(pair.end(side).trunk.is_released());
        for call in [talking, ringing, offered] {
            assert_eq!(pair.end(side).ended(call), Some(CAUSE));
        }
        for call in [talked, rings, incoming] {
            assert_eq!(pair.end(side.other()).ended(call), Some(CAUSE));
        }
        // Three ways of 10 ms for the calls, one more until all is acknowledged, two for the link.
        assert_eq!(pair.end(side).released, Some(Duration::from_millis(60)));
        assert_eq!(pair.end(side).link_faults, []);
        assert!(!pair.end(side.other()).trunk.describe().links[0].phase.is_up());
        assert_silent(&mut pair, side);
    }
}

#[test]
fn a_trunk_without_calls_is_released_in_one_exchange() {
    let mut pair = Pair::new(nfas, false, 1);
    pair.run(seconds(1));
    pair.begin();
    release(&mut pair, Side::User);
    release(&mut pair, Side::User);
    pair.talk();
    assert_eq!(pair.user.released, Some(Duration::from_millis(20)));
    assert_silent(&mut pair, Side::User);
}

#[test]
fn both_trunks_may_be_released_at_once() {
    let mut pair = pair();
    let (caller, called) = pair.connected(Side::User);
    pair.begin();
    release(&mut pair, Side::User);
    release(&mut pair, Side::Network);
    pair.talk();
    assert_eq!(pair.user.ended(caller), Some(CAUSE));
    assert_eq!(pair.network.ended(called), Some(CAUSE));
    assert_silent(&mut pair, Side::User);
    assert_silent(&mut pair, Side::Network);
}

#[test]
fn a_far_side_that_answers_nothing_cannot_keep_a_trunk() {
    let mut pair = pair();
    let (caller, _) = pair.connected(Side::User);
    pair.begin();
    pair.cut(D, true);
    release(&mut pair, Side::User);
    pair.run(WITHIN - Duration::from_millis(1));
    assert_eq!(pair.user.state(caller), CallState::DisconnectRequest);
    pair.run(Duration::from_millis(1));
    assert_eq!(pair.user.ended(caller), Some(CAUSE));
    assert!(!pair.user.trunk.is_released());
    pair.run(seconds(8));
    // By then layer 2 had given the peer up, and was asking for it anew: 5 s, 4 times T200, 4 times T200.
    assert!(pair.user.released.is_some_and(|at| at <= seconds(13)), "{:?}", pair.user.released);
    assert_silent(&mut pair, Side::User);
}

#[test]
fn a_trunk_whose_line_is_dead_is_released_at_once() {
    let mut pair = pair();
    let (caller, _) = pair.connected(Side::User);
    pair.alarm(Side::User, 0, true);
    pair.begin();
    release(&mut pair, Side::User);
    assert_eq!(pair.user.ended(caller), Some(CAUSE));
    assert_eq!(pair.user.released, Some(Duration::ZERO));
    assert_silent(&mut pair, Side::User);
}

#[test]
fn a_call_that_begins_while_the_trunk_is_released_is_refused_with_the_same_cause() {
    let mut pair = pair();
    pair.connected(Side::User);
    let late = pair.call(Side::Network, "5").unwrap();
    release(&mut pair, Side::User);
    pair.talk();
    assert_eq!(pair.network.ended(late), Some(CAUSE));
    assert_eq!(pair.user.faults, [interface::Fault::Refused(CAUSE)]);
    let offers = pair.user.events.iter().filter(|(_, e)| matches!(e, Event::Offered(_)));
    assert_eq!(offers.count(), 0);
}
