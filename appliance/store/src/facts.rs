//! What happened and is to be kept, coalesced: of each call and binding only how it stands last.

use call::{CallId, CallRecord, Registration, RegistrationId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Call records and bindings on their way to the disk.
///
/// Control fills one and hands it over when the way to the storage thread is free; until then
/// further changes of the same call or binding cost no room. It is bounded all the same, for a disk
/// that stays full: the records of the oldest calls and the oldest bindings are dropped first, and
/// counted. A call that is still up comes again with its next change.
#[derive(Debug, Default)]
pub struct Facts {
    records: BTreeMap<CallId, Box<CallRecord>>,
    bindings: BTreeMap<RegistrationId, Option<Arc<Registration>>>,
    dropped: u64,
}

impl Facts {
    /// How a call stands now.
    pub fn record(&mut self, record: Box<CallRecord>) {
        self.records.insert(record.id, record);
        self.bound();
    }

    /// A binding to keep over a restart.
    pub fn bind(&mut self, registration: Arc<Registration>) {
        self.bindings.insert(registration.id, Some(registration));
        self.bound();
    }

    /// A binding to forget.
    pub fn unbind(&mut self, id: RegistrationId) {
        self.bindings.insert(id, None);
        self.bound();
    }

    /// Takes in what happened later.
    pub fn follow(&mut self, mut later: Facts) {
        self.dropped = self.dropped.saturating_add(later.dropped);
        self.records.append(&mut later.records);
        self.bindings.append(&mut later.bindings);
        self.bound();
    }

    /// The calls, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &CallRecord> {
        self.records.values().map(Box::as_ref)
    }

    /// The bindings; `None` stands for one that is gone.
    pub fn bindings(&self) -> impl Iterator<Item = (RegistrationId, Option<&Registration>)> {
        self.bindings.iter().map(|(id, binding)| (*id, binding.as_deref()))
    }

    /// Calls and bindings in it.
    pub fn len(&self) -> usize {
        self.records.len().saturating_add(self.bindings.len())
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.bindings.is_empty()
    }

    /// How many were lost for want of room, since this batch or one that it follows was begun.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn bound(&mut self) {
        while self.records.len() > MOST_RECORDS {
            self.records.pop_first();
            self.dropped = self.dropped.saturating_add(1);
        }
        while self.bindings.len() > MOST_BINDINGS {
            self.bindings.pop_first();
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// About 20 MB; five seconds at 4,000 calls a second, most of a day in an office.
const MOST_RECORDS: usize = 20_000;
/// Ten times the phones that a box is made for.
const MOST_BINDINGS: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn of_a_call_only_its_last_state_is_kept() {
        let mut facts = Facts::default();
        let mut record = samples::record(7);
        facts.record(Box::new(record.clone()));
        record.dialled = "203".to_owned();
        facts.record(Box::new(record.clone()));
        assert_eq!(facts.len(), 1);
        assert_eq!(facts.records().next(), Some(&record));
    }

    #[test]
    fn a_binding_that_came_and_went_is_gone() {
        let mut earlier = Facts::default();
        earlier.bind(Arc::new(samples::registration(1)));
        let mut later = Facts::default();
        later.unbind(RegistrationId(1));
        earlier.follow(later);
        assert_eq!(earlier.bindings().collect::<Vec<_>>(), [(RegistrationId(1), None)]);
    }

    #[test]
    fn when_the_disk_stays_full_the_oldest_calls_are_dropped_and_counted() {
        let mut facts = Facts::default();
        for id in 0..MOST_RECORDS as u64 + 3 {
            facts.record(Box::new(samples::record(id)));
        }
        assert_eq!((facts.len(), facts.dropped()), (MOST_RECORDS, 3));
        assert_eq!(facts.records().next().map(|record| record.id), Some(CallId(3)));
    }
}
