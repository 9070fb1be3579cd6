//! The data folder: what lies where, who may read it, and that only one daemon works in it.

use crate::OpenError;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A data folder that nobody else works in while this value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held for its lock, which ends with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Creates the folder if need be and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        create(path)?;
        let lock_path = path.join(LOCK);
        let lock = private()
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| OpenError::folder(&lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(OpenError::folder(&lock_path, error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn database(&self) -> PathBuf {
        database(&self.path)
    }
}

/// Writes a file that only its owner can read, whole or not at all, and sees it onto the disk.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    let write = || {
        let mut file = private().truncate(true).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&new)))?;
    path.parent().map_or(Ok(()), sync)
}

/// Creates the folder, for its owner only, if there is none.
pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| OpenError::folder(path, error))
}

/// Where the database lies.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

/// The path with something put behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes a database and what SQLite keeps beside it, as far as they are there. A log left by a
/// program that was killed would be taken for that of the next database under this name.
pub(crate) fn remove(database: &Path) -> io::Result<()> {
    for suffix in SIDECARS.iter().chain(&[""]) {
        match fs::remove_file(beside(database, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// How files are opened that only their owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

/// Sees the names in a folder onto the disk: a new name is not durable before.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// What SQLite puts behind the name of a database for the files that belong to it.
pub(crate) const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

const DATABASE: &str = "strowger.db";
const LOCK: &str = "lock";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_private_file_is_replaced_whole_and_stays_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("claim-code");
        write_private(&path, b"a long first code").unwrap();
        write_private(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_database_is_removed_with_its_log() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.db", "a.db-wal", "a.db-shm", "b.db"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        remove(&dir.path().join("a.db")).unwrap();
        remove(&dir.path().join("a.db")).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(left, [dir.path().join("b.db")]);
    }
}
