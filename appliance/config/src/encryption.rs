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
    /// As `opportunistic`, but what is offered beside a plain line is a handshake in the media
    /// (DTLS-SRTP, RFC 5763) in place of keys in the signalling.
    OpportunisticDtls,
    /// As `required`, but a handshake in the media is offered in place of keys in the signalling.
    RequiredDtls,
}

impl Encryption {
    /// Whether nothing but encrypted sound will do.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Required | Self::RequiredDtls)
    }

    /// Whether keys come by DTLS where the box may choose.
    pub fn by_dtls(self) -> bool {
        matches!(self, Self::OpportunisticDtls | Self::RequiredDtls)
    }

    /// The same for who may speak in the clear if need be.
    pub fn relaxed(self) -> Self {
        match self {
            Self::Required => Self::Opportunistic,
            Self::RequiredDtls => Self::OpportunisticDtls,
            Self::Off | Self::Opportunistic | Self::OpportunisticDtls => self,
        }
    }
}
