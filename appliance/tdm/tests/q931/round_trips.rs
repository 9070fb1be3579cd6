//! Any message prints and parses to itself; any octets cost nothing but themselves.

use super::call;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::*;
use tdm::q931::message::*;

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

fn digits() -> impl Strategy<Value = String> {
    "[0-9*#]{0,20}"
}

fn number() -> impl Strategy<Value = Number> {
    use NumberingPlan as Plan;
    use TypeOfNumber as Kind;
    let kinds = [
        Kind::Unknown,
        Kind::International,
        Kind::National,
        Kind::NetworkSpecific,
        Kind::Subscriber,
        Kind::Abbreviated,
        Kind::Reserved(5),
    ];
    let plans = [
        Plan::Unknown,
        Plan::Isdn,
        Plan::Data,
        Plan::Telex,
        Plan::National,
        Plan::Private,
        Plan::Reserved(15),
    ];
    (proptest::sample::select(kinds.to_vec()), proptest::sample::select(plans.to_vec()), digits())
        .prop_map(|(kind, plan, digits)| Number { kind, plan, digits })
}

fn shown() -> impl Strategy<Value = (Presentation, Screening)> {
    use Presentation::*;
    use Screening::*;
    (
        proptest::sample::select(vec![Allowed, Restricted, Unavailable, Reserved]),
        proptest::sample::select(vec![NotScreened, Passed, Failed, Network]),
    )
}

fn party() -> impl Strategy<Value = PartyNumber> {
    (number(), option::of(shown())).prop_map(|(number, shown)| PartyNumber { number, shown })
}

fn redirecting() -> impl Strategy<Value = RedirectingNumber> {
    use RedirectionReason::*;
    let reasons = vec![
        Unknown,
        Busy,
        NoReply,
        Deflected,
        OutOfOrder,
        ByCalledSet,
        Unconditional,
        Reserved(7),
    ];
    let full = (number(), shown(), option::of(proptest::sample::select(reasons)));
    full.prop_map(|(number, shown, reason)| RedirectingNumber {
        party: PartyNumber { number, shown: Some(shown) },
        reason,
    })
}

fn coding() -> impl Strategy<Value = Coding> {
    proptest::sample::select(vec![Coding::Itu, Coding::Iso, Coding::National, Coding::Network])
}

fn bearer() -> impl Strategy<Value = BearerCapability> {
    use Transfer::*;
    let transfers = vec![
        Speech,
        Unrestricted,
        Restricted,
        Audio3k1,
        UnrestrictedWithTones,
        Video,
        Reserved(31),
    ];
    let rates = prop_oneof![
        proptest::sample::select(vec![
            Rate::Packet,
            Rate::Kbit64,
            Rate::TwoKbit64,
            Rate::Kbit384,
            Rate::Kbit1536,
            Rate::Kbit1920,
            Rate::Reserved(1),
        ]),
        (0..128u8).prop_map(Rate::Multi),
    ];
    let layer = || {
        option::of(
            (0..32u8, vec(0..128u8, 0..3)).prop_map(|(first, rest)| [vec![first], rest].concat()),
        )
    };
    let layer1 =
        (0..32u8, vec(0..128u8, 0..4)).prop_map(|(protocol, details)| Layer1 { protocol, details });
    let parts = (coding(), proptest::sample::select(transfers), 0..4u8, rates);
    (parts, option::of(layer1), layer(), layer()).prop_map(
        |((coding, transfer, mode, rate), layer1, layer2, layer3)| BearerCapability {
            coding,
            transfer,
            mode,
            rate,
            layer1,
            layer2,
            layer3,
        },
    )
}

