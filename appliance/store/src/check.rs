//! `strowgerd check`: is the database sound? Reads only.

use crate::{DeviceKey, OpenError, folder, migrate, reader, store};
use rusqlite::Connection;
use std::fmt;
use std::path::Path;

/// What a look at the database found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The format of the database.
    pub format: u32,
    /// How many rows of what there are.
    pub counts: Vec<(&'static str, u64)>,
    /// What is wrong, in sentences; empty when all is well.
    pub faults: Vec<String>,
}

/// Looks at the database of a data folder; a daemon may be working in it. Errors are for what keeps
/// it from looking.
pub fn check(dir: &Path) -> Result<Report, OpenError> {
    let path = folder::database(dir);
    let failed = |error| OpenError::of(&path, error);
    let db = reader::connect(&path).map_err(failed)?;
    let format = migrate::version(&db, &path)?;
    let mut faults = migrate::faults(&db).map_err(failed)?;
    if format < migrate::known() {
        // Older tables are counted and read once they are brought up, at the next start.
        return Ok(Report { format, counts: Vec::new(), faults });
    }
    let unreadable = DeviceKey::read(dir).and_then(|key| store::read_config(&db, &key, dir));
    faults.extend(unreadable.err().map(|error| error.to_string()));
    let counts = TABLES.iter().map(|(name, table)| Ok((*name, count(&db, table)?)));
    let counts = counts.collect::<rusqlite::Result<_>>().map_err(failed)?;
    Ok(Report { format, counts, faults })
}

fn count(db: &Connection, table: &str) -> rusqlite::Result<u64> {
    let count: i64 =
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

impl Report {
    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_sound() {
            writeln!(f, "the database is sound, format {}", self.format)?;
        } else {
            writeln!(f, "the database is not sound, format {}", self.format)?;
        }
        for fault in &self.faults {
            writeln!(f, "  fault: {fault}")?;
        }
        for (name, count) in &self.counts {
            writeln!(f, "  {name}: {count}")?;
        }
        Ok(())
    }
}

const TABLES: &[(&str, &str)] = &[
    ("tenants", "tenant"),
    ("extensions", "extension"),
    ("devices", "device"),
    ("trunks", "trunk"),
    ("inbound routes", "inbound_route"),
    ("outbound routes", "outbound_route"),
    ("numbers", "feature"),
    ("accounts", "account"),
    ("registrations", "registration"),
    ("call records", "call_record"),
    ("audit lines", "audit"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::with_everything;

    #[test]
    fn a_sound_database_is_called_that_and_counted_while_a_daemon_runs() {
        let dir = tempfile::tempdir().unwrap();
        let _running = with_everything(dir.path());
        let report = check(dir.path()).unwrap();
        assert!(report.is_sound(), "{report}");
        assert!(report.counts.contains(&("tenants", 2)), "{report}");
        let first = format!("the database is sound, format {}\n", migrate::known());
        assert!(report.to_string().starts_with(&first), "{report}");
    }

    #[test]
    fn a_key_that_does_not_fit_is_found() {
        let dir = tempfile::tempdir().unwrap();
        drop(with_everything(dir.path()));
        std::fs::write(dir.path().join("device-key"), [0; 32]).unwrap();
        let report = check(dir.path()).unwrap();
        assert!(report.to_string().contains("does not open the password of trunk Carrier"));
    }

    #[test]
    fn a_row_that_refers_to_nothing_is_found() {
        let dir = tempfile::tempdir().unwrap();
        drop(with_everything(dir.path()));
        let db = Connection::open(folder::database(dir.path())).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        db.execute("DELETE FROM extension", []).unwrap();
        let report = check(dir.path()).unwrap();
        assert!(!report.is_sound());
        assert!(report.faults[0].contains("a row of device refers to a row of extension"));
    }

    #[test]
    fn a_folder_without_a_database_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(check(dir.path()), Err(OpenError::Folder { .. })));
    }
}
