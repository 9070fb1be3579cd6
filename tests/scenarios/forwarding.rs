//! Calls that go elsewhere.

use call::{DiversionReason, Why};
use config::Number;
use sim::{Called, Lab};
use std::time::Duration;

fn number(text: &str) -> Option<Number> {
    Some(Number::parse(text).unwrap())
}

#[test]
fn everything_is_forwarded() {
    let mut lab = Lab::office(1, &["201", "202", "203"]);
    lab.change("202", |extension| extension.forward.always = number("203"));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(lab.phone("202").count("INVITE"), 0);
    let invite = lab.phone("203").saw("INVITE");
    assert!(invite.value("Diversion").contains("sip:202@"), "{:?}", invite.header("Diversion"));
    assert!(invite.value("Diversion").contains("reason=unconditional"));
    assert!(invite.value("History-Info").contains("cause=302"));
    lab.phone("203").answers();
    lab.run_ms(100);
    lab.talk("201", "203");
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(lab.record().diverted[0].reason, DiversionReason::Unconditional);
}

#[test]
fn a_busy_phone_forwards() {
    let mut lab = Lab::office(2, &["201", "202", "203"]);
    lab.change("202", |extension| extension.forward.busy = number("203"));
    lab.phone("202").when_called(Called::Refuses(486));
    lab.phone("201").dials("202");
    lab.run_ms(300);
    assert!(lab.phone("203").rings());
    assert!(lab.phone("203").saw("INVITE").value("Diversion").contains("user-busy"));
    lab.phone("203").answers();
    lab.run_ms(100);
    lab.talk("201", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}

#[test]
fn nobody_answers_for_twenty_seconds_and_the_call_moves_on() {
    let mut lab = Lab::office(3, &["201", "202", "203"]);
    lab.change("202", |extension| {
        extension.forward.no_answer = number("203");
        extension.forward.no_answer_seconds = 20;
    });
    lab.phone("201").dials("202");
    let after = lab.run_until(Duration::from_secs(30), |lab| lab.phone("203").count("INVITE") == 1);
    assert_eq!(after, Duration::from_millis(20_000 + 20));
    lab.run_ms(100);
    assert!(lab.phone("202").is_free());
    lab.phone("203").answers();
    lab.run_ms(100);
    lab.talk("201", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_is_away_forwards() {
    let mut lab = Lab::office(4, &["201", "203"]);
    lab.extension("202");
    lab.change("202", |extension| extension.forward.unreachable = number("203"));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(lab.phone("203").rings());
    lab.phone("203").refuses(486);
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(486));
    lab.rest();
}

#[test]
fn who_does_not_want_to_be_disturbed_is_not() {
    let mut lab = Lab::office(5, &["201", "202", "203"]);
    lab.change("202", |extension| extension.do_not_disturb = true);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(480));
    assert_eq!(lab.phone("202").count("INVITE"), 0);
    lab.change("202", |extension| extension.forward.busy = number("203"));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(lab.phone("203").rings());
    lab.phone("201").cancels();
    lab.rest();
}

#[test]
fn a_circle_of_forwardings_ends() {
    let mut lab = Lab::office(6, &["201", "202", "203"]);
    lab.change("202", |extension| extension.forward.always = number("203"));
    lab.change("203", |extension| extension.forward.always = number("202"));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(482));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::Loop);
}

#[test]
fn a_chain_of_forwardings_is_followed() {
    let mut lab = Lab::office(7, &["201", "202", "203", "204"]);
    lab.change("202", |extension| extension.forward.always = number("203"));
    lab.change("203", |extension| extension.forward.busy = number("204"));
    lab.phone("203").when_called(Called::Refuses(486));
    lab.phone("201").dials("202");
    lab.run_ms(300);
    let invite = lab.phone("204").saw("INVITE");
    let diversions = invite.all("Diversion");
    assert!(diversions[0].contains("sip:203@") && diversions[1].contains("sip:202@"));
    lab.phone("204").answers();
    lab.run_ms(100);
    lab.talk("201", "204");
    lab.phone("204").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_sends_its_caller_elsewhere() {
    let mut lab = Lab::office(8, &["201", "202", "203"]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").habits(|habits| habits.contact = Some("<sip:203@192.168.1.10>".to_owned()));
    lab.phone("202").refuses(302);
    lab.run_ms(200);
    assert!(lab.phone("203").rings());
    lab.phone("203").answers();
    lab.run_ms(100);
    lab.talk("201", "203");
    lab.phone("203").hangs_up();
    lab.rest();
}
