//! The writer: the one connection that changes the database.

use crate::account::{self, Account, Token};
use crate::audit::{self, Action};
use crate::folder::Folder;
use crate::{
    ChangeError, DeviceKey, Facts, OpenError, WriteError, cdr, device, extension, migrate, reader,
    registration, route, settings, tenant, trunk,
};
use call::{Registration, UnixMillis};
use config::{Applied, Change, Config, Entry, Key, Row};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::Arc;

/// The database of the box and its configuration as it is on disk.
///
/// What a method answered is durable: it survives a power failure. One thread owns it.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    key: DeviceKey,
    config: Arc<Config>,
    folder: Folder,
}

impl Store {
    /// The digest realm of the default tenant. It never changes: every password hash covers it.
    pub const REALM: &'static str = "strowger";

    /// Opens the database in a data folder, brings it to the newest format and reads the
    /// configuration. Makes what is not there yet.
    pub fn open(dir: &Path, key: DeviceKey) -> Result<Self, OpenError> {
        let folder = Folder::open(dir)?;
        let path = folder.database();
        migrate::bring_up(&path)?;
        let failed = |error| OpenError::of(&path, error);
        let mut db = connect(&path).map_err(failed)?;
        found(&mut db, &key).map_err(failed)?;
        let config = Arc::new(read_config(&db, &key, dir)?);
        Ok(Self { db, key, config, folder })
    }

    /// The configuration as it is on disk.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Makes a change, if it makes sense: rows and audit in one transaction. When this returns, the
    /// new configuration is on disk.
    pub fn apply(
        &mut self,
        change: Change,
        actor: &str,
        now: UnixMillis,
    ) -> Result<(Arc<Config>, Applied), ChangeError> {
        let (next, applied) = self.config.apply(change)?;
        let before = Arc::clone(&self.config);
        let key = self.key.clone();
        self.write(|db| {
            for row in &applied.rows {
                write_row(db, &key, row)?;
                audit::row(db, &before, row, actor, now)?;
            }
            settings::put_revision(db, applied.revision)
        })?;
        self.config = Arc::new(next);
        Ok((Arc::clone(&self.config), applied))
    }

    /// Writes facts, all or none, in one transaction.
    pub fn commit(&mut self, facts: &Facts) -> Result<(), WriteError> {
        if facts.is_empty() {
            return Ok(());
        }
        self.write(|db| {
            cdr::commit(db, facts)?;
            registration::commit(db, facts)
        })
    }

    /// Ends the records of calls that were up when the last daemon went down without a farewell:
    /// [`call::Why::Crash`]. For the start; says how many there were.
    pub fn close_open_calls(&mut self, now: UnixMillis) -> Result<usize, WriteError> {
        self.write(|db| cdr::close_open(db, now))
    }

    /// The bindings that still count, for the start of the registrar.
    pub fn registrations(&mut self, now: UnixMillis) -> Result<Vec<Registration>, WriteError> {
        self.write(|db| {
            registration::forget_expired(db, now)?;
            registration::all(db)
        })
    }

    /// Gives the box its first administrator; `false`, and nothing is written, when it has one.
    pub fn claim(&mut self, account: &Account, now: UnixMillis) -> Result<bool, WriteError> {
        self.write(|db| {
            if account::any(db)? {
                return Ok(false);
            }
            account::put(db, account)?;
            audit::note(db, Action::Claim, &account.name, &account.name, now)?;
            Ok(true)
        })
    }

    /// Stores an account, in place of the one of its name. A new password ends its sessions.
    pub fn put_account(
        &mut self,
        account: &Account,
        actor: &str,
        now: UnixMillis,
    ) -> Result<(), WriteError> {
        self.write(|db| {
            account::put(db, account)?;
            audit::note(db, Action::Account, &account.name, actor, now)
        })
    }

    /// Stores a token of an account that exists.
    pub fn put_token(&mut self, token: &Token) -> Result<(), WriteError> {
        self.write(|db| account::put_token(db, token))
    }

    /// Forgets a token; `false` when there was none.
    pub fn delete_token(&mut self, hash: &[u8; 32]) -> Result<bool, WriteError> {
        self.write(|db| account::delete_token(db, hash))
    }

