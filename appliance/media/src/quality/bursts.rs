//! How losses come: one by one, or in bursts (RFC 3611 §4.7.2 and §A.2).
//!
//! A burst begins and ends with a packet that was not played, and within it never as many as
//! [`GMIN`] in a row were played. What lies between bursts is a gap.

use crate::rtcp::GMIN;

/// What was counted of one stream from its beginning, packet by packet in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bursts {
    lost: u64,
    discarded: u64,
    all: u64,
    /// Packets that were played since the last that was not.
    since: u64,
    /// The burst that is going on: its packets, and those of them that were not played.
    burst: (u64, u64),
    /// All bursts: how many, their packets, and those that were not played.
    bursts: u64,
    in_bursts: (u64, u64),
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Played,
    Lost,
    /// It came when its sound was due already.
    Discarded,
}

/// Shares in 1/256, and lengths in packets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) lost: u8,
    pub(crate) discarded: u8,
    pub(crate) burst_density: u8,
    pub(crate) gap_density: u8,
    pub(crate) burst_packets: f64,
    pub(crate) gap_packets: f64,
}

impl Bursts {
    /// The next packet.
    pub(crate) fn packet(&mut self, fate: Fate) {
        self.all += 1;
        match fate {
            Fate::Played => {
                self.since += 1;
                return;
            }
            Fate::Lost => self.lost += 1,
            Fate::Discarded => self.discarded += 1,
        }
        let close = self.since < u64::from(GMIN) && self.burst.1 > 0;
        if !close {
            self.end();
        }
        let played = if close { self.since } else { 0 };
        self.burst.0 += played + 1;
        self.burst.1 += 1;
        self.since = 0;
    }

    /// What was counted so far. A burst that goes on counts as if it ended here.
    pub(crate) fn pattern(mut self) -> Pattern {
        self.end();
        let missing = self.lost + self.discarded;
        let (packets, missing_there) = self.in_bursts;
        let gaps = self.all - packets;
        let mean = |packets: u64, count: u64| packets as f64 / count as f64;
        Pattern {
            lost: share(self.lost, self.all),
            discarded: share(self.discarded, self.all),
            burst_density: share(missing_there, packets),
            gap_density: share(missing - missing_there, gaps),
            burst_packets: if self.bursts == 0 { 0.0 } else { mean(packets, self.bursts) },
            // There is a gap before each burst, and one behind the last.
            gap_packets: mean(gaps, self.bursts + 1),
        }
    }

    /// One that was missed alone is no burst: it belongs to the gap (§4.7.2).
    fn end(&mut self) {
        let (packets, missing) = std::mem::take(&mut self.burst);
        if missing > 1 {
            self.bursts += 1;
            self.in_bursts.0 += packets;
            self.in_bursts.1 += missing;
        }
    }
}

fn share(part: u64, whole: u64) -> u8 {
    (part * 256).checked_div(whole).map_or(0, |it| it.min(255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter for each packet: `.` played, `x` lost, `l` too late.
    fn pattern(packets: &str) -> Pattern {
        let mut bursts = Bursts::default();
        for packet in packets.chars() {
            bursts.packet(match packet {
                'x' => Fate::Lost,
                'l' => Fate::Discarded,
                _ => Fate::Played,
            });
        }
        bursts.pattern()
    }

    #[test]
    fn losses_far_from_each_other_are_a_gap_without_a_burst() {
        let one = format!("{}x", ".".repeat(31));
        let it = pattern(&one.repeat(8));
        assert_eq!((it.lost, it.discarded, it.gap_density, it.burst_density), (8, 0, 8, 0));
        assert_eq!((it.burst_packets, it.gap_packets), (0.0, 256.0));
        assert_eq!(pattern("."), Pattern { gap_packets: 1.0, ..Pattern::default() });
        assert_eq!(pattern("").lost, 0);
    }

    #[test]
    fn losses_close_to_each_other_are_one_burst() {
        let quiet = ".".repeat(32);
        let it = pattern(&format!("{quiet}x..xl.x.x{quiet}"));
        assert_eq!((it.burst_packets, it.gap_packets), (9.0, 32.0));
        assert_eq!(it.burst_density, (5 * 256 / 9) as u8);
        assert_eq!((it.lost, it.discarded), ((4 * 256 / 73) as u8, (256 / 73) as u8));
        assert_eq!(it.gap_density, 0);
        // Sixteen in a row that came end it; fifteen do not.
        assert_eq!(pattern(&format!("{quiet}xx{}x", ".".repeat(16))).burst_packets, 2.0);
        assert_eq!(pattern(&format!("{quiet}xx{}x", ".".repeat(15))).burst_packets, 18.0);
    }

    #[test]
    fn a_burst_that_goes_on_counts_as_far_as_it_is() {
        let it = pattern(&format!("{}xxxx", ".".repeat(60)));
        assert_eq!((it.burst_packets, it.burst_density), (4.0, 255));
        assert_eq!(it.lost, 16);
    }
}
