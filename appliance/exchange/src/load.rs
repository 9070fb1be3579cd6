//! How much of what the box can carry is in use, by the prices that it found out of itself.

use call::{Capacity, Load as Told};
use std::sync::Arc;

/// The prices, and the sum of what all legs cost by them. Without prices everything fits.
#[derive(Debug, Default)]
pub(crate) struct Load {
    capacity: Option<Arc<Capacity>>,
    /// How much of the time there is calls may take; 0 any.
    percent: u8,
    used: u64,
    refused: u64,
}

impl Load {
    pub(crate) fn measured(&mut self, capacity: Capacity) {
        self.capacity = Some(Arc::new(capacity));
    }

    pub(crate) fn limited(&mut self, percent: u8) {
        self.percent = percent;
    }

    pub(crate) fn capacity(&self) -> Option<&Arc<Capacity>> {
        self.capacity.as_ref()
    }

    /// What is left, in nanoseconds for each 20 ms; `None` when nobody knows, or it does not matter.
    pub(crate) fn room(&self) -> Option<u64> {
        Some(self.budget()?.saturating_sub(self.used))
    }

    /// What all calls may take.
    pub(crate) fn budget(&self) -> Option<u64> {
        let capacity = self.capacity.as_ref().filter(|_| self.percent > 0)?;
        Some(capacity.core_nanos.saturating_mul(self.percent.into()) / 100)
    }

    /// Whether one more call fits that is passed on as it is, in packets of so many milliseconds; the
    /// usual ones if 0.
    pub(crate) fn has_room_for_a_call(&self, packet_millis: u8) -> bool {
        let price = self.capacity.as_ref().map_or(0, |it| it.relayed_call(packet_millis));
        self.room().is_none_or(|room| price <= room)
    }

    /// A leg costs something else from now on.
    pub(crate) fn changed(&mut self, before: u64, now: u64) {
        self.used = self.used.saturating_sub(before).saturating_add(now);
    }

    /// A call or a translation did not fit.
    pub(crate) fn refused(&mut self) {
        self.refused += 1;
    }

    /// For people.
    pub(crate) fn told(&self) -> Told {
        let left = self.capacity.as_ref().zip(self.room());
        let relayed_calls_left =
            left.and_then(|(capacity, room)| room.checked_div(capacity.relayed_call(0)));
        Told {
            capacity: self.capacity.as_deref().cloned(),
            budget_nanos: self.budget(),
            used_nanos: self.used,
            relayed_calls_left,
            refused: self.refused,
        }
    }
}
