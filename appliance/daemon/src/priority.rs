//! Which threads go first when there is more to do than processors.

use rustix::process::setpriority_process;
use rustix::thread::{gettid, set_current_timer_slack};
use std::num::NonZeroU64;

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

/// Asks that this thread goes before others. Without the privilege (`CAP_SYS_NICE` or a limit on
/// nice) everything stays as it is and works, only less well on a busy machine.
pub(crate) fn ask(urgency: Urgency) {
    let nice = match urgency {
        Urgency::Records => -3,
        Urgency::Signalling => -7,
        Urgency::Sound => -15,
    };
    let _ = setpriority_process(Some(gettid()), nice);
    if urgency == Urgency::Sound {
        // What is to be said every 20 ms is not to wait for 50 µs until other timers are due.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
    }
}
