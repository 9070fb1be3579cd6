//! Messages about calls that there are not (ITU-T Q.931 §5.8.3.2, §5.8.10, §5.8.11).

use std::time::Instant;

use tdm::q931::dialect::Dialect;
use tdm::q931::element::{BearerCapability, CallState, Cause, CauseValue, Element, Location, Raw};
use tdm::q931::interface::{Interface, LinkId, Notice, Output, Params};
use tdm::q931::message::{CallReference, Message, MessageKind as Kind, ReferenceLength};
use tdm::q931::timers::Side;

use crate::places;

/// What a new interface answers.
fn answers(side: Side, message: &Message) -> Vec<String> {
    let now = Instant::now();
    let mut interface = Interface::new(Params::of(side, Dialect::EuroIsdn, vec![1, 2]));
    interface.link_up(LinkId(0), now);
    while interface.poll_output().is_some() {}
    interface.receive(LinkId(0), &message.octets(), now);
    let outputs = std::iter::from_fn(|| interface.poll_output());
    let sent = outputs.filter_map(|output| match output {
        Output::Send { octets, .. } => {
            let (answer, problems) = Message::parse(&octets).unwrap();
            assert!(problems.is_empty());
            // The same call as the other side names it.
            assert_eq!(answer.call, message.call.answered());
            let cause = answer.cause().map(|cause| format!(" {}", cause.value.value()));
            Some(format!("{}{}", answer.kind, cause.unwrap_or_default()))
        }
        _ => None,
    });
    let sent = sent.collect();
    assert_eq!(interface.calls().count(), 0);
    sent
}

fn unknown(from_originator: bool) -> CallReference {
    CallReference::new(77, from_originator, ReferenceLength::Two)
}

#[test]
fn each_kind_of_message_about_no_call_gets_its_answer() {
    for side in [Side::User, Side::Network] {
        for ours in [false, true] {
            for kind in Kind::NAMED {
                // §5.8.3.2 a to d, §5.8.10, §5.8.11.
                let expected: &[&str] = match (kind, side) {
                    (Kind::Setup, _) if ours => continue,
                    (Kind::Setup | Kind::ReleaseComplete, _) => &[],
                    // Annex H.3: a part says nothing by itself.
                    (Kind::Segment, _) => &[],
                    (Kind::Status, _) => &["RELEASE COMPLETE 101"],
                    (Kind::StatusEnquiry, _) => &["STATUS 30"],
                    (Kind::Resume, Side::Network) => &["RESUME REJECT 85"],
                    _ => &["RELEASE COMPLETE 81"],
                };
                let message = places::message(unknown(ours), *kind);
                assert_eq!(answers(side, &message), expected, "{side:?} {kind}");
            }
        }
    }
}

#[test]
fn a_status_of_no_call_about_no_call_is_dropped() {
    let message = Message::new(unknown(true), Kind::Status)
        .with(Cause::new(Location::USER, CauseValue::STATUS_ENQUIRED))
        .with(CallState::new(0));
    assert_eq!(answers(Side::User, &message), [""; 0]);
}

#[test]
fn a_setup_without_what_it_must_have_is_refused() {
    let bare = Message::new(unknown(true), Kind::Setup);
    assert_eq!(answers(Side::Network, &bare), ["RELEASE COMPLETE 96"]);
    let raw =
        |id, content: &[u8]| Element::Other(Raw { codeset: 0, id, content: content.to_vec() });
    let malformed = bare.clone().with(raw(0x04, &[]));
    assert_eq!(answers(Side::Network, &malformed), ["RELEASE COMPLETE 100"]);
    let important = bare.with(BearerCapability::speech_alaw()).with(raw(0x0b, &[1]));
    assert_eq!(answers(Side::Network, &important), ["RELEASE COMPLETE 96"]);
}

#[test]
fn what_is_about_the_whole_line_and_no_restart_gets_status_81() {
    let global = CallReference::global(true, ReferenceLength::Two);
    for kind in Kind::NAMED {
        let expected: &[&str] = match kind {
            Kind::Restart => &["RESTART ACKNOWLEDGE"],
            Kind::RestartAck | Kind::Status | Kind::Segment => &[],
            _ => &["STATUS 81"],
        };
        let message = places::message(global, *kind);
        assert_eq!(answers(Side::User, &message), expected, "{kind}");
    }
}

#[test]
fn a_restart_that_says_too_little_or_too_much_is_refused() {
    use tdm::q931::element::{ChannelId, RestartIndicator};
    let global = CallReference::global(true, ReferenceLength::Two);
    let bare = || Message::new(global, Kind::Restart);
    assert_eq!(answers(Side::User, &bare()), ["STATUS 96"]);
    let no_channel = bare().with(RestartIndicator::Channels);
    assert_eq!(answers(Side::User, &no_channel), ["STATUS 96"]);
    let strange = bare().with(RestartIndicator::Channels).with(ChannelId::primary(9));
    assert_eq!(answers(Side::User, &strange), ["STATUS 82"]);
    let reserved = bare().with(RestartIndicator::Reserved(3));
    assert_eq!(answers(Side::User, &reserved), ["STATUS 100"]);
}

#[test]
fn octets_that_are_no_message_get_no_answer() {
    let now = Instant::now();
    let mut interface = Interface::new(Params::of(Side::User, Dialect::EuroIsdn, vec![1, 2]));
    interface.link_up(LinkId(0), now);
    while interface.poll_output().is_some() {}
    for octets in [&[][..], &[8], &[8, 2, 0], &[9, 2, 0, 1, 5], &[8, 0x13, 0, 1, 5]] {
        interface.receive(LinkId(0), octets, now);
        assert!(matches!(interface.poll_output(), Some(Output::Tell(Notice::Fault(_)))));
        assert_eq!(interface.poll_output(), None);
    }
}
