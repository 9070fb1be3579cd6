//! Carriers: registering, calls in both directions, fail-over.

use crate::connect;
use call::{Direction, Place, TrunkState, Why};
use config::{CallerId, Country, External, Number, NumberFormat, TrunkId, TrunkKind};
use sim::{Called, Lab};
use std::time::Duration;

/// An office with a registered trunk: what begins with 0 leaves by it.
fn office(seed: u64) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201", "202"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let trunk = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.outbound("0.", &[trunk]);
    lab.inbound("+442079460958", "202");
    lab.run_ms(200);
    assert_eq!(state(&lab), TrunkState::Up);
    (lab, trunk)
}

fn state(lab: &Lab) -> TrunkState {
    lab.exchange.trunks()[0].state
}

/// No REGISTER is under way and none is due while the lab looks whether anything is left.
fn sign_off(lab: &mut Lab, trunk: TrunkId) {
    lab.change_trunk(trunk, |trunk| trunk.enabled = false);
    lab.rest();
}

#[test]
fn a_trunk_registers_with_the_carriers_challenge_and_refreshes_in_time() {
    let (mut lab, trunk) = office(1);
    assert_eq!(lab.phone("carrier").count("REGISTER"), 2);
    let register = lab.phone("carrier").saw("REGISTER");
    assert_eq!(register.user("To"), "acme");
    assert_eq!(register.value("Expires"), "600");
    assert!(register.value("Contact").contains(";line="));
    assert!(register.value("Contact").contains("192.0.2.10"), "{}", register.value("Contact"));
    lab.run_for(Duration::from_secs(610));
    assert!(lab.phone("carrier").count("REGISTER") > 2);
    assert_eq!(state(&lab), TrunkState::Up);
    lab.change_trunk(trunk, |trunk| trunk.enabled = false);
    lab.run_ms(200);
    assert!(lab.phone("carrier").ua().registrar.contact.is_none(), "it did not sign off");
    assert_eq!(state(&lab), TrunkState::Off);
    lab.rest();
}

