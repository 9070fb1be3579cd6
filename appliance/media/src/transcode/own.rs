//! What the box itself says in a stream.

use super::outlet::{Name, Outlet};
use super::reached::Reached;
use super::{Desk, Interpreter, Sight};
use std::time::Instant;

impl Interpreter {
    /// The box itself speaks from now on, with this clock; the timestamp of its first sound. `own`:
    /// names and numbers the stream, where nobody spoke in it yet.
    pub(crate) fn take_over(&mut self, now: Instant, clock: u32, own: u64) -> u32 {
        if self.sight != Sight::Seen {
            self.begin_anew();
            self.sight = Sight::Seen;
        }
        self.numbering.take_over(own);
        self.unsaid = None;
        self.cutter.iter_mut().for_each(|it| it.clear());
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
}
