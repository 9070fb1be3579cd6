//! Formats of the database, one after the other. `PRAGMA user_version` says which one a file has.
//!
//! A migration is rehearsed on a copy, which must then be sound; only after that the real file is
//! changed, in one transaction, and the old one stays beside it as `strowger.db.v<N>`.

use crate::{OpenError, folder, reader};
use rusqlite::backup::Progress;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, MAIN_DB, TransactionBehavior};
use std::fs;
use std::path::{Path, PathBuf};

/// The newest format that this program knows.
pub(crate) fn known() -> u32 {
    number(MIGRATIONS.len())
}

/// Brings the database at `path` to the newest format; makes it if there is none.
pub(crate) fn bring_up(path: &Path) -> Result<(), OpenError> {
    bring_up_with(path, MIGRATIONS)
}

/// The format of a database; 0 of an empty one. Refuses one that a newer program wrote.
pub(crate) fn version(db: &Connection, path: &Path) -> Result<u32, OpenError> {
    version_within(db, path, known())
}

/// What is wrong inside a database, in SQLite's own words; empty when it is sound.
pub(crate) fn faults(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("PRAGMA integrity_check(10)")?;
    let said: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut faults: Vec<String> = said.into_iter().filter(|line| line != "ok").collect();
    let mut statement = db.prepare("PRAGMA foreign_key_check")?;
    let orphans = statement.query_map([], |row| {
        let (child, parent): (String, String) = (row.get("table")?, row.get("parent")?);
        Ok(format!("a row of {child} refers to a row of {parent} that is not there"))
    })?;
    for orphan in orphans {
        faults.push(orphan?);
    }
    Ok(faults)
}

/// Where the database of an older format stays.
pub(crate) fn kept(path: &Path, format: u32) -> PathBuf {
    folder::beside(path, &format!(".v{format}"))
}

fn bring_up_with(path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let known = number(migrations.len());
    let failed = |error| OpenError::of(path, error);
    if !path.exists() {
        let made = folder::private().open(path);
        made.map_err(|error| OpenError::folder(path, error))?;
    } else {
        // Looked at through a connection that cannot touch it.
        let db = reader::connect(path).map_err(failed)?;
        if version_within(&db, path, known)? == known {
            return Ok(());
        }
    }
    let mut db = Connection::open(path).map_err(failed)?;
    let found = version_within(&db, path, known)?;
    if found > 0 {
        rehearse(&db, path, migrations)?;
        keep_old(&db, path, found)?;
    }
    migrate(&mut db, migrations).map_err(failed)
}

fn version_within(db: &Connection, path: &Path, known: u32) -> Result<u32, OpenError> {
    let found = db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    let found = found.map_err(|error| OpenError::of(path, error))?;
    if found > known {
        return Err(OpenError::NewerDatabase { found, known });
    }
    Ok(found)
}

fn rehearse(db: &Connection, path: &Path, migrations: &[&str]) -> Result<(), OpenError> {
    let to = number(migrations.len());
    let copy = folder::beside(path, ".try");
    copy_to(db, &copy)?;
    let tried = Connection::open(&copy).and_then(|mut db| {
        migrate(&mut db, migrations)?;
        faults(&db)
    });
    let removed = folder::remove(&copy);
    match tried {
        Ok(faults) if faults.is_empty() => removed.map_err(|error| OpenError::folder(&copy, error)),
        Ok(_) => Err(OpenError::Damaged { path: path.to_owned() }),
        Err(error) => match OpenError::of(&copy, error) {
            OpenError::Failed(error) => Err(OpenError::Migration { to, error }),
            other => Err(other),
        },
    }
}

/// Copies the database as it is into a file named after its format.
fn keep_old(db: &Connection, path: &Path, found: u32) -> Result<(), OpenError> {
    let kept = kept(path, found);
    let new = folder::beside(path, ".new");
    copy_to(db, &new)?;
    fs::rename(&new, &kept).map_err(|error| OpenError::folder(&kept, error))?;
    let dir = path.parent().unwrap_or(path);
    folder::sync(dir).map_err(|error| OpenError::folder(dir, error))
}

fn copy_to(db: &Connection, copy: &Path) -> Result<(), OpenError> {
    let made = folder::remove(copy).and_then(|()| folder::private().open(copy));
    let file = made.map_err(|error| OpenError::folder(copy, error))?;
    db.backup(MAIN_DB, copy, None::<fn(Progress)>).map_err(|error| OpenError::of(copy, error))?;
    file.sync_all().map_err(|error| OpenError::folder(copy, error))
}

