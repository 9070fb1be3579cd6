//! How long call records are kept: the oldest go, a few at a time, when they are too old or too many.

use crate::column::Wide;
use call::UnixMillis;
use config::Settings;
use rusqlite::{Connection, params};

/// Deletes some of what need not be kept any longer; how many there were. With
/// [`AT_ONCE`] there may be more. Calls that are not over stay.
pub(crate) fn prune(
    db: &Connection,
    settings: &Settings,
    now: UnixMillis,
) -> rusqlite::Result<usize> {
    let mut pruned = 0;
    if settings.cdr_days > 0 {
        let oldest = now.0.saturating_sub(u64::from(settings.cdr_days).saturating_mul(DAY_MS));
        pruned += db.prepare_cached(DELETE)?.execute(params![Wide(oldest), at_most(AT_ONCE)])?;
    }
    if settings.cdr_count > 0 {
        let count: i64 = db.query_row("SELECT n FROM call_record_count", [], |row| row.get(0))?;
        let excess = usize::try_from(count - i64::from(settings.cdr_count)).unwrap_or(0);
        let most = excess.min(AT_ONCE.saturating_sub(pruned));
        if most > 0 {
            pruned += db.prepare_cached(DELETE)?.execute(params![i64::MAX, at_most(most)])?;
        }
    }
    Ok(pruned)
}

fn at_most(records: usize) -> i64 {
    i64::try_from(records).unwrap_or(i64::MAX)
}

/// Some milliseconds of writing: whoever saves a setting waits no longer for it.
pub(crate) const AT_ONCE: usize = if cfg!(test) { 10 } else { 1000 };
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

const DELETE: &str = "
    DELETE FROM call_record WHERE id IN (
        SELECT id FROM call_record INDEXED BY call_record_started
        WHERE started < ?1 AND ended IS NOT NULL ORDER BY started LIMIT ?2)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Reader, RecordQuery, Store, samples};
    use call::{CallRecord, CallState};
    use config::{Change, Entry, Expect};

    /// A record a day, the last of them today, and the oldest is of a call that still goes on.
    fn with_records(dir: &std::path::Path, days: u64, cdr_days: u16, cdr_count: u32) -> Store {
        let mut store = samples::open(dir);
        let settings = Settings { cdr_days, cdr_count, ..Settings::default() };
        let change = Change::Put(Entry::Settings(settings), Expect::Any);
        store.apply(change, "anna", samples::NOW).unwrap();
        let mut facts = Facts::default();
        for age in 0..days {
            let mut record = samples::record(days - age);
            record.started = UnixMillis(samples::NOW.0 - age * DAY_MS);
            if age + 1 == days {
                (record.state, record.ended) = (CallState::Up, None);
            }
            facts.record(Box::new(record));
        }
        store.commit(&facts).unwrap();
        // Again, as it happens with every change of a call: none is counted twice.
        store.commit(&facts).unwrap();
        store
    }

    fn kept(dir: &std::path::Path) -> Vec<CallRecord> {
        let all = RecordQuery { before: None, from: None, to: None, search: None, limit: 1000 };
        Reader::open(dir).unwrap().records(&all).unwrap().records
    }

    fn prune_all(store: &mut Store) -> Vec<usize> {
        let mut batches = Vec::new();
        loop {
            match store.prune(samples::NOW).unwrap() {
                0 => return batches,
                pruned => batches.push(pruned),
            }
        }
    }

    #[test]
    fn records_that_are_too_old_go_a_few_at_a_time_and_calls_that_last_stay() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_records(dir.path(), 45, 20, 0);
        assert_eq!(prune_all(&mut store), [10, 10, 3]);
        let kept = kept(dir.path());
        assert_eq!(kept.len(), 22);
        assert_eq!(kept[20].started.0, samples::NOW.0 - 20 * DAY_MS);
        assert_eq!(kept[21].state, CallState::Up);
    }

    #[test]
    fn records_that_are_too_many_go_the_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_records(dir.path(), 1025, 0, 1000);
        assert_eq!(prune_all(&mut store), [10, 10, 5]);
        let kept = kept(dir.path());
        assert_eq!(kept.len(), 1000);
        assert_eq!(kept[998].started.0, samples::NOW.0 - 998 * DAY_MS);
        assert_eq!(kept[999].state, CallState::Up);
    }

    #[test]
    fn with_no_limits_everything_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_records(dir.path(), 40, 0, 0);
        assert_eq!(prune_all(&mut store), [0; 0]);
        assert_eq!(kept(dir.path()).len(), 40);
    }
}
