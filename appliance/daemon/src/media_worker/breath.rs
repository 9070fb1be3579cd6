//! Whoever goes before all others lets them breathe.
//!
//! A thread in real time that is never done keeps its processor from everybody: on a box with one,
//! from signalling; on any, from the kernel's own thread that brings the packets. What the kernel
//! leaves to others then is 50 ms in a second, in one piece (`sched_rt_runtime_us`, sched(7)).

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// How much of its processor a thread has taken of late. Belongs to the thread that made it.
#[derive(Debug)]
pub(super) struct Breath {
    since: Instant,
    spent: Duration,
}

impl Breath {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, spent: spent() }
    }

    /// How long to do nothing now. Asked before every turn; looks every [`WINDOW`].
    pub(super) fn due(&mut self, now: Instant) -> Option<Duration> {
        let passed = now.duration_since(self.since);
        if passed < WINDOW {
            return None;
        }
        let spent = spent();
        let used = spent.saturating_sub(self.spent);
        *self = Self { since: now, spent };
        pause(passed, used)
    }
}

/// A ninth of what was worked, where next to nothing of the time was left to others.
fn pause(passed: Duration, used: Duration) -> Option<Duration> {
    (used * 10 >= passed * 9).then_some(used / 9).map(|pause| pause.min(LONGEST))
}

/// Processor time of this thread.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Half of the time between two packets of a stream.
const WINDOW: Duration = Duration::from_millis(10);
/// Half of what the beat may be late by.
const LONGEST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::super::super::priority::{Standing, Urgency, ask};
    use super::*;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    #[test]
    fn who_left_time_to_others_need_not_pause() {
        let millis = Duration::from_millis;
        assert_eq!(pause(millis(10), millis(8)), None);
        assert_eq!(pause(millis(10), millis(9)), Some(millis(1)));
        assert_eq!(pause(millis(10), Duration::from_micros(9_900)), Some(LONGEST));
        assert_eq!(pause(millis(200), millis(3)), None);
    }

    /// The kernel alone would let it wait for 950 ms.
    #[test]
    fn signalling_gets_its_turn_beside_sound_that_is_never_done() {
        let done = AtomicBool::new(false);
        let longest = thread::scope(|scope| {
            scope.spawn(|| {
                let standing = on_one_processor(Urgency::Sound);
                let mut breath = Breath::new(Instant::now());
                while !done.load(Ordering::Relaxed) {
                    let due = breath.due(Instant::now());
                    if let Some(pause) = due.filter(|_| standing != Standing::Beside) {
                        thread::sleep(pause);
                    }
                }
            });
            let waiting = scope.spawn(|| {
                on_one_processor(Urgency::Signalling);
                let (start, mut last) = (Instant::now(), Instant::now());
                let mut longest = Duration::ZERO;
                while start.elapsed() < Duration::from_secs(2) {
                    longest = longest.max(last.elapsed());
                    last = Instant::now();
                }
                done.store(true, Ordering::Relaxed);
                longest
            });
            waiting.join().unwrap()
        });
        assert!(longest < Duration::from_millis(500), "it waited for {longest:?}");
    }

    fn on_one_processor(urgency: Urgency) -> Standing {
        let standing = ask(urgency);
        let allowed = sched_getaffinity(None).unwrap();
        let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| allowed.is_set(*cpu)).unwrap();
        let mut only = CpuSet::new();
        only.set(last);
        sched_setaffinity(None, &only).unwrap();
        standing
    }
}
