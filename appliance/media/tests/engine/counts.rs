//! Loss, jitter and what the far side reports.

use crate::wire::*;
use call::Learn;
use std::time::Duration;

const PHONE: &str = "203.0.113.5:4000";

fn talking() -> Wire {
    Wire::with(PHONE, Learn::Never)
}

/// Packets with these numbers come 20 ms apart.
fn lost_of(sequences: &[u16]) -> u64 {
    let mut wire = talking();
    for sequence in sequences {
        wire.hear(A, at(PHONE), &voice(*sequence));
        wire.wait(20);
    }
    wire.close(A).lost
}

#[test]
fn packets_and_octets_are_counted_on_both_sides() {
    let mut wire = talking();
    wire.stream(at(PHONE), 1, 50);
    let heard = wire.close(A);
    assert_eq!((heard.received, heard.received_octets, heard.sent), (50, 50 * 172, 0));
    assert_eq!(heard.payload_type, Some(8));
    let said = wire.close(B);
    assert_eq!((said.received, said.sent, said.sent_octets), (0, 50, 50 * 172));
}

#[test]
fn a_gap_is_lost_and_a_late_packet_is_found_again() {
    assert_eq!(lost_of(&[1, 2, 3, 7, 8]), 3);
    assert_eq!(lost_of(&[1, 2, 4, 3, 5]), 0);
    assert_eq!(lost_of(&[1, 2, 2, 3]), 0);
}

#[test]
fn numbers_that_wrap_lose_nothing() {
    assert_eq!(lost_of(&[65_533, 65_534, 65_535, 0, 1]), 0);
    assert_eq!(lost_of(&[65_533, 65_535, 1, 2]), 2);
    assert_eq!(lost_of(&[65_534, 0, 65_535, 1]), 0);
    let twice: Vec<u16> = (0..=u32::from(u16::MAX) * 2).map(|n| (n % 65_536) as u16).collect();
    assert_eq!(lost_of(&twice), 0);
}

#[test]
fn a_sender_that_starts_anew_has_lost_nothing_by_that() {
    assert_eq!(lost_of(&[1, 2, 3, 40_000, 40_001, 40_002]), 0);
    assert_eq!(lost_of(&[1, 3, 40_000, 40_001, 40_004]), 1 + 2);
}

#[test]
fn what_one_stream_lost_stays_lost_when_the_next_begins() {
    let mut wire = talking();
    for (sequence, ssrc) in [(1, 7), (5, 7), (900, 8), (902, 8)] {
        wire.hear(A, at(PHONE), &rtp(8, sequence, u32::from(sequence) * 160, ssrc));
        wire.wait(20);
    }
    assert_eq!(wire.close(A).lost, 3 + 1);
}

/// Packets of PCMA arrive at these milliseconds, 20 ms apart by their timestamps.
fn jitter_of(payload_type: u8, tick: u32, arrivals: &[u64]) -> (u32, u32) {
    let mut wire = talking();
    let start = wire.now;
    for (n, arrival) in arrivals.iter().enumerate() {
        wire.now = start + Duration::from_millis(*arrival);
        let packet = rtp(payload_type, n as u16, (u32::MAX - 100).wrapping_add(n as u32 * tick), 7);
        wire.hear(A, at(PHONE), &packet);
    }
    let stats = wire.close(A);
    (stats.jitter_micros, stats.jitter_max_micros)
}

#[test]
fn jitter_is_what_the_formula_gives_by_hand() {
    // D = 0, +5, -5, 0 ms; J = 0, 312.5, 605.5, 567.6 µs.
    let arrivals = [0, 20, 45, 60, 80];
    for (packets, jitter) in [(1, 0), (2, 0), (3, 312), (4, 605), (5, 567)] {
        assert_eq!(jitter_of(8, 160, &arrivals[..packets]).0, jitter, "{packets} packets");
    }
    assert_eq!(jitter_of(8, 160, &[0, 20, 45, 60, 80]), (567, 605));
}

#[test]
fn a_clock_that_the_payload_type_does_not_tell_is_measured() {
    let mut arrivals: Vec<u64> = (0..60).map(|n| n * 20).collect();
    assert_eq!(jitter_of(111, 960, &arrivals), (0, 0));
    arrivals.extend([60 * 20 + 5, 61 * 20, 62 * 20]);
    assert_eq!(jitter_of(111, 960, &arrivals), (567, 605));
    assert_eq!(jitter_of(96, 160, &arrivals), (567, 605));
}

#[test]
fn a_key_that_is_pressed_for_long_is_no_jitter() {
    let mut wire = talking();
    wire.stream(at(PHONE), 0, 50);
    for sequence in 50..70 {
        wire.hear(A, at(PHONE), &rtp(101, sequence, 50 * 160, 7));
        wire.wait(20);
    }
    assert_eq!(wire.stream(at(PHONE), 70, 10), 10);
    assert_eq!(wire.close(A).jitter_max_micros, 0);
}

#[test]
fn a_sender_that_sets_its_clock_has_no_jitter() {
    let mut wire = talking();
    wire.stream(at(PHONE), 0, 50);
    wire.hear(A, at(PHONE), &rtp(8, 50, 4_000_000_000, 7));
    assert_eq!(wire.close(A).jitter_max_micros, 0);
}

#[test]
fn what_the_far_side_reports_of_our_stream_is_kept() {
    let mut wire = talking();
    wire.heard_by();
    wire.hear_report(A, next(at(PHONE)), &report(99, 12, 160));
    wire.hear_report(A, next(at(PHONE)), &report(1234, 77, 9_999));
    let stats = wire.close(A);
    assert_eq!((stats.remote_lost, stats.remote_jitter_micros), (12, 20_000));
}
