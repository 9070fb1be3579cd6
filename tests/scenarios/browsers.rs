//! Telephones in browsers: SIP over WebSocket (RFC 7118).

use crate::connect;
use sim::Lab;

/// A browser that has logged in as this extension.
fn browser(lab: &mut Lab, name: &str) {
    lab.extension(name);
    lab.add_phone_at(name, "192.168.1.77:5060", "192.168.1.10:443");
    let mut phone = lab.phone(name);
    let ua = phone.ua();
    ua.transport = "WSS";
    ua.registration.instance = Some("urn:uuid:8f1c47a9-0f33-4c5f-b0d5-0d5e9a1c7b11".to_owned());
    ua.registration.reg_id = Some(1);
    lab.phone(name).registers();
    lab.run_ms(200);
    assert!(lab.phone(name).is_registered());
}

#[test]
fn a_browser_registers_without_an_address_and_is_called_by_its_web_socket() {
    let mut lab = Lab::office(1, &["202"]);
    browser(&mut lab, "201");
    assert_eq!(lab.bindings.values().next_back().unwrap().transport, call::Transport::Wss);
    connect(&mut lab, "202", "201");
    let invite = lab.phone("201").saw("INVITE");
    assert!(invite.value("Via").starts_with("SIP/2.0/WSS 192.168.1.10:443;"));
    assert!(invite.value("Contact").contains("@192.168.1.10:443;transport=ws>"));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
    connect(&mut lab, "201", "202");
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    lab.rest();
}

#[test]
fn a_call_goes_on_by_the_web_socket_that_registers_in_place_of_a_broken_one() {
    let mut lab = Lab::office(2, &["202"]);
    browser(&mut lab, "201");
    connect(&mut lab, "202", "201");
    lab.breaks_streams_of("201");
    lab.run_ms(2_000);
    lab.talk("201", "202");
    lab.phone("201").registers();
    lab.run_ms(200);
    assert_eq!(lab.exchange.figures().registrations, 2, "the same binding by another flow");
    lab.phone("202").holds();
    lab.run_ms(300);
    assert_eq!(lab.phone("202").talk().offers, [200]);
    lab.phone("202").resumes();
    lab.run_ms(300);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free(), "the BYE did not find the new web socket");
    lab.rest();
}

#[test]
fn nobody_connects_to_a_browser_that_is_gone() {
    let mut lab = Lab::office(3, &["202"]);
    browser(&mut lab, "201");
    lab.breaks_streams_of("201");
    lab.run_ms(100);
    lab.phone("202").dials("201");
    lab.run_ms(300);
    assert_eq!(lab.phone("202").status(), Some(480));
    lab.phone("201").registers();
    lab.run_ms(200);
    connect(&mut lab, "202", "201");
    lab.phone("202").hangs_up();
    lab.rest();
}
