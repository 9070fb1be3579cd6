//! Bindings of the registrar as rows: phones stay reachable over a restart (RFC 3261 §10.3).

use crate::Facts;
use crate::column::{Bits, Json, Wide, Word};
use call::{Registration, RegistrationId, UnixMillis};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, params};
use std::net::SocketAddr;

/// Writes what became of bindings.
pub(crate) fn commit(db: &Connection, facts: &Facts) -> rusqlite::Result<()> {
    let mut bind = db.prepare_cached(PUT)?;
    let mut unbind = db.prepare_cached("DELETE FROM registration WHERE id = ?1")?;
    for (id, binding) in facts.bindings() {
        let Some(binding) = binding else {
            unbind.execute([Bits(id.0)])?;
            continue;
        };
        bind.execute(params![
            Bits(id.0),
            binding.tenant,
            binding.number,
            binding.device,
            binding.contact,
            binding.instance,
            binding.reg_id,
            binding.q,
            Json(&binding.path),
            binding.call_id,
            binding.cseq,
            Word(binding.transport),
            binding.source.to_string(),
            binding.local.to_string(),
            binding.user_agent,
            Wide(binding.registered.0),
            Wide(binding.expires.0),
        ])?;
    }
    Ok(())
}

/// Forgets the bindings that ran out while nobody looked.
pub(crate) fn forget_expired(db: &Connection, now: UnixMillis) -> rusqlite::Result<()> {
    db.execute("DELETE FROM registration WHERE expires <= ?1", [Wide(now.0)]).map(drop)
}

pub(crate) fn delete_all(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM registration", []).map(drop)
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<Registration>> {
    let mut statement = db.prepare("SELECT * FROM registration ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Registration {
            id: RegistrationId(row.get::<_, Bits>("id")?.0),
            tenant: row.get("tenant_id")?,
            number: row.get("number")?,
            device: row.get("device")?,
            contact: row.get("contact")?,
            instance: row.get("instance")?,
            reg_id: row.get("reg_id")?,
            q: row.get("q")?,
            path: row.get::<_, Json<_>>("path")?.0,
            call_id: row.get("call_id")?,
            cseq: row.get("cseq")?,
            transport: row.get::<_, Word<_>>("transport")?.0,
            source: row.get::<_, Address>("source")?.0,
            local: row.get::<_, Address>("local")?.0,
            user_agent: row.get("user_agent")?,
            registered: UnixMillis(row.get::<_, Wide>("registered")?.0),
            expires: UnixMillis(row.get::<_, Wide>("expires")?.0),
        })
    })?;
    rows.collect()
}

struct Address(SocketAddr);

impl FromSql for Address {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

const PUT: &str = "
    INSERT INTO registration (id, tenant_id, number, device, contact, instance, reg_id, q, path,
        call_id, cseq, transport, source, local, user_agent, registered, expires)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, number = excluded.number, device = excluded.device,
        contact = excluded.contact, instance = excluded.instance, reg_id = excluded.reg_id,
        q = excluded.q, path = excluded.path, call_id = excluded.call_id, cseq = excluded.cseq,
        transport = excluded.transport, source = excluded.source, local = excluded.local,
        user_agent = excluded.user_agent, registered = excluded.registered,
        expires = excluded.expires";
