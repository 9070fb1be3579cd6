//! The RSA certificate that is shown in handshakes (DTLS) to phones and carriers that can take no other.
//!
//! Its key takes up to a second to make, on a small machine several: that is done once, while the box is
//! up and takes calls, and the key is kept in the data folder. The certificate is a new one for each run,
//! as the one that all others are shown is.

use crate::entrance::sha_256;
use crate::mailbox::{Mail, Mailbox};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

/// Makes the certificate, hands it to the thread that shakes hands and then lets control tell phones.
pub(crate) async fn show(data: PathBuf, hand: SyncSender<media::Certificate>, mailbox: Mailbox) {
    let made = tokio::task::spawn_blocking(move || certificate(&data.join(KEY)));
    let made = made.await.map_err(io::Error::other).flatten();
    let certificate = match made {
        Ok(certificate) => certificate,
        Err(error) => {
            tracing::warn!("who takes RSA certificates alone cannot shake hands: {error}");
            return;
        }
    };
    let digest = sha_256(&certificate.certificate);
    // One of the two fails only where the process goes down.
    if hand.send(certificate).is_ok() {
        let _ = mailbox.send(Mail::Rsa(digest)).await;
    }
}

fn certificate(path: &Path) -> io::Result<media::Certificate> {
    let key = match kept(path) {
        Some(key) => key,
        None => make(path)?,
    };
    let made = CertificateParams::new(Vec::new()).and_then(|params| params.self_signed(&key));
    let certificate = made.map_err(io::Error::other)?.der().to_vec();
    Ok(media::Certificate { certificate, key: key.serialize_der() })
}

/// Whatever else lies there is worth nothing to anybody, and another key takes its place.
fn kept(path: &Path) -> Option<KeyPair> {
    let key = KeyPair::from_pem(&std::fs::read_to_string(path).ok()?).ok()?;
    key.is_compatible(&PKCS_RSA_SHA256).then_some(key)
}

fn make(path: &Path) -> io::Result<KeyPair> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
    let key = key.map_err(io::Error::other)?;
    // On a full disk it serves for this run.
    if let Err(error) = store::write_private(path, key.serialize_pem().as_bytes()) {
        tracing::warn!("{} could not be written: {error}", path.display());
    }
    Ok(key)
}

/// In the data folder.
const KEY: &str = "handshakes-rsa.key";

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_again_where_something_else_lies() {
        let folder = std::env::temp_dir().join(format!("strowger-rsa-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(KEY);
        let first = certificate(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(certificate(&path).unwrap().key, first.key);
        let other = KeyPair::generate().unwrap();
        for text in ["nonsense", &other.serialize_pem()] {
            std::fs::write(&path, text).unwrap();
            let again = certificate(&path).unwrap();
            assert_ne!(again.key, first.key);
            assert_ne!(again.key, other.serialize_der());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