fn channel() -> impl Strategy<Value = ChannelId> {
    let kind = || (coding(), 0..16u8).prop_map(|(coding, value)| ChannelKind { coding, value });
    let channels = prop_oneof![
        proptest::sample::select(vec![
            Channels::None,
            Channels::Any,
            Channels::Basic(BasicChannel::None),
            Channels::Basic(BasicChannel::B1),
            Channels::Basic(BasicChannel::B2),
            Channels::Basic(BasicChannel::Any),
        ]),
        (kind(), vec(0..128u8, 1..9))
            .prop_map(|(kind, numbers)| Channels::Numbers { kind, numbers }),
        (kind(), vec(any::<u8>(), 1..5)).prop_map(|(kind, map)| Channels::Map { kind, map }),
    ];
    (option::of(vec(0..128u8, 1..3)), any::<bool>(), any::<bool>(), channels).prop_map(
        |(interface, exclusive, d_channel, channels)| ChannelId {
            interface,
            exclusive,
            d_channel,
            channels,
        },
    )
}

fn name() -> impl Strategy<Value = Name> {
    let text = || {
        ("[a-zA-Zäöü ]{0,50}", option::of(any::<u8>()))
            .prop_map(|(text, set)| NameText { text, set })
    };
    prop_oneof![
        text().prop_map(Name::Allowed),
        text().prop_map(Name::Restricted),
        Just(Name::Withheld),
        Just(Name::Unavailable),
    ]
}

fn presented() -> impl Strategy<Value = PresentedNumber> {
    let isdn = || digits().prop_map(|digits| Number::isdn(TypeOfNumber::National, digits));
    prop_oneof![
        isdn().prop_map(PresentedNumber::Allowed),
        isdn().prop_map(PresentedNumber::RestrictedNumber),
        Just(PresentedNumber::Restricted),
        Just(PresentedNumber::Unavailable),
    ]
}

fn charge() -> impl Strategy<Value = Charge> {
    let counting = || proptest::sample::select(vec![Counting::Units, Counting::Money]);
    let at = proptest::sample::select(vec![
        ChargeTime::During,
        ChargeTime::DuringTotal,
        ChargeTime::End,
    ]);
    let units = (option::of(0..16_777_216u32), option::of(1..17u8));
    let billed = prop_oneof![
        vec(units.prop_map(|(count, sort)| Units { count, sort }), 1..8).prop_map(Cost::Units),
        ("[A-Z$]{1,10}", 0..16_777_216u32, 0..7u8).prop_map(|(currency, amount, multiplier)| {
            Cost::Money { currency, amount, multiplier }
        }),
    ];
    prop_oneof![
        (billed, at, option::of(0..8u8)).prop_map(|(cost, at, billing)| Charge {
            cost,
            at,
            billing
        }),
        counting().prop_map(|counting| Charge {
            cost: Cost::Free(counting),
            at: ChargeTime::During,
            billing: None
        }),
        counting().prop_map(|counting| Charge {
            cost: Cost::Unavailable(counting),
            at: ChargeTime::End,
            billing: None
        }),
    ]
}

fn service() -> impl Strategy<Value = Service> {
    let of = vec![NameOf::Calling, NameOf::Called, NameOf::Connected, NameOf::Busy];
    let reason = proptest::sample::select(vec![
        DiversionReason::Unknown,
        DiversionReason::Unconditional,
        DiversionReason::Busy,
        DiversionReason::NoReply,
        DiversionReason::Deflected(5),
    ]);
    prop_oneof![
        charge().prop_map(Service::Charge),
        (proptest::sample::select(of), name()).prop_map(|(of, name)| Service::Name(of, name)),
        Just(Service::NameFollows),
        Just(Service::MaliciousCall),
        Just(Service::TransferExecute),
        (any::<bool>(), option::of(presented()))
            .prop_map(|(active, to)| Service::Transferred { active, to }),
        (1..6u8, reason, option::of(presented()), option::of(presented())).prop_map(
            |(count, reason, by, first)| {
                Service::Diversion(Diversion::DivertedTo { count, reason, by, first, name: None })
            }
        ),
    ]
}

