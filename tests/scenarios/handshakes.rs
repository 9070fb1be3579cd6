//! Phones that agree on keys by a handshake in the media: whose certificate is believed, and when the box
//! shakes hands anew.

use call::{Handshake, PortId, Suite};
use config::Encryption;
use exchange::Browsers;
use sim::{Called, Lab, Speaks};

fn office(seed: u64, numbers: &[&str]) -> Lab {
    let mut lab = Lab::office(seed, numbers);
    lab.take_browsers(Browsers { port: 8443, fingerprint: [0xab; 32] });
    lab.encryption(Encryption::OpportunisticDtls);
    lab
}

/// A phone shows a certificate whose digest is made of this octet.
fn shows(lab: &mut Lab, name: &str, octet: u8, setup: &str) {
    let digest = vec![format!("{octet:02X}"); 32].join(":");
    let lines = vec![format!("a=setup:{setup}"), format!("a=fingerprint:sha-256 {digest}")];
    lab.phone(name).habits(|habits| habits.lines = lines);
}

/// The handshakes that were agreed on, with those whose certificate is known: where, of which octet the
/// digest is, whether the box begins, and the number.
fn agreed(lab: &Lab) -> Vec<(PortId, u8, bool, u32)> {
    let known = |(port, handshake): &(PortId, Handshake)| {
        let octet = handshake.fingerprints.first()?.digest[0];
        Some((*port, octet, handshake.active, handshake.association))
    };
    lab.handshakes.iter().filter_map(known).collect()
}

fn call(lab: &mut Lab) {
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(200);
}

#[test]
fn of_two_devices_that_ring_each_is_known_by_its_own_certificate() {
    let mut lab = office(81, &["201", "202"]);
    lab.phone("202").when_called(Called::Waits);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(lab.phone("202").saw("INVITE").body.contains("a=setup:actpass"));
    let expected = lab.handshakes.last().unwrap().1.clone();
    assert!(expected.fingerprints.is_empty() && !expected.active, "either may begin: {expected:?}");
    shows(&mut lab, "202", 1, "active");
    lab.phone("202").in_call(|ua, call, now| ua.forks(call, 183, "one", now));
    lab.run_ms(100);
    shows(&mut lab, "202", 2, "active");
    lab.phone("202").in_call(|ua, call, now| ua.forks(call, 200, "two", now));
    lab.run_ms(200);
    let [(one, 1, false, first), (two, 2, false, second)] = agreed(&lab)[..] else {
        panic!("{:?}", agreed(&lab))
    };
    assert_eq!(one, two, "the same socket");
    assert_ne!(first, second, "but not the same handshake");
    lab.phone("201").hangs_up();
    lab.rest();
}

/// The octets of which the digests in a description are made, in their order.
fn named(body: &str) -> Vec<&str> {
    let lines = body.lines().filter_map(|line| line.strip_prefix("a=fingerprint:sha-256 "));
    lines.filter_map(|digest| digest.get(..2)).collect()
}

#[test]
fn an_rsa_certificate_is_named_between_the_other_and_only_in_calls_that_begin_after_it_was_made() {
    let mut lab = office(84, &["201", "202", "203"]);
    shows(&mut lab, "201", 1, "active");
    call(&mut lab);
    assert_eq!(named(&lab.phone("202").saw("INVITE").body), ["AB"]);
    assert_eq!(named(&lab.phone("201").saw("200").body), ["AB"]);
    lab.has_rsa(0xcd);
    lab.phone("201").holds();
    lab.run_ms(500);
    assert_eq!(named(&lab.phone("201").saw("200").body), ["AB"], "no new handshake");
    lab.phone("201").hangs_up();
    lab.rest();
    lab.phone("201").dials("203");
    lab.run_ms(200);
    lab.phone("203").answers();
    lab.run_ms(200);
    // Who reads but the first or the last goes on as ever.
    assert_eq!(named(&lab.phone("203").saw("INVITE").body), ["AB", "CD", "AB"]);
    assert_eq!(named(&lab.phone("201").saw("200").body), ["AB", "CD", "AB"]);
    lab.phone("201").hangs_up();
    lab.rest();
}

