-- Numbers that the box itself answers. A box that was set up before has none: its star codes may be
-- its carrier's.
CREATE TABLE feature (
    id        INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    revision  INTEGER NOT NULL,
    number    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    enabled   INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    detail    TEXT    NOT NULL, -- JSON: what only some kinds have
    UNIQUE (tenant_id, number)
) STRICT;
