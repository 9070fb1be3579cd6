//! Who somebody is: digest authentication of phones (RFC 8760), and carriers by their address.

use crate::frame::Frame;
use config::{Config, Credentials, Device, Extension, TenantId};
use sip::digest::{Algorithm, Ha1, NonceKey, NonceUse, NonceVerdict, Use, verify};
use sip::flow::{Flow, Transport};
use sip::{Compose, Message, Method, Name, Status, UriBuf};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Checks credentials and keeps the count of their nonces.
#[derive(Debug)]
pub(crate) struct Guard {
    key: NonceKey,
    used: NonceUse,
    plain: PlainPhones,
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
            plain: PlainPhones::default(),
            decoy: Credentials { md5, sha256: decoy },
        }
    }

    /// Judges the credentials of a request.
    pub(crate) fn judge(
        &mut self,
        request: &Message<'_>,
        config: &Config,
        tenant: TenantId,
        source: IpAddr,
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
            Use::Fresh => {
                self.plain.answered(request, source);
                Judgement::Known(known)
            }
            Use::Replayed | Use::Stale => Judgement::Challenge { stale: true },
        }
    }

    /// The 401 that asks who somebody is, for both algorithms. RFC 8760 §2.4 wants the better one
    /// first, but devices in the field read only the first and fail if it is not MD5; who knows both
    /// may choose.
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
        let plain = self.plain.is_plain(request, flow.remote.ip());
        let algorithms: &[Algorithm] = match flow.transport {
            _ if plain => &[Algorithm::Md5],
            // The best one first is as it should be (RFC 8760 §2.4), and those libraries of browsers
            // that know MD5 alone look at the last.
            Transport::Ws | Transport::Wss => &[Algorithm::Sha256, Algorithm::Md5],
            // Old phones look at the first.
            Transport::Udp | Transport::Tcp | Transport::Tls => {
                &[Algorithm::Md5, Algorithm::Sha256]
            }
        };
        for algorithm in algorithms {
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

/// Phones that give up when they are offered an algorithm that they do not know, instead of passing over
/// it (RFC 7616 §3.7). They are asked for MD5 alone: those that are known for it, and those that came
/// back to register without having answered.
#[derive(Debug, Default)]
struct PlainPhones {
    /// Who was offered both and has not answered, and who is offered MD5 alone.
    asked: BTreeMap<(IpAddr, String), Asked>,
}

#[derive(Debug)]
enum Asked {
    /// In answer to the request with this branch: its repetition is no second attempt.
    Both {
        branch: String,
    },
    Plainly,
}

impl PlainPhones {
    /// Whether the phone that sent this is to be asked for MD5 alone.
    fn is_plain(&mut self, request: &Message<'_>, source: IpAddr) -> bool {
        let agent = request.user_agent().unwrap_or_default();
        if GIVES_UP.iter().any(|known| agent.starts_with(known)) {
            return true;
        }
        let via = request.top_via().ok();
        let branch = via.and_then(|via| via.branch().map(str::to_owned)).unwrap_or_default();
        let Some(key) = key(request, source) else { return false };
        let registers = request.method() == Some(Method::Register);
        match self.asked.get_mut(&key) {
            Some(Asked::Plainly) => return true,
            Some(asked @ Asked::Both { .. }) if registers => {
                let repeated = matches!(asked, Asked::Both { branch: known } if *known == branch);
                if !repeated {
                    *asked = Asked::Plainly;
                }
                return !repeated;
            }
            Some(Asked::Both { .. }) | None => {}
        }
        if registers {
            // Whoever fills this makes others wait for one more round, nothing else.
            if self.asked.len() >= PHONES_IN_MIND {
                self.asked.clear();
            }
            self.asked.insert(key, Asked::Both { branch });
        }
        false
    }

    /// It answered: what it was asked last suits it.
    fn answered(&mut self, request: &Message<'_>, source: IpAddr) {
        let Some(key) = key(request, source) else { return };
        if matches!(self.asked.get(&key), Some(Asked::Both { .. })) {
            self.asked.remove(&key);
        }
    }
}

fn key(request: &Message<'_>, source: IpAddr) -> Option<(IpAddr, String)> {
    let user = request.from().ok()?.uri().user()?.to_owned();
    (user.len() <= LONGEST_USER).then_some((source, user))
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
pub(crate) fn find(config: &Config, tenant: TenantId, user: &str) -> Option<Known> {
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

/// `User-Agent`s that end their registration at an unknown algorithm: libre before 2.0.
const GIVES_UP: [&str; 2] = ["baresip v0.", "baresip v1."];
const PHONES_IN_MIND: usize = 10_000;
const LONGEST_USER: usize = 64;
/// Five minutes: a phone that refreshes hourly pays one more round trip, a thief has little time.
const NONCE_SECONDS: u64 = 300;
/// About 40 octets each.
const NONCES: usize = 50_000;
