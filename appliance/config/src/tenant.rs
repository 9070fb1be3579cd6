//! A tenant: one SIP domain with its own numbers, trunks and routes.

use crate::{CodecPolicy, Encryption, PathPolicy, Prompts, RecordingTone, Revision, TenantId};
use serde::{Deserialize, Serialize};

/// A tenant of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// What people call it.
    pub name: String,
    /// The digest realm: a fixed string, never an address, so that a new address or domain voids
    /// no stored credential.
    pub realm: String,
    /// SIP domains that mean this tenant. The default tenant also answers to every unknown one.
    #[serde(default)]
    pub domains: Vec<String>,
    /// What phones and carriers are offered that have no policy of their own.
    #[serde(default)]
    pub codecs: CodecPolicy,
    /// Whether the sound of phones and carriers is encrypted that have no setting of their own.
    #[serde(default)]
    pub encryption: Encryption,
    /// Whether the sound of phones that have no setting of their own may go past the box.
    #[serde(default)]
    pub media_path: PathPolicy,
    /// The uploaded sound that is its music; the box's own without one, or when it is not there.
    #[serde(default)]
    pub music: Option<u32>,
    /// The uploaded sounds that its conferences say in place of tones.
    #[serde(default)]
    pub prompts: Prompts,
    /// Whether those who talk hear that their call is recorded.
    #[serde(default)]
    pub recording_tone: RecordingTone,
}

impl Tenant {
    pub(crate) fn default_tenant(realm: &str) -> Self {
        Self {
            id: TenantId::DEFAULT,
            revision: Revision::default(),
            name: "Default".to_owned(),
            realm: realm.to_owned(),
            domains: Vec::new(),
            codecs: CodecPolicy::default(),
            encryption: Encryption::default(),
            media_path: PathPolicy::default(),
            music: None,
            prompts: Prompts::default(),
            recording_tone: RecordingTone::default(),
        }
    }
}
