//! D channels and spans that fail under calls.

use std::time::Duration;

use tdm::q921::{Code, Phase, Released, Setup};
use tdm::q931::call::{CallState, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::CauseValue;
use tdm::q931::interface::{LinkId, Params, Span};
use tdm::q931::message::{Message, MessageKind};
use tdm::q931::timers::Side;
use tdm::trunk::{Direction, Fault, Layer, LinkChange};

use crate::pair::{BOTH, Pair};

const D: LinkId = LinkId(0);
const SPARE: LinkId = LinkId(1);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pair() -> Pair {
    let mut pair =
        Pair::new(|side| Params::of(side, Dialect::EuroIsdn, (1..=4).collect()), false, 1);
    pair.run(seconds(1));
    pair.begin();
    pair
}

/// Two spans, the D channel on the first, its spare on the second.
pub(crate) fn nfas(side: Side) -> Params {
    let mut params = Params::of(side, Dialect::Ni2, Vec::new());
    let span = |id| Span { id, channels: (1..=4).collect() };
    params.spans = vec![span(0), span(1)];
    params.d_channels = vec![0, 1];
    params.names_spans = true;
    params
}

/// The messages that this side sent since the trace is on, by kind.
fn sent(pair: &mut Pair, side: Side) -> Vec<MessageKind> {
    let lines = pair.end(side).lines.iter();
    let ours = lines.filter(|l| l.layer == Layer::Message && l.direction == Direction::Sent);
    ours.map(|line| Message::parse(&line.octets).unwrap().0.kind).collect()
}

/// Layer 1 of the first span, as both ends see it.
fn both_alarmed(pair: &mut Pair, on: bool) {
    BOTH.into_iter().for_each(|side| pair.alarm(side, 0, on));
}

#[test]
fn a_link_that_nobody_answers_is_asked_for_ever_more_seldom_and_comes_up_by_itself() {
    let mut pair =
        Pair::new(|side| Params::of(side, Dialect::EuroIsdn, (1..=4).collect()), false, 1);
    pair.cut(D, true);
    pair.run(seconds(200));
    let downs = |pair: &Pair| {
        let changes = pair.user.changes.iter();
        changes.map(|(at, _, change)| (at.as_secs(), *change)).collect::<Vec<_>>()
    };
    let no_answer = LinkChange::Down { why: Released::NoAnswer };
    // Four times T200, then 1, 2, 4 s and so on, up to 30 s.
    let expected = [4, 9, 15, 23, 35, 55, 89, 123, 157, 191].map(|at| (at, no_answer));
    assert_eq!(downs(&pair), expected);
    assert_eq!(pair.user.frames, 40);
    let no_answer = Fault::Link { link: D, code: Code::G };
    assert!(pair.user.link_faults.iter().all(|fault| *fault == no_answer));
    pair.cut(D, false);
    pair.run(seconds(40));
    assert_eq!(pair.user.carries, [D]);
    pair.connected(Side::User);
}

#[test]
fn a_peer_that_refuses_is_not_asked_again_at_once() {
    let mut pair = pair();
    // Nobody but this test answers.
    pair.cut(D, true);
    pair.alarm(Side::User, 0, true);
    pair.alarm(Side::User, 0, false);
    let before = pair.user.frames;
    for _ in 0..5 {
        // DM with F 1.
        let now = pair.now;
        pair.user.trunk.frame(D, &[0, 1, 0x1f], now);
        pair.drain();
    }
    assert_eq!(pair.user.frames, before);
    assert_eq!(pair.user.trunk.poll_timeout(), Some(pair.now + seconds(1)));
}

#[test]
fn a_silent_reset_with_nothing_on_its_way_is_a_fault_and_both_sides_ask_where_the_calls_stand() {
    let mut pair = pair();
    let (caller, called) = pair.connected(Side::User);
    pair.run(seconds(1));
    pair.begin();
    let before = pair.user.trunk.describe().links[0].counters.established;
    // SABME of the network, which it did not send.
    let now = pair.now;
    pair.user.trunk.frame(D, &[2, 1, 0x7f], now);
    pair.drain();
    assert_eq!(pair.user.link_faults, [Fault::Link { link: D, code: Code::F }]);
    assert_eq!(pair.user.changes, []);
    assert_eq!(pair.user.trunk.describe().links[0].counters.established, before + 1);
    assert_eq!(sent(&mut pair, Side::User), [MessageKind::StatusEnquiry]);
    pair.run(seconds(30));
    assert_eq!(pair.user.state(caller), CallState::Active);
    assert!(sent(&mut pair, Side::Network).contains(&MessageKind::StatusEnquiry));
    pair.hang_up(Side::Network, called, CauseValue::NORMAL);
    pair.run(seconds(40));
    pair.assert_at_rest();
}

#[test]
fn a_peer_that_lost_the_link_alone_keeps_its_calls() {
    let mut pair = pair();
    let (caller, called) = pair.connected(Side::User);
    pair.run(seconds(1));
    pair.begin();
    // DM of the network with F 0: it has no link, it says.
    let now = pair.now;
    pair.user.trunk.frame(D, &[0, 1, 0x0f], now);
    pair.drain();
    pair.talk();
    assert_eq!(pair.user.link_faults, [Fault::Link { link: D, code: Code::E }]);
    assert_eq!(pair.network.link_faults, [Fault::Link { link: D, code: Code::F }]);
    for side in BOTH {
        let mut kinds = sent(&mut pair, side);
        kinds.sort();
        assert_eq!(kinds, [MessageKind::StatusEnquiry, MessageKind::Status]);
    }
    assert_eq!(pair.user.state(caller), CallState::Active);
    assert_eq!(pair.network.state(called), CallState::Active);
}

#[test]
fn an_exchange_that_was_restarted_leaves_no_call_standing_at_the_other_end() {
    for restarted in BOTH {
        let mut pair = pair();
        let other = restarted.other();
        let (_, talking) = pair.connected(restarted);
        let ringing = pair.call(other, "2").unwrap();
        pair.talk();
        let rings = pair.end(restarted).offered();
        pair.ask(restarted, rings, Request::Alert(Vec::new()));
        pair.run(seconds(1));
        pair.begin();
        pair.restart(restarted);
        pair.run(seconds(1));
        assert_eq!(pair.end(other).link_faults, [Fault::Link { link: D, code: Code::F }]);
        for call in [talking, ringing] {
            assert_eq!(pair.end(other).ended(call), Some(CauseValue::TEMPORARY_FAILURE));
        }
        pair.assert_at_rest();
        pair.connected(restarted);
    }
}

#[test]
fn who_talks_goes_on_while_the_d_channel_is_away_and_both_sides_ask_when_it_is_back() {
    let mut pair = pair();
    let (caller, called) = pair.connected(Side::User);
    let ringing = pair.call(Side::User, "2").unwrap();
    pair.talk();
    let rings = pair.network.offered();
    pair.ask(Side::Network, rings, Request::Alert(Vec::new()));
    pair.talk();
    pair.cut(D, true);
    // T203, then N200 enquiries and N200 + 1 SABME in vain.
    pair.run(seconds(25));
    assert_eq!(pair.user.ended(ringing), Some(CauseValue::OUT_OF_ORDER));
    assert!(!pair.user.trunk.describe().links[0].phase.is_up());
    assert_eq!(pair.user.state(caller), CallState::Active);
    pair.begin();
    pair.cut(D, false);
    pair.run(seconds(30));
    for side in BOTH {
        let kinds = sent(&mut pair, side);
        assert_eq!(kinds.iter().filter(|kind| **kind == MessageKind::StatusEnquiry).count(), 1);
        assert_eq!(kinds.iter().filter(|kind| **kind == MessageKind::Status).count(), 1);
    }
    pair.run(seconds(100));
    assert_eq!(pair.network.state(called), CallState::Active);
    pair.hang_up(Side::Network, called, CauseValue::NORMAL);
    pair.talk();
    assert_eq!(pair.user.ended(caller), Some(CauseValue::NORMAL));
    pair.assert_at_rest();
}

#[test]
fn calls_end_t309_after_an_alarm_and_nothing_is_said_meanwhile() {
    let mut pair = pair();
    let (caller, called) = pair.connected(Side::Network);
    let ringing = pair.call(Side::User, "2").unwrap();
    pair.talk();
    let rings = pair.network.offered();
    pair.ask(Side::Network, rings, Request::Alert(Vec::new()));
    pair.talk();
    pair.begin();
    let frames = pair.user.frames;
    both_alarmed(&mut pair, true);
    assert_eq!(pair.user.ended(ringing), Some(CauseValue::OUT_OF_ORDER));
    assert_eq!(pair.network.ended(rings), Some(CauseValue::OUT_OF_ORDER));
    let status = pair.user.trunk.describe();
    assert_eq!((status.links[0].phase, status.alarms), (Phase::Assigned, vec![0]));
    assert!(status.channels.iter().all(|(_, state)| state.alarm && !state.is_free()));
    let down = LinkChange::Down { why: Released::PhysicalDown };
    assert_eq!(pair.user.changes, [(Duration::ZERO, D, down)]);
    pair.run(Duration::from_millis(89_999));
    assert_eq!(pair.network.ended(caller), None);
    pair.run(Duration::from_millis(1));
    assert_eq!(pair.network.ended(caller), Some(CauseValue::OUT_OF_ORDER));
    assert_eq!(pair.user.ended(called), Some(CauseValue::OUT_OF_ORDER));
    assert_eq!(pair.user.frames, frames);
    both_alarmed(&mut pair, false);
    pair.talk();
    assert!(matches!(pair.user.changes[1].2, LinkChange::Up { by: Setup::Asked }));
    pair.assert_at_rest();
    pair.connected(Side::User);
}

#[test]
fn an_alarm_on_the_span_of_the_d_channel_moves_the_calls_of_the_other_to_the_spare() {
    let mut pair = Pair::new(nfas, false, 1);
    pair.run(seconds(1));
    assert_eq!(pair.user.carries, [D]);
    let (first, _) = pair.connected(Side::User);
    let calls: Vec<_> = (0..4).map(|_| pair.connected(Side::User)).collect();
    let (other, others) = calls[3];
    let channel = |call| {
        let calls = pair.user.trunk.describe().calls;
        calls.iter().find(|c| c.call == call).and_then(|c| c.channel).unwrap().span
    };
    assert_eq!((channel(first), channel(other)), (0, 1));
    both_alarmed(&mut pair, true);
    pair.run(seconds(1));
    assert_eq!(pair.user.carries, [D, SPARE]);
    pair.run(seconds(90));
    assert_eq!(pair.user.ended(first), Some(CauseValue::OUT_OF_ORDER));
    assert_eq!(pair.user.state(other), CallState::Active);
    pair.hang_up(Side::Network, others, CauseValue::NORMAL);
    both_alarmed(&mut pair, false);
    pair.run(seconds(40));
    assert_eq!(pair.user.ended(other), Some(CauseValue::NORMAL));
    pair.assert_at_rest();
}
