//! Octets of supplementary services, made by hand from their ASN.1, and what they mean.

use super::{INFORMATION, information};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::*;
use tdm::q931::message::Message;

/// Both ways: the element is these octets behind identifier and length, and asks for this.
fn both(content: &[u8], facility: Facility, service: Service, words: &str) {
    let element = [&[0x1c, content.len() as u8], content].concat();
    let whole = [&INFORMATION[..], &element].concat();
    let message = information([facility.into()]);
    assert_eq!(message.octets(), whole, "{words}");
    let (parsed, problems) = Message::parse(&whole).unwrap();
    assert_eq!(problems, []);
    assert_eq!(parsed, message, "{words}");
    assert_eq!(parsed.services().collect::<Vec<_>>(), [service]);
    assert_eq!(parsed.elements().next().unwrap().to_string(), words);
}

fn euro(id: i32, content: &[u8], service: Service, words: &str) {
    both(content, Dialect::EuroIsdn.facility(id, &service), service, words);
}

fn qsig(id: i32, invoke: &[u8], service: Service, words: &str) {
    let ends = [0x9f, 0xaa, 6, 0x80, 1, 0, 0x82, 1, 0, 0x8b, 1, 0];
    both(&[&ends, invoke].concat(), Dialect::Qsig.facility(id, &service), service, words);
}

fn charge(cost: Cost, at: ChargeTime) -> Service {
    Service::Charge(Charge { cost, at, billing: None })
}

#[test]
fn charges_are_told_in_units() {
    let units = |count, sort| Cost::Units(vec![Units { count, sort }]);
    euro(
        5,
        &[0x91, 0xa1, 0x12, 2, 1, 5, 2, 1, 34, 0x30, 10, 0xa1, 5, 0x30, 3, 2, 1, 3, 0x82, 1, 0],
        charge(units(Some(3), None), ChargeTime::During),
        "charge until now: 3 units",
    );
    euro(
        5,
        &[
            0x91, 0xa1, 0x15, 2, 1, 5, 2, 1, 34, 0x30, 13, 0xa1, 8, 0x30, 6, 2, 1, 3, 2, 1, 1,
            0x82, 1, 1,
        ],
        charge(units(Some(3), Some(1)), ChargeTime::DuringTotal),
        "charge, will not rise: 3 units",
    );
    euro(
        5,
        &[0x91, 0xa1, 0x12, 2, 1, 5, 2, 1, 36, 0x30, 10, 0x30, 8, 0xa1, 6, 0x30, 4, 2, 2, 1, 0x2c],
        charge(units(Some(300), None), ChargeTime::End),
        "charge of the call: 300 units",
    );
    euro(
        5,
        &[0x91, 0xa1, 8, 2, 1, 5, 2, 1, 36, 0x05, 0],
        charge(Cost::Unavailable(Counting::Units), ChargeTime::End),
        "charge of the call: not known",
    );
}

#[test]
fn charges_are_told_in_money() {
    let money = |amount, multiplier| Cost::Money { currency: "EUR".into(), amount, multiplier };
    euro(
        6,
        &[
            0x91, 0xa1, 0x19, 2, 1, 6, 2, 1, 35, 0x30, 17, 0x30, 15, 0xa1, 13, 0x81, 3, b'E', b'U',
            b'R', 0xa2, 6, 0x81, 1, 123, 0x82, 1, 1,
        ],
        charge(money(123, 1), ChargeTime::End),
        "charge of the call: EUR 1.230",
    );
    euro(
        6,
        &[
            0x91, 0xa1, 0x1d, 2, 1, 6, 2, 1, 33, 0x30, 21, 0xa1, 13, 0x81, 3, b'E', b'U', b'R',
            0xa2, 6, 0x81, 1, 5, 0x82, 1, 0, 0x82, 1, 0, 0x83, 1, 2,
        ],
        Service::Charge(Charge { cost: money(5, 0), at: ChargeTime::During, billing: Some(2) }),
        "charge until now: EUR 0.005",
    );
    euro(
        6,
        &[0x91, 0xa1, 10, 2, 1, 6, 2, 1, 35, 0x30, 2, 0x81, 0],
        charge(Cost::Free(Counting::Money), ChargeTime::End),
        "charge of the call: free",
    );
    euro(
        6,
        &[0x91, 0xa1, 8, 2, 1, 6, 2, 1, 33, 0x81, 0],
        charge(Cost::Free(Counting::Money), ChargeTime::During),
        "charge until now: free",
    );
}

