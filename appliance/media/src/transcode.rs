//! Between two far sides that do not speak the same: what one says, as the other understands it.
//!
//! A packet that the other side understands passes as it came, at most with another payload type
//! and, after something else was done to the stream, other numbers. Where it holds more or less sound
//! than the other side wants in one, its codes leave in packets of that length. Other sound is decoded
//! and encoded on arrival: the far side has a jitter buffer of its own, and a second one before it
//! would only add delay. So what is missing stays missing, in gaps of the same length that the far
//! side conceals; nothing is sent for pauses in which nothing came.
//!
//! Whatever is done to it, a stream leaves as one stream: under its sender's name, with numbers and
//! timestamps that go on.

mod cut;
mod desk;
mod direct;
mod inlet;
mod keys;
mod numbering;
mod outlet;
mod own;
mod packets;
mod reached;
pub(crate) mod reports;
mod timeline;
mod tones;
mod ways;
mod work;

use crate::keys::Event;
use crate::rtp::{Head, Header};
use call::{Format, Formats};
use cut::Cutter;
pub(crate) use desk::Desk;
pub(crate) use inlet::Room;
use keys::scale_keys;
use media_dsp::amrwb::Mode;
use numbering::{Numbering, Place};
use outlet::Name;
pub(crate) use packets::Packets;
use reached::Reached;
use std::ops::Range;
use std::time::Instant;
use timeline::{Clocks, Timeline};
use tones::Tones;
pub(crate) use ways::events;
use ways::{Plan, Way};
use work::Work;

pub(crate) use outlet::Outlet;

/// One direction of a bridge between two sides whose formats are known.
#[derive(Debug)]
pub(crate) struct Interpreter {
    plan: Plan,
    /// Sound for a side that is spoken to differently now, until the next packet.
    unsaid: Option<Box<Outlet>>,
    /// What is understood and left in packets of another length; nothing before the first.
    cutter: Option<Box<Cutter>>,
    numbering: Numbering,
    /// Nothing before the first packet.
    timeline: Option<Timeline>,
    /// Where keys become tones; nothing before the first.
    tones: Option<Box<Tones>>,
    /// The last packet that left in order.
    reached: Option<Reached>,
    /// With which timestamp the first packet of a stream goes on where another ended.
    joins: Option<u32>,
    /// Whether the stream leaves otherwise than it came.
    touched: bool,
    sight: Sight,
}

/// Whether the box knows how far the stream has come that its hearer hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// All of it passes here.
    Seen,
    /// It goes past the box.
    Lost,
    /// It comes here again, but nothing of it has come.
    Expected,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on, with what was changed in its header.
    Passes,
    /// It goes on as the packets on the desk: several, one, or none yet.
    Made,
    /// The same codes go on in packets of another length: several, one, or none yet.
    Cut,
    /// It came when its place was gone.
    Late,
    /// It is no payload of its codec, or nothing that the other side has a word for.
    Untranslatable,
    /// The tone of a key is heard in its place.
    Keyed,
}

/// An RTP packet that came, in numbers.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) head: Head,
    /// Where its payload lies; nothing if its padding is wrong.
    pub(crate) payload: Option<Range<usize>>,
}

impl Came {
    /// Nothing when it is no RTP.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let header = Header::parse(bytes).ok()?;
        let start = bytes.len().saturating_sub(header.payload().len());
        let payload = header.unpadded().map(|it| start..start + it.len());
        Some(Self { head: Head::of(&header), payload })
    }
}

impl Interpreter {
    /// Nothing is known of either side.
    pub(crate) fn new() -> Self {
        let (plan, numbering) = (Plan::nothing(), Numbering::new());
        Self {
            plan,
            unsaid: None,
            cutter: None,
            numbering,
            timeline: None,
            tones: None,
            reached: None,
            joins: None,
            touched: false,
            sight: Sight::Seen,
        }
    }

    /// What the two sides agreed on has changed, or one of them has. The stream goes on.
    ///
    /// `told`: the other side learns of keys by signalling where it has no events for them.
    pub(crate) fn arrange(&mut self, receive: &[Format], other: &Formats, told: bool) {
        let mut before = std::mem::replace(&mut self.plan, Plan::nothing());
        self.plan = Plan::new(receive, other, told, &mut before);
        if let Some(cutter) = &mut self.cutter {
            cutter.refit(&self.plan.fits);
        }
        self.leave(before);
    }

    /// One side is not known any more: what it says passes unread.
    pub(crate) fn disarrange(&mut self) {
        let before = std::mem::replace(&mut self.plan, Plan::nothing());
        self.leave(before);
    }

    /// What this stream's hearer hears goes past the box from now on. What comes here all the same
    /// leaves as it came, as what goes past does.
    pub(crate) fn lose_sight(&mut self) {
        self.begin_anew();
        self.sight = Sight::Lost;
    }

