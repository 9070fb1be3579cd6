//! Octets of each element, made by hand from the figures of the Recommendation, and what they mean.

use super::{INFORMATION, information};
use tdm::q931::element::*;
use tdm::q931::message::Message;

/// Both ways: the element prints as these octets, they read as the element, and the words are these.
fn both(octets: &[u8], element: impl Into<Element>, words: &str) {
    let element = element.into();
    let whole = [&INFORMATION[..], octets].concat();
    assert_eq!(information([element.clone()]).octets(), whole, "{words}");
    let (message, problems) = Message::parse(&whole).unwrap();
    assert_eq!(message.elements().collect::<Vec<_>>(), [&element], "{words}");
    assert_eq!(problems, [], "{words}");
    assert_eq!(element.to_string(), words);
}

/// One way: octets that mean this, but that we would print otherwise, are kept.
fn kept(octets: &[u8], element: impl Into<Element>) {
    let whole = [&INFORMATION[..], octets].concat();
    let (message, _) = Message::parse(&whole).unwrap();
    assert_eq!(message.elements().collect::<Vec<_>>(), [&element.into()]);
    assert_eq!(message.octets(), whole);
}

fn bearer(transfer: Transfer, rate: Rate) -> BearerCapability {
    BearerCapability { transfer, rate, ..BearerCapability::unrestricted() }
}

#[test]
fn bearer_capabilities_say_what_is_carried() {
    both(&[0x04, 3, 0x80, 0x90, 0xa3], BearerCapability::speech_alaw(), "speech, A-law");
    both(&[0x04, 3, 0x80, 0x90, 0xa2], BearerCapability::speech_ulaw(), "speech, u-law");
    both(&[0x04, 3, 0x90, 0x90, 0xa3], BearerCapability::audio_alaw(), "3.1 kHz audio, A-law");
    both(&[0x04, 3, 0x90, 0x90, 0xa2], BearerCapability::audio_ulaw(), "3.1 kHz audio, u-law");
    both(
        &[0x04, 2, 0x88, 0x90],
        BearerCapability::unrestricted(),
        "unrestricted data at 64 kbit/s",
    );
    both(&[0x04, 2, 0x98, 0x93], bearer(Transfer::Video, Rate::Kbit384), "video at 384 kbit/s");
    both(
        &[0x04, 3, 0x88, 0x98, 0x86],
        bearer(Transfer::Unrestricted, Rate::Multi(6)),
        "unrestricted data at 6x64 kbit/s",
    );
    // 56 kbit/s adapted by V.110, synchronous: octet 5a, user rate 15.
    both(
        &[0x04, 4, 0x88, 0x90, 0x21, 0x8f],
        BearerCapability {
            layer1: Some(Layer1 { protocol: 1, details: vec![0x0f] }),
            ..BearerCapability::unrestricted()
        },
        "unrestricted data at 64 kbit/s, V.110",
    );
    // X.25: packets, layer 2 Q.921's successor X.25 (6), layer 3 X.25 (6).
    both(
        &[0x04, 4, 0x88, 0xc0, 0xc6, 0xe6],
        BearerCapability {
            mode: 2,
            rate: Rate::Packet,
            layer2: Some(vec![6]),
            layer3: Some(vec![6]),
            ..BearerCapability::unrestricted()
        },
        "unrestricted data in packets, layer 2 protocol 6, layer 3 protocol 6",
    );
}

#[test]
fn causes_say_why_and_who_says_so() {
    both(
        &[0x08, 2, 0x80, 0x90],
        Cause::new(Location::USER, CauseValue::NORMAL),
        "normal clearing (16), from the user",
    );
    both(
        &[0x08, 2, 0x82, 0x91],
        Cause::new(Location::PUBLIC_LOCAL, CauseValue::BUSY),
        "user busy (17), from the own public network",
    );
    both(
        &[0x08, 3, 0x81, 0xe4, 0x6c],
        Cause::new(Location::PRIVATE_LOCAL, CauseValue::INVALID_CONTENT).with_diagnostics([0x6c]),
        "content of an element invalid (100), from the own private network, about 6c",
    );
    both(
        &[0x08, 3, 0x0a, 0x80, 0xff],
        Cause {
            recommendation: Some(0),
            ..Cause::new(Location::BEYOND_INTERWORKING, CauseValue::INTERWORKING)
        },
        "interworking, unspecified (127), from the network beyond interworking",
    );
    both(
        &[0x08, 2, 0xe0, 0x88],
        Cause { coding: Coding::Network, ..Cause::new(Location::USER, CauseValue::new(8)) },
        "cause 8 (network's own), from the user",
    );
}

