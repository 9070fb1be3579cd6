-- Everything that survives a restart. Tenants are here from the first row on.
-- Columns for what is looked up or constrained; what is only read back as a whole is JSON.

-- The box as a whole: one row.
CREATE TABLE settings (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    config_revision INTEGER NOT NULL, -- counts every change of the configuration
    value           TEXT    NOT NULL  -- JSON
) STRICT;

CREATE TABLE tenant (
    id       INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    realm    TEXT    NOT NULL,
    domains  TEXT    NOT NULL -- JSON
) STRICT;

-- Of a password only the hashes that digest authentication needs (RFC 7616 3.4.2).
CREATE TABLE extension (
    id             INTEGER PRIMARY KEY,
    tenant_id      INTEGER NOT NULL REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    revision       INTEGER NOT NULL,
    number         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    enabled        INTEGER NOT NULL,
    caller_id      TEXT,
    do_not_disturb INTEGER NOT NULL,
    forward        TEXT    NOT NULL, -- JSON
    ha1_md5        BLOB,
    ha1_sha256     BLOB,
    UNIQUE (tenant_id, number)
) STRICT;

CREATE TABLE device (
    id           INTEGER PRIMARY KEY,
    tenant_id    INTEGER NOT NULL REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    revision     INTEGER NOT NULL,
    extension_id INTEGER NOT NULL REFERENCES extension (id) DEFERRABLE INITIALLY DEFERRED,
    name         TEXT    NOT NULL,
    enabled      INTEGER NOT NULL,
    ha1_md5      BLOB,
    ha1_sha256   BLOB,
    UNIQUE (tenant_id, name)
) STRICT;
CREATE INDEX device_extension ON device (extension_id);

CREATE TABLE trunk (
    id               INTEGER PRIMARY KEY,
    tenant_id        INTEGER NOT NULL REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    revision         INTEGER NOT NULL,
    name             TEXT    NOT NULL,
    enabled          INTEGER NOT NULL,
    kind             TEXT    NOT NULL,
    host             TEXT    NOT NULL,
    port             INTEGER,
    transport        TEXT    NOT NULL,
    domain           TEXT,
    username         TEXT    NOT NULL,
    auth_username    TEXT,
    secret           BLOB, -- sealed with the device key
    register_seconds INTEGER NOT NULL,
    peers            TEXT    NOT NULL, -- JSON
    number_format    TEXT    NOT NULL,
    caller_id        TEXT    NOT NULL, -- JSON
    max_calls        INTEGER,
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE inbound_route (
    id          INTEGER PRIMARY KEY,
    tenant_id   INTEGER NOT NULL REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    revision    INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    enabled     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    trunk_id    INTEGER REFERENCES trunk (id) DEFERRABLE INITIALLY DEFERRED,
    did         TEXT    NOT NULL,
    caller      TEXT,
    destination TEXT    NOT NULL
) STRICT;

CREATE TABLE outbound_route (
    id        INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    revision  INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    enabled   INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    pattern   TEXT    NOT NULL,
    caller    TEXT,
    strip     INTEGER NOT NULL,
    prepend   TEXT    NOT NULL,
    trunks    TEXT    NOT NULL, -- JSON, in the order in which they are tried
    barred    INTEGER NOT NULL
) STRICT;

-- Facts. They refer to tenants and numbers without a constraint: one fact that came too late, about
-- a tenant that is gone, must not hold up all the others of its transaction.
CREATE TABLE registration (
    id         INTEGER PRIMARY KEY,
    tenant_id  INTEGER NOT NULL,
    number     TEXT    NOT NULL,
    device     TEXT,
    contact    TEXT    NOT NULL,
    instance   TEXT,
    reg_id     INTEGER,
    q          INTEGER NOT NULL,
    path       TEXT    NOT NULL, -- JSON
    call_id    TEXT    NOT NULL,
    cseq       INTEGER NOT NULL,
    transport  TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    local      TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    registered INTEGER NOT NULL,
    expires    INTEGER NOT NULL
) STRICT;

CREATE TABLE call_record (
    id          INTEGER PRIMARY KEY,
    tenant_id   INTEGER NOT NULL,
    direction   TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    from_number TEXT    NOT NULL,
    from_name   TEXT    NOT NULL,
    dialled     TEXT    NOT NULL,
    to_number   TEXT    NOT NULL,
    to_name     TEXT    NOT NULL,
    started     INTEGER NOT NULL, -- ms since 1970
    rang        INTEGER,
    answered    INTEGER,
    ended       INTEGER,
    detail      TEXT    NOT NULL -- JSON
) STRICT;
-- Grows at its end, like the table: an index by number would dirty another page for every call. To
-- find a number it is read from the newest call on, without the table.
CREATE INDEX call_record_started
    ON call_record (started, from_number, dialled, to_number);
CREATE INDEX call_record_open ON call_record (id) WHERE ended IS NULL;

-- A tenant of NULL: the whole box.
CREATE TABLE account (
    name          TEXT PRIMARY KEY,
    tenant_id     INTEGER REFERENCES tenant (id) DEFERRABLE INITIALLY DEFERRED,
    password_hash TEXT NOT NULL, -- argon2id, PHC text form
    role          TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    hash    BLOB PRIMARY KEY, -- SHA-256 of the token
    account TEXT    NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    kind    TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_account ON token (account, created);

-- Who changed what, and when. Never a secret.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    tenant_id INTEGER,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    detail    TEXT    NOT NULL -- JSON
) STRICT;
