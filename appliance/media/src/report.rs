//! What the box reports of streams that it itself ends or makes (RFC 3550 §6): how it hears the far
//! side, what it said, and who it is. Where it only passes on what others say, their reports pass
//! as well, and none of this is at work.

mod interval;

use crate::rtcp::{Block, Compound, Packet, Report, Sent, VoipMetrics, Writer};
use call::ExtendedReports;
use interval::Interval;
use std::time::{Duration, Instant};

/// Reports for one far side.
#[derive(Debug)]
pub(crate) struct Reporter {
    /// Who the box is towards this far side; another for each, as RFC 7022 §4.2 wants it.
    name: [u8; 16],
    interval: Interval,
    /// When the next leaves; nothing while others speak here.
    pub(crate) due: Option<Instant>,
    /// Packets that had left by the last reports, the later first.
    told: [u32; 2],
    /// The last sender's report that came: the middle of its instant, and when it came.
    heard: Option<(u32, Instant)>,
    /// The same of the last that only listened and told the time (RFC 3611 §4.4), and who that was.
    told_time: Option<(u32, u32, Instant)>,
}

/// The stream that the box says, at the instant of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) ssrc: u32,
    /// What left, if anything did.
    pub(crate) sent: Option<Sent>,
}

/// What goes beyond RFC 3550, as far as the far side takes it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extended {
    pub(crate) takes: ExtendedReports,
    /// This instant by the wall clock.
    pub(crate) ntp: Option<u64>,
    pub(crate) metrics: Option<VoipMetrics>,
}

/// The wall clock, as somebody told it once. Without that it counts from the first report.
#[derive(Debug, Default)]
pub(crate) struct WallClock {
    known: Option<(Instant, u64)>,
}

impl Reporter {
    /// `chance`: unlike that of any other.
    pub(crate) fn new(chance: u64, name: [u8; 16]) -> Self {
        Self {
            name,
            interval: Interval::new(chance),
            due: None,
            told: [0; 2],
            heard: None,
            told_time: None,
        }
    }

    /// The box speaks here from now on. When it will report first.
    pub(crate) fn begin(&mut self, now: Instant) -> Instant {
        *self.due.get_or_insert_with(|| now + self.interval.next())
    }

    /// Remembers what the far side says of its own stream.
    pub(crate) fn hear(&mut self, compound: Compound<'_>, now: Instant) {
        for packet in compound.packets() {
            match packet {
                Packet::SenderReport { sent, .. } => self.heard = Some((sent, now)),
                Packet::Extended { ssrc, blocks } => {
                    for block in blocks {
                        if let Block::Time(sent) = block {
                            self.told_time = Some((ssrc, sent, now));
                        }
                    }
                }
                Packet::ReceiverReport { .. } | Packet::Goodbye { .. } | Packet::Other(_) => {}
            }
        }
    }

    /// Writes what there is to say now; `last` if nothing comes after it.
    pub(crate) fn write(
        &mut self,
        said: Said,
        heard: Option<Report>,
        extended: Extended,
        last: bool,
        now: Instant,
    ) -> Writer {
        let mut writer = Writer::new();
        let packets = said.sent.map_or(0, |it| it.packets);
        // Who said nothing since the last report but one is no sender any more (§6.3.8).
        let sent = said.sent.filter(|it| it.packets != self.told[1]);
        self.told = [packets, self.told[0]];
        writer.report(said.ssrc, sent, heard.map(|report| self.stamp(report, now)));
        writer.name(said.ssrc, &self.name);
        let Extended { takes, ntp, metrics } = extended;
        // A sender's report tells the time already.
        let time = ntp.filter(|_| takes.receiver_time && sent.is_none());
        let answered = self.told_time.take().filter(|_| takes.receiver_time);
        let answered = answered.map(|(ssrc, sent, at)| (ssrc, sent, kept(at, now)));
        writer.extended(said.ssrc, time, answered, metrics.filter(|_| takes.voip_metrics));
        if last {
            writer.goodbye(said.ssrc);
        }
        writer
    }

    /// Which sender's report was heard last, and how long ago.
    fn stamp(&self, report: Report, now: Instant) -> Report {
        let Some((last_report, at)) = self.heard else { return report };
        Report { last_report, delay: kept(at, now), ..report }
    }
}

/// How long ago an instant was, in 1/65,536 of a second.
fn kept(at: Instant, now: Instant) -> u32 {
    let delay = now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000;
    u32::try_from(delay).unwrap_or(u32::MAX)
}

impl WallClock {
    /// At this instant so much time has passed since 1970.
    pub(crate) fn set(&mut self, now: Instant, unix: Duration) {
        let whole = unix.as_secs().wrapping_add(FROM_1900_TO_1970);
        self.known = Some((now, (whole << 32) | fraction(unix)));
    }

