//! Restoring a backup: everything is proved beside the database before it takes its place.

use crate::audit::{self, Action};
use crate::backup::{MAGIC, MAGIC_WITH_SOUNDS, WORK_FACTOR};
use crate::folder::{self, Folder};
use crate::secret::KEY_LENGTH;
use crate::{DeviceKey, OpenError, account, migrate, registration, sounds, store, trunk};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor};
use call::UnixMillis;
use config::Secret;
use rusqlite::Connection;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a backup was not restored. The box is as it was.
#[derive(Debug)]
pub enum RestoreError {
    /// The file is no backup of a strowger.
    NotABackup,
    /// The passphrase does not open it.
    WrongPassphrase,
    /// The file breaks off or was changed.
    Damaged,
    /// The file cannot be read.
    Read(io::Error),
    /// The data folder or the database in the backup cannot be worked with.
    Open(OpenError),
}

/// What a restored box has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Extensions.
    pub extensions: usize,
    /// Trunks, their passwords included.
    pub trunks: usize,
    /// Uploaded sounds; nothing where the backup is from before there were any, or was made without.
    pub sounds: Option<usize>,
    /// Where the database that was there before lies now, if there was one.
    pub before: Option<PathBuf>,
}

/// Puts a backup in the place of the database of `dir`. The trunks' passwords are sealed with `key`,
/// that of this box; log-in sessions and bindings of phones, which were promises of another moment,
/// are left out. The old database and sounds stay beside the new ones. No daemon may run in the folder.
pub fn restore(
    dir: &Path,
    key: &DeviceKey,
    passphrase: &Secret,
    backup: impl Read,
    now: UnixMillis,
) -> Result<Restored, RestoreError> {
    let folder = Folder::open(dir)?;
    let path = folder.database();
    let new = folder::beside(&path, ".restore");
    let prepared = unpack(dir, &new, passphrase, backup).and_then(|(old_key, sounds)| {
        let failed = |error| RestoreError::from(OpenError::of(&new, error));
        prove(&new)?;
        let config = {
            let mut db = store::connect(&new).map_err(failed)?;
            let config = store::read_config(&db, &old_key, dir)?;
            adopt(&mut db, &config, key, now).map_err(failed)?;
            // Closed as one file, without a log beside it.
            db.pragma_update(None, "journal_mode", "delete").map_err(failed)?;
            config
        };
        let before = set_aside(&folder)?;
        if sounds.is_some() {
            sounds::swap(dir).map_err(|error| OpenError::folder(dir, error))?;
        }
        fs::rename(&new, &path).map_err(|error| OpenError::folder(&path, error))?;
        folder::sync(folder.path()).map_err(|error| OpenError::folder(folder.path(), error))?;
        let (extensions, trunks) = (config.extensions.len(), config.trunks.len());
        Ok(Restored { extensions, trunks, sounds, before })
    });
    if prepared.is_err() {
        // What is there may be half a file; that it cannot be removed changes nothing.
        let _ = folder::remove(&new);
        let _ = sounds::remove(dir);
    }
    prepared
}

/// Decrypts to the last octet, which is authenticated as the last, and gives the backup's own key and
/// how many sounds there are.
fn unpack(
    dir: &Path,
    new: &Path,
    passphrase: &Secret,
    backup: impl Read,
) -> Result<(DeviceKey, Option<usize>), RestoreError> {
    let decryptor = Decryptor::new(backup).map_err(RestoreError::of_header)?;
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.reveal()));
    identity.set_max_work_factor(MOST_WORK);
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let mut inside = decryptor.decrypt(identities).map_err(RestoreError::of_header)?;
    let mut magic = [0; MAGIC.len()];
    inside.read_exact(&mut magic).map_err(RestoreError::of_payload)?;
    let with_sounds = &magic == MAGIC_WITH_SOUNDS;
    if &magic != MAGIC && !with_sounds {
        return Err(RestoreError::NotABackup);
    }
    let mut key = [0; KEY_LENGTH];
    inside.read_exact(&mut key).map_err(RestoreError::of_payload)?;
    let made = folder::remove(new).and_then(|()| folder::private().open(new));
    let mut file = made.map_err(|error| OpenError::folder(new, error))?;
    let mut length = [0; 8];
    if with_sounds {
        inside.read_exact(&mut length).map_err(RestoreError::of_payload)?;
    }
    let length = if with_sounds { u64::from_be_bytes(length) } else { u64::MAX };
    let database = &mut (&mut inside).take(length);
    io::copy(database, &mut file).map_err(RestoreError::of_payload)?;
    file.sync_all().map_err(|error| OpenError::folder(new, error))?;
    let sounds = with_sounds.then(|| sounds::read(dir, &mut inside)).transpose();
    Ok((DeviceKey::from_bytes(key), sounds.map_err(RestoreError::of_payload)?))
}

