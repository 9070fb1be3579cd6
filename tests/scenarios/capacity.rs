//! What the box admits when it knows what calls cost it.

use call::{Capacity, Codec, CodecPrice, UnixMillis, Why};
use sim::Lab;

/// Room for so many nanoseconds in each 20 ms; a packet costs 100, G.722 1,000 either way.
fn measured(lab: &mut Lab, room: u64) {
    lab.settings(|settings| settings.load_percent = 50);
    let price = |codec| CodecPrice { codec, decode_nanos: 1_000, encode_nanos: 1_000 };
    lab.measured(Capacity {
        measured: UnixMillis(0),
        core_nanos: 2 * room,
        packet_nanos: 100,
        codecs: vec![price(Codec::G722)],
    });
}

#[test]
fn a_call_over_what_the_box_measured_is_refused_with_a_sentence_but_help_is_not() {
    let mut lab = Lab::office(401, &["201", "202", "203"]);
    let trunk = lab.carrier("carrier", "198.51.100.7:5060", config::TrunkKind::Static);
    lab.outbound("0.", &[trunk]);
    measured(&mut lab, 399);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    assert_eq!(lab.load().used_nanos, 200);
    lab.phone("203").dials("0123");
    lab.run_ms(200);
    assert_eq!(lab.phone("203").status(), Some(503));
    assert!(lab.phone("203").saw("503").header("Retry-After").is_some());
    lab.run_ms(1000);
    let end = lab.record().end.clone().unwrap();
    assert_eq!(end.why, Why::Overload, "{end}");
    lab.phone("203").dials("999");
    lab.run_ms(200);
    assert_eq!(lab.phone("carrier").count("INVITE"), 1);
    lab.phone("203").hangs_up();
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(lab.load().used_nanos, 0, "what ended costs nothing");
}

#[test]
fn where_translation_is_too_dear_only_common_codecs_are_offered() {
    let mut lab = Lab::office(402, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    measured(&mut lab, 1_900);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let offered = lab.phone("202").saw("INVITE").body;
    assert!(offered.contains("RTP/AVP 9 8 101\r\n"), "{offered}");
    lab.phone("202").answers();
    lab.run_ms(100);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_translated_call_counts_with_its_translation_until_a_new_offer_does_without() {
    let mut lab = Lab::office(403, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    measured(&mut lab, 10_000);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    assert_eq!(lab.load().used_nanos, 200 + 2_000, "a packet and G.722, each way");
    lab.phone("201").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    lab.phone("201").holds();
    lab.run_ms(300);
    assert_eq!(lab.load().used_nanos, 200);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_call_that_needs_a_translation_without_room_for_it_is_refused_as_overload() {
    let mut lab = Lab::office(404, &["201", "202"]);
    lab.codecs(config::CodecPolicy {
        allow: vec![config::CodecName::G722, config::CodecName::Pcma],
        ..config::CodecPolicy::default()
    });
    lab.device("202", "desk");
    lab.change_device("desk", |device| {
        let allow = vec![config::CodecName::G722];
        device.codecs = Some(config::CodecPolicy { allow, ..config::CodecPolicy::default() });
    });
    lab.add_phone("desk");
    lab.phone("desk").registers();
    lab.phone("202").unregisters();
    lab.run_ms(300);
    lab.phone("201").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    measured(&mut lab, 1_500);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    assert_eq!(lab.phone("201").status(), Some(503));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::Overload);
    assert_eq!(lab.load().refused, 1);
}

#[test]
fn a_call_in_packets_of_10_ms_costs_twice_as_much_and_needs_that_room_to_begin() {
    let mut lab = Lab::office(405, &["201", "202", "203"]);
    for name in ["201", "202", "203"] {
        lab.phone(name).habits(|habits| habits.lines = vec!["a=ptime:10".to_owned()]);
    }
    measured(&mut lab, 799);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    assert_eq!(lab.load().used_nanos, 400);
    lab.phone("203").dials("202");
    lab.run_ms(200);
    assert_eq!(lab.phone("203").status(), Some(503), "399 are left");
    // A re-INVITE to the usual packets gives half of it back.
    for name in ["201", "202"] {
        lab.phone(name).habits(|habits| habits.lines = vec!["a=ptime:20".to_owned()]);
    }
    lab.phone("201").offers("sendrecv");
    lab.run_ms(300);
    assert_eq!(lab.load().used_nanos, 200);
    lab.phone("201").hangs_up();
    lab.rest();
}
