//! Static carriers: they are asked whether they are there, and calls go by what is known.

use call::TrunkState;
use config::{TrunkId, TrunkKind, TrunkTransport};
use sim::{Called, Lab};
use std::time::Duration;

const AT: &str = "198.51.100.1:5060";

fn state(lab: &Lab) -> (TrunkState, Option<String>) {
    let trunks = lab.exchange.trunks();
    (trunks[0].state, trunks[0].problem.clone())
}

fn down(problem: &str) -> (TrunkState, Option<String>) {
    (TrunkState::Down, Some(problem.to_owned()))
}

const UP: (TrunkState, Option<String>) = (TrunkState::Up, None);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Until the trunk is in another state; how long it took.
fn until_changed(lab: &mut Lab, most: u64) -> Duration {
    let before = state(lab).0;
    lab.run_until(seconds(most), |lab| state(lab).0 != before)
}

#[test]
fn a_static_carrier_is_asked_every_minute_and_is_up_when_he_answers() {
    let mut lab = Lab::office(40, &["201"]);
    lab.carrier("carrier", AT, TrunkKind::Static);
    assert_eq!(state(&lab), (TrunkState::Trying, None), "an address is no answer");
    lab.run_ms(200);
    assert_eq!(state(&lab), UP);
    let options = lab.phone("carrier").saw("OPTIONS");
    assert_eq!(options.uri(), "sip:198.51.100.1");
    assert_eq!(options.user("From"), "acme");
    lab.run_ms(59_000);
    assert_eq!(lab.phone("carrier").count("OPTIONS"), 1);
    lab.run_ms(1_000);
    assert_eq!(lab.phone("carrier").count("OPTIONS"), 2);
    lab.run_for(seconds(600));
    assert_eq!(lab.phone("carrier").count("OPTIONS"), 12);
    assert_eq!(state(&lab), UP);
    lab.rest();
}

#[test]
fn any_final_answer_shows_that_he_is_there() {
    for status in [401, 407] {
        let mut lab = Lab::office(41, &["201"]);
        let trunk = lab.carrier("carrier", AT, TrunkKind::Static);
        lab.change_trunk(trunk, |trunk| trunk.enabled = false);
        lab.phone("carrier").habits(|habits| habits.challenges = vec![("OPTIONS", status)]);
        lab.change_trunk(trunk, |trunk| trunk.enabled = true);
        lab.run_ms(200);
        assert_eq!(state(&lab), UP, "{status}");
        lab.rest();
    }
}

#[test]
fn a_carrier_that_falls_silent_is_down_after_timer_f_and_up_with_his_next_answer() {
    let mut lab = Lab::office(42, &["201"]);
    lab.carrier("carrier", AT, TrunkKind::Static);
    lab.run_ms(200);
    lab.phone("carrier").habits(|habits| habits.dead = true);
    // The next question is due within a minute; it is given up after 64 T1.
    let silent = until_changed(&mut lab, 120);
    assert_eq!(state(&lab), down("the carrier does not answer"));
    let asked = silent - seconds(32);
    assert!(asked > seconds(59) && asked <= seconds(60), "{silent:?}");
    lab.phone("carrier").habits(|habits| habits.dead = false);
    let back = until_changed(&mut lab, 120);
    assert_eq!(state(&lab), UP);
    assert!(back >= seconds(60) && back < seconds(61), "{back:?}");
    lab.rest();
}

#[test]
fn a_name_without_address_is_a_reason_and_its_address_mends_it() {
    let mut lab = Lab::office(43, &["201"]);
    let trunk = lab.carrier("carrier", AT, TrunkKind::Static);
    lab.change_trunk(trunk, |trunk| trunk.host = "carrier.example".to_owned());
    lab.run_for(seconds(10));
    assert_eq!(state(&lab), down("carrier.example has no address"));
    lab.phone("carrier").ua().of = Some("carrier.example".to_owned());
    lab.name("carrier.example", &["198.51.100.1"]);
    lab.run_for(seconds(130));
    assert_eq!(state(&lab), UP);
    lab.rest();
}

