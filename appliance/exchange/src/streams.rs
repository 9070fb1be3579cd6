//! The figures of media streams on their way into call records: a port reports what went through it only
//! after it is closed, when the call's record is already written.

use call::{
    CallId, CallQuality, CallRecord, CallState, LegId, LegPath, LegSecurity, MediaKind, MediaPath,
    PortId, QualityPoint, Security, StreamRecord, StreamStats,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Records of calls whose ports have not all reported.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    legs: BTreeMap<LegId, Leg>,
    records: BTreeMap<CallId, Open>,
    curves: BTreeMap<PortId, Curve>,
    /// Of these more is known than was told.
    untold: BTreeSet<CallId>,
    /// In the order in which the calls ended, to bound what a lost report could keep.
    ended: VecDeque<CallId>,
}

#[derive(Debug)]
struct Leg {
    call: CallId,
    name: String,
    ports: Vec<MediaKind>,
}

/// How one stream fared, in so many points at most.
#[derive(Debug)]
struct Curve {
    points: Vec<QualityPoint>,
    /// One of so many is kept.
    step: u32,
    seen: u32,
}

#[derive(Debug, Default)]
struct Open {
    /// By leg and line.
    security: BTreeMap<(LegId, usize), LegSecurity>,
    paths: BTreeMap<(LegId, usize), LegPath>,
    streams: Vec<StreamRecord>,
    waiting: usize,
    record: Option<Box<CallRecord>>,
}

impl Streams {
    /// A port was lent to a leg.
    pub(crate) fn opened(&mut self, call: CallId, leg: LegId, name: &str, kind: MediaKind) {
        let entry = self.legs.entry(leg);
        let entry = entry.or_insert_with(|| Leg { call, name: name.to_owned(), ports: Vec::new() });
        entry.ports.push(kind);
        self.records.entry(call).or_default().waiting += 1;
    }

    /// A leg and the box agreed how one line of it is protected.
    pub(crate) fn secured(&mut self, leg: LegId, line: usize, kind: MediaKind, security: Security) {
        let Some(known) = self.legs.get(&leg) else { return };
        let shown = LegSecurity { leg: known.name.clone(), kind, security };
        let Some(open) = self.records.get_mut(&known.call) else { return };
        if open.security.get(&(leg, line)) != Some(&shown) {
            open.security.insert((leg, line), shown);
            self.untold.insert(known.call);
        }
    }

    /// A leg and the box agreed what is spoken on one line of it, and where that goes.
    pub(crate) fn agreed(
        &mut self,
        leg: LegId,
        line: usize,
        kind: MediaKind,
        codec: Option<String>,
        path: MediaPath,
    ) {
        let Some(known) = self.legs.get(&leg) else { return };
        let Some(open) = self.records.get_mut(&known.call) else { return };
        let before = open.paths.get(&(leg, line));
        let translated = before.is_some_and(|before| before.translated);
        let shown = LegPath { leg: known.name.clone(), kind, codec, path, translated };
        if before != Some(&shown) {
            open.paths.insert((leg, line), shown);
            self.untold.insert(known.call);
        }
    }

    /// Whether a leg hears one line of its partner in another encoding.
    pub(crate) fn translated(&mut self, leg: LegId, line: usize, translated: bool) {
        let Some(known) = self.legs.get(&leg) else { return };
        let open = self.records.get_mut(&known.call);
        let Some(shown) = open.and_then(|open| open.paths.get_mut(&(leg, line))) else { return };
        if shown.translated != translated {
            shown.translated = translated;
            self.untold.insert(known.call);
        }
    }

    /// The next call of which more is known than was told.
    pub(crate) fn poll_untold(&mut self) -> Option<CallId> {
        self.untold.pop_first()
    }

    /// A call's record with what is known here of its legs.
    pub(crate) fn told(&self, record: &CallRecord) -> CallRecord {
        let mut record = record.clone();
        if let Some(open) = self.records.get(&record.id) {
            open.tell(&mut record);
        }
        record
    }