    /// What this stream's hearer hears comes here again.
    pub(crate) fn find_again(&mut self) {
        if self.sight == Sight::Lost {
            self.sight = Sight::Expected;
        }
    }

    /// Goes on nowhere: nothing came yet, and nothing was said.
    fn begin_anew(&mut self) {
        self.numbering = Numbering::new();
        (self.timeline, self.reached, self.joins, self.unsaid) = (None, None, None, None);
        self.cutter.iter_mut().for_each(|it| it.clear());
        self.touched = false;
    }

    /// Takes a packet, and changes it where it lies or makes others of it.
    pub(crate) fn hear(
        &mut self,
        came: &Came,
        bytes: &mut [u8],
        now: Instant,
        desk: &mut Desk,
    ) -> Outcome {
        let place = self.arrive(came.head, now, desk);
        let outcome = self.go(came, place, bytes, now, desk);
        self.reach(came.head.timestamp, place, now);
        self.touched |= matches!(outcome, Outcome::Made | Outcome::Cut);
        outcome
    }

    /// Where a packet stands; what was there before is done with.
    fn arrive(&mut self, head: Head, now: Instant, desk: &mut Desk) -> Place {
        desk.packets.clear();
        if self.sight == Sight::Expected {
            self.sight = Sight::Seen;
        }
        let place = self.numbering.see(head.ssrc, head.sequence);
        if matches!(place, Place::First | Place::Joins) {
            self.timeline = None;
            self.unsaid = None;
            self.cutter.iter_mut().for_each(|it| it.clear());
            self.touched = place == Place::Joins;
            self.joins = self.reached.filter(|_| self.touched).map(|it| it.by(now));
            if let Some(outlet) = &mut self.plan.outlet {
                outlet.begin();
            }
        }
        if place != Place::Late
            && let Some(mut outlet) = self.unsaid.take()
        {
            finish(&mut outlet, &mut self.numbering, desk);
        }
        place
    }

    /// Remembers how far the stream has come with a packet of this timestamp.
    fn reach(&mut self, timestamp: u32, place: Place, now: Instant) {
        let Some(timeline) = self.timeline.filter(|_| place != Place::Late) else { return };
        let clock = match timeline.clocks() {
            Clocks { to: 1, .. } => self.reached.map_or(USUAL_CLOCK, |it| it.clock),
            Clocks { to, .. } => to,
        };
        let timestamp = timeline.map(timestamp);
        let cut = self.cutter.as_ref().and_then(|it| it.end());
        let lasts = cut.map(|end| end.wrapping_sub(timestamp)).filter(|lasts| *lasts <= clock);
        let lasts = lasts.unwrap_or(clock / PACKETS);
        self.reached = Some(Reached { at: now, timestamp, clock, lasts });
    }

    /// What the far side asks of whoever speaks to it, if it did since the last time.
    pub(crate) fn take_request(&mut self) -> Option<Mode> {
        self.plan.inlets.iter_mut().find_map(|inlet| inlet.take_request())
    }

    /// The far side asks for no more than this mode.
    pub(crate) fn obey(&mut self, mode: Mode) {
        if let Some(outlet) = &mut self.plan.outlet {
            outlet.obey(mode);
        }
    }

    fn leave(&mut self, before: Plan) {
        if let Some(outlet) = before.outlet.filter(|it| !it.is_empty()) {
            self.unsaid = Some(Box::new(outlet));
        }
    }

    fn go(
        &mut self,
        came: &Came,
        place: Place,
        bytes: &mut [u8],
        now: Instant,
        desk: &mut Desk,
    ) -> Outcome {
        let head = came.head;
        let way = self.plan.ways.get(usize::from(head.payload_type)).copied();
        let way = way.unwrap_or(Way::Unread);
        let sound =
            matches!(way, Way::Known { clock: Some(_), .. } | Way::Fitted(_) | Way::Decoded(_));
        if sound && self.tones.as_ref().is_some_and(|tones| tones.cover(head.timestamp)) {
            return Outcome::Keyed;
        }
        match way {
            Way::Unread => self.pass(head, place, None, 0, bytes, desk),
            Way::Known { payload_type, clock } => {
                let head = Head { payload_type, ..head };
                self.pass(head, place, clock, 0, bytes, desk)
            }
            Way::Fitted(fit) => {
                self.fit(fit, head, place, (bytes, came.payload.clone()), now, desk)
            }
            Way::Keys { payload_type, from, to } => {
                let later = scale_keys(bytes, came.payload.clone(), from, to);
                let head = Head { payload_type, ..head };
                self.pass(head, place, None, later, bytes, desk)
            }
            Way::Decoded(inlet) => {
                let Some(payload) = came.payload.clone().and_then(|it| bytes.get(it)) else {
                    return Outcome::Untranslatable;
                };
                self.translate(inlet, head, place, payload, desk)
            }
            Way::Tones { clock } => {
                let payload = came.payload.clone().and_then(|it| bytes.get(it));
                let Some(event) = payload.and_then(Event::parse) else {
                    return Outcome::Untranslatable;
                };
                self.sound_key(head, place, event, clock, desk)
            }
            Way::Unspeakable => Outcome::Untranslatable,
        }
    }

