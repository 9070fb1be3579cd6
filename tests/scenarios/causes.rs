//! Causes of Q.850 beside SIP statuses: what a carrier's gateway says of the network behind it
//! (RFC 3326, RFC 3398, RFC 6432).

use call::{Cause, Decider, End, Why};
use config::{Country, TrunkKind};
use sim::{Called, Lab};

/// An office with two trunks for what begins with 0.
fn office(seed: u64) -> Lab {
    let mut lab = Lab::office(seed, &["201"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let one = lab.carrier("one", "198.51.100.1:5060", TrunkKind::Static);
    let two = lab.carrier("two", "198.51.100.2:5060", TrunkKind::Static);
    lab.outbound("0.", &[one, two]);
    lab.inbound("+442079460958", "201");
    lab.run_ms(100);
    lab
}

fn refuses(lab: &mut Lab, carrier: &str, status: u16, reason: &'static str) {
    lab.phone(carrier).when_called(Called::Refuses(status));
    lab.phone(carrier).habits(|habits| habits.reason = Some(reason));
}

fn end(lab: &Lab) -> End {
    lab.record().end.clone().unwrap()
}

#[test]
fn a_carrier_without_a_free_line_is_passed_over_and_its_cause_is_told_when_all_are_full() {
    let mut lab = office(1);
    refuses(&mut lab, "one", 503, "Q.850;cause=34;text=\"No circuit\"");
    refuses(&mut lab, "two", 503, "Q.850;cause=42");
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    assert_eq!(lab.phone("two").count("INVITE"), 1, "the second trunk was not tried");
    assert_eq!(lab.phone("201").status(), Some(503));
    let reason = lab.phone("201").talk().reason.clone().unwrap();
    assert!(reason.starts_with("Q.850;cause=42;"), "{reason}");
    lab.rest();
    let record = lab.record();
    let step = "Trunk one failed: the carrier could not complete the call (SIP 503, cause 34).";
    assert!(record.steps.iter().any(|known| known.text == step), "{:#?}", record.steps);
    let (cause, status) = (Cause::CONGESTION, Some(503));
    let expected = End { cause, status, by: Decider::Callee, why: Why::CarrierFailed };
    assert_eq!(end(&lab), expected);
}

#[test]
fn a_number_that_nobody_has_is_not_asked_of_the_next_carrier_whatever_status_says_so() {
    for (seed, status) in [(2, 500), (3, 503), (4, 480)] {
        let mut lab = office(seed);
        refuses(&mut lab, "one", status, "Q.850 ;cause=1 ;text=\"Unallocated\"");
        lab.phone("201").dials("02079461111");
        lab.run_ms(300);
        assert_eq!(lab.phone("201").status(), Some(404), "over {status}");
        assert_eq!(lab.phone("two").count("INVITE"), 0, "over {status}");
        let reason = lab.phone("201").talk().reason.clone().unwrap();
        assert_eq!(reason, "Q.850;cause=1;text=\"nobody has this number\"");
        lab.rest();
        let end = end(&lab);
        let said = (end.cause, end.status, end.why);
        assert_eq!(said, (Cause::UNALLOCATED_NUMBER, Some(status), Why::NoSuchNumber));
    }
}

#[test]
fn a_gateway_that_hangs_up_says_what_has_failed_behind_it() {
    let mut lab = office(5);
    lab.phone("201").dials("02079461111");
    lab.run_ms(200);
    lab.phone("one").answers();
    lab.run_ms(100);
    lab.talk("201", "one");
    lab.phone("one").habits(|habits| habits.reason = Some("Q.850;cause=41"));
    lab.phone("one").hangs_up();
    lab.run_ms(100);
    let reason = lab.phone("201").saw("BYE").value("Reason").to_owned();
    assert_eq!(reason, "Q.850;cause=41;text=\"the network failed for a moment\"");
    lab.rest();
    let end = end(&lab);
    assert_eq!((end.cause, end.by, &end.why), (Cause(41), Decider::Callee, &Why::HungUp));
    assert_eq!(end.to_string(), "The called side hung up: the network failed for a moment");
}

#[test]
fn a_gateway_that_takes_a_call_back_says_why() {
    let mut lab = office(6);
    lab.phone("one").habits(|habits| habits.reason = Some("Q.850;cause=102"));
    lab.phone("one").dials("+442079460958");
    lab.run_ms(200);
    assert!(lab.phone("201").rings());
    lab.phone("one").cancels();
    lab.run_ms(200);
    let reason = lab.phone("201").saw("CANCEL").value("Reason").to_owned();
    assert!(reason.starts_with("Q.850;cause=102;"), "{reason}");
    lab.rest();
    let end = end(&lab);
    assert_eq!((end.cause, end.why), (Cause::RECOVERY_ON_TIMER, Why::Cancelled));
}

#[test]
fn a_reason_that_cannot_be_is_not_believed() {
    for (seed, reason) in
        [(7, "Q.850;cause=16"), (8, "Q.850;cause=0"), (9, "Q.850;cause=128"), (10, "SIP;cause=404")]
    {
        let mut lab = office(seed);
        refuses(&mut lab, "one", 486, reason);
        lab.phone("201").dials("02079461111");
        lab.run_ms(300);
        assert_eq!(lab.phone("201").status(), Some(486), "{reason}");
        lab.rest();
        assert_eq!((end(&lab).cause, end(&lab).why), (Cause::USER_BUSY, Why::Busy), "{reason}");
    }
}

#[test]
fn a_bye_that_a_carrier_challenges_gives_its_reason_again() {
    let mut lab = office(11);
    lab.phone("one").habits(|habits| habits.challenges = vec![("BYE", 401)]);
    lab.phone("201").dials("02079461111");
    lab.run_ms(200);
    lab.phone("one").answers();
    lab.run_ms(100);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert_eq!(lab.phone("one").count("BYE"), 2);
    let bye = lab.phone("one").saw("BYE");
    assert!(bye.header("Authorization").is_some(), "{}", bye.write());
    assert_eq!(bye.value("Reason"), "Q.850;cause=16;text=\"hung up\"");
    lab.rest();
}
