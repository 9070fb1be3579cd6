//! Who changed what, and when. Secrets are no part of it: the types of `config` do not serialise
//! them.

use crate::column::{Wide, Word};
use call::UnixMillis;
use config::{Config, Entry, Key, Row, TenantId};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number; they only grow.
    pub id: u64,
    /// When.
    pub at: UnixMillis,
    /// The account, or `console` for what was done at the machine itself.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// To what: `extension 3`.
    pub subject: String,
    /// The entry as JSON: as it is now, or as it was when it was removed.
    pub detail: String,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// An entry was made or changed.
    Put,
    /// An entry was removed.
    Delete,
    /// The box got its first administrator.
    Claim,
    /// An account was made or changed.
    Account,
    /// All accounts were removed, so that the box can be claimed again.
    ResetAdmin,
    /// A backup was restored.
    Restore,
    /// A call began to be recorded.
    Record,
    /// A recording was ended.
    StopRecord,
    /// A recording was listened to.
    Listen,
    /// A call began to be captured.
    Capture,
    /// A capture was ended.
    StopCapture,
    /// The packets of a capture were taken.
    Fetch,
    /// A sound was uploaded.
    Upload,
    /// A sound got another name.
    Rename,
    /// Something was done with a digital line.
    Line,
}

/// Something done to the box itself or to its accounts.
pub(crate) fn note(
    db: &Connection,
    action: Action,
    subject: &str,
    actor: &str,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    write(db, None, action, subject, "null", actor, now)
}

/// A change of the configuration; `before` is how it was.
pub(crate) fn row(
    db: &Connection,
    before: &Config,
    row: &Row,
    actor: &str,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    let (action, key, entry) = match row {
        Row::Put(entry) => (Action::Put, entry.key(), Some(entry.clone())),
        Row::Delete(key) => (Action::Delete, *key, entry_of(before, *key)),
    };
    let (tenant, detail) = entry.as_ref().map_or((None, Ok("null".to_owned())), describe);
    let detail = detail.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    write(db, tenant, action, &name(key), &detail, actor, now)
}

/// The latest lines, newest first.
pub(crate) fn latest(
    db: &Connection,
    before: Option<u64>,
    limit: usize,
) -> rusqlite::Result<Vec<AuditLine>> {
    let mut statement = db.prepare_cached(PAGE)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![Wide(before.unwrap_or(u64::MAX)), limit], |row| {
        Ok(AuditLine {
            id: row.get::<_, Wide>("id")?.0,
            at: UnixMillis(row.get::<_, Wide>("at")?.0),
            actor: row.get("actor")?,
            action: row.get::<_, Word<_>>("action")?.0,
            subject: row.get("subject")?,
            detail: row.get("detail")?,
        })
    })?;
    rows.collect()
}

fn write(
    db: &Connection,
    tenant: Option<TenantId>,
    action: Action,
    subject: &str,
    detail: &str,
    actor: &str,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    let tenant = tenant.map(|tenant| tenant.0);
    db.execute(PUT, params![Wide(now.0), tenant, actor, Word(action), subject, detail])?;
    db.execute(FORGET, [MOST_LINES]).map(drop)
}

fn name(key: Key) -> String {
    match key {
        Key::Tenant(id) => format!("tenant {id}"),
        Key::Extension(id) => format!("extension {id}"),
        Key::Device(id) => format!("device {id}"),
        Key::Trunk(id) => format!("trunk {id}"),
        Key::InboundRoute(id) => format!("inbound route {id}"),
        Key::OutboundRoute(id) => format!("outbound route {id}"),
        Key::Feature(id) => format!("number {id}"),
        Key::Settings => "settings".to_owned(),
    }
}

fn describe(entry: &Entry) -> (Option<TenantId>, serde_json::Result<String>) {
    match entry {
        Entry::Tenant(entry) => (Some(entry.id), serde_json::to_string(entry)),
        Entry::Extension(entry) => (Some(entry.tenant), serde_json::to_string(entry)),
        Entry::Device(entry) => (Some(entry.tenant), serde_json::to_string(entry)),
        Entry::Trunk(entry) => (Some(entry.tenant), serde_json::to_string(entry)),
        Entry::InboundRoute(entry) => (Some(entry.tenant), serde_json::to_string(entry)),
        Entry::OutboundRoute(entry) => (Some(entry.tenant), serde_json::to_string(entry)),
        Entry::Feature(entry) => (Some(entry.tenant), serde_json::to_string(entry)),
        Entry::Settings(entry) => (None, serde_json::to_string(entry)),
    }
}

fn entry_of(config: &Config, key: Key) -> Option<Entry> {
    Some(match key {
        Key::Tenant(id) => Entry::Tenant(config.tenants.get(&id)?.as_ref().clone()),
        Key::Extension(id) => Entry::Extension(config.extensions.get(&id)?.as_ref().clone()),
        Key::Device(id) => Entry::Device(config.devices.get(&id)?.as_ref().clone()),
        Key::Trunk(id) => Entry::Trunk(config.trunks.get(&id)?.as_ref().clone()),
        Key::InboundRoute(id) => {
            Entry::InboundRoute(config.inbound_routes.get(&id)?.as_ref().clone())
        }
        Key::OutboundRoute(id) => {
            Entry::OutboundRoute(config.outbound_routes.get(&id)?.as_ref().clone())
        }
        Key::Feature(id) => Entry::Feature(config.features.get(&id)?.as_ref().clone()),
        Key::Settings => Entry::Settings(config.settings.as_ref().clone()),
    })
}

/// Years of an installer's work, and some 50 MB.
const MOST_LINES: i64 = 100_000;

const PUT: &str = "
    INSERT INTO audit (at, tenant_id, actor, action, subject, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const FORGET: &str = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1";

const PAGE: &str = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;
    use crate::samples::{self, NOW, with_everything};
    use config::{Change, Expect, OutboundRouteId};

    #[test]
    fn every_change_is_told_with_who_and_what_but_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_everything(dir.path());
        let gone = Key::OutboundRoute(OutboundRouteId(1));
        store.apply(Change::Delete(gone, Expect::Any), "bert", NOW).unwrap();
        let lines = Reader::open(dir.path()).unwrap().audit(None, 100).unwrap();
        assert_eq!(lines.len(), samples::changes().len() + 1);
        let latest = &lines[0];
        assert_eq!((latest.actor.as_str(), latest.action), ("bert", Action::Delete));
        assert_eq!(latest.subject, "outbound route 1");
        assert!(latest.detail.contains("\"pattern\":\"0.\""), "{}", latest.detail);
        let trunk = lines.iter().find(|line| line.subject == "trunk 1").unwrap();
        assert!(trunk.detail.contains("sip.example.com"), "{}", trunk.detail);
        assert!(!format!("{lines:?}").contains(samples::TRUNK_PASSWORD));
    }

    #[test]
    fn the_audit_is_read_page_by_page() {
        let dir = tempfile::tempdir().unwrap();
        drop(with_everything(dir.path()));
        let reader = Reader::open(dir.path()).unwrap();
        let first = reader.audit(None, 3).unwrap();
        let second = reader.audit(first.last().map(|line| line.id), 3).unwrap();
        let whole = reader.audit(None, 6).unwrap();
        assert_eq!([first, second].concat(), whole);
    }
}