#[test]
fn a_carrier_that_wants_a_longer_time_gets_it() {
    let mut lab = Lab::office(2, &["201"]);
    let trunk = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.phone("carrier").ua().registrar.least = 1800;
    lab.run_ms(300);
    assert_eq!(lab.phone("carrier").saw("REGISTER").value("Expires"), "1800");
    assert_eq!(state(&lab), TrunkState::Up);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_wrong_password_is_told_and_not_hammered() {
    let mut lab = Lab::office(3, &["201"]);
    lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.phone("carrier").ua().password = "another".to_owned();
    lab.run_for(Duration::from_secs(60));
    assert_eq!(state(&lab), TrunkState::Down);
    let problem = lab.exchange.trunks()[0].problem.clone().unwrap();
    assert_eq!(problem, "the carrier refuses user or password");
    assert!(lab.phone("carrier").count("REGISTER") <= 6);
}

#[test]
fn a_carrier_that_is_busy_is_asked_again_when_it_says_so() {
    let mut lab = Lab::office(4, &["201"]);
    lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.phone("carrier").ua().registrar.answers = Some(503);
    lab.phone("carrier").ua().registrar.retry_after = Some(120);
    lab.run_for(Duration::from_secs(100));
    let asked = lab.phone("carrier").count("REGISTER");
    assert_eq!(asked, 1);
    assert_eq!(state(&lab), TrunkState::Down);
    lab.phone("carrier").ua().registrar.answers = None;
    lab.run_for(Duration::from_secs(60));
    assert_eq!(state(&lab), TrunkState::Up);
}

#[test]
fn a_carrier_that_is_away_is_found_when_it_comes_back() {
    let mut lab = Lab::office(5, &["201"]);
    lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.phone("carrier").habits(|habits| habits.dead = true);
    lab.run_for(Duration::from_secs(300));
    assert_eq!(state(&lab), TrunkState::Down);
    lab.phone("carrier").habits(|habits| habits.dead = false);
    lab.run_for(Duration::from_secs(900));
    assert_eq!(state(&lab), TrunkState::Up);
}

#[test]
fn a_call_leaves_by_the_trunk_as_the_carrier_wants_it() {
    let (mut lab, trunk) = office(6);
    lab.change("201", |extension| {
        extension.caller_id = Some(Number::parse("+442079460000").unwrap());
    });
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    let invite = lab.phone("carrier").saw("INVITE");
    assert_eq!(invite.uri(), "sip:+442079461111@198.51.100.1");
    assert_eq!(invite.user("From"), "+442079460000");
    assert_eq!(invite.user("P-Asserted-Identity"), "+442079460000");
    assert_eq!(invite.user("To"), "+442079461111");
    lab.phone("carrier").answers();
    lab.run_ms(100);
    lab.talk("201", "carrier");
    lab.phone("carrier").hangs_up();
    lab.run_ms(100);
    assert!(lab.phone("201").is_free());
    let record = lab.record();
    assert_eq!(record.direction, Direction::Outbound);
    assert_eq!(record.destination, Some(Place::Trunk("carrier".to_owned())));
    assert_eq!(record.dialled, "02079461111");
    sign_off(&mut lab, trunk);
}

#[test]
fn numbers_are_stripped_and_prepended_and_written_in_each_format() {
    for (format, written) in [
        (NumberFormat::Plus, "+442079461111"),
        (NumberFormat::Digits, "442079461111"),
        (NumberFormat::National, "02079461111"),
        (NumberFormat::AsDialled, "02079461111"),
    ] {
        let (mut lab, trunk) = office(7);
        lab.change_trunk(trunk, |trunk| trunk.number_format = format);
        lab.outbound_with("9X.", &[trunk], |route| {
            route.strip = 1;
            route.prepend = "0".to_owned();
            route.order = 1;
        });
        lab.run_ms(300);
        lab.phone("201").dials("92079461111");
        lab.run_ms(300);
        assert_eq!(lab.phone("carrier").saw("INVITE").user("To"), written);
        lab.phone("201").cancels();
        lab.run_ms(300);
        sign_off(&mut lab, trunk);
    }
}

#[test]
fn a_carrier_that_knows_only_its_account_sees_it_in_from() {
    let (mut lab, trunk) = office(8);
    lab.change_trunk(trunk, |trunk| {
        let number = Number::parse("+442079460958").ok();
        trunk.caller_id = CallerId { number, in_from: false, asserted: true };
    });
    lab.run_ms(300);
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    let invite = lab.phone("carrier").saw("INVITE");
    assert_eq!(invite.user("From"), "acme");
    assert_eq!(invite.user("P-Asserted-Identity"), "+442079460958");
    lab.phone("201").cancels();
    lab.run_ms(300);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_withheld_number_is_withheld_but_asserted() {
    let (mut lab, trunk) = office(9);
    lab.phone("201").habits(|habits| habits.headers = vec![("Privacy", "id".to_owned())]);
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    let invite = lab.phone("carrier").saw("INVITE");
    assert!(invite.value("From").contains("anonymous@anonymous.invalid"));
    assert_eq!(invite.value("Privacy"), "id");
    lab.phone("201").cancels();
    lab.run_ms(300);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    let invite = lab.phone("202").saw("INVITE");
    assert!(invite.header("P-Asserted-Identity").is_none() && !invite.write().contains("201@"));
    lab.phone("201").cancels();
    lab.run_ms(300);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_carriers_challenges_of_calls_are_answered() {
    for status in [401, 407] {
        let (mut lab, trunk) = office(10);
        lab.phone("carrier").habits(|habits| {
            habits.challenges = vec![("INVITE", status), ("BYE", status)];
        });
        lab.phone("201").dials("02079461111");
        lab.run_ms(300);
        assert_eq!(lab.phone("carrier").count("INVITE"), 2);
        lab.phone("carrier").answers();
        lab.run_ms(100);
        lab.talk("201", "carrier");
        lab.phone("201").holds();
        lab.run_ms(300);
        assert_eq!(lab.phone("201").talk().offers, [200]);
        assert_eq!(lab.phone("carrier").count("INVITE"), 4);
        lab.phone("201").hangs_up();
        lab.run_ms(300);
        assert_eq!(lab.phone("carrier").count("BYE"), 2);
        assert!(lab.phone("carrier").is_free());
        sign_off(&mut lab, trunk);
    }
}

#[test]
fn a_call_for_a_did_rings_at_its_extension() {
    let (mut lab, trunk) = office(11);
    let contact = lab.phone("carrier").ua().registrar.contact.clone().unwrap();
    // This carrier calls the Contact that registered, and says the number in To.
    lab.phone("carrier").ua().user = "+4930123456".to_owned();
    lab.phone("carrier").dials_uri(&contact, "sip:+442079460958@carrier.example");
    lab.run_ms(300);
    assert!(lab.phone("202").rings());
    assert_eq!(lab.phone("202").saw("INVITE").user("From"), "+4930123456");
    lab.phone("202").answers();
    lab.run_ms(100);
    lab.talk("carrier", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert_eq!(lab.record().direction, Direction::Inbound);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_did_in_the_request_line_is_found_in_national_form_too() {
    let (mut lab, trunk) = office(12);
    for did in ["+442079460958", "442079460958", "02079460958"] {
        lab.phone("carrier").dials(did);
        lab.run_ms(300);
        assert!(lab.phone("202").rings(), "{did}");
        lab.phone("carrier").cancels();
        lab.run_ms(300);
    }
    lab.phone("carrier").dials("+442079460000");
    lab.run_ms(300);
    assert_eq!(lab.phone("carrier").status(), Some(404));
    sign_off(&mut lab, trunk);
}

#[test]
fn a_call_from_outside_is_forwarded_outside_with_who_forwarded_it() {
    let (mut lab, trunk) = office(13);
    lab.change("202", |extension| {
        extension.forward.always = Some(Number::parse("07700900123").unwrap());
    });
    lab.phone("carrier").ua().user = "+4930123456".to_owned();
    lab.phone("carrier").dials("+442079460958");
    lab.run_ms(300);
    let invite = lab.phone("carrier").saw("INVITE");
    assert_eq!(invite.user("To"), "+447700900123");
    assert_eq!(invite.user("From"), "+4930123456");
    assert!(invite.value("Diversion").contains("reason=unconditional"));
    assert!(invite.header("History-Info").is_some());
    lab.phone("carrier").answers();
    lab.run_ms(300);
    assert_eq!(lab.record().direction, Direction::Transit);
    lab.phone("carrier").on(0).hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("carrier").is_free());
    sign_off(&mut lab, trunk);
}

#[test]
fn a_static_carrier_is_known_by_its_address_and_a_stranger_is_not() {
    let mut lab = Lab::office(14, &["202"]);
    lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Static);
    lab.add_phone_at("stranger", "198.51.100.66:5060", "192.0.2.10:5060");
    lab.inbound("+442079460958", "202");
    lab.run_ms(100);
    assert_eq!(state(&lab), TrunkState::Up);
    lab.phone("stranger").dials("+442079460958");
    lab.run_ms(300);
    assert_eq!(lab.phone("stranger").status(), Some(401));
    lab.phone("carrier").dials("+442079460958");
    lab.run_ms(300);
    assert!(lab.phone("202").rings());
    lab.phone("carrier").cancels();
    lab.rest();
}

#[test]
fn when_one_carrier_fails_the_next_is_tried() {
    for failure in [Called::Refuses(503), Called::Refuses(500), Called::Refuses(408), Called::Waits]
    {
        let mut lab = Lab::office(15, &["201"]);
        let one = lab.carrier("one", "198.51.100.1:5060", TrunkKind::Static);
        let two = lab.carrier("two", "198.51.100.2:5060", TrunkKind::Static);
        lab.outbound("0.", &[one, two]);
        lab.run_ms(100);
        let slow = failure == Called::Waits;
        lab.phone("one").when_called(failure);
        lab.phone("one").habits(|habits| habits.dead = slow);
        lab.phone("201").dials("02079461111");
        let after =
            lab.run_until(Duration::from_secs(10), |lab| lab.phone("two").count("INVITE") > 0);
        // Somebody who says nothing at all costs 6 s, not 32.
        assert_eq!(after, Duration::from_millis(if slow { 6_020 } else { 30 }));
        lab.run_ms(100);
        lab.phone("two").answers();
        lab.run_ms(100);
        lab.talk("201", "two");
        lab.phone("201").hangs_up();
        lab.rest();
    }
}

#[test]
fn a_busy_number_is_busy_by_every_carrier() {
    let mut lab = Lab::office(16, &["201"]);
    let one = lab.carrier("one", "198.51.100.1:5060", TrunkKind::Static);
    let two = lab.carrier("two", "198.51.100.2:5060", TrunkKind::Static);
    lab.outbound("0.", &[one, two]);
    lab.run_ms(100);
    lab.phone("one").when_called(Called::Refuses(486));
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    assert_eq!(lab.phone("201").status(), Some(486));
    assert_eq!(lab.phone("two").count("INVITE"), 0);
    lab.rest();
}

#[test]
fn a_carriers_name_leads_to_its_servers_and_a_dead_one_is_passed_over() {
    let mut lab = Lab::office(17, &["201"]);
    let trunk = lab.carrier("a", "198.51.100.1:5060", TrunkKind::Static);
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
    lab.change_trunk(trunk, |trunk| trunk.host = "carrier.example".to_owned());
    lab.outbound("0.", &[trunk]);
    lab.run_ms(300);
    lab.phone("a").habits(|habits| habits.dead = true);
    lab.phone("201").dials("02079461111");
    let after = lab.run_until(Duration::from_secs(10), |lab| lab.phone("b").count("INVITE") > 0);
    assert!(after > Duration::from_secs(6) && after < Duration::from_millis(6_200), "{after:?}");
    assert_eq!(lab.phone("b").saw("INVITE").uri(), "sip:+442079461111@carrier.example");
    lab.phone("201").cancels();
    lab.run_ms(300);
    // The next call goes to the living one at once.
    lab.phone("201").dials("02079461111");
    lab.run_ms(100);
    assert_eq!(lab.phone("b").count("INVITE"), 2);
    lab.phone("201").cancels();
    lab.rest();
}

#[test]
fn a_dead_resolver_does_not_slow_inside_calls_and_ends_outside_ones() {
    let (mut lab, trunk) = office(18);
    lab.change_trunk(trunk, |trunk| {
        trunk.host = "carrier.example".to_owned();
        trunk.kind = TrunkKind::Static;
    });
    lab.dns_delay = Duration::from_secs(5);
    connect(&mut lab, "201", "202");
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.run_ms(100);
    lab.phone("201").dials("02079461111");
    lab.run_for(Duration::from_secs(60));
    assert!(lab.phone("201").is_free());
    sign_off(&mut lab, trunk);
}

#[test]
fn help_is_always_called_whatever_is_barred_or_full() {
    let mut lab = Lab::office(19, &["201", "202"]);
    let trunk = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Static);
    lab.outbound_with("X.", &[trunk], |route| route.barred = true);
    lab.change_trunk(trunk, |trunk| trunk.max_calls = Some(0));
    lab.settings(|settings| {
        settings.max_calls = 1;
        settings.country = Country::parse("GB").unwrap();
    });
    lab.run_ms(100);
    connect(&mut lab, "201", "202");
    lab.phone("201").dials("999");
    lab.run_ms(300);
    assert_eq!(lab.phone("carrier").saw("INVITE").user("To"), "999");
    lab.phone("carrier").answers();
    lab.run_ms(100);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.phone("201").on(0).hangs_up();
    lab.rest();
}

#[test]
fn a_barred_number_is_refused_with_a_reason() {
    let (mut lab, trunk) = office(20);
    lab.outbound_with("0900.", &[trunk], |route| {
        route.barred = true;
        route.order = 1;
    });
    lab.phone("201").dials("0900123456");
    lab.run_ms(300);
    assert_eq!(lab.phone("201").status(), Some(403));
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::Barred);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_trunk_carries_no_more_calls_than_it_may() {
    let (mut lab, trunk) = office(21);
    lab.change_trunk(trunk, |trunk| trunk.max_calls = Some(1));
    lab.run_ms(300);
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    lab.phone("carrier").answers();
    lab.run_ms(100);
    lab.phone("202").dials("02079462222");
    lab.run_ms(300);
    assert_eq!(lab.phone("202").status(), Some(503));
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::TrunkFull);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    lab.phone("202").dials("02079462222");
    lab.run_ms(300);
    assert!(lab.phone("202").rings());
    lab.phone("202").cancels();
    lab.run_ms(300);
    sign_off(&mut lab, trunk);
}

#[test]
fn an_announcement_of_a_carrier_is_heard_before_the_answer() {
    let (mut lab, trunk) = office(22);
    lab.phone("carrier").when_called(Called::Announces);
    lab.phone("carrier").habits(|habits| habits.reliable = true);
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    lab.hears("201", "carrier");
    assert_eq!(lab.phone("carrier").count("PRACK"), 1);
    lab.phone("carrier").answers();
    lab.run_ms(100);
    lab.talk("201", "carrier");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    sign_off(&mut lab, trunk);
}

#[test]
fn an_outside_party_is_transferred_to_another_phone() {
    let (mut lab, trunk) = office(23);
    lab.phone("carrier").dials("+442079460958");
    lab.run_ms(300);
    lab.phone("202").answers();
    lab.run_ms(200);
    lab.phone("202").transfers("201");
    lab.run_ms(300);
    lab.phone("201").answers();
    lab.run_ms(300);
    lab.talk("carrier", "201");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("carrier").is_free());
    sign_off(&mut lab, trunk);
}