/// The database from the backup is sound, and of a format that this program knows or can reach.
fn prove(new: &Path) -> Result<(), RestoreError> {
    let failed = |error| RestoreError::from(OpenError::of(new, error));
    let db = crate::reader::connect(new).map_err(failed)?;
    let format = migrate::version(&db, new)?;
    if format == 0 {
        return Err(RestoreError::NotABackup);
    }
    if !migrate::faults(&db).map_err(failed)?.is_empty() {
        return Err(RestoreError::Damaged);
    }
    drop(db);
    migrate::bring_up(new)?;
    // The old format is kept in the backup itself; there is no such file when it was the newest.
    let _ = fs::remove_file(migrate::kept(new, format));
    Ok(())
}

/// Makes the database that of this box.
fn adopt(
    db: &mut Connection,
    config: &config::Config,
    key: &DeviceKey,
    now: UnixMillis,
) -> rusqlite::Result<()> {
    store::transact(db, |db| {
        for trunk in config.trunks.values() {
            trunk::put_secret(db, key, trunk.id, &trunk.secret)?;
        }
        account::delete_sessions(db)?;
        registration::delete_all(db)?;
        audit::note(db, Action::Restore, "database", "console", now)
    })
}

/// Leaves the old database under a second name, whole in one file; the first name is still its own
/// until the new one takes it, so that there is a database at every instant.
fn set_aside(folder: &Folder) -> Result<Option<PathBuf>, OpenError> {
    let path = folder.database();
    if !path.exists() {
        return Ok(None);
    }
    let mut names = (1..).map(|number: u32| folder::beside(&path, &format!(".before-{number}")));
    let Some(before) = names.find(|name| !name.exists()) else { return Ok(None) };
    let closed = Connection::open(&path)
        .and_then(|db| db.pragma_update(None, "journal_mode", "delete"))
        .is_ok();
    if !closed {
        // A database that cannot be opened cannot take in its log: it is kept beside it as it is.
        // Left where it is, SQLite would take it for the new one's.
        for log in folder::SIDECARS {
            let left = folder::beside(&path, log);
            if left.exists() {
                let kept = folder::beside(&before, log);
                fs::rename(&left, &kept).map_err(|error| OpenError::folder(&left, error))?;
            }
        }
    }
    // Some file systems know no second name.
    fs::hard_link(&path, &before)
        .or_else(|_| fs::copy(&path, &before).map(drop))
        .map_err(|error| OpenError::folder(&before, error))?;
    Ok(Some(before))
}

