//! Whom a port believes under its first description.

use crate::wire::*;
use call::{Learn, MediaCommand, MediaEvent, MediaKind};
use media::{DropReason, Verdict};

const PHONE: &str = "203.0.113.5:4000";
const STRANGE: &str = "203.0.113.66:4000";

/// The phone says its inside address; its packets come from the outside of its NAT.
const INSIDE: &str = "192.168.1.20:4000";
const OUTSIDE: &str = "203.0.113.5:61000";

fn natted() -> Wire {
    Wire::with(INSIDE, Learn::Behind(at(OUTSIDE).ip()))
}

#[test]
fn nobody_is_believed_before_a_description() {
    let mut wire = Wire::bridged();
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), STRANGER);
    assert_eq!(wire.heard_by(), Verdict::Drop(DropReason::Nowhere));
}

#[test]
fn the_described_address_is_heard_at_once_and_hears() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    assert_eq!(wire.heard_by(), forward(A, at(PHONE)));
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), forward(B, carrier()));
    assert!(wire.events().contains(&MediaEvent::Heard { port: A, from: at(PHONE) }));
}

#[test]
fn a_stranger_neither_speaks_nor_hears_before_the_phone_speaks() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    assert_eq!(wire.stream(at(STRANGE), 1, 600), 0);
    assert_eq!(wire.heard_by(), forward(A, at(PHONE)));
    assert_eq!(wire.close(A).strangers, 600);
}

#[test]
fn a_stranger_neither_speaks_nor_hears_after_the_phone_spoke() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    wire.hear(A, at(PHONE), &voice(1));
    wire.wait(20_000);
    assert_eq!(wire.stream(at(STRANGE), 1, 100), 0);
    assert_eq!(wire.heard_by(), forward(A, at(PHONE)));
}

#[test]
fn a_phone_behind_a_nat_is_learned_from_its_first_packet() {
    let mut wire = natted();
    assert_eq!(wire.heard_by(), forward(A, at(INSIDE)));
    assert_eq!(wire.hear(A, at(OUTSIDE), &voice(1)), forward(B, carrier()));
    assert_eq!(wire.heard_by(), forward(A, at(OUTSIDE)));
    assert_eq!(
        wire.events(),
        [
            MediaEvent::Heard { port: B, from: carrier() },
            MediaEvent::Heard { port: A, from: at(OUTSIDE) }
        ]
    );
}

#[test]
fn a_phone_that_is_not_behind_a_nat_after_all_is_heard_from_its_description() {
    let mut wire = natted();
    assert_eq!(wire.hear(A, at(INSIDE), &voice(1)), forward(B, carrier()));
    assert_eq!(wire.heard_by(), forward(A, at(INSIDE)));
}

#[test]
fn a_stranger_cannot_be_quicker_than_a_phone_behind_a_nat() {
    let mut wire = natted();
    assert_eq!(wire.stream(at(STRANGE), 1, 90), 0);
    assert_eq!(wire.hear(A, at(OUTSIDE), &voice(1)), forward(B, carrier()));
    assert_eq!(wire.stream(at(STRANGE), 1, 600), 0);
    assert_eq!(wire.heard_by(), forward(A, at(OUTSIDE)));
}

#[test]
fn media_from_another_host_than_the_signalling_is_heard_when_that_one_stays_silent() {
    let mut wire = natted();
    wire.wait(1_999);
    assert_eq!(wire.stream(at(STRANGE), 1, 1), 0);
    // Three packets show a stream, the fourth passes.
    assert_eq!(wire.stream(at(STRANGE), 2, 10), 7);
    assert_eq!(wire.heard_by(), forward(A, at(STRANGE)));
}

#[test]
fn packets_without_order_from_another_host_are_no_stream() {
    let mut wire = natted();
    wire.wait(3_000);
    for sequence in [5, 900, 17, 4, 3_000, 3_002, 3_004] {
        assert_eq!(wire.hear(A, at(STRANGE), &voice(sequence)), STRANGER);
    }
}

#[test]
fn a_guest_gives_way_to_the_phone() {
    let mut wire = natted();
    wire.wait(2_000);
    assert_eq!(wire.stream(at(STRANGE), 1, 100), 97);
    assert_eq!(wire.hear(A, at(OUTSIDE), &voice(500)), forward(B, carrier()));
    assert_eq!(wire.hear(A, at(STRANGE), &voice(101)), STRANGER);
    assert_eq!(wire.heard_by(), forward(A, at(OUTSIDE)));
}

#[test]
fn another_port_of_a_learned_host_is_heard_after_five_seconds_of_silence() {
    let mut wire = natted();
    let moved = at("203.0.113.5:61999");
    wire.hear(A, at(OUTSIDE), &voice(1));
    wire.wait(4_999);
    assert_eq!(wire.hear(A, moved, &voice(2)), STRANGER);
    wire.wait(1);
    assert_eq!(wire.hear(A, moved, &voice(3)), forward(B, carrier()));
    assert_eq!(wire.heard_by(), forward(A, moved));
    assert_eq!(wire.hear(A, at(OUTSIDE), &voice(4)), STRANGER);
}

#[test]
fn another_port_of_a_described_host_takes_over_after_five_seconds_of_silence() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let moved = at("203.0.113.5:4444");
    wire.hear(A, at(PHONE), &voice(1));
    wire.wait(5_000);
    assert_eq!(wire.hear(A, moved, &voice(2)), forward(B, carrier()));
    assert_eq!(wire.heard_by(), forward(A, moved));
}

