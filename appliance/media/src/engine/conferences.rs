//! Who is in which conference, and the turns in which they are spoken to.

use super::{Engine, Turn};
use crate::conference::{Attention, Conference};
use crate::seat::{Manner, Seat};
use crate::transcode::Interpreter;
use call::{Decibels, MediaEvent, PortId, RoomId};
use std::net::SocketAddr;
use std::time::Instant;

/// A conference in the middle of its turn.
#[derive(Debug)]
pub(super) struct Round {
    room: RoomId,
    due: Instant,
    /// Who is spoken to next.
    next: usize,
}

impl Engine {
    pub(super) fn join(&mut self, port: PortId, room: RoomId, now: Instant) {
        self.leave(port);
        let Some(it) = self.ports.of_mut(port) else { return };
        let manner = Manner::of(it.formats.as_deref(), it.own);
        let conference = self.conferences.entry(room).or_insert_with(Conference::new);
        let Some(place) = conference.join(port, manner.rate) else {
            return self.events.push_back(MediaEvent::Crowded { port });
        };
        it.seat = Some(Box::new(Seat::new(room, place, manner, it.formats.as_deref())));
        it.interpreter.get_or_insert_with(|| Box::new(Interpreter::new()));
        conference.room().mute(place, it.muted);
        conference.room().set_gain(place, it.gain.0);
        self.beat.join(Turn::Room(room), now);
        self.begin_reports(port, now);
    }

    pub(super) fn leave(&mut self, port: PortId) {
        let Some(seat) = self.ports.of_mut(port).and_then(|it| it.seat.take()) else { return };
        let Some(conference) = self.conferences.get_mut(&seat.room) else { return };
        conference.leave(seat.place);
        if conference.is_empty() {
            self.conferences.remove(&seat.room);
            self.beat.leave(Turn::Room(seat.room));
        }
    }

    /// What a member speaks, or who speaks to it, has changed.
    pub(super) fn sit_anew(&mut self, port: PortId, now: Instant) {
        let room = self.ports.of(port).and_then(|it| it.seat.as_ref()).map(|it| it.room);
        if let Some(room) = room {
            self.join(port, room, now);
        }
    }

    pub(super) fn mute(&mut self, port: PortId, muted: bool) {
        let Some(it) = self.ports.of_mut(port) else { return };
        it.muted = muted;
        let Some(seat) = &it.seat else { return };
        if let Some(conference) = self.conferences.get_mut(&seat.room) {
            conference.room().mute(seat.place, muted);
        }
    }

    pub(super) fn set_gain(&mut self, port: PortId, gain: Decibels) {
        let Some(it) = self.ports.of_mut(port) else { return };
        it.gain = gain;
        let Some(seat) = &it.seat else { return };
        if let Some(conference) = self.conferences.get_mut(&seat.room) {
            conference.room().set_gain(seat.place, gain.0);
        }
    }

    /// What became of the sound of members of conferences so far.
    pub fn attention(&self) -> Attention {
        self.attention
    }

    /// Begins the turn of a conference.
    pub(super) fn gather(&mut self, room: RoomId, due: Instant) {
        let Some(conference) = self.conferences.get_mut(&room) else { return };
        if let Some(port) = conference.mix(&mut self.ports, &mut self.attention, due) {
            self.events.push_back(MediaEvent::Speaking { room, port });
        }
        self.round = Some(Round { room, due, next: 0 });
    }

    /// Speaks to the next member of the conference whose turn it is; to whom, and where that is.
    pub(super) fn go_round(&mut self) -> Option<(PortId, Option<SocketAddr>)> {
        let round = self.round.as_mut()?;
        let number = round.next;
        round.next += 1;
        let (room, due) = (round.room, round.due);
        let conference = self.conferences.get_mut(&room);
        let port = conference.and_then(|it| it.speak(number, &mut self.ports, due, &mut self.desk));
        let Some(port) = port else {
            self.round = None;
            return None;
        };
        Some((port, self.listens(port)))
    }
}
