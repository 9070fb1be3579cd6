//! Between two far sides that do not speak the same: what one says, as the other understands it.
//!
//! A packet that the other side understands passes as it came, at most with another payload type
//! and, after something else was done to the stream, other numbers. Other sound is decoded and
//! encoded on arrival: the far side has a jitter buffer of its own, and a second one before it
//! would only add delay. So what is missing stays missing, in gaps of the same length that the far
//! side conceals; nothing is sent for pauses in which nothing came.
//!
//! Whatever is done to it, a stream leaves as one stream: under its sender's name, with numbers and
//! timestamps that go on.

mod direct;
mod inlet;
mod numbering;
mod outlet;
mod packets;
mod reached;
pub(crate) mod reports;
mod timeline;
mod tones;
mod ways;
mod work;

use crate::keys::{Event, ToneEvent};
use crate::rtp::{FIXED, Head, Header};
use call::{Format, Formats};
pub(crate) use inlet::Room;
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
use work::{UNSTEADY, Work};

pub(crate) use outlet::Outlet;

/// One direction of a bridge between two sides whose formats are known.
#[derive(Debug)]
pub(crate) struct Interpreter {
    plan: Plan,
    /// Sound for a side that is spoken to differently now, until the next packet.
    unsaid: Option<Box<Outlet>>,
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
}

