//! Which threads go first when there is more to do than processors.

use rustix::process::setpriority_process;
use rustix::thread::{
    CpuSet, gettid, sched_getaffinity, sched_setaffinity, set_current_timer_slack,
};
use std::num::NonZeroU64;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// How much a thread's work suffers from waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// A call record is to be on disk soon.
    Records,
    /// A peer waits for an answer, and repeats itself.
    Signalling,
    /// A delay is heard.
    Sound,
}

/// Where a thread stands among all those that want a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Among those of other programs, though before them as far as that was granted.
    Beside,
    /// Before all that is not in real time; on this processor, where there are several.
    First { processor: Option<usize> },
}

/// Asks that this thread goes before others. Without the privilege (`CAP_SYS_NICE` or limits on
/// nice and on real-time priority) everything stays as it is and works, only less well on a busy
/// machine.
pub(crate) fn ask(urgency: Urgency) -> Standing {
    let nice = match urgency {
        Urgency::Records => -3,
        Urgency::Signalling => -7,
        Urgency::Sound => -15,
    };
    let _ = setpriority_process(Some(gettid()), nice);
    if urgency != Urgency::Sound {
        return Standing::Beside;
    }
    // What is to be said every 20 ms is not to wait for 50 µs until other timers are due.
    let _ = set_current_timer_slack(NonZeroU64::new(1));
    // Only who goes first stays where it is: another would wait there beside idle processors.
    if goes_first() { Standing::First { processor: stays() } } else { Standing::Beside }
}

/// Goes before everything that is not in real time, whenever there is something to do
/// (`SCHED_FIFO`, sched(7)). False without the privilege.
///
/// The lowest of these priorities: the kernel's own real-time threads still go first. Niceness is
/// not enough: where every session or unit is a group of its own, it counts within the group alone.
fn goes_first() -> bool {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy).is_ok()
}

/// Stays on the last of several processors, where its memory is near; the first one serves most
/// interrupts.
fn stays() -> Option<usize> {
    let allowed = sched_getaffinity(None).ok().filter(|it| it.count() > 1)?;
    let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| allowed.is_set(*cpu))?;
    let mut only = CpuSet::new();
    only.set(last);
    sched_setaffinity(None, &only).ok().map(|()| last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::thread;

    /// Fields of stat(5) after the name: the priority (-2 is the lowest in real time) and the policy
    /// (1 is `SCHED_FIFO`).
    fn scheduled() -> (i32, u32) {
        let text = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
        (fields[15].parse().unwrap(), fields[38].parse().unwrap())
    }

    #[test]
    fn sound_goes_first_where_it_may_and_stays_where_there_are_processors() {
        let asked = || (sched_getaffinity(None).unwrap(), ask(Urgency::Sound), scheduled());
        let (before, standing, scheduled) = thread::spawn(asked).join().unwrap();
        match standing {
            Standing::First { processor } => {
                assert_eq!(scheduled, (-2, 1));
                assert_eq!(processor.is_some(), before.count() > 1);
            }
            Standing::Beside => assert_eq!(scheduled.1, 0, "the policy of everybody"),
        }
        let processors = thread::spawn(|| match ask(Urgency::Sound) {
            Standing::First { processor: Some(only) } => {
                let after = sched_getaffinity(None).unwrap();
                after.count() == 1 && after.is_set(only)
            }
            Standing::First { processor: None } | Standing::Beside => true,
        });
        assert!(processors.join().unwrap());
    }

    #[test]
    fn signalling_and_records_are_never_in_real_time() {
        for urgency in [Urgency::Signalling, Urgency::Records] {
            let (standing, scheduled) =
                thread::spawn(move || (ask(urgency), scheduled())).join().unwrap();
            assert_eq!((standing, scheduled.1), (Standing::Beside, 0));
        }
    }
}