#[test]
fn a_box_behind_a_router_learns_its_address_from_its_carrier() {
    let mut lab = Lab::with_addresses(24, &["192.168.1.10/24"]);
    lab.nat("192.168.1.0/24", "203.0.113.1", Some("192.168.1.10"));
    lab.extension("202");
    lab.add_phone("202");
    lab.phone("202").registers();
    let trunk = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.phone("carrier").ua().registrar.shows = true;
    lab.phone("carrier").ua().proxy = "203.0.113.1:5060".parse().unwrap();
    lab.inbound("+442079460958", "202");
    lab.outbound("0.", &[trunk]);
    lab.run_ms(500);
    assert_eq!(state(&lab), TrunkState::Up);
    let contact = lab.phone("carrier").ua().registrar.contact.clone().unwrap();
    assert!(contact.contains("203.0.113.1:"), "{contact}");
    lab.phone("carrier").dials("+442079460958");
    lab.run_ms(300);
    // The phone inside is told the inside address.
    assert!(lab.phone("202").saw("INVITE").value("Contact").contains("192.168.1.10"));
    lab.phone("202").answers();
    lab.run_ms(100);
    assert!(lab.phone("carrier").saw("200 INVITE").body.contains("c=IN IP4 203.0.113.1"));
    lab.talk("carrier", "202");
    lab.phone("carrier").hangs_up();
    lab.run_ms(300);
    lab.phone("202").dials("02079461111");
    lab.run_ms(300);
    let invite = lab.phone("carrier").saw("INVITE");
    assert!(!invite.write().contains("192.168."), "{}", invite.write());
    lab.phone("carrier").answers();
    lab.run_ms(100);
    lab.talk("202", "carrier");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_box_behind_a_router_asks_a_stun_server_or_is_told() {
    for by_stun in [true, false] {
        let mut lab = Lab::with_addresses(25, &["192.168.1.10/24"]);
        lab.nat("192.168.1.0/24", "203.0.113.1", Some("192.168.1.10"));
        lab.stun = Some("198.51.100.9:3478".parse().unwrap());
        lab.name("stun.example", &["198.51.100.9"]);
        lab.external(match by_stun {
            true => External::Stun("stun.example".to_owned()),
            false => External::Fixed("203.0.113.1".parse().unwrap()),
        });
        lab.run_ms(500);
        let trunk = lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
        lab.run_ms(500);
        let contact = lab.phone("carrier").ua().registrar.contact.clone().unwrap();
        assert!(contact.contains("203.0.113.1"), "{by_stun}: {contact}");
        sign_off(&mut lab, trunk);
    }
}

#[test]
fn a_shutdown_signs_off_at_the_carrier() {
    let (mut lab, _) = office(26);
    lab.input(exchange::Input::Shutdown);
    let after = lab.run_until(Duration::from_secs(4), |lab| lab.finished);
    assert!(after < Duration::from_millis(100), "{after:?}");
    lab.run_ms(100);
    assert!(lab.phone("carrier").ua().registrar.contact.is_none());
}

#[test]
fn a_carrier_cannot_send_our_people_to_expensive_numbers() {
    let (mut lab, trunk) = office(27);
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    lab.phone("carrier").answers();
    lab.run_ms(100);
    lab.phone("carrier").transfers("00900123456");
    lab.run_ms(500);
    assert_eq!(lab.phone("carrier").count("INVITE"), 1);
    let notified = lab.phone("carrier").talk().notified.clone();
    assert!(notified.last().unwrap().starts_with("SIP/2.0 4"), "{notified:?}");
    lab.talk("201", "carrier");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_carrier_that_forbids_us_is_left_in_peace_for_a_while() {
    let mut lab = Lab::office(28, &["201"]);
    lab.carrier("carrier", "198.51.100.1:5060", TrunkKind::Register);
    lab.phone("carrier").ua().registrar.answers = Some(403);
    lab.run_for(Duration::from_secs(120));
    assert_eq!(state(&lab), TrunkState::Down);
    assert_eq!(lab.phone("carrier").count("REGISTER"), 1);
}

#[test]
fn two_accounts_at_one_carrier_are_told_apart_by_the_contact_that_is_called() {
    let (mut lab, trunk) = office(29);
    let other = lab.carrier("other", "198.51.100.1:5080", TrunkKind::Register);
    for name in ["carrier", "other"] {
        lab.phone(name).ua().of = Some("carrier.example".to_owned());
    }
    lab.run_ms(300);
    lab.inbound_from(other, "+442079460999", "201");
    let contact = lab.phone("other").ua().registrar.contact.clone().unwrap();
    lab.phone("other").dials_uri(&contact, "sip:+442079460999@carrier.example");
    lab.run_ms(300);
    assert!(lab.phone("201").rings());
    assert_eq!(lab.record().origin, Place::Trunk("other".to_owned()));
    lab.phone("other").cancels();
    lab.run_ms(300);
    lab.change_trunk(other, |trunk| trunk.enabled = false);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_call_goes_on_while_its_trunk_is_changed() {
    let (mut lab, trunk) = office(30);
    lab.phone("201").dials("02079461111");
    lab.run_ms(300);
    lab.phone("carrier").answers();
    lab.run_ms(100);
    lab.change_trunk(trunk, |trunk| trunk.register_seconds = 1200);
    lab.run_ms(300);
    lab.talk("201", "carrier");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("carrier").is_free());
    sign_off(&mut lab, trunk);
}

#[test]
fn a_call_from_outside_to_a_phone_that_is_away_goes_to_a_mobile() {
    let (mut lab, trunk) = office(31);
    lab.change("202", |extension| {
        extension.forward.unreachable = Some(Number::parse("07700900123").unwrap());
    });
    lab.phone("202").habits(|habits| habits.dead = true);
    lab.phone("carrier").dials("+442079460958");
    let after =
        lab.run_until(Duration::from_secs(20), |lab| lab.phone("carrier").count("INVITE") > 0);
    assert!(after < Duration::from_millis(10_100), "{after:?}");
    assert!(lab.phone("carrier").saw("INVITE").value("Diversion").contains("unavailable"));
    lab.phone("carrier").on(0).cancels();
    lab.run_ms(500);
    lab.phone("202").habits(|habits| habits.dead = false);
    sign_off(&mut lab, trunk);
}

#[test]
fn a_phone_that_shares_its_address_with_a_carrier_calls_as_itself() {
    let (mut lab, _) = office(32);
    lab.extension("203");
    lab.add_phone_at("203", "198.51.100.1:5070", "192.0.2.10:5060");
    lab.phone("203").registers();
    lab.run_ms(200);
    connect(&mut lab, "203", "201");
    assert_eq!(lab.record().direction, Direction::Internal);
    assert_eq!(lab.record().from.number, "203");
    lab.phone("203").hangs_up();
    lab.run_ms(200);
    lab.phone("carrier").dials("+442079460958");
    lab.run_ms(200);
    assert_eq!(lab.record().direction, Direction::Inbound);
    assert!(lab.phone("202").rings());
    lab.phone("carrier").cancels();
    lab.run_ms(200);
}
