//! Lets packets gather where they come so densely that to wake for each would be most of the price.
//!
//! To wake the thread costs more than to pass a packet on. So where many come one by one, it sleeps
//! after a turn until a few more have come: half a millisecond at most, of the 20 that a packet lasts.
//! Packets that come in bursts have gathered already. Which of the two it is, it finds out every
//! quarter of a second, by waiting as if there were no pauses.

use nix::sys::resource::{UsageWho, getrusage};
use std::time::{Duration, Instant};

/// How packets came of late, and whether to pause. Belongs to the thread that made it.
#[derive(Debug)]
pub(super) struct Gather {
    state: State,
}

#[derive(Debug)]
enum State {
    /// Counts what comes, and how often the thread had to wait for it.
    Looking { since: Instant, packets: u32, waits: u64 },
    /// To wait for each packet is best.
    Waiting { until: Instant },
    /// So long after each turn that brought something.
    Pausing { until: Instant, pause: Duration },
}

impl Gather {
    pub(super) fn new(now: Instant) -> Self {
        Self { state: State::Waiting { until: now } }
    }

    /// After a turn that began at `now` and took in so many datagrams: how long after that to begin
    /// the next, so that more gather.
    ///
    /// `waits`: how often the thread has ever waited.
    pub(super) fn pause(
        &mut self,
        now: Instant,
        taken: usize,
        waits: impl Fn() -> u64,
    ) -> Option<Duration> {
        match &mut self.state {
            State::Looking { since, packets, waits: before } => {
                *packets += u32::try_from(taken).unwrap_or(0);
                let passed = now.duration_since(*since);
                if passed >= LOOK {
                    let waits = u32::try_from(waits() - *before).unwrap_or(u32::MAX);
                    self.state = found(now, passed, *packets, waits);
                }
                None
            }
            State::Waiting { until } | State::Pausing { until, .. } if now >= *until => {
                self.state = State::Looking { since: now, packets: 0, waits: waits() };
                None
            }
            State::Waiting { .. } => None,
            State::Pausing { pause, .. } => (taken > 0).then_some(*pause),
        }
    }
}

fn found(now: Instant, passed: Duration, packets: u32, waits: u32) -> State {
    let until = now + HOLD;
    let gap = passed / packets.max(1);
    let come_together = packets >= waits.saturating_mul(FEW);
    match come_together || gap * FEW > LONGEST {
        true => State::Waiting { until },
        false => State::Pausing { until, pause: (gap * MANY).min(LONGEST) },
    }
}

/// How often this thread has waited for anything.
pub(super) fn waits() -> u64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD);
    usage.map_or(0, |it| u64::try_from(it.voluntary_context_switches()).unwrap_or(0))
}

/// Nobody hears it: a talk becomes difficult at 400 ms (ITU-T G.114 §4).
const LONGEST: Duration = Duration::from_micros(500);
/// To be woken by a timer costs as much as to be woken by some packets: fewer are not worth a pause.
const FEW: u32 = 4;
/// More are not waited for.
const MANY: u32 = 8;
const LOOK: Duration = Duration::from_millis(10);
const HOLD: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns in which packets come at these microseconds, each of which takes 5 to pass on; how many
    /// turns there were, and the longest that a packet waited for the turn that took it.
    fn turns(came: impl Iterator<Item = u64>) -> (usize, Duration) {
        let start = Instant::now();
        let mut gather = Gather::new(start);
        let (mut now, mut turns, mut longest, mut waits) = (start, 0, Duration::ZERO, 0);
        let mut came = came.map(|it| start + Duration::from_micros(it)).peekable();
        while let Some(next) = came.peek().copied() {
            if next > now {
                (now, waits) = (next, waits + 1);
            }
            loop {
                let mut taken = 0;
                while let Some(at) = came.next_if(|at| *at <= now) {
                    (taken, longest) = (taken + 1, longest.max(now - at));
                }
                turns += 1;
                let pause = gather.pause(now, taken, || waits);
                let worked = Duration::from_micros(5) * taken as u32;
                now += worked.max(pause.unwrap_or(worked));
                if pause.is_none_or(|pause| pause <= worked) {
                    break;
                }
                waits += 1;
            }
        }
        (turns, longest)
    }

    #[test]
    fn a_packet_of_few_calls_leaves_at_once() {
        assert_eq!(turns((0..5_000).map(|n| n * 200)), (5_000, Duration::ZERO));
    }

    #[test]
    fn packets_of_many_calls_gather_for_half_a_millisecond_at_most() {
        // Of a hundred calls, in a second; half a turn for each that comes while the others leave.
        let (turns_of_hundred, longest) = turns((0..10_000).map(|n| n * 100));
        assert!(turns_of_hundred < 2_600, "{turns_of_hundred}");
        assert!(longest > LONGEST / 2 && longest < LONGEST * 11 / 10, "{longest:?}");
        let (turns_of_thousand, longest) = turns((0..100_000).map(|n| n * 10));
        assert!(turns_of_thousand < 20_000, "{turns_of_thousand}");
        assert!(longest < LONGEST / 2, "{longest:?}");
    }

    #[test]
    fn packets_that_come_in_bursts_are_not_made_to_wait() {
        let (turns, longest) = turns((0..10_000).map(|n| n / 10 * 1_000));
        assert_eq!((turns, longest), (1_000, Duration::ZERO));
    }

    #[test]
    fn a_thread_waits_when_nothing_comes() {
        let before = waits();
        std::thread::sleep(Duration::from_millis(2));
        assert!(waits() > before);
        let (start, mut now) = (Instant::now(), Instant::now());
        let mut gather = Gather::new(start);
        for turn in 0..150 {
            now += Duration::from_micros(100);
            gather.pause(now, 1, || turn);
        }
        assert!(gather.pause(now, 1, || 151).is_some());
        assert_eq!(gather.pause(now + LONGEST, 0, || 152), None);
    }
}
