//! When sound that comes with one clock leaves with another (RFC 3550 §5.1).

/// From the timestamps of the stream that comes to those of the stream that leaves.
///
/// It is linear from an instant that both know, so that nothing is rounded twice: an hour of
/// packets ends where an hour ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// The same instant in both streams.
    from: u32,
    to: u32,
    clocks: Clocks,
    /// The timestamp that came last.
    last: u32,
}

/// Ticks in a second of what comes and of what leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clocks {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

impl Timeline {
    /// Begins with timestamps that leave as they came.
    pub(crate) fn new(first: u32, clocks: Clocks) -> Self {
        Self { from: first, to: first, clocks, last: first }
    }

    /// Begins with a timestamp that leaves as another.
    pub(crate) fn join(first: u32, to: u32, clocks: Clocks) -> Self {
        Self { to, ..Self::new(first, clocks) }
    }

    /// The timestamp under which something leaves.
    pub(crate) fn map(&self, timestamp: u32) -> u32 {
        let ticks = timestamp.wrapping_sub(self.from);
        if self.clocks.from == self.clocks.to {
            return self.to.wrapping_add(ticks);
        }
        let scaled = i64::from(ticks.cast_signed()) * i64::from(self.clocks.to);
        // Within 34 bits; a timestamp is what is left of it in 32.
        self.to.wrapping_add(scaled.div_euclid(i64::from(self.clocks.from.max(1))) as u32)
    }

    /// As [`Self::map`] for what comes next; from then on with these clocks.
    pub(crate) fn place(&mut self, timestamp: u32, clocks: Clocks) -> u32 {
        if clocks != self.clocks {
            self.turn(timestamp, clocks);
        }
        let away = timestamp.wrapping_sub(self.from).cast_signed();
        if away.unsigned_abs() > FAR {
            let seconds = i64::from(away).div_euclid(i64::from(self.clocks.from.max(1))) as u32;
            self.from = self.from.wrapping_add(seconds.wrapping_mul(self.clocks.from));
            self.to = self.to.wrapping_add(seconds.wrapping_mul(self.clocks.to));
        }
        self.last = timestamp;
        self.map(timestamp)
    }

    /// What comes and what leaves.
    pub(crate) fn clocks(&self) -> Clocks {
        self.clocks
    }

    /// Other clocks begin at this packet. A sender that changes its own clock may count on from
    /// anywhere: then the packet is taken to follow the last one.
    fn turn(&mut self, timestamp: u32, clocks: Clocks) {
        let ahead = timestamp.wrapping_sub(self.last);
        let goes_on = self.clocks.from == clocks.from || self.clocks.from == self.clocks.to;
        self.to = match goes_on || ahead < self.clocks.from {
            true => self.map(timestamp),
            false => self.map(self.last).wrapping_add(self.clocks.to / PACKETS_A_SECOND),
        };
        self.from = timestamp;
        self.clocks = clocks;
    }
}

/// Differences of timestamps beyond this are brought back by whole seconds: three hours at 48 kHz.
const FAR: u32 = 1 << 29;
/// RFC 3551 §4.2: packets of 20 ms, when nothing else is known.
const PACKETS_A_SECOND: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_packets_ends_where_a_day_ends() {
        for (from, to, tick) in [(8_000, 48_000, 160), (48_000, 8_000, 960), (44_100, 8_000, 441)] {
            let start = u32::MAX - 12_345;
            let mut timeline = Timeline::new(start, Clocks { from, to });
            let packets = 86_400 * from / tick;
            let mut at = 0;
            for packet in 0..=packets {
                at = timeline.place(start.wrapping_add(packet * tick), Clocks { from, to });
            }
            assert_eq!(at.wrapping_sub(start), 86_400_u32.wrapping_mul(to), "{from} {to}");
        }
    }

    #[test]
    fn another_codec_goes_on_where_the_last_one_was() {
        let mut timeline = Timeline::new(1_000, Clocks { from: 8_000, to: 8_000 });
        assert_eq!(timeline.place(1_160, Clocks { from: 8_000, to: 48_000 }), 1_160);
        assert_eq!(timeline.place(1_320, Clocks { from: 8_000, to: 48_000 }), 1_160 + 960);
        assert_eq!(timeline.place(1_480, Clocks { from: 8_000, to: 8_000 }), 1_160 + 1_920);
        assert_eq!(timeline.place(1_640, Clocks { from: 8_000, to: 8_000 }), 1_160 + 2_080);
    }

    #[test]
    fn no_clock_is_too_strange() {
        for (from, to) in [(0, 0), (0, 8_000), (u32::MAX, 1), (8_000, u32::MAX), (1, u32::MAX)] {
            let mut timeline = Timeline::new(0, Clocks { from: 8_000, to: 8_000 });
            for timestamp in [0, 1 << 31, u32::MAX, 5, i32::MAX as u32, 0] {
                timeline.place(timestamp, Clocks { from, to });
            }
        }
    }

    #[test]
    fn a_sender_that_changes_its_clock_and_its_count_is_taken_to_go_on() {
        let mut timeline = Timeline::new(0, Clocks { from: 8_000, to: 48_000 });
        let at = timeline.place(4_000_000_000, Clocks { from: 16_000, to: 48_000 });
        assert_eq!(at, 960);
        assert_eq!(timeline.place(4_000_000_320, Clocks { from: 16_000, to: 48_000 }), 1_920);
    }
}
