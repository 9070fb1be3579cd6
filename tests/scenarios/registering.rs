//! Phones that register, and those that should not.

use sim::{Lab, Sip};
use std::time::Duration;

fn lab_with_phone(seed: u64) -> Lab {
    let mut lab = Lab::new(seed);
    lab.extension("201");
    lab.add_phone("201");
    lab
}

#[test]
fn a_phone_is_challenged_with_both_algorithms_and_registers_with_either() {
    for sha256 in [true, false] {
        let mut lab = lab_with_phone(1);
        lab.phone("201").habits(|habits| habits.sha256 = sha256);
        lab.phone("201").registers();
        lab.run_ms(100);
        let challenge = lab.phone("201").saw("401");
        let asked = challenge.all("WWW-Authenticate");
        assert!(asked[0].contains("algorithm=MD5") && asked[1].contains("algorithm=SHA-256"));
        assert!(asked[0].contains("realm=\"strowger\""));
        assert!(lab.phone("201").is_registered());
        let ok = lab.phone("201").saw("200");
        assert!(ok.value("Contact").contains("expires=3600"), "{}", ok.value("Contact"));
        assert!(ok.header("Date").is_some());
        assert_eq!(lab.exchange.figures().registrations, 1);
        assert_eq!(lab.bindings.len(), 1);
    }
}

#[test]
fn a_wrong_password_and_a_wrong_user_look_the_same() {
    let mut shapes = Vec::new();
    for name in ["201", "299"] {
        let mut lab = lab_with_phone(2);
        lab.add_phone("299");
        lab.phone(name).ua().password = "guess".to_owned();
        lab.phone(name).registers();
        lab.run_ms(200);
        assert!(!lab.phone(name).is_registered());
        let answer = lab.phone(name).saw("401");
        let names: Vec<String> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        shapes.push((answer.start.clone(), names, lab.phone(name).count("401")));
        assert_eq!(lab.exchange.figures().registrations, 0);
        lab.rest();
    }
    assert_eq!(shapes[0], shapes[1]);
}

#[test]
fn a_star_takes_all_bindings_away() {
    let mut lab = lab_with_phone(3);
    lab.add_phone("201/b");
    lab.phone("201").registers();
    lab.run_ms(100);
    lab.phone("201/b").registers();
    lab.run_ms(100);
    assert_eq!(lab.exchange.figures().registrations, 2);
    assert_eq!(lab.phone("201/b").saw("200").all("Contact").len(), 2);
    lab.phone("201").act(|ua, now| ua.unregister_all(now));
    lab.run_ms(100);
    assert_eq!(lab.exchange.figures().registrations, 0);
    assert!(lab.bindings.is_empty());
}

#[test]
fn a_binding_runs_out_to_the_second() {
    let mut lab = lab_with_phone(4);
    lab.phone("201").ua().registration.expires = 60;
    lab.phone("201").ua().registration.keeps = false;
    lab.phone("201").registers();
    lab.run_ms(15);
    assert_eq!(lab.exchange.figures().registrations, 1);
    // It was registered at 15 ms.
    lab.run_ms(59_999);
    assert_eq!(lab.exchange.figures().registrations, 1);
    lab.run_ms(1);
    assert_eq!(lab.exchange.figures().registrations, 0);
    assert!(lab.bindings.is_empty());
}

#[test]
fn a_phone_that_refreshes_stays_for_days() {
    let mut lab = lab_with_phone(5);
    lab.phone("201").registers();
    for _ in 0..48 {
        lab.run_for(Duration::from_secs(3600));
        assert_eq!(lab.exchange.figures().registrations, 1);
    }
}

#[test]
fn too_short_a_time_is_refused_with_what_would_do() {
    let mut lab = lab_with_phone(6);
    lab.phone("201").ua().registration.expires = 5;
    lab.phone("201").registers();
    lab.run_ms(100);
    assert_eq!(lab.phone("201").ua().registration.status, Some(423));
    assert!(lab.phone("201").saw("423").header("Min-Expires").is_some());
}

#[test]
fn a_phone_takes_its_own_binding_back() {
    let mut lab = lab_with_phone(7);
    lab.phone("201").registers();
    lab.run_ms(100);
    lab.phone("201").unregisters();
    lab.run_ms(100);
    assert_eq!(lab.exchange.figures().registrations, 0);
}

#[test]
fn an_instance_that_comes_back_by_another_address_replaces_itself() {
    let mut lab = lab_with_phone(8);
    lab.phone("201").ua().registration.instance = Some("urn:uuid:1".to_owned());
    lab.phone("201").ua().registration.reg_id = Some(1);
    lab.phone("201").registers();
    lab.run_ms(100);
    let ok = lab.phone("201").saw("200");
    assert!(ok.lists("Require", "outbound"), "{ok:?}");
    lab.phone("201").ua().at.set_port(5070);
    lab.phone("201").registers();
    lab.run_ms(100);
    assert_eq!(lab.exchange.figures().registrations, 1);
    lab.extension("202");
    lab.add_phone("202");
    lab.phone("202").registers();
    lab.run_ms(100);
    lab.phone("202").dials("201");
    lab.run_ms(200);
    assert!(lab.phone("201").rings());
    lab.phone("202").cancels();
    lab.rest();
}