fn element() -> impl Strategy<Value = Element> {
    let cause = (coding(), 0..16u8, option::of(0..128u8), 0..128u8, octets(9)).prop_map(
        |(coding, location, recommendation, value, diagnostics)| Cause {
            coding,
            location: Location::new(location),
            recommendation,
            value: CauseValue::new(value),
            diagnostics,
        },
    );
    let subaddress = || {
        (0..8u8, any::<bool>(), octets(20)).prop_map(|(kind, odd, octets)| Subaddress {
            kind,
            odd,
            octets,
        })
    };
    let progress = (coding(), 0..16u8, 0..128u8).prop_map(|(coding, location, description)| {
        Progress { coding, location: Location::new(location), description }
    });
    let display =
        (option::of(0x80..=0xffu8), "[ -~]{0,40}").prop_map(|(sort, text)| Display { sort, text });
    prop_oneof![
        bearer().prop_map(Element::from),
        cause.prop_map(Element::from),
        channel().prop_map(Element::from),
        progress.prop_map(Element::from),
        display.prop_map(Element::from),
        "[0-9*#]{1,32}".prop_map(|keys| Keypad(keys).into()),
        number().prop_map(Element::CalledNumber),
        party().prop_map(Element::CallingNumber),
        party().prop_map(Element::ConnectedNumber),
        redirecting().prop_map(Element::RedirectingNumber),
        redirecting().prop_map(Element::OriginalCalledNumber),
        subaddress().prop_map(Element::CalledSubaddress),
        (bearer(), option::of(any::<bool>())).prop_map(|(bearer, negotiable)| LowLayer {
            bearer,
            negotiable
        }
        .into()),
        (any::<u8>(), octets(128))
            .prop_map(|(protocol, octets)| UserUser { protocol, octets }.into()),
        (0..128i32, any::<bool>(), service()).prop_map(|(id, national, service)| {
            // Operations of both families; charges and such are numbered by ETSI only.
            let by_name = matches!(service, Service::Name(..) | Service::NameFollows);
            let dialect = if by_name || (national && matches!(service, Service::Diversion(_))) {
                Dialect::Qsig
            } else {
                Dialect::EuroIsdn
            };
            dialect.facility(id, &service).into()
        }),
        Just(Element::SendingComplete),
        (0..16u8).prop_map(Element::RepeatIndicator),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let kind = proptest::sample::select(MessageKind::NAMED.to_vec());
    let length = proptest::sample::select(vec![ReferenceLength::One, ReferenceLength::Two]);
    let call =
        (any::<u16>(), any::<bool>(), length).prop_map(|(value, from_originator, length)| {
            CallReference::new(value, from_originator, length)
        });
    let call = prop_oneof![9 => call, 1 => Just(CallReference::DUMMY)];
    (call, kind, vec((prop_oneof![9 => Just(0), 1 => 4..8u8], element()), 0..8)).prop_map(
        |(call, kind, elements)| {
            let mut message = Message::new(call, kind);
            elements.into_iter().for_each(|(codeset, element)| message.push_in(codeset, element));
            message
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_message_prints_and_parses_to_itself(message in message()) {
        let (parsed, _) = Message::parse(&message.octets()).unwrap();
        prop_assert_eq!(parsed, message);
    }

    #[test]
    fn any_element_means_the_same_after_it_was_sent(element in element()) {
        let message = Message::new(call(), MessageKind::Information).with(element.clone());
        let (parsed, problems) = Message::parse(&message.octets()).unwrap();
        prop_assert_eq!(parsed.elements().collect::<Vec<_>>(), [&element]);
        prop_assert!(problems.iter().all(|problem| problem.kind == ProblemKind::TooLong), "{:?}", problems);
    }

    #[test]
    fn any_service_means_the_same_after_it_was_sent(id in any::<i32>(), service in service()) {
        let private = matches!(service, Service::Name(..) | Service::NameFollows);
        let dialect = if private { Dialect::Qsig } else { Dialect::EuroIsdn };
        let message = Message::new(call(), MessageKind::Facility).with(dialect.facility(id, &service));
        let (parsed, problems) = Message::parse(&message.octets()).unwrap();
        prop_assert_eq!(problems, []);
        prop_assert_eq!(parsed.services().collect::<Vec<_>>(), [service]);
    }

    #[test]
    fn any_octets_behind_a_header_print_back(tail in octets(260)) {
        let whole = [&[0x08, 0x02, 0x80, 0x07, 0x05][..], &tail].concat();
        let (message, _) = Message::parse(&whole).unwrap();
        prop_assert_eq!(message.octets(), whole);
        prop_assert!(message.elements().count() <= tail.len());
        prop_assert!(!message.to_string().is_empty());
    }

    /// Any content of the elements that we read, so that chance gets behind identifiers and lengths.
    #[test]
    fn any_content_of_elements_prints_back(
        elements in vec((any::<proptest::sample::Index>(), octets(12)), 0..6),
    ) {
        let ids = [
            0x00, 0x01, 0x04, 0x08, 0x10, 0x14, 0x18, 0x1c, 0x1e, 0x20, 0x27, 0x28, 0x29, 0x2c, 0x34, 0x4c, 0x4d,
            0x6c, 0x70, 0x71, 0x73, 0x74, 0x76, 0x78, 0x79, 0x7c, 0x7d, 0x7e,
        ];
        let mut whole = vec![0x08, 0x01, 0x07, 0x05];
        for (id, content) in &elements {
            whole.extend([*id.get(&ids), content.len() as u8]);
            whole.extend(content);
        }
        let (message, _) = Message::parse(&whole).unwrap();
        prop_assert_eq!(message.elements().count(), elements.len());
        prop_assert_eq!(message.octets(), whole);
        prop_assert!(!message.to_string().is_empty());
    }

    /// What is read of any content means the same after it was printed anew, in our own way.
    #[test]
    fn any_content_means_the_same_after_it_was_printed_anew(id in 0..128u8, content in octets(24)) {
        means_the_same(id, &content)?;
    }

    /// The same behind the head of requests of services, where lengths must fit.
    #[test]
    fn any_argument_means_the_same_after_it_was_printed_anew(
        private in any::<bool>(),
        operation in 0..40u8,
        values in vec((proptest::sample::select(TAGS.to_vec()), octets(5)), 0..4),
        wrapped in vec(proptest::sample::select(TAGS.to_vec()), 0..4),
    ) {
        let mut argument = values.iter().flat_map(|(tag, content)| value(*tag, content)).collect::<Vec<_>>();
        for tag in wrapped {
            argument = value(tag, &argument);
        }
        let invoke = value(0xa1, &[&[2, 1, 5, 2, 1, operation][..], &argument].concat());
        means_the_same(0x1c, &[&[if private { 0x9f } else { 0x91 }], &invoke[..]].concat())?;
    }
}

const TAGS: [u8; 14] =
    [0x01, 0x02, 0x04, 0x05, 0x0a, 0x30, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa1, 0xa2, 0xa3];

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, content.len() as u8], content].concat()
}

fn means_the_same(id: u8, content: &[u8]) -> Result<(), TestCaseError> {
    let whole = [&[0x08, 0x00, 0x7b, id, content.len() as u8], content].concat();
    let (message, _) = Message::parse(&whole).unwrap();
    let element = message.elements().next().unwrap();
    let anew = Message::new(CallReference::DUMMY, MessageKind::Information).with(element.clone());
    prop_assert_eq!(anew.elements().next(), Some(element));
    let services =
        message.services().zip(message.facilities().map(|facility| facility.is_private()));
    for (service, private) in services {
        let again = Service::read(&service.invoke(5, private), private);
        prop_assert_eq!(again, Some(service));
    }
    Ok(())
}