    /// A call's record as it goes out, with the streams that have reported.
    pub(crate) fn note(&mut self, mut record: Box<CallRecord>) -> Box<CallRecord> {
        let Some(open) = self.records.get_mut(&record.id) else { return record };
        self.untold.remove(&record.id);
        open.tell(&mut record);
        if record.state != CallState::Ended {
            return record;
        }
        if open.waiting == 0 {
            self.records.remove(&record.id);
            return record;
        }
        open.record = Some(record.clone());
        self.ended.push_back(record.id);
        if self.ended.len() > MOST_WAITING
            && let Some(oldest) = self.ended.pop_front()
        {
            self.records.remove(&oldest);
        }
        record
    }

    /// A port told how its sound fares.
    pub(crate) fn fared(
        &mut self,
        leg: LegId,
        port: PortId,
        point: QualityPoint,
    ) -> Option<CallQuality> {
        let known = self.legs.get(&leg)?;
        self.curves.entry(port).or_default().add(point);
        let (call, leg) = (known.call, known.name.clone());
        Some(CallQuality { call, leg, kind: MediaKind::Audio, point })
    }

    /// A port reported. The record once more, when it was written and this was the last one.
    pub(crate) fn closed(
        &mut self,
        leg: LegId,
        port: PortId,
        stats: StreamStats,
    ) -> Option<Box<CallRecord>> {
        let quality = self.curves.remove(&port).map(|curve| curve.points).unwrap_or_default();
        let entry = self.legs.get_mut(&leg)?;
        let kind = if entry.ports.is_empty() { MediaKind::Other } else { entry.ports.remove(0) };
        let (call, name) = (entry.call, entry.name.clone());
        if entry.ports.is_empty() {
            self.legs.remove(&leg);
        }
        let open = self.records.get_mut(&call)?;
        open.waiting = open.waiting.saturating_sub(1);
        if stats.received > 0 || stats.sent > 0 || stats.strangers > 0 {
            open.streams.push(StreamRecord { leg: name, kind, stats, quality });
        }
        if open.waiting > 0 {
            return None;
        }
        let mut record = open.record.take()?;
        open.tell(&mut record);
        self.records.remove(&call);
        (!record.streams.is_empty()).then_some(record)
    }
}

impl Open {
    fn tell(&self, record: &mut CallRecord) {
        record.streams.clone_from(&self.streams);
        record.security = self.security.values().cloned().collect();
        record.paths = self.paths.values().cloned().collect();
    }
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), step: 1, seen: 0 }
    }
}

impl Curve {
    /// A full curve keeps every other point, and from then on half as many.
    fn add(&mut self, point: QualityPoint) {
        let kept = self.seen.is_multiple_of(self.step);
        self.seen = self.seen.wrapping_add(1);
        if !kept {
            return;
        }
        if self.points.len() >= MOST_POINTS {
            let mut place = 0_u32;
            self.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step = self.step.saturating_mul(2);
        }
        self.points.push(point);
    }
}

/// Of one curve: ten minutes as they come.
const MOST_POINTS: usize = 120;
/// Reports come within a second; a call that waits longer than 10,000 others is not waited for.
const MOST_WAITING: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use call::Quality;

    #[test]
    fn the_curve_of_a_day_has_no_more_points_than_that_of_twenty_minutes() {
        let mut curve = Curve::default();
        let day = 24 * 60 * 60 / 5;
        for n in 1..=day {
            let (heard, after_ms) = (Quality::default(), n * 5_000);
            curve.add(QualityPoint { after_ms, heard, said: None, round_trip_micros: None });
        }
        let times: Vec<_> = curve.points.iter().map(|point| point.after_ms).collect();
        assert!((MOST_POINTS / 2..=MOST_POINTS).contains(&times.len()), "{}", times.len());
        let steps: Vec<_> = times.windows(2).map(|it| it[1] - it[0]).collect();
        assert!(steps.iter().all(|it| it.abs_diff(steps[0]) == 0), "{steps:?}");
        assert!(*times.last().unwrap() > day * 5_000 * 98 / 100);
    }
}