#[test]
fn bindings_survive_a_restart() {
    let mut lab = Lab::office(9, &["201", "202"]);
    lab.restarts();
    assert_eq!(lab.exchange.figures().registrations, 2);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    lab.phone("202").answers();
    lab.run_ms(100);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_binding_that_ran_out_during_the_restart_is_forgotten() {
    let mut lab = lab_with_phone(10);
    lab.phone("201").ua().registration.expires = 60;
    lab.phone("201").ua().registration.keeps = false;
    lab.phone("201").registers();
    lab.run_ms(100);
    let kept = lab.exchange.registrations();
    lab.run_for(Duration::from_secs(70));
    lab.restore(kept);
    lab.restarts();
    assert_eq!(lab.exchange.figures().registrations, 0);
    assert!(lab.bindings.is_empty());
}

#[test]
fn credentials_cannot_be_used_twice() {
    let mut lab = lab_with_phone(11);
    lab.phone("201").registers();
    lab.run_ms(100);
    let uri = "sip:192.168.1.10";
    let mut replayed = None;
    lab.phone("201").act(|ua, now| {
        let fresh = ua.credentials_again("REGISTER", uri);
        replayed.clone_from(&fresh);
        ua.register_with(fresh, now);
    });
    lab.run_ms(100);
    // The next count of the same nonce is taken without another challenge.
    assert_eq!(lab.phone("201").count("401"), 1);
    lab.phone("201").act(|ua, now| ua.register_with(replayed, now));
    lab.run_ms(100);
    let again = lab.phone("201").saw("401");
    assert!(again.value("WWW-Authenticate").contains("stale=true"), "{again:?}");
}

#[test]
fn nobody_registers_for_his_neighbour() {
    let mut lab = lab_with_phone(12);
    lab.extension("202");
    lab.phone("201").ua().user = "202".to_owned();
    lab.phone("201").registers();
    lab.run_ms(100);
    assert_eq!(lab.phone("201").ua().registration.status, Some(403));
    assert_eq!(lab.exchange.figures().registrations, 0);
}

#[test]
fn a_device_with_its_own_log_in_rings_with_its_extension() {
    let mut lab = Lab::office(13, &["201", "202"]);
    lab.device("202", "desk-7");
    lab.add_phone("desk-7");
    lab.phone("desk-7").registers();
    lab.run_ms(100);
    assert!(lab.phone("desk-7").is_registered());
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(lab.phone("desk-7").rings() && lab.phone("202").rings());
    lab.phone("desk-7").answers();
    lab.run_ms(100);
    lab.talk("201", "desk-7");
    lab.phone("desk-7").hangs_up();
    lab.run_ms(100);
    lab.phone("desk-7").dials("201");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").saw("INVITE").user("From"), "202");
    lab.phone("desk-7").cancels();
    lab.rest();
}

#[test]
fn an_extension_that_is_switched_off_loses_its_phones() {
    let mut lab = Lab::office(14, &["201", "202"]);
    lab.change("202", |extension| extension.enabled = false);
    assert_eq!(lab.exchange.figures().registrations, 1);
    lab.phone("202").registers();
    lab.run_ms(100);
    assert!(!lab.phone("202").is_registered());
}

#[test]
fn a_twenty_first_phone_pushes_the_oldest_out() {
    let mut lab = lab_with_phone(15);
    for n in 0..21 {
        lab.phone("201").ua().at.set_port(6000 + 2 * n);
        lab.phone("201").registers();
        lab.run_ms(1_000);
    }
    assert_eq!(lab.exchange.figures().registrations, 20);
    let ok: Sip = lab.phone("201").saw("200");
    assert!(!ok.all("Contact").iter().any(|contact| contact.contains(":6000")));
}

#[test]
fn a_phone_behind_a_proxy_is_reached_by_its_path() {
    let mut lab = Lab::office(16, &["202"]);
    lab.extension("201");
    lab.add_phone("201");
    let path = "<sip:edge.example;lr>";
    lab.phone("201").ua().registration.path = Some(path.to_owned());
    lab.phone("201").registers();
    lab.run_ms(100);
    assert_eq!(lab.phone("201").saw("200").value("Path"), path);
    lab.phone("202").dials("201");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").saw("INVITE").value("Route"), path);
    lab.phone("202").cancels();
    lab.rest();
}

#[test]
fn options_messages_and_what_nobody_knows() {
    let mut lab = Lab::office(17, &["201", "202"]);
    lab.phone("201").writes("202", "Lunch?");
    lab.run_ms(200);
    assert_eq!(lab.phone("202").saw("MESSAGE").body, "Lunch?");
    assert_eq!(lab.phone("202").saw("MESSAGE").user("From"), "201");
    assert_eq!(lab.phone("201").count("200 MESSAGE"), 1);
    lab.phone("201").sends("OPTIONS", "201", &[]);
    lab.phone("201").sends("DANCE", "202", &[]);
    lab.phone("201").sends("SUBSCRIBE", "202", &[("Event", "presence")]);
    lab.run_ms(100);
    assert!(lab.phone("201").saw("200 OPTIONS").value("Allow").contains("INVITE"));
    assert!(lab.phone("201").saw("405 DANCE").header("Allow").is_some());
    assert_eq!(lab.phone("201").count("405 SUBSCRIBE"), 1);
    lab.phone("201").sends("OPTIONS", "201", &[("Require", "time-travel")]);
    lab.run_ms(100);
    assert_eq!(lab.phone("201").saw("420").value("Unsupported"), "time-travel");
    lab.phone("201").habits(|habits| habits.headers = vec![("Require", "time-travel".to_owned())]);
    lab.phone("201").dials("202");
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(420));
    lab.rest();
}

#[test]
fn a_message_to_a_phone_that_is_away_is_not_lost_silently() {
    let mut lab = Lab::office(18, &["201"]);
    lab.extension("202");
    lab.phone("201").writes("202", "Lunch?");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").count("480 MESSAGE"), 1);
    lab.phone("201").writes("299", "Lunch?");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").count("404 MESSAGE"), 1);
    lab.rest();
}
