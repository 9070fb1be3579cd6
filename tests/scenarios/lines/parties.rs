//! Who is who on a line: names, forwardings, who answered, and what users say to each other.

use super::*;
use tdm::q931::element::{
    Diversion, DiversionReason, Name, NameOf, PresentedNumber, RedirectingNumber,
    RedirectionReason, UserUser,
};

fn international(digits: &str) -> Digits {
    Digits::isdn(TypeOfNumber::International, digits)
}

fn shown(digits: &str) -> PartyNumber {
    PartyNumber::new(international(digits), Presentation::Allowed, Screening::Network)
}

#[test]
fn who_forwarded_a_call_before_it_came_is_shown_to_the_phone_and_stands_in_its_story() {
    let (mut lab, _) = carrier(31);
    let by = |digits, reason| RedirectingNumber { party: shown(digits), reason: Some(reason) };
    let first = by("442079461000", RedirectionReason::Unconditional);
    let last = by("442079461001", RedirectionReason::NoReply);
    let with = vec![Element::OriginalCalledNumber(first), Element::RedirectingNumber(last)];
    let call = calls(&mut lab, complete(with));
    lab.run_ms(300);
    let invite = lab.phone("202").saw("INVITE");
    let diversions = invite.all("Diversion");
    assert_eq!(diversions.len(), 2);
    assert!(diversions[0].contains("442079461001") && diversions[0].contains("no-answer"));
    assert!(diversions[1].contains("442079461000") && diversions[1].contains("unconditional"));
    assert!(says(&lab, "+442079461001 had forwarded it (nobody answered)."), "{:#?}", story(&lab));
    assert_eq!(lab.record().diverted.len(), 2);
    end(&mut lab, call);
}

#[test]
fn a_forwarding_by_somebody_who_withholds_his_number_is_shown_to_nobody() {
    let (mut lab, _) = carrier(32);
    let number = international("442079461000");
    let party = PartyNumber::new(number, Presentation::Restricted, Screening::Network);
    let by = RedirectingNumber { party, reason: Some(RedirectionReason::Busy) };
    let call = calls(&mut lab, complete(vec![Element::RedirectingNumber(by)]));
    lab.run_ms(300);
    assert!(lab.phone("202").saw("INVITE").all("Diversion").is_empty());
    end(&mut lab, call);
}

#[test]
fn names_and_forwardings_of_a_private_network_come_and_go_as_operations() {
    let (mut lab, _) = far_end(33, IsdnSide::User, IsdnDialect::Qsig);
    lab.change("202", |extension| extension.name = "Bob Stone".to_owned());
    lab.change("201", |extension| extension.name = "Ann Wood".to_owned());
    let by = Some(PresentedNumber::Allowed(international("442079461000")));
    let told = Diversion::DivertedTo {
        count: 1,
        reason: DiversionReason::Busy,
        by,
        first: None,
        name: None,
    };
    let facility = |id, service| Element::Facility(Dialect::Qsig.facility(id, &service));
    let with = vec![
        facility(1, Service::Name(NameOf::Calling, Name::new("Cecil"))),
        facility(2, Service::Diversion(told)),
    ];
    let call = calls(&mut lab, complete(with));
    lab.run_ms(300);
    let invite = lab.phone("202").saw("INVITE");
    assert!(invite.value("From").contains("Cecil"), "{}", invite.value("From"));
    assert!(invite.value("Diversion").contains("user-busy"), "{}", invite.value("Diversion"));
    lab.phone("202").answers();
    lab.run_ms(300);
    let answer = heard(&mut lab, |event| match event {
        Event::Answered(said) => Some(*said.message),
        _ => None,
    });
    assert_eq!(answer.connected_number().unwrap().number.digits, "202");
    assert_eq!(answer.connected_name(), Some(Name::new("Bob Stone")));
    ask(&mut lab, call, hang_up(CauseValue::NORMAL));
    lab.run_ms(300);
    let (call, setup) = dial_out(&mut lab);
    assert_eq!(setup.calling_name(), Some(Name::new("Ann Wood")));
    assert!(setup.display().is_none());
    end(&mut lab, call);
}

#[test]
fn a_forwarding_of_ours_leaves_into_a_private_network_as_an_operation() {
    let (mut lab, _) = far_end(34, IsdnSide::User, IsdnDialect::Qsig);
    lab.change("202", |extension| {
        extension.forward.always = Some(Number::parse("02079461111").unwrap());
    });
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let (call, setup) = offered(&mut lab);
    let told = setup.services().find_map(|service| match service {
        Service::Diversion(Diversion::DivertedTo { count, reason, by, .. }) => {
            Some((count, reason, by))
        }
        _ => None,
    });
    let (count, reason, by) = told.expect("nobody forwarded it");
    assert_eq!((count, reason), (1, DiversionReason::Unconditional));
    assert!(matches!(by, Some(PresentedNumber::Allowed(number)) if number.digits == "202"));
    assert!(setup.redirecting_number().is_none());
    end(&mut lab, call);
}

