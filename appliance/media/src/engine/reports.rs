//! The reports of streams that the box itself ends, and what far sides report of those that it
//! makes.

use super::{DropReason, Engine, Verdict};
use crate::browser::Exit;
use crate::port::Port;
use crate::rtcp::Compound;
use call::{MediaKind, PortId};
use std::time::{Duration, Instant};

impl Engine {
    /// Tells the wall clock, for reports that name instants by it: so much time since 1970 has
    /// passed now.
    pub fn set_time(&mut self, now: Instant, unix: Duration) {
        self.wall_clock.set(now, unix);
    }

    /// The box speaks to a far side from now on: it will report. A browser's transport does so
    /// itself, and a line takes none.
    pub(super) fn begin_reports(&mut self, port: PortId, now: Instant) {
        let Some(it) = self.ports.of_mut(port) else { return };
        if port.is_browser() || port.is_line() || it.kind != MediaKind::Audio {
            return;
        }
        if let Some(due) = it.begin_reports(now) {
            self.report_watches.insert((due, port));
        }
    }

    /// Reports whatever is due to be reported.
    pub(super) fn tell_reports(&mut self, now: Instant) {
        while let Some(&(at, port)) = self.report_watches.first()
            && at <= now
        {
            self.report_watches.pop_first();
            let Some(it) = self.ports.of_mut(port) else { continue };
            it.end_reports();
            if it.is_spoken_to() {
                self.send_report(port, false, now);
                self.begin_reports(port, now);
            }
        }
    }

    /// The far side is to know that the stream which it hears ends, if the box said it last.
    pub(super) fn say_goodbye(&mut self, port: PortId, now: Instant) {
        if self.ports.of(port).is_some_and(Port::heard_the_box_last) {
            self.send_report(port, true, now);
        }
    }

    fn send_report(&mut self, port: PortId, last: bool, now: Instant) {
        let ntp = self.wall_clock.ntp(now);
        let Some(it) = self.ports.of_mut(port) else { return };
        let Some(to) = it.to(true) else { return };
        let Some(writer) = it.write_report(last, ntp, now) else { return };
        if self.is_circle(to, port, port) {
            return;
        }
        self.desk.put(writer.octets());
        self.seal(port, true);
        let written = Verdict::Ciphered { port, rtcp: true, to };
        let Verdict::Ciphered { port, rtcp, to } = self.follow(written, &mut [], now) else {
            return;
        };
        while let Some(packet) = self.desk.take() {
            self.outbox.push(Exit::Pair { port, rtcp }, to, packet);
        }
    }

    /// Takes the reports of a far side to which the box itself speaks: they end here.
    pub(super) fn take_reports(&mut self, port: PortId, bytes: &[u8], now: Instant) -> Verdict {
        if let (Some(it), Ok(compound)) = (self.ports.of_mut(port), Compound::parse(bytes)) {
            it.take_reports(compound, now);
        }
        Verdict::Drop(DropReason::Reported)
    }
}
