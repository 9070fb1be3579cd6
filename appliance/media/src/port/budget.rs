//! How much of one kind a pair takes: whoever floods it floods nobody else.

use std::time::{Duration, Instant};

/// How many more are taken in this second.
#[derive(Debug)]
pub(super) struct Budget {
    until: Instant,
    left: u32,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { until: now, left: 0 }
    }

    pub(super) fn spend(&mut self, a_second: u32, now: Instant) -> bool {
        if now >= self.until {
            *self = Self { until: now + Duration::from_secs(1), left: a_second };
        }
        let within = self.left > 0;
        self.left = self.left.saturating_sub(1);
        within
    }
}

/// Ten times what a video call needs. RTP has no count of hops: two calls whose descriptions name
/// each other's ports would else pass a packet in a circle as fast as the machine can.
pub(super) const PACKETS_A_SECOND: u32 = 10_000;
/// Several handshakes with all that is said again (RFC 6347 §4.2.4).
pub(super) const HANDSHAKES_A_SECOND: u32 = 200;
