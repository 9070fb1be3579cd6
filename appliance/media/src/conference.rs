//! A conference among the pairs of one media thread.

use crate::codec::{Encoder, Shape};
use crate::mixer::{Place, Room, TICK};
use crate::mouth::Mouth;
use crate::ports::Ports;
use crate::transcode::Desk;
use call::PortId;
use media_dsp::resample::Rate;
use std::time::Instant;

/// Who is in it, and what they hear in this turn.
#[derive(Debug)]
pub(crate) struct Conference {
    room: Room,
    members: Vec<(PortId, Place)>,
    active: Option<Place>,
    choir: Vec<Unison>,
    pcm: Box<[i16]>,
}

/// What all listeners with one codec hear, encoded once. A listener who gets the floor is spoken to
/// by an encoder of its own from then on; their states differ, which a decoder is over within one
/// packet, as after a loss.
#[derive(Debug)]
struct Unison {
    shape: Shape,
    encoder: Encoder,
    payload: Box<[u8]>,
    /// How long it is, once it is encoded in this turn.
    made: Option<usize>,
}

impl Conference {
    pub(crate) fn new() -> Self {
        Self {
            room: Room::new(),
            members: Vec::new(),
            active: None,
            choir: Vec::new(),
            pcm: vec![0; TICK.samples(Rate::Hz48000)].into_boxed_slice(),
        }
    }

    /// Lets somebody in; nothing when it is full.
    pub(crate) fn join(&mut self, port: PortId, rate: Rate) -> Option<Place> {
        let place = self.room.join(rate)?;
        self.members.push((port, place));
        Some(place)
    }

    pub(crate) fn leave(&mut self, place: Place) {
        self.room.leave(place);
        self.members.retain(|(_, it)| *it != place);
    }

    pub(crate) fn room(&mut self) -> &mut Room {
        &mut self.room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Hears all members, and adds up what they say. Says who speaks when that has changed.
    pub(crate) fn mix(&mut self, ports: &mut Ports, due: Instant) -> Option<Option<PortId>> {
        self.room.begin();
        for (port, place) in &self.members {
            let Some(seat) = ports.of_mut(*port).and_then(|it| it.seat.as_mut()) else { continue };
            self.room.expect(*place, seat.level(due));
        }
        self.room.choose();
        for (port, place) in &self.members {
            if !self.room.has_floor(*place) {
                continue;
            }
            let Some(seat) = ports.of_mut(*port).and_then(|it| it.seat.as_mut()) else { continue };
            self.room.say(*place, seat.hear(due));
        }
        self.room.mix();
        for unison in &mut self.choir {
            unison.made = None;
        }
        let active = self.room.active_speaker();
        let changed = active != std::mem::replace(&mut self.active, active);
        let port = |place| self.members.iter().find(|(_, it)| *it == place).map(|(port, _)| *port);
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
        let (port, place) = *self.members.get(number)?;
        let Some(it) = ports.of_mut(port) else { return Some(port) };
        // What is played to it comes before what others say.
        let (Some(seat), None, Some(stream)) = (&mut it.seat, &it.voice, &mut it.interpreter)
        else {
            return Some(port);
        };
        let rate = seat.rate();
        let Some(mouth) = &mut seat.mouth else { return Some(port) };
        if self.room.has_floor(place) {
            let Some(pcm) = self.pcm.get_mut(..TICK.samples(rate)) else { return Some(port) };
            self.room.hear(place, pcm);
            mouth.say(pcm, due, stream, desk);
            return Some(port);
        }
        if let Some(payload) = self.payload(mouth, rate) {
            mouth.say_as(payload, TICK.samples(rate), due, stream, desk);
            return Some(port);
        }
        let Some(pcm) = self.pcm.get_mut(..TICK.samples(rate)) else { return Some(port) };
        self.room.hear_all(rate, pcm);
        mouth.say(pcm, due, stream, desk);
        Some(port)
    }

    /// What everybody hears who speaks like this and does not have the floor; nothing where packets
    /// are of another length than a turn.
    fn payload(&mut self, mouth: &Mouth, rate: Rate) -> Option<&[u8]> {
        let shape = mouth.shape();
        if shape.rate() != rate || shape.packet() != TICK.samples(rate) || mouth.is_waiting() {
            return None;
        }
        let known = self.choir.iter().position(|it| it.shape == shape);
        let place = match known {
            Some(place) => place,
            None => {
                self.choir.push(Unison::new(shape)?);
                self.choir.len() - 1
            }
        };
        let unison = self.choir.get_mut(place)?;
        if unison.made.is_none() {
            let pcm = self.pcm.get_mut(..TICK.samples(rate))?;
            self.room.hear_all(rate, pcm);
            unison.made = unison.encoder.encode(pcm, &mut unison.payload);
        }
        unison.payload.get(..unison.made?)
    }
}

impl Unison {
    fn new(shape: Shape) -> Option<Self> {
        let payload = vec![0; LONGEST_PAYLOAD].into_boxed_slice();
        Some(Self { shape, encoder: Encoder::new(shape)?, payload, made: None })
    }
}

/// Octets: 20 ms of linear samples at 48 kHz.
const LONGEST_PAYLOAD: usize = 1_920;
