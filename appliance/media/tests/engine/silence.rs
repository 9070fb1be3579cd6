//! When a far side is called silent.

use crate::wire::*;
use call::{CallId, Learn, LegId, MediaCommand, MediaEvent, MediaKind};

const PHONE: &str = "203.0.113.5:4000";

fn silent(wire: &mut Wire) -> usize {
    let is_silent = |event: &MediaEvent| *event == MediaEvent::Silent { port: A };
    wire.events().iter().filter(|event| is_silent(event)).count()
}

/// A phone whose last packet came just now.
fn talking() -> Wire {
    let mut wire = Wire::with(PHONE, Learn::Never);
    wire.stream(at(PHONE), 1, 500);
    wire.hear(A, at(PHONE), &voice(501));
    wire
}

#[test]
fn silence_is_reported_once_and_to_the_millisecond() {
    let mut wire = talking();
    wire.wait(59_999);
    assert_eq!(silent(&mut wire), 0);
    wire.wait(1);
    assert_eq!(silent(&mut wire), 1);
    wire.wait(600_000);
    assert_eq!(silent(&mut wire), 0);
}

#[test]
fn strangers_do_not_break_the_silence() {
    let mut wire = talking();
    for sequence in 0..61 {
        wire.hear(A, at("203.0.113.66:4000"), &voice(sequence));
        wire.wait(1_000);
    }
    assert_eq!(silent(&mut wire), 1);
}

#[test]
fn reports_alone_show_that_a_listener_is_there() {
    let mut wire = talking();
    for _ in 0..30 {
        wire.wait(5_000);
        wire.hear_report(A, next(at(PHONE)), &report(99, 0, 0));
    }
    assert_eq!(silent(&mut wire), 0);
}

#[test]
fn a_call_on_hold_may_be_mute() {
    let mut wire = talking();
    wire.tell(MediaCommand::Held { port: A, held: true });
    wire.wait(3_600_000);
    assert_eq!(silent(&mut wire), 0);
    wire.tell(MediaCommand::Held { port: A, held: false });
    wire.wait(59_999);
    assert_eq!(silent(&mut wire), 0);
    wire.wait(1);
    assert_eq!(silent(&mut wire), 1);
}

#[test]
fn who_speaks_again_may_fall_silent_again() {
    let mut wire = talking();
    wire.wait(60_000);
    wire.hear(A, at(PHONE), &voice(502));
    assert_eq!(silent(&mut wire), 1);
    wire.wait(60_000);
    assert_eq!(silent(&mut wire), 1);
}

#[test]
fn an_answer_after_a_long_ring_gives_all_the_time_again() {
    let mut wire = Wire::bridged();
    wire.wait(3_600_000);
    assert_eq!(silent(&mut wire), 1);
    wire.describe(A, at(PHONE), Learn::Never);
    wire.wait(59_999);
    assert_eq!(silent(&mut wire), 0);
    wire.wait(1);
    assert_eq!(silent(&mut wire), 1);
}

#[test]
fn nobody_watches_a_pair_that_shall_not_be_watched() {
    let mut wire = Wire::empty();
    let (call, leg, kind) = (CallId(1), LegId(1), MediaKind::Audio);
    wire.tell(MediaCommand::Open { port: A, call, leg, kind, dscp: 0, silence_seconds: 0 });
    assert_eq!(wire.engine.poll_timeout(), None);
    wire.wait(3_600_000);
    assert_eq!(silent(&mut wire), 0);
}

#[test]
fn a_closed_pair_leaves_nothing_to_wait_for() {
    let mut wire = talking();
    wire.close(A);
    wire.close(B);
    assert_eq!(wire.engine.poll_timeout(), None);
}

#[test]
fn a_phone_that_only_listens_is_not_gone_while_the_other_side_talks() {
    let mut wire = talking();
    for sequence in 0..120 {
        wire.wait(1_000);
        wire.hear(B, carrier(), &voice(sequence));
    }
    assert_eq!(silent(&mut wire), 0);
    wire.wait(60_000);
    assert_eq!(silent(&mut wire), 1);
}