#[test]
fn a_stream_that_nobody_accepts_is_a_reason() {
    let mut lab = Lab::office(44, &["201"]);
    let trunk = lab.carrier("carrier", AT, TrunkKind::Static);
    lab.change_trunk(trunk, |trunk| trunk.transport = TrunkTransport::Tcp);
    lab.run_for(seconds(5));
    assert_eq!(state(&lab), down("no connection to the carrier can be made"));
    lab.rest();
}

#[test]
fn a_carrier_is_there_when_one_of_his_servers_answers() {
    let mut lab = Lab::office(45, &["201"]);
    let trunk = lab.carrier("a", AT, TrunkKind::Static);
    lab.carrier("b", "198.51.100.2:5060", TrunkKind::Static);
    for name in ["a", "b"] {
        lab.phone(name).ua().of = Some("carrier.example".to_owned());
    }
    lab.service(
        "_sip._udp.carrier.example",
        &[("a.carrier.example", 5060), ("b.carrier.example", 5060)],
    );
    lab.name("a.carrier.example", &["198.51.100.1"]);
    lab.name("b.carrier.example", &["198.51.100.2"]);
    lab.phone("a").habits(|habits| habits.dead = true);
    lab.change_trunk(trunk, |trunk| trunk.host = "carrier.example".to_owned());
    assert_eq!(state(&lab).0, TrunkState::Trying);
    let found = until_changed(&mut lab, 60);
    assert_eq!(state(&lab), UP);
    assert!(found >= seconds(32) && found < seconds(33), "{found:?}");
    lab.rest();
}

#[test]
fn who_is_not_to_be_asked_counts_as_up() {
    let mut lab = Lab::office(46, &["201"]);
    let trunk = lab.carrier("carrier", AT, TrunkKind::Static);
    lab.change_trunk(trunk, |trunk| trunk.qualify_seconds = 0);
    lab.run_ms(100);
    let asked = lab.phone("carrier").count("OPTIONS");
    lab.phone("carrier").habits(|habits| habits.dead = true);
    lab.run_for(seconds(300));
    assert_eq!(state(&lab), UP);
    assert_eq!(lab.phone("carrier").count("OPTIONS"), asked);
    lab.rest();
}

/// Two carriers for what begins with 0; the first is known to be down.
fn first_is_down(seed: u64) -> (Lab, [TrunkId; 2]) {
    let mut lab = Lab::office(seed, &["201"]);
    let one = lab.carrier("one", AT, TrunkKind::Static);
    let two = lab.carrier("two", "198.51.100.2:5060", TrunkKind::Static);
    lab.outbound("0.", &[one, two]);
    lab.phone("one").habits(|habits| habits.dead = true);
    lab.run_for(seconds(100));
    assert_eq!(state(&lab), down("the carrier does not answer"));
    (lab, [one, two])
}

#[test]
fn a_call_leaves_by_the_trunk_that_is_up_without_waiting_for_the_other() {
    let (mut lab, _) = first_is_down(47);
    lab.phone("201").dials("02079461111");
    lab.run_ms(200);
    assert!(lab.phone("two").rings());
    assert_eq!(lab.phone("one").count("INVITE"), 0);
    lab.phone("201").cancels();
    lab.run_ms(200);
    let told = lab.record().steps.iter().any(|step| step.text.contains("one is down"));
    assert!(told, "{:#?}", lab.record().steps);
    lab.rest();
}

#[test]
fn a_trunk_that_is_down_is_still_tried_last() {
    let (mut lab, _) = first_is_down(48);
    lab.phone("one").habits(|habits| habits.dead = false);
    lab.phone("two").when_called(Called::Refuses(503));
    lab.phone("201").dials("02079461111");
    lab.run_ms(500);
    assert_eq!(lab.phone("two").count("INVITE"), 1);
    assert!(lab.phone("one").rings(), "it had come back, and nobody had noticed yet");
    lab.phone("201").cancels();
    lab.rest();
}
