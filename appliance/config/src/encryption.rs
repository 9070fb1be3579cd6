//! Whether the sound of a side is encrypted.

use serde::{Deserialize, Serialize};

/// Whether a phone or carrier speaks encrypted (SRTP, RFC 3711). Each side of a call is by itself: one may
/// be encrypted and the other not, and the call shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Never: no keys are offered, and what is offered encrypted only is refused.
    Off,
    /// If the side can (RFC 8643): keys are offered beside a plain line, and taken where they are
    /// offered.
    #[default]
    Opportunistic,
    /// Always: who speaks in the clear is refused with 488.
    Required,
}
