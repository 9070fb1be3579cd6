//! A stream that nobody hears for now: it goes by without being decoded, and may be heard again at
//! any time, from the sound on that is due then.

use super::slots::Slot;
use super::{Decoder, JitterBuffer};
use std::time::Instant;

impl JitterBuffer {
    /// Lets the time of a frame go by that nobody hears, in place of [`Self::get`]: what is asked for
    /// next is as late as if somebody had listened all the while. The last packets stay for a decoder to
    /// find into the stream again.
    pub fn pass(&mut self, now: Instant) {
        let now = self.micros(now);
        self.playout.set_pace(self.playout.pull().max(1), now);
        self.playout.look_away();
        self.statistics.noise_samples += self.playout.take_unexplained();
        self.ahead.clear();
        while let Some(slot) = self.first().filter(|it| self.over_for(it, now) >= LEAD) {
            self.let_go(slot);
            self.statistics.unheard += 1;
        }
    }

    /// Has a decoder hear the last packets that went by, for nobody, so that it knows the stream when
    /// the next one is due.
    pub(super) fn find_in(&mut self, decoder: &mut impl Decoder, now: i64) {
        while let Some(slot) = self.first().filter(|it| self.over_for(it, now) >= 0) {
            let payload = self.slots.read(&slot, &mut self.room);
            let room = self.ahead.room();
            let decoded = decoder.decode(slot.payload_type, payload, self.ahead.behind(room));
            self.playout.look_back(decoded.is_ok());
            self.let_go(slot);
            self.statistics.unheard += 1;
        }
    }

    /// The packet that comes next.
    fn first(&self) -> Option<Slot> {
        let newest = self.stream.as_ref()?.newest();
        self.slots.first(self.playout.next(), newest)
    }

    /// For how long the time of a packet has been over: below zero it is not.
    fn over_for(&self, slot: &Slot, now: i64) -> i64 {
        let Some(stream) = &self.stream else { return 0 };
        let end = self.format.tick_micros(slot.timestamp + slot.ticks);
        stream.arrivals.delay(now, end) - self.lateness(stream) - self.phase(*slot, now)
    }

    fn let_go(&mut self, slot: Slot) {
        self.slots.drop(slot.sequence);
        self.playout.pass(slot.sequence + 1);
    }
}

/// Microseconds of sound from which a decoder has converged: RFC 7845 §4.6 has as much for Opus.
const LEAD: i64 = 80_000;