#[test]
fn channels_are_named_by_number_by_map_and_on_other_interfaces() {
    both(
        &[0x18, 1, 0x89],
        ChannelId::basic(BasicChannel::B1).exclusively(),
        "channel B1 exclusive",
    );
    both(&[0x18, 1, 0x82], ChannelId::basic(BasicChannel::B2), "channel B2 preferred");
    both(&[0x18, 1, 0x83], ChannelId::basic(BasicChannel::Any), "any channel preferred");
    both(&[0x18, 1, 0x80], ChannelId::basic(BasicChannel::None), "no channel preferred");
    both(&[0x18, 3, 0xa9, 0x83, 0x87], ChannelId::primary(7).exclusively(), "channel 7 exclusive");
    both(&[0x18, 3, 0xa1, 0x83, 0x9f], ChannelId::primary(31), "channel 31 preferred");
    both(&[0x18, 1, 0xa3], ChannelId::of(Channels::Any), "any channel preferred");
    both(&[0x18, 1, 0xa8], ChannelId::of(Channels::None).exclusively(), "no channel exclusive");
    both(
        &[0x18, 1, 0xac],
        ChannelId { d_channel: true, ..ChannelId::of(Channels::None).exclusively() },
        "no channel, the D channel exclusive",
    );
    both(
        &[0x18, 4, 0xe9, 0x81, 0x83, 0x97],
        ChannelId::primary(23).on_interface(1).exclusively(),
        "channel 23 of interface 1 exclusive",
    );
    both(
        &[0x18, 2, 0xe9, 0x82],
        ChannelId::of(Channels::Interface).on_interface(2).exclusively(),
        "every channel of interface 2 exclusive",
    );
    both(
        &[0x18, 5, 0xa9, 0x83, 0x01, 0x02, 0x85],
        ChannelId::of(Channels::Numbers { kind: ChannelKind::B, numbers: vec![1, 2, 5] })
            .exclusively(),
        "channels 1 2 5 exclusive",
    );
    // Channels 1 and 24 of 1544 kbit/s: the first octet is of 24 to 17.
    both(
        &[0x18, 5, 0xa9, 0x93, 0x80, 0x00, 0x01],
        ChannelId::of(Channels::Map { kind: ChannelKind::B, map: vec![0x80, 0, 1] }).exclusively(),
        "channels 1 24 exclusive",
    );
    // H0 in time slots 1 to 5 and 17 of 2048 kbit/s: the first octet is of 31 to 24.
    let h0 = ChannelKind { coding: Coding::Itu, value: 6 };
    both(
        &[0x18, 6, 0xa9, 0x96, 0x00, 0x02, 0x00, 0x3e],
        ChannelId::of(Channels::Map { kind: h0, map: vec![0, 2, 0, 0x3e] }).exclusively(),
        "channels 1 2 3 4 5 17 exclusive",
    );
    // The extension bit of a number is forgotten by some.
    kept(&[0x18, 3, 0xa9, 0x83, 0x07], ChannelId::primary(7).exclusively());
}

#[test]
fn progress_and_notifications_and_states_are_told() {
    both(
        &[0x1e, 2, 0x82, 0x88],
        Progress::new(Location::PUBLIC_LOCAL, Progress::IN_BAND),
        "tones or words in band, from the own public network",
    );
    both(
        &[0x1e, 2, 0x81, 0x83],
        Progress::new(Location::PRIVATE_LOCAL, Progress::ORIGIN_NOT_ISDN),
        "origin not ISDN, from the own private network",
    );
    both(&[0x27, 1, 0xf9], Notification::new(Notification::REMOTE_HOLD), "held by the other side");
    both(
        &[0x27, 1, 0x80],
        Notification::new(Notification::SUSPENDED),
        "the other side is suspended",
    );
    both(&[0x14, 1, 0x0a], CallState::new(10), "state active (10)");
    both(&[0x14, 1, 0x3d], CallState::new(61), "state restart request (61)");
    assert!(Progress::new(Location::USER, Progress::IN_BAND).is_in_band());
}

