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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{NOW, open};
    use crate::{Action, Reader, Store};

    fn account(password_hash: &str) -> Account {
        Account {
            name: "anna".to_owned(),
            password_hash: Secret::new(password_hash),
            role: Role::Administrator,
        }
    }

    fn token(octet: u8, kind: TokenKind, expires: Option<u64>) -> Token {
        Token {
            hash: [octet; 32],
            account: "anna".to_owned(),
            kind,
            label: format!("number {octet}"),
            created: UnixMillis(NOW.0 + u64::from(octet)),
            expires: expires.map(|after| UnixMillis(NOW.0 + after)),
        }
    }

    fn with_anna(dir: &std::path::Path) -> (Store, Reader) {
        let mut store = open(dir);
        store.put_account(&account("old"), "anna", NOW).unwrap();
        (store, Reader::open(dir).unwrap())
    }

    #[test]
    fn a_box_is_claimed_once_and_again_after_a_reset() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let account = |name: &str| Account { name: name.to_owned(), ..account("hash") };
        assert!(store.claim(&account("anna"), NOW).unwrap());
        assert!(!store.claim(&account("mallory"), NOW).unwrap());
        let reader = Reader::open(dir.path()).unwrap();
        assert_eq!(reader.account("anna").unwrap(), Some(account("anna")));
        assert_eq!(reader.account("mallory").unwrap(), None);
        let token = token(7, TokenKind::Api, None);
        store.put_token(&token).unwrap();
        assert_eq!(store.reset_admin("console", NOW).unwrap(), 1);
        assert!(!reader.claimed().unwrap());
        assert_eq!(reader.token(&token.hash).unwrap(), None);
        let line = reader.audit(None, 1).unwrap().remove(0);
        assert_eq!((line.actor.as_str(), line.action), ("console", Action::ResetAdmin));
        assert!(store.claim(&account("bert"), NOW).unwrap());
    }

    #[test]
    fn tokens_are_found_by_their_hash_and_listed_by_age() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, reader) = with_anna(dir.path());
        let tokens = [token(1, TokenKind::Session, Some(1000)), token(2, TokenKind::Api, None)];
        for token in tokens.iter().rev() {
            store.put_token(token).unwrap();
        }
        assert_eq!(reader.tokens("anna").unwrap(), tokens);
        assert_eq!(reader.token(&[2; 32]).unwrap().as_ref(), tokens.last());
        assert!(store.delete_token(&[2; 32]).unwrap());
        assert!(!store.delete_token(&[2; 32]).unwrap());
        assert_eq!(reader.token(&[2; 32]).unwrap(), None);
    }

    #[test]
    fn tokens_that_ran_out_are_swept_when_the_next_one_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, reader) = with_anna(dir.path());
        store.put_token(&token(1, TokenKind::Session, Some(5))).unwrap();
        store.put_token(&token(9, TokenKind::Session, Some(5000))).unwrap();
        assert_eq!(reader.tokens("anna").unwrap().len(), 1);
    }

    #[test]
    fn a_new_password_ends_the_sessions_but_not_the_scripts() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, reader) = with_anna(dir.path());
        store.put_token(&token(1, TokenKind::Session, None)).unwrap();
        store.put_token(&token(2, TokenKind::Api, None)).unwrap();
        store.put_account(&account("old"), "anna", NOW).unwrap();
        assert_eq!(reader.tokens("anna").unwrap().len(), 2);
        store.put_account(&account("new"), "anna", NOW).unwrap();
        assert_eq!(reader.tokens("anna").unwrap(), [token(2, TokenKind::Api, None)]);
    }

    #[test]
    fn a_token_of_nobody_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, _) = with_anna(dir.path());
        let stranger = Token { account: "mallory".to_owned(), ..token(1, TokenKind::Api, None) };
        assert!(store.put_token(&stranger).is_err());
    }

    #[test]
    fn neither_hash_shows_in_a_debug_print() {
        assert!(!format!("{:?}", account("$argon2id$")).contains("argon2id"));
        assert!(!format!("{:?}", token(0x5a, TokenKind::Api, None)).contains("5a5a5a5a5a"));
    }
}
