//! Inbound and outbound routes as rows.

use crate::column::{Json, Wide, Word};
use config::{
    InboundRoute, InboundRouteId, OutboundRoute, OutboundRouteId, Revision, TenantId, TrunkId,
};
use rusqlite::{Connection, params};

pub(crate) fn put_inbound(db: &Connection, route: &InboundRoute) -> rusqlite::Result<()> {
    let row = params![
        route.id.0,
        route.tenant.0,
        Wide(route.revision.0),
        route.name,
        route.enabled,
        route.order,
        route.trunk.map(|trunk| trunk.0),
        route.did.as_str(),
        route.caller.as_ref().map(|pattern| pattern.as_str()),
        route.destination.as_str(),
        route.channels.as_ref().map(Json),
        route.number_type.map(Word),
    ];
    db.execute(PUT_INBOUND, row).map(drop)
}

pub(crate) fn put_outbound(db: &Connection, route: &OutboundRoute) -> rusqlite::Result<()> {
    let row = params![
        route.id.0,
        route.tenant.0,
        Wide(route.revision.0),
        route.name,
        route.enabled,
        route.order,
        route.pattern.as_str(),
        route.caller.as_ref().map(|pattern| pattern.as_str()),
        route.strip,
        route.prepend,
        Json(&route.trunks),
        route.barred,
        route.numbering.map(Word),
        route.channels.as_ref().map(Json),
    ];
    db.execute(PUT_OUTBOUND, row).map(drop)
}

pub(crate) fn delete_inbound(db: &Connection, id: InboundRouteId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM inbound_route WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn delete_outbound(db: &Connection, id: OutboundRouteId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM outbound_route WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn all_inbound(db: &Connection) -> rusqlite::Result<Vec<InboundRoute>> {
    let mut statement = db.prepare("SELECT * FROM inbound_route ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(InboundRoute {
            id: InboundRouteId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            tenant: TenantId(row.get("tenant_id")?),
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            order: row.get("position")?,
            trunk: row.get::<_, Option<u32>>("trunk_id")?.map(TrunkId),
            did: row.get::<_, Word<_>>("did")?.0,
            caller: row.get::<_, Option<Word<_>>>("caller")?.map(|word| word.0),
            channels: row.get::<_, Option<Json<_>>>("channels")?.map(|channels| channels.0),
            number_type: row.get::<_, Option<Word<_>>>("number_type")?.map(|word| word.0),
            destination: row.get::<_, Word<_>>("destination")?.0,
        })
    })?;
    rows.collect()
}

pub(crate) fn all_outbound(db: &Connection) -> rusqlite::Result<Vec<OutboundRoute>> {
    let mut statement = db.prepare("SELECT * FROM outbound_route ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(OutboundRoute {
            id: OutboundRouteId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            tenant: TenantId(row.get("tenant_id")?),
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            order: row.get("position")?,
            pattern: row.get::<_, Word<_>>("pattern")?.0,
            caller: row.get::<_, Option<Word<_>>>("caller")?.map(|word| word.0),
            strip: row.get("strip")?,
            prepend: row.get("prepend")?,
            trunks: row.get::<_, Json<_>>("trunks")?.0,
            barred: row.get("barred")?,
            numbering: row.get::<_, Option<Word<_>>>("numbering")?.map(|word| word.0),
            channels: row.get::<_, Option<Json<_>>>("channels")?.map(|channels| channels.0),
        })
    })?;
    rows.collect()
}

const PUT_INBOUND: &str = "
    INSERT INTO inbound_route (id, tenant_id, revision, name, enabled, position, trunk_id, did,
        caller, destination, channels, number_type)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, revision = excluded.revision, name = excluded.name,
        enabled = excluded.enabled, position = excluded.position, trunk_id = excluded.trunk_id,
        did = excluded.did, caller = excluded.caller, destination = excluded.destination,
        channels = excluded.channels, number_type = excluded.number_type";

const PUT_OUTBOUND: &str = "
    INSERT INTO outbound_route (id, tenant_id, revision, name, enabled, position, pattern, caller,
        strip, prepend, trunks, barred, numbering, channels)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, revision = excluded.revision, name = excluded.name,
        enabled = excluded.enabled, position = excluded.position, pattern = excluded.pattern,
        caller = excluded.caller, strip = excluded.strip, prepend = excluded.prepend,
        trunks = excluded.trunks, barred = excluded.barred, numbering = excluded.numbering,
        channels = excluded.channels";
