//! What is counted of a stream that is played.

use std::time::Duration;

/// Counts from the beginning, over all streams that were played one after another, and the times as
/// they are now. Samples are those that are given out; `Format::rate` says how long one is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets that came, of whatever content.
    pub received: u64,
    /// Packets that did not come, as their numbers show (RFC 3550 §A.3, doubled ones aside).
    pub lost: u64,
    /// Packets that came after their sound was due, or was concealed.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Packets that came in time and were not played: too long, too many at once, or damaged.
    pub discarded: u64,
    /// Packets that came in time and whose time was let pass ([`super::JitterBuffer::pass`]): nobody
    /// listened.
    pub unheard: u64,
    /// How often a stream began anew: another source, other numbers, or another clock.
    pub restarts: u64,
    /// Samples that were given out, of whatever content.
    pub given_samples: u64,
    /// Samples made up in place of sound. What is made up while nothing comes is counted when the
    /// next packet shows whether something was missing, or its sender had only paused.
    pub concealed_samples: u64,
    /// How often something was made up, however long.
    pub concealments: u64,
    /// Samples recovered from the redundancy of a later packet; they are not concealed.
    pub recovered_samples: u64,
    /// Samples of noise in pauses.
    pub noise_samples: u64,
    /// Samples put in to play slower.
    pub stretched_samples: u64,
    /// Samples left out to play faster.
    pub compressed_samples: u64,
    /// How long sound waits here now: from when the fastest packet could have brought it.
    pub delay: Duration,
    /// How long it shall at most wait, but for a few milliseconds.
    pub target: Duration,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter: Duration,
}