#[test]
fn charges_without_lengths_are_read_and_kept() {
    let content = [
        &[0x1c, 27, 0x91, 0xa1, 24, 2, 1, 5, 2, 1, 34, 0x30, 0x80, 0xa1, 0x80, 0x30, 0x80, 2, 1, 3]
            [..],
        &[0, 0, 0, 0, 0x82, 1, 0, 0, 0],
    ]
    .concat();
    let whole = [&INFORMATION[..], &content].concat();
    let (message, problems) = Message::parse(&whole).unwrap();
    assert_eq!((message.octets(), problems), (whole, vec![]));
    let Some(Service::Charge(charge)) = message.services().next() else { panic!("{message}") };
    assert_eq!(charge.units(), Some(3));
}

#[test]
fn malicious_calls_and_transfers_are_asked_for() {
    euro(
        7,
        &[0x91, 0xa1, 6, 2, 1, 7, 2, 1, 3],
        Service::MaliciousCall,
        "malicious call, to be traced",
    );
    euro(7, &[0x91, 0xa1, 6, 2, 1, 7, 2, 1, 6], Service::TransferExecute, "transfer to be made");
    euro(
        8,
        &[
            0x91, 0xa1, 27, 2, 1, 8, 6, 6, 4, 0, 0x82, 0x71, 1, 5, 0x30, 14, 10, 1, 1, 0xa0, 9,
            0xa1, 7, 10, 1, 1, 0x12, 2, b'4', b'9',
        ],
        Service::Transferred {
            active: true,
            to: Some(PresentedNumber::Allowed(Number::isdn(TypeOfNumber::International, "49"))),
        },
        "transferred to 49 (international, ISDN)",
    );
}

#[test]
fn names_are_told_by_private_networks_and_by_national_isdn() {
    let name = Service::Name(NameOf::Calling, Name::new("Bob"));
    let invoke = [0xa1, 11, 2, 1, 9, 2, 1, 0, 0x80, 3, b'B', b'o', b'b'];
    qsig(9, &invoke, name.clone(), "calling name \"Bob\"");
    both(
        &[&[0x9f, 0x8b, 1, 0][..], &invoke].concat(),
        Dialect::Ni2.facility(9, &name),
        name,
        "calling name \"Bob\"",
    );
    qsig(
        9,
        &[0xa1, 16, 2, 1, 9, 2, 1, 2, 0xa3, 8, 4, 3, b'B', 0xf6, b'b', 2, 1, 1],
        Service::Name(
            NameOf::Connected,
            Name::Restricted(NameText { text: "Böb".into(), set: Some(1) }),
        ),
        "connected name \"Böb\", presentation restricted",
    );
    qsig(
        9,
        &[0xa1, 8, 2, 1, 9, 2, 1, 1, 0x87, 0],
        Service::Name(NameOf::Called, Name::Withheld),
        "called name withheld",
    );
    qsig(
        9,
        &[0xa1, 8, 2, 1, 9, 2, 1, 3, 0x84, 0],
        Service::Name(NameOf::Busy, Name::Unavailable),
        "name of who is busy not available",
    );
    both(
        &[0x9f, 0x8b, 1, 0, 0xa1, 15, 2, 1, 1, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x15, 0, 4, 10, 1, 0],
        Dialect::Ni2.facility(1, &Service::NameFollows),
        Service::NameFollows,
        "the name follows",
    );
}

#[test]
fn a_name_in_a_sequence_and_by_a_global_operation_is_read() {
    let content = [
        &[0x1c, 24, 0x9f, 0x8b, 1, 0, 0xa1, 18, 2, 1, 9, 6, 4, 0x2b, 0x0c, 9, 0][..],
        &[0x30, 7, 0x80, 3, b'B', b'o', b'b', 0xa9, 0],
    ]
    .concat();
    let (message, problems) = Message::parse(&[&INFORMATION[..], &content].concat()).unwrap();
    assert_eq!(problems, []);
    let services: Vec<_> = message.services().collect();
    assert_eq!(services, [Service::Name(NameOf::Calling, Name::new("Bob"))]);
}

