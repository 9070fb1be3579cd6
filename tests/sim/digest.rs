//! Digest authentication as a phone and as a carrier does it (RFC 7616), apart from the box's own.

use md5::{Digest as _, Md5};
use sha2::Sha256;

/// A challenge that was received, and how often it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    pub(crate) realm: String,
    pub(crate) nonce: String,
    pub(crate) sha256: bool,
    pub(crate) count: u32,
}

impl Challenge {
    /// The challenge that the phone likes best of those in a 401 or 407.
    pub(crate) fn choose(values: &[&str], sha256: bool) -> Option<Self> {
        let is_sha256 = |value: &&&str| value.contains("algorithm=SHA-256");
        let liked = values.iter().find(|value| is_sha256(value) == sha256);
        let value = liked.or(values.first())?;
        Some(Self {
            realm: field(value, "realm")?,
            nonce: field(value, "nonce")?,
            sha256: is_sha256(&value),
            count: 0,
        })
    }

    /// The credentials for one more request.
    pub(crate) fn answer(&mut self, user: &str, password: &str, method: &str, uri: &str) -> String {
        self.count += 1;
        let count = format!("{:08x}", self.count);
        let (realm, nonce) = (&self.realm, &self.nonce);
        let ha1 = self.hash(&format!("{user}:{realm}:{password}"));
        let ha2 = self.hash(&format!("{method}:{uri}"));
        let response = self.hash(&format!("{ha1}:{nonce}:{count}:c0:auth:{ha2}"));
        let algorithm = if self.sha256 { "SHA-256" } else { "MD5" };
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={algorithm}, qop=auth, nc={count}, cnonce=\"c0\""
        )
    }

    fn hash(&self, text: &str) -> String {
        if self.sha256 { hex(&Sha256::digest(text)) } else { hex(&Md5::digest(text)) }
    }
}

/// Whether credentials (MD5, qop=auth) fit a password and a nonce that we gave out.
pub(crate) fn fits(value: &str, user: &str, password: &str, method: &str, nonce: &str) -> bool {
    let part = |name| field(value, name).unwrap_or_default();
    let hash = |text: String| hex(&Md5::digest(text));
    let ha1 = hash(format!("{user}:{}:{password}", part("realm")));
    let ha2 = hash(format!("{method}:{}", part("uri")));
    let (count, cnonce) = (part("nc"), part("cnonce"));
    let wanted = hash(format!("{ha1}:{}:{count}:{cnonce}:auth:{ha2}", part("nonce")));
    part("username") == user && part("nonce") == nonce && part("response") == wanted
}

/// A field of a challenge or of credentials, with or without quotes.
pub(crate) fn field(value: &str, name: &str) -> Option<String> {
    let items = value.split_once(' ').map_or(value, |(_, items)| items);
    items.split(',').find_map(|item| {
        let (known, value) = item.trim().split_once('=')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
