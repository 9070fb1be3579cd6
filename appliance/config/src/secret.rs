//! Secrets: those that can be given back (trunks) and those that cannot (own users).

use serde::{Deserialize, Deserializer};
use std::fmt;

/// A secret that the box must be able to show to a carrier. Never printed, never serialised.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(none)" } else { "Secret(***)" })
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// What the box keeps of a phone's password: the hash of user, realm and password that digest
/// authentication needs (HA1 of RFC 7616 §3.4.2), once for each algorithm of RFC 8760.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// HA1 under MD5.
    pub md5: [u8; 16],
    /// HA1 under SHA-256.
    pub sha256: [u8; 32],
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_in_a_debug_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(***)");
        let credentials = Credentials { md5: [7; 16], sha256: [7; 32] };
        assert_eq!(format!("{credentials:?}"), "Credentials(***)");
    }
}
