//! A second look at the database, which never gets in the way of its writer: for lists, log-ins and
//! exports.

use crate::{Account, AuditLine, OpenError, ReadError, RecordPage, RecordQuery, Token, folder};
use crate::{account, audit, cdr};
use call::{CallId, CallRecord};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// A read-only connection. Every call sees what was committed before it.
#[derive(Debug)]
pub struct Reader {
    db: Connection,
}

impl Reader {
    /// Opens the database of a data folder that a [`crate::Store`] has opened before.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = folder::database(dir);
        connect(&path).map(|db| Self { db }).map_err(|error| OpenError::of(&path, error))
    }

    /// One page of call records, newest first.
    pub fn records(&self, query: &RecordQuery) -> Result<RecordPage, ReadError> {
        Ok(cdr::page(&self.db, query)?)
    }

    /// The record of one call, over or not.
    pub fn record(&self, id: CallId) -> Result<Option<CallRecord>, ReadError> {
        Ok(cdr::one(&self.db, id)?)
    }

    /// Whether the box has an administrator.
    pub fn claimed(&self) -> Result<bool, ReadError> {
        Ok(account::any(&self.db)?)
    }

    /// The account of this name.
    pub fn account(&self, name: &str) -> Result<Option<Account>, ReadError> {
        Ok(account::one(&self.db, name)?)
    }

    /// The token with this hash, whether or not it has expired.
    pub fn token(&self, hash: &[u8; 32]) -> Result<Option<Token>, ReadError> {
        Ok(account::token(&self.db, hash)?)
    }

    /// The tokens of an account, oldest first.
    pub fn tokens(&self, account: &str) -> Result<Vec<Token>, ReadError> {
        Ok(account::tokens(&self.db, account)?)
    }

    /// Lines of the audit, newest first: at most `limit` of those before the line `before`.
    pub fn audit(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditLine>, ReadError> {
        Ok(audit::latest(&self.db, before, limit)?)
    }
}

/// Opens a database that is there, to read only.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "temp_store", "memory")?;
    Ok(db)
}

/// How long a connection waits for another one's lock: those of a WAL are held for moments.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
