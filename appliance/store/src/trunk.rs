//! Trunks as rows. Their passwords are sealed with the device key.

use crate::DeviceKey;
use crate::column::{Json, Wide, Word};
use config::{Revision, Secret, TenantId, Trunk, TrunkId};
use rusqlite::{Connection, Error, params};

/// A trunk as read, its password still sealed.
pub(crate) struct SealedTrunk {
    pub(crate) trunk: Trunk,
    pub(crate) sealed: Option<Vec<u8>>,
}

pub(crate) fn put(db: &Connection, key: &DeviceKey, trunk: &Trunk) -> rusqlite::Result<()> {
    let sealed = seal(key, trunk.id, &trunk.secret)?;
    let row = params![
        trunk.id.0,
        trunk.tenant.0,
        Wide(trunk.revision.0),
        trunk.name,
        trunk.enabled,
        Word(trunk.kind),
        trunk.host,
        trunk.port,
        Word(trunk.transport),
        trunk.domain,
        trunk.username,
        trunk.auth_username,
        sealed,
        trunk.register_seconds,
        Json(&trunk.peers),
        Word(trunk.number_format),
        Json(&trunk.caller_id),
        trunk.max_calls,
        trunk.qualify_seconds,
        trunk.codecs.as_ref().map(Json),
        trunk.encryption.map(Word),
        trunk.isdn.as_ref().map(Json),
    ];
    db.execute(PUT, row).map(drop)
}

pub(crate) fn delete(db: &Connection, id: TrunkId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM trunk WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<SealedTrunk>> {
    let mut statement = db.prepare("SELECT * FROM trunk ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        let trunk = Trunk {
            id: TrunkId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            tenant: TenantId(row.get("tenant_id")?),
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            kind: row.get::<_, Word<_>>("kind")?.0,
            host: row.get("host")?,
            port: row.get("port")?,
            transport: row.get::<_, Word<_>>("transport")?.0,
            domain: row.get("domain")?,
            username: row.get("username")?,
            auth_username: row.get("auth_username")?,
            secret: Secret::default(),
            register_seconds: row.get("register_seconds")?,
            qualify_seconds: row.get("qualify_seconds")?,
            peers: row.get::<_, Json<_>>("peers")?.0,
            number_format: row.get::<_, Word<_>>("number_format")?.0,
            caller_id: row.get::<_, Json<_>>("caller_id")?.0,
            codecs: row.get::<_, Option<Json<_>>>("codecs")?.map(|codecs| codecs.0),
            encryption: row.get::<_, Option<Word<_>>>("encryption")?.map(|word| word.0),
            max_calls: row.get("max_calls")?,
            isdn: row.get::<_, Option<Json<_>>>("isdn")?.map(|isdn| isdn.0),
        };
        Ok(SealedTrunk { trunk, sealed: row.get("secret")? })
    })?;
    rows.collect()
}

/// Seals a password anew, for a database that comes from a box with another key.
pub(crate) fn put_secret(
    db: &Connection,
    key: &DeviceKey,
    id: TrunkId,
    secret: &Secret,
) -> rusqlite::Result<()> {
    let sealed = seal(key, id, secret)?;
    db.execute("UPDATE trunk SET secret = ?2 WHERE id = ?1", params![id.0, sealed]).map(drop)
}

fn seal(key: &DeviceKey, id: TrunkId, secret: &Secret) -> rusqlite::Result<Option<Vec<u8>>> {
    key.seal(id, secret).map_err(|sealed| Error::ToSqlConversionFailure(Box::new(sealed)))
}

const PUT: &str = "
    INSERT INTO trunk (id, tenant_id, revision, name, enabled, kind, host, port, transport, domain,
        username, auth_username, secret, register_seconds, peers, number_format, caller_id,
        max_calls, qualify_seconds, codecs, encryption, isdn)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20, ?21, ?22)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, revision = excluded.revision, name = excluded.name,
        enabled = excluded.enabled, kind = excluded.kind, host = excluded.host,
        port = excluded.port, transport = excluded.transport, domain = excluded.domain,
        username = excluded.username, auth_username = excluded.auth_username,
        secret = excluded.secret, register_seconds = excluded.register_seconds,
        peers = excluded.peers, number_format = excluded.number_format,
        caller_id = excluded.caller_id, max_calls = excluded.max_calls,
        qualify_seconds = excluded.qualify_seconds, codecs = excluded.codecs,
        encryption = excluded.encryption, isdn = excluded.isdn";