#[test]
fn who_answered_is_shown_to_who_called() {
    let (mut lab, _) = carrier(35);
    let (call, _) = dial_out(&mut lab);
    let connected = Element::ConnectedNumber(shown("442079461199"));
    let display = Element::Display(tdm::q931::element::Display::new("Reception"));
    ask(&mut lab, call, Request::Answer(vec![connected, display]));
    lab.run_ms(100);
    let answer = lab.phone("201").saw("200");
    let identity = answer.value("P-Asserted-Identity").to_owned();
    assert!(identity.contains("\"Reception\"") && identity.contains("442079461199"), "{identity}");
    assert!(says(&lab, "Reception (+442079461199) answered."), "{:#?}", story(&lab));
    end(&mut lab, call);
}

#[test]
fn the_network_tells_its_user_who_calls_and_who_answered() {
    let (mut lab, _) = far_end(36, IsdnSide::Network, IsdnDialect::EuroIsdn);
    lab.change("201", |extension| extension.name = "Ann Wood".to_owned());
    lab.change("202", |extension| extension.name = "Bob Stone".to_owned());
    let (call, setup) = dial_out(&mut lab);
    assert_eq!(setup.display().unwrap().text, "Ann Wood");
    ask(&mut lab, call, hang_up(CauseValue::NORMAL));
    lab.run_ms(300);
    let call = calls(&mut lab, complete(Vec::new()));
    lab.run_ms(300);
    lab.phone("202").answers();
    lab.run_ms(300);
    let answer = heard(&mut lab, |event| match event {
        Event::Answered(said) => Some(*said.message),
        _ => None,
    });
    assert_eq!(answer.connected_number().unwrap().number.digits, "202");
    assert_eq!(answer.display().unwrap().text, "Bob Stone");
    end(&mut lab, call);
}

#[test]
fn what_users_say_to_each_other_passes_both_ways_with_every_step_of_a_call() {
    let (mut lab, _) = carrier(42);
    let element = |text: &str| {
        Element::UserUser(UserUser { protocol: UserUser::IA5, octets: text.as_bytes().to_vec() })
    };
    let header = |text: &str| {
        let octets = text.bytes().map(|octet| format!("{octet:02x}"));
        format!("04{}", octets.collect::<String>())
    };
    let in_sip =
        |message: &sim::Sip| message.value("User-to-User").split(';').next().map(str::to_owned);
    let habit: &'static str = "046f6b;encoding=hex";
    lab.phone("201").habits(|habits| habits.headers.push(("User-to-User", header("hello"))));
    lab.phone("201").habits(|habits| habits.user_says = Some(habit));
    let (call, setup) = dial_out(&mut lab);
    let said = |message: &Message| message.user_user().map(|it| it.octets.clone());
    assert_eq!(said(&setup), Some(b"hello".to_vec()));
    ask(&mut lab, call, Request::Alert(vec![element("ring")]));
    assert_eq!(in_sip(&lab.phone("201").saw("180")), Some(header("ring")));
    ask(&mut lab, call, Request::Answer(vec![element("yes")]));
    lab.run_ms(100);
    assert_eq!(in_sip(&lab.phone("201").saw("200")), Some(header("yes")));
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    let last = heard(&mut lab, |event| match event {
        Event::Disconnected { said, .. } => said.map(|said| *said.message),
        _ => None,
    });
    assert_eq!(said(&last), Some(b"ok".to_vec()));
    lab.forget();
    lab.phone("202").habits(|habits| habits.user_says = Some(habit));
    let call = calls(&mut lab, complete(vec![element("hi")]));
    lab.run_ms(300);
    assert_eq!(in_sip(&lab.phone("202").saw("INVITE")), Some(header("hi")));
    lab.phone("202").answers();
    lab.run_ms(300);
    let answer = heard(&mut lab, |event| match event {
        Event::Answered(said) => Some(*said.message),
        _ => None,
    });
    assert_eq!(said(&answer), Some(b"ok".to_vec()));
    let cause = CauseValue::NORMAL;
    ask(&mut lab, call, Request::Disconnect { cause, tones: false, with: vec![element("bye")] });
    assert_eq!(in_sip(&lab.phone("202").saw("BYE")), Some(header("bye")));
    lab.rest();
}
