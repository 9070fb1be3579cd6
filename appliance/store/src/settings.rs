//! The one row about the box as a whole: its settings and the count of changes.

use crate::column::{Json, Wide};
use config::{Revision, Settings};
use rusqlite::{Connection, OptionalExtension, params};

pub(crate) fn put(db: &Connection, settings: &Settings) -> rusqlite::Result<()> {
    db.execute(PUT, params![Json(settings)]).map(drop)
}

pub(crate) fn put_revision(db: &Connection, revision: Revision) -> rusqlite::Result<()> {
    db.execute("UPDATE settings SET config_revision = ?1", [Wide(revision.0)]).map(drop)
}

/// `None` in a database that nobody has written to yet.
pub(crate) fn read(db: &Connection) -> rusqlite::Result<Option<(Revision, Settings)>> {
    db.query_row("SELECT config_revision, value FROM settings", [], |row| {
        Ok((Revision(row.get::<_, Wide>(0)?.0), row.get::<_, Json<_>>(1)?.0))
    })
    .optional()
}

const PUT: &str = "
    INSERT INTO settings (id, config_revision, value) VALUES (1, 0, ?1)
    ON CONFLICT (id) DO UPDATE SET value = excluded.value";
