//! The writer: the one connection that changes the database.

use crate::account::{self, Account, Token};
use crate::audit::{self, Action};
use crate::folder::Folder;
use crate::{
    ChangeError, DeviceKey, Facts, OpenError, WriteError, cdr, device, extension, feature, migrate,
    reader, registration, retention, route, settings, tenant, trunk,
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

    /// So many call records are deleted in one transaction and no more.
    pub const PRUNED_AT_ONCE: usize = retention::AT_ONCE;

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

    /// Deletes some of the call records that need not be kept any longer by
    /// [`config::Settings::cdr_days`] and [`config::Settings::cdr_count`]; how many. As many as
    /// [`Self::PRUNED_AT_ONCE`]: there may be more.
    pub fn prune(&mut self, now: UnixMillis) -> Result<usize, WriteError> {
        let settings = Arc::clone(&self.config.settings);
        self.write(|db| retention::prune(db, &settings, now))
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

    /// Notes what somebody did that changes no row.
    pub fn note(
        &mut self,
        action: Action,
        subject: &str,
        actor: &str,
        now: UnixMillis,
    ) -> Result<(), WriteError> {
        self.write(|db| audit::note(db, action, subject, actor, now))
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
    entries.extend(feature::all(db).map_err(failed)?.into_iter().map(Entry::Feature));
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
        for feature in fresh.features.values() {
            write_row(db, key, &Row::Put(Entry::Feature(feature.as_ref().clone())))?;
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
        Row::Put(Entry::Feature(entry)) => feature::put(db, entry),
        Row::Put(Entry::Settings(entry)) => settings::put(db, entry),
        Row::Delete(Key::Tenant(id)) => tenant::delete(db, *id),
        Row::Delete(Key::Extension(id)) => extension::delete(db, *id),
        Row::Delete(Key::Device(id)) => device::delete(db, *id),
        Row::Delete(Key::Trunk(id)) => trunk::delete(db, *id),
        Row::Delete(Key::InboundRoute(id)) => route::delete_inbound(db, *id),
        Row::Delete(Key::OutboundRoute(id)) => route::delete_outbound(db, *id),
        Row::Delete(Key::Feature(id)) => feature::delete(db, *id),
        // `Config::apply` never asks for it: settings always exist.
        Row::Delete(Key::Settings) => Ok(()),
    }
}

/// What the write-ahead log is cut back to after a burst: twice the thousand pages of 4 KiB at which
/// SQLite checkpoints, so that in quiet times it is written over and never cut.
const LONGEST_WAL: i64 = 8 * 1024 * 1024;

#[cfg(test)]
mod faults;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reader;
    use crate::samples::{self, NOW, entries, extension, open, with_everything};
    use call::{CallId, RegistrationId};
    use config::Expect;
    use proptest::prelude::*;

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

    /// Any change, sensible or not, of the few entries that there are.
    fn some_change() -> impl Strategy<Value = Change> {
        let key = (0..6usize, 1..4u32).prop_map(|(kind, id)| match kind {
            0 => Key::Extension(config::ExtensionId(id)),
            1 => Key::Device(config::DeviceId(id)),
            2 => Key::Trunk(config::TrunkId(id)),
            3 => Key::InboundRoute(config::InboundRouteId(id)),
            4 => Key::Feature(config::FeatureId(id)),
            _ => Key::OutboundRoute(config::OutboundRouteId(id)),
        });
        let sample = (2..samples::changes().len(), 0..3u32, 0..3u32);
        let put = sample.prop_map(|(which, id, name)| {
            let Change::Put(mut entry, _) = samples::changes().swap_remove(which) else { panic!() };
            let number = config::Number::parse(&format!("20{name}")).unwrap();
            let text = format!("name-{name}");
            match &mut entry {
                Entry::Extension(it) => (it.id.0, it.number) = (id, number),
                Entry::Device(it) => (it.id.0, it.name, it.extension.0) = (id, text, name),
                Entry::Trunk(it) => (it.id.0, it.name) = (id, text),
                Entry::InboundRoute(it) => (it.id.0, it.destination) = (id, number),
                Entry::OutboundRoute(it) => (it.id.0, it.strip) = (id, 2),
                Entry::Feature(it) => (it.id.0, it.number) = (id, number),
                Entry::Tenant(_) | Entry::Settings(_) => {}
            }
            Change::Put(entry, Expect::Any)
        });
        prop_oneof![3 => put, 1 => key.prop_map(|key| Change::Delete(key, Expect::Any))]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn what_the_rules_allow_the_database_takes_and_gives_back(
            changes in prop::collection::vec(some_change(), 1..40),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut store = open(dir.path());
            for change in changes {
                let done = store.apply(change, "anna", NOW);
                prop_assert!(matches!(done, Ok(_) | Err(ChangeError::Invalid(_))), "{:?}", done);
            }
            let before = entries(store.config());
            drop(store);
            prop_assert_eq!(entries(open(dir.path()).config()), before);
        }
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
        facts.bind(Arc::new(samples::registration(1)));
        facts.bind(Arc::new(samples::registration(u64::MAX)));
        facts.bind(Arc::new(samples::registration(3)));
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
        facts.bind(Arc::new(binding));
        store.commit(&facts).unwrap();
        assert_eq!(store.registrations(UnixMillis(expires.0 - 1)).unwrap().len(), 1);
        assert_eq!(store.registrations(expires).unwrap().len(), 0);
        assert_eq!(store.registrations(NOW).unwrap().len(), 0);
    }
}
