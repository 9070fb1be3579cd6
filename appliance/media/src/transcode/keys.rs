//! Keys that are pressed in the midst of a stream: as events, and as tones for who has none.

use super::numbering::Place;
use super::reached::Reached;
use super::timeline::{Clocks, Timeline};
use super::tones::Tones;
use super::ways::Way;
use super::work::{self, UNSTEADY};
use super::{Came, Desk, Interpreter, Outcome, finish};
use crate::keys::{Event, ToneEvent};
use crate::rtp::{FIXED, Head};
use std::ops::Range;
use std::time::Instant;

impl Interpreter {
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
                Some(Way::Fitted(fit)) => match self.plan.fits.get(*fit) {
                    Some(fit) => fit.clock(),
                    None => return Outcome::Untranslatable,
                },
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

    /// The box says a key from now on, where events have this clock; with which timestamp. What
    /// waited for a whole packet is on the desk.
    pub(crate) fn begin_key(&mut self, due: Instant, clock: u32, own: u64, desk: &mut Desk) -> u32 {
        self.finish_cutting(desk);
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

    /// A key becomes its tone, as far as it is known to be held.
    pub(super) fn sound_key(
        &mut self,
        head: Head,
        place: Place,
        event: Event,
        clock: u32,
        desk: &mut Desk,
    ) -> Outcome {
        if place == Place::Late {
            return Outcome::Late;
        }
        self.finish_cutting(desk);
        let Some(outlet) = &mut self.plan.outlet else { return Outcome::Untranslatable };
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
}

/// How long a key has been pressed, in the ticks of another clock (RFC 4733 §2.3.5). What does not
/// fit into the field any more goes on as another segment (§2.5.1.3), which begins so many ticks
/// later.
pub(super) fn scale_keys(
    bytes: &mut [u8],
    payload: Option<Range<usize>>,
    from: u32,
    to: u32,
) -> u32 {
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
