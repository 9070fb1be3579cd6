//! Which way the media of a phone goes.

use serde::{Deserialize, Serialize};

/// Whether the media of a phone may go past the box, from phone to phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PathPolicy {
    /// Always by the box, which hears, counts and judges it.
    #[default]
    Anchored,
    /// Straight to the other phone, where both may, stand in one network of the box, speak the same
    /// codec in the clear, and the box has nothing to hear or to say. The box then judges no quality,
    /// hears no keys in the sound and notices no silence.
    Direct,
    /// The same also where both are encrypted with keys from the signalling, for phones that take other
    /// keys in a call that is up: each is told the other's. One that does not take them hears nothing.
    DirectEncrypted,
}