    /// One packet leaves for the one that came, and says the same, `later` by so many ticks.
    fn pass(
        &mut self,
        head: Head,
        place: Place,
        sound: Option<u32>,
        later: u32,
        bytes: &mut [u8],
        desk: &mut Desk,
    ) -> Outcome {
        let cut = place != Place::Late && self.finish_cutting(desk);
        if sound.is_some() && place != Place::Late && !self.numbering.is_straight() {
            if let Some(outlet) = &mut self.plan.outlet {
                finish(outlet, &mut self.numbering, desk);
            }
            self.skip(place);
            self.numbering.straighten(head.sequence);
        }
        let sequence = match (self.numbering.straight(head.sequence), place) {
            (Some(sequence), _) => sequence,
            (None, Place::Late) => return Outcome::Late,
            (None, Place::First | Place::Joins | Place::Next { .. }) => {
                self.skip(place);
                self.numbering.count()
            }
        };
        let timestamp = self.at(head.timestamp, place, sound.map(|it| Clocks { from: it, to: it }));
        let timestamp = timestamp.wrapping_add(later);
        let ssrc = self.numbering.name().unwrap_or(head.ssrc);
        let marker = head.marker || place == Place::Joins;
        Head { sequence, timestamp, ssrc, marker, ..head }.write_over(bytes);
        self.numbering.note_sent(bytes.len().saturating_sub(crate::rtp::FIXED));
        if desk.packets.is_empty() {
            return Outcome::Passes;
        }
        desk.packets.add_whole(bytes);
        if cut { Outcome::Cut } else { Outcome::Made }
    }

    /// Decodes and encodes.
    fn translate(
        &mut self,
        inlet: usize,
        head: Head,
        place: Place,
        payload: &[u8],
        desk: &mut Desk,
    ) -> Outcome {
        if place != Place::Late {
            self.finish_cutting(desk);
        }
        let (Some(inlet), Some(outlet)) = (self.plan.inlets.get_mut(inlet), &mut self.plan.outlet)
        else {
            return Outcome::Untranslatable;
        };
        let clocks = Clocks { from: inlet.codec().clock(), to: outlet.codec().clock() };
        let joins = self.joins.take().unwrap_or(head.timestamp);
        let timeline =
            self.timeline.get_or_insert_with(|| Timeline::join(head.timestamp, joins, clocks));
        let ssrc = self.numbering.name().unwrap_or(head.ssrc);
        let mut work = Work { inlet, outlet, numbering: &mut self.numbering, ssrc, desk };
        match place {
            Place::Late => work.late(head, timeline.map(head.timestamp), payload),
            Place::First | Place::Joins => {
                let head = Head { marker: head.marker || place == Place::Joins, ..head };
                work.begin(timeline.place(head.timestamp, clocks), head, payload)
            }
            Place::Next { lost } => {
                work.bridge(timeline.place(head.timestamp, clocks), lost);
                work.hear(head, payload)
            }
        }
    }

    /// Leaves out numbers for packets that are missing where they are counted.
    fn skip(&mut self, place: Place) {
        if let Place::Next { lost } = place {
            self.numbering.skip(lost);
        }
    }

    /// The timestamp with which something leaves.
    fn at(&mut self, timestamp: u32, place: Place, clocks: Option<Clocks>) -> u32 {
        let unknown = Clocks { from: 1, to: 1 };
        let joins = self.joins.take().unwrap_or(timestamp);
        let timeline = self
            .timeline
            .get_or_insert_with(|| Timeline::join(timestamp, joins, clocks.unwrap_or(unknown)));
        if place == Place::Late {
            return timeline.map(timestamp);
        }
        timeline.place(timestamp, clocks.unwrap_or(timeline.clocks()))
    }
}

/// What waits for a whole packet leaves as it is.
fn finish(outlet: &mut Outlet, numbering: &mut Numbering, desk: &mut Desk) {
    let Some(ssrc) = numbering.name() else { return };
    let name = || Name { sequence: numbering.count(), ssrc };
    if let Some(length) = outlet.finish(name, &mut desk.packets) {
        numbering.note_sent(length);
    }
}

/// Of sound that nobody named, and how many of its packets there are in a second (RFC 3551 §4.2).
const USUAL_CLOCK: u32 = 8_000;
const PACKETS: u32 = 50;
