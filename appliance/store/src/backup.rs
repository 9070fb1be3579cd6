//! Backups: one `age` file (age-encryption.org/v1) that a passphrase opens, and that another box
//! with another device key can restore.
//!
//! Inside are a magic line, the device key that the trunks' passwords are sealed with, and the
//! database as one SQLite file; where there are uploaded sounds, another magic line, the length of the
//! database before it (eight octets), and the sounds behind it. Recordings of calls are not in it. The key is nowhere outside the encryption; what lies on the disk
//! meanwhile is a copy of the database, no more secret than the database itself.

use crate::{DeviceKey, folder, reader, sounds};
use age::secrecy::SecretString;
use config::Secret;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Seek, Write};
use std::path::Path;

/// Why there is no backup.
#[derive(Debug)]
pub enum BackupError {
    /// The passphrase is shorter than [`LEAST_PASSPHRASE`].
    WeakPassphrase,
    /// Another backup is being made.
    Busy,
    /// The snapshot or the backup found no room on the disk.
    DiskFull,
    /// The database cannot be read.
    Database(rusqlite::Error),
    /// The snapshot or the backup cannot be written.
    Io(io::Error),
}

/// Writes a backup of the data folder `dir`, as it is at one instant. The daemon may go on working
/// in it.
pub fn backup(
    dir: &Path,
    key: &DeviceKey,
    passphrase: &Secret,
    out: impl Write,
) -> Result<(), BackupError> {
    if passphrase.reveal().chars().count() < LEAST_PASSPHRASE {
        return Err(BackupError::WeakPassphrase);
    }
    let snapshot_path = dir.join(SNAPSHOT);
    let mut snapshot = folder::private().truncate(false).open(&snapshot_path)?;
    if snapshot.try_lock().is_err() {
        return Err(BackupError::Busy);
    }
    let written = take_snapshot(dir, &snapshot_path, &mut snapshot)
        .and_then(|()| encrypt(&mut snapshot, dir, key, passphrase, out));
    // Emptied, not removed: the next one locks the same file.
    snapshot.set_len(0)?;
    written
}

/// `VACUUM INTO` reads in one transaction, copies no free pages, and needs an empty file.
fn take_snapshot(dir: &Path, path: &Path, snapshot: &mut File) -> Result<(), BackupError> {
    snapshot.set_len(0)?;
    for left in folder::SIDECARS {
        let _ = fs::remove_file(folder::beside(path, left));
    }
    let db = reader::connect(&folder::database(dir))?;
    let path = path.to_str().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    db.execute("VACUUM INTO ?1", [path])?;
    Ok(snapshot.rewind()?)
}

fn encrypt(
    snapshot: &mut File,
    dir: &Path,
    key: &DeviceKey,
    passphrase: &Secret,
    out: impl Write,
) -> Result<(), BackupError> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.reveal()));
    recipient.set_work_factor(WORK_FACTOR);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let mut inside = encryptor.wrap_output(out)?;
    let sounds = sounds::files(dir)?;
    // Without sounds it is one that programs from before there were any restore as well.
    inside.write_all(if sounds.is_empty() { MAGIC } else { MAGIC_WITH_SOUNDS })?;
    inside.write_all(key.bytes())?;
    if !sounds.is_empty() {
        inside.write_all(&snapshot.metadata()?.len().to_be_bytes())?;
    }
    io::copy(&mut BufReader::new(snapshot), &mut inside)?;
    sounds::write(&sounds, &mut inside)?;
    inside.finish()?.flush()?;
    Ok(())
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WeakPassphrase => {
                write!(f, "the passphrase needs at least {LEAST_PASSPHRASE} characters")
            }
            Self::Busy => f.write_str("another backup is being made: try again in a moment"),
            Self::DiskFull => f.write_str(
                "there is no room for the backup: it needs as much again as the database, twice, and \
                 as the uploaded sounds",
            ),
            Self::Database(error) => write!(f, "the database cannot be read: {error}"),
            Self::Io(error) => write!(f, "the backup cannot be written: {error}"),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Database(error),
        }
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull,
            _ => Self::Io(error),
        }
    }
}

/// The shortest passphrase that a backup is made with.
pub const LEAST_PASSPHRASE: usize = 8;

pub(crate) const MAGIC: &[u8; 18] = b"strowger backup 1\n";
pub(crate) const MAGIC_WITH_SOUNDS: &[u8; 18] = b"strowger backup 2\n";

/// scrypt with N = 2^16, r = 8 (RFC 7914): 64 MB, and about a second on a small ARM board.
pub(crate) const WORK_FACTOR: u8 = 16;

const SNAPSHOT: &str = "strowger.db.snapshot";
