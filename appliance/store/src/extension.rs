//! Extensions as rows.

use crate::column::{Json, Wide, Word};
use config::{Credentials, Extension, ExtensionId, Revision, TenantId};
use rusqlite::{Connection, Row, params};

pub(crate) fn put(db: &Connection, extension: &Extension) -> rusqlite::Result<()> {
    let row = params![
        extension.id.0,
        extension.tenant.0,
        Wide(extension.revision.0),
        extension.number.as_str(),
        extension.name,
        extension.enabled,
        extension.caller_id.as_ref().map(|number| number.as_str()),
        extension.do_not_disturb,
        Json(&extension.forward),
        extension.credentials.map(|credentials| credentials.md5),
        extension.credentials.map(|credentials| credentials.sha256),
    ];
    db.execute(PUT, row).map(drop)
}

pub(crate) fn delete(db: &Connection, id: ExtensionId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM extension WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<Extension>> {
    let mut statement = db.prepare("SELECT * FROM extension ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Extension {
            id: ExtensionId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            tenant: TenantId(row.get("tenant_id")?),
            number: row.get::<_, Word<_>>("number")?.0,
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            caller_id: row.get::<_, Option<Word<_>>>("caller_id")?.map(|word| word.0),
            do_not_disturb: row.get("do_not_disturb")?,
            forward: row.get::<_, Json<_>>("forward")?.0,
            credentials: credentials(row)?,
        })
    })?;
    rows.collect()
}

/// The two hashes of a password that extensions and devices have; both or none.
pub(crate) fn credentials(row: &Row<'_>) -> rusqlite::Result<Option<Credentials>> {
    let md5: Option<[u8; 16]> = row.get("ha1_md5")?;
    let sha256: Option<[u8; 32]> = row.get("ha1_sha256")?;
    Ok(md5.zip(sha256).map(|(md5, sha256)| Credentials { md5, sha256 }))
}

const PUT: &str = "
    INSERT INTO extension (id, tenant_id, revision, number, name, enabled, caller_id,
        do_not_disturb, forward, ha1_md5, ha1_sha256)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, revision = excluded.revision, number = excluded.number,
        name = excluded.name, enabled = excluded.enabled, caller_id = excluded.caller_id,
        do_not_disturb = excluded.do_not_disturb, forward = excluded.forward,
        ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256";
