//! What is reported about the streams of a pair, by its far side and by the box.

use super::{Heard, Port};
use crate::report::{Reporter, Said};
use crate::rtcp::{Compound, Packet, Report, Sent, Writer};
use std::time::Instant;

impl Port {
    /// The box speaks here from now on, and will report. When first, unless it does so already.
    pub(crate) fn begin_reports(&mut self, now: Instant) -> Option<Instant> {
        let own = self.own;
        let reporter = self.reporter.get_or_insert_with(|| Box::new(Reporter::new(own)));
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
        let writer = reporter.write(Said { ssrc, sent }, heard, last, now);
        if let Ok(compound) = Compound::parse(writer.octets()) {
            self.quality.round_trip.asked(compound, now);
        }
        Some(writer)
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
                Packet::Extended(metrics) => {
                    if metrics.ssrc == heard.ssrc {
                        self.quality.note_metrics(metrics);
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
            if let Packet::SenderReport { reports, .. } | Packet::ReceiverReport { reports, .. } =
                packet
            {
                reports.for_each(|report| self.quality.round_trip.answered(report, now));
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