#[test]
fn diversions_are_told_to_all_three() {
    let number = || Number::unknown("77");
    euro(
        10,
        &[
            0x91, 0xa1, 26, 2, 1, 10, 2, 1, 15, 0x30, 18, 2, 1, 1, 10, 1, 3, 0xa1, 2, 0x81, 0,
            0xa2, 6, 0xa0, 4, 0x80, 2, b'7', b'7',
        ],
        Service::Diversion(Diversion::DivertedTo {
            count: 1,
            reason: DiversionReason::NoReply,
            by: Some(PresentedNumber::Restricted),
            first: Some(PresentedNumber::Allowed(number())),
            name: None,
        }),
        "diverted because of no reply, times 1, by somebody who is withheld, at first for 77 (unknown)",
    );
    euro(
        10,
        &[0x91, 0xa1, 14, 2, 1, 10, 2, 1, 18, 0x30, 6, 10, 1, 1, 10, 1, 1],
        Service::Diversion(Diversion::Calling {
            reason: DiversionReason::Unconditional,
            notified: 1,
            to: None,
        }),
        "the call is diverted unconditionally",
    );
    euro(
        10,
        &[0x91, 0xa1, 9, 2, 1, 10, 2, 1, 19, 1, 1, 0],
        Service::Diversion(Diversion::Shown { allowed: false, name: None }),
        "withholds where it went",
    );
    qsig(
        10,
        &[0xa1, 18, 2, 1, 10, 2, 1, 20, 0x30, 10, 10, 1, 2, 10, 1, 2, 0x80, 2, b'7', b'7'],
        Service::Diversion(Diversion::Calling {
            reason: DiversionReason::Busy,
            notified: 2,
            to: Some(PresentedNumber::Allowed(number())),
        }),
        "the call is diverted because busy to 77 (unknown)",
    );
    qsig(
        10,
        &[
            0xa1, 29, 2, 1, 10, 2, 1, 21, 0x30, 21, 2, 1, 2, 10, 1, 1, 0xa1, 6, 0xa0, 4, 0x80, 2,
            b'7', b'7', 0xa3, 5, 0x80, 3, b'B', b'o', b'b',
        ],
        Service::Diversion(Diversion::DivertedTo {
            count: 2,
            reason: DiversionReason::Unconditional,
            by: Some(PresentedNumber::Allowed(number())),
            first: None,
            name: Some(Name::new("Bob")),
        }),
        "diverted unconditionally, times 2, by 77 (unknown), \"Bob\"",
    );
    qsig(
        10,
        &[0xa1, 18, 2, 1, 10, 2, 1, 22, 0x30, 10, 1, 1, 0xff, 0xa0, 5, 0x80, 3, b'B', b'o', b'b'],
        Service::Diversion(Diversion::Shown { allowed: true, name: Some(Name::new("Bob")) }),
        "may be shown where it went, \"Bob\"",
    );
}

#[test]
fn answers_name_the_request() {
    for (content, component, words) in [
        (&[0xa2, 3, 2, 1, 5][..], Component::Result { id: 5, outcome: None }, "request 5 done"),
        (
            &[0xa2, 10, 2, 1, 5, 0x30, 5, 2, 1, 6, 5, 0],
            Component::Result { id: 5, outcome: Some((Code::Local(6), vec![5, 0])) },
            "request 5 done",
        ),
        (
            &[0xa3, 6, 2, 1, 5, 2, 1, 3],
            Component::Error { id: 5, error: Code::Local(3), parameter: vec![] },
            "request 5 failed, error 3",
        ),
        (
            &[0xa4, 6, 2, 1, 5, 0x81, 1, 1],
            Component::Reject { id: Some(5), about: 1, problem: 1 },
            "request 5 rejected, problem 1",
        ),
        (
            &[0xa4, 5, 5, 0, 0x80, 1, 2],
            Component::Reject { id: None, about: 0, problem: 2 },
            "a request rejected",
        ),
    ] {
        let element = Element::from(Facility::of(Facility::REMOTE_OPERATIONS, component));
        let octets = [&[0x1c, content.len() as u8 + 1, 0x91], content].concat();
        assert_eq!(information([element.clone()]).octets(), [&INFORMATION[..], &octets].concat());
        let (message, problems) = Message::parse(&[&INFORMATION[..], &octets].concat()).unwrap();
        assert_eq!((message.elements().next(), problems), (Some(&element), vec![]));
        assert_eq!(element.to_string(), words);
    }
}

#[test]
fn what_is_not_rose_is_kept_or_told() {
    // Another profile is kept; remote operations that cannot be read are malformed.
    let (message, problems) =
        Message::parse(&[&INFORMATION[..], &[0x1c, 3, 0x93, 1, 2]].concat()).unwrap();
    assert_eq!(problems, []);
    assert_eq!(
        message.facilities().next().map(|facility| facility.other.clone()),
        Some(vec![1, 2])
    );
    let (_, problems) =
        Message::parse(&[&INFORMATION[..], &[0x1c, 3, 0x91, 0xa1, 9]].concat()).unwrap();
    assert_eq!(problems.len(), 1);
}

#[test]
fn the_name_of_who_calls_is_that_of_a_service_or_of_the_display() {
    let setup = Message::new(super::call(), tdm::q931::message::MessageKind::Setup)
        .with(Display::new("Ann"));
    assert_eq!(setup.calling_name(), Some(Name::new("Ann")));
    let name = Service::Name(NameOf::Calling, Name::Withheld);
    let setup = setup.with(Dialect::Ni2.facility(1, &name));
    assert_eq!(setup.calling_name(), Some(Name::Withheld));
    assert_eq!(information([Display::new("Ann").into()]).calling_name(), None);
}
