//! What the users of a line may ask for: hold, transfer, malicious calls.

use super::*;
use tdm::q931::element::Component;

/// A user of ours who talks with 202.
fn user_with(seed: u64, speaks: IsdnDialect) -> (Lab, CallId) {
    let (mut lab, _) = far_end(seed, IsdnSide::Network, speaks);
    lab.settings(|settings| settings.hold_music = true);
    let call = calls(&mut lab, complete(Vec::new()));
    lab.run_ms(300);
    lab.phone("202").answers();
    lab.run_ms(300);
    lab.far_told.clear();
    (lab, call)
}

#[test]
fn a_user_who_holds_lets_the_phone_hear_music_until_he_takes_it_back() {
    let (mut lab, call) = user_with(37, IsdnDialect::EuroIsdn);
    ask(&mut lab, call, Request::Hold);
    assert!(lab.far_told.iter().any(|(_, event)| *event == Event::Held));
    assert!(lab.record().held);
    lab.hears_the_box("202");
    // Both hold each other: nobody hears anything until the last one is back.
    lab.phone("202").holds();
    lab.run_ms(300);
    lab.phone("202").resumes();
    lab.run_ms(300);
    lab.hears_the_box("202");
    ask(&mut lab, call, Request::Retrieve);
    assert!(lab.far_told.iter().any(|(_, event)| *event == Event::Retrieved));
    lab.run_ms(100);
    lab.hears_nothing("202");
    assert!(!lab.record().held);
    end(&mut lab, call);
}

#[test]
fn hold_is_refused_where_the_dialect_has_none_and_the_call_goes_on() {
    let (mut lab, call) = user_with(38, IsdnDialect::Qsig);
    ask(&mut lab, call, Request::Hold);
    let refused = heard(&mut lab, |event| match event {
        Event::HoldRefused(cause) => Some(cause),
        _ => None,
    });
    assert_eq!(refused, CauseValue::FACILITY_NOT_IMPLEMENTED);
    assert!(!lab.record().held && lab.phone("202").is_up());
    end(&mut lab, call);
}

/// What the far end was answered to its last request.
fn answered(lab: &mut Lab) -> Component {
    heard(lab, |event| match event {
        Event::Facility(said) => {
            said.message.facilities().flat_map(|it| it.components.clone()).next()
        }
        _ => None,
    })
}

#[test]
fn a_user_joins_the_call_that_he_holds_with_his_other_one() {
    let (mut lab, held) = user_with(39, IsdnDialect::EuroIsdn);
    lab.inbound("+442079460959", "201");
    ask(&mut lab, held, Request::Hold);
    let with = vec![national("2079460959"), Element::SendingComplete];
    let other = calls(&mut lab, with);
    lab.run_ms(300);
    lab.phone("201").answers();
    lab.run_ms(300);
    lab.far_told.clear();
    let execute = Dialect::EuroIsdn.facility(7, &Service::TransferExecute);
    ask(&mut lab, other, Request::Facility(vec![Element::Facility(execute)]));
    lab.run_ms(500);
    assert_eq!(answered(&mut lab), Component::Result { id: 7, outcome: None });
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.talk("201", "202");
    assert!(busy(&lab).is_empty(), "the line of who is gone stays");
    assert!(!lab.record().held);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn who_holds_nothing_has_nothing_to_join() {
    let (mut lab, call) = user_with(40, IsdnDialect::EuroIsdn);
    let execute = Dialect::EuroIsdn.facility(7, &Service::TransferExecute);
    ask(&mut lab, call, Request::Facility(vec![Element::Facility(execute)]));
    assert!(matches!(answered(&mut lab), Component::Error { id: 7, .. }));
    assert!(lab.phone("202").is_up());
    end(&mut lab, call);
}

#[test]
fn a_call_that_a_user_marks_as_malicious_says_so_in_its_story() {
    let (mut lab, call) = user_with(41, IsdnDialect::EuroIsdn);
    let trace = Dialect::EuroIsdn.facility(5, &Service::MaliciousCall);
    ask(&mut lab, call, Request::Facility(vec![Element::Facility(trace)]));
    assert_eq!(answered(&mut lab), Component::Result { id: 5, outcome: None });
    assert!(says(&lab, "The far end marks it as a malicious call."), "{:#?}", story(&lab));
    end(&mut lab, call);
}
