//! Bad wires, routers in between, streams, two families of addresses.

use crate::{connect, talking};
use call::StreamStats;
use sim::Lab;
use std::time::Duration;

#[test]
fn lost_doubled_and_overtaking_datagrams_change_nothing() {
    for seed in 0..40 {
        let mut lab = Lab::office(1000 + seed, &["201", "202"]);
        lab.wire.loss = 200;
        lab.wire.doubled = 200;
        lab.wire.jitter = Duration::from_millis(40);
        lab.phone("201").dials("202");
        lab.run_until(Duration::from_secs(60), |lab| {
            !lab.phone("202").ua().calls.is_empty() || lab.phone("201").is_free()
        });
        lab.run_for(Duration::from_secs(3));
        if !lab.phone("202").ua().calls.is_empty() && lab.phone("202").rings() {
            lab.phone("202").answers();
            lab.run_for(Duration::from_secs(20));
            assert!(lab.phone("201").is_up(), "seed {seed}");
            assert!(lab.phone("202").is_up(), "seed {seed}");
            lab.phone("201").hangs_up();
        }
        lab.run_for(Duration::from_secs(40));
        lab.wire.loss = 0;
        lab.rest();
        assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    }
}

#[test]
fn holding_and_transferring_over_a_bad_wire_leaves_nothing_behind() {
    for seed in 0..20 {
        let mut lab = talking(2000 + seed);
        lab.wire.loss = 150;
        lab.wire.jitter = Duration::from_millis(20);
        lab.phone("201").holds();
        lab.run_for(Duration::from_secs(10));
        if lab.phone("201").is_up() {
            lab.phone("201").transfers("203");
            lab.run_for(Duration::from_secs(10));
            if !lab.phone("203").ua().calls.is_empty() && lab.phone("203").rings() {
                lab.phone("203").answers();
            }
            lab.run_for(Duration::from_secs(10));
        }
        for name in ["201", "202", "203"] {
            if !lab.phone(name).is_free() && lab.phone(name).is_up() {
                lab.phone(name).hangs_up();
            }
        }
        lab.wire.loss = 0;
        lab.run_for(Duration::from_secs(60));
        lab.rest();
    }
}

