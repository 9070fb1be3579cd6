//! The figures of media streams on their way into call records: a port reports what went through it only
//! after it is closed, when the call's record is already written.

use call::{
    CallId, CallRecord, CallState, LegId, LegSecurity, MediaKind, Security, StreamRecord,
    StreamStats,
};
use std::collections::{BTreeMap, VecDeque};

/// Records of calls whose ports have not all reported.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    legs: BTreeMap<LegId, Leg>,
    records: BTreeMap<CallId, Open>,
    /// In the order in which the calls ended, to bound what a lost report could keep.
    ended: VecDeque<CallId>,
}

#[derive(Debug)]
struct Leg {
    call: CallId,
    name: String,
    ports: Vec<MediaKind>,
}

#[derive(Debug, Default)]
struct Open {
    /// By leg and line.
    security: BTreeMap<(LegId, usize), LegSecurity>,
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
        if let Some(open) = self.records.get_mut(&known.call) {
            open.security.insert((leg, line), shown);
        }
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

    /// A port reported. The record once more, when it was written and this was the last one.
    pub(crate) fn closed(&mut self, leg: LegId, stats: StreamStats) -> Option<Box<CallRecord>> {
        let entry = self.legs.get_mut(&leg)?;
        let kind = if entry.ports.is_empty() { MediaKind::Other } else { entry.ports.remove(0) };
        let (call, name) = (entry.call, entry.name.clone());
        if entry.ports.is_empty() {
            self.legs.remove(&leg);
        }
        let open = self.records.get_mut(&call)?;
        open.waiting = open.waiting.saturating_sub(1);
        if stats.received > 0 || stats.sent > 0 || stats.strangers > 0 {
            open.streams.push(StreamRecord { leg: name, kind, stats });
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
    }
}

/// Reports come within a second; a call that waits longer than 10,000 others is not waited for.
const MOST_WAITING: usize = 10_000;
