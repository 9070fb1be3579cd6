//! A conference among the pairs of one media thread.

mod choir;

use crate::mixer::{Place, Room, TICK};
use crate::mouth::Mouth;
use crate::ports::Ports;
use crate::rtp::FIXED;
use crate::transcode::Desk;
use call::PortId;
use choir::{Apart, Choir, Hears, MOST_APART};
use media_dsp::resample::Rate;
use std::time::Instant;

/// Who is in it, and what they hear in this turn.
#[derive(Debug)]
pub(crate) struct Conference {
    room: Room,
    members: Vec<Member>,
    active: Option<Place>,
    choir: Choir,
    /// Who has to go back to the common encoder in this turn.
    called: Option<Place>,
    pcm: Box<[i16]>,
}

/// What became of the sound of members of conferences, in turns of one member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attention {
    /// It was decoded: it is heard, or did not show how loud it is.
    pub decoded: u64,
    /// It was passed over: it showed that there is nothing to hear.
    pub passed_over: u64,
}

/// Somebody in it.
#[derive(Debug)]
struct Member {
    port: PortId,
    place: Place,
    hears: Hears,
}

impl Conference {
    pub(crate) fn new() -> Self {
        Self {
            room: Room::new(),
            members: Vec::new(),
            active: None,
            choir: Choir::new(),
            called: None,
            pcm: vec![0; TICK.samples(Rate::Hz48000)].into_boxed_slice(),
        }
    }

    /// Lets somebody in; nothing when it is full.
    pub(crate) fn join(&mut self, port: PortId, rate: Rate) -> Option<Place> {
        let place = self.room.join(rate)?;
        self.members.push(Member { port, place, hears: Hears::Nothing });
        Some(place)
    }

    pub(crate) fn leave(&mut self, place: Place) {
        self.room.leave(place);
        self.members.retain(|it| it.place != place);
    }

    pub(crate) fn room(&mut self) -> &mut Room {
        &mut self.room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Hears all members, and adds up what they say. Says who speaks when that has changed.
    pub(crate) fn mix(
        &mut self,
        ports: &mut Ports,
        attention: &mut Attention,
        due: Instant,
    ) -> Option<Option<PortId>> {
        self.room.begin();
        for Member { port, place, .. } in &self.members {
            let Some(seat) = ports.of_mut(*port).and_then(|it| it.seat.as_mut()) else { continue };
            self.room.expect(*place, seat.level(due));
        }
        self.room.choose();
        self.choir.begin();
        for Member { port, place, hears } in &mut self.members {
            let Some(seat) = ports.of_mut(*port).and_then(|it| it.seat.as_mut()) else { continue };
            if !self.room.has_floor(*place) {
                match seat.pass(due) {
                    true => attention.passed_over += 1,
                    false => attention.decoded += 1,
                }
                continue;
            }
            attention.decoded += 1;
            self.room.say(*place, seat.hear(due));
            if let (Hears::All, Some(mouth)) = (&hears, &mut seat.mouth)
                && let Some(common) = self.choir.known(mouth.shape())
            {
                mouth.go_on_from(common.encoder());
            }
            *hears = Hears::Own(Apart::default());
        }
        self.room.mix();
        self.called = self.longest_apart();
        let active = self.room.active_speaker();
        let changed = active != std::mem::replace(&mut self.active, active);
        let port = |place| self.members.iter().find(|it| it.place == place).map(|it| it.port);
        changed.then(|| active.and_then(port))
    }

    /// Speaks to one member; the packets are on the desk. Nothing behind the last one.
    pub(crate) fn speak(
        &mut self,
        number: usize,
        ports: &mut Ports,
        due: Instant,
        desk: &mut Desk,
    ) -> Option<PortId> {
        desk.clear();
        let Member { port, place, hears } = self.members.get_mut(number)?;
        let Some(it) = ports.of_mut(*port) else { return Some(*port) };
        // What is played to it comes before what others say.
        let (Some(seat), None, Some(stream)) = (&mut it.seat, &it.voice, &mut it.interpreter)
        else {
            return Some(*port);
        };
        let rate = seat.rate();
        if let Some(spool) = &mut it.spool
            && let Some(pcm) = self.pcm.get_mut(..TICK.samples(rate))
        {
            self.room.hear(*place, pcm);
            spool.take(pcm, rate);
        }
        let (Some(mouth), Some(pcm)) = (&mut seat.mouth, self.pcm.get_mut(..TICK.samples(rate)))
        else {
            return Some(*port);
        };
        let common = is_common(mouth, rate);
        if self.room.has_floor(*place) || !common {
            if !common {
                *hears = Hears::Nothing;
            }
            self.room.hear(*place, pcm);
            mouth.say(pcm, due, stream, desk);
            return Some(*port);
        }
        let Some(unison) = self.choir.of(mouth.shape()) else { return Some(*port) };
        if let Hears::Own(apart) = hears {
            let called = self.called == Some(*place);
            if !unison.is_led_by(mouth.spoken()) && !called && !apart.is_over() {
                self.room.hear_all(rate, pcm);
                mouth.say(pcm, due, stream, desk);
                let own = desk.packets().last().and_then(|it| it.get(FIXED..));
                apart.compare(pcm, own.unwrap_or_default(), unison.encode(pcm));
                return Some(*port);
            }
        }
        *hears = Hears::All;
        if !unison.is_made() {
            self.room.hear_all(rate, pcm);
        }
        if let Some(payload) = unison.encode(pcm) {
            mouth.say_as(payload, pcm.len(), due, stream, desk);
        }
        Some(*port)
    }

    /// Who has waited longest for a moment to go back, where too many do.
    fn longest_apart(&self) -> Option<Place> {
        let waiting = self.members.iter().filter_map(|it| match &it.hears {
            Hears::Own(apart) if !self.room.has_floor(it.place) => Some((apart.waits, it.place)),
            _ => None,
        });
        (waiting.clone().count() > MOST_APART).then(|| waiting.max())?.map(|(_, place)| place)
    }
}

/// Whether a member may hear what all others hear: not where packets are of another length than a
/// turn.
fn is_common(mouth: &Mouth, rate: Rate) -> bool {
    let shape = mouth.shape();
    shape.rate() == rate && shape.packet() == TICK.samples(rate) && !mouth.is_waiting()
}
