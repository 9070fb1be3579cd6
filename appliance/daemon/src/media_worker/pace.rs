//! Whether packets are relayed one by one or gather for a moment first.
//!
//! Waking the thread costs a fraction of relaying a packet on one machine and four times as much on
//! another, and it changes with what else runs there. So the thread looks at its own CPU clock, tries
//! both ways now and then, and makes packets wait only where that saves a good part of the work.

use std::time::Duration;

/// The two ways, and what each has cost lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    gathers: bool,
    one_by_one: Option<Cost>,
    gathered: Option<Cost>,
    /// Busy ticks since the other way was last tried.
    ticks: u32,
    cpu: Duration,
    packets: u64,
}

/// Nanoseconds for a packet.
type Cost = u64;

impl Pace {
    /// Whether a turn that relayed little is followed by a pause.
    #[inline]
    pub(super) fn gathers(&self) -> bool {
        self.gathers
    }

    /// A tick has passed.
    ///
    /// `cpu`, `packets`: what the thread used and received since it began.
    pub(super) fn tick(&mut self, cpu: Duration, packets: u64) {
        let used = cpu.saturating_sub(self.cpu);
        let came = packets.saturating_sub(self.packets);
        (self.cpu, self.packets) = (cpu, packets);
        if came < BUSY {
            let (one_by_one, gathered, gathers) = (None, None, false);
            *self = Self { gathers, one_by_one, gathered, ticks: 0, ..*self };
            return;
        }
        let nanos = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX) / came;
        let cost = if self.gathers { &mut self.gathered } else { &mut self.one_by_one };
        *cost = Some(cost.map_or(nanos, |before| (before + nanos) / 2));
        self.ticks = self.ticks.saturating_add(1);
        self.gathers = self.next();
    }

    fn next(&mut self) -> bool {
        let (Some(one_by_one), Some(gathered)) = (self.one_by_one, self.gathered) else {
            return self.gathered.is_none();
        };
        let worth = gathered.saturating_mul(4) <= one_by_one.saturating_mul(3);
        if self.ticks < TRIAL {
            return worth;
        }
        self.ticks = 0;
        !worth
    }
}

/// Fewer packets in a tick are not worth a thought: the streams of twelve calls.
const BUSY: u64 = 250;
/// The other way is tried every 30 s for one tick: one packet in 150 is no part of a 99th percentile.
const TRIAL: u32 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    /// A thread on a machine where a packet costs so much in either way.
    struct Machine {
        pace: Pace,
        cpu: Duration,
        packets: u64,
    }

    impl Machine {
        fn new() -> Self {
            Self { pace: Pace::default(), cpu: Duration::ZERO, packets: 0 }
        }

        /// So many ticks; how many of them gathered.
        fn run(&mut self, ticks: u32, packets: u64, one_by_one: u64, gathered: u64) -> u32 {
            let mut count = 0;
            for _ in 0..ticks {
                count += u32::from(self.pace.gathers());
                let nanos = if self.pace.gathers() { gathered } else { one_by_one };
                self.cpu += Duration::from_nanos(nanos * packets);
                self.packets += packets;
                self.pace.tick(self.cpu, self.packets);
            }
            count
        }
    }

    #[test]
    fn packets_gather_where_waking_up_is_dear() {
        let gathered = Machine::new().run(150, 2_000, 20_000, 10_000);
        assert!(gathered >= 148, "{gathered}");
    }

    #[test]
    fn packets_go_one_by_one_where_waking_up_is_cheap() {
        let gathered = Machine::new().run(1_500, 2_000, 6_000, 5_000);
        assert!((5..=15).contains(&gathered), "{gathered}");
    }

    #[test]
    fn a_few_calls_never_wait() {
        assert_eq!(Machine::new().run(1_000, 200, 20_000, 1_000), 0);
    }

    #[test]
    fn a_machine_that_changes_is_noticed_within_a_few_trials() {
        let mut machine = Machine::new();
        machine.run(100, 2_000, 6_000, 5_000);
        machine.run(TRIAL * 4, 2_000, 24_000, 8_000);
        assert!(machine.run(100, 2_000, 24_000, 8_000) >= 99);
    }
}