    /// Removes all accounts and their tokens, so that the box can be claimed again; how many
    /// accounts there were.
    pub fn reset_admin(&mut self, actor: &str, now: UnixMillis) -> Result<usize, WriteError> {
        self.write(|db| {
            let count = account::delete_all(db)?;
            audit::note(db, Action::ResetAdmin, "accounts", actor, now)?;
            Ok(count)
        })
    }

    fn write<T>(
        &mut self,
        rows: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, WriteError> {
        let done = transact(&mut self.db, rows);
        done.map_err(|error| WriteError::of(&self.folder.database(), error))
    }
}

/// Opens the database to write. FULL: a commit that returned survives a power failure, which with
/// NORMAL it need not.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(reader::PATIENCE)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "temp_store", "memory")?;
    db.pragma_update(None, "journal_size_limit", LONGEST_WAL)?;
    Ok(db)
}

/// All or nothing: an error rolls back.
pub(crate) fn transact<T>(
    db: &mut Connection,
    rows: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = rows(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// Puts the configuration together from its rows.
pub(crate) fn read_config(
    db: &Connection,
    key: &DeviceKey,
    dir: &Path,
) -> Result<Config, OpenError> {
    let path = crate::folder::database(dir);
    let failed = |error| OpenError::of(&path, error);
    let (revision, settings) = settings::read(db).map_err(failed)?.unwrap_or_default();
    let mut entries: Vec<Entry> = Vec::new();
    entries.extend(tenant::all(db).map_err(failed)?.into_iter().map(Entry::Tenant));
    entries.extend(extension::all(db).map_err(failed)?.into_iter().map(Entry::Extension));
    entries.extend(device::all(db).map_err(failed)?.into_iter().map(Entry::Device));
    for sealed in trunk::all(db).map_err(failed)? {
        let mut trunk = sealed.trunk;
        let Ok(secret) = key.open(trunk.id, sealed.sealed.as_deref()) else {
            return Err(OpenError::WrongKey { path: DeviceKey::path(dir), trunk: trunk.name });
        };
        trunk.secret = secret;
        entries.push(Entry::Trunk(trunk));
    }
    entries.extend(route::all_inbound(db).map_err(failed)?.into_iter().map(Entry::InboundRoute));
    entries.extend(route::all_outbound(db).map_err(failed)?.into_iter().map(Entry::OutboundRoute));
    Ok(Config::assemble(revision, settings, entries))
}

/// Writes what a box fresh from the carton has, if nobody has written yet.
fn found(db: &mut Connection, key: &DeviceKey) -> rusqlite::Result<()> {
    if settings::read(db)?.is_some() {
        return Ok(());
    }
    let fresh = Config::fresh(Store::REALM);
    transact(db, |db| {
        settings::put(db, &fresh.settings)?;
        for tenant in fresh.tenants.values() {
            write_row(db, key, &Row::Put(Entry::Tenant(tenant.as_ref().clone())))?;
        }
        Ok(())
    })
}

fn write_row(db: &Connection, key: &DeviceKey, row: &Row) -> rusqlite::Result<()> {
    match row {
        Row::Put(Entry::Tenant(entry)) => tenant::put(db, entry),
        Row::Put(Entry::Extension(entry)) => extension::put(db, entry),
        Row::Put(Entry::Device(entry)) => device::put(db, entry),
        Row::Put(Entry::Trunk(entry)) => trunk::put(db, key, entry),
        Row::Put(Entry::InboundRoute(entry)) => route::put_inbound(db, entry),
        Row::Put(Entry::OutboundRoute(entry)) => route::put_outbound(db, entry),
        Row::Put(Entry::Settings(entry)) => settings::put(db, entry),
        Row::Delete(Key::Tenant(id)) => tenant::delete(db, *id),
        Row::Delete(Key::Extension(id)) => extension::delete(db, *id),
        Row::Delete(Key::Device(id)) => device::delete(db, *id),
        Row::Delete(Key::Trunk(id)) => trunk::delete(db, *id),
        Row::Delete(Key::InboundRoute(id)) => route::delete_inbound(db, *id),
        Row::Delete(Key::OutboundRoute(id)) => route::delete_outbound(db, *id),
        // `Config::apply` never asks for it: settings always exist.
        Row::Delete(Key::Settings) => Ok(()),
    }
}

/// What the write-ahead log is cut back to after a burst: SQLite's own mark for a checkpoint, a
/// thousand pages of 4 KiB.
const LONGEST_WAL: i64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, NOW};
    use crate::{Reader, Role, TokenKind, folder};
    use call::{CallId, CallState, RegistrationId, Why};
    use config::{Expect, Extension, Secret};
    use std::fs;

    fn open(dir: &Path) -> Store {
        Store::open(dir, DeviceKey::load(dir).unwrap()).unwrap()
    }

    fn with_everything(dir: &Path) -> Store {
        let mut store = open(dir);
        for change in samples::changes() {
            store.apply(change, "anna", NOW).unwrap();
        }
        store
    }

    /// All that a configuration holds; its index is made of it.
    fn entries(config: &Config) -> String {
        let Config { revision, settings, tenants, extensions, devices, trunks, .. } = config;
        let routes = (&config.inbound_routes, &config.outbound_routes);
        let secrets: Vec<_> = trunks.values().map(|trunk| trunk.secret.reveal()).collect();
        let hashes: Vec<_> = (extensions.values().map(|entry| entry.credentials))
            .chain(devices.values().map(|entry| entry.credentials))
            .map(|credentials| credentials.map(|it| (it.md5, it.sha256)))
            .collect();
        format!(
            "{revision} {settings:?} {tenants:?} {extensions:?} {devices:?} {trunks:?} {routes:?} \
             {secrets:?} {hashes:?}"
        )
    }

    fn extension(number: u32) -> Change {
        let mut changes = samples::changes();
        let Change::Put(Entry::Extension(sample), _) = changes.swap_remove(2) else { panic!() };
        let number = config::Number::parse(&number.to_string()).unwrap();
        let entry = Extension { number, ..sample };
        Change::Put(Entry::Extension(entry), Expect::Any)
    }

    /// What lies on the disk of a box that lost its power now: the log cut off at `wal` octets.
    fn after_power_failure(dir: &Path, wal: u64) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for name in ["strowger.db", "strowger.db-wal", "device-key"] {
            fs::copy(dir.join(name), copy.path().join(name)).unwrap();
        }
        let log = fs::File::options().write(true).open(copy.path().join("strowger.db-wal"));
        log.unwrap().set_len(wal).unwrap();
        copy
    }

    fn wal_length(dir: &Path) -> u64 {
        dir.join("strowger.db-wal").metadata().unwrap().len()
    }

    #[test]
    fn a_fresh_box_has_the_default_tenant_with_its_fixed_realm() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("var/strowger"));
        let tenant = &store.config().tenants[&config::TenantId::DEFAULT];
        assert_eq!(tenant.realm, "strowger");
        assert_eq!(entries(store.config()), entries(&Config::fresh("strowger")));
    }

    #[test]
    fn everything_that_can_be_set_up_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let store = with_everything(dir.path());
        let before = entries(store.config());
        assert!(before.contains(samples::TRUNK_PASSWORD));
        drop(store);
        assert_eq!(entries(open(dir.path()).config()), before);
    }

    #[test]
    fn what_was_changed_or_removed_stays_so() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_everything(dir.path());
        let mut route = store.config().outbound_routes.values().next().unwrap().as_ref().clone();
        route.prepend = "00".to_owned();
        let edit = Change::Put(Entry::OutboundRoute(route), Expect::Any);
        store.apply(edit, "anna", NOW).unwrap();
        let inbound = *store.config().inbound_routes.keys().next().unwrap();
        for key in [Key::InboundRoute(inbound), Key::Extension(config::ExtensionId(1))] {
            store.apply(Change::Delete(key, Expect::Any), "anna", NOW).unwrap();
        }
        let before = entries(store.config());
        assert!(store.config().devices.is_empty());
        drop(store);
        assert_eq!(entries(open(dir.path()).config()), before);
    }

    #[test]
    fn a_change_that_makes_no_sense_is_refused_and_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_everything(dir.path());
        let refused = store.apply(extension(201), "anna", NOW);
        assert!(matches!(refused, Err(ChangeError::Invalid(_))), "{refused:?}");
        let audit = Reader::open(dir.path()).unwrap().audit(None, 100).unwrap();
        assert_eq!(audit.len(), samples::changes().len());
    }

    #[test]
    fn records_and_bindings_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut facts = Facts::default();
        facts.record(Box::new(samples::record(5)));
        facts.bind(Box::new(samples::registration(1)));
        facts.bind(Box::new(samples::registration(u64::MAX)));
        facts.bind(Box::new(samples::registration(3)));
        store.commit(&facts).unwrap();
        let mut later = Facts::default();
        later.unbind(RegistrationId(3));
        store.commit(&later).unwrap();
        drop(store);
        let mut bindings = open(dir.path()).registrations(NOW).unwrap();
        bindings.sort_by_key(|binding| binding.id);
        assert_eq!(bindings, [samples::registration(1), samples::registration(u64::MAX)]);
        let record = Reader::open(dir.path()).unwrap().record(CallId(5)).unwrap();
        assert_eq!(record, Some(samples::record(5)));
    }

    #[test]
    fn a_binding_that_ran_out_while_the_box_was_off_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut facts = Facts::default();
        let binding = samples::registration(1);
        let expires = binding.expires;
        facts.bind(Box::new(binding));
        store.commit(&facts).unwrap();
        assert_eq!(store.registrations(UnixMillis(expires.0 - 1)).unwrap().len(), 1);
        assert_eq!(store.registrations(expires).unwrap().len(), 0);
        assert_eq!(store.registrations(NOW).unwrap().len(), 0);
    }

    #[test]
    fn a_call_that_was_up_when_the_box_went_down_has_a_complete_record() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut up = samples::record(1);
        (up.state, up.ended, up.end) = (CallState::Up, None, None);
        let mut facts = Facts::default();
        facts.record(Box::new(up.clone()));
        facts.record(Box::new(samples::record(2)));
        store.commit(&facts).unwrap();
        let copy = after_power_failure(dir.path(), wal_length(dir.path()));
        let mut store = open(copy.path());
        let later = UnixMillis(up.started.0 + 90_000);
        assert_eq!(store.close_open_calls(later).unwrap(), 1);
        assert_eq!(store.close_open_calls(later).unwrap(), 0);
        let reader = Reader::open(copy.path()).unwrap();
        let record = reader.record(CallId(1)).unwrap().unwrap();
        assert_eq!((record.state, record.ended), (CallState::Ended, Some(later)));
        assert_eq!(record.end.unwrap().why, Why::Crash);
        assert_eq!(reader.record(CallId(2)).unwrap(), Some(samples::record(2)));
    }

    #[test]
    fn power_may_fail_at_any_octet_and_nothing_acknowledged_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        for step in 0..8 {
            let acknowledged = wal_length(dir.path());
            let before = entries(store.config());
            store.apply(extension(300 + step), "anna", NOW).unwrap();
            let mut facts = Facts::default();
            let id = u64::from(step);
            facts.record(Box::new(samples::record(id)));
            store.commit(&facts).unwrap();
            let written = wal_length(dir.path());
            for cut in (acknowledged..=written).step_by(3011).chain([written]) {
                let copy = after_power_failure(dir.path(), cut);
                let found = open(copy.path());
                let at_least =
                    if cut == written { entries(store.config()) } else { before.clone() };
                let is_old = entries(found.config()) == before;
                let is_new = entries(found.config()) == entries(store.config());
                assert!(is_new || (is_old && at_least == before), "cut at {cut}");
                let reader = Reader::open(copy.path()).unwrap();
                for acknowledged in 0..id {
                    assert!(reader.record(CallId(acknowledged)).unwrap().is_some());
                }
                assert!(cut < written || reader.record(CallId(id)).unwrap().is_some());
            }
        }
    }

    #[test]
    fn a_full_disk_is_told_apart_and_writing_goes_on_when_there_is_room_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = with_everything(dir.path());
        let before = entries(store.config());
        let pages: i64 = store.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let limit = |store: &Store, pages: i64| {
            store.db.pragma_update(None, "max_page_count", pages).unwrap();
        };
        limit(&store, pages);
        let mut facts = Facts::default();
        (0..500).for_each(|id| facts.record(Box::new(samples::record(id))));
        assert!(matches!(store.commit(&facts), Err(WriteError::DiskFull)));
        let refused = (300..600).find_map(|number| {
            store.apply(extension(number), "anna", NOW).err().map(|error| (number, error))
        });
        let (number, refused) = refused.unwrap();
        assert!(matches!(refused, ChangeError::Write(WriteError::DiskFull)), "{refused:?}");
        assert!(refused.to_string().contains("no room left"), "{refused}");
        assert_ne!(entries(store.config()), before, "some room was left in the last pages");
        limit(&store, 100_000);
        store.commit(&facts).unwrap();
        store.apply(extension(number), "anna", NOW).unwrap();
        let after = entries(store.config());
        drop(store);
        assert_eq!(entries(open(dir.path()).config()), after);
    }

    #[test]
    fn no_password_is_in_any_file_in_clear() {
        let dir = tempfile::tempdir().unwrap();
        let store = with_everything(dir.path());
        let shows = |dir: &Path| {
            fs::read_dir(dir).unwrap().any(|entry| {
                let bytes = fs::read(entry.unwrap().path()).unwrap();
                let password = samples::TRUNK_PASSWORD.as_bytes();
                bytes.windows(password.len()).any(|window| window == password)
            })
        };
        assert!(wal_length(dir.path()) > 0);
        assert!(!shows(dir.path()));
        drop(store);
        assert!(!shows(dir.path()));
    }

    #[test]
    fn only_the_owner_reads_the_database_and_its_log() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let _store = with_everything(dir.path());
        for entry in fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.path());
        }
    }

    #[test]
    fn a_second_daemon_in_the_same_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let key = DeviceKey::load(dir.path()).unwrap();
        let refused = Store::open(dir.path(), key.clone()).unwrap_err();
        assert!(matches!(refused, OpenError::InUse { .. }));
        assert!(refused.to_string().starts_with("another strowgerd works in"), "{refused}");
        drop(store);
        assert!(Store::open(dir.path(), key).is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let refused = DeviceKey::load(&file.join("var")).unwrap_err();
        assert!(matches!(refused, OpenError::Folder { .. }));
        let refused = Store::open(&file, DeviceKey::from_bytes([0; 32])).unwrap_err();
        assert!(refused.to_string().contains("file cannot be used"), "{refused}");
    }

    #[test]
    fn another_boxs_key_does_not_open_the_trunks() {
        let dir = tempfile::tempdir().unwrap();
        drop(with_everything(dir.path()));
        let refused = Store::open(dir.path(), DeviceKey::from_bytes([0; 32])).unwrap_err();
        assert!(matches!(&refused, OpenError::WrongKey { trunk, .. } if trunk == "Carrier"));
    }

    #[test]
    fn a_newer_database_is_refused_before_anything_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()));
        let path = folder::database(dir.path());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = fs::read(&path).unwrap();
        let key = DeviceKey::load(dir.path()).unwrap();
        let refused = Store::open(dir.path(), key).unwrap_err();
        assert!(matches!(refused, OpenError::NewerDatabase { found: 99, known: 1 }));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_box_is_claimed_once_and_again_after_a_reset() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let account = |name: &str| Account {
            name: name.to_owned(),
            password_hash: Secret::new("$argon2id$"),
            role: Role::Administrator,
        };
        assert!(store.claim(&account("anna"), NOW).unwrap());
        assert!(!store.claim(&account("mallory"), NOW).unwrap());
        let reader = Reader::open(dir.path()).unwrap();
        assert_eq!(reader.account("anna").unwrap(), Some(account("anna")));
        assert_eq!(reader.account("mallory").unwrap(), None);
        let token = Token {
            hash: [7; 32],
            account: "anna".to_owned(),
            kind: TokenKind::Api,
            label: "script".to_owned(),
            created: NOW,
            expires: None,
        };
        store.put_token(&token).unwrap();
        assert_eq!(store.reset_admin("console", NOW).unwrap(), 1);
        assert!(!reader.claimed().unwrap());
        assert_eq!(reader.token(&token.hash).unwrap(), None);
        let line = reader.audit(None, 1).unwrap().remove(0);
        assert_eq!((line.actor.as_str(), line.action), ("console", Action::ResetAdmin));
        assert!(store.claim(&account("bert"), NOW).unwrap());
    }
}
