//! Who gets which channel.

use std::time::Duration;

use tdm::q931::call::{Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{
    BearerCapability, CauseValue, ChannelId, Channels, Element, Number, RestartIndicator,
};
use tdm::q931::interface::{
    Channel, Interface, LinkId, Notice, Output, Params, Refused, Scope, Selection, Standing, Usage,
    Wish,
};
use tdm::q931::message::{CallReference, Message, MessageKind, ReferenceLength};
use tdm::q931::timers::{Side, Timer};

use crate::pair::{Pair, setup};
use crate::states::heard;

fn euro() -> Pair {
    Pair::of(Dialect::EuroIsdn, 1..=4)
}

fn channel(number: u8) -> Channel {
    Channel { span: 0, number }
}

#[test]
fn sides_that_count_from_both_ends_meet_only_when_all_is_taken() {
    let mut pair = euro();
    let ours = pair.call(Side::User, "1");
    let theirs = pair.call(Side::Network, "2");
    assert_eq!(pair.user.channel(ours), Some(channel(1)));
    assert_eq!(pair.network.channel(theirs), Some(channel(4)));
    pair.call(Side::User, "3");
    pair.call(Side::Network, "4");
    pair.talk();
    let refused = pair.user.interface.place(setup(Side::User, "5"), pair.now);
    assert_eq!(refused, Err(Refused::NoChannel));
}

/// Both want the same channel at once; the user's call may take another one, or may not.
fn glare(wish: Wish) -> (Pair, tdm::q931::interface::CallId, tdm::q931::interface::CallId) {
    let mut pair = euro();
    let mut ours = setup(Side::User, "1");
    ours.channel = wish;
    let ours = pair.call_by(Side::User, ours);
    let mut theirs = setup(Side::Network, "2");
    theirs.channel = Wish::Only(channel(1));
    let theirs = pair.call_by(Side::Network, theirs);
    pair.run(Duration::from_millis(15));
    (pair, ours, theirs)
}

#[test]
fn when_both_seize_a_channel_the_call_of_the_network_gets_it_and_the_other_gets_another() {
    let (mut pair, ours, theirs) = glare(Wish::Preferred);
    let incoming = pair.user.offered();
    assert_eq!(pair.user.channel(incoming), Some(channel(1)));
    assert_eq!(pair.user.channel(ours), None);
    let called = pair.network.offered();
    assert_eq!(pair.network.channel(called), Some(channel(4)));
    pair.ask(Side::Network, called, Request::Alert(Vec::new()));
    pair.ask(Side::User, incoming, Request::Answer(Vec::new()));
    pair.talk();
    assert_eq!(pair.user.channel(ours), Some(channel(4)));
    assert!(pair.user.events.contains(&(ours, Event::Channel(Some(channel(4))))));
    assert_eq!(pair.user.heard(ours), ["channel lost", "channel", "ringing"]);
    assert_eq!(pair.network.channel(theirs), Some(channel(1)));
    pair.hang_up(Side::User, ours, CauseValue::NORMAL);
    pair.hang_up(Side::Network, theirs, CauseValue::NORMAL);
    pair.talk();
    pair.assert_at_rest();
}

#[test]
fn a_call_of_a_group_of_channels_ends_where_the_network_gives_it_another_one() {
    let mut pair = euro();
    let mut ours = setup(Side::User, "1");
    ours.channel = Wish::Among([1, 2].into_iter().collect());
    let call = pair.call_by(Side::User, ours.clone());
    assert_eq!(pair.user.channel(call), Some(channel(1)));
    let second = pair.call_by(Side::User, ours.clone());
    assert_eq!(pair.user.channel(second), Some(channel(2)));
    let refused = pair.user.interface.place(ours, pair.now);
    assert_eq!(refused, Err(Refused::NoChannel), "3 and 4 are kept for others");
    pair.talk();
    pair.hang_up(Side::User, call, CauseValue::NORMAL);
    pair.hang_up(Side::User, second, CauseValue::NORMAL);
    pair.talk();
    pair.assert_at_rest();
    // Glare: the network takes 1, and gives our call the last one that is free.
    for (kept, expected) in [(&[1, 2][..], "ended 6"), (&[1, 4], "ringing")] {
        let wish = Wish::Among(kept.iter().copied().collect());
        let (mut pair, ours, _) = glare(wish);
        let called = pair.network.offered();
        assert_eq!(pair.network.channel(called), Some(channel(4)));
        pair.ask(Side::Network, called, Request::Alert(Vec::new()));
        pair.talk();
        assert_eq!(pair.user.heard(ours).last().unwrap(), expected, "{kept:?}");
    }
}

#[test]
fn a_second_try_takes_another_channel_of_the_same_group() {
    let mut pair = euro();
    let mut again = setup(Side::User, "1");
    again.channel = Wish::Among([1, 2].into_iter().collect()).but(Some(channel(1)));
    let call = pair.call_by(Side::User, again.clone());
    assert_eq!(pair.user.channel(call), Some(channel(2)));
    let refused = pair.user.interface.place(again, pair.now);
    assert_eq!(refused, Err(Refused::NoChannel), "1 was refused, and 3 is of no use");
    assert_eq!(Wish::Next.but(None), Wish::Next);
}

#[test]
fn when_both_insist_on_a_channel_the_call_of_the_user_ends() {
    let (mut pair, ours, _) = glare(Wish::Exclusive);
    let incoming = pair.user.offered();
    pair.ask(Side::User, incoming, Request::Answer(Vec::new()));
    pair.talk();
    assert_eq!(pair.user.heard(ours), ["channel lost", "ended 44"]);
    assert_eq!(pair.user.channel(incoming), Some(channel(1)));
    pair.hang_up(Side::User, incoming, CauseValue::NORMAL);
    pair.talk();
    pair.assert_at_rest();
}

/// One interface of the network, and what it answers to a SETUP that names a channel.
fn answered(busy: &[u8], channel: Option<ChannelId>) -> Vec<String> {
    let now = std::time::Instant::now();
    let params = Params::of(Side::Network, Dialect::EuroIsdn, (1..=3).collect());
    let mut interface = Interface::new(params);
    interface.link_up(LinkId(0), now);
    let wanted = |number| ChannelId::primary(number).exclusively();
    let mut said = Vec::new();
    let all = busy.iter().map(|number| Some(wanted(*number))).chain([channel]);
    for (value, channel) in (1..).zip(all) {
        let mut message =
            Message::new(CallReference::new(value, true, ReferenceLength::Two), MessageKind::Setup)
                .with(BearerCapability::speech_alaw())
                .with(Element::CalledNumber(Number::unknown("1")));
        if let Some(channel) = channel {
            message.push(channel);
        }
        while interface.poll_output().is_some() {}
        interface.receive(LinkId(0), &message.octets(), now);
    }
    while let Some(output) = interface.poll_output() {
        match output {
            Output::Send { octets, .. } => {
                let (message, _) = Message::parse(&octets).unwrap();
                let cause = message.cause().unwrap().value.value();
                said.push(format!("{} {cause}", message.kind));
            }
            Output::Tell(Notice::Call { event: Event::Offered(offer), .. }) => {
                said.push(format!("channel {}", offer.channel.number));
            }
            Output::Tell(Notice::Call { event, .. }) => said.push(heard(&event)),
            _ => {}
        }
    }
    said
}

#[test]
fn a_call_gets_the_channel_it_asks_for_another_one_or_a_cause() {
    let preferred = |number| Some(ChannelId::primary(number));
    let exclusive = |number| Some(ChannelId::primary(number).exclusively());
    let of = |channels| Some(ChannelId::of(channels));
    let refused = |cause| vec![format!("RELEASE COMPLETE {cause}")];
    let gets = |number| vec![format!("channel {number}")];
    // §5.1.2: no wish, any, this one or another, this one only.
    assert_eq!(answered(&[], None), gets(3));
    assert_eq!(answered(&[3], None), gets(2));
    assert_eq!(answered(&[1], of(Channels::Any)), gets(3));
    assert_eq!(answered(&[], preferred(2)), gets(2));
    assert_eq!(answered(&[2], preferred(2)), gets(3));
    assert_eq!(answered(&[], exclusive(2)), gets(2));
    assert_eq!(answered(&[2], exclusive(2)), refused(44));
    assert_eq!(answered(&[], preferred(9)), gets(3));
    assert_eq!(answered(&[], exclusive(9)), refused(82));
    assert_eq!(answered(&[1, 2, 3], preferred(2)), refused(34));
    assert_eq!(answered(&[1, 2, 3], None), refused(34));
    assert_eq!(answered(&[], of(Channels::None)), refused(34));
    let d_channel = ChannelId { d_channel: true, ..ChannelId::primary(1) };
    assert_eq!(answered(&[], Some(d_channel)), refused(66));
}

#[test]
fn a_channel_that_nobody_asked_for_is_not_taken() {
    let mut pair = euro();
    let mut ours = setup(Side::User, "1");
    ours.channel = Wish::Exclusive;
    let ours = pair.call_by(Side::User, ours);
    let far = CallReference::new(1, false, ReferenceLength::Two);
    let alerting = Message::new(far, MessageKind::Alerting).with(ChannelId::primary(2));
    pair.user.interface.receive(LinkId(0), &alerting.octets(), pair.now);
    pair.drain();
    assert_eq!(pair.trace, ["0 user SETUP", "0 user RELEASE 6"]);
    assert_eq!(pair.user.heard(ours), ["disconnected 6"]);
    pair.talk();
    pair.assert_at_rest();
}

#[test]
fn a_restart_of_a_channel_ends_its_call_on_both_sides_and_no_other() {
    let mut pair = euro();
    let (caller, called) = pair.connected(Side::User);
    let (other, _) = pair.connected(Side::User);
    pair.begin();
    pair.user.interface.restart(Scope::Channel(channel(1)), pair.now);
    pair.drain();
    let restarting = |pair: &Pair| {
        let found = pair.user.interface.channels().find(|(c, _)| *c == channel(1));
        found.unwrap().1.usage == Usage::Restarting
    };
    assert!(restarting(&pair));
    pair.talk();
    assert!(!restarting(&pair));
    assert_eq!(pair.trace, ["0 user RESTART", "10 network RESTART ACKNOWLEDGE"]);
    assert_eq!(pair.user.heard(caller), ["ended 41"]);
    assert_eq!(pair.network.heard(called), ["ended 41"]);
    let done = Notice::Restarted { scope: Scope::Channel(channel(1)), confirmed: true };
    assert!(pair.user.others.contains(&done));
    assert_eq!(pair.user.channel(other), Some(channel(2)));
    pair.hang_up(Side::User, other, CauseValue::NORMAL);
    pair.talk();
    pair.assert_at_rest();
}

#[test]
fn a_restart_of_everything_ends_every_call_and_crosses_one_of_the_far_side() {
    let mut pair = euro();
    pair.connected(Side::User);
    pair.connected(Side::Network);
    pair.begin();
    pair.user.interface.restart(Scope::All, pair.now);
    pair.network.interface.restart(Scope::Span(0), pair.now);
    pair.drain();
    pair.talk();
    assert_eq!(pair.trace.len(), 4, "{:?}", pair.trace);
    assert_eq!(pair.user.events.len(), 2);
    pair.assert_at_rest();
}

#[test]
fn a_restart_that_nobody_answers_is_said_twice_and_takes_the_channel_out_of_service() {
    let now = std::time::Instant::now();
    let params = Params::of(Side::User, Dialect::EuroIsdn, vec![1, 2]);
    let mut interface = Interface::new(params);
    interface.link_up(LinkId(0), now);
    interface.restart(Scope::Channel(channel(1)), now);
    let mut sent = Vec::new();
    let mut last = None;
    let mut at = now;
    loop {
        while let Some(output) = interface.poll_output() {
            match output {
                Output::Send { .. } => sent.push((at - now).as_secs()),
                Output::Tell(Notice::Restarted { confirmed, .. }) => {
                    last = Some(((at - now).as_secs(), confirmed))
                }
                _ => {}
            }
        }
        let Some((next, timer)) = interface.poll_timeout() else { break };
        assert_eq!(timer, Timer::T316);
        interface.handle_timeout(next - Duration::from_millis(1));
        assert_eq!(interface.poll_output(), None);
        at = next;
        interface.handle_timeout(at);
    }
    assert_eq!((sent, last), (vec![0, 120], Some((240, false))));
    let (_, state) = interface.channels().next().unwrap();
    assert_eq!((state.ours, state.usage), (Standing::Maintenance, Usage::Idle));
}

#[test]
fn an_owner_has_t317_to_clear_what_the_far_side_restarts() {
    let now = std::time::Instant::now();
    let mut params = Params::of(Side::User, Dialect::EuroIsdn, vec![1, 2]);
    params.owner_clears = true;
    let mut interface = Interface::new(params);
    interface.link_up(LinkId(0), now);
    while interface.poll_output().is_some() {}
    let global = CallReference::global(true, ReferenceLength::Two);
    let restart = Message::new(global, MessageKind::Restart).with(RestartIndicator::Interface);
    interface.receive(LinkId(0), &restart.octets(), now);
    let outputs: Vec<_> = std::iter::from_fn(|| interface.poll_output()).collect();
    assert!(outputs.contains(&Output::Tell(Notice::Clear(channel(1)))));
    assert!(outputs.contains(&Output::Tell(Notice::Clear(channel(2)))));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Send { .. })));
    let end = now + Duration::from_secs(60);
    assert_eq!(interface.poll_timeout(), Some((end, Timer::T317)));
    interface.cleared(channel(1), now);
    while let Some(output) = interface.poll_output() {
        assert!(!matches!(output, Output::Send { .. }), "one is still missing");
    }
    // §5.5.2, note 1: what is clear is acknowledged.
    interface.handle_timeout(end);
    let sent = std::iter::from_fn(|| interface.poll_output()).find_map(|output| match output {
        Output::Send { octets, .. } => Some(Message::parse(&octets).unwrap().0),
        _ => None,
    });
    let sent = sent.unwrap();
    assert_eq!(sent.kind, MessageKind::RestartAck);
    assert_eq!(sent.channel_id().unwrap().numbers(), [1]);
}

