//! Call records as rows, and the pages that are read from them.

use crate::Facts;
use crate::column::{Bits, Json, Wide, Word};
use call::{
    CallId, CallRecord, CallState, Cause, Diversion, End, KeyRecord, LegPath, LegSecurity, Party,
    Place, RecordingId, Search, Step, StreamRecord, UnixMillis, Why,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Which call records, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordQuery {
    /// Only what comes after this one on the list: the last record of the page before. Nothing
    /// when there is no such record.
    pub before: Option<CallId>,
    /// Only calls whose INVITE came at this time or later.
    pub from: Option<UnixMillis>,
    /// Only calls whose INVITE came before this time.
    pub to: Option<UnixMillis>,
    /// Only calls in whose numbers and names this is found.
    pub search: Option<Search>,
    /// At most so many, and never more than [`RecordQuery::MOST`].
    pub limit: usize,
}

impl RecordQuery {
    /// The longest page.
    pub const MOST: usize = 1000;
}

/// A page of call records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// The records, newest first.
    pub records: Vec<CallRecord>,
    /// A search looks through so many records and no more for one page: this is the last that it
    /// looked at, where older ones are left. The next page begins after it.
    pub searched: Option<CallId>,
}

/// What is only read back as a whole.
#[derive(Serialize, Deserialize)]
struct Detail<'a> {
    origin: Cow<'a, Place>,
    destination: Cow<'a, Option<Place>>,
    held: bool,
    end: Cow<'a, Option<End>>,
    steps: Cow<'a, [Step]>,
    diverted: Cow<'a, [Diversion]>,
    digits: Cow<'a, str>,
    /// Records from before keys had their times have none.
    #[serde(default)]
    keys: Cow<'a, [KeyRecord]>,
    /// Records from before transfers were told apart have none.
    #[serde(default)]
    talking: Cow<'a, [Party]>,
    /// Nor have those from before legs could be encrypted.
    #[serde(default)]
    security: Cow<'a, [LegSecurity]>,
    /// Nor those from before the way of their media was told.
    #[serde(default)]
    paths: Cow<'a, [LegPath]>,
    /// Nor have those from before recordings were named.
    #[serde(default)]
    recordings: Cow<'a, [RecordingId]>,
    streams: Cow<'a, [StreamRecord]>,
}

/// Writes how calls stand now.
pub(crate) fn commit(db: &Connection, facts: &Facts) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(PUT)?;
    for record in facts.records() {
        let time = |at: Option<UnixMillis>| at.map(|at| Wide(at.0));
        statement.execute(params![
            Bits(record.id.0),
            record.tenant,
            Word(record.direction),
            Word(record.state),
            record.from.number,
            record.from.name,
            record.dialled,
            record.to.number,
            record.to.name,
            Wide(record.started.0),
            time(record.rang),
            time(record.answered),
            time(record.ended),
            record.search_text(),
            Json(Detail::of(record)),
        ])?;
    }
    Ok(())
}

/// Ends the calls of a daemon that went down without a farewell; how many.
pub(crate) fn close_open(db: &Connection, now: UnixMillis) -> rusqlite::Result<usize> {
    let mut statement = db.prepare(OPEN)?;
    let mut count = 0;
    loop {
        let mut facts = Facts::default();
        for record in statement.query_map([], read)? {
            let mut record = record?;
            record.state = CallState::Ended;
            record.ended = Some(now.max(record.started));
            record.held = false;
            record.end = Some(End::ours(Cause::TEMPORARY_FAILURE, Why::Crash));
            facts.record(Box::new(record));
        }
        if facts.is_empty() {
            return Ok(count);
        }
        count += facts.len();
        commit(db, &facts)?;
    }
}

pub(crate) fn one(db: &Connection, id: CallId) -> rusqlite::Result<Option<CallRecord>> {
    let mut statement = db.prepare_cached("SELECT * FROM call_record WHERE id = ?1")?;
    statement.query_row([Bits(id.0)], read).optional()
}

/// One page. The order is that of the INVITEs; the id decides between those of one millisecond.
pub(crate) fn page(db: &Connection, query: &RecordQuery) -> rusqlite::Result<RecordPage> {
    let end = query.to.map_or((i64::MAX, i64::MIN), |to| (time(to), i64::MIN));
    let before = match query.before {
        None => end,
        Some(id) => match started(db, id)? {
            Some(started) => end.min((started, id.0.cast_signed())),
            None => return Ok(RecordPage::default()),
        },
    };
    let from = query.from.map_or(i64::MIN, time);
    let most = query.limit.min(RecordQuery::MOST);
    let Some(search) = &query.search else {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let range = params![before.0, before.1, from, most];
        let records = db.prepare_cached(PAGE)?.query_map(range, read)?.collect::<Result<_, _>>()?;
        return Ok(RecordPage { records, searched: None });
    };
    let mut texts = db.prepare_cached(TEXTS)?;
    let mut texts = texts.query(params![before.0, before.1, from, SEARCHED])?;
    let (mut page, mut looked_at) = (RecordPage::default(), 0);
    while page.records.len() < most {
        let Some(row) = texts.next()? else { break };
        let id = CallId(row.get::<_, Bits>(0)?.0);
        looked_at += 1;
        if search.finds(row.get_ref(1)?.as_str()?) {
            page.records.extend(one(db, id)?);
        }
        page.searched = (looked_at == SEARCHED).then_some(id);
    }
    Ok(page)
}

