//! TLS 1.2 and 1.3 (RFC 8996 forbids what was before), for phones, carriers and browsers.
//!
//! Phones and browsers are shown the box's own certificate. A carrier's certificate must carry the
//! name that the trunk was set up with, and be signed by an authority that the system trusts or
//! whose certificate lies in `trusted.pem` in the data folder.

use arc_swap::ArcSwap;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// The box's certificate and whom it trusts. Clones share both.
#[derive(Clone)]
pub(crate) struct Tls {
    own: Arc<Own>,
    server: Arc<ServerConfig>,
    /// Read when the first trunk wants it: most boxes have none over TLS.
    client: Arc<OnceCell<Arc<ClientConfig>>>,
    trusted: PathBuf,
}

/// The certificate that is shown; it can be replaced while connections are up.
struct Own(ArcSwap<CertifiedKey>);

impl Tls {
    /// Shows this certificate; trusts in addition what lies in `trusted.pem` in this folder.
    pub(crate) fn new(own: CertifiedKey, data: &Path) -> Result<Self, rustls::Error> {
        let own = Arc::new(Own(ArcSwap::from_pointee(own)));
        let server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&own) as Arc<dyn ResolvesServerCert>);
        let trusted = data.join("trusted.pem");
        Ok(Self { own, server: Arc::new(server), client: Arc::default(), trusted })
    }

    /// Shows another certificate from now on.
    pub(crate) fn replace(&self, own: CertifiedKey) {
        self.own.0.store(Arc::new(own));
    }

    /// Takes the server's part in a handshake.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<server::TlsStream<TcpStream>> {
        TlsAcceptor::from(Arc::clone(&self.server)).accept(stream).await
    }

    /// Takes the client's part; the other side must prove to be `name`.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        name: &str,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let bare = name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let name = ServerName::try_from(bare.to_owned()).map_err(io::Error::other)?;
        let config = self.client.get_or_try_init(|| self.read_trusted()).await?;
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await
    }

    async fn read_trusted(&self) -> io::Result<Arc<ClientConfig>> {
        let trusted = self.trusted.clone();
        let roots = tokio::task::spawn_blocking(move || roots(&trusted));
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots.await.map_err(io::Error::other)?),
            provider(),
        );
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(io::Error::other)?
            .with_webpki_verifier(verifier.build().map_err(io::Error::other)?)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// The one crypto back end of the box.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn roots(trusted: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Ok(certificates) = CertificateDer::pem_file_iter(trusted) {
        roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    }
    roots
}

impl ResolvesServerCert for Own {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Own")
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

const VERSIONS: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];
