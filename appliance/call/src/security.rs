//! How the sound of a leg is protected, as records and pages show it.

use crate::{MediaKind, Suite};
use serde::{Deserialize, Serialize};

/// How one stream of one leg is protected between the box and its peer. Each leg is by itself: an
/// encrypted phone may talk with a plain carrier, and both show what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegSecurity {
    /// The number of an extension, or the name of a trunk.
    pub leg: String,
    /// Voice, video or other.
    pub kind: MediaKind,
    /// How it is protected.
    pub security: Security,
}

/// Where the keys of a stream came from, if it has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "keys")]
pub enum Security {
    /// It is not encrypted.
    #[default]
    None,
    /// From the session descriptions (RFC 4568): as secret as the signalling.
    Sdes {
        /// Cipher and authentication.
        suite: Suite,
    },
    /// From a handshake in the media itself (DTLS-SRTP, RFC 5763): as secret as the signalling is genuine.
    Dtls {
        /// Cipher and authentication.
        suite: Suite,
    },
}
