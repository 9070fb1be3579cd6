//! What can go wrong, in sentences that a person can act upon.

use config::Invalid;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the data folder cannot be worked with. Nothing in it was changed.
#[derive(Debug)]
pub enum OpenError {
    /// The folder or a file in it cannot be created, read or written.
    Folder {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another daemon works in it.
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A newer program wrote the database.
    NewerDatabase {
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file is no database, or a damaged one.
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The device key is not 32 octets long.
    BadKey {
        /// Its file.
        path: PathBuf,
    },
    /// The trunks' passwords were sealed with another key.
    WrongKey {
        /// The file of the key.
        path: PathBuf,
        /// The name of the first trunk that it does not open.
        trunk: String,
    },
    /// There is no room for what must be written.
    DiskFull,
    /// The rehearsal of a migration on a copy failed.
    Migration {
        /// The format that was to be reached.
        to: u32,
        /// What the database says.
        error: rusqlite::Error,
    },
    /// Anything else that the database says.
    Failed(rusqlite::Error),
}

/// Why a change of the configuration was not made.
#[derive(Debug)]
pub enum ChangeError {
    /// It makes no sense.
    Invalid(Invalid),
    /// It could not be written.
    Write(WriteError),
}

/// Why something was not written. What was in the database before still is.
#[derive(Debug)]
pub enum WriteError {
    /// There is no room on the disk. The next attempt succeeds when there is some again.
    DiskFull,
    /// Anything else that the database says.
    Failed(rusqlite::Error),
}

/// Why something could not be read.
#[derive(Debug)]
pub struct ReadError(pub(crate) rusqlite::Error);

impl OpenError {
    pub(crate) fn folder(path: &Path, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::Folder { path: path.to_owned(), error }
    }

    /// What SQLite says of the database at `path`.
    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase};
        if is_disk_full(path, &error) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { path: path.to_owned() },
            Some(CannotOpen) => {
                let said = std::fs::File::open(path).err();
                Self::folder(path, said.unwrap_or_else(|| io::ErrorKind::PermissionDenied.into()))
            }
            _ => Self::Failed(error),
        }
    }
}

impl WriteError {
    /// What SQLite says of the database at `path`.
    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        if is_disk_full(path, &error) { Self::DiskFull } else { Self::Failed(error) }
    }
}

/// SQLite says FULL when a write finds no room, but I/O error when its shared memory or a
/// synchronisation does: then the file system is asked.
fn is_disk_full(path: &Path, error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, DiskFull, SystemIoFailure};
    match error.sqlite_error_code() {
        Some(DiskFull) => true,
        Some(SystemIoFailure | CannotOpen) => {
            let folder = path.parent().unwrap_or(path);
            let room = rustix::fs::statvfs(folder);
            room.is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < LITTLE_ROOM)
        }
        _ => false,
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, error } => write!(
                f,
                "{} cannot be used ({error}): give it to the user that runs strowgerd, or name \
                 another folder with --data",
                path.display()
            ),
            Self::InUse { path } => write!(
                f,
                "another strowgerd works in {}: stop it first, or name another folder with --data",
                path.display()
            ),
            Self::NewerDatabase { found, known } => write!(
                f,
                "the database has format {found} and this program knows formats up to {known}: \
                 install the strowgerd that wrote it, or a newer one"
            ),
            Self::Damaged { path } => write!(
                f,
                "{} is not a database or is damaged: restore a backup with strowgerd restore",
                path.display()
            ),
            Self::BadKey { path } => write!(
                f,
                "{} is not a device key of 32 octets: put the box's own key back, or move the file \
                 away and restore a backup with strowgerd restore",
                path.display()
            ),
            Self::WrongKey { path, trunk } => write!(
                f,
                "{} does not open the password of trunk {trunk}: put the box's own key back, or \
                 restore a backup with strowgerd restore",
                path.display()
            ),
            Self::DiskFull => f.write_str(DISK_FULL),
            Self::Migration { to, error } => write!(
                f,
                "the database could not be brought to format {to} ({error}); it was left as it \
                 was: use the strowgerd that wrote it"
            ),
            Self::Failed(error) => write!(f, "the database failed: {error}"),
        }
    }
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiskFull => f.write_str(DISK_FULL),
            Self::Failed(error) => write!(f, "the database failed: {error}"),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database cannot be read: {}", self.0)
    }
}

impl std::error::Error for OpenError {}
impl std::error::Error for ChangeError {}
impl std::error::Error for WriteError {}
impl std::error::Error for ReadError {}

impl From<Invalid> for ChangeError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<WriteError> for ChangeError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

const DISK_FULL: &str = "there is no room left on the disk: free some and try again";

/// Less than this is no room: SQLite's shared memory alone grows by 32 KiB.
const LITTLE_ROOM: u64 = 256 * 1024;