/// What the phone is asked for when it is called next: whether a handshake stands in the offer, and keys.
fn asked(lab: &mut Lab, name: &str) -> (bool, bool) {
    lab.phone("202").dials(name);
    lab.run_ms(200);
    let body = lab.phone(name).saw("INVITE").body;
    lab.phone(name).answers();
    lab.run_ms(200);
    lab.phone("202").hangs_up();
    lab.rest();
    (body.contains("a=fingerprint:"), body.contains("a=crypto:"))
}

#[test]
fn a_phone_that_offers_handshakes_and_no_keys_is_asked_for_one_in_its_turn() {
    let mut lab = office(85, &["201", "202"]);
    lab.encryption(Encryption::Opportunistic);
    assert_eq!(asked(&mut lab, "201"), (false, true), "nothing is known of it");
    shows(&mut lab, "201", 1, "active");
    call(&mut lab);
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(asked(&mut lab, "201"), (true, false));
    lab.phone("201").registers();
    lab.run_ms(200);
    assert_eq!(asked(&mut lab, "201"), (true, false), "also when it has registered again");
    lab.phone("201").habits(|habits| habits.lines.clear());
    call(&mut lab);
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(asked(&mut lab, "201"), (true, false), "a call in the clear says nothing of it");
    let suites: &[Suite] = &[Suite::AesCm128HmacSha1_80];
    lab.phone("201").habits(|habits| habits.speaks = Speaks::Encrypted(suites));
    call(&mut lab);
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(asked(&mut lab, "201"), (false, true), "one with keys in the description does");
}

#[test]
fn a_new_certificate_or_role_is_a_new_handshake_and_a_hold_is_none() {
    let mut lab = office(82, &["201", "202"]);
    shows(&mut lab, "201", 1, "active");
    call(&mut lab);
    assert!(lab.phone("201").saw("200").body.contains("a=setup:passive"));
    let [(port, 1, false, first)] = agreed(&lab)[..] else { panic!("{:?}", agreed(&lab)) };
    lab.phone("201").holds();
    lab.run_ms(500);
    lab.phone("201").resumes();
    lab.run_ms(500);
    assert_eq!(agreed(&lab).len(), 1, "nothing new was agreed on");
    shows(&mut lab, "201", 9, "active");
    lab.phone("201").offers("sendrecv");
    lab.run_ms(500);
    shows(&mut lab, "201", 9, "passive");
    lab.phone("201").offers("sendrecv");
    lab.run_ms(500);
    assert!(lab.phone("201").saw("200").body.contains("a=setup:active"), "the box begins now");
    let expected = [
        (port, 1, false, first),
        (port, 9, false, first.wrapping_add(1)),
        (port, 9, true, first.wrapping_add(2)),
    ];
    assert_eq!(agreed(&lab), expected);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_transfer_keeps_the_handshake_of_who_stays_and_begins_one_with_who_comes() {
    for attended in [false, true] {
        let mut lab = office(83, &["201", "202", "203"]);
        shows(&mut lab, "201", 1, "active");
        shows(&mut lab, "202", 2, "active");
        shows(&mut lab, "203", 3, "active");
        call(&mut lab);
        let mut before: Vec<_> = agreed(&lab).iter().map(|it| it.1).collect();
        before.sort_unstable();
        assert_eq!(before, [1, 2], "one with each");
        if attended {
            lab.phone("202").holds();
            lab.run_ms(300);
            let second = lab.phone("202").dials("203");
            lab.run_ms(200);
            lab.phone("203").answers();
            lab.run_ms(300);
            lab.phone("202").on(second).joins("201", 0);
        } else {
            lab.phone("202").transfers("203");
            lab.run_ms(300);
            lab.phone("203").answers();
        }
        lab.run_ms(500);
        let of = |octet: u8| agreed(&lab).iter().filter(|it| it.1 == octet).count();
        assert_eq!((of(1), of(3)), (1, 1), "attended {attended}: {:?}", agreed(&lab));
        lab.phone("201").hangs_up();
        lab.rest();
    }
}
