//! Keys that a DTLS handshake agreed on (RFC 5764).

use super::{Keys, MasterKey, Suite};

/// What to ask of the DTLS connection's exporter (RFC 5764 §4.2).
pub const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";

/// Which side of the handshake the box was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It sent the ClientHello (`a=setup:active`).
    Client,
    /// It answered one (`a=setup:passive`).
    Server,
}

/// Why a handshake gives no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Unsupported: a protection profile that this box does not offer.
    UnknownProfile,
    /// Misuse: the exporter was asked for another length than [`exported_length`].
    WrongLength,
}

/// The suite of a protection profile (RFC 5764 §4.1.2, RFC 7714 §14.2), if the box has it.
pub fn suite(profile: u16) -> Option<Suite> {
    PROFILES.iter().find(|(number, _)| *number == profile).map(|(_, suite)| *suite)
}

/// The protection profile of a suite; AES-256 with HMAC has none.
pub fn profile(suite: Suite) -> Option<u16> {
    PROFILES.iter().find(|(_, it)| *it == suite).map(|(number, _)| *number)
}

/// How many octets to export for a suite.
pub const fn exported_length(suite: Suite) -> usize {
    2 * suite.master_length()
}

/// Splits what the exporter gave: both keys, the client's first, then both salts (RFC 5764 §4.2).
pub fn keys(profile: u16, exported: &[u8], role: Role) -> Result<Keys, Error> {
    let suite = suite(profile).ok_or(Error::UnknownProfile)?;
    if exported.len() != exported_length(suite) {
        return Err(Error::WrongLength);
    }
    let (keys, salts) = exported.split_at(2 * suite.key_length());
    let (client_key, server_key) = keys.split_at(suite.key_length());
    let (client_salt, server_salt) = salts.split_at(suite.salt_length());
    let join = |key, salt| MasterKey::join(suite, key, salt).map_err(|_| Error::WrongLength);
    let client = join(client_key, client_salt)?;
    let server = join(server_key, server_salt)?;
    Ok(match role {
        Role::Client => Keys { outbound: client, inbound: server },
        Role::Server => Keys { outbound: server, inbound: client },
    })
}

/// The profiles that the box offers, the best first.
pub const PROFILES: [(u16, Suite); 4] = [
    (0x0008, Suite::AeadAes256Gcm),
    (0x0007, Suite::AeadAes128Gcm),
    (0x0001, Suite::AesCm128HmacSha1_80),
    (0x0002, Suite::AesCm128HmacSha1_32),
];
