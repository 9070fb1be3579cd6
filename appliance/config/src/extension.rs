//! An extension: a person or a place with an internal number.

use crate::{Credentials, ExtensionId, Number, Revision, TenantId};
use serde::{Deserialize, Serialize};

/// An extension. Any number of phones may register under its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Extension {
    /// Its id.
    #[serde(default)]
    pub id: ExtensionId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// The tenant that it belongs to.
    #[serde(default = "TenantId::default_tenant")]
    pub tenant: TenantId,
    /// The internal number, which is also the log-in name of its phones.
    pub number: Number,
    /// Whose it is; shown on the phones that it calls.
    #[serde(default)]
    pub name: String,
    /// Switched off, it can neither register nor be reached.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The outside number that it shows on trunks; else the trunk's own.
    #[serde(default)]
    pub caller_id: Option<Number>,
    /// Nobody gets through but the forwardings.
    #[serde(default)]
    pub do_not_disturb: bool,
    /// Where calls go instead.
    #[serde(default)]
    pub forward: Forwarding,
    /// What is kept of its password; `None` until one was set.
    #[serde(skip)]
    pub credentials: Option<Credentials>,
}

/// Where calls go instead, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Forwarding {
    /// Every call.
    pub always: Option<Number>,
    /// When all its phones are busy, or it does not want to be disturbed.
    pub busy: Option<Number>,
    /// When nobody answers in `no_answer_seconds`.
    pub no_answer: Option<Number>,
    /// How long it rings: 5 to 300 s.
    pub no_answer_seconds: u16,
    /// When no phone is registered or none answers the network.
    pub unreachable: Option<Number>,
}

impl Default for Forwarding {
    fn default() -> Self {
        Self { always: None, busy: None, no_answer: None, no_answer_seconds: 30, unreachable: None }
    }
}

impl TenantId {
    pub(crate) fn default_tenant() -> Self {
        Self::DEFAULT
    }
}

pub(crate) fn yes() -> bool {
    true
}