    /// An instant as NTP has it, in seconds and their 2^32nds (RFC 3550 §4).
    pub(crate) fn ntp(&mut self, now: Instant) -> u64 {
        let (at, ntp) = *self.known.get_or_insert((now, 0));
        let since = now.saturating_duration_since(at);
        ntp.wrapping_add((since.as_secs() << 32) | fraction(since))
    }
}

fn fraction(time: Duration) -> u64 {
    (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000
}

/// Seconds; NTP counts from 1900.
const FROM_1900_TO_1970: u64 = 2_208_988_800;

#[cfg(test)]
// An origin of time, of which nothing depends.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn packets(writer: &Writer) -> Vec<Packet<'_>> {
        Compound::parse(writer.octets()).unwrap().packets().collect()
    }

    #[test]
    fn who_fell_silent_is_no_sender_after_two_reports() {
        let mut reporter = Reporter::new(5, [b'A'; 16]);
        let now = Instant::now();
        let mut is_sender = |packets_sent| {
            let sent = Sent { ntp: 0, timestamp: 0, packets: packets_sent, octets: 0 };
            let said = Said { ssrc: 9, sent: Some(sent) };
            let written = reporter.write(said, None, Extended::default(), false, now);
            matches!(packets(&written)[0], Packet::SenderReport { .. })
        };
        assert!(is_sender(50) && is_sender(100) && is_sender(100));
        assert!(!is_sender(100));
        assert!(is_sender(101));
    }

    #[test]
    fn the_far_side_learns_how_long_its_report_was_kept() {
        let mut reporter = Reporter::new(5, [b'A'; 16]);
        let start = Instant::now();
        let mut theirs = Writer::new();
        let sent = Sent { ntp: 0xabcd_1234 << 16, timestamp: 0, packets: 1, octets: 1 };
        theirs.report(7, Some(sent), None);
        reporter.hear(Compound::parse(theirs.octets()).unwrap(), start);
        let report = Report {
            ssrc: 7,
            fraction_lost: 0,
            lost: 0,
            highest: 1,
            jitter: 0,
            last_report: 0,
            delay: 0,
        };
        let now = start + Duration::from_millis(1_500);
        let said = Said { ssrc: 9, sent: None };
        let written = reporter.write(said, Some(report), Extended::default(), true, now);
        let told = packets(&written);
        let Packet::ReceiverReport { mut reports, .. } = told[0] else { panic!("{told:?}") };
        let block = reports.next().unwrap();
        assert_eq!((block.last_report, block.delay), (0xabcd_1234, 98_304));
        assert_eq!(told[2], Packet::Goodbye { streams: &[0, 0, 0, 9] });
    }

    #[test]
    fn the_wall_clock_goes_on_from_what_it_was_told() {
        let start = Instant::now();
        let mut clock = WallClock::default();
        clock.set(start, Duration::from_millis(500));
        let ntp = clock.ntp(start + Duration::from_millis(750));
        assert_eq!(ntp >> 32, FROM_1900_TO_1970 + 1);
        assert!((ntp as u32).abs_diff(1 << 30) < 8, "{ntp:x}");
    }

    #[test]
    fn only_what_the_far_side_takes_goes_beyond_the_usual() {
        let start = Instant::now();
        let mut theirs = Writer::new();
        theirs.report(7, None, None);
        theirs.extended(7, Some(0x1234_5678 << 16), None, None);
        let metrics = Some(VoipMetrics { ssrc: 7, ..VoipMetrics::default() });
        let said = Said { ssrc: 9, sent: None };
        for (voip_metrics, receiver_time) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let mut reporter = Reporter::new(5, [b'A'; 16]);
            reporter.hear(Compound::parse(theirs.octets()).unwrap(), start);
            let now = start + Duration::from_millis(500);
            let takes = ExtendedReports { voip_metrics, receiver_time };
            let extended = Extended { takes, ntp: Some(0xabcd_ef01 << 16), metrics };
            let written = reporter.write(said, None, extended, false, now);
            let blocks: Vec<_> = match packets(&written)[..] {
                [_, _] => Vec::new(),
                [_, _, Packet::Extended { ssrc: 9, blocks }] => blocks.collect(),
                ref other => panic!("{other:?}"),
            };
            let time = Block::Time(0xabcd_ef01);
            let heard = Block::Heard { ssrc: 7, last_time: 0x1234_5678, delay: 32_768 };
            let times = [time, heard].into_iter().filter(|_| receiver_time);
            let metrics = metrics.map(Block::VoipMetrics).filter(|_| voip_metrics);
            assert_eq!(blocks, times.chain(metrics).collect::<Vec<_>>());
            // A sender tells the time by its own report, and answers each question once.
            let sent = Some(Sent { ntp: 0, timestamp: 0, packets: 1, octets: 1 });
            let written = reporter.write(Said { ssrc: 9, sent }, None, extended, false, now);
            assert_eq!(packets(&written).len(), 2 + usize::from(voip_metrics));
        }
    }
}