#[test]
fn numbers_say_how_they_are_read_and_whether_they_are_shown() {
    let number = Number::isdn(TypeOfNumber::National, "12");
    both(&[0x70, 3, 0xa1, b'1', b'2'], Element::CalledNumber(number), "called 12 (national, ISDN)");
    both(
        &[0x70, 3, 0x80, b'*', b'9'],
        Element::CalledNumber(Number::unknown("*9")),
        "called *9 (unknown)",
    );
    both(
        &[0x6c, 5, 0x00, 0x80, b'3', b'0', b'1'],
        Element::CallingNumber(PartyNumber::new(
            Number::unknown("301"),
            Presentation::Allowed,
            Screening::NotScreened,
        )),
        "calling 301 (unknown), presentation allowed, user provided",
    );
    both(
        &[0x6c, 3, 0x91, b'4', b'9'],
        Element::CallingNumber(PartyNumber {
            number: Number::isdn(TypeOfNumber::International, "49"),
            shown: None,
        }),
        "calling 49 (international, ISDN)",
    );
    both(
        &[0x4c, 2, 0x00, 0xa3],
        Element::ConnectedNumber(PartyNumber::new(
            Number::unknown(""),
            Presentation::Restricted,
            Screening::Network,
        )),
        "connected nobody (unknown), presentation restricted, network provided",
    );
    let private = Number {
        kind: TypeOfNumber::Subscriber,
        plan: NumberingPlan::Private,
        digits: "77".into(),
    };
    both(
        &[0x74, 5, 0x49, 0x01, 0x8f, b'7', b'7'],
        Element::RedirectingNumber(RedirectingNumber {
            party: PartyNumber::new(private.clone(), Presentation::Allowed, Screening::Passed),
            reason: Some(RedirectionReason::Unconditional),
        }),
        "redirected by 77 (subscriber, private), presentation allowed, user provided, verified, \
         unconditionally",
    );
    both(
        &[0x73, 5, 0x49, 0x42, 0x81, b'7', b'7'],
        Element::OriginalCalledNumber(RedirectingNumber {
            party: PartyNumber::new(private.clone(), Presentation::Unavailable, Screening::Failed),
            reason: Some(RedirectionReason::Busy),
        }),
        "first called 77 (subscriber, private), number not available, user provided, verification failed, \
         because busy",
    );
    both(
        &[0x76, 4, 0x49, 0x80, b'7', b'7'],
        Element::RedirectionNumber(PartyNumber::new(
            private,
            Presentation::Allowed,
            Screening::NotScreened,
        )),
        "redirected to 77 (subscriber, private), presentation allowed, user provided",
    );
}

#[test]
fn addresses_behind_numbers_keep_their_octets() {
    let nsap = Subaddress { kind: Subaddress::NSAP, odd: false, octets: vec![0x50, b'a', b'1'] };
    both(
        &[0x71, 4, 0x80, 0x50, b'a', b'1'],
        Element::CalledSubaddress(nsap),
        "called sub-address a1",
    );
    let user = Subaddress { kind: Subaddress::USER, odd: true, octets: vec![0x12, 0x30] };
    both(
        &[0x6d, 3, 0xa8, 0x12, 0x30],
        Element::CallingSubaddress(user.clone()),
        "calling sub-address 1230",
    );
    both(
        &[0x4d, 3, 0xa8, 0x12, 0x30],
        Element::ConnectedSubaddress(user),
        "connected sub-address 1230",
    );
}

