//! Channels in and out of service, and supplementary services.

use std::time::Duration;

use tdm::q931::call::{Event, Misuse, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{CauseValue, Charge, ChargeTime, Cost, Element, Facility, Service, Units};
use tdm::q931::interface::{Channel, Fault, Interface, LinkId, Notice, Output, Params, Standing};
use tdm::q931::message::MessageKind;
use tdm::q931::timers::{Side, Timer};

use crate::pair::Pair;

fn channel(number: u8) -> Channel {
    Channel { span: 0, number }
}

fn standing(end: &crate::pair::End, number: u8) -> (Standing, Standing) {
    let found = end.interface.channels().find(|(c, _)| *c == channel(number));
    found.map(|(_, state)| (state.ours, state.theirs)).unwrap()
}

#[test]
fn a_channel_goes_out_of_service_and_comes_back_on_both_sides() {
    for dialect in [Dialect::Ni2, Dialect::Ess5, Dialect::Dms100] {
        let mut pair = Pair::of(dialect, 1..=3);
        for (standing_now, sent) in
            [(Standing::Out, 2), (Standing::Maintenance, 4), (Standing::In, 6)]
        {
            let now = pair.now;
            pair.user.interface.set_service(channel(1), standing_now, false, now).unwrap();
            pair.drain();
            pair.talk();
            assert_eq!(standing(&pair.user, 1), (standing_now, Standing::In));
            assert_eq!(standing(&pair.network, 1), (Standing::In, standing_now));
            assert_eq!(pair.trace.len(), sent);
        }
        let call = pair.call(Side::User, "1");
        assert_eq!(pair.user.channel(call), Some(channel(1)));
    }
}

#[test]
fn a_channel_that_talks_is_closed_when_its_call_ends_or_at_once() {
    let mut pair = Pair::of(Dialect::Ni2, 1..=3);
    let (caller, called) = pair.connected(Side::User);
    pair.begin();
    pair.user.interface.set_service(channel(1), Standing::Out, true, pair.now).unwrap();
    pair.drain();
    pair.run(Duration::from_secs(10));
    assert_eq!(pair.trace, [""; 0]);
    let next = pair.call(Side::User, "2");
    assert_eq!(pair.user.channel(next), Some(channel(2)));
    pair.hang_up(Side::User, caller, CauseValue::NORMAL);
    pair.talk();
    assert_eq!(standing(&pair.network, 1), (Standing::In, Standing::Out));
    assert_eq!(pair.network.heard(called), ["disconnected 16", "ended 16"]);

    let (caller, _) = pair.connected(Side::User);
    pair.begin();
    let taken = pair.user.channel(caller).unwrap();
    pair.user.interface.set_service(taken, Standing::Out, false, pair.now).unwrap();
    pair.drain();
    pair.talk();
    assert_eq!(pair.user.heard(caller), ["disconnected 41", "ended 41"]);
}

#[test]
fn europe_has_no_word_for_it_and_refuses_calls_on_the_channel() {
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=2);
    pair.user.interface.set_service(channel(2), Standing::Out, false, pair.now).unwrap();
    pair.drain();
    pair.talk();
    assert_eq!(pair.trace, [""; 0]);
    let refused = pair.call(Side::Network, "1");
    pair.talk();
    assert_eq!(pair.network.heard(refused), ["ended 44"]);
    assert!(
        pair.user
            .others
            .contains(&Notice::Fault(Fault::Refused(CauseValue::CHANNEL_NOT_AVAILABLE)))
    );
    let unknown = pair.user.interface.set_service(channel(9), Standing::Out, false, pair.now);
    assert_eq!(unknown, Err(Misuse::NoSuchChannel));
}

#[test]
fn a_service_message_that_nobody_answers_is_said_twice() {
    let now = std::time::Instant::now();
    let mut interface = Interface::new(Params::of(Side::User, Dialect::Ni2, vec![1, 2]));
    interface.link_up(LinkId(0), now);
    interface.set_service(channel(1), Standing::Out, false, now).unwrap();
    let mut sent = 0;
    let mut told = None;
    let mut at = now;
    loop {
        while let Some(output) = interface.poll_output() {
            match output {
                Output::Send { .. } => sent += 1,
                Output::Tell(Notice::Fault(fault)) => told = Some((at - now, fault)),
                _ => {}
            }
        }
        let Some((next, timer)) = interface.poll_timeout() else { break };
        assert_eq!(timer, Timer::Service);
        at = next;
        interface.handle_timeout(at);
    }
    let silent = Fault::ServiceUnanswered(channel(1));
    assert_eq!((sent, told), (2, Some((Duration::from_secs(240), silent))));
}

/// FACILITY with this service from the user, and what the network reads.
fn passes(dialect: Dialect, service: &Service) {
    let mut pair = Pair::of(dialect, 1..=3);
    let (caller, called) = pair.connected(Side::User);
    pair.begin();
    let facility = Element::Facility(dialect.facility(7, service));
    pair.ask(Side::User, caller, Request::Facility(vec![facility]));
    pair.talk();
    let events: Vec<_> = pair.network.events.iter().filter(|(id, _)| *id == called).collect();
    let Some((_, Event::Facility(said))) = events.last() else { panic!("{events:?}") };
    assert_eq!(said.message.services().next().as_ref(), Some(service));
}

#[test]
fn malicious_calls_are_marked_and_calls_are_transferred_by_facility() {
    passes(Dialect::EuroIsdn, &Service::MaliciousCall);
    passes(Dialect::EuroIsdn, &Service::TransferExecute);
    passes(Dialect::Qsig, &Service::Transferred { active: true, to: None });
}

#[test]
fn charges_are_told_during_the_call_and_at_its_end() {
    let charge = |at, count| Charge {
        cost: Cost::Units(vec![Units { count: Some(count), sort: None }]),
        at,
        billing: None,
    };
    let element =
        |charge: &Charge| Element::Facility(Facility::public(1, &Service::Charge(charge.clone())));
    let mut pair = Pair::of(Dialect::EuroIsdn, 1..=3);
    let (caller, called) = pair.connected(Side::User);
    pair.begin();
    let (during, end) = (charge(ChargeTime::During, 3), charge(ChargeTime::End, 5));
    pair.ask(Side::Network, called, Request::Facility(vec![element(&during)]));
    pair.talk();
    let with = vec![element(&end)];
    let cause = CauseValue::NORMAL;
    pair.ask(Side::Network, called, Request::Disconnect { cause, tones: false, with });
    pair.talk();
    let charges = pair.user.events.iter().filter_map(|(id, event)| match event {
        Event::Charged(charge) if *id == caller => Some(charge.clone()),
        _ => None,
    });
    assert_eq!(charges.collect::<Vec<_>>(), [during, end]);
    let heard = pair.user.heard(caller);
    assert_eq!(heard, ["charged", "facility", "charged", "disconnected 16", "ended 16"]);
    assert!(pair.trace.iter().any(|line| line.contains(&MessageKind::Facility.to_string())));
}
