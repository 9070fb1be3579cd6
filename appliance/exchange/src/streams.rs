//! The figures of media streams on their way into call records: a port reports what went through it only
//! after it is closed, when the call's record is already written.

use call::{
    CallId, CallQuality, CallRecord, CallState, LegId, LegPath, LegSecurity, MediaKind, MediaPath,
    PortId, QualityPoint, QualityTotal, Security, Stay, StreamRecord, StreamStats,
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
    /// Which record its figures go to: that of the call for which its ports were lent.
    call: CallId,
    /// Where it is now: a transfer may have put it into another call.
    now: CallId,
    name: String,
    ports: Vec<MediaKind>,
}

/// How one stream fared, in so many points at most.
#[derive(Debug)]
struct Curve {
    points: Vec<QualityPoint>,
    /// Of all of it.
    total: QualityTotal,
    /// One of so many is kept.
    step: u32,
    seen: u32,
}

/// What legs agreed on, by leg and line.
#[derive(Debug, Default, Clone)]
struct Lines {
    security: BTreeMap<(LegId, usize), LegSecurity>,
    paths: BTreeMap<(LegId, usize), LegPath>,
}

#[derive(Debug, Default)]
struct Open {
    /// Of the legs that are in the call.
    lines: Lines,
    /// Of those that have left it: a call that is over tells of them, too.
    left: Lines,
    streams: Vec<StreamRecord>,
    waiting: usize,
    record: Option<Box<CallRecord>>,
}

impl Streams {
    /// A port was lent to a leg.
    pub(crate) fn opened(&mut self, call: CallId, leg: LegId, name: &str, kind: MediaKind) {
        let entry = self.legs.entry(leg);
        let entry = entry.or_insert_with(|| Leg {
            call,
            now: call,
            name: name.to_owned(),
            ports: Vec::new(),
        });
        entry.ports.push(kind);
        self.records.entry(call).or_default().waiting += 1;
    }

    /// The call that a leg with media is in.
    pub(crate) fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).map(|known| known.now)
    }

    /// A leg is in this call, maybe from another one.
    pub(crate) fn joined(&mut self, leg: LegId, call: CallId) {
        let Some(known) = self.legs.get_mut(&leg).filter(|known| known.now != call) else { return };
        let from = std::mem::replace(&mut known.now, call);
        let lines = self.leave(leg, from);
        if let Some(open) = self.records.get_mut(&call) {
            open.lines.extend(lines);
            self.untold.insert(call);
        }
    }

    /// A leg is in this call no more; gives what it agreed on there.
    fn leave(&mut self, leg: LegId, call: CallId) -> Lines {
        let Some(open) = self.records.get_mut(&call) else { return Lines::default() };
        let lines = open.lines.take(leg);
        open.left.extend(lines.clone());
        self.untold.insert(call);
        lines
    }

    /// A leg and the box agreed how one line of it is protected.
    pub(crate) fn secured(&mut self, leg: LegId, line: usize, kind: MediaKind, security: Security) {
        let Some(known) = self.legs.get(&leg) else { return };
        let shown = LegSecurity { leg: known.name.clone(), kind, security };
        let Some(open) = self.records.get_mut(&known.now) else { return };
        if open.lines.security.get(&(leg, line)) != Some(&shown) {
            open.lines.security.insert((leg, line), shown);
            self.untold.insert(known.now);
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
        let Some(open) = self.records.get_mut(&known.now) else { return };
        let before = open.lines.paths.get(&(leg, line));
        let translated = before.is_some_and(|before| before.translated);
        let repacked = before.is_some_and(|before| before.repacked) && path != MediaPath::Direct;
        let stays = before.and_then(|before| before.stays);
        let leg_name = known.name.clone();
        let shown = LegPath { leg: leg_name, kind, codec, path, translated, repacked, stays };
        if before != Some(&shown) {
            open.lines.paths.insert((leg, line), shown);
            self.untold.insert(known.now);
        }
    }

    /// Whether a leg hears one line of its partner in another encoding.
    pub(crate) fn translated(&mut self, leg: LegId, line: usize, translated: bool) {
        let Some(known) = self.legs.get(&leg) else { return };
        let open = self.records.get_mut(&known.now);
        let Some(shown) = open.and_then(|open| open.lines.paths.get_mut(&(leg, line))) else {
            return;
        };
        if shown.translated != translated {
            shown.translated = translated;
            self.untold.insert(known.now);
        }
    }

    /// Whether a leg hears one line of its partner in packets of another length.
    pub(crate) fn repacked(&mut self, leg: LegId, line: usize, repacked: bool) {
        let Some(known) = self.legs.get(&leg) else { return };
        let open = self.records.get_mut(&known.now);
        let Some(shown) = open.and_then(|open| open.lines.paths.get_mut(&(leg, line))) else {
            return;
        };
        if shown.repacked != repacked {
            shown.repacked = repacked;
            self.untold.insert(known.now);
        }
    }

    /// Why a leg stays by the box though the settings would let it go past; nothing where they would not.
    pub(crate) fn stays(&mut self, leg: LegId, why: Option<Stay>) {
        let Some(known) = self.legs.get(&leg) else { return };
        let Some(open) = self.records.get_mut(&known.now) else { return };
        for (_, shown) in open.lines.paths.range_mut((leg, 0)..=(leg, usize::MAX)) {
            if shown.stays != why {
                shown.stays = why;
                self.untold.insert(known.now);
            }
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
        let curve = self.curves.remove(&port).unwrap_or_default();
        let entry = self.legs.get_mut(&leg)?;
        let kind = if entry.ports.is_empty() { MediaKind::Other } else { entry.ports.remove(0) };
        let (call, now, name) = (entry.call, entry.now, entry.name.clone());
        if entry.ports.is_empty() {
            self.legs.remove(&leg);
            self.leave(leg, now);
        }
        let open = self.records.get_mut(&call)?;
        open.waiting = open.waiting.saturating_sub(1);
        if stats.received > 0 || stats.sent > 0 || stats.strangers > 0 {
            let summary = curve.total.summary(&name);
            let quality = curve.points;
            open.streams.push(StreamRecord { leg: name, kind, stats, quality, summary });
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
        let mut lines = self.lines.clone();
        if record.state == CallState::Ended {
            lines.extend(self.left.clone());
        }
        record.security = lines.security.into_values().collect();
        record.paths = lines.paths.into_values().collect();
    }
}

impl Lines {
    fn extend(&mut self, more: Self) {
        self.security.extend(more.security);
        self.paths.extend(more.paths);
    }

    /// Takes out what is of this leg.
    fn take(&mut self, leg: LegId) -> Self {
        let all = (leg, 0)..=(leg, usize::MAX);
        Self {
            security: self.security.extract_if(all.clone(), |_, _| true).collect(),
            paths: self.paths.extract_if(all, |_, _| true).collect(),
        }
    }
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), total: QualityTotal::default(), step: 1, seen: 0 }
    }
}

impl Curve {
    /// A full curve keeps every other point, and from then on half as many.
    fn add(&mut self, point: QualityPoint) {
        self.total.add(&point);
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
