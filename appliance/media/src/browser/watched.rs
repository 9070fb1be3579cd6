//! Which cipher a browser and the box agreed on: str0m keeps to itself what its handshake gives, so here is
//! one that looks on.

use call::Suite;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use str0m::config::CryptoProvider;
use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
    SrtpProfile,
};

/// What the handshake of one transport gave, once it is done.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched(Arc<OnceLock<Suite>>);

/// The crypto of str0m, whose handshakes are looked on.
pub(super) fn provider() -> CryptoProvider {
    let theirs = str0m::crypto::from_feature_flags();
    CryptoProvider { dtls_provider: &ONLOOKER, ..theirs }
}

impl Watched {
    /// Looks on at the handshake that `open` makes ready.
    pub(super) fn during<T>(open: impl FnOnce() -> T) -> (T, Self) {
        let watched = Self::default();
        NEXT.replace(Some(watched.clone()));
        let opened = open();
        NEXT.take();
        (opened, watched)
    }

    /// Cipher and authentication; none before the handshake is done.
    pub(super) fn suite(&self) -> Option<Suite> {
        self.0.get().copied()
    }
}

/// str0m's own, which hands each handshake to whoever is being opened on this thread.
#[derive(Debug)]
struct Onlooker;

static ONLOOKER: Onlooker = Onlooker;

thread_local! {
    /// Whom the next handshake belongs to: str0m passes nothing through by which it would be known.
    static NEXT: RefCell<Option<Watched>> = const { RefCell::new(None) };
}

impl DtlsProvider for Onlooker {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        str0m::crypto::from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let theirs = str0m::crypto::from_feature_flags().dtls_provider;
        let instance = theirs.new_dtls(cert, now, version, mtu)?;
        let watched = NEXT.take().unwrap_or_default();
        Ok(Box::new(Handshake { instance, watched }))
    }
}

#[derive(Debug)]
struct Handshake {
    instance: Box<dyn DtlsInstance>,
    watched: Watched,
}

impl DtlsInstance for Handshake {
    fn set_active(&mut self, active: bool) {
        self.instance.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.instance.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.instance.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(_, profile) = &output
            && let Some(suite) = suite(*profile)
        {
            // A transport has one handshake.
            let _ = self.watched.0.set(suite);
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.instance.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.instance.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.instance.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.instance.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.instance.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.instance.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.instance.close()
    }
}

fn suite(profile: SrtpProfile) -> Option<Suite> {
    match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Some(Suite::AesCm128HmacSha1_80),
        SrtpProfile::AEAD_AES_128_GCM => Some(Suite::AeadAes128Gcm),
        SrtpProfile::AEAD_AES_256_GCM => Some(Suite::AeadAes256Gcm),
        // What str0m may learn one day.
        _ => None,
    }
}
