//! Long messages in parts (ITU-T Q.931 annex H).

use std::time::{Duration, Instant};

use proptest::prelude::*;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{BearerCapability, ChannelId, Element, Number, Segmented};
use tdm::q931::interface::{Fault, Interface, LinkId, Notice, Output, Params};
use tdm::q931::message::{CallReference, Message, MessageKind as Kind, ReferenceLength};
use tdm::q931::timers::{Side, Timer};

const D: LinkId = LinkId(0);
const LOST: Output = Output::Tell(Notice::Fault(Fault::SegmentsLost(D)));

struct Far {
    interface: Interface,
    now: Instant,
}

impl Far {
    fn new() -> Self {
        let now = Instant::now();
        let params = Params::of(Side::Network, Dialect::Qsig, (1..=4).collect());
        let mut far = Self { interface: Interface::new(params), now };
        far.interface.link_up(D, now);
        far.outputs();
        far
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.interface.poll_output()).collect()
    }

    fn hears(&mut self, octets: &[u8]) -> Vec<Output> {
        self.interface.receive(D, octets, self.now);
        self.outputs()
    }

    fn after(&mut self, milliseconds: u64) -> Vec<Output> {
        self.now += Duration::from_millis(milliseconds);
        self.interface.handle_timeout(self.now);
        self.outputs()
    }
}

fn reference(value: u16) -> CallReference {
    CallReference::new(value, true, ReferenceLength::Two)
}

fn setup() -> Message {
    Message::new(reference(5), Kind::Setup)
        .with(BearerCapability::speech_alaw())
        .with(ChannelId::primary(2).exclusively())
        .with(Element::CalledNumber(Number::unknown("4711")))
        .with(Element::SendingComplete)
}

/// The parts of a message whose content is cut behind these octets.
fn parts(message: &Message, cuts: &[usize]) -> Vec<Vec<u8>> {
    let octets = message.octets();
    let header = Message::new(message.call, message.kind).octets().len();
    let content = &octets[header..];
    let ends = cuts.iter().copied().chain([content.len()]);
    let mut begin = 0;
    let mut parts = Vec::new();
    for (index, end) in ends.enumerate() {
        let remaining = u8::try_from(cuts.len() - index).unwrap();
        let head = Segmented { first: index == 0, remaining, kind: message.kind.octet() };
        let mut part = Message::new(message.call, Kind::Segment).with(head).octets();
        part.extend(&content[begin..end]);
        parts.push(part);
        begin = end;
    }
    parts
}

proptest! {
    #[test]
    fn a_message_in_up_to_eight_parts_cut_anywhere_is_heard_as_if_it_came_at_once(
        mut cuts in prop::collection::vec(0..=18_usize, 0..8),
    ) {
        cuts.sort_unstable();
        let (mut whole, mut cut) = (Far::new(), Far::new());
        let expected = whole.hears(&setup().octets());
        prop_assert!(expected.len() > 1);
        let parts = parts(&setup(), &cuts);
        let (last, before) = parts.split_last().unwrap();
        for part in before {
            prop_assert_eq!(cut.hears(part), Vec::new());
            cut.after(3999);
        }
        prop_assert_eq!(cut.hears(last), expected);
        prop_assert_eq!(cut.interface.poll_timeout(), whole.interface.poll_timeout());
    }
}

#[test]
fn a_message_whose_next_part_does_not_come_within_t314_is_dropped() {
    let mut far = Far::new();
    let parts = parts(&setup(), &[4, 9]);
    assert_eq!(far.hears(&parts[0]), []);
    let due = far.now + Duration::from_secs(4);
    assert_eq!(far.interface.poll_timeout(), Some((due, Timer::T314)));
    assert_eq!(far.after(3999), []);
    assert_eq!(far.after(1), [LOST]);
    // The rest of it belongs to nothing, and is not reproached again.
    assert_eq!(far.hears(&parts[1]), []);
    assert_eq!(far.hears(&parts[2]), []);
    assert_eq!(far.interface.poll_timeout(), None);
}

#[test]
fn a_part_that_is_missing_takes_the_message_with_it() {
    let mut far = Far::new();
    let parts = parts(&setup(), &[4, 9]);
    assert_eq!(far.hears(&parts[0]), []);
    assert_eq!(far.hears(&parts[2]), [LOST]);
    assert_eq!(far.interface.poll_timeout(), None);
}

#[test]
fn a_message_that_begins_before_the_end_of_another_takes_its_place() {
    let mut far = Far::new();
    let parts = parts(&setup(), &[4, 9]);
    assert_eq!(far.hears(&parts[0]), []);
    assert_eq!(far.hears(&parts[0]), [LOST]);
    assert_eq!(far.hears(&parts[1]), []);
    assert_eq!(far.hears(&parts[2]), Far::new().hears(&setup().octets()));
}

#[test]
fn a_part_of_another_call_or_of_another_kind_takes_the_message_with_it() {
    let ours = parts(&setup(), &[4]);
    let mut other = setup();
    other.call = reference(6);
    let mut alerting = setup();
    alerting.kind = Kind::Alerting;
    for stranger in [other, alerting] {
        let mut far = Far::new();
        assert_eq!(far.hears(&ours[0]), []);
        assert_eq!(far.hears(&parts(&stranger, &[4])[1]), [LOST]);
        assert_eq!(far.hears(&ours[1]), []);
    }
}

#[test]
fn a_whole_message_between_the_parts_is_heard_and_the_parts_are_lost() {
    let mut far = Far::new();
    let parts = parts(&setup(), &[4]);
    assert_eq!(far.hears(&parts[0]), []);
    let between = Message::new(reference(9), Kind::StatusEnquiry).octets();
    let outputs = far.hears(&between);
    assert_eq!(outputs[0], LOST);
    assert!(matches!(outputs[1], Output::Send { .. }));
    assert_eq!(far.hears(&parts[1]), []);
}

#[test]
fn nine_parts_are_no_message() {
    let mut far = Far::new();
    let parts = parts(&setup(), &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(far.hears(&parts[0]), [LOST]);
    for part in &parts[1..] {
        assert_eq!(far.hears(part), []);
    }
    // Nor more than were announced.
    let parts = self::parts(&setup(), &[1]);
    assert_eq!(far.hears(&parts[0]), []);
    assert_eq!(far.hears(&self::parts(&setup(), &[1, 2, 3])[1]), [LOST]);
}

#[test]
fn a_part_says_of_which_message_and_that_is_no_part() {
    let mut far = Far::new();
    let bare = Message::new(reference(5), Kind::Segment);
    assert_eq!(far.hears(&bare.octets()), [LOST]);
    let wrong = bare.clone().with(Element::SendingComplete);
    assert_eq!(far.hears(&wrong.octets()), [LOST]);
    for kind in [0, Kind::Segment.octet()] {
        let alone = bare.clone().with(Segmented { first: true, remaining: 0, kind });
        assert_eq!(far.hears(&alone.octets()), [LOST]);
    }
}

#[test]
fn a_link_that_lost_something_lost_the_parts_too() {
    for reset in [true, false] {
        let mut far = Far::new();
        let parts = parts(&setup(), &[4]);
        assert_eq!(far.hears(&parts[0]), []);
        if !reset {
            far.interface.link_down(D, far.now);
        }
        far.interface.link_up(D, far.now);
        assert!(far.outputs().contains(&LOST));
        assert_eq!(far.hears(&parts[1]), []);
    }
}