#[test]
fn a_phone_behind_a_router_calls_and_is_called() {
    let mut lab = Lab::office(3, &["202"]);
    lab.nat("10.0.0.0/24", "203.0.113.5", None);
    lab.extension("201");
    lab.add_phone_at("201", "10.0.0.7:5060", "192.0.2.10:5060");
    lab.phone("201").registers();
    lab.run_ms(200);
    assert!(lab.phone("201").is_registered());
    connect(&mut lab, "202", "201");
    lab.talk("201", "202");
    lab.phone("202").holds();
    lab.run_ms(200);
    lab.phone("202").resumes();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    connect(&mut lab, "201", "202");
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn two_phones_behind_the_same_router_talk_through_the_box() {
    let mut lab = Lab::new(4);
    lab.nat("10.0.0.0/24", "203.0.113.5", None);
    for (name, at) in [("201", "10.0.0.7:5060"), ("202", "10.0.0.8:5060")] {
        lab.extension(name);
        lab.add_phone_at(name, at, "192.0.2.10:5060");
        lab.phone(name).registers();
    }
    lab.run_ms(200);
    connect(&mut lab, "201", "202");
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_whose_router_was_restarted_is_reached_after_its_next_register() {
    let mut lab = Lab::office(5, &["202"]);
    lab.nat("10.0.0.0/24", "203.0.113.5", None);
    lab.extension("201");
    lab.add_phone_at("201", "10.0.0.7:5060", "192.0.2.10:5060");
    lab.phone("201").registers();
    lab.run_ms(200);
    lab.restart_nats();
    lab.phone("201").registers();
    lab.run_ms(200);
    assert_eq!(lab.exchange.figures().registrations, 2);
    connect(&mut lab, "202", "201");
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_phone_that_does_not_ask_for_rport_is_answered_where_it_listens() {
    let mut lab = Lab::office(6, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.rport = false);
    lab.phone("201").registers();
    lab.run_ms(200);
    connect(&mut lab, "201", "202");
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn an_ipv6_phone_talks_with_an_ipv4_phone() {
    let mut lab = Lab::office(7, &["202"]);
    lab.extension("206");
    lab.add_phone_at("206", "[2001:db8::66]:5060", "[2001:db8::10]:5060");
    lab.phone("206").registers();
    lab.run_ms(200);
    assert!(lab.phone("206").is_registered());
    connect(&mut lab, "206", "202");
    assert!(lab.phone("206").saw("200 INVITE").body.contains("c=IN IP6 2001:db8::10"));
    assert!(lab.phone("202").saw("INVITE").body.contains("c=IN IP4 192.168.1.10"));
    lab.talk("206", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    connect(&mut lab, "202", "206");
    lab.talk("202", "206");
    lab.phone("206").hangs_up();
    lab.rest();
}

fn stream_phone(lab: &mut Lab, name: &str, at: &str, transport: &'static str) {
    lab.extension(name);
    let port = if transport == "TLS" { 5061 } else { 5060 };
    lab.add_phone_at(name, at, &format!("192.168.1.10:{port}"));
    lab.phone(name).ua().transport = transport;
    lab.phone(name).registers();
    lab.run_ms(200);
    assert!(lab.phone(name).is_registered());
}

#[test]
fn a_phone_on_a_stream_talks_with_a_phone_on_datagrams() {
    for transport in ["TCP", "TLS"] {
        let mut lab = Lab::office(8, &["202"]);
        stream_phone(&mut lab, "201", "192.168.1.77:5060", transport);
        connect(&mut lab, "201", "202");
        lab.talk("201", "202");
        lab.phone("202").hangs_up();
        lab.run_ms(300);
        connect(&mut lab, "202", "201");
        let contact = lab.phone("201").saw("INVITE").value("Contact").to_owned();
        assert!(contact.contains(&format!("transport={}", transport.to_ascii_lowercase())));
        lab.talk("201", "202");
        lab.phone("201").hangs_up();
        lab.rest();
    }
}

#[test]
fn a_stream_that_breaks_in_a_call_is_opened_again_by_the_phone() {
    let mut lab = Lab::office(9, &["202"]);
    stream_phone(&mut lab, "201", "192.168.1.77:5060", "TCP");
    connect(&mut lab, "201", "202");
    lab.breaks_streams_of("201");
    lab.run_ms(100);
    lab.talk("201", "202");
    lab.phone("201").holds();
    lab.run_ms(300);
    assert_eq!(lab.phone("201").talk().offers, [200]);
    lab.phone("201").resumes();
    lab.run_ms(300);
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free(), "the BYE did not find the new stream");
    lab.rest();
}

#[test]
fn a_hang_up_towards_a_broken_stream_opens_a_new_one() {
    let mut lab = Lab::office(10, &["202"]);
    stream_phone(&mut lab, "201", "192.168.1.77:5060", "TCP");
    connect(&mut lab, "202", "201");
    lab.breaks_streams_of("201");
    lab.run_ms(100);
    lab.phone("202").hangs_up();
    lab.run_ms(500);
    assert!(lab.phone("201").is_free(), "the phone listens at its Contact and was not told");
    lab.rest();
}

#[test]
fn a_phone_whose_stream_broke_is_called_by_a_new_one() {
    let mut lab = Lab::office(11, &["202"]);
    stream_phone(&mut lab, "201", "192.168.1.77:5060", "TCP");
    lab.breaks_streams_of("201");
    lab.run_ms(100);
    lab.phone("202").dials("201");
    lab.run_ms(300);
    assert!(lab.phone("201").rings());
    lab.phone("202").cancels();
    lab.rest();
}

#[test]
fn a_spoofed_stream_neither_hears_nor_speaks() {
    let mut lab = talking(12);
    lab.talk("201", "202");
    let target = lab.phone("201").talk().remote_rtp.unwrap();
    for n in 0..20u8 {
        let mut packet = vec![0x80, 8, 0, n, 0, 0, 0, n, 9, 9, 9, 9];
        packet.extend(b"666#1");
        lab.inject("192.168.1.66:4000", target, &packet);
        lab.run_ms(20);
    }
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
    let strangers = |stats: &StreamStats| stats.strangers;
    let counted: u64 = lab.record().streams.iter().map(|stream| strangers(&stream.stats)).sum();
    // The first word of the callee may overtake its answer.
    assert!((20..=21).contains(&counted), "{counted}");
}

#[test]
fn loss_is_counted_in_the_record() {
    let mut lab = talking(13);
    lab.wire.loss = 100;
    lab.run_for(Duration::from_secs(200));
    lab.wire.loss = 0;
    lab.phone("201").hangs_up();
    lab.rest();
    for stream in &lab.record().streams {
        assert!(stream.stats.lost > 15 && stream.stats.lost < 80, "{stream:?}");
        assert_eq!(stream.stats.payload_type, Some(8));
    }
}

#[test]
fn a_machine_that_refuses_datagrams_is_given_up_at_once() {
    let mut lab = Lab::office(14, &["201", "202"]);
    lab.icmp = true;
    lab.phone("202").ua().at = "192.168.1.250:5060".parse().unwrap();
    lab.phone("201").dials("202");
    lab.run_ms(300);
    assert!(lab.phone("201").is_free(), "an unreachable port was waited for");
    lab.rest();
}

#[test]
fn the_same_seed_gives_the_same_world_and_a_recording_plays_back() {
    let play = || {
        let mut lab = talking(15);
        lab.wire.loss = 100;
        lab.wire.doubled = 100;
        lab.wire.jitter = Duration::from_millis(30);
        lab.phone("201").transfers("203");
        lab.run_for(Duration::from_secs(5));
        lab.phone("203").answers();
        lab.run_for(Duration::from_secs(60));
        lab.replay();
        lab.fingerprint()
    };
    assert_eq!(play(), play());
}

/// A caller whose description is too large for a datagram.
fn with_a_large_offer(lab: &mut Lab, name: &str) {
    let lines = (0..20).map(|n| format!("a=x-feature-{n}:{}", "y".repeat(40)));
    lab.phone(name).habits(|habits| habits.lines = lines.collect());
}

#[test]
fn a_large_invite_goes_by_stream_to_who_takes_streams() {
    let mut lab = Lab::office(16, &["201", "202"]);
    with_a_large_offer(&mut lab, "201");
    lab.phone("202").habits(|habits| habits.takes_streams = true);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    let invite = lab.phone("202").saw("INVITE");
    assert!(invite.write().len() > 1300);
    assert!(invite.value("Via").starts_with("SIP/2.0/TCP "), "{}", invite.value("Via"));
    lab.phone("202").answers();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn what_is_large_within_a_call_or_a_message_goes_by_stream_too() {
    let mut lab = Lab::office(21, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.takes_streams = true);
    connect(&mut lab, "201", "202");
    assert!(lab.phone("202").saw("INVITE").value("Via").starts_with("SIP/2.0/UDP "));
    with_a_large_offer(&mut lab, "201");
    lab.phone("201").in_call(|ua, call, now| ua.offer(call, "INVITE", now));
    lab.run_ms(300);
    assert!(lab.phone("202").saw("INVITE").value("Via").starts_with("SIP/2.0/TCP "));
    assert_eq!(lab.phone("201").talk().offers, [200]);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    let text = "Lunch? ".repeat(200);
    lab.phone("201").writes("202", &text);
    lab.run_ms(200);
    let message = lab.phone("202").saw("MESSAGE");
    assert!(message.value("Via").starts_with("SIP/2.0/TCP ") && message.body == text);
    assert_eq!(lab.phone("201").count("200 MESSAGE"), 1);
    lab.rest();
}

#[test]
fn a_large_offer_within_a_call_reaches_who_takes_no_streams() {
    let mut lab = talking(22);
    with_a_large_offer(&mut lab, "201");
    lab.phone("201").in_call(|ua, call, now| ua.offer(call, "INVITE", now));
    lab.run_ms(500);
    assert!(lab.phone("202").saw("INVITE").write().len() > 1300);
    assert!(lab.phone("202").saw("INVITE").value("Via").starts_with("SIP/2.0/UDP "));
    assert_eq!(lab.phone("201").talk().offers, [200]);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn a_large_invite_goes_by_datagram_to_who_does_not_and_at_once_the_next_time() {
    let mut lab = Lab::office(17, &["201", "202"]);
    with_a_large_offer(&mut lab, "201");
    let mut waited = Vec::new();
    for _ in 0..2 {
        let before = lab.phone("202").count("INVITE");
        lab.phone("201").dials("202");
        waited.push(
            lab.run_until(Duration::from_secs(5), |lab| lab.phone("202").count("INVITE") > before),
        );
        let invite = lab.phone("202").saw("INVITE");
        assert!(invite.value("Via").starts_with("SIP/2.0/UDP "));
        lab.run_ms(200);
        lab.phone("202").answers();
        lab.run_ms(200);
        lab.talk("201", "202");
        lab.phone("201").hangs_up();
        lab.run_ms(200);
    }
    // The refused stream costs one way there and back.
    assert_eq!(waited, [Duration::from_millis(30), Duration::from_millis(20)]);
    lab.rest();
}

#[test]
fn a_phone_behind_a_router_whose_stream_broke_cannot_be_called_and_that_is_said_at_once() {
    let mut lab = Lab::office(18, &["202"]);
    lab.nat("10.0.0.0/24", "203.0.113.5", None);
    lab.extension("201");
    lab.add_phone_at("201", "10.0.0.7:5060", "192.0.2.10:5060");
    lab.phone("201").ua().transport = "TCP";
    lab.phone("201").registers();
    lab.run_ms(200);
    connect(&mut lab, "202", "201");
    lab.talk("202", "201");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
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

#[test]
fn a_phone_that_moves_to_another_address_in_a_call_keeps_it() {
    let mut lab = talking(19);
    lab.talk("201", "202");
    // A new network: another address for signalling and sound, told by a re-INVITE.
    lab.phone("201").ua().at = "192.168.1.200:5060".parse().unwrap();
    lab.phone("201").in_call(|ua, call, now| {
        ua.calls[call].rtp = "192.168.1.200:47000".parse().unwrap();
        ua.offer(call, "INVITE", now);
    });
    lab.run_ms(300);
    assert_eq!(lab.phone("201").talk().offers, [200]);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free(), "the BYE went to the old address");
    lab.rest();
}

#[test]
fn overtaking_sound_is_relayed_as_it_comes() {
    let mut lab = talking(20);
    lab.wire.jitter = Duration::from_millis(900);
    lab.run_for(Duration::from_secs(60));
    lab.wire.jitter = Duration::ZERO;
    lab.run_ms(1_000);
    let heard = lab.phone("202").talk().heard.clone();
    assert!(heard.len() > 100);
    assert!(heard.windows(2).any(|pair| pair[0].1 > pair[1].1), "nothing overtook");
    lab.phone("201").hangs_up();
    lab.rest();
    assert!(lab.record().streams.iter().all(|stream| stream.stats.lost < 5));
}