impl RestoreError {
    fn of_header(error: DecryptError) -> Self {
        match error {
            DecryptError::DecryptionFailed
            | DecryptError::NoMatchingKeys
            | DecryptError::KeyDecryptionFailed => Self::WrongPassphrase,
            DecryptError::InvalidMac => Self::Damaged,
            DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::NotABackup
            }
            DecryptError::Io(error) => Self::Read(error),
            // An invalid header, other recipients than a passphrase, more work than we ever ask for.
            _ => Self::NotABackup,
        }
    }

    fn of_payload(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Self::Damaged,
            io::ErrorKind::StorageFull => Self::Open(OpenError::DiskFull),
            _ => Self::Read(error),
        }
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABackup => f.write_str("this file is not a backup made by strowger"),
            Self::WrongPassphrase => f.write_str("the passphrase does not open this backup"),
            Self::Damaged => f.write_str(
                "this backup is damaged or breaks off: fetch it again from where it was kept",
            ),
            Self::Read(error) => write!(f, "the backup cannot be read: {error}"),
            Self::Open(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RestoreError {}

impl From<OpenError> for RestoreError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

/// Four times what we ask for: more is somebody who wants to keep the box busy.
const MOST_WORK: u8 = WORK_FACTOR + 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, NOW};
    use crate::{Account, BackupError, Facts, Reader, Role, Store, Token, TokenKind, backup};
    use call::CallId;
    use std::sync::{Arc, OnceLock};

    fn passphrase() -> Secret {
        Secret::new("correct horse battery")
    }

    fn key(dir: &Path) -> DeviceKey {
        DeviceKey::load(dir).unwrap()
    }

    /// A box with one of everything.
    fn busy_box(dir: &Path) -> Store {
        let mut store = samples::with_everything(dir);
        let mut facts = Facts::default();
        facts.record(Box::new(samples::record(1)));
        facts.bind(Arc::new(samples::registration(1)));
        store.commit(&facts).unwrap();
        let account = Account {
            name: "anna".to_owned(),
            password_hash: Secret::new("$argon2id$"),
            role: Role::Administrator,
        };
        store.claim(&account, NOW).unwrap();
        for (octet, kind) in [(1, TokenKind::Session), (2, TokenKind::Api)] {
            let hash = [octet; 32];
            let (account, label) = ("anna".to_owned(), String::new());
            let token = Token { hash, account, kind, label, created: NOW, expires: None };
            store.put_token(&token).unwrap();
        }
        store
    }

    /// The backup of such a box, made while it runs. Made once: scrypt takes its time.
    fn a_backup() -> &'static [u8] {
        static BACKUP: OnceLock<Vec<u8>> = OnceLock::new();
        BACKUP.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            let _running = busy_box(dir.path());
            let mut bytes = Vec::new();
            backup(dir.path(), &key(dir.path()), &passphrase(), &mut bytes).unwrap();
            bytes
        })
    }

    fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
        let mut contents: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
            .collect();
        contents.sort();
        contents
    }

    /// A box into which this backup does not go: it must be as it was.
    fn refused(backup: &[u8], passphrase: &str) -> RestoreError {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path(), key(dir.path())).unwrap());
        let before = contents(dir.path());
        let key = key(dir.path());
        let refused = restore(dir.path(), &key, &Secret::new(passphrase), backup, NOW).unwrap_err();
        assert_eq!(contents(dir.path()), before);
        refused
    }

    #[test]
    fn a_backup_restores_on_another_box_with_another_device_key() {
        let dir = tempfile::tempdir().unwrap();
        let key = key(dir.path());
        let done = restore(dir.path(), &key, &passphrase(), a_backup(), NOW).unwrap();
        assert_eq!(done, Restored { extensions: 1, trunks: 2, sounds: None, before: None });
        let mut store = Store::open(dir.path(), key).unwrap();
        let trunk = store.config().trunks.values().next().unwrap();
        assert_eq!(trunk.secret.reveal(), samples::TRUNK_PASSWORD);
        assert!(store.config().extensions.values().all(|entry| entry.credentials.is_some()));
        let reader = Reader::open(dir.path()).unwrap();
        assert_eq!(reader.record(CallId(1)).unwrap(), Some(samples::record(1)));
        assert!(reader.account("anna").unwrap().is_some());
        let kinds: Vec<_> = reader.tokens("anna").unwrap().iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [TokenKind::Api], "a log-in of another moment does not come back");
        assert_eq!(store.registrations(NOW).unwrap(), []);
        assert_eq!(reader.audit(None, 1).unwrap()[0].action, Action::Restore);
    }

    #[test]
    fn uploaded_sounds_come_along_and_those_that_were_there_stay_beside_them() {
        let from = tempfile::tempdir().unwrap();
        let _running = busy_box(from.path());
        let sounds = from.path().join("sounds");
        fs::create_dir(&sounds).unwrap();
        let waltz = vec![7; 300_000];
        for (name, content) in [("1.json", &b"{}"[..]), ("1.wav", &waltz), ("2.json.new", b"no")] {
            fs::write(sounds.join(name), content).unwrap();
        }
        let mut bytes = Vec::new();
        backup(from.path(), &key(from.path()), &passphrase(), &mut bytes).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sounds")).unwrap();
        fs::write(dir.path().join("sounds/1.opus"), "polka").unwrap();
        let key = key(dir.path());
        let done = restore(dir.path(), &key, &passphrase(), &bytes[..], NOW).unwrap();
        assert_eq!(done, Restored { extensions: 1, trunks: 2, sounds: Some(1), before: None });
        assert_eq!(fs::read(dir.path().join("sounds/1.wav")).unwrap(), waltz);
        assert_eq!(contents(&dir.path().join("sounds")).len(), 2);
        assert_eq!(fs::read(dir.path().join("sounds.before-1/1.opus")).unwrap(), b"polka");
        let broken = restore(dir.path(), &key, &passphrase(), &bytes[..bytes.len() - 9], NOW);
        assert!(matches!(broken, Err(RestoreError::Damaged)), "{broken:?}");
        assert!(!dir.path().join("sounds.restore").exists());
        assert_eq!(fs::read(dir.path().join("sounds/1.wav")).unwrap(), waltz);
        // One without sounds leaves those that are there as they are.
        restore(dir.path(), &key, &passphrase(), a_backup(), NOW).unwrap();
        assert_eq!(fs::read(dir.path().join("sounds/1.wav")).unwrap(), waltz);
    }

    #[test]
    fn the_database_that_was_there_is_kept_beside_the_restored_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), key(dir.path())).unwrap();
        let mut facts = Facts::default();
        facts.record(Box::new(samples::record(77)));
        store.commit(&facts).unwrap();
        // As after a power failure: what was committed is in the log only.
        let log = fs::read(dir.path().join("strowger.db-wal")).unwrap();
        let database = fs::read(dir.path().join("strowger.db")).unwrap();
        drop(store);
        fs::write(dir.path().join("strowger.db-wal"), log).unwrap();
        fs::write(dir.path().join("strowger.db"), database).unwrap();
        let done = restore(dir.path(), &key(dir.path()), &passphrase(), a_backup(), NOW).unwrap();
        let before = done.before.unwrap();
        let old = Connection::open(&before).unwrap();
        let calls: u32 = old.query_row("SELECT id FROM call_record", [], |row| row.get(0)).unwrap();
        assert_eq!(calls, 77);
        let again = restore(dir.path(), &key(dir.path()), &passphrase(), a_backup(), NOW).unwrap();
        assert_ne!(again.before, Some(before));
    }

    #[test]
    fn a_damaged_database_does_not_keep_a_backup_from_being_restored() {
        let dir = tempfile::tempdir().unwrap();
        let key = key(dir.path());
        let path = folder::database(dir.path());
        fs::write(&path, "rubbish".repeat(1000)).unwrap();
        fs::write(folder::beside(&path, "-wal"), "more rubbish").unwrap();
        let done = restore(dir.path(), &key, &passphrase(), a_backup(), NOW).unwrap();
        assert_eq!(fs::read(done.before.unwrap()).unwrap(), "rubbish".repeat(1000).as_bytes());
        assert_eq!(Store::open(dir.path(), key).unwrap().config().trunks.len(), 2);
    }

    #[test]
    fn what_a_killed_restore_left_does_not_get_into_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let key = key(dir.path());
        let other = tempfile::tempdir().unwrap();
        let _running = busy_box(other.path());
        let new = folder::beside(&folder::database(dir.path()), ".restore");
        for suffix in ["", "-wal"] {
            let left = folder::beside(&folder::database(other.path()), suffix);
            fs::copy(left, folder::beside(&new, suffix)).unwrap();
        }
        restore(dir.path(), &key, &passphrase(), a_backup(), NOW).unwrap();
        let left: Vec<_> = contents(dir.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(left.len(), 3, "database, key and lock: {left:?}");
        assert!(crate::check(dir.path()).unwrap().is_sound());
    }

    #[test]
    fn a_wrong_passphrase_is_called_that_and_changes_nothing() {
        let refused = refused(a_backup(), "incorrect horse");
        assert!(matches!(refused, RestoreError::WrongPassphrase), "{refused:?}");
        assert_eq!(refused.to_string(), "the passphrase does not open this backup");
    }

    #[test]
    fn a_backup_that_breaks_off_or_was_changed_is_refused() {
        let whole = a_backup();
        for end in [whole.len() - 1, whole.len() / 2, 250] {
            let refused = refused(&whole[..end], "correct horse battery");
            assert!(matches!(refused, RestoreError::Damaged), "{end}: {refused:?}");
        }
        let mut changed = whole.to_vec();
        changed[whole.len() - 100] ^= 1;
        let refused = refused(&changed, "correct horse battery");
        assert!(matches!(refused, RestoreError::Damaged), "{refused:?}");
    }

    #[test]
    fn what_is_no_backup_is_refused_as_that() {
        for bytes in [&b""[..], b"hello", &[0x5a; 5000], &a_backup()[..20]] {
            let refused = refused(bytes, "correct horse battery");
            assert!(matches!(refused, RestoreError::NotABackup), "{refused:?}");
        }
    }

    #[test]
    fn a_backup_of_a_newer_program_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(busy_box(dir.path()));
        let db = Connection::open(folder::database(dir.path())).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        drop(db);
        let mut bytes = Vec::new();
        backup(dir.path(), &key(dir.path()), &passphrase(), &mut bytes).unwrap();
        let refused = refused(&bytes, "correct horse battery");
        let newer = |open: &OpenError| matches!(open, OpenError::NewerDatabase { found: 99, .. });
        assert!(matches!(&refused, RestoreError::Open(open) if newer(open)), "{refused:?}");
    }

    #[test]
    fn nobody_restores_under_a_running_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let _running = Store::open(dir.path(), key(dir.path())).unwrap();
        let refused = restore(dir.path(), &key(dir.path()), &passphrase(), a_backup(), NOW);
        assert!(matches!(refused, Err(RestoreError::Open(OpenError::InUse { .. }))));
    }

    #[test]
    fn a_backup_shows_nothing_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let _running = busy_box(dir.path());
        let weak = backup(dir.path(), &key(dir.path()), &Secret::new("short"), Vec::new());
        assert!(matches!(weak, Err(BackupError::WeakPassphrase)));
        let shows = |what: &[u8]| a_backup().windows(what.len()).any(|window| window == what);
        assert!(!shows(samples::TRUNK_PASSWORD.as_bytes()));
        assert!(!shows(b"SQLite format 3"));
        let mut bytes = Vec::new();
        backup(dir.path(), &key(dir.path()), &passphrase(), &mut bytes).unwrap();
        let left = dir.path().join("strowger.db.snapshot").metadata().unwrap();
        assert_eq!(left.len(), 0);
    }
}
