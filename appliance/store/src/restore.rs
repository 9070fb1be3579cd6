//! Restoring a backup: everything is proved beside the database before it takes its place.

use crate::audit::{self, Action};
use crate::backup::{MAGIC, WORK_FACTOR};
use crate::folder::{self, Folder};
use crate::secret::KEY_LENGTH;
use crate::{DeviceKey, OpenError, account, migrate, registration, store, trunk};
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
    /// Where the database that was there before lies now, if there was one.
    pub before: Option<PathBuf>,
}

/// Puts a backup in the place of the database of `dir`. The trunks' passwords are sealed with `key`,
/// that of this box; log-in sessions and bindings of phones, which were promises of another moment,
/// are left out. The old database stays beside the new one. No daemon may run in the folder.
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
    let prepared = unpack(&new, passphrase, backup).and_then(|old_key| {
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
        fs::rename(&new, &path).map_err(|error| OpenError::folder(&path, error))?;
        folder::sync(folder.path()).map_err(|error| OpenError::folder(folder.path(), error))?;
        let (extensions, trunks) = (config.extensions.len(), config.trunks.len());
        Ok(Restored { extensions, trunks, before })
    });
    if prepared.is_err() {
        // What is there may be half a file; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&new);
    }
    prepared
}

/// Decrypts to the last octet, which is authenticated as the last, and gives the backup's own key.
fn unpack(new: &Path, passphrase: &Secret, backup: impl Read) -> Result<DeviceKey, RestoreError> {
    let decryptor = Decryptor::new(backup).map_err(RestoreError::of_header)?;
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.reveal()));
    identity.set_max_work_factor(MOST_WORK);
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let mut inside = decryptor.decrypt(identities).map_err(RestoreError::of_header)?;
    let mut magic = [0; MAGIC.len()];
    inside.read_exact(&mut magic).map_err(RestoreError::of_payload)?;
    if magic != MAGIC {
        return Err(RestoreError::NotABackup);
    }
    let mut key = [0; KEY_LENGTH];
    inside.read_exact(&mut key).map_err(RestoreError::of_payload)?;
    let file = folder::private().truncate(true).open(new);
    let mut file = file.map_err(|error| OpenError::folder(new, error))?;
    io::copy(&mut inside, &mut file).map_err(RestoreError::of_payload)?;
    file.sync_all().map_err(|error| OpenError::folder(new, error))?;
    Ok(DeviceKey::from_bytes(key))
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
        for log in ["-wal", "-shm"] {
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
