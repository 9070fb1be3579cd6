//! A device: one phone with a log-in of its own.

use crate::extension::yes;
use crate::{
    CodecPolicy, Credentials, DeviceId, Encryption, ExtensionId, PathPolicy, Revision, TenantId,
};
use serde::{Deserialize, Serialize};

/// A phone that logs in under its own name and rings with its extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// Its id.
    #[serde(default)]
    pub id: DeviceId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// The tenant that it belongs to.
    #[serde(default = "TenantId::default_tenant")]
    pub tenant: TenantId,
    /// The extension that it rings with and calls as.
    pub extension: ExtensionId,
    /// Its log-in name: letters, digits, `-`, `_` and `.`; not a number that an extension has.
    pub name: String,
    /// Switched off, it cannot register.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the phone is offered and may speak; `None` as the tenant's.
    #[serde(default)]
    pub codecs: Option<CodecPolicy>,
    /// Whether its sound is encrypted; `None` as the tenant's.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// Whether its sound may go past the box; `None` as the tenant's.
    #[serde(default)]
    pub media_path: Option<PathPolicy>,
    /// What is kept of its password; `None` until one was set.
    #[serde(skip)]
    pub credentials: Option<Credentials>,
}
