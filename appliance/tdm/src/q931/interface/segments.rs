//! Long messages that come in parts (ITU-T Q.931 annex H.3).

use std::collections::BTreeMap;
use std::time::Instant;

use super::{Due, Fault, Interface, LinkId, Notice};
use crate::q931::call::after;
use crate::q931::element::Segmented;
use crate::q931::message::{CallReference, Discriminator, Message, MessageKind};
use crate::q931::timers::Timer;

/// What came so far on each D channel: a link that keeps the order carries one long message at a time.
#[derive(Debug, Default)]
pub(super) struct Segments {
    open: BTreeMap<LinkId, Open>,
}

#[derive(Debug)]
struct Open {
    call: CallReference,
    kind: u8,
    /// How many parts came.
    count: u8,
    /// How many are still to come.
    remaining: u8,
    content: Vec<u8>,
}

impl Interface {
    /// One part of a long message; the octets of the message if it is the last one.
    pub(super) fn segment(
        &mut self,
        link: LinkId,
        part: &Message,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let before = self.segments.open.remove(&link);
        self.clock.set(Due::Segments(link), None);
        let Some((head, content)) = part.segment() else {
            self.tell(Notice::Fault(Fault::SegmentsLost(link)));
            return None;
        };
        let lost = match &before {
            // The one before it will never be whole.
            Some(_) if head.first => true,
            // A part of another message, or one is missing between.
            Some(open) => !open.goes_on_with(part.call, head),
            // What is left of a message whose beginning is lost is dropped without another word.
            None if !head.first => return None,
            None => false,
        };
        if lost {
            self.tell(Notice::Fault(Fault::SegmentsLost(link)));
        }
        let mut open = match before {
            Some(open) if !lost => open,
            _ if head.first => Open::begun_with(part.call, head),
            _ => return None,
        };
        open.count = open.count.saturating_add(1);
        open.remaining = head.remaining;
        open.content.extend(content);
        let whole = head.remaining == 0;
        // No message has more than eight parts, and none is a part of another one.
        let possible = open.count.saturating_add(head.remaining) <= MOST_SEGMENTS;
        if !possible || whole && !open.is_message() {
            self.tell(Notice::Fault(Fault::SegmentsLost(link)));
            return None;
        }
        if whole {
            return Some(open.octets());
        }
        self.segments.open.insert(link, open);
        let at = after(self.params.rules.timers.t314, now);
        self.clock.set(Due::Segments(link), at.map(|at| (at, Timer::T314)));
        None
    }

    /// T314, another message between the parts, or a link that lost something: no more parts will come.
    pub(super) fn drop_segments(&mut self, link: LinkId) {
        self.clock.set(Due::Segments(link), None);
        if self.segments.open.remove(&link).is_some() {
            self.tell(Notice::Fault(Fault::SegmentsLost(link)));
        }
    }
}

impl Open {
    fn begun_with(call: CallReference, head: Segmented) -> Self {
        Self { call, kind: head.kind, count: 0, remaining: head.remaining, content: Vec::new() }
    }

    fn goes_on_with(&self, call: CallReference, head: Segmented) -> bool {
        let next = self.remaining.checked_sub(1) == Some(head.remaining);
        call == self.call && head.kind == self.kind && next
    }

    fn is_message(&self) -> bool {
        self.kind != 0 && self.kind() != MessageKind::Segment
    }

    fn kind(&self) -> MessageKind {
        MessageKind::from_octet(Discriminator::CallControl, self.kind)
    }

    /// The message as if it had come at once.
    fn octets(self) -> Vec<u8> {
        let mut octets = Message::new(self.call, self.kind()).octets();
        octets.extend(self.content);
        octets
    }
}

/// How many parts a message may have (annex H.2 a).
const MOST_SEGMENTS: u8 = 8;
