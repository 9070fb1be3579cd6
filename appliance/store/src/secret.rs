//! Secrets that the box must be able to tell a carrier: sealed with the key of this device by
//! AES-256-GCM (NIST SP 800-38D), each for its own row.

use crate::{OpenError, folder};
use aes_gcm::aead::{Aead, Generate, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use config::{Secret, TrunkId};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The key of this box. It lies beside the database, so that a copied database alone tells no
/// carrier's password; a backup carries it inside its encryption.
#[derive(Clone)]
pub struct DeviceKey {
    bytes: [u8; KEY_LENGTH],
}

/// The key does not open this secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sealed;

impl DeviceKey {
    /// Reads `DIR/device-key`; makes it, and the folder, at the first start.
    pub fn load(dir: &Path) -> Result<Self, OpenError> {
        match Self::read(dir) {
            Err(OpenError::Folder { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                folder::create(dir)?;
                let key = Self::random();
                let path = Self::path(dir);
                folder::write_private(&path, &key.bytes)
                    .map_err(|error| OpenError::folder(&path, error))?;
                Ok(key)
            }
            done => done,
        }
    }

    /// Reads `DIR/device-key` and never makes one.
    pub fn read(dir: &Path) -> Result<Self, OpenError> {
        let path = Self::path(dir);
        let bytes = std::fs::read(&path).map_err(|error| OpenError::folder(&path, error))?;
        let bytes = bytes.try_into().map_err(|_| OpenError::BadKey { path })?;
        Ok(Self { bytes })
    }

    pub(crate) fn path(dir: &Path) -> PathBuf {
        dir.join(FILE)
    }

    pub(crate) fn from_bytes(bytes: [u8; KEY_LENGTH]) -> Self {
        Self { bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.bytes
    }

    /// Seals a trunk's secret for its row; nothing for an empty one.
    pub(crate) fn seal(&self, trunk: TrunkId, secret: &Secret) -> Result<Option<Vec<u8>>, Sealed> {
        if secret.is_empty() {
            return Ok(None);
        }
        let nonce = Nonce::generate();
        let row = row_name(trunk);
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: row.as_bytes() };
        let sealed = self.cipher().encrypt(&nonce, payload).map_err(|_| Sealed)?;
        Ok(Some([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Self::seal`] made for the same row.
    pub(crate) fn open(&self, trunk: TrunkId, sealed: Option<&[u8]>) -> Result<Secret, Sealed> {
        let Some(sealed) = sealed else { return Ok(Secret::default()) };
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LENGTH).ok_or(Sealed)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| Sealed)?;
        let row = row_name(trunk);
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let text = self.cipher().decrypt(&nonce, payload).map_err(|_| Sealed)?;
        String::from_utf8(text).map(Secret::new).map_err(|_| Sealed)
    }

    fn random() -> Self {
        Self { bytes: Key::<Aes256Gcm>::generate().into() }
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.bytes.into())
    }
}

/// What a sealed secret belongs to: moved to another row it does not open.
fn row_name(trunk: TrunkId) -> String {
    format!("trunk/{trunk}/secret")
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device key does not open it")
    }
}

impl std::error::Error for Sealed {}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(***)")
    }
}

pub(crate) const KEY_LENGTH: usize = 32;
/// SP 800-38D §8.2.2: random, 96 bits; a box seals far fewer than 2^32 secrets.
const NONCE_LENGTH: usize = 12;
const FILE: &str = "device-key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_in_its_own_row_with_its_own_key_only() {
        let key = DeviceKey::random();
        let sealed = key.seal(TrunkId(3), &Secret::new("hunter2")).unwrap().unwrap();
        assert_eq!(key.open(TrunkId(3), Some(&sealed)), Ok(Secret::new("hunter2")));
        assert_eq!(key.open(TrunkId(4), Some(&sealed)), Err(Sealed));
        assert_eq!(DeviceKey::random().open(TrunkId(3), Some(&sealed)), Err(Sealed));
        assert_eq!(key.open(TrunkId(3), Some(&sealed[..9])), Err(Sealed));
    }

    #[test]
    fn the_same_secret_never_looks_the_same_twice() {
        let key = DeviceKey::random();
        let secret = Secret::new("hunter2");
        assert_ne!(key.seal(TrunkId(3), &secret), key.seal(TrunkId(3), &secret));
        assert_eq!(key.seal(TrunkId(3), &Secret::default()), Ok(None));
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("var");
        assert!(DeviceKey::read(&folder).is_err());
        let key = DeviceKey::load(&folder).unwrap();
        assert_eq!(DeviceKey::load(&folder).unwrap().bytes(), key.bytes());
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&DeviceKey::path(&folder)), 0o600);
        assert!(!format!("{key:?}").contains("bytes"));
    }

    #[test]
    fn a_key_of_the_wrong_length_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(DeviceKey::path(dir.path()), b"short").unwrap();
        assert!(matches!(DeviceKey::load(dir.path()), Err(OpenError::BadKey { .. })));
    }
}
