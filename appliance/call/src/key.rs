//! Keys that are pressed on a telephone while it talks.

use serde::{Deserialize, Serialize};

/// One key, pressed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPress {
    /// `0` to `9`, `*`, `#`, `A` to `D`.
    pub key: char,
    /// How long it was held, in milliseconds.
    pub millis: u16,
    /// How the box learned of it.
    pub source: KeySource,
}

/// How a key comes to the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// As an event in the stream of the sound (RFC 4733).
    Rfc4733,
    /// In an INFO request, `application/dtmf-relay` or `application/dtmf`.
    Info,
    /// As two tones in the sound (ITU-T Q.23).
    Inband,
}
