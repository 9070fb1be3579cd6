//! Tenants as rows.

use crate::column::{Json, Wide, Word};
use config::{Revision, Tenant, TenantId};
use rusqlite::{Connection, params};

pub(crate) fn put(db: &Connection, tenant: &Tenant) -> rusqlite::Result<()> {
    let row = params![
        tenant.id.0,
        Wide(tenant.revision.0),
        tenant.name,
        tenant.realm,
        Json(&tenant.domains),
        Json(&tenant.codecs),
        Word(tenant.encryption),
        Word(tenant.media_path),
        tenant.music,
        Json(&tenant.prompts),
        Word(tenant.recording_tone),
    ];
    db.execute(PUT, row).map(drop)
}

pub(crate) fn delete(db: &Connection, id: TenantId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM tenant WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<Tenant>> {
    let mut statement = db.prepare("SELECT * FROM tenant ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Tenant {
            id: TenantId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            name: row.get("name")?,
            realm: row.get("realm")?,
            domains: row.get::<_, Json<_>>("domains")?.0,
            codecs: row.get::<_, Json<_>>("codecs")?.0,
            encryption: row.get::<_, Word<_>>("encryption")?.0,
            media_path: row.get::<_, Word<_>>("media_path")?.0,
            music: row.get("music")?,
            prompts: row.get::<_, Json<_>>("prompts")?.0,
            recording_tone: row.get::<_, Word<_>>("recording_tone")?.0,
        })
    })?;
    rows.collect()
}

const PUT: &str = "
    INSERT INTO tenant
        (id, revision, name, realm, domains, codecs, encryption, media_path, music, prompts,
        recording_tone)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (id) DO UPDATE SET
        revision = excluded.revision, name = excluded.name, realm = excluded.realm,
        domains = excluded.domains, codecs = excluded.codecs,
        encryption = excluded.encryption, media_path = excluded.media_path,
        music = excluded.music, prompts = excluded.prompts,
        recording_tone = excluded.recording_tone";
