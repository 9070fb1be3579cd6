//! Any frames, requests and times: a link keeps no more than it may, answers each with a few outputs,
//! and sends nothing that is no frame. The fuzz target `lapd` plays the same game for longer.

use std::time::Duration;

use proptest::prelude::*;

use super::super::super::{Frame, Input, Link, Output, Params, Role};
use super::two_ends::epoch;

#[derive(Clone, Debug)]
enum Event {
    Establish,
    Reset,
    Release,
    PhysicalUp,
    PhysicalDown,
    OwnBusy(bool),
    Send(Vec<u8>),
    SendUnit(Vec<u8>),
    Octets(Vec<u8>),
    /// Octets behind the address of this link.
    Addressed(bool, Vec<u8>),
    Wait(u64),
    Timeout,
}

fn event() -> impl Strategy<Value = Event> {
    let octets = || prop::collection::vec(any::<u8>(), 0..16);
    // Numbers near 0, so that some are in sequence, behind the control fields of Table 5.
    let control = prop::sample::select(vec![
        0x01, 0x05, 0x09, 0x6f, 0x7f, 0x0f, 0x1f, 0x03, 0x43, 0x53, 0x63, 0x73, 0x87, 0xaf, 0, 2, 4,
    ]);
    let likely =
        (any::<bool>(), control, 0..8u8, any::<bool>()).prop_map(|(up, first, nr, long)| {
            let short = first & 3 == 3 && !long;
            Event::Addressed(up, if short { vec![first] } else { vec![first, nr] })
        });
    prop_oneof![
        1 => Just(Event::Establish),
        1 => Just(Event::Reset),
        1 => Just(Event::Release),
        2 => Just(Event::PhysicalUp),
        1 => Just(Event::PhysicalDown),
        2 => any::<bool>().prop_map(Event::OwnBusy),
        6 => octets().prop_map(Event::Send),
        1 => octets().prop_map(Event::SendUnit),
        1 => octets().prop_map(Event::Octets),
        2 => (any::<bool>(), octets()).prop_map(|(up, octets)| Event::Addressed(up, octets)),
        20 => likely,
        3 => (0..2000u64).prop_map(Event::Wait),
        2 => Just(Event::Timeout),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_a_link_stays_within_its_bounds(
        events in prop::collection::vec(event(), 0..200), network in any::<bool>(), k in 1..8u8,
    ) {
        let role = if network { Role::Network } else { Role::User };
        let mut now = epoch();
        let params = Params { k, queue: 10, n201: 12, ..Params::default() };
        let mut link = Link::new(role, params, now);
        link.handle(Input::PhysicalUp, now);
        let (mut came, mut went) = (0, 0);
        for event in events {
            came += u64::from(matches!(event, Event::Octets(_) | Event::Addressed(..)));
            match event {
                Event::Establish => link.handle(Input::Establish, now),
                Event::Reset => link.handle(Input::Reset, now),
                Event::Release => link.handle(Input::Release, now),
                Event::PhysicalUp => link.handle(Input::PhysicalUp, now),
                Event::PhysicalDown => link.handle(Input::PhysicalDown, now),
                Event::OwnBusy(busy) => link.handle(Input::OwnBusy(busy), now),
                Event::Send(message) => link.handle(Input::Send(message), now),
                Event::SendUnit(message) => link.handle(Input::SendUnit(message), now),
                Event::Octets(octets) => link.handle(Input::Frame(&octets), now),
                Event::Addressed(up, octets) => {
                    let address = [u8::from(up) << 1, 1];
                    link.handle(Input::Frame(&[&address[..], &octets].concat()), now);
                }
                Event::Wait(milliseconds) => now += Duration::from_millis(milliseconds),
                Event::Timeout => now = link.poll_timeout().map_or(now, |at| at.max(now)),
            }
            link.handle_timeout(now);
            let mut outputs = 0;
            while let Some(output) = link.poll_output() {
                outputs += 1;
                if let Output::Frame(octets) = output {
                    let frame = Frame::parse(&octets, role).unwrap();
                    prop_assert_eq!(frame.octets(role), octets);
                    went += 1;
                }
            }
            prop_assert!(outputs <= 30, "{} outputs for one input", outputs);
            prop_assert!(link.waiting() <= 10);
            prop_assert!(link.poll_timeout().is_none_or(|at| at > now), "what is due is done");
            prop_assert!(!link.phase().is_up() || link.poll_timeout().is_some());
        }
        let count = link.counters();
        prop_assert_eq!(count.sent.total(), went);
        let dropped = count.invalid + count.rejected + count.terminals + count.elsewhere;
        prop_assert_eq!(count.received.total() + dropped + count.while_down, came);
    }
}
