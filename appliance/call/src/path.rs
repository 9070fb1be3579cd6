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
    /// Whether the box puts what this leg hears into packets of another length, because the other one
    /// sends it in others than this one wants (`a=ptime`, `a=maxptime`). The codec stays as it is.
    #[serde(default)]
    pub repacked: bool,
    /// Why it goes by the box though the settings of both sides would let it go past; nothing where
    /// they would not, and where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stays: Option<Stay>,
}

/// Why media that may go past the box stays by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// One side is a carrier or a browser.
    Outside,
    /// The two are in different networks of the box, or one stands behind a translation of addresses.
    Network,
    /// The box has to hear it, or to be heard: a recording, a capture, music, a conference.
    Heard,
    /// Somebody holds.
    Held,
    /// They share no codec under the same number, or not both have the keys that one has.
    Codec,
    /// Only one side encrypts, or other rules hold for the encryption of one than of the other.
    Encryption,
    /// Both are encrypted, and not both are said to take other keys in a call that is up.
    Keys,
    /// The signalling of only one side is encrypted: the keys of the other would be told in the clear.
    Signalling,
    /// Its keys come of a handshake with the box (DTLS-SRTP), which only the box can watch.
    Handshake,
    /// A phone would not go past the box, or did not stay there.
    Refused,
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