impl<'a> Detail<'a> {
    fn of(record: &'a CallRecord) -> Self {
        Self {
            origin: Cow::Borrowed(&record.origin),
            destination: Cow::Borrowed(&record.destination),
            held: record.held,
            end: Cow::Borrowed(&record.end),
            steps: Cow::Borrowed(&record.steps),
            diverted: Cow::Borrowed(&record.diverted),
            digits: Cow::Borrowed(&record.digits),
            keys: Cow::Borrowed(&record.keys),
            talking: Cow::Borrowed(&record.talking),
            security: Cow::Borrowed(&record.security),
            paths: Cow::Borrowed(&record.paths),
            recordings: Cow::Borrowed(&record.recordings),
            streams: Cow::Borrowed(&record.streams),
        }
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    let time = |column| -> rusqlite::Result<_> {
        let time: Option<Wide> = row.get(column)?;
        Ok(time.map(|time| UnixMillis(time.0)))
    };
    let detail: Detail<'static> = row.get::<_, Json<_>>("detail")?.0;
    Ok(CallRecord {
        id: CallId(row.get::<_, Bits>("id")?.0),
        tenant: row.get("tenant_id")?,
        direction: row.get::<_, Word<_>>("direction")?.0,
        state: row.get::<_, Word<_>>("state")?.0,
        from: Party { number: row.get("from_number")?, name: row.get("from_name")? },
        origin: detail.origin.into_owned(),
        dialled: row.get("dialled")?,
        to: Party { number: row.get("to_number")?, name: row.get("to_name")? },
        destination: detail.destination.into_owned(),
        started: UnixMillis(row.get::<_, Wide>("started")?.0),
        rang: time("rang")?,
        answered: time("answered")?,
        ended: time("ended")?,
        held: detail.held,
        end: detail.end.into_owned(),
        steps: detail.steps.into_owned(),
        diverted: detail.diverted.into_owned(),
        digits: detail.digits.into_owned(),
        keys: detail.keys.into_owned(),
        talking: detail.talking.into_owned(),
        security: detail.security.into_owned(),
        paths: detail.paths.into_owned(),
        recordings: detail.recordings.into_owned(),
        streams: detail.streams.into_owned(),
    })
}

fn started(db: &Connection, id: CallId) -> rusqlite::Result<Option<i64>> {
    let mut statement = db.prepare_cached("SELECT started FROM call_record WHERE id = ?1")?;
    statement.query_row([Bits(id.0)], |row| row.get(0)).optional()
}

fn time(at: UnixMillis) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

const PUT: &str = "
    INSERT INTO call_record (id, tenant_id, direction, state, from_number, from_name, dialled,
        to_number, to_name, started, rang, answered, ended, search, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, direction = excluded.direction, state = excluded.state,
        from_number = excluded.from_number, from_name = excluded.from_name,
        dialled = excluded.dialled, to_number = excluded.to_number, to_name = excluded.to_name,
        started = excluded.started, rang = excluded.rang, answered = excluded.answered,
        ended = excluded.ended, search = excluded.search, detail = excluded.detail";

/// A part at a time: [`Facts`] are bounded.
const OPEN: &str = "SELECT * FROM call_record WHERE ended IS NULL ORDER BY id LIMIT 1000";

const PAGE: &str = "
    SELECT * FROM call_record
    WHERE (started, id) < (?1, ?2) AND started >= ?3
    ORDER BY started DESC, id DESC LIMIT ?4";

/// Read from the index alone.
const TEXTS: &str = "
    SELECT id, search FROM call_record
    WHERE (started, id) < (?1, ?2) AND started >= ?3
    ORDER BY started DESC, id DESC LIMIT ?4";

/// For one page a search looks through so many records: 0.15 s, measured among a million of them.
const SEARCHED: i64 = if cfg!(test) { 20 } else { 200_000 };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Reader, samples};
    use proptest::prelude::*;

    const ALL: RecordQuery =
        RecordQuery { before: None, from: None, to: None, search: None, limit: 1000 };

    fn with_records(dir: &std::path::Path, records: &[CallRecord]) -> Reader {
        let mut store = samples::open(dir);
        let mut facts = Facts::default();
        records.iter().for_each(|record| facts.record(Box::new(record.clone())));
        store.commit(&facts).unwrap();
        Reader::open(dir).unwrap()
    }