/// What all interpreters of a thread share: room for the sound of the packet at hand, and the
/// packets that were made of it.
#[derive(Debug)]
pub(crate) struct Desk {
    room: Room,
    packets: Packets,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on, with what was changed in its header.
    Passes,
    /// It goes on as the packets on the desk: several, one, or none yet.
    Made,
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
            numbering,
            timeline: None,
            tones: None,
            reached: None,
            joins: None,
            touched: false,
        }
    }

    /// What the two sides agreed on has changed, or one of them has. The stream goes on.
    ///
    /// `told`: the other side learns of keys by signalling where it has no events for them.
    pub(crate) fn arrange(&mut self, receive: &[Format], other: &Formats, told: bool) {
        let mut before = std::mem::replace(&mut self.plan, Plan::nothing());
        self.plan = Plan::new(receive, other, told, &mut before);
        self.leave(before);
    }

    /// One side is not known any more: what it says passes unread.
    pub(crate) fn disarrange(&mut self) {
        let before = std::mem::replace(&mut self.plan, Plan::nothing());
        self.leave(before);
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
        let outcome = self.go(came, place, bytes, desk);
        self.reach(came.head.timestamp, place, now);
        self.touched |= outcome == Outcome::Made;
        outcome
    }

    /// Takes a packet in whose sound is to be a key. It leaves as an event under this number and
    /// with this clock, or as tones where there are no events.
    pub(crate) fn press(
        &mut self,
        came: &Came,
        tone: ToneEvent,
        events: Option<(u8, u32)>,
        now: Instant,
        desk: &mut Desk,
    ) -> Outcome {
        let place = self.arrive(came.head, now, desk);
        if place == Place::Late {
            return Outcome::Late;
        }
        let Some(events) = events else {
            let clock = match self.plan.ways.get(usize::from(came.head.payload_type)) {
                Some(Way::Known { clock: Some(clock), .. }) => *clock,
                Some(Way::Decoded(inlet)) => match self.plan.inlets.get(*inlet) {
                    Some(inlet) => inlet.codec().clock(),
                    None => return Outcome::Untranslatable,
                },
                _ => return Outcome::Untranslatable,
            };
            let head = Head { timestamp: tone.timestamp, ..came.head };
            let outcome = self.sound_key(head, place, tone.at(clock), clock, desk);
            self.reach(head.timestamp, place, now);
            self.touched = true;
            return outcome;
        };
        if let Some(outlet) = &mut self.plan.outlet {
            finish(outlet, &mut self.numbering, desk);
        }
        let (payload_type, clock) = events;
        let (timestamp, marker) = (tone.timestamp, tone.begins);
        let head = Head { payload_type, timestamp, marker, ..came.head };
        let mut packet = [0; FIXED + Event::OCTETS];
        let (fixed, payload) = packet.split_at_mut(FIXED);
        fixed.copy_from_slice(&head.octets());
        payload.copy_from_slice(&tone.at(clock).octets());
        let outcome = self.pass(head, place, None, 0, &mut packet, desk);
        self.reach(timestamp, place, now);
        if outcome == Outcome::Passes {
            desk.packets.add_whole(&packet);
        }
        self.touched = true;
        Outcome::Made
    }

    /// Where a packet stands; what was there before is done with.
    fn arrive(&mut self, head: Head, now: Instant, desk: &mut Desk) -> Place {
        desk.packets.clear();
        let place = self.numbering.see(head.ssrc, head.sequence);
        if matches!(place, Place::First | Place::Joins) {
            self.timeline = None;
            self.unsaid = None;
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
        self.reached = Some(Reached { at: now, timestamp, clock, lasts: clock / PACKETS });
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

    /// The box itself speaks from now on, with this clock; the timestamp of its first sound. `own`:
    /// names and numbers the stream, where nobody spoke in it yet.
    pub(crate) fn take_over(&mut self, now: Instant, clock: u32, own: u64) -> u32 {
        self.numbering.take_over(own);
        self.unsaid = None;
        match &mut self.reached {
            Some(reached) => {
                let timestamp = reached.by(now);
                reached.clock = clock;
                timestamp
            }
            None => own as u32 ^ (own >> 32) as u32,
        }
    }

    /// Makes a packet of what waits in an outlet, if that is enough, of sound that was due at this
    /// instant.
    pub(crate) fn make(&mut self, outlet: &mut Outlet, due: Instant, desk: &mut Desk) -> bool {
        let samples = outlet.shape().packet();
        self.make_by(outlet, due, samples, |outlet, name| outlet.make(name, &mut desk.packets))
    }

    /// Makes a shorter packet of the rest.
    pub(crate) fn make_last(&mut self, outlet: &mut Outlet, due: Instant, desk: &mut Desk) {
        let samples = outlet.shape().packet() - outlet.lack();
        self.make_by(outlet, due, samples, |outlet, name| outlet.finish(name, &mut desk.packets));
    }

    /// Makes a packet of a payload that was encoded elsewhere; nothing waits in the outlet.
    pub(crate) fn make_as(
        &mut self,
        outlet: &mut Outlet,
        due: Instant,
        payload: &[u8],
        desk: &mut Desk,
    ) {
        let samples = outlet.shape().packet();
        self.make_by(outlet, due, samples, |outlet, name| {
            outlet.say_as(name(), samples, &mut desk.packets, |room| {
                room.get_mut(..payload.len())?.copy_from_slice(payload);
                Some(payload.len())
            })
        });
    }

    fn make_by(
        &mut self,
        outlet: &mut Outlet,
        due: Instant,
        samples: usize,
        make: impl FnOnce(&mut Outlet, &mut dyn FnMut() -> Name) -> Option<usize>,
    ) -> bool {
        let numbering = &mut self.numbering;
        let Some(ssrc) = numbering.name() else { return false };
        let (clock, timestamp) = (outlet.codec().clock(), outlet.position());
        let mut name = || Name { sequence: numbering.count(), ssrc };
        let Some(length) = make(outlet, &mut name) else { return false };
        self.numbering.note_sent(length);
        let lasts = outlet.shape().ticks(samples);
        self.reached = Some(Reached { at: due, timestamp, clock, lasts });
        true
    }

    /// The box says a key from now on, where events have this clock; with which timestamp. What
    /// waited for a whole packet is on the desk.
    pub(crate) fn begin_key(&mut self, due: Instant, clock: u32, own: u64, desk: &mut Desk) -> u32 {
        if let Some(outlet) = &mut self.plan.outlet {
            finish(outlet, &mut self.numbering, desk);
        }
        let clock = self.reached.map_or(clock, |it| it.clock);
        let timestamp = self.take_over(due, clock, own);
        // Sound that was there stays the measure: it goes on in time with its sender.
        self.reached.get_or_insert(Reached { at: due, timestamp, clock, lasts: 0 });
        timestamp
    }

    /// Makes a packet of a key.
    pub(crate) fn make_key(
        &mut self,
        payload_type: u8,
        tone: ToneEvent,
        clock: u32,
        desk: &mut Desk,
    ) {
        let Some(ssrc) = self.numbering.name() else { return };
        let (marker, timestamp) = (tone.begins, tone.timestamp);
        let sequence = self.numbering.count();
        let head = Head { marker, payload_type, sequence, timestamp, ssrc };
        let octets = tone.at(clock).octets();
        let made = desk.packets.add(head, |room| {
            room.get_mut(..octets.len())?.copy_from_slice(&octets);
            Some(octets.len())
        });
        made.into_iter().for_each(|length| self.numbering.note_sent(length));
    }

    fn leave(&mut self, before: Plan) {
        if let Some(outlet) = before.outlet.filter(|it| !it.is_empty()) {
            self.unsaid = Some(Box::new(outlet));
        }
    }

    fn go(&mut self, came: &Came, place: Place, bytes: &mut [u8], desk: &mut Desk) -> Outcome {
        let head = came.head;
        let way = self.plan.ways.get(usize::from(head.payload_type)).copied();
        let way = way.unwrap_or(Way::Unread);
        let sound = matches!(way, Way::Known { clock: Some(_), .. } | Way::Decoded(_));
        if sound && self.tones.as_ref().is_some_and(|tones| tones.cover(head.timestamp)) {
            return Outcome::Keyed;
        }
        match way {
            Way::Unread => self.pass(head, place, None, 0, bytes, desk),
            Way::Known { payload_type, clock } => {
                let head = Head { payload_type, ..head };
                self.pass(head, place, clock, 0, bytes, desk)
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

    /// A key becomes its tone, as far as it is known to be held.
    fn sound_key(
        &mut self,
        head: Head,
        place: Place,
        event: Event,
        clock: u32,
        desk: &mut Desk,
    ) -> Outcome {
        let Some(outlet) = &mut self.plan.outlet else { return Outcome::Untranslatable };
        if place == Place::Late {
            return Outcome::Late;
        }
        let rate = outlet.shape().rate();
        self.tones.take_if(|tones| tones.rate() != rate);
        let tones = self.tones.get_or_insert_with(|| Box::new(Tones::new(rate)));
        let Some(piece) = tones.press(head.timestamp, event, clock) else { return Outcome::Made };
        let to = outlet.codec().clock();
        let clocks = Clocks { from: clock, to };
        let joins = self.joins.take().unwrap_or(piece.at);
        let timeline = self.timeline.get_or_insert_with(|| Timeline::join(piece.at, joins, clocks));
        let at = timeline.place(piece.at, clocks);
        let away = outlet.end().map(|end| at.wrapping_sub(end).cast_signed().unsigned_abs());
        let follows = away.is_some_and(|away| away < UNSTEADY.ticks(to).unsigned_abs());
        if !follows {
            finish(outlet, &mut self.numbering, desk);
            outlet.place(at);
        }
        let Some(pcm) = tones.sound(piece, &mut desk.room) else { return Outcome::Untranslatable };
        outlet.push(pcm);
        let ssrc = self.numbering.name().unwrap_or(head.ssrc);
        work::make(outlet, &mut self.numbering, ssrc, desk);
        Outcome::Made
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
        Outcome::Made
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

impl Desk {
    pub(crate) fn new() -> Self {
        Self { room: Room::new(), packets: Packets::new() }
    }

    /// Nothing was made.
    pub(crate) fn clear(&mut self) {
        self.packets.clear();
    }

    /// Whether nothing was made.
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Exchanges what was made for other packets.
    pub(crate) fn swap(&mut self, packets: &mut Packets) {
        std::mem::swap(&mut self.packets, packets);
    }

    /// Takes a packet as it stands in place of all others.
    pub(crate) fn put(&mut self, packet: &[u8]) {
        self.packets.clear();
        self.packets.add_whole(packet);
    }

    /// What lies there, in order.
    pub(crate) fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.packets.iter()
    }

    /// Changes each packet where it lies; `change` says how long it is then, or takes it out.
    pub(crate) fn change(&mut self, change: impl FnMut(&mut [u8], usize) -> Option<usize>) {
        self.packets.change(change);
    }

    /// Room for the sound of the packet at hand.
    pub(crate) fn room(&mut self) -> &mut Room {
        &mut self.room
    }

    /// The next packet that was made.
    pub(crate) fn take(&mut self) -> Option<&[u8]> {
        self.packets.take()
    }

    /// How many were made, and their octets.
    pub(crate) fn sum(&self) -> (u64, u64) {
        self.packets.sum()
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

/// How long a key has been pressed, in the ticks of another clock (RFC 4733 §2.3.5). What does not
/// fit into the field any more goes on as another segment (§2.5.1.3), which begins so many ticks
/// later.
fn scale_keys(bytes: &mut [u8], payload: Option<Range<usize>>, from: u32, to: u32) -> u32 {
    let payload = payload.and_then(|it| bytes.get_mut(it));
    let Some([_, _, high, low]) = payload.and_then(|it| it.first_chunk_mut()) else { return 0 };
    let ticks = u64::from(u16::from_be_bytes([*high, *low]));
    let scaled = ticks * u64::from(to) / u64::from(from.max(1));
    let segments = scaled / SEGMENT;
    [*high, *low] = u16::try_from(scaled % SEGMENT).unwrap_or(u16::MAX).to_be_bytes();
    (segments * SEGMENT) as u32
}

/// The longest segment of a long event.
const SEGMENT: u64 = 0xffff;
/// Of sound that nobody named, and how many of its packets there are in a second (RFC 3551 §4.2).
const USUAL_CLOCK: u32 = 8_000;
const PACKETS: u32 = 50;
