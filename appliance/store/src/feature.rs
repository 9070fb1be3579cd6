//! Numbers that the box itself answers, as rows.

use crate::column::{Json, Wide, Word};
use config::{Feature, FeatureId, FeatureTone, Number, Pin, Revision, TenantId};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// What only some kinds have.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Detail {
    tone: FeatureTone,
    pin: Option<Pin>,
    sound: Option<u32>,
    repeat: bool,
    then: Option<Number>,
}

pub(crate) fn put(db: &Connection, feature: &Feature) -> rusqlite::Result<()> {
    let Feature { tone, sound, repeat, .. } = *feature;
    let (pin, then) = (feature.pin.clone(), feature.then.clone());
    let detail = Detail { tone, pin, sound, repeat, then };
    let row = params![
        feature.id.0,
        feature.tenant.0,
        Wide(feature.revision.0),
        feature.number.as_str(),
        feature.name,
        feature.enabled,
        Word(feature.kind),
        Json(detail),
    ];
    db.execute(PUT, row).map(drop)
}

pub(crate) fn delete(db: &Connection, id: FeatureId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM feature WHERE id = ?1", [id.0]).map(drop)
}

pub(crate) fn all(db: &Connection) -> rusqlite::Result<Vec<Feature>> {
    let mut statement = db.prepare("SELECT * FROM feature ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        let Detail { tone, pin, sound, repeat, then } = row.get::<_, Json<_>>("detail")?.0;
        Ok(Feature {
            id: FeatureId(row.get("id")?),
            revision: Revision(row.get::<_, Wide>("revision")?.0),
            tenant: TenantId(row.get("tenant_id")?),
            number: row.get::<_, Word<_>>("number")?.0,
            name: row.get("name")?,
            enabled: row.get("enabled")?,
            kind: row.get::<_, Word<_>>("kind")?.0,
            tone,
            pin,
            sound,
            repeat,
            then,
        })
    })?;
    rows.collect()
}

const PUT: &str = "
    INSERT INTO feature (id, tenant_id, revision, number, name, enabled, kind, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET
        tenant_id = excluded.tenant_id, revision = excluded.revision, number = excluded.number,
        name = excluded.name, enabled = excluded.enabled, kind = excluded.kind,
        detail = excluded.detail";
