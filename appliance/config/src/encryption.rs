//! Whether the sound of a side is encrypted.

use crate::{Config, TenantId, TrunkId};
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

    /// The same for who is known to agree on keys by DTLS and in no other way.
    pub fn with_dtls(self) -> Self {
        match self {
            Self::Opportunistic => Self::OpportunisticDtls,
            Self::Required => Self::RequiredDtls,
            Self::Off | Self::OpportunisticDtls | Self::RequiredDtls => self,
        }
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

impl Config {
    /// What holds for a phone that logged in as this device, or as its extension: its own setting, else
    /// its tenant's.
    pub fn encryption_of_phone(&self, tenant: TenantId, device: Option<&str>) -> Encryption {
        let device = device.and_then(|name| self.device_by_name(tenant, name));
        self.or_shared(tenant, device.and_then(|device| device.encryption))
    }

    /// What holds for a trunk: its own setting, else its tenant's.
    pub fn encryption_of_trunk(&self, tenant: TenantId, trunk: TrunkId) -> Encryption {
        self.or_shared(tenant, self.trunks.get(&trunk).and_then(|trunk| trunk.encryption))
    }

    fn or_shared(&self, tenant: TenantId, own: Option<Encryption>) -> Encryption {
        let shared = || self.tenant(tenant).map(|tenant| tenant.encryption);
        own.or_else(shared).unwrap_or_default()
    }
}
