//! Whom a port believes when the description changes: re-INVITE, new answer, fork.

use crate::wire::*;
use call::{Learn, MediaEvent};
use media::{DropReason, Verdict};

const INSIDE: &str = "192.168.1.20:4000";
const OUTSIDE: &str = "203.0.113.5:61000";
const MOVED: &str = "203.0.113.5:61500";

fn behind() -> Learn {
    Learn::Behind(at(OUTSIDE).ip())
}

/// A phone behind a NAT that is talking.
fn talking() -> Wire {
    let mut wire = Wire::with(INSIDE, behind());
    assert_eq!(wire.stream(at(OUTSIDE), 1, 50), 50);
    wire.events();
    wire
}

#[test]
fn a_phone_changes_its_port_with_a_re_invite() {
    let mut wire = talking();
    wire.describe(A, at("192.168.1.20:4002"), behind());
    // It speaks from the old port until it has the answer.
    assert_eq!(wire.stream(at(OUTSIDE), 51, 5), 5);
    assert_eq!(wire.stream(at(MOVED), 1, 5), 5);
    assert_eq!(wire.heard_by(), forward(A, at(MOVED)));
    // What was still on its way is late.
    assert_eq!(wire.stream(at(OUTSIDE), 56, 1), 0);
    assert_eq!(
        wire.events(),
        [
            MediaEvent::Heard { port: A, from: at(MOVED) },
            MediaEvent::Heard { port: B, from: carrier() }
        ]
    );
}

#[test]
fn a_phone_without_nat_changes_its_port_with_a_re_invite() {
    let mut wire = Wire::with("203.0.113.5:4000", Learn::Never);
    wire.stream(at("203.0.113.5:4000"), 1, 50);
    wire.describe(A, at("203.0.113.5:4002"), Learn::Never);
    assert_eq!(wire.heard_by(), forward(A, at("203.0.113.5:4002")));
    assert_eq!(wire.stream(at("203.0.113.5:4000"), 51, 5), 5);
    assert_eq!(wire.stream(at("203.0.113.5:4002"), 1, 5), 5);
    assert_eq!(wire.stream(at("203.0.113.5:4000"), 56, 5), 0);
}

#[test]
fn a_re_invite_that_changes_nothing_leaves_no_gap() {
    let mut wire = talking();
    wire.describe(A, at(INSIDE), behind());
    assert_eq!(wire.heard_by(), forward(A, at(OUTSIDE)));
    assert_eq!(wire.stream(at(OUTSIDE), 51, 400), 400);
    assert_eq!(wire.heard_by(), forward(A, at(OUTSIDE)));
    assert_eq!(wire.stream(at(MOVED), 1, 10), 0);
}

#[test]
fn a_re_invite_that_changes_nothing_opens_no_door() {
    let mut wire = talking();
    wire.describe(A, at(INSIDE), behind());
    let strange = at("203.0.113.66:4000");
    assert_eq!(wire.stream(at(OUTSIDE), 51, 1), 1);
    assert_eq!(wire.stream(strange, 1, 600), 0);
    assert_eq!(wire.heard_by(), forward(A, at(OUTSIDE)));
}

#[test]
fn a_guest_stays_a_guest_over_a_re_invite() {
    let mut wire = Wire::with(INSIDE, behind());
    let guest = at("203.0.113.66:4000");
    wire.wait(2_000);
    assert_eq!(wire.stream(guest, 1, 50), 47);
    wire.describe(A, at(INSIDE), behind());
    assert_eq!(wire.stream(guest, 51, 300), 300);
    assert_eq!(wire.stream(at(OUTSIDE), 1, 5), 5);
    assert_eq!(wire.stream(guest, 351, 5), 0);
}

#[test]
fn a_call_that_moves_to_another_host_is_heard_only_there() {
    let mut wire = talking();
    let other = at("198.51.100.80:9000");
    wire.describe(A, other, Learn::Never);
    assert_eq!(wire.heard_by(), forward(A, other));
    assert_eq!(wire.stream(at(OUTSIDE), 51, 300), 0);
    assert_eq!(wire.stream(other, 1, 5), 5);
}

#[test]
fn another_fork_of_the_same_office_replaces_the_first() {
    let mut wire = talking();
    wire.describe(A, at("192.168.1.21:4000"), behind());
    assert_eq!(wire.stream(at(OUTSIDE), 51, 1), 1);
    assert_eq!(wire.stream(at(MOVED), 1, 5), 5);
    assert_eq!(wire.stream(at(OUTSIDE), 52, 5), 0);
    assert_eq!(wire.heard_by(), forward(A, at(MOVED)));
}

#[test]
fn hold_by_a_zero_address_sends_nothing() {
    let mut wire = talking();
    wire.describe(A, at("0.0.0.0:4000"), behind());
    assert_eq!(wire.heard_by(), Verdict::Drop(DropReason::Nowhere));
    wire.describe(A, at("192.168.1.20:0"), behind());
    assert_eq!(wire.heard_by(), Verdict::Drop(DropReason::Nowhere));
}

#[test]
fn reports_go_on_over_a_re_invite_that_changes_nothing() {
    let mut wire = talking();
    let nat = at("203.0.113.5:61777");
    wire.hear_report(A, nat, &report(99, 0, 0));
    wire.describe(A, at(INSIDE), behind());
    let verdict = wire.hear_report(B, next(carrier()), &report(7, 0, 0));
    assert_eq!(verdict, Verdict::Forward { port: A, rtcp: true, to: nat });
}
