//! What is reported about the streams of a pair, by its far side and by the box.

use super::{Heard, Port};
use crate::jitter::Settings;
use crate::report::{Extended, Reporter, Said};
use crate::rtcp::{Block, Buffered, Compound, Packet, Report, Sent, VoipMetrics, Writer};
use std::time::Duration;
use std::time::Instant;

impl Port {
    /// The box speaks here from now on, and will report. When first, unless it does so already.
    pub(crate) fn begin_reports(&mut self, now: Instant) -> Option<Instant> {
        let (own, name) = (self.own, self.name);
        let reporter = self.reporter.get_or_insert_with(|| Box::new(Reporter::new(own, name)));
        reporter.due.is_none().then(|| reporter.begin(now))
    }

    /// Nothing is to be reported for now.
    pub(crate) fn end_reports(&mut self) {
        if let Some(reporter) = &mut self.reporter {
            reporter.due = None;
        }
    }

    /// When the next report is due.
    pub(crate) fn report_due(&self) -> Option<Instant> {
        self.reporter.as_ref()?.due
    }

    /// Whether the far side hears a stream in which nobody but the box spoke of late.
    pub(crate) fn heard_the_box_last(&self) -> bool {
        self.reporter.is_some() && self.interpreter.as_ref().is_some_and(|it| it.is_the_boxs())
    }

    /// Writes what the box has to report to this far side.
    ///
    /// `ntp`: this instant by the wall clock.
    pub(crate) fn write_report(&mut self, last: bool, ntp: u64, now: Instant) -> Option<Writer> {
        let metrics = self.extended.voip_metrics.then(|| self.metrics()).flatten();
        let extended = Extended { takes: self.extended, ntp: Some(ntp), metrics };
        let reporter = self.reporter.as_mut()?;
        let stream = self.interpreter.as_ref();
        let ssrc = stream.and_then(|it| it.name()).unwrap_or(self.own as u32);
        let sent = stream.and_then(|it| it.sent(now)).map(|(timestamp, packets, octets)| Sent {
            ntp,
            timestamp,
            packets,
            octets,
        });
        let heard = self.reception.report();
        let writer = reporter.write(Said { ssrc, sent }, heard, extended, last, now);
        if let Ok(compound) = Compound::parse(writer.octets()) {
            self.quality.round_trip.asked(compound, now);
        }
        Some(writer)
    }

    /// What the box hears of the far side, after its jitter buffer where it listens itself (RFC 3611
    /// §4.7); nothing before anything came.
    fn metrics(&self) -> Option<VoipMetrics> {
        let ssrc = self.reception.ssrc()?;
        let (pattern, packet) = self.reception.pattern()?;
        let millis = |it: Duration| u16::try_from(it.as_millis()).unwrap_or(u16::MAX);
        let packets = |count: f64| millis(packet.mul_f64(count.clamp(0.0, 1e6)));
        let played = self.played();
        let judged = self.quality.last();
        let waits = played.map(|it| it.delay + packet);
        Some(VoipMetrics {
            ssrc,
            lost: pattern.lost,
            discarded: pattern.discarded,
            burst_density: pattern.burst_density,
            gap_density: pattern.gap_density,
            burst_millis: packets(pattern.burst_packets),
            gap_millis: packets(pattern.gap_packets),
            round_trip_millis: millis(self.quality.round_trip.last().unwrap_or_default()),
            end_system_millis: millis(waits.unwrap_or_default()),
            r: judged.map(|it| it.r),
            listening: judged.map(|it| it.listening),
            conversation: judged.map(|it| it.conversation),
            buffer: played.map(|it| Buffered {
                nominal: millis(it.delay),
                maximum: millis(it.target.max(it.delay)),
                absolute: millis(Settings::default().most),
            }),
        })
    }

    /// Takes in what the far side reports of the stream that the box says.
    pub(crate) fn take_reports(&mut self, compound: Compound<'_>, now: Instant) {
        self.note_times(compound, now);
        if let Some(reporter) = &mut self.reporter {
            reporter.hear(compound, now);
        }
        let Some(stream) = &self.interpreter else { return };
        let Some(ssrc) = stream.name() else { return };
        let micros = |clock: u32| (256_000_000_u32).checked_div(clock);
        let micros_in_256 = stream.clock().and_then(micros);
        self.note_reports(compound, Heard { ssrc, micros_in_256 });
    }

    /// The stream that comes in here, as the partner's far side reports of it.
    pub(crate) fn heard(&self) -> Option<Heard> {
        let ssrc = self.reception.ssrc()?;
        Some(Heard { ssrc, micros_in_256: self.reception.micros(256) })
    }

    /// Notes how the far side hears what this pair sends.
    pub(crate) fn note_reports(&mut self, compound: Compound<'_>, heard: Heard) {
        for packet in compound.packets() {
            let reports = match packet {
                Packet::SenderReport { reports, .. } | Packet::ReceiverReport { reports, .. } => {
                    reports
                }
                Packet::Extended { blocks, .. } => {
                    for block in blocks {
                        if let Block::VoipMetrics(metrics) = block
                            && metrics.ssrc == heard.ssrc
                        {
                            self.quality.note_metrics(metrics);
                        }
                    }
                    continue;
                }
                Packet::Goodbye { .. } | Packet::Other(_) => continue,
            };
            // In SRTCP the blocks are noise; noise does not name the stream.
            for report in reports.filter(|report| report.ssrc == heard.ssrc) {
                self.note(report, heard);
            }
        }
    }

    /// Takes from a report of this far side how long the way to it and back is.
    pub(crate) fn note_times(&mut self, compound: Compound<'_>, now: Instant) {
        for packet in compound.packets() {
            match packet {
                Packet::SenderReport { reports, .. } | Packet::ReceiverReport { reports, .. } => {
                    for Report { last_report, delay, .. } in reports {
                        self.quality.round_trip.answered(last_report, delay, now);
                    }
                }
                Packet::Extended { blocks, .. } => {
                    for block in blocks {
                        if let Block::Heard { last_time, delay, .. } = block {
                            self.quality.round_trip.answered(last_time, delay, now);
                        }
                    }
                }
                Packet::Goodbye { .. } | Packet::Other(_) => {}
            }
        }
    }

    fn note(&mut self, report: Report, heard: Heard) {
        self.quality.note_report(report);
        self.stats.remote_lost = u32::try_from(report.lost).unwrap_or(0);
        if let Some(micros) = heard.micros_in_256 {
            let micros = u64::from(report.jitter) * u64::from(micros) / 256;
            self.stats.remote_jitter_micros = u32::try_from(micros).unwrap_or(u32::MAX);
        }
    }
}