    fn some_record() -> impl Strategy<Value = CallRecord> {
        let number = || prop::sample::select(vec!["201", "202", "203", "+4930123", ""]);
        (0..200u64, 0..20u64, number(), number(), number()).prop_map(
            |(id, second, from, dialled, to)| {
                let mut record = samples::record(id);
                record.started = UnixMillis(samples::NOW.0 + second * 1000);
                record.from.number = from.to_owned();
                record.dialled = dialled.to_owned();
                record.to.number = to.to_owned();
                record
            },
        )
    }

    /// What a list is, said in the plainest way.
    fn expected(records: &[CallRecord], query: &RecordQuery) -> Vec<CallId> {
        let mut last: Vec<&CallRecord> = Vec::new();
        for record in records.iter().rev() {
            if last.iter().all(|seen| seen.id != record.id) {
                last.push(record);
            }
        }
        last.retain(|record| {
            let text = record.search_text();
            query.from.is_none_or(|from| record.started >= from)
                && query.to.is_none_or(|to| record.started < to)
                && query.search.as_ref().is_none_or(|search| search.finds(&text))
        });
        last.sort_by_key(|record| std::cmp::Reverse((record.started, record.id)));
        last.into_iter().map(|record| record.id).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn pages_put_together_are_the_whole_list(
            records in prop::collection::vec(some_record(), 0..60),
            from in prop::option::of(0..20u64),
            to in prop::option::of(0..20u64),
            typed in prop::sample::select(vec!["", "201", "20", "+49 30", "Reception", "nobody"]),
            limit in 1..9usize,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let reader = with_records(dir.path(), &records);
            let time = |second: u64| UnixMillis(samples::NOW.0 + second * 1000);
            let mut query = RecordQuery {
                before: None,
                from: from.map(time),
                to: to.map(time),
                search: Search::of(typed),
                limit,
            };
            let whole = expected(&records, &query);
            let mut seen = Vec::new();
            loop {
                let page = reader.records(&query).unwrap();
                prop_assert!(page.records.len() <= limit);
                seen.extend(page.records.iter().map(|record| record.id));
                let last = page.records.last().filter(|_| page.records.len() == limit);
                query.before = last.map(|record| record.id).or(page.searched);
                if query.before.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, whole);
        }
    }

    #[test]
    fn a_record_that_changes_is_found_under_its_new_number_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut record = samples::record(1);
        drop(with_records(dir.path(), &[record.clone()]));
        record.to.number = "2045".to_owned();
        record.to.name = "MÜLLER".to_owned();
        record.dialled = "204".to_owned();
        record.talking.clear();
        let reader = with_records(dir.path(), &[record.clone()]);
        let found = |typed: &str| {
            let query = RecordQuery { search: Search::of(typed), ..ALL };
            reader.records(&query).unwrap().records
        };
        assert_eq!(found("204"), [record.clone()]);
        assert_eq!(found("45"), [record.clone()]);
        assert_eq!(found("müll"), [record]);
        assert_eq!(found("+44 20 7946 0958"), []);
    }

    #[test]
    fn a_search_stops_after_so_many_records_and_says_where_to_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let records: Vec<CallRecord> = (0..50)
            .map(|id| {
                let mut record = samples::record(id);
                record.started = UnixMillis(samples::NOW.0 + id);
                record.from.number = if id == 12 { "777" } else { "201" }.to_owned();
                record
            })
            .collect();
        let reader = with_records(dir.path(), &records);
        let mut query = RecordQuery { search: Search::of("777"), ..ALL };
        let mut pages = Vec::new();
        loop {
            let page = reader.records(&query).unwrap();
            pages.push((page.records.len(), page.searched.map(|id| id.0)));
            let Some(searched) = page.searched else { break };
            query.before = Some(searched);
        }
        assert_eq!(pages, [(0, Some(30)), (1, Some(10)), (0, None)]);
    }

    #[test]
    fn after_a_call_that_is_not_there_comes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let reader = with_records(dir.path(), &[samples::record(1)]);
        let query = RecordQuery { before: Some(CallId(9)), ..ALL };
        assert_eq!(reader.records(&query).unwrap(), RecordPage::default());
    }

    #[test]
    fn lists_read_from_indexes_only() {
        let dir = tempfile::tempdir().unwrap();
        with_records(dir.path(), &[]);
        let db = Connection::open(crate::folder::database(dir.path())).unwrap();
        for sql in [PAGE, TEXTS, OPEN] {
            let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let count = plan.parameter_count();
            let values = vec![0; count];
            let steps = plan
                .query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3))
                .unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            assert!(!steps.iter().any(|step| step == "SCAN call_record"), "{steps:#?}");
            let alone = "SEARCH call_record USING COVERING INDEX call_record_started (started>? AND started<?)";
            assert!(sql != TEXTS || steps.iter().any(|step| step == alone), "{steps:#?}");
        }
    }
}
