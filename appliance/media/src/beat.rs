//! When the box speaks: every 20 ms, but not to everybody at the same instant, so that packets
//! which pass do not wait for all of them.

use std::time::{Duration, Instant};

/// Whoever is to speak, spread over the slots of a beat.
#[derive(Debug)]
pub(crate) struct Beat<T> {
    /// All slots are whole steps from here.
    epoch: Option<Instant>,
    slots: [Slot<T>; SLOTS],
}

#[derive(Debug)]
struct Slot<T> {
    members: Vec<T>,
    /// The next turn, if there are members.
    due: Option<Instant>,
    /// How many members have had it.
    had: usize,
}

impl<T: Copy + PartialEq> Beat<T> {
    pub(crate) fn new() -> Self {
        let slots = std::array::from_fn(|_| Slot { members: Vec::new(), due: None, had: 0 });
        Self { epoch: None, slots }
    }

    /// Has a turn every 20 ms from now on, the first within that time, wherever there are fewest.
    pub(crate) fn join(&mut self, who: T, now: Instant) {
        if self.slots.iter().any(|slot| slot.members.contains(&who)) {
            return;
        }
        let epoch = *self.epoch.get_or_insert(now);
        let fewest = self.slots.iter_mut().zip(0..).min_by_key(|(slot, _)| slot.members.len());
        let Some((slot, place)) = fewest else { return };
        slot.members.push(who);
        if slot.due.is_none() {
            let first = epoch + BEAT / SLOTS as u32 * place;
            slot.due = Some(first + beats(first, now, true));
            slot.had = 0;
        }
    }

    /// Has no turn any more.
    pub(crate) fn leave(&mut self, who: T) {
        for slot in &mut self.slots {
            let Some(place) = slot.members.iter().position(|it| *it == who) else { continue };
            slot.members.remove(place);
            slot.had -= usize::from(place < slot.had);
            if slot.members.is_empty() {
                slot.due = None;
            }
        }
    }

    /// Who has a turn, and when it was due; nobody when all that are due have had it. Turns that
    /// were missed by more than [`PATIENCE`] are left out.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(T, Instant)> {
        for slot in &mut self.slots {
            while let Some(due) = slot.due.filter(|due| *due <= now) {
                if let Some(who) = slot.members.get(slot.had) {
                    slot.had += 1;
                    return Some((*who, due));
                }
                slot.had = 0;
                let next = due + BEAT;
                let late = now.saturating_duration_since(next) > PATIENCE;
                slot.due = Some(next + if late { beats(next, now, false) } else { Duration::ZERO });
            }
        }
        None
    }

    /// When somebody has a turn.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.slots.iter().filter_map(|slot| slot.due).min()
    }
}

/// Whole beats from one instant to another, rounded up or down.
fn beats(from: Instant, to: Instant, up: bool) -> Duration {
    let since = to.saturating_duration_since(from).as_nanos();
    let beat = BEAT.as_nanos();
    let count = if up { since.div_ceil(beat) } else { since / beat };
    BEAT.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

/// From one turn to the next: the length of what is said in each.
pub(crate) const BEAT: Duration = Duration::from_millis(20);
/// Turns are 2.5 ms apart: whoever waits for one waits for an eighth of the voices.
const SLOTS: usize = 8;
/// How far behind the box still says everything: what is later is no sound any more but a gap.
const PATIENCE: Duration = Duration::from_millis(100);

#[cfg(test)]
// An origin of time, of which nothing depends.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn turns(beat: &mut Beat<u8>, start: Instant, now: u64) -> Vec<(u8, u128)> {
        let now = start + Duration::from_millis(now);
        std::iter::from_fn(|| beat.next(now))
            .map(|(who, due)| (who, due.duration_since(start).as_micros()))
            .collect()
    }

    #[test]
    fn turns_come_every_20_ms_and_not_together() {
        let start = Instant::now();
        let mut beat = Beat::new();
        for who in 0..3 {
            beat.join(who, start);
        }
        assert_eq!(turns(&mut beat, start, 0), [(0, 0)]);
        assert_eq!(turns(&mut beat, start, 19), [(1, 2_500), (2, 5_000)]);
        assert_eq!(beat.due(), Some(start + BEAT));
        assert_eq!(turns(&mut beat, start, 22), [(0, 20_000)]);
        beat.leave(0);
        assert_eq!(
            turns(&mut beat, start, 45),
            [(1, 22_500), (1, 42_500), (2, 25_000), (2, 45_000)]
        );
        beat.leave(1);
        beat.leave(2);
        assert_eq!((beat.due(), beat.next(start + BEAT * 9)), (None, None));
        beat.join(7, start + Duration::from_millis(41));
        assert_eq!(beat.due(), Some(start + BEAT * 3));
    }

    #[test]
    fn turns_that_were_missed_for_long_are_left_out() {
        let start = Instant::now();
        let mut beat = Beat::new();
        beat.join(1, start);
        assert_eq!(turns(&mut beat, start, 90).len(), 5);
        assert_eq!(turns(&mut beat, start, 1_005), [(1, 100_000), (1, 1_000_000)]);
    }

    #[test]
    fn who_leaves_takes_nobodys_turn() {
        let start = Instant::now();
        let mut beat = Beat::new();
        for who in 0..24 {
            beat.join(who, start);
        }
        assert_eq!(beat.next(start), Some((0, start)));
        assert_eq!(beat.next(start), Some((8, start)));
        beat.leave(0);
        assert_eq!(beat.next(start), Some((16, start)));
        assert_eq!(beat.next(start), None);
    }
}
