//! Who somebody is: digest authentication of phones (RFC 8760), and carriers by their address.

use crate::frame::Frame;
use config::{Config, Credentials, Device, Extension, TenantId};
use sip::digest::{Algorithm, Ha1, NonceKey, NonceUse, NonceVerdict, Use, verify};
use sip::flow::Flow;
use sip::{Compose, Message, Name, Status, UriBuf};
use std::sync::Arc;
use std::time::Instant;

/// Checks credentials and keeps the count of their nonces.
#[derive(Debug)]
pub(crate) struct Guard {
    key: NonceKey,
    used: NonceUse,
    /// Verified against when nobody has the name, so that the answer takes as long.
    decoy: Credentials,
}

/// A phone that has proved who it is.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) extension: Arc<Extension>,
    pub(crate) device: Option<Arc<Device>>,
}

/// What became of a request's credentials.
#[derive(Debug)]
pub(crate) enum Judgement {
    /// It is this one.
    Known(Known),
    /// It has to say who it is, or to say it again with a new nonce.
    Challenge { stale: bool },
    /// The name or the password is wrong. The wire shows the same as for a first challenge.
    Wrong,
}

impl Guard {
    pub(crate) fn new(key: [u8; 32], decoy: [u8; 32]) -> Self {
        let [md5, _] = [[decoy[0]; 16], [decoy[1]; 16]];
        Self {
            key: NonceKey::new(&key, NONCE_SECONDS),
            used: NonceUse::new(NONCES),
            decoy: Credentials { md5, sha256: decoy },
        }
    }

    /// Judges the credentials of a request.
    pub(crate) fn judge(
        &mut self,
        request: &Message<'_>,
        config: &Config,
        tenant: TenantId,
        unix_seconds: u64,
    ) -> Judgement {
        let Some(realm) = config.tenant(tenant).map(|tenant| tenant.realm.as_str()) else {
            return Judgement::Challenge { stale: false };
        };
        let found = request.authorization().chain(request.proxy_authorization());
        let ours = found.flatten().find(|credentials| credentials.realm == realm);
        let (Some(credentials), Some(method)) = (ours, request.method()) else {
            return Judgement::Challenge { stale: false };
        };
        let id = match self.key.check(credentials.nonce, realm, unix_seconds) {
            NonceVerdict::Good(id) => id,
            // The nonce of a former run or of another box: the password may be right.
            NonceVerdict::Stale | NonceVerdict::Foreign => {
                return Judgement::Challenge { stale: true };
            }
        };
        let user = credentials.user();
        let known = find(config, tenant, &user);
        let stored = known.as_ref().and_then(Known::credentials);
        let stored_or_decoy = stored.unwrap_or(self.decoy);
        let ha1 = match credentials.algorithm.hash() {
            Algorithm::Md5 | Algorithm::Md5Sess => Ha1::Md5(stored_or_decoy.md5),
            Algorithm::Sha256 | Algorithm::Sha256Sess => Ha1::Sha256(stored_or_decoy.sha256),
        };
        let proved = verify(&credentials, &ha1, method, request.body());
        let (Some(known), true, true) = (known, proved, stored.is_some()) else {
            return Judgement::Wrong;
        };
        match self.used.note(id, credentials.nonce_count()) {
            Use::Fresh => Judgement::Known(known),
            Use::Replayed | Use::Stale => Judgement::Challenge { stale: true },
        }
    }

    /// The 401 that asks who somebody is, for both algorithms, the better one first (RFC 8760 §2.3).
    pub(crate) fn challenge(
        &mut self,
        frame: &mut Frame,
        request: &Message<'_>,
        flow: &Flow,
        tenant: TenantId,
        stale: bool,
        now: Instant,
    ) -> Compose {
        let seconds = frame.clock(now).seconds();
        let realm =
            frame.config.tenant(tenant).map(|tenant| tenant.realm.clone()).unwrap_or_default();
        let nonce = self.key.issue(&realm, seconds, frame.random.bytes());
        let stale = if stale { ", stale=true" } else { "" };
        let mut compose = frame.reply_to(request, flow, Status::UNAUTHORIZED);
        for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
            compose = compose.header(
                Name::WwwAuthenticate,
                format_args!(
                    "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, \
                     qop=\"auth\"{stale}"
                ),
            );
        }
        compose
    }

    /// Forgets nonces that are too old to be good.
    pub(crate) fn expire(&mut self, unix_seconds: u64) {
        self.used.expire(unix_seconds.saturating_sub(NONCE_SECONDS));
    }
}

impl Known {
    pub(crate) fn tenant(&self) -> TenantId {
        self.extension.tenant
    }

    fn credentials(&self) -> Option<Credentials> {
        match &self.device {
            Some(device) => device.credentials.filter(|_| device.enabled),
            None => self.extension.credentials,
        }
        .filter(|_| self.extension.enabled)
    }
}

/// The log-in name is an extension's number or a device's name.
fn find(config: &Config, tenant: TenantId, user: &str) -> Option<Known> {
    if let Some(extension) = config.extension_by_number(tenant, user) {
        return Some(Known { extension: extension.clone(), device: None });
    }
    let device = config.device_by_name(tenant, user)?;
    let extension = config.extensions.get(&device.extension)?;
    Some(Known { extension: extension.clone(), device: Some(device.clone()) })
}

/// The tenant that a request speaks to: by the domain of To for REGISTER and of From otherwise.
pub(crate) fn tenant_of(config: &Config, request: &Message<'_>) -> TenantId {
    if config.tenants.len() < 2 {
        return TenantId::DEFAULT;
    }
    let domain = match request.method() {
        Some(sip::Method::Register) => request.to(),
        _ => request.from(),
    };
    let host = domain.ok().map(|address| address.uri().to_owned());
    let host = host.as_ref().map(|uri: &UriBuf| uri.uri().host().to_string());
    host.map_or(TenantId::DEFAULT, |host| config.tenant_of_domain(&host))
}

/// Five minutes: a phone that refreshes hourly pays one more round trip, a thief has little time.
const NONCE_SECONDS: u64 = 300;
/// About 40 octets each.
const NONCES: usize = 50_000;
