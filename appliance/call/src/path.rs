//! Which way the media of a leg goes and in which encoding, as records and pages show it.

use crate::MediaKind;
use serde::{Deserialize, Serialize};

/// How one stream of one leg goes between the box and its peer, and what is done to it on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegPath {
    /// The number of an extension, or the name of a trunk.
    pub leg: String,
    /// Voice, video or other.
    pub kind: MediaKind,
    /// What is sent to the peer, by its name in SDP: `PCMA`, `opus`, `H264`. The peer may answer in
    /// another one that both agreed on. Nothing where no codec was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Its way.
    pub path: MediaPath,
    /// Whether the box translates what this leg hears of the other one from another codec.
    #[serde(default)]
    pub translated: bool,
}

/// Which way a stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaPath {
    /// By the network, to the box.
    #[default]
    Anchored,
    /// The peer is the box itself, in another call: no packet leaves it.
    Loopback,
    /// Past the box, straight to the other side of the call.
    Direct,
}
