//! The box's own certificate: made at the first start, kept in the data folder, renewed before it
//! ends. It is signed by nobody, so a browser asks once.

use crate::tls::provider;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Where certificate and key lie.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
    /// The certificate and the key are not what they should be, or do not belong together.
    Mismatch(PathBuf),
    /// None could be made.
    Failed(rcgen::Error),
}

impl Files {
    /// In this data folder.
    pub(crate) fn in_folder(data: &Path) -> Self {
        Self { certificate: data.join("certificate.pem"), key: data.join("certificate.key") }
    }

    /// Reads the certificate; makes one when there is none, or renews one that we made when it is
    /// old. One that somebody else put there is never touched.
    pub(crate) fn open(&self, addresses: &[IpAddr]) -> Result<CertifiedKey, Unusable> {
        if self.is_due() {
            self.make(addresses)?;
        }
        self.read()
    }

    /// Whether a new one has to be made.
    pub(crate) fn is_due(&self) -> bool {
        let Ok(text) = std::fs::read_to_string(&self.certificate) else { return true };
        let made = std::fs::metadata(&self.certificate).and_then(|file| file.modified());
        let age = made.map(|made| SystemTime::now().duration_since(made).unwrap_or_default());
        text.starts_with(OURS) && age.is_ok_and(|age| age > RENEWED_AFTER)
    }

    fn make(&self, addresses: &[IpAddr]) -> Result<(), Unusable> {
        // Whoever trusted the key goes on trusting it.
        let key = match std::fs::read_to_string(&self.key) {
            Ok(pem) => KeyPair::from_pem(&pem).map_err(|_| Unusable::Mismatch(self.key.clone()))?,
            Err(_) => KeyPair::generate().map_err(Unusable::Failed)?,
        };
        let certificate = parameters(addresses)
            .and_then(|params| params.self_signed(&key))
            .map_err(Unusable::Failed)?;
        let write = |path: &PathBuf, text: String| {
            store::write_private(path, text.as_bytes())
                .map_err(|error| Unusable::File(path.clone(), error))
        };
        write(&self.key, key.serialize_pem())?;
        write(&self.certificate, format!("{OURS}\n{}", certificate.pem()))
    }

    fn read(&self) -> Result<CertifiedKey, Unusable> {
        let mismatch = |_| Unusable::Mismatch(self.certificate.clone());
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)
            .map_err(mismatch)?
            .collect::<Result<_, _>>()
            .map_err(mismatch)?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|_| Unusable::Mismatch(self.key.clone()))?;
        CertifiedKey::from_der(chain, key, &provider())
            .map_err(|_| Unusable::Mismatch(self.certificate.clone()))
    }
}

fn parameters(addresses: &[IpAddr]) -> Result<CertificateParams, rcgen::Error> {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let names = ["localhost".to_owned(), "strowger.local".to_owned()].into_iter().chain(host);
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
    params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Strowger");
    let now = SystemTime::now();
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + LIFETIME).into();
    Ok(params)
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "{} cannot be used ({error})", path.display())
            }
            Self::Mismatch(path) => write!(
                f,
                "{} holds no certificate with its key: put the right pair there, or remove \
                 certificate.pem and certificate.key and a new pair is made",
                path.display()
            ),
            Self::Failed(error) => write!(f, "no certificate could be made: {error}"),
        }
    }
}

/// The first line of a certificate that may be renewed.
const OURS: &str = "Made by strowgerd, which also renews it.";
/// Browsers refuse longer ones.
const LIFETIME: Duration = Duration::from_secs(397 * 86_400);
const RENEWED_AFTER: Duration = Duration::from_secs(300 * 86_400);
/// A box without a battery may start with its clock behind the browser's.
const BACKDATED: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_certificate_is_made_once_and_its_key_is_private() {
        let folder = std::env::temp_dir().join(format!("strowger-cert-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = Files::in_folder(&folder);
        let first = files.open(&["192.0.2.1".parse().unwrap()]).unwrap();
        let second = files.open(&[]).unwrap();
        assert_eq!(first.cert, second.cert);
        let mode = std::fs::metadata(folder.join("certificate.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(folder.join("certificate.pem"), "nonsense").unwrap();
        assert!(files.open(&[]).unwrap_err().to_string().contains("put the right pair there"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
