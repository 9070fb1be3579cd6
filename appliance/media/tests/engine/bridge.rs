//! Who hears whom.

use crate::wire::*;
use call::{Learn, MediaCommand, PortId};
use media::{DropReason, Verdict};

const PHONE: &str = "203.0.113.5:4000";
const C: PortId = PortId { address: 0, port: 20_004 };
const NOT_BRIDGED: Verdict = Verdict::Drop(DropReason::NotBridged);

#[test]
fn nobody_hears_a_pair_that_is_not_bridged() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    wire.tell(MediaCommand::Unbridge { port: B });
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), NOT_BRIDGED);
    assert_eq!(wire.heard_by(), NOT_BRIDGED);
    assert_eq!(wire.close(A).received, 1);
}

#[test]
fn a_transfer_takes_one_side_to_another() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let other = at("203.0.113.9:4000");
    wire.open(C);
    wire.describe(C, other, Learn::Never);
    wire.tell(MediaCommand::Bridge { a: B, b: C });
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), NOT_BRIDGED);
    assert_eq!(wire.hear(C, other, &voice(1)), forward(B, carrier()));
    assert_eq!(wire.heard_by(), forward(C, other));
}

#[test]
fn the_partner_of_a_closed_pair_talks_to_nobody() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    wire.close(B);
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), NOT_BRIDGED);
    wire.open(B);
    assert_eq!(wire.hear(A, at(PHONE), &voice(2)), NOT_BRIDGED);
}

#[test]
fn a_pair_that_is_not_lent_takes_nothing() {
    let mut wire = Wire::empty();
    wire.tell(MediaCommand::Bridge { a: A, b: B });
    wire.tell(MediaCommand::Held { port: A, held: true });
    wire.tell(MediaCommand::Close { port: A });
    wire.describe(A, at(PHONE), Learn::Never);
    let not_lent = Verdict::Drop(DropReason::NotLent);
    assert_eq!(wire.hear(A, at(PHONE), &voice(1)), not_lent);
    let elsewhere = PortId { address: 9, port: u16::MAX };
    assert_eq!(wire.hear(elsewhere, at(PHONE), &voice(1)), not_lent);
    assert!(wire.events().is_empty());
}

#[test]
fn a_far_side_that_claims_the_ports_of_its_own_call_gets_nothing() {
    let mut wire = Wire::bridged();
    for port in 20_000..20_004 {
        wire.describe(A, std::net::SocketAddr::new(own(), port), Learn::Never);
        assert_eq!(wire.heard_by(), Verdict::Drop(DropReason::Nowhere), "{port}");
    }
}

#[test]
fn a_call_that_comes_back_through_a_carrier_may_meet_itself() {
    let mut wire = Wire::bridged();
    let other_call = std::net::SocketAddr::new(own(), 20_006);
    wire.describe(A, other_call, Learn::Never);
    assert_eq!(wire.heard_by(), forward(A, other_call));
}

#[test]
fn a_far_side_cannot_send_more_than_any_call_needs() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    let (mut passed, mut sequence) = (0, 0_u16);
    for _ in 0..12_000 {
        sequence = sequence.wrapping_add(1);
        passed += u32::from(wire.hear(A, at(PHONE), &voice(sequence)) == forward(B, carrier()));
    }
    assert_eq!(passed, 10_000);
    wire.wait(1_000);
    assert_eq!(wire.hear(A, at(PHONE), &voice(sequence)), forward(B, carrier()));
}