#[test]
fn texts_keys_and_signals_are_for_people() {
    both(&[0x28, 3, b'B', b'o', b'b'], Display::new("Bob"), "display \"Bob\"");
    let sorted = Display { sort: Some(0xb1), text: "Bob".into() };
    both(&[0x28, 4, 0xb1, b'B', b'o', b'b'], sorted, "display \"Bob\"");
    both(&[0x2c, 2, b'5', b'#'], Keypad("5#".into()), "keys 5#");
    both(&[0x34, 1, 0x00], Signal::DIAL_TONE, "dial tone");
    both(&[0x34, 1, 0x41], Signal(0x41), "ring, pattern 1");
    both(&[0x34, 1, 0x4f], Signal::ALERTING_OFF, "ring off");
    let noon = DateTime { year: 26, month: 11, day: 22, time: Some((12, 0)), second: None };
    both(&[0x29, 5, 26, 11, 22, 12, 0], noon, "date '26-11-22 12:00");
    let hello = UserUser { protocol: UserUser::IA5, octets: b"hi".to_vec() };
    both(&[0x7e, 3, 0x04, b'h', b'i'], hello, "user says \"hi\"");
}

#[test]
fn compatibility_is_told_of_both_layers() {
    both(&[0x7d, 2, 0x91, 0x81], HighLayer::new(HighLayer::TELEPHONY), "for telephony");
    both(&[0x7d, 2, 0x91, 0x84], HighLayer::new(HighLayer::FAX_GROUP_3), "for fax of group 2 or 3");
    let extended = HighLayer { extended: Some(0x01), ..HighLayer::new(0x5e) };
    both(&[0x7d, 3, 0x91, 0x5e, 0x81], extended, "for maintenance");
    let plain = LowLayer { bearer: BearerCapability::unrestricted(), negotiable: None };
    both(&[0x7c, 2, 0x88, 0x90], plain, "low layer unrestricted data at 64 kbit/s");
    let negotiable = LowLayer { bearer: BearerCapability::audio_alaw(), negotiable: Some(true) };
    both(
        &[0x7c, 4, 0x10, 0xc0, 0x90, 0xa3],
        negotiable,
        "low layer 3.1 kHz audio, A-law, negotiable",
    );
}

#[test]
fn what_concerns_networks_and_lines_is_read() {
    both(&[0x79, 1, 0x80], RestartIndicator::Channels, "restart of the channels named");
    both(&[0x79, 1, 0x86], RestartIndicator::Interface, "restart of one interface");
    both(&[0x79, 1, 0x87], RestartIndicator::AllInterfaces, "restart of all interfaces");
    both(
        &[0x01, 1, 0xc2],
        ChangeStatus { channel: true, status: ServiceStatus::OutOfService },
        "channel out of service",
    );
    both(
        &[0x01, 1, 0x80],
        ChangeStatus { channel: false, status: ServiceStatus::InService },
        "interface in service",
    );
    both(&[0x78, 4, 0xa1, b'2', b'8', b'8'], TransitNetwork::carrier("288"), "by the network 288");
    both(
        &[0x20, 2, 0x00, 0xe1],
        NetworkFacility { network: None, coding: vec![0xe1] },
        "network's facility e1",
    );
    both(
        &[0x20, 6, 0x04, 0xa1, b'2', b'8', b'8', 0xe1],
        NetworkFacility { network: Some(TransitNetwork::carrier("288")), coding: vec![0xe1] },
        "network's facility e1, by the network 288",
    );
    both(&[0x10, 2, 0x12, 0x34], CallIdentity(vec![0x12, 0x34]), "identity 1234");
    both(
        &[0x00, 2, 0x82, 0x05],
        Segmented { first: true, remaining: 2, kind: 0x05 },
        "first part of message 0x05, 2 follow",
    );
    both(&[0xa1], Element::SendingComplete, "no more digits");
    both(&[0xa0], Element::MoreData, "more data follows");
    both(&[0xbf], Element::CongestionLevel(15), "not ready for data");
    both(&[0xd2], Element::RepeatIndicator(2), "the first possible of");
}

#[test]
fn every_named_cause_is_read_by_its_number() {
    for (value, words) in [
        (1, "unallocated number (1)"),
        (34, "no channel available (34)"),
        (44, "requested channel not available (44)"),
        (88, "incompatible destination (88)"),
        (102, "recovery after a timer ran out (102)"),
        (77, "cause 77"),
    ] {
        assert_eq!(CauseValue::new(value).to_string(), words);
    }
}

#[test]
fn what_no_recommendation_has_is_kept_as_it_came() {
    let raw = Raw { codeset: 0, id: 0x38, content: vec![0x81, 2] };
    both(&[0x38, 2, 0x81, 2], Element::Other(raw), "feature activation");
}