/// Runs what is missing, all in one transaction.
fn migrate(db: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    // A table is rebuilt by dropping it: what refers to it must bear that for a moment.
    db.pragma_update(None, "foreign_keys", false)?;
    db.create_scalar_function("lowercase", 1, FunctionFlags::SQLITE_UTF8, |values| {
        Ok(values.get::<String>(0)?.to_lowercase())
    })?;
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for migration in migrations.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", number(migrations.len()))?;
    transaction.commit()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_foundation.sql"),
    include_str!("../migrations/0002_search.sql"),
    include_str!("../migrations/0003_retention.sql"),
    include_str!("../migrations/0004_qualify.sql"),
    include_str!("../migrations/0005_codecs.sql"),
    include_str!("../migrations/0006_encryption.sql"),
    include_str!("../migrations/0007_feature.sql"),
    include_str!("../migrations/0008_media_path.sql"),
    include_str!("../migrations/0009_music.sql"),
    include_str!("../migrations/0010_prompts.sql"),
    include_str!("../migrations/0011_isdn.sql"),
    include_str!("../migrations/0012_inbound_line.sql"),
    include_str!("../migrations/0013_outbound_line.sql"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'new';";

    fn read<T: rusqlite::types::FromSql>(path: &Path, sql: &str) -> T {
        Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_older_database_is_brought_up_and_the_old_file_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        bring_up_with(&path, &[FIRST]).unwrap();
        bring_up_with(&path, &[FIRST, SECOND]).unwrap();
        assert_eq!(read::<String>(&path, "SELECT y FROM a"), "new");
        let kept = dir.path().join("a.db.v1");
        assert_eq!(read::<u32>(&kept, "PRAGMA user_version"), 1);
        assert_eq!(read::<u32>(&kept, "SELECT x FROM a"), 7);
        assert_eq!(names(dir.path()), ["a.db", "a.db.v1"]);
    }

    #[test]
    fn calls_from_before_there_was_a_search_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::folder::database(dir.path());
        let mut record = crate::samples::record(1);
        record.from.name = "JOSÉ".to_owned();
        bring_up_with(&path, MIGRATIONS).unwrap();
        let mut store = crate::samples::open(dir.path());
        let mut facts = crate::Facts::default();
        facts.record(Box::new(record.clone()));
        store.commit(&facts).unwrap();
        drop(store);
        let written = read::<String>(&path, "SELECT search FROM call_record");
        assert_eq!(written, record.search_text());
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "DROP INDEX call_record_started;
            ALTER TABLE call_record DROP COLUMN search;
            ALTER TABLE outbound_route DROP COLUMN channels;
            ALTER TABLE outbound_route DROP COLUMN numbering;
            ALTER TABLE inbound_route DROP COLUMN channels;
            ALTER TABLE inbound_route DROP COLUMN number_type;
            ALTER TABLE trunk DROP COLUMN isdn;
            ALTER TABLE trunk DROP COLUMN qualify_seconds;
            ALTER TABLE tenant DROP COLUMN prompts;
            ALTER TABLE tenant DROP COLUMN recording_tone;
            ALTER TABLE tenant DROP COLUMN music;
            ALTER TABLE device DROP COLUMN media_path;
            ALTER TABLE tenant DROP COLUMN media_path;
            ALTER TABLE trunk DROP COLUMN encryption;
            ALTER TABLE device DROP COLUMN encryption;
            ALTER TABLE tenant DROP COLUMN encryption;
            ALTER TABLE trunk DROP COLUMN codecs;
            ALTER TABLE device DROP COLUMN codecs;
            ALTER TABLE tenant DROP COLUMN codecs;
            DROP TRIGGER call_record_came;
            DROP TRIGGER call_record_went;
            DROP TABLE call_record_count;
            DROP TABLE feature;
            CREATE INDEX call_record_started ON call_record (started);
            PRAGMA user_version = 1",
        )
        .unwrap();
        drop(db);
        bring_up(&path).unwrap();
        let filled = read::<String>(&path, "SELECT search FROM call_record");
        let lines =
            |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(lines(&filled), lines(&written));
        assert!(filled.contains("josé"), "{filled}");
    }

    #[test]
    fn routes_from_before_they_could_choose_channels_stay_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::folder::database(dir.path());
        let (before, _) = MIGRATIONS.split_at(12);
        bring_up_with(&path, before).unwrap();
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "INSERT INTO tenant (id, revision, name, realm, domains)
            VALUES (9, 1, 'Second', 'second', '[]');
            INSERT INTO outbound_route (id, tenant_id, revision, name, enabled, position, pattern,
                caller, strip, prepend, trunks, barred)
            VALUES (3, 9, 2, 'Out', 1, 7, '0.', '2XX', 1, '0049', '[4]', 0)",
        )
        .unwrap();
        drop(db);
        bring_up(&path).unwrap();
        let db = Connection::open(&path).unwrap();
        let route = crate::route::all_outbound(&db).unwrap().remove(0);
        assert_eq!((route.name.as_str(), route.order, route.strip), ("Out", 7, 1));
        assert_eq!((route.trunks, route.barred), (vec![config::TrunkId(4)], false));
        assert_eq!((route.numbering, route.channels), (None, None));
    }

    #[test]
    fn a_migration_that_fails_on_the_copy_leaves_the_real_file_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        bring_up_with(&path, &[FIRST]).unwrap();
        let before = fs::read(&path).unwrap();
        let refused = bring_up_with(&path, &[FIRST, SECOND, "INSERT INTO nowhere VALUES (1)"]);
        assert!(matches!(refused, Err(OpenError::Migration { to: 3, .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(names(dir.path()), ["a.db"]);
    }

    #[test]
    fn a_migration_that_loses_what_others_refer_to_is_found_on_the_copy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let child = "CREATE TABLE b (a INTEGER REFERENCES a (x)); INSERT INTO b VALUES (7);";
        bring_up_with(&path, &[FIRST, child]).unwrap();
        let refused = bring_up_with(&path, &[FIRST, child, "DELETE FROM a"]);
        assert!(matches!(refused, Err(OpenError::Damaged { .. })));
        assert_eq!(read::<u32>(&path, "SELECT x FROM a"), 7);
    }

    #[test]
    fn a_newer_database_is_refused_and_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        bring_up_with(&path, &[FIRST, SECOND]).unwrap();
        let before = fs::read(&path).unwrap();
        let refused = bring_up_with(&path, &[FIRST]).unwrap_err();
        assert!(matches!(refused, OpenError::NewerDatabase { found: 2, known: 1 }));
        assert!(refused.to_string().contains("format 2"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(names(dir.path()), ["a.db"]);
    }

    #[test]
    fn what_is_no_database_is_called_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        fs::write(&path, "not a database, by any means".repeat(100)).unwrap();
        let refused = bring_up_with(&path, &[FIRST]);
        assert!(matches!(refused, Err(OpenError::Damaged { .. })), "{refused:?}");
    }
}
