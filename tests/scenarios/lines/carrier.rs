//! A carrier at the far end of a line: digits, numbers, what is heard, what it costs.

use super::*;

#[test]
fn digits_that_come_one_by_one_are_waited_for_as_long_as_a_route_may_want_more() {
    let (mut lab, _) = carrier(15);
    let call = calls(&mut lab, vec![national("2")]);
    assert_eq!(told(&mut lab), ["digits"]);
    for digit in "07946095".chars() {
        let number = Digits::isdn(TypeOfNumber::National, digit.to_string());
        ask(&mut lab, call, Request::Digits { number, complete: false });
        assert_eq!(lab.phone("202").count("INVITE"), 0);
    }
    let number = Digits::isdn(TypeOfNumber::National, "8");
    ask(&mut lab, call, Request::Digits { number, complete: false });
    assert!(lab.phone("202").rings(), "the number can grow no more and is not placed");
    lab.run_ms(100);
    assert_eq!(told(&mut lab), ["proceeding", "ringing"]);
    lab.phone("202").answers();
    lab.run_ms(300);
    assert_eq!(told(&mut lab), ["answered"]);
    assert_eq!(lab.records.values().next().unwrap().dialled, "+442079460958");
    ask(&mut lab, call, hang_up(CauseValue::NORMAL));
    assert!(lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn a_caller_of_whom_nothing_is_known_rings_all_the_same() {
    let (mut lab, _) = carrier(20);
    calls(&mut lab, vec![national("2079460958"), Element::SendingComplete]);
    lab.run_ms(300);
    assert_eq!(lab.phone("202").saw("INVITE").user("From"), "unavailable");
    assert_eq!(told(&mut lab), ["proceeding", "ringing"]);
    lab.far(|far, now| far.release(CauseValue::NORMAL, Duration::from_secs(5), now));
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
}

#[test]
fn a_number_that_stays_a_fragment_is_given_up_after_t302() {
    let (mut lab, _) = carrier(16);
    let call = calls(&mut lab, vec![national("2")]);
    lab.run_for(Duration::from_secs(14));
    assert_eq!(told(&mut lab), ["digits"]);
    lab.run_for(Duration::from_secs(2));
    assert!(told(&mut lab).contains(&"disconnected"), "{call:?}");
    lab.rest();
}

#[test]
fn a_call_that_can_lead_nowhere_is_refused_at_its_first_wrong_digit() {
    let (mut lab, _) = carrier(17);
    calls(&mut lab, vec![national("9")]);
    lab.run_ms(300);
    assert!(told(&mut lab).contains(&"disconnected"));
    assert_eq!(why(&lab)[0].1, Why::NoSuchNumber);
    lab.rest();
}

#[test]
fn who_calls_is_shown_as_the_line_says_and_not_where_that_is_withheld() {
    let (mut lab, _) = carrier(18);
    let from = |presentation| {
        let number = Digits::isdn(TypeOfNumber::International, "49301234");
        Element::CallingNumber(PartyNumber::new(number, presentation, Screening::Network))
    };
    for (presentation, shown) in [(Presentation::Allowed, true), (Presentation::Restricted, false)]
    {
        let with = vec![from(presentation), national("2079460958"), Element::SendingComplete];
        let call = calls(&mut lab, with);
        lab.run_ms(300);
        let invite = lab.phone("202").saw("INVITE");
        assert_eq!(invite.user("From") == "+49301234", shown, "{}", invite.value("From"));
        ask(&mut lab, call, hang_up(CauseValue::NORMAL));
        lab.run_ms(300);
    }
    lab.rest();
}

#[test]
fn what_the_carrier_lets_hear_before_the_answer_is_heard_and_his_channel_is_taken() {
    let (mut lab, _) = carrier(19);
    lab.phone("201").dials("02079461111");
    lab.run_ms(200);
    let Some((call, Event::Offered(offer))) = lab.far_told.pop() else { panic!("no call came") };
    let called = offer.setup.message.called_number().unwrap();
    assert_eq!(
        (called.kind, called.digits.as_str()),
        (TypeOfNumber::International, "442079461111")
    );
    ask(&mut lab, call, Request::Proceed(Vec::new()));
    let progress = Progress::new(Location::PUBLIC_LOCAL, Progress::IN_BAND);
    ask(&mut lab, call, Request::Alert(vec![Element::Progress(progress)]));
    assert!(lab.phone("201").count("180") > 0);
    assert!(lab.phone("201").count("183") > 0, "nothing is heard before the answer");
    ask(&mut lab, call, Request::Answer(Vec::new()));
    lab.run_ms(200);
    assert!(lab.phone("201").is_up());
    ask(&mut lab, call, hang_up(CauseValue::NORMAL));
    assert!(lab.phone("201").is_free());
    lab.rest();
}

#[test]
fn what_a_call_costs_and_who_answered_stands_in_its_story() {
    let (mut lab, _) = carrier(21);
    lab.phone("201").dials("02079461111");
    lab.run_ms(200);
    let Some((call, Event::Offered(_))) = lab.far_told.pop() else { panic!("no call came") };
    let number = Digits::isdn(TypeOfNumber::International, "442079461199");
    let connected = PartyNumber::new(number, Presentation::Allowed, Screening::Network);
    ask(&mut lab, call, Request::Answer(vec![Element::ConnectedNumber(connected)]));
    lab.run_ms(100);
    let units = vec![Units { count: Some(12), sort: None }];
    let charge = Charge { cost: Cost::Units(units), at: ChargeTime::During, billing: None };
    let facility = Dialect::EuroIsdn.facility(1, &Service::Charge(charge));
    ask(&mut lab, call, Request::Facility(vec![Element::Facility(facility)]));
    let story: Vec<_> = lab.record().steps.iter().map(|step| step.text.clone()).collect();
    assert!(story.contains(&"+442079461199 answered.".to_owned()), "{story:#?}");
    let charged = "The carrier tells of a charge until now: 12 units.";
    assert!(story.contains(&charged.to_owned()), "{story:#?}");
    ask(&mut lab, call, hang_up(CauseValue::NORMAL));
    lab.rest();
}

#[test]
fn a_route_may_take_only_calls_of_some_channels_or_with_numbers_of_one_type() {
    let (mut lab, trunk) = carrier(22);
    lab.inbound_with("+442079461000", "201", |route| {
        route.channels = Channels::parse("1-4").ok();
        route.trunk = Some(trunk);
    });
    lab.inbound_with("1000", "201", |route| route.number_type = Some(NumberType::Subscriber));
    let rings = |lab: &mut Lab, number: Digits, slot: u8| {
        let bearer = Element::BearerCapability(BearerCapability::speech_alaw());
        let with = vec![bearer, Element::CalledNumber(number), Element::SendingComplete];
        let channel = Wish::Only(Channel { span: 0, number: slot });
        let call = lab.far(|far, now| far.setup(Setup { with, channel }, now).unwrap());
        lab.run_ms(300);
        let rings = lab.phone("201").rings();
        let _ = lab.far(|far, now| far.request(call, hang_up(CauseValue::NORMAL), now));
        lab.run_ms(300);
        rings
    };
    let national = Digits::isdn(TypeOfNumber::National, "2079461000");
    assert!(rings(&mut lab, national.clone(), 3));
    assert!(!rings(&mut lab, national, 5));
    assert!(rings(&mut lab, Digits::isdn(TypeOfNumber::Subscriber, "1000"), 7));
    assert!(!rings(&mut lab, Digits::isdn(TypeOfNumber::Unknown, "1000"), 7));
    lab.rest();
}

#[test]
fn data_are_offered_as_data_and_to_nobody_as_a_voice() {
    let (mut lab, _) = carrier(23);
    let with = vec![
        Element::BearerCapability(BearerCapability::unrestricted()),
        national("2079460958"),
        Element::SendingComplete,
    ];
    lab.far(|far, now| far.setup(Setup { with, channel: Wish::Next }, now).unwrap());
    lab.run_ms(300);
    let offer = lab.phone("202").saw("INVITE").body.clone();
    assert!(offer.contains("CLEARMODE/8000") && !offer.contains("PCM"), "{offer}");
    lab.far(|far, now| far.release(CauseValue::NORMAL, Duration::from_secs(5), now));
    lab.run_ms(300);
}
