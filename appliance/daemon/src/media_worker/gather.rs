//! Lets packets gather where they come so densely that to wake for each would be most of the price.
//!
//! To wake the thread costs more than to pass a packet on. So after a turn it sleeps until a few more
//! have come, half a millisecond at most, of the 20 that a packet lasts. Packets that come in bursts
//! have gathered already: that is noticed by pauses that nothing came in, and the thread waits for
//! each burst instead.

use std::time::{Duration, Instant};

/// How densely packets came of late, and whether to pause.
#[derive(Debug)]
pub(super) struct Gather {
    since: Instant,
    packets: u32,
    /// Between two packets, by the last window.
    gap: Duration,
    /// The last turn ended with a pause.
    paused: bool,
    pauses: u32,
    /// Of these, how many brought nothing.
    empty: u32,
    /// Packets come in bursts: no pauses before.
    again: Instant,
}

impl Gather {
    pub(super) fn new(now: Instant) -> Self {
        let (gap, paused) = (WINDOW, false);
        Self { since: now, packets: 0, gap, paused, pauses: 0, empty: 0, again: now }
    }

    /// After a turn that began at `now` and took in so many datagrams: how long to let more gather.
    pub(super) fn pause(&mut self, now: Instant, packets: usize) -> Option<Duration> {
        let packets = u32::try_from(packets).unwrap_or(u32::MAX);
        self.packets = self.packets.saturating_add(packets);
        self.pauses += u32::from(self.paused);
        self.empty += u32::from(self.paused && packets == 0);
        let passed = now.duration_since(self.since);
        if passed >= WINDOW {
            self.gap = passed / self.packets.max(1);
            if self.empty * 4 > self.pauses {
                self.again = now + BURSTS;
            }
            (self.since, self.packets, self.pauses, self.empty) = (now, 0, 0, 0);
        }
        self.paused = packets > 0 && self.gap * FEW <= LONGEST && now >= self.again;
        self.paused.then_some((self.gap * MANY).min(LONGEST))
    }
}

/// Nobody hears it: a thousandth of the delay at which a talk becomes difficult is 0.4 ms (ITU-T
/// G.114 §4).
const LONGEST: Duration = Duration::from_micros(500);
/// To sleep and to be woken by a timer costs as much as some packets that wake: fewer are not worth it.
const FEW: u32 = 4;
/// More are not waited for.
const MANY: u32 = 8;
const WINDOW: Duration = Duration::from_millis(10);
/// How long packets that come in bursts are believed to go on so.
const BURSTS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of a second in which packets come at these microseconds; how many turns there were, and
    /// the longest that a packet waited.
    fn turns(came: &[u64]) -> (usize, Duration) {
        let start = Instant::now();
        let mut gather = Gather::new(start);
        let (mut now, mut turns, mut longest) = (start, 0, Duration::ZERO);
        let mut came = came.iter().map(|it| start + Duration::from_micros(*it)).peekable();
        while let Some(next) = came.peek() {
            // Without a pause the thread wakes when a packet comes.
            now = now.max(*next);
            loop {
                let mut packets = 0;
                while let Some(at) = came.next_if(|at| *at <= now) {
                    (packets, longest) = (packets + 1, longest.max(now - at));
                }
                turns += 1;
                let Some(pause) = gather.pause(now, packets) else { break };
                now += pause;
            }
        }
        (turns, longest)
    }

    #[test]
    fn a_packet_of_few_calls_leaves_at_once() {
        let few: Vec<u64> = (0..5_000).map(|n| n * 200).collect();
        assert_eq!(turns(&few), (5_000, Duration::ZERO));
    }

    #[test]
    fn packets_of_many_calls_gather_for_half_a_millisecond_at_most() {
        let hundred: Vec<u64> = (0..10_000).map(|n| n * 100).collect();
        let (turns_of_hundred, longest) = turns(&hundred);
        assert!(turns_of_hundred < 2_200, "{turns_of_hundred}");
        assert!(longest <= LONGEST);
        let thousand: Vec<u64> = (0..100_000).map(|n| n * 10).collect();
        let (turns_of_thousand, longest) = turns(&thousand);
        assert!(turns_of_thousand < 14_000, "{turns_of_thousand}");
        assert!(longest < Duration::from_micros(100), "{longest:?}");
    }

    #[test]
    fn bursts_are_waited_for_one_by_one() {
        let bursts: Vec<u64> = (0..10_000).map(|n| n / 10 * 1_000).collect();
        let (turns, _) = turns(&bursts);
        assert!(turns < 1_100, "{turns}");
    }

    #[test]
    fn who_falls_silent_lets_the_thread_sleep() {
        let start = Instant::now();
        let mut gather = Gather::new(start);
        let mut now = start;
        for _ in 0..100 {
            now += Duration::from_micros(100);
            gather.pause(now, 4);
        }
        assert!(gather.pause(now, 4).is_some());
        assert_eq!(gather.pause(now + LONGEST, 0), None);
    }
}
