//! Who may administer the box, and the tokens that stand for them.

use crate::column::{Wide, Word};
use call::UnixMillis;
use config::Secret;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An administrator of the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name to log in with.
    pub name: String,
    /// The password's argon2id hash in PHC text form.
    pub password_hash: Secret,
    /// What the account may do.
    pub role: Role,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Administrator,
}

/// What is kept of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of the token, which only its bearer knows.
    pub hash: [u8; 32],
    /// The name of its account.
    pub account: String,
    /// What it is for.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created: UnixMillis,
    /// When it stops to count; `None` never.
    pub expires: Option<UnixMillis>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A log-in with name and password.
    Session,
    /// A script.
    Api,
}

/// Stores an account in place of the one of its name. Who changes a password ends its sessions.
pub(crate) fn put(db: &Connection, account: &Account) -> rusqlite::Result<()> {
    let hash = account.password_hash.reveal();
    db.execute(END_SESSIONS, params![account.name, hash])?;
    db.execute(PUT, params![account.name, hash, Word(account.role)]).map(drop)
}

pub(crate) fn one(db: &Connection, name: &str) -> rusqlite::Result<Option<Account>> {
    let mut statement = db.prepare_cached("SELECT * FROM account WHERE name = ?1")?;
    let account = statement.query_row([name], |row| {
        Ok(Account {
            name: row.get("name")?,
            password_hash: Secret::new(row.get::<_, String>("password_hash")?),
            role: row.get::<_, Word<_>>("role")?.0,
        })
    });
    account.optional()
}

/// Whether the box has an administrator.
pub(crate) fn any(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT 1 FROM account)", [], |row| row.get(0))
}

/// Removes all accounts, and their tokens with them; how many.
pub(crate) fn delete_all(db: &Connection) -> rusqlite::Result<usize> {
    db.execute("DELETE FROM account", [])
}

/// Stores a token, and forgets those that ran out before it was made.
pub(crate) fn put_token(db: &Connection, token: &Token) -> rusqlite::Result<()> {
    db.execute("DELETE FROM token WHERE expires <= ?1", [Wide(token.created.0)])?;
    let row = params![
        token.hash,
        token.account,
        Word(token.kind),
        token.label,
        Wide(token.created.0),
        token.expires.map(|at| Wide(at.0)),
    ];
    db.execute(PUT_TOKEN, row).map(drop)
}

pub(crate) fn token(db: &Connection, hash: &[u8; 32]) -> rusqlite::Result<Option<Token>> {
    let mut statement = db.prepare_cached("SELECT * FROM token WHERE hash = ?1")?;
    statement.query_row([hash], read_token).optional()
}

pub(crate) fn tokens(db: &Connection, account: &str) -> rusqlite::Result<Vec<Token>> {
    let mut statement =
        db.prepare_cached("SELECT * FROM token WHERE account = ?1 ORDER BY created, hash")?;
    statement.query_map([account], read_token)?.collect()
}

pub(crate) fn delete_token(db: &Connection, hash: &[u8; 32]) -> rusqlite::Result<bool> {
    db.execute("DELETE FROM token WHERE hash = ?1", [hash]).map(|deleted| deleted > 0)
}

/// Ends all log-ins; the tokens of scripts stay.
pub(crate) fn delete_sessions(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM token WHERE kind = ?1", [Word(TokenKind::Session)]).map(drop)
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        hash: row.get("hash")?,
        account: row.get("account")?,
        kind: row.get::<_, Word<_>>("kind")?.0,
        label: row.get("label")?,
        created: UnixMillis(row.get::<_, Wide>("created")?.0),
        expires: row.get::<_, Option<Wide>>("expires")?.map(|at| UnixMillis(at.0)),
    })
}

/// Four octets of the hash are enough to tell tokens apart in a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.hash;
        f.debug_struct("Token")
            .field("hash", &format_args!("{a:02x}{b:02x}{c:02x}{d:02x}.."))
            .field("account", &self.account)
            .field("kind", &self.kind)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

const PUT: &str = "
    INSERT INTO account (name, password_hash, role) VALUES (?1, ?2, ?3)
    ON CONFLICT (name) DO UPDATE SET
        password_hash = excluded.password_hash, role = excluded.role";

const END_SESSIONS: &str = "
    DELETE FROM token WHERE account = ?1 AND kind = 'session'
        AND EXISTS (SELECT 1 FROM account WHERE name = ?1 AND password_hash <> ?2)";

const PUT_TOKEN: &str = "
    INSERT INTO token (hash, account, kind, label, created, expires)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (hash) DO UPDATE SET label = excluded.label, expires = excluded.expires";
