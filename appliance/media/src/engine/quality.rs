//! How the sound of pairs fares.

use super::Engine;
use crate::port::Port;
use crate::quality::{Evidence, INTERVAL};
use call::{MediaEvent, MediaKind, PortId};
use std::time::Instant;

impl Engine {
    /// Sound comes: in a while there is something to judge.
    pub(super) fn watch_quality(&mut self, port: PortId, now: Instant) {
        let Some(it) = self.ports.of_mut(port) else { return };
        if it.kind != MediaKind::Audio || it.quality.due.is_some() {
            return;
        }
        let due = now + INTERVAL;
        it.quality.due = Some(due);
        self.quality_watches.insert((due, port));
    }

    /// How the sound of a pair fared since the last time. A pair that is heard no more waits until
    /// it is heard again.
    pub(super) fn judge(&mut self, port: PortId, now: Instant) {
        let partner = self.ports.of(port).and_then(|it| it.partner);
        let partner = partner.and_then(|partner| self.ports.of(partner));
        let beyond = partner.and_then(|it| it.quality.round_trip.last());
        let other = partner.and_then(Port::codec);
        // A line is a jitter buffer's hearer, too.
        let line = partner.and_then(|it| it.line.as_ref()?.ear()?.statistics());
        if let Some(out) = self.ports.of(port).and_then(|it| it.partner)
            && self.ports.of_mut(out).is_some_and(|it| it.repacking.ended())
        {
            self.events.push_back(MediaEvent::Repacked { port: out, repacked: false });
        }
        let Some(it) = self.ports.of_mut(port) else { return };
        let other = it.own_codec().or(other);
        it.quality.due = None;
        let (codecs, played) = ((it.codec(), other), it.played().or(line));
        let evidence = Evidence { stats: &it.stats, codecs, beyond, played };
        let Some(point) = it.quality.judge(evidence, now) else { return };
        self.events.push_back(MediaEvent::Quality { port, point: Box::new(point) });
        self.watch_quality(port, now);
    }
}