#[test]
fn a_channel_whose_release_nobody_confirms_is_restarted() {
    let mut pair = euro();
    let (caller, _) = pair.connected(Side::User);
    // The far side is deaf.
    let now = pair.now;
    let with = Vec::new();
    let cause = CauseValue::NORMAL;
    let request = Request::Disconnect { cause, tones: false, with };
    pair.user.interface.request(caller, request, now).unwrap();
    let mut sent = Vec::new();
    while let Some((at, _)) =
        pair.user.interface.poll_timeout().filter(|(at, _)| *at < now + Duration::from_secs(60))
    {
        while let Some(output) = pair.user.interface.poll_output() {
            if let Output::Send { octets, .. } = output {
                sent.push(Message::parse(&octets).unwrap().0.kind);
            }
        }
        pair.user.interface.handle_timeout(at);
    }
    while let Some(output) = pair.user.interface.poll_output() {
        if let Output::Send { octets, .. } = output {
            sent.push(Message::parse(&octets).unwrap().0.kind);
        }
    }
    use MessageKind::{Disconnect, Release, Restart};
    assert_eq!(sent, [Disconnect, Release, Release, Restart]);
}

#[test]
fn every_reference_is_used_before_one_comes_again() {
    let mut params = Params::of(Side::User, Dialect::EuroIsdn, (1..=30).collect());
    params.reference_length = ReferenceLength::One;
    params.selection = Selection::RoundRobin;
    let mut network = Params::of(Side::Network, Dialect::EuroIsdn, (1..=30).collect());
    network.reference_length = ReferenceLength::One;
    let mut pair = Pair::new(params, network);
    pair.run(Duration::from_secs(1));
    let mut seen = std::collections::BTreeSet::new();
    let mut kept = None;
    for round in 0..127 {
        let call = pair.call(Side::User, "1");
        let found = pair.user.interface.calls().find(|(id, ..)| *id == call).unwrap();
        assert!(seen.insert(found.1.reference().value()), "too early");
        pair.talk();
        let called = pair.network.offered();
        if round == 50 {
            kept = Some(found_value(&pair, call));
            pair.ask(Side::Network, called, Request::Answer(Vec::new()));
        } else {
            pair.hang_up(Side::Network, called, CauseValue::BUSY);
        }
        pair.talk();
    }
    assert_eq!(seen.len(), 127);
    // The next round leaves out the one that talks.
    for _ in 0..126 {
        let call = pair.call(Side::User, "1");
        assert_ne!(Some(found_value(&pair, call)), kept);
        pair.talk();
        let called = pair.network.offered();
        pair.hang_up(Side::Network, called, CauseValue::BUSY);
        pair.talk();
    }
}

fn found_value(pair: &Pair, call: tdm::q931::interface::CallId) -> u16 {
    let found = pair.user.interface.calls().find(|(id, ..)| *id == call);
    found.unwrap().1.reference().value()
}