#[test]
fn a_gateway_that_never_sends_from_where_it_listens_goes_on_to_hear_there() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let other = at("203.0.113.5:4444");
    wire.wait(4_999);
    assert_eq!(wire.hear(A, other, &voice(1)), STRANGER);
    wire.wait(1);
    assert_eq!(wire.hear(A, other, &voice(2)), forward(B, carrier()));
    assert_eq!(wire.heard_by(), forward(A, at(PHONE)));
}

#[test]
fn a_new_stream_from_the_locked_address_is_heard() {
    let mut wire = natted();
    wire.hear(A, at(OUTSIDE), &voice(1));
    let other = rtp(8, 40_000, 1, 0xabcd);
    assert_eq!(wire.hear(A, at(OUTSIDE), &other), forward(B, carrier()));
}

#[test]
fn packets_of_the_last_call_decide_nothing_on_a_pair_that_is_lent_again() {
    let mut wire = natted();
    wire.stream(at(OUTSIDE), 1, 50);
    wire.close(A);
    let late = Verdict::Drop(DropReason::NotLent);
    assert_eq!(wire.hear(A, at(OUTSIDE), &voice(51)), late);
    wire.open(A);
    wire.tell(MediaCommand::Bridge { a: A, b: B });
    assert_eq!(wire.stream(at(OUTSIDE), 52, 10), 0);
    wire.describe(A, at("192.168.7.7:4000"), Learn::Behind(at(STRANGE).ip()));
    assert_eq!(wire.stream(at(OUTSIDE), 62, 10), 0);
    assert_eq!(wire.hear(A, at(STRANGE), &voice(1)), forward(B, carrier()));
    assert_eq!(wire.stream(at(OUTSIDE), 72, 600), 0);
}

#[test]
fn what_is_not_rtp_is_no_stream_to_learn_from() {
    let mut wire = natted();
    wire.wait(3_000);
    let malformed = Verdict::Drop(DropReason::Malformed);
    for bytes in [&b""[..], b"\r\n\r\n", &[0; 20], &voice(1)[..11]] {
        assert_eq!(wire.hear(A, at(OUTSIDE), bytes), malformed);
    }
    assert_eq!(wire.heard_by(), forward(A, at(INSIDE)));
    assert_eq!(wire.close(A).malformed, 4);
}

#[test]
fn fax_is_learned_without_being_read() {
    let mut wire = Wire::empty();
    for port in [A, B] {
        wire.open_as(port, MediaKind::Image);
    }
    wire.tell(MediaCommand::Bridge { a: A, b: B });
    wire.describe(B, carrier(), Learn::Never);
    wire.describe(A, at(INSIDE), Learn::Behind(at(OUTSIDE).ip()));
    assert_eq!(wire.hear(A, at(OUTSIDE), &[0, 1, 1, 0]), forward(B, carrier()));
    assert_eq!(wire.hear(A, at(STRANGE), &[0, 2, 1, 0]), STRANGER);
    assert_eq!(wire.close(A).received, 1);
}

#[test]
fn a_line_goes_over_from_sound_to_fax_and_back() {
    let mut wire = Wire::with(INSIDE, Learn::Never);
    let fax = [0x80, 0, 1, 2, 0, 0];
    let malformed = Verdict::Drop(DropReason::Malformed);
    assert_eq!(wire.hear(A, at(INSIDE), &voice(1)), forward(B, carrier()));
    assert_eq!(wire.hear(A, at(INSIDE), &fax), malformed);
    let turn = |wire: &mut Wire, kind| {
        for port in [A, B] {
            wire.tell(MediaCommand::Kind { port, kind });
        }
    };
    turn(&mut wire, MediaKind::Image);
    assert_eq!(wire.hear(A, at(INSIDE), &fax), forward(B, carrier()));
    turn(&mut wire, MediaKind::Audio);
    assert_eq!(wire.hear(A, at(INSIDE), &fax), malformed);
    assert_eq!(wire.hear(A, at(INSIDE), &voice(2)), forward(B, carrier()));
}

#[test]
fn keys_pass_between_the_far_sides_but_show_no_guest() {
    let mut wire = natted();
    let hello = [22, 0xfe, 0xfd, 0, 0];
    wire.wait(3_000);
    for _ in 0..10 {
        assert_eq!(wire.hear(A, at(STRANGE), &hello), STRANGER);
    }
    assert_eq!(wire.hear(A, at(OUTSIDE), &hello), forward(B, carrier()));
}

#[test]
fn reports_follow_the_host_of_the_stream() {
    let mut wire = natted();
    let nat = at("203.0.113.5:61777");
    let to = |to| Verdict::Forward { port: A, rtcp: true, to };
    let from_carrier = |wire: &mut Wire| wire.hear_report(B, next(carrier()), &report(7, 0, 0));
    assert_eq!(from_carrier(&mut wire), to(next(at(INSIDE))));
    assert_eq!(wire.hear_report(A, at(STRANGE), &report(99, 0, 0)), STRANGER);
    wire.hear(A, at(OUTSIDE), &voice(1));
    let passed = Verdict::Forward { port: B, rtcp: true, to: next(carrier()) };
    assert_eq!(wire.hear_report(A, nat, &report(99, 0, 0)), passed);
    assert_eq!(from_carrier(&mut wire), to(nat));
    let other = at("203.0.113.5:61778");
    assert_eq!(wire.hear_report(A, other, &report(99, 0, 0)), STRANGER);
    wire.wait(5_000);
    assert_eq!(wire.hear_report(A, other, &report(99, 0, 0)), passed);
}

#[test]
fn reports_beside_the_stream_pass_beside_the_stream() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    assert_eq!(wire.hear(A, at(PHONE), &report(99, 0, 0)), forward(B, carrier()));
    assert_eq!(wire.close(A).received, 0);
}
