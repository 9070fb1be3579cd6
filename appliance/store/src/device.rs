//! Devices as rows.

use crate::column::{Json, Wide, Word};
use crate::extension::credentials;
use config::{Device, DeviceId, ExtensionId, Revision, TenantId};
use rusqlite::{Connection, params};

pub(crate) fn put(db: &Connection, device: &Device) -> rusqlite::Result<()> {
    let row = params![
        device.id.0,
        device.tenant.0,
        Wide(device.revision.0),
        device.extension.0,
        device.name,
        device.enabled,
        device.credentials.map(|credentials| credentials.md5),
        device.credentials.map(|credentials| credentials.sha256),
        device.codecs.as_ref().map(Json),
        device.encryption.map(Word),
        device.media_path.map(Word),
    ];
    db.execute(PUT, row).map(drop)
}

pub(crate) fn delete(db: &Connection, id: DeviceId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM device WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<Device>> {
    let mut statement = db.prepare("SELECT * FROM device ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Device {
            id: DeviceId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            tenant: TenantId(row.get("tenant_id")?),
            extension: ExtensionId(row.get("extension_id")?),
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            codecs: row.get::<_, Option<Json<_>>>("codecs")?.map(|codecs| codecs.0),
            encryption: row.get::<_, Option<Word<_>>>("encryption")?.map(|word| word.0),
            media_path: row.get::<_, Option<Word<_>>>("media_path")?.map(|word| word.0),
            credentials: credentials(row)?,
        })
    })?;
    rows.collect()
}

const PUT: &str = "
    INSERT INTO device (id, tenant_id, revision, extension_id, name, enabled, ha1_md5, ha1_sha256,
        codecs, encryption, media_path)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, revision = excluded.revision,
        extension_id = excluded.extension_id, name = excluded.name, enabled = excluded.enabled,
        ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256,
        codecs = excluded.codecs, encryption = excluded.encryption,
        media_path = excluded.media_path";
